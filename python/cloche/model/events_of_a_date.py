"""Events of a deal that act on one payment date, which a payment date from a state does not carry out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from cloche.errors import Problem
from cloche.model import engine
from cloche.model.event_dates import event_date
from cloche.model.state import DealState
from cloche.model.transitions import engine_text

__all__ = ["events_of_a_date"]

_KINDS = ("call", "refinance", "reprice", "reset", "issue", "special_redemption", "confirm_ratings")
_EPOCH = dt.date(1970, 1, 1)


def events_of_a_date(document: Mapping[str, Any], state: DealState) -> Iterator[Problem]:
    """Yield the dated events that act on the payment date of a state.

    An amendment rules from the next date on, and a call is the status of the date: neither is among them, the call only
    where the state is normal. Whether a condition holds is not asked.

    Parameters
    ----------
    document
        Canonical deal document in force on the date.
    state
        Before the date.
    """
    dated = [
        (k, event) for k, event in enumerate(document.get("events") or ()) if event.get("date") is not None
    ]
    if not dated:
        return
    columns = engine.schedule_columns(engine_text(document))
    scheduled = [_EPOCH + dt.timedelta(days=int(day)) for day in columns["unadjusted_date"]]
    paid = [_EPOCH + dt.timedelta(days=int(day)) for day in columns["payment_date"]]
    here = next((k for k, day in enumerate(paid) if day.isoformat() == state.payment_date), None)
    if here is None:
        return
    for k, event in dated:
        when = event_date(event["date"], document["dates"])
        kind = next((kind for kind in _KINDS if event.get(kind) is not None), None)
        happens = when is not None and when <= scheduled[here] and (here == 0 or when > scheduled[here - 1])
        if happens and kind is not None and not (kind == "call" and state.status != "normal"):
            redeemed = "; a call is a state with status: redemption" if kind == "call" else ""
            message = f"acts on {state.payment_date}, and one payment date from a state does not carry it out{redeemed}"
            yield Problem(f"events[{k}].{kind}", message)
