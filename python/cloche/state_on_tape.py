"""A state before a payment date whose collateral is a tape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from cloche.errors import DealError, TapeError
from cloche.model.document import canonical_json
from cloche.model.state import DealState
from cloche.tape import LoanPool
from cloche.tape.figures import figures
from cloche.tape.shares import semiannual_share, undrawn

__all__ = ["on_tape"]


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
    told = state.to_canonical()
    readings = {"unfunded": undrawn(pool), "semiannual_share": semiannual_share(pool, document)}
    told["readings"] = readings | (told.get("readings") or {})
    return canonical_json({**told, "collateral": figures(pool, document, determination)})


def _told_twice(state: DealState) -> Iterator[tuple[str, str]]:
    if state.collateral is not None:
        yield "state.collateral", "found beside a pool; expected one of them: give the figures or the tape"
    if state.pool is not None:
        message = (
            "found what a run has left of its tape, beside a pool; expected a state before a payment date"
        )
        yield "state.pool", f"{message}, such as state.without('pool')"
