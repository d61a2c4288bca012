"""A state after its payment date, given where the state before one is needed."""

from __future__ import annotations

from cloche.errors import Problem
from cloche.model.state import DealState

__all__ = ["paid_already"]


def paid_already(state: DealState) -> list[Problem]:
    """Return what tells that the payment date of a state has passed: a class has its distribution of that date.

    Parameters
    ----------
    state
        What a payment date is to start from.
    """
    paid = [
        name
        for name, note in state.notes.items()
        if any(date == state.payment_date for date, _ in note.distributions)
    ]
    if not paid:
        return []
    message = (
        f"found {state.payment_date}, on which {paid[0]} has been paid: it is the state after that date; "
        "expected the state before the next one: its dates, fixings, what was collected and the collateral"
    )
    return [Problem("state.payment_date", message)]
