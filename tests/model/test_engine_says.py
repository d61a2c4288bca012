"""Problems of meaning come from the engine and are listed beside those of shape."""

from __future__ import annotations

from typing import Any

import pytest

from cloche.build import templates
from cloche.errors import DealError
from cloche.model.deal import Deal
from cloche.rates import RateCurve

pytest.importorskip("cloche._core")


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"class_x": 2_000_000},
        {"static": True},
        {"par": 80e6, "closing": "2021-11-30", "payment_frequency_months": 6, "roll": "modified_following"},
        {"diversion_trigger": None, "par_ratio_trigger": None, "calendars": ["new_york"]},
        {"conventions": {"x_in_ic": False, "cash_timing": "period"}},
    ],
)
def test_the_template_has_no_problem_of_meaning(terms: dict[str, Any]) -> None:
    assert templates.us_bsl(**terms).check() == []


def test_shape_and_meaning_are_reported_together(small_deal: dict[str, Any]) -> None:
    small_deal["dates"]["stated_maturity"] = "2025-01-20"
    small_deal["notes"][0]["balance"] = -70e6
    small_deal["notes"][0]["coupon"]["spread"] = 5.3
    small_deal["notes"][0]["interest_rank"] = small_deal["notes"][0]["principal_rank"] = 3
    del small_deal["notes"][0]["rank"]
    small_deal["notes"][1] |= {"interest_rank": 2, "principal_rank": 4}
    del small_deal["notes"][1]["rank"]
    small_deal["tests"].append({"name": "F OC", "kind": "oc", "through": "F", "trigger": 1.05})
    small_deal["waterfalls"]["interest"][1] = {"pay_interest": "Z"}
    small_deal["waterfalls"]["interest"][2]["when"] = "remaining > ratio('B OC')"
    small_deal["waterfalls"]["interest"][0] = {"pay_fees": "senior"}
    small_deal["waterfalls"]["interest"][3]["when"] = True
    del small_deal["waterfalls"]["principal"][-1]
    with pytest.raises(DealError) as caught:
        Deal.from_dict(small_deal)
    places = [place for place, _ in caught.value.problems]
    assert places[:4] == [
        "notes[0].balance",
        "notes[0].coupon.spread",
        "waterfalls.interest[0]",
        "waterfalls.interest[3].when",
    ]
    assert "dates.stated_maturity" in places
    assert "notes[0]" in places
    assert "tests[1].through" in places
    assert any(place.startswith("waterfalls.interest[1]") for place in places)
    assert any(place.startswith("waterfalls.interest[2]") for place in places)
    assert "waterfalls.principal" in places


def test_a_yaml_document_names_the_line_of_a_problem_of_meaning(small_deal: dict[str, Any]) -> None:
    text = Deal.from_dict(small_deal).to_yaml()
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "pay_interest: A" in row)
    with pytest.raises(DealError) as caught:
        Deal.from_yaml(text.replace("pay_interest: A", "pay_interest: Z"))
    assert caught.value.problems[0].message.endswith(f"(line {line})")


def test_the_schedule_is_a_table_of_dates() -> None:
    table = templates.us_bsl().schedule()
    first = {name: values[0] for name, values in table.to_dict().items()}
    assert str(first["payment_date"]) == "2025-10-20"
    assert str(first["accrual_start"]) == "2025-03-20"
    assert first["in_reinvestment"] is True


def test_curves_fix_in_the_engine() -> None:
    curve = RateCurve.by_index({"sofr_3m": 0.04, "*": 0.03}).shift(0.01)
    assert curve.fixing("2026-01-20") == pytest.approx(0.05, abs=1e-15)
    assert curve.fixing("2026-01-20", index="sofr_6m") == pytest.approx(0.04, abs=1e-15)
    quoted = RateCurve.from_quotes("2025-10-01", [("deposit", "3M", 0.04)])
    assert quoted.fixing("2025-10-01") == pytest.approx(0.04, rel=1e-9)
