"""The stable columns of every result table, and which of them are dates, booleans and names.

A table has these columns in this order; one that a run does not compute is null in every row. Columns beyond
them follow.
"""

from __future__ import annotations

from cloche.table import Kind

__all__ = ["PATH_TABLES", "SIMULATION_TABLES", "Schema"]

Schema = dict[str, Kind]


def _schema(floats: str, **others: Kind) -> Schema:
    """Return a schema: the named columns in order, floats unless said otherwise."""
    return {name: others.get(name, "float") for name in floats.split()}


PATH_TABLES: dict[str, Schema] = {
    "notes": _schema(
        """note kind rating original_balance balance factor issue_price subordination thickness replaces
        interest_paid interest_shortfall interest_loss deferred_interest_end first_deferral
        periods_deferred max_deferred principal_paid principal_loss loss_rate pv_loss wal first_payment
        last_payment irr""",
        note="text", kind="text", rating="text", replaces="text", first_deferral="date",
        periods_deferred="int", first_payment="date", last_payment="date",
    ),
    "cashflows": _schema(
        """date note status begin_balance index_rate rate day_count_fraction interest_due interest_paid
        deferred_interest deferred_paid deferred_balance interest_shortfall principal_paid end_balance
        final_loss issued""",
        date="date", note="text", status="text",
    ),
    "collateral": _schema(
        """date performing_par defaulted_par ccc_par principal_cash interest_collected scheduled_principal
        prepaid_principal recoveries sale_proceeds new_defaults new_purchases_par purchase_cost
        floor_benefit unfunded oc_numerator ccc_excess_haircut discount_haircut defaulted_value
        market_value was warf wal diversity n_obligors par_built""",
        date="date",
    ),
    "tests": _schema(
        "date test kind numerator denominator ratio trigger cushion cushion_amount passes ratio_after",
        date="date", test="text", kind="text", passes="bool",
    ),
    "ledger": _schema(
        "date waterfall step label payee due paid available_before available_after source reason",
        date="date", waterfall="text", step="text", label="text", payee="text", source="text",
        reason="text",
    ),
    # Beside each row of the ledger: where its step stands in the document.
    "_places": _schema("place", place="text"),
    "fees": _schema("date fee base due paid unpaid", date="date", fee="text"),
    "accounts": _schema(
        "date account begin_balance paid_in paid_out end_balance", date="date", account="text",
    ),
    "hedges": _schema("date hedge received due paid unpaid", date="date", hedge="text"),
    "events": _schema("date event detail", date="date", event="text", detail="text"),
    "schedule": _schema(
        """period determination_date payment_date unadjusted_date accrual_start accrual_end
        collection_start collection_end fixing_date days in_reinvestment""",
        period="int", determination_date="date", payment_date="date", unadjusted_date="date",
        accrual_start="date", accrual_end="date", collection_start="date", collection_end="date",
        fixing_date="date", days="int", in_reinvestment="bool",
    ),
    "defaults": _schema(
        "obligor_id obligor_name date par recovery_rate recovery_date",
        obligor_id="text", obligor_name="text", date="date", recovery_date="date",
    ),
}  # fmt: skip
"""Tables of one path, by name."""

_SPREAD = ("", "_se", "_sd", "_q01", "_q05", "_q25", "_q50", "_q75", "_q95", "_q99")
_EQUITY = [f"{measure}{part}" for measure in ("irr", "moic") for part in _SPREAD]

SIMULATION_TABLES: dict[str, Schema] = {
    "notes": _schema(
        """note default_probability default_probability_se expected_loss expected_loss_se
        loss_given_default pv_loss loss_q95 loss_q99 loss_q999 cte_99 wal wal_se price price_se
        interest_shortfall_probability deferral_probability first_loss_median""",
        note="text",
    ),
    "cumulative_default": _schema("note year basis rate rate_se", note="text", year="int", basis="text"),
    "pool": _schema(
        """horizon company_default_rate company_default_rate_se company_default_rate_sd default_rate
        default_rate_se default_rate_sd default_rate_q50 default_rate_q95 default_rate_q99
        default_rate_q999 loss_rate loss_rate_se loss_rate_sd loss_rate_q99 defaults_number defaults_par""",
        horizon="text",
    ),
    "equity": _schema(
        f"note {' '.join(_EQUITY)} probability_of_loss probability_of_loss_se irr_of_mean_flows", note="text",
    ),
    "cashflows": _schema("date note", date="date", note="text"),
    "tests": _schema(
        """date test failing_probability failing_probability_se expected_diversion
        expected_diversion_se""",
        date="date", test="text",
    ),
    "events": _schema("event date probability probability_se", event="text", date="date"),
    "paths": _schema("path weight note principal_loss interest_loss pv wal irr", path="int", note="text"),
}  # fmt: skip
"""Tables of a simulation, by name."""
