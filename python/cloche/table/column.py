"""One column of a table: numbers, dates, booleans or names, any of them possibly null."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from arro3.core import Array

__all__ = ["NO_DATE", "Column", "Kind", "column_of", "days_of", "encode", "null_column"]

Kind = Literal["float", "int", "date", "bool", "text"]

NO_DATE = int(np.iinfo(np.int32).min)
"""What stands for a missing date in an array of days since 1970-01-01."""

_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, eq=False)
class Column:
    """Values of one kind.

    Parameters
    ----------
    kind
        ``float`` (NaN is null), ``int`` (never null), ``date`` (days since 1970-01-01, `NO_DATE` is null),
        ``bool`` (1, 0, -1 is null) or ``text`` (codes into `vocabulary`, -1 is null).
    values
        float64, int64, int32, int8 and int32 in this order; read-only.
    vocabulary
        The distinct texts of a text column.
    """

    kind: Kind
    values: NDArray[Any]
    vocabulary: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        view = self.values.view()
        view.flags.writeable = False
        object.__setattr__(self, "values", view)

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Column) or self.kind != other.kind or len(self) != len(other):
            return False
        if self.kind == "text" and self.vocabulary != other.vocabulary:
            return self.python() == other.python()
        return bool(np.array_equal(self.values, other.values, equal_nan=self.kind == "float"))

    __hash__ = None  # type: ignore[assignment]  # values of a table are compared, never keys

    @property
    def null(self) -> NDArray[np.bool_]:
        """Which rows are null."""
        null: NDArray[np.bool_]
        if self.kind == "float":
            null = np.isnan(self.values)
        elif self.kind == "date":
            null = self.values == NO_DATE
        elif self.kind == "int":
            null = np.zeros(len(self), dtype=np.bool_)
        else:
            null = self.values < 0
        return null

    def take(self, rows: NDArray[Any]) -> Column:
        """Return the column with the given rows, by position or by mask."""
        return Column(self.kind, np.ascontiguousarray(self.values[rows]), self.vocabulary)

    def equals_any(self, choices: Sequence[object]) -> NDArray[np.bool_]:
        """Return which rows hold one of some values; None stands for null, ISO text for a date.

        A choice that is no value of the column's kind is in no row.
        """
        if self.kind == "text":
            codes = {text: code for code, text in enumerate(self.vocabulary)}
            allowed: list[Any] = [
                codes[choice] for choice in choices if isinstance(choice, str) and choice in codes
            ]
        elif self.kind == "date":
            allowed = [day for choice in choices if (day := _day(choice)) is not None]
        else:
            numbers = (int, float, np.number, np.bool_)
            allowed = [choice for choice in choices if isinstance(choice, numbers)]
            if self.kind == "bool":
                allowed = [choice for choice in allowed if choice in (0, 1)]
        found: NDArray[np.bool_] = (
            np.isin(self.values, np.array(allowed)) if allowed else np.zeros(len(self), np.bool_)
        )
        return found | self.null if None in choices else found

    def numpy(self) -> NDArray[Any]:
        """Return a read-only NumPy array.

        float64 with NaN for null, int64, ``datetime64[D]`` with NaT for null, text as an object array with
        None for null; booleans as a bool array, or an object array with None where a value is null.
        """
        if self.kind in ("float", "int"):
            return self.values
        array: NDArray[Any]
        if self.kind == "date":
            array = self.values.astype("datetime64[D]")
            array[self.null] = np.datetime64("NaT")
        elif self.kind == "text":
            array = np.array([*self.vocabulary, None], dtype=object)[self.values]
        elif self.null.any():
            array = np.array([False, True, None], dtype=object)[self.values]
        else:
            array = self.values.astype(np.bool_)
        array.flags.writeable = False
        return array

    def python(self) -> list[Any]:
        """Return Python values, None for null."""
        if self.kind == "date":
            return [
                None if day == NO_DATE else dt.date.fromordinal(_EPOCH + day) for day in self.values.tolist()
            ]
        if self.kind == "text":
            words = [*self.vocabulary, None]
            return [words[code] for code in self.values.tolist()]
        if self.kind == "bool":
            return [(False, True, None)[code] for code in self.values.tolist()]
        values: list[Any] = self.values.tolist()
        return values if self.kind == "int" else [None if value != value else value for value in values]  # noqa: PLR0124 - NaN

    def arrow(self) -> Array:
        """Return an Arrow array: float64, int64, date32, bool or a dictionary of text."""
        from arro3.core import Array, DataType

        if self.kind == "text":
            words = Array(self.vocabulary, DataType.utf8()).take(_positions(self.values, self.null))
            return words.cast(DataType.dictionary(DataType.int32(), DataType.utf8()))
        values = self.values.astype(np.bool_) if self.kind == "bool" else np.ascontiguousarray(self.values)
        array = Array.from_numpy(values)
        if self.null.any():
            array = array.take(_positions(np.arange(len(self)), self.null))
        return array.cast(DataType.date32()) if self.kind == "date" else array


def _positions(rows: NDArray[Any], null: NDArray[np.bool_]) -> Array:
    """Return row numbers as an Arrow array with nulls.

    arro3 drops NumPy's masks, but its cast to integers turns NaN into null.
    """
    from arro3.core import Array, DataType

    return Array.from_numpy(np.where(null, np.nan, rows.astype(np.float64))).cast(DataType.uint32())


def encode(texts: Sequence[str | None]) -> tuple[NDArray[np.int32], list[str]]:
    """Return codes and vocabulary of texts, in order of appearance; -1 for None.

    Examples
    --------
    >>> codes, vocabulary = encode(["A", "B", None, "A"])
    >>> codes.tolist(), vocabulary
    ([0, 1, -1, 0], ['A', 'B'])
    """
    known: dict[str, int] = {}
    codes = [-1 if text is None else known.setdefault(text, len(known)) for text in texts]
    return np.array(codes, dtype=np.int32), list(known)


def days_of(dates: Sequence[dt.date | None]) -> NDArray[np.int32]:
    """Return days since 1970-01-01, `NO_DATE` for None."""
    return np.array(
        [NO_DATE if date is None else date.toordinal() - _EPOCH for date in dates], dtype=np.int32
    )


def _day(choice: object) -> int | None:
    """Return days since 1970-01-01 of a date, or of its ISO text."""
    try:
        day = np.datetime64(cast("dt.date", choice), "D").astype(dt.date)
    except (TypeError, ValueError):
        return None
    if not isinstance(day, dt.date) or (isinstance(choice, str) and day.isoformat() != choice):
        return None
    return day.toordinal() - _EPOCH


def null_column(kind: Kind, rows: int) -> Column:
    """Return a column of nothing but nulls (zeros where the kind has no null)."""
    fill: dict[Kind, NDArray[Any]] = {
        "float": np.full(rows, np.nan),
        "int": np.zeros(rows, dtype=np.int64),
        "date": np.full(rows, NO_DATE, dtype=np.int32),
        "bool": np.full(rows, -1, dtype=np.int8),
        "text": np.full(rows, -1, dtype=np.int32),
    }
    return Column(kind, fill[kind])


def column_of(data: object, *, date: bool = False, boolean: bool = False) -> Column:
    """Return a column from an array, codes with a vocabulary, or a list of Python values.

    Parameters
    ----------
    data
        A NumPy array, ``(codes, vocabulary)``, or a list of texts, dates, booleans or numbers, None for null.
    date
        The array holds days since 1970-01-01.
    boolean
        The array holds 1, 0 and -1 for null.

    Raises
    ------
    TypeError
        If no column can be made of the data.
    """
    if isinstance(data, Column):
        return data
    if isinstance(data, tuple):
        codes, vocabulary = data
        return Column("text", np.ascontiguousarray(codes, dtype=np.int32), tuple(vocabulary))
    if isinstance(data, np.ndarray) and data.ndim == 1:
        return _of_array(data, date=date, boolean=boolean)
    if isinstance(data, list):
        return _of_list(data, date=date, boolean=boolean)
    raise TypeError(f"no column can be made of {type(data).__name__}")


def _of_array(data: NDArray[Any], *, date: bool, boolean: bool) -> Column:
    kind = data.dtype.kind
    if kind == "M":
        days = data.astype("datetime64[D]")
        return Column("date", np.where(np.isnat(days), NO_DATE, days.astype(np.int64)).astype(np.int32))
    if kind == "b" or (boolean and kind in "iu"):
        return Column("bool", np.ascontiguousarray(data, dtype=np.int8))
    if date and kind in "iu":
        return Column("date", np.ascontiguousarray(data, dtype=np.int32))
    if kind in "iu":
        return Column("int", np.ascontiguousarray(data, dtype=np.int64))
    if kind == "f":
        return Column("float", np.ascontiguousarray(data, dtype=np.float64))
    if kind in "OU":
        return _of_list(data.tolist(), date=date, boolean=boolean)
    raise TypeError(f"no column can be made of an array of {data.dtype}")


def _of_list(data: list[Any], *, date: bool, boolean: bool) -> Column:
    present = [value for value in data if value is not None]
    if boolean or (present and all(isinstance(value, bool | np.bool_) for value in present)):
        return Column(
            "bool", np.array([-1 if value is None else int(value) for value in data], dtype=np.int8)
        )
    if date or (present and all(isinstance(value, dt.date) for value in present)):
        return Column("date", days_of(data))
    if present and all(isinstance(value, int) for value in present) and len(present) == len(data):
        return Column("int", np.array(data, dtype=np.int64))
    if present and all(isinstance(value, int | float) for value in present):
        return Column(
            "float", np.array([np.nan if value is None else value for value in data], dtype=np.float64)
        )
    if all(isinstance(value, str) for value in present):
        codes, vocabulary = encode(data)
        return Column("text", codes, tuple(vocabulary))
    raise TypeError("a column holds values of one kind: numbers, dates, booleans or text")
