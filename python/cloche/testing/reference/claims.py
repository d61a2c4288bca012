"""What the paying steps owe: claims in groups that are paid one after another, each group pro rata."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cloche.testing.reference.fees import hurdle_need
from cloche.testing.reference.notes import Groups, Note
from cloche.testing.reference.proceeds import Claim, Proceeds, Step
from cloche.testing.reference.purchases import coverage_holds

Claims = list[list[Claim]]


def claims(cash: Proceeds, step: Step) -> Claims:
    """Claims of a paying step.

    Raises
    ------
    ValueError
        For a verb that the reference does not compute.
    """
    verbs: dict[str, Callable[[Proceeds, Step], Claims]] = {
        "pay_fee": _fees,
        "pay_hedge": lambda cash, step: [
            [_hedge(cash, name, step.get("part") or "all") for name in group] for group in step["hedges"]
        ],
        "pay_interest": lambda cash, step: _of_notes(cash, step, _interest),
        "pay_deferred_interest": lambda cash, step: _of_notes(cash, step, _deferred),
        "pay_amortization": lambda cash, step: [
            [_amortization(cash, name) for name in group] for group in step["notes"]
        ],
        "pay_pari_passu": _pari_passu,
        "pay_principal": _principal,
        "pay_shortfalls": shortfalls,
        "pay_residual": _residual,
    }
    if step["verb"] not in verbs:
        raise ValueError(f"step {step.get('name', step['verb'])} is not computed by the reference")
    return verbs[step["verb"]](cash, step)


def _fees(cash: Proceeds, step: Step) -> Claims:
    return [[_fee(cash, name, step.get("part", "all")) for name in group] for group in step["fees"]]


def _of_notes(cash: Proceeds, step: Step, pick: Callable[[Proceeds, str], Claim]) -> Claims:
    allowed = {
        name for group in step["notes"] for name in group if _may_use_principal(cash, step, name, pick)
    }
    return [[pick(cash, name) for name in group if name in allowed] for group in step["notes"]]


def _pari_passu(cash: Proceeds, step: Step) -> Claims:
    """All claims of the inner steps in one group; they take over the condition of the step."""
    inner = [claims(cash, {"when": step.get("when"), **part}) for part in step["steps"] if cash.holds(part)]
    return [[claim for groups in inner for group in groups for claim in group]]


def _fee(cash: Proceeds, name: str, part: str) -> Claim:
    fee = cash.day.fees[name]
    return Claim(name, lambda: fee.owed(part), lambda amount: fee.pay(part, amount))


def _hedge(cash: Proceeds, name: str, part: str) -> Claim:
    hedge = cash.day.hedges[name]
    return Claim(name, lambda: hedge.owed(part), lambda amount: hedge.pay(part, amount))


def _interest(cash: Proceeds, name: str) -> Claim:
    note = cash.day.notes[name]
    return Claim(name, lambda: note.interest_owed, note.pay_interest)


def _deferred(cash: Proceeds, name: str) -> Claim:
    note = cash.day.notes[name]
    return Claim(name, lambda: note.deferred, note.pay_deferred)


def _amortization(cash: Proceeds, name: str) -> Claim:
    note = cash.day.notes[name]
    return Claim(name, lambda: min(note.amortization, note.balance), note.pay_amortization)


def _balance(cash: Proceeds, name: str) -> Claim:
    note = cash.day.notes[name]
    return Claim(name, lambda: note.balance, note.pay_principal)


def _may_use_principal(cash: Proceeds, step: Step, name: str, pick: Callable[[Proceeds, str], Claim]) -> bool:
    """Principal pays interest of a deferrable class only when it controls, unless the deal says otherwise.

    It may pay it when every coverage test that a cure names holds after the step, or always.
    """
    note = cash.day.notes[name]
    if cash.source != "principal" or not note.deferrable or step.get("when") is not None or note.controlling:
        return True
    rule = cash.day.conventions["interest_from_principal"]
    return rule == "always" or (rule == "tests_hold" and _tests_hold_after(cash, step, pick))


def _tests_hold_after(cash: Proceeds, step: Step, pick: Callable[[Proceeds, str], Claim]) -> bool:
    """Whether the coverage tests hold after a step has paid all its classes as far as cash reaches."""
    day = copy.copy(cash.day)
    day.notes = {name: copy.copy(note) for name, note in cash.day.notes.items()}
    day.ledger = []
    trial = Proceeds(day, cash.name)
    trial.available = cash.available
    trial.pay(step, [[pick(trial, name) for name in group] for group in step["notes"]])
    return coverage_holds(day)


def _principal(cash: Proceeds, step: Step) -> Claims:
    """A sequence pays unpaid interest, deferred interest and principal of a group before the next group."""
    named = step.get("notes") is None
    groups: Groups = cash.day.sequence(step.get("sequence")) if named else step["notes"]
    found: Claims = []
    for group in groups:
        if named:
            found.append([_interest(cash, name) for name in group])
        if named or step.get("with_deferred"):
            found.append([_deferred(cash, name) for name in group])
        found.append([_balance(cash, name) for name in group])
    return found


def shortfalls(cash: Proceeds, paid_step: Step) -> Claims:
    """Unpaid fee, hedge and interest steps of the interest waterfall up to the one that pays `through`."""
    through = paid_step["through"]
    found: Claims = []
    for step in flat(cash, cash.day.deal["waterfalls"]["interest"]):
        verb = step["verb"]
        if not cash.holds(step):
            continue
        if verb == "pay_pari_passu":
            paid = {"pay_fee", "pay_hedge", "pay_interest"}
            if cash.day.conventions["x_in_shortfall"]:
                paid.add("pay_amortization")
            parts = [part for part in step["steps"] if part["verb"] in paid]
            found += claims(cash, {"verb": verb, "steps": parts, "when": "true"})
        elif verb in {"pay_fee", "pay_hedge", "pay_interest"}:
            found += claims(cash, {**step, "when": "true"})
        if through in interest_payees(step):
            break
    return found


def flat(cash: Proceeds, steps: Sequence[Step]) -> Iterator[Step]:
    """Steps one after another, those of a block by its condition."""
    for step in steps:
        if step["verb"] == "block":
            yield from flat(cash, step["steps"] if cash.holds(step) else step.get("else", ()))
        else:
            yield step


def interest_payees(step: Step) -> set[str]:
    """Notes whose interest a step pays, inside a pari passu step too."""
    if step["verb"] == "pay_interest":
        return {name for group in step["notes"] for name in group}
    if step["verb"] == "pay_pari_passu":
        return {name for part in step["steps"] for name in interest_payees(part)}
    return set()


def _residual(cash: Proceeds, step: Step) -> Claims:
    left = math.inf
    if step.get("until") is not None:
        terms = next(fee for fee in cash.day.deal["fees"] if fee["name"] == step["until"])
        left = hurdle_need(residual_flows(cash), cash.day.date, terms["hurdles"][0].get("irr"))
    first, *others = step["notes"]
    groups = [_residual_group(cash, first, min(left, cash.available))]
    return groups + [_residual_group(cash, group, 0.0) for group in others]


def _residual_group(cash: Proceeds, group: Sequence[str], amount: float) -> list[Claim]:
    """The residual notes of a group share an amount by balance."""
    notes = [cash.day.notes[name] for name in group]
    total = sum(note.balance for note in notes)

    def claim(note: Note) -> Claim:
        def distribute(paid: float) -> None:
            note.interest_paid += paid
            cash.day.distributed += paid

        share = note.balance / total if total > 0 else 1 / len(notes)
        return Claim(note.name, lambda: amount * share, distribute)

    return [claim(note) for note in notes]


def residual_flows(cash: Proceeds) -> list[tuple[Any, float]]:
    """Dated flows of the residual notes, what this date has distributed so far included."""
    return [*cash.day.residual_flows, (cash.day.date, cash.day.distributed)]
