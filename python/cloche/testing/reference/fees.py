"""Fees: what accrues, what the cap lets through, the incentive fee above a hurdle."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cloche.testing.reference.dates import day_count_fraction, parse_date


@dataclass
class Fee:
    """A fee on one payment date, in currency units; `current` and `unpaid` fall as it is paid.

    `later` is the part of the period's amount that the manager defers: it is owed from the next date on. `current`
    accrued over the period, `unpaid` was brought forward, `room` is what the cap still lets through.
    """

    name: str
    base: float
    current: float
    unpaid: float
    room: float = math.inf
    paid: float = 0.0
    paid_capped: float = 0.0
    later: float = 0.0

    def owed(self, part: str) -> float:
        """Amount due of a part: `all`, `current`, `unpaid`, `capped` or `above_cap` (all that is still unpaid)."""
        if part == "current":
            return self.current
        if part == "unpaid":
            return self.unpaid
        total = self.unpaid + self.current
        return min(total, self.room) if part == "capped" else total

    def pay(self, part: str, amount: float) -> None:
        """Pay a part; of the whole the oldest first."""
        self.paid += amount
        if part == "capped":
            self.room -= amount
            self.paid_capped += amount
        if part == "current":
            self.current -= amount
        elif part != "unpaid" and amount >= self.unpaid + self.current:
            self.unpaid = self.current = 0.0
        else:
            old = min(amount, self.unpaid)
            self.unpaid -= old
            self.current -= amount - old


def accrued_fee(terms: Mapping[str, Any], base: float, start: date, end: date) -> float:
    """Fee of the accrual period: (rate · base + sliced tiers + fixed part) · day count fraction + amount a period.

    Parameters
    ----------
    terms
        The fee of a canonical deal document.
    base
        Base amount in currency units.
    start, end
        Adjusted accrual period.
    """
    yearly = (terms.get("rate") or 0.0) * base + (terms.get("fixed_per_year") or 0.0)
    lower = 0.0
    for tier in terms.get("tiers", ()):
        upper = tier.get("up_to")
        upper = math.inf if upper is None else upper
        yearly += tier["rate"] * max(0.0, min(base, upper) - lower)
        lower = upper
    fraction = day_count_fraction(terms.get("day_count") or "act/360", start, end)
    return float(yearly * fraction + (terms.get("amount_per_period") or 0.0))


def share_at(value: Any, start: date) -> float:
    """Share that a fee waives or defers in a period: a number, or by date; before the first date none.

    Examples
    --------
    >>> share_at({"2026-01-15": 0.5}, date(2026, 4, 15)), share_at({"2026-01-15": 0.5}, date(2025, 4, 15))
    (0.5, 0.0)
    """
    if isinstance(value, Mapping):
        known = sorted((parse_date(text), share) for text, share in value.items())
        return float(([0.0] + [share for day, share in known if day <= start])[-1])
    return float(value or 0.0)


def cap_amount(cap: Mapping[str, Any], fee_basis: float, start: date, end: date) -> float:
    """Cap of the period: (rate · fee basis + fixed part) · day count fraction."""
    yearly = cap.get("rate", 0.0) * fee_basis + cap.get("fixed_per_year", 0.0)
    return float(yearly * day_count_fraction(cap.get("day_count") or "act/360", start, end))


def hurdle_need(flows: Sequence[tuple[date, float]], day: date, irr: float | None) -> float:
    """What the residual notes must still receive on `day` to have earned `irr`: −Σ CF (1 + irr)^(days / 365).

    Parameters
    ----------
    flows
        Dated flows of the holders, the purchase negative.
    day
        Payment date.
    irr
        Hurdle a year; None is no hurdle.
    """
    if irr is None:
        return 0.0
    grown = [amount * math.pow(1 + irr, (day - when).days / 365) for when, amount in flows]
    return max(0.0, -sum(grown))


def incentive_amount(
    available: float,
    flows: Sequence[tuple[date, float]],
    day: date,
    hurdles: Sequence[Mapping[str, Any]],
) -> float:
    """Incentive fee out of `available`: nothing up to the first hurdle, then each hurdle's share up to the next.

    Parameters
    ----------
    available
        Cash left for the fee and the residual notes, in currency units.
    flows
        Dated flows of the residual notes, those of this date included.
    day
        Payment date.
    hurdles
        `{irr, share}`, ascending.
    """
    fee = share = given = 0.0
    for hurdle in hurdles:
        holders = max(0.0, hurdle_need(flows, day, hurdle.get("irr")) - given)
        gross = min(available, holders / (1 - share)) if share < 1 else available
        fee += share * gross
        given += (1 - share) * gross
        available -= gross
        share = hurdle["share"]
    return fee + share * available
