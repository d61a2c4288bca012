"""Sweeps: many deterministic paths in one call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any

from cloche.calls import (
    assumed,
    check_inputs,
    check_state,
    compiled,
    core,
    document,
    given,
    manifest,
    workers,
)
from cloche.errors import Cancelled, DealError, Problem, RunError, ScenarioError
from cloche.group_warnings import warn_of_groups
from cloche.loan_problems import told_by_cause
from cloche.model.deal import Deal
from cloche.model.grid import Axis, Grid
from cloche.model.replacement import PathError, put, value_at
from cloche.model.scenario import Scenario
from cloche.model.state import DealState
from cloche.model.transitions import engine_text
from cloche.result.sweep import Sweep
from cloche.tape import LoanPool
from cloche.tape_fit import warn_of_tape

__all__ = ["sweep"]


def sweep(
    deal: Deal,
    pool: LoanPool,
    scenarios: Grid | Mapping[str, Scenario] | Iterable[Scenario],
    *,
    state: DealState | None = None,
    threads: int | None = None,
    on_progress: Callable[[int, int], object] | None = None,
    portable: bool = False,
) -> Sweep:
    """Project a deal under many scenarios, and with many numbers of its own, side by side.

    Every point has the bits of its own `project`, for any ``threads`` and instruction set.

    Parameters
    ----------
    deal, pool
        As in `project`.
    scenarios
        A `grid`, scenarios by name, or scenarios in order.
    state
        As in `project`: every point goes on from it.
    threads
        Worker threads; by default as many as processors this process may use.
    on_progress
        Called as ``on_progress(done, total)`` at most every 0.1 s, on this thread.
    portable
        Use the baseline instruction set only.

    Returns
    -------
    Sweep
        ``notes``: a row per point and note, the varied values first; money in currency units, rates as decimals.

    Raises
    ------
    Cancelled
        On Ctrl-C, with ``partial``: the sweep of the points that were finished, or None.
    DealError
        If a value of the grid does not fit the deal, with the point's values.
    ScenarioError, TapeError
        As in `project`; places name the scenario by its number.
    RunError
        If there is no scenario.

    Examples
    --------
    >>> import cloche as cl
    >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    >>> pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
    >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)
    >>> stress = cl.sweep(deal, pool, cl.grid(base, cdr=[0.0, 0.02, 0.10], recovery=[0.4, 0.7]))
    >>> len(stress)
    6
    >>> stress.pivot("irr", note="SUB", rows="cdr", columns="recovery").columns
    ('cdr', '0.4', '0.7')
    """
    points = scenarios if isinstance(scenarios, Grid) else _listed(scenarios)
    check_inputs(deal=deal, pool=pool, **({} if state is None else {"state": state}))
    check_state(deal, [points.base] if isinstance(points, Grid) else points.values, state)
    if state is None:
        warn_of_tape(deal, pool)
    deals = _variants(deal, points) if isinstance(points, Grid) else [compiled(deal)]
    if isinstance(points, Grid):
        texts, axes = [assumed(deal, points.base)], points.fields()
        _refuse_amendments_of_variants(points)
        varied = [*points.deal_axes, *points.axes]
        warn_of_groups(pool, [points.base, *(each for _, values in axes for each in values)])
    else:
        texts, axes = [assumed(deal, scenario) for scenario in points.values], []
        varied = [points]
        warn_of_groups(pool, points.values)
    with told_by_cause(pool):
        raw = core().sweep(
            deals,
            pool._core(),  # noqa: SLF001 - one package
            texts,
            [(field, [assumed(deal, scenario) for scenario in values]) for field, values in axes],
            *given(state, pool),
            threads=workers(threads),
            portable=portable,
            on_progress=on_progress,
        )
    number = len(points) if isinstance(points, Grid) else len(points.values)
    facts = manifest(deal, pool, state=state) | {"points": number}
    facts |= {"scenario": points.base.digest} if isinstance(points, Grid) else {}

    def again(point: int) -> tuple[Deal, Scenario]:
        """Return the deal and the scenario of a point."""
        if not isinstance(points, Grid):
            return deal, points.values[point]
        number, scenario = divmod(point, len(points) // len(deals))
        changes = points.deal_changes()[number]
        return deal.replace(changes) if changes else deal, points.scenario(scenario)

    def finished() -> Sweep:
        return Sweep.from_core(
            raw, axes=varied, inputs=(pool, again, state), document=document(deal), manifest=facts
        )

    if raw.interrupted:
        message = f"sweep interrupted after {raw.points_done:,} of {facts['points']:,} points"
        raise Cancelled(message, load=finished if raw.points_done else None)
    return finished()


def _listed(scenarios: Any) -> Axis:
    """Return scenarios as the axis ``scenario``, by name or by number from 0."""
    if isinstance(scenarios, Scenario):
        scenarios = [scenarios]
    labels: tuple[Any, ...]
    if isinstance(scenarios, Mapping):
        values, labels = tuple(scenarios.values()), tuple(str(name) for name in scenarios)
    else:
        values = tuple(scenarios)
        labels = tuple(range(len(values)))
    if not values:
        raise RunError("scenarios: found none, expected at least one")
    for label, value in zip(labels, values, strict=True):
        if not isinstance(value, Scenario):
            raise TypeError(f"scenarios[{label!r}]: found {type(value).__name__}, expected Scenario")
    return Axis("scenario", values, labels)


def _variants(deal: Deal, points: Grid) -> list[Any]:
    """Return the compiled deals of a grid; what does not fit is named with its values."""
    combinations = points.deal_changes()
    if not points.deal_axes:
        return [compiled(deal)]
    problems: list[tuple[Problem, Mapping[str, Any]]] = []
    written: dict[tuple[str, int], Any] = {}
    for axis in points.deal_axes:
        for place, value in enumerate(axis.values):
            try:
                written[axis.name, place] = _as_written(deal, axis.name, value)
            except DealError as error:
                problems += [(problem, {axis.name: value}) for problem in error.problems]
    if problems:
        raise DealError("the grid does not fit the deal", _with_values(problems))
    places = product(*(range(len(axis.values)) for axis in points.deal_axes))
    deals = []
    for changes, numbers in zip(combinations, places, strict=True):
        names = [axis.name for axis in points.deal_axes]
        values = {name: written[name, number] for name, number in zip(names, numbers, strict=True)}
        try:
            if any(value is _MORE_THAN_A_VALUE for value in values.values()):
                deals.append(compiled(deal.replace(changes)))
            else:
                document = json.loads(deal.canonical_json())
                put(document, values)
                deals.append(core().Deal(engine_text(document)))
        except DealError as error:
            problems += [(problem, changes) for problem in error.problems]
    if problems:
        raise DealError("the grid does not fit the deal", _with_values(problems))
    return deals


def _refuse_amendments_of_variants(points: Grid) -> None:
    """Refuse scenarios that amend a deal which the grid varies: an amendment holds the document of one deal."""
    if not points.deal_axes:
        return
    for scenario in [points.base, *(each for _, values in points.fields() for each in values)]:
        for k, event in enumerate(scenario.to_canonical()["events"]):
            if event.get("amend") is not None:
                message = "found an amendment beside a grid of the deal's own values; put it among the deal's events"
                raise ScenarioError(
                    "the grid does not fit the deal", [(f"scenario.events[{k}].amend", message)]
                )


_MORE_THAN_A_VALUE = object()


def _as_written(deal: Deal, path: str, value: Any) -> Any:
    """Return a value as the canonical document holds it, once the deal that has it alone is checked."""
    document = deal.replace({path: value}).to_canonical()
    try:
        return value_at(document, path)
    except PathError:
        # A key that stands for others, or one that is taken away.
        return _MORE_THAN_A_VALUE


def _with_values(found: Iterable[tuple[Problem, Mapping[str, Any]]]) -> list[tuple[str, str]]:
    """Return problems with the values that bring them, each problem once."""
    by_problem: dict[Problem, list[Mapping[str, Any]]] = {}
    for problem, changes in found:
        by_problem.setdefault(problem, []).append(changes)
    problems = []
    for (place, message), (first, *others) in by_problem.items():
        values = ", ".join(f"{path} = {value!r}" for path, value in first.items())
        again = f", and {len(others)} more" if others else ""
        problems.append((place, f"{message} (with {values}{again})"))
    return problems
