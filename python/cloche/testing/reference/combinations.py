"""Combination notes: a part of other classes, with a rated balance that all receipts lower."""

from collections.abc import Mapping, Sequence
from typing import Any

from cloche.testing.reference.day import Row

Document = Mapping[str, Any]


def rated_balance(terms: Document) -> float:
    """Rated balance at closing: as stated, or the sum of the components."""
    stated = terms.get("balance")
    return float(sum(terms["combination_of"].values()) if stated is None else stated)


def combination_row(deal: Document, terms: Document, balance: float, rows: Sequence[Row]) -> Row:
    """Row of a combination note on a payment date.

    Parameters
    ----------
    deal
        Canonical deal document.
    terms
        The combination note.
    balance
        Rated balance at the opening of the date, in currency units.
    rows
        Rows of the other notes on this date.
    """
    receipts = 0.0
    for name, face in terms["combination_of"].items():
        component = next(note for note in deal["notes"] if note["name"] == name)
        row = next(row for row in rows if row["note"] == name)
        paid = row["interest_paid"] + row["deferred_paid"] + row["principal_paid"]
        receipts += face / original_balance(component) * paid
    principal = min(receipts, balance)  # negative where a component is drawn or contributes
    return {
        **{key: 0.0 for key, value in rows[0].items() if isinstance(value, float)},
        "date": rows[0]["date"],
        "note": terms["name"],
        "status": rows[0]["status"],
        "begin_balance": balance,
        "index_rate": None,
        "interest_paid": receipts - principal,
        "principal_paid": principal,
        "end_balance": balance - principal,
    }


def original_balance(terms: Document) -> float:
    """Original balance of a class, the committed amount of one that is drawn over time."""
    if terms.get("commitment"):
        return float(terms["commitment"]["amount"])
    return float(terms.get("balance") or 0.0)
