"""The collateral of a tape in the figures of a trustee report, as a payment date reads them.

Every loan counts with its principal balance, drawn and undrawn par together, and belongs where a projection puts it: to
the CCC assets, the discount obligations (long-dated loans among them, at their share of par), the defaulted assets, or
to the rest.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloche.errors import TapeError
from cloche.tape.calendar import add_months, anniversaries

if TYPE_CHECKING:
    from cloche.tape.pool import LoanPool

__all__ = ["figures"]

_YEARS_CARRIED = 3.0
_MONTHS_LONG_DATED = 24
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class _Rules:
    """What a deal document says of its collateral.

    Parameters
    ----------
    discount
        The rule of discount obligations; none where there is no such rule.
    long_dated
        Share of par that a loan counts for that matures after `last`; none where all of it does.
    last
        The stated maturity.
    discount_in_ccc
        Whether discount obligations belong to the CCC assets.
    defaulted
        What a defaulted asset is carried at.
    """

    discount: Mapping[str, Any] | None
    long_dated: float | None
    last: dt.date
    discount_in_ccc: bool
    defaulted: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> _Rules:
        """Return the rules of a canonical document."""
        collateral = document.get("collateral", {})
        return cls(
            discount=collateral.get("discount"),
            long_dated=collateral.get("long_dated_value"),
            last=dt.date.fromisoformat(document["dates"]["stated_maturity"]),
            discount_in_ccc=document.get("conventions", {}).get("discount_in_ccc", "lower") == "lower",
            defaulted=collateral.get("defaulted_value") or "lesser_of_market_and_recovery",
        )

    def discounted(self, purchase: float, market: float, *, weak: bool) -> float | None:
        """Return what a discount obligation counts for, a share of par; None where it is none."""
        if self.discount is None:
            return None
        below = self.discount["below"]
        if weak and self.discount.get("weak_below") is not None:
            below = self.discount["weak_below"]
        restore = self.discount.get("restore")
        restored = restore is not None and market >= restore
        return purchase if purchase < below and not restored else None

    def dated(self, maturity: dt.date) -> float | None:
        """Return what a long-dated loan counts for, a share of par: nothing beyond two years; None where it is none."""
        if self.long_dated is None or maturity <= self.last:
            return None
        return 0.0 if maturity > add_months(self.last, _MONTHS_LONG_DATED) else min(self.long_dated, 1.0)

    def reads_recovery(self, years: float) -> bool:
        """Tell whether the recovery of a defaulted asset counts."""
        return years <= _YEARS_CARRIED and self.defaulted in ("lesser_of_market_and_recovery", "recovery")


def figures(pool: LoanPool, document: Mapping[str, Any], determination: dt.date) -> dict[str, Any]:
    """Return the section `collateral` of a state before a payment date.

    Parameters
    ----------
    pool
        The collateral.
    document
        Canonical deal document in force on the date.
    determination
        Determination date: years since a default count up to it.

    Raises
    ------
    TapeError
        With every loan that lacks what the figures need.

    Examples
    --------
    >>> from cloche.tape import LoanPool
    >>> pool = LoanPool.from_columns(
    ...     {
    ...         "loan_id": ["1", "2"],
    ...         "par": [2_000_000, 3_000_000],
    ...         "maturity": ["2030-06-30", "2029-03-31"],
    ...         "spread_bps": [350, 425],
    ...         "rating_sp": ["B", "CCC"],
    ...         "market_price": [0.99, 0.7],
    ...     },
    ...     as_of="2026-01-07",
    ... )
    >>> found = figures(pool, {"dates": {"stated_maturity": "2038-04-20"}}, dt.date(2026, 1, 7))
    >>> found["performing_par"], found["ccc"]
    (2000000.0, [{'id': '2', 'par': 3000000.0, 'market_price': 0.7, 'agencies': ['sp']}])
    """
    rules = _Rules.of(document)
    problems: list[tuple[str, str]] = []
    plain: list[float] = []
    lists: dict[str, list[dict[str, Any]]] = {"ccc": [], "discount": [], "defaulted": []}
    par, balance = pool.numbers("par"), pool.principal_balance
    market, purchase = pool.numbers("market_price"), pool.numbers("purchase_price")
    recovery, agencies = pool.numbers("recovery"), pool.low_rated_by
    maturities = pool.table.column("maturity").python()
    defaults = pool.numbers("default_date")
    for row, loan in enumerate(pool.texts("loan_id")):
        asset: dict[str, Any] = {"id": loan, "par": float(balance[row])}
        if not math.isnan(market[row]):
            asset["market_price"] = float(market[row])
        if not pool.performing[row]:
            years = anniversaries(_EPOCH + dt.timedelta(days=int(defaults[row])), determination)
            rate = float(recovery[row])
            priced = "market_price" in asset
            if math.isnan(rate) and (rules.reads_recovery(years) or not priced):
                reader = rules.defaulted if priced else "the value of a loan without a market price"
                message = f"missing; expected the share of par that is recovered, which {reader} reads"
                problems.append((f"tape loan {loan}, column 'recovery'", message))
            # What does not count may be any number.
            known = asset.get("market_price", 0.0) if math.isnan(rate) else rate
            asset |= {"par": float(par[row]), "recovery": known, "years_since_default": years}
            lists["defaulted"].append(asset)
            continue
        discount = rules.discounted(purchase[row], market[row], weak=bool(agencies[row]))
        dated = rules.dated(maturities[row])
        worth = min((float(value) for value in (discount, dated) if value is not None), default=None)
        if worth is not None:
            asset["purchase_price"] = worth
        if agencies[row] and (rules.discount_in_ccc or discount is None):
            if dated is not None and not rules.discount_in_ccc:
                message = (
                    f"found {maturities[row]}, after the stated maturity {rules.last}: a long-dated CCC asset under "
                    "discount_in_ccc: excluded is not computed from a tape; expected the figures in state.collateral"
                )
                problems.append((f"tape loan {loan}, column 'maturity'", message))
            lists["ccc"].append(asset | {"agencies": pool.agencies_of(row)})
        elif worth is not None:
            lists["discount"].append(asset)
        else:
            plain.append(asset["par"])
    if problems:
        raise TapeError("the tape does not tell the figures of the payment date", problems)
    return {"performing_par": math.fsum(plain), **lists}
