"""Names of trustee reports and filings become canonical columns, units in names and cells become decimals."""

from __future__ import annotations

from typing import Any

import pytest

from cloche.errors import TapeError
from cloche.tape import LoanPool
from cloche.tape.columns import CANONICAL, INPUTS
from cloche.tape.vocabulary import ALIASES

AS_OF = "2025-09-30"
Columns = dict[str, list[Any]]

TRUSTEE_REPORT: Columns = {
    "LoanX ID": ["LX1", "LX2"],
    "Issuer Name": ["Alder Freight, Inc.", "Birch Foods LLC"],
    "Principal Balance": ["1,234,567.89", "2000000"],
    "Rate Type": ["Floating", "FLOAT"],
    "Reference Rate": ["3M Term SOFR", "1 Month SOFR"],
    "Spread (%)": ["3.50", "4.25"],
    "Index Floor (bps)": [50, 0],
    "All-In Rate": ["7.81%", "8.60%"],
    "Maturity Date": ["23-May-2029", "2030-06-30T00:00:00"],
    "Market Price (%)": [99.5, 97.25],
    "S&P Rating": ["B", "CCC+ *-"],
    "Moody's CFR": ["B2", "(P)Caa1"],
    "Moody's Industry": ["Cargo", "Food"],
    "Lien Type": ["1st Lien", "Second Lien"],
    "Country of Domicile": ["US", "CA"],
    "Payment Frequency": ["Quarterly", "1M"],
    "Cov-Lite": ["Yes", "N"],
    "Day Count": ["Actual/360", "ACT/365F"],
    "Analyst": ["a", "b"],
}


@pytest.fixture
def trustee() -> LoanPool:
    return LoanPool.from_columns(TRUSTEE_REPORT, as_of=AS_OF)


def test_a_trustee_report_reads_as_it_is(trustee: LoanPool) -> None:
    rows = trustee.table.to_dict()
    assert rows["loan_id"] == ["LX1", "LX2"]
    assert rows["par"] == [1234567.89, 2000000.0]
    assert rows["coupon_type"] == ["floating", "floating"]
    assert rows["index"] == ["sofr_3m", "sofr_1m"]
    assert rows["spread"] == [0.035, 0.0425]
    assert rows["floor"] == [0.005, 0.0]
    assert rows["current_rate"] == [0.0781, 0.086]
    assert [date.isoformat() for date in rows["maturity"]] == ["2029-05-23", "2030-06-30"]
    assert rows["market_price"] == [0.995, 0.9725]
    assert rows["rating_sp"] == ["B", "CCC+"]
    assert rows["rating_moodys"] == ["B2", "Caa1"]
    assert rows["lien"] == ["first_lien", "second_lien"]
    assert rows["payment_frequency_months"] == [3.0, 1.0]
    assert rows["cov_lite"] == [True, False]
    assert rows["day_count"] == ["act/360", "act/365"]


def test_the_mapping_tells_column_unit_and_use(trustee: LoanPool) -> None:
    lines = {row["source"]: (row["column"], row["unit"], row["use"]) for row in trustee.mapping.rows()}
    assert list(lines) == list(TRUSTEE_REPORT)
    assert lines["Spread (%)"] == ("spread", "pct", "used")
    assert lines["Index Floor (bps)"] == ("floor", "bps", "used")
    assert lines["Cov-Lite"] == ("cov_lite", None, "kept")
    assert lines["Analyst"] == (None, None, "ignored")


def test_columns_that_are_not_read_are_kept_in_the_pools_order() -> None:
    pool = LoanPool.from_columns({**TRUSTEE_REPORT, "LoanX ID": ["LX2", "LX1"]}, as_of=AS_OF)
    assert pool.extra.to_dict() == {"Analyst": ["b", "a"]}


@pytest.mark.parametrize("written", ["130bp", " 130 bps ", "1.3%", "0.013", 0.013, "1.30e-2"])
def test_a_spread_may_be_written_in_any_unit(written: object, columns: Columns) -> None:
    columns["spread"] = [written, 0.0425, None]
    assert LoanPool.from_columns(columns, as_of=AS_OF).table["spread"][0] == 0.013


def test_a_unit_in_a_cell_comes_before_the_unit_in_the_name(columns: Columns) -> None:
    del columns["spread"]
    columns["spread_bps"] = ["3.5%", "425", None]
    assert LoanPool.from_columns(columns, as_of=AS_OF).table["spread"].tolist()[:2] == [0.035, 0.0425]


@pytest.mark.parametrize(
    ("bps", "decimal"),
    [
        (0.1, 0.00001),
        (33.3, 0.00333),
        (527.1, 0.05271),
        (375, 0.0375),
        (11.448, 0.0011448),
        (42.826, 0.0042826),
    ],
)
def test_basis_points_become_the_decimal_that_is_written(
    bps: float, decimal: float, columns: Columns
) -> None:
    del columns["spread"]
    for cell in (bps, str(bps)):
        columns["spread_bps"] = [cell, 0, None]
        assert LoanPool.from_columns(columns, as_of=AS_OF).table["spread"][0] == decimal


def test_the_caller_may_say_what_a_column_is(columns: Columns) -> None:
    columns["Marge"] = columns.pop("spread")
    columns["Price"] = [99.5, 97.0, 80.0]
    columns["pik_rate"] = [0.01, 0.0, 0.0]
    pool = LoanPool.read(
        columns,
        as_of=AS_OF,
        columns={"Marge": "spread", "Price": "market_price_pct", "pik_rate": None},
    )
    assert pool.table["spread"].tolist()[:2] == [0.035, 0.0425]
    assert pool.table["market_price"].tolist() == [0.995, 0.97, 0.8]
    assert "pik_spread" not in pool.table


def test_a_wrong_choice_of_columns_is_explained(columns: Columns) -> None:
    with pytest.raises(TapeError) as error:
        LoanPool.read(columns, as_of=AS_OF, columns={"parr": "par", "spread": "sprad"})
    assert "the tape has no such column; did you mean 'par'?" in str(error.value)
    assert "'sprad' is no column of a tape; did you mean 'spread'?" in str(error.value)


def test_two_columns_for_one_are_an_error_unless_one_has_the_very_name(columns: Columns) -> None:
    columns["Principal Balance"] = [1.0, 1.0, 1.0]
    assert LoanPool.from_columns(columns, as_of=AS_OF).par == 10_000_000.0
    columns["Commitment Balance"] = columns["Current Balance"] = columns.pop("par")
    with pytest.raises(TapeError, match="'Principal Balance' and 'Current Balance' both read as par"):
        LoanPool.from_columns(columns, as_of=AS_OF)


def test_identifiers_and_industries_follow_the_order_of_the_vocabulary(columns: Columns) -> None:
    columns["CUSIP"] = ["c1", "c2", "c3"]
    columns["LoanX ID"] = columns.pop("loan_id")
    columns["GICS Industry"] = ["x", "x", "x"]
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.table["loan_id"].tolist() == ["L1", "L2", "L3"]
    assert pool.table["industry"].tolist() == ["Cargo", "Food", "Pharma"]


def test_a_rating_without_an_agency_goes_where_its_letters_belong(columns: Columns) -> None:
    del columns["rating_sp"]
    assert LoanPool.from_columns({**columns, "Rating": ["B+", "B-", "NR"]}, as_of=AS_OF).ratings == (
        "B+",
        "B-",
        "",
    )
    pool = LoanPool.from_columns({**columns, "Rating": ["B1", "Caa2", "NR"]}, as_of=AS_OF)
    assert pool.texts("rating_moodys") == ["B1", "Caa2", ""]
    with pytest.raises(TapeError, match="two scales"):
        LoanPool.from_columns({**columns, "Rating": ["B1", "CCC+", "NR"]}, as_of=AS_OF)


def test_every_alias_names_one_canonical_column() -> None:
    assert set(ALIASES) <= set(CANONICAL) | set(INPUTS)
    words = [" ".join(alias.split()) for text in ALIASES.values() for alias in text.split(",")]
    assert len(words) == len(set(words))
    assert not set(words) & set(CANONICAL)


def test_a_column_with_nearly_a_known_name_is_warned_of(
    columns: Columns, caplog: pytest.LogCaptureFixture
) -> None:
    columns |= {"market_prce": [0.9] * 3, "Analyst": ["a"] * 3, "sprread": [0.04] * 3}
    LoanPool.from_columns(columns, as_of=AS_OF)
    # The tape has a spread, so that nothing else is meant to be one.
    assert [record.getMessage() for record in caplog.records] == [
        "tape column \"market_prce\": not read; did you mean 'market_price'?"
    ]
    caplog.clear()
    LoanPool.read(columns, as_of=AS_OF, columns={"market_prce": None})
    assert not caplog.records
