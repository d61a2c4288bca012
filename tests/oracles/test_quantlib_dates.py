"""Dates of the engine against QuantLib.

Where the two state different rules, the comparison is made on what they share:

- QuantLib moves by zero business days to the next one; the engine stays where it is. Zero is left out.
- A QuantLib schedule with an end-of-month rule and a calendar snaps to the last business day of the month; a
  deal's month ends are calendar days, rolled like any other date. The unadjusted schedule is compared, and
  then rolled.
- The New York of a deal is where banks pay (`FederalReserve`: a Saturday holiday closes no Friday), not
  QuantLib's `Settlement`.
- Both take a day on which SIFMA recommended an early close (Good Fridays with an employment report,
  2025-01-09) for a business day, and neither knows that US government securities were closed on 2001-09-11
  and 2001-09-12.
"""

import datetime as dt
import random
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

ql = pytest.importorskip("QuantLib")
_core = pytest.importorskip("cloche._core")

CASES = 10_000
FIRST, LAST = dt.date(2000, 1, 1), dt.date(2060, 12, 31)

DAY_COUNTS = {
    "act/360": ql.Actual360(),
    "act/365": ql.Actual365Fixed(),
    "act/act": ql.ActualActual(ql.ActualActual.ISDA),
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
    "30e/360": ql.Thirty360(ql.Thirty360.EurobondBasis),
}
MARKETS = {
    "us_government_securities": ql.UnitedStates(ql.UnitedStates.GovernmentBond),
    "new_york": ql.UnitedStates(ql.UnitedStates.FederalReserve),
    "london": ql.UnitedKingdom(ql.UnitedKingdom.Settlement),
    "target": ql.TARGET(),
}
ROLLS = {
    "following": ql.Following,
    "modified_following": ql.ModifiedFollowing,
    "preceding": ql.Preceding,
    "none": ql.Unadjusted,
}
# Every combination of at most three markets, and none.
COMBINATIONS = [list(names) for size in range(4) for names in combinations(MARKETS, size)]


def to_quantlib(day: dt.date) -> Any:
    return ql.Date(day.day, day.month, day.year)


def from_quantlib(day: Any) -> dt.date:
    return dt.date(day.year(), day.month(), day.dayOfMonth())


def joint(names: list[str]) -> Any:
    """Return QuantLib's calendar of the business days that markets share; Monday to Friday for none."""
    if not names:
        return ql.WeekendsOnly()
    calendar = MARKETS[names[0]]
    for name in names[1:]:
        calendar = ql.JointCalendar(calendar, MARKETS[name], ql.JoinHolidays)
    return calendar


def random_days(seed: int) -> Iterator[tuple[random.Random, dt.date]]:
    # Not for secrets: the same days in every run.
    source = random.Random(seed)  # noqa: S311
    for _ in range(CASES):
        yield source, FIRST + dt.timedelta(days=source.randint(0, (LAST - FIRST).days))


def near_month_end(source: random.Random, day: dt.date) -> dt.date:
    """Move half of the days next to a month's end, where day counts and schedules differ."""
    if source.random() < 0.5:
        return day
    return day.replace(day=1) + dt.timedelta(days=source.randint(-4, 1))


@pytest.mark.parametrize("name", DAY_COUNTS)
def test_day_count_fractions_are_those_of_quantlib(name: str) -> None:
    for source, day in random_days(seed=1):
        later = day + dt.timedelta(days=source.randint(0, 4000))
        start, end = sorted([near_month_end(source, day), near_month_end(source, later)])
        expected = DAY_COUNTS[name].yearFraction(to_quantlib(start), to_quantlib(end))
        found = _core.day_count_fraction(name, start, end)
        assert found == pytest.approx(expected, rel=1e-14, abs=1e-15), (name, start, end)


@pytest.mark.parametrize("name", MARKETS)
def test_holidays_of_sixty_years_are_those_of_quantlib(name: str) -> None:
    days = [FIRST + dt.timedelta(days=k) for k in range((LAST - FIRST).days + 1)]
    found = {day for day in days if _core.adjust(day, [name], "following") != day}
    expected = {day for day in days if not MARKETS[name].isBusinessDay(to_quantlib(day))}
    assert found == expected


def test_rolled_dates_are_those_of_quantlib() -> None:
    calendars = [(names, joint(names)) for names in COMBINATIONS]
    for source, day in random_days(seed=2):
        start = near_month_end(source, day)
        names, calendar = source.choice(calendars)
        roll = source.choice(list(ROLLS))
        expected = from_quantlib(calendar.adjust(to_quantlib(start), ROLLS[roll]))
        assert _core.adjust(start, names, roll) == expected, (start, names, roll)


def test_business_days_are_counted_as_quantlib_counts() -> None:
    calendars = [(names, joint(names)) for names in COMBINATIONS]
    for source, day in random_days(seed=3):
        names, calendar = source.choice(calendars)
        number = source.choice([-1, 1]) * source.randint(1, 40)
        expected = from_quantlib(calendar.advance(to_quantlib(day), number, ql.Days))
        assert _core.add_business_days(day, number, names) == expected, (day, number, names)


def test_payment_dates_are_those_of_quantlib() -> None:
    calendars = [(names, joint(names)) for names in COMBINATIONS]
    for source, day in random_days(seed=4):
        first = near_month_end(source, day)
        months = source.choice([1, 2, 3, 4, 6, 12])
        last = first + dt.timedelta(days=source.randint(32 * months, 32 * months + 5500))
        names, calendar = source.choice(calendars)
        roll, end_of_month = source.choice(list(ROLLS)), source.random() < 0.5
        unadjusted = ql.Schedule(
            to_quantlib(first),
            to_quantlib(last),
            ql.Period(months, ql.Months),
            ql.NullCalendar(),
            ql.Unadjusted,
            ql.Unadjusted,
            ql.DateGeneration.Forward,
            end_of_month,
        )
        expected = [from_quantlib(calendar.adjust(date, ROLLS[roll])) for date in unadjusted]
        found = _core.schedule_dates(first, last, months, names, roll, end_of_month)
        assert found == expected, (first, last, months, names, roll, end_of_month)
