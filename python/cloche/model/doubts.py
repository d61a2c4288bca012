"""What a document says and probably does not mean: steps that never pay, tests that nothing cures, unpaid items."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cloche.errors import Problem
from cloche.model import words
from cloche.model.closing_balance import closing_doubts
from cloche.model.deal_document import DealDocument
from cloche.model.steps import Block, PayPariPassu, Step, Waterfalls
from cloche.model.tests import CoverageTest

__all__ = ["doubts"]

_NORMAL = ("receipts", "interest", "principal")
_DEFAULT_SEQUENCE = "note_payment_sequence"
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_NEVER_STATIC = ("during_reinvestment", "not after_reinvestment")
# After such a step nothing is left for the same claim: it was paid, or the money is gone.
_WHOLE = ("pay_interest", "pay_deferred_interest", "pay_amortization")


@dataclass(frozen=True)
class _Placed:
    """A step, where it stands, in which waterfall, and whether something may keep it from acting."""

    place: str
    fall: str
    step: Step
    limited: bool
    conditions: tuple[str, ...]


def doubts(document: DealDocument) -> list[Problem]:
    """Return the places of a valid deal that probably say something else than is meant.

    Parameters
    ----------
    document
        The deal.
    """
    steps = list(_all_steps(document))
    found = [
        *_classes(document, steps),
        *_fees(document, steps),
        *_tests(document, steps),
        *_sequences(document, steps),
        *_steps(document, steps),
    ]
    return [*(Problem(place, message) for place, message in found), *closing_doubts(document)]


def _all_steps(document: DealDocument) -> Iterator[_Placed]:
    for fall in Waterfalls.model_fields:
        for k, step in enumerate(getattr(document.waterfalls, fall)):
            yield from _flat(f"waterfalls.{fall}[{k}]", fall, step, ())


def _flat(place: str, fall: str, step: Step, conditions: tuple[str, ...]) -> Iterator[_Placed]:
    when = getattr(step, "when", None)
    own = (*conditions, when) if when is not None else conditions
    if isinstance(step, Block):
        for k, inner in enumerate(step.steps):
            yield from _flat(f"{place}.steps[{k}]", fall, inner, own)
        for k, inner in enumerate(step.otherwise):
            yield from _flat(f"{place}.else[{k}]", fall, inner, (*conditions, f"not ({when})"))
        return
    limited = bool(own) or getattr(step, "amount", None) is not None
    yield _Placed(place, fall, step, limited, own)
    if isinstance(step, PayPariPassu):
        for k, inner in enumerate(step.steps):
            yield from _flat(f"{place}.pay_pari_passu[{k}]", fall, inner, own)


def _names(value: Any) -> Iterator[str]:
    """Yield every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _names(inner)


def _mentioned(step: Step) -> set[str]:
    """Return what a step names to pay; the class up to which shortfalls are paid is none of it."""
    if step.verb == "pay_shortfalls":
        return set()
    return set(_names(step.model_dump(exclude={"when", "amount", "label", "verb"})))


def _sequence(document: DealDocument, name: str) -> list[str]:
    if name in document.sequences:
        return [note for group in document.sequences[name] for note in group]
    return (
        [note.name for note in document.notes if note.principal_rank is not None]
        if name == _DEFAULT_SEQUENCE
        else []
    )


def _sequences_of(step: Step) -> list[str]:
    """Return the sequences by which a step pays."""
    if step.verb == "pay_principal":
        return [step.sequence] if step.sequence is not None else []
    if step.verb == "cure":
        return [step.pay or _DEFAULT_SEQUENCE] if step.pay_notes is None and step.pay != "buy" else []
    return [_DEFAULT_SEQUENCE] if step.verb == "divert" and step.to == "notes" else []


def _paid(document: DealDocument, steps: Sequence[_Placed]) -> set[str]:
    paid: set[str] = set()
    for placed in steps:
        paid |= _mentioned(placed.step)
        if placed.step.verb == "pay_principal":
            for name in _sequences_of(placed.step):
                paid.update(_sequence(document, name))
    return paid


def _classes(document: DealDocument, steps: Sequence[_Placed]) -> Iterator[tuple[str, str]]:
    known = [s for s in steps if s.fall in _NORMAL]
    interest = {name for s in known if s.fall == "interest" for name in _mentioned(s.step)}
    principal = _paid(
        document, [s for s in known if s.step.verb not in ("pay_interest", "pay_deferred_interest")]
    )
    for k, note in enumerate(document.notes):
        if note.combination_of or not note.balance > 0:
            continue
        if note.name not in interest | principal:
            yield f"notes[{k}]", f"no step pays {note.name} anything"
        elif note.residual:
            continue
        elif note.name not in interest:
            yield f"notes[{k}]", f"no step of the interest waterfall pays interest of {note.name}"
        elif note.name not in principal:
            yield f"notes[{k}]", f"no step pays principal of {note.name}"


def _fees(document: DealDocument, steps: Sequence[_Placed]) -> Iterator[tuple[str, str]]:
    paid = {name for placed in steps if placed.fall in _NORMAL for name in _mentioned(placed.step)}
    for k, fee in enumerate(document.fees):
        if fee.name not in paid:
            yield f"fees[{k}]", f"no step pays {fee.name}: it stays unpaid and grows"
        elif _is_zero(fee):
            yield f"fees[{k}]", f"{fee.name} is zero: its steps never have anything due"


def _tests(document: DealDocument, steps: Sequence[_Placed]) -> Iterator[tuple[str, str]]:
    used = {
        name for placed in steps if placed.step.verb in ("cure", "divert") for name in _mentioned(placed.step)
    }
    texts = [
        text for placed in steps for text in (*placed.conditions, getattr(placed.step, "amount", None) or "")
    ]
    texts += _names(list(document.events))
    asked = {one or other for text in texts for one, other in _QUOTED.findall(text)}
    causes = document.default_events.causes if document.default_events is not None else ()
    for k, test in enumerate(document.tests):
        place = f"tests[{k}]"
        if test.name in used or test.name in asked:
            ratio = _closing_ratio(document, test)
            if ratio is not None and ratio < test.trigger:
                yield (
                    place,
                    f"{test.name} fails at closing: {words.percent(round(ratio, 6))} of target par over the notes",
                )
        elif test.kind != "eod_par_ratio":
            yield place, f"nothing cures {test.name}: no step names it and no condition asks for it"
        elif "par_ratio" not in causes:
            yield place, f"nothing follows from {test.name}: `default_events.causes` does not have par_ratio"


def _closing_ratio(document: DealDocument, test: CoverageTest) -> float | None:
    """Return target par over the classes of an overcollateralization test."""
    if test.kind != "oc":
        return None
    ranks = {note.name: note.principal_rank for note in document.notes}
    last = ranks.get(test.through) if test.through is not None else None
    balances = [
        note.balance
        for note in document.notes
        if (
            note.name in test.notes
            if test.notes
            else last is not None and (note.principal_rank or math.inf) <= last
        )
    ]
    whole = math.fsum(balances)
    return document.target_par / whole if whole > 0 else None


def _sequences(document: DealDocument, steps: Sequence[_Placed]) -> Iterator[tuple[str, str]]:
    used = {name for placed in steps for name in _sequences_of(placed.step)}
    for name in document.sequences:
        if name not in used:
            yield f"sequences.{name}", "no step pays by this sequence"


def _steps(document: DealDocument, steps: Sequence[_Placed]) -> Iterator[tuple[str, str]]:
    """Yield steps that can never pay anything: what they pay is never due, or nothing is ever left for them."""
    ended: dict[str, str] = {}
    paid: set[tuple[str, str, str]] = set()
    for placed in steps:
        place, fall, step = placed.place, placed.fall, placed.step
        reason = _never(document, placed)
        if fall in ended:
            reason = f"is never reached: {ended[fall]} takes all that remains"
        claims = _claims(placed)
        if reason is None and claims and claims <= paid:
            reason = "never has anything due: an earlier step of this waterfall pays the same without a limit"
        if reason is not None:
            label = getattr(step, "label", None)
            yield place, f"clause {label} {reason}" if label else reason
        if placed.limited:
            continue
        paid |= claims
        if step.verb == "retain" or (step.verb == "pay_residual" and step.until is None):
            ended.setdefault(fall, place)


def _claims(placed: _Placed) -> set[tuple[str, str, str]]:
    """Return what a step pays in full wherever money is left: waterfall, verb, payee."""
    step, fall = placed.step, placed.fall
    if step.verb == "pay_fee" and step.part == "all":
        return {(fall, "pay_fee", name) for group in step.fees for name in group}
    if step.verb in _WHOLE:
        groups: Sequence[Sequence[str]] = getattr(step, "notes", ())
        return {(fall, step.verb, name) for group in groups for name in group}
    return set()


def _never(document: DealDocument, placed: _Placed) -> str | None:
    step = placed.step
    static = document.dates.reinvestment_end is None
    if static:
        if step.verb == "reinvest":
            return "never buys anything: the deal has no reinvestment period"
        condition = next((text for text in placed.conditions if text in _NEVER_STATIC), None)
        if condition is not None:
            return f"never acts: the deal has no reinvestment period, so `{condition}` never holds"
    if step.verb == "pay_deferred_interest":
        if document.conventions.deferred_form == "capitalized":
            return "never has anything due: deferred interest is capitalized into the balance"
        notes = {note.name: note for note in document.notes}
        names = [name for group in step.notes for name in group]
        if all(name in notes and not notes[name].deferrable for name in names):
            return f"never has anything due: interest of {words.joined(names)} may not be deferred"
    if step.verb == "divert" and step.share == 0.0:
        return "never diverts anything: its share is zero"
    return None


def _is_zero(fee: Any) -> bool:
    amounts = [fee.amount_per_period, fee.rate, fee.fixed_per_year, *(tier.rate for tier in fee.tiers)]
    return not fee.hurdles and all(not amount for amount in amounts)
