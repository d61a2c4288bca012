"""Which document rules on which date of a path: the first, then what amendments and resets brought in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cloche.model.event_dates import event_date, later
from cloche.table import Table

__all__ = ["BringsIn", "InForce", "documents_in_force", "on_date"]

Event = Mapping[str, Any]

_KINDS: Mapping[str, Literal["reset", "amend"]] = {"reset": "reset", "amendment": "amend"}
_MONTHS_A_YEAR = 12
_CENT = 0.005


@dataclass(frozen=True)
class BringsIn:
    """The events of a run that may bring in documents, as the engine is told of them.

    Parameters
    ----------
    deal, scenario
        Events of the deal and of the scenario; their resets and amendments hold whole documents.
    """

    deal: Sequence[Event] = ()
    scenario: Sequence[Event] = ()


@dataclass(frozen=True)
class InForce:
    """A document, and since when it rules.

    Parameters
    ----------
    document
        Canonical form.
    classes
        By name in tables: the class of the document.
    since
        The payment date that brought it in, after which it rules; None for the first document.
    kind
        What brought it in.
    """

    document: Mapping[str, Any]
    classes: Mapping[str, str]
    since: dt.date | None = None
    kind: Literal["reset", "amend"] | None = None


def on_date(course: Sequence[InForce], day: dt.date) -> InForce:
    """Return what rules on a payment date; a document rules from the date after the one that brought it in."""
    return next(each for each in reversed(course) if each.since is None or each.since < day)


def documents_in_force(
    document: Mapping[str, Any],
    brings_in: BringsIn | None = None,
    *,
    events: Table | None = None,
    cashflows: Table | None = None,
    replaces: Mapping[str, str] | None = None,
) -> list[InForce]:
    """Return the documents that ruled in a path, in order.

    Parameters
    ----------
    document
        The deal in canonical form.
    brings_in
        What may bring in documents.
    events, cashflows
        Tables of the path; without them nothing happened.
    replaces
        By note that an event brings in: the class that it replaces or joins.
    """
    own = {note["name"]: note["name"] for note in document.get("notes", [])}
    known = brings_in or BringsIn()
    told = _Told([InForce(document, own)], list(known.deal), list(known.scenario), replaces or {})
    if events is not None and cashflows is not None and (told.deal or told.scenario):
        rows = list(cashflows.rows())
        for row in events.rows():
            kind = _KINDS.get(row["event"])
            if kind is not None:
                told.happened(row["date"], kind, rows)
    return told.course


@dataclass
class _Told:
    """A path as far as its events are told."""

    course: list[InForce]
    deal: list[Event]
    scenario: list[Event]
    replaces: Mapping[str, str]

    def happened(
        self, day: dt.date, kind: Literal["reset", "amend"], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Go on to the document that an event brought in on a payment date."""
        now = self.course[-1]
        issued = _issued(rows, day)
        event = self._acting(day, kind, issued)
        if event is None:
            return
        if kind == "amend":
            self.deal = [other for other in self.deal if other is not event]
            self.scenario = [other for other in self.scenario if other is not event]
            self.course.append(InForce(event["amend"]["into"], now.classes, day, kind))
            return
        into = event["reset"]["into"]
        if event.get("date") is None:
            into = _moved(into, _months_between(dt.date.fromisoformat(into["dates"]["closing"]), day))
        stay = _staying(event["reset"], now.document)
        classes = {self._before(name): name for name in stay}
        classes |= dict(_named(into, stay, issued))
        self.course.append(InForce(into, classes, day, kind))
        # With the first document its other events end, and what a scenario assumes of documents.
        self.deal, self.scenario = list(into.get("events", [])), []

    def _acting(self, day: dt.date, kind: str, issued: Mapping[str, float]) -> Event | None:
        """Return the event of a kind that acted on a payment date: a dated one that is due, else a condition."""
        dates = self.course[-1].document["dates"]
        events = [event for event in (*self.deal, *self.scenario) if event.get(kind) is not None]
        due = [
            (when, k)
            for k, event in enumerate(events)
            if event.get("date") is not None
            and (when := event_date(event["date"], dates)) is not None
            and when <= day
        ]
        if due:
            return events[min(due)[1]]
        others = [event for event in events if event.get("date") is None and _in_window(event, day, dates)]
        if kind == "reset":
            # Of several conditions the one whose classes came in.
            others.sort(key=lambda event: -_alike(event["reset"]["into"], issued))
        return next(iter(others), None)

    def _before(self, name: str) -> str:
        """Return the name in tables of a class that stays."""
        classes = self.course[-1].classes
        known = [shown for shown, own in classes.items() if own == name]
        # A note that an event brought in is of no document.
        brought = [shown for shown in self.replaces if _stands_for(shown, name) and shown not in classes]
        return next(iter([*known, *brought]), name)


def _issued(rows: Sequence[Mapping[str, Any]], day: dt.date) -> dict[str, float]:
    """Return what came in by note whose rows begin on a date."""
    first: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        first.setdefault(row["note"], row)
    return {name: row.get("issued") or 0.0 for name, row in first.items() if row["date"] == day}


def _in_window(event: Event, day: dt.date, dates: Mapping[str, Any]) -> bool:
    first, last = (
        event_date(event[key], dates) if event.get(key) is not None else None for key in ("from", "until")
    )
    return (first is None or first <= day) and (last is None or _a_week_before(day) <= last)


def _a_week_before(day: dt.date) -> dt.date:
    """Return the earliest schedule date that a payment date may stand for."""
    return day - dt.timedelta(days=7)


def _staying(reset: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return the classes that stay outstanding through a reset, by the name that both documents give them."""
    if reset.get("carry") is not None:
        return list(reset["carry"])
    residual = {note["name"] for note in reset["into"]["notes"] if note.get("residual")}
    return [note["name"] for note in before["notes"] if note.get("residual") and note["name"] in residual]


def _named(
    into: Mapping[str, Any], stay: Sequence[str], issued: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    """Yield the new classes of a document with their names in tables: `A`, or `A-R` where there was an `A`."""
    taken: set[str] = set()
    for note in into["notes"]:
        name = note["name"]
        if name in stay:
            continue
        shown = [other for other in issued if other not in taken and _stands_for(other, name)]
        if shown:
            taken.add(least := min(shown, key=len))
            yield least, name


def _stands_for(shown: str, name: str) -> bool:
    """Tell whether a name in tables may be that of a class.

    Examples
    --------
    >>> _stands_for("A-RR", "A"), _stands_for("A-RR", "A-R"), _stands_for("A-1", "A")
    (True, True, False)
    """
    more = "R*" if re.search(r"-R+$", name) else "(-R+)?"
    return re.fullmatch(re.escape(name) + more, shown) is not None


def _alike(into: Mapping[str, Any], issued: Mapping[str, float]) -> int:
    """Return how many classes of a document came in with their balance."""
    return sum(
        any(
            _stands_for(shown, note["name"]) and abs(came - note["balance"]) < _CENT
            for shown, came in issued.items()
        )
        for note in into["notes"]
    )


def _months_between(first: dt.date, then: dt.date) -> int:
    return (then.year - first.year) * _MONTHS_A_YEAR + then.month - first.month


def _moved(document: Mapping[str, Any], months: int) -> dict[str, Any]:
    """Return a document that a condition brings in with its dates, and those of its events, where they come to lie."""

    def shifted(text: Any) -> Any:
        try:
            day = later(dt.date.fromisoformat(text), months)
        except (TypeError, ValueError):
            return text
        return text if day is None else day.isoformat()

    dates = {key: shifted(value) for key, value in document["dates"].items()}
    events = []
    for event in document.get("events", []):
        moved = {key: shifted(event[key]) for key in ("date", "from", "until") if event.get(key) is not None}
        for kind in ("reset", "amend"):
            if event.get(kind) is not None:
                moved[kind] = {**event[kind], "into": _moved(event[kind]["into"], months)}
        events.append({**event, **moved})
    return {**document, "dates": dates, "events": events}
