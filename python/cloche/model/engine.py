"""The engine's part in reading documents, imported when it is first needed."""

from __future__ import annotations

import datetime as dt
from typing import Any

__all__ = ["bootstrap_discount", "curve_fixing", "problems_of_meaning", "schedule_columns"]


def problems_of_meaning(document: str) -> list[tuple[str, str]]:
    """Return what the engine refuses in the canonical text of a deal: pairs of place and message."""
    from cloche import _core

    return list(_core.check_deal(document))


def schedule_columns(document: str) -> dict[str, Any]:
    """Return the columns of the schedule of the canonical text of a deal."""
    from cloche import _core

    return dict(_core.schedule(document))


def bootstrap_discount(base: str, quotes: list[tuple[str, str, float]]) -> dict[str, float]:
    """Return discount factors by ISO date that reprice quotes: triples of kind, tenor and rate."""
    from cloche import _core

    return dict(_core.bootstrap_discount(base, quotes))


def curve_fixing(curve: str, date: dt.date, index: str) -> float:
    """Return the fixing of an index, by the canonical text of its curve, on a date."""
    from cloche import _core

    return float(_core.curve_fixing(curve, date, index))
