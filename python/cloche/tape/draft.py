"""A tape while it is read: columns that are still being filled in, and what was found wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloche.table import NO_DATE
from cloche.tape.aliases import Match, Unit
from cloche.tape.columns import CANONICAL, INPUTS, TapeColumn
from cloche.tape.problems import Problems
from cloche.tape.sources import Source
from cloche.tape.values import as_booleans, as_dates, as_numbers, as_texts

__all__ = ["Draft"]


class Draft:
    """Canonical columns by kind, in the order of the source.

    Parameters
    ----------
    source
        The table as it came.
    matches
        What each of its columns reads as.
    as_of
        Days since 1970-01-01.
    problems
        Takes every cell that cannot be read.

    Attributes
    ----------
    rows : int
    present : set of str
        Canonical columns that the source has.
    numbers : dict of float64 arrays, NaN where absent
    dates : dict of int32 arrays, days since 1970-01-01
    flags : dict of int8 arrays, -1 where absent
    texts : dict of lists of str, empty where absent
    defaults : list of (column, default, rows)
    """

    def __init__(self, source: Source, matches: Sequence[Match], *, as_of: int, problems: Problems) -> None:
        self.as_of = as_of
        self.problems = problems
        self.rows = len(next(iter(source.columns.values())))
        self.defaults: list[tuple[str, str, int]] = []
        self._matches = {match.column: match for match in matches if match.column}
        self.present = set(self._matches)
        problems.names = {column: match.source for column, match in self._matches.items()}
        ids = self._matches.get("loan_id")
        problems.loan_ids = as_texts(source.columns[ids.source]) if ids else ()
        self.numbers: dict[str, NDArray[np.float64]] = {}
        self.dates: dict[str, NDArray[np.int32]] = {}
        self.flags: dict[str, NDArray[np.int8]] = {}
        self.texts: dict[str, list[str]] = {}
        for name, column in {**CANONICAL, **INPUTS}.items():
            match = self._matches.get(name)
            if match is None:
                self._absent(name, column)
            else:
                self._read(name, column, source.columns[match.source], match.unit)

    def _absent(self, name: str, column: TapeColumn) -> None:
        if column.quantity is not None:
            self.numbers[name] = np.full(self.rows, np.nan)
        elif column.kind == "date":
            self.dates[name] = np.full(self.rows, NO_DATE, dtype=np.int32)
        elif column.kind == "bool":
            self.flags[name] = np.full(self.rows, -1, dtype=np.int8)
        else:
            self.texts[name] = [""] * self.rows

    def _read(self, name: str, column: TapeColumn, cells: Sequence[Any], unit: Unit) -> None:
        problems = self.problems
        if column.quantity is not None:
            self.numbers[name] = as_numbers(
                cells, column=name, quantity=column.quantity, unit=unit, problems=problems
            )
        elif column.kind == "date":
            self.dates[name] = as_dates(cells, column=name, problems=problems)
        elif column.kind == "bool":
            self.flags[name] = as_booleans(cells, column=name, problems=problems)
        else:
            self.texts[name] = as_texts(cells)

    def note_default(self, column: str, default: str, rows: int) -> None:
        """Note that a default was used in so many rows; none is not noted."""
        if rows:
            self.defaults.append((column, default, rows))

    def fill_texts(self, column: str, values: Sequence[str]) -> int:
        """Fill in texts where there is none; the number of rows filled."""
        texts = self.texts[column]
        missing = [row for row, text in enumerate(texts) if not text and values[row]]
        for row in missing:
            texts[row] = values[row]
        return len(missing)

    def rows_where(self, column: str, word: str) -> NDArray[np.bool_]:
        """Return the rows whose text is `word`."""
        return np.fromiter((text == word for text in self.texts[column]), dtype=np.bool_, count=self.rows)

    def in_currency_of(self, column: str) -> NDArray[np.bool_]:
        """Return the rows whose par is in the currency that the name of an amount column states, if any."""
        match = self._matches.get(column)
        stated = match.currency if match else ""
        same = (not stated or currency in ("", stated) for currency in self.texts["currency"])
        return np.fromiter(same, np.bool_, self.rows)

    def rating(self, row: int) -> str:
        """Return the rating used for prices: S&P, else Moody's, else Fitch; empty if unrated."""
        agencies = ("rating_sp", "rating_moodys", "rating_fitch")
        return next(filter(None, (self.texts[name][row] for name in agencies)), "")

    @property
    def performing(self) -> NDArray[np.bool_]:
        """Rows without a default date on or before the as-of date."""
        dates = self.dates["default_date"]
        performing: NDArray[np.bool_] = (dates == NO_DATE) | (dates > self.as_of)
        return performing
