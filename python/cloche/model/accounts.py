"""Accounts beside the collection accounts, and hedges: swaps, caps and floors."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document, problem
from cloche.model.notes import DayCount
from cloche.model.text import Expression, IsoDate, Name, iso_date
from cloche.model.units import BALANCE, Balance, Money, Rate, Spread
from cloche.model.wording import found

__all__ = ["Account", "Hedge", "Leg", "Termination"]


def _earns(value: object) -> object:
    """Read `earns: 0` as nothing."""
    if not isinstance(value, bool) and isinstance(value, numbers.Real) and value == 0:
        return "nothing"
    return value


class Account(Document):
    """Cash that steps put aside: a smoothing account, a reserve.

    Parameters
    ----------
    name
        Name that steps and expressions use; `interest` and `principal` mean the proceeds themselves.
    initial
        Balance at closing, in money.
    target
        What `fund_reserve` fills it up to and `release_reserve` leaves in it, an expression.
    earns
        ``cash``: what principal cash earns; ``nothing`` (or 0).
    proceeds
        What its cash is at the end of the deal, and where `release_reserve` of the receipts waterfall takes it.
    """

    name: Name
    initial: Balance = 0.0
    target: Expression | None = None
    earns: Annotated[Literal["nothing", "cash"], BeforeValidator(_earns)] = "nothing"
    proceeds: Literal["interest", "principal"] = "interest"


class Leg(Document):
    """What one side of a hedge pays: a fixed rate, an index and a spread, or what an index is beyond a strike.

    Parameters
    ----------
    fixed
        Fixed rate a year.
    index, spread
        Name of the index, such as ``sofr_3m``, and the spread over it.
    floor, cap
        Bounds of the index.
    above, below
        Strike of a cap (what the index is above it) or of a floor (what it is below it).
    day_count
        Absent: act/360; 30/360 of a fixed rate.
    """

    fixed: Rate | None = None
    index: Name | None = None
    spread: Spread | None = None
    floor: Spread | None = None
    cap: Rate | None = None
    above: Rate | None = None
    below: Rate | None = None
    day_count: DayCount | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        strikes = sum(strike is not None for strike in (self.above, self.below))
        beside = any(value is not None for value in (self.spread, self.floor, self.cap))
        fixed = self.fixed is not None and self.index is None and not strikes and not beside
        floating = self.fixed is None and self.index is not None and strikes <= 1 and not (strikes and beside)
        if not (fixed or floating):
            message = (
                "found another mixture, expected fixed, index and spread, index and above, or index and below"
            )
            raise ValidationError.from_exception_data("Leg", [problem((), message, stand_in={"fixed": 0.0})])
        return self


class Termination(Document):
    """The end of a hedge and what is paid for it.

    Parameters
    ----------
    date
        The net amount of the first payment date on or after it is the last one.
    amount
        Paid by the issuer on that date; below zero received, as principal proceeds. In money.
    party
        Who is at fault.
    """

    date: IsoDate
    amount: Money
    party: Literal["issuer", "counterparty"] = "issuer"


def _notional(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and value:
        return {iso_date(date): float(BALANCE(amount)) for date, amount in value.items()}
    if not isinstance(value, bool) and isinstance(value, numbers.Real):
        return float(BALANCE(value))
    message = f"found {found(value)}, expected money, money by date, or the name of a note"
    raise PydanticCustomError("notional", "{message}", {"message": message})


_AMOUNT = {"type": "number", "minimum": 0}
Notional = Annotated[
    float | dict[str, float] | str,
    BeforeValidator(_notional),
    WithJsonSchema(
        {"anyOf": [_AMOUNT, {"type": "object", "additionalProperties": _AMOUNT}, {"type": "string"}]}
    ),
]


class Hedge(Document):
    """A swap, a cap or a floor; its net amounts are exchanged on payment dates.

    Parameters
    ----------
    name
        Name that `pay_hedge` uses.
    pay, receive
        What the issuer pays and receives; at least one.
    notional
        Money, money by date (in force for periods that start on it or later), or a note, whose balance it is.
    termination
        Its end before its notional ends.
    """

    name: Name
    pay: Leg | None = None
    receive: Leg | None = None
    notional: Notional
    termination: Termination | None = Field(default=None)

    @model_validator(mode="after")
    def _has_a_leg(self) -> Self:
        if self.pay is None and self.receive is None:
            message = "found neither pay nor receive, expected at least one of them"
            raise ValidationError.from_exception_data("Hedge", [problem((), message)])
        return self
