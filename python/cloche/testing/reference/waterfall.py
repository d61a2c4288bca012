"""The priorities of payments: each step of a waterfall, slowly and in order."""

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloche.testing.reference.day import Day
from cloche.testing.reference.expressions import evaluate
from cloche.testing.reference.fees import hurdle_need, incentive_amount
from cloche.testing.reference.notes import Groups, Note
from cloche.testing.reference.tests import Stretch

Step = Mapping[str, Any]

SEQUENCE = "note payment sequence"
"""Payee of a cure that needs nothing."""

PRINCIPAL_ACCOUNT = "principal account"
COLLATERAL = "collateral"


@dataclass
class Claim:
    """An amount due to a payee and the way to pay it."""

    payee: str
    due: Callable[[], float]
    pay: Callable[[float], None]


def pro_rata(available: float, dues: Sequence[float]) -> list[float]:
    """Shares of `available` in proportion to `dues`, each in full when there is enough.

    Examples
    --------
    >>> pro_rata(30.0, [20.0, 40.0])
    [10.0, 20.0]
    """
    total = sum(dues)
    if available >= total:
        return list(dues)
    return [available * due / total for due in dues]


class Waterfall:
    """One waterfall of a payment date; `run` pays it and writes the ledger of the day.

    Parameters
    ----------
    day
        The payment date; it is changed.
    name
        `interest` or `principal`.
    """

    def __init__(self, day: Day, name: str) -> None:
        self.day = day
        self.name = name
        self.source = name
        self.available = day.interest_proceeds if name == "interest" else day.principal_proceeds
        self.joined = False

    def run(self) -> None:
        """Pay every step; what no step takes stays on deposit."""
        self._steps(self.day.deal["waterfalls"][self.name])
        if self.name == "principal":
            self._join()
        self._hold(self.available)
        self.available = 0.0

    def run_fees(self) -> None:
        """Pay the fee steps before the first interest step."""
        for step in self._flat(self.day.deal["waterfalls"][self.name]):
            if interest_payees(step):
                break
            verbs = {step["verb"], *(part["verb"] for part in step.get("steps", ()))}
            if "pay_fee" in verbs and self._holds(step):
                self._pay(step, self._claims(step))

    def _steps(self, steps: Sequence[Step]) -> None:
        verbs = {
            "cure": self._cure,
            "divert": self._divert,
            "reinvest": self._reinvest,
            "incentive_fee": self._incentive_fee,
            "retain": self._retain,
        }
        for step in steps:
            if step["verb"] == "block":
                self._steps(step["steps"] if self._holds(step) else step.get("else", ()))
                continue
            if self.name == "principal" and step["verb"] in {"reinvest", "pay_principal"}:
                self._join()
            if not self._holds(step):
                self._skip(step)
            elif step["verb"] in verbs:
                verbs[step["verb"]](step)
            else:
                self._pay(step, self._claims(step))

    def _join(self) -> None:
        """Interest diverted on this date joins the principal at the first purchase or principal step."""
        if not self.joined:
            self.available += self.day.diverted
            self.joined = True

    # Conditions and amounts

    def _holds(self, step: Step) -> bool:
        when = step.get("when")
        return when is None or bool(evaluate(when, self._quantities(0.0)))

    def _limit(self, step: Step, due: float) -> float:
        """Cash that a step may use: what is available, and not more than its `amount`."""
        if step.get("amount") is None:
            return self.available
        return min(self.available, max(0.0, float(evaluate(step["amount"], self._quantities(due)))))

    def _quantities(self, due: float) -> dict[str, Any]:
        day = self.day
        test = day.tests.__getitem__
        note = day.notes.__getitem__
        measure = day.measure
        return {
            "during_reinvestment": day.in_reinvestment,
            "after_reinvestment": not day.in_reinvestment,
            "status": "normal",
            "date": day.date.isoformat(),
            "remaining": self.available,
            "due": due,
            "balance": lambda name: note(name).balance,
            "deferred": lambda name: note(name).deferred,
            "note_factor": lambda name: note(name).balance / note(name).original_balance,
            "outstanding": lambda name: note(name).balance + note(name).deferred > 0,
            "controlling": lambda name: note(name).controlling,
            "passes": lambda name: day.passes(test(name)),
            "ratio": lambda name: day.ratio(test(name)),
            "trigger": lambda name: test(name).trigger,
            "cushion": lambda name: day.ratio(test(name)) - test(name).trigger,
            "cure_amount": self._cure_amount,
            "performing_par": measure.performing_par,
            "ccc_share": measure.ccc_par / (measure.collateral_principal_amount or 1.0),
            "pool_factor": measure.performing_par / (day.closing_par or 1.0),
        }

    def _cure_amount(self, name: str) -> float:
        """Payment along the note payment sequence that restores a test, at most what its notes are owed."""
        test, groups = self.day.tests[name], self.day.sequence(None)
        return _bounded(self.day.need(test, groups, from_principal=self.source == "principal"))

    # Claims: what a paying step owes, in groups paid one after another

    def _claims(self, step: Step) -> list[list[Claim]]:
        claims: dict[str, Callable[[Step], list[list[Claim]]]] = {
            "pay_fee": self._fees,
            "pay_interest": lambda step: self._of_notes(step, self._interest),
            "pay_deferred_interest": lambda step: self._of_notes(step, self._deferred),
            "pay_amortization": lambda step: [
                [self._amortization(name) for name in group] for group in step["notes"]
            ],
            "pay_pari_passu": self._pari_passu,
            "pay_principal": self._principal,
            "pay_shortfalls": self._shortfalls,
            "pay_residual": self._residual,
        }
        if step["verb"] not in claims:
            raise ValueError(f"step {step.get('name', step['verb'])} is not computed by the reference")
        return claims[step["verb"]](step)

    def _fees(self, step: Step) -> list[list[Claim]]:
        return [[self._fee(name, step.get("part", "all")) for name in group] for group in step["fees"]]

    def _of_notes(self, step: Step, pick: Callable[[str], Claim]) -> list[list[Claim]]:
        return [
            [pick(name) for name in group if self._may_use_principal(step, name)] for group in step["notes"]
        ]

    def _pari_passu(self, step: Step) -> list[list[Claim]]:
        """All claims of the inner steps in one group; they take over the condition of the step."""
        inner = [
            self._claims({"when": step.get("when"), **part}) for part in step["steps"] if self._holds(part)
        ]
        return [[claim for groups in inner for group in groups for claim in group]]

    def _fee(self, name: str, part: str) -> Claim:
        fee = self.day.fees[name]
        return Claim(name, lambda: fee.owed(part), lambda amount: fee.pay(part, amount))

    def _interest(self, name: str) -> Claim:
        note = self.day.notes[name]
        return Claim(name, lambda: note.interest_owed, note.pay_interest)

    def _deferred(self, name: str) -> Claim:
        note = self.day.notes[name]
        return Claim(name, lambda: note.deferred, note.pay_deferred)

    def _amortization(self, name: str) -> Claim:
        note = self.day.notes[name]
        return Claim(name, lambda: min(note.amortization, note.balance), note.pay_amortization)

    def _balance(self, name: str) -> Claim:
        note = self.day.notes[name]
        return Claim(name, lambda: note.balance, note.pay_principal)

    def _may_use_principal(self, step: Step, name: str) -> bool:
        """Principal pays interest of a deferrable class only when it controls, unless the deal says otherwise."""
        note = self.day.notes[name]
        if self.source != "principal" or not note.deferrable or step.get("when") is not None:
            return True
        return note.controlling or self.day.conventions["interest_from_principal"] == "always"

    def _principal(self, step: Step) -> list[list[Claim]]:
        """A sequence pays unpaid interest, deferred interest and principal of a group before the next group."""
        named = step.get("notes") is None
        groups: Groups = self.day.sequence(step.get("sequence")) if named else step["notes"]
        claims: list[list[Claim]] = []
        for group in groups:
            if named:
                claims.append([self._interest(name) for name in group])
            if named or step.get("with_deferred"):
                claims.append([self._deferred(name) for name in group])
            claims.append([self._balance(name) for name in group])
        return claims

    def _shortfalls(self, paid_step: Step) -> list[list[Claim]]:
        """Unpaid fee and interest steps of the interest waterfall up to the one that pays `through`."""
        through = paid_step["through"]
        claims: list[list[Claim]] = []
        for step in self._flat(self.day.deal["waterfalls"]["interest"]):
            verb = step["verb"]
            if not self._holds(step):
                continue
            if verb == "pay_pari_passu":
                paid = {"pay_fee", "pay_interest"}
                if self.day.conventions["x_in_shortfall"]:
                    paid.add("pay_amortization")
                parts = [part for part in step["steps"] if part["verb"] in paid]
                claims += self._claims({"verb": verb, "steps": parts, "when": "true"})
            elif verb in {"pay_fee", "pay_interest"}:
                claims += self._claims({**step, "when": "true"})
            if through in interest_payees(step):
                break
        return claims

    def _flat(self, steps: Sequence[Step]) -> Iterator[Step]:
        for step in steps:
            if step["verb"] == "block":
                yield from self._flat(step["steps"] if self._holds(step) else step.get("else", ()))
            else:
                yield step

    def _residual(self, step: Step) -> list[list[Claim]]:
        left = math.inf
        if step.get("until") is not None:
            terms = next(fee for fee in self.day.deal["fees"] if fee["name"] == step["until"])
            left = hurdle_need(self._flows(), self.day.date, terms["hurdles"][0].get("irr"))
        first, *others = step["notes"]
        groups = [self._residual_group(first, min(left, self.available))]
        return groups + [self._residual_group(group, 0.0) for group in others]

    def _residual_group(self, group: Sequence[str], amount: float) -> list[Claim]:
        """The residual notes of a group share an amount by balance."""
        notes = [self.day.notes[name] for name in group]
        total = sum(note.balance for note in notes)

        def claim(note: Note) -> Claim:
            def distribute(paid: float) -> None:
                note.interest_paid += paid
                self.day.distributed += paid

            share = note.balance / total if total > 0 else 1 / len(notes)
            return Claim(note.name, lambda: amount * share, distribute)

        return [claim(note) for note in notes]

    def _flows(self) -> list[tuple[Any, float]]:
        return [*self.day.residual_flows, (self.day.date, self.day.distributed)]

    # Paying

    def _pay(self, step: Step, groups: Sequence[Sequence[Claim]]) -> None:
        """Pay groups one after another, each pro rata by amount due; one ledger row a payee."""
        limit = left = self._limit(step, sum(claim.due() for group in groups for claim in group))
        dues: dict[str, float] = {}
        paid: dict[str, float] = {}
        for group in groups:
            owed = [claim.due() for claim in group]
            for claim, due, amount in zip(group, owed, pro_rata(left, owed), strict=True):
                dues[claim.payee] = dues.get(claim.payee, 0.0) + due
                paid[claim.payee] = paid.get(claim.payee, 0.0) + amount
                claim.pay(amount)
            left = max(0.0, left - sum(owed))
        if dues:
            self._write_all(step, dues, paid, None, self.available - (limit - left))
        else:
            self._skip(step)

    def _write_all(
        self,
        step: Step,
        dues: Mapping[str, float],
        paid: Mapping[str, float],
        reason: str | None,
        after: float,
    ) -> None:
        """One row a payee; the last leaves exactly `after`, so that rounding leaves no dust on deposit."""
        for payee, due in dues.items():
            self._write(step, payee, due, paid[payee], reason)
        self.available = self.day.ledger[-1]["available_after"] = after

    def _write(
        self,
        step: Step,
        payee: str | None,
        due: float,
        paid: float,
        reason: str | None,
        *,
        transfer: bool = False,
    ) -> None:
        """Add a row to the ledger and take the cash."""
        before = self.available
        self.available = max(0.0, before - paid)
        if self.source == "principal" and not transfer:
            self.day.principal_spent += paid
        if reason is None and paid < due:
            reason = "short of cash"
        self.day.ledger.append(
            {
                "date": self.day.date,
                "waterfall": self.name,
                "step": step["verb"],
                "label": step.get("label"),
                "payee": payee,
                "due": due,
                "paid": paid,
                "available_before": before,
                "available_after": self.available,
                "source": "transfer" if transfer else self.source,
                "reason": reason,
            }
        )

    def _skip(self, step: Step) -> None:
        """A step whose condition does not hold, or whose payees may not use this cash."""
        self._write(step, _first_payee(step), 0.0, 0.0, "condition does not hold")

    def _hold(self, amount: float) -> None:
        if self.name == "interest":
            self.day.held_interest += amount
        else:
            self.day.held_principal += amount

    # Steps with a rule of their own

    def _cure(self, step: Step) -> None:
        """Pay notes until the tests hold: the largest need serves all; down to the last class of its test."""
        before = self.available
        if step.get("pay") == "buy":
            self._buy(step)
        else:
            groups: Groups = (
                step["pay_notes"] if step.get("pay_notes") else self.day.sequence(step.get("pay"))
            )
            tests = [self.day.tests[name] for name in step["tests"]]
            failing = [test.name for test in tests if not self.day.passes(test)]
            needs = [self.day.need(test, groups, from_principal=self.source == "principal") for test in tests]
            need, order = max(needs, key=_bounded)
            self._pay_down(step, need, order, ", ".join(failing) or None)
        if self.source == "interest" or self.available < before - 1e-6:
            for name in step["tests"]:
                self.day.ratio_after_cure[name] = self.day.ratio(self.day.tests[name])

    def _pay_down(self, step: Step, need: float, order: Sequence[Stretch], reason: str | None) -> None:
        """Pay notes as a cure does: of each group deferred interest, then principal; an infinite need takes all."""
        if _bounded((need, order)) <= 0:
            self._write(step, SEQUENCE, 0.0, 0.0, None)
            return
        dues: dict[str, float] = {}
        paid: dict[str, float] = {}
        cash = left = min(need, self._limit(step, _bounded((need, order))))
        for stretch in order:
            names = list(stretch.amounts)
            amounts = list(stretch.amounts.values())
            for name, due, amount in zip(
                names, pro_rata(need, amounts), pro_rata(left, amounts), strict=True
            ):
                note = self.day.notes[name]
                (note.pay_principal if stretch.principal else note.pay_deferred)(amount, cure=True)
                dues[name] = dues.get(name, 0.0) + due
                paid[name] = paid.get(name, 0.0) + amount
            need = max(0.0, need - stretch.total)
            left = max(0.0, left - stretch.total)
        touched = {name: due for name, due in dues.items() if due > 0}
        self._write_all(step, touched, paid, reason, self.available - (cash - left))

    def _buy(self, step: Step) -> None:
        """Keep interest as principal until the tests hold; principal kept as principal changes nothing."""
        need = max((self.day.cash_need(self.day.tests[name]) for name in step["tests"]), default=0.0)
        if self.source == "principal":
            need = 0.0
        amount = min(need, self._limit(step, need))
        self.day.bought += amount
        self.day.held_principal += amount
        self._write(step, PRINCIPAL_ACCOUNT, need, amount, None, transfer=True)

    def _divert(self, step: Step) -> None:
        """Divert the lesser of a share of what remains and the need of the test."""
        test = self.day.tests[step["test"]]
        if step["to"] == "principal":
            need = self.day.cash_need(test)
            wanted = min(need, step["share"] * self.available)
            amount = min(wanted, self._limit(step, wanted))
            self.day.diverted += amount
            self._write(step, PRINCIPAL_ACCOUNT, wanted, amount, None, transfer=True)
            return
        need, order = self.day.need(test, self.day.sequence(None), from_principal=False)
        self._pay_down(step, min(need, step["share"] * self.available), order, None)

    def _reinvest(self, step: Step) -> None:
        """Buy collateral, or during the reinvestment period hold the cash while a coverage test fails.

        Nothing is bought on the last date.
        """
        share = step["share"]
        if isinstance(share, str):
            share = getattr(self.day, share)
        base = self.available if step["of"] == "all" else self.day.unscheduled
        wanted = 0.0 if self.day.period.last else min(self.available, share * base)
        amount = min(wanted, self._limit(step, wanted))
        rules = self.day.deal.get("reinvestment", {})
        during = self.day.in_reinvestment
        asked = rules.get("during", ()) if during else (rules.get("after") or {}).get("conditions", ())
        held = "coverage" in asked and not self._coverage_holds()
        if held and not during:
            self._write(step, COLLATERAL, 0.0, 0.0, "a coverage test fails", transfer=True)
            return
        if held:
            self.day.held_principal += amount
        else:
            self.day.purchase_cash += amount
        self._write(
            step,
            PRINCIPAL_ACCOUNT if held else COLLATERAL,
            wanted,
            amount,
            "a coverage test fails" if held else None,
            transfer=True,
        )

    def _coverage_holds(self) -> bool:
        """Whether every coverage test that a cure names holds now."""
        waterfalls = self.day.deal["waterfalls"]
        named = {
            name
            for side in ("interest", "principal")
            for step in cures(waterfalls[side])
            for name in step["tests"]
        }
        return all(self.day.passes(test) for test in self.day.tests.values() if test.name in named)

    def _incentive_fee(self, step: Step) -> None:
        terms = next(fee for fee in self.day.deal["fees"] if fee["name"] == step["fee"])
        due = incentive_amount(self.available, self._flows(), self.day.date, terms["hurdles"])
        paid = min(due, self._limit(step, due))
        self.day.incentive[step["fee"]] = self.day.incentive.get(step["fee"], 0.0) + paid
        self._write(step, step["fee"], due, paid, None)

    def _retain(self, step: Step) -> None:
        amount = self._limit(step, self.available)
        self._hold(amount)
        account = PRINCIPAL_ACCOUNT if self.name == "principal" else "interest account"
        self._write(step, account, amount, amount, None, transfer=True)


def cures(steps: Sequence[Step]) -> Iterator[Step]:
    """Cure steps of a waterfall, those of both branches of a block included."""
    for step in steps:
        if step["verb"] == "block":
            yield from cures([*step["steps"], *step.get("else", ())])
        elif step["verb"] == "cure":
            yield step


def interest_payees(step: Step) -> set[str]:
    """Notes whose interest a step pays, inside a pari passu step too."""
    if step["verb"] == "pay_interest":
        return {name for group in step["notes"] for name in group}
    if step["verb"] == "pay_pari_passu":
        return {name for part in step["steps"] for name in interest_payees(part)}
    return set()


def _bounded(need: tuple[float, Sequence[Stretch]]) -> float:
    """A need, at most what the stretches that serve it are owed."""
    return min(need[0], sum(stretch.total for stretch in need[1]))


def _first_payee(step: Step) -> str | None:
    for key in ("fees", "notes"):
        if step.get(key):
            return str(step[key][0][0])
    return step.get("fee") or (SEQUENCE if step["verb"] in {"cure", "pay_principal"} else None)


def senior_expenses(day: Day) -> float:
    """What interest proceeds pay at fee steps before the first interest step, within caps; nothing is paid."""
    trial_day = copy.copy(day)
    trial_day.fees = copy.deepcopy(day.fees)
    trial_day.ledger = []
    trial = Waterfall(trial_day, "interest")
    trial.run_fees()
    return day.interest_proceeds - trial.available


def pay(day: Day) -> None:
    """Run both waterfalls of a payment date and close its accounts."""
    day.ic_numerator = day.interest_proceeds - senior_expenses(day)
    day.before = day.test_rows()
    Waterfall(day, "interest").run()
    Waterfall(day, "principal").run()
