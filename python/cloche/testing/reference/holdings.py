"""The collateral of a deal through a scenario: loans, cohorts bought later, defaulted par that waits for cash."""

import copy
import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cloche.testing.reference import contracts, pool, values
from cloche.testing.reference.collateral import Defaulted, Measure, measure, valuation
from cloche.testing.reference.collected import Collections
from cloche.testing.reference.conventions import conventions
from cloche.testing.reference.dates import BusinessDays, Period, add_months, day_count_fraction, parse_date
from cloche.testing.reference.month_steps import pool_steps, steps_until
from cloche.testing.reference.rates import fixing, period_fixing
from cloche.testing.reference.rating_factors import rating_factor
from cloche.testing.reference.recoveries import Recovery
from cloche.testing.reference.sales import Sale

Document = Mapping[str, Any]

ROUNDING = 1e-9
"""What a count of months or periods may exceed a whole number by without counting as the next."""


@dataclass(frozen=True)
class Future:
    """What a projection assumes.

    `defaults_by_period` holds obligors that default wholly at the start of a step and are spared the scenario's
    default rate; the defaults that the scenario names by date come on top of its rate. A step is a payment period, or
    a month where the pool moves by months.
    """

    deal: Document
    scenario: Document
    as_of: date
    periods: Sequence[Period]
    defaults_by_period: Mapping[str, int]
    fixing_holidays: AbstractSet[date] = frozenset()


class Holdings:
    """The collateral between two payment dates.

    Parameters
    ----------
    loans
        The tape, in canonical order.
    future
        Deal, scenario and periods.
    """

    def __init__(self, loans: Sequence[Document], future: Future) -> None:
        self.deal = future.deal
        self.scenario = future.scenario
        self.periods = future.periods
        self.conventions = conventions(future.deal)
        self.steps = pool_steps(future.deal, future.periods)
        self.fixing_days = BusinessDays(frozenset(future.fixing_holidays))
        self.benchmark = benchmark_index(future.deal, future.scenario["rates"])
        self.stated_maturity = parse_date(future.deal["dates"]["stated_maturity"])
        self.start = future.periods[0].collection_start
        self.spared = frozenset(future.defaults_by_period)
        self.named = named_defaults(loans, future, self.steps)
        self.loans, self.future = loans, future
        self.fixings: dict[tuple[str, int], float] = {}
        self.positions: list[pool.Position] = []
        self.queue: list[Recovery] = []
        for loan in loans:
            self._take_in(loan, future.as_of)

    def _take_in(self, loan: Document, as_of: date) -> None:
        """A performing loan becomes a position, a defaulted one waits for its recovery."""
        terms = contracts.loan_terms(loan, self.deal, parse_date(self.deal["dates"]["closing"]))
        defaulted_on = loan.get("default_date")
        if defaulted_on is None:
            if terms.maturity < as_of:
                raise ValueError(f"{terms.loan_id}: matured before {as_of}")
            undrawn = loan.get("par_unfunded") or 0.0
            self.positions.append(
                pool.Position(terms, loan["par"], loan["par"], undrawn=undrawn, contractual_undrawn=undrawn)
            )
            return
        defaulted_on = parse_date(defaulted_on)
        if defaulted_on > as_of:
            raise ValueError(f"{terms.loan_id}: default_date {defaulted_on} is after {as_of}")
        rate = self.recovery_rate(terms, self.steps[0])
        lag = math.ceil(self._recovery_lag(terms, self.steps[0]) - ROUNDING)
        due = add_months(defaulted_on, lag)
        # Without a price it is worth what is recovered.
        price = rate if loan.get("market_price") is None else terms.market_price
        self.queue.append(Recovery(loan["par"], rate, price, defaulted_on, due, of_tape=True))

    # Numbers of the scenario for a loan

    def _number(self, name: str, terms: contracts.Terms, period: Period, own: float | None) -> float | None:
        """A tape column beats a number, a list and a date table, and yields to groups beyond `*`."""
        value = self.scenario.get(name)
        if own is not None and not values.names_groups(value):
            return own
        if value is None:
            return None
        keys = values.group_keys(
            obligor=terms.obligor, industry=terms.industry, rating=terms.rating, lien=terms.lien
        )
        return values.by_group(value, period, keys)

    def recovery_rate(self, terms: contracts.Terms, period: Period) -> float:
        """What is recovered of a default in a step, a share of par."""
        if terms.cohort and terms.recovery is not None:
            return terms.recovery
        rate = self._number("recovery", terms, period, terms.recovery)
        if rate is None:
            raise ValueError(f"{terms.loan_id}: no recovery on the tape or in the scenario")
        return rate

    def _recovery_lag(self, terms: contracts.Terms, period: Period) -> float:
        return self._number("recovery_lag_months", terms, period, terms.recovery_lag_months) or 0.0

    def _rates(self, terms: contracts.Terms, period: Period) -> tuple[float, float, float]:
        """Default and prepayment rate of the step, and the years of amortization and draws that fall due in it."""
        simple = self.conventions["rate_convention"] == "simple"
        years = self.instalment_years(period)
        cdr = 0.0
        if terms.cohort and self.scenario.get("reinvestment", {}).get("pd") is not None:
            cdr = self.scenario["reinvestment"]["pd"]
        elif terms.cohort or terms.obligor not in self.spared:
            cdr = self._number("cdr", terms, period, None) or 0.0
        cpr = self._cpr(terms, period)
        mdr = values.period_rate(cdr, years, simple=simple)
        if not terms.cohort and self._defaults_in(terms.obligor, period):
            mdr = 1.0
        return mdr, values.period_rate(cpr, years, simple=simple), years

    def _cpr(self, terms: contracts.Terms, period: Period) -> float:
        """Prepayment a year."""
        return self._number("cpr", terms, period, terms.cpr) or 0.0

    def _own_steps(self, terms: contracts.Terms, period: Period) -> pool.OwnSteps | None:
        """How a loan prepays on its own dates; what is collected in a step prepays at the step's rate a year."""
        if self.conventions["pool_step"] != "own_dates":
            return None
        return pool.OwnSteps(
            since=self.start,
            cpr=self._cpr(terms, period),
            by_days=self.conventions["rate_exponent"] == "days_365",
            simple=self.conventions["rate_convention"] == "simple",
        )

    def instalment_years(self, period: Period) -> float:
        """Years of amortization, draws and yearly rates that fall due in a period."""
        if self.conventions["rate_exponent"] == "days_365":
            return (period.collection_end - period.collection_start).days / 365
        return period.credit_years

    def _defaults_in(self, obligor: str, period: Period) -> bool:
        """Whether a named obligor defaults in a step; in a part of a period only where its date says so."""
        named = self.named.get(obligor)
        if named is None or named < period.pool_step:
            return False
        if not period.is_part:
            return named == period.pool_step
        day, as_of = self.scenario.get("defaults", {}).get(obligor), self.future.as_of
        return day is not None and day_count_fraction("30/360", as_of, parse_date(day)) <= day_count_fraction(
            "30/360", as_of, period.unadjusted_end
        )

    def index_rate(self, index: str, period: Period) -> float:
        """Fixing of an index for a payment period, whole or in part; the empty name is the index of the notes."""
        key = (index or self.benchmark, period.step)
        if key not in self.fixings:
            whole = self.periods[period.step - 1]
            self.fixings[key] = period_fixing(self.scenario["rates"], key[0], whole)
        return self.fixings[key]

    def _own_fixing(self, index: str, start: date) -> float:
        """Fixing of an own accrual period: two business days before it starts."""
        return fixing(self.scenario["rates"], index or self.benchmark, self.fixing_days.add(start, -2))

    def enter(self, deal: Document, periods: Sequence[Period]) -> None:
        """Let another document rule from its first period on; loans, cohorts and recoveries go on.

        Parameters
        ----------
        deal
            Canonical deal document.
        periods
            Its periods from the next payment date on.
        """
        past, earlier = (
            [period for period in of if period.step < periods[0].step] for of in (self.periods, self.steps)
        )
        self.deal, self.periods = deal, [*past, *periods]
        closing = parse_date(self.future.deal["dates"]["closing"])
        self.steps = pool_steps(deal, periods, before=earlier, closing=closing)
        self.conventions = conventions(deal)
        self.fixings = {key: rate for key, rate in self.fixings.items() if key[1] < periods[0].step}
        self.stated_maturity = parse_date(deal["dates"]["stated_maturity"])
        self.named = named_defaults(self.loans, self.future, self.steps)
        rules = deal.get("collateral", {}).get("discount")
        for position in self.positions:
            terms = position.terms
            price = contracts.discount_price(
                terms.purchase_price, terms.market_price, weak=terms.weak, rules=rules
            )
            position.terms = replace(terms, discount_price=price)

    # Steps

    def steps_of(self, period: Period) -> list[Period]:
        """Steps of a payment period; the last collects to the end of its collections, also with a sale."""
        if self.conventions["pool_step"] != "monthly":
            return [period]
        steps = [step for step in self.steps if step.step == period.step]
        if period.is_part:
            return steps_until(steps, period)
        *earlier, last = steps
        return [*earlier, replace(last, collection_end=period.collection_end)]

    def last_step(self, period: Period) -> Period:
        """The step with which a payment period ends."""
        return self.steps_of(period)[-1]

    def fork(self) -> "Holdings":
        """A copy that can be stepped without moving this one."""
        other = copy.copy(self)
        other.positions = [replace(position) for position in self.positions]
        other.queue = list(self.queue)
        return other

    def collect(self, period: Period, sale: Sale | None = None) -> Collections:
        """Step every position, collect recoveries, and on the last date or for a sale sell what is left.

        On the last date every recovery still to come is collected; those of a sale are part of its proceeds.
        """
        got = Collections()
        for position in self.positions:
            terms = position.terms
            mdr, mpr, years = self._rates(terms, period)
            flow = pool.step(
                position,
                period,
                default_rate=mdr,
                prepayment_rate=mpr,
                instalment_years=years,
                index_rate=0.0 if terms.fixed_rate is not None else self.index_rate(terms.index, period),
                fixing=self._own_fixing,
                conventions=self.conventions,
                draw_rate=self.scenario.get("draw_rate", 0.0),
                usage_at_default=self.scenario.get("usage_at_default", 1.0),
                own_steps=self._own_steps(terms, period),
            )
            got.take_interest(terms, flow.interest)
            got.scheduled += flow.scheduled
            got.prepaid += flow.prepaid
            got.defaulted += flow.defaulted
            if flow.defaulted > 0:
                self._default(terms, flow.defaulted, period)
        got.recoveries = sum(item.par * item.rate for item in self.queue if item.received(period))
        self.queue = [item for item in self.queue if not item.received(period)]
        if sale is not None:
            self._sell(period, got, sale)
        elif period.last:
            price = values.liquidation_price(self.scenario, period)
            self._sell(period, got, Sale(status="normal", price=price))
        self.positions = [item for item in self.positions if item.par > 0 or item.capitalized > 0]
        return got

    def _default(self, terms: contracts.Terms, par: float, period: Period) -> None:
        rate = self.recovery_rate(terms, period)
        lag = math.ceil(self._recovery_lag(terms, period) - ROUNDING)
        since = max(self.start, period.unadjusted_start)
        due = add_months(period.unadjusted_end, lag)
        self.queue.append(Recovery(par, rate, rate, since, due))

    def _sell(self, period: Period, got: Collections, sale: Sale) -> None:
        """Sell performing par at the price of the sale and defaulted par at its recovery rate, less the cost.

        The buyer takes an undrawn commitment over with its cash, which counts as par. Own accrual periods pay what has
        accrued in cash, fees included; capitalized interest brings nothing.
        """
        bearing = float(self.conventions["interest_on_pik"])
        for position in self.positions:
            price = position.terms.market_price if sale.price is None else sale.price
            got.sold_par += position.par
            got.sale_proceeds += position.par * price
            accrued = contracts.accrued_per_unit(position.terms, period.collection_end, self._own_fixing)
            fee = contracts.fee_per_unit(position.terms, period.collection_end)
            base = position.balance + bearing * position.capitalized
            got.take_interest(position.terms, base * accrued + position.undrawn * fee)
            position.balance = position.undrawn = position.capitalized = 0.0
        got.sale_proceeds += sum(item.par * item.rate for item in self.queue)
        self.queue = []
        got.sale_cost = min(got.sale_proceeds, sale.cost_rate * got.sold_par + sale.cost_fixed)
        got.sale_proceeds -= got.sale_cost

    def measure(self, day: date, cash: float) -> Measure:
        """Collateral amounts on a day, with `cash` principal proceeds on deposit."""
        assets = [
            contracts.performing(position.terms, position.par, self.deal) for position in self.positions
        ]
        defaulted = [
            Defaulted(item.par, item.market_price, item.rate, day > add_months(item.since, 36))
            for item in self.queue
        ]
        return measure(
            assets,
            defaulted,
            cash,
            rules=self.deal.get("collateral", {}),
            target_par=self.deal["target_par"],
            convention=valuation(self.conventions),
        )

    def buy(self, period: Period, cash: float) -> float:
        """Turn cash into a cohort at the end of a step; the par bought, in currency units.

        In the last step of a period that is the payment date, before it the month end.
        """
        if cash <= 0:
            return 0.0
        terms = self.bought_terms(period, 1.0)
        par = cash / terms.market_price
        self.positions.append(pool.Position(replace(terms, original_par=par), par, par))
        return par

    def bought_terms(self, period: Period, par: float) -> contracts.Terms:
        """What is bought at the end of a step, so much par of it."""
        rules = self.scenario.get("reinvestment", {})
        price = values.at_period(rules.get("price", {"kind": "constant", "value": 1.0}), period)
        spread = values.at_period(rules.get("spread", {"kind": "constant", "value": 0.0350}), period)
        months = round(12 * rules.get("term_years", 6.0))
        rating = rules.get("rating") or ""
        weak = rating in contracts.CCC_RATINGS
        discount_rules = self.deal.get("collateral", {}).get("discount")
        return contracts.Terms(
            loan_id=f"cohort {period.pool_step}",
            obligor="",
            industry="",
            rating=rating,
            lien="",
            fixed_rate=None,
            index=self.benchmark,
            spread=spread,
            floor=rules.get("floor", 0.0),
            csa=0.0,
            csa_in_floor=False,
            day_count="act/360",
            maturity=min(add_months(period.unadjusted_end, months), add_months(self.stated_maturity, -1)),
            amortization_rate=0.01,
            original_par=par,
            market_price=price,
            discount_price=contracts.discount_price(price, price, weak=weak, rules=discount_rules),
            ccc=weak,
            cpr=None,
            recovery=rules.get("recovery"),
            recovery_lag_months=None,
            earns_from=period.payment_date,
            cohort=True,
            purchase_price=price,
            weak=weak,
            rating_factor=rating_factor(rules.get("rating") or "B2"),
        )

    def semiannual_share(self) -> float:
        """Share of performing par in loans with own payment dates every six months or less often."""
        performing = sum(position.par for position in self.positions)
        rare = sum(
            position.par
            for position in self.positions
            if position.terms.own_dates and position.terms.frequency_months >= 6
        )
        return rare / performing if performing > 0 else 0.0

    def worth(self, price: float = 1.0) -> float:
        """Performing par at a price and recoveries to come, in currency units."""
        performing = price * sum(position.par for position in self.positions)
        return performing + sum(item.par * item.rate for item in self.queue)

    def undrawn(self) -> float:
        """What is not drawn of the commitments of performing loans, in currency units."""
        return sum(position.undrawn for position in self.positions)


def benchmark_index(deal: Document, curves: Mapping[str, Any]) -> str:
    """Index of the notes: that of the first floating one; without one `*` or the first curve by name."""
    for note in deal["notes"]:
        coupon = note.get("coupon") or {}
        if coupon.get("index") and coupon.get("fixed") is None:
            return str(coupon["index"])
    return "*" if "*" in curves else min(curves)


def named_defaults(loans: Sequence[Document], future: Future, steps: Sequence[Period]) -> dict[str, int]:
    """Step in which each named obligor defaults.

    A default on a date falls into the step whose unadjusted ends enclose it, in 30/360 time from the
    as-of date; after the last step it has no effect.

    Raises
    ------
    ValueError
        For an obligor that is not in the pool and for a default that is not after the as-of date.
    """
    dated = {name: parse_date(text) for name, text in future.scenario.get("defaults", {}).items()}
    known = {loan.get("obligor_id") or loan["loan_id"] for loan in loans}
    strangers = {*future.defaults_by_period, *dated} - known
    if strangers:
        raise ValueError(f"defaults: not in the pool: {sorted(strangers)}")
    found = dict(future.defaults_by_period)
    for obligor, day in dated.items():
        if day <= future.as_of:
            raise ValueError(f"defaults.{obligor}: {day} is not after {future.as_of}")
        time = day_count_fraction("30/360", future.as_of, day)
        for step in steps:
            if time <= day_count_fraction("30/360", future.as_of, step.unadjusted_end):
                found[obligor] = step.pool_step
                break
    return found
