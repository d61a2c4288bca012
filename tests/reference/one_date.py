"""One payment date of a deal that is small enough for hand arithmetic.

Coupons are fixed and the accrual period is a quarter of 90 days, so A (100 at 8 %) is due 2 and B (50 at 12 %) 1.5.
"""

from typing import Any

from cloche.testing.reference import run_payment_date

Document = dict[str, Any]

A: Document = {
    "name": "A",
    "balance": 100.0,
    "interest_rank": 1,
    "principal_rank": 1,
    "coupon": {"fixed": 0.08},
}
B: Document = {
    "name": "B",
    "balance": 50.0,
    "interest_rank": 2,
    "principal_rank": 2,
    "coupon": {"fixed": 0.12},
    "deferrable": True,
}
SUB: Document = {"name": "SUB", "balance": 20.0, "residual": True}
OC = {"name": "OC", "kind": "oc", "through": "B", "trigger": 1.25, "first_date": "closing"}
A_OC = {"name": "A OC", "kind": "oc", "through": "A", "trigger": 1.25, "first_date": "closing"}
IC = {"name": "IC", "kind": "ic", "through": "A", "trigger": 1.5, "first_date": "closing"}
RESIDUAL: Document = {"verb": "pay_residual", "notes": [["SUB"]]}
SEQUENCE: Document = {"verb": "pay_principal", "sequence": "note_payment_sequence"}


def interest(*names: str, **more: Any) -> Document:
    return {"verb": "pay_interest", "notes": [list(names)], **more}


def deferred(*names: str, **more: Any) -> Document:
    return {"verb": "pay_deferred_interest", "notes": [list(names)], **more}


def fee(name: str, part: str = "all") -> Document:
    return {"verb": "pay_fee", "fees": [[name]], "part": part}


def cure(*tests: str, **more: Any) -> Document:
    return {"verb": "cure", "tests": list(tests), **more}


def documents(
    *,
    interest_steps: list[Document],
    principal_steps: list[Document] | None = None,
    collected: tuple[float, float] = (0.0, 0.0),
    par: float = 200.0,
    notes: list[Document] | None = None,
    states: dict[str, Document] | None = None,
    collateral: Document | None = None,
    **deal: Any,
) -> tuple[Document, Document]:
    """The second date of a deal that reinvests, and its state.

    `par` is performing par beside the collected principal.
    """
    notes = notes or [A, B, SUB]
    document: Document = {
        "cloche": 1,
        "name": "tiny",
        "currency": "USD",
        "target_par": 200.0,
        "dates": {
            "closing": "2025-01-15",
            "first_payment": "2025-04-15",
            "payment_frequency_months": 3,
            "reinvestment_end": "2026-01-15",
            "stated_maturity": "2027-01-15",
            "roll": "none",
        },
        "notes": notes,
        "waterfalls": {
            "receipts": deal.pop("receipts", []),
            "interest": interest_steps,
            "principal": principal_steps or [RESIDUAL],
        },
        **deal,
    }
    state = {
        "cloche_state": 1,
        "payment_date": "2025-07-15",
        "previous_payment_date": "2025-04-15",
        "determination_date": "2025-07-03",
        "index_fixings": {"*": 0.04},
        "collected": {"interest": collected[0], "principal": collected[1]},
        "fee_basis": 400.0,
        "notes": {
            note["name"]: {"balance": note["balance"], **(states or {}).get(note["name"], {})}
            for note in notes
        },
        "collateral": {"performing_par": par, **(collateral or {})},
        "fees": deal.get("fee_states", {}),
        "accounts": deal.get("account_states", {}),
    }
    for key in ("fee_states", "account_states"):
        document.pop(key, None)
    return document, state


def pay(**terms: Any) -> dict[str, Any]:
    """Pay the second date of a deal that reinvests; the terms are those of `documents`."""
    return run_payment_date(*documents(**terms))


def paid(result: dict[str, Any], step: str, payee: str, waterfall: str = "interest") -> float:
    rows = [
        row["paid"]
        for row in result["ledger"]
        if (row["step"], row["payee"], row["waterfall"]) == (step, payee, waterfall)
    ]
    return float(sum(rows))


def note(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in result["notes"] if row["note"] == name)


def coverage(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in result["tests"] if row["test"] == name)
