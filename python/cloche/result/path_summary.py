"""One screen about one path, for people who decide."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cloche.result.layout import NOTHING, aligned, basis_points, money, multiple, percent, years
from cloche.table import Table

__all__ = ["capital_structure", "coupon_text", "heading", "path_summary"]

_AMOUNT = re.compile(r"\d{4,}\.\d\d")


def path_summary(
    *,
    notes: Table,
    tests: Table,
    events: Table | None,
    document: Mapping[str, Any],
    manifest: Mapping[str, Any],
    conservation_error: float,
) -> str:
    """Return the summary of one path.

    Parameters
    ----------
    notes, tests, events
        Tables of the path; without `events` nothing is told of them.
    document
        The deal in canonical form.
    manifest
        The state that the path goes on from, where there is one.
    conservation_error
        In units of the deal's par.
    """
    blocks = [
        heading(document, manifest),
        [*capital_structure(document), ""],
        [*_classes(notes), ""],
        [*_tests(tests), ""],
        _events(events),
        _equity(notes),
        [f"Cash in less cash out: at most {conservation_error:.1e} of par in any period."],
    ]
    return "\n".join(line for block in blocks for line in block)


def heading(document: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[str]:
    """Return the deal's name, size and dates, and the date that a run goes on from."""
    dates = document.get("dates", {})
    facts = [
        f"{document.get('currency', '')} {money(document.get('target_par'))} target par".strip(),
        f"closing {dates.get('closing', NOTHING)}",
        f"reinvestment to {dates['reinvestment_end']}" if dates.get("reinvestment_end") else "static",
        f"non-call to {dates['non_call_end']}" if dates.get("non_call_end") else "",
        f"maturity {dates.get('stated_maturity', NOTHING)}",
    ]
    since = manifest.get("state_date")
    going_on = [f"on from the state after {since}: flows and average lives count from then"] if since else []
    return [str(document.get("name", "")), ", ".join(filter(None, facts)), *going_on, ""]


def coupon_text(note: Mapping[str, Any]) -> str:
    """Return a coupon as people write it.

    Examples
    --------
    >>> coupon_text({"coupon": {"index": "sofr_3m", "spread": 0.013}})
    'sofr_3m + 130bp'
    """
    coupon = note.get("coupon") or {}
    if coupon.get("fixed") is not None:
        return percent(coupon["fixed"])
    if coupon.get("spread") is not None:
        return f"{coupon.get('index', 'index')} + {basis_points(coupon['spread'])}"
    return "residual" if note.get("residual") else NOTHING


def capital_structure(document: Mapping[str, Any]) -> list[str]:
    """Return the classes with size, coupon, par subordination and overcollateralization at closing.

    Overcollateralization is target par over the balance of the class and everything that ranks with or before
    it in principal.
    """
    notes = [note for note in document.get("notes", []) if not note.get("combination_of")]
    whole = math.fsum(note["balance"] for note in notes)
    par = document.get("target_par") or math.nan
    lines = [["class", "rating", "coupon", "balance", "of total", "subordination", "OC at closing"]]
    for note in notes:
        rank = note.get("principal_rank")
        senior = [
            n["balance"] for n in notes if rank is not None and (n.get("principal_rank") or math.inf) <= rank
        ]
        covered = math.fsum(senior)
        rating = next(
            (note["rating"][agency] for agency in ("sp", "moodys", "fitch") if agency in note["rating"]), ""
        )
        lines.append(
            [
                note["name"],
                rating,
                coupon_text(note),
                money(note["balance"]),
                percent(note["balance"] / whole if whole else None, 1),
                percent(1.0 - covered / par, 2) if covered else NOTHING,
                percent(par / covered, 2) if covered else NOTHING,
            ]
        )
    return ["Capital structure", *aligned(lines, left=3)]


def _events(events: Table | None) -> list[str]:
    """Return what happened, one line an event; nothing where nothing did."""
    lines = [
        [str(row["date"]), str(row["event"]), _AMOUNT.sub(_grouped, str(row["detail"] or ""))]
        for row in (events.rows() if events is not None else ())
    ]
    return ["Events", *aligned(lines, left=3), ""] if lines else []


def _grouped(amount: re.Match[str]) -> str:
    return money(float(amount[0]))


def _classes(notes: Table) -> list[str]:
    lines = [
        ["class", "WAL", "principal window", "interest paid", "deferred", "shortfall", "loss", "loss rate"]
    ]
    for note in notes.rows():
        if note["kind"] == "residual":
            continue
        first, last = note["first_payment"], note["last_payment"]
        lines.append(
            [
                note["note"],
                years(note["wal"]),
                f"{first:%Y-%m} to {last:%Y-%m}" if first and last else NOTHING,
                money(note["interest_paid"]),
                f"{note['periods_deferred']} periods" if note["periods_deferred"] else "never",
                _dust(note["interest_shortfall"]),
                _dust(note["principal_loss"]),
                percent(note["loss_rate"]),
            ]
        )
    return ["This path", *aligned(lines)]


def _dust(amount: float | None) -> str:
    """Return money, 0 for less than a cent."""
    return money(0.0 if amount is not None and abs(amount) < 0.01 else amount)


def _tests(tests: Table) -> list[str]:
    rows = list(tests.rows())
    lines = [["test", "trigger", "first ratio", "cushion", "on", "least cushion", "on", "failing dates"]]
    for name in dict.fromkeys(row["test"] for row in rows):
        active = [row for row in rows if row["test"] == name and row["passes"] is not None]
        known = [row for row in active if row["cushion"] is not None and math.isfinite(row["cushion"])]
        if not known:
            continue
        first, least = known[0], min(known, key=lambda row: row["cushion"])
        failing = sum(not row["passes"] for row in active)
        lines.append(
            [
                name,
                percent(first["trigger"]),
                percent(first["ratio"]),
                percent(first["cushion"]),
                f"{first['date']:%Y-%m}",
                percent(least["cushion"]),
                f"{least['date']:%Y-%m}",
                f"{failing} of {len(active)}",
            ]
        )
    return ["Tests", *aligned(lines)] if len(lines) > 1 else ["Tests: none"]


def _equity(notes: Table) -> list[str]:
    lines: list[str] = []
    residuals: Sequence[Mapping[str, Any]] = [note for note in notes.rows() if note["kind"] == "residual"]
    for note in residuals:
        paid = note["interest_paid"] + note["principal_paid"]
        cost = note["original_balance"] * note["issue_price"]
        moic = multiple(paid / cost if cost else None)
        lines.append(
            f"Equity {note['note']}: IRR {percent(note['irr'])}, MOIC {moic}, "
            f"{money(paid)} paid on {money(cost)}"
        )
    return lines
