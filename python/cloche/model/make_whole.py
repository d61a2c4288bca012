"""What a class is paid beside what it is owed when it is redeemed early."""

from __future__ import annotations

from typing import Self

from pydantic import ValidationError, model_validator

from cloche.model.document import Document, problem
from cloche.model.event_dates import EventDate
from cloche.model.text import Name
from cloche.model.units import Rate, Spread

__all__ = ["Discount", "MakeWhole"]


class Discount(Document):
    """Rates a year at which lost interest is discounted: an index and a spread, or a fixed rate.

    Parameters
    ----------
    index, spread
        Index, of which each period has its fixing, and spread over it; without `spread` the index alone.
    fixed
        Fixed rate, instead of index and spread.
    """

    index: Name | None = None
    spread: Spread | None = None
    fixed: Rate | None = None

    @model_validator(mode="after")
    def _floating_or_fixed(self) -> Self:
        if (self.fixed is None) == (self.index is None) or (
            self.fixed is not None and self.spread is not None
        ):
            message = (
                "found neither or both of a floating and a fixed rate, expected index and spread, or fixed"
            )
            raise ValidationError.from_exception_data("Discount", [problem((), message)])
        return self


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
