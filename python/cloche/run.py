"""Runs: one deterministic path, many correlated paths, one payment date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Literal

from cloche.calls import (
    assumed,
    brings_in,
    check_inputs,
    check_state,
    compiled,
    core,
    document,
    given,
    manifest,
    workers,
)
from cloche.date_of_a_state import of_notes, refuse_events, repriced, ruling, state_after
from cloche.errors import Cancelled, DealError, Problem, RunError
from cloche.group_warnings import warn_of_groups
from cloche.loan_problems import told_by_cause
from cloche.model.closed_accounts import with_closed_accounts
from cloche.model.deal import Deal
from cloche.model.default_model import GaussianCopula
from cloche.model.events_of_a_date import unknown_documents
from cloche.model.problems import headline
from cloche.model.scenario import Scenario
from cloche.model.state import DealState
from cloche.model.state_after import paid_already
from cloche.model.state_fit import is_last_date, misfits
from cloche.model.transitions import engine_text
from cloche.result import Keep, PaymentDate, Result, Simulation
from cloche.state_on_tape import on_tape
from cloche.tape import LoanPool
from cloche.tape_fit import warn_of_tape

__all__ = ["project", "run_payment_date", "simulate"]

_MEMORY_LIMIT = 4 * 2**30
# Bytes a path, at most: returns of a residual note, the loss of another, and the rows of the table of paths.
_BYTES_A_RESIDUAL = 16
_BYTES_A_LOSS = 8
_BYTES_A_ROW = 140
_MAX_SEED = 2**64 - 1


def project(
    deal: Deal,
    pool: LoanPool,
    scenario: Scenario,
    *,
    state: DealState | None = None,
    record: Literal["ledger"] = "ledger",
) -> Result:
    """Project a deal on a pool under a scenario: one path, everything kept.

    Parameters
    ----------
    deal
        The deal.
    pool
        Its loans, as of closing or later, before the end of the first collection period. Where a run begins at closing,
        a later date, and par of less than half or more than twice the target par, are logged as warnings ("cloche").
    scenario
        What is assumed: default, prepayment and recovery rates, index curves, reinvestment.
    state
        The state after a payment date, as `Result.state_at` or the ``state`` of `run_payment_date` give it: the run
        goes on with the next payment date. A state with the rest of its pool goes on with the same tape, with the
        bits of the run that it is of. A state without one takes `pool` as the collateral, as of the end of the last
        collection period or later, before the end of the next. By default the run starts at closing.
    record
        ``ledger`` keeps every payment.

    Returns
    -------
    Result
        ``notes, cashflows, collateral, tests, ledger, fees, events``; money in currency units, rates as decimals; and
        ``state_at(date)``.

    Raises
    ------
    DealError
        With every problem of the state and its place.
    TapeError
        If the tape does not fit the deal.
    ScenarioError
        If a value of the scenario is out of range or missing.
    RunError
        If the run is asked for something that this version does not compute.
    TypeError
        If an argument is of another class.

    Examples
    --------
    >>> import cloche as cl
    >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    >>> pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
    >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=cl.RateCurve.flat(0.043))
    >>> run = cl.project(deal, pool, base)
    >>> bool(6.2 < run.notes.filter(note="A")["wal"][0] < 6.8)
    True

    The first two years, and on from there under a stress:

    >>> after = run.state_at("2027-04-20")
    >>> stress = base.replace(cdr=0.08)
    >>> cl.project(deal, pool, stress, state=after).cashflows["date"].tolist()[0]
    datetime.date(2027, 7, 20)
    """
    if record != "ledger":
        raise RunError(f"record: found {record!r}, expected 'ledger' (loan-level flows are not computed yet)")
    check_inputs(deal=deal, pool=pool, scenario=scenario, **({} if state is None else {"state": state}))
    check_state(deal, [scenario], state)
    warn_of_groups(pool, [scenario])
    if state is None:
        warn_of_tape(deal, pool)
    inputs = (compiled(deal), pool._core(), assumed(deal, scenario), *given(state, pool))  # noqa: SLF001 - one package
    with told_by_cause(pool):
        raw = core().project(*inputs)
    raw["schedule"] = lambda: core().schedule(engine_text(deal.to_canonical()))

    def state_at(date: str) -> DealState:
        return DealState.from_json(core().state_at(*inputs, date))

    facts = manifest(deal, pool, scenario, state)
    return Result.from_engine(
        raw,
        document=document(deal),
        manifest=facts,
        brings_in=brings_in(deal, scenario),
        state_at=state_at,
    )


def simulate(
    deal: Deal,
    pool: LoanPool,
    model: GaussianCopula,
    *,
    scenario: Scenario,
    paths: int,
    seed: int,
    state: DealState | None = None,
    threads: int | None = None,
    keep: Keep = "summary",
    sampling: Literal["plain"] = "plain",
    max_memory: int = _MEMORY_LIMIT,
    on_progress: Callable[[int, int], object] | None = None,
    portable: bool = False,
) -> Simulation:
    """Simulate correlated defaults and pay the deal in every path.

    Without ``pd`` in the model, default probabilities come from ``scenario.cdr``; the mean of the closing pool's
    defaults then equals the projection's. Same inputs and seed give the same bits for any ``threads`` and instruction
    set.

    Parameters
    ----------
    deal, pool, scenario
        As in `project`.
    model
        Who defaults together.
    paths
        Number of paths, 1 or more.
    seed
        Key of all random numbers, 0 to 2**64 - 1.
    state
        As in `project`; the futures are drawn anew from it on, for the companies that are left, and years count from
        it.
    threads
        Worker threads; by default as many as processors this process may use.
    keep
        ``summary`` keeps estimates; ``paths`` also a table with a row per path and note; ``cashflows`` also mean cash
        flows by date.
    sampling
        ``plain``; other schemes are not computed yet.
    max_memory
        Bytes that the run may keep; an estimate above it is refused beforehand.
    on_progress
        Called as ``on_progress(done, total)`` at most every 0.1 s, on this thread.
    portable
        Use the baseline instruction set only.

    Returns
    -------
    Simulation
        Estimates with standard errors, and ``replay(path)``.

    Raises
    ------
    Cancelled
        On Ctrl-C, with ``partial``: the simulation of the paths that were finished, or None.
    ScenarioError, TapeError, DealError, RunError
        As in `project`.

    Examples
    --------
    >>> import cloche as cl
    >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    >>> pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
    >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=cl.RateCurve.flat(0.043))
    >>> mc = cl.simulate(deal, pool, cl.GaussianCopula(inter=0.15, intra=0.25), scenario=base, paths=2_000, seed=7)
    >>> mc.notes["note"].tolist()
    ['A', 'B', 'C', 'D', 'E']
    >>> mc.replay(41).conservation_error < 1e-9
    True
    """
    _check_simulation(paths=paths, seed=seed, keep=keep, sampling=sampling)
    check_inputs(
        deal=deal, pool=pool, scenario=scenario, model=model, **({} if state is None else {"state": state})
    )
    check_state(deal, [scenario], state)
    warn_of_groups(pool, [scenario])
    if state is None:
        warn_of_tape(deal, pool)
    estimate = _memory(deal, paths, keep)
    if estimate > max_memory:
        raise RunError(
            f"{paths:,} paths keep about {estimate / 2**30:.1f} GiB, above max_memory={max_memory / 2**30:.1f} GiB: "
            "ask for fewer paths or raise max_memory"
        )
    with told_by_cause(pool):
        raw = core().simulate(
            compiled(deal),
            pool._core(),  # noqa: SLF001 - one package
            model.canonical_json(),
            assumed(deal, scenario),
            *given(state, pool),
            paths=paths,
            seed=seed,
            threads=workers(threads),
            keep_flows=keep == "cashflows",
            keep_paths=keep == "paths",
            portable=portable,
            on_progress=on_progress,
        )
    facts = manifest(deal, pool, scenario, state) | {
        "model": model.digest,
        "measure": model.measure,
        "seed": seed,
        "paths": raw.paths_done,
    }

    def finished() -> Simulation:
        return Simulation.from_core(
            raw, keep=keep, document=document(deal), manifest=facts, brings_in=brings_in(deal, scenario)
        )

    if raw.interrupted:
        message = f"simulation interrupted after {raw.paths_done:,} of {paths:,} paths"
        raise Cancelled(message, load=finished if raw.paths_done > 0 else None)
    return finished()


def run_payment_date(deal: Deal, state: DealState, pool: LoanPool | None = None) -> PaymentDate:
    """Run one payment date from a state of the deal.

    Parameters
    ----------
    deal
        The deal; the payment date of the state is a date of its schedule.
    state
        What is owed, what was collected, and the collateral, before the date.
    pool
        The collateral as a tape, in place of ``collateral`` in the state: as of the determination date, or of a later
        day up to the payment date. Its figures are those that `project` would find: principal balances with undrawn
        commitments, CCC assets, discount obligations and long-dated loans by the rules of the deal, defaulted assets
        with the tape's market price and recovery, and the years since their default.

    Returns
    -------
    PaymentDate
        ``ledger, tests, notes, fees``, and ``state`` after the date; cash for reinvestment stays on deposit in
        ``state.accounts["principal"]``.

    Raises
    ------
    DealError
        With every problem of the state and its place; for a state after its date; for a state and a tape that both tell
        the collateral.
    TapeError
        If the tape is of a wrong date, or a loan lacks what the date needs, such as the recovery of a defaulted one.
    RunError
        If a waterfall reads ``unfunded`` and the tape has undrawn commitments, or there is no tape: the date does not
        compute it. For dated events of the deal that act on the date; their effect is the state's to tell.

    Examples
    --------
    >>> import cloche as cl
    >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    >>> state = cl.DealState.from_yaml('''
    ... cloche_state: 1
    ... payment_date: 2026-01-20
    ... previous_payment_date: 2025-10-20
    ... determination_date: 2026-01-07
    ... index_fixings: {sofr_3m: 0.0400}
    ... collected: {interest: 9_900_000, principal: 6_000_000}
    ... fee_basis: 495_000_000
    ... notes:
    ...   A: {balance: 310_000_000}
    ...   B: {balance: 60_000_000}
    ...   C: {balance: 30_000_000}
    ...   D: {balance: 30_000_000}
    ...   E: {balance: 25_000_000}
    ...   SUB: {balance: 45_000_000, distributions: [[2025-10-20, 1_200_000]]}
    ... collateral: {performing_par: 494_000_000}
    ... ''')
    >>> date = cl.run_payment_date(deal, state)
    >>> paid = date.ledger.filter(waterfall="interest", step="pay_interest")
    >>> [(row["payee"], round(row["paid"])) for row in paid.rows()]
    [('A', 4198778), ('B', 881667), ('C', 467667), ('D', 544333), ('E', 638889)]
    >>> date.state.accounts["principal"]
    6000000.0

    The same date on a tape:

    >>> tape = cl.synthetic.loan_pool(n=200, seed=7, par=494e6, as_of="2026-01-07")
    >>> on_tape = cl.run_payment_date(deal, state.without("collateral"), tape)
    >>> [round(row["numerator"]) for row in on_tape.tests.filter(test="E OC").rows()]
    [500000000]
    """
    check_inputs(deal=deal, state=state)
    if pool is not None:
        check_inputs(deal=deal, pool=pool)
    if passed := paid_already(state):
        raise DealError(headline(f"the state of {state.payment_date}", passed), passed)
    in_force = ruling(deal, dt.date.fromisoformat(state.payment_date))
    found = [*unknown_documents(document(deal), state), *misfits(in_force, state)]
    if state.collateral is None and pool is None:
        found.append(
            Problem("state.collateral", "missing; expected {performing_par: …}, or a tape beside the state")
        )
    opened = with_closed_accounts(in_force, state, last=is_last_date(in_force, state))
    try:
        text = opened.canonical_json() if pool is None else on_tape(in_force, opened, pool)
        refuse_events(in_force, state)
        raw = core().run_payment_date(compiled(repriced(deal, in_force, state)), text)
    except DealError as error:
        if not found:
            raise
        places = {place for place, _ in found}
        found += [problem for problem in error.problems if problem.place not in places]
    if found:
        raise DealError(headline(f"the state of {state.payment_date}", found), found)
    raw["cashflows"] = of_notes(raw["cashflows"], opened.notes)
    after = state_after(state, raw, in_force)
    facts = manifest(deal, pool) | {"state": state.digest}
    return PaymentDate.from_engine(raw, document=in_force, manifest=facts, state=after)


def _memory(deal: Deal, paths: int, keep: Keep) -> int:
    """Return the bytes that a run keeps if every path of it has losses in every class."""
    residuals = sum(note.residual for note in deal.notes)
    others = len(deal.notes) - residuals
    each = _BYTES_A_RESIDUAL * residuals + _BYTES_A_LOSS * others
    if keep == "paths":
        each += _BYTES_A_ROW * len(deal.notes)
    return paths * each


def _check_simulation(*, paths: int, seed: int, keep: str, sampling: str) -> None:
    if isinstance(paths, bool) or not isinstance(paths, int) or paths < 1:
        raise RunError(f"paths: found {paths!r}, expected a whole number of 1 or more")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= _MAX_SEED:
        raise RunError(f"seed: found {seed!r}, expected a whole number from 0 to 2**64 - 1")
    if keep not in ("summary", "paths", "cashflows"):
        raise RunError(f"keep: found {keep!r}, expected 'summary', 'paths' or 'cashflows'")
    if sampling != "plain":
        raise RunError(f"sampling: found {sampling!r}; this version computes 'plain'")
