"""Liens: the names that pools and scenarios have for them, and how people spell them."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["LIENS", "lien_in", "lien_of"]

_SPELLINGS = {
    "firstlienlastout": "first_lien_last_out", "1llastout": "first_lien_last_out", "lastout":
    "first_lien_last_out", "firstlien": "first_lien", "1stlien": "first_lien", "1l": "first_lien", "first":
    "first_lien", "1st": "first_lien", "seniorsecured": "first_lien", "firstlienseniorsecured": "first_lien",
    "secondlien": "second_lien", "2ndlien": "second_lien", "2l": "second_lien", "second": "second_lien",
    "2nd": "second_lien", "secondlienseniorsecured": "second_lien", "thirdlien": "third_lien", "3rdlien":
    "third_lien", "3l": "third_lien", "unitranche": "unitranche", "mezzanine": "mezzanine", "mezz": "mezzanine",
    "unsecured": "unsecured", "seniorunsecured": "unsecured", "subordinated": "subordinated",
}  # fmt: skip
LIENS = tuple(dict.fromkeys(_SPELLINGS.values()))
"""The names that are known; a tape may have others."""

_REMEMBERED = 4096


@lru_cache(maxsize=_REMEMBERED)
def lien_of(text: str) -> str:
    """Return the canonical lien, or the text in lower case with underscores if it is none that is known.

    Examples
    --------
    >>> lien_of("1st Lien"), lien_of("Second-Lien"), lien_of("Equity Kicker")
    ('first_lien', 'second_lien', 'equity_kicker')
    """
    words = re.sub(r"[^a-z0-9]+", " ", text.casefold()).split()
    return _SPELLINGS.get("".join(words), "_".join(words))


@lru_cache(maxsize=_REMEMBERED)
def lien_in(facility: str) -> str:
    """Return the lien that a facility's name states, empty if none.

    Examples
    --------
    >>> lien_in("First Lien Term Loan"), lien_in("Revolver")
    ('first_lien', '')
    """
    words = re.sub(r"[^a-z0-9]+", " ", facility.casefold())
    match = re.search(r"\b(first|second|1st|2nd) lien\b", words)
    return "" if match is None else lien_of(match[0])
