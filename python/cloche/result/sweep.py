"""Many deterministic paths: one row per point and note."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cloche.errors import RunError
from cloche.model.wording import did_you_mean
from cloche.result.schemas import PATH_TABLES, Schema
from cloche.result.sweep_summary import sweep_summary
from cloche.result.tables import Made, Tables
from cloche.table import Column, Table, column_of, encode

if TYPE_CHECKING:
    from cloche.model.deal import Deal
    from cloche.model.grid import Axis
    from cloche.model.scenario import Scenario
    from cloche.model.state import DealState
    from cloche.result.result import Result
    from cloche.tape import LoanPool

__all__ = ["Sweep"]

_Inputs = tuple["LoanPool", Callable[[int], tuple["Deal", "Scenario"]], "DealState | None"]


class Sweep(Tables):
    """What a deal pays at every point of a sweep: the varied values, and each class over the whole path.

    Money is in currency units, rates are decimals.
    """

    def __init__(
        self,
        tables: Mapping[str, Made],
        *,
        conservation_error: float,
        document: Mapping[str, Any],
        manifest: Mapping[str, Any],
        varied: Sequence[str] = (),
        inputs: _Inputs | None = None,
    ) -> None:
        super().__init__(tables, conservation_error=conservation_error, document=document, manifest=manifest)
        self._varied = tuple(varied)
        self._inputs = inputs

    @classmethod
    def from_core(
        cls,
        core: Any,
        *,
        axes: Sequence[Axis],
        inputs: _Inputs,
        document: Mapping[str, Any],
        manifest: Mapping[str, Any],
    ) -> Self:
        """Return a sweep of the engine's object.

        Parameters
        ----------
        core
            The engine's sweep.
        axes
            What varies, the last axis fastest.
        inputs
            The pool, the deal and the scenario of each point, and the state that all go on from.
        document, manifest
            The deal in canonical form, and the run's manifest.
        """

        def points() -> Table:
            columns = dict(core.points())
            labels = {axis.name: column_of(_labels(axis, axes, columns["point"])) for axis in axes}
            return Table.from_columns({"point": columns.pop("point"), **labels, **columns})

        def notes() -> Table:
            def column(name: str) -> Column:
                return column_of(core.note_column(name), date=PATH_TABLES["notes"].get(name) == "date")

            def label(axis: Axis) -> Column:
                return column_of(_labels(axis, axes, core.note_column("point")))

            names = [*PATH_TABLES["notes"], "max_interest_shortfall"]
            makers = {
                "point": partial(column, "point"),
                **{axis.name: partial(label, axis) for axis in axes},
                **{name: partial(column, name) for name in names},
            }
            return Table.from_makers(core.note_rows(), makers)

        return cls(
            {"points": points, "notes": notes},
            conservation_error=core.conservation_error,
            document=document,
            manifest=manifest,
            varied=[axis.name for axis in axes],
            inputs=inputs,
        )

    @property
    def notes(self) -> Table:
        """One row per point and note: the varied values, then the columns of `Result.notes`; made as they are read."""
        return self._table("notes")

    @property
    def points(self) -> Table:
        """One row per point: the varied values and the conservation error."""
        return self._table("points")

    @property
    def varied(self) -> tuple[str, ...]:
        """Columns of what varies, the slowest first."""
        return self._varied

    def __len__(self) -> int:
        return len(self.points)

    def pivot(
        self,
        value: str,
        *,
        note: str,
        rows: str | None = None,
        columns: str | None = None,
        at: Mapping[str, Any] | None = None,
    ) -> Table:
        """Return one figure of one class as a table of two varied values.

        Parameters
        ----------
        value
            Column of `notes`, such as ``irr``, ``loss_rate`` or ``wal``.
        note
            Name of the class.
        rows, columns
            Varied values; by default the first and the second. With one varied value the table has one column of
            figures.
        at
            Of the other varied values the one that is shown, as `notes` has it.

        Returns
        -------
        Table
            A row per value of `rows`, a column per value of `columns`.

        Raises
        ------
        RunError
            If the sweep has no such figure, class or varied value, or another value varies and `at` does not tell which
            is meant.
        """
        down = self._named("rows", rows or self._varied[0], self._varied)
        across = columns or next((name for name in self._varied if name != down), None)
        self._named("value", value, self.notes.columns)
        names = self.notes.column("note").vocabulary
        own = self.notes.filter(note=self._named("note", note, names))
        if across is None:
            return Table.from_columns({down: own[down], value: own[value]})
        if self._named("columns", across, self._varied) == down:
            raise RunError(f"rows, columns: found {down!r} twice, expected two varied values")
        own = self._at(own, at or {}, shown=(down, across))
        (heads, row), (tops, column) = (_in_order(own.column(name)) for name in (down, across))
        figures = np.full((len(tops), len(heads)), None, dtype=object)
        figures[column, row] = own[value]
        return Table.from_columns(
            {down: heads, **{str(top): each.tolist() for top, each in zip(tops, figures, strict=True)}}
        )

    def _at(self, own: Table, at: Mapping[str, Any], *, shown: Sequence[str]) -> Table:
        """Return the rows of a class at one value of all that varies beside what is shown."""
        others = [name for name in self._varied if name not in shown]
        for name in at:
            self._named("at", name, others)
        for name in others:
            known = list(dict.fromkeys(own[name].tolist()))
            if name in at:
                if at[name] not in known:
                    expected = ", ".join(map(repr, known))
                    raise RunError(f"at: found {name} = {at[name]!r}, expected one of {expected}")
                own = own.filter(**{name: at[name]})
            elif len(known) > 1:
                raise RunError(
                    f"{name} varies, too, over {', '.join(map(repr, known))}: "
                    f"say which is meant with at={{{name!r}: {known[0]!r}}}"
                )
        return own

    def project(self, point: int) -> Result:
        """Return one point with every payment explained.

        Parameters
        ----------
        point
            Number of the point, from 0.

        Raises
        ------
        RunError
            If there is no such point, or the sweep was pickled: its pool stays behind.
        """
        from cloche.run import project

        if self._inputs is None:
            raise RunError("a sweep that was pickled cannot project its points: run it again")
        total = int(self._manifest["points"])
        if isinstance(point, bool) or not isinstance(point, int) or not 0 <= point < total:
            raise RunError(f"point: found {point!r}, expected a number from 0 to {total - 1}")
        pool, again, state = self._inputs
        deal, scenario = again(point)
        return project(deal, pool, scenario, state=state)

    def summary(self) -> str:
        """Return one screen: what varies, and what each class comes to at the points."""
        return sweep_summary(
            self.notes, self._varied, self._document, self._manifest, self.conservation_error
        )

    @staticmethod
    def _named(what: str, name: str, known: Sequence[str]) -> str:
        if name not in known:
            raise RunError(
                f"{what}: found {name!r}, which the sweep does not have{did_you_mean(name, known)}"
            )
        return name

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_inputs": None}

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"

    _schemas: Mapping[str, Schema] = MappingProxyType({})


def _in_order(column: Column) -> tuple[list[Any], np.ndarray[Any, Any]]:
    """Return the distinct values of a column as they appear, and for each row the place of its own."""
    _, first, place = np.unique(column.values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return column.take(first[order]).python(), rank[place]


def _labels(axis: Axis, axes: Sequence[Axis], points: np.ndarray[Any, Any]) -> Any:
    """Return the label of an axis at each point: numbers as an array, words as codes and vocabulary."""
    place = list(axes).index(axis)
    faster = int(np.prod([len(other.values) for other in list(axes)[place + 1 :]], dtype=np.int64))
    positions = points // faster % len(axis.values)
    labels = axis.labels
    if all(isinstance(label, int) and not isinstance(label, bool) for label in labels):
        return np.array(labels, dtype=np.int64)[positions]
    if all(isinstance(label, (int, float)) and not isinstance(label, bool) for label in labels):
        return np.array(labels, dtype=np.float64)[positions]
    codes, words = encode([str(label) for label in labels])
    return codes[positions], words
