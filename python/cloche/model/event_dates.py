"""Dates of events: ISO dates, and dates of the deal moved by months or years."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from cloche.model.text import iso_date
from cloche.model.wording import found

__all__ = ["RELATIVE", "EventDate", "event_date", "later"]

RELATIVE = re.compile(r"(closing|effective|nc_end|rp_end|maturity)\s*(?:([+-])\s*(\d+)\s*([MY]))?")
_DATES = {
    "closing": "closing",
    "effective": "effective",
    "nc_end": "non_call_end",
    "rp_end": "reinvestment_end",
    "maturity": "stated_maturity",
}
_MONTHS_A_YEAR = 12


def _written(value: object) -> object:
    """Return a date as ISO text, or a date of the deal moved by months or years."""
    if isinstance(value, str) and RELATIVE.fullmatch(value.strip()):
        return value.strip()
    try:
        return iso_date(value)
    except PydanticCustomError:
        message = (
            f"found {found(value)}, expected a date such as 2028-04-20, or closing, effective, nc_end, rp_end "
            "or maturity, moved by months or years as in rp_end + 12M"
        )
        raise PydanticCustomError("event_date", "{message}", {"message": message}) from None


EventDate = Annotated[str, BeforeValidator(_written), WithJsonSchema({"type": "string"})]


def event_date(text: str, dates: Mapping[str, object]) -> dt.date | None:
    """Return the date that a text means in a deal, None where the deal has no such date.

    Parameters
    ----------
    text
        ISO date, or a date of the deal moved by months or years.
    dates
        The dates of the deal in canonical form.

    Examples
    --------
    >>> event_date("rp_end + 1M", {"reinvestment_end": "2028-01-31"})
    datetime.date(2028, 2, 29)
    >>> event_date("nc_end", {}) is None
    True
    """
    named = RELATIVE.fullmatch(text)
    if named is None:
        return dt.date.fromisoformat(text)
    anchor, sign, number, unit = named.groups()
    start = dates.get(_DATES[anchor])
    if start is None:
        return None
    day = dt.date.fromisoformat(str(start))
    months = int(number or 0) * (_MONTHS_A_YEAR if unit == "Y" else 1)
    return later(day, -months if sign == "-" else months)


def later(day: dt.date, months: int) -> dt.date | None:
    """Return a date moved by whole months; the last day of a shorter month, None beyond all calendars."""
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        return None
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))
