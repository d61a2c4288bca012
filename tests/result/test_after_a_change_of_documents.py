"""What is told of a run whose deal is refinanced, amended and reset: each date by the document that ruled on it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import cloche as cl
from engine.states import STATE

Document = dict[str, Any]

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20", class_x=2e6)
POOL = cl.synthetic.loan_pool(n=60, seed=7, as_of="2025-03-20")
BASE = cl.Scenario(cdr=0.03, cpr=0.20, recovery=0.60, recovery_lag_months=6, rates=0.043)
MODEL = cl.GaussianCopula(inter=0.1, intra=0.2)

REFINANCING: Document = {
    "date": "2027-04-20",
    "refinance": {
        "A": {
            "into": [
                {
                    "name": "A-2",
                    "balance": "outstanding",
                    "coupon": {"index": "sofr_3m", "spread": "105bp"},
                }
            ]
        }
    },
}
AMENDMENT: Document = {
    "date": "2027-10-20",
    "amend": {
        "tests.E OC.trigger": 1.2,
        "dates": {"reinvestment_end": "2031-04-20"},
        "waterfalls.interest[12].label": "N2",
    },
}


def second(**changes: Any) -> Document:
    """Write a document whose classes are 440, where the first deal's are 455, with other letters and names."""
    document = cl.templates.us_bsl(
        par=500e6,
        closing="2028-07-20",
        first_payment="2028-10-20",
        name="Second",
        sizes={"A": 0.58, "B-1": 0.13, "C": 0.06, "D": 0.06, "E": 0.05, "SUB": 0.09},
        spreads={"A": "110bp", "B-1": "150bp", "C": "190bp", "D": "280bp", "E": "550bp"},
        ratings=dict.fromkeys("ACDE"),
        oc_triggers={"B-1": 1.25, "C": 1.165, "D": 1.10, "E": 1.3},
        ic_triggers={"B-1": 1.2, "C": None, "D": None},
    ).to_dict()
    document["dates"].pop("effective", None)
    for step in document["waterfalls"]["interest"]:
        step["label"] = f"2.{step['label']}"
    return {**document, "closing": {}, **changes}


def reset(**into: Any) -> Document:
    return {"reset": {"into": second(**into)}}


def projected(*events: Document, scenario: cl.Scenario = BASE) -> cl.Result:
    return cl.project(cl.Deal.from_dict({**DEAL.to_dict(), "events": list(events)}), POOL, scenario)


@pytest.fixture(scope="module")
def run() -> cl.Result:
    return projected(REFINANCING, AMENDMENT, {"date": "2028-07-20", **reset()})


def test_an_amendment_is_read_from_the_date_after_it_on(run: cl.Result) -> None:
    assert "reached clause N, and paid it in full." in run.explain("2027-10-20", "E")
    told = run.explain("2028-01-20", "SUB")
    assert "reached clause N2, and paid it in full." in run.explain("2028-01-20", "E")
    assert "The E OC test failed, at 10" in told
    assert "% where 120.00% is required: clause O paid " in told


def test_a_class_is_redeemed_by_what_the_second_document_issues_and_by_equity() -> None:
    run = projected(REFINANCING, {"date": "2028-07-20", **reset()})
    assert run.explain("2028-07-20", "A-2").endswith(
        "Principal. The deal was reset: the new classes of Second, with 15,000,000 that equity paid in, paid "
        "310,000,000 and redeemed it. Nothing is outstanding."
    )
    equity = run.explain("2028-07-20", "SUB")
    assert equity.startswith("On 2028-07-20 the SUB notes paid in 14,")
    assert " net of what they received." in equity.splitlines()[0]
    assert equity.endswith("When the deal was reset into Second, the SUB notes paid in 15,000,000.")


def test_a_class_that_is_gone_has_its_last_date_named(run: cl.Result) -> None:
    with pytest.raises(cl.RunError, match="date: found 2028-10-20; Class A-2 was redeemed on 2028-07-20"):
        run.explain("2028-10-20", "A-2")


def test_a_class_that_is_issued_names_the_one_before_also_where_that_was_refinanced(run: cl.Result) -> None:
    assert run.explain("2028-07-20", "A-R") == (
        "On 2028-07-20 Class A-R was issued when the deal was reset into Second, in the place of Class A-2, with a "
        "balance of 290,000,000."
    )
    assert run.explain("2028-07-20", "B-1").startswith(
        "On 2028-07-20 Class B-1 was issued when the deal was reset into Second, in the place of Class B,"
    )
    with pytest.raises(cl.RunError, match="date: found 2027-10-20; Class A-R is issued on 2028-07-20"):
        run.explain("2027-10-20", "A-R")


def test_a_class_of_the_second_document_is_explained_by_its_steps_and_tests(run: cl.Result) -> None:
    told = run.explain("2028-10-20", "A-R").split("\n\n")
    assert told[1].startswith("Interest. 4,002,000 was due: ")
    assert told[1].endswith(" reached clause 2.E, and paid it in full.")
    quiet = projected(REFINANCING, {"date": "2028-07-20", **reset()})
    junior = quiet.explain("2028-10-20", "SUB")
    assert (
        "to Class A-R, Class B-1, Class C-R, Class D-R and Class E-R. The E OC test failed, at 10" in junior
    )
    assert "% where 130.00% is required: clause 2.O paid " in junior
    assert " to Class A-R, of " in junior


def test_what_the_new_classes_bring_beyond_their_uses_is_said() -> None:
    large = second()
    large["notes"][0]["balance"] += 40e6
    told = projected({"date": "2028-07-20", **reset(notes=large["notes"])}).explain("2028-07-20", "SUB")
    assert told.endswith(
        "When the deal was reset into Second, the SUB notes received 25,000,000 of what the new classes brought."
    )


def test_the_summary_shows_both_structures_both_sets_of_tests_and_what_was_amended(run: cl.Result) -> None:
    lines = run.summary().splitlines()
    assert lines[2:4] == [
        "2027-10-20 amended: reinvestment to 2031-04-20",
        "2028-07-20 reset into Second: reinvestment to 2033-07-20, non-call to 2030-07-20, maturity 2041-07-20",
    ]
    first = lines.index("Capital structure")
    assert [line.split()[0] for line in lines[first + 2 : first + 9]] == ["X", "A", "B", "C", "D", "E", "SUB"]
    then = lines.index("Capital structure from 2028-07-20 on: Second")
    assert [line.split()[0] for line in lines[then + 2 : then + 8]] == [
        "A-R",
        "B-1",
        "C-R",
        "D-R",
        "E-R",
        "SUB",
    ]
    assert lines[then + 2].split()[:5] == ["A-R", "sofr_3m", "+", "110bp", "290,000,000"]
    tests = lines.index("Tests")
    own = [line.split()[:3] for line in lines[tests:] if line.startswith("E OC")]
    assert own == [["E", "OC", "105.50%"], ["E", "OC", "120.00%"], ["E", "OC", "130.00%"]]
    assert "Tests from 2028-07-20 on: Second" in lines
    amended = next(line for line in lines if line.startswith("2027-10-20  amendment"))
    assert "dates reinvestment end 2030-04-20 -> 2031-04-20; test E OC trigger 105.5% -> 120.0%" in amended
    again = pickle.loads(pickle.dumps(run))  # noqa: S301 - its own bytes
    assert again.summary() == run.summary()


def told_everywhere(run: cl.Result) -> list[str]:
    return [run.explain(row["date"], row["note"]) for row in run.cashflows.rows()]


def test_a_scenario_and_a_deal_are_told_alike(run: cl.Result) -> None:
    events = [REFINANCING, AMENDMENT, {"date": "2028-07-20", **reset()}]
    assumed = cl.project(DEAL, POOL, BASE.replace(events=events))
    assert told_everywhere(assumed) == told_everywhere(run)
    assert assumed.summary() == run.summary()


def test_of_two_conditions_the_document_whose_classes_came_in_is_read_with_its_dates_moved() -> None:
    other = second(name="Other")
    other["notes"][0]["balance"] += 1e6
    window = {"from": "2028-10-20", "until": "2029-06-20"}
    never = {
        "when": "performing_par > 100_000_000_000",
        **window,
        **reset(name="Other", notes=other["notes"]),
    }
    now = {"when": "status == 'normal'", **window, **reset()}
    run = projected(never, now)
    assert "2028-10-20 reset into Second: reinvestment to 2033-10-20" in run.summary()
    assert "clause 2.E, and paid it in full" in run.explain("2029-01-22", "A-RR")


def test_replayed_paths_and_resets_inside_resets_are_told() -> None:
    third = second(name="Third")
    third["dates"] |= {"closing": "2030-07-20", "first_payment": "2030-10-21"}
    again = {"date": "2030-07-20", "reset": {"into": third}}
    deal = cl.Deal.from_dict({**DEAL.to_dict(), "events": [{"date": "2028-07-20", **reset(events=[again])}]})
    path = cl.simulate(deal, POOL, MODEL, scenario=BASE, paths=16, seed=1).replay(3)
    titles = [line for line in path.summary().splitlines() if line.startswith("Capital structure")]
    assert titles[1:] == [
        "Capital structure from 2028-07-20 on: Second",
        "Capital structure from 2030-07-22 on: Third",
    ]
    assert not [text for text in told_everywhere(path) if "outside the waterfalls" in text]
    assert "in the place of Class A-R," in path.explain("2030-07-22", "A-RR")


def test_one_payment_date_is_told_by_the_document_in_force() -> None:
    plain = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    amendment = {"amend": {"waterfalls.interest[6].label": "H2"}}
    for day, clause in (("2025-10-20", "H2"), ("2026-01-20", "H")):
        deal = cl.Deal.from_dict({**plain.to_dict(), "events": [{"date": day, **amendment}]})
        told = cl.run_payment_date(deal, cl.DealState.from_dict(copy.deepcopy(STATE))).explain("C")
        assert f"reached clause {clause}, and paid it in full." in told


def test_sweeps_and_break_even_values_know_the_classes_of_the_second_document() -> None:
    deal = cl.Deal.from_dict({**DEAL.to_dict(), "events": [{"date": "2028-07-20", **reset()}]})
    table = cl.sweep(deal, POOL, cl.grid(BASE, cdr=[0.0, 0.03])).pivot("wal", note="A-R")
    assert np.all(table["wal"] > 1)
    found = cl.breakeven(deal, POOL, BASE, note="E-R", tolerance=1e-3)
    assert found.value is not None
    assert 0.0 < found.value < 0.2
    with pytest.raises(cl.RunError, match="note: found 'Z', which the deal does not have; known: X, A, B"):
        cl.breakeven(deal, POOL, BASE, note="Z")
