"""The overcollateralization numerator: what each asset counts for.

Adjusted collateral principal amount = par of performing assets + principal cash + carrying value of defaulted
assets, less the haircuts of discount obligations, long-dated assets and the excess of CCC/Caa assets. An asset of
several categories counts once, where the sum is lowest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Performing:
    """A performing asset.

    `par` in currency units; prices as shares of par. `discount_price` is the purchase price of a discount
    obligation, `long_dated_share` the share of par that a long-dated asset counts for; None otherwise.
    """

    par: float
    market_price: float
    ccc: bool = False
    discount_price: float | None = None
    long_dated_share: float | None = None


@dataclass(frozen=True)
class Defaulted:
    """A defaulted asset; `aged` when it has been in default for more than three years."""

    par: float
    market_price: float
    recovery: float
    aged: bool = False


@dataclass(frozen=True)
class Measure:
    """The collateral on a determination date, in currency units."""

    performing_par: float
    ccc_par: float
    principal_cash: float
    collateral_principal_amount: float
    ccc_excess: float
    ccc_excess_haircut: float
    discount_haircut: float
    long_dated_haircut: float
    defaulted_par: float
    defaulted_value: float
    defaulted_market_value: float
    oc_numerator: float
    eod_numerator: float


def carrying_value(asset: Defaulted, rule: str) -> float:
    """Value of a defaulted asset in the numerator, in currency units.

    Parameters
    ----------
    asset
        The defaulted asset.
    rule
        `lesser_of_market_and_recovery`, `market`, `recovery` or `zero`.

    Examples
    --------
    >>> carrying_value(Defaulted(par=10, market_price=0.42, recovery=0.40), "lesser_of_market_and_recovery")
    4.0
    """
    if asset.aged or rule == "zero":
        return 0.0
    if rule == "market":
        return asset.par * asset.market_price
    if rule == "recovery":
        return asset.par * asset.recovery
    return asset.par * min(asset.market_price, asset.recovery)


def par_in_excess(assets: Sequence[Performing], excess: float, *, with_discount: bool) -> list[float]:
    """Par of each asset that lies in the CCC excess: the lowest market value first, the last asset in part.

    Parameters
    ----------
    assets
        Performing assets.
    excess
        Par above the limit.
    with_discount
        Whether discount obligations belong to the CCC set.

    Examples
    --------
    >>> loans = [Performing(9.0, market_price=0.7, ccc=True), Performing(4.0, market_price=0.55, ccc=True)]
    >>> par_in_excess(loans, 6.0, with_discount=True)
    [2.0, 4.0]
    """
    taken = [0.0] * len(assets)
    for i in sorted(range(len(assets)), key=lambda i: assets[i].market_price):
        if _in_ccc_set(assets[i], with_discount=with_discount):
            taken[i] = min(assets[i].par, excess)
            excess -= taken[i]
    return taken


def measure(
    assets: Sequence[Performing],
    defaulted: Sequence[Defaulted],
    cash: float,
    *,
    rules: Mapping[str, Any],
    target_par: float,
    with_discount: bool = True,
) -> Measure:
    """Collateral amounts and the numerators of the tests.

    Parameters
    ----------
    assets, defaulted
        Performing and defaulted assets.
    cash
        Principal proceeds on deposit.
    rules
        The section `collateral` of a canonical deal document.
    target_par
        Target par, the base of the CCC limit where the deal says so.
    with_discount
        Whether discount obligations belong to the CCC set.
    """
    performing = sum(asset.par for asset in assets)
    principal_amount = performing + cash
    ccc_par = sum(asset.par for asset in assets if _in_ccc_set(asset, with_discount=with_discount))
    excess = 0.0
    ccc = rules.get("ccc")
    if ccc:
        base = target_par if ccc.get("base") == "target_par" else principal_amount
        excess = max(0.0, ccc_par - ccc["limit"] * base)
    value = ccc_haircut = discount_haircut = long_dated_haircut = 0.0
    for asset, inside in zip(assets, par_in_excess(assets, excess, with_discount=with_discount), strict=True):
        as_ccc = inside * min(asset.market_price, 1.0) + (asset.par - inside)
        as_discount = asset.par if asset.discount_price is None else asset.par * asset.discount_price
        as_long = asset.par if asset.long_dated_share is None else asset.par * asset.long_dated_share
        worth = min(asset.par, as_ccc, as_discount, as_long)
        value += worth
        if worth == as_discount:
            discount_haircut += asset.par - worth
        elif worth == as_ccc:
            ccc_haircut += asset.par - worth
        else:
            long_dated_haircut += asset.par - worth
    rule = rules.get("defaulted_value") or "lesser_of_market_and_recovery"
    carried = sum(carrying_value(asset, rule) for asset in defaulted)
    market = sum(asset.par * asset.market_price for asset in defaulted)
    return Measure(
        performing_par=performing,
        ccc_par=ccc_par,
        principal_cash=cash,
        collateral_principal_amount=principal_amount,
        ccc_excess=excess,
        ccc_excess_haircut=ccc_haircut,
        discount_haircut=discount_haircut,
        long_dated_haircut=long_dated_haircut,
        defaulted_par=sum(asset.par for asset in defaulted),
        defaulted_value=carried,
        defaulted_market_value=market,
        oc_numerator=value + cash + carried,
        eod_numerator=performing + cash + market,
    )


def _in_ccc_set(asset: Performing, *, with_discount: bool) -> bool:
    return asset.ccc and (with_discount or asset.discount_price is None)
