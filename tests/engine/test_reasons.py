"""Why a row of the ledger shows less than was due: what limited it, not merely that cash was short."""

from typing import Any

import pytest

from cloche.testing import reference
from engine import crossing
from reference import one_date
from reference.one_date import IC, OC, RESIDUAL, SEQUENCE, A, B, cure, fee, interest

Document = dict[str, Any]

REINVEST: Document = {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"}
SUB = one_date.SUB
CAP: Document = {"rate": 0.0, "fixed_per_year": 4.0, "day_count": "30/360"}
ADMIN: Document = {"name": "admin", "rate": 0.0, "cap": CAP}


LAST: Document = {
    "payment_date": "2027-01-15",
    "previous_payment_date": "2026-10-15",
    "determination_date": "2027-01-14",
}


def ledger(waterfall: str, *, last: bool = False, **terms: Any) -> list[tuple[str, str, float, float, str]]:
    """Return step, payee, due, paid and reason of the rows of a waterfall on the one date, or on the last."""
    terms.setdefault("interest_steps", [interest("A"), interest("B"), RESIDUAL])
    document, state = one_date.documents(**terms)
    if last:
        state |= LAST
    names = ("step", "payee", "due", "paid", "reason")
    rows = crossing.run_payment_date(document, state)["ledger"]
    told = [tuple(row[name] for name in names) for row in rows if row["waterfall"] == waterfall]
    # The reference tells a shortfall in the same words.
    theirs = {
        (row["step"], row["payee"]): row["reason"]
        for row in reference.run_payment_date(document, state)["ledger"]
        if row["waterfall"] == waterfall and row["paid"] < row["due"] and row["step"] != "cure"
    }
    assert {row[:2]: row[4] for row in told if row[3] < row[2] and row[0] != "cure"} == theirs
    return told


def test_principal_that_is_not_due_finds_nothing_left_after_purchases() -> None:
    rows = ledger("principal", principal_steps=[REINVEST, SEQUENCE, RESIDUAL], collected=(4.0, 6.0))
    assert rows == [
        ("reinvest", "principal account", 6.0, 6.0, "held on deposit"),
        ("pay_principal", "A", 100.0, 0.0, "nothing left"),
        ("pay_principal", "B", 50.0, 0.0, "nothing left"),
        ("pay_residual", "SUB", 0.0, 0.0, "nothing left"),
    ]


def test_principal_that_is_not_due_is_all_that_is_left() -> None:
    rows = ledger("principal", principal_steps=[SEQUENCE, RESIDUAL], collected=(4.0, 106.0))
    assert rows[:2] == [
        ("pay_principal", "A", 100.0, 100.0, "paid in full"),
        ("pay_principal", "B", 50.0, 6.0, "all that is left"),
    ]


@pytest.mark.parametrize("cash", [6.0, 0.0])
def test_a_step_whose_condition_does_not_hold_has_no_row(cash: float) -> None:
    steps = [{**SEQUENCE, "when": "pool_factor < 0.5"}, REINVEST, {**SEQUENCE, "when": "pool_factor < 0.6"}]
    rows = ledger("principal", principal_steps=[*steps, RESIDUAL], collected=(4.0, cash))
    why = "held on deposit" if cash else "nothing left"
    assert rows == [
        ("reinvest", "principal account", cash, cash, why),
        ("pay_residual", "SUB", 0.0, 0.0, "nothing left"),
    ]


@pytest.mark.parametrize("cash", [6.0, 0.0])
def test_principal_for_interest_of_a_class_that_does_not_control_has_no_row(cash: float) -> None:
    steps = [interest("B"), REINVEST, RESIDUAL]
    rows = ledger("principal", principal_steps=steps, collected=(2.5, cash))
    assert [row[0] for row in rows] == ["reinvest", "pay_residual"]


def test_an_amount_that_limits_is_told_apart_from_cash_that_is_short() -> None:
    steps = [interest("A", amount="0.0125 * balance('A')"), interest("A", "B"), RESIDUAL]
    rows = ledger("interest", interest_steps=steps, collected=(2.375, 0.0))
    # 2 of A and 1.5 of B: 1.25 by the amount, then 1.125 for 0.75 and 1.5: half of each.
    assert rows[:3] == [
        ("pay_interest", "A", 2.0, 1.25, "limited by its amount"),
        ("pay_interest", "A", 0.75, 0.375, "insufficient funds"),
        ("pay_interest", "B", 1.5, 0.75, "insufficient funds"),
    ]


def test_an_amount_of_nothing_is_no_lack_of_cash() -> None:
    steps = [{**SEQUENCE, "amount": "0 * remaining"}, REINVEST, RESIDUAL]
    rows = ledger("principal", principal_steps=steps, collected=(4.0, 6.0))
    assert [row[4] for row in rows[:2]] == ["limited by its amount"] * 2


def test_a_fee_whose_cap_is_used_is_not_told_as_nothing_due() -> None:
    # 8 are owed, 4 a year are the cap: 1 of the quarter, and 3 of 7 from what interest leaves.
    steps = [
        fee("admin", "capped"),
        fee("admin", "capped"),
        interest("A"),
        fee("admin", "above_cap"),
        RESIDUAL,
    ]
    owed = {"admin": {"unpaid": 8.0}}
    rows = ledger("interest", interest_steps=steps, collected=(6.0, 0.0), fees=[ADMIN], fee_states=owed)
    assert rows[:4] == [
        ("pay_fee", "admin", 1.0, 1.0, "paid in full"),
        ("pay_fee", "admin", 0.0, 0.0, "cap reached"),
        ("pay_interest", "A", 2.0, 2.0, "paid in full"),
        ("pay_fee", "admin", 7.0, 3.0, "insufficient funds"),
    ]


def test_a_cure_says_whether_its_test_passes_fails_or_does_not_apply() -> None:
    # 206 of par and cash over 150; interest of 4 over 2; one test applies from 2026 on.
    late = {**OC, "name": "late", "trigger": 9.0, "first_date": "2026-01-15"}
    strict = {**IC, "name": "strict", "trigger": 9.0}
    steps = [cure("OC"), cure("late"), interest("A"), cure("strict"), interest("B"), RESIDUAL]
    rows = ledger("interest", interest_steps=steps, tests=[OC, late, strict], collected=(4.0, 6.0))
    told = [row[4] for row in rows if row[0] == "cure"]
    assert told == ["test passes", "no test applies yet", "test fails"]


def test_a_reserve_says_whether_cash_or_its_amount_limits_it() -> None:
    step: Document = {"verb": "fund_reserve", "account": "reserve", "up_to": "0.05 * balance('A')"}
    for more, paid, why in (
        ({}, 4.0, "insufficient funds"),
        ({"amount": "0.01 * balance('A')"}, 1.0, "limited by its amount"),
    ):
        steps = [{**step, **more}, RESIDUAL]
        rows = ledger("interest", interest_steps=steps, accounts=[{"name": "reserve"}], collected=(4.0, 0.0))
        assert rows[0] == ("fund_reserve", "reserve", 5.0, paid, why)


FACILITY: Document = {
    "name": "LF",
    "balance": 0.0,
    "interest_rank": 2,
    "principal_rank": 2,
    "coupon": {"fixed": 0.08},
    "commitment": {"amount": 1.0},
}


@pytest.mark.parametrize(
    ("drawn", "amount", "row"),
    [
        # A is due 2 and lacks 0.5; of 1 that is committed so much has been drawn before.
        (0.0, None, (0.5, 0.5, "paid in full")),
        (0.7, None, (0.5, 0.3, "commitment used up")),
        (1.0, None, (0.5, 0.0, "commitment used up")),
        (0.7, "0.002 * balance('A')", (0.5, 0.2, "limited by its amount")),
        # An amount above what is left limits nothing.
        (0.7, "0.004 * balance('A')", (0.5, 0.3, "commitment used up")),
        (0.0, "0", (0.5, 0.0, "limited by its amount")),
    ],
)
def test_a_draw_says_whether_the_commitment_or_its_amount_limits_it(
    drawn: float, amount: str | None, row: tuple[float, float, str]
) -> None:
    step: Document = {"verb": "draw", "note": "LF", "through": "A"}
    rows = ledger(
        "interest",
        interest_steps=[interest("A"), step if amount is None else {**step, "amount": amount}, RESIDUAL],
        notes=[A, FACILITY, B, SUB],
        states={"LF": {"balance": drawn, "drawn": drawn}},
        collected=(1.5, 0.0),
    )
    assert rows[0] == ("pay_interest", "A", 2.0, 1.5, "insufficient funds")
    (found,) = [each for each in rows if each[0] == "draw"]
    assert found[1] == "A"
    assert found[2:4] == pytest.approx(row[:2])
    assert found[4] == row[2]


RESERVE: Document = {"verb": "fund_reserve", "account": "reserve", "up_to": "0.05 * balance('A')"}


def test_a_reserve_that_is_closed_takes_nothing() -> None:
    # On the last date nothing may be left in an account: of 4 all is for A and the residual note.
    steps = [RESERVE, interest("A"), RESIDUAL]
    rows = ledger(
        "interest", interest_steps=steps, accounts=[{"name": "reserve"}], collected=(4.0, 0.0), last=True
    )
    assert rows == [
        ("fund_reserve", "reserve", 5.0, 0.0, "account closed"),
        ("pay_interest", "A", 2.0, 2.0, "paid in full"),
        ("pay_residual", "SUB", 2.0, 2.0, "residual"),
    ]
    # Where it holds what it should, nothing is due, closed or not; its cash joins the proceeds on the last date.
    full = ledger(
        "interest",
        interest_steps=[{**RESERVE, "up_to": "0 * balance('A')"}, RESIDUAL],
        accounts=[{"name": "reserve"}],
        collected=(4.0, 0.0),
        last=True,
    )
    assert full[0] == ("fund_reserve", "reserve", 0.0, 0.0, "nothing due")


def test_on_the_last_date_principal_is_due() -> None:
    document, state = one_date.documents(
        interest_steps=[interest("A"), RESIDUAL],
        principal_steps=[SEQUENCE, RESIDUAL],
        notes=[A, B, SUB],
        collected=(2.0, 106.0),
    )
    state |= LAST
    rows = crossing.run_payment_date(document, state)["ledger"]
    told = {row["payee"]: row["reason"] for row in rows if row["step"] == "pay_principal"}
    assert told == {"A": "paid in full", "B": "insufficient funds"}
