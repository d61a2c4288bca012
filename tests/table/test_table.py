"""Tables: what goes in comes out, through Arrow, pandas, polars, DuckDB, files and pickle."""

from __future__ import annotations

import datetime as dt
import importlib.util
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche.errors import RunError
from cloche.table import NO_DATE, Column, Table

DAY = dt.date(2025, 10, 20)
DAYS = (DAY - dt.date(1970, 1, 1)).days


@pytest.fixture
def table() -> Table:
    """Two rows of every kind, the second null where the kind has a null."""
    return Table.from_columns(
        {
            "note": (np.array([0, -1], dtype=np.int32), ["A"]),
            "balance": np.array([310_000_000.0, np.nan]),
            "periods": np.array([3, 0]),
            "date": np.array([DAYS, NO_DATE], dtype=np.int32),
            "passes": np.array([1, -1], dtype=np.int8),
        },
        dates={"date"},
        booleans={"passes"},
    )


PYTHON: dict[str, list[Any]] = {
    "note": ["A", None],
    "balance": [310_000_000.0, None],
    "periods": [3, 0],
    "date": [DAY, None],
    "passes": [True, None],
}


def test_python_values_have_none_for_null(table: Table) -> None:
    assert table.to_dict() == PYTHON
    assert list(table.rows()) == [{name: values[row] for name, values in PYTHON.items()} for row in range(2)]


def test_columns_are_numpy_arrays(table: Table) -> None:
    assert table["balance"].dtype == np.float64
    assert np.isnan(table["balance"][1])
    assert table["date"].dtype == np.dtype("datetime64[D]")
    assert np.isnat(table["date"][1])
    assert (table["note"] == "A").tolist() == [True, False]
    assert table["passes"].tolist() == [True, None]
    assert Table.from_columns({"passes": [True, False]})["passes"].dtype == np.bool_


def test_columns_are_read_only(table: Table) -> None:
    for name in table:
        with pytest.raises(ValueError, match="read-only"):
            table[name][0] = table[name][1]


def test_the_owner_of_an_array_may_go_on_writing_to_it() -> None:
    own = np.array([1.0, 2.0])
    Table.from_columns({"a": own})
    own[0] = 3.0
    assert own[0] == 3.0


def test_an_unknown_column_is_named_with_the_columns_that_exist(table: Table) -> None:
    with pytest.raises(KeyError, match="no column 'wal'; columns: note, balance"):
        table["wal"]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="a 1, b 2"):
        Table.from_columns({"a": [1.0], "b": [1.0, 2.0]})


def test_arrow_has_nulls_and_dictionaries(table: Table) -> None:
    arrow = pa.table(table)
    assert [str(field.type) for field in arrow.schema] == [
        "dictionary<values=string, indices=int32, ordered=0>",
        "double",
        "int64",
        "date32[day]",
        "bool",
    ]
    assert arrow.to_pydict() == PYTHON


def test_polars_and_pandas_and_duckdb_read_it(table: Table) -> None:
    assert table.to_polars().to_dict(as_series=False) == PYTHON
    assert pl.DataFrame(table).schema["date"] == pl.Date
    frame = table.to_pandas()
    assert frame["note"].tolist()[0] == "A"
    assert frame.isna().sum().to_dict() == {"note": 1, "balance": 1, "periods": 0, "date": 1, "passes": 1}
    assert frame["date"].iloc[0].date() == DAY
    notes = table
    found = duckdb.sql("select sum(balance), count(note) from notes")
    assert notes is table
    assert found is not None
    assert found.fetchall() == [(310_000_000.0, 1)]


def test_an_empty_table_keeps_its_columns_everywhere() -> None:
    empty = Table.from_schema(
        {}, {"date": "date", "note": "text", "passes": "bool", "wal": "float", "n": "int"}
    )
    assert len(empty) == 0
    assert pa.table(empty).column_names == ["date", "note", "passes", "wal", "n"]
    assert empty.to_polars().height == 0
    assert len(empty.to_pandas()) == 0
    assert "0 rows" in repr(empty)


def test_a_schema_orders_columns_and_fills_missing_ones_with_null() -> None:
    table = Table.from_schema(
        {"extra": [1.0], "note": ["A"]}, {"date": "date", "note": "text", "wal": "float"}
    )
    assert table.columns == ("date", "note", "wal", "extra")
    assert table.to_dict() == {"date": [None], "note": ["A"], "wal": [None], "extra": [1.0]}


def test_filter_takes_values_lists_dates_and_none(table: Table) -> None:
    assert len(table.filter(note="A")) == 1
    assert len(table.filter(note=None)) == 1
    assert len(table.filter(note=["A", None])) == 2
    assert len(table.filter(date="2025-10-20")) == len(table.filter(date=DAY)) == 1
    assert len(table.filter(date=[None])) == 1
    assert len(table.filter(note="A", periods=0)) == 0


def test_filter_finds_values_of_the_kind_of_the_column_alone(table: Table) -> None:
    assert len(table.filter(balance=310_000_000)) == len(table.filter(balance=None)) == 1
    assert len(table.filter(balance="310000000")) == len(table.filter(note=3)) == 0
    assert len(table.filter(passes=True)) == len(table.filter(passes=[False, None])) == 1
    assert len(table.filter(passes=-1)) == len(table.filter(periods=None)) == 0
    assert len(table.filter(date=["no date", "2025-10", "20251020"])) == 0
    assert len(table.filter(periods=[0, 3, 7.5])) == 2
    assert len(table.filter(date=np.datetime64("2025-10-20"))) == 1


@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=8),
    wanted=st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=3),
)
def test_filter_keeps_what_is_among_the_values(values: list[int | None], wanted: list[int | None]) -> None:
    """Of every kind: as the values are compared one by one."""
    kinds: dict[str, list[Any]] = {
        "number": [None if x is None else x / 2 for x in values],
        "word": [None if x is None else f"w{x}" for x in values],
        "day": [None if x is None else DAY + dt.timedelta(x) for x in values],
    }
    chosen: dict[str, list[Any]] = {
        "number": [None if x is None else x / 2 for x in wanted],
        "word": [None if x is None else f"w{x}" for x in wanted],
        "day": [None if x is None else DAY + dt.timedelta(x) for x in wanted],
    }
    for name, column in kinds.items():
        table = Table.from_columns({name: column, "row": list(range(len(column)))}, dates={"day"})
        kept = [row for row, value in enumerate(column) if value in chosen[name]]
        assert table.filter(**{name: chosen[name]})["row"].tolist() == kept


def test_columns_are_made_when_they_are_first_read_and_once(table: Table) -> None:
    made: list[str] = []

    def maker(name: str) -> Callable[[], Column]:
        def make() -> Column:
            made.append(name)
            return table.column(name)

        return make

    later = Table.from_makers(2, {name: maker(name) for name in table})
    assert len(later) == 2
    assert later.columns == table.columns
    assert "note" in later
    assert not made
    few = later.filter(note="A")
    assert made == ["note"]
    assert few["periods"].tolist() == [3]
    assert few["balance"].tolist() == [310_000_000.0]
    assert made == ["note", "periods", "balance"]
    assert pickle.loads(pickle.dumps(few)) == table.filter(note="A")  # noqa: S301 - our own bytes
    assert later == table
    assert repr(later) == repr(table)
    assert sorted(made) == sorted(table.columns)


def test_a_column_that_is_made_too_short_is_refused(table: Table) -> None:
    later = Table.from_makers(3, {"note": lambda: table.column("note")})
    with pytest.raises(ValueError, match="column note: found 2 rows, expected 3"):
        _ = later["note"]
    with pytest.raises(KeyError, match="no column 'wal'"):
        _ = later["wal"]


def test_pickle_keeps_a_table_and_equality_is_by_value(table: Table) -> None:
    assert pickle.loads(pickle.dumps(table)) == table  # noqa: S301 - our own bytes
    assert Table.from_columns({"a": (np.array([0]), ["x", "y"])}) == Table.from_columns({"a": ["x"]})
    assert Table.from_columns({"a": ["x"]}) != Table.from_columns({"b": ["x"]})
    assert Table.from_columns({"a": [1.0, None]}) == Table.from_columns({"a": [1.0, math.nan]})


def test_csv_is_iso_and_exact_and_replaces_whole_files(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")
    table.write_csv(path)
    assert path.read_text().splitlines() == [
        "note,balance,periods,date,passes",
        "A,310000000.0,3,2025-10-20,true",
        ",,0,,",
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old")

    def broken(_self: object, _rows: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("cloche.table.files._cell", broken)
    with pytest.raises(TypeError):
        table.write_csv(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_is_written_by_polars_or_pyarrow(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.parquet"
    table.write_parquet(path)
    assert pl.read_parquet(path).to_dict(as_series=False) == PYTHON
    _hide(monkeypatch, "polars")
    table.write_parquet(path)
    assert pl.read_parquet(path).to_dict(as_series=False) == PYTHON
    _hide(monkeypatch, "polars", "pyarrow")
    with pytest.raises(RunError, match=r'pip install "cloche\[io\]"'):
        table.write_parquet(path)


def _hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make packages look as if they were not installed."""
    find = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> Any:
        return None if name in names else find(name, package)

    monkeypatch.setattr("importlib.util.find_spec", without)


def test_text_shows_money_with_separators_and_rates_as_decimals() -> None:
    table = Table.from_columns({"note": ["A", "E"], "balance": [310e6, 25e6], "spread": [0.013, 0.06]})
    assert repr(table).splitlines() == [
        "note      balance  spread",
        "A     310,000,000   0.013",
        "E      25,000,000   0.060",
    ]


def test_rounding_beside_money_is_nothing_and_a_small_number_is_not() -> None:
    shown = repr(Table.from_columns({"left": [3_191_778.0, -4.7e-10], "share": [0.5, 4.7e-10]})).splitlines()
    assert [line.split() for line in shown[1:]] == [["3,191,778", "0.5"], ["0", "4.7e-10"]]


def test_long_tables_show_both_ends_and_their_size() -> None:
    lines = repr(Table.from_columns({"k": np.arange(1000)})).splitlines()
    assert lines[1].strip() == "0"
    assert lines[13] == "…"
    assert lines[-2].strip() == "999"
    assert lines[-1] == "1,000 rows, 1 columns"


def test_wide_tables_name_the_columns_they_hide() -> None:
    text = repr(Table.from_columns({f"column_{k:02d}": [1.0] for k in range(40)}))
    assert "not shown: " in text
    assert "column_39" in text.splitlines()[-1]
    assert max(map(len, text.splitlines()[:2])) <= 160


def test_html_escapes_what_it_shows() -> None:
    assert "&lt;b&gt;" in Table.from_columns({"note": ["<b>"]})._repr_html_()


CELLS = st.one_of(
    st.lists(st.none() | st.floats(allow_nan=False), min_size=3, max_size=3),
    st.lists(st.none() | st.text(max_size=5), min_size=3, max_size=3),
    st.lists(st.none() | st.booleans(), min_size=3, max_size=3),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3),
    st.lists(st.none() | st.dates(), min_size=3, max_size=3),
)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda name: "\x00" not in name), CELLS, max_size=4
    )
)
def test_any_values_come_back_through_arrow(columns: dict[str, list[Any]]) -> None:
    table = Table.from_columns(columns)
    assert table.to_dict() == columns
    assert pa.table(table).to_pydict() == columns
