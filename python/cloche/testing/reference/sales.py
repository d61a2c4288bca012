"""Sales of all collateral for a payment date, by a call or a liquidation: price, cost, whether they cover the debt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloche.testing.reference.day import Day

TOLERANCE = 1e-12
"""A sale covers what is required when the proceeds are at least the required amount times (1 − tolerance)."""


@dataclass(frozen=True)
class Sale:
    """A sale of all collateral.

    `status` of the date it is for is `redemption` (a call) or `accelerated` (a liquidation). `price` is a share of
    performing par; None, every asset goes at its own market price. Defaulted par goes at its recovery rate. The
    cost is `cost_rate` of performing par and `cost_fixed` currency units, at most the proceeds.
    """

    status: str
    price: float | None
    cost_rate: float = 0.0
    cost_fixed: float = 0.0
    must_cover: bool = True


def sale_cost(cost: Mapping[str, Any] | None) -> tuple[float, float]:
    """Share of performing par and fixed amount of a cost.

    Raises
    ------
    ValueError
        For a cost of a sale that is not measured by performing par.
    """
    cost = cost or {}
    if (cost.get("of") or "performing_par") != "performing_par":
        raise ValueError(f"cost.of: found {cost['of']}; expected performing_par for a sale")
    return cost.get("rate") or 0.0, cost.get("fixed") or 0.0


def required(day: Day) -> float:
    """What a redemption must pay, in currency units: fees, hedge amounts and every rated class.

    Fees count in full, capped or not, with what was brought forward, incentive fees aside; a class counts with its
    balance, deferred, overdue and current interest and its make-whole premium, which is part of current interest on the
    date of a call.
    """
    fees = sum(fee.current + fee.unpaid for fee in day.fees.values())
    fees += sum(hedge.periodic + hedge.termination for hedge in day.hedges.values())
    if day.event_cost is not None:
        fees += day.event_cost.current + day.event_cost.unpaid
    classes = sum(
        note.balance + note.deferred + note.interest_owed for note in day.notes.values() if not note.residual
    )
    if not day.sold:
        classes += sum(day.premium(note, note.opening["balance"]) for note in day.notes.values())
    return fees + classes


def covers(available: float, amount: float) -> bool:
    """Whether proceeds cover a required amount, up to rounding.

    Examples
    --------
    >>> covers(100.0, 100.0), covers(99.0, 100.0)
    (True, False)
    """
    return available >= amount * (1 - TOLERANCE)
