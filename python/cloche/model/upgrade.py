"""Older documents become documents of the current grammar when they are read.

`UPGRADES[n]` turns a document of version n into one of version n + 1. Each works on plain mappings and lists
and leaves alone what it does not recognize: the models report what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from cloche.model.document import problem
from cloche.model.wording import found

__all__ = ["UPGRADES", "VERSION", "upgraded"]


_KINDS = {"cloche": "a deal document", "cloche_state": "the state of a deal"}
"""What a document is, by the key of its version."""


def _from_0(document: dict[str, Any]) -> dict[str, Any]:
    """Rename `dates.determination_lag` to `determination_lag_bd`, `notes[].seniority` to `rank`."""
    dates, notes = document.get("dates"), document.get("notes")
    if isinstance(dates, Mapping):
        document["dates"] = _renamed(dates, "determination_lag", "determination_lag_bd")
    if isinstance(notes, list | tuple):
        document["notes"] = [
            _renamed(note, "seniority", "rank") if isinstance(note, Mapping) else note for note in notes
        ]
    return document


def _renamed(mapping: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if key == old else key: value for key, value in mapping.items()}


UPGRADES: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (_from_0,)
VERSION = len(UPGRADES)


def upgraded(
    document: Mapping[str, Any],
    *,
    key: str = "cloche",
    upgrades: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = UPGRADES,
    oldest: int = 0,
) -> dict[str, Any]:
    """Return a document in the current grammar.

    Parameters
    ----------
    document
        A document of any version up to the current one.
    key
        The key that holds the version.
    upgrades, oldest
        The steps from the oldest version on.

    Raises
    ------
    pydantic.ValidationError
        If the version is missing, is no version, or is newer than this package.
    """
    version = document.get(key)
    newest = oldest + len(upgrades)
    other = next((known for known in _KINDS if known != key and known in document), None)
    if version is None and other is not None:
        raise ValidationError.from_exception_data(
            "Deal", [problem((), f"found {_KINDS[other]}, expected {_KINDS[key]}")]
        )
    if version is None:
        message = f"missing: this key is required; write `{key}: {newest}`"
    elif isinstance(version, bool) or not isinstance(version, int) or version < oldest:
        message = f"found {found(version)}, expected the version of the grammar, {newest}"
    elif version > newest:
        message = (
            f"found version {version}, this package reads versions up to {newest}; install a newer cloche"
        )
    else:
        current = dict(document)
        for upgrade in upgrades[version - oldest :]:
            current = upgrade(current)
        current[key] = newest
        return current
    raise ValidationError.from_exception_data("Deal", [problem((key,), message, version, stand_in=newest)])
