"""Any table of loans to columns of Python values: files, tables that speak Arrow, pandas, mappings."""

from __future__ import annotations

import csv
import importlib.util
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cloche.table import needs_extra
from cloche.tape.problems import Problems

__all__ = ["Source", "read_source"]


@dataclass(frozen=True)
class Source:
    """A table of loans as it came.

    Parameters
    ----------
    what
        What it is, for messages.
    columns
        Name to cells: Python values, None for null.
    """

    what: str
    columns: dict[str, list[Any]]


def read_source(source: Any) -> Source:
    """Return the columns of a file or a table.

    Parameters
    ----------
    source
        Path of a ``.csv``, ``.tsv``, ``.parquet`` or ``.xlsx`` file; an object with ``__arrow_c_stream__``;
        a pandas data frame; or a mapping of names to arrays or lists.

    Raises
    ------
    TapeError
        If it cannot be read as a table.
    RunError
        If a file needs a package that is not installed.
    """
    if isinstance(source, str | os.PathLike):
        return _read_file(Path(source))
    if isinstance(source, Mapping):
        return _of_mapping(source)
    if type(source).__module__.partition(".")[0] == "pandas":
        return _of_pandas(source)
    if hasattr(source, "__arrow_c_stream__"):
        return _of_arrow(source, "the tape")
    problems = Problems("the tape")
    problems.tape(
        f"found {type(source).__name__}, expected a path, a table that speaks Arrow, or a mapping of arrays"
    )
    raise problems.error()


def _read_file(path: Path) -> Source:
    problems = Problems(f"tape {path.name}")
    ending = path.suffix.casefold()
    if path.is_dir():
        problems.tape(f"found the folder {path}, expected a file")
    elif not path.exists():
        problems.tape(f"no such file: {path}")
    elif ending not in _READERS:
        problems.tape(f"found {path.name}, expected a file that ends in {', '.join(_READERS)}")
    problems.raise_if_any()
    return _READERS[ending](path, problems)


def _read_csv(path: Path, problems: Problems) -> Source:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        problems.tape(f"line {line} is not UTF-8 text; save the file as CSV UTF-8")
        raise problems.error() from error
    header, _, _ = text.partition("\n")
    delimiter = max(",\t;|", key=header.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines = [line for line in reader if any(line)]
    except csv.Error as error:
        problems.tape(f"not readable as CSV: {error}")
        raise problems.error() from error
    names = [name.strip() for name in lines[0]] if lines else []
    if not lines:
        problems.tape("empty: no header line")
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        problems.column(name, f"{names.count(name)} columns have this name")
    rows = lines[1:]
    for number, row in enumerate(rows):
        if len(row) != len(names):
            problems.row(number, f"found {len(row)} cells, expected {len(names)}")
    problems.raise_if_any()
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names) if name}
    return Source(f"tape {path.name}", columns)


def _read_parquet(path: Path, problems: Problems) -> Source:
    if importlib.util.find_spec("polars"):
        import polars as pl

        return _of_file(path, problems, lambda: pl.read_parquet(path))
    if importlib.util.find_spec("pyarrow"):
        from pyarrow import parquet

        return _of_file(path, problems, lambda: parquet.read_table(path))
    raise needs_extra(f"reading {path.name} needs polars")


def _read_excel(path: Path, problems: Problems) -> Source:
    if not (importlib.util.find_spec("polars") and importlib.util.find_spec("fastexcel")):
        raise needs_extra(f"reading {path.name} needs polars and fastexcel")
    import polars as pl

    return _of_file(path, problems, lambda: pl.read_excel(path, engine="calamine"))


def _of_file(path: Path, problems: Problems, read: Any) -> Source:
    try:
        frame = read()
    except Exception as error:  # the readers of other packages raise what they like
        problems.tape(f"not readable: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
        raise problems.error() from error
    return _of_arrow(frame, f"tape {path.name}")


_READERS = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".xlsx": _read_excel,
    ".xlsm": _read_excel,
    ".xls": _read_excel,
}


def _of_arrow(table: Any, what: str) -> Source:
    from arro3.core import Table as ArrowTable

    arrow = ArrowTable.from_arrow(table)
    columns: dict[str, list[Any]] = {}
    problems = Problems(what)
    for name in arrow.column_names:
        if name in columns:
            problems.column(name, "two columns have this name")
        columns[name] = _plain(arrow.column(name))
    problems.raise_if_any()
    return Source(what, columns)


def _plain(column: Any) -> list[Any]:
    """Return the Python values of an Arrow column; dictionaries are looked up."""
    from arro3.core import DataType

    if DataType.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    values: list[Any] = column.to_pylist()
    return values


def _of_pandas(frame: Any) -> Source:
    """Read a pandas data frame column by column: its Arrow export needs another package."""
    problems = Problems("the tape")
    names = [str(name) for name in frame.columns]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        problems.column(name, f"{names.count(name)} columns have this name")
    problems.raise_if_any()
    columns: dict[str, list[Any]] = {}
    for place, name in enumerate(names):
        columns[name] = _of_series(frame.iloc[:, place])
    return Source("the tape", columns)


def _of_series(series: Any) -> list[Any]:
    values: list[Any] = series.astype(object).where(series.notna(), None).tolist()
    return values


def _of_mapping(mapping: Mapping[str, Any]) -> Source:
    problems = Problems("the tape")
    columns: dict[str, list[Any]] = {}
    for name, cells in mapping.items():
        if isinstance(cells, str | bytes) or not hasattr(cells, "__len__"):
            problems.column(str(name), f"found {type(cells).__name__}, expected an array or a list")
            continue
        if isinstance(cells, np.ndarray):
            if cells.ndim != 1:
                problems.column(str(name), f"found an array of {cells.ndim} dimensions, expected 1")
                continue
            if cells.dtype.kind == "M":
                cells = cells.astype("datetime64[D]")  # noqa: PLW2901 - the same cells
            columns[str(name)] = cells.tolist()
        elif type(cells).__module__.partition(".")[0] == "pandas":
            columns[str(name)] = _of_series(cells)
        else:
            columns[str(name)] = cells.to_pylist() if hasattr(cells, "to_pylist") else list(cells)
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        problems.tape(f"columns differ in length: {', '.join(f'{name} {n}' for name, n in lengths.items())}")
    problems.raise_if_any()
    return Source("the tape", columns)
