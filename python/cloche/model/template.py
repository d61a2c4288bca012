"""What `template:` in a document stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from cloche.model.document import Document
from cloche.model.fees import Fee
from cloche.model.notes import Note
from cloche.model.standard_waterfall import Parts, Variants, standard_waterfalls
from cloche.model.tests import CoverageTest

__all__ = ["standard_parts", "us_bsl_2_parts", "with_template"]

_Part = TypeVar("_Part", bound=Document)


def us_bsl_2_parts(
    *,
    ccc_limit: float = 0.075,
    discount_below: float = 0.80,
    discount_weak_below: float = 0.85,
    discount_restore: float = 0.90,
    discount_days: int = 30,
    long_dated_value: float = 0.70,
) -> dict[str, Any]:
    """Return the collateral rules and default events of a US broadly syndicated deal, as parts of a document.

    Parameters
    ----------
    ccc_limit
        Share of the collateral principal amount above which CCC par counts at market value.
    discount_below, discount_weak_below
        Prices below which a loan, and one rated below B- / B3, is a discount obligation.
    discount_restore, discount_days
        Market price, and days it must hold, from which on it counts at par.
    long_dated_value
        Price at which long-dated loans count.
    """
    return {
        "collateral": {
            "ccc": {"limit": ccc_limit, "base": "collateral_principal_amount"},
            "discount": {
                "below": discount_below,
                "weak_below": discount_weak_below,
                "restore": discount_restore,
                "days": discount_days,
            },
            "defaulted_value": "lesser_of_market_and_recovery",
            "long_dated_value": long_dated_value,
        },
        "default_events": {
            "causes": ["senior_interest", "par_ratio", "maturity"],
            "accelerate": "never",
            "liquidate": "never",
        },
    }


def with_template(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document whose `template` is filled in; explicit entries stand.

    Parameters
    ----------
    document
        A document in the current grammar, not yet checked.
    """
    if document.get("template") != "us_bsl_2":
        return dict(document)
    filled = {key: value for key, value in document.items() if value is not None}
    for key, part in us_bsl_2_parts().items():
        filled[key] = _overridden(part, filled.get(key))
    filled["waterfalls"] = _overridden(standard_parts(filled), filled.get("waterfalls"))
    return filled


def standard_parts(
    document: Mapping[str, Any], *, variants: Variants | None = None
) -> dict[str, list[dict[str, Any]]]:
    """Return the standard waterfalls of the notes, fees and tests of a document that is not yet checked.

    Parameters
    ----------
    document
        A document in the current grammar; entries that cannot be read are left out.
    variants
        Where the deal differs from the usual text.
    """
    dates, conventions = document.get("dates"), document.get("conventions")
    parts = Parts(
        notes=_readable(Note, document.get("notes")),
        fees=_readable(Fee, document.get("fees")),
        tests=_readable(CoverageTest, document.get("tests")),
        reinvesting=isinstance(dates, Mapping) and dates.get("reinvestment_end") is not None,
        capitalizes=isinstance(conventions, Mapping) and conventions.get("deferred_form") == "capitalized",
        variants=variants or Variants(),
    )
    return standard_waterfalls(parts)


def _overridden(part: Mapping[str, Any], explicit: object) -> object:
    if explicit is None:
        return dict(part)
    return {**part, **explicit} if isinstance(explicit, Mapping) else explicit


def _readable(model: type[_Part], items: object) -> list[_Part]:
    """Return the items that can be read; the models report the others when the whole document is read."""
    read: list[_Part] = []
    for item in items if isinstance(items, Sequence) and not isinstance(items, str) else ():
        try:
            read.append(model.model_validate(item))
        except ValidationError:
            continue
    return read
