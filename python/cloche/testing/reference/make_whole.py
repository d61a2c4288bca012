"""Make-whole premiums: what a class is paid when it is redeemed before a date, for the interest it loses.

    premium of one unit = max(0, Σ_{q=p+1..Q} c_q · f_q · D_q + D_Q − 1),   D_q = Π_{r=p+1..q} 1 / (1 + d_r · f_r)

p is the payment date of the redemption, Q the first whose unadjusted date is not before `until`, c_q the coupon of the
class in the accrual period that ends on q, f_q the fraction of it, d_r the discount rate of that period.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloche.testing.reference.dates import Period, rest_after
from cloche.testing.reference.events import event_date
from cloche.testing.reference.notes import accrual_fraction, coupon_rate

Document = Mapping[str, Any]
IndexRate = Callable[[str, Period], float]
"""Fixing of an index for a payment period, as a decimal a year."""


def check(deal: Document) -> None:
    """Refuse premiums that no redemption can pay.

    Raises
    ------
    ValueError
        For a residual or combination note, a date that the deal does not have, a discount rate that is neither fixed
        nor an index and a spread.
    """
    for terms in deal["notes"]:
        rules = terms.get("make_whole")
        if not rules:
            continue
        place = f"notes.{terms['name']}.make_whole"
        for kind in ("residual", "combination_of"):
            if terms.get(kind):
                raise ValueError(f"{place}: found on a note with {kind}; expected a class that is redeemed")
        event_date(rules["until"], deal["dates"])
        discount = rules["discount"]
        if (discount.get("fixed") is None) == (discount.get("index") is None):
            raise ValueError(f"{place}.discount: found {dict(discount)}; expected fixed, or index and spread")


def premiums(
    deal: Document, period: Period, periods: Sequence[Period], index_rate: IndexRate
) -> dict[str, float]:
    """Premium of one unit of balance on a payment date, by name of the classes that have one.

    Parameters
    ----------
    deal
        Canonical deal document that rules on the date.
    period
        Payment period, or the part of one that a redemption leaves.
    periods
        All periods of the run.
    index_rate
        Fixings of the scenario.
    """
    later = [item for item in periods if item.step > period.step]
    if period.is_part:
        later.insert(0, rest_after(periods[period.step - 1], period.payment_date))
    return {
        terms["name"]: premium(terms, period, later, deal["dates"], index_rate)
        for terms in deal["notes"]
        if terms.get("make_whole")
    }


def premium(
    terms: Document, period: Period, later: Sequence[Period], dates: Document, index_rate: IndexRate
) -> float:
    """Premium of one unit of balance of a class.

    Parameters
    ----------
    terms
        The note of a canonical deal document, with `make_whole`.
    period
        Payment period of the redemption.
    later
        The periods after it.
    dates
        Dates of the document.
    index_rate
        Fixings of the scenario.
    """
    until = event_date(terms["make_whole"]["until"], dates)
    if period.unadjusted_end >= until:
        return 0.0
    discount = terms["make_whole"]["discount"]
    coupon = as_stated(terms.get("coupon") or {})
    factor, lost = 1.0, 0.0
    for item in later:
        fraction = accrual_fraction(
            coupon,
            adjusted=(item.accrual_start, item.payment_date),
            unadjusted=(item.unadjusted_start, item.unadjusted_end),
        )
        index = None if coupon.get("fixed") is not None else coupon.get("index")
        rate = coupon_rate(coupon, index_rate(index, item) if index else None, item.unadjusted_start)
        factor /= 1 + discount_rate(discount, item, index_rate) * fraction
        lost += rate * fraction * factor
        if item.unadjusted_end >= until:
            break
    return max(0.0, lost + factor - 1)


def discount_rate(discount: Document, period: Period, index_rate: IndexRate) -> float:
    """Rate a year at which a period is discounted: fixed, or the fixing of an index for it plus a spread."""
    if discount.get("fixed") is not None:
        return float(discount["fixed"])
    return index_rate(discount["index"], period) + float(discount.get("spread") or 0.0)


def as_stated(coupon: Document) -> Document:
    """A coupon as the document states it: without new spreads of re-pricings."""
    steps = [step for step in coupon.get("step_up", ()) if not step.get("repriced")]
    return {**coupon, "step_up": steps}
