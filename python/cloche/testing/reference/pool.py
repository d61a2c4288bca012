"""One loan in one step: default, interest, instalment, prepayment, in this order.

A position takes its default on the opening balance; survivors pay interest and the contractual share of principal;
what is left prepays. Loans with own payment dates collect between them; all others accrue over the collection
period.

Where the pool steps on own dates, each own accrual period of such a loan is a step of its own: it ends with interest,
instalment and prepayment, at the rate of its own time. Defaults stay at the start of the step of the run.

A loan with a PIK spread also adds interest to what it owes: capitalized interest K, which is no par. It grows by
(balance + κK) · PIK spread · fraction and is paid with the last par, at maturity or with an instalment, and with
prepaid par; what is paid of it is interest. κ is 1 where K bears interest, else 0.

A loan may have a commitment that is not drawn, for which the issuer set cash aside. What is undrawn defaults, prepays
and matures with the funded par in the same shares and then sets its cash free as principal; it bears the commitment fee
instead of interest. A draw, at the end of the step or on an own date, moves a share of it to the funded par. Par for
all purposes is both together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from cloche.testing.reference.contracts import (
    Fixing,
    Terms,
    accrued_per_unit,
    fee_per_unit,
    own_rate,
    pik_per_unit,
)
from cloche.testing.reference.dates import Period, day_count_fraction
from cloche.testing.reference.values import period_rate

ROUNDING = 1e-12
"""Share of the original par that is no more than rounding of instalments."""

SHARE = {"none": 0.0, "half": 0.5, "full": 1.0}
"""Share of a step's interest under the conventions on defaulted and prepaid par."""


@dataclass
class Position:
    """A holding: its funded performing balance, and the balance that the contract alone would leave of the holding.

    `capitalized` is PIK interest that was added to what the loan owes, in currency units; it is no par. `undrawn` is
    what may still be drawn, and `contractual_undrawn` what the contract and draws alone would leave of it.
    """

    terms: Terms
    balance: float
    contractual: float
    capitalized: float = 0.0
    undrawn: float = 0.0
    contractual_undrawn: float = 0.0

    @property
    def par(self) -> float:
        """What the holding counts for: funded and undrawn par."""
        return self.balance + self.undrawn

    @property
    def repaid(self) -> bool:
        """Whether the contract leaves nothing, funded or undrawn."""
        return self.contractual <= 0 and self.contractual_undrawn <= 0

    def draw(self, share: float) -> None:
        """Move a share of what is undrawn to the funded balance, of the holding and of the contract."""
        drawn, by_contract = share * self.undrawn, share * self.contractual_undrawn
        self.balance, self.undrawn = self.balance + drawn, self.undrawn - drawn
        self.contractual += by_contract
        self.contractual_undrawn -= by_contract


@dataclass(frozen=True)
class Flow:
    """What a position did in a step, in currency units.

    `interest` holds capitalized interest that was paid; `scheduled` and `prepaid` hold what was set free of the cash of
    an undrawn commitment.
    """

    defaulted: float = 0.0
    interest: float = 0.0
    scheduled: float = 0.0
    prepaid: float = 0.0


@dataclass(frozen=True)
class OwnSteps:
    """How a loan prepays on its own dates.

    `since` is the day on which the run begins, `cpr` the rate a year, `by_days` whether years are days / 365 instead of
    30/360, `simple` whether rates are prorated.
    """

    since: date
    cpr: float
    by_days: bool
    simple: bool

    def share(self, start: date, end: date) -> float:
        """What prepays at the end of an own period; time before the run is not part of it."""
        start = max(start, self.since)
        days = (end - start).days / 365
        years = days if self.by_days else day_count_fraction("30/360", start, end)
        return period_rate(self.cpr, years, simple=self.simple)


def step(
    position: Position,
    period: Period,
    *,
    default_rate: float,
    prepayment_rate: float,
    instalment_years: float,
    index_rate: float,
    fixing: Fixing,
    conventions: Mapping[str, Any],
    draw_rate: float = 0.0,
    usage_at_default: float = 1.0,
    own_steps: OwnSteps | None = None,
) -> Flow:
    """Move a position through one step and return its flows.

    Parameters
    ----------
    position
        The holding; it is changed.
    period
        Payment period.
    default_rate, prepayment_rate
        Rates of the step, not yearly.
    instalment_years
        Years of the yearly amortization rate that fall due in the step, and of draws, for loans without own dates.
    index_rate
        Fixing of the loan's index for the period, for loans without own dates.
    fixing
        Fixings for loans with own dates: index and date to rate.
    conventions
        Conventions of the deal.
    draw_rate
        Share of the undrawn commitment that is drawn a year.
    usage_at_default
        Share of the undrawn commitment of a defaulting loan that is drawn just before; the rest is released.
    own_steps
        How a loan with own dates prepays on them; without it the loan prepays at the end of the step.
    """
    defaulted, defaulted_undrawn = position.balance * default_rate, position.undrawn * default_rate
    bearing = float(conventions["interest_on_pik"])
    idle = SHARE[conventions["interest_on_default_period"]]
    stay = Stay(
        position,
        period,
        idle=idle * (defaulted + bearing * position.capitalized * default_rate),
        idle_undrawn=idle * defaulted_undrawn,
        mpr=prepayment_rate,
        lost=1 - SHARE[conventions["interest_on_prepaid_period"]],
        bearing=bearing,
        draw_rate=draw_rate,
        simple=conventions["rate_convention"] == "simple",
    )
    position.balance -= defaulted
    position.undrawn -= defaulted_undrawn
    position.capitalized *= 1 - default_rate
    if position.terms.own_dates and own_steps is not None:
        paid = _own_steps(stay, fixing, own_steps)
    elif position.terms.own_dates:
        paid = _own_payment_dates(stay, fixing)
    else:
        paid = _collection_period(stay, instalment_years, index_rate)
    return Flow(
        defaulted=defaulted + usage_at_default * defaulted_undrawn,
        interest=paid.interest,
        scheduled=paid.scheduled + (1 - usage_at_default) * defaulted_undrawn,
        prepaid=paid.prepaid,
    )


@dataclass(frozen=True)
class Stay:
    """What remains of a position after the default of a step, and how the step treats it.

    `idle` is what has defaulted and still earns, `idle_undrawn` the undrawn commitment that has and still bears the
    fee, `mpr` the prepayment rate of the step, `lost` the share of the step's interest that prepaid par misses,
    `bearing` the share of capitalized interest that bears interest, `draw_rate` the share of what is undrawn that is
    drawn a year, `simple` whether yearly rates are prorated.
    """

    position: Position
    period: Period
    idle: float
    mpr: float
    lost: float
    idle_undrawn: float = 0.0
    bearing: float = 1.0
    draw_rate: float = 0.0
    simple: bool = False

    @property
    def base(self) -> float:
        """What bears interest: the balance, and capitalized interest where it does."""
        return self.position.balance + self.bearing * self.position.capitalized

    def repay(self, share: float) -> float:
        """Take a share of the funded balance; what that is in currency units."""
        paid = self.position.balance * share
        self.position.balance -= paid
        return paid

    def release(self, share: float) -> float:
        """Take a share of the undrawn commitment; the cash that is set free, in currency units."""
        released = self.position.undrawn * share
        self.position.undrawn -= released
        return released

    def receive(self, share: float) -> float:
        """Take a share of the capitalized interest; what that is in currency units."""
        paid = self.position.capitalized * share
        self.position.capitalized -= paid
        return paid

    def draw(self, years: float) -> None:
        """Draw what falls into some years."""
        self.position.draw(period_rate(self.draw_rate, years, simple=self.simple))


@dataclass(frozen=True)
class Paid:
    """Interest and principal of a position in a step, in currency units."""

    interest: float
    scheduled: float
    prepaid: float = 0.0


def _instalment(position: Position, years: float, *, final: bool) -> float:
    """Share of the balance that the contract repays; the contractual balance moves with it.

    What would be left is repaid, too, where it is no more than rounding of the original par.
    """
    if position.contractual <= 0:
        return float(final)
    original = position.terms.original_par
    due = position.terms.amortization_rate * original * years
    if final or position.contractual - due <= ROUNDING * original:
        due = position.contractual
    share = due / position.contractual
    position.contractual -= due
    return share


def _collection_period(stay: Stay, years: float, index_rate: float) -> Paid:
    """A loan that accrues over the collection period; what it capitalizes joins at the end of the step."""
    position, period = stay.position, stay.period
    terms = position.terms
    matures = terms.maturity <= period.collection_end
    start = max(period.collection_start, terms.earns_from)
    end = max(start, min(period.collection_end, terms.maturity))
    fraction = day_count_fraction(terms.day_count, start, end)
    rate, pik, fee = terms.rate(index_rate), terms.pik_spread, terms.unfunded_fee
    interest = (stay.base + stay.idle) * rate * fraction
    interest += (position.undrawn + stay.idle_undrawn) * fee * fraction
    capitalizes = stay.base * pik * fraction
    scheduled = stay.repay(_instalment(position, years, final=matures))
    if matures:
        return Paid(interest + stay.receive(1.0) + capitalizes, scheduled + stay.release(1.0))
    missed = stay.base * (rate + pik) * fraction + position.undrawn * fee * fraction
    position.capitalized += capitalizes
    if position.repaid:
        return Paid(interest + stay.receive(1.0), scheduled)
    interest += stay.receive(stay.mpr) - stay.mpr * stay.lost * missed
    prepaid = stay.repay(stay.mpr) + stay.release(stay.mpr)
    stay.draw(years)
    return Paid(interest, scheduled, prepaid)


def _own_payment_dates(stay: Stay, fixing: Fixing) -> Paid:
    """The same for a loan with own payment dates.

    Accrual periods that end in the collection period pay and capitalize in it; an instalment lowers the balance of the
    periods that start on its date, and a draw raises it; par that prepays at the end of the collection period pays what
    has accrued on it, capitalized interest with it, and the fee on the commitment that ends with it.
    """
    position, period = stay.position, stay.period
    terms = position.terms
    matures = terms.maturity <= period.collection_end
    end = min(period.collection_end, terms.maturity)
    scheduled = interest = per_unit = per_undrawn = 0.0
    for start, stop in pairwise(terms.own_dates):
        if stop <= period.collection_start or start >= end:
            continue
        begins = start if start == terms.own_dates[0] else max(start, terms.earns_from)
        rate = own_rate(terms, begins, stop, fixing)
        inside = day_count_fraction(terms.day_count, max(begins, period.collection_start), min(stop, end))
        per_unit += (rate + terms.pik_spread) * inside
        per_undrawn += terms.unfunded_fee * inside
        if stop <= end or matures:
            fraction = day_count_fraction(terms.day_count, begins, min(stop, end))
            interest += (stay.base + stay.idle) * rate * fraction
            interest += (position.undrawn + stay.idle_undrawn) * terms.unfunded_fee * fraction
            position.capitalized += stay.base * terms.pik_spread * fraction
        if stop < terms.maturity and stop <= end:
            years = terms.frequency_months / 12
            scheduled += stay.repay(_instalment(position, years, final=False))
            if position.repaid:
                interest += stay.receive(1.0)
            stay.draw(years)
    if matures:
        scheduled += stay.repay(1.0) + stay.release(1.0)
        return Paid(interest + stay.receive(1.0), scheduled)
    accrued = accrued_per_unit(terms, end, fixing) + pik_per_unit(terms, end)
    gained = stay.base * (accrued - stay.lost * per_unit)
    gained += position.undrawn * (fee_per_unit(terms, end) - stay.lost * per_undrawn)
    interest += stay.receive(stay.mpr) + stay.mpr * gained
    return Paid(interest, scheduled, stay.repay(stay.mpr) + stay.release(stay.mpr))


def _own_steps(stay: Stay, fixing: Fixing, own: OwnSteps) -> Paid:
    """A loan that prepays on its own dates: one step after another, as many as end in the collection period.

    Par that prepays has its own period's interest paid with that of the rest, less what the convention takes off. In
    the period that is running at the end nothing has happened yet.
    """
    position, period = stay.position, stay.period
    terms = position.terms
    matures = terms.maturity <= period.collection_end
    interest = scheduled = prepaid = 0.0
    for start, stop in pairwise(terms.own_dates):
        ends = min(stop, terms.maturity)
        if stop <= period.collection_start or ends > period.collection_end:
            continue
        begins = start if start == terms.own_dates[0] else max(start, terms.earns_from)
        rate = own_rate(terms, begins, stop, fixing)
        fraction = day_count_fraction(terms.day_count, begins, ends)
        interest += (stay.base + stay.idle) * rate * fraction
        interest += (position.undrawn + stay.idle_undrawn) * terms.unfunded_fee * fraction
        capitalizes = stay.base * terms.pik_spread * fraction
        if ends == terms.maturity:
            position.capitalized += capitalizes
            break
        years = terms.frequency_months / 12
        scheduled += stay.repay(_instalment(position, years, final=False))
        earned = day_count_fraction(terms.day_count, max(begins, own.since), stop)
        missed = stay.base * (rate + terms.pik_spread) + position.undrawn * terms.unfunded_fee
        position.capitalized += capitalizes
        if position.repaid:
            interest += stay.receive(1.0)
            continue
        share = own.share(begins, stop)
        interest += stay.receive(share) - share * stay.lost * missed * earned
        prepaid += stay.repay(share) + stay.release(share)
        stay.draw(years)
    if matures:
        scheduled += stay.repay(1.0) + stay.release(1.0)
        interest += stay.receive(1.0)
    return Paid(interest, scheduled, prepaid)
