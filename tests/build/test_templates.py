"""The US broadly syndicated deal has the numbers of its market, each of them a keyword."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche.build import templates
from cloche.model.deal import Deal


def labels(deal: Deal, name: str) -> list[tuple[str | None, str]]:
    return [(getattr(step, "label", None), step.verb) for step in deal.waterfalls[name]]


def test_sizes_spreads_and_triggers() -> None:
    deal = templates.us_bsl()
    assert {note.name: note.balance for note in deal.notes} == {
        "A": 310e6,
        "B": 60e6,
        "C": 30e6,
        "D": 30e6,
        "E": 25e6,
        "SUB": 45e6,
    }
    assert [note.coupon.spread for note in deal.notes if note.coupon] == [0.013, 0.0175, 0.021, 0.031, 0.06]
    assert [note.deferrable for note in deal.notes] == [False, False, True, True, True, False]
    assert {test.name: test.trigger for test in deal.tests} == {
        "A/B OC": 1.25,
        "C OC": 1.165,
        "D OC": 1.1,
        "E OC": 1.055,
        "A/B IC": 1.2,
        "C IC": 1.15,
        "D IC": 1.1,
        "Reinvestment OC": 1.06,
        "EoD": 1.025,
    }


def test_dates_fall_on_payment_dates() -> None:
    dates = templates.us_bsl().dates
    assert (dates.closing, dates.effective, dates.first_payment) == ("2025-03-20", "2025-07-21", "2025-10-20")
    assert (dates.non_call_end, dates.reinvestment_end) == ("2027-04-20", "2030-04-20")
    assert dates.stated_maturity == "2038-04-20"
    assert dates.determination.business_days_before == 8


def test_the_clauses_of_the_interest_waterfall_carry_their_letters() -> None:
    assert labels(templates.us_bsl(class_x=2e6), "interest") == [
        ("A", "pay_fee"),
        ("B", "pay_fee"),
        ("C", "pay_fee"),
        ("E", "pay_pari_passu"),
        ("F", "pay_interest"),
        ("G", "cure"),
        ("H", "pay_interest"),
        ("I", "cure"),
        ("J", "pay_deferred_interest"),
        ("K", "pay_interest"),
        ("L", "cure"),
        ("M", "pay_deferred_interest"),
        ("N", "pay_interest"),
        ("O", "cure"),
        ("P", "pay_deferred_interest"),
        ("Q", "divert"),
        ("R", "pay_fee"),
        ("S", "pay_fee"),
        ("U1", "pay_residual"),
        ("U2", "incentive_fee"),
        ("V", "pay_residual"),
    ]


def test_the_clauses_of_the_principal_waterfall_carry_their_numbers() -> None:
    found = labels(templates.us_bsl(), "principal")
    assert [label for label, _ in found] == (
        ["P1", "P2"] + ["P3"] * 3 + ["P4"] * 3 + ["P5"] * 3 + ["P7"] * 3 + ["P8"] * 5
    )
    assert found[0] == ("P1", "pay_shortfalls")
    assert found[-1] == ("P8", "pay_residual")


def test_interest_of_mezzanine_classes_is_paid_from_principal_when_they_control() -> None:
    steps = templates.us_bsl().to_canonical()["waterfalls"]["principal"]
    assert [step["when"] for step in steps if step["verb"] == "pay_deferred_interest"] == [
        "controlling('C')",
        "controlling('D')",
        "controlling('E')",
    ]


@pytest.mark.parametrize("terms", [{"static": True}, {"reinvestment_years": 0}])
def test_a_static_deal_neither_reinvests_nor_diverts(terms: dict[str, Any]) -> None:
    deal = templates.us_bsl(**terms)
    verbs = {step.verb for fall in deal.waterfalls.values() for step in fall}
    assert deal.dates.reinvestment_end is None
    assert not verbs & {"divert", "reinvest"}
    assert "Reinvestment OC" not in deal.tests.names


def test_class_x_amortizes_from_interest_and_is_outside_the_sequence() -> None:
    note = templates.us_bsl(class_x=2_500_000, class_x_payments=10).notes["X"]
    assert (note.balance, note.interest_rank, note.principal_rank) == (2_500_000.0, 1, None)
    assert note.amortization is not None
    assert note.amortization.payments == 10


def test_other_classes_and_tests_are_keywords() -> None:
    deal = templates.us_bsl(
        par=550e6,
        sizes={"A-1": 0.60, "A-2": 0.05, "B": 0.11, "C": 0.06, "D": 0.065, "E": 0.035, "SUB": 0.08},
        spreads={"A-1": "135bp", "A-2": "165bp", "B": "175bp", "C": "205bp", "D": "335bp", "E": "585bp"},
        oc_triggers={"A/B": 1.2158, "C": 1.1395, "D": 1.0699, "E": 1.037},
        ic_triggers={"A/B": 1.2},
        diversion_trigger=None,
    )
    assert [note.interest_rank for note in deal.notes] == [1, 2, 3, 4, 5, 6, None]
    assert deal.notes["A-2"].balance == 27.5e6
    assert deal.to_canonical()["waterfalls"]["principal"][0]["through"] == "B"
    assert deal.tests.names == ["A/B OC", "C OC", "D OC", "E OC", "A/B IC", "EoD"]


@given(
    par=st.floats(50e6, 2e9),
    closing=st.dates(dt.date(2010, 1, 1), dt.date(2030, 12, 31)),
    reinvestment_years=st.sampled_from([0, 1, 3, 4.5, 5]),
    class_x=st.none() | st.floats(1e5, 5e6),
    frequency=st.sampled_from([1, 3, 6, 12]),
)
def test_any_terms_survive_yaml(
    par: float, closing: dt.date, reinvestment_years: float, class_x: float | None, frequency: int
) -> None:
    deal = templates.us_bsl(
        par=par,
        closing=closing,
        reinvestment_years=reinvestment_years,
        class_x=class_x,
        payment_frequency_months=frequency,
    )
    assert Deal.from_yaml(deal.to_yaml()) == deal
    assert Deal.from_json(deal.canonical_json()) == deal
    assert deal.dates.closing < deal.dates.first_payment < deal.dates.stated_maturity
