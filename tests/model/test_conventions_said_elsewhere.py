"""What a deal shows of conventions that its dates, its CCC rule and its tests say."""

from __future__ import annotations

from typing import Any

from cloche.model.deal import Deal


def test_a_deal_that_says_nothing_shows_what_is_usual(small_deal: dict[str, Any]) -> None:
    shown = Deal.from_dict(small_deal).conventions
    assert (shown.payment_date_roll, shown.ccc_base) == ("following", "cpa")
    assert (shown.first_ic_test, shown.test_rounding) == ("second_determination", "none")


def test_conventions_are_shown_as_the_deal_says_them_elsewhere(small_deal: dict[str, Any]) -> None:
    small_deal["dates"]["roll"] = "preceding"
    small_deal["collateral"] = {"ccc": {"limit": 0.075, "base": "target_par"}}
    small_deal["tests"] = [
        {"name": "B OC", "kind": "oc", "through": "B", "trigger": 1.1, "round": 0.001},
        {"name": "B IC", "kind": "ic", "through": "B", "trigger": 1.1, "round": 0.001, "first_date": "effective"},
    ]  # fmt: skip
    deal = Deal.from_dict(small_deal)
    shown = deal.conventions
    assert (shown.payment_date_roll, shown.ccc_base) == ("preceding", "target_par")
    assert (shown.first_ic_test, shown.test_rounding) == ("effective", "0.001")
    # The document has them where it says them, and nowhere else.
    assert deal.to_canonical()["conventions"] == {}
    assert Deal.from_dict(deal.to_dict()) == deal


def test_tests_that_differ_have_no_convention_in_common(small_deal: dict[str, Any]) -> None:
    small_deal["tests"] = [
        {"name": "A OC", "kind": "oc", "through": "A", "trigger": 1.2, "round": 0.001},
        {"name": "B OC", "kind": "oc", "through": "B", "trigger": 1.1},
    ]
    small_deal["collateral"] = {"ccc": {"limit": 0.075, "base": 90e6}}
    shown: Any = Deal.from_dict(small_deal).conventions
    assert (shown.test_rounding, shown.ccc_base) == ("by test", 90e6)
