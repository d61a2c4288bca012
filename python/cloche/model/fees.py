"""Fees and expenses: bases, caps, slices, the incentive fee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document, problem
from cloche.model.fixed_or_floating import FixedOrFloating
from cloche.model.notes import DayCount
from cloche.model.text import Name, iso_date
from cloche.model.units import IRR, SHARE, Balance, Count, FeeRate, PositiveMoney, Share
from cloche.model.wording import found

__all__ = ["Fee", "FeeCap", "Hurdle", "Tier", "UnpaidInterest"]


class FeeCap(Document):
    """The part of a fee that is paid at its senior place: ``rate · base · dcf + fixed_per_year · dcf``.

    Parameters
    ----------
    rate
        Rate a year on the fee's base.
    fixed_per_year
        Money a year.
    day_count
        Absent: that of the fee.
    carry_over
        Number of earlier payment dates whose unused cap is added.
    lifted
        State of the deal from which on there is no cap.
    """

    rate: FeeRate = 0.0
    fixed_per_year: Balance = 0.0
    day_count: DayCount | None = None
    carry_over: Count = 0
    lifted: Literal["liquidated", "accelerated"] | None = None


class Hurdle(Document):
    """A share of the residual above a rate of return of the residual notes; without `irr` of all of it."""

    irr: IRR | None = None
    share: Share


class Tier(Document):
    """A slice of the base, up to an amount of money, with its own rate a year; no `up_to` is the rest."""

    up_to: PositiveMoney | None = None
    rate: FeeRate


class UnpaidInterest(FixedOrFloating):
    """Interest on an unpaid fee."""


def _unpaid_interest(value: object) -> object:
    if value == "none" or isinstance(value, UnpaidInterest):
        return value
    if isinstance(value, Mapping):
        return UnpaidInterest.model_validate(value)
    message = f"found {found(value)}, expected 'none' or a mapping with index and spread, or fixed"
    raise PydanticCustomError("unpaid_interest", "{message}", {"message": message})


def _share_by_date(value: object) -> object:
    if isinstance(value, Mapping):
        return {iso_date(date): SHARE(share) for date, share in value.items()}
    return SHARE(value)


_SHARE_SCHEMA = {"type": "number", "minimum": 0, "maximum": 1}
ShareByDate = Annotated[
    float | dict[str, float],
    BeforeValidator(_share_by_date),
    WithJsonSchema({"anyOf": [_SHARE_SCHEMA, {"type": "object", "additionalProperties": _SHARE_SCHEMA}]}),
]


class Fee(Document):
    """A fee or an expense.

    Parameters
    ----------
    name
        Name that steps use.
    amount_per_period
        Money on each payment date.
    rate
        Rate a year on `base`.
    fixed_per_year
        Money a year, over the accrual period.
    base
        ``fee_basis``, ``performing_par``, ``collateral_principal_amount``, or the name of a note.
    base_date
        When the base is measured.
    day_count
        Absent: act/360.
    cap
        What is paid at the senior place.
    unpaid_interest
        Interest on what is unpaid.
    hurdles
        Shares of the residual of an incentive fee.
    tiers
        Rates by slice of the base.
    waived
        Share of each date's amount that is never due; or shares by date, for periods that start on it or later.
    deferred
        Share of each date's amount (what is waived apart) that is due from the next date on; or shares by date.
    """

    name: Name
    amount_per_period: Balance | None = None
    rate: FeeRate | None = None
    fixed_per_year: Balance | None = None
    base: Name | None = None
    base_date: Literal["period_start", "period_end", "average"] | None = None
    day_count: DayCount | None = None
    cap: FeeCap | None = None
    unpaid_interest: Annotated[Literal["none"] | UnpaidInterest, BeforeValidator(_unpaid_interest)] | None = (
        None
    )
    hurdles: tuple[Hurdle, ...] = ()
    tiers: tuple[Tier, ...] = ()
    waived: ShareByDate | None = None
    deferred: ShareByDate | None = None

    @model_validator(mode="after")
    def _has_an_amount(self) -> Self:
        amounts = (self.amount_per_period, self.rate, self.fixed_per_year)
        if not self.hurdles and not self.tiers and all(amount is None for amount in amounts):
            message = "found no amount, expected amount_per_period, rate, fixed_per_year, tiers or hurdles"
            raise ValidationError.from_exception_data("Fee", [problem((), message)])
        return self
