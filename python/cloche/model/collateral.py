"""How collateral counts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from cloche.model.collateral_limits import ConcentrationLimit, QualityTest
from cloche.model.document import Document
from cloche.model.units import POSITIVE_MONEY, Count, Price, Share
from cloche.model.wording import found

__all__ = ["CccRule", "CollateralRules", "DiscountRule"]


_BASES = ("collateral_principal_amount", "target_par")


def _base(value: object) -> object:
    if isinstance(value, str) and value in _BASES:
        return value
    try:
        return POSITIVE_MONEY(value)
    except PydanticCustomError:
        message = f"found {found(value)}, expected money above 0, {' or '.join(_BASES)}"
        raise PydanticCustomError("base", "{message}", {"message": message}) from None


CccBase = Annotated[
    float | Literal["collateral_principal_amount", "target_par"],
    BeforeValidator(_base),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0.0}, {"enum": list(_BASES)}]}),
]


class CccRule(Document):
    """The CCC/Caa bucket: par above a limit counts at market value.

    Parameters
    ----------
    limit
        Share of the base that is not above it.
    base
        The collateral principal amount (unless stated), the target par, or an amount of money: the largest
        investment of the deal.
    """

    limit: Share
    base: CccBase | None = None


class DiscountRule(Document):
    """What makes a discount obligation, in prices of par.

    Parameters
    ----------
    below
        Bought below this price, a loan counts at its purchase price.
    weak_below
        Threshold of loans rated below B- / B3.
    restore
        Market price from which on it counts at par again.
    days
        Days for which the market price must hold.
    """

    below: Price
    weak_below: Price | None = None
    restore: Price | None = None
    days: Count | None = None


class CollateralRules(Document):
    """How collateral counts in the overcollateralization numerator; its quality and concentration tests."""

    ccc: CccRule | None = None
    discount: DiscountRule | None = None
    defaulted_value: Literal["lesser_of_market_and_recovery", "market", "recovery", "zero"] | None = None
    long_dated_value: Price | None = None
    quality: tuple[QualityTest, ...] = ()
    concentration: tuple[ConcentrationLimit, ...] = ()
