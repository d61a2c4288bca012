"""The ledger of one payment date as one class sees it: its own steps, what came before, the tests that took cash."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloche.result.documents_in_force import InForce
from cloche.result.explanation_words import amount, before_it, class_name, clause, joined, proceeds, ratios

__all__ = ["DUST", "DateLedger", "Row"]

Row = dict[str, Any]

# Less than half a cent is rounding.
DUST = 0.005
_HELD = {
    "held: a coverage test fails": ", as a coverage test fails",
    "held: a condition of purchases fails": ", as a condition of purchases fails",
}
_OUTSIDE = "refinancing"
# Cash of the ledger that is in none of the date's waterfalls.
_NO_WATERFALL = (_OUTSIDE, "month_ends")
# What is drawn on a commitment is no cash of the waterfall either.
_TOLD_APART = ("cure", "divert", "reinvest", "retain", "draw")
_LIMITED = {
    "commitment used up": ", all that could still be drawn",
    "limited by its amount": ", as much as its amount allows",
}


class DateLedger:
    """The payments of one date.

    Parameters
    ----------
    day
        Payment date.
    own
        The class's row of the cash flows.
    ledger
        All payments of the date, in order.
    tests
        The tests of its determination date.
    in_force
        The document that rules on the date.
    since
        The first date of each note of the run.
    replaces
        By note that an event brings in: the class that it replaces or joins.
    reset
        The document that a reset brings in on the date.
    """

    def __init__(
        self,
        day: dt.date,
        own: Row,
        ledger: list[Row],
        tests: list[Row],
        in_force: InForce,
        *,
        since: Mapping[str, dt.date],
        replaces: Mapping[str, str],
        reset: InForce | None = None,
    ) -> None:
        self.day = day
        self.note = str(own["note"])
        self.own = own
        self.since = since
        self.replaces = replaces
        self.reset = reset
        self.classes = in_force.classes
        self.document = document = in_force.document
        self.steps = dict(_steps(document))
        # What new notes pay is outside the waterfalls.
        self.redemptions = [row for row in ledger if row["waterfall"] == _OUTSIDE]
        self.ledger = self._told_apart([row for row in ledger if row["waterfall"] not in _NO_WATERFALL])
        self.tests = {row["test"]: row for row in tests}
        terms = {each["name"]: each for each in document["notes"]}
        self.terms: Mapping[str, Any] = terms.get(self._class(self.note), {})
        self._named: set[str] = set()
        # Receipts are moved before anything is paid.
        falls = dict.fromkeys(row["waterfall"] for row in self.ledger)
        self.falls = [fall for fall in falls if fall != "receipts"]

    def _flow(self, fall: str) -> list[Row]:
        return [row for row in self.ledger if row["waterfall"] == fall]

    def _start(self, fall: str) -> float:
        """Return what a waterfall had to distribute."""
        return float(self._flow(fall)[0]["available_before"])

    def _proceeds(self, fall: str) -> str:
        """Return what a waterfall had to distribute, and what joined it from another one."""
        text = f"{proceeds(fall)} were {amount(self._start(fall))}"
        moved = [row["paid"] for row in self._diverted() if row["waterfall"] != fall]
        if fall == "principal" and math.fsum(moved) > DUST:
            text += f", which {amount(math.fsum(moved))} of interest proceeds joined"
        return text

    def _diverted(self) -> list[Row]:
        """Return the cures and diversions that moved money to the principal account."""
        return [
            row for row in self.ledger if row["step"] in ("cure", "divert") and row["source"] == "transfer"
        ]

    def _own(self, steps: Sequence[str]) -> list[Row]:
        return [row for row in self.ledger if row["payee"] == self.note and row["step"] in steps]

    def _rows(self, fall: str, steps: Sequence[str]) -> list[Row]:
        return [row for row in self._own(steps) if row["waterfall"] == fall]

    def _step(self, own: Row) -> list[Row]:
        """Return the rows of the step that a row belongs to; a step that no document has is a row."""
        if not own["place"]:
            return [own]
        return [row for row in self.ledger if row["place"] == own["place"]]

    def _before(self, fall: str, row: Row) -> list[Row]:
        rows = self._flow(fall)
        return rows[: next(k for k, each in enumerate(rows) if each is row)]

    def _earlier(self, fall: str, row: Row) -> str:
        """Return what a waterfall paid before a row, the cures and purchases apart."""
        rows = [each for each in self._before(fall, row) if each["step"] not in _TOLD_APART]
        return before_it(rows, self._payee)

    def _purchases(self, rows: Sequence[Row]) -> Iterator[str]:
        """Yield what some rows spent on collateral or kept for it."""
        for row in rows:
            if row["step"] in ("reinvest", "retain") and row["paid"] > DUST:
                place, paid = clause(row, first=True), amount(row["paid"])
                if row["payee"] == "collateral":
                    yield f"{place} bought collateral for {paid}."
                else:
                    why = _HELD.get(row["reason"], "")
                    yield f"{place} kept {paid} on deposit{why}."

    def _draws(self, rows: Sequence[Row]) -> Iterator[str]:
        """Yield what was drawn on commitments for the class."""
        for row in rows:
            lender = self.steps.get(row["place"], {}).get("note")
            commitment = f"the commitment of {class_name(lender)}" if lender else "the commitment"
            if row["paid"] >= row["due"] - DUST:
                yield f"{clause(row, first=True)} drew {amount(row['paid'])} for it on {commitment}."
                continue
            asked, why = amount(row["due"]), _LIMITED.get(row["reason"], "")
            drew = amount(row["paid"]) if row["paid"] > DUST else "nothing"
            yield f"{clause(row, first=True)} drew {drew} of {asked} for it on {commitment}{why}."

    def _failures(self, fall: str, row: Row) -> Iterator[str]:
        """Yield the cures and diversions that took money before a row."""
        seen: list[Row] = []
        for each in self._before(fall, row):
            if (
                each["step"] in ("cure", "divert")
                and each["paid"] > DUST
                and not any(each is r for r in seen)
            ):
                seen += self._step(each)
                yield self._cure(each)

    def _cure(self, row: Row) -> str:
        step = self._step(row)
        due, paid = (math.fsum(each[name] for each in step) for name in ("due", "paid"))
        names = self._tests_of(row)
        failed = [name for name in names if self.tests.get(name, {}).get("passes") is False] or names
        start = self._failed([name for name in failed if name in self.tests])
        takers = list(dict.fromkeys(self._payee(each["payee"]) for each in step if each["paid"] > DUST))
        if row["source"] == "transfer":
            took = f"{clause(row)} moved {amount(paid)} to the principal account"
        else:
            took = f"{clause(row)} paid {amount(paid)} to {joined(takers)}"
        need = "all that is needed" if paid >= due - DUST else f"of {amount(due)} needed"
        return f"{start}{took}, {need}."

    def _failed(self, names: list[str]) -> str:
        """Return which tests failed, with ratio and trigger when they are named for the first time."""
        if names and all(name in self._named for name in names):
            return f"For the same {'test' if len(names) == 1 else 'tests'} "
        self._named.update(names)
        told = []
        for name in names:
            found, trigger = ratios(self.tests[name]["ratio"], self.tests[name]["trigger"])
            told.append(f"the {name} test failed, at {found} where {trigger} is required")
        text = ", and ".join(told) if told else "a coverage test failed"
        return f"{text[:1].upper()}{text[1:]}: "

    def _tests_of(self, row: Row) -> list[str]:
        """Return the tests that the step of a cure or diversion names."""
        step = self.steps.get(row["place"], {})
        return list(dict.fromkeys(step.get("tests") or ([step["test"]] if "test" in step else [])))

    def _payee(self, payee: str) -> str:
        return class_name(payee) if payee in self.since else payee

    def _class(self, payee: str) -> str:
        """Return the class of the document whose name stands for a note, itself for what is no note; else nothing."""
        if payee not in self.since:
            return payee
        return next((self.classes[name] for name in self._lineage(payee) if name in self.classes), "")

    def _lineage(self, note: str) -> list[str]:
        """Return a note, the class that it replaces, the class that this one replaces, and so on."""
        names = [note]
        while (older := self.replaces.get(names[-1])) is not None and older not in names:
            names.append(older)
        return names

    def _told_apart(self, ledger: Sequence[Row]) -> list[Row]:
        """Return the ledger with what a pari passu step pays under the verb of each of its parts."""
        told: list[Row] = []
        left: dict[tuple[str, str], list[str]] = {}
        for row in ledger:
            if row["step"] != "pay_pari_passu":
                told.append(row)
                continue
            key = (row["place"], row["payee"])
            if key not in left:
                left[key] = list(self._verbs(row["place"], self._class(row["payee"])))
            told.append({**row, "step": left[key].pop(0)} if left[key] else row)
        return told

    def _verbs(self, place: str, payee: str) -> Iterator[str]:
        """Yield the verbs by which a pari passu step pays a payee, in order."""
        for inner in self.steps.get(place, {}).get("steps", []):
            groups = inner.get("notes") or inner.get("fees") or []
            yield from (inner["verb"] for group in groups if payee in group)


def _steps(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the steps of all waterfalls of a document by their places, those of blocks among them."""

    def within(steps: Sequence[Mapping[str, Any]], place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for k, step in enumerate(steps):
            own = f"{place}[{k}]"
            yield own, step
            if step.get("verb") == "block":
                yield from within(step.get("steps") or [], f"{own}.steps")
                yield from within(step.get("else") or [], f"{own}.else")

    for fall, steps in document.get("waterfalls", {}).items():
        yield from within(steps, f"waterfalls.{fall}")
