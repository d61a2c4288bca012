"""The document that rules next: its periods from a payment date on, its dates when a condition brings it in."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from typing import Any

from cloche.testing.reference.dates import (
    BusinessDays,
    Period,
    add_months,
    day_count_fraction,
    parse_date,
    schedule,
    unadjusted_dates,
)

Document = Mapping[str, Any]

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_CALENDAR = ("add_holidays", "remove_holidays")
"""Dates of the calendar: they stay where they are."""


def periods_after(
    deal: Document,
    period: Period,
    *,
    number: int,
    goes_on: bool = False,
    holidays: AbstractSet[date] = frozenset(),
    fixing_holidays: AbstractSet[date] = frozenset(),
) -> list[Period]:
    """Periods of a document that begins to rule after a payment date.

    The first accrues from that payment date and collects from the end of its collections, so that nothing is lost.

    Parameters
    ----------
    deal
        Canonical deal document.
    period
        The last period of the document before.
    number
        Number of the first period: 1 in a document with its own count.
    goes_on
        Whether its schedule goes on from the month of that payment date, where that is no month of its own.
    holidays, fixing_holidays
        As in `schedule`.

    Raises
    ------
    ValueError
        When no payment date of the document is later.
    """
    if goes_on:
        deal = {**deal, "dates": _gone_on(deal["dates"], period.unadjusted_end)}
    own = schedule(deal, holidays=holidays, fixing_holidays=fixing_holidays)
    later = [item for item in own if item.unadjusted_end > period.unadjusted_end]
    if not later:
        raise ValueError(f"dates.stated_maturity: found {own[-1].unadjusted_end}; expected a later date")
    fixing, previous = BusinessDays(frozenset(fixing_holidays)), period
    found = []
    for k, item in enumerate(later):
        by_period = deal.get("conventions", {}).get("cash_timing", "dated") == "period"
        collected_to = item.payment_date if by_period else item.determination_date
        previous = replace(
            item,
            number=number + k,
            before=period.step + 1 - number,
            unadjusted_start=previous.unadjusted_end,
            accrual_start=previous.payment_date,
            collection_start=previous.collection_end,
            collection_end=max(collected_to, previous.collection_end),
            fixing_date=fixing.add(previous.payment_date, -2),
            credit_years=day_count_fraction("30/360", previous.unadjusted_end, item.unadjusted_end),
        )
        found.append(previous)
    return found


def _gone_on(dates: Mapping[str, Any], day: date) -> dict[str, Any]:
    """Dates whose schedule has the month of a day.

    Examples
    --------
    >>> _gone_on({"first_payment": "2025-04-15", "payment_frequency_months": 6}, date(2025, 7, 15))["first_payment"]
    '2025-07-15'
    """
    first = parse_date(dates["first_payment"])
    beside = months_between(first, day) % dates["payment_frequency_months"]
    return {**dates, "first_payment": add_months(first, beside).isoformat()}


def moved(document: Document, months: int) -> dict[str, Any]:
    """A document with all its dates moved by months, those of its calendar left.

    What is a payment date stays the payment date of the same number: 30 November and the end of February, three months
    later, are 28 February and 28 May.

    Examples
    --------
    >>> moved({"dates": {"closing": "2025-01-31"}, "hedges": [{"notional": {"2025-03-31": 1.0}}]}, 1)
    {'dates': {'closing': '2025-02-28'}, 'hedges': [{'notional': {'2025-04-30': 1.0}}]}
    """
    on_schedule = _payment_dates_moved(document["dates"], months)

    def shift(value: Any) -> Any:
        if isinstance(value, str) and _ISO.fullmatch(value):
            day = parse_date(value)
            return on_schedule.get(day, add_months(day, months)).isoformat()
        if isinstance(value, Mapping):
            return {shift(key): item if key in _CALENDAR else shift(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [shift(item) for item in value]
        return value

    return {key: shift(value) for key, value in document.items()}


def _payment_dates_moved(dates: Mapping[str, Any], months: int) -> dict[date, date]:
    """Where the payment dates of a document go that stand on its regular schedule."""
    if not dates.get("first_payment"):
        return {}
    first = parse_date(dates["first_payment"])
    found = {}
    for k, day in enumerate(unadjusted_dates(dates)):
        regular, later = (
            add_months(
                start, k * dates["payment_frequency_months"], end_of_month=dates.get("end_of_month", False)
            )
            for start in (first, add_months(first, months))
        )
        if regular == day:
            found[day] = later
    return found


def months_between(start: date, end: date) -> int:
    """Whole months between two dates, whatever their days."""
    return (end.year - start.year) * 12 + end.month - start.month
