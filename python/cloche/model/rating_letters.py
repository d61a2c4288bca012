"""Letters of rating scales: which ones there are, and how they are written."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["DECORATION", "DEFAULTED", "MOODYS", "SP", "letters_of"]

SP = (
    "AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-", "B+", "B", "B-",
    "CCC+", "CCC", "CCC-", "CC", "C",
)  # fmt: skip
"""By notch; Fitch has the same letters."""

MOODYS = (
    "Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3", "B1", "B2",
    "B3", "Caa1", "Caa2", "Caa3", "Ca", "C",
)  # fmt: skip
"""By notch, one for one beside those of S&P."""

DEFAULTED = frozenset(("D", "SD", "RD"))
"""Letters of an obligor that has defaulted."""

DECORATION = re.compile(r"\((p|sf|e|\s)*\)|\*\s*[-+]?|\bsf\b|(?<=[1-3+-])sf$|\s+/.*$", re.IGNORECASE)
"""Watch marks and what says that a rating is structured, provisional or expected."""

_SP_LETTERS = DEFAULTED | set(SP)
_MOODYS_SPELLING = {letters.casefold(): letters for letters in MOODYS}
_UNRATED = frozenset(("NR", "WR", "N/R", "NA", "N.R.", "NOT RATED", "UNRATED", "WITHDRAWN", "*", "W/R"))


@lru_cache(maxsize=1024)
def letters_of(text: str, *, moodys: bool) -> str | None:
    """Return the letters of a rating, empty if it says unrated, None if it is no rating.

    Examples
    --------
    >>> letters_of("AAA (sf)", moodys=False), letters_of("NR", moodys=True), letters_of("AAAA", moodys=False)
    ('AAA', '', None)
    """
    letters = DECORATION.sub("", text).strip()
    if letters.upper() in _UNRATED or not letters:
        return ""
    if moodys:
        return _MOODYS_SPELLING.get(letters.casefold())
    return letters.upper() if letters.upper() in _SP_LETTERS else None
