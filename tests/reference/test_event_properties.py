"""Facts that hold for the reference on generated deals with events of default, calls, refinancings and re-pricings."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from cloche.testing import invariants, strategies
from cloche.testing.reference import project, run_payment_date
from cloche.testing.reference.dates import unadjusted_dates
from cloche.testing.strategies import PAR, Case

generated = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def run(case: Case) -> dict[str, Any]:
    """A projection; a refinancing whose proceeds do not pay its uses is refused, and says nothing here."""
    try:
        return project(case.deal, case.loans, case.as_of, case.scenario)
    except ValueError as error:
        assume("found proceeds of" not in str(error))
        raise


@generated
@given(strategies.cases(events=True))
def test_cash_and_par_are_conserved_through_events(case: Case) -> None:
    result = run(case)
    for row in result["events"]:
        event(row["event"])
    assert result["conservation_error"] <= 1e-9
    invariants.cash_conserved(result["ledger"], result["collateral"], par=PAR)
    invariants.ledger_is_continuous(result["ledger"], par=PAR)
    opening = sum(loan["par"] for loan in case.loans if loan["default_date"] is None)
    invariants.pool_conserved(result["collateral"], opening_par=opening, par=PAR)


@generated
@given(strategies.cases(events=True))
def test_balances_continue_through_events(case: Case) -> None:
    result = run(case)
    invariants.balances_continue(result["cashflows"], result["deal"], par=PAR)
    invariants.interest_is_paid_deferred_or_overdue(result["cashflows"], result["deal"], par=PAR)


@generated
@given(strategies.cases(events=["default", "call", "refinance", "reprice"]))
def test_one_pot_pays_class_after_class(case: Case) -> None:
    result = run(case)
    assume({row["status"] for row in result["cashflows"]} != {"normal"})
    invariants.one_pot_pays_class_after_class(result["cashflows"], result["deal"], par=PAR)


@generated
@given(strategies.cases(events=["default", "call"]))
def test_a_call_leaves_nothing_unpaid(case: Case) -> None:
    result = run(case)
    last = [row for row in result["cashflows"] if row["date"] == result["cashflows"][-1]["date"]]
    assume(last[0]["status"] == "redemption")
    residual = {note["name"] for note in case.deal["notes"] if note.get("residual")}
    for row in last:
        if row["note"] not in residual:
            assert row["end_balance"] + row["deferred_balance"] + row["interest_shortfall"] <= 1e-9 * PAR


@generated
@given(strategies.cases(), st.data())
def test_a_refinancing_at_equal_spreads_without_cost_changes_nothing(case: Case, data: st.DataObject) -> None:
    ranked = [note for note in case.deal["notes"] if note.get("principal_rank") is not None]
    old = data.draw(st.sampled_from(ranked))["name"]
    plain = run(case)
    last = unadjusted_dates(case.deal["dates"])[-1]
    dates = [period.unadjusted_end for period in plain["schedule"] if period.unadjusted_end < last]
    assume(len(dates) > 0)
    entry = {
        "refinance": {old: {"into": [{"name": "NEW", "balance": "outstanding"}]}},
        "date": data.draw(st.sampled_from(dates)).isoformat(),
    }
    result = run(Case(case.deal, case.loans, case.as_of, {**case.scenario, "events": [entry]}))
    # a class that owes deferred interest owes principal afterwards, and its instalments start anew
    refinanced = [row for row in result["events"] if row["event"] == "refinancing"]
    before = {(row["date"], row["note"]): row for row in plain["cashflows"]}
    assume(all(before[row["date"], old]["deferred_balance"] <= 1e-9 * PAR for row in refinanced))
    assume(all(before[row["date"], old]["interest_shortfall"] <= 1e-9 * PAR for row in refinanced))
    assert [flow for _, flow in result["equity"]] == pytest.approx(
        [flow for _, flow in plain["equity"]], rel=1e-9, abs=1e-9 * PAR
    )
    for row in plain["collateral"]:
        other = next(twin for twin in result["collateral"] if twin["date"] == row["date"])
        assert other["oc_numerator"] == pytest.approx(row["oc_numerator"], rel=1e-9, abs=1e-9 * PAR)


@generated
@given(strategies.cases(events=["default", "order"]))
def test_without_automatic_acceleration_nothing_but_the_record_changes(case: Case) -> None:
    deal = copy.deepcopy(case.deal)
    deal.get("default_events", {}).pop("accelerate", None)
    deal["events"] = []
    quiet = {**deal, "default_events": None}
    told = run(Case(deal, case.loans, case.as_of, case.scenario))
    untold = run(Case(quiet, case.loans, case.as_of, case.scenario))
    assert told["cashflows"] == untold["cashflows"]
    assert untold["events"] == []


@generated
@given(st.data())
def test_every_state_of_one_pot_is_paid_and_conserved(data: st.DataObject) -> None:
    deal = data.draw(strategies.deals(events=["default", "order"]))
    state = data.draw(strategies.payment_states(deal, events=True))
    result = run_payment_date(deal, state)
    assert result["conservation_error"] <= 1e-9 * PAR
    invariants.ledger_is_continuous(result["ledger"], par=PAR)
    if not deal["waterfalls"].get("acceleration") and not deal["waterfalls"].get("redemption"):
        invariants.one_pot_pays_class_after_class(result["notes"], deal, par=PAR)


@settings(generated, max_examples=25)
@given(strategies.cases(events=True, features=True))
def test_events_and_features_hold_together(case: Case) -> None:
    result = run(case)
    assert result["conservation_error"] <= 1e-9
    invariants.ledger_is_continuous(result["ledger"], par=PAR)
    invariants.balances_continue(result["cashflows"], result["deal"], par=PAR)
