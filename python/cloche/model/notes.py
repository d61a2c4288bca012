"""Classes of notes: balance, ranks, coupon."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from cloche.model.document import Document, problem
from cloche.model.make_whole import MakeWhole
from cloche.model.note_ratings import NoteRatings
from cloche.model.text import Expression, Flag, IsoDate, Name
from cloche.model.units import Balance, Count, Floor, Positive, PositiveMoney, Price, Rate, Spread

__all__ = ["Amortization", "Commitment", "Coupon", "DayCount", "Note", "StepUp", "fold_rank"]

DayCount = Literal["act/360", "act/365", "act/act", "30/360", "30e/360"]


class StepUp(Document):
    """A new spread or fixed rate from a date on, or under a condition.

    Parameters
    ----------
    from
        Date from which on accrual periods begin with it.
    when
        Condition, asked on each payment date on the figures of the determination date: where it holds, the accrual
        period that begins on the date has the new rate.
    lasting
        Whether it is for good once the condition has held.
    spread, fixed
        The new rate a year.
    """

    from_: IsoDate | None = Field(default=None, alias="from")
    when: Expression | None = None
    lasting: Flag = False
    spread: Spread | None = None
    fixed: Rate | None = None

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        problems = []
        if (self.spread is None) == (self.fixed is None):
            problems.append(problem((), "found a step without one new rate, expected either spread or fixed"))
        if (self.from_ is None) == (self.when is None):
            problems.append(problem((), "found neither or both of from and when, expected one of them"))
        elif self.lasting and self.when is None:
            problems.append(problem(("lasting",), "found true beside from, expected it beside when"))
        if problems:
            raise ValidationError.from_exception_data("StepUp", problems)
        return self


class Coupon(Document):
    """What a note pays: an index and a spread, or a fixed rate; rates a year.

    Parameters
    ----------
    index
        Name of the index, such as ``sofr_3m``.
    spread
        Spread over the index.
    fixed
        Fixed rate, instead of index and spread.
    floor, cap
        Bounds of the index (`floor`; zero unless stated), not of the whole rate.
    day_count
        Absent: act/360 floating, 30/360 fixed.
    step_up
        Other spreads or fixed rates: from dates on, or while conditions hold, of which the last of the list counts.
    """

    index: Name | None = None
    spread: Spread | None = None
    fixed: Rate | None = None
    floor: Floor | None = None
    cap: Rate | None = None
    day_count: DayCount | None = None
    step_up: tuple[StepUp, ...] = ()

    @model_validator(mode="after")
    def _floating_or_fixed(self) -> Self:
        problems: list[InitErrorDetails] = []
        if self.fixed is None:
            if self.index is None and self.spread is None:
                problems.append(problem((), "found no rate, expected index and spread, or fixed"))
            elif self.index is None:
                problems.append(problem(("index",), "missing: a spread needs an index"))
            elif self.spread is None:
                problems.append(problem(("spread",), "missing: an index needs a spread"))
        elif self.index is not None or self.spread is not None:
            problems.append(
                problem(("fixed",), "found a fixed rate beside index or spread, expected one of them")
            )
        if problems:
            raise ValidationError.from_exception_data("Coupon", problems)
        return self


class Amortization(Document):
    """Equal instalments of a class X from interest proceeds.

    Parameters
    ----------
    payments
        Number of instalments.
    start
        Number of the first payment date that pays one, from 1.
    """

    payments: Positive
    start: Positive = 1


class Commitment(Document):
    """What the holders of a class lend over time: a delayed draw note, or a liquidity facility.

    The `balance` of the note is what is drawn at closing; factors and losses are shares of `amount`.

    Parameters
    ----------
    amount
        Committed money, what is drawn at closing included.
    fee
        Rate a year on what is undrawn, in the day count of the class; part of its interest.
    until
        Nothing is drawn from this date on, and no fee runs in accrual periods that start on it or later.
    revolving
        Whether what is repaid may be drawn again.
    draws
        Draws that are known beforehand: money by date. They are principal proceeds of the first payment date on or
        after the date.
    """

    amount: PositiveMoney
    fee: Rate = 0.0
    until: IsoDate | None = None
    revolving: Flag = False
    draws: dict[IsoDate, PositiveMoney] = Field(default_factory=dict)


def fold_rank(note: Document) -> list[InitErrorDetails]:
    """Put the rank of a note into both of its ranks, and return what contradicts it."""
    problems: list[InitErrorDetails] = []
    ranks = note.__dict__
    rank = ranks["rank"]
    if rank is not None:
        for key in ("interest_rank", "principal_rank"):
            other = ranks[key]
            if other is not None and other != rank:
                message = f"found {other} beside rank {rank}, expected one of them"
                problems.append(problem((key,), message, other, stand_in=rank))
            ranks[key] = rank
        ranks["rank"] = None
    return problems


class Note(Document):
    """One class of notes.

    Parameters
    ----------
    name
        Name that steps, tests and results use.
    balance
        Original balance, in money.
    rank
        Sets `interest_rank` and `principal_rank`; 1 is the most senior, equal ranks are pari passu.
    interest_rank, principal_rank
        Ranks of interest and principal where they differ; without `principal_rank` a note is outside the note
        payment sequence.
    coupon
        What it pays; absent for residual and combination notes.
    deferrable
        Whether unpaid interest is deferred while a more senior class is outstanding.
    amortization
        Instalments of a class X.
    rating, id
        Ratings by agency (``sp``, ``moodys``, ``fitch``, ``dbrs``, ``kbra``) and identifiers by kind, as text.
    issue_price
        Price at closing; 1 is par.
    residual
        Whether it takes what is left.
    combination_of
        Components of a combination note: money by note.
    commitment
        What is lent over time.
    make_whole
        What it is paid beside when it is redeemed early.
    """

    name: Name
    balance: Balance = 0.0
    rank: Annotated[Count | None, Field(exclude=True)] = None
    interest_rank: Count | None = None
    principal_rank: Count | None = None
    coupon: Coupon | None = None
    deferrable: Flag = False
    amortization: Amortization | None = None
    rating: NoteRatings = Field(default_factory=dict)
    id: dict[Name, Name] = Field(default_factory=dict)
    issue_price: Price = 1.0
    residual: Flag = False
    combination_of: dict[Name, PositiveMoney] = Field(default_factory=dict)
    commitment: Commitment | None = None
    make_whole: MakeWhole | None = None

    @model_validator(mode="after")
    def _fold_rank(self) -> Self:
        problems = fold_rank(self)
        if "balance" not in self.model_fields_set and not self.combination_of:
            problems.append(problem(("balance",), "missing: this key is required"))
        kind = "residual" if self.residual else "combination" if self.combination_of else None
        if self.make_whole is not None and kind is not None:
            message = f"found on a {kind} note, expected it on a class that a redemption pays in full"
            problems.append(problem(("make_whole",), message))
        if problems:
            raise ValidationError.from_exception_data("Note", problems)
        return self
