"""What a class is told of draws on a commitment, and of reserves that take nothing."""

import datetime as dt
from typing import Any

import pytest

import cloche as cl
from engine.test_calls_between_payment_dates import DEAL, LOAN, STILL, pool_of

Document = dict[str, Any]
APRIL, JULY, LAST = dt.date(2027, 4, 20), dt.date(2027, 7, 20), dt.date(2029, 1, 22)


def run(*steps: Document, amount: float = 200_000.0, **more: Any) -> cl.Result:
    """Return a run in which the loan pays 3.2 %, the trustee has 72,000 a year and A is due 6 % of 60 m."""
    a, sub = DEAL["notes"]
    facility = {**a, "name": "LF", "balance": 0, "rank": 2, "commitment": {"amount": amount}}
    interest = [
        {"label": "A", "pay_fee": "trustee"},
        *steps,
        {"label": "B", "pay_interest": "A"},
        {"label": "C", "draw": {"note": "LF", "through": "A"}},
        {"label": "D", "pay_interest": "LF"},
        {"label": "E", "pay_residual": "SUB"},
    ]
    falls = {**DEAL["waterfalls"], "interest": interest}
    deal = {**DEAL, "notes": [a, facility, sub], "waterfalls": falls, **more}
    deal["sequences"] = {"note_payment_sequence": [["LF"], ["A"]]}
    return cl.project(cl.Deal.from_dict(deal), pool_of({**LOAN, "fixed_rate": 0.032}), cl.Scenario(**STILL))


def test_what_is_missing_is_drawn_for_the_class() -> None:
    # 89 days of 3.2 % on 100 m, less 18,000: 126,888.89 are missing of 900,000.
    headline, told, *_ = run().explain(APRIL, "A").split("\n\n")
    assert headline == (
        "On 2027-04-20 Class A received 900,000 of interest, which is all that was due, and no principal."
    )
    assert told == (
        "Interest. 900,000 was due: 60,000,000 at 6% for 90 days of 360. Interest proceeds were 791,111.11; first "
        "came fees of 18,000. 773,111.11 reached clause B: 773,111.11 was paid and 126,888.89 is missing. Clause C "
        "drew 126,888.89 for it on the commitment of Class LF."
    )


def test_a_commitment_that_is_used_up_is_told_as_such() -> None:
    # 73,111.11 of 200,000 are left for the 119,311.11 that are missing of 910,000.
    assert run().explain(JULY, "A").split("\n\n")[1] == (
        "Interest. 910,000 was due: 60,000,000 at 6% for 91 days of 360. Interest proceeds were 808,888.89; first "
        "came fees of 18,200. 790,688.89 reached clause B: 790,688.89 was paid and 119,311.11 is missing. Clause C "
        "drew 73,111.11 of 119,311.11 for it on the commitment of Class LF, all that could still be drawn. 46,200 "
        "is overdue: interest of this class may not be deferred."
    )
    later = run().explain(dt.date(2027, 10, 20), "A").split("\n\n")[1]
    assert "drew nothing of" in later
    assert "all that could still be drawn" in later


def test_what_is_drawn_is_no_cash_that_came_before_a_junior_class() -> None:
    told = run().explain(APRIL, "SUB")
    assert "first came fees of 18,000 and interest of 773,111.11 to Class A" in told


@pytest.mark.parametrize("day", [APRIL, LAST])
def test_a_reserve_that_is_closed_is_not_told_as_one_that_took_cash(day: dt.date) -> None:
    reserve = {"label": "R", "fund_reserve": {"account": "reserve", "up_to": "0.001 * balance('A')"}}
    found = run(reserve, accounts=[{"name": "reserve"}])
    reasons = {row["date"]: row["reason"] for row in found.ledger.filter(step="fund_reserve").rows()}
    assert reasons[LAST] == "account closed"
    assert ("reserves of 60,000" in found.explain(day, "A")) == (day == APRIL)
