"""The closing balance sheet: what the notes bring, and what it is spent on."""

from __future__ import annotations

import math
from typing import Any

from cloche.errors import Problem
from cloche.model import words
from cloche.model.deal_document import DealDocument

__all__ = ["closing_doubts", "sources_and_uses"]

_COLLATERAL = "collateral"
# What a portfolio of performing loans costs on average, as a share of par.
_USUAL_PRICES = (0.90, 1.02)


def sources_and_uses(document: DealDocument) -> dict[str, list[Any]]:
    """Return the columns of the closing balance sheet; what is left for loans makes both sides equal.

    Parameters
    ----------
    document
        The deal; its notes at issue prices are the sources.
    """
    closing = document.closing
    rows: list[tuple[str, str, float | None, float | None, float]] = [
        ("source", note.name, note.balance, note.issue_price, note.balance * note.issue_price)
        for note in document.notes
        if not note.combination_of
    ]
    brought = math.fsum(amount for *_, amount in rows)
    spent = [
        ("upfront costs", closing.upfront_costs),
        ("interest reserve", closing.interest_reserve),
        ("ramp-up cash", closing.ramp_up_cash),
        *((account.name, account.initial) for account in document.accounts),
    ]
    rows += [("use", item, None, None, amount) for item, amount in spent if amount > 0]
    cash = brought - math.fsum(amount for _, amount in spent)
    par = closing.par_purchased
    rows.append(("use", _COLLATERAL, par, cash / par if par else None, cash))
    names = ("side", "item", "par", "price", "amount")
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}


def closing_doubts(document: DealDocument) -> list[Problem]:
    """Return what the closing balance sheet says and probably does not mean.

    Parameters
    ----------
    document
        The deal.
    """
    par = document.closing.par_purchased
    if not par:
        return []
    columns = sources_and_uses(document)
    price, cash = columns["price"][-1], columns["amount"][-1]
    low, high = _USUAL_PRICES
    if low <= price <= high:
        return []
    message = (
        f"the notes leave {words.money(round(cash, 2))} for {words.money(par)} of par: "
        f"a price of {words.percent(round(price, 4))}"
    )
    return [Problem("closing.par_purchased", message)]
