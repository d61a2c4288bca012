"""A state before a payment date whose collateral is a tape."""

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

__all__ = ["on_tape"]

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_UNFUNDED = re.compile(r"\bunfunded\b")


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
        places = [place for place, text in _expressions(document["waterfalls"], "waterfalls") if _reads(text)]
        if places:
            raise RunError(
                "a payment date from a state does not compute what the deal reads of its tape",
                [(place, "found unfunded, and the tape has undrawn commitments") for place in places],
            )
    told = {**state.to_canonical(), "collateral": figures(pool, document, determination)}
    return canonical_json(told)


def _told_twice(state: DealState) -> Iterator[tuple[str, str]]:
    if state.collateral is not None:
        yield "state.collateral", "found beside a pool; expected one of them: give the figures or the tape"
    if state.pool is not None:
        message = (
            "found what a run has left of its tape, beside a pool; expected a state before a payment date"
        )
        yield "state.pool", f"{message}, such as state.without('pool')"


def _expressions(part: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield the conditions and amounts of a waterfall with their places."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            inner = f"{place}.{key}"
            if key in ("when", "amount") and isinstance(value, str):
                yield inner, value
            else:
                yield from _expressions(value, inner)
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part):
            yield from _expressions(value, f"{place}[{number}]")


def _reads(expression: str) -> bool:
    return _UNFUNDED.search(_QUOTED.sub("", expression)) is not None
