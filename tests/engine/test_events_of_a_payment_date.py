"""What one payment date from a state does about the events of its deal."""

import copy
from typing import Any

import pytest

import cloche as cl
from engine.states import STATE

Document = dict[str, Any]

# The state is that of 20 January 2026.
SUCCESSOR: Document = {
    "name": "A-R",
    "balance": "outstanding",
    "coupon": {"index": "sofr_3m", "spread": 0.0105},
}
REFINANCING: Document = {"refinance": {"A": {"into": [SUCCESSOR]}}}


def deal_with(event: Document) -> cl.Deal:
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    del document["dates"]["non_call_end"]
    return cl.Deal.from_dict(document | {"events": [event]})


def state_of(**more: Any) -> cl.DealState:
    return cl.DealState.from_dict(copy.deepcopy(STATE) | more)


@pytest.mark.parametrize(
    "event",
    [
        REFINANCING,
        {"call": {"price": 0.99}},
        {"reprice": {"B": 0.0150}},
        {"special_redemption": {"amount": 1e6}},
        {"issue": {"equity": 1e6}},
    ],
    ids=lambda event: next(iter(event)),
)
@pytest.mark.parametrize("date", ["2025-10-21", "2026-01-20"])
def test_an_event_that_acts_on_the_date_is_refused(event: Document, date: str) -> None:
    with pytest.raises(cl.RunError) as refused:
        cl.run_payment_date(deal_with({**event, "date": date}), state_of())
    assert [place for place, _ in refused.value.problems] == [f"events[0].{next(iter(event))}"]


@pytest.mark.parametrize("date", ["2025-10-20", "2026-01-21", "maturity - 1Y"])
def test_events_of_other_dates_are_none_of_its_matters(date: str) -> None:
    plain = cl.run_payment_date(cl.templates.us_bsl(par=500e6, closing="2025-03-20"), state_of())
    paid = cl.run_payment_date(deal_with({"call": {"price": 0.99}, "date": date}), state_of())
    assert paid.ledger == plain.ledger


def test_a_call_is_the_status_of_its_date() -> None:
    state = state_of(status="redemption")
    paid = cl.run_payment_date(deal_with({"call": {}, "date": "2026-01-20"}), state)
    assert set(paid.notes["status"].tolist()) <= {"outstanding", "redemption", "paid"}
    assert set(paid.ledger["waterfall"].tolist()) == {"redemption"}


def test_an_amendment_rules_from_the_next_date_on() -> None:
    event = {"amend": {"tests.E OC.trigger": 1.2}, "date": "2026-01-20"}
    paid = cl.run_payment_date(deal_with(event), state_of())
    assert next(paid.tests.filter(test="E OC").rows())["trigger"] == 1.055


def test_a_note_that_is_still_to_be_issued_has_no_row() -> None:
    deal = deal_with({**REFINANCING, "date": "2027-07-20"})
    paid = cl.run_payment_date(deal, state_of())
    assert paid.notes["note"].tolist() == ["A", "B", "C", "D", "E", "SUB"]
    assert list(paid.state.notes) == ["A", "B", "C", "D", "E", "SUB"]


STEPPED: Document = {
    "step_up": [{"from": "2026-10-20", "spread": 0.02}, {"from": "2027-10-20", "spread": 0.03}]
}


@pytest.mark.parametrize("more", [{}, STEPPED], ids=["plain", "stepped"])
@pytest.mark.parametrize(
    "moment", [{"date": "2027-04-20"}, {"when": "performing_par > 0", "from": "2027-04-20"}]
)
@pytest.mark.parametrize("before", ["2027-04-20", "2027-07-20", "2027-10-20"])
def test_a_class_pays_the_spread_of_its_re_pricing(more: Document, moment: Document, before: str) -> None:
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    terms = next(note for note in document["notes"] if note["name"] == "B")
    terms["coupon"] |= more
    deal = cl.Deal.from_dict(document | {"events": [{"reprice": {"B": 0.0150}, **moment}]})
    scenario = cl.Scenario(
        cdr=0.0, cpr=0.0, recovery=0.5, recovery_lag_months=6, rates=cl.RateCurve.flat(0.04)
    )
    run = cl.project(deal, cl.synthetic.loan_pool(n=20, seed=7, as_of="2025-03-20"), scenario)
    schedule = list(deal.schedule().rows())
    here = next(row for row in schedule if row["accrual_start"].isoformat() == before)
    state = run.state_at(before).without("pool").to_dict()
    state |= {
        "payment_date": here["payment_date"].isoformat(),
        "previous_payment_date": before,
        "determination_date": here["determination_date"].isoformat(),
        "index_fixings": {"sofr_3m": 0.04},
        "collected": {"interest": 9.9e6},
        "collateral": {"performing_par": 494e6},
    }
    paid = cl.run_payment_date(deal, cl.DealState.from_dict(state))
    rates = {row["note"]: row["rate"] for row in run.cashflows.filter(date=here["payment_date"]).rows()}
    assert {row["note"]: row["rate"] for row in paid.notes.rows()} == rates
    stepped = bool(more) and before == "2027-10-20"
    assert rates["B"] == pytest.approx(0.04 + (0.03 if stepped else 0.015))
    assert paid.state.to_dict()["notes"]["B"]["repriced"]["event"] == "events[0]"


@pytest.mark.parametrize("place", ["events[1]", "scenario.events[0]"])
def test_a_re_pricing_that_the_deal_does_not_have_is_refused(place: str) -> None:
    notes = {**STATE["notes"], "B": {"balance": 60e6, "repriced": {"event": place}}}
    deal = deal_with({"reprice": {"B": 0.0150}, "date": "2025-10-20"})
    with pytest.raises(cl.DealError, match=r"state\.notes\.B\.repriced: found"):
        cl.run_payment_date(deal, state_of(notes=notes))


AMENDMENT: Document = {"amend": {"tests.E OC.trigger": 1.04}}


@pytest.mark.parametrize(
    ("event", "told", "place"),
    [
        ({**AMENDMENT, "date": "2025-10-20"}, ("events[0]", "2025-10-20"), None),
        ({**AMENDMENT, "date": "2025-10-20"}, ("events[0]", "2026-01-20"), "state.documents[0].on"),
        ({**AMENDMENT, "date": "2026-04-20"}, ("events[0]", "2025-10-20"), "state.documents[0].on"),
        ({**AMENDMENT, "when": "performing_par > 0"}, ("events[0]", "2025-10-20"), "state.documents[0]"),
        ({**AMENDMENT, "date": "2025-10-20"}, ("events[1]", "2025-10-20"), "state.documents[0]"),
        ({**AMENDMENT, "date": "2025-10-20"}, ("scenario.events[0]", "2025-10-20"), "state.documents[0]"),
    ],
)
def test_a_document_that_the_deal_does_not_bring_in_is_refused(
    event: Document, told: tuple[str, str], place: str | None
) -> None:
    state = state_of(documents=[{"event": told[0], "on": told[1]}])
    if place is None:
        paid = cl.run_payment_date(deal_with(event), state)
        assert next(paid.tests.filter(test="E OC").rows())["trigger"] == 1.04
        return
    with pytest.raises(cl.DealError) as refused:
        cl.run_payment_date(deal_with(event), state)
    assert [found for found, _ in refused.value.problems] == [place]
