"""Words of explanations: amounts to the cent, clauses, what a waterfall paid before a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["accrual", "amount", "before_it", "class_name", "clause", "joined", "proceeds", "ratios"]

_DUST = 0.005
_MOST_DECIMALS = 8
_LONGEST_CLASS = 2
_KINDS = {
    "pay_fee": "fees",
    "incentive_fee": "fees",
    "pay_interest": "interest",
    "pay_deferred_interest": "deferred interest",
    "pay_amortization": "amortization",
    "pay_principal": "principal",
    "turbo": "principal",
    "pay_hedge": "hedge payments",
    "fund_reserve": "reserves",
    "pay_shortfalls": "shortfalls of fees and interest",
    "draw": "draw",
    "pay_residual": "residual",
    "reinvest": "purchases",
    "retain": "deposits",
}
_PROCEEDS = {"interest": "Interest proceeds", "principal": "Principal proceeds"}


def amount(money: float) -> str:
    """Return money to the cent.

    Examples
    --------
    >>> amount(9_900_000.0), amount(467_666.6666)
    ('9,900,000', '467,666.67')
    """
    text = f"{money + 0.0:,.2f}"
    return text.removesuffix(".00")


def ratios(value: float, trigger: float) -> tuple[str, str]:
    """Return a ratio and its trigger in percent, with as many decimals as tell them apart.

    Examples
    --------
    >>> ratios(1.2162, 1.25), ratios(1.054999, 1.055)
    (('121.62%', '125.00%'), ('105.4999%', '105.5000%'))
    """
    for decimals in range(2, _MOST_DECIMALS):
        told = f"{value * 100:.{decimals}f}%", f"{trigger * 100:.{decimals}f}%"
        if told[0] != told[1]:
            return told
    return f"just below {trigger * 100:.2f}%", f"{trigger * 100:.2f}%"


def joined(items: Sequence[str]) -> str:
    """Return items in a row of words."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def class_name(name: str) -> str:
    """Return the name of a class as people say it.

    Examples
    --------
    >>> class_name("B-1"), class_name("SUB")
    ('Class B-1', 'the SUB notes')
    """
    return f"the {name} notes" if name.isalpha() and len(name) > _LONGEST_CLASS else f"Class {name}"


def clause(row: Mapping[str, Any], *, first: bool = False) -> str:
    """Return the clause of a ledger row; `first` where it begins a sentence."""
    if row["label"]:
        return f"{'Clause' if first else 'clause'} {row['label']}"
    return f"{'The' if first else 'the'} {_KINDS.get(row['step'], row['step'].replace('_', ' '))} step"


def proceeds(fall: str) -> str:
    """Return what a waterfall distributes."""
    return _PROCEEDS.get(fall, "All proceeds")


def accrual(own: Mapping[str, Any], terms: Mapping[str, Any]) -> str:
    """Return rate and period of a class's interest.

    Examples
    --------
    >>> accrual({"rate": 0.061, "day_count_fraction": 92 / 360}, {"coupon": {"day_count": "act/360"}})
    'at 6.1% for 92 days of 360'
    """
    rate, fraction = own["rate"], own["day_count_fraction"]
    if rate is None or fraction is None:
        return "at the rate of the class"
    percent = f"{rate * 100:.4f}".rstrip("0").rstrip(".")
    rule = str((terms.get("coupon") or {}).get("day_count") or "")
    year = 365 if rule.endswith("365") else 360
    days = fraction * year
    if rule == "act/act" or abs(days - round(days)) > 1e-6:
        return f"at {percent}% for {fraction:.4f} years"
    return f"at {percent}% for {round(days)} days of {year}"


def before_it(rows: Sequence[Mapping[str, Any]], payee: Callable[[str], str]) -> str:
    """Return what was paid before a step, by kind, as the end of a sentence; nothing where nothing was.

    Parameters
    ----------
    rows
        Rows of the ledger before it.
    payee
        Name of a payee in words.
    """
    parts = []
    for kind in dict.fromkeys(_KINDS.get(row["step"], row["step"]) for row in rows):
        mine = [row for row in rows if _KINDS.get(row["step"], row["step"]) == kind and row["paid"] > _DUST]
        if not mine:
            continue
        total = amount(math.fsum(row["paid"] for row in mine))
        to = "" if kind in ("fees", "purchases", "deposits") else _to([row["payee"] for row in mine], payee)
        parts.append(f"{kind} of {total}{to}")
    return f"; first came {joined(parts)}" if parts else ""


def _to(names: Sequence[str], payee: Callable[[str], str]) -> str:
    return f" to {joined([payee(name) for name in dict.fromkeys(names)])}"
