"""Events that meet accounts, receipts and other documents: by hand, and as the reference has them.

By hand, on the tiny deal: A is 60 at 6 %, due 0.9 a quarter; the loan of 100 pays 2.0 a quarter.
"""

import datetime as dt
from typing import Any

import pytest

from cloche.testing import reference
from cloche.testing.strategies import Case
from engine import crossing
from engine.agreement import differences
from engine.test_resets import without_resets
from reference import one_date
from reference.one_date import RESIDUAL, SEQUENCE, interest
from reference.test_reset_rules import second
from reference.tiny import CLOSING, SUB, A, Document, deal_of, loan_of, of_note, scenario_of

approx = pytest.approx


def projected(deal: Document, *loans: Document, **scenario: Any) -> dict[str, Any]:
    """Return a run that the reference computes alike."""
    usual = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False}
    rows = [{**usual, **loan} for loan in loans or (loan_of(),)]
    case = Case(deal, rows, CLOSING, scenario_of(**scenario))
    ours = crossing.project(case)
    assert ours["conservation_error"] < 1e-12
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert not list(differences(without_resets(ours), without_resets(theirs), par=100.0))
    return ours


def happened(run: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["date"].isoformat(), row["event"]) for row in run["events"]]


def test_a_call_after_the_end_of_a_document_that_a_condition_brings_in_is_none() -> None:
    # The reset on 15 April moves the second document by three months: it ends on 15 October, the call is in November.
    into = second(dates={"stated_maturity": "2026-01-15"})
    deal = deal_of(events=[{"when": "performing_par > 0", "reset": {"into": into}}])
    run = projected(deal, events=[{"call": {"price": 1.0}, "date": "2025-11-20"}])
    assert happened(run) == [("2025-04-15", "reset")]
    assert of_note(run, "A-R", "date")[-1] == dt.date(2025, 10, 15)


def test_a_call_that_waits_needs_no_share_where_the_second_document_gives_no_rights() -> None:
    # 100 of par are never below 50 % of the target par; the second document leaves calls open.
    event = {"date": "2025-07-15", "reset": {"into": second()}}
    deal = deal_of(events=[event], rights={"clean_up": {"below": 0.5, "of": "target_par"}, "reset": True})
    call = {"call": {"price": 1.0, "if_infeasible": "retry"}, "date": "2025-04-15"}
    assert happened(projected(deal, events=[call])) == [
        ("2025-04-15", "call not feasible"),
        ("2025-07-15", "call not feasible"),
        ("2025-07-15", "reset"),
        ("2025-10-15", "call"),
    ]


SMOOTHING: Document = {"verb": "fund_reserve", "account": "reserve", "up_to": "0.02 * balance('A')"}


@pytest.mark.parametrize("status", ["normal", "accelerated", "redemption"])
def test_receipts_are_not_moved_where_interest_and_principal_are_one_pot(status: str) -> None:
    # A is due 2 and B 1.5 of 6; up to 2 go aside on a normal date.
    deal, state = one_date.documents(
        interest_steps=[interest("A"), interest("B"), RESIDUAL],
        principal_steps=[SEQUENCE, RESIDUAL],
        receipts=[SMOOTHING],
        accounts=[{"name": "reserve"}],
        collected=(6.0, 10.0),
        default_events={"causes": ["senior_interest"], "accelerate": "automatic"},
    )
    state |= {"status": status}
    ours = crossing.run_payment_date(deal, state)["ledger"]
    theirs = reference.run_payment_date(deal, state)["ledger"]
    paid = [
        {(row["waterfall"], row["payee"]) for row in ledger if row["paid"] > 0.0} for ledger in (ours, theirs)
    ]
    assert paid[0] == paid[1]
    aside = sum(row["paid"] for row in ours if row["waterfall"] == "receipts")
    assert aside == approx(2.0 if status == "normal" else 0.0)
    notes = sum(row["paid"] for row in ours if row["payee"] in {"A", "B"})
    if status != "normal":
        # 16 in all: interest of 2 and 1.5, the rest to A.
        assert notes == approx(16.0)


def test_accounts_that_are_closed_on_the_date_of_a_sale_are_part_of_it() -> None:
    # The loan matures on 15 October: nothing is left to sell, and the 5 that lie aside would join anyway.
    account = {"name": "reserve", "initial": 5.0, "proceeds": "principal"}
    deal = deal_of(accounts=[account])
    run = projected(
        deal,
        loan_of(maturity=dt.date(2025, 10, 15)),
        events=[{"call": {"price": 1.0}, "date": "2025-10-15"}],
    )
    assert happened(run) == [("2025-10-15", "call")]
    # 100 of the loan and 5 pay 60; interest of 2.0 pays 0.9.
    assert of_note(run, "SUB", "interest_paid")[-1] == approx(105.0 - 60.0 + 1.1)


def test_a_default_ratio_is_asked_once_receipts_have_been_moved() -> None:
    # 100 of par and 5 that are repaid, of which 4 are moved to interest: 101 over 60 is below 1.70, 105 is not.
    move: Document = {"verb": "transfer", "from": "principal", "to": "interest", "amount": "0.8 * remaining"}
    test = {"name": "EoD", "kind": "eod_par_ratio", "through": "A", "trigger": 1.70, "first_date": "closing"}
    rules = {"causes": ["par_ratio"], "accelerate": "automatic"}
    deal = deal_of(notes=[A, SUB], tests=[test], default_events=rules)
    loans = (loan_of(), loan_of(loan_id="L2", par=5.0, maturity=dt.date(2025, 4, 15)))
    plain = projected(deal, *loans)
    assert ("2025-04-15", "acceleration") not in happened(plain)
    deal["waterfalls"] = {**deal["waterfalls"], "receipts": [move]}
    run = projected(deal, *loans)
    first = next(row for row in run["tests"] if row["test"] == "EoD")
    assert (first["numerator"], first["passes"]) == (approx(101.0), False)
    assert ("2025-04-15", "acceleration") in happened(run)
