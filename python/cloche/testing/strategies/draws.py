"""What the strategies share: sizes, names and draws of round numbers."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

PAR = 100_000_000.0
"""Par around which deals and tapes are drawn, in currency units."""

CLOSING = date(2025, 1, 15)
"""First day on which a deal may close; tapes are as of it unless told otherwise."""

Document = dict[str, Any]
INDEX = "sofr_3m"
RATINGS = ("BB-", "B+", "B", "B-", "CCC")
INDUSTRIES = ("Software", "Health care", "Retail")
LIENS = ("first_lien", "second_lien")
DAY_COUNTS = ("act/360", "act/365", "30/360", "30e/360", "act/act")


def basis_points(low: int, high: int) -> st.SearchStrategy[float]:
    """Decimals that are whole basis points between two limits."""
    return st.integers(low, high).map(lambda number: number / 10_000)


def percent(low: int, high: int) -> st.SearchStrategy[float]:
    """Decimals that are whole percents between two limits."""
    return st.integers(low, high).map(lambda number: number / 100)


def sometimes(strategy: st.SearchStrategy[Any], otherwise: Any = None) -> st.SearchStrategy[Any]:
    """What the strategy draws, or `otherwise`."""
    return st.one_of(st.just(otherwise), strategy)


def given(document: Mapping[str, Any]) -> Document:
    """The document without the fields that are not there."""
    return {key: value for key, value in document.items() if value is not None}


def constant(number: float) -> Document:
    """A number of the scenario that never changes."""
    return {"kind": "constant", "value": number}


def named(keyword: str, known: Collection[str], *, asked: Collection[str] | bool) -> frozenset[str]:
    """What a keyword asks for: all of what is known, none of it, or what it names.

    Examples
    --------
    >>> sorted(named("events", ("call", "default"), asked=["call"])), sorted(named("events", ("call",), asked=False))
    (['call'], [])
    """
    if isinstance(asked, bool):
        return frozenset(known) if asked else frozenset()
    unknown = set(asked) - set(known)
    if unknown:
        raise ValueError(f"{keyword}: found {sorted(unknown)}; expected some of {', '.join(known)}")
    return frozenset(asked)
