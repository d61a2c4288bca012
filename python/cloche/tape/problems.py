"""Everything that is wrong with a tape, collected and then raised at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cloche.errors import Problem, TapeError

__all__ = ["Problems"]


class Problems:
    """Collects problems with their row and column.

    Parameters
    ----------
    what
        What is read, for the headline, such as a file's name.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._found: list[tuple[int, int, Problem]] = []
        self._cells: set[tuple[int, str]] = set()
        self.loan_ids: Sequence[str] = ()
        self.names: dict[str, str] = {}
        """Canonical name to the name in the source."""

    def tape(self, message: str) -> None:
        """Note what is wrong with the tape as a whole."""
        self._found.append((-1, len(self._found), Problem("tape", message)))

    def column(self, source: str, message: str) -> None:
        """Note what is wrong with a column."""
        self._found.append((-1, len(self._found), Problem(f'tape column "{source}"', message)))

    def cell(self, row: int, column: str, message: str) -> None:
        """Note what is wrong in a row (from 0) and a canonical column; the first problem of a cell counts."""
        if (row, column) in self._cells:
            return
        self._cells.add((row, column))
        source = self.names.get(column, column)
        loan = self.loan_ids[row] if row < len(self.loan_ids) else ""
        whose = f"loan {loan}: " if loan and column != "loan_id" else ""
        place = f'tape row {row + 1}, column "{source}"'
        self._found.append((row, len(self._found), Problem(place, whose + message)))

    def row(self, row: int, message: str) -> None:
        """Note what is wrong with a row (from 0) as a whole."""
        self._found.append((row, len(self._found), Problem(f"tape row {row + 1}", message)))

    def has(self, row: int, column: str) -> bool:
        """Tell whether a cell has a problem already."""
        return (row, column) in self._cells

    def rows(self, column: str, count: int) -> NDArray[np.bool_]:
        """Return which of the first `count` rows have a problem in a column."""
        rows = np.zeros(count, dtype=np.bool_)
        for row, name in self._cells:
            rows[row] |= name == column
        return rows

    def raise_if_any(self) -> None:
        """Raise what was found.

        Raises
        ------
        TapeError
            With every problem, those of the whole tape first, then by row.
        """
        if self._found:
            raise self.error()

    def error(self) -> TapeError:
        """Return the error of what was found."""
        problems = [problem for _, _, problem in sorted(self._found, key=lambda item: item[:2])]
        count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
        return TapeError(f"{self._what} has {count}", problems)
