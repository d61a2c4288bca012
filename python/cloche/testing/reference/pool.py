"""One loan in one step: default, interest, instalment, prepayment, in this order.

A position takes its default on the opening balance; survivors pay interest and the contractual share of principal;
what is left prepays. Loans with own payment dates collect between them; all others accrue over the collection
period.

A loan with a PIK spread also adds interest to what it owes: capitalized interest K, which is no par. It grows by
(balance + κK) · PIK spread · fraction and is paid with the last par, at maturity or with an instalment, and with
prepaid par; what is paid of it is interest. κ is 1 where K bears interest, else 0.

A loan may have a commitment that is not drawn, for which the issuer set cash aside. What is undrawn defaults, prepays
and matures with the funded par in the same shares and then sets its cash free as principal; it bears the commitment fee
instead of interest. A draw, at the end of the step or on an own date, moves a share of it to the funded par. Par for
all purposes is both together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from cloche.testing.reference.collateral import Performing
from cloche.testing.reference.dates import Period, add_months, day_count_fraction, parse_date
from cloche.testing.reference.rating_factors import rating_factor
from cloche.testing.reference.values import period_rate

Fixing = Callable[[str, date], float]
"""Fixing of an index on a date."""

ROUNDING = 1e-12
"""Share of the original par that is no more than rounding of instalments."""

SHARE = {"none": 0.0, "half": 0.5, "full": 1.0}
"""Share of a step's interest under the conventions on defaulted and prepaid par."""

CCC_RATINGS = frozenset({"CCC+", "CCC", "CCC-", "CC", "C", "D", "SD", "Caa1", "Caa2", "Caa3", "Ca"})
"""Ratings of the CCC/Caa set; the same are below B-/B3."""

PRICES = {"B+": 0.99, "B1": 0.99, "B": 0.98, "B2": 0.98, "B-": 0.95, "B3": 0.95, "CCC+": 0.80, "Caa1": 0.80}
"""Prices of loans without market price, as shares of par; above B+ 0.995, below CCC+ 0.65, unrated 0.97."""


@dataclass(frozen=True)
class Terms:
    """What the contract of a loan says; rates as decimals a year, amounts in currency units."""

    loan_id: str
    obligor: str
    industry: str
    rating: str
    lien: str
    fixed_rate: float | None
    index: str
    spread: float
    floor: float
    csa: float
    csa_in_floor: bool
    day_count: str
    maturity: date
    amortization_rate: float
    original_par: float
    market_price: float
    discount_price: float | None
    ccc: bool
    cpr: float | None
    recovery: float | None
    recovery_lag_months: float | None
    earns_from: date
    own_dates: tuple[date, ...] = ()
    frequency_months: int = 3
    current_rate: float | None = None
    cohort: bool = False
    agencies: tuple[str, ...] = ()
    purchase_price: float = 1.0
    weak: bool = False
    pik_spread: float = 0.0
    unfunded_fee: float = 0.0
    rating_factor: float | None = None

    def rate(self, index_rate: float) -> float:
        """All-in rate a year for a fixing: the floor is on the index, or on index plus adjustment; at least 0."""
        if self.fixed_rate is not None:
            return self.fixed_rate
        inside = self.csa if self.csa_in_floor else 0.0
        return max(0.0, max(index_rate + inside, self.floor) + (self.csa - inside) + self.spread)


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


def filled_price(rating: str) -> float:
    """Price of a loan whose tape has none, by rating."""
    if not rating:
        return 0.97
    if rating in PRICES:
        return PRICES[rating]
    return 0.65 if rating in CCC_RATINGS else 0.995


def discount_price(
    purchase: float, market: float, *, weak: bool, rules: Mapping[str, Any] | None
) -> float | None:
    """Purchase price of a discount obligation, None when the asset is none.

    Parameters
    ----------
    purchase, market
        Prices as shares of par.
    weak
        Rated below B-/B3: the threshold `weak_below` applies.
    rules
        The section `collateral.discount` of a canonical deal document.
    """
    if not rules:
        return None
    threshold = rules["below"]
    if weak and rules.get("weak_below") is not None:
        threshold = rules["weak_below"]
    restore = rules.get("restore")
    restored = restore is not None and market >= restore
    return purchase if purchase < threshold and not restored else None


def performing(terms: Terms, par: float, deal: Mapping[str, Any]) -> Performing:
    """What a performing loan is to the tests of a deal, with so much par."""
    share = deal.get("collateral", {}).get("long_dated_value")
    last = parse_date(deal["dates"]["stated_maturity"])
    long_share = None
    if share is not None and terms.maturity > last:
        long_share = share if terms.maturity <= add_months(last, 24) else 0.0
    return Performing(par, terms.market_price, terms.ccc, terms.discount_price, long_share, terms.agencies)


def loan_terms(loan: Mapping[str, Any], deal: Mapping[str, Any], closing: date) -> Terms:
    """Terms of a row of the tape, the absent columns filled in.

    Parameters
    ----------
    loan
        One row: the columns of the tape, absent values None or left out, dates as `date`, `day_count` as text.
    deal
        Canonical deal document.
    closing
        Closing date; own accrual periods do not start before it unless the tape says so.
    """
    row = {key: value for key, value in loan.items() if value is not None}
    by_period = deal.get("conventions", {}).get("cash_timing") == "period"
    fixed = bool(row.get("fixed", False))
    market = row.get("market_price", filled_price(row.get("rating", "")))
    purchase = row.get("purchase_price", 1.0)
    weak = row.get("weak", row.get("rating", "") in CCC_RATINGS)
    return Terms(
        loan_id=row["loan_id"],
        obligor=row.get("obligor_id") or row["loan_id"],
        industry=row.get("industry", ""),
        rating=row.get("rating", ""),
        lien=row.get("lien", ""),
        fixed_rate=row["fixed_rate"] if fixed else None,
        index=row.get("index", ""),
        spread=row.get("spread", 0.0),
        floor=row.get("floor", 0.0),
        csa=row.get("csa", 0.0),
        csa_in_floor=bool(row.get("csa_in_floor", False)),
        day_count=row.get("day_count", "30/360" if fixed else "act/360"),
        maturity=parse_date(row["maturity"]),
        amortization_rate=row.get("amortization_rate", 0.0 if fixed else 0.01),
        original_par=row.get("original_par", row["par"]),
        market_price=market,
        discount_price=discount_price(
            purchase, market, weak=weak, rules=deal.get("collateral", {}).get("discount")
        ),
        ccc=bool(row.get("ccc", row.get("rating", "") in CCC_RATINGS)),
        agencies=tuple(row.get("agencies", ())),
        cpr=row.get("cpr"),
        recovery=row.get("recovery"),
        recovery_lag_months=row.get("recovery_lag_months"),
        earns_from=closing,
        own_dates=() if by_period else _own_dates(row, closing),
        frequency_months=row.get("payment_frequency_months") or 3,
        current_rate=row.get("current_rate"),
        purchase_price=purchase,
        weak=weak,
        pik_spread=row.get("pik_spread", 0.0),
        unfunded_fee=row.get("unfunded_fee", 0.0),
        rating_factor=row.get("rating_factor", rating_factor(row.get("rating", ""))),
    )


def _own_dates(row: Mapping[str, Any], closing: date) -> tuple[date, ...]:
    """Limits of the own accrual periods up to the maturity; the second is the next payment date."""
    if "next_payment" not in row:
        return ()
    months = row.get("payment_frequency_months") or 3
    following = parse_date(row["next_payment"])
    maturity = parse_date(row["maturity"])
    first = row.get("accrual_start") or max(closing, add_months(following, -months))
    limits = [parse_date(first), following]
    while limits[-1] < maturity:
        limits.append(add_months(following, (len(limits) - 1) * months))
    return tuple(limits)


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
    if position.terms.own_dates:
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


def own_rate(terms: Terms, begins: date, stop: date, fixing: Fixing) -> float:
    """Rate a year of the own accrual period from `begins` to `stop`; the running one may have a known rate."""
    if stop == terms.own_dates[1] and terms.current_rate is not None:
        return terms.current_rate
    return terms.rate(0.0 if terms.fixed_rate is not None else fixing(terms.index, begins))


def accrued_per_unit(terms: Terms, day: date, fixing: Fixing) -> float:
    """Interest accrued on one unit of par from the last own date to `day`, which lies before the maturity."""
    running = _running(terms, day)
    if running is None:
        return 0.0
    return own_rate(terms, *running, fixing) * day_count_fraction(terms.day_count, running[0], day)


def pik_per_unit(terms: Terms, day: date) -> float:
    """PIK interest accrued on one unit from the last own date to `day`, which lies before the maturity."""
    return terms.pik_spread * _running_fraction(terms, day)


def fee_per_unit(terms: Terms, day: date) -> float:
    """Fee accrued on one undrawn unit from the last own date to `day`, which lies before the maturity."""
    return terms.unfunded_fee * _running_fraction(terms, day)


def _running_fraction(terms: Terms, day: date) -> float:
    """Fraction of a year from the last own date to `day`."""
    running = _running(terms, day)
    return 0.0 if running is None else day_count_fraction(terms.day_count, running[0], day)


def _running(terms: Terms, day: date) -> tuple[date, date] | None:
    """The own accrual period in which a day lies; none on an own date."""
    for start, stop in pairwise(terms.own_dates):
        begins = start if start == terms.own_dates[0] else max(start, terms.earns_from)
        if begins < day < stop:
            return begins, stop
    return None
