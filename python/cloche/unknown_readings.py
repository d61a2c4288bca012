"""What steps and coupons of a deal read that a payment date from a state does not compute."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cloche.errors import RunError
from cloche.tape import LoanPool

__all__ = ["refuse_unknown"]

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_OF_A_RUN = re.compile(r"\b(market_spread|liquidation_value|semiannual_share|interest_by_frequency)\b")
_UNFUNDED = re.compile(r"\b(unfunded)\b")
_EXPRESSIONS = ("when", "amount", "up_to", "above")
_LIMITS = {"fund_reserve": "up_to", "release_reserve": "above"}
"""Verbs that read the target of their account where they name no limit themselves."""


def refuse_unknown(document: Mapping[str, Any], pool: LoanPool | None) -> None:
    """Refuse a deal that reads what a payment date from a state does not compute.

    The compiler refuses figures of a run in waterfalls; here it is what is not drawn of commitments, and all such
    figures in conditions of coupons.

    Parameters
    ----------
    document
        Canonical deal document in force on the date.
    pool
        The collateral; without one the state has its figures.

    Raises
    ------
    RunError
        With every place.

    Examples
    --------
    >>> step = {"verb": "retain", "amount": "0.5 * unfunded"}
    >>> refuse_unknown({"notes": [], "waterfalls": {"interest": [step]}}, None)
    Traceback (most recent call last):
    ...
    cloche.errors.RunError: a payment date from a state does not compute what the deal reads
    waterfalls.interest[0].amount: found unfunded, which the figures of a state do not tell; expected a tape
    """
    coupons = list(_of_coupons(document))
    problems = _reading(_OF_A_RUN, coupons, "a figure of a run; a payment date from a state does not have it")
    if pool is None:
        unfunded = "which the figures of a state do not tell; expected a tape"
    else:
        unfunded = "and the tape has undrawn commitments"
    if pool is None or _commits(pool):
        targets = {account["name"]: account.get("target") for account in document.get("accounts", ())}
        steps = _of_steps(document["waterfalls"], "waterfalls", targets)
        problems += _reading(_UNFUNDED, [*coupons, *steps], unfunded)
    if problems:
        raise RunError("a payment date from a state does not compute what the deal reads", problems)


def _reading(names: re.Pattern[str], read: list[tuple[str, str]], why: str) -> list[tuple[str, str]]:
    found = [(place, names.search(_QUOTED.sub("", text))) for place, text in read]
    return [(place, f"found {name[0]}, {why}") for place, name in found if name is not None]


def _commits(pool: LoanPool) -> bool:
    """Tell whether a performing loan has a commitment that is not drawn."""
    return float(pool.principal_balance.sum()) > float(pool.numbers("par")[pool.performing].sum())


def _of_coupons(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for note in document["notes"]:
        for number, step in enumerate((note.get("coupon") or {}).get("step_up") or ()):
            if step.get("when") is not None:
                yield f"notes.{note['name']}.coupon.step_up[{number}].when", step["when"]


def _of_steps(part: object, place: str, targets: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the conditions and amounts of waterfalls with their places, with the targets of accounts that they move."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key not in _EXPRESSIONS:
                yield from _of_steps(value, f"{place}.{key}", targets)
            elif isinstance(value, str):
                yield f"{place}.{key}", value
        verb = part.get("verb")
        if verb in _LIMITS and part.get(_LIMITS[verb]) is None:
            target = targets.get(part["account"])
            if isinstance(target, str):
                yield f"{place}.{verb}", target
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part):
            yield from _of_steps(value, f"{place}[{number}]", targets)
