"""Conditions of purchases beside coverage tests: collateral quality, concentration, the limit of CCC loans.

A purchase may be made when each quality test is satisfied with it, or no worse than without it, and when CCC loans stay
within their limits. Averages are over the performing par after the step of the date and what the date has bought so
far.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from cloche.testing.reference import pool
from cloche.testing.reference.collateral import ccc_base, valuation
from cloche.testing.reference.dates import day_count_fraction, parse_date
from cloche.testing.reference.day import Day
from cloche.testing.reference.holdings import Holdings

TOLERANCE = 1e-9
"""Share of an average or a limit that is rounding."""

DUST = 1e-9
"""Share of the target par below which nothing performs, so that there is no average to keep."""

Weighed = tuple[float, float]
"""Par of an asset, and the same times what an average is of."""


def hold(day: Day, asked: Sequence[str], cash: float) -> bool:
    """Whether the conditions other than coverage hold when `cash` is spent beside what the date has spent."""
    both = "maintain_or_improve" in asked
    rules = day.deal.get("collateral", {})
    for test in rules.get("quality", ()):
        if (both or "quality" in asked or test["kind"] in asked) and not _quality_holds(day, test, cash):
            return False
    if "ccc" in asked and not _ccc_holds(day, rules["ccc"]["limit"], rules["ccc"].get("base"), cash):
        return False
    if both or "concentration" in asked:
        for limit in rules.get("concentration", ()):
            if limit["kind"] in {"ccc", "caa"} and not _ccc_holds(day, limit["max"], None, cash):
                return False
    return True


def _quality_holds(day: Day, test: Mapping[str, Any], cash: float) -> bool:
    """Whether a quality test is satisfied with a purchase, or no worse than without it."""
    weigh = WEIGHTS.get(test["kind"])
    if weigh is None:
        return True
    holdings = _collateral(day)
    weighed = [found for position in holdings.positions if (found := weigh(day, position)) is not None]
    bought = pool.Position(holdings.bought_terms(holdings.last_step(day.period), 1.0), 1.0, 1.0)
    one = weigh(day, bought)
    if one is None:
        raise ValueError(f"scenario.reinvestment.rating: missing for the quality test {test['kind']}")
    unit = one[1] / one[0]
    before, more = day.purchase_cash / bought.terms.market_price, cash / bought.terms.market_price
    par = sum(par for par, _ in weighed) + before
    amount = sum(amount for _, amount in weighed) + before * unit
    was = amount / par if par > 0 else 0.0
    now = (amount + more * unit) / (par + more) if par + more > 0 else 0.0
    slack = TOLERANCE * abs(now)
    limit = limit_of(test, day.deal, day.period.collection_end)
    kept = par > DUST * float(day.deal["target_par"])
    if "max" in test:
        return now <= limit + slack or (kept and now <= was + slack)
    return now >= limit - slack or (kept and now >= was - slack)


def limit_of(test: Mapping[str, Any], deal: Mapping[str, Any], day: date) -> float:
    """The number of a quality test on a day: a rating factor is a whole one, an average life falls with time.

    Examples
    --------
    >>> deal = {"dates": {"closing": "2025-03-20"}}
    >>> limit_of({"kind": "wal", "max": 9.0, "from": "closing"}, deal, date(2027, 9, 20))
    6.5
    """
    limit = float(test["max"] if "max" in test else test["min"])
    if test["kind"] == "warf":
        return float(int(limit + TOLERANCE))
    if test["kind"] != "wal":
        return limit
    since = test.get("from") or "closing"
    if since in {"closing", "effective"}:
        since = deal["dates"].get(since) or deal["dates"]["closing"]
    elapsed = day_count_fraction("30e/360", parse_date(since), day)
    return max(limit - max(elapsed, 0.0), 0.0)


def _rating_factor(_: Day, position: pool.Position) -> Weighed | None:
    """A loan without a rating has none."""
    factor = position.terms.rating_factor
    return None if factor is None else (position.par, position.par * factor)


def _spread(day: Day, position: pool.Position) -> Weighed | None:
    """Of floating loans: what drawn par pays over the benchmark of the period, and the fee on what is not drawn."""
    terms = position.terms
    if terms.fixed_rate is not None:
        return None
    benchmark = _collateral(day).index_rate("", day.period)
    inside = terms.csa if terms.csa_in_floor else 0.0
    spread = terms.spread + terms.csa + max(0.0, terms.floor - inside - benchmark)
    return position.par, position.balance * spread + position.undrawn * terms.unfunded_fee


def _recovery(day: Day, position: pool.Position) -> Weighed | None:
    """The rate that the run assumes of a default."""
    holdings = _collateral(day)
    rate = holdings.recovery_rate(position.terms, holdings.last_step(day.period))
    return position.par, position.par * rate


def _life(day: Day, position: pool.Position) -> Weighed | None:
    """Years to each instalment, on the last day of its collection period, and to the rest at maturity."""
    holdings, start = _collateral(day), day.period.collection_end
    left, moment = replace(position), 0.0
    for step in holdings.steps:
        if step.step <= day.period.step or left.par <= 0:
            continue
        flow = pool.step(
            left,
            step,
            default_rate=0.0,
            prepayment_rate=0.0,
            instalment_years=holdings.instalment_years(step),
            index_rate=0.0,
            fixing=lambda _index, _day: 0.0,
            conventions=holdings.conventions,
            draw_rate=holdings.scenario.get("draw_rate", 0.0),
        )
        paid = min(left.terms.maturity, step.collection_end)
        moment += flow.scheduled * day_count_fraction("30e/360", start, paid)
    moment += left.par * day_count_fraction("30e/360", start, left.terms.maturity)
    return position.par, moment


WEIGHTS: Mapping[str, Callable[[Day, pool.Position], Weighed | None]] = {
    "warf": _rating_factor,
    "was": _spread,
    "wal": _life,
    "warr": _recovery,
}
"""What each quality test is an average of; the others are what they are without a purchase."""


def _ccc_holds(day: Day, limit: float, base: float | str | None, cash: float) -> bool:
    """Whether CCC loans are within a limit with a purchase; one of other loans never adds to them."""
    holdings = _collateral(day)
    terms = holdings.bought_terms(holdings.last_step(day.period), 1.0)
    if not terms.ccc or not (valuation(day.conventions).with_discount or terms.discount_price is None):
        return True
    spent = day.purchase_cash + cash
    par = spent / terms.market_price
    amount = ccc_base(base, float(day.deal["target_par"]), day.measure.collateral_principal_amount)
    if base in {None, "collateral_principal_amount"}:
        amount += par - min(spent, day.principal_proceeds)
    return day.measure.ccc_par + par <= limit * amount * (1 + TOLERANCE)


def _collateral(day: Day) -> Holdings:
    if day.holdings is None:
        raise ValueError("conditions of purchases need the collateral of a projection")
    return day.holdings
