"""Resets: rated classes are redeemed at par and those of a second document issued, after the waterfalls of a date.

    Δ = Σ balance · issue price + equity contribution − redeemed − cost from proceeds − par bought
        − interest reserve − ramp-up cash − deposits into accounts of the second document's closing

What is redeemed is balance, deferred and overdue interest and make-whole premium.

A positive Δ goes to the first residual class on the date, a negative one is paid in by it, as are a contribution and a
cost that equity pays.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from cloche.testing.reference.accounts import opening_accounts
from cloche.testing.reference.dates import parse_date
from cloche.testing.reference.day import Day
from cloche.testing.reference.events import Event
from cloche.testing.reference.notes import Note
from cloche.testing.reference.proceeds import INTEREST_ACCOUNT
from cloche.testing.reference.refinancing import (
    COST,
    PRINCIPAL_ACCOUNT,
    cost_of,
    issue_row,
    ledger_rows,
    owed,
    paid_from,
    pay_residual,
    redeem,
)

Document = Mapping[str, Any]


def residual_names(deal: Document) -> list[str]:
    """Names of the residual classes."""
    return [note["name"] for note in deal["notes"] if note.get("residual")]


def carried(deal: Document, terms: Document) -> list[str]:
    """Classes that stay outstanding; by default the residual classes that both documents name.

    Raises
    ------
    ValueError
        When a name is in one document alone, or a residual class of the first is left behind.
    """
    both = [name for name in residual_names(deal) if name in residual_names(terms["into"])]
    names = both if terms.get("carry") is None else list(terms["carry"])
    for document in (deal, terms["into"]):
        unknown = set(names) - {note["name"] for note in document["notes"]}
        if unknown:
            raise ValueError(f"reset.carry: found {sorted(unknown)}; expected classes of both documents")
    left = (set(residual_names(deal)) | set(residual_names(terms["into"]))) - set(names)
    if left or not names:
        raise ValueError(
            f"reset.carry: found {names}; expected every residual class, {sorted(left)} is missing"
        )
    return names


def shown_names(into: Document, carry: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Names that tables use for the classes of a second document: new ones do not take the name of an earlier class.

    Parameters
    ----------
    into
        The second document.
    carry
        Classes that stay outstanding.
    known
        Names that tables have used.

    Examples
    --------
    >>> shown_names({"notes": [{"name": "A"}, {"name": "F"}, {"name": "SUB"}]}, ["SUB"], ["A", "SUB"])
    {'A': 'A-R', 'F': 'F', 'SUB': 'SUB'}
    """
    names = {}
    own = {note["name"] for note in into["notes"]}
    for note in into["notes"]:
        name = shown = note["name"]
        while name not in carry and (shown in known or (shown != name and shown in own)):
            shown = f"{name}-R" if shown == name else f"{shown}R"
        names[name] = shown
    return names


def with_commitments(
    into: Document, written: Document, deal: Document, carry: Collection[str], *, on: date
) -> Document:
    """A second document whose classes that stay have what is left of the commitments that they have had.

    Parameters
    ----------
    into, written
        The document with the dates that it acts with, and as it is written.
    deal
        The document before.
    carry
        Classes that stay.
    on
        The unadjusted date of the reset: earlier draws have been made.

    Raises
    ------
    ValueError
        Where it says something else of them.
    """
    before = {note["name"]: note for note in deal["notes"]}
    notes = []
    for after, said in zip(into["notes"], written["notes"], strict=True):
        note, name = after, after["name"]
        commitment = before[name].get("commitment") if name in carry else None
        if name in carry and said.get("commitment") != commitment:
            raise ValueError(f"reset.into.notes.{name}.commitment: expected that of the class, which stays")
        if commitment and said["balance"] != before[name]["balance"]:
            raise ValueError(f"reset.into.notes.{name}.balance: expected that of the class at its closing")
        if commitment:
            draws = commitment.get("draws") or {}
            later = {day: amount for day, amount in draws.items() if parse_date(day) > on}
            note = {**note, "commitment": {**commitment, "draws": later}}
        notes.append(note)
    return {**into, "notes": notes}


class Reset:
    """A reset on a payment date.

    Parameters
    ----------
    event
        The event; its document has the dates that it acts with.
    day
        The payment date.
    deal
        The document that rules on the date.
    """

    def __init__(self, event: Event, day: Day, deal: Document, into: Document) -> None:
        self.event, self.day = event, day
        self.carry = carried(deal, event.terms)
        self.into = with_commitments(
            into, event.terms["into"], deal, self.carry, on=day.period.unadjusted_end
        )
        self.redeemed = [
            note for note in day.notes.values() if not note.residual and note.name not in self.carry
        ]
        self.issued = [
            dict(note)
            for note in into["notes"]
            if note["name"] not in self.carry and not note.get("combination_of")
        ]

    @property
    def reserve(self) -> float:
        """What the closing of the document sets aside as interest proceeds of its first period."""
        return float((self.into.get("closing") or {}).get("interest_reserve") or 0.0)

    @property
    def ramp_up_cash(self) -> float:
        """What the closing of the document leaves in the principal account."""
        return float((self.into.get("closing") or {}).get("ramp_up_cash") or 0.0)

    @property
    def deposits(self) -> dict[str, float]:
        """What the closing of the document puts into its accounts, by name."""
        return {name: amount for name, amount in opening_accounts(self.into).items() if amount > 0}

    @property
    def cost(self) -> float:
        """What it costs, on the opening balances of what is redeemed."""
        return cost_of(self.event, sum(note.opening["balance"] for note in self.redeemed), self.day)

    def rows(self, names: Mapping[str, str]) -> list[dict[str, Any]]:
        """Rows of the new classes on the date, under their names in tables."""
        return [{**issue_row(self.day, note), "note": names[note["name"]]} for note in self.issued]

    def apply(self, tables: Mapping[str, Any]) -> None:
        """Pay and redeem after the waterfalls of the date; rows of the tables are changed and added."""
        terms, day, cost = self.event.terms, self.day, self.cost
        payer = paid_from(self.event)
        proceeds = sum(note["balance"] * (note.get("issue_price") or 1.0) for note in self.issued)
        contribution = terms.get("equity_contribution") or 0.0
        purchase = terms.get("par_purchase") or 0.0
        uses = [(note.name, owed(note, day)) for note in self.redeemed]
        uses += [(COST, cost if payer == "proceeds" else 0.0), ("collateral", purchase)]
        uses += [(INTEREST_ACCOUNT, self.reserve), (PRINCIPAL_ACCOUNT, self.ramp_up_cash)]
        uses += list(self.deposits.items())
        left = proceeds + contribution - sum(amount for _, amount in uses)
        residual = pay_residual(day, left - contribution - (cost if payer == "equity" else 0.0), tables)
        uses.append((residual, max(0.0, left)))
        tables["ledger"].extend(ledger_rows(day, uses, step="reset", source="refinancing"))
        if payer == "equity":
            tables["ledger"].extend(ledger_rows(day, [(COST, cost)], step="reset", source="equity"))
        day.purchase_cash += purchase
        for note in self.redeemed:
            redeem(note, day, tables["notes"])

    def row(self) -> dict[str, Any]:
        """Row of the table of events."""
        return {"date": self.day.date, "event": "reset", "note": None, "reason": self.event.place}


class Amendment:
    """An amendment on a payment date: its document rules from the next period on, nothing else changes.

    Parameters
    ----------
    event
        The event.
    day
        The payment date.
    """

    def __init__(self, event: Event, day: Day) -> None:
        self.event, self.day = event, day
        self.into: Document = event.terms["into"]
        if paid_from(event) == "proceeds":
            raise ValueError(f"{event.place}.cost.paid_from: found proceeds; an amendment has none")

    @property
    def cost(self) -> float:
        """What it costs; nothing is refinanced."""
        return cost_of(self.event, 0.0, self.day)

    def apply(self, tables: Mapping[str, Any]) -> None:
        """Let equity pay the cost, where it does."""
        if paid_from(self.event) == "equity" and self.cost > 0:
            pay_residual(self.day, -self.cost, tables)
            tables["ledger"].extend(ledger_rows(self.day, [(COST, self.cost)], step="amend", source="equity"))

    def row(self) -> dict[str, Any]:
        """Row of the table of events."""
        return {"date": self.day.date, "event": "amendment", "note": None, "reason": self.event.place}


def replaced_by(note: Document, redeemed: Sequence[Note]) -> str | None:
    """Class that a new one replaces: that of its name, else the first redeemed one of its interest rank."""
    named = [old.name for old in redeemed if old.name == note["name"]]
    rank = note.get("interest_rank")
    ranked = [old.name for old in redeemed if rank is not None and old.interest_rank == rank]
    return next(iter([*named, *ranked]), None)
