"""The priorities of payments in the words of an indenture: lettered clauses that a lawyer recognizes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cloche.model import words
from cloche.model.deal_document import DealDocument
from cloche.model.describe_terms import terms_in_words
from cloche.model.event_words import event_in_words, event_name
from cloche.model.steps import (
    Block,
    Cure,
    Divert,
    Draw,
    FundReserve,
    IncentiveFee,
    PayAmortization,
    PayDeferredInterest,
    PayFee,
    PayHedge,
    PayInterest,
    PayPariPassu,
    PayPrincipal,
    PayResidual,
    PayShortfalls,
    Reinvest,
    ReleaseReserve,
    Retain,
    Step,
    Transfer,
    Turbo,
)

__all__ = ["clause_letter", "describe_deal", "describe_waterfall", "labels_of", "sentence"]

_TITLES = {
    "receipts": ("RECEIPTS", "Before interest proceeds are applied, on each payment date:"),
    "interest": (
        "INTEREST PROCEEDS",
        "On each payment date, interest proceeds are applied in the following order of priority:",
    ),
    "principal": (
        "PRINCIPAL PROCEEDS",
        "On each payment date, principal proceeds are applied in the following order of priority:",
    ),
    "acceleration": (
        "ACCELERATION",
        "After an acceleration, all proceeds are applied in the following order of priority:",
    ),
    "redemption": (
        "REDEMPTION",
        "On a redemption date, all proceeds are applied in the following order of priority:",
    ),
}
_WIDTH = 110
_BY_AMOUNTS = ", pro rata based on amounts due"
_PARTS = {
    "current": ", the amount of this payment date",
    "unpaid": ", the amount unpaid on earlier payment dates",
    "above_cap": ", the amount above its cap",
}


def describe_deal(document: DealDocument) -> str:
    """Return a deal in words: classes, tests, what else it has, every waterfall clause by clause, events."""
    names = [name for name in _TITLES if getattr(document.waterfalls, name)]
    falls = [describe_waterfall(document, name) for name in names]
    parts = ["\n".join(_overview(document)), *falls, *_events(document)]
    return "\n\n".join(parts) + "\n"


def _events(document: DealDocument) -> Iterator[str]:
    """Yield the events in words, then what rules after each reset."""
    events = document.to_canonical()["events"]
    if not events:
        return
    lines = ["EVENTS", ""]
    for number, event in enumerate(events, 1):
        head = f"({number})".ljust(5)
        lines += textwrap.wrap(
            event_in_words(event) + ("." if number == len(events) else ";"),
            _WIDTH,
            initial_indent=head,
            subsequent_indent=" " * len(head),
        )
    yield "\n".join(lines)
    for event, written in zip(document.events, events, strict=True):
        if event.reset is not None:
            yield f"AFTER {event_name(written).upper()}\n\n{describe_deal(event.reset.into)}".rstrip()


def _overview(document: DealDocument) -> Iterator[str]:
    dates = document.dates
    yield f"{document.name} ({document.currency} {words.money(document.target_par)} target par)"
    yield f"closing {dates.closing}, first payment {dates.first_payment}, maturity {dates.stated_maturity}"
    reinvesting = f"reinvestment until {dates.reinvestment_end}" if dates.reinvestment_end else "static"
    yield reinvesting + (f", non-call until {dates.non_call_end}" if dates.non_call_end else "")
    yield ""
    for note in document.notes:
        rating, coupon = "/".join(note.rating.values()), words.note_terms(note)
        row = f"  {note.name:<8}{words.money(words.note_balance(note)):>15}  {rating:<8}{coupon:<22}"
        yield (row + ("deferrable" if note.deferrable else "")).rstrip()
    yield from terms_in_words(document)


def describe_waterfall(document: DealDocument, name: str) -> str:
    """Return a waterfall in words.

    Parameters
    ----------
    document
        The deal.
    name
        ``receipts``, ``interest``, ``principal``, ``acceleration`` or ``redemption``.
    """
    title, opening = _TITLES[name]
    steps: Sequence[Step] = getattr(document.waterfalls, name)
    lines = [title, "", opening, ""]
    if not steps:
        return "\n".join([*lines, "(nothing)"])
    labels = labels_of(steps)
    width = max(len(label) for label in labels) + 3
    for position, (label, step) in enumerate(zip(labels, steps, strict=True)):
        end = "." if position == len(steps) - 1 else ";"
        clause = _Clauses(document).clause(step) + end
        head = f"({label})".ljust(width)
        for part in clause.split("\n"):
            lines += textwrap.wrap(part, _WIDTH, initial_indent=head, subsequent_indent=" " * width)
            head = " " * width
    return "\n".join(lines)


def labels_of(steps: Sequence[Step]) -> list[str]:
    """Return the label of each clause of a waterfall, letters in order where a step has none."""
    return [step.label or clause_letter(position) for position, step in enumerate(steps)]


def sentence(document: DealDocument, step: Step) -> str:
    """Return one step in words."""
    return _Clauses(document).clause(step)


def clause_letter(position: int) -> str:
    """Return the letter of a clause that has no label, by its position from 0 in its waterfall.

    Examples
    --------
    >>> clause_letter(0), clause_letter(25), clause_letter(26)
    ('A', 'Z', 'AA')
    """
    first, second = divmod(position, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + second)


class _Clauses:
    """One sentence a step, with the numbers of the deal it belongs to."""

    def __init__(self, document: DealDocument) -> None:
        self._fees = {fee.name: fee for fee in document.fees}
        self._targets = {account.name: account.target for account in document.accounts}
        self._tests = {test.name: test for test in document.tests}

    def clause(self, step: Step) -> str:
        """Return the sentence of a step, its condition first, its largest amount last."""
        text = self._sentence(step)
        if step.when is not None:
            text = f"{words.condition(step.when)}, {text}"
        amount = getattr(step, "amount", None)
        return text if amount is None else f"{text}, {words.largest(amount)}"

    def _sentence(self, step: Step) -> str:
        writers: dict[type, Callable[[Any], str]] = {
            PayFee: self._pay_fee,
            PayPariPassu: self._pay_pari_passu,
            PayPrincipal: self._pay_principal,
            Cure: self._cure,
            Divert: self._divert,
            Reinvest: self._reinvest,
            IncentiveFee: self._incentive_fee,
            PayResidual: self._pay_residual,
            Block: self._block,
            PayInterest: self._due("interest on"),
            PayDeferredInterest: self._due("deferred interest on"),
            PayAmortization: self._due("the amortization of"),
            PayShortfalls: self._pay_shortfalls,
            Draw: self._draw,
            PayHedge: self._pay_hedge,
            Transfer: lambda step: f"from {_purse(step.from_)} to {_purse(step.to)}",
            FundReserve: self._fund_reserve,
            ReleaseReserve: self._release_reserve,
            Turbo: self._turbo,
            Retain: lambda _: "what remains stays on deposit",
        }
        return writers[type(step)](step)

    def _due(self, what: str) -> Callable[[Any], str]:
        return lambda step: (
            f"to the payment of {what} {words.groups_in_words(step.notes, 'pro rata based on amounts due')}"
        )

    def _pay_fee(self, step: PayFee) -> str:
        paid = []
        for group in step.fees:
            names = words.joined([self._fee(name, step.part) for name in group])
            paid.append(names + (_BY_AMOUNTS if len(group) > 1 else ""))
        return f"to the payment of {', then '.join(paid)}"

    def _fee(self, name: str, part: str) -> str:
        fee = self._fees.get(name)
        if fee is None:
            return name
        if part == "capped":
            return f"{name} ({words.fee_terms(fee)}), up to the cap of {words.fee_cap(fee)}"
        return f"{name}{_PARTS[part]}" if part in _PARTS else f"{name} ({words.fee_terms(fee)})"

    def _pay_pari_passu(self, step: PayPariPassu) -> str:
        parts = [self.clause(item).removeprefix("to the payment of ") for item in step.steps]
        parts = [part.removesuffix(_BY_AMOUNTS) for part in parts]
        numbered = [f"({position}) {part}" for position, part in enumerate(parts, 1)]
        return f"to the payment, pro rata based on amounts due, of {words.joined(numbered)}"

    def _pay_principal(self, step: PayPrincipal) -> str:
        if step.sequence is not None:
            return f"to the payment of principal of the notes in accordance with {_sequence(step.sequence)}"
        what = "deferred interest on, then principal of, " if step.with_deferred else "principal of "
        return (
            f"to the payment of {what}{words.groups_in_words(step.notes or (), 'pro rata based on balances')}"
        )

    def _pay_shortfalls(self, step: PayShortfalls) -> str:
        left = "what interest proceeds left unpaid of fees and interest, in their order and within their caps"
        return f"to the payment of {left}, through interest on {words.classes([step.through])}"

    def _draw(self, step: Draw) -> str:
        left = "what is unpaid of fees and interest, in their order and within their caps"
        through = f"through interest on {words.classes([step.through])}"
        return f"by drawing on the commitment of {words.classes([step.note])}, to the payment of {left}, {through}"

    def _cure(self, step: Cure) -> str:
        tests = [
            words.trigger_level(self._tests[name]) if name in self._tests else name for name in step.tests
        ]
        which = f"if {tests[0]}" if len(tests) == 1 else f"if any of {words.joined(tests)}"
        end = "it is satisfied" if len(tests) == 1 else "all are satisfied"
        if any(name in self._tests and self._tests[name].kind == "target_par" for name in step.tests):
            end = "the ratings are confirmed"
        if step.pay == "buy":
            return f"{which} is not satisfied, to the purchase of collateral until {end}"
        if step.pay_notes is not None:
            target = words.groups_in_words(step.pay_notes, "pro rata based on balances")
        else:
            target = f"the notes in accordance with {_sequence(step.pay or 'note_payment_sequence')}"
        what = f"deferred interest on and principal of {target}"
        return f"{which} is not satisfied, to the payment of {what} until {end}"

    def _divert(self, step: Divert) -> str:
        test = words.trigger_level(self._tests[step.test]) if step.test in self._tests else step.test
        target = "the principal account" if step.to == "principal" else "the payment of the notes"
        share = (
            f"the lesser of {words.percent(step.share)} of what remains and the amount needed to satisfy it"
        )
        return f"if {test} is not satisfied, to {target}, {share}"

    def _reinvest(self, step: Reinvest) -> str:
        what = "principal proceeds" if step.of == "all" else "unscheduled principal payments"
        if isinstance(step.share, str):
            return f"to the purchase of collateral with the reinvested share of {what}"
        share = "" if step.share == 1.0 else f"{words.percent(step.share)} of "
        return f"to the purchase of collateral with {share}{what}"

    def _incentive_fee(self, step: IncentiveFee) -> str:
        fee = self._fees.get(step.fee)
        return f"to the payment of {step.fee}" + (f", {words.fee_terms(fee)}" if fee else "")

    def _pay_residual(self, step: PayResidual) -> str:
        target = words.groups_in_words(step.notes, "pro rata based on balances")
        if step.until is None:
            return f"to {target}, what remains"
        rates = [hurdle.irr for hurdle in self._fees[step.until].hurdles] if step.until in self._fees else []
        hurdles = [words.percent(rate) for rate in rates if rate is not None]
        of = f" of {hurdles[0]}" if hurdles else ""
        return (
            f"to {target}, until the internal rate of return{of} above which {step.until} is due is reached"
        )

    def _pay_hedge(self, step: PayHedge) -> str:
        parts = {
            "all": "hedge payments under",
            "periodic": "periodic hedge payments under",
            "termination": "hedge termination payments under",
            "defaulted": "hedge termination payments to defaulted counterparties under",
        }
        paid = [words.joined(list(group)) + (_BY_AMOUNTS if len(group) > 1 else "") for group in step.hedges]
        return f"to the payment of {parts[step.part]} {', then '.join(paid)}"

    def _fund_reserve(self, step: FundReserve) -> str:
        target = step.up_to or self._targets.get(step.account)
        return f"to the account {step.account}, until its balance is {target}"

    def _release_reserve(self, step: ReleaseReserve) -> str:
        floor = step.above or self._targets.get(step.account)
        what = "its balance" if floor is None else f"its balance above {floor}"
        return f"from the account {step.account}, {what}"

    def _turbo(self, step: Turbo) -> str:
        target = words.groups_in_words(step.notes, "pro rata based on balances")
        share = f"{words.percent(step.share)} of what remains"
        return f"to the payment of deferred interest on and principal of {target}, {share}"

    def _block(self, step: Block) -> str:
        parts = "\n".join(
            f"({_roman(position)}) {self.clause(item)}" for position, item in enumerate(step.steps, 1)
        )
        text = f"in this order:\n{parts}"
        if step.otherwise:
            others = "\n".join(
                f"({_roman(position)}) {self.clause(item)}" for position, item in enumerate(step.otherwise, 1)
            )
            text += f"\notherwise, in this order:\n{others}"
        return text


def _purse(name: str) -> str:
    return f"{name} proceeds" if name in ("interest", "principal") else f"the account {name}"


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _sequence(name: str) -> str:
    return f"the {_spoken(name)}" if name.endswith("sequence") else f"the sequence {_spoken(name)}"


def _roman(number: int) -> str:
    text = ""
    for value, letters in ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
        while number >= value:
            text += letters
            number -= value
    return text
