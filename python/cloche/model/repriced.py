"""Spreads that re-pricings of the past have left to the classes of a state."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cloche.errors import Problem
from cloche.model import engine
from cloche.model.state import DealState
from cloche.model.transitions import engine_text

__all__ = ["repriced_coupons"]

_PLACE = re.compile(r"events\[(\d+)\]")
_EPOCH = dt.date(1970, 1, 1)
Coupon = Mapping[str, Any]


def repriced_coupons(
    document: Mapping[str, Any], state: DealState
) -> tuple[dict[str, Coupon], list[Problem]]:
    """Return the coupons of the classes that a state has re-priced, and what the deal does not tell of them.

    The new spread holds instead of the old one and of dated steps that have begun; a step that begins with the accrual
    period of the date ends it, unless the re-pricing was on the last payment date.

    Parameters
    ----------
    document
        Canonical form of the deal.
    state
        Before a payment date.

    Examples
    --------
    >>> coupon = {"index": "sofr_3m", "spread": 0.0175}
    >>> event = {"date": "2027-04-20", "reprice": {"B": {"spread": 0.015}}}
    >>> document = {"notes": [{"name": "B", "coupon": coupon}], "events": [event]}
    >>> dates = {"payment_date": "2027-07-20", "previous_payment_date": "2027-04-20"}
    >>> owed = {"B": {"balance": 60e6, "repriced": {"event": "events[0]"}}}
    >>> state = {"cloche_state": 1, **dates, "determination_date": "2027-07-08", "collected": {}, "notes": owed}
    >>> repriced_coupons(document, DealState.from_dict(state))
    ({'B': {'index': 'sofr_3m', 'spread': 0.015}}, [])
    """
    coupons: dict[str, Coupon] = {}
    problems: list[Problem] = []
    terms = {note["name"]: note for note in document["notes"]}
    for name, note in state.notes.items():
        if note.repriced is None:
            continue
        event = _event(document.get("events") or (), note.repriced.event)
        spread = _spread(event, name)
        if spread is None or name not in terms:
            message = (
                f"found {note.repriced.event}, expected a re-pricing of {name} among the events of the deal"
            )
            problems.append(Problem(f"state.notes.{name}.repriced", message))
            continue
        coupon = {**terms[name]["coupon"], "spread": spread}
        if coupon.get("step_up"):
            over = _over(document, state, on_last_date=note.repriced.on_this_date)
            coupon["step_up"] = [
                step for step in coupon["step_up"] if step.get("from") is None or step["from"] > over
            ]
        coupons[name] = coupon
    return coupons, problems


def _event(events: Sequence[Mapping[str, Any]], place: str) -> Mapping[str, Any] | None:
    found = _PLACE.fullmatch(place)
    return events[int(found[1])] if found is not None and int(found[1]) < len(events) else None


def _spread(event: Mapping[str, Any] | None, name: str) -> float | None:
    terms = (event or {}).get("reprice", {}).get(name)
    spread: float | None = terms["spread"] if isinstance(terms, Mapping) else terms
    return spread


def _over(document: Mapping[str, Any], state: DealState, *, on_last_date: bool) -> str:
    """Return the day up to which steps are over: the start of the period before, or of the one that ends now."""
    columns = engine.schedule_columns(engine_text(document))
    scheduled = [_iso(day) for day in columns["unadjusted_date"]]
    here = next((k for k, day in enumerate(columns["payment_date"]) if _iso(day) == state.payment_date), 0)
    starts = [document["dates"]["closing"], *scheduled]
    last: str = starts[here] if on_last_date else starts[max(0, here - 1)]
    return last


def _iso(days: int) -> str:
    return (_EPOCH + dt.timedelta(days=int(days))).isoformat()
