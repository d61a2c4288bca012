"""Events: calls, refinancings, resets and what else happens to a deal, each on a date or under a condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document, problem
from cloche.model.event_dates import EventDate
from cloche.model.resets import Reset
from cloche.model.successors import Issue, Refinancing, Repricings
from cloche.model.text import Entry, Expression, Flag, Name
from cloche.model.units import PRICE, Balance, PositiveMoney, Share

__all__ = ["Call", "Event", "EventCost", "SpecialRedemption"]

_ONCE = {"reset": "a reset", "amend": "an amendment"}
_KINDS = (
    "call", "refinance", "reprice", "reset", "amend", "issue", "special_redemption", "confirm_ratings",
)  # fmt: skip


def _price(value: object) -> object:
    return value if value == "market" else PRICE(value)


def _not_empty(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if not value:
        message = "found an empty mapping, expected keys of the document and what they become"
        raise PydanticCustomError("empty", "{message}", {"message": message, "stand_in": {"conventions": {}}})
    return value


SalePrice = Annotated[float | Literal["market"], BeforeValidator(_price)]
Amendment = Annotated[Entry, AfterValidator(_not_empty)]


class EventCost(Document):
    """What an event costs: a share of a base, and money.

    Parameters
    ----------
    rate, of
        Share of ``performing_par`` (what a call sells) or of ``refinanced_balance``.
    fixed
        Money.
    paid_from
        Who pays: ``interest`` ahead of the residual notes, the unpaid rest on later dates; ``equity``, a negative
        flow of the first residual note; ``proceeds`` of the new notes. A call pays from its proceeds.
    """

    rate: Share = 0.0
    of: Literal["performing_par", "refinanced_balance"] | None = None
    fixed: Balance = 0.0
    paid_from: Literal["interest", "equity", "proceeds"] | None = None


class Call(Document):
    """An optional redemption: all collateral is sold and every class is paid in full.

    Parameters
    ----------
    price
        Price of performing par, or ``market``: each asset at its own; absent: the scenario's liquidation
        price. Defaulted par goes at its recovery rate.
    if_infeasible
        Where the proceeds do not cover what a redemption must pay: ``withdraw`` the call, or ``retry`` it on
        the next payment dates.

    A call dated on a business day between payment dates redeems the deal on that day.
    """

    price: SalePrice | None = None
    if_infeasible: Literal["withdraw", "retry"] | None = None


class SpecialRedemption(Document):
    """Principal that the manager certifies it cannot invest: it pays the notes in their sequence.

    Parameters
    ----------
    amount, share
        Money, or a share of the principal proceeds of the date.
    ends_reinvestment
        Whether the date is the first after the reinvestment period.
    """

    amount: PositiveMoney | None = None
    share: Share | None = None
    ends_reinvestment: Flag = False

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.amount is None) == (self.share is None):
            message = "found neither or both of amount and share, expected one of them"
            raise ValidationError.from_exception_data("SpecialRedemption", [problem((), message)])
        return self


class Event(Document):
    """What happens, and when.

    Parameters
    ----------
    date
        ISO date, or a date of the deal moved by months or years (``rp_end + 12M``): the event acts on the
        first payment date whose schedule date is not before it.
    when, from, until
        Condition, looked at on every payment date of the window, by each path.
    repeat
        Whether the event may act again.
    label
        What people call it; `describe` uses it.
    cost
        What it costs.
    call
        The exercise of an optional redemption.
    refinance
        What replaces classes: ``{A: {into: [{name: A-R, balance: outstanding, coupon: …}]}}``.
    reprice
        New spreads of classes, from the accrual period that starts on the payment date: ``{A: 105bp}``.
    issue
        Notes that join classes, and money that equity adds.
    reset
        A second deal document: rated classes are redeemed, those of the document issued, and it rules from then on.
    amend
        New terms of the document from the next period on, by key as in `Deal.replace`, mappings merged key by key:
        ``{"tests.E OC.trigger": 1.045, dates: {reinvestment_end: 2031-04-20}}``; null takes away.
    special_redemption
        Principal that cannot be invested and pays the notes before purchases: ``{share: 0.5}``.
    confirm_ratings
        True: the agencies confirm their ratings, which ends the deal's test of kind ``target_par``.
    """

    date: EventDate | None = None
    when: Expression | None = None
    from_: EventDate | None = Field(default=None, alias="from")
    until: EventDate | None = None
    repeat: Flag = False
    label: Name | None = None
    cost: EventCost | None = None
    call: Call | None = None
    refinance: dict[Name, Refinancing] | None = None
    reprice: Repricings | None = None
    reset: Reset | None = None
    amend: Amendment | None = None
    issue: Issue | None = None
    special_redemption: SpecialRedemption | None = None
    confirm_ratings: Flag | None = None

    @model_validator(mode="after")
    def _one_event(self) -> Self:
        named = [kind for kind in _KINDS if getattr(self, kind) is not None]
        problems = []
        if len(named) != 1:
            said = " and ".join(named) or "no event"
            problems.append(problem((), f"found {said}, expected one of {', '.join(_KINDS)}"))
        if (self.date is None) == (self.when is None):
            problems.append(problem((), "found neither or both of date and when, expected one of them"))
        problems += [
            problem(("repeat",), f"found true, expected false: {called} acts once", value=True)
            for kind, called in _ONCE.items()
            if self.repeat and kind in named
        ]
        if problems:
            raise ValidationError.from_exception_data("Event", problems)
        return self
