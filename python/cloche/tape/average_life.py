"""Average lives of loans from scheduled principal alone: instalments, and the rest at maturity."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cloche.table import NO_DATE
from cloche.tape.calendar import add_months, years_30_360

if TYPE_CHECKING:
    from cloche.tape.pool import LoanPool

__all__ = ["average_life", "average_lives", "years_to_maturity"]

_EPOCH = dt.date(1970, 1, 1)
_QUARTER = 3


def average_life(par: float, instalment: float, dates: list[float], maturity: float) -> float:
    """Return the average life of a loan in years.

    Parameters
    ----------
    par
        Drawn par; money, above 0.
    instalment
        What is due on each date while par is left; money.
    dates
        Years to the dates before maturity, the next one first.
    maturity
        Years to maturity, when the rest is due.

    Examples
    --------
    >>> average_life(100.0, 25.0, [0.25, 0.5], 1.0)
    0.6875
    """
    weighted, left = [], par
    for years in dates:
        paid = min(left, instalment)
        if paid <= 0.0:
            break
        weighted.append(paid * years)
        left -= paid
    return math.fsum([*weighted, left * maturity]) / par


def average_lives(pool: LoanPool) -> NDArray[np.float64]:
    """Return the average life of each performing loan with drawn par, in 30/360 years from the as-of date; else NaN.

    A loan pays ``amortization_rate`` of ``original_par`` a year in equal parts: on its own dates where the tape has a
    ``next_payment``, else every three months from the as-of date on.
    """
    out = np.full(len(pool), np.nan)
    par, rate, original = (pool.numbers(name) for name in ("par", "amortization_rate", "original_par"))
    following, months = pool.numbers("next_payment"), pool.numbers("payment_frequency_months")
    maturities = pool.table.column("maturity").python()
    grids: dict[tuple[dt.date, int], list[dt.date]] = {}
    for row in np.flatnonzero(pool.performing & (par > 0.0)).tolist():
        start, step = add_months(pool.as_of, _QUARTER), _QUARTER
        if following[row] != NO_DATE:
            start, step = _EPOCH + dt.timedelta(days=int(following[row])), int(months[row])
        grid = grids.setdefault((start, step), [])
        while not grid or grid[-1] < maturities[row]:
            grid.append(add_months(start, step * len(grid)))
        dates = [years_30_360(pool.as_of, day) for day in grid if day < maturities[row]]
        instalment = rate[row] * original[row] * step / 12.0
        end = years_30_360(pool.as_of, maturities[row])
        out[row] = average_life(float(par[row]), float(instalment), dates, end)
    return out


def years_to_maturity(pool: LoanPool) -> NDArray[np.float64]:
    """Return the 30/360 years from the as-of date to each loan's maturity."""
    return np.array([years_30_360(pool.as_of, day) for day in pool.table.column("maturity").python()])
