"""What a document says and probably does not mean: steps that never pay, tests that nothing cures, unpaid items."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from cloche.errors import Problem
from cloche.model import words
from cloche.model.closing_balance import closing_doubts
from cloche.model.deal_document import DealDocument
from cloche.model.fees import Fee
from cloche.model.never_due import never_due
from cloche.model.placed_steps import PlacedStep, mentioned, placed_steps, sequences_of
from cloche.model.steps import Step
from cloche.model.tests import CoverageTest
from cloche.model.unpaid_classes import partly_paid_classes

__all__ = ["doubts"]

_NORMAL = ("receipts", "interest", "principal")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_NEVER_STATIC = ("during_reinvestment", "not after_reinvestment")
_NEVER_NORMAL = tuple(
    f"status == {quote}{status}{quote}" for status in ("accelerated", "redemption") for quote in "'\""
)
_NOTHING = ("0", "0.0")
# After such a step nothing is left for the same claim: it was paid, or the money is gone.
_WHOLE = ("pay_interest", "pay_deferred_interest", "pay_amortization")


def doubts(document: DealDocument) -> list[Problem]:
    """Return the places of a valid deal that probably say something else than is meant.

    Parameters
    ----------
    document
        The deal.
    """
    steps = list(placed_steps(document))
    found = [
        *partly_paid_classes(document),
        *_fees(document, steps),
        *_hedges(document, steps),
        *_tests(document, steps),
        *_sequences(document, steps),
        *_steps(document, steps),
        *_purchases(document, steps),
        *_causes(document),
        *_unassigned(document),
    ]
    own = [Problem(place, message) for place, message in found]
    return [*own, *closing_doubts(document), *_after_resets(document)]


def _unassigned(document: DealDocument) -> Iterator[tuple[str, str]]:
    """Yield the waterfalls of one pot whose last step can leave cash that nobody gets: the run ends with it."""
    for fall in ("acceleration", "redemption"):
        steps = getattr(document.waterfalls, fall)
        if steps and not _takes_all(steps[-1]):
            expected = "expected an unconditional pay_residual (without until) or retain"
            yield f"waterfalls.{fall}", f"the last step can leave cash unassigned; {expected}"


def _takes_all(step: Step) -> bool:
    limited = any(getattr(step, key, None) is not None for key in ("when", "amount", "until"))
    return getattr(step, "verb", None) in ("pay_residual", "retain") and not limited


def _after_resets(document: DealDocument) -> Iterator[Problem]:
    """Yield the doubts about documents that resets bring in; their closing buys no pool."""
    for k, event in enumerate(document.events):
        if event.reset is not None:
            into = event.reset.into
            closing = {(place, message) for place, message in closing_doubts(into)}
            for place, message in doubts(into):
                if (place, message) not in closing:
                    yield Problem(f"events[{k}].reset.into.{place}", message)
            before, after = document.dates.stated_maturity, into.dates.stated_maturity
            if after < before:
                message = (
                    f"{after} is before {before}, up to which the collateral may run: loans that mature later are "
                    "long-dated, and sold on the last date"
                )
                yield Problem(f"events[{k}].reset.into.dates.stated_maturity", message)


def _fees(document: DealDocument, steps: Sequence[PlacedStep]) -> Iterator[tuple[str, str]]:
    paid = {name for placed in steps if placed.fall in _NORMAL for name in mentioned(placed.step)}
    for k, fee in enumerate(document.fees):
        if fee.name not in paid:
            yield f"fees[{k}]", f"no step pays {fee.name}: it stays unpaid and grows"
        elif _is_zero(fee):
            yield f"fees[{k}]", f"{fee.name} is zero: its steps never have anything due"


def _hedges(document: DealDocument, steps: Sequence[PlacedStep]) -> Iterator[tuple[str, str]]:
    paid = {name for placed in steps if placed.fall == "interest" for name in mentioned(placed.step)}
    for k, hedge in enumerate(document.hedges):
        if hedge.pay is not None and hedge.name not in paid:
            yield f"hedges[{k}]", f"no step of the interest waterfall pays what {hedge.name} costs"


def _tests(document: DealDocument, steps: Sequence[PlacedStep]) -> Iterator[tuple[str, str]]:
    cures = [name for placed in steps if placed.step.verb == "cure" for name in placed.step.tests]
    used = {*cures, *(placed.step.test for placed in steps if placed.step.verb == "divert")}
    expressions = [
        getattr(placed.step, key, None) for placed in steps for key in ("amount", "up_to", "above")
    ]
    texts = [
        *(text for placed in steps for text in placed.conditions),
        *(text for text in expressions if text),
    ]
    texts += [account.target for account in document.accounts if account.target is not None]
    texts += [event.when for event in document.events if event.when is not None]
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


def _sequences(document: DealDocument, steps: Sequence[PlacedStep]) -> Iterator[tuple[str, str]]:
    used = {name for placed in steps for name in sequences_of(placed.step)}
    for name in document.sequences:
        if name not in used:
            yield f"sequences.{name}", "no step pays by this sequence"


def _steps(document: DealDocument, steps: Sequence[PlacedStep]) -> Iterator[tuple[str, str]]:
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


def _purchases(document: DealDocument, steps: Sequence[PlacedStep]) -> Iterator[tuple[str, str]]:
    """Yield rules of purchases after the reinvestment period where none are made."""
    place = "reinvestment.after"
    if document.reinvestment.after is None:
        return
    if document.dates.reinvestment_end is None:
        yield place, "nothing follows from it: the deal has no reinvestment period"
    elif not any(placed.step.verb == "reinvest" and placed.step.of == "unscheduled" for placed in steps):
        yield place, "nothing is bought after the period: no step is `reinvest: {of: unscheduled, …}`"


def _causes(document: DealDocument) -> Iterator[tuple[str, str]]:
    """Yield causes of default that can never happen, and what would follow an acceleration where there is none."""
    events = document.default_events
    if events is None:
        return
    if events.accelerate != "automatic" and events.liquidate in ("when_covered", "always"):
        yield (
            "default_events.liquidate",
            "nothing is ever sold: `accelerate: automatic` is not said, so that the notes are never accelerated",
        )
    if events.accelerate == "never":
        return
    for k, cause in enumerate(events.causes):
        if cause == "par_ratio" and not any(test.kind == "eod_par_ratio" for test in document.tests):
            yield (
                f"default_events.causes[{k}]",
                "par_ratio never happens: no test is of the kind eod_par_ratio",
            )


def _claims(placed: PlacedStep) -> set[tuple[str, str, str]]:
    """Return what a step pays in full wherever money is left: waterfall, verb, payee."""
    step, fall = placed.step, placed.fall
    if step.verb == "pay_fee" and step.part == "all":
        return {(fall, "pay_fee", name) for group in step.fees for name in group}
    if step.verb in _WHOLE:
        groups: Sequence[Sequence[str]] = getattr(step, "notes", ())
        return {(fall, step.verb, name) for group in groups for name in group}
    return set()


def _never(document: DealDocument, placed: PlacedStep) -> str | None:
    """Return why a step never pays anything, None where it may."""
    condition = _never_holds(document, placed)
    if condition is not None:
        return condition
    step = placed.step
    if getattr(step, "amount", None) in _NOTHING:
        return "never pays anything: its amount is zero"
    if step.verb == "reinvest" and document.dates.reinvestment_end is None:
        return "never buys anything: the deal has no reinvestment period"
    if step.verb == "divert" and step.share == 0.0:
        return "never diverts anything: its share is zero"
    if step.verb == "turbo" and step.share == 0.0:
        return "never pays anything: its share is zero"
    reason = never_due(document, step)
    return None if reason is None else f"never has anything due: {reason}"


def _never_holds(document: DealDocument, placed: PlacedStep) -> str | None:
    static = document.dates.reinvestment_end is None
    condition = next((text for text in placed.conditions if text in _NEVER_STATIC), None)
    if static and condition is not None:
        return f"never acts: the deal has no reinvestment period, so `{condition}` never holds"
    if placed.fall in _NORMAL:
        condition = next((text for text in placed.conditions if text in _NEVER_NORMAL), None)
        if condition is not None:
            return f"never acts: a date with one pot has its own waterfall, so `{condition}` never holds here"
    return None


def _is_zero(fee: Fee) -> bool:
    amounts = [fee.amount_per_period, fee.rate, fee.fixed_per_year, *(tier.rate for tier in fee.tiers)]
    return fee.waived == 1.0 or (not fee.hurdles and all(not amount for amount in amounts))
