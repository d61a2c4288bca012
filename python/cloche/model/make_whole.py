"""What a class is paid beside what it is owed when it is redeemed early."""

from __future__ import annotations

from cloche.model.document import Document
from cloche.model.event_dates import EventDate
from cloche.model.fixed_or_floating import FixedOrFloating

__all__ = ["Discount", "MakeWhole"]


class Discount(FixedOrFloating):
    """Rates a year at which lost interest is discounted."""


class MakeWhole(Document):
    """The premium of a class that a call, a refinancing or a reset redeems before a date.

    On its balance, what its coupons up to that date and the balance on it are worth more than the balance; 0 or more.

    Parameters
    ----------
    until
        ISO date, or a date of the deal moved by months or years (``nc_end + 12M``): the first payment date whose
        schedule date is not before it is the first without a premium.
    discount
        At which rates: ``{fixed: 4.5%}`` or ``{index: sofr_3m, spread: 50bp}``.
    """

    until: EventDate
    discount: Discount
