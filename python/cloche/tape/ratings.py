"""Rating letters: which bucket, which factor, which price.

Rating factors are Moody's idealized ten-year default probabilities times 10,000. S&P and Fitch letters stand
one notch for one beside Moody's (B- and B3, CCC+ and Caa1, CC and Ca). A missing market price comes from the
rating: BB- and above 0.995, B+ 0.99, B 0.98, B- 0.95, CCC+ 0.80, CCC and below 0.65, unrated 0.97.
"""

from __future__ import annotations

from collections.abc import Sequence

from cloche.model.rating_letters import DECORATION, DEFAULTED, MOODYS, SP, letters_of
from cloche.model.wording import found
from cloche.tape.problems import Problems

__all__ = ["CCC_NOTCH", "DEFAULTED", "RATING_FACTORS", "agency_of", "as_ratings", "notch_of", "price_bucket"]

RATING_FACTORS = (
    1, 10, 20, 40, 70, 120, 180, 260, 360, 610, 940, 1350, 1766, 2220, 2720, 3490, 4770, 6500, 8070, 10_000,
    10_000,
)  # fmt: skip
"""By notch, from Aaa to C."""

CCC_NOTCH = SP.index("CCC+")
"""Notches from this one on are CCC+/Caa1 or lower."""

_SP_NOTCHES = {letters: notch for notch, letters in enumerate(SP)} | dict.fromkeys(DEFAULTED, len(SP) - 1)
_MOODYS_NOTCHES = {letters: notch for notch, letters in enumerate(MOODYS)}
_PRICES = (("B+", 0.99), ("B", 0.98), ("B-", 0.95), ("CCC+", 0.80))


def as_ratings(texts: Sequence[str], *, column: str, problems: Problems) -> list[str]:
    """Return rating letters, empty where unrated; watch marks and ``(sf)`` are dropped."""
    moodys = column == "rating_moodys"
    ratings: list[str] = []
    for row, text in enumerate(texts):
        letters = letters_of(text, moodys=moodys) if text else ""
        if letters is None:
            example = "B2" if moodys else "B-"
            problems.cell(row, column, f"found {found(text)}, expected a rating such as {example}, or NR")
        ratings.append(letters or "")
    return ratings


def agency_of(texts: Sequence[str]) -> str | None:
    """Return which column the letters of an unnamed agency belong to; None if they are of two scales.

    Examples
    --------
    >>> agency_of(["B+", "CCC"]), agency_of(["B1", "Caa2"]), agency_of(["B+", "Caa2"])
    ('rating_sp', 'rating_moodys', None)
    """
    present = [text for text in texts if text]
    if all(letters_of(text, moodys=False) is not None for text in present):
        return "rating_sp"
    # Letters such as Aa1 say by their case whose they are; BA1 does not.
    own = (letters_of(text, moodys=True) in ("", DECORATION.sub("", text).strip()) for text in present)
    return "rating_moodys" if all(own) else None


def notch_of(letters: str) -> int | None:
    """Return the notch of S&P, Fitch or Moody's letters, 0 for the best; None if unrated.

    Examples
    --------
    >>> notch_of("B-"), notch_of("B3"), notch_of("")
    (15, 15, None)
    """
    notch = _SP_NOTCHES.get(letters)
    return _MOODYS_NOTCHES.get(letters) if notch is None else notch


def price_bucket(letters: str) -> tuple[str, float]:
    """Return the bucket of a rating and the market price (1 is par) that stands for a missing one.

    Examples
    --------
    >>> price_bucket("B3"), price_bucket("")
    (('B-', 0.95), ('unrated', 0.97))
    """
    notch = notch_of(letters)
    if notch is not None and notch > CCC_NOTCH:
        return "CCC and below", 0.65
    if notch is None:
        return "unrated", 0.97
    for bucket, price in _PRICES:
        if notch == _SP_NOTCHES[bucket]:
            return bucket, price
    return "BB- and above", 0.995
