"""The engine and the slow reference agree on deals with a feature that `strategies.deals` draws only where asked."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloche.testing import strategies
from cloche.testing.strategies import Case
from engine.test_against_reference import (
    assert_payment_dates_agree,
    assert_projections_agree,
    assert_projections_with_events_agree,
    generated,
)

FEATURES = (
    "rounding",
    "ccc_agency_rule",
    "commitments",
    "cure_amount",
    "quantities",
    "run_quantities",
    "pik",
    "unfunded",
    "make_whole",
    "ccc_base",
    "purchase_conditions",
)
PHASES = ("target_par", "special_redemption", "period_end")


@pytest.mark.parametrize("feature", [*FEATURES, *PHASES])
@settings(generated, max_examples=100)
@given(data=st.data())
def test_projections_with_a_feature_agree(feature: str, data: st.DataObject) -> None:
    case = data.draw(strategies.cases(features=[feature]))
    assert_projections_agree(case)


@settings(generated, max_examples=250)
@given(strategies.cases(events=["default", "order", "call", "refinance", "reprice"], features=["make_whole"]))
def test_events_on_classes_with_premiums_agree(case: Case) -> None:
    assert_projections_with_events_agree(case)


@settings(generated, max_examples=100)
@given(strategies.cases(events=["call", "refinance", "reprice"], features=["make_whole", "run_quantities"]))
def test_conditions_on_what_a_redemption_takes_with_premiums_agree(case: Case) -> None:
    assert_projections_with_events_agree(case)


@settings(generated, max_examples=100)
@given(strategies.cases(events=["default", "call"], features=["pik"]))
def test_sales_of_loans_with_capitalized_interest_agree(case: Case) -> None:
    assert_projections_with_events_agree(case)


@settings(generated, max_examples=150)
@given(strategies.cases(events=["default", "call"], features=["unfunded", "pik", "run_quantities"]))
def test_sales_of_loans_with_undrawn_commitments_agree(case: Case) -> None:
    assert_projections_with_events_agree(case)


@settings(generated, max_examples=100)
@given(strategies.cases(events=["default", "call", "refinance", "reprice"], features=["run_quantities"]))
def test_events_on_figures_of_a_run_agree(case: Case) -> None:
    assert_projections_with_events_agree(case)


@pytest.mark.parametrize(
    "feature", ["rounding", "ccc_agency_rule", "cure_amount", "quantities", "target_par", "ccc_base"]
)
@settings(generated, max_examples=60)
@given(data=st.data())
def test_payment_dates_with_a_feature_agree(feature: str, data: st.DataObject) -> None:
    deal = data.draw(strategies.deals(features=[feature]))
    state: Mapping[str, Any] = data.draw(strategies.payment_states(deal))
    assert_payment_dates_agree(deal, state)
