"""The deal document as a whole, in normalized form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from cloche.model.accounts import Account, Hedge
from cloche.model.collateral import CollateralRules
from cloche.model.conventions import Conventions
from cloche.model.dates import Closing, Dates
from cloche.model.default_events import DefaultEvents
from cloche.model.document import Document
from cloche.model.events import Event
from cloche.model.fees import Fee
from cloche.model.notes import Note
from cloche.model.reinvestment_rules import ReinvestmentRules
from cloche.model.resets import Reset
from cloche.model.rights import Rights
from cloche.model.steps import Block, Cure, Groups, PayPariPassu, PayPrincipal, Step, StepList, Waterfalls
from cloche.model.tests import CoverageTest
from cloche.model.text import NOT_EMPTY, Currency, Name
from cloche.model.units import PositiveMoney

__all__ = ["DealDocument", "canonical_events"]


class DealDocument(Document):
    """A deal: notes, fees, tests, collateral rules and the priorities of payments.

    Parameters
    ----------
    cloche
        Version of the grammar.
    name, currency
        Name of the deal, ISO code of its currency.
    target_par
        Par that the deal is built for, in money.
    dates, closing
        Dates and rules of dates; the closing balance sheet.
    notes, fees, tests
        Classes of notes, fees and expenses, coverage tests.
    accounts, hedges
        Accounts and hedges, by name.
    collateral, reinvestment
        How collateral counts; what must hold for a purchase.
    sequences
        Named sequences of groups of notes; `note_payment_sequence` is by principal rank unless stated.
    waterfalls
        The priorities of payments.
    default_events, rights, events
        Events of default; what the documents allow; what has happened or is contracted.
    conventions
        Where indentures differ.
    template
        Name of a template that fills `collateral`, `sequences`, `waterfalls` and `default_events` where they
        are absent; the normalized document does not hold it.
    """

    cloche: Literal[1]
    name: Name
    currency: Currency
    target_par: PositiveMoney
    dates: Dates
    closing: Closing = Closing()
    notes: Annotated[tuple[Note, ...], NOT_EMPTY]
    fees: tuple[Fee, ...] = ()
    accounts: tuple[Account, ...] = ()
    hedges: tuple[Hedge, ...] = ()
    tests: tuple[CoverageTest, ...] = ()
    collateral: CollateralRules = CollateralRules()
    reinvestment: ReinvestmentRules = ReinvestmentRules()
    sequences: dict[Name, Groups] = Field(default_factory=dict)
    waterfalls: Waterfalls
    default_events: DefaultEvents | None = None
    rights: Rights | None = None
    events: tuple[Event, ...] = ()
    conventions: Conventions = Conventions()
    template: Annotated[Literal["us_bsl_2"] | None, Field(exclude=True)] = None

    @model_validator(mode="after")
    def _name_targets(self) -> Self:
        """Read a bare name in `pay_principal` or a cure's `pay` as a note where no sequence has it."""
        notes = {note.name for note in self.notes} - set(self.sequences)
        falls = {key: _targets(getattr(self.waterfalls, key), notes) for key in Waterfalls.model_fields}
        self.__dict__["template"] = None
        self.__dict__["waterfalls"] = self.waterfalls.model_copy(update=falls)
        return self

    def to_canonical(self) -> dict[str, Any]:
        """Return the deal in canonical form; the serde types of the engine read it once amendments are carried out."""
        written = {**super().to_canonical(), "conventions": self.conventions.to_canonical()}
        written["events"] = canonical_events(self.events)
        return written


Reset.model_rebuild(_types_namespace={"DealDocument": DealDocument})
Event.model_rebuild()
DealDocument.model_rebuild()


def canonical_events(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Return events in canonical form."""
    written = [event.to_canonical() for event in events]
    for event, entry in zip(events, written, strict=True):
        if event.reset is not None:
            entry["reset"]["into"] = event.reset.into.to_canonical()
    return written


def _targets(steps: StepList, notes: set[str]) -> StepList:
    return tuple(_target(step, notes) for step in steps)


def _target(step: Step, notes: set[str]) -> Step:
    if isinstance(step, PayPrincipal) and step.sequence in notes:
        return step.model_copy(update={"sequence": None, "notes": ((step.sequence,),)})
    if isinstance(step, Cure) and step.pay in notes:
        return step.model_copy(update={"pay": None, "pay_notes": ((step.pay,),)})
    if isinstance(step, PayPariPassu):
        return step.model_copy(update={"steps": _targets(step.steps, notes)})
    if isinstance(step, Block):
        return step.model_copy(
            update={"steps": _targets(step.steps, notes), "otherwise": _targets(step.otherwise, notes)}
        )
    return step
