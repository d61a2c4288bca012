"""Dates of the reference: day counts, business days, schedules."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from cloche.testing.reference.dates import BusinessDays, add_months, day_count_fraction, schedule

GOOD_FRIDAY = date(2026, 4, 3)


def dates_of(**more: Any) -> dict[str, Any]:
    return {
        "dates": {
            "closing": "2025-03-20",
            "first_payment": "2025-10-20",
            "payment_frequency_months": 3,
            "stated_maturity": "2027-01-20",
            **more,
        }
    }


@pytest.mark.parametrize(
    ("name", "start", "end", "expected"),
    [
        ("act/360", date(2026, 4, 20), date(2026, 7, 20), 91 / 360),
        ("act/365", date(2026, 4, 20), date(2026, 7, 20), 91 / 365),
        ("act/act", date(2023, 12, 1), date(2024, 2, 1), 31 / 365 + 31 / 366),
        ("30/360", date(2026, 1, 31), date(2026, 3, 31), 60 / 360),
        ("30/360", date(2026, 1, 15), date(2026, 3, 31), 76 / 360),
        ("30e/360", date(2026, 1, 15), date(2026, 3, 31), 75 / 360),
        ("30/360", date(2026, 2, 28), date(2026, 3, 31), 33 / 360),
    ],
)
def test_day_counts_follow_their_definition(name: str, start: date, end: date, expected: float) -> None:
    assert day_count_fraction(name, start, end) == pytest.approx(expected, abs=1e-15)


def test_months_are_clipped_or_kept_at_the_month_end() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 2, 28), 1) == date(2026, 3, 28)
    assert add_months(date(2026, 2, 28), 1, end_of_month=True) == date(2026, 3, 31)
    assert add_months(date(2026, 3, 31), -13) == date(2025, 2, 28)


def test_rolls_move_to_business_days() -> None:
    days = BusinessDays()
    saturday = date(2026, 1, 31)
    moved = {
        rule: days.roll(saturday, rule) for rule in ("following", "modified_following", "preceding", "none")
    }
    assert moved == {
        "following": date(2026, 2, 2),
        "modified_following": date(2026, 1, 30),
        "preceding": date(2026, 1, 30),
        "none": saturday,
    }


def test_a_document_may_add_and_remove_holidays() -> None:
    terms = dates_of(add_holidays=["2025-10-20"], remove_holidays=["2026-04-18"])
    periods = schedule(terms, holidays={date(2026, 1, 20)})
    assert [period.payment_date for period in periods[:3]] == [
        date(2025, 10, 21),
        date(2026, 1, 21),
        date(2026, 4, 20),
    ]


def test_periods_join_and_the_last_collects_to_the_day_before() -> None:
    periods = schedule(dates_of(reinvestment_end="2026-07-20"), holidays={GOOD_FRIDAY})
    assert [period.unadjusted_end for period in periods] == [
        date(2025, 10, 20),
        date(2026, 1, 20),
        date(2026, 4, 20),
        date(2026, 7, 20),
        date(2026, 10, 20),
        date(2027, 1, 20),
    ]
    assert periods[0].accrual_start == periods[0].collection_start == date(2025, 3, 20)
    assert periods[0].credit_years == pytest.approx(7 / 12)
    assert periods[2].determination_date == date(2026, 4, 8)
    assert periods[3].determination_date == date(2026, 7, 8)
    assert periods[3].fixing_date == date(2026, 4, 16)
    assert periods[-1].collection_end == date(2027, 1, 19)
    for before, after in pairwise(periods):
        assert after.collection_start == before.collection_end
        assert after.accrual_start == before.payment_date
    assert [period.in_reinvestment for period in periods] == [True, True, True, True, False, False]


def test_the_final_date_never_reinvests() -> None:
    assert not schedule(dates_of(reinvestment_end="2030-01-01"))[-1].in_reinvestment


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"month_end": True}, date(2025, 9, 30)),
        ({"day": 10}, date(2025, 10, 10)),
        ({"day": 25}, date(2025, 9, 25)),
        ({"day": 31}, date(2025, 9, 30)),
        ({"business_days_before": 0}, date(2025, 10, 20)),
    ],
)
def test_determination_dates_have_several_rules(rule: dict[str, Any], expected: date) -> None:
    assert schedule(dates_of(determination=rule))[0].determination_date == expected


def test_a_maturity_off_the_schedule_makes_a_short_last_period() -> None:
    periods = schedule(dates_of(stated_maturity="2026-12-01"))
    assert [period.unadjusted_end for period in periods[-2:]] == [date(2026, 10, 20), date(2026, 12, 1)]


def test_month_ends_are_kept_when_the_deal_says_so() -> None:
    for keep, expected in ((False, date(2025, 5, 28)), (True, date(2025, 5, 31))):
        terms = dates_of(closing="2025-01-15", first_payment="2025-02-28", end_of_month=keep)
        assert schedule(terms)[1].unadjusted_end == expected
