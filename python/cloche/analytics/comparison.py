"""Two runs beside one another: what equity gains by a refinancing, a call, another scenario."""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloche.analytics.comparison_summary import comparison_summary
from cloche.analytics.flows import Flows, flows_of, notes_beside, present_value, rate_of_return
from cloche.errors import RunError
from cloche.result import Result, Simulation
from cloche.table import Table

__all__ = ["Comparison", "compare"]

YIELDS = (0.08, 0.10, 0.12, 0.15)
# Gains below this share of what equity is paid are rounding.
_DUST = 1e-12


@dataclass(frozen=True, repr=False)
class Comparison:
    """What a second run pays more or less than a first one. Money is in currency units, rates are decimals.

    Parameters
    ----------
    equity
        A row per payment date, all residual notes together: ``date, before, after, gain, cumulative_gain``.
    cashflows
        A row per payment date and note: ``date, note``, then ``interest``, ``principal`` and ``paid`` each with
        ``_before, _after, _gain``; interest includes deferred interest that is paid. Of a simulation: means over the
        paths.
    notes
        A row per note: ``note, kind, replaces, paid_before, paid_after, paid_gain``, then ``irr``, ``wal`` and
        ``loss_rate`` each with ``_before, _after, _gain``; null where a run does not have it. Of a simulation: the mean
        IRR and WAL, and the expected loss.
    present_values
        A row per yield: ``yield, before, after, gain``, the value on `since` of what equity is paid from then on.
    since
        The first date on which equity is paid another amount; None if there is none.
    cost
        What equity is paid less on that date, in money; 0 where it is paid more.
    payback
        The first date on which the gains make up for the cost, undiscounted; None where there is no cost, or they never
        do.
    irr
        Rate of return of the gains on the cost, act/365: the yield at which they are worth nothing. None where the
        gains change sign more than once or never.
    irr_before, irr_after
        Equity's rate of return in each run: that of the note where there is one residual note, else that of all of them
        together.
    names
        Names of both runs, for people.
    """

    equity: Table
    cashflows: Table
    notes: Table
    present_values: Table
    since: dt.date | None
    cost: float
    payback: dt.date | None
    irr: float | None
    irr_before: float | None
    irr_after: float | None
    names: tuple[str, str]
    _gains: Flows = field(repr=False)
    _currency: str = field(repr=False)

    @property
    def tables(self) -> Mapping[str, Table]:
        """All tables, by name."""
        return {name: getattr(self, name) for name in ("equity", "cashflows", "notes", "present_values")}

    def npv(self, annual_yield: float) -> float:
        """Return the value on `since` of equity's gains, the cost included.

        Parameters
        ----------
        annual_yield
            Effective annual, act/365.

        Raises
        ------
        RunError
            If the yield is not above -100 %.
        """
        return present_value(self._gains, self.since, annual_yield)

    def summary(self) -> str:
        """Return one screen: what equity gains, when it has its cost back, and what changes for each class."""
        return comparison_summary(self, self._currency)

    def plot(self) -> Any:
        """Return a picture: equity's distributions in both runs, and the gain with its sum.

        Returns
        -------
        matplotlib.figure.Figure
            ``figure.savefig("gain.png")`` writes it.

        Raises
        ------
        RunError
            If matplotlib is not installed.
        """
        from cloche.analytics.comparison_picture import picture

        return picture(self, self._currency)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        gain = math.fsum(self.equity["gain"])
        return f"Comparison({self.names[0]} -> {self.names[1]}: equity is paid {self._currency} {gain:+,.0f})"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


def compare(
    run_a: Result | Simulation,
    run_b: Result | Simulation,
    *,
    yields: Sequence[float] = YIELDS,
    names: tuple[str, str] = ("before", "after"),
) -> Comparison:
    """Compare two runs: what the second pays that the first does not.

    The gain of a refinancing, a reset, a call or a repricing is that of a run with it over a run without it, since
    tests, fees and the incentive fee depend on what is paid.

    Parameters
    ----------
    run_a, run_b
        What `project`, `replay` or `Sweep.project` gave, before and after; or two simulations with
        ``keep="cashflows"``, whose means are compared.
    yields
        Effective annual yields at which equity's gains are valued.
    names
        What to call the runs.

    Returns
    -------
    Comparison
        Tables, the value of the gains, the date on which the cost is paid back; ``summary()`` and ``plot()``.

    Raises
    ------
    RunError
        If the runs are in different currencies or start on different dates, one of them kept no cash flows, or a yield
        is not above -100 %.
    TypeError
        If one of them is no run, or a projection is compared with a simulation.

    Examples
    --------
    >>> import cloche as cl
    >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    >>> pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
    >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)
    >>> cheaper = deal.replace({"notes.A.coupon.spread": "105bp"})
    >>> gain = cl.compare(cl.project(deal, pool, base), cl.project(cheaper, pool, base))
    >>> bool(gain.irr_after > gain.irr_before), gain.cost, gain.npv(0.12) > 0
    (True, 0.0, True)
    """
    for name, run in (("run_a", run_a), ("run_b", run_b)):
        if not isinstance(run, Result | Simulation):
            raise TypeError(f"{name}: found {type(run).__name__}, expected Result or Simulation")
    if type(run_a) is not type(run_b):
        found = f"found {type(run_a).__name__} and {type(run_b).__name__}"
        raise TypeError(f"run_a, run_b: {found}, expected two of a kind")
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise RunError(f"names: found {names!r}, expected two names")
    starts = [run.manifest.get("state_date") for run in (run_a, run_b)]
    if starts[0] != starts[1]:
        found = " and ".join(
            "from closing" if start is None else f"from the state after {start}" for start in starts
        )
        raise RunError(f"run_a, run_b: found runs {found}, expected runs that start on one date")
    before, after = flows_of(run_a, "run_a"), flows_of(run_b, "run_b")
    if before.currency != after.currency:
        raise RunError(f"run_a, run_b: found {before.currency} and {after.currency}, expected one currency")
    equity_before, equity_after = before.equity(), after.equity()
    days = sorted({*equity_before, *equity_after})
    old = {day: equity_before.get(day, 0.0) for day in days}
    new = {day: equity_after.get(day, 0.0) for day in days}
    gains = {day: new[day] - old[day] for day in days}
    dust = _DUST * max(math.fsum(map(abs, old.values())), math.fsum(map(abs, new.values())))
    since = next((day for day in days if abs(gains[day]) > dust), None)
    first = gains[since] if since is not None else 0.0
    sums = _running(gains)
    payback = next((day for day in days if since and day > since and sums[day] >= -dust), None)
    columns = {"before": old, "after": new, "gain": gains, "cumulative_gain": sums}
    return Comparison(
        equity=_dated({"date": days, **{name: [*flows.values()] for name, flows in columns.items()}}),
        cashflows=_cashflows(before.rows, after.rows),
        notes=notes_beside(run_a, run_b, before, after),
        present_values=_present_values(old, new, gains, since, yields),
        since=since,
        cost=max(0.0, -first),
        payback=payback if first < 0 else None,
        irr=rate_of_return(gains, dust),
        irr_before=before.equity_irr(),
        irr_after=after.equity_irr(),
        names=(names[0], names[1]),
        _gains=gains,
        _currency=before.currency,
    )


def _running(amounts: Flows) -> Flows:
    total, sums = 0.0, {}
    for day, amount in amounts.items():
        total += amount
        sums[day] = total
    return sums


def _present_values(
    old: Flows, new: Flows, gains: Flows, since: dt.date | None, yields: Sequence[float]
) -> Table:
    rates = [float(rate) for rate in yields]
    columns = {"before": old, "after": new, "gain": gains}
    values = {name: [present_value(flows, since, rate) for rate in rates] for name, flows in columns.items()}
    return Table.from_schema(
        {"yield": rates, **values}, {"yield": "float", "before": "float", "after": "float", "gain": "float"}
    )


_FLOWS = ("interest", "principal", "paid")


def _cashflows(
    before: Mapping[tuple[dt.date, str], tuple[float, float]],
    after: Mapping[tuple[dt.date, str], tuple[float, float]],
) -> Table:
    """Return both runs' payments by date and note, notes in the order of the documents."""
    order = {name: place for place, name in enumerate(dict.fromkeys(note for _, note in (*before, *after)))}
    keys = sorted({*before, *after}, key=lambda key: (key[0], order[key[1]]))
    columns: dict[str, list[Any]] = {"date": [day for day, _ in keys], "note": [note for _, note in keys]}
    for place, flow in enumerate(_FLOWS):
        pair = []
        for rows in (before, after):
            amounts = [rows.get(key, (0.0, 0.0)) for key in keys]
            pair.append([math.fsum(a) if flow == "paid" else a[place] for a in amounts])
        columns |= {f"{flow}_before": pair[0], f"{flow}_after": pair[1]}
        columns[f"{flow}_gain"] = [new - old for old, new in zip(*pair, strict=True)]
    return _dated(columns)


def _dated(columns: Mapping[str, Any]) -> Table:
    kinds = {name: "date" if name == "date" else "text" if name == "note" else "float" for name in columns}
    return Table.from_schema(columns, kinds)  # type: ignore[arg-type]  # the words are kinds
