"""What a deal has beside classes and waterfalls, in words: commitments, premiums, accounts, hedges, rights and more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cloche.model import words
from cloche.model.accounts import Account, Hedge, Leg
from cloche.model.conventions import Conventions
from cloche.model.deal_document import DealDocument
from cloche.model.default_events import DefaultEvents
from cloche.model.make_whole import MakeWhole
from cloche.model.notes import Commitment, Note, StepUp

__all__ = ["terms_in_words"]

_KINDS = {
    "oc": "overcollateralization",
    "ic": "interest coverage",
    "target_par": "target par",
    "eod_par_ratio": "par ratio of the events of default",
}
_LIQUIDATION = {"always": "is sold", "when_covered": "is sold where it covers them"}


def terms_in_words(document: DealDocument) -> Iterator[str]:
    """Yield the lines that tell what classes have beside a coupon, tests, accounts, hedges, defaults and rights.

    Parameters
    ----------
    document
        The deal.
    """
    tests = [
        (test.name, f"{words.percent(test.trigger):>8}  {_KINDS.get(test.kind, test.kind)}")
        for test in document.tests
    ]
    accounts = [(account.name, _account(account)) for account in document.accounts]
    hedges = [(hedge.name, _hedge(hedge)) for hedge in document.hedges]
    classes = [(note.name, ", ".join(facts)) for note in document.notes if (facts := list(_class(note)))]
    commitments = [
        (note.name, _commitment(note.commitment)) for note in document.notes if note.commitment is not None
    ]
    premiums = [
        (note.name, _make_whole(note.make_whole)) for note in document.notes if note.make_whole is not None
    ]
    for rows in (classes, tests, [*commitments, *premiums, *accounts, *hedges]):
        if rows:
            yield ""
            width = max(20, *(len(name) + 2 for name, _ in rows))
            yield from (f"  {name:<{width}}{text}" for name, text in rows)
    told = [
        *_defaults(document.default_events),
        *_rights(document.rights),
    ]
    told += _conventions(document)
    if told:
        yield ""
        yield from (f"  {line}" for line in told)


def _class(note: Note) -> Iterator[str]:
    """Yield what a class has beside its balance, rating and coupon."""
    if note.combination_of:
        parts = [f"{words.money(part)} of {name}" for name, part in note.combination_of.items()]
        yield f"consists of {words.joined(parts)}"
    coupon = note.coupon
    if coupon is not None:
        if coupon.floor:
            yield f"the index counts at least {words.percent(coupon.floor)}"
        if coupon.cap is not None:
            yield f"the index counts at most {words.percent(coupon.cap)}"
        for step in coupon.step_up:
            fixed = step.fixed is not None
            rate = (
                words.percent(step.fixed or 0.0)
                if fixed
                else words.index_and_spread(coupon.index, step.spread)
            )
            yield f"{rate} {_while(step)}"
    if note.amortization is not None:
        start = (
            f", the first on payment date {note.amortization.start}" if note.amortization.start > 1 else ""
        )
        yield f"repaid in {note.amortization.payments} equal instalments{start}"
    if note.issue_price != 1.0:
        yield f"issued at {words.percent(note.issue_price)}"


def _while(step: StepUp) -> str:
    """Return when a step of a coupon holds."""
    if step.when is None:
        return f"from {step.from_} on"
    return f"for good once {step.when}" if step.lasting else f"while {step.when}"


def _commitment(commitment: Commitment) -> str:
    facts = [f"drawn over time up to {words.money(commitment.amount)}"]
    facts += [f"{words.money(amount)} on {day}" for day, amount in sorted(commitment.draws.items())]
    if commitment.revolving:
        facts.append("what is repaid can be drawn again")
    if commitment.until is not None:
        facts.append(f"until {commitment.until}")
    if commitment.fee:
        facts.append(f"{words.percent(commitment.fee)} a year on what is undrawn")
    return ", ".join(facts)


def _make_whole(premium: MakeWhole) -> str:
    discount = premium.discount
    rate = (
        words.percent(discount.fixed)
        if discount.fixed is not None
        else words.index_and_spread(discount.index, discount.spread)
    )
    return f"redeemed before {premium.until}: a make-whole premium, lost interest discounted at {rate}"


def _account(account: Account) -> str:
    facts = ["account"]
    if account.initial:
        facts.append(f"{words.money(account.initial)} at closing")
    if account.target is not None:
        facts.append(f"filled up to {account.target}")
    facts.append("earns what principal cash earns" if account.earns == "cash" else "earns nothing")
    return ", ".join(facts)


def _hedge(hedge: Hedge) -> str:
    legs = [
        f"{verb} {_leg(leg)}"
        for verb, leg in (("pays", hedge.pay), ("receives", hedge.receive))
        if leg is not None
    ]
    if isinstance(hedge.notional, str):
        notional = f"the balance of {words.classes([hedge.notional])}"
    elif isinstance(hedge.notional, Mapping):
        notional = ", ".join(f"{words.money(amount)} from {day}" for day, amount in hedge.notional.items())
    else:
        notional = words.money(hedge.notional)
    ends = f", ended on {hedge.termination.date}" if hedge.termination is not None else ""
    return f"{', '.join(legs)}, on {notional}{ends}"


def _leg(leg: Leg) -> str:
    if leg.fixed is not None:
        return words.percent(leg.fixed)
    if leg.above is not None:
        return f"what {leg.index} is above {words.percent(leg.above)}"
    if leg.below is not None:
        return f"what {leg.index} is below {words.percent(leg.below)}"
    return words.index_and_spread(leg.index, leg.spread)


def _defaults(rules: DefaultEvents | None) -> Iterator[str]:
    if rules is None or not rules.causes:
        return
    causes = words.joined(
        [cause.replace("_", " ") if isinstance(cause, str) else str(cause.when) for cause in rules.causes],
        "or",
    )
    if rules.accelerate != "automatic":
        yield f"events of default ({causes}) are recorded and change no payment"
        return
    facts = ["until it is cured" if rules.rescind == "when_cured" else "for good"]
    if rules.liquidate in _LIQUIDATION:
        facts.append(f"the collateral {_LIQUIDATION[rules.liquidate]}")
    yield f"an event of default ({causes}) accelerates the notes {'; '.join(facts)}"


def _conventions(document: DealDocument) -> Iterator[str]:
    """Yield the conventions that are not the usual ones."""
    usual = Conventions().to_canonical()
    own = [
        f"{name} {str(value).lower() if isinstance(value, bool) else value}"
        for name, value in document.conventions.to_canonical().items()
        if usual.get(name) != value
    ]
    if own:
        yield f"conventions: {', '.join(own)}"


def _rights(rights: Mapping[str, Any] | None) -> Iterator[str]:
    given = [name.replace("_", " ") for name, terms in (rights or {}).items() if terms is not False]
    if given:
        yield f"rights: {', '.join(given)}"
