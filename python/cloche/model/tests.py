"""Coverage tests and the other tests on collateral and notes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document, problem
from cloche.model.text import NOT_EMPTY, Name, iso_date
from cloche.model.units import Share, Trigger
from cloche.model.wording import found

__all__ = ["CoverageTest"]

_NAMED_DATES = ("closing", "effective", "first_determination", "second_determination")


def _first_date(value: object) -> object:
    if value in _NAMED_DATES:
        return value
    try:
        return iso_date(value)
    except PydanticCustomError:
        message = f"found {found(value)}, expected {', '.join(_NAMED_DATES)}, or a date such as 2025-03-20"
        raise PydanticCustomError("first_date", "{message}", {"message": message}) from None


FirstDate = Annotated[
    str,
    BeforeValidator(_first_date),
    WithJsonSchema({"anyOf": [{"enum": list(_NAMED_DATES)}, {"type": "string", "format": "date"}]}),
]


class CoverageTest(Document):
    """A test on the collateral and the notes.

    Parameters
    ----------
    name
        Name that steps and results use.
    kind
        ``oc`` overcollateralization, ``ic`` interest coverage, ``eod_par_ratio`` the par ratio of the events
        of default, ``target_par`` collateral over the target par until the agencies have confirmed their ratings
        after the effective date.
    through
        The most junior class of the denominator, pari passu classes included; none for ``target_par``.
    notes
        The classes of the denominator, instead of `through`.
    trigger
        Ratio at or above which the test passes.
    first_date
        Determination date from which on the test applies, by name or as a date.
    round
        Step to which the ratio is rounded before it is compared; absent: not rounded.
    """

    name: Name
    kind: Literal["oc", "ic", "eod_par_ratio", "target_par"]
    through: Name | None = None
    notes: Annotated[tuple[Name, ...], NOT_EMPTY] | None = None
    trigger: Trigger
    first_date: FirstDate | None = None
    round: Share | None = None

    @model_validator(mode="after")
    def _one_denominator(self) -> Self:
        of_target_par = self.kind == "target_par"
        named = (self.through is not None) + (self.notes is not None)
        if named != (0 if of_target_par else 1):
            message = (
                "found through or notes, expected none: its denominator is the target par"
                if of_target_par
                else "found neither or both of through and notes, expected one of them"
            )
            raise ValidationError.from_exception_data("CoverageTest", [problem((), message)])
        return self
