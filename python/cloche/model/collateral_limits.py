"""Collateral quality tests and concentration limits: their kinds, and the numbers that bound them.

A run evaluates them where purchases ask for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from cloche.model.document import problem
from cloche.model.text import Entry, iso_date
from cloche.model.units import POSITIVE_MONEY, SHARE, SPREAD, Quantity
from cloche.model.wording import did_you_mean, found

__all__ = ["CONCENTRATION_KINDS", "QUALITY_KINDS", "ConcentrationLimit", "LimitKind", "QualityTest"]


@dataclass(frozen=True)
class LimitKind:
    """What a kind of limit takes beside its name.

    Parameters
    ----------
    bound
        The key of its number; a limit without it says nothing.
    quantity
        What the number may be.
    more
        Further keys.
    """

    bound: Literal["min", "max"]
    quantity: Quantity
    more: tuple[str, ...] = ()


_FACTOR = Quantity("a rating factor from 1 to 10000", 1.0, 10_000.0, "plain")
_SCORE = Quantity("a diversity score above 0, at most 200", 0.0, 200.0, "plain", open_low=True)
_COUPON = Quantity("a rate a year from 0 to 0.5", 0.0, 0.5)
_YEARS = Quantity("a number of years above 0, at most 30", 0.0, 30.0, "plain", open_low=True)

QUALITY_KINDS: Mapping[str, LimitKind] = {
    "warf": LimitKind("max", _FACTOR),
    "diversity": LimitKind("min", _SCORE),
    "was": LimitKind("min", SPREAD),
    "wac": LimitKind("min", _COUPON),
    "wal": LimitKind("max", _YEARS, ("from",)),
    "warr": LimitKind("min", SHARE),
}
"""Collateral quality tests: rating factor, diversity, spread, coupon, average life, recovery rate."""

_AT_MOST = LimitKind("max", SHARE)
_BY_NAME = LimitKind("max", SHARE, ("largest",))
CONCENTRATION_KINDS: Mapping[str, LimitKind] = {
    "senior_secured": LimitKind("min", SHARE),
    **dict.fromkeys(("obligor", "unsecured_obligor", "industry", "country"), _BY_NAME),
    "facility_size": LimitKind("max", SHARE, ("below",)),
    **dict.fromkeys(
        (
            "second_lien", "unsecured", "bond", "structured_finance", "ccc", "caa", "fixed_rate",
            "less_than_quarterly", "semi_annual", "dip", "delayed_draw_and_revolving", "participation",
            "deferrable", "current_pay", "bridge", "step_down", "zero_coupon", "cov_lite", "foreign",
            "emerging_market", "discount", "long_dated", "derived_rating", "credit_estimate",
        ),
        _AT_MOST,
    ),
}  # fmt: skip
"""Concentration limitations: shares of the collateral principal amount."""

_Place = tuple[str | int, ...]
_Check = Callable[[object], object]
_NAMED_DATES = ("closing", "effective")


def _date(value: object) -> object:
    if isinstance(value, str) and value in _NAMED_DATES:
        return value
    try:
        return iso_date(value)
    except PydanticCustomError:
        message = f"found {found(value)}, expected closing, effective or a date such as 2025-03-20"
        raise PydanticCustomError("date", "{message}", {"message": message}) from None


def _shares(value: object) -> object:
    """Check the limits of the largest, the second largest and so on."""
    if not isinstance(value, list) or not value:
        message = f"found {found(value)}, expected a list of shares, that of the largest first"
        raise PydanticCustomError("shares", "{message}", {"message": message})
    return value


_MORE: Mapping[str, _Check] = {"from": _date, "largest": _shares, "below": POSITIVE_MONEY}


def _checked(limit: Mapping[str, Any], kinds: Mapping[str, LimitKind]) -> Mapping[str, Any]:
    problems = list(_problems(limit, kinds))
    if problems:
        raise ValidationError.from_exception_data("Limit", problems)
    return limit


def _problems(limit: Mapping[str, Any], kinds: Mapping[str, LimitKind]) -> list[InitErrorDetails]:
    name = limit.get("kind")
    kind = kinds.get(name) if isinstance(name, str) else None
    every = {"kind", "min", "max", *(key for each in kinds.values() for key in each.more)}
    known = every if kind is None else {"kind", kind.bound, *kind.more}
    problems = [
        problem((key,), f"unknown key{did_you_mean(key, sorted(known))}", limit[key], kind="unknown_key")
        for key in limit
        if key not in known
    ]
    if kind is None:
        message = "missing: this key is required"
        if name is not None:
            message = f"found {found(name)}, a kind that is not known{did_you_mean(name, kinds)}"
        return [*problems, problem(("kind",), message, name)]
    if limit.get(kind.bound) is None:
        problems.append(problem((kind.bound,), f"missing: a limit of the kind {name} needs it"))
    for place, check, value in _numbers(limit, kind):
        try:
            check(value)
        except PydanticCustomError as refusal:
            problems.append(problem(place, refusal.message(), value))
    return problems


def _numbers(limit: Mapping[str, Any], kind: LimitKind) -> Iterator[tuple[_Place, _Check, object]]:
    """Yield the values of a limit, each with what it must be."""
    checks: dict[str, _Check] = {kind.bound: kind.quantity, **{key: _MORE[key] for key in kind.more}}
    for key, check in checks.items():
        value = limit.get(key)
        if value is None:
            continue
        yield (key,), check, value
        if check is _shares and isinstance(value, list):
            yield from (((key, k), SHARE, share) for k, share in enumerate(value))


QualityTest = Annotated[Entry, AfterValidator(lambda limit: _checked(limit, QUALITY_KINDS))]
ConcentrationLimit = Annotated[Entry, AfterValidator(lambda limit: _checked(limit, CONCENTRATION_KINDS))]
