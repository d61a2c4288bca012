"""Where indentures differ: one key per open point, the first value is the default."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from cloche.model.document import Document
from cloche.model.text import Flag
from cloche.model.wording import found

__all__ = ["Conventions"]


def _said_by(place: str) -> WrapValidator:
    """Point to the key that says what a convention of this name would say."""

    def validate(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError:
            message = f"found {found(value)}; this is said by {place}, leave the convention out"
            raise PydanticCustomError("literal_error", "{message}", {"message": message}) from None

    return WrapValidator(validate)


class Conventions(Document):
    """Conventions of a deal.

    The canonical form keeps the keys that differ from the default, so that a deal which states a default
    equals one that omits it. A known value that this version does not compute is refused by name when the
    deal is compiled.
    """

    x_in_oc: Flag = False
    x_in_ic: Flag = True
    x_in_sequence: Flag = False
    x_in_shortfall: Flag = True
    deferred_in_oc: Flag = True
    same_date_deferrals_in_oc: Flag = False
    deferred_form: Literal["ledger", "capitalized"] = "ledger"
    ic_cure: Literal["proforma", "all_remaining"] = "proforma"
    interest_from_principal: Literal["controlling", "tests_hold", "always"] = "controlling"
    principal_available_in_rp: Literal["uncommitted", "undesignated"] = "uncommitted"
    overlap_mode: Literal["per_asset", "per_portion"] = "per_asset"
    discount_in_ccc: Literal["lower", "excluded"] = "lower"
    ccc_agency_rule: Literal["larger", "each", "sum"] = "larger"
    ccc_last_asset: Literal["fractional", "whole"] = "fractional"
    eod_numerator: Literal["par_and_market", "adjusted"] = "par_and_market"
    interest_on_default_period: Literal["none", "half", "full"] = "none"
    interest_on_pik: Flag = True
    diversity_table: Literal["exact", "printed"] = "exact"
    cash_timing: Literal["dated", "period"] = "dated"
    rate_convention: Literal["compound", "simple"] = "compound"
    rate_exponent: Literal["periods", "days_365"] = "periods"
    pool_step: Literal["period", "monthly", "own_dates"] = "period"
    interest_on_prepaid_period: Literal["full", "half", "none"] = "full"
    interest_on_unpaid: Literal["compound", "simple", "none"] = "compound"
    ccc_base: Annotated[Literal["cpa"], _said_by("collateral.ccc.base")] = "cpa"
    csa_in_floor: Annotated[Literal[False], _said_by("the tape's column `csa_in_floor`")] = False
    test_rounding: Annotated[Literal["none"], _said_by("tests[].round")] = "none"
    payment_date_roll: Annotated[Literal["following"], _said_by("dates.roll")] = "following"
    first_ic_test: Annotated[Literal["second_determination"], _said_by("tests[].first_date")] = (
        "second_determination"
    )

    def to_canonical(self) -> dict[str, Any]:
        """Return the keys that differ from the default."""
        stated: dict[str, Any] = self.model_dump(mode="json", exclude_defaults=True)
        return stated
