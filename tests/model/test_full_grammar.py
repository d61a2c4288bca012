"""Every part of the grammar is read, normalized and written back."""

from __future__ import annotations

import json
import pickle

import pytest

from cloche.model.deal import Deal, read_deal
from cloche.model.document import canonical_json


@pytest.fixture(scope="module")
def deal(full_grammar: str) -> Deal:
    return Deal.from_yaml(full_grammar)


def test_units_become_decimals(deal: Deal) -> None:
    coupons = {note.name: note.coupon for note in deal.notes}
    x, a, d = coupons["X"], coupons["A"], coupons["D"]
    assert x is not None
    assert a is not None
    assert d is not None
    assert (x.spread, a.spread, d.spread) == (0.0095, 0.0138, 0.036)
    assert deal.notes["A"].issue_price == 0.998
    assert deal.collateral.quality[2] == {"kind": "was", "min": 0.0335}


def test_rank_sets_both_ranks_and_x_has_none_for_principal(deal: Deal) -> None:
    assert (deal.notes["C"].interest_rank, deal.notes["C"].principal_rank) == (3, 3)
    assert (deal.notes["X"].interest_rank, deal.notes["X"].principal_rank) == (1, None)


def test_steps_are_tagged_and_groups_are_lists_of_lists(deal: Deal) -> None:
    steps = deal.to_canonical()["waterfalls"]["interest"]
    assert steps[0] == {"verb": "pay_fee", "fees": [["taxes"]], "part": "all"}
    assert steps[1] == {"verb": "pay_fee", "fees": [["admin"]], "part": "capped", "label": "B"}
    assert steps[2]["fees"] == [["senior", "platform"]]
    assert steps[3] == {"verb": "pay_hedge", "hedges": [["swap"]], "part": "all", "label": "D"}
    assert steps[4]["steps"] == [
        {"verb": "pay_interest", "notes": [["X", "A"]]},
        {"verb": "pay_amortization", "notes": [["X"]]},
    ]
    assert steps[6] == {"verb": "cure", "tests": ["A/B OC", "A/B IC"]}
    assert steps[8] == {"verb": "cure", "tests": ["C OC"], "pay": "mezzanine"}
    assert steps[10]["notes"] == [["D"], ["E"]]
    assert steps[11] == {"verb": "cure", "tests": ["E OC"], "pay_notes": [["E"]]}
    assert steps[12] == {"verb": "cure", "tests": ["D OC"], "pay": "buy"}
    assert steps[13]["share"] == 0.5
    assert steps[14]["else"][0]["amount"] == "250000"
    assert steps[17] == {"verb": "pay_residual", "notes": [["SUB"]], "until": "incentive"}


def test_principal_goes_to_a_sequence_or_to_notes(deal: Deal) -> None:
    steps = deal.to_canonical()["waterfalls"]["principal"]
    assert steps[0] == {"verb": "pay_shortfalls", "through": "B-2"}
    assert (steps[2]["notes"], steps[2]["with_deferred"]) == ([["C", "D"]], True)
    assert steps[3] == {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"}
    assert steps[4] == {"verb": "reinvest", "of": "unscheduled", "share": "post_period_share"}
    assert steps[5]["sequence"] == "note_payment_sequence"
    assert steps[6]["notes"] == [["E"]]  # a bare name that is no sequence is a note
    assert steps[7] == {"verb": "retain"}


def test_the_canonical_form_has_no_nulls_and_keeps_conventions_that_differ(deal: Deal) -> None:
    canonical = deal.to_canonical()
    assert "null" not in deal.canonical_json()
    assert canonical["conventions"] == {"x_in_ic": False, "interest_from_principal": "always"}
    assert canonical["dates"]["determination"] == {"business_days_before": 7}
    assert canonical["fees"][5]["hurdles"] == [{"share": 0.02}]


def test_the_canonical_text_has_sorted_keys_and_is_a_fixed_point(deal: Deal) -> None:
    text = deal.canonical_json()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert Deal.from_json(text) == deal
    assert canonical_json(Deal.from_dict(json.loads(text)).to_canonical()) == text


def test_yaml_json_dict_and_pickle_give_an_equal_deal(deal: Deal) -> None:
    for other in (
        Deal.from_yaml(deal.to_yaml()),
        Deal.from_json(deal.to_json()),
        Deal.from_dict(deal.to_dict()),
        pickle.loads(pickle.dumps(deal)),  # noqa: S301 - our own bytes
    ):
        assert other == deal
        assert hash(other) == hash(deal)
        assert other.digest == deal.digest


def test_what_is_written_uses_the_short_grammar(deal: Deal) -> None:
    written = deal.to_dict()
    assert written["notes"][2]["rank"] == 2
    assert written["dates"]["determination_lag_bd"] == 7
    assert written["waterfalls"]["interest"][10] == {"pay_interest": [["D"], ["E"]]}
    assert written["waterfalls"]["interest"][11] == {"cure": {"tests": ["E OC"], "pay": ["E"]}}
    assert "round" not in written["tests"][2]


def test_a_deal_is_read_from_yaml_and_json_files(
    deal: Deal, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("deal")
    (folder / "deal.yaml").write_text(deal.to_yaml(), encoding="utf-8")
    (folder / "deal.json").write_text(deal.to_json(), encoding="utf-8")
    assert read_deal(folder / "deal.yaml") == read_deal(str(folder / "deal.json")) == deal
    assert Deal.from_yaml(str(folder / "deal.yaml")) == deal


def test_a_deal_is_frozen(deal: Deal) -> None:
    with pytest.raises(AttributeError, match="frozen"):
        deal.name = "other"  # type: ignore[misc]  # the point of the test
