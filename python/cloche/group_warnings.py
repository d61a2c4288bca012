"""Groups of a scenario that no loan of a pool is in."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from cloche.errors import Problem
from cloche.model.scenario import Scenario
from cloche.model.scenario_groups import rating_word
from cloche.tape import LoanPool

__all__ = ["already_told", "idle_groups", "warn_of_groups"]

_LOGGER = logging.getLogger("cloche")
_VALUES = ("cdr", "cpr", "recovery", "recovery_lag_months")
_KINDS = ("rating", "industry", "lien")
_TOLD: ContextVar[bool] = ContextVar("the call around has warned of its groups", default=False)


def idle_groups(pool: LoanPool, scenario: Scenario) -> Iterator[Problem]:
    """Yield the groups of a scenario that hold no loan of the pool, each with its place.

    A scenario may be one of many deals, so that this is no error; an obligor that the pool does not have is one.

    Parameters
    ----------
    pool
        Loans.
    scenario
        What is assumed of them; what reinvestment buys is of its rating, too.
    """
    held: dict[str, set[str]] = {}
    for field in _VALUES:
        value = getattr(scenario, field)
        for key in value if isinstance(value, Mapping) else ():
            kind, _, name = str(key).partition(":")
            if kind not in _KINDS or not name:
                continue
            if not held:
                held = _held(pool, scenario)
            if (rating_word(name) if kind == "rating" else name) not in held[kind]:
                yield Problem(
                    f"scenario.{field}.{key}", "no loan of the pool is in this group: it changes nothing"
                )


def _held(pool: LoanPool, scenario: Scenario) -> dict[str, set[str]]:
    bought = scenario.to_canonical()["reinvestment"].get("rating")
    return {
        "rating": {*pool.ratings, bought or ""},
        "industry": set(pool.texts("industry")),
        "lien": set(pool.texts("lien")),
    }


def warn_of_groups(pool: LoanPool, scenarios: Iterable[Scenario]) -> None:
    """Log a warning of groups that hold no loan, each once.

    Parameters
    ----------
    pool
        Loans.
    scenarios
        What is assumed of them.
    """
    if _TOLD.get():
        return
    found = dict.fromkeys(problem for scenario in scenarios for problem in idle_groups(pool, scenario))
    for problem in found:
        _LOGGER.warning("%s", problem)


@contextmanager
def already_told() -> Iterator[None]:
    """Let the runs of a search, which has warned, not warn again."""
    token = _TOLD.set(True)
    try:
        yield
    finally:
        _TOLD.reset(token)
