"""Classes that are drawn over time: delayed draw notes and liquidity facilities."""

from collections.abc import Mapping
from typing import Any

from cloche.testing.reference.claims import shortfalls
from cloche.testing.reference.dates import Period, parse_date
from cloche.testing.reference.proceeds import Proceeds, Step

Terms = Mapping[str, Any]


def undrawn(terms: Terms, balance: float, drawn: float) -> float:
    """What may still be drawn under a commitment that has not ended, in currency units.

    Parameters
    ----------
    terms
        The note of a canonical deal document, with a commitment.
    balance
        Balance now; a revolving commitment can be drawn again after it was repaid.
    drawn
        All draws since closing.

    Examples
    --------
    >>> facility = {"balance": 10.0, "commitment": {"amount": 30.0}}
    >>> undrawn(facility, 4.0, 5.0)
    15.0
    """
    commitment = terms["commitment"]
    used = balance if commitment.get("revolving") else (terms.get("balance") or 0.0) + drawn
    return max(0.0, float(commitment["amount"] - used))


def ended(terms: Terms, day: Any) -> bool:
    """Whether the commitment has ended by an unadjusted date."""
    until = terms["commitment"].get("until")
    return until is not None and day >= parse_date(until)


def available_draw(terms: Terms, period: Period, balance: float, drawn: float) -> float:
    """What may be drawn on a payment date: nothing without a commitment or from its end on."""
    if not terms.get("commitment") or ended(terms, period.unadjusted_end):
        return 0.0
    return undrawn(terms, balance, drawn)


def revolves(terms: Terms, period: Period) -> bool:
    """Whether what is repaid on a payment date may be drawn again."""
    commitment = terms.get("commitment") or {}
    return bool(commitment.get("revolving")) and not ended(terms, period.unadjusted_end)


def commitment_fee(terms: Terms, period: Period, balance: float, drawn: float) -> float:
    """Fee a year on what is undrawn at the opening of a date; none for a period that starts after the commitment."""
    if not terms.get("commitment") or ended(terms, period.unadjusted_start):
        return 0.0
    return undrawn(terms, balance, drawn) * float(terms["commitment"].get("fee") or 0.0)


def scheduled_draw(terms: Terms, period: Period, balance: float, drawn: float) -> float:
    """Draws whose payment date this is: the first whose unadjusted date is on or after theirs."""
    if not terms.get("commitment"):
        return 0.0
    due = sum(
        amount
        for text, amount in (terms["commitment"].get("draws") or {}).items()
        if (period.number == 1 or period.unadjusted_start < parse_date(text))
        and parse_date(text) <= period.unadjusted_end
    )
    return min(float(due), available_draw(terms, period, balance, drawn))


def draw(cash: Proceeds, step: Step) -> None:
    """Pay with money drawn what is unpaid of the interest waterfall up to a class; the balance rises by it."""
    day = cash.day
    note = day.notes[step["note"]]
    drawing = Proceeds(day, cash.name)
    drawing.source = "draw"
    allowed = cash.amount(step, note.undrawn)
    by_amount = allowed < note.undrawn or allowed == 0
    drawing.lacking = "limited by its amount" if by_amount else "commitment used up"
    drawing.available = min(note.undrawn, allowed)
    before = drawing.available
    groups = shortfalls(cash, step)
    if any(groups):
        drawing.pay({**step, "amount": None}, groups)
    note.draw(before - drawing.available)
