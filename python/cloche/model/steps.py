"""The steps of the priorities of payments: one class per verb, held in tagged form."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from cloche.model.document import Document, problem
from cloche.model.step_grammar import tagged_step
from cloche.model.step_schema import GROUPS_SCHEMA, STEP_PLACEHOLDER
from cloche.model.text import NOT_EMPTY, Expression, Flag, Name
from cloche.model.units import SHARE, Share
from cloche.model.wording import found

__all__ = ["Block", "Groups", "Step", "StepList", "Waterfalls"]


def _groups(value: object) -> object:
    """Return groups from a name, a list of names (one group) or a list of lists."""
    if isinstance(value, str):
        return [[value]]
    if isinstance(value, list | tuple):
        if any(isinstance(item, list | tuple) for item in value):
            return [[item] if isinstance(item, str) else item for item in value]
        return [value] if value else []
    message = f"found {found(value)}, expected a name, a list of names or a list of lists"
    raise PydanticCustomError("groups", "{message}", {"message": message})


def _named_share(value: object) -> object:
    return value if value == "post_period_share" else SHARE(value)


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


_GROUPS_SCHEMA = WithJsonSchema(GROUPS_SCHEMA, mode="validation")
Group = Annotated[tuple[Name, ...], NOT_EMPTY]
Groups = Annotated[tuple[Group, ...], NOT_EMPTY, BeforeValidator(_groups), _GROUPS_SCHEMA]
Names = Annotated[tuple[Name, ...], NOT_EMPTY, BeforeValidator(_names)]
NamedShare = Annotated[float | Literal["post_period_share"], BeforeValidator(_named_share)]


class _Step(Document):
    """What every step may carry.

    Parameters
    ----------
    when
        Condition; the step is skipped where it does not hold.
    amount
        Largest amount the step may pay, an expression.
    label
        Letter of the clause; it appears in the ledger.
    """

    when: Expression | None = None
    amount: Expression | None = None
    label: Name | None = None


class PayFee(_Step):
    """Pay fees by amount due; `part` selects what of them."""

    verb: Literal["pay_fee"] = "pay_fee"
    fees: Groups
    part: Literal["all", "current", "unpaid", "capped", "above_cap"] = "all"


class PayInterest(_Step):
    """Pay current and overdue interest by amount due."""

    verb: Literal["pay_interest"] = "pay_interest"
    notes: Groups


class PayDeferredInterest(_Step):
    """Pay interest that was deferred on earlier dates."""

    verb: Literal["pay_deferred_interest"] = "pay_deferred_interest"
    notes: Groups


class PayAmortization(_Step):
    """Pay the instalment of a class X."""

    verb: Literal["pay_amortization"] = "pay_amortization"
    notes: Groups


class PayPariPassu(_Step):
    """Steps that share by amount due."""

    verb: Literal["pay_pari_passu"] = "pay_pari_passu"
    steps: SomeSteps


class PayPrincipal(_Step):
    """Pay principal by a named sequence, or to groups of notes."""

    verb: Literal["pay_principal"] = "pay_principal"
    sequence: Name | None = None
    notes: Groups | None = None
    with_deferred: Flag = False

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.sequence is None) == (self.notes is None):
            message = "found neither or both of sequence and notes, expected one of them"
            raise ValidationError.from_exception_data("PayPrincipal", [problem((), message)])
        return self


class PayShortfalls(_Step):
    """Pay what the interest waterfall left unpaid, up to the step that pays `through`."""

    verb: Literal["pay_shortfalls"] = "pay_shortfalls"
    through: Name


class Cure(_Step):
    """Pay notes, or buy, until the tests pass; without `pay` and `pay_notes` by the note payment sequence."""

    verb: Literal["cure"] = "cure"
    tests: Names
    pay: Name | None = None
    pay_notes: Groups | None = None


class Divert(_Step):
    """Pay the least of a share of what remains and the need of a test, to principal or to notes."""

    verb: Literal["divert"] = "divert"
    test: Name
    share: Share
    to: Literal["principal", "notes"]


class Reinvest(_Step):
    """Keep a share of the principal for purchases; the share may be named in the scenario."""

    verb: Literal["reinvest"] = "reinvest"
    of: Literal["all", "unscheduled"]
    share: NamedShare


class IncentiveFee(_Step):
    """Pay the share of the residual above the hurdle."""

    verb: Literal["incentive_fee"] = "incentive_fee"
    fee: Name


class PayResidual(_Step):
    """Pay what is left; with `until` only up to the hurdle of that incentive fee."""

    verb: Literal["pay_residual"] = "pay_residual"
    notes: Groups
    until: Name | None = None


class PayHedge(_Step):
    """Pay what hedge counterparties are owed; `part` selects what of it."""

    verb: Literal["pay_hedge"] = "pay_hedge"
    hedges: Groups
    part: Literal["all", "periodic", "termination", "defaulted"] = "all"


class Transfer(_Step):
    """Move cash between proceeds and accounts; `interest` and `principal` mean the proceeds."""

    verb: Literal["transfer"] = "transfer"
    from_: Name = Field(alias="from")
    to: Name


class FundReserve(_Step):
    """Fill an account up to an amount; without one up to its target."""

    verb: Literal["fund_reserve"] = "fund_reserve"
    account: Name
    up_to: Expression | None = None


class ReleaseReserve(_Step):
    """Take from an account what is above an amount; without one above its target."""

    verb: Literal["release_reserve"] = "release_reserve"
    account: Name
    above: Expression | None = None


class Turbo(_Step):
    """Pay deferred interest and principal of notes with a share of what is left."""

    verb: Literal["turbo"] = "turbo"
    notes: Groups
    share: Share


class Draw(_Step):
    """Pay what interest left unpaid, up to the step that pays `through`, with money drawn on a commitment."""

    verb: Literal["draw"] = "draw"
    note: Name
    through: Name


class Retain(_Step):
    """Leave what is left on deposit."""

    verb: Literal["retain"] = "retain"


class Block(Document):
    """Steps under one condition, and those of the other case."""

    verb: Literal["block"] = "block"
    when: Expression | None = None
    label: Name | None = None
    steps: SomeSteps
    otherwise: StepList = Field(default=(), alias="else")


class _StepSchema:
    """JSON Schema of a step: what people write when validating, the tagged form when serializing."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        if handler.mode == "serialization":
            return handler(schema)
        return {"title": STEP_PLACEHOLDER}


Step = Annotated[
    PayFee
    | PayInterest
    | PayDeferredInterest
    | PayAmortization
    | PayPariPassu
    | PayPrincipal
    | PayShortfalls
    | Draw
    | Cure
    | Divert
    | Reinvest
    | IncentiveFee
    | PayResidual
    | PayHedge
    | Transfer
    | FundReserve
    | ReleaseReserve
    | Turbo
    | Retain
    | Block,
    Field(discriminator="verb"),
    BeforeValidator(tagged_step),
    _StepSchema(),
]
StepList = tuple[Step, ...]
SomeSteps = Annotated[StepList, NOT_EMPTY]
for _recursive in (PayPariPassu, Block):
    _recursive.model_rebuild()


class Waterfalls(Document):
    """The priorities of payments by status.

    Parameters
    ----------
    receipts
        Before `interest`: reserves in and out, designations.
    interest, principal
        The two priorities of a deal that is not accelerated.
    acceleration, redemption
        One pot, after an acceleration and on a redemption date.
    """

    receipts: StepList = ()
    interest: StepList
    principal: StepList
    acceleration: StepList = ()
    redemption: StepList = ()
