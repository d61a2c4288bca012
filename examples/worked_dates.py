"""One payment date of a template under each status, clause by clause.

``python examples/worked_dates.py eur_clo`` prints the third payment date of the European template three times: on a
normal date on which the last coverage test fails by half a point, after an acceleration, and on a redemption date. The
figures are round: an index of 3 %, interest of 2 % of par, principal of 1 % of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import cloche as cl

STATUSES = ("normal", "accelerated", "redemption")
CENT = 0.005
FIXING, INTEREST, PRINCIPAL, SHORT_OF_TRIGGER, SALE_PRICE = 0.03, 0.02, 0.01, 0.005, 0.98
PERIOD = 2


def state(deal: cl.Deal, status: str) -> cl.DealState:
    """Return the deal before its third payment date.

    Parameters
    ----------
    deal
        A deal with ranked classes.
    status
        ``normal``, ``accelerated`` or ``redemption``; on a redemption date the collateral has been sold.
    """
    dates = list(deal.schedule().rows())
    day, before = dates[PERIOD], dates[PERIOD - 1]
    par, classes = deal.target_par, [note for note in deal.notes if not note.residual]
    trigger = min(test.trigger for test in deal.tests if test.kind == "oc")
    junior = next(test.through for test in deal.tests if test.kind == "oc" and test.trigger == trigger)
    tested = sum(
        note.balance
        for note in classes
        if (note.principal_rank or 0) <= (deal.notes[str(junior)].principal_rank or 0)
    )
    performing = round((trigger - SHORT_OF_TRIGGER) * tested - PRINCIPAL * par, -5)
    index = next(note.coupon.index for note in classes if note.coupon is not None and note.coupon.index)
    collected: dict[str, Any] = {"interest": INTEREST * par, "principal": PRINCIPAL * par}
    if status == "redemption":
        collected["liquidation"] = {"proceeds": SALE_PRICE * performing, "costs": 0.0025 * performing}
    notes: dict[str, dict[str, Any]] = {note.name: {"balance": note.balance} for note in classes}
    for note in deal.notes:
        if note.residual:
            notes[note.name] = {"balance": note.balance, "cost": note.balance, "distributions": []}
    return cl.DealState.from_dict(
        {
            "cloche_state": 1,
            "payment_date": day["payment_date"].isoformat(),
            "previous_payment_date": before["payment_date"].isoformat(),
            "determination_date": day["determination_date"].isoformat(),
            "status": status,
            "index_fixings": {index: FIXING},
            "collected": collected,
            "fee_basis": par,
            "notes": notes,
            "collateral": {"performing_par": 0.0 if status == "redemption" else performing},
        }
    )


def table(paid: cl.PaymentDate) -> Iterator[str]:
    """Yield the clauses that paid something: what was due, what was paid, what was left of the proceeds.

    Parameters
    ----------
    paid
        A payment date.
    """
    yield f"  {'clause':<7}{'step':<15}{'payee':<19}{'due':>16}{'paid':>16}{'left':>16}"
    for fall in dict.fromkeys(paid.ledger["waterfall"].tolist()):
        rows = list(paid.ledger.filter(waterfall=fall).rows())
        yield f"  {fall}: {rows[0]['available_before']:,.2f}"
        for row in rows:
            amounts = (row["due"], row["paid"], row["available_after"])
            if row["paid"] > CENT:
                yield f"  {row['label']:<7}{row['step']:<15}{row['payee']:<19}" + "".join(
                    f"{amount:>16,.2f}" for amount in amounts
                )
        short = [row["label"] for row in rows if row["due"] > CENT and row["paid"] <= CENT]
        if short:
            yield f"  {'nothing is left for':<22}{', '.join(dict.fromkeys(short))}"


def worked(template: str) -> str:
    """Return one payment date of a template under each status.

    Parameters
    ----------
    template
        Name of a template.
    """
    lines = []
    for status in STATUSES:
        deal: cl.Deal = getattr(cl.templates, template)(accelerate="automatic", interest_smoothing=False)
        before = state(deal, status)
        lines += [
            f"{deal.name}, {before.payment_date}, {status}",
            *table(cl.run_payment_date(deal, before)),
            "",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(worked(sys.argv[1] if len(sys.argv) > 1 else "us_bsl").rstrip())
