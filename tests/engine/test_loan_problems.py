"""Refusals that hold for many loans are told once, with how many and the first of them in the order of the tape."""

from __future__ import annotations

import pytest

import cloche as cl
from cloche.errors import Problem
from cloche.loan_problems import by_cause

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
BASE = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)
IDS = ["L4", "L2", "L5", "L1", "L3"]


def tape(**columns: object) -> cl.LoanPool:
    plain: dict[str, object] = {
        "loan_id": IDS,
        "obligor_name": ["Echo", "Alder", "Delta", "Birch", "Cedar"],
        "par": [100e6] * 5,
        "maturity": ["2031-06-30"] * 5,
        "spread": [0.035] * 5,
        "rating_sp": ["B", "B+", "B", "B", "B+"],
    }
    return cl.LoanPool.from_columns(plain | columns, as_of="2025-03-20")


def test_a_recovery_that_no_loan_has_is_one_line() -> None:
    with pytest.raises(cl.ScenarioError) as error:
        cl.project(DEAL, tape(), BASE.replace(recovery=None, reinvestment={"recovery": 0.7}))
    assert str(error.value) == (
        "the scenario has 1 problem\nscenario.recovery: missing for 5 loans such as L1, L2, L3: "
        "neither the scenario nor the tape states a recovery rate"
    )


def test_up_to_three_loans_are_all_named() -> None:
    pool = tape(recovery=[0.7, None, 0.7, 0.7, None])
    with pytest.raises(cl.ScenarioError) as error:
        cl.project(DEAL, pool, BASE.replace(recovery=None, reinvestment={"recovery": 0.7}))
    [problem] = error.value.problems
    assert problem.message.startswith("missing for loans L2, L3: ")


def test_each_rating_that_a_table_does_not_have_is_a_line_of_its_own() -> None:
    model = cl.GaussianCopula(inter=0.1, intra=0.2, pd={"BB": {"1": 0.01}})
    with pytest.raises(cl.ScenarioError) as error:
        cl.simulate(DEAL, tape(), model, scenario=BASE.replace(cdr=None), paths=10, seed=1)
    assert [tuple(problem) for problem in error.value.problems] == [
        ("model.pd", 'no row for rating "B" (loans L1, L4, L5)'),
        ("model.pd", 'no row for rating "B+" (loans L2, L3)'),
    ]


def test_a_column_with_gaps_is_one_line_for_the_tape() -> None:
    model = cl.GaussianCopula(inter=0.1, intra=0.2, pd="pd_1y")
    with pytest.raises(cl.ClocheError) as error:
        cl.simulate(DEAL, tape(), model, scenario=BASE.replace(cdr=None), paths=10, seed=1)
    [problem] = error.value.problems
    assert problem.place == 'tape 5 loans such as L1, L2, L3, column "pd_1y"'


def test_what_names_no_loan_of_the_tape_stays_as_it_is() -> None:
    problems = [
        Problem("scenario.cdr", "missing"),
        Problem("scenario.recovery", "missing for loan Z: no rate"),
        Problem("scenario.recovery", "missing for loan L1: no rate"),
    ]
    assert by_cause(problems, IDS) == problems
