"""One deterministic path, and one payment date."""

from __future__ import annotations

import datetime as dt
import html
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic_core import PydanticCustomError

from cloche.errors import RunError
from cloche.model.state import DealState
from cloche.model.text import iso_date
from cloche.result.documents_in_force import BringsIn, InForce, documents_in_force
from cloche.result.explanation import explained
from cloche.result.path_summary import path_summary
from cloche.result.schemas import PATH_TABLES, Schema
from cloche.result.tables import Made, Tables
from cloche.table import Table
from cloche.table.files import atomic

__all__ = ["PaymentDate", "Result"]


class Result(Tables):
    """What a deal pays on one path, with every payment explained.

    Money is in currency units, rates and ratios are decimals; `summary` prints percent and basis points.
    """

    _schemas: Mapping[str, Schema] = MappingProxyType(PATH_TABLES)

    def __init__(
        self,
        tables: Mapping[str, Made],
        *,
        conservation_error: float,
        document: Mapping[str, Any],
        manifest: Mapping[str, Any],
        brings_in: BringsIn | None = None,
        state_at: Callable[[str], DealState] | None = None,
    ) -> None:
        super().__init__(tables, conservation_error=conservation_error, document=document, manifest=manifest)
        self._brings_in = brings_in or BringsIn()
        self._state_at = state_at

    def state_at(self, date: dt.date | str) -> DealState:
        """Return the state of the deal after one of the payment dates of the run.

        ``project(deal, pool, scenario, state=…)`` goes on from it with the bits of this run. A state of a replayed path
        holds what happens in the path; `DealState.without` leaves that out.

        Parameters
        ----------
        date
            A payment date, adjusted, as in ``cashflows``.

        Returns
        -------
        DealState
            Notes, deferrals, unpaid fees, cash, past distributions, and what is left of the pool, recoveries to come
            and purchases included; money in currency units.

        Raises
        ------
        RunError
            If the run has no such payment date, or was pickled: its inputs stay behind.

        Examples
        --------
        >>> import cloche as cl
        >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
        >>> pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
        >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)
        >>> run = cl.project(deal, pool, base)
        >>> state = run.state_at("2030-07-22")
        >>> rest = cl.project(deal, pool, base, state=cl.DealState.from_yaml(state.to_yaml()))
        >>> rest.cashflows["end_balance"].tolist() == run.cashflows["end_balance"].tolist()[-len(rest.cashflows):]
        True
        """
        if self._state_at is None:
            raise RunError("a run that was pickled has no states: project it again")
        try:
            return self._state_at(iso_date(date))
        except PydanticCustomError as refusal:
            raise RunError(f"date: {refusal.message()}") from None

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_state_at": None}

    @property
    def notes(self) -> Table:
        """One row per note: what it was paid, deferred and lost, its weighted average life and IRR."""
        return self._table("notes")

    @property
    def cashflows(self) -> Table:
        """One row per payment date and note."""
        return self._table("cashflows")

    @property
    def collateral(self) -> Table:
        """One row per payment date: the pool at the determination date, before payments and purchases."""
        return self._table("collateral")

    @property
    def tests(self) -> Table:
        """One row per determination date and test, before any payment; ``ratio_after`` after its cure."""
        return self._table("tests")

    @property
    def ledger(self) -> Table:
        """One row per payment date, step and payee: due, paid, and what was available."""
        return self._table("ledger")

    @property
    def fees(self) -> Table:
        """One row per payment date and fee."""
        return self._table("fees")

    @property
    def accounts(self) -> Table:
        """One row per payment date and account of the deal: its balance, and what was paid into and out of it."""
        return self._table("accounts")

    @property
    def hedges(self) -> Table:
        """One row per payment date and hedge: what the issuer received, owed, paid and left unpaid."""
        return self._table("hedges")

    @property
    def events(self) -> Table:
        """What happened when: defaults of the deal, the end of the reinvestment period, calls."""
        return self._table("events")

    @property
    def schedule(self) -> Table:
        """One row per payment period."""
        return self._table("schedule", "`deal.schedule()` has the dates")

    @property
    def defaults(self) -> Table:
        """One row per company that defaulted; of a replayed path."""
        return self._table("defaults", "a projected path defaults by rates; replayed paths name companies")

    def explain(self, date: dt.date | str, note: str) -> str:
        """Say why a class was paid what it was on one payment date.

        Parameters
        ----------
        date
            Payment date, a date or ISO text.
        note
            Name of the class.

        Returns
        -------
        str
            A paragraph each for what it received, its interest, its deferred interest and its principal; for a residual
            note one for each of the proceeds. Money in currency units, to the cent.

        Raises
        ------
        RunError
            If the run has no such payment date or class.

        Examples
        --------
        >>> import cloche as cl
        >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
        >>> pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
        >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)
        >>> print(cl.project(deal, pool, base).explain("2026-01-20", "A").splitlines()[0])
        On 2026-01-20 Class A received 4,436,444.44 of interest, which is all that was due, and no principal.
        """
        return explained(
            date=date,
            note=note,
            ledger=self.ledger,
            places=self._table("_places") if "_places" in self._made else None,
            tests=self.tests,
            cashflows=self.cashflows,
            course=self._course(),
            replaces=self._replaces(),
        )

    def _replaces(self) -> dict[str, str]:
        """Return the class that each note of an event replaces or joins."""
        rows = self.notes.rows() if "notes" in self._made else ()
        return {row["note"]: row["replaces"] for row in rows if row["replaces"]}

    def _course(self) -> list[InForce]:
        """Return the documents that ruled in the path, in order."""
        return documents_in_force(
            self._document,
            self._brings_in,
            events=self.events if "events" in self._made else None,
            cashflows=self.cashflows,
            replaces=self._replaces(),
        )

    def summary(self) -> str:
        """Return one screen: capital structure, what each class gets, tests, events, equity."""
        return path_summary(
            notes=self.notes,
            cashflows=self.cashflows if "cashflows" in self._made else None,
            tests=self.tests,
            events=self.events if "events" in self._made else None,
            course=self._course(),
            manifest=self._manifest,
            conservation_error=self.conservation_error,
        )

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


class PaymentDate(Tables):
    """One payment date from a state: ``ledger``, ``tests``, ``notes``, and the state after it."""

    _schemas: Mapping[str, Schema] = MappingProxyType(
        {
            "ledger": PATH_TABLES["ledger"],
            "_places": PATH_TABLES["_places"],
            "tests": PATH_TABLES["tests"],
            "cashflows": PATH_TABLES["cashflows"],
            "fees": PATH_TABLES["fees"],
            "events": PATH_TABLES["events"],
        }
    )

    def __init__(
        self,
        tables: Mapping[str, Made],
        *,
        conservation_error: float,
        document: Mapping[str, Any],
        manifest: Mapping[str, Any],
        state: Any = None,
    ) -> None:
        super().__init__(tables, conservation_error=conservation_error, document=document, manifest=manifest)
        self._state = state

    @property
    def ledger(self) -> Table:
        """One row per step and payee."""
        return self._table("ledger")

    @property
    def tests(self) -> Table:
        """One row per test."""
        return self._table("tests")

    @property
    def notes(self) -> Table:
        """One row per note, with the columns of `Result.cashflows`."""
        return self._table("cashflows")

    @property
    def places(self) -> list[str | None]:
        """Where the step of each row of the ledger stands in the document: ``waterfalls.interest[3]``."""
        return (
            self._table("_places").column("place").python()
            if "_places" in self._made
            else [None] * len(self.ledger)
        )

    @property
    def fees(self) -> Table:
        """One row per fee."""
        return self._table("fees")

    @property
    def events(self) -> Table:
        """What happened on the date."""
        return self._table("events")

    def explain(self, note: str) -> str:
        """Say why a class was paid what it was on the date, as `Result.explain` does.

        Parameters
        ----------
        note
            Name of the class.

        Raises
        ------
        RunError
            If the deal has no such class.
        """
        return explained(
            date=self.notes.column("date").python()[0],
            note=note,
            ledger=self.ledger,
            places=self._table("_places"),
            tests=self.tests,
            cashflows=self.notes,
            course=documents_in_force(self._document),
        )

    @property
    def state(self) -> Any:
        """The state of the deal after the payment date."""
        return self._state

    def write(
        self, folder: str | os.PathLike[str], *, form: Literal["parquet", "csv"] = "parquet"
    ) -> list[Path]:
        """Write the tables, the state after the date as ``state.yaml``, and the manifest; as `Result.write` does."""
        *tables, manifest = super().write(folder, form=form)
        path = Path(folder) / "state.yaml"
        with atomic(path) as temporary:
            temporary.write_text(self._state.to_yaml(), encoding="utf-8")
        return [*tables, path, manifest]

    def _repr_html_(self) -> str:
        return self.ledger._repr_html_()
