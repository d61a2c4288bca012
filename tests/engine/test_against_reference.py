"""The engine and the slow reference agree on generated deals, tapes, scenarios and states.

The reference shares no line with the engine. Cases that rounding decides are left out: those in which a test fails,
when a payment date opens or at any later moment of it, by less than a billionth of par. The reference is asked each
time it decides a test; a cure that was paid in full leaves its test at the trigger, where the tolerance of the flag
(1e-12) makes it pass on both sides, so cured cases stay in.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cloche.errors import DealError, ScenarioError
from cloche.testing import reference, strategies
from cloche.testing.reference import projection, sales
from cloche.testing.reference import tests as coverage
from cloche.testing.reference.dates import Period
from cloche.testing.strategies import PAR, Case
from engine import crossing
from engine.agreement import TOLERANCE, close, differences

generated = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


class Decisions:
    """Whether rounding may have decided a test or a call of the reference."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.doubtful = False
        self._passes, self._covers = coverage.passes, sales.covers
        patch.setattr(coverage, "passes", self._decide)
        patch.setattr(sales, "covers", self._exercise)
        patch.setattr(projection, "covers", self._exercise)

    def _exercise(self, available: float, amount: float) -> bool:
        self.doubtful |= abs(available - amount) <= TOLERANCE * PAR
        return self._covers(available, amount)

    def _decide(self, numerator: float, denominator: float, trigger: float) -> bool:
        holds = self._passes(numerator, denominator, trigger)
        if not holds and trigger * denominator - numerator <= TOLERANCE * PAR:
            self.doubtful = True
        return holds


def on_trigger(tests: list[dict[str, Any]]) -> bool:
    return any(
        abs(row["cushion_amount"]) <= TOLERANCE * PAR for row in tests if row["denominator"] > TOLERANCE * PAR
    )


def starts_late(case: Case, periods: Sequence[Period]) -> bool:
    """Tell whether the tape is as of a day on which the first period is over: the engine wants a state then."""
    first = periods[0]
    return min(first.collection_end, first.unadjusted_end) <= max(case.as_of, first.collection_start)


def assert_projections_agree(case: Case, **options: Any) -> None:
    """Compare projections of a case that rounding does not decide; `options` are those of `differences`."""
    with pytest.MonkeyPatch.context() as patch:
        decisions = Decisions(patch)
        theirs: dict[str, Any] = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assume(not starts_late(case, theirs["schedule"]))
    assume(not decisions.doubtful and not on_trigger(theirs["tests"]))
    ours = crossing.project(case)
    assert not list(differences(ours, theirs, par=PAR, **options))
    assert ours["conservation_error"] <= TOLERANCE


def assert_payment_dates_agree(deal: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Compare payment dates of a state that rounding does not decide."""
    with pytest.MonkeyPatch.context() as patch:
        decisions = Decisions(patch)
        theirs: dict[str, Any] = reference.run_payment_date(deal, state)
    assume(not decisions.doubtful and not on_trigger(theirs["tests"]))
    ours = crossing.run_payment_date(deal, state)
    expected = {**theirs, "cashflows": theirs["notes"]}
    assert not list(differences(ours, expected, par=PAR, tables=("tests", "cashflows", "fees")))
    assert close(ours["principal_account"], theirs["accounts"]["principal"], PAR)
    assert close(ours["interest_account"], theirs["accounts"]["interest"], PAR)


@settings(generated, max_examples=1000)
@given(strategies.cases())
def test_projections_agree(case: Case) -> None:
    assert_projections_agree(case)


@settings(generated, max_examples=300)
@given(st.data())
def test_payment_dates_agree(data: st.DataObject) -> None:
    deal = data.draw(strategies.deals())
    state: Mapping[str, Any] = data.draw(strategies.payment_states(deal))
    assert_payment_dates_agree(deal, state)


@settings(generated, max_examples=200)
@given(strategies.cases(events=["default", "order", "call"]))
def test_projections_with_events_agree(case: Case) -> None:
    assert_projections_agree(case)


def ordered(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Tables in the order of dates and names; successors of a balance of zero have rows in the reference alone."""
    flows = [row for row in tables["cashflows"] if row["note"] not in _empty(tables["cashflows"])]
    return {
        **tables,
        "cashflows": sorted(flows, key=lambda row: (row["date"], row["note"])),
        "fees": sorted(tables["fees"], key=lambda row: (row["date"], row["fee"])),
    }


def _empty(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    held = {row["note"] for row in rows if row["begin_balance"] or row["end_balance"] or row["interest_paid"]}
    return {row["note"] for row in rows if "-" in row["note"]} - held


def assert_same_issues(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """What both say of the balances that events issue; and no cash is lost."""
    issued = [
        {(row["date"], row["note"]): row["issued"] for row in run["cashflows"] if row["issued"]}
        for run in (ours, theirs)
    ]
    assert issued[0].keys() == issued[1].keys()
    assert all(close(issued[0][key], issued[1][key], PAR) for key in issued[0])
    assert ours["conservation_error"] <= TOLERANCE


def assert_projections_with_events_agree(case: Case) -> None:
    """Compare projections of a case with events that change notes; refusals must agree, too."""
    theirs: dict[str, Any] = {}
    refused = ""
    with pytest.MonkeyPatch.context() as patch:
        decisions = Decisions(patch)
        try:
            theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
        except ValueError as error:
            refused = str(error)
    if refused:
        assume("found proceeds of" in refused and not decisions.doubtful)
        with pytest.raises((DealError, ScenarioError), match="found proceeds of"):
            crossing.project(case)
        return
    assume(not starts_late(case, theirs["schedule"]))
    assume(not decisions.doubtful and not on_trigger(theirs["tests"]))
    ours = crossing.project(case)
    assert not list(differences(ordered(ours), ordered(theirs), par=PAR))
    assert_same_issues(ours, theirs)


@settings(generated, max_examples=250)
@given(strategies.cases(events=["default", "order", "call", "refinance", "reprice"]))
def test_projections_with_refinancings_agree(case: Case) -> None:
    assert_projections_with_events_agree(case)


@settings(generated, max_examples=100)
@given(st.data())
def test_dates_of_one_pot_agree(data: st.DataObject) -> None:
    deal = data.draw(strategies.deals(events=["default", "order"]))
    state: Mapping[str, Any] = data.draw(strategies.payment_states(deal, events=True))
    assert_payment_dates_agree(deal, state)
