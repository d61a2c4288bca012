"""Standing in for wrong values, so that the rest of a document can be examined in the same pass.

A document with a wrong number has no canonical form, and the engine could not look for problems of meaning in
it. Where it is certain what a harmless value is, or that a key only needs to go, the document is examined
with that change; places that were changed are not reported a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from cloche.model.problems import written_path

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["repaired"]

_TOP_LEVEL = 1


def repaired(document: Mapping[str, Any], error: ValidationError) -> dict[str, Any] | None:
    """Return the document with harmless values in the wrong places, or None where none is known.

    Parameters
    ----------
    document
        What was refused.
    error
        Why.
    """
    changed = deepcopy(dict(document))
    for item in error.errors(include_url=False):
        path = written_path(item["loc"])
        holder = _holder(changed, path)
        if holder is None:
            return None
        stand_in = item.get("ctx", {}).get("stand_in")
        if stand_in is not None:
            holder[path[-1]] = stand_in
        elif _may_go(item["type"], path) and isinstance(holder, dict):
            holder.pop(path[-1], None)
        else:
            return None
    return changed


def _may_go(kind: str, path: tuple[str | int, ...]) -> bool:
    """Tell whether a wrong entry may be left out without making others wrong that refer to it."""
    return kind == "unknown_key" or (kind != "missing" and len(path) > _TOP_LEVEL)


def _holder(document: Any, path: tuple[str | int, ...]) -> Any:
    """Return what holds the last item of a path, None if the document has no such place."""
    holder = document
    for item in path[:-1]:
        try:
            holder = holder[item]
        except (KeyError, IndexError, TypeError):
            return None
    if not path or not isinstance(holder, dict | list):
        return None
    last = path[-1]
    held = isinstance(holder, dict) or (isinstance(last, int) and last < len(holder))
    return holder if held else None
