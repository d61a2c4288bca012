"""Groups of a scenario that no loan of a pool is in."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from cloche.errors import Problem
from cloche.model.scenario import Scenario
from cloche.model.scenario_groups import rating_word
from cloche.tape import LoanPool
from cloche.told_once import is_told

__all__ = ["idle_groups", "warn_of_groups"]

_LOGGER = logging.getLogger("cloche")
_VALUES = ("cdr", "cpr", "recovery", "recovery_lag_months")
_KINDS = ("rating", "industry", "lien")


def idle_groups(pool: LoanPool, scenarios: Iterable[Scenario]) -> Iterator[Problem]:
    """Yield the groups of scenarios that hold no loan of the pool, each with its place.

    A scenario may be one of many deals, so that this is no error; an obligor that the pool does not have is one.

    Parameters
    ----------
    pool
        Loans.
    scenarios
        What is assumed of them; what reinvestment buys is of its rating, too.
    """
    held: dict[str, set[str]] = {}
    for scenario in scenarios:
        for field in _VALUES:
            if (scenario.in_canonical(field) or {}).get("kind") != "groups":
                continue
            for key in getattr(scenario, field):
                kind, _, name = str(key).partition(":")
                if kind not in _KINDS or not name:
                    continue
                held = held or _held(pool)
                known = rating_word(name) if kind == "rating" else name
                if known in held[kind] or (kind == "rating" and known == _bought(scenario)):
                    continue
                place = f"scenario.{field}.{key}"
                yield Problem(place, "no loan of the pool is in this group: it changes nothing")


def _held(pool: LoanPool) -> dict[str, set[str]]:
    return {
        "rating": set(pool.ratings),
        "industry": set(pool.texts("industry")),
        "lien": set(pool.texts("lien")),
    }


def _bought(scenario: Scenario) -> str:
    return scenario.to_canonical()["reinvestment"].get("rating") or ""


def warn_of_groups(pool: LoanPool, scenarios: Iterable[Scenario]) -> None:
    """Log a warning of groups that hold no loan, each once.

    Parameters
    ----------
    pool
        Loans.
    scenarios
        What is assumed of them.
    """
    if is_told():
        return
    for problem in dict.fromkeys(idle_groups(pool, scenarios)):
        _LOGGER.warning("%s", problem)
