"""The deal document as people write it: short grammar, defaults left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cloche.model.deal_document import DealDocument
from cloche.model.document import without_nulls
from cloche.model.events import Event
from cloche.model.step_grammar import short_step
from cloche.model.yaml_writer import Inline

__all__ = ["friendly_deal", "friendly_events", "inlined_event", "with_inline_entries"]

_INLINE_LISTS = ("notes", "fees", "accounts", "hedges", "tests", "events")
_INLINE_MAPPINGS = ("closing", "default_events", "conventions", "sequences", "reinvestment")


def friendly_deal(document: DealDocument) -> dict[str, Any]:
    """Return a deal as plain mappings and lists in the grammar that people write.

    Parameters
    ----------
    document
        The normalized deal.
    """
    stated: dict[str, Any] = without_nulls(
        document.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    )
    canonical = document.to_canonical()
    stated["dates"] = _dates(canonical["dates"])
    stated["notes"] = [_note(stated_note) for stated_note in stated["notes"]]
    stated["waterfalls"] = {
        key: [short_step(step) for step in steps] for key, steps in canonical["waterfalls"].items() if steps
    }
    for key in ("interest", "principal"):
        stated["waterfalls"].setdefault(key, [])
    if "events" in stated:
        stated["events"] = friendly_events(document.events, stated["events"])
    return stated


def friendly_events(events: Sequence[Event], stated: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return events whose second documents are in the grammar that people write.

    Parameters
    ----------
    events
        The normalized events.
    stated
        The same as plain mappings, defaults left out.
    """
    written = [dict(entry) for entry in stated]
    for event, entry in zip(events, written, strict=True):
        if event.reset is not None:
            entry["reset"] = {**entry["reset"], "into": friendly_deal(event.reset.into)}
    return written


def with_inline_entries(document: dict[str, Any]) -> dict[str, Any]:
    """Return a friendly deal whose short entries are written on one line of YAML."""
    written = dict(document)
    for key in _INLINE_LISTS:
        if key in written:
            written[key] = [
                inlined_event(item) if key == "events" else _inlined(item) for item in written[key]
            ]
    for key in _INLINE_MAPPINGS:
        if key in written:
            written[key] = _inlined(written[key])
    if "collateral" in written:
        written["collateral"] = {key: _inlined(value) for key, value in written["collateral"].items()}
    written["waterfalls"] = {
        key: [_inlined_step(step) for step in steps] for key, steps in written["waterfalls"].items()
    }
    return written


def inlined_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event on one line of YAML; one that brings in a document on many."""
    if "reset" in event:
        return {**event, "reset": {**event["reset"], "into": with_inline_entries(event["reset"]["into"])}}
    return {**event} if "amend" in event else Inline(event)


def _dates(dates: dict[str, Any]) -> dict[str, Any]:
    """Return the dates; those rules that have a short form in it, and rules that do nothing left out."""
    written: dict[str, Any] = {}
    for key, value in dates.items():
        if key == "determination":
            if "business_days_before" in value:
                written["determination_lag_bd"] = value["business_days_before"]
            else:
                written[key] = "month_end" if "month_end" in value else value
        elif value not in ([], False):
            written[key] = value
    return written


def _note(note: dict[str, Any]) -> dict[str, Any]:
    """Return a note with `rank` where both ranks are equal, and its balance even if it is zero."""
    if "combination_of" not in note:
        note = {"name": note["name"], "balance": 0.0, **note}
    interest, principal = note.get("interest_rank"), note.get("principal_rank")
    if interest is None or interest != principal:
        return note
    written: dict[str, Any] = {}
    for key, value in note.items():
        if key == "interest_rank":
            written["rank"] = value
        elif key != "principal_rank":
            written[key] = value
    return written


def _inlined(value: Any) -> Any:
    return Inline(value) if isinstance(value, dict) else value


def _inlined_step(step: dict[str, Any]) -> dict[str, Any]:
    if "steps" not in step:
        return Inline(step)
    return {
        key: [_inlined_step(item) for item in value] if key in ("steps", "else") else value
        for key, value in step.items()
    }
