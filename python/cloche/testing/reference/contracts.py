"""What the contract of a loan says: its terms from the tape, its rate, what accrues between own payment dates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from cloche.testing.reference.collateral import Performing
from cloche.testing.reference.dates import add_months, day_count_fraction, parse_date
from cloche.testing.reference.rating_factors import rating_factor

Fixing = Callable[[str, date], float]
"""Fixing of an index on a date."""

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
