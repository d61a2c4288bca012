"""Classes that no waterfall pays: an error of the document; classes that are paid in part only: a doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cloche.errors import Problem
from cloche.model.deal_document import DealDocument
from cloche.model.notes import Note
from cloche.model.placed_steps import PlacedStep, placed_steps, sequence_of, sequences_of
from cloche.model.steps import Groups, Step

__all__ = ["bears_interest", "partly_paid_classes", "unpaid_classes"]

_NORMAL = ("interest", "principal")


@dataclass
class _Paid:
    """Classes that steps pay, by what they are paid.

    A sequence pays interest that is still due before principal; cures and diversions act only while a test fails.
    """

    interest: set[str] = field(default_factory=set)
    interest_by_sequence: set[str] = field(default_factory=set)
    principal: set[str] = field(default_factory=set)
    principal_by_tests: set[str] = field(default_factory=set)
    residual: set[str] = field(default_factory=set)

    def take(self, document: DealDocument, step: Step) -> None:
        """Note what a step pays."""
        by_sequence = {note for name in sequences_of(step) for note in sequence_of(document, name)}
        if step.verb == "pay_interest":
            self.interest |= _names(step.notes)
        elif step.verb == "pay_principal":
            self.interest_by_sequence |= by_sequence
            self.principal |= by_sequence | _names(step.notes)
        elif step.verb in ("pay_amortization", "turbo"):
            self.principal |= _names(step.notes)
        elif step.verb in ("cure", "divert"):
            self.principal_by_tests |= by_sequence
            self.principal_by_tests |= _names(step.pay_notes) if step.verb == "cure" else set()
        elif step.verb == "pay_residual":
            self.residual |= _names(step.notes)


def _names(groups: Groups | None) -> set[str]:
    return {name for group in groups or () for name in group}


def _paid(document: DealDocument, steps: Iterable[PlacedStep]) -> _Paid:
    paid = _Paid()
    for placed in steps:
        paid.take(document, placed.step)
    return paid


def unpaid_classes(document: DealDocument) -> list[Problem]:
    """Return the classes to which no step of any waterfall can pay their interest or their principal.

    Combination notes are paid as their components; notes that an event brings in are paid wherever their class is.

    Parameters
    ----------
    document
        The deal.
    """
    paid = _paid(document, placed_steps(document))
    return [Problem(place, message) for place, note in _owed(document) for message in _missing(note, paid)]


def _left_out(document: DealDocument, steps: Iterable[PlacedStep], fall: str) -> Iterator[Problem]:
    """Yield the classes whose principal a waterfall of one pot never pays, where the document states it."""
    of_fall = [placed for placed in steps if placed.fall == fall]
    paid = _paid(document, of_fall)
    for _, note in _owed(document):
        if of_fall and not note.residual and note.name not in paid.principal | paid.principal_by_tests:
            expected = "expected a pay_principal step or a sequence that names it"
            yield Problem(f"waterfalls.{fall}", f"no step pays principal of {note.name}; {expected}")


def _owed(document: DealDocument) -> Iterator[tuple[str, Note]]:
    """Yield the classes that steps have to pay, each with its place."""
    for k, note in enumerate(document.notes):
        if not note.combination_of:
            yield f"notes[{k}]", note


def _missing(note: Note, paid: _Paid) -> Iterator[str]:
    name = note.name
    interest = name in paid.interest | paid.interest_by_sequence
    principal = name in paid.principal | paid.principal_by_tests
    if note.residual:
        if name not in paid.residual:
            yield f"no step pays {name} anything; expected a pay_residual step that names it"
    elif not interest and not principal:
        yield f"no step pays {name} anything; expected steps of a waterfall that pay its interest and its principal"
    elif not interest and bears_interest(note):
        yield f"no step pays interest of {name}; expected a pay_interest step that names it"
    elif not principal and note.principal_rank is not None:
        yield f"no step pays principal of {name}; expected a pay_principal step or a sequence that names it"


def bears_interest(note: Note) -> bool:
    """Tell whether a class ever bears interest."""
    coupon = note.coupon
    return coupon is None or coupon.fixed != 0.0 or bool(coupon.step_up)


def partly_paid_classes(document: DealDocument) -> Iterator[tuple[str, str]]:
    """Yield the classes that some step pays, and not as classes usually are: places and messages.

    Parameters
    ----------
    document
        The deal.
    """
    steps = list(placed_steps(document))
    yield from _left_out(document, steps, "redemption")
    ever = _paid(document, steps)
    paid = _paid(document, [placed for placed in steps if placed.fall in _NORMAL])
    first = _paid(document, [placed for placed in steps if placed.fall == "interest"])
    for place, note in _owed(document):
        if note.residual or any(_missing(note, ever)):
            continue
        if note.name not in first.interest and bears_interest(note):
            yield place, f"no step of the interest waterfall pays interest of {note.name}"
        elif note.name in paid.principal:
            continue
        elif note.name in paid.principal_by_tests:
            yield place, f"principal of {note.name} is paid only while a test fails"
        else:
            yield place, f"no step pays principal of {note.name} while the notes are not accelerated"
