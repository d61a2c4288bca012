"""Strategies of phases of a deal that end by what happens: the effective date, the reinvestment period."""

from collections.abc import Collection

from hypothesis import strategies as st

from cloche.testing.reference.dates import unadjusted_dates
from cloche.testing.strategies.draws import PAR, Document

PHASES = ("target_par", "special_redemption", "period_end")
"""A test of the target par with the steps that cure it, principal that cannot be invested, a condition that ends the
reinvestment period."""


@st.composite
def add_phases(draw: st.DrawFn, deal: Document, features: Collection[str]) -> Document:
    """A deal with some of the phases.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document; it is changed.
    features
        Names, of which those out of `PHASES` are drawn.
    """
    events = list(deal.get("events") or ())
    if "target_par" in features:
        events += draw(_target_par(deal))
    if "special_redemption" in features:
        events.append(draw(_special_redemption(deal)))
    if "period_end" in features and deal["dates"].get("reinvestment_end"):
        conditions = [
            f"performing_par < {draw(st.integers(60, 99)) * PAR / 100 + 0.37}",
            "ccc_share > 0.1234567",
        ]
        deal["reinvestment"] = {
            **(deal.get("reinvestment") or {}),
            "ends_when": draw(st.sampled_from(conditions)),
        }
    if events:
        deal["events"] = events
    return deal


@st.composite
def _target_par(draw: st.DrawFn, deal: Document) -> list[Document]:
    """The test and its cures; perhaps a date on which the agencies confirm their ratings."""
    deal["tests"].append(
        {"name": "Target", "kind": "target_par", "trigger": draw(st.integers(85, 115)) / 100 + 0.00123}
    )
    steps = deal["waterfalls"]["interest"]
    cure: Document = {"verb": "cure", "tests": ["Target"]}
    steps.insert(draw(st.integers(1, len(steps) - 1)), cure)
    if draw(st.booleans()):
        deal["waterfalls"]["principal"].insert(0, {"verb": "cure", "tests": ["Target"]})
    # Nothing acts on the last date.
    ends = unadjusted_dates(deal["dates"])[:-1]
    if not ends or draw(st.booleans()):
        return []
    return [{"confirm_ratings": True, "date": draw(st.sampled_from(ends[: 1 + len(ends) // 2])).isoformat()}]


@st.composite
def _special_redemption(draw: st.DrawFn, deal: Document) -> Document:
    terms = {draw(st.sampled_from(["amount", "share"])): 0.0}
    if "amount" in terms:
        terms["amount"] = draw(st.integers(1, 200)) * 100_000.0
    else:
        terms["share"] = draw(st.integers(1, 100)) / 100
    event: Document = {"special_redemption": {**terms, "ends_reinvestment": draw(st.booleans())}}
    ends = unadjusted_dates(deal["dates"])[:-1]
    if bool(ends) and draw(st.booleans()):
        return {**event, "date": draw(st.sampled_from(ends)).isoformat()}
    return {**event, "when": "pool_factor < 0.8765431", "repeat": draw(st.booleans())}
