"""Conventions that other parts of a deal document say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloche.model.conventions import Conventions
from cloche.model.deal_document import DealDocument

__all__ = ["with_what_is_said_elsewhere"]

_SEVERAL = "by test"


def with_what_is_said_elsewhere(document: DealDocument) -> Conventions:
    """Return the conventions of a deal, those included that its dates, its CCC rule and its tests say.

    ``payment_date_roll`` is ``dates.roll``; ``ccc_base`` is ``cpa``, ``target_par`` or money; ``first_ic_test`` and
    ``test_rounding`` are what all tests have, ``by test`` where they differ. Whether a floor holds for index and
    adjustment together the tape says, loan by loan: ``csa_in_floor`` stays false.

    Parameters
    ----------
    document
        The deal.
    """
    ccc = document.collateral.ccc
    base = None if ccc is None else ccc.base
    own = document.conventions
    coverage = [test.first_date or own.first_ic_test for test in document.tests if test.kind == "ic"]
    rounded = ["none" if test.round is None else f"{test.round:g}" for test in document.tests]
    return own.model_copy(
        update={
            "payment_date_roll": document.dates.roll,
            "ccc_base": "cpa" if base in (None, "collateral_principal_amount") else base,
            "first_ic_test": _of_all(coverage, own.first_ic_test),
            "test_rounding": _of_all(rounded, own.test_rounding),
        }
    )


def _of_all(values: Iterable[str], usual: str) -> Any:
    """Return what all say; the usual where there is none."""
    found = set(values)
    return usual if not found else found.pop() if len(found) == 1 else _SEVERAL
