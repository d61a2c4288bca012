"""Events whose date is none of the schedule, and that so act on the payment date after it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from cloche.errors import Problem
from cloche.model.deal_document import DealDocument

__all__ = ["late_events"]

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def late_events(
    document: DealDocument, unadjusted: Sequence[dt.date], adjusted: Sequence[dt.date]
) -> Iterator[Problem]:
    """Yield the events that say the day of a payment and act a period later, or a day on which nothing is paid.

    An event acts on the first payment date whose date in the schedule, before it is adjusted, is not before its own. A
    call acts on its own day.

    Parameters
    ----------
    document
        The deal.
    unadjusted, adjusted
        Payment dates of its schedule.
    """
    paid = {paid.isoformat(): k for k, paid in enumerate(adjusted)}
    for k, event in enumerate(document.events):
        said = event.date or ""
        next_one = next(
            (day for day, term in zip(adjusted, unadjusted, strict=True) if term.isoformat() >= said), None
        )
        if event.call is not None or not _ISO.fullmatch(said) or next_one is None:
            continue
        if any(said == term.isoformat() for term in unadjusted):
            continue
        message = f"{said} is no payment date, so that the event acts on {next_one}, the one that follows"
        if (period := paid.get(said)) is not None:
            message = (
                f"{said} is the payment date of {unadjusted[period]} as adjusted, so that the event acts on "
                f"{next_one}; write {unadjusted[period]} for the date itself"
            )
        yield Problem(f"events[{k}].date", message)
