"""Many correlated paths."""

from __future__ import annotations

import html
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, Self

import numpy as np

from cloche.errors import RunError
from cloche.model.state import DealState
from cloche.model.wording import found
from cloche.result.documents_in_force import BringsIn
from cloche.result.result import Result
from cloche.result.schemas import SIMULATION_TABLES, Schema
from cloche.result.simulation_summary import simulation_summary
from cloche.result.tables import Made, Tables
from cloche.table import Table

__all__ = ["Simulation"]

Keep = Literal["summary", "paths", "cashflows"]


class Simulation(Tables):
    """What a deal pays over many paths: estimates with standard errors, and any path again in full.

    Probabilities, losses and rates are decimals, times are years; ``_se`` columns are standard errors.
    """

    _schemas: Mapping[str, Schema] = MappingProxyType(SIMULATION_TABLES)

    def __init__(
        self,
        tables: Mapping[str, Made],
        *,
        conservation_error: float,
        document: Mapping[str, Any],
        manifest: Mapping[str, Any],
        core: Any = None,
        brings_in: BringsIn | None = None,
    ) -> None:
        super().__init__(tables, conservation_error=conservation_error, document=document, manifest=manifest)
        self._core = core
        self._brings_in = brings_in

    @classmethod
    def from_core(
        cls,
        core: Any,
        *,
        keep: Keep,
        document: Mapping[str, Any],
        manifest: Mapping[str, Any],
        brings_in: BringsIn | None = None,
    ) -> Self:
        """Return a simulation of the engine's object.

        Parameters
        ----------
        core
            The engine's simulation.
        keep
            ``paths`` adds the table of paths, ``cashflows`` those of mean cash flows and of tests.
        document, manifest
            The deal in canonical form, and the run's manifest.
        brings_in
            What may bring in other documents.
        """
        raw = dict(core.tables())
        if keep == "paths":
            raw["paths"] = core.paths()
        if keep != "cashflows":
            raw.pop("cashflows", None)
            raw.pop("tests", None)
        return cls.from_engine(raw, document=document, manifest=manifest, core=core, brings_in=brings_in)

    @property
    def notes(self) -> Table:
        """One row per note: default probability, expected loss, loss quantiles, WAL, with standard errors."""
        return self._table("notes")

    @property
    def cumulative_default(self) -> Table:
        """One row per note, year and basis: cumulative default rate."""
        return self._table("cumulative_default")

    @property
    def pool(self) -> Table:
        """One row per horizon: cumulative defaults and losses of the closing pool over closing par."""
        return self._table("pool")

    @property
    def equity(self) -> Table:
        """One row per residual note: distribution of IRR and multiple of invested capital."""
        return self._table("equity")

    @property
    def cashflows(self) -> Table:
        """One row per payment date and note: means over the paths, with standard errors."""
        return self._table("cashflows", 'run with keep="cashflows"')

    @property
    def tests(self) -> Table:
        """One row per determination date and test: probability of failing, and what it diverts on average."""
        return self._table("tests", 'run with keep="cashflows"')

    @property
    def events(self) -> Table:
        """One row per event and payment date: the share of paths in which it happens then."""
        return self._table("events")

    @property
    def paths(self) -> Table:
        """One row per path and note: losses in money, WAL, IRR."""
        return self._table("paths", 'run with keep="paths"')

    @property
    def paths_done(self) -> int:
        """Number of paths of the result."""
        return int(self._manifest["paths"])

    def replay(self, path: int) -> Result:
        """Return one path with every payment explained and its table of defaults.

        Parameters
        ----------
        path
            Number of the path, from 0.

        Returns
        -------
        Result
            With the bits that the path had in the simulation.

        Raises
        ------
        RunError
            If the simulation has no such path, or was pickled: the paths themselves stay behind.
        """
        if self._core is None:
            raise RunError(
                "a simulation that was pickled cannot replay: run it again with the manifest's seed"
            )
        whole = isinstance(path, int | np.integer) and not isinstance(path, bool)
        if not whole or not 0 <= path < self.paths_done:
            raise RunError(
                f"path: found {found(path)}, expected a whole number from 0 to {self.paths_done - 1}"
            )
        path = int(path)
        raw = self._core.replay(path)
        core = self._core

        def state_at(date: str) -> DealState:
            return DealState.from_json(core.state_at(path, date))

        facts = {**self._manifest, "path": path}
        return Result.from_engine(
            raw, document=self._document, manifest=facts, brings_in=self._brings_in, state_at=state_at
        )

    def summary(self) -> str:
        """Return one screen: capital structure, risk of each class, defaults of the pool, equity."""
        return simulation_summary(self.tables, self._document, self._manifest, self.conservation_error)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_core": None}

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"
