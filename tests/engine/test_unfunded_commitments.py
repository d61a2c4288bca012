"""Undrawn loan commitments in the engine: by hand, beside the reference, and as the loan that is drawn from the start.

80 at 8 % (1.6 a quarter) and 20 undrawn at a fee of 2 % (0.1 a quarter); cash earns nothing unless it is said.
"""

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cloche as cl
from cloche.testing import reference, strategies
from cloche.testing.strategies import Case
from engine import crossing
from engine.agreement import differences
from engine.test_against_reference import assert_projections_agree, generated
from reference.tiny import CLOSING, RESIDUAL, Document, column, constant, deal_of, loan_of, scenario_of

approx = pytest.approx

LOAN = loan_of(par=80.0, par_unfunded=20.0, unfunded_fee=0.02)
OWN: Document = {"next_payment": date(2025, 3, 1), "payment_frequency_months": 3}
FIFTH = 1 - 0.8**4
"""20 % a quarter."""


def project(*loans: Document, deal: Document | None = None, **scenario: Any) -> dict[str, Any]:
    """Project the tiny deal with the engine, as the reference does."""
    plain = {"fixed": False, "ccc": False, "weak": False}
    rows = [{"obligor_id": loan["loan_id"], **plain, **loan} for loan in loans or (LOAN,)]
    bought = {"price": constant(1.0), "spread": constant(0.04)}
    assumed = scenario_of(**{"cash_rate_spread": -0.04, "reinvestment": bought, **scenario})
    case = Case(deal or deal_of(), rows, CLOSING, assumed)
    ours = crossing.project(case)
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert not list(differences(ours, theirs, par=100.0))
    assert ours["conservation_error"] < 1e-12
    return ours


def first(result: dict[str, Any], *names: str) -> list[float]:
    return [column(result, name)[0] for name in names]


def test_interest_is_on_what_is_drawn_and_the_fee_on_what_is_not() -> None:
    result = project()
    assert column(result, "interest_collected") == approx([1.7] * 4)
    assert column(result, "performing_par") == approx([100.0] * 3 + [0.0])
    assert column(result, "unfunded") == approx([20.0] * 3 + [0.0])


def test_a_draw_at_the_end_of_a_step_moves_par() -> None:
    result = project(draw_rate=FIFTH)
    assert column(result, "unfunded")[:3] == approx([16.0, 12.8, 10.24])
    assert column(result, "performing_par")[:3] == approx([100.0] * 3)
    assert column(result, "interest_collected")[:3] == approx([1.7, 1.76, 1.808])


def test_a_draw_on_an_own_date_raises_the_period_that_starts_there() -> None:
    result = project({**LOAN, **OWN}, draw_rate=FIFTH)
    stub = (80 * 0.08 + 20 * 0.02) * 46 / 360
    assert column(result, "interest_collected")[:3] == approx([stub, 1.76, 1.808])
    assert column(result, "unfunded")[:3] == approx([16.0, 12.8, 10.24])


def test_a_default_draws_a_share_and_releases_the_rest() -> None:
    result = project(cdr=constant(FIFTH), recovery_lag_months=constant(0.0), usage_at_default=0.4)
    assert first(result, "new_defaults", "scheduled_principal", "recoveries") == approx([17.6, 2.4, 7.04])
    assert first(result, "performing_par", "unfunded") == approx([80.0, 16.0])


def test_prepayment_cancels_its_share_of_the_commitment() -> None:
    result = project(cpr=constant(FIFTH))
    assert first(result, "prepaid_principal", "performing_par", "unfunded") == approx([20.0, 80.0, 16.0])


@pytest.mark.parametrize("own", [{}, OWN])
def test_maturity_repays_what_is_drawn_and_releases_the_rest(own: Document) -> None:
    result = project({**LOAN, **own, "maturity": date(2025, 7, 15)}, draw_rate=FIFTH)
    assert column(result, "scheduled_principal")[:2] == approx([0.0, 100.0])


@pytest.mark.parametrize("own", [{}, OWN])
def test_a_loan_whose_funded_par_is_repaid_lives_on(own: Document) -> None:
    result = project({**LOAN, **own, "amortization_rate": 4.0}, draw_rate=FIFTH)
    assert column(result, "scheduled_principal")[:3] == approx([80.0, 4.0, 3.2])


def test_a_loan_of_which_nothing_is_drawn() -> None:
    result = project(loan_of(par=0.0, par_unfunded=100.0, unfunded_fee=0.02), draw_rate=FIFTH)
    assert column(result, "interest_collected")[:2] == approx([0.5, 0.8])
    assert column(result, "unfunded")[:2] == approx([80.0, 64.0])


def test_the_cash_set_aside_earns_what_principal_cash_earns() -> None:
    result = project(cash_rate_spread=-0.002, draw_rate=FIFTH)
    assert column(result, "interest_collected")[:2] == approx(
        [1.7 + 20 * 0.038 * 90 / 360, 1.76 + 16 * 0.038 * 91 / 360]
    )


def test_a_sale_takes_the_commitment_over_like_par() -> None:
    events = [{"call": {}, "date": "2025-07-15"}]
    result = project({**LOAN, **OWN}, liquidation_price=0.9, events=events, draw_rate=0.3)
    assert column(result, "sale_proceeds") == approx([0.0, 90.0])
    assert column(result, "unfunded")[1] == 0.0


def test_coverage_and_expressions_count_it() -> None:
    rules = {"name": "OC", "kind": "oc", "through": "A", "trigger": 1.0, "first_date": "closing"}
    steps = [{"verb": "retain", "amount": "0.1 * unfunded"}, RESIDUAL]
    falls = {"interest": steps, "principal": [RESIDUAL]}
    result = project(deal=deal_of(tests=[rules], waterfalls=falls), draw_rate=FIFTH)
    assert [row["numerator"] for row in result["tests"]][:3] == approx([100.0] * 3)
    kept = [row["paid"] for row in result["ledger"] if row["step"] == "retain"]
    assert kept[:3] == approx([1.6, 1.28, 1.024])


def split(case: Case, shares: list[float]) -> tuple[Case, Case]:
    """Fixed-rate loans that are drawn, and the same of which a share is undrawn at a fee of their rate.

    Without instalments, draws, interest on cash, and with all drawn before a default, both pay alike.
    """
    drawn, undrawn = [], []
    for loan, share in zip(case.loans, shares, strict=False):
        if loan["default_date"] is not None:
            drawn.append(loan)
            undrawn.append(loan)
            continue
        terms = {
            **loan,
            "fixed": True,
            "fixed_rate": 0.07,
            "day_count": "30/360",
            "amortization_rate": 0.0,
            "current_rate": None,
        }
        drawn.append(terms)
        part = {"par": loan["par"] * (1 - share), "par_unfunded": loan["par"] * share, "unfunded_fee": 0.07}
        undrawn.append({**terms, **part})
    scenario = {**case.scenario, "rates": {"*": {"kind": "flat", "rate": 0.01}}, "cash_rate_spread": -0.01}
    return (
        Case(case.deal, drawn, case.as_of, scenario),
        Case(case.deal, undrawn, case.as_of, {**scenario, "draw_rate": 0.0, "usage_at_default": 1.0}),
    )


@settings(generated, max_examples=100)
@given(strategies.cases(), st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=8, max_size=8))
def test_a_commitment_at_the_rate_of_its_loan_pays_as_if_it_were_drawn(
    case: Case, shares: list[float]
) -> None:
    drawn, undrawn = split(case, shares)
    try:
        ours = crossing.project(undrawn)
    except cl.TapeError as error:
        # A tape of a later day needs a state.
        assume("tape.as_of" not in str(error))
        raise
    theirs = crossing.project(drawn)
    theirs["collateral"] = [
        {**other, "unfunded": one["unfunded"]}
        for one, other in zip(ours["collateral"], theirs["collateral"], strict=True)
    ]
    for row in theirs["tests"]:
        row["ratio_after_cure"] = row["ratio_after"]
    assert not list(differences(ours, theirs, par=strategies.PAR))


@settings(generated, max_examples=150)
@given(strategies.cases(features=["unfunded", "pik"]))
def test_projections_with_capitalized_interest_beside_agree(case: Case) -> None:
    assert_projections_agree(case)


def test_a_sweep_and_a_break_even_vary_what_the_scenario_assumes() -> None:
    deal = cl.templates.us_bsl(par=200e6, closing="2025-03-20", reinvestment_years=2.0, maturity_years=9.0)
    table = cl.synthetic.loan_pool(n=40, seed=7, par=150e6, as_of="2025-03-20").table.to_dict()
    table |= {"par_unfunded": [50e6 / 40] * 40, "unfunded_fee": [0.01] * 40}
    pool = cl.LoanPool.from_columns(table, as_of="2025-03-20")
    base = cl.Scenario(cdr=0.02, cpr=0.15, recovery=0.6, recovery_lag_months=6, rates=0.043)
    points = cl.grid(base, draw_rate=[0.0, 0.5], usage_at_default=[0.0, 1.0])
    swept = cl.sweep(deal, pool, points).notes.filter(note="SUB")["irr"].tolist()
    straight = []
    for point in range(len(points)):
        path = cl.project(deal, pool, points.scenario(point))
        assert np.nansum(path.collateral["unfunded"]) > 0.0
        straight.append(path.notes.filter(note="SUB")["irr"].item())
    assert swept == straight
    assert len(set(swept)) == 4
    found = cl.breakeven(deal, pool, base, vary="usage_at_default", note="E")
    assert found.vary == "usage_at_default"
