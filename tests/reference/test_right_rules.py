"""Rights by hand, on the tiny deal: a loan of 100 pays 2.0 a quarter to a class of 60. The engine has the same."""

from collections.abc import Sequence
from typing import Any

import pytest

from cloche.errors import DealError, ScenarioError
from cloche.testing.strategies import Case
from engine import crossing
from reference.tiny import CLOSING, SUB, A, Document, constant, deal_of, loan_of, run, scenario_of

CALL: Document = {"call": {"price": 1.0}}
RETRY: Document = {"call": {"price": 1.0, "if_infeasible": "retry"}, "date": "2025-04-15"}


def deal_with(rights: Document, steps: Sequence[Document] = ()) -> Document:
    coupon = {**A["coupon"], "step_up": list(steps)}
    return deal_of(rights=rights, dates={"non_call_end": "2025-04-15"}, notes=[{**A, "coupon": coupon}, SUB])


def outcome(
    rights: Document, event: Document, *, steps: Sequence[Document] = (), **scenario: Any
) -> list[tuple[str, str]] | str:
    """What events do under rights, by date and reason; the place where they are refused."""
    deal = deal_with(rights, steps)
    try:
        result = run(deal=deal, scenario=scenario_of(events=[event], **scenario))
    except ValueError as error:
        return str(error).split(":", 1)[0]
    return [(row["date"].isoformat(), row["reason"]) for row in result["events"]]


def refused_by_the_engine(rights: Document, event: Document, steps: Sequence[Document] = ()) -> str | None:
    """The place where the engine refuses an event under rights."""
    row = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **loan_of()}
    bought = {"price": constant(1.0), "spread": constant(0.04)}
    case = Case(deal_with(rights, steps), [row], CLOSING, scenario_of(events=[event], reinvestment=bought))
    try:
        crossing.project(case)
    except (DealError, ScenarioError) as error:
        return error.problems[0].place
    return None


def refinanced(spread: float, **more: Any) -> Document:
    new = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": spread}}
    return {"refinance": {"A": {"into": [new]}}, "date": "2025-07-15", **more}


CASES: list[tuple[Document, Document, str | None]] = [
    # Without rights, or with a contracted call alone, all is open.
    ({}, {**CALL, "date": "2025-07-15"}, None),
    ({"auction_call": {"from": "2026-01-15", "months": [1]}}, {**CALL, "date": "2025-07-15"}, None),
    # One of the rights that allow an event must be there.
    ({"optional_redemption": True}, {**CALL, "date": "2025-07-15"}, None),
    ({"tax_redemption": {}}, {**CALL, "date": "2025-07-15"}, None),
    ({"optional_redemption": False, "refinancing": True}, {**CALL, "date": "2025-07-15"}, "call"),
    ({"refinancing": True}, refinanced(0.03), None),
    ({"repricing": True}, refinanced(0.03), "refinance"),
    ({"repricing": True}, {"reprice": {"A": {"spread": 0.03}}, "date": "2025-07-15"}, None),
    ({"refinancing": True}, {"reprice": {"A": {"spread": 0.03}}, "date": "2025-07-15"}, None),
    ({"reset": True}, {"reprice": {"A": {"spread": 0.03}}, "date": "2025-07-15"}, "reprice"),
    (
        {"refinancing": True},
        {"special_redemption": {"share": 0.5}, "date": "2025-07-15"},
        "special_redemption",
    ),
    ({"special_redemption": True}, {"special_redemption": {"share": 0.5}, "date": "2025-07-15"}, None),
    # From its first day on
    ({"optional_redemption": {"after": "2025-10-15"}}, {**CALL, "date": "2025-07-15"}, "date"),
    ({"optional_redemption": {"after": "closing + 6M"}}, {**CALL, "date": "2025-07-01"}, "date"),
    ({"optional_redemption": {"after": "closing + 5M"}}, {**CALL, "date": "2025-07-01"}, None),
    ({"optional_redemption": {"after": "non_call_end"}}, {**CALL, "date": "2025-04-15"}, None),
    # On payment dates alone
    ({"optional_redemption": {"dates": "payment_dates"}}, {**CALL, "date": "2025-07-01"}, "date"),
    ({"optional_redemption": {"dates": "payment_dates"}}, {**CALL, "date": "2025-07-15"}, None),
    ({"optional_redemption": {"dates": "payment_dates"}}, {**CALL, "date": "nc_end + 1M"}, None),
    ({"optional_redemption": {"dates": "any_business_day"}}, {**CALL, "date": "2025-07-01"}, None),
    # The old spread is 2 %.
    ({"refinancing": {"cost_of_debt_not_higher": True}}, refinanced(0.02), None),
    ({"refinancing": {"cost_of_debt_not_higher": True}}, refinanced(0.0201), "refinance"),
    ({"refinancing": {"cost_of_debt_not_higher": False}}, refinanced(0.0201), None),
    (
        {"repricing": {"cost_of_debt_not_higher": True}},
        {"reprice": {"A": {"spread": 0.03}}, "date": "2025-07-15"},
        "reprice",
    ),
]


@pytest.mark.parametrize(("rights", "event", "refused"), CASES)
def test_an_event_needs_its_right(rights: Document, event: Document, refused: str | None) -> None:
    place = None if refused is None else f"scenario.events[0].{refused}"
    found = outcome(rights, event)
    assert found == place if place else isinstance(found, list)
    assert refused_by_the_engine(rights, event) == place


def test_an_amendment_needs_its_right() -> None:
    event = {"amend": {"into": deal_with({"amendment": True})}, "date": "2025-07-15"}
    assert outcome({"optional_redemption": True}, event) == "scenario.events[0].amend"
    assert isinstance(outcome({"amendment": True}, event), list)


def test_what_changes_between_fixed_and_floating_does_not_compare() -> None:
    event = refinanced(0.03)
    event["refinance"]["A"]["into"][0]["coupon"] = {"fixed": 0.20}
    rights = {"refinancing": {"cost_of_debt_not_higher": True}}
    assert isinstance(outcome(rights, event), list)
    assert refused_by_the_engine(rights, event) is None


@pytest.mark.parametrize(
    ("spread", "new", "refused"),
    [
        # The class steps up from 2 to 3 % on the date: what it would cost from then on is compared.
        ("2025-07-15", {"spread": 0.03}, None),
        ("2025-07-15", {"spread": 0.0301}, "refinance"),
        ("2025-07-16", {"spread": 0.0201}, "refinance"),
        # A successor with a step of its own costs what it pays first.
        ("2025-07-15", {"spread": 0.025, "step_up": [{"from": "2025-10-15", "spread": 0.05}]}, None),
        ("2025-07-15", {"spread": 0.025, "step_up": [{"from": "2025-07-15", "spread": 0.05}]}, "refinance"),
    ],
)
def test_a_coupon_that_has_stepped_up_costs_its_new_spread(
    spread: str, new: Document, refused: str | None
) -> None:
    rights = {"refinancing": {"cost_of_debt_not_higher": True}}
    event = refinanced(0.0)
    event["refinance"]["A"]["into"][0]["coupon"] = {"index": "sofr_3m", **new}
    steps = [{"from": spread, "spread": 0.03}]
    place = None if refused is None else f"scenario.events[0].{refused}"
    found = outcome(rights, event, steps=steps)
    assert found == place if place else isinstance(found, list)
    assert refused_by_the_engine(rights, event, steps=steps) == place


def test_two_successors_cost_their_mean() -> None:
    # 20 at 3 % and 40 at 1.5 % are 60 at 2 %.
    coupons = [{"index": "sofr_3m", "spread": spread} for spread in (0.03, 0.015, 0.0151)]
    rights = {"refinancing": {"cost_of_debt_not_higher": True}}
    for coupon, refused in ((coupons[1], None), (coupons[2], "scenario.events[0].refinance")):
        new = [
            {"name": "A-1R", "balance": 20.0, "coupon": coupons[0]},
            {"name": "A-2R", "balance": "outstanding", "coupon": coupon},
        ]
        event = {"refinance": {"A": {"into": new}}, "date": "2025-07-15"}
        assert refused_by_the_engine(rights, event) == refused
        found = outcome(rights, event)
        assert found == refused if refused else isinstance(found, list)


def test_a_clean_up_call_waits_until_little_collateral_is_left() -> None:
    # 100, then 80, 64: the principal that was collected counts on its date.
    falling = constant(1 - 0.8**4)
    rights = {"clean_up": {"below": 0.99, "of": "target_par"}}
    waits = "scenario.events[0]: not feasible"
    assert outcome(rights, RETRY, cpr=falling) == [
        ("2025-04-15", waits),
        ("2025-07-15", "scenario.events[0]"),
    ]
    assert outcome({"clean_up": {}}, RETRY, cpr=falling) == [("2025-04-15", "scenario.events[0]")]
    # Another right to a call needs no such thing.
    both = {**rights, "optional_redemption": True}
    assert outcome(both, RETRY, cpr=falling) == [("2025-04-15", "scenario.events[0]")]


def test_an_event_under_a_condition_waits_for_its_right() -> None:
    event = {**CALL, "when": "performing_par > 0"}
    assert outcome({"optional_redemption": {"after": "2025-07-16"}}, event) == [
        ("2025-10-15", "scenario.events[0]")
    ]
