"""The public middle-market tape reads as it is; the figures are those of its description."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloche.tape import LoanPool


@pytest.fixture(scope="module")
def pool(example_tape: Path) -> LoanPool:
    return LoanPool.read(example_tape, as_of="2025-09-30")


def test_it_has_the_published_loans_par_spread_and_marks(pool: LoanPool) -> None:
    found = {row["statistic"]: row["value"] for row in pool.statistics().rows()}
    assert len(pool) == 195
    assert found["obligors"] == 191
    assert pool.par == 402_411_651.0
    assert found["was"] == pytest.approx(0.05271, abs=5e-6)
    assert found["market_price"] == pytest.approx(0.9924, abs=5e-5)
    assert found["rated"] == 0.0
    assert max(pool.table["market_price"]) == pytest.approx(1.0306, abs=5e-5)


def test_it_is_first_lien_floating_over_term_sofr(pool: LoanPool) -> None:
    assert set(pool.table["lien"]) == {"first_lien"}
    assert set(pool.table["coupon_type"]) == {"floating"}
    assert set(pool.table["index"]) == {"sofr_3m"}
    assert set(pool.table["floor"]) == {0.0}


def test_its_columns_are_mapped_and_its_gaps_are_counted(pool: LoanPool) -> None:
    mapping = {row["source"]: row["column"] for row in pool.mapping.rows()}
    assert mapping["row_id"] == "loan_id"
    assert mapping["principal_local"] == "par"
    assert mapping["all_in_rate_pct"] == "current_rate"
    assert mapping["mark_pct_derived"] == "market_price"
    assert None not in mapping.values()
    defaults = {(row["column"], row["default"]): row["rows"] for row in pool.defaults_used.rows()}
    assert defaults["floor", "0"] == 195
    assert defaults["purchase_price", "cost / par"] == 195
    assert ("market_price", "0.97 (unrated)") not in defaults
