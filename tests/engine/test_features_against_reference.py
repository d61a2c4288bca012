"""The engine and the slow reference agree on deals with a feature that `strategies.deals` draws only where asked."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cloche.testing import reference, strategies
from cloche.testing.strategies import PAR
from engine import crossing
from engine.agreement import TOLERANCE, close, differences
from engine.test_against_reference import Decisions, generated, on_trigger, starts_late

FEATURES = ("rounding", "ccc_agency_rule")


@pytest.mark.parametrize("feature", FEATURES)
@settings(generated, max_examples=100)
@given(data=st.data())
def test_projections_with_a_feature_agree(feature: str, data: st.DataObject) -> None:
    case = data.draw(strategies.cases(features=[feature]))
    with pytest.MonkeyPatch.context() as patch:
        decisions = Decisions(patch)
        theirs: dict[str, Any] = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assume(not starts_late(case, theirs["schedule"]))
    assume(not decisions.doubtful and not on_trigger(theirs["tests"]))
    ours = crossing.project(case)
    assert not list(differences(ours, theirs, par=PAR))
    assert ours["conservation_error"] <= TOLERANCE


@pytest.mark.parametrize("feature", FEATURES)
@settings(generated, max_examples=60)
@given(data=st.data())
def test_payment_dates_with_a_feature_agree(feature: str, data: st.DataObject) -> None:
    deal = data.draw(strategies.deals(features=[feature]))
    state: Mapping[str, Any] = data.draw(strategies.payment_states(deal))
    with pytest.MonkeyPatch.context() as patch:
        decisions = Decisions(patch)
        theirs: dict[str, Any] = reference.run_payment_date(deal, state)
    assume(not decisions.doubtful and not on_trigger(theirs["tests"]))
    ours = crossing.run_payment_date(deal, state)
    expected = {**theirs, "cashflows": theirs["notes"]}
    assert not list(differences(ours, expected, par=PAR, tables=("tests", "cashflows", "fees")))
    assert close(ours["principal_account"], theirs["accounts"]["principal"], PAR)
    assert close(ours["interest_account"], theirs["accounts"]["interest"], PAR)
