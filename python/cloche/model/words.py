"""Words of the indenture for numbers, classes, fees, tests and conditions."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from cloche.model.fees import Fee
from cloche.model.notes import Coupon, Note
from cloche.model.tests import CoverageTest

__all__ = [
    "classes",
    "condition",
    "coupon_terms",
    "fee_cap",
    "fee_terms",
    "groups_in_words",
    "index_and_spread",
    "joined",
    "largest",
    "money",
    "note_balance",
    "note_terms",
    "percent",
    "trigger_level",
]

_PLAIN_CONDITIONS = {
    "during_reinvestment": "during the reinvestment period",
    "after_reinvestment": "after the reinvestment period",
    "not during_reinvestment": "after the reinvestment period",
    "not after_reinvestment": "during the reinvestment period",
}
_LONGEST_CLASS = 2
_BASES = {
    "fee_basis": "the fee basis amount",
    "performing_par": "the performing par",
    "collateral_principal_amount": "the collateral principal amount",
}


def percent(number: float) -> str:
    """Return a decimal in percent.

    Examples
    --------
    >>> percent(1.165), percent(0.0002)
    ('116.5%', '0.02%')
    """
    return f"{number * 100:.10g}%"


def money(amount: float) -> str:
    """Return an amount of money with thousands separated.

    Examples
    --------
    >>> money(310e6)
    '310,000,000'
    """
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.2f}"


def joined(items: Sequence[str], last: str = "and") -> str:
    """Return items in a row of words."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def classes(names: Sequence[str]) -> str:
    """Return names of classes.

    Examples
    --------
    >>> classes(["B-1", "SUB"])
    'the Class B-1 Notes and the SUB Notes'
    """
    return joined([f"the {name} Notes" if _is_word(name) else f"the Class {name} Notes" for name in names])


def _is_word(name: str) -> bool:
    return name.isalpha() and len(name) > _LONGEST_CLASS


def groups_in_words(groups: Sequence[Sequence[str]], share: str) -> str:
    """Return groups of classes that are paid one after another; `share` says how a group shares."""
    words = [classes(group) + (f", {share}," if len(group) > 1 else "") for group in groups]
    return ", then ".join(words).removesuffix(",")


def condition(expression: str) -> str:
    """Return a condition in words, as the beginning of a clause.

    Examples
    --------
    >>> condition("passes('E OC') and not during_reinvestment"), condition("remaining > 0")
    ('if E OC is satisfied and after the reinvestment period', 'if remaining > 0')
    """
    whole = _plain_condition(expression)
    if whole is not None:
        return whole
    parts = [_plain_condition(part) for part in expression.split(" and ")]
    told = [part for part in parts if part is not None]
    if len(told) < len(parts):
        return f"if {expression}"
    return " and ".join([told[0], *(part.removeprefix("if ") for part in told[1:])])


def _plain_condition(expression: str) -> str | None:
    """Return a simple condition in words; None for any other."""
    if expression in _PLAIN_CONDITIONS:
        return _PLAIN_CONDITIONS[expression]
    if match := re.fullmatch(r"controlling\((['\"])([^'\"]+)\1\)", expression):
        return f"if Class {match[2]} is the controlling class"
    if match := re.fullmatch(r"(not )?passes\((['\"])([^'\"]+)\2\)", expression):
        return f"if {match[3]} is {'not ' if match[1] else ''}satisfied"
    return None


def largest(expression: str) -> str:
    """Return the largest amount of a step in words, as the end of a clause.

    Examples
    --------
    >>> largest("0.5 * remaining"), largest("remaining*20%"), largest("1_000_000")
    ('at most 50% of what remains', 'at most 20% of what remains', 'at most 1,000,000')
    """
    if match := re.fullmatch(r"([\d.]+)(%?) ?\* ?remaining|remaining ?\* ?([\d.]+)(%?)", expression):
        number, unit = (match[1], match[2]) if match[1] else (match[3], match[4])
        return f"at most {percent(float(number) / (100 if unit else 1))} of what remains"
    if re.fullmatch(r"\d[\d_]*(\.\d+)?", expression):
        return f"at most {money(float(expression))}"
    return f"at most {expression}"


def fee_terms(fee: Fee) -> str:
    """Return how a fee is computed."""
    base = _BASES.get(fee.base or "fee_basis", f"the balance of {classes([fee.base or ''])}")
    terms = []
    if fee.amount_per_period is not None:
        terms.append(f"{money(fee.amount_per_period)} a payment date")
    if fee.rate is not None:
        terms.append(f"{percent(fee.rate)} a year of {base}")
    if fee.fixed_per_year is not None:
        terms.append(f"{money(fee.fixed_per_year)} a year")
    for place, tier in enumerate(fee.tiers):
        if tier.up_to is None:
            part = f"the rest of {base}" if place else base
        else:
            part = f"{f'the next part of {base}' if place else base} up to {money(tier.up_to)}"
        terms.append(f"{percent(tier.rate)} a year of {part}")
    for hurdle in fee.hurdles:
        above = (
            f" above an internal rate of return of {percent(hurdle.irr)}" if hurdle.irr is not None else ""
        )
        terms.append(f"{percent(hurdle.share)} of the residual{above}")
    return joined(terms, "plus")


def fee_cap(fee: Fee) -> str:
    """Return the cap of a fee."""
    if fee.cap is None:
        return "no cap"
    base = _BASES.get(fee.base or "fee_basis", f"the balance of {classes([fee.base or ''])}")
    terms = []
    if fee.cap.rate:
        terms.append(f"{percent(fee.cap.rate)} a year of {base}")
    if fee.cap.fixed_per_year:
        terms.append(f"{money(fee.cap.fixed_per_year)} a year")
    if (dates := fee.cap.carry_over) > 0:
        last = "the last payment date" if dates == 1 else f"the last {dates} payment dates"
        terms.append(f"what the caps of {last} left unused")
    return joined(terms or ["0"], "plus")


def note_terms(note: Note) -> str:
    """Return what a class pays: its coupon, or that it has none."""
    return "combination" if note.combination_of else coupon_terms(note.coupon)


def note_balance(note: Note) -> float:
    """Return the balance of a class at closing; that of a combination note is the sum of its parts."""
    return math.fsum(note.combination_of.values()) if note.combination_of else note.balance


def coupon_terms(coupon: Coupon | None) -> str:
    """Return a coupon."""
    if coupon is None:
        return "residual"
    if coupon.fixed is not None:
        return percent(coupon.fixed)
    return index_and_spread(coupon.index, coupon.spread or 0.0)


def index_and_spread(index: str | None, spread: float | None) -> str:
    """Return a floating rate.

    Examples
    --------
    >>> index_and_spread("sofr_3m", 0.013), index_and_spread("sofr_3m", -0.0005), index_and_spread("sofr_3m", None)
    ('sofr_3m + 130bp', 'sofr_3m - 5bp', 'sofr_3m')
    """
    if spread is None:
        return str(index)
    return f"{index} {'-' if spread < 0 else '+'} {abs(spread) * 10_000:.6g}bp"


def trigger_level(test: CoverageTest) -> str:
    """Return a test with its trigger."""
    return f"{test.name} ({percent(test.trigger)})"
