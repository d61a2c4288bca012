"""What one payment date from a state decides for the next: status, hurdles, and cures that stop where a test passes."""

import copy
from typing import Any

import pytest

import cloche as cl
from engine.states import STATE

Document = dict[str, Any]


def document() -> Document:
    return cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()


def paid_on(changed: Document, **more: Any) -> cl.PaymentDate:
    return cl.run_payment_date(
        cl.Deal.from_dict(changed), cl.DealState.from_dict(copy.deepcopy(STATE) | more)
    )


def accelerating(cause: str = "senior_interest") -> Document:
    rules = {"causes": [cause], "accelerate": "automatic", "rescind": "when_cured"}
    return document() | {"default_events": rules}


def test_unpaid_senior_interest_accelerates_from_the_next_date_on() -> None:
    # 100,000 of interest does not pay class A.
    date = paid_on(accelerating(), collected={"interest": 100_000, "principal": 0})
    assert date.state.status == "accelerated"
    assert [row["event"] for row in date.events.rows()] == [
        "event of default: interest",
        "event of default: interest",
        "acceleration",
    ]
    assert set(date.ledger["waterfall"]) == {"interest", "principal"}
    again = paid_on(accelerating())
    assert (again.state.status, len(again.events)) == ("normal", 0)
    never = paid_on(document(), collected={"interest": 100_000, "principal": 0})
    assert never.state.status == "normal"


def test_an_acceleration_ends_when_its_cause_does() -> None:
    # The par ratio holds; where all cash goes to class A the interest of class B stays unpaid.
    assert paid_on(accelerating(), status="accelerated").state.status == "accelerated"
    date = paid_on(accelerating("par_ratio"), status="accelerated")
    assert set(date.ledger["waterfall"]) == {"acceleration"}
    assert date.state.status == "normal"
    assert [row["event"] for row in date.events.rows()] == ["rescission"]
    lasting = accelerating("par_ratio")
    del lasting["default_events"]["rescind"]
    assert paid_on(lasting, status="accelerated").state.status == "accelerated"


def test_a_test_that_passes_takes_no_principal_whatever_its_trigger() -> None:
    # 494 million of par and 6 million of principal over 455 million: 1.0989 against 0.98.
    changed = document() | {"conventions": {"deferred_in_oc": False}}
    for test in changed["tests"]:
        test["trigger"] = 0.98 if test["name"] == "E OC" else 0.50
    date = paid_on(changed)
    (row,) = date.tests.filter(test="E OC").rows()
    assert row["passes"] is True
    assert sum(date.ledger.filter(waterfall="principal", step="cure")["paid"]) == 0.0
    assert date.state.accounts["principal"] == 6_000_000.0


def test_a_cure_that_class_x_shares_restores_a_test_which_lists_its_classes() -> None:
    changed = document()
    coupon = {"index": "sofr_3m", "spread": 0.01}
    x = {
        "name": "X",
        "balance": 8_000_000,
        "interest_rank": 1,
        "coupon": coupon,
        "amortization": {"payments": 8},
    }
    changed["notes"].insert(0, x)
    changed["conventions"] = {"x_in_oc": True, "x_in_sequence": True}
    for step in changed["waterfalls"]["interest"]:
        if step.get("pay_interest") == "A":
            del step["pay_interest"]
            step["pay_pari_passu"] = [{"pay_interest": ["X", "A"]}, {"pay_amortization": "X"}]
    for test in changed["tests"]:
        if test["name"] == "E OC":
            del test["through"]
            test |= {"notes": ["A", "B", "C", "D", "E"], "trigger": 1.1010}
        elif test["kind"] == "oc":
            test["trigger"] = 1.0
    state = copy.deepcopy(STATE["notes"]) | {"X": {"balance": 8_000_000}}
    date = paid_on(changed, notes=state)
    (row,) = date.tests.filter(test="E OC").rows()
    assert row["passes"] is False
    assert row["ratio_after"] == pytest.approx(1.1010, abs=1e-9)
    # 500 million over 1.101 leaves 454.1326 million: class A is paid 867,393, and class X, of which an instalment has
    # left 7 million, 7/310 of that.
    cured = {row["payee"]: row["paid"] for row in date.ledger.filter(step="cure").rows() if row["paid"] > 0}
    assert cured == pytest.approx({"X": 19_586.30, "A": 867_393.28}, abs=1.0)


def test_the_hurdle_of_a_state_stands_for_its_distributions() -> None:
    # What is left above a hurdle that has been reached: a fifth to the manager.
    state = copy.deepcopy(STATE["notes"])
    date = paid_on(document(), notes=state, fees={"incentive": {"hurdle": -1_000_000.0}})
    (fee,) = date.ledger.filter(waterfall="interest", payee="incentive").rows()
    assert fee["available_before"] > 100_000
    assert fee["paid"] == pytest.approx(0.2 * fee["available_before"])
    # The hurdle has grown by 12 % a year over 92 days, and falls by what the residual notes are paid.
    paid = sum(date.ledger.filter(payee="SUB")["paid"])
    grown = -1_000_000.0 * 1.12 ** (92 / 365)
    after = date.state.to_dict()["fees"]["incentive"]
    assert after["hurdle"] == pytest.approx(grown - paid)


def test_residual_notes_are_due_what_they_are_paid() -> None:
    rows = [row for row in paid_on(document()).ledger.rows() if row["step"] == "pay_residual"]
    assert any(row["paid"] > 0 for row in rows)
    assert all(row["due"] == row["paid"] for row in rows)
