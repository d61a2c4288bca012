"""Break-even values: how far an assumption can go before a class is hurt."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cloche.calls import check_inputs
from cloche.errors import DealError, RunError, ScenarioError
from cloche.group_warnings import warn_of_groups
from cloche.model.deal import Deal
from cloche.model.deal_document import DealDocument
from cloche.model.grid import Grid, changed, grid
from cloche.model.scenario import Scenario
from cloche.model.state import DealState
from cloche.model.wording import did_you_mean, found
from cloche.result.breakeven import Breakeven
from cloche.run import project
from cloche.run_sweep import sweep
from cloche.table import Table
from cloche.tape import LoanPool
from cloche.tape_fit import warn_of_tape
from cloche.told_once import already_told

__all__ = ["breakeven", "searched_range"]

Criterion = Literal["principal", "timely_interest", "no_loss"]

_RANGES = {
    "cdr": (0.0, 0.5),
    "cpr": (0.0, 0.999),
    "recovery": (0.0, 1.0),
    "liquidation_price": (0.01, 1.2),
    "post_period_share": (0.0, 1.0),
    "draw_rate": (0.0, 1.0),
    "usage_at_default": (0.0, 1.0),
}
# Numbers of a scenario that have no range of their own.
_WITHOUT_RANGE = (
    "rates",
    "recovery_lag_months",
    "cash_rate_spread",
    "reinvestment.price",
    "reinvestment.spread",
    "reinvestment.floor",
    "reinvestment.term_years",
    "reinvestment.recovery",
    "reinvestment.pd",
)
_NUMBERS = (*_RANGES, *_WITHOUT_RANGE)
_HIGHER_IS_SAFER = ("recovery", "liquidation_price")
_SCANNED = 51
_LANES = 16
# Less than this share of the original balance is rounding.
_DUST = 1e-9


def breakeven(
    deal: Deal,
    pool: LoanPool,
    scenario: Scenario,
    *,
    vary: str = "cdr",
    note: str = "A",
    criterion: Criterion = "principal",
    low: float | None = None,
    high: float | None = None,
    tolerance: float = 1e-6,
    state: DealState | None = None,
    threads: int | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> Breakeven:
    """Find how far a value can go before a class no longer meets a criterion.

    The range is scanned first, since losses need not rise with defaults everywhere; then the first change is
    bracketed, sixteen projections at a time.

    Parameters
    ----------
    deal, pool, scenario
        As in `project`.
    vary
        ``cdr``, ``cpr``, ``recovery``, ``liquidation_price``, ``post_period_share``, ``draw_rate``,
        ``usage_at_default``. With `low` and `high` also ``rates`` (one flat curve for all indices),
        ``recovery_lag_months``, ``cash_rate_spread``, a number of the reinvestment such as ``reinvestment.price``, or a
        path into the deal such as ``tests.E OC.trigger``. It is one number in all periods.
    note
        Name of the class, as in tables: also one that an event brings in.
    criterion
        ``principal``: all principal is repaid. ``no_loss``: principal and, in the end, interest. ``timely_interest``:
        principal, and interest on every date, without deferral.
    low, high
        Range to search; by default 0 to 50 % for a default rate, the whole range of the others.
    tolerance
        Width of the last bracket.
    state
        As in `project`: every projection goes on from it, and default rates are of the par that it leaves.
    threads
        Worker threads; by default all.
    on_progress
        Called as ``on_progress(done, total)`` at most every 0.1 s and at the end, on this thread; points of the search.

    Returns
    -------
    Breakeven
        The value, and the cumulative default rate there.

    Raises
    ------
    RunError
        If the deal has no such class, the criterion is unknown, there is no range, or what varies is no number.
    ScenarioError, TapeError, DealError
        As in `sweep`.

    Examples
    --------
    >>> import cloche as cl
    >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    >>> pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
    >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)
    >>> rates = [cl.breakeven(deal, pool, base, note=note).value for note in ("B", "C", "D", "E")]
    >>> rates == sorted(rates, reverse=True)
    True
    """
    check_inputs(deal=deal, pool=pool, scenario=scenario, **({} if state is None else {"state": state}))
    if criterion not in get_args(Criterion):
        raise RunError(f"criterion: found {criterion!r}, expected one of {', '.join(get_args(Criterion))}")
    start, end = searched_range(vary, low, high)
    if not tolerance > 0:
        raise RunError(f"tolerance: found {tolerance}, expected a number above 0")
    _refuse_ends(deal, scenario, vary, (start, end))

    warn_of_groups(pool, [scenario])
    if state is None:
        warn_of_tape(deal, pool)
    search = _Search(on_progress, _most_points(start, end, tolerance))

    def meets(values: NDArray[np.float64]) -> NDArray[np.bool_]:
        points = _points(scenario, vary, values)
        with already_told():
            notes = sweep(deal, pool, points, state=state, threads=threads, on_progress=search.within).notes
        search.done += len(values)
        return _meets(_of_class(notes, note), criterion)

    values = np.linspace(start, end, _SCANNED)
    holds = meets(values)
    changes = np.flatnonzero(holds[1:] != holds[:-1])
    last = len(values) - 1
    if holds.all():
        good, bad = (0, 0) if vary in _HIGHER_IS_SAFER else (last, last)
    elif holds[0]:
        good, bad = int(changes[0]), int(changes[0]) + 1
    elif holds[-1]:
        good, bad = int(changes[-1]) + 1, int(changes[-1])
    else:
        # It holds nowhere, or between two values alone.
        good, bad = (int(changes[-1]), int(changes[-1]) + 1) if len(changes) else (0, last)
    value: float | None = float(values[good]) if holds[good] else None
    width = 0.0
    if len(changes) and value is not None:
        value, width = _bracket(meets, value, float(values[bad]), tolerance)
    rate = None
    if value is not None:
        rate = _defaulted(deal, pool, _points(scenario, vary, np.array([value])), state)
    search.finish()
    return Breakeven(
        note=note,
        vary=vary,
        criterion=criterion,
        value=value,
        cumulative_default_rate=rate,
        capped=bool(holds.all()),
        monotone=len(changes) <= 1,
        tolerance=width,
    )


@dataclass
class _Search:
    """How far a search is, of the points that it may need at most."""

    on_progress: Callable[[int, int], object] | None
    total: int
    done: int = 0

    @property
    def within(self) -> Callable[[int, int], object] | None:
        """What a sweep of the search calls; None where nobody asks."""
        told = self.on_progress
        return None if told is None else lambda done, _: told(min(self.done + done, self.total), self.total)

    def finish(self) -> None:
        """Tell that nothing is left to search."""
        if self.on_progress is not None:
            self.on_progress(self.total, self.total)


def _most_points(start: float, end: float, tolerance: float) -> int:
    """Return the points of the scan and of as many brackets as the tolerance may take."""
    step = (end - start) / (_SCANNED - 1)
    rounds = math.ceil(math.log(step / tolerance) / math.log(_LANES + 1)) if step > tolerance else 0
    return _SCANNED + rounds * _LANES


def _of_class(notes: Table, note: str) -> Table:
    """Return the rows of a class; events may bring in classes that the deal itself does not have."""
    names = list(dict.fromkeys(row["note"] for row in notes.rows() if row["kind"] != "residual"))
    if note not in names:
        raise RunError(f"note: found {note!r}, which the deal does not have{did_you_mean(note, names)}")
    return notes.filter(note=note)


def searched_range(vary: str, low: float | None, high: float | None) -> tuple[float, float]:
    """Return the ends of a search.

    Parameters
    ----------
    vary, low, high
        As in `breakeven`.

    Raises
    ------
    RunError
        If nothing of that name can vary, or there is no range.
    """
    if not isinstance(vary, str) or (
        vary not in _NUMBERS and _first_key(vary) not in DealDocument.model_fields
    ):
        raise RunError(
            f"vary: found {found(vary)}, expected a number of the scenario ({', '.join(_NUMBERS)}) "
            f"or a path into the deal such as 'tests.E OC.trigger'"
        )
    start, end = _RANGES.get(vary, (None, None))
    start, end = start if low is None else low, end if high is None else high
    if start is None or end is None:
        raise RunError(f"vary: {vary!r} has no range of its own: give low and high")
    for name, value in (("low", start), ("high", end)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise RunError(f"{name}: found {found(value)}, expected a number")
    if not start < end:
        raise RunError(f"low, high: found {start} and {end}, expected low below high")
    return start, end


def _first_key(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _refuse_ends(deal: Deal, scenario: Scenario, vary: str, ends: tuple[float, float]) -> None:
    """Refuse a range whose ends the scenario or the deal cannot have, before it is searched."""
    problems: list[tuple[str, str]] = []
    for value in ends:
        try:
            if vary in _NUMBERS:
                changed(scenario, {vary: value})
            else:
                deal.replace({vary: value})
        except (ScenarioError, DealError) as error:
            problems += error.problems
    if problems:
        kind = ScenarioError if vary in _NUMBERS else DealError
        raise kind(f"{vary} cannot vary from {ends[0]:g} to {ends[1]:g}", problems)


def _points(scenario: Scenario, vary: str, values: NDArray[np.float64]) -> Grid:
    """Return the points of a search: of the scenario's field, or of a path into the deal."""
    if vary in _NUMBERS:
        axes: dict[str, Any] = {vary: values}
        return grid(scenario, **axes)
    return grid(scenario, deal={vary: values})


def _meets(notes: Table, criterion: Criterion) -> NDArray[np.bool_]:
    """Tell at which points a class meets the criterion."""
    dust = _DUST * notes["original_balance"]

    def nothing(column: str) -> NDArray[np.bool_]:
        return np.asarray(np.nan_to_num(notes[column]) <= dust)

    if criterion == "principal":
        return nothing("principal_loss")
    if criterion == "no_loss":
        return nothing("principal_loss") & nothing("interest_loss")
    return nothing("principal_loss") & nothing("max_interest_shortfall") & nothing("max_deferred")


def _bracket(
    meets: Callable[[NDArray[np.float64]], NDArray[np.bool_]], good: float, bad: float, tolerance: float
) -> tuple[float, float]:
    """Narrow a bracket to the tolerance; its good side and its width."""
    while abs(bad - good) > tolerance:
        inside = np.linspace(good, bad, _LANES + 2)[1:-1]
        holds = meets(inside)
        first = int(np.argmin(holds)) if not holds.all() else len(inside)
        edges = [good, *inside.tolist(), bad]
        good, bad = edges[first], edges[first + 1]
    return good, abs(bad - good)


def _defaulted(deal: Deal, pool: LoanPool, points: Grid, state: DealState | None) -> float:
    """Return the defaults of the path of a single point over the par at its start."""
    changes = points.deal_changes()[0]
    with already_told():
        path = project(deal.replace(changes) if changes else deal, pool, points.scenario(0), state=state)
    columns = pool.columns()
    par = float(np.nansum(columns["par"]) + np.nansum(columns["par_unfunded"]))
    if state is not None and state.pool is not None:
        par = sum(loan.par for loan in state.pool.loans.values())
        par += state.pool.bought.performing_par if state.pool.bought is not None else 0.0
    return float(path.collateral["new_defaults"].sum() / par)
