"""Two deal documents beside one another, in the words of an indenture."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from cloche.model.conventions import Conventions
from cloche.model.deal import Deal
from cloche.model.deal_document import DealDocument
from cloche.model.difference_words import pair, written
from cloche.model.event_words import event_in_words
from cloche.model.events import Event
from cloche.model.step_difference import Change, step_changes
from cloche.model.steps import Waterfalls
from cloche.table import Table

__all__ = ["DealDifference", "changes", "diff"]

# Parts that hold named items: how people call one of them.
_NAMED = {"notes": "class", "fees": "fee", "tests": "test", "accounts": "account", "hedges": "hedge"}
_WHOLE = ("dates", "closing", "collateral", "reinvestment", "default_events", "rights")
_EVENTS = ("call", "refinance", "reprice", "reset", "amend", "issue")
_COLUMNS = ("part", "item", "what", "before", "after")
_MOST_LABELS = 3


@dataclass(frozen=True, repr=False)
class DealDifference:
    """What differs between two deals.

    Parameters
    ----------
    table
        A row per difference: ``part`` (class, fee, test, interest waterfall, …), ``item`` (name or clause), ``what``
        (which term; or added, removed, inserted, moved, changed, relabelled), ``before`` and ``after`` in words; null
        where there is nothing.
    names
        Names of both deals.
    """

    table: Table
    names: tuple[str, str]

    @property
    def same(self) -> bool:
        """Whether the deals are equal."""
        return len(self) == 0

    def summary(self) -> str:
        """Return the differences as lines that read aloud."""
        first, second = self.names
        if self.same:
            return f"{first}: both deals are the same."
        title = first if first == second else f"{first} -> {second}"
        return "\n".join([title, *(f"  {line}" for line in _lines(list(self.table.rows())))])

    def __len__(self) -> int:
        return len(self.table)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        number = (
            "no difference" if self.same else "1 difference" if len(self) == 1 else f"{len(self)} differences"
        )
        return f"DealDifference({' -> '.join(dict.fromkeys(self.names))}: {number})"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


def diff(deal_a: Deal, deal_b: Deal) -> DealDifference:
    """Compare two deal documents term by term and step by step.

    Classes, fees and tests are the same where their names are; steps of a waterfall are the same where they pay the
    same to the same, so that a step that moved is told apart from one that is new.

    Parameters
    ----------
    deal_a, deal_b
        The deals, before and after.

    Returns
    -------
    DealDifference
        A table, and ``summary()``; equal deals have an empty one.

    Raises
    ------
    TypeError
        If one of them is no deal.

    Examples
    --------
    >>> import cloche as cl
    >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    >>> other = deal.replace({"notes.A.coupon.spread": "105bp", "tests.E OC.trigger": 1.05})
    >>> print(cl.diff(deal, other))
    US BSL
      class A spread 130bp -> 105bp
      test E OC trigger 105.5% -> 105.0%
    >>> print(cl.diff(deal, deal))
    US BSL: both deals are the same.
    """
    for name, deal in (("deal_a", deal_a), ("deal_b", deal_b)):
        if not isinstance(deal, Deal):
            raise TypeError(f"{name}: found {type(deal).__name__}, expected Deal")
    old, new = deal_a._document, deal_b._document  # noqa: SLF001 - one package
    rows = list(_differences(old, new))
    columns = {key: [getattr(row, key) for row in rows] for key in _COLUMNS}
    return DealDifference(
        Table.from_schema(columns, dict.fromkeys(_COLUMNS, "text")), (deal_a.name, deal_b.name)
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return what an amendment changed, a line a term or clause.

    Parameters
    ----------
    before, after
        Documents in canonical form; their events are left out.
    """
    old, new = (DealDocument.model_validate({**document, "events": []}) for document in (before, after))
    return list(_lines([vars(row) for row in _differences(old, new)]))


def _terms(old: DealDocument, new: DealDocument) -> Iterator[Change]:
    before, after = old.to_canonical(), new.to_canonical()
    for key in ("name", "currency", "target_par"):
        yield from _leaves("deal", None, {key: before[key]}, {key: after[key]})
    yield from _leaves("dates", None, before["dates"], after["dates"])
    for key, part in _NAMED.items():
        yield from _items(part, before.get(key, []), after.get(key, []))
    for key in _WHOLE[1:]:
        yield from _leaves(key.replace("_", " "), None, before.get(key) or {}, after.get(key) or {})
    yield from _leaves("sequence", None, before.get("sequences", {}), after.get("sequences", {}))
    yield from _events(old.events, new.events)
    for key in Conventions.model_fields:
        stated, other = ({key: getattr(document.conventions, key)} for document in (old, new))
        yield from _leaves("convention", None, stated, other)


def _events(old: Sequence[Event], new: Sequence[Event]) -> Iterator[Change]:
    """Yield what differs between events; those of one kind and the same classes are one another's, in their order."""
    before, after = _by_subject(old), _by_subject(new)
    for subject in dict.fromkeys([*before, *after]):
        pairs = list(zip_longest(before.get(subject, []), after.get(subject, [])))
        for number, (one, other) in enumerate(pairs, 1):
            name = f"{subject} {number}" if len(pairs) > 1 else subject
            if one is None or other is None:
                told = [
                    None if event is None else event_in_words(event.to_canonical()) for event in (one, other)
                ]
                yield Change("event", None, "added" if one is None else "removed", *told)
                continue
            before_it, after_it = one.to_canonical(), other.to_canonical()
            if one.reset is not None and other.reset is not None:
                for row in _differences(one.reset.into, other.reset.into):
                    yield replace(row, part=f"{name}, {row.part}")
                before_it["reset"].pop("into")
                after_it["reset"].pop("into")
            for row in _leaves("event", name, before_it, after_it):
                # The name of the event says what kind it is.
                yield replace(row, what=row.what.removeprefix(f"{subject.split()[0]} "))


def _by_subject(events: Sequence[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        classes = [
            *(event.refinance or ()),
            *(event.reprice or ()),
            *(event.issue.notes if event.issue else ()),
        ]
        kind = next((kind for kind in _EVENTS if getattr(event, kind) is not None), "event")
        found.setdefault(" ".join([kind, *classes]), []).append(event)
    return found


def _differences(old: DealDocument, new: DealDocument) -> Iterator[Change]:
    yield from _terms(old, new)
    yield from _waterfalls(old, new)


def _items(part: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
    """Yield what differs between named items."""
    before, after = ({item["name"]: item for item in items} for items in (old, new))
    for name, item in before.items():
        if name not in after:
            yield Change(part, name, "removed", written(part, item), None)
        else:
            yield from _leaves(part, name, item, after[name])
    for name, item in after.items():
        if name not in before:
            yield Change(part, name, "added", None, written(part, item))


def _leaves(
    part: str, item: str | None, old: object, new: object, path: tuple[str, ...] = ()
) -> Iterator[Change]:
    """Yield the terms that differ, in the order of the documents; what one side lacks stands whole on the other."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _leaves(part, item, old.get(key), new.get(key), (*path, str(key)))
    elif _entries(old) and _entries(new):
        for number, (one, other) in enumerate(zip_longest(old, new), 1):  # type: ignore[call-overload]  # two lists
            yield from _leaves(part, item, one, other, (*path, _entry_name(one, other, number)))
    elif old != new:
        yield Change(part, item, _called(path), *pair(path[-1].rpartition(".")[2], old, new))


def _entry_name(one: object, other: object, number: int) -> str:
    """Return how to call an entry of a list: by its name or kind where it has one, else by its number."""
    kept = [entry for entry in (one, other) if isinstance(entry, Mapping)]
    for key in ("name", "kind"):
        names = {entry.get(key) for entry in kept}
        if len(names) == 1 and None not in names:
            return str(names.pop())
    return str(number)


def _entries(value: object) -> bool:
    """Tell whether a value is a list of mappings; an empty list is one."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    return all(isinstance(entry, Mapping) for entry in value)


# Keys that say nothing which the next one does not say, too.
_SILENT = ("coupon",)


def _called(path: Sequence[str]) -> str:
    return " ".join(key.replace("_", " ") for key in path if key not in _SILENT)


def _waterfalls(old: DealDocument, new: DealDocument) -> Iterator[Change]:
    for fall in Waterfalls.model_fields:
        yield from step_changes(old, new, fall)


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line per difference; clauses that only have other letters in one line a waterfall."""
    labels: dict[str, list[str]] = {}
    for row in rows:
        if row["what"] == "relabelled":
            labels.setdefault(row["part"], []).append(f"{row['before']} -> {row['after']}")
        else:
            yield _line(row)
    for part, moves in labels.items():
        told = moves if len(moves) <= _MOST_LABELS else [moves[0], "…", moves[-1]]
        what = (
            "1 clause has another letter" if len(moves) == 1 else f"{len(moves)} clauses have other letters"
        )
        yield f"{part}: {what} ({', '.join(told)})"


def _line(row: Mapping[str, Any]) -> str:
    who = " ".join(filter(None, (row["part"], row["item"])))
    if row["part"].endswith("waterfall"):
        change = " -> ".join(filter(None, (row["before"], row["after"])))
        return f"{row['part']}: clause {row['item']} {row['what']}{': ' if change else ''}{change}"
    if row["what"] in ("added", "removed"):
        return f"{who} {row['what']}: {row['before'] or row['after']}"
    return f"{who} {row['what']} {row['before'] or 'none'} -> {row['after'] or 'none'}"
