"""Make-whole premiums and CCC limits of money in documents: read, written, told, compared, refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import cloche as cl
from cloche.errors import DealError
from cloche.model.deal import Deal
from cloche.model.schema import schema

FIXED = {"until": "nc_end + 12M", "discount": {"fixed": "4.5%"}}
FLOATING = {"until": "2028-04-20", "discount": {"index": "sofr_3m", "spread": "50bp"}}


@pytest.fixture
def document(small_deal: dict[str, Any]) -> dict[str, Any]:
    small_deal["dates"]["non_call_end"] = "2027-04-20"
    small_deal["notes"][0]["make_whole"] = FIXED
    small_deal["notes"][1]["make_whole"] = FLOATING
    return small_deal


def problems(document: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(DealError) as error:
        Deal.from_dict(document)
    return [(place, message) for place, message in error.value.problems]


def test_units_become_decimals_and_dates_stay_as_written(document: dict[str, Any]) -> None:
    notes = Deal.from_dict(document).to_canonical()["notes"]
    assert notes[0]["make_whole"] == {"until": "nc_end + 12M", "discount": {"fixed": 0.045}}
    assert notes[1]["make_whole"] == {
        "until": "2028-04-20",
        "discount": {"index": "sofr_3m", "spread": 0.005},
    }
    assert "make_whole" not in notes[2]


def test_the_discount_may_be_the_index_alone(document: dict[str, Any]) -> None:
    document["notes"][0]["make_whole"] = {"until": "maturity", "discount": {"index": "sofr_3m"}}
    (note, *_) = Deal.from_dict(document).to_canonical()["notes"]
    assert note["make_whole"]["discount"] == {"index": "sofr_3m"}


def test_what_is_written_gives_an_equal_deal(document: dict[str, Any]) -> None:
    deal = Deal.from_dict(document)
    for other in (
        Deal.from_yaml(deal.to_yaml()),
        Deal.from_json(deal.to_json()),
        Deal.from_dict(deal.to_dict()),
    ):
        assert other == deal
    plain = Deal.from_dict(
        {**document, "notes": [{**note, "make_whole": None} for note in document["notes"]]}
    )
    assert "make_whole" not in plain.canonical_json()


def test_a_successor_may_state_its_own(document: dict[str, Any]) -> None:
    new = {"name": "A-R", "balance": "outstanding", "make_whole": FLOATING}
    document["events"] = [{"date": "2027-07-20", "refinance": {"A": {"into": [new]}}}]
    deal = Deal.from_dict(document)
    (successor,) = deal.to_canonical()["events"][0]["refinance"]["A"]["into"]
    assert successor["make_whole"]["discount"]["spread"] == 0.005
    assert "A into A-R (what is outstanding, make-whole until 2028-04-20)" in deal.describe()


def test_it_is_told_in_words(document: dict[str, Any]) -> None:
    lines = Deal.from_dict(document).describe().splitlines()
    told = "redeemed before {}: a make-whole premium, lost interest discounted at {}"
    assert f"  {'A':<20}{told.format('nc_end + 12M', '4.5%')}" in lines
    assert f"  {'B':<20}{told.format('2028-04-20', 'sofr_3m + 50bp')}" in lines


def test_what_changes_is_told_in_words(document: dict[str, Any]) -> None:
    deal = Deal.from_dict(document)
    other = deal.replace(
        {"notes.A.make_whole.discount.fixed": 0.05, "notes.B.make_whole.discount.spread": "75bp"}
    )
    assert cl.diff(deal, other).summary().splitlines()[1:] == [
        "  class A make whole discount fixed 4.5% -> 5.0%",
        "  class B make whole discount spread 50bp -> 75bp",
    ]
    gone = deal.replace({"notes.A.make_whole": None})
    assert cl.diff(deal, gone).summary().splitlines()[1:] == [
        "  class A make whole until nc_end + 12M, discount fixed 4.5% -> none"
    ]


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("until", "soon", "found 'soon', expected a date such as 2028-04-20, or closing"),
        ("until", "nc_end + 12", "found 'nc_end + 12', expected a date"),
        ("until", 2028, "found 2028, expected a date"),
        ("discount", {"fixed": -0.01}, "found -0.01, expected a rate a year from 0 to 0.5"),
        ("discount", {"fixed": 4.5}, "4.5 looks like percent; write 0.045 or 4.5%"),
        ("discount", {"index": "sofr_3m", "spread": 0.6}, "found 0.6, expected a spread from -0.05 to 0.5"),
        ("discount", {}, "found neither or both of a floating and a fixed rate"),
        ("discount", {"spread": 0.005}, "found neither or both of a floating and a fixed rate"),
        (
            "discount",
            {"fixed": 0.04, "spread": 0.005},
            "found neither or both of a floating and a fixed rate",
        ),
        (
            "discount",
            {"fixed": 0.04, "index": "sofr_3m"},
            "found neither or both of a floating and a fixed rate",
        ),
    ],
)
def test_a_wrong_term_is_named_with_its_place(
    place: str, value: object, said: str, document: dict[str, Any]
) -> None:
    document["notes"][0]["make_whole"] = {**FIXED, place: value}
    ((found, message),) = problems(document)
    assert found.startswith(f"notes[0].make_whole.{place}")
    assert said in message


def test_a_missing_term_and_an_unknown_one_are_named(document: dict[str, Any]) -> None:
    document["notes"][0]["make_whole"] = {"untill": "nc_end", "discount": {"fixed": 0.04}}
    assert sorted(problems(document)) == [
        ("notes[0].make_whole.until", "missing: this key is required"),
        ("notes[0].make_whole.untill", "unknown key; did you mean 'until'?"),
    ]


def test_notes_that_are_not_redeemed_have_none(document: dict[str, Any]) -> None:
    document["notes"][2]["make_whole"] = FIXED
    document["notes"].append({"name": "MIX", "combination_of": {"A": 1e6}, "make_whole": FIXED})
    expected = "expected it on a class that a redemption pays in full"
    assert problems(document) == [
        ("notes[2].make_whole", f"found on a residual note, {expected}"),
        ("notes[3].make_whole", f"found on a combination note, {expected}"),
    ]


def test_the_schema_has_it(document: dict[str, Any]) -> None:
    validator = Draft202012Validator(schema("deal"))
    assert validator.is_valid(document)
    canonical = Draft202012Validator(schema("deal", form="canonical"))
    assert canonical.is_valid(Deal.from_dict(document).to_canonical())
    for wrong in ({"discount": {"fixed": 0.04}}, {"until": "nc_end"}, {**FIXED, "rate": 0.04}):
        changed = copy.deepcopy(document)
        changed["notes"][0]["make_whole"] = wrong
        assert not validator.is_valid(changed)


class TestCccLimitOfMoney:
    def test_the_base_may_be_an_amount(self, small_deal: dict[str, Any]) -> None:
        small_deal["collateral"] = {"ccc": {"limit": 0.075, "base": 450_000_000}}
        deal = Deal.from_dict(small_deal)
        assert deal.to_canonical()["collateral"]["ccc"] == {"limit": 0.075, "base": 450_000_000.0}
        assert Deal.from_yaml(deal.to_yaml()) == deal
        assert Draft202012Validator(schema("deal")).is_valid(small_deal)
        for base in ("target_par", "collateral_principal_amount"):
            other = deal.replace({"collateral.ccc.base": base})
            assert other.collateral.ccc is not None
            assert other.collateral.ccc.base == base
            assert cl.diff(deal, other).summary().splitlines()[1:] == [
                f"  collateral ccc base 450,000,000 -> {base}"
            ]

    @pytest.mark.parametrize("base", [0, -1.0, "450", "target", True, "10%"])
    def test_any_other_is_refused(self, base: object, small_deal: dict[str, Any]) -> None:
        small_deal["collateral"] = {"ccc": {"limit": 0.075, "base": base}}
        ((place, message),) = problems(small_deal)
        assert place == "collateral.ccc.base"
        assert message.endswith("expected money above 0, collateral_principal_amount or target_par")
