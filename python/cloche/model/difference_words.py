"""Terms of a document as people say them: basis points, percent, money, dates, yes and no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloche.model import words

__all__ = ["pair", "written"]

_BASIS_POINTS = ("spread", "cash_rate_spread")
_PERCENT = (
    "trigger", "rate", "fixed", "floor", "cap", "share", "irr", "limit", "below", "weak_below", "restore",
    "issue_price", "price", "long_dated_value", "min", "max", "round", "waived", "deferred",
)  # fmt: skip
_MONEY = (
    "balance", "target_par", "amount_per_period", "fixed_per_year", "up_to", "upfront_costs", "interest_reserve",
    "ramp_up_cash", "par_purchased", "par_purchase", "expense_reserve", "equity_contribution", "base",
)  # fmt: skip
_MOST_DECIMALS = 6
_LEAST_MONEY = 10.0


def pair(key: str, old: Any, new: Any) -> tuple[str | None, str | None]:
    """Return two values of a term, ratios with equally many decimals; None where there is none.

    Examples
    --------
    >>> pair("trigger", 1.055, 1.05), pair("spread", 0.013, None), pair("deferrable", False, True)
    (('105.5%', '105.0%'), ('130bp', None), ('no', 'yes'))
    >>> pair("max", 3000, 3100), pair("max", 0.1, 0.125), pair("max", 9.0, 8.5)
    (('3,000', '3,100'), ('10.0%', '12.5%'), ('9', '8.5'))
    """
    if all(_is_percent(key, value) for value in (old, new) if value is not None):
        decimals = max(_decimals(value) for value in (old, new) if value is not None)
        return _percent(old, decimals), _percent(new, decimals)
    return _word(key, old), _word(key, new)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_percent(key: str, value: Any) -> bool:
    """Tell whether a number is a rate or a ratio.

    `fixed` is a rate of coupons and money of costs; `min` and `max` are shares, or factors, scores and years.
    """
    if key not in _PERCENT or not _is_number(value):
        return False
    return abs(value) < _LEAST_MONEY if key == "fixed" else key not in ("min", "max") or abs(value) <= 1.0


def _decimals(value: float) -> int:
    text = f"{value * 100:.{_MOST_DECIMALS}f}".rstrip("0")
    return len(text) - text.index(".") - 1


def _percent(value: float | None, decimals: int) -> str | None:
    return None if value is None else f"{value * 100:.{decimals}f}%"


def _word(key: str, value: Any) -> str | None:  # noqa: PLR0911 - one return a kind
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _is_number(value):
        if key in _BASIS_POINTS:
            return f"{value * 10_000:.6g}bp"
        if _is_percent(key, value):
            return _percent(value, _decimals(value))
        return words.money(value) if key in (*_MONEY, "fixed") else f"{value:,.10g}"
    if isinstance(value, Mapping):
        return (
            ", ".join(f"{name.replace('_', ' ')} {_word(name, inner)}" for name, inner in value.items())
            or "none"
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        grouped = any(isinstance(inner, Sequence) and not isinstance(inner, str) for inner in value)
        return (" then " if grouped else ", ").join(str(_word(key, inner)) for inner in value) or "none"
    return str(value)


def written(part: str, item: Mapping[str, Any]) -> str:
    """Return a whole item in words, for one that is new or gone.

    Examples
    --------
    >>> written("class", {"name": "F", "balance": 10e6, "coupon": {"index": "sofr_3m", "spread": 0.08}})
    'balance 10,000,000, index sofr_3m, spread 800bp'
    >>> written("test", {"name": "E OC", "kind": "oc", "through": "E", "trigger": 1.055})
    'kind oc, through E, trigger 105.5%'
    """
    terms = dict(item)
    if part == "class":
        coupon = terms.pop("coupon", {})
        terms = {"balance": terms.pop("balance", 0.0), **coupon, **terms}
        if terms.get("issue_price") == 1.0:
            del terms["issue_price"]
    stated = {
        key: value for key, value in terms.items() if key != "name" and value not in ({}, [], None, False)
    }
    return ", ".join(f"{key.replace('_', ' ')} {_word(key, value)}" for key, value in stated.items())
