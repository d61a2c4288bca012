"""The engine and the slow reference agree on deals with a feature that `strategies.deals` draws only where asked."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloche.testing import strategies
from engine.test_against_reference import assert_payment_dates_agree, assert_projections_agree, generated

FEATURES = ("rounding", "ccc_agency_rule")


@pytest.mark.parametrize("feature", FEATURES)
@settings(generated, max_examples=100)
@given(data=st.data())
def test_projections_with_a_feature_agree(feature: str, data: st.DataObject) -> None:
    case = data.draw(strategies.cases(features=[feature]))
    assert_projections_agree(case)


@pytest.mark.parametrize("feature", FEATURES)
@settings(generated, max_examples=60)
@given(data=st.data())
def test_payment_dates_with_a_feature_agree(feature: str, data: st.DataObject) -> None:
    deal = data.draw(strategies.deals(features=[feature]))
    state: Mapping[str, Any] = data.draw(strategies.payment_states(deal))
    assert_payment_dates_agree(deal, state)
