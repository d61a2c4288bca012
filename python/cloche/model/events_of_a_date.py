"""Events of a deal that a payment date from a state does not know, or does not carry out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from cloche.errors import Problem
from cloche.model import engine
from cloche.model.event_dates import event_date
from cloche.model.state import DealState
from cloche.model.state_documents import event_at
from cloche.model.transitions import engine_text

__all__ = ["events_of_a_date", "unknown_documents"]

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
    scheduled, paid = _schedule(document)
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


def unknown_documents(document: Mapping[str, Any], state: DealState) -> Iterator[Problem]:
    """Yield what a state has of documents that are not those of dated resets and amendments of the deal.

    Parameters
    ----------
    document
        Canonical form of the deal.
    state
        Before the date.
    """
    told = state.to_canonical()["documents"]
    if not told:
        return
    scheduled, paid = _schedule(document)
    for k, each in enumerate(told):
        event = event_at({"events": document.get("events") or ()}, each["event"])
        place = f"state.documents[{k}]"
        if event is None or event.get("date") is None:
            message = f"found {each['event']}, expected a dated reset or amendment of the deal"
            yield Problem(place, f"{message}: one payment date from a state knows no other")
        elif k == 0:
            # Later ones act on the payment dates of the document before.
            when = event_date(event["date"], document["dates"])
            on = next(
                (p for day, p in zip(scheduled, paid, strict=True) if when is not None and day >= when), None
            )
            if on is None or on.isoformat() != each["on"]:
                yield Problem(
                    f"{place}.on", f"found {each['on']}, expected {on}, on which {each['event']} acts"
                )


def _schedule(document: Mapping[str, Any]) -> tuple[list[dt.date], list[dt.date]]:
    """Return schedule dates and payment dates."""
    columns = engine.schedule_columns(engine_text(document))
    scheduled, paid = (
        [_EPOCH + dt.timedelta(days=int(day)) for day in columns[name]]
        for name in ("unadjusted_date", "payment_date")
    )
    return scheduled, paid
