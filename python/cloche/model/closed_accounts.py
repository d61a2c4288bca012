"""Accounts that are closed on a payment date from a state: their balances join the proceeds of the date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloche.model.state import DealState

__all__ = ["with_closed_accounts"]


def with_closed_accounts(document: Mapping[str, Any], state: DealState, *, last: bool) -> DealState:
    """Return the state of a date whose accounts have joined what was collected, where the date closes them.

    It does so on the last payment date, on a redemption date, and with a liquidation.

    Parameters
    ----------
    document
        Canonical deal document in force on the date.
    state
        Before the date.
    last
        Whether the date is the last of the schedule.
    """
    told = state.to_canonical()
    sold = state.status == "redemption" or told["collected"].get("liquidation") is not None
    accounts = document.get("accounts") or ()
    if not accounts or not (last or sold):
        return state
    collected, balances = dict(told["collected"]), dict(told["accounts"])
    for account in accounts:
        name, joins = account["name"], account.get("proceeds") or "interest"
        collected[joins] += balances.get(name, account.get("initial") or 0.0)
        balances[name] = 0.0
    return DealState.from_dict({**told, "collected": collected, "accounts": balances})
