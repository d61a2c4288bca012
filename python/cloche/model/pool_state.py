"""What a state of a run says of the collateral: what is left of a tape, what was bought, and what a path brings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cloche.model.document import Document
from cloche.model.text import IsoDate, Name
from cloche.model.units import Balance, Floor, Price, Share, Spread

__all__ = ["PathState", "PoolState"]


class LoanDefaultState(Document):
    """A default of a loan whose recovery is still to come, in shares of the contract.

    `defaulted` and `collected` are the payment dates of the periods of the default and of the recovery; a loan that
    was in default on the as-of date of the tape has no `defaulted`. `due` is the day from which on a payment date
    collects the recovery, where documents with other payment dates may follow.
    """

    defaulted: IsoDate | None = None
    share: Share
    recovery: Share
    collected: IsoDate
    due: IsoDate | None = None


class LoanState(Document):
    """What is left of a loan: performing par in money, and the share of the contract that it is."""

    par: Balance = 0.0
    share: Share = 0.0
    defaults: tuple[LoanDefaultState, ...] = ()


class CohortState(Document):
    """What was bought on a payment date: par in money, price of par, spread and floor as decimals.

    `units` is the par at purchase over the survival then.
    """

    bought: IsoDate
    par: Balance = 0.0
    units: Balance
    price: Price
    spread: Spread
    floor: Floor = 0.0
    maturity: IsoDate


class CohortDefaultState(Document):
    """What defaulted of all purchases in one period, its recovery still to come; money. `due` as of a loan."""

    defaulted: IsoDate
    par: Balance
    value: Balance
    collected: IsoDate
    due: IsoDate | None = None


class BoughtState(Document):
    """What was bought since closing; `survival` is the share of a purchase at closing that would be left."""

    survival: Share
    performing_par: Balance
    cohorts: tuple[CohortState, ...] = ()
    defaults: tuple[CohortDefaultState, ...] = ()


class PoolState(Document):
    """What is left of a tape, by its hash; a loan that is not named is gone."""

    tape: Annotated[str, Field(strict=True)]
    as_of: IsoDate
    loans: dict[Name, LoanState] = Field(default_factory=dict)
    bought: BoughtState | None = None


class PathDefaultState(Document):
    """A company that defaults in a simulated path, and the payment date of the period.

    `shares`: of loans that defaulted before the date, the share of the contract that would be left without it.
    """

    obligor: Annotated[str, Field(strict=True)]
    defaulted: IsoDate
    shares: dict[Name, Share] = Field(default_factory=dict)


class PathState(Document):
    """What happens in a simulated path, before and after the date.

    `loan_by_loan`: what defaults take off is added up loan by loan, since the run of the path began at a state in
    which the loans did not stand alike; absent: not so. `schedule_dates`: a condition may bring in payment dates that
    the document in force does not have, so that defaults and rates are told by the schedule dates of all documents
    that may come; absent: by the payment dates of the document in force.
    """

    defaults: tuple[PathDefaultState, ...] = ()
    cohort_default_rates: dict[IsoDate, Share] = Field(default_factory=dict)
    loan_by_loan: bool | None = None
    schedule_dates: bool | None = None
