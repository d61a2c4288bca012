"""Columns of a source that are not read and are nearly called like one that the tape could have."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from cloche.tape.aliases import key_of, known_keys

__all__ = ["near_columns"]

_NEAR = 0.88
# A shorter word is a letter away from many others.
_SHORTEST = 5


def near_columns(ignored: Iterable[str], read: Collection[str]) -> dict[str, str]:
    """Return which column each name in a source may have meant.

    Parameters
    ----------
    ignored
        Names in the source that are not read.
    read
        Canonical columns that the tape has: they are meant by no other name.

    Examples
    --------
    >>> near_columns(["ratng_sp", "market_prce", "Analyst", "sprread"], ["spread"])
    {'ratng_sp': 'rating_sp', 'market_prce': 'market_price'}
    """
    open_keys = {
        key: column for key, column in known_keys().items() if column not in read and len(key) >= _SHORTEST
    }
    near: dict[str, str] = {}
    for source in ignored:
        hit = difflib.get_close_matches(key_of(source), open_keys, n=1, cutoff=_NEAR)
        if hit:
            near[source] = open_keys[hit[0]]
    return near
