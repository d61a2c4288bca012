"""Events of default: what causes one, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document
from cloche.model.text import Expression
from cloche.model.units import Balance, Count, Share
from cloche.model.wording import did_you_mean, found, one_of

__all__ = ["DefaultCondition", "DefaultEvents", "SaleCost"]


class SaleCost(Document):
    """What a sale of the collateral costs: a share of the performing par sold, and money."""

    rate: Share = 0.0
    fixed: Balance = 0.0


class DefaultCondition(Document):
    """A condition on the figures of a determination date whose holding is an event of default."""

    when: Expression


_CAUSES = ("senior_interest", "par_ratio", "maturity")


def _cause(value: object) -> object:
    """Return a named cause or a condition, with the problems of what was meant."""
    if isinstance(value, Mapping):
        return DefaultCondition.model_validate(value)
    if isinstance(value, DefaultCondition) or (isinstance(value, str) and value in _CAUSES):
        return value
    near = did_you_mean(value, _CAUSES) if isinstance(value, str) else ""
    hint = near if near.startswith("; did") else ""
    message = f"found {found(value)}, expected {one_of(_CAUSES)}, or a condition {{when: …}}{hint}"
    raise PydanticCustomError("cause", "{message}", {"message": message, "stand_in": _CAUSES[0]})


Cause = Annotated[
    Literal["senior_interest", "par_ratio", "maturity"] | DefaultCondition, BeforeValidator(_cause)
]


class DefaultEvents(Document):
    """Events of default: what causes one, and what follows.

    Parameters
    ----------
    causes
        ``senior_interest``, ``par_ratio``, ``maturity``, or a condition: ``{when: "not passes('A OC')"}``.
    accelerate
        Whether an event accelerates the notes from the next payment date on; ``never``: it is recorded and
        changes no payment.
    liquidate
        When the collateral of an accelerated deal is sold: ``never``, on the first date on which the proceeds
        cover all rated notes (``when_covered``), or on the first accelerated date (``always``).
    liquidation_cost
        What the sale costs.
    rescind
        ``when_cured``: an acceleration ends when no cause continues.
    grace_days
        Days for which interest may stay unpaid.
    """

    causes: tuple[Cause, ...] = ()
    accelerate: Literal["automatic", "never"] | None = None
    liquidate: Literal["never", "when_covered", "always"] | None = None
    liquidation_cost: SaleCost | None = None
    rescind: Literal["never", "when_cured"] | None = None
    grace_days: Count | None = None
