"""The single formulas of the shared cases, through the reference's own functions."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloche.testing.reference.notes import Note
from cloche.testing.reference.tests import Stretch, ic_need, oc_need
from cloche.testing.reference.values import period_rate


@pytest.fixture(scope="module")
def formulas(reference: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((reference / "cases" / "formulas.json").read_text())["cases"]
    return loaded


def test_both_overcollateralization_cures_match(formulas: dict[str, Any]) -> None:
    case = formulas["oc_cure"]
    numerator, denominator, trigger = (
        float(case["inputs"][name]) for name in ("numerator", "denominator", "trigger")
    )
    order = [Stretch(0, principal=True, amounts={"A": denominator})]
    for from_principal, name in ((False, "paydown_from_interest"), (True, "paydown_from_principal")):
        need = oc_need(numerator, denominator, trigger, order, ("A",), from_principal=from_principal)
        assert need == pytest.approx(float(case["expected"][name]), rel=1e-12, abs=1e-6)


def test_the_interest_coverage_cure_matches(formulas: dict[str, Any]) -> None:
    case = formulas["ic_cure"]
    given = case["inputs"]
    note = Note("A", 1, 1, residual=False, deferrable=False, original_balance=0.0, balance=1e9)
    note.rate, note.day_count_fraction = float(given["rate_of_senior_class"]), given["days"] / 360
    order = [Stretch(0, principal=True, amounts={"A": 1e9})]
    need = ic_need(
        float(given["ic_numerator"]),
        float(given["interest_due"]),
        float(given["trigger"]),
        order,
        ("A",),
        notes={"A": note},
    )
    assert need == pytest.approx(float(case["expected"]["paydown"]), rel=1e-12, abs=1e-6)


def test_the_rates_of_a_quarter_match(formulas: dict[str, Any]) -> None:
    case = formulas["cdr_cpr_quarter"]
    for annual, name in (("cdr", "period_default_rate"), ("cpr", "period_prepay_rate")):
        rate = period_rate(float(case["inputs"][annual]), 1 / case["inputs"]["periods_per_year"])
        assert rate == pytest.approx(float(case["expected"][name]), rel=0, abs=1e-12)


def test_simple_rates_are_shares_of_the_year() -> None:
    assert period_rate(0.02, 0.25, simple=True) == pytest.approx(0.005)
    assert period_rate(1.0, 0.25) == 1.0
    assert period_rate(1.0, 0.0) == 0.0
