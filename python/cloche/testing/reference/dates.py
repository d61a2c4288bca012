"""Dates: day counts, business days, payment periods.

Day counts follow the ISDA definitions (2006, section 4.16); 30/360 is the bond basis without a February rule.
Business days are Monday to Friday less the holidays that the caller gives: named calendars are not known here.
"""

import calendar
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import Any


def parse_date(text: str | date) -> date:
    """Date of an ISO text; a date passes through.

    Examples
    --------
    >>> parse_date("2026-07-20")
    datetime.date(2026, 7, 20)
    """
    return text if isinstance(text, date) else date.fromisoformat(text)


def add_months(day: date, months: int, *, end_of_month: bool = False) -> date:
    """`day` moved by whole months, the day of the month clipped to the month's length.

    Parameters
    ----------
    day
        Start.
    months
        Number of months, may be negative.
    end_of_month
        Keep month ends when `day` is the last day of its month.

    Examples
    --------
    >>> add_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    if end_of_month and day.day == calendar.monthrange(day.year, day.month)[1]:
        return date(year, month + 1, last)
    return date(year, month + 1, min(day.day, last))


def day_count_fraction(name: str, start: date, end: date) -> float:
    """Years between two dates in a day count.

    Parameters
    ----------
    name
        `act/360`, `act/365`, `act/act`, `30/360` or `30e/360`.
    start, end
        First day of the accrual and the day after its last.

    Raises
    ------
    ValueError
        For an unknown day count.

    Examples
    --------
    >>> day_count_fraction("30/360", date(2026, 4, 20), date(2026, 7, 20))
    0.25
    """
    days = (end - start).days
    if name == "act/360":
        return days / 360
    if name == "act/365":
        return days / 365
    if name == "act/act":
        return _actual_actual(start, end)
    if name in {"30/360", "30e/360"}:
        first = min(start.day, 30)
        last = end.day
        if last == 31 and (name == "30e/360" or first == 30):
            last = 30
        return (360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first) / 360
    raise ValueError(f"unknown day count {name}")


def _actual_actual(start: date, end: date) -> float:
    """Days in leap years over 366 and the others over 365 (ISDA)."""
    if end < start:
        return -_actual_actual(end, start)
    total = 0.0
    for year in range(start.year, end.year + 1):
        low = max(start, date(year, 1, 1))
        high = min(end, date(year + 1, 1, 1))
        total += (high - low).days / (366 if calendar.isleap(year) else 365)
    return total


@dataclass(frozen=True)
class BusinessDays:
    """Monday to Friday, less `holidays`, with `worked` days added back."""

    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Whether `day` is a business day."""
        return day in self.worked or (day.weekday() < 5 and day not in self.holidays)

    def add(self, day: date, number: int) -> date:
        """The business day that lies `number` business days after (before, when negative) `day`."""
        step = timedelta(days=1 if number >= 0 else -1)
        for _ in range(abs(number)):
            day += step
            while not self.is_open(day):
                day += step
        return day

    def roll(self, day: date, rule: str) -> date:
        """`day` moved to a business day: `following`, `modified_following`, `preceding` or `none`."""
        if rule == "none" or self.is_open(day):
            return day
        if rule == "preceding":
            return self.add(day, -1)
        moved = self.add(day, 1)
        if rule == "modified_following" and moved.month != day.month:
            return self.add(day, -1)
        return moved


@dataclass(frozen=True)
class Period:
    """One payment period.

    `unadjusted_start` and `unadjusted_end` are schedule dates (closing first), `accrual_start` and `payment_date`
    their business days (closing is not moved). `scheduled_determination` is the determination date as scheduled, which
    decides what tests apply; with a sale `determination_date` is a later one. Collections are those after
    `collection_start`, the first period's from it on, up to and including `collection_end`. `credit_years` is the
    30/360 time on which yearly rates act. `is_part` is the part of a period that ends with a redemption between
    payment dates.

    A month step of the pool is a period, too: `month_step` is its number in the run, `month` the months from closing to
    its start; a payment period has none.
    """

    number: int
    unadjusted_start: date
    unadjusted_end: date
    accrual_start: date
    payment_date: date
    determination_date: date
    collection_start: date
    collection_end: date
    fixing_date: date
    credit_years: float
    in_reinvestment: bool
    last: bool
    scheduled_determination: date
    before: int = 0
    is_part: bool = False
    month_step: int | None = None
    month: int | None = None

    @property
    def step(self) -> int:
        """Number of the period in the run: documents that ruled before had `before` periods."""
        return self.before + self.number

    @property
    def pool_step(self) -> int:
        """Number of the step of the pool in the run: that of the month step, else of the period."""
        return self.step if self.month_step is None else self.month_step


def unadjusted_dates(dates: Mapping[str, Any]) -> list[date]:
    """Schedule dates of a deal: `first_payment` + k periods below `stated_maturity`, then `stated_maturity`.

    Parameters
    ----------
    dates
        The section `dates` of a canonical deal document.
    """
    first = parse_date(dates["first_payment"])
    maturity = parse_date(dates["stated_maturity"])
    found: list[date] = []
    for k in count():
        day = add_months(
            first, k * dates["payment_frequency_months"], end_of_month=dates.get("end_of_month", False)
        )
        if day >= maturity:
            return [*found, maturity]
        found.append(day)
    raise AssertionError


def schedule(
    deal: Mapping[str, Any],
    *,
    as_of: date | None = None,
    holidays: AbstractSet[date] = frozenset(),
    fixing_holidays: AbstractSet[date] = frozenset(),
) -> list[Period]:
    """Payment periods of a deal.

    Parameters
    ----------
    deal
        Canonical deal document.
    as_of
        Date of the pool; collections start on the later of it and closing. Default: closing.
    holidays
        Days that the calendars named by the deal do not count as business days; weekends are known.
    fixing_holidays
        The same for the calendar of fixings.

    Raises
    ------
    ValueError
        When the pool is younger than the first payment date.
    """
    terms = deal["dates"]
    business = business_days(terms, holidays)
    fixing = BusinessDays(frozenset(fixing_holidays))
    closing = parse_date(terms["closing"])
    start = max(closing, as_of) if as_of else closing
    ends = unadjusted_dates(terms)
    if start > ends[0]:
        raise ValueError(f"the pool is as of {as_of}, after the first payment date {ends[0]}")
    reinvestment_end = terms.get("reinvestment_end")
    by_period = deal.get("conventions", {}).get("cash_timing", "dated") == "period"
    periods: list[Period] = []
    for k, end in enumerate(ends):
        last = k == len(ends) - 1
        payment = business.roll(end, terms.get("roll", "following"))
        determination = _determination(terms.get("determination", {}), payment, business, last=last)
        previous = periods[-1] if periods else None
        collected_to = payment if by_period else determination
        collected_from = previous.collection_end if previous else start
        accrual_start = previous.payment_date if previous else closing
        periods.append(
            Period(
                number=k + 1,
                unadjusted_start=previous.unadjusted_end if previous else closing,
                unadjusted_end=end,
                accrual_start=accrual_start,
                payment_date=payment,
                determination_date=determination,
                collection_start=collected_from,
                collection_end=max(collected_to, collected_from),
                fixing_date=fixing.add(accrual_start, -2),
                credit_years=day_count_fraction(
                    "30/360", previous.unadjusted_end if previous else start, end
                ),
                in_reinvestment=not last
                and reinvestment_end is not None
                and end <= parse_date(reinvestment_end),
                last=last,
                scheduled_determination=determination,
            )
        )
    return periods


def with_sale(deal: Mapping[str, Any], period: Period, holidays: AbstractSet[date] = frozenset()) -> Period:
    """The period of a date for which all collateral is sold.

    It is collected until `min(lag, 1)` business days before the payment date, which is the determination date too.

    Parameters
    ----------
    deal
        Canonical deal document.
    period
        The period as scheduled.
    holidays
        Days that the deal's calendars do not count as business days.
    """
    terms = deal["dates"]
    business = business_days(terms, holidays)
    determination = _determination(terms.get("determination", {}), period.payment_date, business, last=True)
    by_period = deal.get("conventions", {}).get("cash_timing", "dated") == "period"
    end = period.payment_date if by_period else determination
    return replace(period, determination_date=determination, collection_end=max(end, period.collection_start))


def part_until(
    deal: Mapping[str, Any], period: Period, day: date, holidays: AbstractSet[date] = frozenset()
) -> Period:
    """The part of a period up to a redemption on a business day between payment dates.

    Everything accrues to the day, and collections end as those of a sale do.

    Parameters
    ----------
    deal
        Canonical deal document.
    period
        The period as scheduled.
    day
        Day of the redemption.
    holidays
        Days that the deal's calendars do not count as business days.
    """
    start = period.unadjusted_start if period.step > 1 else period.collection_start
    end = deal["dates"].get("reinvestment_end")
    part = replace(
        period,
        unadjusted_end=day,
        payment_date=day,
        credit_years=day_count_fraction("30/360", start, day),
        in_reinvestment=end is not None and day <= parse_date(end),
        last=False,
        is_part=True,
    )
    part = with_sale(deal, part, holidays)
    return replace(part, scheduled_determination=part.determination_date)


def rest_after(period: Period, day: date) -> Period:
    """The rest of a period after a redemption on a day between payment dates."""
    return replace(period, unadjusted_start=day, accrual_start=day)


def business_days(terms: Mapping[str, Any], holidays: AbstractSet[date]) -> BusinessDays:
    """Business days of a deal: Monday to Friday less the holidays, with what the deal adds and removes."""
    worked = frozenset(map(parse_date, terms.get("remove_holidays", ())))
    added = frozenset(map(parse_date, terms.get("add_holidays", ())))
    return BusinessDays(frozenset(holidays) | added, worked)


def _determination(rule: Mapping[str, Any], payment: date, business: BusinessDays, *, last: bool) -> date:
    """Determination date of a payment date; the last one lies at most one business day before it."""
    lag = rule.get("business_days_before", 1 if rule else 8)
    if last:
        return business.add(payment, -min(lag, 1))
    if "day" in rule:
        here = _day_of_month(payment, rule["day"])
        return here if here <= payment else _day_of_month(add_months(payment.replace(day=1), -1), rule["day"])
    if rule.get("month_end"):
        return payment.replace(day=1) - timedelta(days=1)
    return business.add(payment, -lag)


def _day_of_month(day: date, number: int) -> date:
    return day.replace(day=min(number, calendar.monthrange(day.year, day.month)[1]))
