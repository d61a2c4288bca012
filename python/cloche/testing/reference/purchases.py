"""Cash that buys collateral, waits for a purchase or stays on deposit."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from cloche.testing.reference import conditions
from cloche.testing.reference.day import Day, Row
from cloche.testing.reference.proceeds import COLLATERAL, INTEREST_ACCOUNT, PRINCIPAL_ACCOUNT, Proceeds, Step


def reinvest(cash: Proceeds, step: Step) -> None:
    """Buy collateral, or during the reinvestment period hold the cash while a condition does not hold.

    Nothing is bought on the last date, and nothing from one pot. A payment date from a state has no collateral to
    measure: what could buy stays on deposit.
    """
    day = cash.day
    share = step["share"]
    if isinstance(share, str):
        share = getattr(day, share)
    base = cash.available if step["of"] == "all" else day.unscheduled
    wanted = 0.0 if day.period.last or cash.pot else min(cash.available, share * base)
    amount = min(wanted, cash.limit(step, wanted))
    rules = day.deal.get("reinvestment", {})
    during = day.in_reinvestment
    asked = rules.get("during", ()) if during else (rules.get("after") or {}).get("conditions", ())
    fails = None
    if "coverage" in asked and not coverage_holds(day):
        fails = "a coverage test fails"
    elif wanted > 0 and day.holdings is not None and not conditions.hold(day, asked, amount):
        fails = "a condition of purchases fails"
    held = fails is not None
    if step is month_end_step(day.deal):
        day.purchases_allowed = not held
    if held and not during:
        cash.write(step, COLLATERAL, 0.0, 0.0, fails, transfer=True)
        return
    if held:
        day.held_principal += amount
    else:
        day.purchase_cash += amount
    payee = PRINCIPAL_ACCOUNT if held else COLLATERAL
    cash.write(step, payee, wanted, amount, fails, transfer=True)


def month_end_step(deal: Mapping[str, Any]) -> Step | None:
    """The step whose purchases are also made at month ends: it takes all principal during the reinvestment period."""
    for step in deal["waterfalls"]["principal"]:
        takes_all = step["verb"] == "reinvest" and (step["of"], step["share"]) == ("all", 1.0)
        always = step.get("when") in {None, "during_reinvestment"} and step.get("amount") is None
        if takes_all and always:
            found: Step = step
            return found
    return None


def month_end_rows(payment_date: date, purchases: Sequence[tuple[date, float]]) -> list[Row]:
    """Rows of the ledger of a payment date for what was bought at month ends before it, labelled with their days."""
    return [
        {
            "date": payment_date,
            "waterfall": "month_ends",
            "step": "reinvest",
            "label": day.isoformat(),
            "payee": COLLATERAL,
            "due": cash,
            "paid": cash,
            "available_before": cash,
            "available_after": 0.0,
            "source": "transfer",
            "reason": None,
        }
        for day, cash in purchases
    ]


def coverage_holds(day: Day) -> bool:
    """Whether every coverage test that a cure names holds now."""
    waterfalls = day.deal["waterfalls"]
    named = {
        name
        for side in ("interest", "principal")
        for step in cures(waterfalls[side])
        for name in step["tests"]
    }
    asked = [test for test in day.tests.values() if test.name in named and test.kind != "target_par"]
    return all(day.passes(test) for test in asked)


def cures(steps: Sequence[Step]) -> Iterator[Step]:
    """Cure steps of a waterfall, those of both branches of a block included."""
    for step in steps:
        if step["verb"] == "block":
            yield from cures([*step["steps"], *step.get("else", ())])
        elif step["verb"] == "cure":
            yield step


def retain(cash: Proceeds, step: Step) -> None:
    """Leave what is left on deposit."""
    amount = cash.limit(step, cash.available)
    cash.hold(amount)
    account = INTEREST_ACCOUNT if cash.name == "interest" else PRINCIPAL_ACCOUNT
    cash.write(step, account, amount, amount, None, transfer=True)
