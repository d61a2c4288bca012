"""What the documents of a deal allow: calls, refinancings and what else events may exercise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, ValidationError

from cloche.model.document import problem
from cloche.model.text import Entry
from cloche.model.wording import did_you_mean, found

__all__ = ["RIGHTS", "Rights"]

_ALWAYS = ("after",)
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
    if problems:
        raise ValidationError.from_exception_data("Rights", problems)
    return rights


Rights = Annotated[Entry, AfterValidator(_known)]
