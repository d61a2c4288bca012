"""Which document rules when: resets and amendments in the order of their dates, and what the engine is told of them.

People write an amendment as the keys that change. The engine gets the whole document after it. Dated amendments are
carried out in the order of their dates, each on the document that the one before left; an amendment under a condition
comes last, since what it leaves depends on the path.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloche.errors import Problem
from cloche.model.amendments import Amended, amended
from cloche.model.document import canonical_json
from cloche.model.event_dates import event_date

__all__ = [
    "EngineDocument",
    "document_on",
    "documents_of",
    "engine_deal",
    "engine_events",
    "engine_text",
    "has_transitions",
]

_AMENDED_PLACE = re.compile(r"(.*?events\[\d+\]\.amend)\.into\.?(.*)")
_EVENT_PLACE = re.compile(r"events\[\d+\]\.amend$")


@dataclass
class EngineDocument:
    """What the engine is told of a deal or a scenario.

    Parameters
    ----------
    document
        Canonical form in which amendments hold whole documents.
    problems
        Amendments that cannot be carried out; the engine sees the document before in their place.
    """

    document: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    amended: dict[str, Amended] = field(default_factory=dict)

    def placed(self, problems: Sequence[Problem]) -> list[Problem]:
        """Return problems that the engine found, at the places that people wrote; each once."""
        before = {(place, message) for place, message in problems}
        known = {place for place, _ in self.problems}
        found = list(self.problems)
        for place, message in problems:
            inside = _AMENDED_PLACE.fullmatch(place)
            if inside is None:
                if place not in known:
                    found.append(Problem(place, message))
            elif (_EVENT_PLACE.sub("", inside[1]) + inside[2], message) not in before:
                # What the document had before the amendment is reported there.
                one = self.amended.get(inside[1])
                written = one.written(inside[2]) if one is not None else inside[2]
                found.append(Problem(f"{inside[1]}.{written}" if written else inside[1], message))
        return found


def has_transitions(events: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether events, or those of documents that they bring in, hold a reset or an amendment."""
    return any(event.get("reset") is not None or event.get("amend") is not None for event in events)


def engine_deal(document: Mapping[str, Any]) -> EngineDocument:
    """Return what the engine is told of a deal.

    Parameters
    ----------
    document
        Canonical form of the deal.
    """
    result = EngineDocument(dict(document))
    events = document.get("events", [])
    if has_transitions(events):
        result.document["events"] = _carried_out(_Course(document), events, result)
    return result


def engine_text(document: Mapping[str, Any]) -> str:
    """Return the text that the engine reads of a deal in canonical form."""
    return canonical_json(engine_deal(document).document)


def engine_events(deal: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> EngineDocument:
    """Return what the engine is told of the events of a scenario, as a document that holds them alone.

    Parameters
    ----------
    deal
        Canonical form of the deal that they happen to.
    events
        Canonical form of the events.
    """
    result = EngineDocument({"events": list(events)})
    if has_transitions(events):
        result.document["events"] = _carried_out(_Course.of_deal(deal), events, result)
    return result


def documents_of(document: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the documents that resets and amendments of a deal bring into force, by the place of their event.

    Parameters
    ----------
    document
        Canonical form of a valid deal.
    """
    result = engine_deal(document)
    return [
        (f"events[{k}].{kind}", event[kind]["into"])
        for k, event in enumerate(result.document.get("events", []))
        for kind in ("reset", "amend")
        if event.get(kind) is not None
    ]


def document_on(document: Mapping[str, Any], day: dt.date) -> Mapping[str, Any]:
    """Return the document that dated resets and amendments up to a date leave.

    Parameters
    ----------
    document
        Canonical form of a valid deal.
    day
        The last date of events that have acted.
    """
    return _Course.of_deal(document).in_force(day)


@dataclass
class _Course:
    """The document in force, date after date, as far as it is known beforehand.

    Parameters
    ----------
    document
        The deal.
    own
        Whether the events are the document's own: they end with a reset.
    changes
        Dated amendments and resets in order: when, which kind, the document after.
    depends
        Whether a condition of the deal's events brings in a document: what rules later depends on the path.
    """

    document: Mapping[str, Any]
    own: bool = True
    changes: list[tuple[dt.date, str, Mapping[str, Any]]] = field(default_factory=list)
    depends: bool = False

    @classmethod
    def of_deal(cls, document: Mapping[str, Any]) -> _Course:
        """Return what the events of a deal bring in."""
        course = cls(document, own=False)
        events = document.get("events", [])
        for when, _, event in _dated(events, document["dates"]):
            if event.get("amend") is not None:
                after = amended(course.in_force(when), event["amend"]).document
                course.changes.append((when, "amend", after))
            else:
                inner = cls.of_deal(event["reset"]["into"])
                course.changes += [(when, "reset", inner.document), *inner.changes]
                course.depends |= inner.depends
                break
        course.depends |= any(_conditional(event) for event in events)
        return course

    def in_force(self, when: dt.date) -> Mapping[str, Any]:
        """Return the document that rules on a date."""
        return next((after for since, _, after in reversed(self.changes) if since <= when), self.document)

    def bring_in(self, when: dt.date, kind: str, document: Mapping[str, Any]) -> None:
        """Let an event bring in a document; a reset ends what the document before had in store."""
        if kind == "reset":
            self.changes = [change for change in self.changes if change[0] <= when]
        self.changes.append((when, kind, document))
        self.changes.sort(key=lambda change: change[0])


def _dated(
    events: Sequence[Mapping[str, Any]], dates: Mapping[str, Any]
) -> list[tuple[dt.date, int, Mapping[str, Any]]]:
    """Return dated resets and amendments in the order of their dates."""
    found = []
    for k, event in enumerate(events):
        if event.get("date") is not None and has_transitions([event]):
            when = event_date(event["date"], dates)
            if when is not None:
                found.append((when, k, event))
    return sorted(found, key=lambda item: item[:2])


def _conditional(event: Mapping[str, Any]) -> bool:
    return event.get("when") is not None and has_transitions([event])


def _carried_out(
    course: _Course, events: Sequence[Mapping[str, Any]], result: EngineDocument
) -> list[dict[str, Any]]:
    """Return events whose amendments hold whole documents."""
    dates = course.document["dates"]
    written = [dict(event) for event in events]
    order = [k for _, k, _ in _dated(events, dates)]
    order += [k for k, event in enumerate(events) if k not in order and has_transitions([event])]
    for k in order:
        event, place = events[k], f"events[{k}]"
        window = _window(event, dates)
        start = window[0] or dt.date.min
        if event.get("reset") is not None:
            before = course.in_force(start)
            written[k]["reset"] = _reset(before, event["reset"], f"{place}.reset.into.", result)
            if event.get("date") is not None and not course.own:
                course.bring_in(start, "reset", event["reset"]["into"])
            continue
        reason = _undetermined(course, events, k, window)
        if reason is not None:
            result.problems.append(Problem(f"{place}.{reason[0]}", reason[1]))
        one = amended(course.in_force(start), event["amend"])
        result.problems += [Problem(f"{place}.amend.{inner}", text) for inner, text in one.problems]
        result.problems += _matured(one, event, start, f"{place}.amend")
        result.amended[f"{place}.amend"] = one
        written[k]["amend"] = {"into": one.document}
        if event.get("date") is not None:
            course.bring_in(start, "amend", one.document)
    return written


def _matured(one: Amended, event: Mapping[str, Any], when: dt.date, place: str) -> list[Problem]:
    """Return the problem of a maturity that is over when a dated amendment acts."""
    maturity = one.document["dates"]["stated_maturity"]
    if event.get("date") is None or one.problems or dt.date.fromisoformat(maturity) > when:
        return []
    message = f"found {maturity}, expected a date after {when}, when it is amended"
    return [Problem(f"{place}.{one.written('dates.stated_maturity')}", message)]


def _window(event: Mapping[str, Any], dates: Mapping[str, Any]) -> tuple[dt.date | None, dt.date | None]:
    """Return the first and last date on which an event may act, None where it has none."""
    first, last = event.get("date", event.get("from")), event.get("until")
    return (
        event_date(first, dates) if first is not None else None,
        event_date(last, dates) if last is not None else None,
    )


def _reset(
    before: Mapping[str, Any], reset: Mapping[str, Any], prefix: str, result: EngineDocument
) -> dict[str, Any]:
    """Return a reset whose document is one for the engine, and whose carried classes are named."""
    into = engine_deal(reset["into"])
    result.problems += [Problem(prefix + inner, text) for inner, text in into.problems]
    result.amended.update({prefix + inner: one for inner, one in into.amended.items()})
    residual = {note["name"] for note in into.document["notes"] if note.get("residual")}
    both = [note["name"] for note in before["notes"] if note.get("residual") and note["name"] in residual]
    return {"carry": both, **reset, "into": into.document}


def _undetermined(
    course: _Course,
    events: Sequence[Mapping[str, Any]],
    number: int,
    window: tuple[dt.date | None, dt.date | None],
) -> tuple[str, str] | None:
    """Return why the document that an amendment changes is not known beforehand, and where it is said."""
    others = [k for k, event in enumerate(events) if k != number and has_transitions([event])]
    dated = events[number].get("date") is not None
    if not dated and any(k > number for k in others):
        message = "found an amendment under a condition before others, expected it last"
        return "amend", f"{message}: what it leaves depends on the path"
    conditional = [
        events[k] for k in others if _conditional(events[k]) and not (dated and "amend" in events[k])
    ]
    if course.depends or (conditional and not course.own):
        message = "found an amendment beside an event under a condition that brings in a document"
        return "amend", f"{message}: what it changes depends on the path"
    return _undone(course, window[0]) if dated else _overtaken(course, *window)


def _undone(course: _Course, start: dt.date | None) -> tuple[str, str] | None:
    """Return whether an amendment of the deal itself would undo a dated one of a scenario."""
    following = [kind for since, kind, _ in course.changes if start is not None and since > start]
    if following and following[0] == "amend":
        message = "found a date before an amendment of the deal itself"
        return "date", f"{message}; put it among the deal's events"
    return None


def _overtaken(course: _Course, start: dt.date | None, end: dt.date | None) -> tuple[str, str] | None:
    """Return whether an amendment under a condition may act before a document that is known to come in."""
    for since, kind, _ in course.changes:
        early = start is None or start < since
        if early and (kind == "amend" or end is None or end >= since):
            message = f"found {start or 'nothing'}, expected a date from {since} on"
            return "from", f"{message}: the document changes on it"
    return None
