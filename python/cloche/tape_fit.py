"""Whether a tape is one of a deal: what is refused, and what is probably not meant."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

import numpy as np

from cloche.errors import Problem
from cloche.model.deal import Deal
from cloche.tape import LoanPool
from cloche.told_once import is_told

__all__ = ["late", "misfits", "tape_doubts", "warn_of_tape"]

_LOGGER = logging.getLogger("cloche")
_AS_OF = "tape.as_of"
_FAR = 2.0


def misfits(deal: Deal, pool: LoanPool, *, from_closing: bool) -> Iterator[Problem]:
    """Yield why a tape is none of a deal.

    Parameters
    ----------
    deal, pool
        The deal and its loans.
    from_closing
        The run begins at closing, on no state.
    """
    currency = next(filter(None, pool.texts("currency")), deal.currency)
    if currency != deal.currency:
        message = f"found {currency}, expected {deal.currency}, the currency of the deal"
        yield Problem('tape column "currency"', message)
    closing = deal.dates.closing
    if from_closing and pool.as_of.isoformat() < closing:
        expected = f"expected {closing}, or a later day of the first collection period"
        yield Problem(_AS_OF, f"found {pool.as_of}, before closing; {expected}")


def late(deal: Deal, pool: LoanPool) -> Iterator[Problem]:
    """Yield that a tape is too late for a run from closing; a run asks the engine, which says the same.

    Parameters
    ----------
    deal, pool
        The deal and its loans.
    """
    end: dt.date = deal.schedule().column("collection_end").python()[0]
    if pool.as_of >= end:
        message = (
            f"found {pool.as_of}, after the first collection period of the deal (it ends {end}); a run from a later "
            "date needs the deal's state on it"
        )
        yield Problem(_AS_OF, message)


def tape_doubts(deal: Deal, pool: LoanPool) -> list[Problem]:
    """Return what a run from closing computes and probably nobody means.

    A tape of after closing: interest of the notes runs from closing, that of the loans is collected from the as-of
    date on. Par, drawn and undrawn, with cash for the ramp-up, of less than half or more than twice the target par.
    Loans that mature after the stated maturity to which a reset brings it forward.

    Parameters
    ----------
    deal, pool
        The deal and its loans.
    """
    found = []
    closing = deal.dates.closing
    if pool.as_of.isoformat() > closing:
        message = (
            f"found {pool.as_of}, after closing {closing}: the notes accrue interest from closing, collections begin "
            "on the as-of date; a deal that has collected or paid since goes on from a state (state=)"
        )
        found.append(Problem(_AS_OF, message))
    held = pool.par + float(np.nansum(pool.numbers("par_unfunded"))) + deal.closing.ramp_up_cash
    if not deal.target_par / _FAR <= held <= deal.target_par * _FAR:
        message = (
            f"found {held:,.0f} in all, the target par is {deal.target_par:,.0f}: is the tape in thousands, or of "
            "another deal?"
        )
        found.append(Problem('tape column "par"', message))
    return [*found, *_outlasting(deal, pool)]


def _outlasting(deal: Deal, pool: LoanPool) -> Iterator[Problem]:
    """Yield the resets that bring the stated maturity forward, before that of some loans."""
    for k, event in enumerate(deal.events):
        if event.reset is None:
            continue
        last = event.reset.into.dates.stated_maturity
        if last >= deal.dates.stated_maturity:
            continue
        maturities = pool.table.column("maturity").python()
        late = np.array([day.isoformat() > last for day in maturities]) & pool.performing
        if late.any():
            par = pool.numbers("par")[late].sum()
            message = (
                f"found {last}; {late.sum()} loans with {par:,.0f} of par mature later, and are sold by then"
            )
            yield Problem(f"events[{k}].reset.into.dates.stated_maturity", message)


def warn_of_tape(deal: Deal, pool: LoanPool) -> None:
    """Log a warning of each doubt about a tape of a run from closing.

    Parameters
    ----------
    deal, pool
        The deal and its loans.
    """
    if is_told():
        return
    for problem in tape_doubts(deal, pool):
        _LOGGER.warning("%s", problem)
