"""A deal, a scenario and a loan that are small enough for hand arithmetic.

The deal closes on 15 January 2025 and pays every 15th of a quarter's month without business-day adjustment, and
determination dates fall on payment dates, so a quarter is 0.25 in 30/360. One class and equity: what the pool pays
is what they get.
"""

from datetime import date
from typing import Any

from cloche.testing.reference import project

Document = dict[str, Any]

CLOSING = date(2025, 1, 15)
FIRST = date(2025, 4, 15)
RESIDUAL: Document = {"verb": "pay_residual", "notes": [["SUB"]]}
SEQUENCE: Document = {"verb": "pay_principal", "sequence": "note_payment_sequence"}
A: Document = {
    "name": "A",
    "balance": 60.0,
    "interest_rank": 1,
    "principal_rank": 1,
    "coupon": {"index": "sofr_3m", "spread": 0.02, "day_count": "30/360"},
}
SUB: Document = {"name": "SUB", "balance": 40.0, "residual": True}


def deal_of(*, dates: Document | None = None, **more: Any) -> Document:
    return {
        "cloche": 1,
        "name": "tiny",
        "currency": "USD",
        "target_par": 100.0,
        "dates": {
            "closing": "2025-01-15",
            "first_payment": "2025-04-15",
            "payment_frequency_months": 3,
            "stated_maturity": "2026-01-15",
            "roll": "none",
            "determination": {"business_days_before": 0},
            **(dates or {}),
        },
        "notes": [A, SUB],
        "waterfalls": {
            "interest": [{"verb": "pay_interest", "notes": [["A"]]}, RESIDUAL],
            "principal": [
                {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
                SEQUENCE,
                RESIDUAL,
            ],
        },
        **more,
    }


def constant(number: float) -> Document:
    return {"kind": "constant", "value": number}


def scenario_of(**more: Any) -> Document:
    return {
        "cdr": constant(0.0),
        "cpr": constant(0.0),
        "recovery": constant(0.4),
        "recovery_lag_months": constant(6.0),
        "rates": {"*": {"kind": "flat", "rate": 0.04}},
        **more,
    }


def loan_of(**more: Any) -> Document:
    return {
        "loan_id": "L1",
        "par": 100.0,
        "spread": 0.04,
        "day_count": "30/360",
        "maturity": date(2030, 1, 15),
        "amortization_rate": 0.0,
        "market_price": 1.0,
        "rating": "B",
        **more,
    }


def run(
    *loans: Document,
    deal: Document | None = None,
    scenario: Document | None = None,
    as_of: date = CLOSING,
    **more: Any,
) -> dict[str, Any]:
    return project(deal or deal_of(), loans or (loan_of(),), as_of, scenario or scenario_of(), **more)


def column(result: dict[str, Any], name: str) -> list[float]:
    return [row[name] for row in result["collateral"]]


def of_note(result: dict[str, Any], name: str, value: str) -> list[Any]:
    return [row[value] for row in result["cashflows"] if row["note"] == name]
