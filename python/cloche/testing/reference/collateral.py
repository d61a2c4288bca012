"""The overcollateralization numerator: what each asset counts for.

Adjusted collateral principal amount = par of performing assets + principal cash + carrying value of defaulted
assets, less the haircuts of discount obligations, long-dated assets and the excess of CCC/Caa assets. An asset of
several categories counts once, where the sum is lowest.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ROUNDING = 1e-12
"""Share of the CCC par up to which an excess is rounding."""


@dataclass(frozen=True)
class Performing:
    """A performing asset.

    `par` in currency units; prices as shares of par. `ccc` where an agency rates it so, `agencies` which ones; none
    named is every agency. `discount_price` is the purchase price of a discount
    obligation, `long_dated_share` the share of par that a long-dated asset counts for; None otherwise.
    """

    par: float
    market_price: float
    ccc: bool = False
    discount_price: float | None = None
    long_dated_share: float | None = None
    agencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Valuation:
    """How the excess of CCC assets is found and what it counts for: conventions of a deal.

    `with_discount`: discount obligations belong to the CCC set. `agency_rule`: the agency with the `larger` excess
    decides, the excess of `each` agency counts, or the `sum` of their sets, an asset once, is one set. `last_asset`:
    the last asset of the excess belongs to it in part (`fractional`) or `whole`. `overlap`: an asset that is partly
    in the excess has one category (`per_asset`), or its part outside keeps its other one (`per_portion`).
    """

    with_discount: bool = True
    agency_rule: str = "larger"
    last_asset: str = "fractional"
    overlap: str = "per_asset"


def valuation(chosen: Mapping[str, Any]) -> Valuation:
    """Valuation that the conventions of a deal choose."""
    return Valuation(
        with_discount=chosen["discount_in_ccc"] == "lower",
        agency_rule=chosen["ccc_agency_rule"],
        last_asset=chosen["ccc_last_asset"],
        overlap=chosen["overlap_mode"],
    )


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


def par_in_excess(assets: Sequence[Performing], excess: float, *, whole: bool = False) -> list[float]:
    """Par of each asset that lies in an excess: the lowest market value first, the last asset in part or whole.

    Parameters
    ----------
    assets
        Assets of the CCC set.
    excess
        Par above the limit.
    whole
        Whether the last asset belongs to the excess as a whole.

    Examples
    --------
    >>> loans = [Performing(9.0, market_price=0.7, ccc=True), Performing(4.0, market_price=0.55, ccc=True)]
    >>> par_in_excess(loans, 6.0), par_in_excess(loans, 6.0, whole=True)
    ([2.0, 4.0], [9.0, 4.0])
    """
    taken = [0.0] * len(assets)
    dust = ROUNDING * sum(asset.par for asset in assets)
    for i in sorted(range(len(assets)), key=lambda i: assets[i].market_price):
        if whole:
            taken[i] = assets[i].par if excess > dust else 0.0
        else:
            taken[i] = min(assets[i].par, excess)
        excess = max(0.0, excess - taken[i])
    return taken


@dataclass(frozen=True)
class Excess:
    """Par of the CCC set, its excess above the limit, and the part of each asset inside the excess."""

    ccc_par: float
    excess: float
    inside: list[float]


def ccc_excess(assets: Sequence[Performing], limit: float, rules: Valuation) -> Excess:
    """The excess of CCC/Caa assets above a limit in currency units.

    Parameters
    ----------
    assets
        Performing assets.
    limit
        Par that is not in the excess; infinite without a limit.
    rules
        Conventions of the deal.
    """
    sets = []
    named = sorted({agency for asset in assets if asset.ccc for agency in asset.agencies})
    for agency in named if named and rules.agency_rule != "sum" else [None]:
        chosen = [
            i
            for i, asset in enumerate(assets)
            if _in_ccc_set(asset, rules)
            and (agency is None or not asset.agencies or agency in asset.agencies)
        ]
        par = sum(assets[i].par for i in chosen)
        excess = max(0.0, par - limit)
        taken = par_in_excess([assets[i] for i in chosen], excess, whole=rules.last_asset == "whole")
        inside = [0.0] * len(assets)
        for i, amount in zip(chosen, taken, strict=True):
            inside[i] = amount
        sets.append(Excess(par, excess, inside))
    largest = max(sets, key=lambda found: found.ccc_par)
    if rules.agency_rule == "each":
        inside = [max(parts) for parts in zip(*(found.inside for found in sets), strict=True)]
        return Excess(largest.ccc_par, largest.excess, inside)
    return largest


def measure(
    assets: Sequence[Performing],
    defaulted: Sequence[Defaulted],
    cash: float,
    *,
    rules: Mapping[str, Any],
    target_par: float,
    convention: Valuation = Valuation(),
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
    convention
        Conventions of the deal.
    """
    performing = sum(asset.par for asset in assets)
    principal_amount = performing + cash
    ccc = rules.get("ccc")
    limit = math.inf
    if ccc:
        limit = ccc["limit"] * ccc_base(ccc.get("base"), target_par, principal_amount)
    found = ccc_excess(assets, limit, convention)
    value = ccc_haircut = discount_haircut = long_dated_haircut = 0.0
    for asset, inside in zip(assets, found.inside, strict=True):
        parts = [(asset.par, inside)]
        if convention.overlap == "per_portion":
            parts = [(inside, inside), (asset.par - inside, 0.0)]
        for par, in_excess in parts:
            as_ccc = in_excess * min(asset.market_price, 1.0) + (par - in_excess)
            as_discount = par if asset.discount_price is None else par * asset.discount_price
            as_long = par if asset.long_dated_share is None else par * asset.long_dated_share
            worth = min(par, as_ccc, as_discount, as_long)
            value += worth
            if worth == as_discount:
                discount_haircut += par - worth
            elif worth == as_ccc:
                ccc_haircut += par - worth
            else:
                long_dated_haircut += par - worth
    rule = rules.get("defaulted_value") or "lesser_of_market_and_recovery"
    carried = sum(carrying_value(asset, rule) for asset in defaulted)
    market = sum(asset.par * asset.market_price for asset in defaulted)
    return Measure(
        performing_par=performing,
        ccc_par=found.ccc_par,
        principal_cash=cash,
        collateral_principal_amount=principal_amount,
        ccc_excess=found.excess,
        ccc_excess_haircut=ccc_haircut,
        discount_haircut=discount_haircut,
        long_dated_haircut=long_dated_haircut,
        defaulted_par=sum(asset.par for asset in defaulted),
        defaulted_value=carried,
        defaulted_market_value=market,
        oc_numerator=value + cash + carried,
        eod_numerator=performing + cash + market,
    )


def ccc_base(base: float | str | None, target_par: float, principal_amount: float) -> float:
    """What the limit of CCC assets is a share of, in currency units: an amount, the target par or the collateral's.

    Examples
    --------
    >>> [ccc_base(base, 100.0, 90.0) for base in (None, "collateral_principal_amount", "target_par", 95.0)]
    [90.0, 90.0, 100.0, 95.0]
    """
    if isinstance(base, int | float):
        return float(base)
    return target_par if base == "target_par" else principal_amount


def _in_ccc_set(asset: Performing, rules: Valuation) -> bool:
    discounted = asset.discount_price is not None and asset.discount_price < 1
    return asset.ccc and (rules.with_discount or not discounted)
