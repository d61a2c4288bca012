"""What each kind of asset counts for in the overcollateralization numerator, by hand."""

from typing import Any

import pytest

from cloche.testing.reference.collateral import Defaulted, Performing, Valuation, carrying_value, measure
from cloche.testing.reference.contracts import discount_price, filled_price

approx = pytest.approx

CCC = {"ccc": {"limit": 0.10}}


def figures(*assets: Performing, cash: float = 0.0, rules: dict[str, Any] | None = None, **more: Any) -> Any:
    return measure(assets, more.pop("defaulted", ()), cash, rules=rules or {}, target_par=400.0, **more)


def test_the_excess_counts_at_market_value_lowest_first_the_last_in_part() -> None:
    # base 200, limit 20, excess 10: 6 at 50 %, then 4 of the next at 80 %
    found = figures(
        Performing(160.0, 1.0),
        Performing(24.0, 0.8, ccc=True),
        Performing(6.0, 0.5, ccc=True),
        cash=10.0,
        rules=CCC,
    )
    assert found.ccc_excess == approx(10.0)
    assert found.ccc_excess_haircut == approx(6 * 0.5 + 4 * 0.2)
    assert found.oc_numerator == approx(200 - 3.8)


def test_the_limit_may_run_on_the_target_par() -> None:
    found = figures(
        Performing(150.0, 1.0),
        Performing(50.0, 0.5, ccc=True),
        rules={"ccc": {"limit": 0.10, "base": "target_par"}},
    )
    assert found.ccc_excess == approx(10.0)


def test_the_limit_may_run_on_an_amount_of_money() -> None:
    # a tenth of 350 is 35; 15 of 50 are above it
    found = figures(
        Performing(150.0, 1.0),
        Performing(50.0, 0.5, ccc=True),
        rules={"ccc": {"limit": 0.10, "base": 350.0}},
    )
    assert (found.ccc_excess, found.ccc_excess_haircut) == (approx(15.0), approx(7.5))


def test_a_price_above_par_gives_no_gain() -> None:
    assert figures(Performing(100.0, 1.1, ccc=True), rules=CCC).oc_numerator == approx(100.0)


def test_a_discount_obligation_counts_at_its_purchase_price() -> None:
    found = figures(Performing(100.0, 0.9, discount_price=0.7))
    assert (found.oc_numerator, found.discount_haircut) == (approx(70.0), approx(30.0))


def test_an_asset_of_two_categories_counts_once_where_it_is_lowest() -> None:
    # all 100 in the excess of 90: as CCC 90 · 0.6 + 10 = 64, as discount 70; at 0.75: 77.5 against 70
    low = figures(Performing(100.0, 0.6, ccc=True, discount_price=0.7), rules=CCC)
    assert (low.oc_numerator, low.ccc_excess_haircut, low.discount_haircut) == (
        approx(64.0),
        approx(36.0),
        0.0,
    )
    high = figures(Performing(100.0, 0.75, ccc=True, discount_price=0.7), rules=CCC)
    assert (high.oc_numerator, high.ccc_excess_haircut) == (approx(70.0), 0.0)


def test_discount_obligations_may_stay_out_of_the_ccc_set() -> None:
    asset = Performing(100.0, 0.6, ccc=True, discount_price=0.7)
    found = figures(asset, rules=CCC, convention=Valuation(with_discount=False))
    assert (found.ccc_par, found.oc_numerator) == (0.0, approx(70.0))


def test_the_last_asset_may_belong_to_the_excess_as_a_whole() -> None:
    # limit 20, excess 10: 6 at 50 %, then all 24 at 80 %
    found = figures(
        Performing(170.0, 1.0),
        Performing(24.0, 0.8, ccc=True),
        Performing(6.0, 0.5, ccc=True),
        rules=CCC,
        convention=Valuation(last_asset="whole"),
    )
    assert found.ccc_excess == approx(10.0)
    assert found.ccc_excess_haircut == approx(6 * 0.5 + 24 * 0.2)


def test_an_asset_partly_in_the_excess_may_be_valued_by_its_portions() -> None:
    # 90 in the excess at the lower of 0.75 and 0.7, 10 outside at 0.7; at a market price of 0.6: 54 + 7
    for price, expected in ((0.75, 70.0), (0.6, 61.0)):
        asset = Performing(100.0, price, ccc=True, discount_price=0.7)
        found = figures(asset, rules=CCC, convention=Valuation(overlap="per_portion"))
        assert found.oc_numerator == approx(expected)
        assert found.oc_numerator + found.ccc_excess_haircut + found.discount_haircut == approx(100.0)


@pytest.mark.parametrize(
    ("rule", "par", "excess", "haircut"),
    [
        # limit 20; S&P: 15 + 10, excess 5 at 0.4 off; Moody's: 15 + 12, excess 7 at 0.2 off
        ("larger", 27.0, 7.0, 7 * 0.2),
        # the 5 of S&P alone, and of Moody's 7 of its own 12
        ("each", 27.0, 7.0, 5 * 0.4 + 7 * 0.2),
        # 37 in either set, excess 17: 10 at 0.4 off, 7 at 0.2 off
        ("sum", 37.0, 17.0, 10 * 0.4 + 7 * 0.2),
    ],
)
def test_the_agencies_have_sets_of_their_own(rule: str, par: float, excess: float, haircut: float) -> None:
    found = figures(
        Performing(163.0, 1.0),
        Performing(15.0, 0.9, ccc=True),
        Performing(10.0, 0.6, ccc=True, agencies=("sp",)),
        Performing(12.0, 0.8, ccc=True, agencies=("moodys",)),
        rules=CCC,
        convention=Valuation(agency_rule=rule),
    )
    assert (found.ccc_par, found.ccc_excess) == (approx(par), approx(excess))
    assert found.ccc_excess_haircut == approx(haircut)


def test_an_asset_in_the_excess_of_two_agencies_counts_once() -> None:
    found = figures(
        Performing(170.0, 1.0),
        Performing(28.0, 0.5, ccc=True),
        Performing(2.0, 0.9, ccc=True, agencies=("sp",)),
        rules=CCC,
        convention=Valuation(agency_rule="each"),
    )
    # S&P 30, excess 10; Moody's 28, excess 8: both begin with the asset at 0.5
    assert found.ccc_excess_haircut == approx(10 * 0.5)


def test_a_long_dated_asset_counts_for_its_share() -> None:
    found = figures(Performing(100.0, 1.0, long_dated_share=0.7))
    assert (found.oc_numerator, found.long_dated_haircut) == (approx(70.0), approx(30.0))


@pytest.mark.parametrize(
    ("rule", "aged", "expected"),
    [
        ("lesser_of_market_and_recovery", False, 3.0),
        ("market", False, 4.0),
        ("recovery", False, 3.0),
        ("zero", False, 0.0),
        ("market", True, 0.0),
    ],
)
def test_a_defaulted_asset_is_carried_as_the_deal_says(rule: str, *, aged: bool, expected: float) -> None:
    asset = Defaulted(10.0, market_price=0.4, recovery=0.3, aged=aged)
    assert carrying_value(asset, rule) == approx(expected)
    found = figures(defaulted=[asset], rules={"defaulted_value": rule})
    assert found.oc_numerator == approx(expected)
    assert found.eod_numerator == approx(4.0)


def test_the_shared_carrying_values_are_the_lesser_of_market_and_recovery() -> None:
    rule = "lesser_of_market_and_recovery"
    assert carrying_value(Defaulted(10.0, 0.42, min(0.45, 0.40)), rule) == approx(4.0)
    assert carrying_value(Defaulted(10.0, 0.70, min(0.45, 0.50)), rule) == approx(4.5)


@pytest.mark.parametrize(
    ("purchase", "market", "weak", "expected"),
    [
        (0.79, 0.85, False, 0.79),
        (0.80, 0.85, False, None),
        (0.84, 0.85, True, 0.84),
        (0.79, 0.90, False, None),
    ],
)
def test_a_cheap_purchase_is_a_discount_obligation_until_its_price_recovers(
    purchase: float, market: float, *, weak: bool, expected: float | None
) -> None:
    rules = {"below": 0.80, "weak_below": 0.85, "restore": 0.90}
    assert discount_price(purchase, market, weak=weak, rules=rules) == expected


@pytest.mark.parametrize(
    ("rating", "price"),
    [("BB-", 0.995), ("B+", 0.99), ("B", 0.98), ("B3", 0.95), ("CCC+", 0.80), ("Caa2", 0.65), ("", 0.97)],
)
def test_a_missing_price_comes_from_the_rating(rating: str, price: float) -> None:
    assert filled_price(rating) == price
