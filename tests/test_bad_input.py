"""Bad input is refused with its place, what was found and what was expected, all problems at once.

One fact for each kind of input that people get wrong; the folders `model` and `tape` look at every field.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

import cloche as cl

Document = dict[str, Any]
AS_OF = "2025-03-20"
SCENARIO: Document = {"cdr": 0.02, "recovery": 0.7, "rates": {"flat": 0.043}}


@pytest.fixture(scope="module")
def template() -> Document:
    return cl.templates.us_bsl(par=500e6, closing=AS_OF, name="Sound").to_dict()


def problems(document: Document | str) -> list[tuple[str, str]]:
    """Return what is wrong with a deal."""
    read = cl.Deal.from_yaml if isinstance(document, str) else cl.Deal.from_dict
    with pytest.raises(cl.DealError) as caught:
        read(document)  # type: ignore[arg-type]  # each reads its own
    return [(place, message) for place, message in caught.value.problems]


def tape_problems(**changes: Any) -> list[tuple[str, str]]:
    """Return what is wrong with a tape of two loans after changes to its columns; None takes one away."""
    columns: dict[str, Any] = {
        "loan_id": ["L1", "L2"],
        "obligor_name": ["Alder Freight", "Birch Foods"],
        "par": [2e6, 3e6],
        "maturity": ["2029-03-31", "2030-06-30"],
        "coupon_type": ["floating", "floating"],
        "spread": [0.035, 0.0425],
        **changes,
    }
    with pytest.raises(cl.TapeError) as caught:
        cl.LoanPool.from_columns({k: v for k, v in columns.items() if v is not None}, as_of=AS_OF)
    return [(place, message) for place, message in caught.value.problems]


def scenario_problems(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(cl.ScenarioError) as caught:
        cl.Scenario.from_dict({**SCENARIO, **changes})
    return [(place, message) for place, message in caught.value.problems]


def interest_step(number: int, **step: Any) -> Callable[[Document], None]:
    def change(deal: Document) -> None:
        deal["waterfalls"]["interest"][number] = step

    return change


def unknown_note(deal: Document) -> None:
    deal["waterfalls"]["interest"][3] = {"pay_interest": "Z"}


def contradictory_ranks(deal: Document) -> None:
    del deal["notes"][0]["rank"]
    deal["notes"][0] |= {"interest_rank": 3, "principal_rank": 1}


def two_ranks(deal: Document) -> None:
    deal["notes"][0]["interest_rank"] = 2


def negative_balance(deal: Document) -> None:
    deal["notes"][0]["balance"] = -310e6


def coupon_in_percent(deal: Document) -> None:
    deal["notes"][0]["coupon"] = {"fixed": 5.3}


def maturity_before_closing(deal: Document) -> None:
    deal["dates"]["stated_maturity"] = "2024-04-20"


def missing_class(deal: Document) -> None:
    deal["tests"][0]["through"] = "F"


def cash_left(deal: Document) -> None:
    del deal["waterfalls"]["interest"][-1]


def cash_left_sometimes(deal: Document) -> None:
    deal["waterfalls"]["principal"][-1]["when"] = "during_reinvestment"


def money_and_ratio(deal: Document) -> None:
    deal["waterfalls"]["interest"][4]["when"] = "remaining > ratio('A/B OC')"


def ratio_as_amount(deal: Document) -> None:
    deal["waterfalls"]["interest"][4]["amount"] = "0.5"


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (
            unknown_note,
            "waterfalls.interest[3].pay_interest[0]",
            'unknown note "Z"; known: A, B, C, D, E, SUB',
        ),
        (
            contradictory_ranks,
            "notes[0]",
            "contradictory ranks: A has interest rank 3 and principal rank 1, B has 2 and 2",
        ),
        (two_ranks, "notes[0].interest_rank", "found 2 beside rank 1, expected one of them"),
        (negative_balance, "notes[0].balance", "found -310000000.0, expected money, 0 or more"),
        (
            coupon_in_percent,
            "notes[0].coupon.fixed",
            "found 5.3, expected a rate a year from 0 to 0.5; 5.3 looks like percent; write 0.053 or 5.3%",
        ),
        (
            maturity_before_closing,
            "dates.stated_maturity",
            "found 2024-04-20, on or before closing 2025-03-20; expected a later date",
        ),
        (missing_class, "tests[0].through", 'unknown note "F"; known: A, B, C, D, E, SUB'),
        (
            cash_left,
            "waterfalls.interest",
            "can leave cash unassigned; expected an unconditional pay_residual",
        ),
        (cash_left_sometimes, "waterfalls.principal", "can leave cash unassigned"),
        (money_and_ratio, "waterfalls.interest[4].when", "column 11: `>` compares money with a ratio"),
        (ratio_as_amount, "waterfalls.interest[4].amount", "the expression is a ratio; expected money"),
    ],
)
def test_a_wrong_deal_is_refused_at_its_place(
    template: Document, change: Callable[[Document], None], place: str, said: str
) -> None:
    deal = copy.deepcopy(template)
    change(deal)
    found = problems(deal)
    assert [where for where, _ in found] == [place]
    assert said in found[0][1]


def test_a_limit_that_is_broken_is_told(template: Document) -> None:
    deal = copy.deepcopy(template)
    deal["target_par"] = 1e18
    deal["notes"][0]["amortization"] = {"payments": 10**9}
    deal["fees"][1]["cap"]["carry_over"] = -1
    assert problems(deal) == [
        ("target_par", "found 1e+18, expected money above 0, at most 1e15"),
        (
            "notes[0].amortization.payments",
            "found 1000000000, expected a whole number, 1 or more, at most 1,000,000",
        ),
        ("fees[1].cap.carry_over", "found -1, expected a whole number, 0 or more"),
    ]


def test_a_fee_in_basis_points_is_taken_for_that(template: Document) -> None:
    def said(rate: float) -> str:
        deal = copy.deepcopy(template)
        deal["fees"][2]["rate"] = rate
        ((place, message),) = problems(deal)
        assert place == "fees[2].rate"
        return message.partition("; ")[2]

    assert said(15) == "15 looks like basis points; write 0.0015 or 15bp"
    assert said(2) == "2 looks like percent; write 0.02 or 2%"


def test_problems_of_shape_and_of_meaning_come_together(template: Document) -> None:
    deal = copy.deepcopy(template)
    for change in (unknown_note, negative_balance, maturity_before_closing, missing_class, cash_left):
        change(deal)
    deal["waterfalls"]["interest"][4]["when"] = "remaining > 0.5"
    deal["conventions"] = {"x_in_oc": "no"}
    places = {place for place, _ in problems(deal)}
    assert places == {
        "notes[0].balance",
        "conventions.x_in_oc",
        "dates.stated_maturity",
        "tests[0].through",
        "waterfalls.interest[3].pay_interest[0]",
        "waterfalls.interest[4].when",
        "waterfalls.interest",
    }


def test_every_problem_is_kept_and_fifty_are_printed() -> None:
    number = 120
    with pytest.raises(cl.TapeError) as caught:
        cl.LoanPool.from_columns(
            {
                "loan_id": [f"L{i}" for i in range(number)],
                "par": [-1.0 - i for i in range(number)],
                "maturity": ["2030-01-15"] * number,
                "coupon_type": ["floating"] * number,
                "spread": [0.04] * number,
                "obligor_name": [f"Company {i}" for i in range(number)],
            },
            as_of=AS_OF,
        )
    assert len(caught.value.problems) == number
    lines = str(caught.value).splitlines()
    assert len(lines) == 1 + 50 + 1
    assert lines[-1] == "and 70 more"


# YAML


def test_duplicate_keys_are_errors_with_their_lines() -> None:
    text = "cloche: 1\nname: a\nname: b\ndates:\n  closing: 2025-01-01\n  closing: 2026-01-01\n"
    assert problems(text) == [
        ("name", "found the key 'name' twice, in lines 2 and 3"),
        ("dates.closing", "found the key 'closing' twice, in lines 5 and 6"),
    ]


@pytest.mark.parametrize(
    ("written", "place", "said"),
    [
        ("target_par: 012", "target_par", "found '012', expected money"),
        ("target_par: 1:30", "target_par", "found '1:30', expected money"),
        ("target_par: .inf", "target_par", "found inf, expected money"),
        ("target_par: .nan", "target_par", "found nan, expected money"),
        ("target_par: on", "target_par", "found 'on', expected money"),
    ],
)
def test_yaml_scalars_are_those_of_yaml_1_2(template: Document, written: str, place: str, said: str) -> None:
    text = cl.Deal.from_dict(template).to_yaml().replace("target_par: 500_000_000", written)
    found = problems(text)
    assert [where for where, _ in found] == [place]
    assert said in found[0][1]
    assert found[0][1].endswith("(line 4)")


def test_no_and_on_are_text_and_1e_minus_3_is_a_number(template: Document) -> None:
    text = cl.Deal.from_dict(template).to_yaml()
    assert cl.Deal.from_yaml(text.replace("name: Sound", "name: NO")).name == "NO"
    assert cl.Deal.from_yaml(text.replace("spread: 0.013,", "spread: 1e-3,")).notes["A"].coupon == (
        cl.Deal.from_yaml(text.replace("spread: 0.013,", "spread: 0.001,")).notes["A"].coupon
    )
    found = problems(text.replace("deferrable: true", "deferrable: on", 1))
    assert [where for where, _ in found] == ["notes[2].deferrable"]
    assert found[0][1].startswith("found 'on', expected true or false")


# Tape


def test_an_empty_tape_is_refused() -> None:
    columns = dict.fromkeys(("loan_id", "par", "maturity", "coupon_type", "spread"), ())
    assert tape_problems(**columns, obligor_name=()) == [("tape", "empty: no loans")]


def test_a_missing_required_column_is_named() -> None:
    found = tape_problems(par=None, maturity=None)
    assert [place for place, _ in found] == ['tape column "par"', 'tape column "maturity"']
    assert all("missing" in message for _, message in found)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"loan_id": ["L1", "L1"]}, "found 'L1' again, first in row 1"),
        ({"par": [2e6, math.nan]}, "found nothing, expected money"),
        ({"par": [2e6, math.inf]}, "found inf, expected money, 0 or more, finite"),
        ({"par": [2e6, -3e6]}, "found -3000000.0, expected money, 0 or more"),
        ({"par": [2e6, 1e18]}, "found 1e+18, expected money, 0 or more, at most 1e15"),
        ({"spread": [0.035, 5.25]}, "5.25 looks like percent; write 0.0525 or 5.25%"),
        (
            {"maturity": ["2029-03-31", "2025-01-31"]},
            "found 2025-01-31, expected a date after the as-of date",
        ),
    ],
)
def test_a_wrong_row_is_refused_with_its_number(changes: dict[str, Any], said: str) -> None:
    ((place, message),) = tape_problems(**changes)
    assert place.startswith("tape row 2, column ")
    assert said in message


def test_all_wrong_rows_are_named_at_once() -> None:
    found = tape_problems(loan_id=["L1", "L1"], par=[-1.0, math.nan], spread=[5.25, math.inf])
    assert {place for place, _ in found} == {
        'tape row 2, column "loan_id"',
        'tape row 1, column "par"',
        'tape row 2, column "par"',
        'tape row 1, column "spread"',
        'tape row 2, column "spread"',
    }


# Scenario and model


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"cdr": 2.0}, "cdr", "found 2.0, expected a default rate a year from 0 to 1; 2 looks like percent"),
        ({"recovery": 1.5}, "recovery", "found 1.5, expected a recovery from 0 to 1"),
        ({"cdr": math.nan}, "cdr", "found nan"),
        ({"cpr": [0.1, math.inf]}, "cpr[1]", "found inf"),
        ({"cdr": {"*": 0.02, "rating:CCC": 3}}, "cdr.rating:CCC", "found 3"),
        ({"rates": {"flat": 4.3}}, "rates.flat", "4.3 looks like percent; write 0.043 or 4.3%"),
        ({"reinvestment": {"price": 0}}, "reinvestment.price", "found 0, expected a price above 0"),
        ({"recover": 0.7}, "recover", "unknown key; did you mean 'recovery'?"),
        ({"fx": 1.1}, "fx", "this version does not compute yet"),
    ],
)
def test_a_wrong_scenario_is_refused_at_its_place(changes: dict[str, Any], place: str, said: str) -> None:
    ((where, message),) = scenario_problems(**changes)
    assert where == place
    assert said in message


def test_all_problems_of_a_scenario_come_at_once() -> None:
    found = scenario_problems(cdr=2.0, recovery=1.5, cpr=-0.1, rates={"flat": 4.3})
    assert [place for place, _ in found] == ["cdr", "cpr", "recovery", "rates.flat"]


def test_a_correlation_that_is_none_is_refused() -> None:
    with pytest.raises(cl.ScenarioError, match=r"intra: found 0\.2, expected at least inter, 0\.5"):
        cl.GaussianCopula(inter=0.5, intra=0.2)


# Conventions and roundings


def test_an_unknown_convention_is_an_error(template: Document) -> None:
    ((place, message),) = problems({**template, "conventions": {"ic_cured": "proforma"}})
    assert (place, message) == ("conventions.ic_cured", "unknown key; did you mean 'ic_cure'?")


def test_a_test_is_rounded_to_a_small_step(template: Document) -> None:
    deal = copy.deepcopy(template)
    deal["tests"][0]["round"] = 0
    assert problems(deal) == [
        ("tests[0].round", "found 0; expected a step above 0, at most 0.1, such as 0.001")
    ]


# Runs


def test_a_run_that_cannot_be_done_says_so_before_it_starts() -> None:
    deal = cl.templates.us_bsl(par=100e6, closing=AS_OF)
    pool = cl.synthetic.loan_pool(n=20, seed=1, par=100e6, as_of=AS_OF)
    scenario = cl.Scenario.from_dict(SCENARIO)
    model = cl.GaussianCopula(inter=0.1, intra=0.2)

    def simulate(**options: Any) -> None:
        cl.simulate(deal, pool, model, scenario=scenario, **{"paths": 100, "seed": 1, **options})

    cases: list[tuple[dict[str, Any], str]] = [
        ({"paths": 0}, "paths: found 0, expected a whole number of 1 or more"),
        ({"paths": 10**12}, "GiB, above max_memory"),
        ({"seed": -1}, "seed: found -1"),
        ({"threads": 0}, "threads: found 0, expected 1 to 1024"),
        ({"keep": "all"}, "keep: found 'all'"),
        ({"sampling": "antithetic"}, "sampling: found 'antithetic'; this version computes 'plain'"),
    ]
    for options, said in cases:
        with pytest.raises(cl.RunError, match=re.escape(said)):
            simulate(**options)


def test_arguments_of_another_class_are_named() -> None:
    deal = cl.templates.us_bsl(par=100e6, closing=AS_OF)
    pool = cl.synthetic.loan_pool(n=20, seed=1, par=100e6, as_of=AS_OF)
    scenario = cl.Scenario.from_dict(SCENARIO)
    cases: list[tuple[tuple[Any, Any, Any], str]] = [
        ((deal.to_dict(), pool, scenario), "deal: found dict, expected Deal"),
        ((deal, "tape.csv", scenario), "pool: found str, expected LoanPool"),
        ((deal, pool, 0.02), "scenario: found float, expected Scenario"),
    ]
    for arguments, said in cases:
        with pytest.raises(TypeError, match=said):
            cl.project(*arguments)


@pytest.mark.parametrize(
    ("read", "error", "said"),
    [
        (cl.read_deal, cl.DealError, "the deal cannot be read\nfound nothing, expected the path of a file"),
        (cl.Deal.from_json, cl.DealError, "the deal cannot be read\nfound nothing, expected JSON text"),
        (cl.read_model, cl.ScenarioError, "found nothing, expected the path of a file"),
        (cl.Scenario.from_yaml, cl.ScenarioError, "found nothing, expected YAML text or the path of a file"),
        (cl.DealState.from_yaml, cl.DealError, "found nothing, expected YAML text or the path of a file"),
    ],
)
def test_what_is_no_document_is_refused(
    read: Callable[[Any], object], error: type[cl.ClocheError], said: str
) -> None:
    with pytest.raises(error, match=said):
        read(None)


def test_dates_and_paths_that_are_none_are_refused() -> None:
    deal = cl.templates.us_bsl(par=100e6, closing=AS_OF)
    pool = cl.synthetic.loan_pool(n=20, seed=1, par=100e6, as_of=AS_OF)
    scenario = cl.Scenario.from_dict(SCENARIO)
    run = cl.project(deal, pool, scenario)
    for date, shown in ((None, "nothing"), (7, "7"), ("soon", "'soon'")):
        with pytest.raises(cl.RunError, match=f"date: found {shown}, expected a date such as"):
            run.state_at(date)  # type: ignore[arg-type]
    mc = cl.simulate(deal, pool, cl.GaussianCopula(0.1, 0.2), scenario=scenario, paths=3, seed=1)
    for path, shown in ((1.5, "1.5"), ("1", "'1'"), (True, "true"), (None, "nothing"), (3, "3")):
        with pytest.raises(cl.RunError, match=f"path: found {shown}, expected a whole number from 0 to 2"):
            mc.replay(path)  # type: ignore[arg-type]


def test_loans_in_another_currency_than_the_notes_are_refused() -> None:
    deal = cl.templates.us_bsl(par=100e6, closing=AS_OF)
    pool = cl.LoanPool.from_columns(
        {
            "loan_id": ["L1"],
            "obligor_name": ["Alder Freight"],
            "par": [100e6],
            "maturity": ["2030-06-30"],
            "spread": [0.035],
            "currency": ["EUR"],
        },
        as_of=AS_OF,
    )
    with pytest.raises(cl.TapeError, match="found EUR, expected USD, the currency of the deal"):
        cl.project(deal, pool, cl.Scenario.from_dict(SCENARIO))


def test_a_tape_after_the_first_collection_period_is_refused() -> None:
    deal = cl.templates.us_bsl(par=100e6, closing=AS_OF)
    pool = cl.synthetic.loan_pool(n=20, seed=1, par=100e6, as_of="2026-06-01")
    with pytest.raises(cl.TapeError, match="found 2026-06-01, after the first collection period"):
        cl.project(deal, pool, cl.Scenario.from_dict(SCENARIO))


def state_of(deal: cl.Deal, /, **changes: Any) -> cl.DealState:
    """Return a sound state of the template on its second payment date, after changes."""
    state: Document = {
        "cloche_state": 1,
        "payment_date": "2026-01-20",
        "previous_payment_date": "2025-10-20",
        "determination_date": "2026-01-07",
        "index_fixings": {"sofr_3m": 0.04},
        "collected": {"interest": 9_900_000},
        "notes": {note.name: {"balance": note.balance} for note in deal.notes},
        "collateral": {"performing_par": 494_000_000},
    }
    return cl.DealState.from_dict({**state, **changes})


DEFERRED = {"balance": 310e6, "deferred_interest": 5_000.0}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"previous_payment_date": "2025-10-23"},
            [
                "state.previous_payment_date: found 2025-10-23, expected 2025-10-20, the payment date before 2026-01-20"
            ],
        ),
        (
            {
                "payment_date": "2025-10-20",
                "previous_payment_date": "2025-04-20",
                "determination_date": "2025-10-07",
            },
            ["state.previous_payment_date: found 2025-04-20, expected 2025-03-20, closing"],
        ),
        (
            {"deal": "Another"},
            ["state.deal: found 'Another', expected 'Sound', the name of the deal"],
        ),
        (
            {
                "notes": {
                    "A": {"balance": 310e6, "cost": 310e6, "distributions": [["2025-10-20", 1.0]]},
                    "B": {"balance": 60e6, "amortization_due": 5_000.0},
                },
                "fees": {"incentive": {"due": 5_000.0}},
            },
            [
                "state.notes.A.cost: found on A, expected it on residual notes alone",
                "state.notes.A.distributions: found on A, expected it on residual notes alone",
                "state.notes.B.amortization_due: found 5,000, expected 0: B has no amortization",
                (
                    "state.fees.incentive.due: found the amount of a fee that has hurdles, expected no such key: "
                    "it follows from what equity gets"
                ),
            ],
        ),
        (
            {"notes": {"A": DEFERRED}},
            ["state.notes.A.deferred_interest: found 5,000, expected 0: interest of A may not be deferred"],
        ),
        (
            {"previous_payment_date": "2025-10-23", "index_fixings": {}},
            [
                (
                    "state.previous_payment_date: found 2025-10-23, expected 2025-10-20, "
                    "the payment date before 2026-01-20"
                ),
                "state.index_fixings: no fixing of sofr_3m, which the notes pay",
            ],
        ),
    ],
)
def test_a_state_that_its_deal_contradicts_is_refused(
    template: Document, changes: Document, expected: list[str]
) -> None:
    deal = cl.Deal.from_dict(template)
    if "notes" in changes:
        changes = changes | {"notes": {**state_of(deal).to_dict()["notes"], **changes["notes"]}}
    state = state_of(deal, **changes)
    with pytest.raises(cl.DealError) as caught:
        cl.run_payment_date(deal, state)
    assert [str(problem) for problem in caught.value.problems] == expected
    # What is wrong with names and fees the engine tells a run, with all else, in its own words.
    if not {"index_fixings", "deal", "fees"} & set(changes):
        pool = cl.synthetic.loan_pool(n=20, seed=1, as_of="2026-01-07")
        with pytest.raises(cl.DealError) as caught:
            cl.project(deal, pool, cl.Scenario.from_dict(SCENARIO), state=state)
        assert [str(problem) for problem in caught.value.problems] == expected


def test_a_determination_date_off_the_schedule_is_a_warning(
    template: Document, caplog: pytest.LogCaptureFixture
) -> None:
    deal = cl.Deal.from_dict(template)
    found = cl.run_payment_date(deal, state_of(deal, determination_date="2026-01-08"))
    expected = "state.determination_date: found 2026-01-08, expected 2026-01-07, that of 2026-01-20"
    assert [record.getMessage() for record in caplog.records] == [expected]
    assert found.notes.to_dict() == cl.run_payment_date(deal, state_of(deal)).notes.to_dict()


def test_a_state_after_its_date_is_not_one_before_it(template: Document) -> None:
    deal = cl.Deal.from_dict(template)
    after = cl.run_payment_date(deal, state_of(deal)).state
    with pytest.raises(cl.DealError) as caught:
        cl.run_payment_date(deal, after)
    assert [tuple(problem) for problem in caught.value.problems] == [
        (
            "state.payment_date",
            (
                "found 2026-01-20, on which SUB has been paid: it is the state after that date; "
                "expected the state before the next one: its dates, fixings, what was collected and the collateral"
            ),
        )
    ]


def test_a_state_that_fits_its_deal_is_run(template: Document) -> None:
    deal = cl.Deal.from_dict(template)
    deferred = {"balance": 30e6, "deferred_interest": 5_000.0}
    notes = {**state_of(deal).to_dict()["notes"], "C": deferred}
    assert cl.run_payment_date(deal, state_of(deal, notes=notes)).state.payment_date == "2026-01-20"


def test_a_tape_before_closing_is_refused() -> None:
    deal = cl.templates.us_bsl(par=100e6, closing=AS_OF)
    pool = cl.synthetic.loan_pool(n=20, seed=1, par=100e6, as_of="2025-03-19")
    with pytest.raises(cl.TapeError) as caught:
        cl.project(deal, pool, cl.Scenario.from_dict(SCENARIO))
    assert [tuple(problem) for problem in caught.value.problems] == [
        (
            "tape.as_of",
            "found 2025-03-19, before closing; expected 2025-03-20, or a later day of the first collection period",
        )
    ]


def test_a_closing_date_of_a_template_that_is_none_is_refused_at_its_place() -> None:
    with pytest.raises(cl.DealError, match=r"dates\.closing: found '2025-13-01', expected a date"):
        cl.templates.us_bsl(closing="2025-13-01")
