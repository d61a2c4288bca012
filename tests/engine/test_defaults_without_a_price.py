"""A loan that was in default when its tape was made, and has no market price: it is worth what is recovered of it."""

import datetime as dt
import math
from typing import Any

import pytest

import cloche as cl
from cloche.errors import TapeError
from cloche.testing import reference
from cloche.testing.strategies import Case
from engine import crossing
from engine.agreement import differences
from reference import tiny

Document = dict[str, Any]
USUAL: Document = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False}
DEFAULTED: Document = {
    "default_date": "2025-01-01",
    "recovery": 0.4,
    "recovery_lag_months": 9.0,
    "rating": "D",
}


def first(rule: str | None, price: float | None, **loan: Any) -> Document:
    """Return the first row of the collateral; 10 of par are in default beside 100."""
    defaulted = {**tiny.loan_of(loan_id="L2", par=10.0), **DEFAULTED, **loan, "market_price": price}
    loans = [{**USUAL, **tiny.loan_of()}, {**USUAL, **defaulted, "default_date": dt.date(2025, 1, 1)}]
    rules = {} if rule is None else {"collateral": {"defaulted_value": rule}}
    case = Case(tiny.deal_of(**rules), loans, tiny.CLOSING, tiny.scenario_of())
    ours = crossing.project(case)
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert not list(differences(ours, theirs, par=100.0))
    row: Document = ours["collateral"][0]
    return row


@pytest.mark.parametrize("rule", [None, "market", "recovery"])
def test_it_is_carried_at_its_recovery_and_has_that_market_value(rule: str | None) -> None:
    row = first(rule, None)
    assert (row["defaulted_par"], row["defaulted_value"]) == (10.0, pytest.approx(4.0))
    assert row["market_value"] == pytest.approx(100.0 + 4.0)


@pytest.mark.parametrize(("rule", "value"), [(None, 3.0), ("market", 3.0), ("recovery", 4.0), ("zero", 0.0)])
def test_a_price_of_its_own_stands(rule: str | None, value: float) -> None:
    row = first(rule, 0.3)
    assert row["defaulted_value"] == pytest.approx(value)
    assert row["market_value"] == pytest.approx(100.0 + 3.0)


def tape(recovery: float | None) -> cl.LoanPool:
    columns: dict[str, list[Any]] = {
        "loan_id": ["1", "2"],
        "par": [490e6, 10e6],
        "maturity": ["2031-06-30"] * 2,
        "spread": [0.04] * 2,
        "rating_sp": ["B", "D"],
        "default_date": [None, "2025-03-01"],
        "recovery": [None, recovery],
    }
    return cl.LoanPool.from_columns(columns, as_of="2025-03-20")


def test_a_tape_says_that_the_recovery_stands_for_the_price() -> None:
    pool = tape(0.4)
    used = {row["default"]: row["rows"] for row in pool.defaults_used.filter(column="market_price").rows()}
    assert used == {"0.98 (B)": 1, "recovery rate (defaulted)": 1}
    assert math.isnan(pool.columns()["market_price"][1])


def test_the_recovery_of_each_point_of_a_sweep_is_its_price() -> None:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    base = cl.Scenario(cdr=0.0, cpr=0.1, recovery_lag_months=12, rates=0.043, recovery=0.5)
    points = [base.replace(recovery=rate) for rate in (0.3, 0.5)]
    swept = cl.sweep(deal, tape(None), points)
    for point, rate in enumerate((0.3, 0.5)):
        own = cl.project(deal, tape(None), points[point])
        assert own.collateral["defaulted_value"][0] == pytest.approx(rate * 10e6)
        assert swept.project(point).tests.to_dict() == own.tests.to_dict()
        irr = swept.notes.filter(point=point)["irr"].tolist()
        assert irr == own.notes["irr"].tolist()


def date_of(pool: cl.LoanPool, rule: str) -> cl.PaymentDate:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20").replace({"collateral.defaulted_value": rule})
    state = {
        "cloche_state": 1,
        "payment_date": "2025-10-20",
        "previous_payment_date": "2025-03-20",
        "determination_date": "2025-03-20",
        "index_fixings": {"sofr_3m": 0.04},
        "collected": {"interest": 9e6, "principal": 0.0},
        "fee_basis": 500e6,
        "notes": {note["name"]: {"balance": note["balance"]} for note in deal.to_dict()["notes"]},
    }
    return cl.run_payment_date(deal, cl.DealState.from_dict(state), pool)


@pytest.mark.parametrize("rule", ["market", "lesser_of_market_and_recovery"])
def test_a_payment_date_on_a_tape_carries_it_at_its_recovery(rule: str) -> None:
    tests = date_of(tape(0.4), rule).tests
    assert set(tests.filter(kind="oc")["numerator"]) == {490e6 + 4e6}


@pytest.mark.parametrize("rule", ["market", "zero"])
def test_a_payment_date_on_a_tape_needs_a_price_or_a_recovery(rule: str) -> None:
    with pytest.raises(TapeError) as refused:
        date_of(tape(None), rule)
    assert [problem.place for problem in refused.value.problems] == ["tape loan 2, column 'recovery'"]
