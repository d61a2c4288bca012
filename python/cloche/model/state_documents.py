"""Which documents have ruled in a state, after what resets and amendments have brought in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["Ruled", "documents_of_state", "event_at"]

_PART = re.compile(r"(\w+)(?:\[(\d+)\])?")
Event = Mapping[str, Any]
Ruled = tuple[str | None, Mapping[str, Any]]


def documents_of_state(
    document: Mapping[str, Any],
    brought_in: Sequence[tuple[str, str]],
    events: Sequence[Event],
    assumed: Sequence[Event],
) -> list[Ruled]:
    """Return the documents of a state in order, each with the payment date after which it rules; the first has none.

    They end before one whose dates a condition has moved, and before one that the engine will not find.

    Parameters
    ----------
    document
        Canonical form of the deal.
    brought_in
        The state's `documents`: place and payment date of each event.
    events, assumed
        Events of the deal and of the scenario; resets and amendments hold whole documents.

    Examples
    --------
    >>> amendment = {"date": "2028-04-20", "amend": {"into": {"name": "amended"}}}
    >>> documents_of_state({"name": "first"}, [("scenario.events[0]", "2028-04-20")], [], [amendment])
    [(None, {'name': 'first'}), ('2028-04-20', {'name': 'amended'})]
    """
    return [(None, document), *_brought_in(brought_in, {"events": events, "scenario": {"events": assumed}})]


def _brought_in(brought_in: Sequence[tuple[str, str]], roots: Mapping[str, Any]) -> Iterator[Ruled]:
    for place, on in brought_in:
        event = event_at(roots, place)
        if event is None:
            return
        kind = "amend" if event.get("amend") is not None else "reset"
        moved = kind == "reset" and event.get("date") is None
        into = (event.get(kind) or {}).get("into")
        if moved or into is None:
            return
        yield on, into


def event_at(root: Any, place: str) -> Event | None:
    """Return the event at a place such as `events[0].reset.into.events[1]`; None where there is none.

    Examples
    --------
    >>> event_at({"events": [{"call": {}}]}, "events[0]"), event_at({"events": []}, "events[0]")
    ({'call': {}}, None)
    """
    for key, number in _PART.findall(place):
        root = root.get(key) if isinstance(root, Mapping) else None
        if number:
            root = root[int(number)] if root is not None and int(number) < len(root) else None
    return root if isinstance(root, Mapping) else None
