"""A deal: validated, frozen, hashable, described in words."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self, final

from pydantic import ValidationError

from cloche.errors import DealError, Problem
from cloche.model import engine, words
from cloche.model.accounts import Account, Hedge
from cloche.model.auction_months import auction_months
from cloche.model.closing_balance import sources_and_uses
from cloche.model.collateral import CollateralRules
from cloche.model.conventions import Conventions
from cloche.model.conventions_said_elsewhere import with_what_is_said_elsewhere
from cloche.model.dates import Closing, Dates
from cloche.model.deal_document import DealDocument
from cloche.model.deal_views import Named, Waterfall
from cloche.model.default_events import DefaultEvents
from cloche.model.describe import describe_deal
from cloche.model.document import canonical_json
from cloche.model.doubts import doubts
from cloche.model.events import Event
from cloche.model.fees import Fee
from cloche.model.friendly import friendly_deal, with_inline_entries
from cloche.model.frozen import Frozen
from cloche.model.late_events import late_events
from cloche.model.notes import Note
from cloche.model.problems import headline, line_note, problems_of
from cloche.model.reinvestment_rules import ReinvestmentRules
from cloche.model.repair import repaired
from cloche.model.replacement import PathError, replaced, value_at
from cloche.model.schema import schema
from cloche.model.source import file_source, json_source, mapping_of, yaml_source
from cloche.model.steps import Waterfalls
from cloche.model.template import with_template
from cloche.model.tests import CoverageTest
from cloche.model.transitions import engine_deal, engine_text
from cloche.model.unpaid_classes import unpaid_classes
from cloche.model.upgrade import upgraded
from cloche.model.yaml import Source
from cloche.model.yaml_writer import write_yaml
from cloche.table import Table

__all__ = ["Deal", "read_deal"]

_SUBJECT = "the deal"
_PASSES = 3
_SCHEDULE_DATES = frozenset(
    {
        "determination_date",
        "payment_date",
        "unadjusted_date",
        "accrual_start",
        "accrual_end",
        "collection_start",
        "collection_end",
        "fixing_date",
    }
)


def read_deal(path: str | os.PathLike[str]) -> Deal:
    """Read a deal from a file.

    Parameters
    ----------
    path
        YAML, or JSON if the name ends in ``.json``.

    Returns
    -------
    Deal

    Raises
    ------
    DealError
        With every problem of the document and its place.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import cloche as cl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "deal.yaml"
    ...     _ = path.write_text(cl.templates.us_bsl(name="Example").to_yaml())
    ...     cl.read_deal(path)
    <Deal 'Example': USD 500,000,000, notes A, B, C, D, E, SUB>
    """
    return Deal._from_source(file_source(path, _SUBJECT))  # noqa: SLF001 - this module's class


@final
class Deal(Frozen[DealDocument]):
    """A CLO as its documents describe it.

    A deal is frozen; `replace` gives a changed copy. Two deals are equal, and hash equally, when their
    canonical JSON is the same. It pickles as its document. Build one with `read_deal`, `Deal.from_yaml`,
    `Deal.from_dict`, `Deal.from_json`, a template or a `DealBuilder`; each of them raises `DealError` with
    every problem at once.
    """

    __slots__ = ()

    @classmethod
    def _model(cls) -> type[DealDocument]:
        return DealDocument

    @classmethod
    def _restored(cls, canonical: str) -> Self:
        return cls._of(_document(json.loads(canonical)))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the deal of a mapping in the grammar of documents.

        Raises
        ------
        DealError
            With every problem of the document and its place.
        """
        return cls._from_source(Source(document))

    @classmethod
    def from_yaml(cls, text: str | os.PathLike[str]) -> Self:
        """Return the deal of a YAML text, or of a YAML file.

        Raises
        ------
        DealError
            With every problem of the document, its place and its line.
        """
        return cls._from_source(yaml_source(text, _SUBJECT))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the deal of a JSON text, as people write it or canonical.

        Raises
        ------
        DealError
            With every problem of the document and its place.
        """
        return cls._from_source(json_source(text, _SUBJECT))

    @classmethod
    def _from_source(cls, source: Source) -> Self:
        data = mapping_of(source.data, source.of(_SUBJECT))
        try:
            document = _document(data)
        except ValidationError as refusal:
            problems = _all_problems(data, refusal, source.lines)
            raise DealError(_headline(source, data, problems), problems) from None
        deal = cls._of(document)
        problems = deal.check()
        if problems:
            placed = [Problem(place, message + line_note(place, source.lines)) for place, message in problems]
            raise DealError(_headline(source, data, placed), placed)
        return deal

    def check(self) -> list[Problem]:
        """Return the problems of meaning: names, ranks, contradictions, classes that nothing pays."""
        told = engine_deal(self.to_canonical())
        found = [
            Problem(place, message)
            for place, message in engine.problems_of_meaning(canonical_json(told.document))
        ]
        parts = list(DealDocument.model_fields)
        return sorted(
            [*told.placed(found), *unpaid_classes(self._document)],
            key=lambda problem: _part(problem.place, parts),
        )

    @property
    def warnings(self) -> list[Problem]:
        """Places of the document that are valid and probably not what is meant, as places and messages.

        Steps that can never pay anything, tests that nothing cures, classes and fees that are not paid in full,
        sequences that nothing uses, tests that fail at closing, par that costs too much or too little at closing,
        events that act a period later than their date seems to say, causes of default that cannot happen, rules of
        purchases and months of an auction call that nothing follows.
        """
        found = doubts(self._document)
        if self._document.events or self._document.rights:
            dates = self.schedule()
            unadjusted, adjusted = (
                dates.column(name).python() for name in ("unadjusted_date", "payment_date")
            )
            found += late_events(self._document, unadjusted, adjusted)
            found += auction_months(self._document, unadjusted)
        return found

    @property
    def name(self) -> str:
        """Name of the deal."""
        return self._document.name

    @property
    def currency(self) -> str:
        """ISO code of the currency."""
        return self._document.currency

    @property
    def target_par(self) -> float:
        """Par that the deal is built for, in money."""
        return self._document.target_par

    @property
    def dates(self) -> Dates:
        """Dates and rules of dates."""
        return self._document.dates

    @property
    def closing(self) -> Closing:
        """The closing balance sheet."""
        return self._document.closing

    @property
    def notes(self) -> Named[Note]:
        """Classes of notes, by position or name."""
        return Named(self._document.notes)

    @property
    def fees(self) -> Named[Fee]:
        """Fees and expenses, by position or name."""
        return Named(self._document.fees)

    @property
    def tests(self) -> Named[CoverageTest]:
        """Tests, by position or name."""
        return Named(self._document.tests)

    @property
    def accounts(self) -> Named[Account]:
        """Accounts beside the collection accounts, by position or name."""
        return Named(self._document.accounts)

    @property
    def hedges(self) -> Named[Hedge]:
        """Hedges, by position or name."""
        return Named(self._document.hedges)

    @property
    def collateral(self) -> CollateralRules:
        """How collateral counts."""
        return self._document.collateral

    @property
    def reinvestment(self) -> ReinvestmentRules:
        """What must hold for a purchase."""
        return self._document.reinvestment

    @property
    def default_events(self) -> DefaultEvents | None:
        """Events of default."""
        return self._document.default_events

    @property
    def rights(self) -> Mapping[str, Any]:
        """What the documents allow, by right: its terms, true or false; empty where nothing is said."""
        return MappingProxyType(self._document.rights or {})

    @property
    def events(self) -> Sequence[Event]:
        """What has happened or is contracted."""
        return self._document.events

    @property
    def conventions(self) -> Conventions:
        """Where indentures differ, defaults included, and what other parts of the document say of it."""
        return with_what_is_said_elsewhere(self._document)

    @property
    def sequences(self) -> Mapping[str, Sequence[Sequence[str]]]:
        """Named sequences of groups of notes."""
        return MappingProxyType(self._document.sequences)

    @property
    def waterfalls(self) -> Mapping[str, Waterfall]:
        """The priorities of payments by name: receipts, interest, principal, acceleration, redemption."""
        return MappingProxyType({name: Waterfall(self._document, name) for name in Waterfalls.model_fields})

    def to_dict(self) -> dict[str, Any]:
        """Return the deal in the grammar that people write; `from_dict` gives an equal deal."""
        return friendly_deal(self._document)

    def to_yaml(self) -> str:
        """Return the deal as YAML; `from_yaml` gives an equal deal."""
        return write_yaml(with_inline_entries(self.to_dict()))

    def to_json(self) -> str:
        """Return the deal as JSON in the grammar that people write; `from_json` gives an equal deal."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of a deal document as people write it."""
        return schema("deal")

    def replace(self, changes: Mapping[str, object]) -> Deal:
        """Return a changed copy.

        Parameters
        ----------
        changes
            New values by path: ``notes.A.coupon.spread``, ``tests.E OC.trigger``, ``dates.reinvestment_end``,
            ``waterfalls.interest[3].share``. Units are accepted as in documents; None removes an optional
            entry.

        Raises
        ------
        DealError
            If a path leads nowhere or the changed deal has problems.
        """
        changed, problems = replaced(self.to_canonical(), changes)
        if problems:
            raise DealError(f"{_SUBJECT} cannot be changed", problems)
        return Deal.from_dict(changed)

    def value_at(self, path: str) -> Any:
        """Return what a path of `replace` names.

        Raises
        ------
        DealError
            If the path leads nowhere.
        """
        try:
            return value_at(self.to_canonical(), path)
        except PathError as error:
            raise DealError(f"{_SUBJECT} has no such place", [(path, str(error))]) from None

    def schedule(self) -> Table:
        """Return the dates of the deal, one row per payment period.

        Returns
        -------
        Table
            ``period, determination_date, payment_date, unadjusted_date, accrual_start, accrual_end,
            collection_start, collection_end, fixing_date, days, in_reinvestment``.
        """
        columns = engine.schedule_columns(engine_text(self.to_canonical()))
        return Table.from_columns(columns, dates=set(_SCHEDULE_DATES), booleans={"in_reinvestment"})

    def sources_and_uses(self) -> Table:
        """Return the closing balance sheet: what the notes bring at their issue prices, and what it is spent on.

        Returns
        -------
        Table
            ``side`` (source or use), ``item``, ``par`` and ``amount`` in money, ``price`` of par. What is left for
            loans is the last row; its price is that of ``closing.par_purchased``.

        Examples
        --------
        >>> import cloche as cl
        >>> table = cl.templates.us_bsl(par=500e6, closing="2025-03-20").sources_and_uses()
        >>> loans = list(table.rows())[-1]
        >>> loans["item"], loans["par"], round(loans["price"], 4)
        ('collateral', 500000000.0, 0.99)
        """
        return Table.from_columns(sources_and_uses(self._document))

    def describe(self) -> str:
        """Return the deal in words: capital structure, tests, fees, and every waterfall clause by clause."""
        return describe_deal(self._document)

    def __repr__(self) -> str:
        """Return name, par and classes."""
        par = f"{self.currency} {words.money(self.target_par)}"
        return f"<Deal {self.name!r}: {par}, notes {', '.join(self.notes.names)}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(note.name)}</td>"
            f"<td style='text-align:right'>{words.money(words.note_balance(note))}</td>"
            f"<td>{html.escape('/'.join(note.rating.values()))}</td>"
            f"<td>{html.escape(words.note_terms(note))}</td></tr>"
            for note in self.notes
        )
        head = "<tr><th>note</th><th>balance</th><th>rating</th><th>coupon</th></tr>"
        title = (
            f"<b>{html.escape(self.name)}</b>, {html.escape(self.currency)} {words.money(self.target_par)}"
        )
        return f"<div>{title}<table><thead>{head}</thead><tbody>{rows}</tbody></table></div>"


def _part(place: str, parts: list[str]) -> int:
    """Return which part of the document holds a place."""
    part = re.split(r"[.\[]", place, maxsplit=1)[0]
    return parts.index(part) if part in parts else len(parts)


def _document(data: Mapping[str, Any]) -> DealDocument:
    return DealDocument.model_validate(with_template(upgraded(data)))


def _headline(source: Source, data: Mapping[str, Any], problems: list[Problem]) -> str:
    name = data.get("name")
    return headline(source.of(f"{_SUBJECT} {name!r}" if isinstance(name, str) else _SUBJECT), problems)


def _all_problems(
    data: Mapping[str, Any], refusal: ValidationError, lines: Mapping[str, int]
) -> list[Problem]:
    """Return the problems of shape, and those behind them of meaning, with harmless values standing in."""
    problems: dict[str, Problem] = {}
    current: Mapping[str, Any] = data
    for _ in range(_PASSES):
        for item in problems_of(refusal, lines, current):
            problems.setdefault(item.place, item)
        standing_in = repaired(current, refusal)
        if standing_in is None:
            break
        current = standing_in
        try:
            deal = Deal._of(_document(current))  # noqa: SLF001 - this module's class
        except ValidationError as next_refusal:
            refusal = next_refusal
            continue
        for place, message in deal.check():
            if not any(place == known or place.startswith((f"{known}.", f"{known}[")) for known in problems):
                problems[place] = Problem(place, message + line_note(place, lines))
        break
    return list(problems.values())
