"""Dates of a template: so many months or years after closing, on its payment dates."""

from __future__ import annotations

import calendar
import datetime as dt
from itertools import count

__all__ = ["later", "payment_date_from", "weekday"]

_MONTHS_A_YEAR = 12


def later(day: dt.date, months: int) -> dt.date:
    """Return a date so many months later, the day clipped to the month's end.

    Examples
    --------
    >>> later(dt.date(2025, 1, 31), 1)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def payment_date_from(day: dt.date, frequency: int, payment_day: int) -> dt.date:
    """Return the first payment day from a day on; payment months count from January.

    Parameters
    ----------
    day
        From here on.
    frequency
        Months between payment dates, 1 or more.
    payment_day
        Day of the month, from 1 to 31; clipped in a shorter month.

    Examples
    --------
    >>> payment_date_from(dt.date(2025, 2, 1), 3, 31), payment_date_from(dt.date(2025, 5, 1), 3, 31)
    (datetime.date(2025, 4, 30), datetime.date(2025, 7, 31))
    """
    january = dt.date(day.year, 1, payment_day)
    return next(date for k in count() if (date := later(january, k * frequency)) >= day)


def weekday(day: dt.date) -> dt.date:
    """Return the day, or the Monday after it.

    Examples
    --------
    >>> weekday(dt.date(2025, 7, 20))
    datetime.date(2025, 7, 21)
    """
    return day + dt.timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)
