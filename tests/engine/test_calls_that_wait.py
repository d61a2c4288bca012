"""Calls that wait through a reset, by hand, and events that have been when an amendment comes.

On the tiny deal A is 60 and due 0.9 a quarter, the loan of 100 pays 2.0, equity gets 1.1.
"""

from datetime import date
from typing import Any

import pytest

import cloche as cl
from engine.test_resets import deal_with, equity, projected
from reference.test_reset_rules import LOAN, B, reset, second
from reference.tiny import SUB, Document, deal_of, run, scenario_of

approx = pytest.approx
CALL: Document = {"call": {"price": 0.57, "if_infeasible": "retry"}}
DATES: Document = {"non_call_end": "2026-01-15"}


class TestCallsThatAreTriedOn:
    """A call at 57 brings 57 and 2 of interest: not what A is owed, 60.9, but what a class of 50 is owed, 50.625."""

    def into(self, **more: Any) -> Document:
        return second(**{"notes": [{**B, "balance": 50.0}, SUB], "dates": DATES, **more})

    def called(self, event: Document, into: Document, **moment: Any) -> list[date]:
        moved = reset(into=into)
        if moment:
            moved = {**{key: item for key, item in moved.items() if key != "date"}, **moment}
        scenario = scenario_of(events=[{**CALL, **event}])
        ours = projected(moved, scenario=scenario)
        theirs = run(LOAN, deal=deal_of(events=[moved]), scenario=scenario)
        assert equity(ours) == approx([paid for _, paid in theirs["equity"][1:]])
        assert ours["conservation_error"] < 1e-12
        return [row["date"] for row in ours["events"] if row["event"] == "call"]

    @pytest.mark.parametrize(
        "event",
        [
            {"date": "2025-04-15"},
            {"date": "closing + 3M"},
            {"when": "performing_par > 0", "from": "2025-04-15"},
            {"date": "2025-05-15"},
        ],
    )
    def test_one_that_waits_is_made_once_the_new_non_call_period_is_over(self, event: Document) -> None:
        assert self.called(event, self.into()) == [date(2026, 1, 15)]

    def test_so_it_is_after_a_reset_under_a_condition(self) -> None:
        into = self.into(dates={"non_call_end": "2025-10-15"})
        assert self.called({"date": "2025-04-15"}, into, when="status == 'normal'") == [date(2025, 7, 15)]

    def test_without_the_right_it_is_dropped(self) -> None:
        assert self.called({"date": "2025-04-15"}, self.into(rights={"refinancing": True})) == []
        assert self.called({"date": "2025-04-15"}, self.into(rights={"optional_redemption": True})) == [
            date(2026, 1, 15)
        ]

    def test_one_that_does_not_wait_is_over(self) -> None:
        event = {"date": "2025-04-15", "call": {"price": 0.57, "if_infeasible": "withdraw"}}
        assert self.called(event, self.into()) == []


def test_an_amendment_may_move_the_non_call_period_behind_what_has_been() -> None:
    repriced = {"date": "2027-07-20", "reprice": {"B": "150bp"}}
    longer = {"date": "2028-01-20", "amend": {"dates": {"non_call_end": "2029-01-20"}}}
    deal = deal_with(repriced, longer)
    pool = cl.synthetic.loan_pool(n=20, seed=7, as_of="2025-03-20")
    base = cl.Scenario(cdr=0.0, cpr=0.1, recovery=0.6, rates=cl.RateCurve.flat(0.043))
    events = cl.project(deal, pool, base).events
    assert [(str(row["date"]), row["event"]) for row in events.rows()][:2] == [
        ("2027-07-20", "repricing"),
        ("2028-01-20", "amendment"),
    ]


def test_an_event_of_the_second_document_is_not_before_it() -> None:
    event = {"date": "2025-04-15", "reprice": {"A": {"spread": 0.005}}}
    with pytest.raises(cl.DealError) as refused:
        projected(reset(into=second(events=[event])))
    (problem,) = refused.value.problems
    assert problem.place == "events[0].reset.into.events[0].date"
    assert "before closing 2025-07-15" in problem.message
