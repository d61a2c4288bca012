"""Warnings: what a valid document says and probably does not mean, each with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import cloche as cl
from cloche.build import templates
from cloche.testing import strategies

FAMILIES = [getattr(templates, name) for name in templates.__all__]
EARLIER = "an earlier step of this waterfall pays the same without a limit"
Edit = Callable[[dict[str, Any]], object]


def warned(edit: Edit, **terms: Any) -> list[str]:
    document = templates.us_bsl(**terms).to_dict()
    edit(document)
    return [f"{place}: {message}" for place, message in cl.Deal.from_dict(document).warnings]


def interest(document: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = document["waterfalls"]["interest"]
    return steps


def with_unranked(document: dict[str, Any]) -> dict[str, Any]:
    """Add a class that is outside the note payment sequence."""
    note = {"name": "F", "balance": 5e6, "interest_rank": 6, "coupon": {"fixed": 0.1}}
    document["notes"].insert(5, note)
    return document


@pytest.mark.parametrize("family", FAMILIES)
def test_a_template_has_no_doubtful_place(family: Any) -> None:
    assert family().warnings == []
    assert family(sub_fee_before_last_test=True, turbo_share=0.3, class_x=1e6).warnings == []


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            lambda d: interest(d).insert(4, {"pay_deferred_interest": "B", "label": "F2"}),
            "waterfalls.interest[4]: clause F2 never has anything due: interest of B may not be deferred",
        ),
        (
            lambda d: interest(d).insert(8, {"pay_interest": "A"}),
            f"waterfalls.interest[8]: never has anything due: {EARLIER}",
        ),
        (
            lambda d: interest(d).append({"pay_residual": "SUB"}),
            "waterfalls.interest[21]: is never reached: waterfalls.interest[20] takes all that remains",
        ),
        (
            lambda d: d["fees"][2].update(rate=0.0),
            "fees[2]: senior is zero: its steps never have anything due",
        ),
        (
            lambda d: interest(d)[15]["divert"].update(share=0.0),
            "waterfalls.interest[15]: clause Q never diverts anything: its share is zero",
        ),
        (
            lambda d: d["fees"].append({"name": "rent", "amount_per_period": 1_000.0}),
            "fees[5]: no step pays rent: it stays unpaid and grows",
        ),
        (
            lambda d: d.update(
                hedges=[
                    {
                        "name": "swap",
                        "pay": {"fixed": 0.04},
                        "receive": {"index": "sofr_3m"},
                        "notional": {"2025-03-20": 50_000_000},
                    }
                ]
            ),
            "hedges[0]: no step of the interest waterfall pays what swap costs",
        ),
        (
            lambda d: d["tests"].append({"name": "B IC", "kind": "ic", "through": "B", "trigger": 1.1}),
            "tests[9]: nothing cures B IC: no step names it and no condition asks for it",
        ),
        (
            lambda d: d["default_events"].update(causes=["maturity"]),
            "tests[8]: nothing follows from EoD: `default_events.causes` does not have par_ratio",
        ),
        (
            lambda d: d["tests"][3].update(trigger=1.10),
            "tests[3]: E OC fails at closing: 109.8901% of target par over the notes",
        ),
        (
            lambda d: d.update(
                default_events={"causes": ["maturity", "par_ratio"], "accelerate": "automatic"},
                tests=d["tests"][:8],
            ),
            "default_events.causes[1]: par_ratio never happens: no test is of the kind eod_par_ratio",
        ),
        (
            lambda d: d.update(rights={"auction_call": {"from": "2033-04-20", "months": [4, 12]}}),
            "rights.auction_call.months[1]: no payment date is in December, so that no call is tried in it",
        ),
        (
            lambda d: (
                d["reinvestment"].update(after={"conditions": ["coverage"]}),
                d["waterfalls"].update(
                    principal=[s for s in d["waterfalls"]["principal"] if s.get("when") != "after_reinvestment"]
                ),
            ),
            (
                "reinvestment.after: nothing is bought after the period: "
                "no step is `reinvest: {of: unscheduled, …}`"
            ),
        ),
        (
            lambda d: d.update(sequences={"reverse": [["E"], ["A"]]}),
            "sequences.reverse: no step pays by this sequence",
        ),
        (
            lambda d: d["notes"].insert(5, {"name": "F", "balance": 5e6, "rank": 6, "coupon": {"fixed": 0.1}}),
            "notes[5]: no step of the interest waterfall pays interest of F",
        ),
        (
            lambda d: with_unranked(d)["waterfalls"]["interest"].insert(15, {"pay_interest": "F"}),
            "notes[5]: no step pays principal of F while the notes are not accelerated",
        ),
        (
            lambda d: interest(d).insert(3, {"pay_amortization": "A"}),
            "waterfalls.interest[3]: never has anything due: A has no amortization",
        ),
        (
            lambda d: interest(d).insert(17, {"pay_fee": {"fee": "sub", "part": "above_cap"}}),
            "waterfalls.interest[17]: never has anything due: sub has no cap",
        ),
        (
            lambda d: interest(d)[3].update(amount=0),
            "waterfalls.interest[3]: clause E never pays anything: its amount is zero",
        ),
        (
            lambda d: interest(d)[3].update(when="status == 'accelerated'"),
            (
                "waterfalls.interest[3]: clause E never acts: a date with one pot has its own waterfall, "
                "so `status == 'accelerated'` never holds here"
            ),
        ),
        (
            lambda d: (
                d.update(accounts=[{"name": "reserve"}]),
                d["waterfalls"]["interest"].insert(3, {"transfer": {"from": "reserve", "to": "interest"}}),
            ),
            "waterfalls.interest[3]: never has anything due: nothing is put into reserve",
        ),
        (
            lambda d: (
                d.update(hedges=[{"name": "swap", "pay": {"fixed": 0.04}, "notional": 1e6}]),
                d["waterfalls"]["interest"].insert(3, {"pay_hedge": "swap"}),
                d["waterfalls"]["interest"].insert(9, {"pay_hedge": {"hedge": "swap", "part": "defaulted"}}),
            ),
            "waterfalls.interest[9]: never has anything due: nothing ends swap",
        ),
    ],
)  # fmt: skip
def test_each_doubt_names_its_place(edit: Edit, expected: str) -> None:
    assert warned(edit) == [expected]


def test_a_static_deal_never_acts_in_a_reinvestment_period() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["waterfalls"]["principal"].insert(2, {"reinvest": "all"})
        interest(document).insert(3, {"pay_fee": "sub", "when": "during_reinvestment"})

    assert warned(edit, static=True) == [
        "waterfalls.interest[3]: never acts: the deal has no reinvestment period, so `during_reinvestment` never holds",
        "waterfalls.principal[2]: never buys anything: the deal has no reinvestment period",
    ]


def test_a_static_deal_buys_nothing_after_a_reinvestment_period() -> None:
    assert warned(lambda d: d.update(reinvestment={"after": {}}), static=True) == [
        "reinvestment.after: nothing follows from it: the deal has no reinvestment period"
    ]


def test_a_recorded_cause_may_be_without_a_test() -> None:
    assert warned(lambda d: d.update(tests=d["tests"][:8])) == []


def test_capitalized_deferrals_leave_nothing_to_pay_by_itself() -> None:
    found = warned(lambda d: d.update(conventions={"deferred_form": "capitalized"}))
    assert len(found) == 6
    assert found[0] == (
        "waterfalls.interest[8]: clause J never has anything due: deferred interest is capitalized into the balance"
    )


def test_a_test_that_a_condition_asks_for_is_used_and_a_limited_step_leaves_something() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["tests"].append({"name": "B IC", "kind": "ic", "through": "B", "trigger": 1.1})
        interest(document)[2]["when"] = "passes('B IC')"
        interest(document).insert(3, {"pay_interest": "A", "amount": "1_000_000"})

    assert warned(edit) == []


@given(strategies.deals())
def test_any_deal_is_examined_without_a_failure(deal: dict[str, Any]) -> None:
    try:
        read = cl.Deal.from_dict(deal)
    except cl.DealError:
        return  # the engine takes empty blocks, documents do not
    for place, message in read.warnings:
        assert place
        assert message


def test_a_test_that_an_event_or_a_reserve_asks_for_is_used() -> None:
    def edit(document: dict[str, Any]) -> None:
        for name in ("B IC", "B OC"):
            kind = name[-2:].lower()
            document["tests"].append({"name": name, "kind": kind, "through": "B", "trigger": 1.1})
        document["events"] = [{"when": "not passes('B IC')", "from": "nc_end", "call": {}}]
        document["accounts"] = [{"name": "reserve", "initial": 1e6}]
        release = {"release_reserve": {"account": "reserve", "above": "cushion('B OC') * remaining"}}
        interest(document).insert(3, release)

    assert warned(edit) == []


def test_an_event_on_an_adjusted_payment_date_acts_a_period_later() -> None:
    def edit(document: dict[str, Any]) -> None:
        days = ("2030-04-20", "2030-04-23", "2030-07-22")
        document["events"] = [{"date": day, "special_redemption": {"share": 0.1}} for day in days]
        # A call acts on its own day.
        document["events"].append({"date": "2030-04-23", "call": {}})

    assert warned(edit) == [
        (
            "events[1].date: 2030-04-23 is the payment date of 2030-04-20 as adjusted, so that the event acts on "
            "2030-07-22; write 2030-04-20 for the date itself"
        ),
        (
            "events[2].date: 2030-07-22 is the payment date of 2030-07-20 as adjusted, so that the event acts on "
            "2030-10-21; write 2030-07-20 for the date itself"
        ),
    ]


def test_a_liquidation_without_an_acceleration_never_comes() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["default_events"] = {"causes": ["senior_interest"], "liquidate": "always"}

    assert warned(edit) == [
        "tests[8]: nothing follows from EoD: `default_events.causes` does not have par_ratio",
        (
            "default_events.liquidate: nothing is ever sold: `accelerate: automatic` is not said, so that the notes "
            "are never accelerated"
        ),
    ]


def test_an_event_between_payment_dates_acts_on_the_one_that_follows() -> None:
    def edit(document: dict[str, Any]) -> None:
        document["events"] = [
            {"date": "2030-05-14", "special_redemption": {"share": 0.1}},
            {"date": "nc_end + 2M", "special_redemption": {"share": 0.1}},
            {"date": "2030-05-14", "call": {}},
        ]

    assert warned(edit) == [
        "events[0].date: 2030-05-14 is no payment date, so that the event acts on 2030-07-22, the one that follows"
    ]


def test_validate_prints_warnings_and_still_succeeds(tmp_path: Path) -> None:
    import subprocess
    import sys

    deal = templates.us_bsl().replace({"fees.senior.rate": 0.0})
    (tmp_path / "deal.yaml").write_text(deal.to_yaml(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cloche", "validate", "deal.yaml"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        "deal.yaml: warning: fees[2]: senior is zero: its steps never have anything due"
    ]
