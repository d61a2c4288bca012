"""The canonical columns of a tape: kind, bounds, and what each is used for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cloche.model.units import BALANCE, MONEY, POSITIVE_MONEY, Quantity
from cloche.table import Kind

__all__ = ["CANONICAL", "INPUTS", "REQUIRED", "TapeColumn", "Use"]

Use = Literal["used", "kept", "refused", "input"]


@dataclass(frozen=True)
class TapeColumn:
    """One column that a tape may have.

    Parameters
    ----------
    kind
        ``text``, ``float``, ``date`` or ``bool``.
    use
        ``used`` by the engine or the statistics, ``kept`` in the pool's table only, ``refused`` where a row
        has a value that would change a payment and is not computed yet, ``input`` from which another column
        is derived.
    quantity
        Bounds of a number, and the units it may be written in.
    """

    kind: Kind
    use: Use = "used"
    quantity: Quantity | None = None


def _number(what: str, low: float, high: float, *, use: Use = "used", scale: str = "decimal") -> TapeColumn:
    if scale == "price":
        return TapeColumn(
            "float", use, Quantity(what, low, high, "price", open_low=low == 0.0 and "above 0" in what)
        )
    if scale == "plain":
        return TapeColumn("float", use, Quantity(what, low, high, "plain", open_low="above 0" in what))
    return TapeColumn("float", use, Quantity(what, low, high))


def _whole(what: str, low: float, high: float, *, use: Use = "used") -> TapeColumn:
    return TapeColumn("float", use, Quantity(what, low, high, "plain", whole=True))


_TEXT = TapeColumn("text")
_KEPT_TEXT = TapeColumn("text", "kept")
_DATE = TapeColumn("date")
_KEPT_DATE = TapeColumn("date", "kept")
_KEPT_FLAG = TapeColumn("bool", "kept")

CANONICAL: dict[str, TapeColumn] = {
    "loan_id": _TEXT,
    "obligor_id": _TEXT,
    "obligor_name": _TEXT,
    "parent_id": _TEXT,
    "par": TapeColumn("float", "used", BALANCE),
    "par_unfunded": TapeColumn("float", "used", BALANCE),
    "original_par": TapeColumn("float", "used", BALANCE),
    "coupon_type": _TEXT,
    "index": _TEXT,
    "spread": _number("a spread from -0.05 to 0.3", -0.05, 0.3),
    "fixed_rate": _number("a rate a year from 0 to 0.3", 0.0, 0.3),
    "floor": _number("a floor from -0.05 to 0.2", -0.05, 0.2),
    "csa": _number("a credit spread adjustment from -0.02 to 0.05", -0.02, 0.05),
    "csa_in_floor": TapeColumn("bool"),
    "rate_cap": _number("a rate a year from 0 to 0.5", 0.0, 0.5, use="refused"),
    "pik_spread": _number("a spread from 0 to 0.3", 0.0, 0.3),
    "unfunded_fee": _number("a rate a year from 0 to 0.1", 0.0, 0.1),
    "payment_frequency_months": _whole("a number of months: 1, 2, 3, 4, 6 or 12", 1, 12),
    "next_payment": _DATE,
    "accrual_start": _DATE,
    "current_rate": _number("a rate a year from 0 to 0.5", 0.0, 0.5),
    "next_reset": _KEPT_DATE,
    "reset_frequency_months": _whole("a number of months from 1 to 12", 1, 12, use="kept"),
    "day_count": _TEXT,
    "maturity": _DATE,
    "amortization_rate": _number("a share of original par a year from 0 to 0.5", 0.0, 0.5),
    "amortization_schedule": TapeColumn("text", "refused"),
    "cashflow_schedule": TapeColumn("text", "refused"),
    "call_protection": _KEPT_TEXT,
    "lien": _TEXT,
    "facility": _KEPT_TEXT,
    "cov_lite": _KEPT_FLAG,
    "currency": _TEXT,
    "country": _TEXT,
    "industry": _TEXT,
    "rating_sp": _TEXT,
    "rating_moodys": _TEXT,
    "rating_fitch": _TEXT,
    "watch": _KEPT_TEXT,
    "outlook": _KEPT_TEXT,
    "rating_factor": _number("a rating factor from 1 to 10000", 1.0, 10_000.0, scale="plain"),
    "pd_1y": _number("a probability from 0 to 1", 0.0, 1.0),
    "hazard": _number("a hazard a year from 0 to 10", 0.0, 10.0),
    "recovery": _number("a share of par from 0 to 1", 0.0, 1.0),
    "recovery_lag_months": _number("a number of months from 0 to 120", 0.0, 120.0, scale="plain"),
    "cpr": _number("a rate a year from 0 to 1", 0.0, 1.0),
    "market_price": _number("a price from 0 to 2 (1 is par)", 0.0, 2.0, scale="price"),
    "purchase_price": _number("a price above 0, at most 2 (1 is par)", 0.0, 2.0, scale="price"),
    "purchase_date": _KEPT_DATE,
    "default_date": _DATE,
    "is_deferring": TapeColumn("bool", "refused"),
    "is_current_pay": _KEPT_FLAG,
    "is_dip": _KEPT_FLAG,
    "is_participation": _KEPT_FLAG,
    "facility_size": TapeColumn("float", "kept", POSITIVE_MONEY),
}
"""Name to column, in the order of the pool's table."""

INPUTS: dict[str, TapeColumn] = {
    "rating": TapeColumn("text", "input"),
    "cost": TapeColumn("float", "input", MONEY),
    "market_value": TapeColumn("float", "input", MONEY),
    "is_defaulted": TapeColumn("bool", "input"),
    "count": _whole("a whole number of equal obligors, 1 or more", 1, 1e6, use="input"),
    "is_unfunded": TapeColumn("bool", "refused"),
    "is_partly_unfunded": TapeColumn("bool", "refused"),
    "is_pik": TapeColumn("bool", "refused"),
}
"""What tapes of other systems hold beside the canonical columns; each becomes one of them or is refused."""

REQUIRED = ("loan_id", "par", "maturity")
"""Beside these a row needs a spread (floating) or a fixed rate (fixed)."""
