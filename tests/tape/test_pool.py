"""A pool is ordered, immutable, hashed by content, and crosses to the engine as plain columns."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from cloche.table import NO_DATE
from cloche.tape import LoanPool

AS_OF = "2025-09-30"
Columns = dict[str, list[Any]]


@pytest.fixture
def pool(columns: Columns) -> LoanPool:
    return LoanPool.from_columns(columns, as_of=AS_OF)


def test_rows_stand_in_the_order_of_loan_id(columns: Columns) -> None:
    columns["loan_id"] = ["b", "a10", "a9"]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.table["loan_id"].tolist() == ["a10", "a9", "b"]
    assert pool.table["par"].tolist() == [3e6, 5e6, 2e6]


def test_par_is_the_exact_sum(columns: Columns) -> None:
    columns["par"] = [1e15, 0.1, 0.2]
    assert LoanPool.from_columns(columns, as_of=AS_OF).par == 1e15 + 0.3


def test_the_hash_is_of_the_content(pool: LoanPool, columns: Columns) -> None:
    assert pool.hash == LoanPool.from_columns(columns, as_of=AS_OF).hash
    assert len(pool.hash) == 32
    assert LoanPool.from_columns(columns, as_of="2025-09-29") != pool
    columns["par"][0] += 0.01
    assert LoanPool.from_columns(columns, as_of=AS_OF) != pool


def test_columns_that_are_not_read_change_no_hash(pool: LoanPool, columns: Columns) -> None:
    assert LoanPool.from_columns({**columns, "note": ["x"] * 3}, as_of=AS_OF) == pool


def test_a_pool_is_pickled_and_a_key(pool: LoanPool) -> None:
    again = pickle.loads(pickle.dumps(pool))  # noqa: S301 - our own bytes
    assert again == pool
    assert {pool: 1}[again] == 1
    assert again.mapping == pool.mapping
    assert again.defaults_used == pool.defaults_used


def test_columns_for_the_engine_have_the_types_it_takes(pool: LoanPool) -> None:
    columns = pool.columns()
    for name, column in columns.items():
        assert len(column) == 3, name
        if isinstance(column, np.ndarray):
            assert column.flags.c_contiguous, name
    floats = {name for name, column in columns.items() if getattr(column, "dtype", None) == np.float64}
    assert floats == {
        "par", "par_unfunded", "original_par", "spread", "fixed_rate", "floor", "csa", "current_rate",
        "market_price", "purchase_price", "amortization_rate", "recovery", "recovery_lag_months", "cpr",
        "pd_1y", "hazard", "pik_spread", "unfunded_fee", "rating_factor",
    }  # fmt: skip
    days = {name for name, column in columns.items() if getattr(column, "dtype", None) == np.int32}
    assert days == {"maturity", "next_payment", "accrual_start", "default_date", "payment_frequency_months"}
    flags = {name for name, column in columns.items() if getattr(column, "dtype", None) == np.uint8}
    assert flags == {"fixed", "day_count", "csa_in_floor", "ccc", "weak"}
    texts = {name for name, column in columns.items() if isinstance(column, list)}
    assert texts == {
        "loan_id",
        "obligor_id",
        "obligor_name",
        "parent_id",
        "index",
        "industry",
        "rating",
        "lien",
        "country",
    }


def test_columns_for_the_engine_say_absent_as_it_does(pool: LoanPool) -> None:
    columns = pool.columns()
    assert columns["fixed"].tolist() == [0, 0, 1]
    assert columns["day_count"].tolist() == [0, 0, 2]
    assert columns["default_date"].tolist() == [NO_DATE] * 3
    assert columns["payment_frequency_months"].tolist() == [0, 0, 0]
    assert columns["country"] == ["", "", ""]
    assert not np.isnan(columns["market_price"]).any()


@pytest.mark.parametrize(
    ("sp", "moodys", "low"),
    [
        ("B-", "B3", 0), ("CCC+", "B3", 8), ("B-", "Caa1", 4), ("CCC", "Caa3", 12), ("CC", "", 8), ("", "", 0),
        ("BB", "B2", 0),
    ],
)  # fmt: skip
def test_low_rated_is_ccc_plus_of_one_agency_or_caa1_of_the_other(
    sp: str, moodys: str, low: int, columns: Columns
) -> None:
    columns |= {"rating_sp": [sp] * 3, "rating_moodys": [moodys] * 3}
    engine = LoanPool.from_columns(columns, as_of=AS_OF).columns()
    assert engine["weak"].tolist() == [min(low, 1)] * 3
    assert engine["ccc"].tolist() == [low] * 3
    assert engine["rating"] == [sp or moodys] * 3


def test_fitch_has_a_ccc_set_too(columns: Columns) -> None:
    columns |= {"rating_sp": ["B-", "CCC", None], "rating_fitch": ["CCC+", "CCC", "B"]}
    assert LoanPool.from_columns(columns, as_of=AS_OF).columns()["ccc"].tolist() == [2, 10, 0]


def test_a_defaulted_loan_is_not_in_the_ccc_bucket(columns: Columns) -> None:
    columns["default_date"] = [None, None, "2025-08-01"]
    assert LoanPool.from_columns(columns, as_of=AS_OF).columns()["ccc"].tolist() == [0, 0, 0]


def test_a_repline_becomes_equal_companies(columns: Columns) -> None:
    columns["count"] = [1, 3, None]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.table["loan_id"].tolist() == ["L1", "L2#1", "L2#2", "L2#3", "L3"]
    assert pool.texts("obligor_id")[1:4] == ["birch-foods#1", "birch-foods#2", "birch-foods#3"]
    assert pool.table["par"].tolist() == [2e6, 1e6, 1e6, 1e6, 5e6]
    assert pool.par == 10e6


def test_a_pool_shows_itself(pool: LoanPool) -> None:
    assert repr(pool) == "LoanPool(3 loans, 3 obligors, par 10,000,000, as of 2025-09-30)"
    assert "<table>" in pool._repr_html_()
    for table in (pool.mapping, pool.defaults_used, pool.statistics()):
        assert len(repr(table).splitlines()) > 2
