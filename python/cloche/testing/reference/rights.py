"""Rights: which events the documents allow, from which day on, and what a clean-up call waits for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cloche.testing.reference.dates import parse_date, schedule

Document = Mapping[str, Any]

ALLOWING = {
    "call": ("optional_redemption", "clean_up", "tax_redemption"),
    "refinance": ("refinancing",),
    "reprice": ("repricing", "refinancing"),
    "reset": ("reset", "refinancing"),
    "amend": ("amendment",),
    "special_redemption": ("special_redemption",),
}
"""Rights that allow an event of a kind; the first that a deal gives counts. Ratings may always be confirmed."""

NEVER_BARRED = ("clean_up", "tax_redemption")
"""Rights that hold in the non-call period, too."""

ROUNDING = 1e-13
"""Share of the target par by which interest of a year may rise where the cost of debt may not."""


@dataclass(frozen=True)
class Right:
    """A right: its name and terms, and the amount below which a clean-up call needs the collateral to be."""

    name: str
    terms: Document
    below: float | None = None


def right_to(kind: str, place: str, deal: Document, *, barred: bool = False) -> Right | None:
    """The right that allows an event; None where the documents leave it open.

    A deal without `rights` leaves all open, and so does one with an auction call alone, which is contracted.
    `barred`: it is a call in the non-call period, for which a right that holds there comes first.

    Raises
    ------
    ValueError
        When the deal gives rights, and none to this event.

    Examples
    --------
    >>> deal = {"target_par": 100.0, "rights": {"clean_up": {"below": 0.15}}}
    >>> right_to("call", "events[0]", deal).below
    15.0
    """
    rights = deal.get("rights") or {}
    if kind not in ALLOWING or not set(rights) - {"auction_call"}:
        return None
    order = (*NEVER_BARRED, *ALLOWING[kind]) if barred else ALLOWING[kind]
    given = [name for name in order if rights.get(name) not in (None, False)]
    if not given:
        raise ValueError(
            f"{place}.{kind}: found {sorted(rights)}; expected {' or '.join(ALLOWING[kind])} in rights"
        )
    terms = rights[given[0]]
    terms = terms if isinstance(terms, Mapping) else {}
    share = terms.get("below")
    return Right(given[0], terms, None if share is None else float(share * deal["target_par"]))


def check_day(written: str | date, right: Right, place: str, deal: Document) -> None:
    """Refuse a stated day off the payment dates, where a right has no other days.

    Dates relative to those of the deal stand for the payment date that follows.
    """
    if right.terms.get("dates") != "payment_dates":
        return
    try:
        day = parse_date(written)
    except ValueError:
        return
    # Calendars are not known here: what no weekend moves is enough.
    if all(day not in (period.unadjusted_end, period.payment_date) for period in schedule(deal)):
        raise ValueError(f"{place}.date: found {day}; expected a payment date (rights.{right.name}.dates)")


def check_cost(
    kind: str, terms: Document, right: Right, place: str, deal: Document, *, on: date | None
) -> None:
    """Refuse a refinancing or re-pricing that raises the interest of a year, where a right says so.

    Spreads are those of the accrual period that begins on the date, at closing where a condition has none, on the
    balances at closing. A class that changes between fixed and floating cannot be compared, and then nothing is.
    """
    if not right.terms.get("cost_of_debt_not_higher") or kind not in {"refinance", "reprice"}:
        return
    classes = {note["name"]: note for note in deal["notes"]}
    more = 0.0
    for name, change in terms.items():
        if name not in classes:
            return
        new = change["into"] if kind == "refinance" else [_repriced(change)]
        rise = _rise(classes[name], new, on or parse_date(deal["dates"]["closing"]))
        if rise is None:
            return
        more += classes[name]["balance"] * rise
    if more > ROUNDING * deal["target_par"]:
        raise ValueError(
            f"{place}.{kind}: found {more} more interest a year; expected no more (rights.{right.name})"
        )


def _rise(old: Document, new: list[Document], on: date) -> float | None:
    """How far the mean spread of what replaces a class is above its own; None where they do not compare."""
    coupon = old["coupon"]
    stated = sum(one["balance"] for one in new if not isinstance(one.get("balance", "all"), str))
    whole = cost = 0.0
    for one in new:
        replaced = {"spread": one["spread"]} if "spread" in one else one.get("coupon") or coupon
        if (replaced.get("fixed") is None) != (coupon.get("fixed") is None):
            return None
        balance = one.get("balance", "all")
        amount = max(0.0, old["balance"] - stated) if isinstance(balance, str) else balance
        whole += amount
        cost += amount * _spread(replaced, on)
    return cost / whole - _spread(coupon, on) if whole > 0 else None


def _repriced(change: Document | float) -> Document:
    return change if isinstance(change, Mapping) else {"spread": change}


def _spread(coupon: Document, on: date) -> float:
    key = "spread" if coupon.get("fixed") is None else "fixed"
    steps = [
        step for step in coupon.get("step_up") or () if step.get("from") and parse_date(step["from"]) <= on
    ]
    last = max(steps, key=lambda step: str(step["from"]), default=coupon)
    return float(last[key])
