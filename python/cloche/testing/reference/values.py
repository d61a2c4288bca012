"""Numbers of a scenario that change in time or by group, and rates of a step."""

from collections.abc import Iterable, Mapping
from typing import Any

from cloche.testing.reference.dates import Period
from cloche.testing.reference.rates import step_value

Value = Mapping[str, Any]


def at_period(value: Value, period: Period) -> float:
    """What a value says for a payment period or a month step in one.

    A list gives one number a payment period, the last continues; `{date: number}` holds from the first step whose
    unadjusted start is on or after the date, and before its first date the first number holds. A list by month gives
    one number a month from closing for month steps, by their starts; the last continues.

    Raises
    ------
    ValueError
        For a value by group, and for one by month where the step is no month.
    """
    kind = value["kind"]
    if kind == "constant":
        return float(value["value"])
    if kind == "periods":
        return float(value["values"][min(period.step, len(value["values"])) - 1])
    if kind == "dates":
        return step_value(value["values"], period.unadjusted_start)
    if kind == "monthly" and period.month is not None:
        return float(value["values"][min(period.month, len(value["values"]) - 1)])
    raise ValueError(f"a value of kind {kind} cannot stand here")


def liquidation_price(scenario: Mapping[str, Any], period: Period) -> float:
    """What performing par brings in a sale on a payment date: a number, or a value in time."""
    price = scenario.get("liquidation_price", 1.0)
    return at_period(price, period) if isinstance(price, Mapping) else float(price)


def by_group(value: Value, period: Period, keys: Iterable[str]) -> float:
    """What a value says for a member of groups in a payment period.

    Parameters
    ----------
    value
        Value of the scenario.
    period
        Payment period.
    keys
        Group names of the member, the most specific first; `*` is added.

    Raises
    ------
    ValueError
        When no group of a value by group holds the member.
    """
    if value["kind"] != "groups":
        return at_period(value, period)
    groups = value["values"]
    for key in [*keys, "*"]:
        if key in groups:
            return at_period(groups[key], period)
    raise ValueError(f"no value for {list(keys)}, and none for *")


def names_groups(value: Value | None) -> bool:
    """Whether a value distinguishes groups, so that a tape column yields to it."""
    return value is not None and value["kind"] == "groups" and set(value["values"]) != {"*"}


def group_keys(*, obligor: str, industry: str, rating: str, lien: str) -> list[str]:
    """Group names from the finest to the coarsest: obligor, industry, rating, lien; unrated is a rating, too.

    Examples
    --------
    >>> group_keys(obligor="acme", industry="", rating="B", lien="")
    ['obligor:acme', 'rating:B']
    """
    parts = {"obligor": obligor, "industry": industry, "rating": rating, "lien": lien}
    return [f"{kind}:{name}" for kind, name in parts.items() if name or kind == "rating"]


def period_rate(annual: float, years: float, *, simple: bool = False) -> float:
    """Rate of a step from a yearly rate: 1 − (1 − annual)^years, or annual · years when simple.

    Examples
    --------
    >>> round(period_rate(0.02, 0.25), 12)
    0.005037943607
    """
    if simple:
        return min(1.0, annual * years)
    return float(1 - (1 - annual) ** years) if annual < 1 else float(years > 0)
