"""Deals with a class that is drawn over time, on the tiny deal: A is 60 at 6 %, due 0.9 a quarter."""

from collections.abc import Sequence
from typing import Any

from reference.tiny import RESIDUAL, SEQUENCE, SUB, A, Document, deal_of

LATE: Document = {"spread": -0.016}
"""Of a loan: it pays 0.6 a quarter, A lacks 0.3."""


def drawn_class(**commitment: Any) -> Document:
    return {**A, "name": "DD", "balance": 20.0, "commitment": {"amount": 50.0, **commitment}}


def facility_deal(note: Document, *, principal: Sequence[Document], **more: Any) -> Document:
    """A deal whose class DD ranks with A."""
    interest = [{"verb": "pay_interest", "notes": [["A", "DD"]]}, RESIDUAL]
    falls = {"interest": interest, "principal": list(principal)}
    return deal_of(notes=[A, note, SUB], waterfalls=falls, **more)


def liquidity_deal(principal: Sequence[Document] = (SEQUENCE, RESIDUAL), **commitment: Any) -> Document:
    """A deal whose facility LF pays what interest lacks, at 6 %."""
    facility = {
        **drawn_class(**commitment),
        "name": "LF",
        "balance": 0.0,
        "interest_rank": 2,
        "principal_rank": 2,
    }
    falls = {
        "interest": [
            {"verb": "pay_interest", "notes": [["A"]]},
            {"verb": "draw", "note": "LF", "through": "A"},
            {"verb": "pay_interest", "notes": [["LF"]]},
            RESIDUAL,
        ],
        "principal": list(principal),
    }
    return deal_of(notes=[A, facility, SUB], waterfalls=falls)
