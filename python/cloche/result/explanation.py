"""Why a class was paid what it was on one payment date, in words and figures."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence

from cloche.errors import RunError
from cloche.model.wording import did_you_mean
from cloche.result.documents_in_force import InForce, on_date
from cloche.result.explanation_ledger import DUST, DateLedger, Row
from cloche.result.explanation_words import (
    accrual,
    amount,
    class_name,
    clause,
    joined,
    proceeds,
)
from cloche.table import Table

__all__ = ["explained"]

_PHASES = {"acceleration": ", after an acceleration,", "redemption": ", a redemption date,"}
_PRINCIPAL = ("pay_principal", "turbo")
_INTEREST = ("pay_interest", "pay_shortfalls")


def explained(
    *,
    date: dt.date | str,
    note: str,
    ledger: Table,
    places: Table | None = None,
    tests: Table,
    cashflows: Table,
    course: Sequence[InForce],
    replaces: Mapping[str, str] | None = None,
) -> str:
    """Return why a class was paid what it was on a payment date.

    Parameters
    ----------
    date
        Payment date.
    note
        Name of the class.
    ledger, tests, cashflows
        Tables of the path.
    places
        Beside each row of the ledger: where its step stands in the document; without it each row is a step.
    course
        The documents that ruled, in order.
    replaces
        By note that an event brings in: the class that it replaces or joins.

    Raises
    ------
    RunError
        If there is no such date or class.
    """
    days = sorted(set(cashflows.column("date").python()))
    day = _day(date, days)
    since = _first_dates(cashflows)
    if note not in since:
        raise RunError(f"note: found {note!r}, which the run does not have{did_you_mean(note, list(since))}")
    own = next(cashflows.filter(date=day, note=note).rows(), None)
    if own is None:
        last = max(cashflows.filter(note=note).column("date").python())
        what = f"is issued on {since[note]}" if day < since[note] else f"was redeemed on {last}"
        raise RunError(f"date: found {day}; {class_name(note)} {what}")
    measured = [d for d in tests.column("date").python() if d <= day]
    tested = list(tests.filter(date=max(measured)).rows()) if measured else []
    told = _Date(
        day,
        own,
        [
            {**row, "place": place or ""}
            for row, place in zip(ledger.rows(), _texts(places, len(ledger)), strict=True)
            if row["date"] == day
        ],
        tested,
        on_date(course, day),
        since=since,
        replaces=replaces or {},
        reset=next((each for each in course if each.kind == "reset" and each.since == day), None),
    )
    return "\n\n".join(told.paragraphs())


def _texts(places: Table | None, rows: int) -> Sequence[str | None]:
    return [None] * rows if places is None else places.column("place").python()


def _first_dates(cashflows: Table) -> dict[str, dt.date]:
    """Return the first date of each note."""
    first: dict[str, dt.date] = {}
    for name, day in zip(cashflows["note"].tolist(), cashflows.column("date").python(), strict=True):
        first.setdefault(name, day)
    return first


def _day(date: dt.date | str, days: Sequence[dt.date]) -> dt.date:
    try:
        day = dt.date.fromisoformat(date) if isinstance(date, str) else date
    except ValueError:
        raise RunError(f"date: found {date!r}, expected a date such as {days[0]}") from None
    if day in days:
        return day
    if not isinstance(day, dt.date) or not days:
        raise RunError(f"date: found {date!r}, expected a payment date")
    near = min(days, key=lambda other: abs((other - day).days))
    raise RunError(f"date: found {day}, which is no payment date of the run; the nearest is {near}")


class _Date(DateLedger):
    """One class on one payment date, in words."""

    def paragraphs(self) -> Iterator[str]:
        """Yield the headline, then a paragraph for what the class is owed, or for each of the proceeds."""
        yield self._headline()
        if parts := self.terms.get("combination_of"):
            shown = {own: name for name, own in self.classes.items()}
            names = joined([class_name(shown.get(name, name)) for name in parts])
            yield f"It is a combination of {names}, and receives their share."
            return
        if not self.falls:
            return
        if self.terms.get("residual"):
            yield from (self._residual(fall) for fall in self.falls)
            yield from self._beside()
            return
        if self._repaid():
            return
        yield " ".join(self._interest())
        if self._opening_deferred() > DUST and not self._capitalizes():
            yield " ".join(self._deferred())
        yield " ".join(self._principal())

    # What it was paid in all.

    def _headline(self) -> str:
        own = self.own
        phase = next((_PHASES[fall] for fall in self.falls if fall in _PHASES), "")
        start = f"On {self.day}{phase} {class_name(self.note)} received"
        if self.terms.get("residual") or self.terms.get("combination_of"):
            whole = own["interest_paid"] + own["principal_paid"]
            if whole < -DUST:
                net = " net of what they received" if self._from_waterfalls() > DUST else ""
                return f"On {self.day}{phase} {class_name(self.note)} paid in {amount(-whole)}{net}."
            return f"{start} {_or_nothing(whole)}."
        if self._issued():
            balance = amount(own["issued"])
            old = self._predecessor()
            when = f" when the deal was reset into {self.reset.document['name']}" if self.reset else ""
            why = f" in the place of {class_name(old)}" if old else ""
            comma = "," if when and why else ""
            return (
                f"On {self.day}{phase} {class_name(self.note)} was issued{when}{comma}{why}, "
                f"with a balance of {balance}."
            )
        if self._repaid():
            return f"{start} nothing: it was repaid before."
        due, paid = self._interest_due(), own["interest_paid"]
        parts = []
        if due > DUST:
            full = f"{amount(paid)} of interest, which is all that was due"
            parts.append(
                full if paid >= due - DUST else f"{_or_nothing(paid)} of {amount(due)} of interest due"
            )
        if own["deferred_paid"] > DUST:
            parts.append(f"{amount(own['deferred_paid'])} of deferred interest")
        principal = own["principal_paid"]
        parts.append(f"{amount(principal)} of principal" if principal > DUST else "no principal")
        return f"{start} {', '.join(parts[:-1])}{', and ' if len(parts) > 1 else ''}{parts[-1]}."

    def _issued(self) -> bool:
        return (self.own.get("issued") or 0.0) > DUST and not self.own["begin_balance"] > DUST

    def _redeemed(self, note: str) -> bool:
        """Tell whether new notes redeem a class on the date."""
        return any(row["payee"] == note and row["paid"] > DUST for row in self.redemptions)

    def _predecessor(self) -> str | None:
        """Return the class that is redeemed on the date and that a new note stands for."""
        old = self.replaces.get(self.note)
        redeemed = [row["payee"] for row in self.redemptions if self._redeemed(row["payee"])]
        return next((name for name in redeemed if old in self._lineage(name)), None)

    def _repaid(self) -> bool:
        return not self.own["begin_balance"] > DUST and not self._opening_deferred() > DUST

    def _interest_due(self) -> float:
        """Return current and overdue interest that was due."""
        own = self.own
        return float(own["interest_paid"] + own["interest_shortfall"] + own["deferred_interest"])

    def _opening_deferred(self) -> float:
        own = self.own
        if self._capitalizes():
            return 0.0
        return float(own["deferred_balance"] - own["deferred_interest"] + own["deferred_paid"])

    def _capitalizes(self) -> bool:
        return bool(self.document.get("conventions", {}).get("deferred_form") == "capitalized")

    # Interest.

    def _interest(self) -> Iterator[str]:
        due = self._interest_due()
        if not due > DUST:
            yield "Interest. None was due."
            return
        yield f"Interest. {self._what_was_due(due)}"
        missing = due
        for fall in self.falls:
            rows = self._rows(fall, _INTEREST)
            asked = [row for row in rows if row["due"] > DUST or row["paid"] > DUST]
            if missing <= DUST or (not asked and fall != self.falls[0]):
                continue
            if not asked:
                yield f"No step of the {fall} waterfall was open for it."
                continue
            yield from self._reached(fall, asked)
            missing -= math.fsum(row["paid"] for row in asked)
            draws = [row for row in self._rows(fall, ("draw",)) if row["due"] > DUST]
            yield from self._draws(draws)
            missing -= math.fsum(row["paid"] for row in draws)
        yield from self._unpaid_interest()

    def _what_was_due(self, due: float) -> str:
        overdue = due - self.own["interest_due"]
        base = amount(self.own["begin_balance"])
        if self._opening_deferred() > DUST:
            base += f" and {amount(self._opening_deferred())} of deferred interest"
        text = f"{amount(self.own['interest_due'])} was due: {base} {accrual(self.own, self.terms)}"
        premium = self._premium(overdue)
        if premium > DUST:
            text += f", and {amount(premium)} of make-whole premium"
        return text + (f", and {amount(overdue)} of earlier dates." if overdue > DUST else ".")

    def _premium(self, overdue: float) -> float:
        """Return what is due beyond the interest of the period, of a class that has a make-whole premium."""
        own = self.own
        known = own["rate"] is not None and own["day_count_fraction"] is not None
        if not self.terms.get("make_whole") or self.terms.get("commitment") or not known:
            return 0.0
        bearing = own["begin_balance"] + self._opening_deferred() + overdue
        return float(own["interest_due"] - bearing * own["rate"] * own["day_count_fraction"])

    def _reached(self, fall: str, asked: list[Row]) -> Iterator[str]:
        """Yield how far the money of a waterfall came, and what it paid at the class's own step."""
        step = self._step(asked[0])
        first, reached = step[0], step[0]["available_before"]
        if not self._start(fall) > DUST:
            yield f"There were no {proceeds(fall).lower()}."
            return
        yield f"{self._proceeds(fall)}{self._earlier(fall, first)}."
        yield from self._failures(fall, first)
        place = clause(first)
        if not reached > DUST:
            yield f"Nothing was left for {place}."
            return
        due, paid = (math.fsum(row[name] for row in asked) for name in ("due", "paid"))
        others = list(dict.fromkeys(r["payee"] for r in step if r["payee"] != self.note and r["due"] > DUST))
        shared = (
            f", which it shares with {joined([self._payee(o) for o in others])} by amounts due"
            if others
            else ""
        )
        if paid >= due - DUST:
            yield f"{amount(reached)} reached {place}{shared}, and paid it in full."
        else:
            left = amount(due - paid)
            yield f"{amount(reached)} reached {place}{shared}: {amount(paid)} was paid and {left} is missing."

    def _unpaid_interest(self) -> Iterator[str]:
        own = self.own
        if own["deferred_interest"] > DUST and self._capitalizes():
            balance = amount(own["end_balance"])
            yield f"The missing {amount(own['deferred_interest'])} joins the balance, which is now {balance}."
        elif own["deferred_interest"] > DUST:
            total = amount(own["deferred_balance"])
            yield f"The missing {amount(own['deferred_interest'])} is deferred; deferred interest is now {total}."
        elif own["interest_shortfall"] > DUST:
            which = "the controlling class" if self.terms.get("deferrable") else "this class"
            left = amount(own["interest_shortfall"])
            yield f"{left} is overdue: interest of {which} may not be deferred."

    # Deferred interest and principal.

    def _deferred(self) -> Iterator[str]:
        own, opening = self.own, self._opening_deferred()
        yield f"Deferred interest. {amount(opening)} stood deferred from earlier dates."
        paid = [
            f"{amount(row['paid'])} was paid at {clause(row)}"
            for row in self._own(("pay_deferred_interest",))
            if row["paid"] > DUST
        ]
        if paid:
            yield f"{joined(paid)}."
        elif own["deferred_paid"] > DUST:
            yield f"{amount(own['deferred_paid'])} was paid with the principal below."
        else:
            yield "Nothing was left to pay of it."
        rest = own["deferred_balance"]
        yield f"{amount(rest)} remains." if rest > DUST else "Nothing remains."

    def _principal(self) -> Iterator[str]:
        """Yield cures first, then what each waterfall paid, or why it paid nothing."""
        if not self.own["begin_balance"] > DUST:
            yield "Principal. None is outstanding."
            return
        told = [self._cure(row) for row in self._own(("cure", "divert")) if row["paid"] > DUST]
        told += [
            f"{clause(row, first=True)} paid "
            + (
                "the instalment"
                if row["paid"] >= row["due"] - DUST
                else f"{amount(row['paid'])} of an instalment"
            )
            + f" of {amount(row['due'])}."
            for row in self._own(("pay_amortization",))
            if row["due"] > DUST
        ]
        rows = [row for row in self._own(_PRINCIPAL) if row["due"] > DUST]
        for fall in self.falls:
            mine = [row for row in rows if row["waterfall"] == fall]
            if any(row["paid"] > DUST for row in mine):
                told += self._repayment(mine)
        if self._redeemed(self.note):
            told.append(self._redemption())
        if not told:
            told += self._no_principal([row for row in rows if row["waterfall"] == self.falls[-1]])
        outside = self._outside()
        if outside > DUST:
            told.append(f"{amount(outside)} came from outside the waterfalls.")
        yield f"Principal. {' '.join(told)} {self._left()}"

    def _left(self) -> str:
        left = self.own["end_balance"]
        if not left > DUST:
            return "Nothing is outstanding."
        lost = self.own["final_loss"] > DUST
        return f"{amount(left)} is {'lost: this is the last date' if lost else 'outstanding'}."

    def _outside(self) -> float:
        """Return what the class was paid that neither a step nor notes that replace it paid."""
        own = self.own
        whole = own["interest_paid"] + own["deferred_paid"] + own["principal_paid"]
        rows = [*self.ledger, *self.redemptions]
        return float(whole - math.fsum(row["paid"] for row in rows if row["payee"] == self.note))

    def _redemption(self) -> str:
        paid = math.fsum(row["paid"] for row in self.redemptions if row["payee"] == self.note)
        if self.reset is not None:
            equity = math.fsum(row["paid"] for row in self.redemptions if row["source"] == "equity")
            more = f", with {amount(equity)} that equity paid in," if equity > DUST else ""
            by = f"the new classes of {self.reset.document['name']}{more}"
            return f"The deal was reset: {by} paid {amount(paid)} and redeemed it."
        new = [
            class_name(name)
            for name, old in self.replaces.items()
            if self.since.get(name) == self.day and old in self._lineage(self.note)
        ]
        by = f"{joined(new)}, which {'replaces' if len(new) == 1 else 'replace'} it," if new else "New notes"
        return f"{by} paid {amount(paid)} and redeemed it."

    def _repayment(self, rows: list[Row]) -> Iterator[str]:
        fall = rows[0]["waterfall"]
        first = self._step(rows[0])[0]
        yield f"{self._proceeds(fall)}{self._earlier(fall, first)}."
        yield from self._failures(fall, first)
        yield from self._purchases(self._before(fall, first))
        if ahead := self._ahead(rows[0]):
            yield f"At {clause(first)} {self._took(ahead, 'came')}."
        due, paid = (math.fsum(row[name] for row in rows) for name in ("due", "paid"))
        equals = [row["payee"] for row in self._step(rows[0]) if self._equal(row) and row["due"] > DUST]
        shared = (
            f", shared with {joined([self._payee(name) for name in equals])} by balances" if equals else ""
        )
        whole = "all that was owed" if paid >= due - DUST else f"of {amount(due)} owed"
        told = "" if rows[0]["step"] == "turbo" else f", {whole}"
        yield f"{clause(first, first=True)} paid {amount(paid)}{told}{shared}."

    def _no_principal(self, rows: list[Row]) -> Iterator[str]:
        """Yield why no principal was paid: cures of others, purchases, classes that come first, or no step for it."""
        fall = self.falls[-1]
        flow = self._flow(fall)
        if not self._start(fall) > DUST:
            yield f"There were no {proceeds(fall).lower()}."
            return
        ahead = self._ahead(rows[0]) if rows else []
        until = self._step(rows[0])[0] if rows else flow[-1]
        spent = list(self._purchases(flow))
        yield f"{self._proceeds(fall)}{self._earlier(fall, until)}."
        yield from self._failures(fall, until)
        yield from spent
        if ahead:
            yield f"{self._took(ahead, 'comes' if len({r['payee'] for r in ahead}) == 1 else 'come', start=True)}."
        elif spent:
            yield "Principal that is kept for purchases is not due to the notes."
        elif not rows:
            yield "No step paid it to this class."

    def _took(self, rows: Sequence[Row], verb: str, *, start: bool = False) -> str:
        names = joined([self._payee(name) for name in dict.fromkeys(row["payee"] for row in rows)])
        names = names[:1].upper() + names[1:] if start else names
        return f"{names} {verb} first and took {amount(math.fsum(row['paid'] for row in rows))}"

    def _equal(self, row: Row) -> bool:
        """Tell whether a row is of another class of the same rank of principal."""
        if row["payee"] == self.note:
            return False
        ranks = {each["name"]: each.get("principal_rank") for each in self.document["notes"]}
        other = self._class(row["payee"])
        return other in ranks and ranks[other] == ranks.get(self._class(self.note))

    def _ahead(self, own: Row) -> list[Row]:
        """Return the payments of the same step to classes that come before."""
        step = self._step(own)
        ahead = step[: next(k for k, row in enumerate(step) if row is own)]
        return [row for row in ahead if row["paid"] > DUST and not self._equal(row)]

    # Residual notes.

    def _from_waterfalls(self) -> float:
        return math.fsum(row["paid"] for row in self.ledger if row["payee"] == self.note)

    def _beside(self) -> Iterator[str]:
        """Yield what the residual notes paid in and received beside the waterfalls."""
        received = math.fsum(row["paid"] for row in self.redemptions if row["payee"] == self.note)
        whole = self.own["interest_paid"] + self.own["principal_paid"]
        paid_in = self._from_waterfalls() + received - whole
        parts = [f"paid in {amount(paid_in)}"] if paid_in > DUST else []
        parts += [f"received {amount(received)} of what the new classes brought"] if received > DUST else []
        if parts:
            when = f"When the deal was reset into {self.reset.document['name']}," if self.reset else ""
            yield f"{when or 'Beside the waterfalls,'} {class_name(self.note)} {joined(parts)}."

    def _residual(self, fall: str) -> str:
        flow = self._flow(fall)
        rows = self._rows(fall, ("pay_residual",))
        text = [self._proceeds(fall)]
        if not rows:
            return f"{text[0]}. No step paid them to this class."
        text = [f"{text[0]}{self._earlier(fall, rows[0])}.", *self._failures(fall, rows[0])]
        text += self._purchases(self._before(fall, rows[0]))
        reached = rows[0]["available_before"]
        if not reached > DUST:
            return " ".join([*text, f"Nothing was left for {clause(rows[0])}."])
        paid = [f"{amount(row['paid'])} at {clause(row)}" for row in rows if row["paid"] > DUST]
        fees = math.fsum(row["paid"] for row in flow if row["step"] == "incentive_fee")
        text.append(f"{amount(reached)} was left.")
        if fees > DUST:
            text.append(f"The incentive fee took {amount(fees)} of it.")
        text.append(f"It received {joined(paid)}." if paid else "It received nothing of it.")
        return " ".join(text)


def _or_nothing(money: float) -> str:
    return amount(money) if money > DUST else "nothing"
