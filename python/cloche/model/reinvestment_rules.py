"""What must hold for a purchase, during and after the reinvestment period."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document, problem
from cloche.model.text import Expression, Name
from cloche.model.wording import did_you_mean, found

__all__ = ["AfterPeriod", "ReinvestmentRules"]

_CONDITIONS = ("coverage", "wal", "ccc", "maintain_or_improve", "quality", "concentration")
_NOT_YET = "is known, but this version does not compute it yet"


def _condition(name: str) -> str:
    if name in _CONDITIONS:
        return name
    message = f"found {found(name)}, a condition that is not known{did_you_mean(name, _CONDITIONS)}"
    raise PydanticCustomError("condition", "{message}", {"message": message, "stand_in": "coverage"})


PurchaseCondition = Annotated[Name, AfterValidator(_condition)]


class AfterPeriod(Document):
    """Purchases after the reinvestment period.

    Parameters
    ----------
    proceeds
        What may buy: ``unscheduled`` principal, of which the scenario's `post_period_share` does; the proceeds of
        ``credit_risk`` sales, of which the projection has none, beside it.
    conditions
        What must hold for a purchase; otherwise nothing is bought on the date. ``coverage``: every coverage test that
        a cure names. ``ccc``: loans rated CCC are bought within the limit of ``collateral.ccc``. ``wal``: with the
        purchase the average life is within the test of ``collateral.quality``, or no longer than without. ``quality``:
        the same for each of its tests; ``concentration``: for each limit of ``collateral.concentration``;
        ``maintain_or_improve``: for both.
    """

    proceeds: tuple[Literal["unscheduled", "credit_risk"], ...] = ("unscheduled",)
    conditions: tuple[PurchaseCondition, ...] = ()

    @model_validator(mode="after")
    def _unscheduled(self) -> Self:
        if "unscheduled" not in self.proceeds:
            what = "an empty list" if not self.proceeds else "credit_risk alone"
            message = f"found {what}: a period without purchases from unscheduled principal {_NOT_YET}"
            message += "; expected unscheduled in the list, or post_period_share of the scenario at 0"
            stand_in = ["unscheduled"]
            raise ValidationError.from_exception_data(
                "AfterPeriod", [problem(("proceeds",), message, stand_in=stand_in)]
            )
        return self


class ReinvestmentRules(Document):
    """What must hold for a purchase during and after the reinvestment period.

    Parameters
    ----------
    during
        Conditions of purchases in the period, those of `AfterPeriod`; where one does not hold the cash is kept.
    after
        What may buy after the period, and under which conditions.
    max_maturity
        ``stated_maturity``: nothing that is bought matures later than the notes, which always holds.
    ends_when
        Condition that ends the period before its date: the first payment date on which it holds is the first after
        the period.
    """

    during: tuple[PurchaseCondition, ...] = ()
    after: AfterPeriod | None = None
    max_maturity: Literal["stated_maturity"] | None = None
    ends_when: Expression | None = None
