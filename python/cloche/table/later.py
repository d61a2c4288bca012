"""Columns that are made when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cloche.table.column import Column

__all__ = ["Later"]


class Later(Mapping[str, Column]):
    """Columns of a table with so many rows, each made at its first use and kept.

    Parameters
    ----------
    rows
        Length of every column.
    makers
        Name to what makes the column, in order.
    """

    def __init__(self, rows: int, makers: Mapping[str, Callable[[], Column]]) -> None:
        self.rows = rows
        self._makers = dict(makers)
        self._made: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        made = self._made.get(name)
        if made is None:
            made = self._makers[name]()
            if len(made) != self.rows:
                raise ValueError(f"column {name}: found {len(made)} rows, expected {self.rows}")
            self._made[name] = made
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
