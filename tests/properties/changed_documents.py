"""Canonical documents changed in a way that must not change what anyone is paid."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import assume

from cloche.testing.strategies import Case

Document = dict[str, Any]

_QUOTED = re.compile(r"\b(\w+)\('([^']*)'\)")
_AMOUNT = re.compile(r"(?<![\w.'])\d[\d_]{3,}(?:\.\d+)?(?![\w'%-])")
_EXPRESSIONS = ("when", "amount", "up_to", "above", "target")
_MONEY = {
    *("balance", "target_par", "interest_reserve", "ramp_up_cash", "amount_per_period", "fixed_per_year"),
    *("up_to", "initial", "notional", "amount", "equity", "par", "original_par", "par_unfunded"),
}
_MONEY_BY_NAME = ("combination_of", "notional", "draws")


def halves(name: str) -> tuple[str, str]:
    """Return the names of the two halves of a class."""
    return f"{name} (1)", f"{name} (2)"


def may_be_split(case: Case) -> list[str]:
    """Return the classes that two halves can stand for: all but those whose balance is the base of something."""
    deal = case.deal
    bases = {fee.get("base") for fee in deal["fees"]} | {
        hedge["notional"] for hedge in _named_notionals(deal)
    }
    happen = [*(deal.get("events") or ()), *(case.scenario.get("events") or ())]
    events = {name for event in happen for name in event.get("refinance") or ()}
    return [
        note["name"]
        for note in deal["notes"]
        if not note.get("residual")
        and not note.get("combination_of")
        and not note.get("commitment")
        and note["name"] not in bases | events
    ]


def _named_notionals(deal: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (hedge for hedge in deal.get("hedges", ()) if isinstance(hedge["notional"], str))


def with_halves(case: Case, name: str) -> Case:
    """Put two classes of half the balance, pari passu and with equal terms, in the place of one class."""
    changed = copy.deepcopy(case)
    one, other = halves(name)
    deal = changed.deal
    at = next(k for k, note in enumerate(deal["notes"]) if note["name"] == name)
    whole = deal["notes"][at]
    deal["notes"][at : at + 1] = [
        {**whole, "name": half, "balance": whole["balance"] / 2} for half in (one, other)
    ]
    for note in deal["notes"]:
        parts = note.get("combination_of") or {}
        if name in parts:
            amount = parts.pop(name)
            parts.update({one: amount / 2, other: amount / 2})
    for test in deal["tests"]:
        if test.get("through") == name:
            test["through"] = one
    deal["waterfalls"] = {fall: _split(steps, name) for fall, steps in deal["waterfalls"].items()}
    deal["sequences"] = _split(deal.get("sequences", {}), name)
    for owner in (deal, changed.scenario):
        owner["events"] = _split(owner.get("events") or [], name)
    spreads = changed.scenario.get("market_spreads") or {}
    if name in spreads:
        spreads |= dict.fromkeys((one, other), spreads.pop(name))
    return changed


def _split(value: Any, name: str) -> Any:
    """Name both halves wherever a list of classes names the whole, one of them where a single name is asked for."""
    one, other = halves(name)
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return [half for item in value for half in ((one, other) if item == name else (item,))]
        return [_split(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    if name in value:  # new spreads by class
        value = {key: item for key, item in value.items() if key != name} | dict.fromkeys(
            (one, other), value[name]
        )
    return {
        key: _renamed(item, name)
        if key in _EXPRESSIONS and isinstance(item, str)
        else one
        if key in ("through", "note") and item == name
        else item
        if key in ("tests", "fees", "hedges")
        else _split(item, name)
        for key, item in value.items()
    }


def _renamed(text: str, name: str) -> str:
    """Ask for both halves where an expression asks for an amount of the whole, for one of them otherwise."""
    one, other = halves(name)

    def halved(found: re.Match[str]) -> str:
        function, quoted = found.groups()
        if quoted != name or function in ("passes", "ratio", "trigger", "cushion", "cure_amount", "account"):
            return found.group(0)
        if function in ("balance", "deferred"):
            return f"({function}('{one}') + {function}('{other}'))"
        return f"{function}('{one}')"

    return _QUOTED.sub(halved, text)


def scaled(case: Case, factor: float) -> Case:
    """Multiply every amount of money of a case, those in expressions too."""
    return Case(
        _scaled(case.deal, factor),
        [_scaled(loan, factor) for loan in case.loans],
        case.as_of,
        {**case.scenario, "events": _scaled(case.scenario.get("events") or [], factor)},
    )


def _scaled_amount(amount: str, factor: float) -> str:
    """Multiply an amount in an expression; one below 1,000 would be a ratio: no document says it."""
    product = float(amount) * factor
    assume(product >= 1000.0)
    return repr(product)


def _scaled(value: Any, factor: float, key: str = "") -> Any:
    if isinstance(value, list):
        return [_scaled(item, factor) for item in value]
    if isinstance(value, dict):
        if key in _MONEY_BY_NAME:
            return {name: amount * factor for name, amount in value.items()}
        money = {"cost": "fixed", "liquidation_cost": "fixed", "ccc": "base"}.get(key)
        return {
            name: item * factor
            if name == money and isinstance(item, int | float)
            else _scaled(item, factor, name)
            for name, item in value.items()
        }
    if isinstance(value, str) and key in _EXPRESSIONS:
        return _AMOUNT.sub(lambda found: _scaled_amount(found.group(0), factor), value)
    is_money = key in _MONEY and isinstance(value, int | float) and not isinstance(value, bool)
    return value * factor if is_money else value
