"""Strategies of whole projections."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from cloche.testing.strategies.deals import deals
from cloche.testing.strategies.draws import PAR, Document, constant, named
from cloche.testing.strategies.events import KINDS, before_the_tape, event_lists, moments, reading
from cloche.testing.strategies.features import FEATURES
from cloche.testing.strategies.make_whole import add_to_successors
from cloche.testing.strategies.scenarios import market_spreads, of_commitments, scenarios
from cloche.testing.strategies.tapes import commitments, pik_spreads, tapes
from cloche.testing.strategies.transitions import KINDS as TRANSITIONS
from cloche.testing.strategies.transitions import amendments, assumed_beside, may_reset, resets, without_later


@dataclass(frozen=True)
class Case:
    """A whole projection: deal, tape, its date and scenario."""

    deal: Document
    loans: list[Document]
    as_of: date
    scenario: Document


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    conventions: bool = True,
    max_loans: int = 8,
    events: Collection[str] | bool = False,
    features: Collection[str] | bool = False,
    transitions: Collection[str] | bool = False,
) -> Case:
    """Whole projections: a deal, a tape as of a day around its closing, a scenario with some named defaults.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    conventions
        Whether conventions other than the defaults are drawn too.
    max_loans
        Largest number of loans.
    events
        Whether events of the deal and of the scenario are drawn too: all of `strategies.EVENTS`, or those named.
    features
        Further features of the deal: all of `strategies.FEATURES`, or those named.
    transitions
        Whether other documents come in: all of `strategies.TRANSITIONS`, or those named.
    """
    deal = draw(deals(conventions=conventions, events=events, features=features))
    changes = named("transitions", TRANSITIONS, asked=transitions)
    if "amend" in changes:
        deal["events"] = [*deal.get("events", ()), *draw(amendments(deal, moments, draw(st.integers(1, 2))))]
    closing = date.fromisoformat(deal["dates"]["closing"])
    first = date.fromisoformat(deal["dates"]["first_payment"])
    as_of = min(first, closing + timedelta(days=draw(st.integers(-20, 80))))
    loans = draw(tapes(2, max_loans, as_of=as_of))
    if "events" in deal:
        deal["events"] = [event for event in deal["events"] if not before_the_tape(event, deal, as_of)]
    _mark(draw, loans, named("features", FEATURES, asked=features))
    scenario = draw(scenarios())
    if "unfunded" in named("features", FEATURES, asked=features):
        scenario.update(draw(of_commitments()))
    if "purchase_conditions" in named("features", FEATURES, asked=features):
        scenario["reinvestment"].setdefault("rating", draw(st.sampled_from(["B", "B-", "CCC"])))
    if "run_quantities" in named("features", FEATURES, asked=features):
        scenario["market_spreads"] = draw(market_spreads(deal))
        for event in deal.get("events", ()):
            if "when" in event and draw(st.booleans()):
                event["when"] = draw(reading(deal))
    if draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from([loan["obligor_id"] for loan in loans]), max_size=2))
        scenario["defaults"] = {
            name: (as_of + timedelta(days=draw(st.integers(1, 1500)))).isoformat() for name in chosen
        }
    kinds = named("events", KINDS, asked=events)
    if bool(kinds) and draw(st.booleans()):
        drawn = draw(event_lists(deal, kinds, suffix="S"))
        scenario["events"] = [event for event in drawn if not before_the_tape(event, deal, as_of)]
        if "make_whole" in named("features", FEATURES, asked=features):
            draw(add_to_successors(scenario["events"], deal["dates"]))
    if "reset" in changes and may_reset(deal):
        second = draw(deals(conventions=conventions, features=features))
        reset = draw(resets(deal, second, moments))
        deal["events"] = [*without_later(deal.get("events", []), reset, deal), reset]
        if "events" in scenario:
            scenario["events"] = assumed_beside(scenario["events"], reset)
    return Case(deal, loans, as_of, scenario)


def _mark(draw: st.DrawFn, loans: list[Document], features: Collection[str]) -> None:
    """Agencies that rate a loan CCC, PIK spreads and undrawn commitments, where they are asked for."""
    for loan in loans:
        if "ccc_agency_rule" in features and loan["ccc"]:
            loan["agencies"] = draw(st.sampled_from([None, ["sp"], ["moodys"], ["moodys", "sp"]]))
        if "pik" in features:
            loan["pik_spread"] = draw(pik_spreads())
        if "unfunded" in features:
            loan.update(draw(commitments(loan["par"])))


@st.composite
def sound_cases(draw: st.DrawFn) -> Case:
    """Projections in which every class must be paid in full and nothing is ever deferred.

    No defaults, prices and sales at par, much more par than debt, loans that outlive the notes and earn more than
    these cost, a reserve for the short first collection period, OC triggers below the ratios at closing.
    """
    case = draw(cases(conventions=False))
    deal, scenario = case.deal, case.scenario
    deal["collateral"] = {}
    deal["closing"] = {"interest_reserve": 0.05 * PAR}
    deal["notes"] = [note for note in deal["notes"] if note["name"] != "X"]
    deal["tests"] = [test for test in deal["tests"] if test["kind"] == "oc"]
    for step in deal["waterfalls"]["interest"]:
        if step["verb"] == "pay_pari_passu":
            paid = [name for name in step["steps"][0]["notes"][0] if name != "X"]
            step.clear()
            step.update({"verb": "pay_interest", "notes": [paid]})
    for side in ("interest", "principal"):
        steps = deal["waterfalls"][side]
        for step in steps:
            if step["verb"] == "cure":
                step["tests"] = [name for name in step["tests"] if name.endswith("OC")]
        deal["waterfalls"][side] = [step for step in steps if step["verb"] != "cure" or step["tests"]]
    owed = sum(note["balance"] for note in deal["notes"] if not note.get("residual"))
    for test in deal["tests"]:
        test["trigger"] = min(test["trigger"], 1.2 * PAR / owed)
    maturity = date.fromisoformat(deal["dates"]["stated_maturity"]) + timedelta(days=30)
    loans = [
        {
            "loan_id": loan["loan_id"],
            "par": 1.5 * PAR / len(case.loans),
            "spread": 0.09,
            "maturity": maturity,
            "market_price": 1.0,
            "rating": "B",
            "ccc": False,
            "weak": False,
            "default_date": None,
        }
        for loan in case.loans
    ]
    scenario.update(cdr=constant(0.0), defaults={}, liquidation_price=1.0)
    scenario["reinvestment"] = {"price": constant(1.0), "spread": constant(0.09)}
    closing = date.fromisoformat(deal["dates"]["closing"])
    return Case(deal, loans, closing, scenario)
