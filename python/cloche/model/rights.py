"""What the documents of a deal allow: calls, refinancings and what else events may exercise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from cloche.model.document import problem
from cloche.model.text import Entry
from cloche.model.units import Quantity
from cloche.model.wording import did_you_mean, found

__all__ = ["RIGHTS", "Rights"]

_ALWAYS = ("after",)
_MONTH = Quantity("a month from 1 to 12", 1.0, 12.0, "plain", whole=True)
RIGHTS: Mapping[str, tuple[str, ...]] = {
    "optional_redemption": (*_ALWAYS, "dates"),
    "tax_redemption": _ALWAYS,
    "clean_up": (*_ALWAYS, "below", "of"),
    "special_redemption": _ALWAYS,
    "refinancing": (*_ALWAYS, "dates", "whole_classes", "cost_of_debt_not_higher"),
    "repricing": (*_ALWAYS, "cost_of_debt_not_higher"),
    "reset": (*_ALWAYS, "dates"),
    "issue": _ALWAYS,
    "amendment": _ALWAYS,
    "auction_call": ("from", "months"),
}
"""The rights that documents name, and the terms of each."""


def _known(rights: Mapping[str, Any]) -> Mapping[str, Any]:
    problems = []
    for name, terms in rights.items():
        if name not in RIGHTS:
            message = f"unknown right{did_you_mean(name, RIGHTS)}"
            problems.append(problem((name,), message, kind="unknown_key"))
        elif isinstance(terms, Mapping):
            problems += [
                problem((name, key), f"unknown key{did_you_mean(key, RIGHTS[name])}", kind="unknown_key")
                for key in terms
                if key not in RIGHTS[name]
            ]
        elif not isinstance(terms, bool):
            problems.append(problem((name,), f"found {found(terms)}, expected terms, true or false"))
    auction = rights.get("auction_call")
    problems += _months(auction.get("months")) if isinstance(auction, Mapping) else []
    if problems:
        raise ValidationError.from_exception_data("Rights", problems)
    return rights


def _months(months: object) -> list[InitErrorDetails]:
    """Return what is wrong with the months of an auction call."""
    place = ("auction_call", "months")
    if not isinstance(months, list) or not months:
        what = "an empty list" if isinstance(months, list) else found(months)
        return [problem(place, f"found {what}, expected a list of months from 1 to 12, such as [4, 10]")]
    problems = []
    for k, month in enumerate(months):
        try:
            _MONTH(month)
        except PydanticCustomError as refusal:
            problems.append(problem((*place, k), refusal.message(), month, stand_in=_MONTH.stand_in))
    return problems


Rights = Annotated[Entry, AfterValidator(_known)]
