"""Coupons that step up and defaults that occur under a condition, by hand and beside the reference.

On the tiny deal A is 60 at index 4 % + 2 %, due 0.9 a quarter; a loan of 100 pays 2.0.
"""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cloche as cl
from cloche.testing import strategies
from cloche.testing.strategies import Case
from engine import crossing
from engine.test_against_reference import assert_projections_agree, generated
from reference.tiny import CLOSING, deal_of, loan_of, of_note, scenario_of

Document = dict[str, Any]
approx = pytest.approx


def run(deal: Document, *, par: float = 100.0, **scenario: Any) -> dict[str, Any]:
    loans = [{"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **loan_of(par=par)}]
    bought = {"price": {"kind": "constant", "value": 1.0}}
    return crossing.project(Case(deal, loans, CLOSING, scenario_of(reinvestment=bought, **scenario)))


def with_steps(*steps: Document, **more: Any) -> Document:
    deal = copy.deepcopy(deal_of(**more))
    deal["notes"][0]["coupon"]["step_up"] = list(steps)
    return deal


def rates(result: dict[str, Any]) -> list[float]:
    return [float(rate) for rate in of_note(result, "A", "rate")]


class TestStepsOfCoupons:
    def test_a_step_holds_for_the_periods_that_begin_while_its_condition_holds(self) -> None:
        step = {"when": "date >= 2025-04-15 and date < 2025-10-15", "spread": 0.03}
        result = run(with_steps(step))
        # True on 15 April and 15 July: the periods to 15 July and 15 October pay 7 %.
        assert rates(result) == approx([0.06, 0.07, 0.07, 0.06])
        assert of_note(result, "A", "interest_paid") == approx([0.9, 1.05, 1.05, 0.9])
        events = [(str(row["date"]), row["event"]) for row in result["events"]]
        assert events == [("2025-04-15", "coupon step"), ("2025-10-15", "coupon step")]

    def test_a_lasting_step_is_for_good(self) -> None:
        step = {"when": "date == 2025-04-15", "spread": 0.03}
        assert rates(run(with_steps(step))) == approx([0.06, 0.07, 0.06, 0.06])
        assert rates(run(with_steps({**step, "lasting": True}))) == approx([0.06, 0.07, 0.07, 0.07])

    def test_the_last_of_several_counts_and_dated_steps_hold_beneath(self) -> None:
        steps = (
            {"from": "2025-07-15", "spread": 0.025},
            {"when": "date <= 2025-04-15", "spread": 0.04},
            {"when": "date <= 2025-07-15", "spread": 0.03},
        )
        assert rates(run(with_steps(*steps))) == approx([0.06, 0.07, 0.07, 0.065])

    def test_a_run_goes_on_from_a_state_with_its_coupons(self) -> None:
        document = with_steps({"when": "date == 2025-04-15", "spread": 0.03, "lasting": True})
        deal = cl.Deal.from_dict(document)
        tape = {
            "loan_id": ["L1"],
            "par": [100.0],
            "spread": [0.04],
            "maturity": ["2030-01-15"],
            "rating": ["B"],
        }
        pool = cl.LoanPool.from_columns({**tape, "coupon_type": ["floating"]}, as_of="2025-01-15")
        base = cl.Scenario(cdr=0.0, rates=0.04, recovery=0.4, recovery_lag_months=6)
        straight = cl.project(deal, pool, base)
        state = straight.state_at("2025-07-15")
        assert state.to_dict()["notes"]["A"]["steps_in_force"] == [0]
        on = cl.project(deal, pool, base, state=state)
        late = [row for row in straight.cashflows.rows() if str(row["date"]) > "2025-07-15"]
        assert list(on.cashflows.rows()) == late

    def test_a_payment_date_pays_and_decides_the_step(self) -> None:
        document = with_steps(
            {"when": "pool_factor < 0.95", "spread": 0.03}, dates={"stated_maturity": "2027-01-15"}
        )
        state: Document = {
            "cloche_state": 1,
            "payment_date": "2025-07-15",
            "previous_payment_date": "2025-04-15",
            "determination_date": "2025-07-15",
            "index_fixings": {"sofr_3m": 0.04},
            "collected": {"interest": 2.0, "principal": 0.0},
            "notes": {"A": {"balance": 60.0}, "SUB": {"balance": 40.0}},
            "collateral": {"performing_par": 90.0},
        }
        first = crossing.run_payment_date(document, state)
        assert of_note(first, "A", "interest_paid") == approx([0.9])
        assert first["steps_in_force"] == {"A": [0]}
        state["notes"]["A"]["steps_in_force"] = [0]
        assert of_note(crossing.run_payment_date(document, state), "A", "interest_paid") == approx([1.05])
        state["notes"]["A"]["steps_in_force"] = [1]
        with pytest.raises(cl.DealError, match=r"state.notes.A.steps_in_force\[0\]"):
            crossing.run_payment_date(document, state)

    def test_points_of_a_sweep_step_as_each_does_alone(self) -> None:
        deal = cl.templates.us_bsl(par=400e6, closing="2025-06-18")
        coupon = {
            "index": "sofr_3m",
            "spread": 0.031,
            "step_up": [{"when": "not passes('E OC')", "spread": 0.04}],
        }
        deal = deal.replace({"notes.D.coupon": coupon})
        pool = cl.synthetic.loan_pool(n=40, seed=5, as_of="2025-06-18")
        base = cl.Scenario(cdr=0.06, cpr=0.20, recovery=0.5, recovery_lag_months=6, rates=0.043)
        path, spreads, rates = "notes.D.coupon.spread", [0.031, 0.035], [0.02, 0.12]
        found = cl.sweep(deal, pool, cl.grid(base, cdr=rates, deal={path: spreads}))
        rows = {(row["cdr"], row[path]): row["interest_paid"] for row in found.notes.filter(note="D").rows()}
        stepped = 0
        for (cdr, spread), paid in rows.items():
            alone = cl.project(deal.replace({path: spread}), pool, base.replace(cdr=cdr))
            assert paid == approx(float(alone.notes.filter(note="D")["interest_paid"][0]))
            stepped += any(row["event"] == "coupon step" for row in alone.events.rows())
        assert 0 < stepped < len(rows)

    def test_what_cannot_be_meant_is_refused(self) -> None:
        for step, place in (
            ({"spread": 0.03}, "notes[0].coupon.step_up[0]"),
            ({"when": "passes('C OC')", "spread": 0.03}, "notes[0].coupon.step_up[0].when"),
            ({"when": "pool_factor < 0.9", "fixed": 0.03}, "notes[0].coupon.step_up[0]"),
            ({"from": "2025-07-15", "lasting": True, "spread": 0.03}, "notes[0].coupon.step_up[0].lasting"),
        ):
            with pytest.raises(cl.DealError) as error:
                cl.Deal.from_dict(with_steps(step))
            assert place in {problem.place for problem in error.value.problems}


RULES: Document = {"causes": [{"when": "pool_factor < 0.9"}], "accelerate": "automatic"}


class TestConditionsThatAreDefaults:
    def test_a_condition_accelerates_from_the_next_date_on(self) -> None:
        # A default rate of 40 % a year leaves 88 after the first quarter.
        deal = deal_of(default_events=RULES)
        result = run(deal, cdr={"kind": "constant", "value": 0.4})
        falls = {str(row["date"]): row["waterfall"] for row in result["ledger"]}
        assert falls["2025-04-15"] == "principal"
        assert falls["2025-07-15"] == "acceleration"
        events = [(str(row["date"]), row["event"]) for row in result["events"][:2]]
        assert ("2025-04-15", "event of default: condition") in events
        assert ("2025-04-15", "acceleration") in events

    def test_without_acceleration_it_is_recorded(self) -> None:
        deal = deal_of(default_events={"causes": RULES["causes"]})
        result = run(deal, cdr={"kind": "constant", "value": 0.4})
        assert {row["event"] for row in result["events"]} == {"event of default: condition"}
        assert {row["waterfall"] for row in result["ledger"]} == {"interest", "principal"}

    def test_it_is_rescinded_when_the_condition_no_longer_holds(self) -> None:
        rules = {
            "causes": [{"when": "date == 2025-04-15"}],
            "accelerate": "automatic",
            "rescind": "when_cured",
        }
        result = run(deal_of(default_events=rules))
        falls = {str(row["date"]): row["waterfall"] for row in result["ledger"]}
        assert falls["2025-07-15"] == "acceleration"
        assert falls["2025-10-15"] == "principal"


CONDITIONS = ("performing_par < 81234567.8", "ccc_share > 0.1234567", "pool_factor < 0.8543217")


@settings(generated, max_examples=100)
@given(data=st.data())
def test_projections_with_conditions_of_the_deal_agree(data: st.DataObject) -> None:
    case = data.draw(strategies.cases(events=["default"] if data.draw(st.booleans()) else False))
    condition = st.sampled_from(CONDITIONS)
    for note in case.deal["notes"]:
        if note.get("coupon") and data.draw(st.booleans()):
            key = "fixed" if note["coupon"].get("fixed") is not None else "spread"
            step = {"when": data.draw(condition), key: 0.0345, "lasting": data.draw(st.booleans())}
            note["coupon"]["step_up"] = [*note["coupon"].get("step_up", ()), step]
    rules = case.deal.get("default_events")
    if rules is not None:
        rules["causes"] = [*rules["causes"], {"when": data.draw(condition)}]
    assert_projections_agree(case)
