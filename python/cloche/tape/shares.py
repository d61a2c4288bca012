"""What the conditions of a deal read of a tape: commitments that are not drawn, par that pays seldom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cloche.table import NO_DATE

if TYPE_CHECKING:
    from cloche.tape.pool import LoanPool

__all__ = ["semiannual_share", "undrawn"]

_SEMIANNUAL = 6


def undrawn(pool: LoanPool) -> float:
    """Return what is not drawn of the commitments of performing loans, in money.

    Examples
    --------
    >>> from cloche.tape import LoanPool
    >>> terms = {"loan_id": ["1"], "par": [2e6], "maturity": ["2030-06-30"], "spread": [0.035]}
    >>> undrawn(LoanPool.from_columns(terms | {"par_unfunded": [1e6]}, as_of="2026-01-07"))
    1000000.0
    """
    return float(np.nan_to_num(pool.numbers("par_unfunded"))[pool.performing].sum())


def semiannual_share(pool: LoanPool, document: Mapping[str, Any]) -> float:
    """Return the share of the performing par in loans with own payment dates every six months or less often.

    Parameters
    ----------
    pool
        The collateral.
    document
        Canonical deal document: under ``cash_timing: period`` no loan has dates of its own.
    """
    balance = pool.principal_balance
    total = float(balance.sum())
    if total <= 0.0 or document.get("conventions", {}).get("cash_timing") == "period":
        return 0.0
    dated = pool.numbers("next_payment") != NO_DATE
    seldom = dated & (pool.numbers("payment_frequency_months") >= _SEMIANNUAL)
    return float(balance[seldom].sum()) / total
