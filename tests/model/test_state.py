"""The state of a deal on a payment date."""

from __future__ import annotations

import pickle

import pytest

from cloche.errors import DealError
from cloche.model.deal import Deal
from cloche.model.state import DealState

STATE = """
cloche_state: 1
payment_date: 2027-01-15
previous_payment_date: 2026-10-15
determination_date: 2027-01-05
in_reinvestment_period: true
index_fixings: {sofr_3m: 3.9%}
collected: {interest: 8_100_000, principal: 4_000_000}
fee_basis: 395_000_000
fees: {taxes: {due: 4_000}, senior: {unpaid: 12_500}}
notes:
  X: {balance: 1_500_000, amortization_due: 300_000}
  A: {balance: 246_000_000}
  E: {balance: 18_000_000, deferred_interest: 125_000}
  SUB: {balance: 38_500_000, cost: 37_000_000, distributions: [[2026-07-15, 900_000], [2026-10-15, 870_000]]}
collateral:
  performing_par: 370_000_000
  ccc: [{id: C1, par: 3_000_000, market_price: 61%}]
  discount: [{id: P1, par: 5_000_000, purchase_price: 0.79, market_price: 0.81}]
  defaulted: [{id: D1, par: 6_000_000, market_price: 0.40, recovery: 0.45, years_since_default: 0.6}]
"""


def test_a_state_is_read_and_written_back() -> None:
    state = DealState.from_yaml(STATE)
    canonical = state.to_canonical()
    assert canonical["status"] == "normal"
    assert canonical["notes"]["SUB"]["distributions"] == [
        ["2026-07-15", 900_000.0],
        ["2026-10-15", 870_000.0],
    ]
    assert canonical["collateral"]["ccc"][0] == {"id": "C1", "par": 3_000_000.0, "market_price": 0.61}
    assert dict(state.accounts) == {"interest": 8_100_000.0, "principal": 4_000_000.0}
    assert state.notes["E"].deferred_interest == 125_000.0
    assert DealState.from_yaml(state.to_yaml()) == state
    assert DealState.from_json(state.canonical_json()) == state
    assert DealState.from_dict(state.to_dict()) == state
    assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301 - our own bytes


def test_every_problem_of_a_state_is_reported_with_its_line() -> None:
    wrong = STATE.replace("246_000_000", "-1").replace("performing_par", "perfoming_par").replace("61%", "61")
    with pytest.raises(DealError) as caught:
        DealState.from_yaml(wrong)
    assert str(caught.value) == (
        "the deal state has 4 problems\n"
        "notes.A.balance: found -1, expected money, 0 or more (line 13)\n"
        "collateral.perfoming_par: unknown key; did you mean 'performing_par'? (line 17)\n"
        "collateral.performing_par: missing: this key is required (line 16)\n"
        "collateral.ccc[0].market_price: found 61, expected a market price from 0 to 2 (1 is par); "
        "61 looks like a price of 100; write 0.61 (line 18)"
    )


def test_an_agency_that_is_not_known_is_an_error() -> None:
    with pytest.raises(DealError) as caught:
        DealState.from_yaml(STATE.replace("par: 3_000_000,", "par: 3_000_000, agencies: [s&p],"))
    assert caught.value.problems[0].place == "collateral.ccc[0].agencies[0]"


def test_a_discount_obligation_counts_for_no_more_than_its_par() -> None:
    with pytest.raises(DealError) as caught:
        DealState.from_yaml(STATE.replace("purchase_price: 0.79", "purchase_price: 1.02"))
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "collateral.discount[0].purchase_price: found 1.02, expected at most 1: "
            "a discount obligation counts for less than its par (line 19)"
        )
    ]
    assert DealState.from_yaml(STATE.replace("purchase_price: 0.79", "purchase_price: 1"))


def test_a_state_in_the_place_of_a_deal_and_a_deal_in_the_place_of_a_state_are_called_by_their_names() -> (
    None
):
    with pytest.raises(DealError) as caught:
        Deal.from_yaml(STATE)
    assert [str(problem) for problem in caught.value.problems] == [
        "found the state of a deal, expected a deal document"
    ]
    with pytest.raises(DealError, match="found a deal document, expected the state of a deal"):
        DealState.from_dict({"cloche": 1, "name": "a deal"})


def test_a_newer_state_is_refused() -> None:
    with pytest.raises(DealError, match="found version 2, this package reads versions up to 1"):
        DealState.from_yaml(STATE.replace("cloche_state: 1", "cloche_state: 2"))
