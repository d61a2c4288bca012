"""Synthetic pools look like the market they imitate, and a seed is a pool."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche.build import synthetic
from cloche.tape import LoanPool


@pytest.fixture(scope="module")
def pool() -> LoanPool:
    return synthetic.loan_pool(n=200, seed=7, par=500e6, as_of="2025-03-20")


def facts(pool: LoanPool) -> dict[str, float]:
    """Return statistic to value."""
    return {row["statistic"]: row["value"] for row in pool.statistics().rows()}


def test_a_seed_is_a_pool_on_every_machine(pool: LoanPool) -> None:
    assert pool.hash == "57182a1a78bde6834ff01b67dc4c0d69"
    assert synthetic.loan_pool(n=200, seed=7, par=500e6, as_of="2025-03-20") == pool
    assert synthetic.loan_pool(n=200, seed=8, par=500e6, as_of="2025-03-20") != pool


@given(n=st.integers(1, 300), cents=st.integers(30_000, 10**12), seed=st.integers(0, 2**64))
def test_par_is_met_to_the_cent(n: int, cents: int, seed: int) -> None:
    table = synthetic.loan_table(n=n, seed=seed, par=cents / 100)
    assert sum(round(par * 100) for par in table["par"].tolist()) == cents
    assert min(table["par"]) > 0.0


def test_it_is_a_broadly_syndicated_pool(pool: LoanPool) -> None:
    found = facts(pool)
    shares = {row["rating"]: row["share"] for row in pool.breakdown("rating").rows()}
    assert pool.par == 500_000_000.0
    assert 0.23 < shares["B-"] < 0.27
    assert 0.05 < found["ccc"] < 0.075
    assert 0.034 < found["was"] < 0.036
    assert found["largest_obligor"] < 0.02
    assert found["industries"] >= 25
    assert found["diversity"] > 60
    assert 2600 < found["warf"] < 3100
    assert 0.985 < found["purchase_price"] < 0.995
    assert 0.95 < found["market_price"] < 0.985
    assert 4.0 < found["wal"] < 6.0
    assert 180 <= found["obligors"] < 200


def test_prices_fall_with_the_rating(pool: LoanPool) -> None:
    prices: dict[str, list[float]] = {}
    for rating, price in zip(pool.ratings, pool.table["market_price"].tolist(), strict=True):
        prices.setdefault(rating, []).append(price)
    means = [math.fsum(prices[rating]) / len(prices[rating]) for rating in ("BB", "B", "B-", "CCC+", "CCC")]
    assert means == sorted(means, reverse=True)


def test_companies_are_invented_and_one_company_has_one_rating_and_industry(pool: LoanPool) -> None:
    seen: dict[str, tuple[str, str, str]] = {}
    columns = zip(
        pool.texts("obligor_id"),
        pool.texts("rating_sp"),
        pool.texts("industry"),
        pool.texts("country"),
        strict=True,
    )
    for company, *rest in columns:
        assert seen.setdefault(company, (rest[0], rest[1], rest[2])) == tuple(rest)


def test_maturities_run_three_to_seven_years(pool: LoanPool) -> None:
    years = {date.year for date in pool.table.column("maturity").python()}
    assert min(years) >= 2028
    assert max(years) <= 2032


def test_the_scenario_decides_recoveries_unless_they_are_asked_for(pool: LoanPool) -> None:
    assert "recovery" not in pool.table
    own = synthetic.loan_pool(n=50, recovery={"first_lien": 0.65, "second_lien": 0.3})
    assert set(own.table["recovery"]) <= {0.65, 0.3}


def test_a_shift_moves_every_spread(pool: LoanPool) -> None:
    wide = synthetic.loan_pool(n=200, seed=7, par=500e6, as_of="2025-03-20", spread_shift=0.01)
    assert facts(wide)["was"] == pytest.approx(facts(pool)["was"] + 0.01, rel=1e-12)


def test_the_table_writes_a_tape_that_reads_as_the_pool(pool: LoanPool, tmp_path: Path) -> None:
    synthetic.loan_table(n=200, seed=7, par=500e6, as_of="2025-03-20").write_csv(tmp_path / "tape.csv")
    assert LoanPool.read(tmp_path / "tape.csv", as_of="2025-03-20") == pool


def test_large_pools_have_distinct_companies() -> None:
    pool = synthetic.loan_pool(n=5000, par=5e9)
    assert len(set(pool.texts("obligor_name"))) > 4500


def test_impossible_pools_are_refused() -> None:
    for n, par in ((0, 1e6), (10, 5.0), (1, math.nan)):
        with pytest.raises(ValueError, match="expected 1 loan or more"):
            synthetic.loan_table(n=n, par=par)
