"""Rules that meet only at corners: each by hand, or against the run without it.

On the tiny deal A is 60 at index 4 % + 2 %, due 0.9 a quarter; the loan of 100 pays 2.0 a quarter.
"""

from typing import Any

import pytest

import cloche as cl
from cloche.testing.strategies import Case
from engine import crossing
from reference.tiny import (
    CLOSING,
    RESIDUAL,
    SEQUENCE,
    SUB,
    A,
    constant,
    deal_of,
    loan_of,
    of_note,
    scenario_of,
)

Document = dict[str, Any]
approx = pytest.approx


def tiny(deal: Document, *, loan: Document | None = None, **scenario: Any) -> dict[str, Any]:
    loans = [{"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **(loan or loan_of())}]
    return crossing.project(Case(deal, loans, CLOSING, {**scenario_of(), **scenario}))


def template() -> Document:
    return cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()


POOL = cl.synthetic.loan_pool(n=60, seed=11, as_of="2025-03-20")
BASE: Document = {"cdr": 0.02, "cpr": 0.20, "recovery": 0.65, "recovery_lag_months": 6, "rates": 0.043}


def projected(document: Document, *events: Document, state: cl.DealState | None = None) -> cl.Result:
    scenario = cl.Scenario(**{**BASE, "rates": cl.RateCurve.flat(0.043)}, events=events)
    return cl.project(cl.Deal.from_dict(document), POOL, scenario, state=state)


# Interest coverage where conditions are asked before the waterfalls


def test_conditions_read_interest_coverage_net_of_senior_expenses() -> None:
    document = template()
    plain = projected(document)
    row = next(row for row in plain.tests.rows() if row["test"] == "A/B IC" and row["passes"] is not None)
    schedule = list(plain.schedule.rows())
    day = next(one["unadjusted_date"] for one in schedule if one["determination_date"] == row["date"])
    collected = next(
        one["interest_collected"]
        for one, period in zip(plain.collateral.rows(), schedule, strict=False)
        if period["unadjusted_date"] == day
    )
    gross = collected / row["denominator"]
    assert gross > row["ratio"] * 1.001
    document["dates"].pop("non_call_end")
    for limit, fires in (((gross + row["ratio"]) / 2, True), (row["ratio"] * 0.9999, False)):
        event = {
            "reprice": {"E": "500bp"},
            "when": f"ratio('A/B IC') < {limit}",
            "from": str(day),
            "until": str(day),
        }
        assert (len(projected(document, event).events) > 0) is fires


def test_steps_of_receipts_read_it_net_too() -> None:
    # Interest 2.0, a fee of 0.2 ahead of A: 1.8 / 0.9 = 2.
    deal = deal_of()
    deal["fees"] = [{"name": "trustee", "amount_per_period": 0.2}]
    deal["accounts"] = [{"name": "reserve"}]
    deal["tests"] = [
        {"name": "IC", "kind": "ic", "through": "A", "trigger": 1.0, "first_date": "first_determination"}
    ]
    deal["waterfalls"]["interest"] = [
        {"verb": "pay_fee", "fees": [["trustee"]]},
        {"verb": "pay_interest", "notes": [["A"]]},
        RESIDUAL,
    ]
    for limit, kept in ((2.1, 0.5), (1.9, 0.0)):
        deal["waterfalls"]["receipts"] = [
            {
                "verb": "fund_reserve",
                "account": "reserve",
                "up_to": "0.005 * performing_par",
                "when": f"ratio('IC') < {limit}",
            }
        ]
        run = tiny(deal)
        assert of_note(run, "SUB", "interest_paid")[0] == approx(2.0 - 0.2 - 0.9 - kept)


# Cures of tests that leave senior classes out


def test_a_cure_pays_senior_classes_outside_the_test_before_those_inside() -> None:
    # N 100, D 20 of C at a trigger of 6: what A gets first lowers nothing, so A must be paid whole.
    c = {**A, "name": "C", "balance": 20.0, "interest_rank": 2, "principal_rank": 2}
    deal = deal_of()
    deal["notes"] = [{**A, "balance": 0.5}, c, SUB]
    deal["tests"] = [{"name": "C OC", "kind": "oc", "notes": ["C"], "trigger": 6.0}]
    cure = {"verb": "cure", "tests": ["C OC"]}
    deal["waterfalls"]["interest"] = [
        {"verb": "pay_interest", "notes": [["A"]]},
        {"verb": "pay_interest", "notes": [["C"]]},
        cure,
        RESIDUAL,
    ]
    run = tiny(deal)
    interest = 2.0 - 0.5 * 0.06 / 4 - 20 * 0.06 / 4
    assert of_note(run, "A", "principal_paid")[0] == approx(0.5)
    assert of_note(run, "C", "principal_paid")[0] == approx(interest - 0.5)
    assert of_note(run, "SUB", "interest_paid")[0] == approx(0.0)
    # A trigger that a little of C cures: A first all the same.
    deal["tests"][0]["trigger"] = 100 / 19.9
    run = tiny(deal)
    assert of_note(run, "A", "principal_paid")[0] == approx(0.5)
    assert of_note(run, "C", "principal_paid")[0] == approx(0.1)


# A reset leaves nothing for other events of its date


def second(par: float) -> Document:
    document = cl.templates.us_bsl(par=par, closing="2027-07-20", name="Reset").to_dict()
    document["dates"].update(
        first_payment="2027-10-20", stated_maturity="2040-07-20", non_call_end="2029-07-20"
    )
    document["closing"] = {}
    return document


@pytest.mark.parametrize("first", [True, False])
def test_events_on_the_date_of_a_reset_do_not_act(*, first: bool) -> None:
    document = template()
    reset = {"reset": {"into": second(500e6), "carry": ["SUB"]}, "date": "2027-07-20"}
    others = [
        {
            "refinance": {
                "B": {
                    "into": [
                        {
                            "name": "B-Q",
                            "balance": "outstanding",
                            "coupon": {"index": "sofr_3m", "spread": "50bp"},
                        }
                    ]
                }
            },
            "date": "2027-07-20",
            "cost": {"fixed": 400_000},
        },
        {"reprice": {"C": "100bp"}, "date": "2027-07-20"},
        {"issue": {"notes": {"A": {"name": "A-2", "balance": 10e6}}}, "date": "2027-07-20"},
    ]
    alone = projected(document, reset)
    together = projected(document, *([*others, reset] if first else [reset, *others]))
    for note in ("SUB", "A"):
        ours, theirs = (run.cashflows.filter(note=note).to_dict() for run in (together, alone))
        assert ours["interest_paid"] == theirs["interest_paid"]
    assert [row["event"] for row in together.events.rows()] == [row["event"] for row in alone.events.rows()]
    assert together.conservation_error < 1e-9


# Interest of loans below zero, and par that instalments repay


def test_a_loan_whose_rate_is_below_zero_pays_nothing() -> None:
    deal = deal_of()
    run = tiny(deal, loan=loan_of(spread=-0.05))
    assert [row["interest_collected"] for row in run["collateral"]] == approx([0.0] * 4)
    assert all(row["paid"] >= 0.0 for row in run["ledger"])


@pytest.mark.parametrize("par", [1_000_000.0, 3_000_000.0, 5_051_873.59])
def test_capitalized_interest_comes_with_the_instalment_that_repays_the_last_par(par: float) -> None:
    deal = deal_of(dates={"stated_maturity": "2031-01-15"}, target_par=par)
    deal["notes"] = [{**SUB, "balance": par}]
    deal["waterfalls"] = {"interest": [RESIDUAL], "principal": [RESIDUAL]}
    run = tiny(
        deal,
        loan=loan_of(
            par=par,
            original_par=par,
            amortization_rate=0.20,
            pik_spread=0.02,
            maturity=CLOSING.replace(year=2030, month=12),
        ),
    )
    interest = [row["interest_collected"] for row in run["collateral"]]
    # The twentieth instalment, on 15 January 2030, is the last: with it comes what was capitalized.
    assert interest[19] > 0.05 * par
    assert len(interest) == 20 or max(interest[20:]) < 1e-6 * par


# The first period of an index


@pytest.mark.parametrize(
    ("first", "months", "long"), [("2025-04-20", 3, True), ("2025-04-15", 3, False), ("2025-06-15", 6, True)]
)
def test_a_first_period_is_long_beyond_the_tenor_of_the_index(first: str, months: int, *, long: bool) -> None:
    deal = deal_of(
        dates={"first_payment": first, "payment_frequency_months": months, "stated_maturity": "2027-01-15"}
    )
    rates = {f"sofr_{tenor}m": {"kind": "flat", "rate": 0.02 + 0.01 * tenor} for tenor in (1, 3, 6, 12)}
    run = tiny(deal, rates=rates)
    fixed = of_note(run, "A", "index_rate")[0]
    assert (fixed > 0.05 + 1e-9) is long


# Rights in the non-call period


@pytest.mark.parametrize(
    ("rights", "allowed"),
    [
        ({"tax_redemption": {}}, True),
        ({"optional_redemption": {"after": "non_call_end"}, "tax_redemption": {}}, True),
        ({"clean_up": {"below": 1.0}}, True),
        ({"optional_redemption": {"after": "non_call_end"}}, False),
    ],
)
def test_tax_redemptions_and_clean_up_calls_are_not_barred(rights: Document, *, allowed: bool) -> None:
    document = template() | {"rights": rights}
    call = {"call": {"price": 1.0}, "date": "2026-01-20"}
    if allowed:
        run = projected(document, call)
        assert list(run.cashflows.rows())[-1]["date"].isoformat() == "2026-01-20"
        return
    with pytest.raises(cl.ScenarioError, match="expected a date after the non-call period"):
        projected(document, call)


# Waterfalls of one pot that leave somebody out


def test_a_redemption_waterfall_that_leaves_a_class_or_cash_out_is_doubted() -> None:
    document = template()
    document["waterfalls"]["redemption"] = [
        {"pay_fee": "taxes"},
        {"pay_principal": [["A"], ["B"], ["C"], ["D"]]},
        {"pay_residual": {"to": "SUB", "until": "incentive"}},
    ]
    doubts = [f"{place}: {message}" for place, message in cl.Deal.from_dict(document).warnings]
    doubts = [doubt for doubt in doubts if doubt.startswith("waterfalls.redemption:")]
    expected = "expected an unconditional pay_residual (without until) or retain"
    assert doubts == [
        "waterfalls.redemption: no step pays principal of E; expected a pay_principal step or a sequence that names it",
        f"waterfalls.redemption: the last step can leave cash unassigned; {expected}",
    ]


# States after a document has come in


def test_a_state_must_say_which_documents_have_come_in() -> None:
    amendment = {"amend": {"tests.E OC.trigger": 1.04}, "date": "2027-07-20"}
    document = template() | {"events": [amendment]}
    state = projected(document).state_at("2028-04-20").to_dict()
    without = {key: value for key, value in state.items() if key != "documents"}
    message = r"state.documents: missing: events\[0\] brought in its document on 2027-07-20"
    with pytest.raises(cl.DealError, match=message):
        projected(document, state=cl.DealState.from_dict(without))
    projected(document, state=cl.DealState.from_dict(state))


def test_principal_unpaid_at_the_end_is_an_event_of_the_document_in_force() -> None:
    found = {}
    for first, later in ((["maturity"], []), ([], ["maturity"])):
        document = template()
        document["default_events"] = {"causes": first, "accelerate": "never"}
        after = {"causes": later, "accelerate": "never"}
        document["events"] = [{"amend": {"default_events": after}, "date": "2027-07-20"}]
        scenario = cl.Scenario(**{**BASE, "cdr": 0.25, "recovery": 0.1, "rates": cl.RateCurve.flat(0.043)})
        run = cl.project(cl.Deal.from_dict(document), POOL, scenario)
        found[tuple(later)] = any("principal" in row["event"] for row in run.events.rows())
    assert found == {(): False, ("maturity",): True}


# Costs of an issue


def test_an_issue_costs_what_it_says_where_nothing_is_outstanding_of_the_class() -> None:
    # What is prepaid in the first quarter repays A of 0.5; the issue of a new A on the second date costs 0.13.
    deal = deal_of()
    deal["notes"] = [{**A, "balance": 0.5}, SUB]
    deal["waterfalls"]["principal"] = [SEQUENCE, RESIDUAL]
    issue = {"issue": {"notes": {"A": {"name": "A-2", "balance": 5.0}}}, "date": "2025-07-15"}
    runs = [
        tiny(deal, cpr=constant(0.05), events=[issue | cost])
        for cost in ({}, {"cost": {"fixed": 0.13, "paid_from": "interest"}})
    ]
    assert all(len(run["events"]) == 1 for run in runs)
    free, costly = ([float(paid) for paid in of_note(run, "SUB", "interest_paid")] for run in runs)
    assert [a - b for a, b in zip(free, costly, strict=True)] == approx([0.0, 0.13, 0.0, 0.0])


# Instalments and returns of classes that come in later


def test_instalments_of_a_new_class_count_from_its_issue() -> None:
    # X of 0.6 comes in on the first date and is repaid in three instalments of 0.2. What it brought is principal of the
    # second date: of 0.6 X gets its part of 0.4 in 60.4.
    deal = deal_of()
    deal["notes"] = [A, SUB]
    steps = deal["waterfalls"]["interest"]
    steps.insert(1, {"verb": "pay_amortization", "notes": [["A"]]})
    new = {
        "name": "X",
        "balance": 0.6,
        "coupon": {"index": "sofr_3m", "spread": 0.0, "day_count": "30/360"},
        "amortization": {"payments": 3, "start": 1},
    }
    run = tiny(deal, events=[{"issue": {"notes": {"A": new}}, "date": "2025-04-15"}])
    paid = [row["principal_paid"] for row in run["cashflows"] if row["note"] == "X"]
    part = 0.6 * 0.4 / 60.4
    assert paid[1:] == approx([0.2 + part, 0.2, 0.2 - part])


def test_draws_are_paid_in_for_the_return_of_a_class() -> None:
    document = template()
    a = next(note for note in document["notes"] if note["name"] == "A")
    a["commitment"] = {"amount": 350_000_000, "fee": "50bp", "draws": {"2026-01-20": 20_000_000}}
    run = projected(document)
    rows = list(run.cashflows.filter(note="A").rows())
    flows = [row["interest_paid"] + row["principal_paid"] for row in rows]
    assert min(flows) < 0
    irr = run.notes.filter(note="A")["irr"][0]
    start = next(run.schedule.rows())["accrual_start"]
    worth = -310e6 + sum(
        flow / (1 + irr) ** ((row["date"] - start).days / 365) for flow, row in zip(flows, rows, strict=True)
    )
    assert worth == approx(0.0, abs=1.0)
