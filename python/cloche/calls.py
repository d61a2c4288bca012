"""What every call of the engine needs: compiled deals, checked arguments, threads, the manifest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cloche.errors import DealError, Problem, RunError, ScenarioError, TapeError
from cloche.model.deal import Deal
from cloche.model.default_model import GaussianCopula
from cloche.model.document import canonical_json
from cloche.model.problems import headline
from cloche.model.scenario import Scenario
from cloche.model.state import DealState
from cloche.model.state_documents import documents_of_state
from cloche.model.state_fit import misfits
from cloche.model.transitions import engine_deal, engine_events, has_transitions
from cloche.result.documents_in_force import BringsIn
from cloche.tape import LoanPool
from cloche.tape_fit import misfits as misfits_of_tape

__all__ = [
    "assumed",
    "brings_in",
    "check_inputs",
    "check_state",
    "compiled",
    "core",
    "document",
    "given",
    "manifest",
    "processors",
    "workers",
]

_MOST_THREADS = 1024


def workers(threads: int | None) -> int:
    """Return the number of worker threads: by default as many as processors this process may use.

    Raises
    ------
    RunError
        If it is not from 1 to 1024.
    """
    number = threads if threads is not None else processors()
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= _MOST_THREADS:
        raise RunError(f"threads: found {threads!r}, expected 1 to {_MOST_THREADS}")
    return number


def processors() -> int:
    """Return how many processors this process may use; some systems only tell how many there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def core() -> Any:
    """Return the compiled engine; it is loaded at the first run."""
    from cloche import _core

    return _core


class _Known(NamedTuple):
    """What every run of a deal needs again."""

    compiled: Any
    document: Mapping[str, Any]
    conventions: Mapping[str, str]
    # Events whose resets and amendments hold whole documents; nothing where there are none of them.
    events: Sequence[Mapping[str, Any]]


_DEALS: dict[str, _Known] = {}
_DEALS_KEPT = 64


def _known(deal: Deal) -> _Known:
    """Return what is known of a deal; the last few are kept, since a study runs one deal many times."""
    found = _DEALS.get(deal.digest)
    if found is None:
        told = engine_deal(deal.to_canonical()).document
        text, events = canonical_json(told), told.get("events", [])
        own = events if has_transitions(events) else ()
        found = _Known(core().Deal(text), deal.to_canonical(), dict(core().conventions(text)), own)
        while len(_DEALS) >= _DEALS_KEPT:
            _DEALS.pop(next(iter(_DEALS)))
        _DEALS[deal.digest] = found
    return found


def compiled(deal: Deal) -> Any:
    """Return the compiled deal."""
    return _known(deal).compiled


def document(deal: Deal) -> Mapping[str, Any]:
    """Return the deal in canonical form, for reading."""
    return _known(deal).document


def assumed(deal: Deal, scenario: Scenario) -> str:
    """Return the text of a scenario that the engine reads: amendments hold the document of this deal after them.

    Raises
    ------
    ScenarioError
        If an amendment cannot be carried out on the deal, with its place.
    """
    if not has_transitions(scenario.in_canonical("events")):
        return scenario.canonical_json()
    document = scenario.to_canonical()
    told = engine_events(deal.to_canonical(), document["events"])
    found: list[tuple[str, str]] = []
    for place, one in told.amended.items():
        found += [
            (f"{place}.into.{inner}", text) for inner, text in core().check_deal(canonical_json(one.document))
        ]
    problems = told.placed([Problem(place, text) for place, text in found])
    if problems:
        placed = [(f"scenario.{place}", text) for place, text in problems]
        raise ScenarioError("the scenario does not fit the deal", placed)
    return canonical_json({**document, **told.document})


def brings_in(deal: Deal, scenario: Scenario) -> BringsIn:
    """Return the events of a run that may bring in documents, for what is told of its dates."""
    events = scenario.in_canonical("events")
    assumed = engine_events(deal.to_canonical(), events).document["events"] if has_transitions(events) else ()
    return BringsIn(_known(deal).events, assumed)


def given(state: DealState | None, pool: LoanPool) -> tuple[str | None, str]:
    """Return what the engine is told of the state that a run goes on from: its text, and the hash of the tape."""
    return None if state is None else state.canonical_json(), pool.hash


def manifest(
    deal: Deal,
    pool: LoanPool | None = None,
    scenario: Scenario | None = None,
    state: DealState | None = None,
) -> dict[str, Any]:
    """Return version, hashes of the inputs and conventions in force."""
    from cloche.version import __version__

    facts: dict[str, Any] = {
        "version": __version__,
        "deal": deal.digest,
        "conventions": dict(_known(deal).conventions),
    }
    if pool is not None:
        facts["pool"] = pool.hash
        facts["as_of"] = pool.as_of.isoformat()
    if scenario is not None:
        facts["scenario"] = scenario.digest
    if state is not None:
        facts["state"] = state.digest
        facts["state_date"] = state.payment_date
    return facts


_CLASSES = {
    "deal": Deal,
    "pool": LoanPool,
    "scenario": Scenario,
    "model": GaussianCopula,
    "state": DealState,
}


def check_inputs(**inputs: object) -> None:
    """Refuse what is no deal, pool, scenario, model or state, and a tape that does not fit the deal."""
    for name, value in inputs.items():
        if not isinstance(value, _CLASSES[name]):
            raise TypeError(f"{name}: found {type(value).__name__}, expected {_CLASSES[name].__name__}")
    deal, pool = inputs["deal"], inputs.get("pool")
    if isinstance(deal, Deal) and isinstance(pool, LoanPool):
        problems = list(misfits_of_tape(deal, pool, from_closing="state" not in inputs))
        if problems:
            raise TapeError("the tape does not fit the deal", problems)


def check_state(deal: Deal, scenarios: Sequence[Scenario], state: DealState | None) -> None:
    """Refuse a state whose dates or deferrals contradict the documents that have ruled in it.

    Raises
    ------
    DealError
        With every problem and its place.
    """
    if state is None:
        return
    brought_in = [(each["event"], each["on"]) for each in state.to_canonical()["documents"]]
    for scenario in scenarios if brought_in else scenarios[:1]:
        events = brings_in(deal, scenario) if brought_in else BringsIn()
        _, *later = documents_of_state(document(deal), brought_in, events.deal, events.scenario)
        # Of a document whose dates a condition has moved the engine knows more.
        found = (
            misfits(document(deal), state, later=later, of_run=True) if len(later) == len(brought_in) else []
        )
        if found:
            raise DealError(headline(f"the state of {state.payment_date}", found), found)
