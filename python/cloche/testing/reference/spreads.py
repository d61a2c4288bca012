"""Spreads of classes: what they pay over their index, and what the market asks for new notes."""

from collections.abc import Iterable, Mapping
from typing import Any

from cloche.testing.reference import values
from cloche.testing.reference.dates import Period, parse_date
from cloche.testing.reference.day import Day

Document = Mapping[str, Any]


def spread_in_force(coupon: Mapping[str, Any], period: Period) -> float:
    """Spread of a floating coupon in an accrual period; a step-up counts from the period that starts on its date."""
    spread = coupon["spread"]
    for change in sorted(coupon.get("step_up") or (), key=lambda change: str(change["from"])):
        if parse_date(change["from"]) <= period.unadjusted_start and change.get("spread") is not None:
            spread = change["spread"]
    return float(spread)


def deal_spread(day: Day, name: str) -> float:
    """Spread of a class in force on a payment date: with successors, the mean by balance of those that float.

    Raises
    ------
    ValueError
        For a class whose own coupon is fixed.
    """
    coupons = {note["name"]: note.get("coupon") or {} for note in day.deal["notes"]}
    if coupons[name].get("index") is None or coupons[name].get("fixed") is not None:
        raise ValueError(f"deal_spread: {name} pays no spread over an index")
    floating = [note for note in day.notes_of(name) if coupons[note.name].get("fixed") is None]
    spreads = [spread_in_force(coupons[note.name], day.period) for note in floating]
    owed = sum(note.balance for note in floating)
    if not owed > 0:
        return spreads[0]
    return sum(note.balance * spread for note, spread in zip(floating, spreads, strict=True)) / owed


def market_spreads(notes: Iterable[Document], scenario: Document, period: Period) -> dict[str, float]:
    """Spreads that the market asks in a payment period: by class name, else by rating, else for all classes.

    Returns
    -------
    dict
        Spreads by note name; nothing for notes for which the scenario says nothing.
    """
    given = scenario.get("market_spreads") or {}
    found = {}
    for note in notes:
        ratings = [f"rating:{rating}" for _, rating in sorted((note.get("rating") or {}).items())]
        key = next((key for key in [note["name"], *ratings, "*"] if key in given), None)
        if key is not None:
            found[note["name"]] = values.at_period(given[key], period)
    return found
