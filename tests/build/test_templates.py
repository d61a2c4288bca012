"""The US broadly syndicated deal has the numbers of its market, each of them a keyword."""

from __future__ import annotations

import contextlib
import datetime as dt
import inspect
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche.build import templates
from cloche.errors import DealError
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
        ic_triggers={"A/B": 1.2, "C": None, "D": None},
        diversion_trigger=None,
    )
    assert [note.interest_rank for note in deal.notes] == [1, 2, 3, 4, 5, 6, None]
    assert deal.notes["A-2"].balance == 27.5e6
    assert deal.to_canonical()["waterfalls"]["principal"][0]["through"] == "B"
    assert deal.tests.names == ["A/B OC", "C OC", "D OC", "E OC", "A/B IC", "EoD"]


@pytest.mark.parametrize("term", inspect.signature(templates.us_bsl).parameters)
def test_whatever_a_term_is_it_makes_a_deal_or_a_deal_error(term: str) -> None:
    values: list[Any] = [object(), -7, "x", math.nan, [7], {7: 7}]
    for value in values:
        with contextlib.suppress(DealError):
            assert templates.us_bsl(**{term: value}).notes


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


def problems(**terms: Any) -> list[tuple[str, str]]:
    with pytest.raises(DealError) as caught:
        templates.us_bsl(**terms)
    return [(place, message) for place, message in caught.value.problems]


def triggers(deal: Deal) -> dict[str, float]:
    return {test.name: test.trigger for test in deal.tests if test.kind in ("oc", "ic")}


def test_a_trigger_of_one_class_leaves_those_of_the_others() -> None:
    usual = triggers(templates.us_bsl())
    assert triggers(templates.us_bsl(oc_triggers={"E": 1.05})) == {**usual, "E OC": 1.05}
    assert triggers(templates.us_bsl(ic_triggers={"C": "116%"})) == {**usual, "C IC": 1.16}
    without = {name: value for name, value in usual.items() if name != "D IC"}
    assert triggers(templates.us_bsl(ic_triggers={"D": None})) == without
    # One test a class: another label of class B stands for the usual one.
    assert list(triggers(templates.us_bsl(oc_triggers={"B": 1.24})))[:2] == ["B OC", "C OC"]


def test_spreads_and_ratings_change_class_by_class() -> None:
    deal = templates.us_bsl(spreads={"A": "120bp"}, ratings={"A": "AA+", "E": None}, fixed={"B": "5.5%"})
    coupons = {note.name: (note.coupon.spread, note.coupon.fixed) for note in deal.notes if note.coupon}
    assert coupons == {
        "A": (0.012, None),
        "B": (None, 0.055),
        "C": (0.021, None),
        "D": (0.031, None),
        "E": (0.06, None),
    }
    assert [(note.rating or {}).get("sp") for note in deal.notes] == ["AA+", "AA", "A", "BBB-", None, None]


def test_a_class_that_the_sizes_leave_out_takes_its_terms_along() -> None:
    deal = templates.us_bsl(sizes={"A": 0.7, "B": 0.1, "C": 0.1, "SUB": 0.1})
    assert [note.name for note in deal.notes] == ["A", "B", "C", "SUB"]
    assert list(triggers(deal)) == ["A/B OC", "C OC", "A/B IC", "C IC", "Reinvestment OC"]


def test_classes_that_the_deal_does_not_have_are_named_with_those_that_it_has() -> None:
    found = problems(
        spreads={"Q": 0.01},
        fixed={"R": 0.05},
        ratings={"SUB": "NR"},
        pari_passu=[("B", "Z")],
        deferrable=("C", "T"),
        oc_triggers={"Z OC": 1.1},
        ic_triggers={"AB": None},
    )
    every, rated = "A, B, C, D, E, SUB", "A, B, C, D, E"
    assert dict(found) == {
        "spreads.Q": f"found 'Q', expected a class that has it: {every}",
        "fixed.R": f"found 'R', expected a class that has it: {every}",
        "ratings.SUB": f"found 'SUB', expected a class that has it: {rated}",
        "pari_passu[0][1]": f"found 'Z', expected a class that has it: {rated}",
        "deferrable[1]": f"found 'T', expected a class that has it: {rated}",
        "oc_triggers.Z OC": f"found 'Z OC', expected a class that has it: {rated}",
        "ic_triggers.AB": f"found 'AB', expected a class that has it: {rated}",
    }


def test_all_problems_of_a_call_come_at_once_those_of_the_document_too() -> None:
    found = dict(
        problems(
            par="500mm",
            payment_day=0,
            payment_frequency_months=0,
            turbo_share=50,
            last_cure_pays="classes",
            static="no",
            sizes={"A": 62, "SUB": 0.38},
            senior_fee=15,
        )
    )
    assert found == {
        "par": "found '500mm', expected money above 0",
        "payment_day": "found 0, expected a day of the month from 1 to 31",
        "payment_frequency_months": "found 0, expected a whole number of months from 1 to 12",
        "turbo_share": "found 50, expected a share from 0 to 1; 50 looks like percent; write 0.5 or 50%",
        "last_cure_pays": "found 'classes', expected 'sequence' or 'class'",
        "static": "found 'no', expected True or False",
        "sizes.A": "found 62, expected a share from 0 to 1; 62 looks like percent; write 0.62 or 62%",
        "fees[2].rate": (
            "found 15, expected a rate a year from 0 to 0.5; 15 looks like basis points; write 0.0015 or 15bp"
        ),
    }


@pytest.mark.parametrize(
    ("terms", "place", "said"),
    [
        ({"turbo_share": -1}, "turbo_share", "found -1, expected a share from 0 to 1"),
        ({"deferrable": "CDE"}, "deferrable", "found 'CDE', expected a list of classes"),
        ({"spreads": 0.01}, "spreads", "found 0.01, expected a mapping by class"),
        (
            {"spreads": {"B": 0.01}, "fixed": {"B": 0.05}},
            "fixed.B",
            "found beside a spread, expected one of them",
        ),
        (
            {"sizes": {"A": 0.6, "SUB": 0.11}},
            "sizes",
            (
                "found classes of 0.71 of par, expected 0.9 or more: "
                "it names all classes of the deal, in place of the template's"
            ),
        ),
        (
            {"spreads": dict.fromkeys("ABCDE")},
            "spreads",
            "found no class with a spread or a fixed rate, expected at least one",
        ),
        ({"closing": 5}, "dates.closing", "found 5, expected a date such as 2025-03-20"),
        (
            {"sub_fee": 2},
            "fees[3].rate",
            "found 2, expected a rate a year from 0 to 0.5; 2 looks like percent",
        ),
    ],
)
def test_a_wrong_term_is_named_as_its_argument(terms: dict[str, Any], place: str, said: str) -> None:
    ((where, message),) = problems(**terms)
    assert where == place
    assert message.startswith(said)


def test_payments_at_the_end_of_a_month_keep_to_it() -> None:
    dates = templates.us_bsl(payment_day=31).dates
    assert (dates.first_payment, dates.non_call_end) == ("2025-10-31", "2027-04-30")
    assert templates.us_bsl(payment_day=31, non_call_years=2.2).dates.non_call_end == "2027-07-31"
