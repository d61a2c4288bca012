"""What surrounds one payment date from a state: the document that rules, what is refused, the state after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from cloche.calls import core, document
from cloche.errors import DealError, RunError
from cloche.model.deal import Deal
from cloche.model.events_of_a_date import events_of_a_date
from cloche.model.problems import headline
from cloche.model.repriced import repriced_coupons
from cloche.model.state import DealState
from cloche.model.transitions import document_on, engine_text, has_transitions

__all__ = ["of_notes", "refuse_events", "repriced", "ruling", "state_after"]


def ruling(deal: Deal, day: dt.date) -> Mapping[str, Any]:
    """Return the document in force on a payment date; an event acts on the first one scheduled from its own date on."""
    whole = document(deal)
    if not has_transitions(whole["events"]):
        return whole
    columns = core().schedule(engine_text(whole))
    ordinals = zip(columns["payment_date"], columns["unadjusted_date"], strict=True)
    epoch = dt.date(1970, 1, 1)
    acted = [int(scheduled) for paid, scheduled in ordinals if epoch + dt.timedelta(days=int(paid)) < day]
    return document_on(whole, epoch + dt.timedelta(days=max(acted))) if acted else whole


def repriced(deal: Deal, in_force: Mapping[str, Any], state: DealState) -> Deal:
    """Return the deal with the spreads that the classes of a state pay."""
    coupons, problems = repriced_coupons(in_force, state)
    if problems:
        raise DealError(headline(f"the state of {state.payment_date}", problems), problems)
    if coupons and has_transitions(document(deal)["events"]):
        message = "found beside resets or amendments; one payment date from a state does not compute both"
        raise RunError(
            "a payment date from a state does not compute what the state says",
            [(f"state.notes.{name}.repriced", message) for name in coupons],
        )
    return (
        deal.replace({f"notes.{name}.coupon": coupon for name, coupon in coupons.items()})
        if coupons
        else deal
    )


def refuse_events(document: Mapping[str, Any], state: DealState) -> None:
    """Refuse dated events of the document in force that act on the date: it does not carry them out."""
    problems = list(events_of_a_date(document, state))
    if problems:
        raise RunError("a payment date from a state does not carry out events of the deal", problems)


def of_notes(columns: Mapping[str, Any], notes: Collection[str]) -> dict[str, Any]:
    """Return the rows of the notes of a state; one that an event is still to issue has none, as in a run."""
    codes, names = columns["note"]
    there = np.array([names[code] in notes for code in codes], dtype=bool)
    return {
        key: (column[0][there], column[1]) if isinstance(column, tuple) else column[there]
        for key, column in columns.items()
    }


def state_after(state: DealState, raw: dict[str, Any], in_force: Mapping[str, Any]) -> DealState:
    """Return the state after the date, of the state before it, what the engine tells, and the document in force."""
    document = state.to_canonical()
    document.pop("readings", None)
    residual = {note["name"] for note in in_force["notes"] if note.get("residual")}
    codes, names = raw["cashflows"]["note"]
    columns = raw["cashflows"]
    for row, code in enumerate(codes):
        note = document["notes"][names[code]]
        paid = float(columns["interest_paid"][row])
        note["balance"] = float(columns["end_balance"][row])
        note["deferred_interest"] = float(columns["deferred_balance"][row])
        note["interest_shortfall"] = float(columns["interest_shortfall"][row])
        note["steps_in_force"] = list(raw["steps_in_force"].get(names[code], ()))
        # That of the state was of the date before: from here on all that is unpaid bears interest.
        note.pop("interest_bearing", None)
        if names[code] in residual:
            note["distributions"] = [*note.get("distributions", []), [state.payment_date, paid]]
        if names[code] in raw["drawn"]:
            note["drawn"] = note.get("drawn", 0.0) + float(raw["drawn"][names[code]])
        owed = float(raw["amortization_unpaid"].get(names[code], 0.0))
        if "amortization_due" in note or owed > 0:
            note["amortization_due"] = owed
    before, document["fees"] = document["fees"], {}
    for name, unpaid in raw["fees_unpaid"].items():
        document["fees"][name] = {"unpaid": float(unpaid), "unused_cap": raw["unused_caps"][name]}
        if before.get(name, {}).get("hurdle") is not None:
            hurdle, *higher = raw["hurdles"][name]
            document["fees"][name] |= {"hurdle": float(hurdle), "higher_hurdles": [float(x) for x in higher]}
    document["accounts"] = {name: float(balance) for name, balance in raw["accounts"].items()}
    document["hedges"] = {name: {"unpaid": float(unpaid)} for name, unpaid in raw["hedges_unpaid"].items()}
    document["collected"] = {
        "interest": float(raw["interest_account"]),
        "principal": float(raw["principal_account"]),
    }
    if "ratings_confirmed" in raw:
        document["ratings_confirmed"] = bool(raw["ratings_confirmed"])
    if state.status != "redemption":
        document["status"] = "accelerated" if raw["accelerated"] else "normal"
    document["fee_basis"] = float(raw["fee_basis"])
    document["fee_bases"] = {
        key: float(raw[key]) for key in ("performing_par", "collateral_principal_amount")
    }
    return DealState.from_dict(document)
