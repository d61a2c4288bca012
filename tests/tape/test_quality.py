"""The quality measures of a pool against hand arithmetic, and against the shared cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cloche import RunError
from cloche.tape import LoanPool
from cloche.tape.statistics import DiversityTable

Columns = dict[str, list[Any]]

AS_OF = "2025-03-20"
TABLES: tuple[DiversityTable, ...] = ("exact", "printed")


def pool_of(**columns: list[Any]) -> LoanPool:
    """Return loans of 100, floating at 350bp to 2030 without instalments, unless it is said."""
    count = len(next(iter(columns.values())))
    usual: Columns = {
        "loan_id": [f"L{number:02d}" for number in range(count)],
        "par": [100.0] * count,
        "maturity": ["2030-03-20"] * count,
        "amortization_rate": [0.0] * count,
    }
    if "fixed_rate" not in columns:
        usual["spread"] = [0.035] * count
    return LoanPool.from_columns(usual | columns, as_of=AS_OF)


def facts(pool: LoanPool, **terms: Any) -> dict[str, Any]:
    """Return statistic to value."""
    return {row["statistic"]: row["value"] for row in pool.statistics(**terms).rows()}


def approx(expected: float) -> Any:
    return pytest.approx(expected, rel=1e-14)


# Spread and coupon


def test_the_spread_has_the_credit_spread_adjustment() -> None:
    pool = pool_of(par=[100.0, 300.0], csa=[0.001, 0.0026])
    assert facts(pool)["was"] == approx((0.036 + 3 * 0.0376) / 4)


def test_the_spread_has_commitment_fees_on_undrawn_par_and_counts_it_below() -> None:
    pool = pool_of(
        par=[10.0, 20.0], par_unfunded=[None, 4.0], unfunded_fee=[None, 0.005], spread=[0.036, 0.0345]
    )
    assert facts(pool)["was"] == approx((10 * 0.036 + 20 * 0.0345 + 4 * 0.005) / 34)


def test_a_defaulted_loan_has_no_part_in_the_spread() -> None:
    pool = pool_of(
        par=[10.0, 20.0],
        par_unfunded=[None, 4.0],
        unfunded_fee=[None, 0.005],
        default_date=[None, "2025-01-15"],
    )
    found = facts(pool)
    assert found["was"] == approx(0.035)
    assert (found["unfunded"], found["principal_balance"], found["defaulted_par"]) == (0.0, 10.0, 20.0)


def test_floors_above_the_benchmark_count_once_it_is_given() -> None:
    pool = pool_of(
        floor=[0.05, 0.05, 0.05, 0.01],
        csa=[0.0, 0.002, 0.002, 0.0],
        csa_in_floor=[None, False, True, None],
    )
    assert facts(pool)["was"] == approx(0.035 + 0.001)
    # 0.7 % above the benchmark, with the adjustment inside the floor 0.5 %.
    assert facts(pool, benchmark=0.043)["was"] == approx(0.036 + (0.007 + 0.007 + 0.005) / 4)
    assert facts(pool, benchmark=0.05)["was"] == approx(0.036)


def test_undrawn_par_earns_no_floor() -> None:
    pool = pool_of(par=[80.0], par_unfunded=[20.0], floor=[0.05])
    assert facts(pool, benchmark=0.04)["was"] == approx(80 * (0.035 + 0.01) / 100)


def test_par_above_the_target_earns_the_benchmark() -> None:
    pool = pool_of(par=[400.0, 100.0], par_unfunded=[None, 6.0])
    funded = 500 * 0.035
    assert facts(pool, benchmark=0.043, target_par=500.0)["was"] == approx((funded + 6 * 0.043) / 506)
    assert facts(pool, benchmark=0.043, target_par=600.0)["was"] == approx(funded / 506)


def mixed() -> LoanPool:
    """Return 300 floating at 350bp and 100 fixed at 7 %."""
    return pool_of(par=[300.0, 100.0], spread=[0.035, None], fixed_rate=[None, 0.07])


def test_a_spread_below_its_minimum_is_helped_by_the_coupon() -> None:
    found = facts(mixed(), minimum_spread=0.0360, minimum_coupon=0.0625)
    assert found["was"] == approx(0.035 + (0.07 - 0.0625) * 100 / 300)
    assert found["wac"] == approx(0.07)


def test_a_coupon_below_its_minimum_is_helped_by_the_spread() -> None:
    found = facts(mixed(), minimum_spread=0.0340, minimum_coupon=0.0725)
    assert found["was"] == approx(0.035)
    assert found["wac"] == approx(0.07 + 0.001 * 300 / 100)


def test_two_tests_that_fail_do_not_help_each_other() -> None:
    found = facts(mixed(), minimum_spread=0.0360, minimum_coupon=0.0725)
    assert (found["was"], found["wac"]) == (approx(0.035), approx(0.07))
    plain = facts(mixed())
    assert (plain["was"], plain["wac"], plain["fixed"]) == (approx(0.035), approx(0.07), 0.25)


def test_a_test_that_holds_is_not_helped() -> None:
    found = facts(mixed(), minimum_spread=0.0340, minimum_coupon=0.0625)
    assert (found["was"], found["wac"]) == (approx(0.035), approx(0.07))


def test_the_coupon_has_commitment_fees_as_the_spread_has() -> None:
    pool = pool_of(par=[80.0], par_unfunded=[20.0], unfunded_fee=[0.01], fixed_rate=[0.07])
    found = facts(pool)
    assert found["wac"] == approx((80 * 0.07 + 20 * 0.01) / 100)
    assert found["was"] is None


@pytest.mark.parametrize(
    ("terms", "place"),
    [
        ({"benchmark": 4.3}, "benchmark"),
        ({"target_par": 500e6}, "benchmark"),
        ({"benchmark": 0.04, "target_par": 0.0}, "target_par"),
        ({"minimum_spread": 0.035}, "minimum_coupon"),
        ({"minimum_coupon": 0.07}, "minimum_spread"),
    ],
)
def test_terms_that_say_nothing_are_refused(terms: dict[str, Any], place: str) -> None:
    with pytest.raises(RunError) as error:
        mixed().statistics(**terms)
    assert [problem.place for problem in error.value.problems] == [place]


def test_every_problem_of_the_terms_is_told() -> None:
    with pytest.raises(RunError) as error:
        mixed().statistics(benchmark=float("nan"), target_par=-1.0, minimum_spread=35.0)
    places = [problem.place for problem in error.value.problems]
    assert places == ["benchmark", "minimum_spread", "target_par", "minimum_coupon"]


# Life


def life(years: int, instalment: float) -> float:
    """Average life of a loan that pays a share of its par every quarter, and the rest at maturity."""
    count = 4 * years - 1
    return sum(instalment * k / 4 for k in range(1, count + 1)) + (1 - count * instalment) * years


def test_the_average_life_has_the_instalments() -> None:
    pool = pool_of(par=[10.0, 20.0], maturity=["2030-03-20", "2028-03-20"], amortization_rate=[0.05, 0.05])
    found = facts(pool)
    assert found["wal"] == approx((10 * life(5, 0.0125) + 20 * life(3, 0.0125)) / 30)
    assert found["years_to_maturity"] == approx((10 * 5 + 20 * 3) / 30)


def test_the_average_life_has_no_prepayments() -> None:
    assert facts(pool_of(cpr=[0.2]))["wal"] == 5.0


def test_instalments_are_of_the_original_par_and_end_with_the_loan() -> None:
    # 40 a year of 100, 25 left: 10 and 10 and 5 after one, two and three quarters.
    pool = pool_of(par=[25.0], original_par=[100.0], amortization_rate=[0.40])
    assert facts(pool)["wal"] == approx((10 * 0.25 + 10 * 0.5 + 5 * 0.75) / 25)


def test_a_loan_with_dates_of_its_own_pays_on_them() -> None:
    pool = pool_of(
        maturity=["2026-06-30"],
        amortization_rate=[0.20],
        next_payment=["2025-05-31"],
        payment_frequency_months=[6],
    )
    # 10 on 31 May, 30 November and 31 May, after 71, 250 and 431 days of 30/360; the rest after 460.
    assert facts(pool)["wal"] == approx((10 * 71 + 10 * 250 + 10 * 431 + 70 * 460) / 36_000)


def test_what_is_not_drawn_has_no_scheduled_principal() -> None:
    pool = pool_of(par=[0.0, 50.0], par_unfunded=[100.0, 50.0], maturity=["2028-03-20", "2030-03-20"])
    assert facts(pool)["wal"] == 5.0
    assert facts(pool)["years_to_maturity"] == approx((100 * 3 + 100 * 5) / 200)


# Ratings, companies, shares


def test_what_is_not_drawn_counts_in_averages_and_shares() -> None:
    pool = pool_of(
        par=[10.0, 20.0],
        par_unfunded=[None, 4.0],
        rating_moodys=["Caa1", "Ba3"],
        market_price=[0.8, 1.0],
        purchase_price=[0.99, 0.95],
        obligor_id=["a", "b"],
        industry=["x", "y"],
    )
    found = facts(pool)
    assert found["warf"] == approx((10 * 4770 + 24 * 1766) / 34)
    assert found["warf_rounded"] == 2650.0  # of 2649.5 and a bit
    assert found["ccc"] == approx(10 / 34)
    assert found["largest_obligor"] == approx(24 / 34)
    assert found["market_price"] == approx((8 + 24) / 34)
    assert found["purchase_price"] == approx((9.9 + 22.8) / 34)
    assert (found["par"], found["unfunded"], found["principal_balance"]) == (30.0, 4.0, 34.0)
    # Average 17: units of 10/17 = 0.59 and 1, scores of 0.6 and 1.
    assert found["diversity"] == approx(1.6)


def test_a_whole_rating_factor_is_not_rounded_up() -> None:
    found = facts(pool_of(par=[0.1, 0.2, 0.3], rating_moodys=["B2"] * 3))
    assert found["warf_rounded"] == 2720.0


# The shared cases


@pytest.fixture(scope="module")
def formulas(reference: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((reference / "cases" / "formulas.json").read_text())["cases"]
    return loaded


def test_the_spread_with_floors_is_the_published_one(formulas: dict[str, Any]) -> None:
    case = formulas["was_with_floors"]
    loans = case["inputs"]["loans"]
    columns = {name: [float(loan[name]) for loan in loans] for name in ("par", "spread", "floor")}
    found = facts(pool_of(**columns), benchmark=float(case["inputs"]["benchmark"]))
    assert found["was"] == pytest.approx(float(case["expected"]["weighted_average_spread"]), rel=0, abs=1e-12)


def test_the_excess_funded_spread_is_the_published_one(formulas: dict[str, Any]) -> None:
    case = formulas["aggregate_excess_funded_spread"]
    given = {name: float(value) for name, value in case["inputs"].items()}
    par = given["performing_par"]
    pool = pool_of(par=[par])
    terms = {"benchmark": given["benchmark"], "target_par": given["reinvestment_target_par"]}
    excess = (facts(pool, **terms)["was"] - facts(pool)["was"]) * par
    assert excess == pytest.approx(float(case["expected"]["value"]), rel=0, abs=1e-12)


def test_the_rating_factor_is_the_published_one(formulas: dict[str, Any]) -> None:
    case = formulas["warf"]
    by_rating = case["inputs"]["par_by_rating"]
    pool = pool_of(par=[float(par) for par in by_rating.values()], rating_moodys=list(by_rating))
    assert facts(pool)["warf"] == pytest.approx(float(case["expected"]["warf"]), rel=0, abs=1e-9)


def test_the_diversity_is_the_published_one(reference: Path) -> None:
    case = json.loads((reference / "cases" / "warf_diversity.json").read_text())["diversity_example"]
    obligors, industries, par = zip(*case["inputs"]["obligors"], strict=True)
    pool = pool_of(obligor_id=list(obligors), industry=list(industries), par=[float(x) for x in par])
    for table in TABLES:
        found = {row["statistic"]: row["value"] for row in pool.statistics(diversity_table=table).rows()}
        expected = case["expected"][f"diversity_score_{table}_table"]
        assert found["diversity"] == pytest.approx(expected, rel=0, abs=1e-9)


def test_the_diversity_of_equal_companies_is_the_published_one(formulas: dict[str, Any]) -> None:
    case = formulas["diversity_equal_par"]
    counts = case["inputs"]["obligors_per_industry"]
    industries = [f"industry {k}" for k, count in enumerate(counts) for _ in range(count)]
    pool = pool_of(industry=industries, obligor_id=[f"company {k}" for k in range(len(industries))])
    assert facts(pool)["diversity"] == pytest.approx(
        float(case["expected"]["diversity_score"]), rel=0, abs=1e-12
    )
