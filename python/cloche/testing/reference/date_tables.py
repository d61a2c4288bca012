"""The tables of one payment date."""

import math
from dataclasses import asdict
from typing import Any

from cloche.testing.reference import waterfall
from cloche.testing.reference.day import Day, Row
from cloche.testing.reference.notes import Note


def pay_date(day: Day) -> dict[str, Any]:
    """Run the waterfalls of a date and return its tables.

    Returns
    -------
    dict
        `ledger`, `tests`, `notes` (the columns of `cashflows`), `fees`, `measure`, `ic_numerator`,
        `conservation_error`. In `fees`, `due` is the amount of the period and `unpaid` what is carried on. In
        `tests`, `ratio_after` is at the end of the date, `ratio_after_cure` right after the last cure that names the
        test (None without one).
    """
    owed = dict(day.fees)
    if day.event_cost is not None:
        owed[day.event_cost.name] = day.event_cost
    currents = {name: fee.current for name, fee in owed.items()}
    waterfall.pay(day)
    rows = []
    for row in day.before:
        test = day.tests[row["test"]]
        numerator = day.numerator(test) + (day.diverted if test.kind != "ic" else 0.0)
        denominator = day.denominator(test)
        rows.append(
            {
                **row,
                "ratio_after": numerator / denominator if denominator > 0 else math.inf,
                "ratio_after_cure": day.ratio_after_cure.get(test.name),
            }
        )
    hurdles = {terms["name"]: bool(terms.get("hurdles")) for terms in day.deal.get("fees", ())}
    fees = [
        {
            "date": day.date,
            "fee": name,
            "base": fee.base,
            "due": day.incentive.get(name, 0.0) if hurdles.get(name) else currents[name],
            "paid": day.incentive.get(name, 0.0) if hurdles.get(name) else fee.paid,
            "unpaid": fee.unpaid + fee.current + fee.later,
        }
        for name, fee in owed.items()
    ]
    return {
        "ledger": day.ledger,
        "tests": rows,
        "notes": [_note_row(day, note) for note in day.notes.values()],
        "fees": fees,
        "measure": asdict(day.measure),
        "ic_numerator": day.ic_numerator,
        "conservation_error": conservation_error(day),
    }


def _note_row(day: Day, note: Note) -> Row:
    deferred = note.close()
    return {
        "date": day.date,
        "note": note.name,
        "status": day.status,
        "begin_balance": note.opening["balance"],
        "issued": 0.0,
        "index_rate": note.index_rate,
        "rate": note.rate,
        "day_count_fraction": note.day_count_fraction,
        "interest_due": note.opening["current"],
        "interest_paid": note.interest_paid,
        "deferred_interest": deferred,
        "deferred_paid": note.deferred_paid,
        "deferred_balance": note.deferred,
        "interest_shortfall": note.overdue,
        "principal_paid": note.principal_paid,
        "end_balance": note.balance,
        "final_loss": 0.0,
    }


def conservation_error(day: Day) -> float:
    """Cash in less cash out of a date, accounts included, in currency units."""
    paid = sum(row["paid"] for row in day.ledger if row["source"] not in {"transfer", "draw"})
    kept = day.held_interest + day.held_principal + day.purchase_cash + sum(day.accounts.values())
    return float(abs(day.opening_cash - paid - kept))
