"""Where a class stops being paid."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Breakeven"]


@dataclass(frozen=True)
class Breakeven:
    """How far a value can go before a class no longer meets a criterion.

    Parameters
    ----------
    note, vary, criterion
        What was asked.
    value
        The last value at which the class meets the criterion, to `tolerance`: the largest where it fails above, the
        smallest where it fails below. None where it meets it nowhere in the range.
    cumulative_default_rate
        Defaults of the whole path at `value`, closing pool and reinvestment, over the closing par.
    capped
        The class meets the criterion in the whole range; `value` is then its end, and no break-even.
    monotone
        The criterion changes once in the scan of the range. Where it changes more often `value` is the first change,
        from the side on which it holds.
    tolerance
        Width of the last bracket.
    """

    note: str
    vary: str
    criterion: str
    value: float | None
    cumulative_default_rate: float | None
    capped: bool
    monotone: bool
    tolerance: float
