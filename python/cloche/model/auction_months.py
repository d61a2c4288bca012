"""Months of an auction call in which the deal pays nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from cloche.errors import Problem
from cloche.model.deal_document import DealDocument

__all__ = ["auction_months"]

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def auction_months(document: DealDocument, unadjusted: Sequence[dt.date]) -> list[Problem]:
    """Return the months of an auction call that have no payment date: no call is tried in them.

    Parameters
    ----------
    document
        The deal.
    unadjusted
        Payment dates of its schedule before adjustment.
    """
    auction = (document.rights or {}).get("auction_call")
    months = auction.get("months") if isinstance(auction, Mapping) else None
    paying = {day.month for day in unadjusted}
    return [
        Problem(
            f"rights.auction_call.months[{k}]",
            f"no payment date is in {_MONTHS[month - 1]}, so that no call is tried in it",
        )
        for k, month in enumerate(months or ())
        if month not in paying
    ]
