"""Months and years between dates."""

from __future__ import annotations

import calendar
import datetime as dt

__all__ = ["add_months", "anniversaries", "years_30_360"]


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the day so many months later, clipped to the end of its month.

    Examples
    --------
    >>> add_months(dt.date(2025, 1, 31), 1)
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def anniversaries(start: dt.date, end: dt.date) -> float:
    """Return the years between two dates: whole ones by the calendar, and the part of the running one by days.

    It is above n on the first day after the n-th anniversary.

    Examples
    --------
    >>> anniversaries(dt.date(2023, 1, 30), dt.date(2026, 1, 30))
    3.0
    >>> anniversaries(dt.date(2023, 1, 30), dt.date(2026, 1, 31)) == 3.0 + 1.0 / 365.0
    True
    """
    whole = end.year - start.year
    if add_months(start, 12 * whole) > end:
        whole -= 1
    last, following = add_months(start, 12 * whole), add_months(start, 12 * whole + 12)
    return whole + (end - last).days / (following - last).days


def years_30_360(start: dt.date, end: dt.date) -> float:
    """Return the years between two dates by 30/360, ISDA's bond basis.

    Examples
    --------
    >>> years_30_360(dt.date(2025, 3, 20), dt.date(2030, 6, 20))
    5.25
    """
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    return (360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first) / 360.0
