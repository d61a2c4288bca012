"""A rate a year: an index and a spread, or a fixed rate."""

from __future__ import annotations

from typing import Self

from pydantic import ValidationError, model_validator

from cloche.model.document import Document, problem
from cloche.model.text import Name
from cloche.model.units import Rate, Spread

__all__ = ["FixedOrFloating"]


class FixedOrFloating(Document):
    """An index and a spread, or a fixed rate; decimals a year.

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
            raise ValidationError.from_exception_data(type(self).__name__, [problem((), message)])
        return self
