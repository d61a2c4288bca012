"""Fees by hand: parts, slices, hurdles."""

from datetime import date

import pytest

from cloche.testing.reference.fees import Fee, accrued_fee, hurdle_need, incentive_amount

approx = pytest.approx


def test_parts_select_current_and_unpaid() -> None:
    owed = Fee("f", base=0.0, current=3.0, unpaid=2.0)
    owed.pay("current", 1.0)
    owed.pay("unpaid", 0.5)
    assert (owed.current, owed.unpaid, owed.owed("all")) == (2.0, 1.5, 3.5)


def test_tiers_are_sliced() -> None:
    terms = {
        "day_count": "30/360",
        "tiers": [{"up_to": 100.0, "rate": 0.04}, {"up_to": None, "rate": 0.01}],
    }
    assert accrued_fee(terms, 300.0, date(2025, 4, 15), date(2025, 7, 15)) == approx(
        (100 * 0.04 + 200 * 0.01) / 4
    )


def test_past_distributions_are_compounded() -> None:
    flows = [(date(2025, 1, 15), -100.0), (date(2026, 1, 15), 50.0)]
    assert hurdle_need(flows, date(2027, 1, 15), 0.10) == approx(121 - 55)


def test_without_a_hurdle_the_fee_is_a_share() -> None:
    assert incentive_amount(10.0, [(date(2025, 1, 15), -100.0)], date(2026, 1, 15), [{"share": 0.2}]) == 2.0


def test_a_second_hurdle_changes_the_share() -> None:
    # holders get 10, then 80 % of 12.5 = 10 up to the second hurdle, then 50 %
    flows = [(date(2025, 1, 15), -100.0), (date(2026, 1, 15), 100.0)]
    hurdles = [{"irr": 0.10, "share": 0.2}, {"irr": 0.20, "share": 0.5}]
    assert incentive_amount(30.0, flows, date(2026, 1, 15), hurdles) == approx(0.2 * 12.5 + 0.5 * 7.5)
