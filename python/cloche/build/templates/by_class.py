"""Terms by class: a template has its own, and a caller changes them class by class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["BY_CLASS", "OfFamily", "class_of_test", "stated"]

BY_CLASS = ("spreads", "fixed", "ratings", "oc_triggers", "ic_triggers")


@dataclass(frozen=True)
class OfFamily:
    """Terms by class where a family has its own.

    Parameters
    ----------
    own
        The family's, in place of those of the broadly syndicated deal.
    changes
        What the caller gives.
    """

    own: Mapping[str, Any]
    changes: object


def class_of_test(label: str) -> str:
    """Return the class that a coverage test is through.

    Examples
    --------
    >>> class_of_test("A/B"), class_of_test("C")
    ('B', 'C')
    """
    return label.rsplit("/", 1)[-1]


def stated(given: object) -> set[str]:
    """Return the classes to which a caller gives a term."""
    changes = given.changes if isinstance(given, OfFamily) else given
    if not isinstance(changes, Mapping):
        return set()
    return {key for key, value in changes.items() if value is not None}
