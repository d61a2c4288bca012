"""Purchases after the reinvestment period: what a deal asks for them holds, in the engine as in the reference."""

from __future__ import annotations

from typing import Any

import pytest

import cloche as cl
from cloche.testing import reference
from cloche.testing.strategies import Case
from engine import crossing
from engine.agreement import differences
from reference import tiny
from reference.one_date import cure

Document = dict[str, Any]


def bought(trigger: float, after: Document | None) -> list[float]:
    """Return the cost of purchases by payment date; the reinvestment period holds the first date alone."""
    deal = tiny.deal_of(dates={"reinvestment_end": "2025-05-01"})
    deal["tests"] = [{"name": "OC", "kind": "oc", "through": "A", "trigger": trigger}]
    deal["reinvestment"] = {} if after is None else {"after": after}
    deal["waterfalls"]["principal"] = [
        cure("OC", when="remaining < 0"),
        {"verb": "reinvest", "of": "unscheduled", "share": "post_period_share", "when": "after_reinvestment"},
        tiny.SEQUENCE,
        tiny.RESIDUAL,
    ]
    loan = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **tiny.loan_of()}
    terms = {"price": tiny.constant(1.0), "spread": tiny.constant(0.04)}
    scenario = tiny.scenario_of(cpr=tiny.constant(0.4), post_period_share=0.5, reinvestment=terms)
    case = Case(deal, [loan], tiny.CLOSING, scenario)
    ours = crossing.project(case)
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert not list(differences(ours, theirs, par=100.0))
    return [row["purchase_cost"] for row in theirs["collateral"]]


@pytest.mark.parametrize("after", [None, {"conditions": []}, {"proceeds": ["unscheduled", "credit_risk"]}])
def test_half_of_unscheduled_principal_buys_whatever_the_tests_say(after: Document | None) -> None:
    prepaid = 100.0 * (1.0 - 0.6**0.25)
    assert bought(9.0, after)[:2] == pytest.approx([0.0, 0.5 * prepaid * 0.6**0.25])


def test_with_coverage_among_the_conditions_nothing_is_bought_while_a_test_fails() -> None:
    after = {"proceeds": ["unscheduled"], "conditions": ["coverage"]}
    assert set(bought(9.0, after)) == {0.0}
    assert bought(1.1, after) == bought(1.1, None)
    assert bought(1.1, after)[1] > 0.0


def test_the_standard_waterfall_asks_for_coverage() -> None:
    pool = cl.synthetic.loan_pool(n=20, seed=3, as_of="2025-03-20")
    scenario = cl.Scenario(cdr=0.0, cpr=0.2, recovery=0.5, rates=0.04, post_period_share=0.5)
    document = cl.templates.us_bsl().to_dict()
    document["tests"][3]["trigger"] = 9.0
    document["waterfalls"]["interest"] = [
        {**step, "when": "remaining < 0"} if "cure" in step else step
        for step in document["waterfalls"]["interest"]
    ]
    document["waterfalls"]["principal"] = [
        {**step, "when": "remaining < 0"} if "cure" in step else step
        for step in document["waterfalls"]["principal"]
    ]
    spent = {}
    for conditions in ([], ["coverage"]):
        document["reinvestment"] = {"after": {"conditions": conditions}}
        run = cl.project(cl.Deal.from_dict(document), pool, scenario)
        rows = [row for row in run.collateral.rows() if str(row["date"]) > "2030-04-30"]
        spent[len(conditions)] = [row["purchase_cost"] for row in rows]
    assert spent[0][0] > 1e6
    assert set(spent[1][:8]) == {0.0}
