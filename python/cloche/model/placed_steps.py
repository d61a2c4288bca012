"""The steps of a deal's waterfalls one by one, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cloche.model.deal_document import DealDocument
from cloche.model.steps import Block, PayPariPassu, Step, Waterfalls

__all__ = [
    "DEFAULT_SEQUENCE",
    "PlacedStep",
    "mentioned",
    "names_in",
    "placed_steps",
    "sequence_of",
    "sequences_of",
]

DEFAULT_SEQUENCE = "note_payment_sequence"


@dataclass(frozen=True)
class PlacedStep:
    """A step, where it stands, in which waterfall, and whether something may keep it from acting."""

    place: str
    fall: str
    step: Step
    limited: bool
    conditions: tuple[str, ...]


def placed_steps(document: DealDocument) -> Iterator[PlacedStep]:
    """Yield the steps of every waterfall in order, those inside blocks and pari passu steps too."""
    for fall in Waterfalls.model_fields:
        for k, step in enumerate(getattr(document.waterfalls, fall)):
            yield from _flat(f"waterfalls.{fall}[{k}]", fall, step, ())


def _flat(place: str, fall: str, step: Step, conditions: tuple[str, ...]) -> Iterator[PlacedStep]:
    when = getattr(step, "when", None)
    own = (*conditions, when) if when is not None else conditions
    if isinstance(step, Block):
        for k, inner in enumerate(step.steps):
            yield from _flat(f"{place}.steps[{k}]", fall, inner, own)
        for k, inner in enumerate(step.otherwise):
            yield from _flat(f"{place}.else[{k}]", fall, inner, (*conditions, f"not ({when})"))
        return
    limited = bool(own) or getattr(step, "amount", None) is not None
    yield PlacedStep(place, fall, step, limited, own)
    if isinstance(step, PayPariPassu):
        for k, inner in enumerate(step.steps):
            yield from _flat(f"{place}.pay_pari_passu[{k}]", fall, inner, own)


def names_in(value: Any) -> Iterator[str]:
    """Yield every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from names_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from names_in(inner)


def mentioned(step: Step) -> set[str]:
    """Return what a step names to pay; the class up to which shortfalls are paid is none of it."""
    if step.verb in ("pay_shortfalls", "draw"):
        return set()
    return set(names_in(step.model_dump(exclude={"when", "amount", "label", "verb"})))


def sequence_of(document: DealDocument, name: str) -> list[str]:
    """Return the classes of a sequence; the note payment sequence is by principal rank unless stated."""
    if name in document.sequences:
        return [note for group in document.sequences[name] for note in group]
    ranked = [note.name for note in document.notes if note.principal_rank is not None]
    return ranked if name == DEFAULT_SEQUENCE else []


def sequences_of(step: Step) -> list[str]:
    """Return the sequences by which a step pays."""
    if step.verb == "pay_principal":
        return [step.sequence] if step.sequence is not None else []
    if step.verb == "cure":
        return [step.pay or DEFAULT_SEQUENCE] if step.pay_notes is None and step.pay != "buy" else []
    return [DEFAULT_SEQUENCE] if step.verb == "divert" and step.to == "notes" else []
