"""What a deal carries from one payment date to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cloche.testing.reference.accounts import opening_accounts
from cloche.testing.reference.combinations import rated_balance
from cloche.testing.reference.dates import parse_date
from cloche.testing.reference.opening import residual_cost


@dataclass
class Ledgers:
    """Balances, unpaid amounts and cash between two payment dates, in currency units.

    `carried` are unpaid instalments of a class X, `caps` the caps of past dates with what was paid within them.
    `idle` is the part of deferred and of overdue interest that bears no interest where interest on unpaid interest is
    simple, `flows` the dated flows of all residual notes, `event_cost` the unpaid cost of refinancings and
    re-pricings, `accounts` the balances of the deal's accounts, `hedges` unpaid periodic and termination amounts,
    `drawn` all draws on the commitment of a class, `rated` the rated balances of combination notes, `issued_on` the
    number of the payment date on which an event has issued a class.
    """

    balance: dict[str, float]
    deferred: dict[str, float]
    overdue: dict[str, float]
    carried: dict[str, float]
    unpaid: dict[str, float]
    caps: dict[str, list[tuple[float, float]]]
    flows: list[tuple[date, float]]
    principal_cash: float
    idle: dict[str, tuple[float, float]]
    interest_cash: float = 0.0
    event_cost: float = 0.0
    accounts: dict[str, float] = field(default_factory=dict)
    hedges: dict[str, tuple[float, float]] = field(default_factory=dict)
    drawn: dict[str, float] = field(default_factory=dict)
    rated: dict[str, float] = field(default_factory=dict)
    issued_on: dict[str, int] = field(default_factory=dict)


def opening_ledgers(deal: Mapping[str, Any]) -> Ledgers:
    """Balances at closing; nothing is deferred, overdue or unpaid."""
    closing = parse_date(deal["dates"]["closing"])
    notes = [note for note in deal["notes"] if not note.get("combination_of")]
    fees = [fee["name"] for fee in deal.get("fees", ())]
    return Ledgers(
        balance={note["name"]: note.get("balance", 0.0) for note in notes},
        deferred={note["name"]: 0.0 for note in notes},
        overdue={note["name"]: 0.0 for note in notes},
        carried={note["name"]: 0.0 for note in notes},
        unpaid=dict.fromkeys(fees, 0.0),
        caps={name: [] for name in fees},
        flows=[(closing, -residual_cost(note)) for note in notes if note.get("residual")],
        principal_cash=deal.get("closing", {}).get("ramp_up_cash", 0.0),
        idle={note["name"]: (0.0, 0.0) for note in notes},
        accounts=opening_accounts(deal),
        drawn={note["name"]: 0.0 for note in notes},
        rated={note["name"]: rated_balance(note) for note in deal["notes"] if note.get("combination_of")},
        hedges={terms["name"]: (0.0, 0.0) for terms in deal.get("hedges") or ()},
    )
