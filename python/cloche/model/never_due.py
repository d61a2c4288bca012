"""Steps whose payees are never owed what they pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloche.model import words
from cloche.model.deal_document import DealDocument
from cloche.model.notes import Note
from cloche.model.placed_steps import placed_steps
from cloche.model.steps import PayFee, PayHedge, ReleaseReserve, Step, Transfer
from cloche.model.unpaid_classes import bears_interest

__all__ = ["never_due"]


def never_due(document: DealDocument, step: Step) -> str | None:
    """Return why nothing of what a step pays is ever due, None where it may be.

    Parameters
    ----------
    document
        The deal.
    step
        One of its steps.
    """
    if isinstance(step, PayFee):
        return _without_cap(document, step)
    if isinstance(step, PayHedge):
        return _without_end(document, step)
    if isinstance(step, Transfer | ReleaseReserve):
        return _never_filled(document, step)
    reason = _OF_CLASSES.get(step.verb)
    groups = getattr(step, "notes", None) or ()
    notes = [note for group in groups for note in document.notes if note.name in group]
    return reason(document, notes) if reason is not None and notes else None


def _interest(_: DealDocument, notes: list[Note]) -> str | None:
    return None if any(map(bears_interest, notes)) else f"{_names(notes)} bears no interest"


def _deferred(document: DealDocument, notes: list[Note]) -> str | None:
    if document.conventions.deferred_form == "capitalized":
        return "deferred interest is capitalized into the balance"
    if any(note.deferrable for note in notes):
        return None
    return f"interest of {_names(notes)} may not be deferred"


def _instalments(_: DealDocument, notes: list[Note]) -> str | None:
    return None if any(note.amortization for note in notes) else f"{_names(notes)} has no amortization"


_OF_CLASSES: Mapping[str, Callable[[DealDocument, list[Note]], str | None]] = {
    "pay_interest": _interest,
    "pay_deferred_interest": _deferred,
    "pay_amortization": _instalments,
}


def _names(notes: list[Note]) -> str:
    return words.joined([note.name for note in notes])


def _without_cap(document: DealDocument, step: PayFee) -> str | None:
    names = [name for group in step.fees for name in group]
    caps = {fee.name: fee.cap for fee in document.fees}
    if step.part != "above_cap" or any(caps.get(name) is not None for name in names):
        return None
    return f"{words.joined(names)} has no cap"


def _without_end(document: DealDocument, step: PayHedge) -> str | None:
    names = [name for group in step.hedges for name in group]
    ends = {hedge.name: hedge.termination for hedge in document.hedges}
    if step.part not in ("termination", "defaulted") or any(ends.get(name) is not None for name in names):
        return None
    return f"nothing ends {words.joined(names)}"


def _never_filled(document: DealDocument, step: Transfer | ReleaseReserve) -> str | None:
    name = step.from_ if isinstance(step, Transfer) else step.account
    others = [placed.step for placed in placed_steps(document)]
    filled = {other.to for other in others if other.verb == "transfer"}
    filled |= {other.account for other in others if other.verb == "fund_reserve"}
    empty = any(account.name == name and not account.initial for account in document.accounts)
    return f"nothing is put into {name}" if empty and name not in filled else None
