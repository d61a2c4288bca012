"""Accounts of a deal: transfers, reserves that are funded and released, what they earn, when they are closed.

An account is outside the collateral amounts and the tests. On the last date, with a sale of all collateral and when
nothing of the collateral is left after the reinvestment period, every account joins the proceeds.
"""

from collections.abc import Mapping
from typing import Any

from cloche.testing.reference.expressions import evaluate
from cloche.testing.reference.proceeds import INTEREST_ACCOUNT, PRINCIPAL_ACCOUNT, Proceeds, Step

ACCOUNT_VERBS = ("transfer", "fund_reserve", "release_reserve")
"""Steps that move money between proceeds and accounts."""


def account_terms(deal: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Terms of an account of a canonical deal document."""
    found: Mapping[str, Any] = next(terms for terms in deal["accounts"] if terms["name"] == name)
    return found


def opening_accounts(deal: Mapping[str, Any]) -> dict[str, float]:
    """Balances at closing, in currency units."""
    return {terms["name"]: float(terms.get("initial") or 0.0) for terms in deal.get("accounts") or ()}


def joined(deal: Mapping[str, Any], accounts: dict[str, float]) -> dict[str, float]:
    """Close every account: its balance joins interest or principal proceeds; balances are zero afterwards."""
    proceeds = {"interest": 0.0, "principal": 0.0}
    for terms in deal.get("accounts") or ():
        proceeds[terms.get("proceeds") or "interest"] += accounts[terms["name"]]
        accounts[terms["name"]] = 0.0
    return proceeds


def target(cash: Proceeds, name: str, text: Any) -> float | None:
    """Amount that an expression, or else the target of an account, asks for; None without either."""
    text = text if text is not None else account_terms(cash.day.deal, name).get("target")
    if text is None:
        return None
    return float(text if isinstance(text, int | float) else evaluate(text, cash.quantities(0.0)))


def move(cash: Proceeds, step: Step) -> None:
    """Run a transfer, a funding or a release inside a waterfall, between its proceeds and an account."""
    {"transfer": _transfer, "fund_reserve": _fund, "release_reserve": _release}[step["verb"]](cash, step)


def _transfer(cash: Proceeds, step: Step) -> None:
    day = cash.day
    if step["from"] in day.accounts:
        wanted = day.accounts[step["from"]]
        _take_out(cash, step, step["from"], wanted)
    elif step["to"] in day.accounts:
        _put_in(cash, step, step["to"], cash.available)
    else:  # interest becomes principal, as diverted interest does
        amount = cash.limit(step, cash.available)
        day.diverted += amount
        cash.write(step, PRINCIPAL_ACCOUNT, amount, amount, None, transfer=True)


def _fund(cash: Proceeds, step: Step) -> None:
    name = step["account"]
    wanted = target(cash, name, step.get("up_to")) or 0.0
    _put_in(cash, step, name, max(0.0, wanted - cash.day.accounts[name]))


def _release(cash: Proceeds, step: Step) -> None:
    name = step["account"]
    kept = target(cash, name, step.get("above")) or 0.0
    _take_out(cash, step, name, max(0.0, cash.day.accounts[name] - kept))


def _put_in(cash: Proceeds, step: Step, name: str, due: float) -> None:
    """Proceeds go into an account, unless it is closed; principal that leaves lowers the numerators."""
    day = cash.day
    amount = min(due, cash.limit(step, due))
    if day.accounts_closed:
        amount, cash.short = 0.0, "account closed"
    day.accounts[name] += amount
    if cash.source == "principal":
        day.principal_spent += amount
    cash.write(step, name, due, amount, None, transfer=True)


def _take_out(cash: Proceeds, step: Step, name: str, due: float) -> None:
    """An account pays into the proceeds; money that joins principal raises the numerators."""
    day = cash.day
    amount = min(due, cash.amount(step, due))
    day.accounts[name] -= amount
    if cash.source == "principal":
        day.principal_spent -= amount
    payee = INTEREST_ACCOUNT if cash.name == "interest" else PRINCIPAL_ACCOUNT
    cash.write(step, payee, due, amount, None, transfer=True, inflow=True)
