"""What a state says that its deal contradicts: its name, dates off the schedule, deferrals of firm classes."""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from cloche.errors import Problem
from cloche.model import engine, words
from cloche.model.document import canonical_json
from cloche.model.state import DealState
from cloche.model.state_documents import Ruled
from cloche.model.transitions import engine_text

__all__ = ["is_last_date", "misfits"]

_LOGGER = logging.getLogger("cloche")
_EPOCH = dt.date(1970, 1, 1)
_KEPT = 16
_CENT = 0.01
# What the engine does not read of a class that has no such thing.
_UNREAD = (".cost", ".amortization_due")
_Rows = tuple[tuple[str, str, str], ...]


def misfits(
    document: Mapping[str, Any], state: DealState, *, later: Sequence[Ruled] = (), of_run: bool = False
) -> list[Problem]:
    """Return where a state contradicts the document that rules on its payment date.

    Whether its payment date is one, and which names it knows, the engine tells. A determination date off the schedule
    is a warning, and so is a balance of more than a class can have.

    Parameters
    ----------
    document
        Canonical form of the deal.
    state
        Before or after a payment date.
    later
        Documents that resets and amendments have brought in, each with the payment date after which it rules.
    of_run
        A run goes on from the state: what it says of names, classes and fees the engine checks with all else.
    """
    ruled: list[Ruled] = [(None, document), *later]
    # What came in on the date of the state has its names, and rules the next date.
    dated = [(since, each) for since, each in ruled if since is None or since < state.payment_date]
    names = ruled[-1][1]
    found, misplaced = [*_dates(dated[-1], state), *_deferrals(names, state)], list(_misplaced(names, state))
    for problem in _grown(names, state):
        _LOGGER.warning("%s", problem)
    if of_run:
        return [*found, *(problem for problem in misplaced if problem.place.endswith(_UNREAD))]
    return [*_name(names, state), *found, *misplaced]


def is_last_date(document: Mapping[str, Any], state: DealState) -> bool:
    """Tell whether the payment date of a state is the last of a document that rules on it."""
    return max(payment for payment, *_ in _schedule(engine_text(document))) == state.payment_date


def _name(document: Mapping[str, Any], state: DealState) -> Iterator[Problem]:
    named = state.to_canonical().get("deal")
    if named is not None and named != document["name"]:
        yield Problem("state.deal", f"found {named!r}, expected {document['name']!r}, the name of the deal")


def _dates(ruled: Ruled, state: DealState) -> Iterator[Problem]:
    since, document = ruled
    rows = {payment: others for payment, *others in _schedule(_text(document, since))}
    if state.payment_date not in rows:
        return
    previous, determination = rows[state.payment_date]
    if since is not None:
        previous = max(previous, since)
    if state.previous_payment_date != previous:
        first = since is None and previous == document["dates"]["closing"]
        before = "closing" if first else f"the payment date before {state.payment_date}"
        message = f"found {state.previous_payment_date}, expected {previous}, {before}"
        yield Problem("state.previous_payment_date", message)
    if state.determination_date != determination:
        # A trustee may keep other holidays; little depends on the day.
        message = f"found {state.determination_date}, expected {determination}, that of {state.payment_date}"
        _LOGGER.warning("%s", Problem("state.determination_date", message))


def _text(document: Mapping[str, Any], since: str | None) -> str:
    """Return what the engine reads of a document; events of one that came in move no dates."""
    return engine_text(document) if since is None else canonical_json({**document, "events": []})


@lru_cache(maxsize=_KEPT)
def _schedule(text: str) -> _Rows:
    """Return payment date, the one before it or closing, and determination date of each period, as ISO texts."""
    columns = engine.schedule_columns(text)
    names = ("payment_date", "accrual_start", "determination_date")
    rows = zip(*(columns[name] for name in names), strict=True)
    return tuple((_iso(payment), _iso(start), _iso(determined)) for payment, start, determined in rows)


def _iso(days: int) -> str:
    return (_EPOCH + dt.timedelta(days=int(days))).isoformat()


def _deferrals(document: Mapping[str, Any], state: DealState) -> Iterator[Problem]:
    firm = {note["name"] for note in document["notes"] if not note.get("deferrable")}
    for name, note in state.notes.items():
        if name in firm and note.deferred_interest > 0.0:
            message = f"found {words.money(note.deferred_interest)}, expected 0: interest of {name} may not be deferred"
            yield Problem(f"state.notes.{name}.deferred_interest", message)


def _grown(document: Mapping[str, Any], state: DealState) -> Iterator[Problem]:
    """Yield balances above what a class had at closing, or above what is committed to one that is drawn over time."""
    if (document.get("conventions") or {}).get("deferred_form") == "capitalized":
        return
    for note in document["notes"]:
        if note.get("residual") or note["name"] not in state.notes:
            continue
        parts = (note.get("combination_of") or {}).values()
        most = (note.get("commitment") or {}).get("amount") or (
            math.fsum(parts) if parts else note["balance"]
        )
        balance = state.notes[note["name"]].balance
        if balance > most + _CENT:
            message = f"found {words.money(balance)}, above the {words.money(most)} of {note['name']}"
            yield Problem(f"state.notes.{note['name']}.balance", message)


def _misplaced(document: Mapping[str, Any], state: DealState) -> Iterator[Problem]:
    """Yield what a state says of a class or a fee that has no such thing."""
    terms = {note["name"]: note for note in document["notes"]}
    for name, note in state.notes.items():
        if name not in terms:
            continue
        place = f"state.notes.{name}"
        if not terms[name].get("residual"):
            for key, told in (("cost", note.cost is not None), ("distributions", bool(note.distributions))):
                if told:
                    yield Problem(f"{place}.{key}", f"found on {name}, expected it on residual notes alone")
        instalment = note.amortization_due or 0.0
        if instalment > 0.0 and not terms[name].get("amortization"):
            message = f"found {words.money(instalment)}, expected 0: {name} has no amortization"
            yield Problem(f"{place}.amortization_due", message)
    hurdles = [fee["name"] for fee in document.get("fees") or () if fee.get("hurdles")]
    for name, fee in state.fees.items():
        if name in hurdles and fee.due is not None:
            message = "found the amount of a fee that has hurdles, expected no such key"
            yield Problem(f"state.fees.{name}.due", f"{message}: it follows from what equity gets")
