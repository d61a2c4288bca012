"""Refinancings and re-pricings: successors of a class, what they pay, what it costs.

The waterfalls of the date run first on the old class. Then its successors come in: their proceeds pay its balance,
deferred and overdue interest and make-whole premium, and from then on its name stands for the class and its successors
together.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from cloche.testing.reference.dates import Period
from cloche.testing.reference.day import Day, Row
from cloche.testing.reference.events import Event
from cloche.testing.reference.notes import Note

Document = Mapping[str, Any]
Succession = Callable[[Document], dict[str, Any]]
"""What a refinancing or re-pricing changes in a document."""

PRINCIPAL_ACCOUNT = "principal account"

COST = "refinancing cost"
"""Payee of the cost of refinancings and re-pricings."""

OWN = {"name", "balance", "issue_price", "id", "replaces", "commitment", "make_whole", "amortization"}
"""Terms that a successor does not have from its class."""

ROUNDING = 1e-9
"""Share of the target par by which proceeds may miss what they pay."""


def event_cost(event: Event, day: Day) -> float:
    """Cost of a refinancing or re-pricing: rate · opening balances (or performing par) + fixed, in currency units.

    A class of which nothing is outstanding costs nothing.
    """
    notes = [note for name in event.terms for note in day.notes_of(name)]
    if sum(note.opening["balance"] + note.opening["deferred"] for note in notes) <= dust(day):
        return 0.0
    return cost_of(event, sum(note.opening["balance"] for note in notes), day)


def cost_of(event: Event, base: float, day: Day) -> float:
    """Cost of an event in currency units: rate · base (or performing par) + fixed."""
    if event.cost.get("of") == "performing_par":
        base = day.measure.performing_par
    return float((event.cost.get("rate") or 0.0) * base + (event.cost.get("fixed") or 0.0))


def paid_from(event: Event) -> str:
    """Who pays the cost: `interest`, `proceeds` or `equity`."""
    return str(event.cost.get("paid_from") or "interest")


def dust(day: Day) -> float:
    """Amount in currency units up to which nothing is outstanding or missing."""
    return float(ROUNDING * day.deal["target_par"])


class Redemption:
    """One class that a refinancing redeems, after the waterfalls of the date.

    `owed` is its balance, deferred and overdue interest and its premium, `successors` the notes that replace it, with
    every key.
    """

    def __init__(self, day: Day, old: str, into: Sequence[Document]) -> None:
        self.old = old
        self.day = day
        self.notes = day.notes_of(old)
        self.owed = sum(owed(note, day) for note in self.notes)
        inherited = {
            key: value
            for key, value in next(note for note in day.deal["notes"] if note["name"] == old).items()
            if key not in OWN
        }
        self.successors: list[dict[str, Any]] = [{**inherited, **terms, "replaces": old} for terms in into]
        self.open_ended = [terms for terms in self.successors if terms["balance"] == "outstanding"]
        if len(self.open_ended) > 1:
            raise ValueError(f"refinance.{old}: found several successors outstanding; expected one")
        if self.open_ended:
            fixed = sum(terms["balance"] for terms in self.successors if terms["balance"] != "outstanding")
            self.open_ended[0]["balance"] = max(0.0, self.owed - fixed)

    @property
    def proceeds(self) -> float:
        """Proceeds of the successors: balance times issue price, in currency units."""
        return brought_by(self.successors)

    def pay(self, rows: Sequence[Row]) -> None:
        """Pay all that the class is owed; its rows of the date show the redemption."""
        for note in self.notes:
            redeem(note, self.day, rows)


def brought_by(notes: Sequence[Document]) -> float:
    """What new notes bring: balance times issue price, in currency units."""
    return float(sum(terms["balance"] * terms.get("issue_price", 1.0) for terms in notes))


def owed(note: Note, day: Day) -> float:
    """What redeems a class after the waterfalls of a date, in currency units."""
    return note.balance + note.deferred + note.overdue + day.premium(note)


def redeem(note: Note, day: Day, rows: Sequence[Row]) -> None:
    """Pay all that a class is owed: its last row. The premium is interest of the date."""
    row = next(row for row in rows if row["note"] == note.name)
    premium = day.premium(note)
    row["principal_paid"] += note.balance
    row["deferred_paid"] += note.deferred
    row["interest_due"] += premium
    row["interest_paid"] += note.overdue + premium
    row.update(end_balance=0.0, deferred_balance=0.0, interest_shortfall=0.0)
    note.redeem()


class Changes:
    """Refinancings and re-pricings of one payment date.

    Parameters
    ----------
    day
        The payment date; its notes are changed when the changes are applied.
    due
        Events that act on the date.
    """

    def __init__(self, day: Day, due: Sequence[Event]) -> None:
        self.day = day
        self.due = due
        self.issued: list[dict[str, Any]] = []
        self.successions: list[Succession] = []
        self.record: list[Row] = []

    def apply(
        self, deal: Document, groups: Mapping[str, list[str]], tables: Mapping[str, Any]
    ) -> tuple[Document, dict[str, list[str]], float]:
        """Apply the events after the waterfalls of the date.

        Parameters
        ----------
        deal
            Canonical deal document.
        groups
            Classes for which the name of a refinanced class stands.
        tables
            Tables of the date; rows are changed and added.

        Returns
        -------
        tuple
            The document and the groups from now on, and what is left of proceeds for the principal account.

        Raises
        ------
        ValueError
            When the proceeds of a refinancing do not suffice and no condition lets its balances shrink.
        """
        changed, names, cash = deal, {old: list(members) for old, members in groups.items()}, 0.0
        for event in self.due:
            cost = event_cost(event, self.day)
            if event.kind == "reprice":
                for old, terms in event.terms.items():
                    members = names.get(old, [old])
                    changed = repriced(changed, members, new_spread(terms), self.day.period)
                    self.successions.append(
                        partial(repriced, names=members, spread=new_spread(terms), period=self.day.period)
                    )
                    self._note("repricing", old, event.place)
            else:
                redeemed = self._redeemed(event)
                cost = cost if redeemed else 0.0
                cash += self._refinance(event, redeemed, cost, tables)
                for one in redeemed:
                    changed = with_successors(changed, one.old, one.successors)
                    names = grown(names, one.old, [terms["name"] for terms in one.successors])
                    self.issued += one.successors
                    self.successions.append(partial(with_successors, old=one.old, successors=one.successors))
            if paid_from(event) == "equity" and cost > 0:
                contribute(self.day, cost, tables)
        return changed, names, cash

    def _redeemed(self, event: Event) -> list[Redemption]:
        """Classes of an event of which something is outstanding after the waterfalls."""
        found = [Redemption(self.day, old, terms["into"]) for old, terms in event.terms.items()]
        for one in found:
            reason = event.place if one.owed > dust(self.day) else f"{event.place}: nothing outstanding"
            self._note("refinancing", one.old, reason)
        return [one for one in found if one.owed > dust(self.day)]

    def _refinance(
        self, event: Event, redeemed: Sequence[Redemption], cost: float, tables: Mapping[str, Any]
    ) -> float:
        """Let proceeds pay the classes and their part of the cost; what is left goes to the principal account."""
        if not redeemed:
            return 0.0
        uses = sum(one.owed for one in redeemed) + (cost if paid_from(event) == "proceeds" else 0.0)
        proceeds = sum(one.proceeds for one in redeemed)
        growing = [one for one in redeemed if not one.open_ended]
        given = sum(one.proceeds for one in growing)
        if proceeds < uses and event.when is not None:
            grown_by = [terms for one in growing for terms in one.successors]
            if not given > 0:
                grown_by = [terms for one in redeemed for terms in one.open_ended]
                given = brought_by(grown_by)
            for terms in grown_by:
                terms["balance"] *= (uses - (proceeds - given)) / given if given > 0 else 1.0
            proceeds = sum(one.proceeds for one in redeemed)
        if proceeds < uses - dust(self.day):
            raise ValueError(f"{event.place}.refinance: found proceeds of {proceeds}; expected {uses}")
        left = max(0.0, proceeds - uses)
        ledger = [(one.old, one.owed) for one in redeemed]
        if paid_from(event) == "proceeds":
            ledger.append((COST, cost))
        self._write([*ledger, (PRINCIPAL_ACCOUNT, left)], "refinancing", tables)
        for one in redeemed:
            one.pay(tables["notes"])
            tables["notes"].extend(issue_row(self.day, terms) for terms in one.successors)
        return left

    def _write(self, payments: Sequence[tuple[str, float]], source: str, tables: Mapping[str, Any]) -> None:
        """Ledger of cash that is no proceeds of the collateral."""
        tables["ledger"].extend(ledger_rows(self.day, payments, step="refinance", source=source))

    def _note(self, event: str, name: str, reason: str) -> None:
        self.record.append({"date": self.day.date, "event": event, "note": name, "reason": reason})


def contribute(day: Day, cost: float, tables: Mapping[str, Any]) -> None:
    """The first residual class pays a cost: a negative flow of the date."""
    pay_residual(day, -cost, tables)
    tables["ledger"].extend(ledger_rows(day, [(COST, cost)], step="refinance", source="equity"))


def pay_residual(day: Day, amount: float, tables: Mapping[str, Any]) -> str:
    """Give the first residual class an amount, or take it; the name of the class."""
    name = next(note.name for note in day.notes.values() if note.residual)
    row = next(row for row in tables["notes"] if row["note"] == name)
    row["interest_paid"] += amount
    day.distributed += amount
    return name


def ledger_rows(day: Day, payments: Sequence[tuple[str, float]], *, step: str, source: str) -> list[Row]:
    """Rows of the ledger for cash that is no proceeds of the collateral: payees and amounts in currency units."""
    cash, rows = sum(amount for _, amount in payments), []
    for payee, amount in payments:
        if amount > 0:
            rows.append(
                {
                    "date": day.date,
                    "waterfall": "refinancing",
                    "step": step,
                    "label": None,
                    "payee": payee,
                    "due": amount,
                    "paid": amount,
                    "available_before": cash,
                    "available_after": cash - amount,
                    "source": source,
                    "reason": None,
                }
            )
            cash -= amount
    return rows


def issue_row(day: Day, terms: Document) -> Row:
    """Row of a successor on the date on which it is issued; it bears interest from this date on."""
    flows = ("interest_due", "interest_paid", "deferred_interest", "deferred_paid", "deferred_balance")
    return {
        "date": day.date,
        "note": terms["name"],
        "status": day.status,
        "begin_balance": 0.0,
        "issued": terms["balance"],
        "index_rate": None,
        "rate": 0.0,
        "day_count_fraction": 0.0,
        **dict.fromkeys(flows, 0.0),
        "interest_shortfall": 0.0,
        "principal_paid": 0.0,
        "end_balance": terms["balance"],
        "final_loss": 0.0,
    }


def grown(groups: Mapping[str, list[str]], old: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Groups in which every name that stands for a class stands for its successors too.

    Examples
    --------
    >>> grown({"A": ["A", "A-R"]}, "A-R", ["A-RR"])
    {'A': ['A', 'A-R', 'A-RR'], 'A-R': ['A-R', 'A-RR']}
    """
    changed = {
        key: [*members, *names] if old in members else list(members) for key, members in groups.items()
    }
    changed.setdefault(old, [old, *names])
    return changed


def with_successors(deal: Document, old: str, successors: Sequence[Document]) -> dict[str, Any]:
    """The deal document in which the name of a class stands for it and its successors, pari passu.

    Parameters
    ----------
    deal
        Canonical deal document.
    old
        Name of the class.
    successors
        Notes with every key.
    """
    changed = copy.deepcopy(dict(deal))
    names = [terms["name"] for terms in successors]
    place = 1 + max(i for i, note in enumerate(changed["notes"]) if note["name"] == old)
    for note in changed["notes"]:
        if note["name"] == old and note.get("commitment"):
            note["commitment"]["until"] = date.min.isoformat()  # nothing more is drawn under it
    changed["notes"][place:place] = [dict(terms) for terms in successors]

    def group(members: Sequence[str]) -> list[str]:
        return [*members, *names] if old in members else list(members)

    def step(written: Mapping[str, Any]) -> dict[str, Any]:
        new = dict(written)
        for key in ("steps", "else"):
            if new.get(key):
                new[key] = [step(part) for part in new[key]]
        for key in ("notes", "pay_notes"):
            if new.get(key):
                new[key] = [group(members) for members in new[key]]
        return new

    changed["waterfalls"] = {
        side: [step(written) for written in steps] for side, steps in changed["waterfalls"].items()
    }
    changed["sequences"] = {
        name: [group(members) for members in groups]
        for name, groups in (changed.get("sequences") or {}).items()
    }
    for test in changed.get("tests", ()):
        if test.get("notes"):
            test["notes"] = group(test["notes"])
    return changed


def repriced(deal: Document, names: Sequence[str], spread: float, period: Period) -> dict[str, Any]:
    """The deal document with a new spread for a class and its successors that float.

    It holds from the accrual period that starts on the payment date of `period`.

    Raises
    ------
    ValueError
        For a class whose own coupon is fixed.
    """
    changed = copy.deepcopy(dict(deal))
    for note in changed["notes"]:
        if note["name"] not in names:
            continue
        coupon = note["coupon"]
        if coupon.get("fixed") is None:
            change = {"from": period.unadjusted_end.isoformat(), "spread": spread, "repriced": True}
            coupon["step_up"] = [*coupon.get("step_up", ()), change]
        elif note["name"] == names[0]:
            raise ValueError(f"reprice.{note['name']}: found a fixed coupon; expected a spread")
    return changed


def new_spread(terms: Any) -> float:
    """Spread of a re-pricing: a number, or a mapping that holds it."""
    return float(terms["spread"] if isinstance(terms, Mapping) else terms)
