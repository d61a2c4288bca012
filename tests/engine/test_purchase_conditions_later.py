"""Conditions of purchases under documents that come later and beside other features: as the reference has them."""

from __future__ import annotations

from hypothesis import given, settings

from cloche.testing import strategies
from cloche.testing.strategies import Case
from engine.test_against_reference import (
    assert_projections_agree,
    assert_projections_with_events_agree,
    generated,
)
from engine.test_resets import assert_documents_agree


@settings(generated, max_examples=60)
@given(strategies.cases(transitions=["reset"], features=["purchase_conditions"]))
def test_resets_agree(case: Case) -> None:
    assert_documents_agree(case)


@settings(generated, max_examples=60)
@given(strategies.cases(transitions=["amend"], features=["purchase_conditions"]))
def test_amendments_agree(case: Case) -> None:
    assert_documents_agree(case)


@settings(generated, max_examples=60)
@given(strategies.cases(features=["purchase_conditions", "unfunded", "pik"]))
def test_undrawn_commitments_and_capitalized_interest_agree(case: Case) -> None:
    assert_projections_agree(case)


@settings(generated, max_examples=60)
@given(strategies.cases(features=["purchase_conditions", "ccc_agency_rule", "period_end", "run_quantities"]))
def test_agencies_and_other_figures_of_a_run_agree(case: Case) -> None:
    assert_projections_agree(case)


@settings(generated, max_examples=60)
@given(strategies.cases(events=["default", "order", "call"], features=["purchase_conditions"]))
def test_sales_of_all_collateral_agree(case: Case) -> None:
    assert_projections_with_events_agree(case)
