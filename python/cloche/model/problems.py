"""From pydantic's errors to problems with the places and words of the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cloche.errors import Problem
from cloche.model.step_grammar import VERBS
from cloche.model.wording import did_you_mean, found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["headline", "line_note", "place_text", "problems_of", "written_path"]

_BESIDE_THE_VERB = ("when", "amount", "label")
_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "string_too_short": "text that is not empty",
}


def problems_of(
    error: ValidationError, lines: Mapping[str, int] | None = None, document: object = None
) -> list[Problem]:
    """Return the problems of a pydantic error, in the order of the document.

    Parameters
    ----------
    error
        What the models refused.
    lines
        Line of each place in the text that was read; the nearest enclosing place serves.
    document
        What was refused; an unknown key beside a verb is placed there, not below the verb.
    """
    problems = []
    for item in error.errors(include_url=False):
        path = written_path(item["loc"])
        if item["type"] == "unknown_key":
            path = _beside_the_verb(path, document)
        place = place_text(path)
        problems.append(Problem(place, _message(item) + line_note(place, lines)))
    return problems


def line_note(place: str, lines: Mapping[str, int] | None) -> str:
    """Return `` (line 12)`` for a place, or nothing where no line is known."""
    if not lines:
        return ""
    while place:
        if place in lines:
            return f" (line {lines[place]})"
        cut = max(place.rfind("."), place.rfind("["))
        place = place[:cut] if cut > 0 else ""
    return ""


def headline(subject: str, problems: Iterable[tuple[str, str]]) -> str:
    """Return the first line of an error.

    Examples
    --------
    >>> headline("the deal", [("name", "missing")])
    'the deal has 1 problem'
    """
    count = len(list(problems))
    return f"{subject} has {count} problem{'' if count == 1 else 's'}"


def place_text(path: Iterable[str | int]) -> str:
    """Return a place as text.

    Examples
    --------
    >>> place_text(("notes", 3, "coupon", "spread"))
    'notes[3].coupon.spread'
    """
    text = ""
    for item in path:
        text += f"[{item}]" if isinstance(item, int) else f".{item}" if text else str(item)
    return text


def written_path(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return where a problem is in the document as people write it.

    Pydantic's locations name the member of a union, here the verb, between the keys. A verb is a key of the
    document; what stands beside it is not below it, and a block has no verb.
    """
    path: list[str | int] = []
    for position, item in enumerate(location):
        following = location[position + 1] if position + 1 < len(location) else None
        in_a_list = bool(path) and isinstance(path[-1], int)
        beside = following in _BESIDE_THE_VERB and position + 2 == len(location) and isinstance(item, str)
        if item != "[key]" and not (in_a_list and (item == "block" or (beside and item in VERBS))):
            path.append(item)
    return tuple(path)


def _beside_the_verb(path: tuple[str | int, ...], document: object) -> tuple[str | int, ...]:
    """Return the path without the verb where the document holds the last key beside the verb."""
    step: Any = document
    try:
        for item in path[:-2]:
            step = step[item]
        beside = path[-1] in step and path[-2] in step
    except (KeyError, IndexError, TypeError):
        return path
    return (*path[:-2], path[-1]) if beside else path


def _message(item: ErrorDetails) -> str:
    kind, value = item["type"], item.get("input")
    context: dict[str, Any] = item.get("ctx", {})
    if kind == "missing":
        return "missing: this key is required"
    if kind == "literal_error" and "expected" in context:
        choices = re.findall(r"'([^']*)'|\b(true|false|True|False)\b", str(context.get("expected", "")))
        names = [quoted or bare.lower() for quoted, bare in choices]
        near = did_you_mean(value, names) if isinstance(value, str) else ""
        hint = near if near.startswith("; did") else ""
        return f"found {found(value)}, expected {context.get('expected')}{hint}"
    if kind == "string_too_long" and isinstance(value, str):
        return f"found text of {len(value)} characters, expected at most {context.get('max_length')}"
    if kind in _EXPECTED:
        quotes = (
            "; put it in quotes" if kind == "string_type" and isinstance(value, bool | int | float) else ""
        )
        return f"found {found(value)}, expected {_EXPECTED[kind]}{quotes}"
    return str(context.get("message", item["msg"]))
