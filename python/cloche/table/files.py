"""Files that are whole or not there: a table is written beside its place and moved over it."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import importlib.util
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloche.errors import RunError

if TYPE_CHECKING:
    from cloche.table.table import Table

__all__ = ["atomic", "needs_extra", "write_csv", "write_parquet"]


@contextlib.contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the path of a temporary file beside `path`, and move it there when the block ends well.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic(f"{folder}/a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     sorted(os.listdir(folder))
    ['a.txt']
    """
    place = Path(path)
    temporary = place.with_name(f".{place.name}.{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def needs_extra(what: str, extra: str = "io") -> RunError:
    """Return the error of a call whose optional package is missing."""
    return RunError(f'{what}: pip install "cloche[{extra}]"')


def write_csv(table: Table, path: str | os.PathLike[str]) -> None:
    """Write a table as CSV: UTF-8, ISO dates, floats that read back to the same bits, nulls empty."""
    columns = [map(_cell, table.column(name).python()) for name in table.columns]
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(zip(*columns, strict=True))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def write_parquet(table: Table, path: str | os.PathLike[str]) -> None:
    """Write a table as Parquet, with polars or, where that is missing, pyarrow."""
    if importlib.util.find_spec("polars"):
        frame = table.to_polars()
        with atomic(path) as temporary:
            frame.write_parquet(temporary)
    elif importlib.util.find_spec("pyarrow"):
        import pyarrow as pa
        from pyarrow import parquet

        with atomic(path) as temporary:
            parquet.write_table(pa.table(table), temporary)
    else:
        raise needs_extra("writing Parquet needs polars")
