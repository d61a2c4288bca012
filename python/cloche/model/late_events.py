"""Events that are dated on an adjusted payment date, and so act on the payment date after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from cloche.errors import Problem
from cloche.model.deal_document import DealDocument

__all__ = ["late_events"]


def late_events(
    document: DealDocument, unadjusted: Sequence[dt.date], adjusted: Sequence[dt.date]
) -> Iterator[Problem]:
    """Yield the events that say the day of a payment and act a period later.

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
        period = paid.get(event.date or "")
        if (
            event.call is not None
            or period is None
            or adjusted[period] <= unadjusted[period]
            or period + 1 == len(adjusted)
        ):
            continue
        message = (
            f"{event.date} is the payment date of {unadjusted[period]} as adjusted, so that the event acts on "
            f"{adjusted[period + 1]}; write {unadjusted[period]} for the date itself"
        )
        yield Problem(f"events[{k}].date", message)
