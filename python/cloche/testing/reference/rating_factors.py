"""Moody's rating factors, which the average of the quality test `warf` weighs."""

__all__ = ["rating_factor"]

RATING_FACTORS = {
    "AAA": 1, "AA+": 10, "AA": 20, "AA-": 40, "A+": 70, "A": 120, "A-": 180, "BBB+": 260, "BBB": 360, "BBB-": 610,
    "BB+": 940, "BB": 1350, "BB-": 1766, "B+": 2220, "B": 2720, "B-": 3490, "CCC+": 4770, "CCC": 6500, "CCC-": 8070,
    "CC": 10_000, "C": 10_000, "D": 10_000, "SD": 10_000, "Aaa": 1, "Aa1": 10, "Aa2": 20, "Aa3": 40, "A1": 70,
    "A2": 120, "A3": 180, "Baa1": 260, "Baa2": 360, "Baa3": 610, "Ba1": 940, "Ba2": 1350, "Ba3": 1766, "B1": 2220,
    "B2": 2720, "B3": 3490, "Caa1": 4770, "Caa2": 6500, "Caa3": 8070, "Ca": 10_000,
}  # fmt: skip
"""Moody's idealized ten-year default probabilities times 10,000, by rating."""


def rating_factor(rating: str) -> float | None:
    """Moody's rating factor of a rating of any agency, None of what is unrated.

    Examples
    --------
    >>> rating_factor("B3"), rating_factor("")
    (3490.0, None)
    """
    factor = RATING_FACTORS.get(rating)
    return None if factor is None else float(factor)
