"""The tiny deal with month steps and simple rates.

Its periods run from the 15th to the 15th without determination lag, so a month is 1/12 in 30/360, and the loan at 8 %
pays 2/3 a month.
"""

from typing import Any

from reference.tiny import Document, deal_of

MONTHLY: Document = {"pool_step": "monthly", "rate_convention": "simple"}


def monthly(**more: Any) -> Document:
    return deal_of(conventions={**MONTHLY, **more.pop("conventions", {})}, **more)


def by_month(*numbers: float) -> Document:
    return {"kind": "monthly", "values": list(numbers)}
