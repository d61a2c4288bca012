"""The builder writes the same document as a file."""

from __future__ import annotations

import pytest

from cloche.build.builder import DealBuilder
from cloche.errors import DealError
from cloche.model.deal import Deal


def builder() -> DealBuilder:
    return DealBuilder(
        "Built",
        target_par=100e6,
        closing="2025-03-20",
        first_payment="2025-10-20",
        stated_maturity="2036-04-20",
        reinvestment_end="2029-04-20",
        determination_lag_bd=6,
    )


def classes() -> DealBuilder:
    return (
        builder()
        .note("A", 70e6, rank=1, index="sofr_3m", spread="130bp")
        .note("B", 15e6, rank=2, index="sofr_3m", spread=0.03, deferrable=True, rating={"sp": "BBB"})
        .note("SUB", 15e6, residual=True)
        .fee("senior", rate=0.0015)
        .oc_test("B OC", through="B", trigger=1.1)
        .ic_test("B IC", through="B", trigger=1.05, first_date="second_determination")
    )


def test_each_method_returns_a_new_builder() -> None:
    first = builder()
    second = first.note("A", 1.0, rank=1, fixed=0.05)
    assert "notes" not in first.to_dict()
    assert len(second.to_dict()["notes"]) == 1
    with pytest.raises(AttributeError):
        first._document = {}  # type: ignore[misc]  # the point of the test


def test_it_writes_the_document_that_a_file_holds() -> None:
    built = (
        classes()
        .closing(interest_reserve=100_000)
        .collateral(ccc={"limit": 0.075})
        .reinvestment(during=["coverage"])
        .conventions(x_in_ic=False)
        .default_events(causes=["maturity"], accelerate="never")
        .sequence("mezzanine", [["B"]])
        .interest_waterfall({"pay_fee": "senior"}, {"pay_interest": [["A"], ["B"]]}, {"pay_residual": "SUB"})
        .principal_waterfall({"pay_principal": "mezzanine"}, {"pay_principal": "A"}, {"pay_residual": "SUB"})
        .acceleration_waterfall({"pay_residual": "SUB"})
        .build()
    )
    assert built == Deal.from_yaml(
        """
cloche: 1
name: Built
currency: USD
target_par: 100_000_000
dates:
  closing: 2025-03-20
  first_payment: 2025-10-20
  payment_frequency_months: 3
  stated_maturity: 2036-04-20
  reinvestment_end: 2029-04-20
  determination_lag_bd: 6
closing: {interest_reserve: 100_000}
notes:
  - {name: A, balance: 70_000_000, rank: 1, coupon: {index: sofr_3m, spread: 0.013}}
  - name: B
    balance: 15_000_000
    rank: 2
    coupon: {index: sofr_3m, spread: 3%}
    deferrable: true
    rating: {sp: BBB}
  - {name: SUB, balance: 15_000_000, residual: true}
fees: [{name: senior, rate: 15bp}]
tests:
  - {name: B OC, kind: oc, through: B, trigger: 1.1}
  - {name: B IC, kind: ic, through: B, trigger: 1.05, first_date: second_determination}
collateral: {ccc: {limit: 0.075}}
reinvestment: {during: [coverage]}
sequences: {mezzanine: [[B]]}
waterfalls:
  interest: [{pay_fee: senior}, {pay_interest: [[A], [B]]}, {pay_residual: SUB}]
  principal: [{pay_principal: mezzanine}, {pay_principal: A}, {pay_residual: SUB}]
  acceleration: [{pay_residual: SUB}]
default_events: {causes: [maturity], accelerate: never}
conventions: {x_in_ic: false}
"""
    )


def test_without_a_waterfall_it_writes_the_standard_one() -> None:
    written = classes().build().to_dict()["waterfalls"]
    assert written["interest"] == [
        {"pay_fee": "senior", "label": "C"},
        {"pay_interest": "A", "label": "E"},
        {"pay_interest": "B", "label": "F"},
        {"cure": ["B OC", "B IC"], "label": "G"},
        {"pay_deferred_interest": "B", "label": "H"},
        {"pay_residual": "SUB", "label": "V"},
    ]
    assert written["principal"] == [
        {"pay_shortfalls": {"through": "A"}, "label": "P1"},
        {"cure": ["B OC", "B IC"], "label": "P2"},
        {"pay_interest": "B", "when": "controlling('B')", "label": "P2"},
        {"pay_deferred_interest": "B", "when": "controlling('B')", "label": "P2"},
        {"reinvest": "all", "when": "during_reinvestment", "label": "P7"},
        {
            "reinvest": {"share": "post_period_share", "of": "unscheduled"},
            "when": "after_reinvestment",
            "label": "P7",
        },
        {"pay_principal": "note_payment_sequence", "label": "P7"},
        {"pay_residual": "SUB", "label": "P8"},
    ]


def test_problems_are_those_of_the_document() -> None:
    with pytest.raises(DealError) as caught:
        classes().note("C", -5, rank=3, index="sofr_3m", spread=6).oc_test(
            "C OC", through="C", trigger=105
        ).build()
    assert [place for place, _ in caught.value.problems] == [
        "notes[3].balance",
        "notes[3].coupon.spread",
        "tests[2].trigger",
    ]


@pytest.mark.parametrize("name", ["receipts", "interest", "principal", "acceleration", "redemption"])
def test_a_waterfall_may_be_given_as_one_list(name: str) -> None:
    steps = [{"pay_interest": "A"}, {"pay_residual": "SUB"}]
    state = getattr(DealBuilder, f"{name}_waterfall")
    listed, apart = state(classes(), steps), state(classes(), *steps)
    assert listed.to_dict()["waterfalls"][name] == steps
    assert listed.to_dict() == apart.to_dict()
