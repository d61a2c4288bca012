"""Documents that follow one another in a projection: what goes on, what begins anew, how tables name it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any

from cloche.testing.reference import make_whole, month_steps
from cloche.testing.reference.conventions import conventions
from cloche.testing.reference.dates import Period
from cloche.testing.reference.day import Day, Row
from cloche.testing.reference.documents import months_between, moved, periods_after
from cloche.testing.reference.events import Event, acting, events_of
from cloche.testing.reference.expressions import evaluate
from cloche.testing.reference.holdings import Document, Holdings
from cloche.testing.reference.ledgers import opening_ledgers
from cloche.testing.reference.opened_date import Dates
from cloche.testing.reference.proceeds import Proceeds
from cloche.testing.reference.refinancing import Succession
from cloche.testing.reference.resets import Amendment, Reset, replaced_by, shown_names


class Successions(Dates):
    """A projection that may go on under another document.

    Parameters
    ----------
    holdings, holidays
        As in `Dates`.
    """

    def __init__(self, holdings: Holdings, holidays: AbstractSet[date] = frozenset()) -> None:
        super().__init__(holdings, holidays)
        self.shown = {note["name"]: note["name"] for note in self.deal["notes"]}
        self.gone: list[dict[str, Any]] = []
        self.successions: list[Succession] = []

    def notes(self) -> list[dict[str, Any]]:
        """All classes that there were, under their names in tables."""
        return [*self.gone, *({**note, "name": self._shown(note["name"])} for note in self.deal["notes"])]

    def _shown(self, name: Any) -> Any:
        """Name of a class in tables; what is no class of the document keeps its name."""
        return self.shown.get(name, name)

    def _name(self, tables: Mapping[str, Any]) -> None:
        """Put the names of tables into the rows of a date."""
        for table, column in (("notes", "note"), ("events", "note"), ("ledger", "payee")):
            for row in tables[table]:
                row[column] = self._shown(row[column])

    def _acting(self, kind: str, period: Period, day: Day) -> list[Event]:
        """Events of a kind that act on this date, on the figures of the date as opened."""

        def holds(when: str) -> bool:
            return bool(evaluate(when, Proceeds(day, "interest").quantities(0.0)))

        return acting(self.events, kind, period, holds)

    def _coming(self, period: Period, figures: Day, day: Day) -> list[Reset | Amendment]:
        """Amendments of the date in the order of their dates, or its reset; none with a sale of all collateral."""
        if self.ended:
            return []
        due = [event for kind in ("amend", "reset") for event in self._acting(kind, period, figures)]
        due.sort(key=lambda event: (not event.dated, event.start or date.min))
        found: list[Reset | Amendment] = []
        for event in due:
            event.acted()
            if event.kind == "amend":
                found.append(Amendment(event, day))
                continue
            into = event.terms["into"]
            if not event.dated:
                closing = date.fromisoformat(into["dates"]["closing"])
                into = moved(into, months_between(closing, period.unadjusted_end))
            found.append(Reset(event, day, self.deal, into))
            break
        return found

    def _enter(self, one: Reset | Amendment, period: Period) -> list[Row]:
        """Let the document of an event rule from the next period on; rows of the classes that it issues."""
        rows = self._reset(one, period) if isinstance(one, Reset) else []
        deal, future = one.into, self.holdings.future
        if isinstance(one, Amendment):
            for change in self.successions:
                deal = change(deal)
            for event in self.events:
                if not event.spent:
                    event.read_dates(deal)
        make_whole.check(deal)
        month_steps.check(deal, self.events)
        self.deal = deal
        self.conventions = conventions(deal)
        periods = periods_after(
            deal,
            period,
            number=1 if isinstance(one, Reset) else period.number + 1,
            goes_on=isinstance(one, Amendment),
            holidays=self.holidays,
            fixing_holidays=future.fixing_holidays,
        )
        self.holdings.enter(deal, periods)
        if isinstance(one, Amendment):
            self._keep_accounts(deal)
        return rows

    def _reset(self, one: Reset, period: Period) -> list[Row]:
        """Names, ledgers and events of a second document."""
        known = [note["name"] for note in self.notes()]
        names = shown_names(one.into, one.carry, known)
        names |= {name: self._shown(name) for name in one.carry}
        stays = set(one.carry)
        self.gone += [
            {**note, "name": self._shown(note["name"])}
            for note in self.deal["notes"]
            if note["name"] not in stays
        ]
        for note in one.issued:
            old = replaced_by(note, one.redeemed)
            note["replaces"] = None if old is None else self._shown(old)
        given = {note["name"]: note for note in one.issued}
        # What its closing sets aside is paid on this date.
        reserve, ramp_up_cash, closing = one.reserve, one.ramp_up_cash, {"interest_reserve": 0.0}
        notes = [given.get(note["name"], note) for note in one.into["notes"]]
        one.into = {**one.into, "notes": notes, "closing": closing}
        self._open_anew(one.into, stays)
        self.ledgers.interest_cash += reserve
        self.ledgers.principal_cash += ramp_up_cash
        for name, amount in one.deposits.items():
            self.ledgers.accounts[name] += amount
        self.confirmed, self.period_over, self.steps = False, False, {}
        self.shown = names
        self.groups, self.successions, self.status = {}, [], "normal"
        own = events_of(one.into, {})
        # Of what a scenario assumes the calls go on: other events name classes of the document before.
        calls = [e for e in self.events if e.place.startswith("scenario.") and e.kind == "call"]
        self.events = [call for call in calls if call.follow(one.into, period.unadjusted_end)] + own
        return one.rows(names)

    def _open_anew(self, into: Document, stays: set[str]) -> None:
        """Ledgers of a second document: what it does not carry begins anew, cash and distributions go on."""
        old, new = self.ledgers, opening_ledgers(into)
        for name in stays:
            for one, other in (
                (old.balance, new.balance),
                (old.deferred, new.deferred),
                (old.overdue, new.overdue),
                (old.carried, new.carried),
                (old.drawn, new.drawn),
            ):
                other[name] = one[name]
            new.idle[name] = old.idle[name]
        for name in new.unpaid:
            new.unpaid[name] = old.unpaid.get(name, 0.0)
        new.flows = old.flows
        new.principal_cash, new.interest_cash = old.principal_cash, old.interest_cash
        new.event_cost = old.event_cost
        before = {hedge["name"]: hedge for hedge in self.deal.get("hedges") or ()}
        for hedge in into.get("hedges") or ():
            if before.get(hedge["name"]) == hedge:
                new.hedges[hedge["name"]] = old.hedges[hedge["name"]]
        self.ledgers = new
        self.ledgers.accounts = old.accounts
        self._keep_accounts(into)

    def _keep_accounts(self, deal: Document) -> None:
        """Balances of the accounts that a document has; those of others go to the principal account."""
        ledgers = self.ledgers
        names = [account["name"] for account in deal.get("accounts") or ()]
        ledgers.principal_cash += sum(
            amount for name, amount in ledgers.accounts.items() if name not in names
        )
        ledgers.accounts = {name: ledgers.accounts.get(name, 0.0) for name in names}
        for fee in deal.get("fees") or ():
            ledgers.unpaid.setdefault(fee["name"], 0.0)
            ledgers.caps.setdefault(fee["name"], [])
        for hedge in deal.get("hedges") or ():
            ledgers.hedges.setdefault(hedge["name"], (0.0, 0.0))

    def _take_in(self, terms: Document, number: int) -> None:
        """Open the ledgers of a successor, which comes in on a payment date of a number."""
        self.ledgers.issued_on[terms["name"]] = number
        self.ledgers.balance[terms["name"]] = terms["balance"]
        self.ledgers.idle[terms["name"]] = (0.0, 0.0)
        self.ledgers.drawn[terms["name"]] = 0.0
        for ledger in (self.ledgers.deferred, self.ledgers.overdue, self.ledgers.carried):
            ledger[terms["name"]] = 0.0
