"""How collateral counts, and what may be bought."""

from __future__ import annotations

from typing import Literal

from cloche.model.document import Document
from cloche.model.text import Entry, Name
from cloche.model.units import Count, Price, Share

__all__ = ["CccRule", "CollateralRules", "DefaultEvents", "DiscountRule", "ReinvestmentRules"]


class CccRule(Document):
    """The CCC/Caa bucket: par above `limit` (a share of `base`) counts at market value."""

    limit: Share
    base: Literal["collateral_principal_amount", "target_par"] | None = None


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
    quality: tuple[Entry, ...] = ()
    concentration: tuple[Entry, ...] = ()


class ReinvestmentRules(Document):
    """What must hold for a purchase during and after the reinvestment period."""

    during: tuple[Name, ...] = ()
    after: Entry | None = None
    max_maturity: Name | None = None


class DefaultEvents(Document):
    """Events of default: what causes one, and what follows.

    Parameters
    ----------
    causes
        ``senior_interest``, ``par_ratio``, ``maturity``.
    accelerate
        Whether an event accelerates the notes; ``never``: it is recorded and changes no payment.
    liquidate, rescind
        When collateral is liquidated, when an acceleration is rescinded.
    grace_days
        Days for which interest may stay unpaid.
    """

    causes: tuple[Literal["senior_interest", "par_ratio", "maturity"], ...] = ()
    accelerate: Literal["automatic", "never"] | None = None
    liquidate: Name | None = None
    rescind: Name | None = None
    grace_days: Count | None = None
