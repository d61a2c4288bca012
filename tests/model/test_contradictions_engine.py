"""Contradictions of a document are found when it is read: all at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import cloche as cl
from cloche.build import templates

Document = dict[str, Any]
Edit = Callable[[Document], object]
CHEAPER = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": 0.01}}
REFINANCING = {"A": {"into": [CHEAPER]}}
CLOSED = (
    "which is no business day (us_government_securities, london); "
    "expected one, or a payment date of the schedule"
)


def problems(edit: Edit) -> list[str]:
    document = templates.us_bsl().to_dict()
    edit(document)
    with pytest.raises(cl.DealError) as caught:
        cl.Deal.from_dict(document)
    return [str(problem) for problem in caught.value.problems]


def accepted(edit: Edit) -> cl.Deal:
    document = templates.us_bsl().to_dict()
    edit(document)
    return cl.Deal.from_dict(document)


def event(**terms: Any) -> Edit:
    return lambda document: document.update(events=[terms])


def exercised(rights: Document, **terms: Any) -> Edit:
    return lambda document: document.update(rights=rights, events=[terms])


def add_class(document: Document, **terms: Any) -> None:
    document["notes"].insert(5, {"name": "F", "balance": 5e6, "coupon": {"fixed": 0.1}, **terms})


def interest(document: Document) -> list[Document]:
    steps: list[Document] = document["waterfalls"]["interest"]
    return steps


class TestAClassInNoWaterfall:
    def test_a_class_that_no_step_pays(self) -> None:
        assert problems(lambda document: add_class(document, interest_rank=6)) == [
            (
                "notes[5]: no step pays F anything; "
                "expected steps of a waterfall that pay its interest and its principal"
            )
        ]

    def test_a_ranked_class_whose_principal_no_step_pays(self) -> None:
        def edit(document: Document) -> None:
            add_class(document, rank=6)
            interest(document).insert(15, {"pay_interest": "F"})
            document["sequences"] = {"note_payment_sequence": [["A"], ["B"], ["C"], ["D"], ["E"]]}
            document["waterfalls"]["acceleration"] = []

        assert problems(edit) == [
            "notes[5]: no step pays principal of F; expected a pay_principal step or a sequence that names it"
        ]

    def test_a_class_whose_interest_no_step_pays(self) -> None:
        def edit(document: Document) -> None:
            add_class(document, interest_rank=6)
            interest(document).insert(15, {"turbo": {"note": "F", "share": 0.5}})

        assert problems(edit) == [
            "notes[5]: no step pays interest of F; expected a pay_interest step that names it"
        ]

    def test_a_class_without_interest_needs_no_step_for_it(self) -> None:
        def edit(document: Document) -> None:
            add_class(document, interest_rank=6, coupon={"fixed": 0.0})
            interest(document).insert(15, {"turbo": {"note": "F", "share": 0.5}})

        assert accepted(edit).warnings == []

    def test_a_residual_note_that_no_step_pays(self) -> None:
        def edit(document: Document) -> None:
            document["notes"].append({"name": "M", "balance": 1e6, "residual": True})

        assert problems(edit) == [
            "notes[6]: no step pays M anything; expected a pay_residual step that names it"
        ]

    def test_combination_notes_and_what_events_bring_in_need_no_step(self) -> None:
        def edit(document: Document) -> None:
            document["notes"].append({"name": "COMBO", "combination_of": {"A": 8e6, "SUB": 2e6}})
            document["events"] = [{"refinance": REFINANCING, "date": "2028-01-20"}]

        assert accepted(edit).warnings == []

    def test_a_class_x_that_steps_pay(self) -> None:
        assert templates.us_bsl(class_x=2e6).warnings == []

    def test_principal_that_only_tests_bring_is_a_doubt(self) -> None:
        def edit(document: Document) -> None:
            document["waterfalls"]["principal"] = [{"retain": "all"}]
            document["waterfalls"]["acceleration"] = []

        warned = [str(warning) for warning in accepted(edit).warnings]
        assert warned[:2] == [
            "notes[0]: principal of A is paid only while a test fails",
            "notes[1]: principal of B is paid only while a test fails",
        ]
        assert len(warned) == 5

    def test_principal_that_only_an_acceleration_brings_is_a_doubt(self) -> None:
        def edit(document: Document) -> None:
            add_class(document, rank=6)
            interest(document).insert(15, {"pay_interest": "F"})
            document["sequences"] = {"note_payment_sequence": [["A"], ["B"], ["C"], ["D"], ["E"]]}
            document["waterfalls"]["acceleration"].insert(0, {"pay_principal": {"notes": ["F"]}})

        assert [str(warning) for warning in accepted(edit).warnings] == [
            "notes[5]: no step pays principal of F while the notes are not accelerated"
        ]


@pytest.mark.parametrize("terms", [{"refinance": REFINANCING}, {"call": {}}, {"reprice": {"A": 0.01}}])
def test_nothing_is_redeemed_or_repriced_inside_the_non_call_period(terms: Document) -> None:
    said = "expected a date after the non-call period, which ends on 2027-04-20"
    assert problems(event(date="2027-01-20", **terms)) == [f"events[0].date: found 2027-01-20; {said}"]
    late = {"when": "pool_factor < 0.9", "until": "2027-01-20"}
    assert problems(event(**late, **terms)) == [f"events[0].until: found 2027-01-20; {said}"]
    accepted(event(date="2027-04-20", **terms))


@pytest.mark.parametrize(
    ("date", "message"),
    [
        ("2028-07-22", f"found 2028-07-22, {CLOSED}"),
        ("2028-07-04", f"found 2028-07-04, {CLOSED}"),
        ("2017-07-20", "found 2017-07-20, before closing 2025-03-20; expected a later date"),
        ("2047-07-20", "found 2047-07-20, after the last payment date"),
    ],
)
@pytest.mark.parametrize("terms", [{"call": {}}, {"issue": {"equity": 1e6}}])
def test_an_event_on_no_business_day_is_refused(date: str, message: str, terms: Document) -> None:
    assert problems(event(date=date, **terms)) == [f"events[0].date: {message}"]


def test_documents_state_payment_dates_before_they_are_adjusted() -> None:
    deal = accepted(event(date="2030-04-20", call={}))
    days = [str(date) for date in deal.schedule()["payment_date"]]
    assert "2030-04-23" in days, "the 20th is the Saturday of Easter"
    accepted(event(date="2028-07-05", call={}))
    accepted(event(date="nc_end + 1M", call={}))


def test_events_of_a_scenario_are_on_business_days_too() -> None:
    deal = templates.us_bsl()
    pool = cl.synthetic.loan_pool(n=20, seed=5, as_of="2025-03-20")
    scenario = cl.Scenario(
        cdr=0.02, cpr=0.2, recovery=0.7, rates=0.04, events=[{"date": "2028-07-22", "call": {}}]
    )
    with pytest.raises(cl.ScenarioError) as caught:
        cl.project(deal, pool, scenario)
    (problem,) = caught.value.problems
    assert problem.message.startswith("found 2028-07-22, which is no business day")
    assert problem.place.endswith("events[0].date")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            {"when": "remaining", "amount": "passes('E OC') + 1"},
            [
                "waterfalls.interest[3].when: column 1: the expression is money; expected a condition",
                (
                    "waterfalls.interest[3].amount: column 16: `+` takes money and money, or ratios; "
                    "found a condition and a ratio"
                ),
            ],
        ),
        (
            {"when": "remaining > ratio('E OC')", "amount": "date"},
            [
                "waterfalls.interest[3].when: column 11: `>` compares money with a ratio",
                "waterfalls.interest[3].amount: column 1: the expression is a date; expected money",
            ],
        ),
    ],
)
def test_expressions_of_mixed_kinds_are_refused(step: Document, expected: list[str]) -> None:
    assert problems(lambda document: interest(document)[3].update(step)) == expected


@pytest.mark.parametrize(
    ("rights", "terms", "expected"),
    [
        (
            {"refinancing": {"after": "non_call_end"}},
            {"call": {}},
            (
                "events[0].call: the deal does not give this right: expected optional_redemption or clean_up "
                "or tax_redemption in rights, which has refinancing"
            ),
        ),
        (
            {"optional_redemption": {"after": "non_call_end"}},
            {"reprice": {"A": 0.01}},
            (
                "events[0].reprice: the deal does not give this right: expected repricing or refinancing "
                "in rights, which has optional_redemption"
            ),
        ),
        (
            {"refinancing": False},
            {"refinance": REFINANCING},
            "events[0].refinance: the deal does not give this right: expected refinancing in rights, which has none",
        ),
        (
            {"optional_redemption": {"after": "non_call_end"}, "issue": False},
            {"issue": {"equity": 1e6}},
            (
                "events[0].issue: the deal does not give this right: expected issue in rights, "
                "which has optional_redemption"
            ),
        ),
        (
            {"refinancing": {}},
            {"amend": {"tests.E OC.trigger": 1.04}},
            (
                "events[0].amend: the deal does not give this right: expected amendment in rights, "
                "which has refinancing"
            ),
        ),
        (
            {"refinancing": {}},
            {"special_redemption": {"share": 0.5}},
            (
                "events[0].special_redemption: the deal does not give this right: expected special_redemption "
                "in rights, which has refinancing"
            ),
        ),
        (
            {"issue": {"after": "rp_end"}},
            {"issue": {"equity": 1e6}},
            "events[0].date: found 2028-01-20; expected a date from 2030-04-20 on, from which the deal gives the right",
        ),
        (
            {"optional_redemption": {"after": "rp_end"}},
            {"call": {}},
            "events[0].date: found 2028-01-20; expected a date from 2030-04-20 on, from which the deal gives the right",
        ),
        (
            {"optional_redemption": {"dates": "payment_dates"}},
            {"call": {}, "date": "2028-02-15"},
            (
                "events[0].date: found 2028-02-15, which is no payment date; "
                "expected one (rights.optional_redemption.dates)"
            ),
        ),
        (
            {"optional_redemption": {"dates": "quarterly"}},
            {"call": {}},
            'rights.optional_redemption.dates: found "quarterly"; expected any_business_day or payment_dates',
        ),
        (
            {"clean_up": {"below": 0.15, "of": "closing_par"}},
            {"call": {}},
            'rights.clean_up.of: found "closing_par"; expected target_par',
        ),
        (
            {"clean_up": {"below": 15}},
            {"call": {}},
            "rights.clean_up.below: found 15; expected a share of target par above 0, at most 1, such as 0.15",
        ),
    ],
)
def test_a_right_that_the_document_does_not_give_is_refused(
    rights: Document, terms: Document, expected: str
) -> None:
    assert problems(exercised(rights, **{"date": "2028-01-20", **terms})) == [expected]


def test_rights_that_no_event_needs_are_checked_too() -> None:
    rights = {"reset": {"dates": "Tuesdays"}, "optional_redemption": {"dates": "quarterly"}}
    assert problems(exercised(rights, date="2028-01-20", call={})) == [
        'rights.optional_redemption.dates: found "quarterly"; expected any_business_day or payment_dates',
        'rights.reset.dates: found "Tuesdays"; expected any_business_day or payment_dates',
    ]


def test_rights_have_known_names_and_terms() -> None:
    rights = {"optional_redemtion": {}, "refinancing": {"afer": "non_call_end"}, "clean_up": 3}
    assert problems(lambda document: document.update(rights=rights)) == [
        "rights.optional_redemtion: unknown right; did you mean 'optional_redemption'?",
        "rights.refinancing.afer: unknown key; did you mean 'after'?",
        "rights.clean_up: found 3, expected terms, true or false",
    ]


def test_contradictions_of_all_kinds_are_told_at_once_in_the_order_of_the_document() -> None:
    def edit(document: Document) -> None:
        add_class(document, interest_rank=6)
        document["tests"][0]["through"] = "Z"
        interest(document)[3]["when"] = "remaining"
        document["rights"] = {"optional_redemption": {"after": "rp_end"}}
        document["events"] = [
            {"date": "2026-01-20", "refinance": REFINANCING},
            {"date": "2028-07-22", "call": {}},
        ]

    assert [problem.split(": ")[0] for problem in problems(edit)] == [
        "notes[5]",
        "tests[0].through",
        "waterfalls.interest[3].when",
        "events[0].refinance",
        "events[0].date",
        "events[1].date",
    ]


class TestConditionsOfPurchases:
    @pytest.mark.parametrize(
        ("condition", "measure"),
        [
            ("wal", "a test of the kind wal in collateral.quality"),
            ("ccc", "collateral.ccc"),
            ("quality", "collateral.quality"),
            ("concentration", "collateral.concentration"),
            ("maintain_or_improve", "collateral.quality or collateral.concentration"),
        ],
    )
    def test_conditions_without_what_they_are_measured_by(self, condition: str, measure: str) -> None:
        def change(document: Document) -> None:
            document["collateral"] = {}
            document["reinvestment"] = {
                "during": [condition],
                "after": {"conditions": ["coverage", condition]},
            }

        said = f"found {condition}, which is measured by {measure}; expected {measure}"
        assert problems(change) == [
            f"reinvestment.during[0]: {said}",
            f"reinvestment.after.conditions[1]: {said}",
        ]

    def test_conditions_with_what_they_are_measured_by(self) -> None:
        def change(document: Document) -> None:
            document["collateral"] = {
                "ccc": {"limit": 0.075},
                "quality": [{"kind": "warf", "max": 3000}, {"kind": "wal", "max": 9.0, "from": "closing"}],
            }
            document["reinvestment"] = {
                "during": ["coverage", "maintain_or_improve"],
                "after": {
                    "proceeds": ["unscheduled", "credit_risk"],
                    "conditions": ["coverage", "wal", "ccc"],
                },
            }

        deal = accepted(change)
        assert cl.Deal.from_yaml(deal.to_yaml()) == deal

    def test_a_document_that_a_reset_brings_in_is_checked_too(self) -> None:
        into = templates.us_bsl(closing="2027-07-20").to_dict()
        into["reinvestment"]["after"] = {"conditions": ["wal"]}
        found = problems(event(date="2027-07-20", reset={"into": into}))
        assert [each.partition(":")[0] for each in found] == [
            "events[0].reset.into.reinvestment.after.conditions[0]"
        ]

    def test_a_limit_of_discount_obligations_refuses_to_buy_one(self) -> None:
        def change(document: Document) -> None:
            document["collateral"]["concentration"] = [{"kind": "discount", "max": 0.05}]
            document["collateral"]["discount"] = {"below": 0.8}
            document["reinvestment"]["during"] = ["concentration"]

        pool = cl.synthetic.loan_pool(n=20, seed=3, as_of="2025-03-20")
        scenario = cl.Scenario(cdr=0.02, recovery=0.5, rates=0.04, reinvestment={"price": 0.75})
        with pytest.raises(cl.ScenarioError) as caught:
            cl.project(accepted(change), pool, scenario)
        assert [problem.place for problem in caught.value.problems] == ["scenario.reinvestment.price"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("rights.reset.after", "ncend", 'found "ncend"; expected a date such as 2028-04-20, or closing'),
        ("rights.reset.after", 3, "found 3; expected non_call_end, or a date"),
        ("dates.effective", "2039-01-20", "found 2039-01-20, expected a date from closing (2025-03-20) to"),
        ("tests[0].first_date", "third", "found 'third', expected closing, effective, first_determination"),
    ],
)
def test_a_day_that_is_none_is_refused_though_nothing_asks_for_it(
    path: str, value: object, message: str
) -> None:
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    if path.startswith("rights"):
        document["rights"] = {"reset": {"after": value}}
    elif path.startswith("dates"):
        document["dates"]["effective"] = value
    else:
        document["tests"][0]["first_date"] = value
    with pytest.raises(cl.DealError) as refused:
        cl.Deal.from_dict(document)
    (problem,) = refused.value.problems
    assert problem.place == path
    assert message in problem.message
