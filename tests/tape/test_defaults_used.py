"""What a tape does not say is filled in as stated, and counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from cloche.tape import LoanPool

AS_OF = "2025-09-30"
Columns = dict[str, list[Any]]


def used(pool: LoanPool, column: str) -> dict[str, int]:
    """Return default to rows, of one column."""
    return {row["default"]: row["rows"] for row in pool.defaults_used.filter(column=column).rows()}


@pytest.fixture
def pool(columns: Columns) -> LoanPool:
    return LoanPool.from_columns(columns, as_of=AS_OF)


def test_terms_of_floating_and_fixed_loans_are_filled_in_as_stated(pool: LoanPool) -> None:
    rows = pool.table.to_dict()
    assert rows["floor"] == [0.0, 0.0, None]
    assert rows["csa"] == [0.0, 0.0, None]
    assert rows["day_count"] == ["act/360", "act/360", "30/360"]
    assert rows["amortization_rate"] == [0.01, 0.01, 0.0]
    assert rows["original_par"] == rows["par"]
    assert rows["purchase_price"] == [1.0, 1.0, 1.0]
    assert used(pool, "floor") == {"0": 2}
    assert used(pool, "day_count") == {"act/360 (floating)": 2, "30/360 (fixed)": 1}
    assert used(pool, "amortization_rate") == {"0.01 (floating)": 2, "0 (fixed)": 1}


def test_a_blank_pik_spread_is_zero_on_a_tape_that_has_them(columns: Columns, pool: LoanPool) -> None:
    assert used(pool, "pik_spread") == {}
    assert "pik_spread" not in pool.table
    assert pool.columns()["pik_spread"].tolist() == [0.0, 0.0, 0.0]
    columns["PIK Margin (bps)"] = [150, None, "2%"]
    with_them = LoanPool.from_columns(columns, as_of=AS_OF)
    assert with_them.table["pik_spread"].tolist() == [0.015, 0.0, 0.02]
    assert with_them.columns()["pik_spread"].tolist() == [0.015, 0.0, 0.02]
    assert used(with_them, "pik_spread") == {"0": 1}
    assert with_them.mapping.filter(column="pik_spread")["use"].tolist() == ["used"]
    assert with_them.hash != pool.hash


def test_an_undrawn_commitment_without_a_fee_bears_none(columns: Columns, pool: LoanPool) -> None:
    assert used(pool, "unfunded_fee") == {}
    assert "unfunded_fee" not in pool.table
    assert pool.columns()["unfunded_fee"].tolist() == [0.0, 0.0, 0.0]
    columns["Undrawn Commitment"] = [500_000, None, 250_000]
    assert used(LoanPool.from_columns(columns, as_of=AS_OF), "unfunded_fee") == {"0": 2}
    columns["Commitment Fee (bps)"] = [50, None, None]
    with_fees = LoanPool.from_columns(columns, as_of=AS_OF)
    assert with_fees.table.to_dict()["unfunded_fee"] == [0.005, None, 0.0]
    assert with_fees.columns()["unfunded_fee"].tolist() == [0.005, 0.0, 0.0]
    assert np.nan_to_num(with_fees.columns()["par_unfunded"]).tolist() == [500_000.0, 0.0, 250_000.0]
    assert used(with_fees, "unfunded_fee") == {"0": 1}
    for column in ("par_unfunded", "unfunded_fee"):
        assert with_fees.mapping.filter(column=column)["use"].tolist() == ["used"]
    assert with_fees.par == pool.par


def test_a_loan_of_which_nothing_is_drawn_is_read_again_as_it_was_written(columns: Columns) -> None:
    columns |= {"par": [0.0, *columns["par"][1:]], "par_unfunded": [1e6, None, None]}
    undrawn = LoanPool.from_columns(columns, as_of=AS_OF)
    assert undrawn.table["original_par"].tolist()[0] == 0.0
    assert LoanPool.read(undrawn.table, as_of=AS_OF) == undrawn


def test_what_the_scenario_decides_stays_empty_and_is_counted(pool: LoanPool) -> None:
    for column in ("recovery", "recovery_lag_months", "cpr"):
        assert used(pool, column) == {"the scenario's": 3}
        assert np.isnan(pool.columns()[column]).all()


@pytest.mark.parametrize(
    ("rating", "price"),
    [
        ("AAA", 0.995), ("BB-", 0.995), ("B+", 0.99), ("B", 0.98), ("B-", 0.95), ("CCC+", 0.80),
        ("CCC", 0.65), ("CC", 0.65), ("NR", 0.97), (None, 0.97),
    ],
)  # fmt: skip
def test_a_missing_market_price_comes_from_the_rating(
    rating: str | None, price: float, columns: Columns
) -> None:
    columns["rating_sp"] = [rating] * 3
    assert set(LoanPool.from_columns(columns, as_of=AS_OF).table["market_price"]) == {price}


def test_price_defaults_are_counted_by_rating(pool: LoanPool) -> None:
    assert used(pool, "market_price") == {"0.99 (B+)": 1, "0.95 (B-)": 1, "0.65 (CCC and below)": 1}


def test_prices_come_from_amounts_where_there_are_no_prices(columns: Columns) -> None:
    columns |= {"cost_usd": [1_980_000.0, None, -1.0], "fair_value": [1_950_000.0, None, None]}
    columns["currency"] = ["USD"] * 3
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.table["purchase_price"].tolist() == [0.99, 1.0, 1.0]
    assert pool.table["market_price"][0] == 0.975
    columns["currency"] = ["EUR"] * 3
    assert LoanPool.from_columns(columns, as_of=AS_OF).table["purchase_price"].tolist() == [1.0, 1.0, 1.0]


def test_a_coupon_type_follows_from_what_is_given(columns: Columns) -> None:
    del columns["coupon_type"]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.table["coupon_type"].tolist() == ["floating", "floating", "fixed"]
    assert used(pool, "coupon_type") == {"floating, from the spread": 2, "fixed, from the fixed rate": 1}


def test_an_index_without_a_tenor_has_the_payment_frequencys(columns: Columns) -> None:
    columns |= {"index": ["SOFR", "", ""], "next_payment": ["2025-10-15", None, None]}
    columns["payment_frequency_months"] = [1, None, None]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.columns()["index"] == ["sofr_1m", "", ""]
    assert used(pool, "index") == {"the deal's own": 1, "tenor 1 months": 1}


def test_own_payment_dates_are_quarterly_unless_said_otherwise(columns: Columns) -> None:
    columns["next_payment"] = ["2025-10-15", None, None]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.columns()["payment_frequency_months"].tolist() == [3, 0, 0]
    assert used(pool, "payment_frequency_months") == {"3, where there is a next payment": 1}


def test_companies_are_the_same_under_other_spellings(columns: Columns) -> None:
    columns["obligor_name"] = ["Digi-Cert, Inc.", "DIGI CERT LLC", "Société Générale S.A."]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.texts("obligor_id") == ["digi-cert", "digi-cert", "societe-generale"]
    assert used(pool, "obligor_id") == {"from the normalized name": 3}


def test_a_loan_without_a_name_is_a_company_of_its_own(columns: Columns) -> None:
    del columns["obligor_name"]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.texts("obligor_id") == ["L1", "L2", "L3"]
    assert used(pool, "obligor_id") == {"the loan_id: a company of its own": 3}


def test_a_flag_of_default_takes_the_as_of_date(columns: Columns) -> None:
    columns["Defaulted"] = ["Y", "N", "N"]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.table.to_dict()["default_date"] == [dt.date(2025, 9, 30), None, None]


def test_a_csa_stands_outside_the_floor_unless_said_otherwise(columns: Columns) -> None:
    columns |= {"csa": [0.0010, 0.0, None], "csa_in_floor": [None, None, None]}
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.columns()["csa_in_floor"].tolist() == [0, 0, 0]
    assert used(pool, "csa_in_floor") == {"false": 1}


def test_a_given_value_is_no_default(columns: Columns) -> None:
    columns["market_price"] = [0.9, None, 0.5]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert used(pool, "market_price") == {"0.95 (B-)": 1}


def test_loans_that_reset_on_other_dates_are_counted(columns: Columns) -> None:
    said = "no effect: a fixing for each accrual period"
    columns["next_payment"] = ["2025-10-15", "2025-10-31", "2025-10-31"]
    columns["reset_frequency_months"] = [3, 6, 12]
    columns["next_reset"] = ["2025-10-15", "2026-01-31", "2026-01-31"]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    # The third loan is fixed: nothing of it resets.
    assert used(pool, "reset_frequency_months") == {said: 1}
    assert used(pool, "next_reset") == {said: 1}
    for column in ("reset_frequency_months", "next_reset"):
        assert pool.mapping.filter(column=column)["use"].tolist() == ["kept"]


def test_loans_without_an_industry_are_counted_since_they_share_one_factor(columns: Columns) -> None:
    assert used(LoanPool.from_columns(columns, as_of=AS_OF), "industry") == {}
    columns["industry"] = ["Cargo", "", None]
    told = "none: all such loans share one industry factor"
    assert used(LoanPool.from_columns(columns, as_of=AS_OF), "industry") == {told: 2}
    del columns["industry"]
    assert used(LoanPool.from_columns(columns, as_of=AS_OF), "industry") == {told: 3}
