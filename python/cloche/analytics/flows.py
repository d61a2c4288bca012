"""Dated amounts of runs, their value and their rate of return."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cloche.errors import RunError
from cloche.result import Result, Simulation
from cloche.table import Table

__all__ = ["Flows", "RunFlows", "flows_of", "notes_beside", "present_value", "rate_of_return"]

Flows = dict[dt.date, float]

_LOWEST, _HIGHEST = -0.999, 1e6
_HALVINGS = 200
_LIFE_FIGURES = ("irr", "wal", "loss_rate")


@dataclass(frozen=True)
class RunFlows:
    """What a run pays to each note on each date: interest and principal.

    Parameters
    ----------
    rows
        Interest, deferred interest included, and principal by date and note, in money; of a simulation, means.
    residual
        Names of the residual notes.
    outflow
        What the residual notes cost at closing, in money.
    closing
        Date of that outflow.
    returns
        Rate of return of each residual note; None where a run does not tell it.
    currency
        ISO code.
    """

    rows: Mapping[tuple[dt.date, str], tuple[float, float]]
    residual: tuple[str, ...]
    outflow: float
    closing: dt.date
    returns: Mapping[str, float | None]
    currency: str

    def equity(self) -> Flows:
        """Return what all residual notes are paid by date; dates without a payment count, too."""
        flows = dict.fromkeys(sorted({day for day, _ in self.rows}), 0.0)
        for (day, note), amounts in self.rows.items():
            if note in self.residual:
                flows[day] += math.fsum(amounts)
        return flows

    def equity_irr(self) -> float | None:
        """Return the rate of return of the residual notes, that of the note itself where there is one."""
        if len(self.residual) == 1:
            return self.returns[self.residual[0]]
        return rate_of_return({self.closing: -self.outflow, **self.equity()}, 0.0)


def flows_of(run: Result | Simulation, name: str) -> RunFlows:
    """Return the payments of a run.

    Raises
    ------
    RunError
        If a simulation kept no cash flows.
    """
    document: Mapping[str, Any] = run._document  # noqa: SLF001 - one package
    residual = [note["name"] for note in document["notes"] if note.get("residual")]
    costs = [
        note["balance"] * note.get("issue_price", 1.0) for note in document["notes"] if note.get("residual")
    ]
    columns: tuple[str, ...]
    if isinstance(run, Result):
        table, columns = run.cashflows, ("interest_paid", "deferred_paid", "principal_paid")
        returns = dict(zip(run.notes["note"], run.notes["irr"].tolist(), strict=True))
    else:
        try:
            table, columns = run.cashflows, ("interest", "principal")
        except AttributeError:
            raise RunError(f'{name}: a simulation without cash flows: run it with keep="cashflows"') from None
        returns = dict(zip(run.equity["note"], run.equity["irr"].tolist(), strict=True))
    *interest, principal = (table[column].tolist() for column in columns)
    amounts = zip(map(math.fsum, zip(*interest, strict=True)), principal, strict=True)
    keys = zip(table.column("date").python(), table["note"].tolist(), strict=True)
    return RunFlows(
        rows=dict(zip(keys, amounts, strict=True)),
        residual=tuple(residual),
        outflow=math.fsum(costs),
        closing=dt.date.fromisoformat(str(document["dates"]["closing"])),
        returns={note: _known(returns.get(note)) for note in residual},
        currency=str(document["currency"]),
    )


def notes_beside(run_a: Result | Simulation, run_b: Result | Simulation, a: RunFlows, b: RunFlows) -> Table:
    """Return a row per note of either run: what it is paid, and its figures over its life."""
    facts = [_facts(run_a), _facts(run_b)]
    paid = [_totals(a), _totals(b)]
    rows = []
    for note in dict.fromkeys([*facts[0], *facts[1], *paid[0], *paid[1]]):
        known = facts[0].get(note) or facts[1].get(note) or {}
        kind = "residual" if note in (*a.residual, *b.residual) else known.get("kind") or "note"
        row = {"note": note, "kind": kind, "replaces": known.get("replaces")}
        pairs = {"paid": [each.get(note) for each in paid]}
        pairs |= {name: [each.get(note, {}).get(name) for each in facts] for name in _LIFE_FIGURES}
        for name, (old, new) in pairs.items():
            row |= {f"{name}_before": old, f"{name}_after": new}
            row[f"{name}_gain"] = None if old is None or new is None else new - old
        rows.append(row)
    words = ("note", "kind", "replaces")
    names = [
        *words,
        *(f"{n}_{part}" for n in ("paid", *_LIFE_FIGURES) for part in ("before", "after", "gain")),
    ]
    kinds = {name: "text" if name in words else "float" for name in names}
    return Table.from_schema({name: [row[name] for row in rows] for name in names}, kinds)  # type: ignore[arg-type]  # the words are kinds


def _facts(run: Result | Simulation) -> dict[str, dict[str, Any]]:
    """Return the figures of each note over its life, in the order of the run's tables."""
    if isinstance(run, Result):
        return {row["note"]: row for row in run.notes.rows()}
    facts = {row["note"]: {"wal": row["wal"], "loss_rate": row["expected_loss"]} for row in run.notes.rows()}
    return facts | {row["note"]: {"irr": row["irr"]} for row in run.equity.rows()}


def _totals(flows: RunFlows) -> dict[str, float]:
    amounts: dict[str, list[float]] = {}
    for (_, note), pair in flows.rows.items():
        amounts.setdefault(note, []).extend(pair)
    return {note: math.fsum(each) for note, each in amounts.items()}


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def present_value(flows: Flows, on: dt.date | None, annual_yield: float) -> float:
    """Return the value on a date of what is paid from it on, effective annual yield, act/365; 0 without a date.

    Raises
    ------
    RunError
        If the yield is not above -1.
    """
    from cloche import _core

    if isinstance(annual_yield, bool) or not isinstance(annual_yield, int | float):
        raise RunError(f"yield: found {annual_yield!r}, expected a number above -1")
    later = {} if on is None else {(day - on).days: amount for day, amount in flows.items() if day >= on}
    try:
        return _core.present_value(list(later), list(later.values()), annual_yield)
    except ValueError as error:
        raise RunError(str(error)) from None


def rate_of_return(flows: Flows, dust: float) -> float | None:
    """Return the yield at which dated amounts are worth nothing; None where they change sign more than once or never.

    Parameters
    ----------
    flows
        Amounts by date, in order.
    dust
        Amounts up to this size count as 0.
    """
    kept = {day: amount for day, amount in flows.items() if abs(amount) > dust}
    signs = [amount > 0 for amount in kept.values()]
    if sum(one != other for one, other in pairwise(signs)) != 1:
        return None
    first = next(iter(kept))
    # With one change of sign the value crosses zero once; a cost at first makes it fall as the yield rises.
    falls = not signs[0]
    low, high = _LOWEST, _HIGHEST
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        if (present_value(kept, first, middle) > 0) == falls:
            low = middle
        else:
            high = middle
    return low if low > _LOWEST and high < _HIGHEST else None
