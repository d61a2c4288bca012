"""What a diagram of a waterfall shows of each step: its words, its condition, and whom it pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cloche.model import words
from cloche.model.deal_document import DealDocument
from cloche.model.describe import labels_of
from cloche.model.steps import Block, Step

__all__ = ["Row", "Target", "rows_of"]

Kind = Literal["note", "fee", "equity", "account"]


@dataclass(frozen=True)
class Target:
    """Who is paid; `before` stands between it and the one before: ``+`` pro rata, ``then`` one after another."""

    text: str
    kind: Kind
    before: str = ""


@dataclass(frozen=True)
class Row:
    """One step of a diagram.

    Parameters
    ----------
    label
        Letter of the clause.
    lines
        What the step pays or tests.
    targets
        Who is paid.
    condition
        When, and how much at most; empty: always, all that is due.
    test
        Whether the step pays only where a test fails.
    depth
        How many blocks it stands in.
    """

    label: str
    lines: tuple[str, ...]
    targets: tuple[Target, ...]
    condition: str = ""
    test: bool = False
    depth: int = 0


def rows_of(document: DealDocument, fall: str) -> list[Row]:
    """Return the rows of a waterfall's diagram."""
    steps: Sequence[Step] = getattr(document.waterfalls, fall)
    writer = _Rows(document)
    return [
        row for label, step in zip(labels_of(steps), steps, strict=True) for row in writer.rows(label, step)
    ]


class _Rows:
    def __init__(self, document: DealDocument) -> None:
        self._fees = {fee.name: fee for fee in document.fees}
        self._tests = {test.name: test for test in document.tests}
        self._notes = {note.name: note for note in document.notes}

    def rows(self, label: str, step: Step, depth: int = 0, under: str = "") -> Iterator[Row]:
        if isinstance(step, Block):
            condition = words.condition(step.when) if step.when is not None else ""
            for k, inner in enumerate(step.steps, 1):
                yield from self.rows(f"{label}.{k}", inner, depth + 1, condition)
            for k, inner in enumerate(step.otherwise, 1):
                yield from self.rows(
                    f"{label}.{len(step.steps) + k}", inner, depth + 1, _otherwise(condition)
                )
            return
        conditions = [under] if under else []
        if step.when is not None:
            conditions.append(words.condition(step.when))
        if getattr(step, "amount", None) is not None:
            conditions.append(words.largest(str(step.amount)))
        lines, targets, test, more = self._parts(step)
        yield Row(label, lines, targets, ", ".join([*conditions, *more]), test, depth)

    def _parts(self, step: Any) -> tuple[tuple[str, ...], tuple[Target, ...], bool, list[str]]:
        """Return the words, the payees, whether it is a test, and further conditions of a step."""
        find = getattr(self, f"_{step.verb}", None)
        if find is not None:
            found: tuple[tuple[str, ...], tuple[Target, ...], bool, list[str]] = find(step)
            return found
        return self._any(step)

    def _any(self, step: Any) -> tuple[tuple[str, ...], tuple[Target, ...], bool, list[str]]:
        """Return a step without a writer of its own: its verb, and whom it names."""
        fields = step.model_dump(by_alias=True, exclude_none=True)
        verb = str(fields.get("name") or step.verb).replace("_", " ").removeprefix("pay ")
        groups = next((fields[key] for key in ("notes", "hedges", "fees") if key in fields), ())
        places = [str(fields[key]) for key in ("account", "from", "to") if key in fields]
        targets = self._groups(groups) or tuple(
            Target(place, "account", "to" if k else "") for k, place in enumerate(places)
        )
        share = fields.get("share")
        return (
            (verb,),
            targets,
            False,
            [f"{words.percent(share)} of what remains"] if isinstance(share, float) else [],
        )

    def _groups(self, groups: Sequence[Sequence[str]]) -> tuple[Target, ...]:
        found: list[Target] = []
        for group in groups:
            for k, name in enumerate(group):
                found.append(self._target(name, "+" if k else "then" if found else ""))
        return tuple(found)

    def _target(self, name: str, before: str = "") -> Target:
        if name in self._notes:
            text = words.classes([name]).removeprefix("the ").removesuffix(" Notes")
            return Target(text, "equity" if self._notes[name].residual else "note", before)
        return Target(name, "fee", before)

    def _pay_fee(self, step: Any) -> Any:
        parts = {
            "capped": "up to the cap",
            "above_cap": "above the cap",
            "current": "of this date",
            "unpaid": "unpaid before",
        }
        text = f"fees {parts[step.part]}" if step.part in parts else "fees"
        return (text,), self._groups(step.fees), False, []

    def _pay_interest(self, step: Any) -> Any:
        return ("interest",), self._groups(step.notes), False, []

    def _pay_deferred_interest(self, step: Any) -> Any:
        return ("deferred interest",), self._groups(step.notes), False, []

    def _pay_amortization(self, step: Any) -> Any:
        return ("amortization",), self._groups(step.notes), False, []

    def _pay_pari_passu(self, step: Any) -> Any:
        parts = [self._parts(inner) for inner in step.steps]
        lines = tuple(line for part in parts for line in part[0])
        targets = dict.fromkeys((t.text, t.kind) for part in parts for t in part[1])
        found = [Target(text, kind, "+" if k else "") for k, (text, kind) in enumerate(targets)]
        return (" and ".join(lines), "pro rata"), tuple(found), False, []

    def _pay_principal(self, step: Any) -> Any:
        if step.sequence is not None:
            return ("principal",), (Target(step.sequence.replace("_", " "), "note"),), False, []
        text = "deferred interest, principal" if step.with_deferred else "principal"
        return (text,), self._groups(step.notes or ()), False, []

    def _pay_shortfalls(self, step: Any) -> Any:
        through = self._target(step.through).text
        return (
            ("what interest left unpaid",),
            (Target(f"fees and interest through {through}", "note"),),
            False,
            [],
        )

    def _draw(self, step: Any) -> Any:
        lines, targets, stops, notes = self._pay_shortfalls(step)
        return lines, targets, stops, [*notes, f"drawn on {self._target(step.note).text}"]

    def _tested(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(
            f"{name} {words.percent(self._tests[name].trigger)}" if name in self._tests else name
            for name in names
        )

    def _cure(self, step: Any) -> Any:
        if step.pay_notes is not None:
            targets = self._groups(step.pay_notes)
        elif step.pay == "buy":
            targets = (Target("collateral", "account"),)
        else:
            targets = (Target((step.pay or "note_payment_sequence").replace("_", " "), "note"),)
        return self._tested(step.tests), targets, True, ["until satisfied"]

    def _divert(self, step: Any) -> Any:
        account = Target("principal account", "account")
        targets = (account,) if step.to == "principal" else (Target("note payment sequence", "note"),)
        return (
            self._tested([step.test]),
            targets,
            True,
            [f"at most {words.percent(step.share)} of what remains"],
        )

    def _reinvest(self, step: Any) -> Any:
        share = "the reinvested share of " if isinstance(step.share, str) else ""
        if not share and step.share != 1.0:
            share = f"{words.percent(step.share)} of "
        what = "principal proceeds" if step.of == "all" else "unscheduled principal"
        return (f"{share}{what}",), (Target("purchase of collateral", "account"),), False, []

    def _incentive_fee(self, step: Any) -> Any:
        fee = self._fees.get(step.fee)
        hurdles: Sequence[Mapping[str, Any]] = [hurdle.model_dump() for hurdle in fee.hurdles] if fee else []
        text = (
            words.joined([f"{words.percent(h['share'])} of the residual" for h in hurdles])
            if hurdles
            else "residual"
        )
        return (text,), (Target(step.fee, "fee"),), False, []

    def _pay_residual(self, step: Any) -> Any:
        if step.until is None:
            return ("what remains",), self._groups(step.notes), False, []
        fee = self._fees.get(step.until)
        rates = [words.percent(h.irr) for h in fee.hurdles if h.irr is not None] if fee else []
        return (
            (f"until a return of {rates[0]}" if rates else f"until {step.until} is due",),
            self._groups(step.notes),
            False,
            [],
        )

    def _retain(self, _: Any) -> Any:
        return ("what remains",), (Target("stays on deposit", "account"),), False, []


def _otherwise(condition: str) -> str:
    return f"unless {condition.removeprefix('if ')}" if condition.startswith("if ") else f"not {condition}"
