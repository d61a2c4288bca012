"""Pool steps on own payment dates: the reference agrees, and every kind of run has the bits of one run."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import cloche as cl
from cloche.testing import strategies
from cloche.testing.strategies import Case
from engine.test_against_reference import (
    assert_projections_agree,
    assert_projections_with_events_agree,
    generated,
)

CLOSING = "2025-03-20"
BASE = cl.Scenario(
    cdr=0.03,
    cpr=0.25,
    recovery=0.6,
    recovery_lag_months=4,
    rates=cl.RateCurve.flat(0.043),
    liquidation_price=0.98,
)


def on_own_dates(case: Case) -> Case:
    """Let a case prepay on own dates, and half of its loans have such dates."""
    conventions = {**case.deal["conventions"], "pool_step": "own_dates"}
    conventions.pop("cash_timing", None)
    loans = [dict(loan) for loan in case.loans]
    for k, loan in enumerate(loans[::2]):
        if loan["next_payment"] is None and loan["default_date"] is None:
            loan["next_payment"] = case.as_of + dt.timedelta(days=11 + 9 * k)
            loan["payment_frequency_months"] = (1, 3, 6)[k % 3]
    return replace(case, deal={**case.deal, "conventions": conventions}, loans=loans)


@generated
@given(strategies.cases(features=["pik", "unfunded"]))
def test_projections_agree_with_the_reference(case: Case) -> None:
    assert_projections_agree(on_own_dates(case))


@generated
@given(strategies.cases(events=["default", "order", "call", "refinance", "reprice"]))
def test_projections_with_events_agree_with_the_reference(case: Case) -> None:
    assert_projections_with_events_agree(on_own_dates(case))


@generated
@given(strategies.cases(features=["purchase_conditions"]))
def test_conditions_of_purchases_agree_with_the_reference(case: Case) -> None:
    assert_projections_agree(on_own_dates(case))


def template(**conventions: str) -> cl.Deal:
    document = cl.templates.us_bsl(par=500e6, closing=CLOSING).to_dict()
    document["conventions"] = {"pool_step": "own_dates", **conventions}
    return cl.Deal.from_dict(document)


@pytest.fixture(scope="module")
def deal() -> cl.Deal:
    return template()


@pytest.fixture(scope="module")
def pool() -> cl.LoanPool:
    """Loans of which every third pays monthly, semiannually or with the deal, on different days."""
    columns: dict[str, list[Any]] = cl.synthetic.loan_table(n=60, seed=11, as_of=CLOSING).to_dict()
    number = len(columns["loan_id"])
    first = dt.date.fromisoformat(CLOSING)
    columns["next_payment"] = [
        None if k % 3 == 2 else first + dt.timedelta(days=5 + 7 * (k % 4)) for k in range(number)
    ]
    columns["payment_frequency_months"] = [(1, 6, None)[k % 3] for k in range(number)]
    return cl.LoanPool.read(columns, as_of=CLOSING)


def sub_irr(run: Any) -> list[float]:
    return list(run.notes.filter(note="SUB")["irr"].tolist())


def test_they_prepay_as_much_in_the_long_run_and_at_other_times(pool: cl.LoanPool, deal: cl.Deal) -> None:
    own, usual = (
        list(cl.project(one, pool, BASE.replace(cdr=0.0)).collateral.rows())
        for one in (deal, cl.templates.us_bsl(par=500e6, closing=CLOSING))
    )
    pairs = [(a["prepaid_principal"], b["prepaid_principal"]) for a, b in zip(own, usual, strict=True)]
    ratios = [a / b for a, b in pairs[1:9]]
    # Semiannual payers that prepay every other quarter are a third of the pool.
    assert max(ratios) > 1.1
    assert min(ratios) < 0.9
    assert sum(ratios) / 8 == pytest.approx(1.0, abs=0.05)


def test_a_simulated_path_has_its_bits_alone_in_any_block_and_on_any_thread(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    model = cl.GaussianCopula(inter=0.15, intra=0.25)
    one, two = (
        cl.simulate(deal, pool, model, scenario=BASE, paths=1_500, seed=3, threads=threads, keep="paths")
        for threads in (1, 2)
    )
    assert one.paths == two.paths
    assert one.conservation_error < 1e-9
    irr = one.paths.filter(note="SUB")["irr"].tolist()
    for path in (0, 7, 1_024, 1_499):
        replayed = one.replay(path)
        assert sub_irr(replayed) == [irr[path]]
        assert replayed.conservation_error < 1e-9


def test_the_mean_of_simulated_paths_is_the_projection(pool: cl.LoanPool) -> None:
    # Without correlation and purchases, and all defaults at once in the long run: the flows of a loan are linear in
    # whether it has defaulted, so the mean over paths is that of the rates.
    document = template().to_dict()
    document["dates"].pop("reinvestment_end")
    deal = cl.Deal.from_dict(document)
    scenario = BASE.replace(cdr=0.06)
    mean = cl.project(deal, pool, scenario)
    runs = cl.simulate(
        deal, pool, cl.GaussianCopula(inter=0.0, intra=0.0), scenario=scenario, paths=300, seed=5
    )
    replays = [runs.replay(path) for path in range(300)]
    for name in ("interest_collected", "prepaid_principal", "performing_par", "new_defaults"):
        for k in (0, 3, 8):
            found = np.array([replay.collateral[name][k] for replay in replays])
            expected = mean.collateral[name][k]
            assert found.mean() == pytest.approx(expected, abs=4.5 * found.std() / 300**0.5 + 1.0)


def test_points_of_a_grid_are_projections(deal: cl.Deal, pool: cl.LoanPool) -> None:
    points = [BASE.replace(cdr=cdr, cpr=cpr) for cdr in (0.0, 0.10) for cpr in (0.0, 0.3, 1.0)]
    grid = cl.sweep(deal, pool, points)
    assert sub_irr(grid) == [sub_irr(cl.project(deal, pool, point))[0] for point in points]


@pytest.mark.parametrize("date", ["2025-10-20", "2027-01-20", "2031-04-21"])
def test_a_saved_state_goes_on_with_the_bits_of_the_straight_run(
    deal: cl.Deal, pool: cl.LoanPool, date: str
) -> None:
    run = cl.project(deal, pool, BASE)
    state = cl.DealState.from_yaml(run.state_at(date).to_yaml())
    rest = cl.project(deal, pool, BASE, state=state)
    assert rest.ledger["paid"].tolist() == run.ledger["paid"].tolist()[-len(rest.ledger) :]
    # Other rates act from the state on: what was prepaid before it stays.
    other = cl.project(deal, pool, BASE.replace(cpr=0.0), state=state)
    assert other.collateral["prepaid_principal"][0] == 0.0
    assert state.pool is not None
    assert sum(loan.par for loan in state.pool.loans.values()) < 500e6


def test_a_saved_path_goes_on_with_its_bits(deal: cl.Deal, pool: cl.LoanPool) -> None:
    many = cl.simulate(deal, pool, cl.GaussianCopula(inter=0.3, intra=0.4), scenario=BASE, paths=50, seed=9)
    run = many.replay(17)
    rest = cl.project(deal, pool, BASE, state=run.state_at("2028-01-20"))
    assert rest.ledger["paid"].tolist() == run.ledger["paid"].tolist()[-len(rest.ledger) :]


def test_an_amendment_and_a_call_between_payment_dates_go_on_by_own_dates(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    amend = {"amend": {"dates.payment_frequency_months": 6}, "when": "pool_factor < 2", "from": "2027-01-20"}
    call = {"call": {"price": 0.99}, "date": "2030-06-03"}
    scenario = BASE.replace(events=[amend, call])
    run = cl.project(deal, pool, scenario)
    assert run.conservation_error < 1e-9
    assert str(run.collateral["date"][-1]) == "2030-06-03"
    state = run.state_at("2026-01-20")
    rest = cl.project(deal, pool, scenario, state=state)
    assert rest.ledger["paid"].tolist() == run.ledger["paid"].tolist()[-len(rest.ledger) :]


def test_a_document_that_comes_in_keeps_the_convention(deal: cl.Deal, pool: cl.LoanPool) -> None:
    changed = BASE.replace(events=[{"amend": {"conventions.pool_step": "period"}, "date": "2027-07-20"}])
    with pytest.raises(
        cl.ScenarioError, match=r'conventions.pool_step: found "period"; expected "own_dates"'
    ):
        cl.project(deal, pool, changed)
