"""Dotted paths into a deal: ``notes.A.coupon.spread``, ``tests.E OC.trigger``, ``waterfalls.interest[3]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from cloche.errors import Problem
from cloche.model.wording import did_you_mean

__all__ = ["REPLACES", "PathError", "located", "put", "replaced", "value_at"]

_POSITION = re.compile(r"\[(\d+)\]")
REPLACES = {"rank": ("interest_rank", "principal_rank"), "determination_lag_bd": ("determination",)}
"""Keys that people write, and the canonical keys that they stand for."""


class PathError(Exception):
    """A path that leads nowhere, with the reason."""


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """Return what a path names in a canonical document.

    Raises
    ------
    PathError
        If the document holds no such place.
    """
    holder, (*_, key) = located(document, path)
    if isinstance(holder, dict) and key not in holder:
        raise PathError(f"unknown key{did_you_mean(key, sorted(holder))}")
    return holder[key]


def replaced(
    document: Mapping[str, Any], changes: Mapping[str, object]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return a changed copy of a canonical document, and the paths that lead nowhere.

    Parameters
    ----------
    document
        Canonical form.
    changes
        New values by path; a key that is absent may be set. None removes.
    """
    changed = deepcopy(dict(document))
    return changed, put(changed, changes)


def put(document: dict[str, Any], changes: Mapping[str, object]) -> list[Problem]:
    """Change a canonical document in place, and return the paths that lead nowhere.

    Parameters
    ----------
    document
        Canonical form.
    changes
        As in `replaced`.
    """
    problems: list[Problem] = []
    for path, value in changes.items():
        try:
            holder, (*_, key) = located(document, path)
        except PathError as error:
            problems.append(Problem(path, str(error)))
            continue
        for other in REPLACES.get(str(key), ()):
            holder.pop(other, None)
        holder[key] = value
    return problems


def located(document: Mapping[str, Any], path: str) -> tuple[Any, tuple[str | int, ...]]:
    """Return what holds the last item of a path, and the keys and positions that lead to it.

    Raises
    ------
    PathError
        If the document holds no such place.
    """
    holder: Any = document
    rest = path
    items: list[str | int] = []
    while True:
        # The keys of an amendment are paths themselves.
        if items[-1:] == ["amend"] and isinstance(holder, dict) and _longest(list(holder), rest) is None:
            return holder, (*items, rest)
        key, rest = _step_into(holder, rest)
        items.append(key)
        if not rest:
            return holder, tuple(items)
        holder = holder[key]
        if isinstance(holder, dict) and rest.startswith(f"{holder.get('verb')}."):
            rest = rest[len(holder["verb"]) + 1 :]


def _step_into(holder: Any, rest: str) -> tuple[str | int, str]:
    """Return the next item of a path in a mapping or a list, and the path after it."""
    if isinstance(holder, list):
        if match := _POSITION.match(rest):
            if int(match[1]) >= len(holder):
                raise PathError(f"position {match[1]} is beyond the last, {len(holder) - 1}")
            return int(match[1]), rest[match.end() :].removeprefix(".")
        names = [item["name"] for item in holder if isinstance(item, dict) and "name" in item]
        name = _longest(names, rest)
        if name is None:
            raise PathError(f"no entry begins {rest!r}{did_you_mean(rest.split('.', maxsplit=1)[0], names)}")
        return [item.get("name") for item in holder].index(name), rest[len(name) :].removeprefix(".")
    if not isinstance(holder, dict):
        raise PathError(f"nothing lies below {holder!r}")
    key = _longest(list(holder), rest)
    if key is not None:
        return key, rest[len(key) :].removeprefix(".")
    if "." in rest or "[" in rest or not rest:
        raise PathError(f"unknown key{did_you_mean(re.split(r'[.[]', rest)[0], sorted(holder))}")
    return rest, ""


def _longest(keys: list[str], rest: str) -> str | None:
    """Return the longest key with which a path begins."""
    fitting = [key for key in keys if rest == key or rest.startswith((f"{key}.", f"{key}["))]
    return max(fitting, key=len, default=None)
