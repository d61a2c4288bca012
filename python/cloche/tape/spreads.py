"""Weighted average spread of floating loans, weighted average coupon of fixed ones, as the tests have them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cloche.errors import Problem, RunError

if TYPE_CHECKING:
    from cloche.tape.pool import LoanPool

__all__ = ["SpreadTerms", "average_coupon_and_spread"]

_RATE = (-0.05, 0.5)


@dataclass(frozen=True)
class SpreadTerms:
    """What a spread test reads beside the tape; rates as decimals a year, money in currency units.

    Parameters
    ----------
    benchmark
        The notes' index rate of the period: floors above it count, and so does par above the target.
    target_par
        Reinvestment target par; par above it earns the benchmark.
    minimum_spread, minimum_coupon
        Minima of the two tests: the one that fails is helped by what the other has above its own.
    """

    benchmark: float | None = None
    target_par: float | None = None
    minimum_spread: float | None = None
    minimum_coupon: float | None = None

    def __post_init__(self) -> None:
        """Refuse numbers out of range, and numbers that say nothing without another.

        Raises
        ------
        RunError
            With every problem.
        """
        low, high = _RATE
        problems = [
            Problem(name, f"found {value!r}, expected a rate a year from {low} to {high}, such as 0.043")
            for name in ("benchmark", "minimum_spread", "minimum_coupon")
            if (value := getattr(self, name)) is not None and not low <= value <= high
        ]
        if self.target_par is not None:
            if not 0.0 < self.target_par < math.inf:
                problems.append(Problem("target_par", f"found {self.target_par!r}, expected money above 0"))
            if self.benchmark is None:
                problems.append(
                    Problem("benchmark", "missing; expected the rate that par above target_par earns")
                )
        if (self.minimum_spread is None) != (self.minimum_coupon is None):
            name = "minimum_spread" if self.minimum_spread is None else "minimum_coupon"
            problems.append(Problem(name, "missing; each minimum is helped by what is above the other"))
        if problems:
            raise RunError("the spread of the pool cannot be told so", problems)


def average_coupon_and_spread(pool: LoanPool, terms: SpreadTerms) -> tuple[float, float]:
    """Return the weighted average coupon of fixed loans and spread of floating ones; NaN where there are none.

    A kind of loans brings its rates on drawn par and its commitment fees on undrawn par, over both; a floating loan
    brings spread, credit spread adjustment, and the excess of its floor over the benchmark. Par above the target earns
    the benchmark, too, for the floating loans.
    """
    drawn = np.where(pool.performing, pool.numbers("par"), 0.0)
    balance = pool.principal_balance
    fees = (balance - drawn) * np.nan_to_num(pool.numbers("unfunded_fee"))
    fixed = np.array([kind == "fixed" for kind in pool.texts("coupon_type")])
    csa = np.nan_to_num(pool.numbers("csa"))
    rates = pool.numbers("spread") + csa
    excess = 0.0
    if terms.benchmark is not None:
        inside = np.where(pool.numbers("csa_in_floor") == 1, csa, 0.0)
        rates = rates + np.maximum(np.nan_to_num(pool.numbers("floor")) - inside - terms.benchmark, 0.0)
        if terms.target_par is not None:
            excess = terms.benchmark * max(0.0, math.fsum(balance.tolist()) - terms.target_par)
    brought = np.where(fixed, pool.numbers("fixed_rate"), rates) * drawn
    fixed_par, floating_par = (math.fsum(balance[rows].tolist()) for rows in (fixed, ~fixed))
    of_fixed, of_floating = (math.fsum([*brought[rows], *fees[rows]]) for rows in (fixed, ~fixed))
    coupon = of_fixed / fixed_par if fixed_par > 0.0 else math.nan
    spread = (of_floating + excess) / floating_par if floating_par > 0.0 else math.nan
    if terms.minimum_spread is None or terms.minimum_coupon is None or not fixed_par * floating_par > 0.0:
        return coupon, spread
    above_coupon, above_spread = (
        max(0.0, coupon - terms.minimum_coupon),
        max(0.0, spread - terms.minimum_spread),
    )
    if spread < terms.minimum_spread:
        spread += above_coupon * fixed_par / floating_par
    if coupon < terms.minimum_coupon:
        coupon += above_spread * floating_par / fixed_par
    return coupon, spread
