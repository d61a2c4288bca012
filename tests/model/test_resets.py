"""Resets and amendments in documents: read, written, changed, told in words, refused with their places."""

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import cloche as cl
from cloche.model.event_dates import event_date
from cloche.model.resets import MOST_RESETS
from cloche.model.schema import schema
from cloche.model.transitions import documents_of, engine_deal, engine_events, engine_text

Document = dict[str, Any]

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
FIRST: Document = DEAL.to_dict()


def second(**changes: Any) -> Document:
    document = copy.deepcopy(FIRST)
    document["dates"] |= {"closing": "2027-07-20", "first_payment": "2027-10-20", "effective": "2027-07-20"}
    document["dates"]["non_call_end"] = "2029-07-20"
    return {**document, "name": "US BSL-R", "closing": {}, **changes}


RESET: Document = {
    "date": "2027-07-20",
    "reset": {"into": second()},
    "cost": {"rate": 0.004, "of": "refinanced_balance", "fixed": 1_200_000},
}
AMEND: Document = {
    "date": "2026-07-20",
    "amend": {
        "dates": {"reinvestment_end": "2029-04-20"},
        "tests.E OC.trigger": "104.5%",
        "collateral": {"ccc": None},
        "notes": {"A": {"coupon": {"spread": "120bp"}}},
    },
}


def deal(*events: Document) -> cl.Deal:
    return cl.Deal.from_dict({**FIRST, "events": list(events)})


def problems(*events: Document) -> dict[str, str]:
    with pytest.raises(cl.DealError) as refused:
        deal(*events)
    return {problem.place: problem.message for problem in refused.value.problems}


@pytest.mark.parametrize("events", [(RESET,), (AMEND,), (AMEND, RESET)])
def test_what_is_written_is_read_back(events: tuple[Document, ...]) -> None:
    one = deal(*events)
    for other in (
        cl.Deal.from_yaml(one.to_yaml()),
        cl.Deal.from_json(one.to_json()),
        cl.Deal.from_dict(one.to_dict()),
        cl.Deal.from_dict(one.to_canonical()),
        copy.copy(one),
    ):
        assert other == one
        assert other.digest == one.digest
    assert not list(Draft202012Validator(schema("deal")).iter_errors(one.to_dict()))
    assert not list(Draft202012Validator(schema("deal", form="canonical")).iter_errors(one.to_canonical()))
    assumed = cl.Scenario(cdr=0.02, recovery=0.7, rates=0.04, events=list(events))
    assert cl.Scenario.from_yaml(assumed.to_yaml()) == assumed
    assert cl.Scenario.from_dict(assumed.to_dict()) == assumed
    assert not list(Draft202012Validator(schema("scenario")).iter_errors(assumed.to_dict()))


def test_an_amendment_keeps_its_keys_and_the_engine_gets_the_document_after_it() -> None:
    one = deal(AMEND)
    written = one.to_canonical()["events"][0]["amend"]
    assert written["tests.E OC.trigger"] == 1.045
    assert written["collateral"] == {"ccc": None}
    ((place, after),) = documents_of(one.to_canonical())
    assert place == "events[0].amend"
    changes = {
        "dates.reinvestment_end": "2029-04-20",
        "tests.E OC.trigger": 1.045,
        "collateral.ccc": None,
        "notes.A.coupon.spread": 0.012,
    }
    assert after == DEAL.replace(changes).to_canonical()
    assert json.loads(engine_text(DEAL.to_canonical())) == DEAL.to_canonical()


def test_amendments_are_carried_out_in_the_order_of_their_dates() -> None:
    late = {"date": "nc_end + 1Y", "amend": {"tests.E OC.trigger": 1.03, "fees.senior.rate": 0.001}}
    documents = dict(documents_of(deal(late, AMEND).to_canonical()))
    last = documents["events[0].amend"]
    assert [test["trigger"] for test in last["tests"] if test["name"] == "E OC"] == [1.03]
    assert last["dates"]["reinvestment_end"] == "2029-04-20"
    assert documents["events[1].amend"]["fees"] == DEAL.to_canonical()["fees"]


def test_what_a_reset_carries_is_named_for_the_engine() -> None:
    told = engine_deal(deal(RESET).to_canonical()).document["events"][0]["reset"]
    assert told["carry"] == ["SUB"]
    assert "carry" not in deal(RESET).to_canonical()["events"][0]["reset"]


def test_a_second_document_may_use_a_template_and_hold_amendments() -> None:
    short = second(
        template="us_bsl_2", events=[{"date": "2028-07-20", "amend": {"tests.E OC.trigger": 1.03}}]
    )
    for part in ("waterfalls", "collateral", "default_events"):
        del short[part]
    one = deal({**RESET, "reset": {"into": short}})
    into = one.to_dict()["events"][0]["reset"]["into"]
    assert "template" not in into
    assert into["waterfalls"]["interest"]
    told = engine_deal(one.to_canonical()).document["events"][0]["reset"]["into"]["events"][0]["amend"][
        "into"
    ]
    assert told["dates"]["closing"] == "2027-07-20"


def test_a_path_leads_into_the_second_document() -> None:
    path = "events[0].reset.into.notes.A.coupon.spread"
    changed = deal(RESET).replace({path: "99bp"})
    assert changed.value_at(path) == 0.0099
    assert cl.diff(deal(RESET), changed).summary().splitlines()[1:] == [
        "  reset, class A spread 130bp -> 99bp"
    ]


def test_events_are_told_in_words() -> None:
    text = deal(AMEND, RESET).describe()
    events = " ".join(text[text.index("EVENTS") :].split("AFTER")[0].split())
    assert events.startswith(
        "EVENTS (1) on 2026-07-20, an amendment: dates reinvestment end 2029-04-20; tests.E OC.trigger 104.5%; "
        "without collateral ccc; notes A coupon spread 120bp; (2) on 2027-07-20, a reset: into US BSL-R, "
        "which issues A (310,000,000, sofr_3m + 130bp)"
    )
    assert events.endswith("SUB stays; it costs 0.4% of the refinanced balance plus 1,200,000.")
    assert "AFTER A RESET ON 2027-07-20\n\nUS BSL-R (USD 500,000,000 target par)\nclosing 2027-07-20" in text
    lines = cl.diff(DEAL, deal(AMEND)).summary().splitlines()
    assert lines[1].startswith("  event added: on 2026-07-20, an amendment")


def test_the_second_document_may_be_a_deal() -> None:
    new = cl.templates.us_bsl(par=500e6, closing="2027-07-20", name="US BSL-R")
    pool = cl.synthetic.loan_pool(n=20, seed=3, as_of="2025-03-20")
    runs = [
        cl.project(
            DEAL,
            pool,
            cl.Scenario(
                cdr=0.02,
                cpr=0.2,
                recovery=0.7,
                rates=0.04,
                events=[{"date": "2027-07-20", "reset": {"into": into}}],
            ),
        )
        for into in (new, new.to_dict())
    ]
    assert runs[0].cashflows.to_dict() == runs[1].cashflows.to_dict()
    assert "A-R" in runs[0].cashflows.to_dict()["note"]


def test_problems_of_a_second_document_have_their_places() -> None:
    wrong = second(surplus=1)
    wrong["notes"][3]["coupon"]["spread"] = 5.3
    found = problems({**RESET, "repeat": True, "reset": {"into": wrong, "par_purchase": -1}})
    assert set(found) == {
        "events[0].reset.into.surplus",
        "events[0].reset.into.notes[3].coupon.spread",
        "events[0].reset.par_purchase",
        "events[0].repeat",
    }
    missing = {f"events[0].reset.into.{key}" for key in ("cloche", "name", "dates", "notes", "waterfalls")}
    assert missing <= set(problems({**RESET, "reset": {"into": {}}}))


@pytest.mark.parametrize(
    ("keys", "places"),
    [
        ({"target_par": 1e8}, ["target_par"]),
        ({"name": "Other", "closing": {}, "surplus": 1}, ["name", "closing", "surplus"]),
        ({"tests": {"F OC": {"trigger": 1.0}}}, ["tests.F OC"]),
        ({"tests.F OC.trigger": 1.0}, ["tests.F OC.trigger"]),
        ({"tests.E OC.trigger": 10.5}, ["tests.E OC.trigger"]),
        (
            {"waterfalls": {"interest": [{"pay_intrest": "A"}]}, "fees.senior.rate": 7},
            ["waterfalls.interest[0]", "fees.senior.rate"],
        ),
        (
            {"notes.A.balance": 3, "dates": {"closing": "2025-03-21"}},
            ["notes.A.balance", "dates.closing"],
        ),
        ({"notes": []}, ["notes"]),
        ({"dates.stated_maturity": "2026-04-20"}, ["dates.reinvestment_end"]),
        (
            {"dates": {"stated_maturity": "2026-04-20", "reinvestment_end": None, "non_call_end": None}},
            ["dates.stated_maturity"],
        ),
    ],
)
def test_what_an_amendment_may_not_change_is_refused(keys: Document, places: list[str]) -> None:
    found = problems({"date": "2026-07-20", "amend": keys})
    assert {f"events[0].amend.{place}" for place in places} == set(found)


def test_what_depends_on_the_path_is_refused() -> None:
    open_ended = {"when": "pool_factor < 0.5", "amend": {"tests.E OC.trigger": 1.03}}
    assert set(problems(open_ended, AMEND)) == {"events[0].amend"}
    assert set(problems(AMEND, open_ended)) == {"events[1].from"}
    deal(AMEND, {**open_ended, "from": "2026-07-20"})
    told = engine_events(deal({**open_ended, "from": "2026-07-20"}).to_canonical(), [AMEND])
    assert [place for place, _ in told.problems] == ["events[0].amend"]
    told = engine_events(deal({**AMEND, "date": "2027-01-20"}).to_canonical(), [AMEND])
    assert [place for place, _ in told.problems] == ["events[0].date"]


def test_a_scenario_amends_the_document_that_rules_on_the_date() -> None:
    after = {"date": "2028-01-20", "amend": {"tests.E OC.trigger": 1.02}}
    told = engine_events(deal(AMEND, RESET).to_canonical(), [after])
    assert told.problems == []
    into = told.document["events"][0]["amend"]["into"]
    assert into["name"] == "US BSL-R"
    assert into["events"] == []


def test_documents_inside_one_another_are_limited() -> None:
    inner = second()
    for _ in range(MOST_RESETS + 1):
        inner = second(events=[{"date": "2027-07-20", "reset": {"into": inner}}])
    found = problems({"date": "2027-07-20", "reset": {"into": inner}})
    assert any(message.startswith(f"found more than {MOST_RESETS}") for message in found.values())


def test_doubts_about_a_second_document_have_their_places() -> None:
    odd = second(sequences={"unused": [["A"]]})
    assert "events[0].reset.into.sequences.unused" in [
        place for place, _ in deal({**RESET, "reset": {"into": odd}}).warnings
    ]
    assert deal(RESET).warnings == DEAL.warnings


def test_an_empty_amendment_is_refused() -> None:
    assert problems({"date": "2026-07-20", "amend": {}}) == {
        "events[0].amend": "found an empty mapping, expected keys of the document and what they become"
    }


def test_dates_of_events_are_moved_by_months_and_years() -> None:
    dates = {"closing": "2025-01-31", "reinvestment_end": None}
    assert str(event_date("closing + 1M", dates)) == "2025-02-28"
    assert str(event_date("closing - 2Y", dates)) == "2023-01-31"
    assert event_date("rp_end + 1M", dates) is None
    assert event_date("closing + 9999Y", dates) is None


def test_a_path_adds_and_corrects_keys_of_an_amendment() -> None:
    one = deal({"date": "2026-07-20", "amend": {"tests.E OC.trigger": 1.05}})
    more = one.replace(
        {"events[0].amend.tests.E OC.trigger": 1.04, "events[0].amend.fees.senior.rate": "12bp"}
    )
    assert more.to_dict()["events"][0]["amend"] == {"tests.E OC.trigger": 1.04, "fees.senior.rate": 0.0012}
    with pytest.raises(cl.DealError) as refused:
        one.replace({"events[0].amend.tests.E OC.triger": 1.04})
    ((place, message),) = refused.value.problems
    assert place == "events[0].amend.tests.E OC.triger"
    assert message == "unknown key; did you mean 'trigger'?"


def test_what_a_scenario_assumes_after_a_reset_must_be_a_call_that_fits_the_document_in_force() -> None:
    pool = cl.synthetic.loan_pool(n=20, seed=3, as_of="2025-03-20")
    refinance = {
        "date": "2030-01-20",
        "refinance": {
            "A": {
                "into": [{"name": "A-R", "balance": 310e6, "coupon": {"index": "sofr_3m", "spread": 0.0100}}]
            }
        },
    }
    with pytest.raises(cl.ScenarioError) as found:
        cl.project(
            deal(RESET), pool, cl.Scenario(cdr=0.02, cpr=0.2, recovery=0.7, rates=0.04, events=[refinance])
        )
    assert [(problem.place, problem.message.split(";")[0]) for problem in found.value.problems] == [
        (
            "scenario.events[0]",
            "on its date the document that events[0] brings in is in force, where of a scenario only calls act",
        )
    ]
    before = {**refinance, "date": "2027-04-20"}
    assert (
        cl.project(
            deal(RESET), pool, cl.Scenario(cdr=0.02, cpr=0.2, recovery=0.7, rates=0.04, events=[before])
        ).events.to_dict()["event"][0]
        == "refinancing"
    )
    rights = {"refinancing": {"after": "2029-07-20"}}
    granted = {**RESET, "reset": {**RESET["reset"], "into": second(rights=rights)}}
    call = {"date": "2031-01-20", "call": {"price": 1.0}}
    with pytest.raises(cl.ScenarioError) as refused:
        cl.project(
            deal(granted), pool, cl.Scenario(cdr=0.02, cpr=0.2, recovery=0.7, rates=0.04, events=[call])
        )
    assert [problem.place for problem in refused.value.problems] == ["scenario.events[0].call"]
