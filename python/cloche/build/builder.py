"""A deal step by step: each method returns a new frozen builder, and all of them write the same document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from cloche.model.deal import Deal
from cloche.model.template import standard_parts
from cloche.model.upgrade import VERSION

__all__ = ["DealBuilder"]

_Date = dt.date | str
_Steps = Mapping[str, Any] | Sequence[Mapping[str, Any]]
_Names = str | Sequence[str] | Sequence[Sequence[str]]


@dataclass(frozen=True)
class DealBuilder:
    """A deal document that grows.

    Parameters
    ----------
    name
        Name of the deal.
    target_par
        Par that the deal is built for, in money.
    closing
        Date on which the notes are issued.
    first_payment, stated_maturity
        First and last payment date.
    payment_frequency_months
        Months between payment dates.
    currency
        ISO code.
    **dates
        Further keys of the document's `dates`: `effective`, `non_call_end`, `reinvestment_end`,
        `determination_lag_bd`, `calendars`, `roll`, ….

    Examples
    --------
    >>> builder = DealBuilder(
    ...     "Small",
    ...     target_par=100e6,
    ...     closing="2025-03-20",
    ...     first_payment="2025-10-20",
    ...     stated_maturity="2035-04-20",
    ... )
    >>> builder = builder.note("A", 80e6, rank=1, index="sofr_3m", spread="130bp")
    >>> builder = builder.note("SUB", 20e6, residual=True)
    >>> sorted(builder.to_dict()["waterfalls"])
    ['acceleration', 'interest', 'principal']
    """

    _document: Mapping[str, Any] = field(repr=False)

    def __init__(
        self,
        name: str,
        *,
        target_par: float,
        closing: _Date,
        first_payment: _Date,
        stated_maturity: _Date,
        payment_frequency_months: int = 3,
        currency: str = "USD",
        **dates: object,
    ) -> None:
        document = {
            "cloche": VERSION,
            "name": name,
            "currency": currency,
            "target_par": target_par,
            "dates": {
                "closing": closing,
                "first_payment": first_payment,
                "payment_frequency_months": payment_frequency_months,
                "stated_maturity": stated_maturity,
                **_stated(dates),
            },
        }
        object.__setattr__(self, "_document", document)

    def _with(self, **parts: object) -> Self:
        grown = object.__new__(type(self))
        object.__setattr__(grown, "_document", {**self._document, **parts})
        return grown

    def _appended(self, key: str, entry: Mapping[str, object]) -> Self:
        return self._with(**{key: (*self._document.get(key, ()), _stated(entry))})

    def note(
        self,
        name: str,
        balance: float | None = None,
        *,
        rank: int | None = None,
        index: str | None = None,
        spread: float | str | None = None,
        fixed: float | str | None = None,
        coupon: Mapping[str, object] | None = None,
        **terms: object,
    ) -> Self:
        """Add a class of notes.

        Parameters
        ----------
        name, balance
            Name, and original balance in money.
        rank
            Rank of interest and principal, 1 the most senior.
        index, spread, fixed
            Floating or fixed coupon, rates a year.
        coupon
            The whole coupon, where it has floors, steps or a day count of its own.
        **terms
            Further keys of a note: `deferrable`, `residual`, `rating`, `issue_price`, `amortization`, `make_whole`,
            `interest_rank`, `principal_rank`, ….
        """
        rate = _stated({"index": index, "spread": spread, "fixed": fixed})
        entry = {
            "name": name,
            "balance": balance,
            "rank": rank,
            "coupon": {**rate, **(coupon or {})} or None,
            **terms,
        }
        return self._appended("notes", entry)

    def fee(self, name: str, **terms: object) -> Self:
        """Add a fee with the keys of a document: `rate`, `amount_per_period`, `base`, `cap`, `hurdles`, …."""
        return self._appended("fees", {"name": name, **terms})

    def test(
        self, name: str, *, kind: str, trigger: float | str, through: str | None = None, **terms: object
    ) -> Self:
        """Add a test of any kind; `trigger` is a ratio such as 1.055."""
        return self._appended(
            "tests", {"name": name, "kind": kind, "through": through, "trigger": trigger, **terms}
        )

    def oc_test(
        self, name: str, *, trigger: float | str, through: str | None = None, **terms: object
    ) -> Self:
        """Add an overcollateralization test through a class."""
        return self.test(name, kind="oc", trigger=trigger, through=through, **terms)

    def ic_test(
        self, name: str, *, trigger: float | str, through: str | None = None, **terms: object
    ) -> Self:
        """Add an interest coverage test through a class."""
        return self.test(name, kind="ic", trigger=trigger, through=through, **terms)

    def account(self, name: str, **terms: object) -> Self:
        """Add an account."""
        return self._appended("accounts", {"name": name, **terms})

    def hedge(self, name: str, **terms: object) -> Self:
        """Add a hedge."""
        return self._appended("hedges", {"name": name, **terms})

    def event(self, **terms: object) -> Self:
        """Add what has happened or is contracted."""
        return self._appended("events", terms)

    def closing(self, **terms: object) -> Self:
        """State the closing balance sheet: `upfront_costs`, `interest_reserve`, `ramp_up_cash`, …."""
        return self._with(closing={**self._document.get("closing", {}), **terms})

    def collateral(self, **rules: object) -> Self:
        """State how collateral counts: `ccc`, `discount`, `defaulted_value`, `quality`, …."""
        return self._with(collateral={**self._document.get("collateral", {}), **rules})

    def reinvestment(self, **rules: object) -> Self:
        """State what must hold for a purchase: `during`, `after`, `max_maturity`."""
        return self._with(reinvestment={**self._document.get("reinvestment", {}), **rules})

    def default_events(self, **terms: object) -> Self:
        """State the events of default: `causes`, `accelerate`, `liquidate`, `rescind`, `grace_days`."""
        return self._with(default_events={**self._document.get("default_events", {}), **terms})

    def rights(self, **terms: object) -> Self:
        """State what the documents allow: `optional_redemption`, `refinancing`, …."""
        return self._with(rights={**self._document.get("rights", {}), **terms})

    def conventions(self, **keys: object) -> Self:
        """State conventions that differ from the defaults."""
        return self._with(conventions={**self._document.get("conventions", {}), **keys})

    def sequence(self, name: str, groups: _Names) -> Self:
        """Name a sequence of groups of notes."""
        return self._with(sequences={**self._document.get("sequences", {}), name: groups})

    def receipts_waterfall(self, *steps: _Steps) -> Self:
        """State what happens to receipts before interest proceeds are applied."""
        return self._fall("receipts", steps)

    def interest_waterfall(self, *steps: _Steps) -> Self:
        """State the priority of interest proceeds; absent: the standard one of notes, tests and fees."""
        return self._fall("interest", steps)

    def principal_waterfall(self, *steps: _Steps) -> Self:
        """State the priority of principal proceeds; absent: the standard one of notes, tests and fees."""
        return self._fall("principal", steps)

    def acceleration_waterfall(self, *steps: _Steps) -> Self:
        """State the priority after an acceleration."""
        return self._fall("acceleration", steps)

    def redemption_waterfall(self, *steps: _Steps) -> Self:
        """State the priority on a redemption date."""
        return self._fall("redemption", steps)

    def _fall(self, name: str, steps: Sequence[_Steps]) -> Self:
        """State a waterfall by its steps, or by one list of them."""
        listed = steps[0] if len(steps) == 1 and isinstance(steps[0], list | tuple) else steps
        return self._with(waterfalls={**self._document.get("waterfalls", {}), name: list(listed)})

    def to_dict(self) -> dict[str, Any]:
        """Return the document, with standard waterfalls where none was stated."""
        document = {
            key: list(value) if isinstance(value, tuple) else value for key, value in self._document.items()
        }
        document["waterfalls"] = {**standard_parts(document), **self._document.get("waterfalls", {})}
        return document

    def build(self) -> Deal:
        """Return the deal.

        Raises
        ------
        DealError
            With every problem of the document and its place.
        """
        return Deal.from_dict(self.to_dict())


def _stated(entry: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in entry.items() if value is not None}
