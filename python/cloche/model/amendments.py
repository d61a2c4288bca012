"""Amendments: new terms of a document that goes on, by key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeGuard

from pydantic import ValidationError

from cloche.errors import Problem
from cloche.model.dates import Dates
from cloche.model.deal_document import DealDocument
from cloche.model.problems import place_text, problems_of
from cloche.model.replacement import REPLACES, PathError, located
from cloche.model.wording import did_you_mean, found

__all__ = ["Amended", "amended"]

_PARTS = (
    "dates", "notes", "fees", "accounts", "hedges", "tests", "collateral", "reinvestment", "sequences", "waterfalls",
    "default_events", "rights", "conventions",
)  # fmt: skip
"""Parts of a document that an amendment may change."""

_DATES = (
    "non_call_end", "reinvestment_end", "stated_maturity", "payment_frequency_months", "determination",
    "determination_lag_bd", "calendars", "roll", "add_holidays", "remove_holidays",
)  # fmt: skip
"""Dates and rules of dates that an amendment may change."""


@dataclass(frozen=True)
class Amended:
    """A document after an amendment.

    Parameters
    ----------
    document
        Canonical form, without events; where there are problems, the document before.
    problems
        What is wrong with the amendment, by place below it.
    places
        Places of the document that the amendment names, and the keys that name them.
    """

    document: dict[str, Any]
    problems: list[Problem]
    places: dict[str, str]

    def written(self, place: str) -> str:
        """Return where the amendment says what stands at a place of the document."""
        for named, key in self.places.items():
            if place == named or place.startswith((f"{named}.", f"{named}[")):
                return f"{key}{place[len(named) :]}"
        return place


def amended(document: Mapping[str, Any], keys: Mapping[str, Any]) -> Amended:
    """Return a document with new terms.

    Parameters
    ----------
    document
        Canonical form of the deal before.
    keys
        New terms by key as in `Deal.replace`; mappings are merged key by key, anything else is replaced whole, null
        takes away.
    """
    before = {**deepcopy(dict(document)), "events": []}
    changed = deepcopy(before)
    problems: list[Problem] = []
    places: dict[str, str] = {}
    for key, value in keys.items():
        head = re.split(r"[.\[]", key)[0]
        if head not in _PARTS:
            problems.append(Problem(key, _not_amendable(head)))
            continue
        try:
            holder, items = located(changed, key)
        except PathError as error:
            problems.append(Problem(key, str(error)))
            continue
        places[place_text(items)] = key
        problems += [Problem(f"{key}{place}", text) for place, text in _put(holder, items[-1], value)]
    result = Amended(before, problems, places)
    if problems:
        return result
    try:
        after = DealDocument.model_validate(changed).to_canonical()
    except ValidationError as refusal:
        found_there = problems_of(refusal, None, changed)
        problems += [Problem(result.written(place), text) for place, text in found_there]
        return result
    problems += [Problem(result.written(place), text) for place, text in _fixed_terms(before, after)]
    return result if problems else Amended(after, [], places)


def _not_amendable(head: str) -> str:
    if head in DealDocument.model_fields:
        return f"found {head}, expected a part that an amendment may change: {', '.join(_PARTS)}"
    return f"unknown key{did_you_mean(head, _PARTS)}"


def _put(holder: Any, key: str | int, value: Any) -> Iterator[tuple[str, str]]:
    """Put a new term in place; yield the keys that lead nowhere."""
    if isinstance(holder, dict):
        for other in REPLACES.get(str(key), ()):
            holder.pop(other, None)
    old = holder.get(key) if isinstance(holder, dict) else holder[key]
    if isinstance(value, Mapping) and isinstance(old, dict):
        for inner, item in value.items():
            yield from ((f".{inner}{place}", text) for place, text in _put(old, inner, item))
    elif isinstance(value, Mapping) and _named(old):
        names = [entry["name"] for entry in old]
        for name, item in value.items():
            if name in names:
                places = _put(old, names.index(name), item)
                yield from ((f".{name}{place}", text) for place, text in places)
            else:
                yield f".{name}", f"no entry of this name{did_you_mean(name, names)}"
    elif value is None and isinstance(holder, dict):
        holder.pop(key, None)
    else:
        holder[key] = deepcopy(value)


def _named(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Tell whether a value is a list of entries that have names."""
    return isinstance(value, list) and all(isinstance(entry, dict) and "name" in entry for entry in value)


def _fixed_terms(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield terms that differ and that no amendment may change."""
    old, new = before["dates"], after["dates"]
    for key in Dates.model_fields:
        if key not in _DATES and old.get(key) != new.get(key):
            yield f"dates.{key}", f"found {found(new.get(key))}, expected {found(old.get(key))}: it stays"
    names = [note["name"] for note in before["notes"]]
    others = [note["name"] for note in after["notes"]]
    if names != others:
        yield "notes", f"found the classes {', '.join(others)}, expected {', '.join(names)}: classes stay"
        return
    for k, (note, other) in enumerate(zip(before["notes"], after["notes"], strict=True)):
        for key in sorted({*note, *other} - {"coupon"}):
            if note.get(key) != other.get(key):
                message = f"found {found(other.get(key))}, expected {found(note.get(key))}"
                yield f"notes[{k}].{key}", f"{message}: an amendment changes coupons of classes alone"
