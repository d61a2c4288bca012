"""Notes that events bring in, and new spreads."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document
from cloche.model.make_whole import MakeWhole
from cloche.model.note_ratings import NoteRatings
from cloche.model.notes import Amortization, Coupon, fold_rank
from cloche.model.text import NOT_EMPTY, Flag, Name
from cloche.model.units import BALANCE, Balance, Count, Price, Spread
from cloche.model.wording import found

__all__ = ["Issue", "Refinancing", "Repricing", "Repricings", "Successor"]


def _balance(value: object) -> object:
    if isinstance(value, str) and value.strip() == "outstanding":
        return "outstanding"
    try:
        return BALANCE(value)
    except PydanticCustomError:
        message = f"found {found(value)}, expected an amount of money, or outstanding"
        raise PydanticCustomError("balance", "{message}", {"message": message, "stand_in": 1.0}) from None


IssuedBalance = Annotated[
    float | Literal["outstanding"],
    BeforeValidator(_balance),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"const": "outstanding"}]}),
]


class Successor(Document):
    """A note that an event brings in; what it leaves out is as in the class that it replaces or joins.

    Parameters
    ----------
    name
        Name that results use; steps and tests pay it wherever they name its class.
    balance
        Money, or ``outstanding``: what the class is owed on the date, less the other balances.
    rank, interest_rank, principal_rank, coupon, deferrable, amortization, rating, id
        As of any note.
    issue_price
        Price at its issue; 1 is par.
    make_whole
        As of any note; absent: none, whatever its class has.
    """

    name: Name
    balance: IssuedBalance
    rank: Annotated[Count | None, Field(exclude=True)] = None
    interest_rank: Count | None = None
    principal_rank: Count | None = None
    coupon: Coupon | None = None
    deferrable: Flag | None = None
    amortization: Amortization | None = None
    rating: NoteRatings | None = None
    id: dict[Name, Name] = Field(default_factory=dict)
    issue_price: Price = 1.0
    make_whole: MakeWhole | None = None

    @model_validator(mode="after")
    def _fold_rank(self) -> Self:
        problems = fold_rank(self)
        if problems:
            raise ValidationError.from_exception_data("Successor", problems)
        return self


class Refinancing(Document):
    """What replaces a class.

    Parameters
    ----------
    into
        Its successors: their proceeds redeem the class at par after the waterfalls of the date.
    """

    into: Annotated[tuple[Successor, ...], NOT_EMPTY]


class Repricing(Document):
    """A new spread of a class."""

    spread: Spread


class Issue(Document):
    """Notes that join classes, and what equity adds; what they bring is principal.

    Parameters
    ----------
    notes
        Notes by the class that each joins, pari passu with it.
    equity
        Money that the first residual note contributes.
    """

    notes: dict[Name, Successor] = Field(default_factory=dict)
    equity: Balance = 0.0


def _spread(value: object) -> object:
    """Return the long form of a spread that is written alone."""
    written_alone = isinstance(value, str | numbers.Real)
    return {"spread": value} if written_alone else value


def _repricings(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _spread(terms) for name, terms in value.items()}
    return value


Repricings = Annotated[dict[Name, Repricing], BeforeValidator(_repricings)]
