"""Resets of deals with classes that are drawn over time: by hand, in runs, what may not be.

By hand, on the tiny deal: A is 60 at 6 %, due 0.9 a quarter; the loan of 100 pays 2.0; DD is drawn to 20 of 50, at 6 %.
"""

import copy
import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings

import cloche as cl
from cloche.testing import reference, strategies
from cloche.testing.strategies import Case
from engine import crossing
from engine.agreement import differences
from engine.test_against_reference import generated
from engine.test_commitments import FACILITY
from engine.test_resets import assert_documents_agree, without_resets
from reference import facilities
from reference.facilities import drawn_class
from reference.test_reset_rules import SECOND_DATES
from reference.tiny import CLOSING, RESIDUAL, SEQUENCE, Document, loan_of, of_note, scenario_of

approx = pytest.approx


def facility_deal(note: Document, **more: Any) -> Document:
    return facilities.facility_deal(note, principal=[{"verb": "retain"}], **more)


def second(note: Document, **more: Any) -> Document:
    return facility_deal(note, dates=SECOND_DATES, **more)


def reset(into: Document, **more: Any) -> Document:
    moment = {"when": more.pop("when")} if "when" in more else {"date": "2025-07-15"}
    return {**moment, "reset": {"into": into, **more}}


def projected(deal: Document, **loan: Any) -> dict[str, Any]:
    """Return a run that the reference computes alike."""
    loans = [{"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **loan_of(**loan)}]
    case = Case(deal, loans, CLOSING, scenario_of())
    ours = crossing.project(case)
    assert ours["conservation_error"] < 1e-12
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert not list(differences(without_resets(ours), without_resets(theirs), par=100.0))
    return ours


OLD: Document = drawn_class(draws={"2025-07-01": 10.0, "2025-12-01": 5.0}, fee=0.01)
NEW: Document = {
    **drawn_class(amount=40.0, draws={"2025-12-01": 5.0}, fee=0.02),
    "balance": 15.0,
}


def test_what_is_drawn_is_redeemed_and_what_is_not_is_over() -> None:
    run = projected(facility_deal(OLD, events=[reset(second(NEW))]))
    # 20 at 6 % and 30 undrawn at 1 %; 10 are drawn on the date of the reset, which redeems 30. No draw comes after.
    assert of_note(run, "DD", "interest_due") == approx([0.375, 0.375])
    assert of_note(run, "DD", "principal_paid") == approx([0.0, 20.0])
    assert of_note(run, "DD", "end_balance") == approx([20.0, 0.0])
    # The new A and 15 of the new class pay for 60 and 30; equity has 2 - 0.9 - 0.375 and pays 15 in.
    assert of_note(run, "SUB", "interest_paid")[1] == approx(0.725 - 15.0)


def test_a_share_of_what_is_refinanced_is_of_the_balance_before_the_draw_of_the_date() -> None:
    # 1 % of 60 and 20: the 10 of July come in on the date.
    cost = {"rate": 0.01, "paid_from": "equity"}
    plain = projected(facility_deal(OLD, events=[reset(second(NEW))]))
    dear = projected(facility_deal(OLD, events=[{**reset(second(NEW)), "cost": cost}]))
    paid = [of_note(run, "SUB", "interest_paid")[1] for run in (plain, dear)]
    assert paid[0] - paid[1] == approx(0.8)
    into = {"name": "DD-2", "balance": "outstanding"}
    event = {"refinance": {"DD": {"into": [into]}}, "date": "2025-07-15"}
    runs = [projected(facility_deal(OLD, events=[each])) for each in (event, {**event, "cost": cost})]
    assert of_note(runs[0], "DD-2", "issued")[0] == approx(30.0)
    paid = [of_note(run, "SUB", "interest_paid")[1] for run in runs]
    assert paid[0] - paid[1] == approx(0.2)


def test_the_new_class_begins_as_its_document_says() -> None:
    run = projected(facility_deal(OLD, events=[reset(second(NEW))]))
    assert of_note(run, "DD-R", "issued")[0] == approx(15.0)
    # 15 at 6 % and 25 undrawn at 2 %; from the draw in January on 20 at 6 % and 20 at 2 %.
    assert of_note(run, "DD-R", "interest_due")[1:4] == approx([0.35, 0.35, 0.4])
    assert of_note(run, "DD-R", "principal_paid")[1:4] == approx([0.0, -5.0, 0.0])
    [row] = [row for row in run["notes"] if row["note"] == "DD-R"]
    assert row["original_balance"] == approx(40.0)


def liquidity(**more: Any) -> Document:
    """The document of a reset whose facility of 50 pays what interest lacks, from nothing."""
    deal = facilities.liquidity_deal(
        [{"verb": "pay_principal", "notes": [["LF"]]}, SEQUENCE, RESIDUAL], amount=50.0
    )
    return {**deal, "dates": {**deal["dates"], **SECOND_DATES}, **more}


def test_a_facility_of_which_nothing_is_drawn_is_there_from_the_reset_on() -> None:
    deal = facilities.facility_deal(
        drawn_class(), principal=[SEQUENCE, RESIDUAL], events=[reset(liquidity())]
    )
    run = projected(deal, spread=-0.016)
    # The loan pays 0.6 of the 0.9 that A is due.
    assert of_note(run, "LF", "date")[0] == dt.date(2025, 7, 15)
    assert of_note(run, "LF", "issued")[0] == 0.0
    assert of_note(run, "LF", "end_balance")[:3] == approx([0.0, 0.3, 0.6])
    [row] = [row for row in run["notes"] if row["note"] == "LF"]
    assert row["original_balance"] == approx(50.0)
    # Its return is the rate at which what it lends and gets from the reset on is worth nothing.
    days = [(day - dt.date(2025, 7, 15)).days for day in of_note(run, "LF", "date")]
    flows = [
        interest + principal
        for interest, principal in zip(
            of_note(run, "LF", "interest_paid"), of_note(run, "LF", "principal_paid"), strict=True
        )
    ]
    rate = row["irr"]
    worth = [flow * (1 + rate) ** (-day / 365) for flow, day in zip(flows, days, strict=True)]
    assert sum(worth) == approx(0.0, abs=1e-9)
    assert 0.0 < rate < 0.1


def test_a_class_that_stays_keeps_what_is_drawn_and_what_is_not() -> None:
    into = facility_deal(OLD, dates={**SECOND_DATES, "stated_maturity": "2026-01-15"})
    plain = projected(facility_deal(OLD))
    run = projected(facility_deal(OLD, events=[reset(into, carry=["A", "DD", "SUB"])]))
    for name in ("A", "DD", "SUB"):
        for column in ("interest_paid", "principal_paid", "end_balance"):
            assert of_note(run, name, column) == approx(of_note(plain, name, column), abs=1e-12)


def test_under_a_condition_its_draws_move_with_the_document_and_those_of_a_class_that_stays_do_not() -> None:
    # The condition holds on the first date already, three months before the closing that is written.
    run = projected(facility_deal(OLD, events=[reset(second(NEW), when="performing_par > 0")]))
    assert of_note(run, "DD-R", "date")[0] == dt.date(2025, 4, 15)
    assert of_note(run, "DD-R", "principal_paid")[1:4] == approx([0.0, -5.0, 0.0])
    into = facility_deal(OLD, dates=SECOND_DATES)
    stays = projected(
        facility_deal(OLD, events=[reset(into, when="performing_par > 0", carry=["A", "DD", "SUB"])])
    )
    # 10 on 1 July are paid in on 15 July, whatever the other dates do.
    assert of_note(stays, "DD", "principal_paid")[:3] == approx([0.0, -10.0, 0.0])


def test_a_class_that_stays_has_no_other_commitment() -> None:
    events = [
        reset(second(drawn_class(amount=40.0)), carry=["DD", "SUB"]),
    ]
    with pytest.raises(cl.DealError) as refused:
        projected(facility_deal(OLD, events=events))
    assert [problem.place for problem in refused.value.problems] == [
        "events[0].reset.into.notes[1].commitment"
    ]
    events = [reset(second({**OLD, "balance": 30.0}), carry=["DD", "SUB"])]
    with pytest.raises(cl.DealError) as refused:
        projected(facility_deal(OLD, events=events))
    assert [problem.place for problem in refused.value.problems] == ["events[0].reset.into.notes[1].balance"]


@settings(generated, max_examples=150)
@given(strategies.cases(transitions=["reset"], features=["commitments"]))
def test_resets_of_deals_with_commitments_agree(case: Case) -> None:
    assert_documents_agree(case)


RESET_DATE = "2027-07-20"
SCENARIO: Document = {"cdr": 0.03, "cpr": 0.20, "recovery": 0.6, "recovery_lag_months": 6, "rates": 0.043}


def drawn_later(document: Document, draw: str) -> Document:
    """A document with a facility, and with a class B of which 40 % are drawn on a date."""
    document = copy.deepcopy(document)
    document["notes"].insert(1, FACILITY)
    interest = document["waterfalls"]["interest"]
    first = next(n for n, step in enumerate(interest) if step.get("pay_interest") == "A")
    interest[first]["pay_interest"] = ["A", "LF"]
    junior = next(n for n, step in enumerate(interest) if step.get("pay_interest") == "D")
    interest.insert(junior + 1, {"draw": {"note": "LF", "through": "D"}})
    document["waterfalls"]["principal"].insert(0, {"pay_principal": {"notes": ["LF"]}})
    b = next(note for note in document["notes"] if note["name"] == "B")
    b["commitment"] = {"amount": b["balance"], "fee": "50bp", "draws": {draw: 0.4 * b["balance"]}}
    b["balance"] *= 0.6
    return document


@pytest.fixture(scope="module")
def deal() -> cl.Deal:
    plain = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    into = drawn_later(plain, "2028-04-20")
    into["dates"] |= {"closing": RESET_DATE, "first_payment": "2027-10-20"}
    for key in ("effective", "non_call_end"):
        into["dates"].pop(key, None)
    into["closing"] = {}
    event = {"date": RESET_DATE, "reset": {"into": into}}
    return cl.Deal.from_dict({**drawn_later(plain, "2026-04-20"), "events": [event]})


@pytest.fixture(scope="module")
def pool() -> cl.LoanPool:
    return cl.synthetic.loan_pool(n=40, seed=5, as_of="2025-03-20")


class TestRuns:
    @pytest.mark.parametrize("day", ["2026-07-20", RESET_DATE, "2027-10-20", "2028-07-20"])
    def test_a_run_from_a_state_goes_on_with_the_bits_of_the_straight_run(
        self, deal: cl.Deal, pool: cl.LoanPool, day: str
    ) -> None:
        straight = cl.project(deal, pool, cl.Scenario(**SCENARIO))
        assert {"LF", "LF-R", "B", "B-R"} <= set(straight.cashflows["note"])
        state = cl.DealState.from_yaml(straight.state_at(day).to_yaml())
        rest = cl.project(deal, pool, cl.Scenario(**SCENARIO), state=state)
        late = [row for row in straight.cashflows.rows() if row["date"] > dt.date.fromisoformat(day)]
        assert str(list(rest.cashflows.rows())) == str(late)

    def test_paths_are_those_of_their_replays(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        model = cl.GaussianCopula(inter=0.4, intra=0.5, pd=0.06)
        base = cl.Scenario(**{**SCENARIO, "cdr": None})
        runs = cl.simulate(deal, pool, model, scenario=base, paths=48, seed=3, keep="paths")
        assert runs.conservation_error < 1e-10
        for path in range(0, 48, 6):
            own = {row["note"]: row for row in runs.paths.filter(path=path).rows()}
            for row in runs.replay(path).notes.rows():
                assert own[row["note"]]["principal_loss"] == approx(row["principal_loss"], rel=1e-12)
                if row["note"] == "SUB":
                    assert own["SUB"]["irr"] == row["irr"]

    def test_points_of_a_sweep_are_those_of_their_own_projections(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        points = [cl.Scenario(**{**SCENARIO, "cdr": rate}) for rate in (0.0, 0.1)]
        swept = cl.sweep(deal, pool, points)
        for point, one in enumerate(points):
            alone = cl.project(deal, pool, one).notes
            rows = [row for row in swept.notes.rows() if row["point"] == point]
            for column in ("irr", "wal", "principal_paid", "original_balance"):
                assert str([row[column] for row in rows]) == str([row[column] for row in alone.rows()]), (
                    column
                )
