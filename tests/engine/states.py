"""A state of the template deal on one payment date."""

from typing import Any

STATE: dict[str, Any] = {
    "cloche_state": 1,
    "payment_date": "2026-01-20",
    "previous_payment_date": "2025-10-20",
    "determination_date": "2026-01-07",
    "index_fixings": {"sofr_3m": 0.0400},
    "collected": {"interest": 9_900_000, "principal": 6_000_000},
    "fee_basis": 495_000_000,
    "notes": {
        "A": {"balance": 310_000_000},
        "B": {"balance": 60_000_000},
        "C": {"balance": 30_000_000},
        "D": {"balance": 30_000_000},
        "E": {"balance": 25_000_000},
        "SUB": {"balance": 45_000_000},
    },
    "collateral": {"performing_par": 494_000_000},
}
