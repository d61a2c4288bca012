"""One screen about one path, for people who decide."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cloche.model.difference import changes
from cloche.result.documents_in_force import InForce
from cloche.result.layout import NOTHING, aligned, basis_points, counted, money, multiple, percent, years
from cloche.table import Table

__all__ = ["capital_structure", "coupon_text", "heading", "path_summary"]

_MOST_CHANGES = 4
_CENT = 0.01
_AMOUNT = re.compile(r"\d{4,}\.\d\d")


def path_summary(
    *,
    notes: Table,
    cashflows: Table | None,
    tests: Table,
    events: Table | None,
    course: Sequence[InForce],
    manifest: Mapping[str, Any],
    conservation_error: float,
) -> str:
    """Return the summary of one path.

    Parameters
    ----------
    notes, cashflows, tests, events
        Tables of the path; without `events` or `cashflows` nothing is told of them.
    course
        The documents that ruled, in order.
    manifest
        The state that the path goes on from, where there is one.
    conservation_error
        In units of the deal's par.
    """
    resets = [each for each in course if each.kind == "reset"]
    blocks = [
        heading(course[0].document, manifest, later=course[1:]),
        [*capital_structure(course[0].document), ""],
        *([*_structure_after(reset), ""] for reset in resets),
        [*_classes(notes, _carried(cashflows)), ""],
        *([*lines, ""] for lines in _tests(tests, resets)),
        _events(events, course),
        _equity(notes),
        [f"Cash in less cash out: at most {conservation_error:.1e} of par in any period."],
    ]
    return "\n".join(line for block in blocks for line in block)


def heading(
    document: Mapping[str, Any], manifest: Mapping[str, Any], *, later: Sequence[InForce] = ()
) -> list[str]:
    """Return the deal's name, size and dates, what later documents changed of them, and where a run goes on from."""
    dates = document.get("dates", {})
    size = f"{document.get('currency', '')} {money(document.get('target_par'))} target par".strip()
    facts = [size, f"closing {dates.get('closing', NOTHING)}", *_ends(dates)]
    changed, before = [], _ends(dates)
    for each in later:
        after = _ends(each.document["dates"])
        own = after if each.kind == "reset" else [end for end in after if end not in before]
        what = f"reset into {each.document['name']}: " if each.kind == "reset" else "amended: "
        changed += [f"{each.since} {what}{', '.join(own)}"] if own else []
        before = after
    since = manifest.get("state_date")
    going_on = [f"on from the state after {since}: flows and average lives count from then"] if since else []
    return [str(document.get("name", "")), ", ".join(facts), *changed, *going_on, ""]


def _ends(dates: Mapping[str, Any]) -> list[str]:
    """Return when the periods of a document end, in words."""
    facts = [
        f"reinvestment to {dates['reinvestment_end']}" if dates.get("reinvestment_end") else "static",
        f"non-call to {dates['non_call_end']}" if dates.get("non_call_end") else "",
        f"maturity {dates.get('stated_maturity', NOTHING)}",
    ]
    return [fact for fact in facts if fact]


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


def _structure_after(reset: InForce) -> list[str]:
    """Return the classes of the document that a reset brought in, by their names in tables."""
    shown = {name: table for table, name in reset.classes.items()}
    title = f"Capital structure from {reset.since} on: {reset.document['name']}"
    return capital_structure(reset.document, title=title, named=shown)


def capital_structure(
    document: Mapping[str, Any], *, title: str = "Capital structure", named: Mapping[str, str] | None = None
) -> list[str]:
    """Return the classes with size, coupon, par subordination and overcollateralization at closing.

    Overcollateralization is target par over the balance of the class and everything that ranks with or before
    it in principal.

    Parameters
    ----------
    document
        In canonical form.
    title
        The line above.
    named
        Names that tables use, by class.
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
                (named or {}).get(note["name"], note["name"]),
                rating,
                coupon_text(note),
                money(note["balance"]),
                percent(note["balance"] / whole if whole else None, 1),
                percent(1.0 - covered / par, 2) if covered else NOTHING,
                percent(par / covered, 2) if covered else NOTHING,
            ]
        )
    return [title, *aligned(lines, left=3)]


def _events(events: Table | None, course: Sequence[InForce]) -> list[str]:
    """Return what happened, one line an event; nothing where nothing did."""
    amended = {
        each.since: _listed(told)
        for before, each in pairwise(course)
        if each.kind == "amend" and (told := changes(before.document, each.document))
    }
    lines: list[list[str]] = []
    for row in events.rows() if events is not None else ():
        detail = _AMOUNT.sub(_grouped, str(row["detail"] or ""))
        if row["event"] == "amendment":
            detail = amended.get(row["date"], detail)
        lines.append([str(row["date"]), str(row["event"]), detail])
    return ["Events", *aligned(lines, left=3), ""] if lines else []


def _listed(told: Sequence[str]) -> str:
    rest = len(told) - _MOST_CHANGES
    return "; ".join([*told[:_MOST_CHANGES], *([f"{rest} more"] if rest > 0 else [])])


def _grouped(amount: re.Match[str]) -> str:
    return money(float(amount[0]))


def _carried(cashflows: Table | None) -> set[str]:
    """Return the classes with deferred interest on any date, also of dates before the path."""
    if cashflows is None:
        return set()
    rows = zip(*(cashflows[name] for name in ("note", "deferred_balance", "deferred_paid")), strict=True)
    return {name for name, balance, paid in rows if balance >= _CENT or paid >= _CENT}


def _classes(notes: Table, carried: Collection[str]) -> list[str]:
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
                _deferred(note["periods_deferred"], carried=note["note"] in carried),
                _dust(note["interest_shortfall"]),
                _dust(note["principal_loss"]),
                percent(note["loss_rate"]),
            ]
        )
    return ["This path", *aligned(lines)]


def _deferred(periods: int, *, carried: bool) -> str:
    """Return on how many dates a class deferred; ``before`` where all it has deferred is of before the path."""
    return counted(periods, "period") if periods else "before" if carried else "never"


def _dust(amount: float | None) -> str:
    """Return money, 0 for less than a cent."""
    return money(0.0 if amount is not None and abs(amount) < _CENT else amount)


def _tests(tests: Table, resets: Sequence[InForce]) -> list[list[str]]:
    """Return a table of the tests of the first document, and one of those of each document that a reset brought in."""
    rows = list(tests.rows())
    # A determination date on the day of the reset is of the document before.
    starts = [reset.since for reset in resets if reset.since is not None]
    told = [
        [row for row in rows if bisect_left(starts, row["date"]) == number]
        for number in range(len(starts) + 1)
    ]
    titles = ["Tests", *(f"Tests from {each.since} on: {each.document['name']}" for each in resets)]
    return [_tests_of(title, own) for title, own in zip(titles, told, strict=True)]


def _tests_of(title: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [["test", "trigger", "first ratio", "cushion", "on", "least cushion", "on", "failing dates"]]
    # An amended trigger has a line of its own.
    triggers = dict.fromkeys((row["test"], row["trigger"]) for row in rows)
    names = list(dict.fromkeys(name for name, _ in triggers))
    for name, trigger in sorted(triggers, key=lambda each: names.index(each[0])):
        own = [row for row in rows if (row["test"], row["trigger"]) == (name, trigger)]
        active = [row for row in own if row["passes"] is not None]
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
    return [title, *aligned(lines)] if len(lines) > 1 else [f"{title}: none"]


def _equity(notes: Table) -> list[str]:
    lines: list[str] = []
    residuals: Sequence[Mapping[str, Any]] = [note for note in notes.rows() if note["kind"] == "residual"]
    for note in residuals:
        paid = note["interest_paid"] + note["principal_paid"]
        cost = note["original_balance"] * note["issue_price"]
        moic = multiple(paid / cost if cost else None)
        lines.append(
            f"{_titled(note['note'])}: IRR {percent(note['irr'])}, MOIC {moic}, "
            f"{money(paid)} paid on {money(cost)}"
        )
    return lines


def _titled(note: str) -> str:
    """Return a residual note as ``Equity SUB``; one that is called equity needs no title."""
    return note if "equity" in note.casefold() else f"Equity {note}"
