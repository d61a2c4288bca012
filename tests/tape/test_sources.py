"""A tape reads the same from every kind of source."""

from __future__ import annotations

import datetime as dt
import importlib.util
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cloche.errors import RunError, TapeError
from cloche.tape import LoanPool

AS_OF = "2025-09-30"
Columns = dict[str, list[Any]]


@pytest.fixture
def pool(columns: Columns) -> LoanPool:
    return LoanPool.from_columns(columns, as_of=AS_OF)


@pytest.fixture
def frame(columns: Columns) -> pl.DataFrame:
    return pl.DataFrame(columns).with_columns(pl.col("maturity").str.to_date())


def test_polars_reads_the_same(pool: LoanPool, frame: pl.DataFrame) -> None:
    assert LoanPool.read(frame, as_of=AS_OF) == pool


def test_pandas_reads_the_same(pool: LoanPool, columns: Columns) -> None:
    frame = pd.DataFrame(columns)
    frame["maturity"] = pd.to_datetime(frame["maturity"])
    frame["industry"] = frame["industry"].astype("category")
    assert LoanPool.read(frame, as_of=AS_OF) == pool


def test_pyarrow_reads_the_same(pool: LoanPool, frame: pl.DataFrame) -> None:
    assert LoanPool.read(frame.to_arrow(), as_of=AS_OF) == pool


def test_dictionary_encoded_text_reads_the_same(pool: LoanPool, frame: pl.DataFrame) -> None:
    table = frame.with_columns(pl.col("industry", "rating_sp").cast(pl.Categorical)).to_arrow()
    assert LoanPool.read(table, as_of=AS_OF) == pool


def test_duckdb_reads_the_same(pool: LoanPool, frame: pl.DataFrame) -> None:
    assert frame.height == 3
    assert LoanPool.read(duckdb.sql("from frame"), as_of=AS_OF) == pool


def test_decimals_of_a_database_read_the_same(pool: LoanPool, frame: pl.DataFrame) -> None:
    table = frame.to_arrow()
    par = table.schema.get_field_index("par")
    table = table.set_column(par, "par", table["par"].cast(pa.decimal128(18, 2)))
    assert LoanPool.read(table, as_of=AS_OF) == pool


def test_arrays_read_the_same(pool: LoanPool, columns: Columns) -> None:
    arrays: dict[str, Any] = {name: np.array(cells) for name, cells in columns.items()}
    arrays["maturity"] = np.array(columns["maturity"], dtype="datetime64[ns]")
    arrays["spread"] = np.array([0.035, 0.0425, np.nan])
    arrays["fixed_rate"] = np.array([np.nan, np.nan, 0.0725])
    arrays["par"] = np.array(columns["par"])[::1]
    assert LoanPool.from_columns(arrays, as_of=dt.date(2025, 9, 30)) == pool


def test_columns_of_other_packages_read_the_same(pool: LoanPool, columns: Columns) -> None:
    mixed: dict[str, Any] = dict(columns)
    mixed["spread"] = pd.Series([0.035, 0.0425, pd.NA], dtype="Float64")
    mixed["fixed_rate"] = pa.array(columns["fixed_rate"])
    mixed["maturity"] = pl.Series(columns["maturity"]).str.to_date()
    mixed["par"] = tuple(columns["par"])
    assert LoanPool.read(mixed, as_of=AS_OF) == pool


def test_files_read_the_same(pool: LoanPool, frame: pl.DataFrame, tmp_path: Path) -> None:
    frame.write_csv(tmp_path / "tape.csv")
    frame.write_csv(tmp_path / "tape.tsv", separator="\t")
    frame.write_parquet(tmp_path / "tape.parquet")
    frame.write_excel(tmp_path / "tape.xlsx")
    for name in ("tape.csv", "tape.tsv", "tape.parquet", "tape.xlsx"):
        assert LoanPool.read(tmp_path / name, as_of=AS_OF) == pool, name
        assert LoanPool.read(str(tmp_path / name), as_of=AS_OF) == pool, name


def test_a_spreadsheet_of_mixed_cells_reads_the_same(
    pool: LoanPool, columns: Columns, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    mixed = {**columns, "spread": ["350bp", 0.0425, None], "fixed_rate": [None, None, "7.25%"]}
    sheet.append(list(mixed))
    for row in zip(*mixed.values(), strict=True):
        sheet.append(list(row))
    book.save(tmp_path / "tape.xlsx")
    assert LoanPool.read(tmp_path / "tape.xlsx", as_of=AS_OF) == pool


def test_quoted_cells_semicolons_and_a_byte_order_mark_read_the_same(
    pool: LoanPool, frame: pl.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "tape.csv"
    path.write_text(
        "\ufeff" + frame.write_csv(separator=";", quote_style="always") + "\n\n", encoding="utf-8"
    )
    assert LoanPool.read(path, as_of=AS_OF) == pool


def test_the_pools_own_table_reads_the_same(pool: LoanPool, tmp_path: Path) -> None:
    assert LoanPool.read(pool.table, as_of=AS_OF) == pool
    pool.table.write_csv(tmp_path / "tape.csv")
    pool.table.write_parquet(tmp_path / "tape.parquet")
    assert LoanPool.read(tmp_path / "tape.csv", as_of=AS_OF) == pool
    assert LoanPool.read(tmp_path / "tape.parquet", as_of=AS_OF) == pool


def test_csv_needs_no_other_package_and_other_files_name_what_they_need(
    pool: LoanPool, frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame.write_csv(tmp_path / "tape.csv")
    frame.write_parquet(tmp_path / "tape.parquet")
    frame.write_excel(tmp_path / "tape.xlsx")
    find = importlib.util.find_spec
    hidden = {"polars", "pyarrow", "fastexcel", "pandas"}

    def without(name: str, package: str | None = None) -> Any:
        return None if name in hidden else find(name, package)

    monkeypatch.setattr("importlib.util.find_spec", without)
    assert LoanPool.read(tmp_path / "tape.csv", as_of=AS_OF) == pool
    for name in ("tape.parquet", "tape.xlsx"):
        with pytest.raises(RunError, match=r'needs polars.*pip install "cloche\[io\]"'):
            LoanPool.read(tmp_path / name, as_of=AS_OF)
    hidden.discard("pyarrow")
    assert LoanPool.read(tmp_path / "tape.parquet", as_of=AS_OF) == pool


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("tape.csv", "", "empty: no header line"),
        ("tape.csv", "loan_id,par\n", "empty: no loans"),
        ("tape.csv", "loan_id,par,par\nL1,1,1\n", 'tape column "par": 2 columns have this name'),
        ("tape.csv", "loan_id,par\nL1,1\nL2\n", "tape row 2: found 1 cells, expected 2"),
        ("tape.csv", 'loan_id,par\n"L1,1\n', "not readable as CSV"),
        ("tape.json", "{}", "found tape.json, expected a file that ends in .csv"),
        ("tape.parquet", "no parquet", "not readable"),
        ("tape.xlsx", "no workbook", "not readable"),
    ],
)
def test_files_that_are_no_tapes_say_why(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TapeError) as error:
        LoanPool.read(tmp_path / name, as_of=AS_OF)
    assert said in str(error.value)


def test_text_that_is_not_utf_8_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "tape.csv"
    path.write_bytes(b"loan_id,obligor\nL1,M\xfcller\n")
    with pytest.raises(TapeError, match="line 2 is not UTF-8"):
        LoanPool.read(path, as_of=AS_OF)


def test_a_missing_file_and_a_wrong_object_are_tape_errors(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="no such file"):
        LoanPool.read(tmp_path / "tape.csv", as_of=AS_OF)
    with pytest.raises(TapeError, match="found int, expected a path"):
        LoanPool.read(3, as_of=AS_OF)
    with pytest.raises(TapeError, match="columns differ in length: a 1, b 2"):
        LoanPool.read({"a": [1], "b": [1, 2]}, as_of=AS_OF)
    with pytest.raises(TapeError, match="2 dimensions"):
        LoanPool.read({"a": np.ones((2, 2))}, as_of=AS_OF)


def test_a_spreadsheet_without_rows_is_an_empty_tape(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["loan_id", "par"])
    book.save(tmp_path / "tape.xlsx")
    with pytest.raises(TapeError, match=r"no loans|not readable"):
        LoanPool.read(tmp_path / "tape.xlsx", as_of=AS_OF)
