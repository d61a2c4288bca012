"""A state that gives a class more than it ever had is taken, with a warning."""

from __future__ import annotations

import logging

import pytest

import cloche as cl

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
POOL = cl.synthetic.loan_pool(n=40, seed=3, par=500e6, as_of="2025-03-20")
BASE = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)
STATE = """
cloche_state: 1
payment_date: 2026-01-20
previous_payment_date: 2025-10-20
determination_date: 2026-01-07
index_fixings: {{sofr_3m: 0.0400}}
collected: {{interest: 9_900_000, principal: 6_000_000}}
fee_basis: 495_000_000
notes:
  A: {{balance: {a}}}
  B: {{balance: 60_000_000}}
  C: {{balance: 30_000_000}}
  D: {{balance: 30_000_000}}
  E: {{balance: 25_000_000}}
  SUB: {{balance: 95_000_000}}
collateral: {{performing_par: 494_000_000}}
"""
WARNING = "state.notes.A.balance: found 410,000,000, above the 310,000,000 of A"


@pytest.mark.parametrize(("balance", "warned"), [("310_000_000", []), ("410_000_000", [WARNING])])
def test_a_payment_date_warns_of_a_balance_above_the_original(
    balance: str, warned: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="cloche"):
        cl.run_payment_date(DEAL, cl.DealState.from_yaml(STATE.format(a=balance)))
    assert caplog.messages == warned


def test_a_run_on_from_such_a_state_warns_too_and_one_of_a_run_never(
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = cl.project(DEAL, POOL, BASE).state_at("2027-04-20")
    grown = state.to_dict()
    grown["notes"]["A"]["balance"] = 410e6
    with caplog.at_level(logging.WARNING, logger="cloche"):
        cl.project(DEAL, POOL, BASE, state=state)
        assert not caplog.messages
        cl.project(DEAL, POOL, BASE, state=cl.DealState.from_dict(grown))
    assert caplog.messages == [WARNING]


def test_a_class_that_capitalizes_may_grow(caplog: pytest.LogCaptureFixture) -> None:
    deal = cl.templates.eur_clo(par=400e6, closing="2025-03-20")
    assert deal.conventions.deferred_form == "capitalized"
    pool = cl.synthetic.loan_pool(
        n=40, seed=3, par=400e6, as_of="2025-03-20", currency="EUR", index="euribor_3m"
    )
    run = cl.project(deal, pool, BASE.replace(cdr=0.15))
    with caplog.at_level(logging.WARNING, logger="cloche"):
        for day in sorted(set(run.cashflows["date"].tolist()))[8:20:4]:
            cl.project(deal, pool, BASE.replace(cdr=0.15), state=run.state_at(day))
    assert not caplog.messages
