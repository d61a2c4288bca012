"""Dates of a state after resets and amendments are those of the documents that have ruled in it."""

import logging
from typing import Any

import pytest

import cloche as cl

Document = dict[str, Any]

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
POOL = cl.synthetic.loan_pool(n=30, seed=7, as_of="2025-03-20")
TRIGGER: Document = {"amend": {"tests.E OC.trigger": 1.04}, "date": "2028-04-20"}
SWITCH: Document = {"amend": {"dates": {"payment_frequency_months": 6}}, "date": "2028-04-20"}
RESET: Document = {
    "reset": {"into": cl.templates.us_bsl(par=500e6, closing="2028-04-20").to_dict()},
    "date": "2028-04-20",
}


def scenario(*events: Document) -> cl.Scenario:
    return cl.Scenario(
        cdr=0.01,
        cpr=0.1,
        recovery=0.6,
        recovery_lag_months=6,
        rates=cl.RateCurve.flat(0.04),
        events=list(events),
    )


@pytest.mark.parametrize(
    "events",
    [(TRIGGER,), (SWITCH,), (RESET,), (TRIGGER, {**SWITCH, "date": "2029-07-20"})],
    ids=["trigger", "frequency", "reset", "both"],
)
def test_the_states_of_a_run_are_taken(
    events: tuple[Document, ...], caplog: pytest.LogCaptureFixture
) -> None:
    assumed = scenario(*events)
    run = cl.project(DEAL, POOL, assumed)
    dates = sorted(set(run.cashflows["date"].tolist()))
    with caplog.at_level(logging.WARNING, logger="cloche"):
        for day in dates[10:24]:
            state = run.state_at(day)
            rest = cl.project(DEAL, POOL, assumed, state=state)
            assert rest.cashflows["date"].tolist()[0] == dates[dates.index(day) + 1]
    assert not caplog.messages


@pytest.mark.parametrize(
    ("event", "day", "expected"),
    [
        (TRIGGER, "2028-04-20", "2028-01-20, the payment date before 2028-04-20"),
        (TRIGGER, "2029-04-20", "2029-01-22, the payment date before 2029-04-20"),
        # Half a year after the change; the date of the change is the last of the quarters.
        (SWITCH, "2028-10-20", "2028-04-20, the payment date before 2028-10-20"),
        (SWITCH, "2029-04-20", "2028-10-20, the payment date before 2029-04-20"),
        (RESET, "2028-10-20", "2028-04-20, the payment date before 2028-10-20"),
    ],
)
def test_another_payment_date_before_is_refused(event: Document, day: str, expected: str) -> None:
    assumed = scenario(event)
    state = cl.project(DEAL, POOL, assumed).state_at(day).to_dict()
    wrong = cl.DealState.from_dict(state | {"previous_payment_date": "2027-04-20"})
    message = f"state.previous_payment_date: found 2027-04-20, expected {expected}"
    for run in (
        lambda: cl.project(DEAL, POOL, assumed, state=wrong),
        lambda: cl.sweep(DEAL, POOL, [assumed], state=wrong),
    ):
        with pytest.raises(cl.DealError) as refused:
            run()
        assert [str(problem) for problem in refused.value.problems] == [message]


def test_another_determination_date_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assumed = scenario(TRIGGER)
    state = cl.project(DEAL, POOL, assumed).state_at("2029-04-20").to_dict()
    odd = cl.DealState.from_dict(state | {"determination_date": "2029-04-11"})
    with caplog.at_level(logging.WARNING, logger="cloche"):
        cl.project(DEAL, POOL, assumed, state=odd)
    assert caplog.messages == [
        "state.determination_date: found 2029-04-11, expected 2029-04-10, that of 2029-04-20"
    ]


def test_interest_that_may_not_be_deferred_is_refused_after_an_amendment() -> None:
    assumed = scenario(TRIGGER)
    state = cl.project(DEAL, POOL, assumed).state_at("2029-04-20").to_dict()
    state["notes"]["A"]["deferred_interest"] = 1_000.0
    with pytest.raises(cl.DealError, match=r"state\.notes\.A\.deferred_interest: found 1,000"):
        cl.project(DEAL, POOL, assumed, state=cl.DealState.from_dict(state))
