"""A state before a payment date whose collateral is a tape, and what a payment date cannot know of its collateral."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cloche.errors import DealError, RunError, TapeError
from cloche.model.document import canonical_json
from cloche.model.state import DealState
from cloche.tape import LoanPool
from cloche.tape.figures import figures

__all__ = ["check_figures", "on_tape"]

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_UNFUNDED = re.compile(r"\bunfunded\b")
_AMOUNTS = {"when": None, "amount": None, "up_to": "fund_reserve", "above": "release_reserve"}
"""Keys of a step that hold an expression, and the verb that reads the target of its account in their place."""


def on_tape(document: Mapping[str, Any], state: DealState, pool: LoanPool) -> str:
    """Return the text of a state that the engine reads, with the figures of a tape.

    Parameters
    ----------
    document
        Canonical deal document in force on the date.
    state
        The state without collateral.
    pool
        The collateral.

    Raises
    ------
    DealError
        If the state tells its collateral, too.
    TapeError
        If the tape is of a wrong date, or does not tell the figures.
    RunError
        If a waterfall reads what the figures of a date do not tell.
    """
    if state.collateral is not None or state.pool is not None:
        raise DealError("the collateral of the date is told twice", _told_twice(state))
    determination = dt.date.fromisoformat(state.determination_date)
    payment = dt.date.fromisoformat(state.payment_date)
    if not determination <= pool.as_of <= payment:
        message = (
            f"found {pool.as_of}, expected the determination date {determination}, or a later day up to the payment "
            f"date {payment}: what was collected before it is cash of the state"
        )
        raise TapeError("the tape does not fit the state", [("tape.as_of", message)])
    if float(pool.principal_balance.sum()) > float(pool.numbers("par")[pool.performing].sum()):
        _refuse_unfunded(document, "and the tape has undrawn commitments")
    told = {**state.to_canonical(), "collateral": figures(pool, document, determination)}
    return canonical_json(told)


def check_figures(document: Mapping[str, Any]) -> None:
    """Refuse a deal that reads of its collateral what the figures of a state do not tell.

    Raises
    ------
    RunError
        With the place of each step.
    """
    _refuse_unfunded(document, "which the figures of a state do not tell; expected a tape")


def _refuse_unfunded(document: Mapping[str, Any], why: str) -> None:
    targets = {account["name"]: account.get("target") for account in document.get("accounts", ())}
    read = _expressions(document["waterfalls"], "waterfalls", targets)
    places = [place for place, text in read if _reads(text)]
    if places:
        raise RunError(
            "a payment date from a state does not compute what the deal reads of its collateral",
            [(place, f"found unfunded, {why}") for place in places],
        )


def _told_twice(state: DealState) -> Iterator[tuple[str, str]]:
    if state.collateral is not None:
        yield "state.collateral", "found beside a pool; expected one of them: give the figures or the tape"
    if state.pool is not None:
        message = (
            "found what a run has left of its tape, beside a pool; expected a state before a payment date"
        )
        yield "state.pool", f"{message}, such as state.without('pool')"


def _expressions(part: object, place: str, targets: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the conditions and amounts of a waterfall with their places; targets of the accounts that it moves too."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key not in _AMOUNTS:
                yield from _expressions(value, f"{place}.{key}", targets)
            elif isinstance(value, str):
                yield f"{place}.{key}", value
        for key, verb in _AMOUNTS.items():
            target = targets.get(part.get("account", ""))
            if (
                verb is not None
                and part.get("verb") == verb
                and part.get(key) is None
                and isinstance(target, str)
            ):
                yield f"{place}.{verb}", target
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part):
            yield from _expressions(value, f"{place}[{number}]", targets)


def _reads(expression: str) -> bool:
    return _UNFUNDED.search(_QUOTED.sub("", expression)) is not None
