"""Resets and amendments: by hand, against the reference, and what changes nothing.

By hand, on the tiny deal: A is 60 at index 4 % + 2 %, due 0.9 a quarter; the loan of 100 pays 2.0; equity gets 1.1.
"""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

import cloche as cl
from cloche.testing import reference, strategies
from cloche.testing.strategies import PAR, Case
from engine import crossing
from engine.agreement import differences
from engine.test_against_reference import (
    Decisions,
    assert_same_issues,
    generated,
    on_trigger,
    ordered,
    starts_late,
)
from reference.test_reset_rules import B, reset, second
from reference.tiny import CLOSING, SUB, A, Document, deal_of, loan_of, of_note, scenario_of

approx = pytest.approx


def without_resets(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Tables in order, without the ledger of what resets and amendments move beside the waterfalls."""
    ledger = [row for row in tables["ledger"] if row["waterfall"] != "refinancing"]
    return {**ordered(tables), "ledger": ledger}


def assert_documents_agree(case: Case) -> None:
    """Compare projections of a case in which events bring in documents and that rounding does not decide."""
    with pytest.MonkeyPatch.context() as patch:
        decisions = Decisions(patch)
        theirs: dict[str, Any] = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assume(not starts_late(case, theirs["schedule"]))
    assume(not decisions.doubtful and not on_trigger(theirs["tests"]))
    ours = crossing.project(case)
    assert not list(differences(without_resets(ours), without_resets(theirs), par=PAR))
    assert_same_issues(ours, theirs)


@settings(generated, max_examples=300)
@given(strategies.cases(transitions=["reset"]))
def test_projections_with_resets_agree(case: Case) -> None:
    assert_documents_agree(case)


@settings(generated, max_examples=200)
@given(strategies.cases(transitions=["amend"]))
def test_projections_with_amendments_agree(case: Case) -> None:
    assert_documents_agree(case)


@settings(generated, max_examples=60)
@given(strategies.cases(transitions=["amend"], features=["commitments"]))
def test_amendments_of_deals_with_commitments_agree(case: Case) -> None:
    assert_documents_agree(case)


@settings(generated, max_examples=100)
@given(strategies.cases(transitions=["reset"], features=["make_whole"]))
def test_resets_of_classes_with_premiums_agree(case: Case) -> None:
    assert_documents_agree(case)


@settings(generated, max_examples=60)
@given(strategies.cases(transitions=["amend"], events=["reprice"], features=["make_whole", "pik"]))
def test_amendments_of_deals_with_premiums_and_capitalized_interest_agree(case: Case) -> None:
    assert_documents_agree(case)


@settings(generated, max_examples=200)
@given(strategies.cases(transitions=True, events=["default", "order", "reprice"]))
def test_projections_with_other_events_beside_agree(case: Case) -> None:
    assert_documents_agree(case)


def projected(*events: Document, scenario: Document | None = None, **more: Any) -> dict[str, Any]:
    loans = [{"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **loan_of()}]
    return crossing.project(
        Case(deal_of(events=list(events), **more), loans, CLOSING, scenario or scenario_of())
    )


def equity(run: Mapping[str, Any]) -> list[float]:
    return [float(paid) for paid in of_note(dict(run), "SUB", "interest_paid")]


class TestByHand:
    def test_what_new_classes_bring_beyond_the_old_goes_to_equity(self) -> None:
        run = projected(reset())
        # 70 are issued and 60 redeemed on the second date; 70 · 5 % / 4 = 0.875 from then on.
        assert equity(run)[:3] == approx([1.1, 11.1, 1.125])
        assert of_note(run, "A", "end_balance") == [60.0, 0.0]
        assert of_note(run, "A-R", "issued")[0] == 70.0

    @pytest.mark.parametrize(("payer", "paid"), [("interest", 0.7), ("proceeds", 0.7), ("equity", 0.7)])
    def test_sources_are_uses(self, payer: str, paid: float) -> None:
        small = second(notes=[{**B, "balance": 55.0, "issue_price": 0.98}, SUB])
        cost = {"rate": 0.01, "of": "refinanced_balance", "fixed": 0.1, "paid_from": payer}
        run = projected(reset(into=small, equity_contribution=3.0, par_purchase=2.0, cost=cost))
        # 53.9 of proceeds and 3.0 pay 60 and 2: equity pays in what is missing, its contribution and the cost.
        assert equity(run)[1] == approx(1.1 - 5.1 - 3.0 - paid)
        assert [row["new_purchases_par"] for row in run["collateral"]][:3] == approx([0.0, 2.0, 0.0])
        assert run["conservation_error"] < 1e-12

    def test_what_the_second_closing_sets_aside_is_taken_from_what_the_new_classes_bring(self) -> None:
        plain = projected(reset())
        run = projected(reset(into=second(closing={"interest_reserve": 1.5, "ramp_up_cash": 0.0})))
        # It is interest proceeds of the first period of the second document.
        assert equity(run)[1] == approx(equity(plain)[1] - 1.5)
        assert equity(run)[2] == approx(equity(plain)[2] + 1.5)
        cash = projected(reset(into=second(closing={"interest_reserve": 0.0, "ramp_up_cash": 2.0})))
        assert equity(cash)[1] == approx(equity(plain)[1] - 2.0)
        paid = [sum(of_note(run, name, "principal_paid")) for run in (plain, cash) for name in ("A-R", "SUB")]
        assert sum(paid[2:]) + sum(equity(cash)[2:]) > sum(paid[:2]) + sum(equity(plain)[2:]) + 2.0 - 1e-9
        rows = [row for row in cash["ledger"] if row["payee"] == "principal account" and row["paid"] == 2.0]
        assert [row["waterfall"] for row in rows] == ["refinancing"]
        assert max(run["conservation_error"], cash["conservation_error"]) < 1e-12

    def test_the_name_of_the_third_class_is_longer(self) -> None:
        third = second(
            dates={
                "closing": "2025-10-15",
                "first_payment": "2026-01-15",
                "stated_maturity": "2026-10-15",
            }
        )
        again = {"date": "2025-10-15", "reset": {"into": third}}
        run = projected(reset(into=second(events=[again])))
        assert {row["note"] for row in run["cashflows"]} == {"A", "A-R", "A-RR", "SUB"}
        replaces = {row["note"]: row["replaces"] for row in run["notes"]}
        assert (replaces["A-R"], replaces["A-RR"]) == ("A", "A-R")

    def test_a_conditional_reset_moves_the_dates_of_its_document(self) -> None:
        event = {key: value for key, value in reset().items() if key != "date"}
        run = projected({**event, "when": "status == 'normal'", "from": "2025-10-15"})
        dates = [day.isoformat() for day in of_note(run, "A-R", "date")]
        assert (dates[0], dates[-1]) == ("2025-10-15", "2026-10-15")

    def test_a_reset_may_bring_the_maturity_forward(self) -> None:
        # The first document ends in January, the second in November: 2.0 of interest since August, and the loan, which
        # matures in 2030, is sold at par. The class gets 70 · 5 % / 4 = 0.875, and 0.875 / 3 for the month before.
        dates = {"first_payment": "2025-08-15", "stated_maturity": "2025-11-15"}
        event = reset(into=second(dates=dates))
        run = projected(event)
        assert of_note(run, "A-R", "interest_paid")[1:] == approx([70 * 0.05 / 12, 0.875])
        assert of_note(run, "A-R", "principal_paid")[1:] == [0.0, 70.0]
        assert equity(run)[2:] == approx([2.0 / 3 - 70 * 0.05 / 12, 2.0 - 0.875 + 30.0])
        assert run["collateral"][-1]["sale_proceeds"] == 100.0
        theirs = reference.project(deal_of(events=[event]), [loan_of()], CLOSING, scenario_of())
        assert equity(run) == approx([paid for _, paid in theirs["equity"][1:]])

    def test_an_amendment_acts_from_the_next_period_on(self) -> None:
        after = deal_of(notes=[{**A, "coupon": {**A["coupon"], "spread": 0.01}}, SUB], events=[])
        run = projected({"date": "2025-07-15", "amend": {"into": after}})
        assert of_note(run, "A", "rate") == approx([0.06, 0.06, 0.05, 0.05])
        assert len(of_note(run, "A", "date")) == 4


# On a whole deal, through the documents that people write.

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
POOL = cl.synthetic.loan_pool(n=120, seed=7, as_of="2025-03-20")
BASE = cl.Scenario(cdr=0.03, cpr=0.20, recovery=0.60, recovery_lag_months=6, rates=cl.RateCurve.flat(0.043))
RESET_DATE = "2027-07-20"


def deal_with(*events: Document, deal: cl.Deal = DEAL) -> cl.Deal:
    return cl.Deal.from_dict({**deal.to_dict(), "events": list(events)})


def second_deal(**changes: Any) -> Document:
    dates = {"closing": RESET_DATE, "first_payment": "2027-10-20", "effective": None}
    document = copy.deepcopy(DEAL.to_dict())
    document["dates"] = {
        key: value for key, value in {**document["dates"], **dates}.items() if value is not None
    }
    document["dates"].pop("non_call_end", None)
    for test in document["tests"]:
        test["first_date"] = "closing"
    return {**document, "closing": {}, **changes}


def flows(run: cl.Result) -> dict[str, Any]:
    """Numbers of a run by table and column; the names of documents and events are left out."""
    return {
        f"{name}.{column}": getattr(run, name)[column].tolist()
        for name in ("cashflows", "collateral", "tests", "fees")
        for column in getattr(run, name).columns
    }


def same(one: cl.Result, other: cl.Result) -> bool:
    first, then = flows(one), flows(other)
    return first.keys() == then.keys() and all(
        np.array_equal(np.asarray(first[key], dtype=object), np.asarray(then[key], dtype=object))
        or repr(first[key]) == repr(then[key])
        for key in first
    )


def test_an_amendment_that_changes_nothing_gives_the_same_bits() -> None:
    trigger = DEAL.tests["E OC"].trigger
    run = cl.project(deal_with({"date": RESET_DATE, "amend": {"tests.E OC.trigger": trigger}}), POOL, BASE)
    assert same(run, cl.project(DEAL, POOL, BASE))
    assert [row["event"] for row in run.events.rows()] == ["amendment"]


NEVER = "performing_par > 100000000000"


@settings(generated, max_examples=100)
@given(strategies.cases(transitions=True))
def test_what_never_comes_changes_nothing(case: Case) -> None:
    last = case.deal["events"][-1:]
    assume(last and ("reset" in last[0] or "when" in last[0]))
    event = {key: value for key, value in last[0].items() if key not in {"date", "from"}}
    events: list[list[Document]] = [[], [{**event, "when": NEVER}]]
    try:
        plain, never = (crossing.project(replace(case, deal={**case.deal, "events": own})) for own in events)
    except cl.TapeError:
        assume(False)
    assume(not on_trigger(plain["tests"]))
    assert not list(differences(ordered(never), ordered(plain), par=PAR))


def test_an_amendment_that_never_comes_changes_nothing() -> None:
    amend = {"fees.senior.rate": 0.01}
    never = deal_with({"when": "performing_par > 10000000000", "until": "maturity - 12M", "amend": amend})
    assert same(cl.project(never, POOL, BASE), cl.project(DEAL, POOL, BASE))


def test_a_trigger_that_is_amended_changes_nothing_before_its_date() -> None:
    stress = BASE.replace(cdr=0.03)
    harder = deal_with({"date": RESET_DATE, "amend": {"tests.E OC.trigger": 1.2}})
    plain, amended = cl.project(DEAL, POOL, stress), cl.project(harder, POOL, stress)
    for one, other in zip(plain.tests.rows(), amended.tests.rows(), strict=False):
        if one["date"].isoformat() < RESET_DATE:
            assert repr(one) == repr(other)
        elif one["test"] == "E OC" and one["date"].isoformat() > "2027-08":
            assert (one["trigger"], other["trigger"]) == (DEAL.tests["E OC"].trigger, 1.2)
    assert plain.cashflows.filter(note="SUB")["interest_paid"].tolist() != (
        amended.cashflows.filter(note="SUB")["interest_paid"].tolist()
    )


def test_a_reset_into_the_same_terms_and_balances_changes_no_flow_of_equity_or_pool() -> None:
    quiet = BASE.replace(cdr=0.0)
    early = DEAL.replace({f"tests[{k}].first_date": "closing" for k in range(len(DEAL.tests))})
    plain = cl.project(early, POOL, quiet)
    again = cl.project(
        deal_with({"date": RESET_DATE, "reset": {"into": second_deal()}}, deal=early), POOL, quiet
    )
    held = plain.cashflows.filter(note="A")
    assert held["end_balance"][9] == DEAL.notes["A"].balance  # nothing was repaid by then
    ours, theirs = (run.cashflows.filter(note="SUB")["interest_paid"] for run in (plain, again))
    assert len(ours) == len(theirs)
    assert np.abs(ours - theirs).max() < 1e-6
    par = [run.collateral["performing_par"] for run in (plain, again)]
    assert np.abs(par[0] - par[1]).max() < 1e-6


def test_a_scenario_resets_and_amends_as_the_deal_does() -> None:
    events: list[Document] = [
        {"date": "2026-07-20", "amend": {"tests.E OC.trigger": 1.04, "fees": {"senior": {"rate": "12bp"}}}},
        {"date": RESET_DATE, "reset": {"into": second_deal()}, "cost": {"fixed": 1e6}},
    ]
    assert same(
        cl.project(deal_with(*events), POOL, BASE), cl.project(DEAL, POOL, BASE.replace(events=events))
    )


def test_money_is_conserved_in_every_future_and_a_future_is_replayed() -> None:
    deal = deal_with(
        {"date": "2026-07-20", "amend": {"tests.E OC.trigger": 1.04}},
        {"date": RESET_DATE, "reset": {"into": second_deal(), "par_purchase": 5e6}, "cost": {"rate": 0.002}},
    )
    run = cl.simulate(deal, POOL, cl.GaussianCopula(0.2, 0.3), scenario=BASE, paths=64, seed=3)
    threads = cl.simulate(
        deal, POOL, cl.GaussianCopula(0.2, 0.3), scenario=BASE, paths=64, seed=3, threads=2, portable=True
    )
    for column in run.notes.columns:
        assert repr(run.notes[column].tolist()) == repr(threads.notes[column].tolist())
    assert "A-R" in run.notes["note"].tolist()
    assert all(run.replay(path).conservation_error < 1e-9 for path in (0, 17, 63))
    swept = cl.sweep(deal, POOL, [BASE])
    np.testing.assert_array_equal(swept.notes["wal"], cl.project(deal, POOL, BASE).notes["wal"])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"dates": {**second_deal()["dates"], "closing": "2027-07-01"}}, "dates.closing"),
        ({"closing": {"interest_reserve": -1e6}}, "closing.interest_reserve"),
        ({"closing": {"ramp_up_cash": -1e6}}, "closing.ramp_up_cash"),
        ({"tests": [{"name": "Z OC", "kind": "oc", "through": "Z", "trigger": 1.1}]}, "tests[0].through"),
    ],
)
def test_what_is_wrong_in_the_second_document_has_its_place(change: Document, place: str) -> None:
    with pytest.raises(cl.DealError) as refused:
        deal_with({"date": RESET_DATE, "reset": {"into": second_deal(**change)}})
    assert f"events[0].reset.into.{place}" in [problem.place for problem in refused.value.problems]


def test_what_no_reset_can_mean_is_refused() -> None:
    with pytest.raises(cl.DealError) as refused:
        deal_with(
            {"date": RESET_DATE, "reset": {"into": second_deal(), "carry": ["SUB", "Z"]}},
            {"date": "2028-07-20", "amend": {"tests.E OC.trigger": 1.04}},
        )
    places = [problem.place for problem in refused.value.problems]
    assert any(place.startswith("events[0].reset.carry") for place in places)
    assert any(place.startswith("events[1]") for place in places)
    with pytest.raises(cl.DealError) as early:
        deal_with({"date": "2026-07-20", "reset": {"into": second_deal()}})
    assert any(problem.place.startswith("events[0]") for problem in early.value.problems)


def test_what_an_amendment_may_not_leave_has_the_place_of_its_key() -> None:
    with pytest.raises(cl.DealError) as refused:
        deal_with({"date": RESET_DATE, "amend": {"tests.E OC.through": "Z"}})
    assert "events[0].amend.tests.E OC.through" in [problem.place for problem in refused.value.problems]
