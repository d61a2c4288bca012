"""The standard priorities of payments of a list of ranked notes.

Interest proceeds (clauses A to V of the usual indenture): taxes, capped expenses, senior fees, then class by
class interest, coverage cure and deferred interest, the diversion test, subordinated fees, what is above the
caps, and the residual with its incentive fee. Principal proceeds (P1 to P8): shortfalls of the classes that
may not defer, cures, interest of the controlling class, reinvestment, the note payment sequence, and what is
left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, groupby
from typing import Any, Literal

from cloche.model.fees import Fee
from cloche.model.notes import Note
from cloche.model.tests import CoverageTest

__all__ = ["Parts", "Variants", "standard_waterfalls"]

_JUNIOR_WORDS = ("sub", "junior")
_DIVERSION_WORDS = ("reinvestment", "diversion", "idt")
_Step = dict[str, Any]


@dataclass(frozen=True)
class Variants:
    """Where standard waterfalls differ from deal to deal.

    Parameters
    ----------
    diversion_share
        Share of the remaining interest that the diversion test takes at most.
    diversion_to
        ``principal``: to the principal account, for purchases. ``notes``: to the note payment sequence.
    junior_fees_before_last_test
        Whether the fees that stand after the notes stand before the cure of the most junior coverage tests instead.
    last_cure_pays
        What the cure of the most junior coverage tests pays from interest: ``sequence``, the note payment sequence, or
        ``class``, the class of those tests itself.
    turbo_share
        Share of the remaining interest, after all fees, that repays the most junior class after the reinvestment
        period; None: none.
    """

    diversion_share: float = 0.5
    diversion_to: Literal["principal", "notes"] = "principal"
    junior_fees_before_last_test: bool = False
    last_cure_pays: Literal["sequence", "class"] = "sequence"
    turbo_share: float | None = None


@dataclass(frozen=True)
class Parts:
    """What the standard waterfalls are made of.

    Parameters
    ----------
    notes, fees, tests
        Classes, fees and tests of the deal. A fee with hurdles is the incentive fee; one with a cap is paid
        up to it before the notes and above it after them; one whose name begins with ``sub`` or ``junior`` is
        paid after the notes; one of a fixed amount a period stands first; every other one stands before the
        notes. An OC test whose name holds ``reinvestment``, ``diversion`` or ``IDT`` diverts interest and
        cures nothing.
    reinvesting
        Whether the deal has a reinvestment period.
    capitalizes
        Whether deferred interest joins the balance, so that no step pays it by itself.
    variants
        Where the deal differs from the usual text.
    """

    notes: Sequence[Note]
    fees: Sequence[Fee]
    tests: Sequence[CoverageTest]
    reinvesting: bool
    capitalizes: bool = False
    variants: Variants = Variants()

    @property
    def levels(self) -> list[list[Note]]:
        """Notes with an interest rank, grouped by it, senior first."""
        ranked = sorted(
            (n for n in self.notes if n.interest_rank is not None), key=lambda n: n.interest_rank or 0
        )
        return [list(level) for _, level in groupby(ranked, key=lambda n: n.interest_rank)]

    @property
    def residual(self) -> list[str]:
        """Names of the residual notes."""
        return [note.name for note in self.notes if note.residual]

    @property
    def diversion(self) -> list[CoverageTest]:
        """Tests that divert interest."""
        return [test for test in self.tests if test.kind == "oc" and _mentions(test.name, _DIVERSION_WORDS)]

    def cures(self, level: Sequence[Note]) -> list[str]:
        """Names of the coverage tests whose most junior class is in a level; overcollateralization first."""
        names = {note.name for note in level}
        kept = [test for test in self.tests if test.kind in ("oc", "ic") and test not in self.diversion]
        mine = [test for test in kept if self._junior(test) in names]
        return [test.name for test in sorted(mine, key=lambda test: test.kind != "oc")]

    def _junior(self, test: CoverageTest) -> str | None:
        if test.through is not None:
            return test.through
        order = [note.name for note in chain(*self.levels)]
        held = [name for name in order if name in (test.notes or ())]
        return held[-1] if held else None


def standard_waterfalls(parts: Parts) -> dict[str, list[_Step]]:
    """Return the interest, principal and acceleration waterfalls in the grammar of documents.

    Parameters
    ----------
    parts
        Notes, fees and tests of the deal.
    """
    return {
        "interest": _interest(parts),
        "principal": _principal(parts),
        "acceleration": _acceleration(parts),
    }


def _interest(parts: Parts) -> list[_Step]:
    steps = _senior_fees(parts)
    letters = _letters("E")
    variants = parts.variants
    last = max((k for k, level in enumerate(parts.levels) if parts.cures(level)), default=None)
    for k, level in enumerate(parts.levels):
        steps.append(_labelled(_level_interest(level), next(letters)))
        if tests := parts.cures(level):
            if k == last and variants.junior_fees_before_last_test:
                steps += _junior_fee_steps(parts, letters)
            own = k == last and variants.last_cure_pays == "class"
            cure = {"tests": tests, "pay": [note.name for note in level]} if own else tests
            steps.append({"cure": cure, "label": next(letters)})
        deferrable = [note.name for note in level if note.deferrable]
        if deferrable and not parts.capitalizes:
            steps.append({"pay_deferred_interest": _short(deferrable), "label": next(letters)})
    if parts.reinvesting:
        for test in parts.diversion:
            steps.append(
                {
                    "divert": {
                        "test": test.name,
                        "share": variants.diversion_share,
                        "to": variants.diversion_to,
                    },
                    "when": "during_reinvestment",
                    "label": next(letters),
                }
            )
    if last is None or not variants.junior_fees_before_last_test:
        steps += _junior_fee_steps(parts, letters)
    return steps + _last_steps(parts, letters)


def _senior_fees(parts: Parts) -> list[_Step]:
    taxes = [fee for fee in _plain_fees(parts) if fee.amount_per_period is not None]
    others = [fee for fee in _plain_fees(parts) if fee.amount_per_period is None]
    steps: list[_Step] = []
    for letter, fees, part in (
        ("A", taxes, "all"),
        ("B", _capped_fees(parts), "capped"),
        ("C", others, "all"),
    ):
        if fees:
            steps.append(_labelled(_fee_step(fees, part), letter))
    return steps


def _level_interest(level: Sequence[Note]) -> _Step:
    names = [note.name for note in level]
    if amortizing := [note.name for note in level if note.amortization is not None]:
        return {"pay_pari_passu": [{"pay_interest": _short(names)}, {"pay_amortization": _short(amortizing)}]}
    return {"pay_interest": _short(names)}


def _junior_fee_steps(parts: Parts, letters: Iterator[str]) -> list[_Step]:
    junior = _junior_fees(parts)
    return [{**_fee_step(junior, "all"), "label": next(letters)}] if junior else []


def _last_steps(parts: Parts, letters: Iterator[str]) -> list[_Step]:
    """Return what interest proceeds pay last; U0 to U2 and V keep the letters of the usual text."""
    steps: list[_Step] = []
    if capped := _capped_fees(parts):
        steps.append({**_fee_step(capped, "above_cap"), "label": next(letters)})
    ranked = [level for level in parts.levels if any(note.principal_rank is not None for note in level)]
    if parts.variants.turbo_share is not None and ranked:
        names = [note.name for note in ranked[-1] if note.principal_rank is not None]
        turbo: _Step = {
            "pay_principal": {"notes": names, "with_deferred": True},
            "amount": f"{parts.variants.turbo_share} * remaining",
            "label": "U0",
        }
        steps.append({**turbo, "when": "after_reinvestment"} if parts.reinvesting else turbo)
    return steps + _residual_steps(parts, ("U1", "U2", "V"))


def _residual_steps(parts: Parts, labels: tuple[str, str, str]) -> list[_Step]:
    if not parts.residual:
        return [{"retain": "all", "label": labels[2]}]
    steps: list[_Step] = []
    to = _short(parts.residual)
    for fee in (fee for fee in parts.fees if fee.hurdles):
        if any(hurdle.irr is not None for hurdle in fee.hurdles):
            steps.append({"pay_residual": {"to": to, "until": fee.name}, "label": labels[0]})
        steps.append({"incentive_fee": fee.name, "label": labels[1]})
    return [*steps, {"pay_residual": to, "label": labels[2]}]


def _principal(parts: Parts) -> list[_Step]:
    steps: list[_Step] = []
    firm = [level for level in parts.levels if not all(note.deferrable for note in level)]
    if firm:
        steps.append({"pay_shortfalls": {"through": firm[-1][-1].name}, "label": "P1"})
    numbers = (f"P{number}" for number in range(2, 6))
    label = "P2"
    for level in parts.levels:
        tests = parts.cures(level)
        deferrable = [note.name for note in level if note.deferrable]
        if tests or deferrable:
            label = next(numbers, label)
        if tests:
            steps.append({"cure": tests, "label": label})
        if deferrable:
            when = f"controlling('{deferrable[0]}')"
            steps.append({"pay_interest": _short(deferrable), "when": when, "label": label})
            if not parts.capitalizes:
                steps.append({"pay_deferred_interest": _short(deferrable), "when": when, "label": label})
    if parts.reinvesting:
        steps.append({"reinvest": "all", "when": "during_reinvestment", "label": "P7"})
        after = {"share": "post_period_share", "of": "unscheduled"}
        steps.append({"reinvest": after, "when": "after_reinvestment", "label": "P7"})
    if any(note.principal_rank is not None for note in parts.notes):
        steps.append({"pay_principal": "note_payment_sequence", "label": "P7"})
    if junior := _junior_fees(parts):
        steps.append({**_fee_step(junior, "all"), "label": "P8"})
    if capped := _capped_fees(parts):
        steps.append({**_fee_step(capped, "above_cap"), "label": "P8"})
    return steps + _residual_steps(parts, ("P8", "P8", "P8"))


def _acceleration(parts: Parts) -> list[_Step]:
    """Return the one pot after an acceleration: each class is paid in full before the next; letters in order."""
    steps = _senior_fees(parts)
    for level in parts.levels:
        names = [note.name for note in level]
        steps.append({"pay_interest": _short(names)})
        deferrable = any(note.deferrable for note in level)
        steps.append({"pay_principal": {"notes": names, "with_deferred": True} if deferrable else names})
    if junior := _junior_fees(parts):
        steps.append(_fee_step(junior, "all"))
    if capped := _capped_fees(parts):
        steps.append(_fee_step(capped, "above_cap"))
    steps += _residual_steps(parts, ("", "", ""))
    return [{**step, "label": letter} for step, letter in zip(steps, _in_order(), strict=False)]


def _plain_fees(parts: Parts) -> list[Fee]:
    return [
        fee
        for fee in parts.fees
        if not fee.hurdles and fee.cap is None and not fee.name.lower().startswith(_JUNIOR_WORDS)
    ]


def _capped_fees(parts: Parts) -> list[Fee]:
    return [fee for fee in parts.fees if fee.cap is not None]


def _junior_fees(parts: Parts) -> list[Fee]:
    junior = (fee for fee in parts.fees if fee.name.lower().startswith(_JUNIOR_WORDS))
    return [fee for fee in junior if not fee.hurdles and fee.cap is None]


def _fee_step(fees: Sequence[Fee], part: str) -> _Step:
    names: object = fees[0].name if len(fees) == 1 else [[fee.name] for fee in fees]
    if part == "all":
        return {"pay_fee": names}
    return {"pay_fee": {"fee" if isinstance(names, str) else "fees": names, "part": part}}


def _labelled(step: _Step, label: str) -> _Step:
    return {**step, "label": label}


def _short(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _mentions(name: str, words: Sequence[str]) -> bool:
    return any(word in name.lower() for word in words)


def _in_order() -> Iterator[str]:
    """Yield the letters of clauses: A to Z, then AA, AB and so on."""
    for position in count():
        first, second = divmod(position, 26)
        yield (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + second)


def _letters(first: str) -> Iterator[str]:
    """Yield letters from `first` on, then AA, AB, …; T, U and V keep their usual meaning."""
    alphabet = [chr(code) for code in range(ord(first), ord("T"))] + ["W", "X", "Y", "Z"]
    yield from alphabet
    yield from (f"A{chr(code)}" for code in range(ord("A"), ord("Z") + 1))
    number = 1
    while True:
        yield f"B{number}"
        number += 1
