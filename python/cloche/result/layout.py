"""How summaries print: basis points, percent, prices of 100, aligned columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = [
    "NOTHING",
    "aligned",
    "basis_points",
    "counted",
    "money",
    "multiple",
    "percent",
    "with_error",
    "years",
]

NOTHING = "–"


def money(amount: float | None) -> str:
    """Return an amount with thousands separated, without decimals.

    Examples
    --------
    >>> money(310e6), money(None)
    ('310,000,000', '–')
    """
    return f"{amount + 0.0:,.0f}" if amount is not None and math.isfinite(amount) else NOTHING


def percent(value: float | None, decimals: int = 2) -> str:
    """Return a decimal in percent.

    Examples
    --------
    >>> percent(1.315789), percent(None)
    ('131.58%', '–')
    """
    return f"{value * 100 + 0.0:.{decimals}f}%" if value is not None and math.isfinite(value) else NOTHING


def basis_points(value: float) -> str:
    """Return a decimal in basis points.

    Examples
    --------
    >>> basis_points(0.0130), basis_points(0.00125)
    ('130bp', '12.5bp')
    """
    return f"{value * 10_000:.6g}bp"


def counted(number: int, what: str) -> str:
    """Return a number with its noun, in the plural where it is not one.

    Examples
    --------
    >>> counted(1, "path"), counted(1_000, "path")
    ('1 path', '1,000 paths')
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def years(value: float | None) -> str:
    """Return years with two decimals."""
    return f"{value:.2f}" if value is not None and math.isfinite(value) else NOTHING


def multiple(value: float | None) -> str:
    """Return a multiple of invested capital.

    Examples
    --------
    >>> multiple(1.853)
    '1.85x'
    """
    return f"{value:.2f}x" if value is not None and math.isfinite(value) else NOTHING


def with_error(value: float | None, error: float | None) -> str:
    """Return an estimate in percent with its standard error.

    Examples
    --------
    >>> with_error(0.0123, 0.0004), with_error(0.0, 0.0)
    ('1.230% ±0.040', '0')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0.0 and not error:
        return "0"
    doubt = f" ±{error * 100:.3f}" if error is not None and math.isfinite(error) else ""
    return f"{value * 100:.3f}%{doubt}"


def aligned(rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Return rows of equal length as lines: the first `left` columns flush left, the others flush right."""
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text.ljust(size) if place < left else text.rjust(size)
            for place, (text, size) in enumerate(zip(row, sizes, strict=True))
        ).rstrip()
        for row in rows
    ]
