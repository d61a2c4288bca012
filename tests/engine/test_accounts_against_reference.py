"""The engine and the slow reference agree on deals with accounts, hedges, turbo steps and richer fees."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cloche.testing import strategies
from cloche.testing.strategies import PAR, Case
from engine.test_against_reference import assert_projections_agree, generated

shares = st.sampled_from([0.05, 0.25, 0.6])


@st.composite
def enriched(draw: st.DrawFn) -> Case:
    """Draw a case whose deal moves cash through accounts and exchanges a swap."""
    case = draw(strategies.cases())
    deal: dict[str, Any] = copy.deepcopy(case.deal)
    falls = deal["waterfalls"]
    first = deal["dates"]["closing"]
    deal["accounts"] = [
        {"name": "smoothing", "earns": "cash"},
        {"name": "reserve", "initial": 0.0002 * PAR, "target": "0.001 * performing_par"},
    ]
    deal["hedges"] = [
        {
            "name": "swap",
            "pay": {"fixed": draw(st.sampled_from([0.0, 0.03, 0.08]))},
            "receive": {"index": "sofr_3m", "spread": 0.0025},
            "notional": {first: 0.2 * PAR},
        }
    ]
    falls["receipts"] = [
        {"verb": "transfer", "from": "smoothing", "to": "interest"},
        {
            "verb": "transfer",
            "from": "interest",
            "to": "smoothing",
            "amount": f"{draw(shares)} * remaining",
        },
    ]
    turbo: list[dict[str, Any]] = []
    rated = [note for note in deal["notes"] if note.get("principal_rank") is not None]
    with_turbo: bool = draw(st.booleans())
    if rated and with_turbo:
        turbo = [{"verb": "turbo", "notes": [[rated[-1]["name"]]], "share": draw(shares)}]
    falls["interest"] = [
        {"verb": "pay_hedge", "hedges": [["swap"]]},
        *falls["interest"][:-1],
        {"verb": "fund_reserve", "account": "reserve"},
        *turbo,
        falls["interest"][-1],
    ]
    return Case(deal=deal, loans=case.loans, as_of=case.as_of, scenario=case.scenario)


@settings(generated, max_examples=40)
@given(enriched())
def test_projections_with_accounts_and_hedges_agree(case: Case) -> None:
    assert_projections_agree(case)


@settings(generated, max_examples=60)
@given(strategies.cases(events=["default", "call"]), st.sampled_from([0.0, 0.03, 0.08]))
def test_projections_with_a_swap_through_accelerations_and_calls_agree(case: Case, fixed: float) -> None:
    deal = case.deal
    deal["hedges"] = [
        {
            "name": "swap",
            "pay": {"fixed": fixed},
            "receive": {"index": "sofr_3m", "spread": 0.0025},
            "notional": {deal["dates"]["closing"]: 0.2 * PAR},
        }
    ]
    deal["waterfalls"]["interest"].insert(0, {"verb": "pay_hedge", "hedges": [["swap"]]})
    assert_projections_agree(case)
