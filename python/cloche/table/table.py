"""The one kind of table that cloche returns."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from cloche.table import display, files
from cloche.table.column import Column, Kind, column_of, null_column
from cloche.table.later import Later

if TYPE_CHECKING:
    import arro3.core
    import pandas as pd
    import polars as pl

__all__ = ["Table"]


class Table:
    """Named columns of equal length, immutable; Arrow at first access.

    ``table["note"]`` is a read-only NumPy array: float64 with NaN for null, int64, ``datetime64[D]`` with
    NaT for null, text as an object array (None for null), booleans as a bool array (an object array with
    None where a value is null). Any library that speaks Arrow takes the table itself:
    ``polars.DataFrame(table)``, ``pyarrow.table(table)``, ``duckdb.sql("from notes")``.

    Parameters
    ----------
    columns
        Name to column, in order.

    Raises
    ------
    ValueError
        If the columns differ in length.

    Examples
    --------
    >>> table = Table.from_columns({"note": ["A", "E"], "wal": [6.5, None]})
    >>> table["note"].tolist(), len(table)
    (['A', 'E'], 2)
    >>> table.filter(note="A").to_dict()
    {'note': ['A'], 'wal': [6.5]}
    >>> print(table)
    note  wal
    A     6.5
    E
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns: Mapping[str, Column]
        if isinstance(columns, Later):
            self._columns, self._length = columns, columns.rows
            return
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            found = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
            raise ValueError(f"columns of different lengths: {found}")
        self._columns = dict(columns)
        self._length = lengths.pop() if lengths else 0

    @classmethod
    def from_columns(
        cls,
        columns: Mapping[str, object],
        *,
        dates: Collection[str] = (),
        booleans: Collection[str] = (),
    ) -> Self:
        """Return a table of arrays.

        Parameters
        ----------
        columns
            Name to a float64 array (NaN is null), an integer array, ``(codes, vocabulary)`` for text (-1 is
            null), or a list of Python values (None is null).
        dates
            Columns whose integers are days since 1970-01-01; the least int32 is null.
        booleans
            Columns whose integers are 1, 0, or -1 for null.
        """
        return cls(
            {
                name: column_of(data, date=name in dates, boolean=name in booleans)
                for name, data in columns.items()
            }
        )

    @classmethod
    def from_makers(cls, rows: int, makers: Mapping[str, Callable[[], Column]]) -> Self:
        """Return a table whose columns are made when they are first asked for.

        Parameters
        ----------
        rows
            Number of rows.
        makers
            Name to what makes the column, in order.
        """
        return cls(Later(rows, makers))

    @classmethod
    def from_schema(cls, columns: Mapping[str, object], schema: Mapping[str, Kind]) -> Self:
        """Return a table with the columns of a schema, in its order, and any others after them.

        A column that is not in `columns` is null in every row.
        """
        given = {
            name: column_of(data, date=schema.get(name) == "date", boolean=schema.get(name) == "bool")
            for name, data in columns.items()
        }
        rows = max((len(column) for column in given.values()), default=0)
        ordered = {
            name: given[name] if name in given else null_column(kind, rows) for name, kind in schema.items()
        }
        return cls(ordered | {name: column for name, column in given.items() if name not in schema})

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self._columns)

    def column(self, name: str) -> Column:
        """Return a column with its kind.

        Raises
        ------
        KeyError
            If the table has no such column; the message lists those it has.
        """
        try:
            return self._columns[name]
        except KeyError:
            raise KeyError(f"no column {name!r}; columns: {', '.join(self._columns)}") from None

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.column(name).numpy()

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return self._length

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.columns == other.columns and all(
            self._columns[name] == other.column(name) for name in self
        )

    __hash__ = None  # type: ignore[assignment]  # compared by value; not a key

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self._columns),)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows as dictionaries of Python values, None for null.

        Examples
        --------
        >>> list(Table.from_columns({"note": ["A"], "wal": [6.5]}).rows())
        [{'note': 'A', 'wal': 6.5}]
        """
        columns = [column.python() for column in self._columns.values()]
        for values in zip(*columns, strict=True):
            yield dict(zip(self._columns, values, strict=True))

    def filter(self, **equal: object) -> Self:
        """Return the rows in which every named column equals the given value.

        Parameters
        ----------
        **equal
            Column to a value, or to a list, tuple or set of values. Dates may be ISO text; None finds nulls.

        Examples
        --------
        >>> table = Table.from_columns({"note": ["A", "B", "C"], "wal": [6.5, 7.0, 7.5]})
        >>> table.filter(note=["A", "C"])["wal"].tolist()
        [6.5, 7.5]
        """
        keep = np.ones(len(self), dtype=np.bool_)
        for name, wanted in equal.items():
            choices = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
            keep &= self.column(name).equals_any(list(choices))
        rows = np.flatnonzero(keep)
        if isinstance(self._columns, Later):
            return self.from_makers(len(rows), {name: partial(self._taken, name, rows) for name in self})
        return type(self)({name: column.take(rows) for name, column in self._columns.items()})

    def _taken(self, name: str, rows: NDArray[np.intp]) -> Column:
        return self._columns[name].take(rows)

    @cached_property
    def _arrow(self) -> arro3.core.Table:
        from arro3.core import Table as ArrowTable

        return ArrowTable.from_pydict({name: column.arrow() for name, column in self._columns.items()})

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._arrow.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._arrow.__arrow_c_schema__()

    def to_dict(self) -> dict[str, list[Any]]:
        """Return each column as a list of Python values, None for null."""
        return {name: column.python() for name, column in self._columns.items()}

    def to_numpy(self) -> dict[str, NDArray[Any]]:
        """Return each column as a read-only NumPy array, as ``table[name]`` does."""
        return {name: column.numpy() for name, column in self._columns.items()}

    def to_pandas(self) -> pd.DataFrame:
        """Return a pandas data frame: text as categories, nullable booleans, dates as ``datetime64[s]``."""
        import pandas as pd

        def series(column: Column) -> Any:
            if column.kind == "text":
                return pd.Categorical.from_codes(column.values, categories=pd.Index(list(column.vocabulary)))
            if column.kind == "bool":
                return pd.array(column.python(), dtype="boolean")
            values = column.numpy()
            return values.astype("datetime64[s]") if column.kind == "date" else values.copy()

        return pd.DataFrame({name: series(column) for name, column in self._columns.items()})

    def to_polars(self) -> pl.DataFrame:
        """Return a polars data frame: text as categories, dates as dates."""
        import polars as pl

        return pl.DataFrame(self)

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table as CSV; the file is whole or not there.

        UTF-8 with a header line, ISO dates, empty cells for null; floats read back to the same bits.
        """
        files.write_csv(self, path)

    def write_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write the table as Parquet; the file is whole or not there.

        Raises
        ------
        RunError
            If neither polars nor pyarrow is installed.
        """
        files.write_parquet(self, path)

    def __repr__(self) -> str:
        return display.as_text(self)

    def _repr_html_(self) -> str:
        return display.as_html(self)
