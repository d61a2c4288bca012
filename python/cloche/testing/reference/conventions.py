"""What a deal says about the points on which indentures differ."""

from collections.abc import Mapping
from typing import Any

BUILT: dict[str, tuple[object, ...]] = {
    "x_in_oc": (False, True),
    "x_in_ic": (True, False),
    "x_in_sequence": (False, True),
    "deferred_in_oc": (True, False),
    "same_date_deferrals_in_oc": (False, True),
    "deferred_form": ("ledger", "capitalized"),
    "ic_cure": ("proforma", "all_remaining"),
    "interest_from_principal": ("controlling", "tests_hold", "always"),
    "principal_available_in_rp": ("uncommitted", "undesignated"),
    "overlap_mode": ("per_asset", "per_portion"),
    "discount_in_ccc": ("lower", "excluded"),
    "ccc_agency_rule": ("larger", "each", "sum"),
    "ccc_last_asset": ("fractional", "whole"),
    "eod_numerator": ("par_and_market", "adjusted"),
    "interest_on_default_period": ("none", "half", "full"),
    "interest_on_pik": (True, False),
    "diversity_table": ("exact", "printed"),
    "cash_timing": ("dated", "period"),
    "rate_convention": ("compound", "simple"),
    "rate_exponent": ("periods", "days_365"),
    "pool_step": ("period", "monthly", "own_dates"),
    "interest_on_prepaid_period": ("full", "half", "none"),
    "interest_on_unpaid": ("compound", "simple", "none"),
    "x_in_shortfall": (True, False),
    "ccc_base": ("cpa",),
    "csa_in_floor": (False,),
    "test_rounding": ("none",),
    "payment_date_roll": ("following", "modified_following"),
    "first_ic_test": ("second_determination",),
}
"""Every convention with the values that the reference computes, the default first."""


def conventions(deal: Mapping[str, Any]) -> dict[str, Any]:
    """Conventions of a deal, the defaults filled in.

    Parameters
    ----------
    deal
        Canonical deal document.

    Returns
    -------
    dict
        One value for every key of `BUILT`.

    Raises
    ------
    ValueError
        For an unknown key, and for an alternative that the reference does not compute.

    Examples
    --------
    >>> conventions({"conventions": {"x_in_ic": False}})["x_in_ic"]
    False
    """
    chosen = {key: values[0] for key, values in BUILT.items()}
    for key, value in deal.get("conventions", {}).items():
        if key not in BUILT:
            raise ValueError(f"conventions.{key}: unknown")
        if value not in BUILT[key]:
            raise ValueError(f"conventions.{key}: {value} is not computed by the reference")
        chosen[key] = value
    return chosen
