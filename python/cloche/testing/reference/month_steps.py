"""Steps of the pool: the payment periods, or the months in them where the deal says `pool_step: monthly`.

The month ends of a period that ends on the unadjusted date u are b = u − j months, j = 1, 2, …, as long as they lie
after its start. What a step that ends on b collects ends as many days before b as the collections of the period end
before u; a month end whose collections would not end after the period's begin is none. The last step ends with the
period. A redemption on a day between payment dates leaves the months that are over by then, and their collections
before those of the sale; the last step ends on the day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

from cloche.testing.reference.dates import Period, add_months, day_count_fraction, parse_date
from cloche.testing.reference.events import Event

Document = Mapping[str, Any]


def monthly(deal: Document) -> bool:
    """Whether the pool of a deal moves by months."""
    return _pool_step(deal) == "monthly"


def pool_steps(
    deal: Document, periods: Sequence[Period], *, before: Sequence[Period] = (), closing: date | None = None
) -> list[Period]:
    """Steps of the pool over a run, month steps numbered from 1.

    Parameters
    ----------
    deal
        Canonical deal document.
    periods
        Its payment periods, the first of the run included where nothing comes before.
    before
        Steps under the documents that ruled before.
    closing
        Closing of the run where that is not the document's.
    """
    if not monthly(deal):
        return [*before, *periods]
    dates = deal["dates"]
    start = closing or parse_date(dates["closing"])
    steps = [*before, *(step for period in periods for step in month_steps(dates, period, start))]
    return [replace(step, month_step=number) for number, step in enumerate(steps, start=1)]


def month_steps(dates: Document, period: Period, closing: date) -> list[Period]:
    """The steps of a payment period; what they do not have of their own is that of the period.

    Parameters
    ----------
    dates
        The section `dates` of a canonical deal document.
    period
        Payment period as scheduled.
    closing
        Day from which months are counted.
    """
    lag = period.unadjusted_end - period.collection_end
    start, collected = _start(period), period.collection_start
    steps = []
    for end in _month_ends(dates, period):
        steps.append(
            replace(
                period,
                unadjusted_start=start,
                unadjusted_end=end,
                payment_date=end,
                collection_start=collected,
                collection_end=end - lag,
                credit_years=day_count_fraction("30/360", start, end),
                in_reinvestment=_in_reinvestment(dates, end),
                last=False,
                month=months_from(closing, start),
            )
        )
        start, collected = end, end - lag
    last = replace(
        period,
        unadjusted_start=start,
        collection_start=collected,
        credit_years=day_count_fraction("30/360", start, period.unadjusted_end),
        month=months_from(closing, start),
    )
    return [*steps, last]


def steps_until(steps: Sequence[Period], part: Period) -> list[Period]:
    """The steps of a payment period up to a redemption on a day between payment dates.

    Parameters
    ----------
    steps
        Those of the whole period.
    part
        The part of the period up to the day.
    """
    over = [
        step
        for step in steps[:-1]
        if step.unadjusted_end < part.unadjusted_end and step.collection_end < part.collection_end
    ]
    cut = steps[len(over)]
    last = replace(
        part,
        unadjusted_start=cut.unadjusted_start,
        collection_start=cut.collection_start,
        credit_years=day_count_fraction("30/360", cut.unadjusted_start, part.unadjusted_end),
        month_step=cut.month_step,
        month=cut.month,
    )
    return [*over, last]


def months_from(closing: date, day: date) -> int:
    """Whole months from closing to a day that is not before it.

    Examples
    --------
    >>> [months_from(date(2025, 1, 15), day) for day in (date(2025, 2, 14), date(2025, 2, 15))]
    [0, 1]
    """
    months = (day.year - closing.year) * 12 + day.month - closing.month
    return months if add_months(closing, months) <= day else months - 1


def check(deal: Document, events: Sequence[Event]) -> None:
    """Refuse documents that would change how the pool steps.

    Raises
    ------
    ValueError
        For a reset or an amendment into another `pool_step`.
    """
    for event in events:
        into = event.terms["into"] if event.kind in {"reset", "amend"} else None
        if into is not None and _pool_step(into) != _pool_step(deal):
            raise ValueError(
                f"{event.place}.{event.kind}: found conventions.pool_step {_pool_step(into)}; "
                f"expected {_pool_step(deal)}"
            )


def _pool_step(deal: Document) -> str:
    return str(deal.get("conventions", {}).get("pool_step", "period"))


def _start(period: Period) -> date:
    """Unadjusted start; time before the as-of date is not part of the run."""
    if period.step > 1:
        return period.unadjusted_start
    return max(period.unadjusted_start, period.collection_start)


def _month_ends(dates: Document, period: Period) -> list[date]:
    """Month ends inside a period, the earliest first."""
    lag = period.unadjusted_end - period.collection_end
    found: list[date] = []
    for months in count(1):
        end = add_months(period.unadjusted_end, -months, end_of_month=dates.get("end_of_month", False))
        if end <= _start(period) or end - lag <= period.collection_start:
            return found[::-1]
        found.append(end)
    raise AssertionError


def _in_reinvestment(dates: Document, day: date) -> bool:
    end = dates.get("reinvestment_end")
    return end is not None and day <= parse_date(end)
