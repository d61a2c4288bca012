"""Resets: a second deal document takes the place of the first on a payment date."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document
from cloche.model.template import with_template
from cloche.model.text import Name
from cloche.model.units import Balance
from cloche.model.upgrade import upgraded

if TYPE_CHECKING:
    from cloche.model.deal_document import DealDocument

__all__ = ["MOST_RESETS", "Reset"]

MOST_RESETS = 8
"""Documents inside one another: each is brought in by a reset of the one around it."""

_DEPTH: ContextVar[int] = ContextVar("resets around the document that is read", default=0)


def _document(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Read a whole document, as old as it may be and from a template where it names one, or a deal."""
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    depth = _DEPTH.get()
    if depth >= MOST_RESETS:
        message = f"found more than {MOST_RESETS} deal documents inside one another"
        raise PydanticCustomError("depth", "{message}", {"message": message})
    token = _DEPTH.set(depth + 1)
    try:
        return handler(with_template(upgraded(value)) if isinstance(value, dict) else value)
    finally:
        _DEPTH.reset(token)


class Reset(Document):
    """A new deal document that rules from the next period on; the rated classes are redeemed and issued anew.

    Parameters
    ----------
    into
        The whole document, or a `Deal`; it may use `template`. Its closing is the payment date of the reset; interest
        reserve and ramp-up cash of its closing are paid out of what the new classes bring.
    carry
        Classes that stay outstanding, by the name that both documents give them; absent: the residual classes that
        both documents name.
    equity_contribution
        Money that the first residual class pays in on the date.
    par_purchase
        Money spent on collateral on the date, at the price of the scenario's reinvestment.
    """

    into: Annotated[DealDocument, WrapValidator(_document)]
    carry: tuple[Name, ...] | None = None
    equity_contribution: Balance = 0.0
    par_purchase: Balance = 0.0
