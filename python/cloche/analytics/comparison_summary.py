"""One screen about two runs, for people who decide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cloche.result.layout import NOTHING, aligned, money, percent, years

if TYPE_CHECKING:
    from cloche.analytics.comparison import Comparison

__all__ = ["comparison_summary"]

# Losses up to this share are rounding.
_DUST = 1e-9
_CENT = 0.01


def comparison_summary(comparison: Comparison, currency: str) -> str:
    """Return the summary of two runs: equity's gain in total and by year, and what changes for each class."""
    return "\n".join(
        [
            *_equity(comparison, currency),
            "",
            *_words(comparison),
            "",
            *_classes(comparison),
            *_by_year(comparison),
        ]
    )


def _equity(comparison: Comparison, currency: str) -> list[str]:
    equity = comparison.equity
    before, after, gain = (math.fsum(equity[name]) for name in ("before", "after", "gain"))
    old, new = comparison.irr_before, comparison.irr_after
    change = None if old is None or new is None else new - old
    rows = [
        [f"Equity, {currency}", *comparison.names, "gain"],
        ["paid in all", money(before), money(after), _signed(gain)],
        ["IRR", percent(old), percent(new), _points(change)],
    ]
    for row in comparison.present_values.rows():
        what = f"worth at {percent(row['yield'], 1)}"
        rows.append([what, money(row["before"]), money(row["after"]), _signed(row["gain"])])
    return aligned(rows)


def _words(comparison: Comparison) -> list[str]:
    if comparison.since is None:
        return ["Equity is paid the same on every date."]
    worth = f"Worth is that of what is paid from {comparison.since} on, on that date."
    if not comparison.cost:
        return [f"Equity gains from {comparison.since} on, at no cost.", worth]
    if comparison.payback is None:
        told = "which later gains do not make up for"
    else:
        waited = (comparison.payback - comparison.since).days / 365
        told = f"made up for by {comparison.payback}, {waited:.1f} years later (undiscounted)"
    back = (
        f"; the gains return {percent(comparison.irr, 1)} a year on it" if comparison.irr is not None else ""
    )
    return [f"On {comparison.since} equity is paid {money(comparison.cost)} less, {told}{back}.", worth]


def _classes(comparison: Comparison) -> list[str]:
    """Return the classes that are paid otherwise, and the names of the rest."""
    first, second = comparison.names
    head = ["class", f"paid {first}", second, "gain", f"IRR {first}", second, f"WAL {first}", second]
    rows = [[*head, f"loss {first}", second]]
    same = []
    for row in comparison.notes.rows():
        figures = [
            money(row["paid_before"]),
            money(row["paid_after"]),
            NOTHING if row["paid_gain"] is None else _signed(row["paid_gain"]),
            percent(row["irr_before"]),
            percent(row["irr_after"]),
            years(row["wal_before"]),
            years(row["wal_after"]),
            _loss(row["loss_rate_before"]),
            _loss(row["loss_rate_after"]),
        ]
        name = row["note"] + (f" (for {row['replaces']})" if row["replaces"] else "")
        pairs = zip(figures[0:1] + figures[3::2], figures[1:2] + figures[4::2], strict=True)
        if all(old == new for old, new in pairs):
            same.append(name)
        else:
            rows.append([name, *figures])
    told = [f"Paid the same: {', '.join(same)}."] if same else []
    return [*(aligned(rows) if len(rows) > 1 else []), *told]


def _by_year(comparison: Comparison) -> list[str]:
    sums: dict[int, dict[str, float]] = {}
    for row in comparison.equity.rows():
        year = sums.setdefault(row["date"].year, {"before": 0.0, "after": 0.0, "gain": 0.0})
        for name in ("before", "after", "gain"):
            year[name] += row[name]
        year["sum"] = row["cumulative_gain"]
    while sums and not any(abs(sums[max(sums)][name]) >= _CENT for name in ("before", "after")):
        del sums[max(sums)]
    if not sums:
        return []
    rows = [["equity in", *comparison.names, "gain", "sum of gains"]]
    for number, year in sums.items():
        rows.append(
            [
                str(number),
                money(year["before"]),
                money(year["after"]),
                _signed(year["gain"]),
                _signed(year["sum"]),
            ]
        )
    return ["", *aligned(rows)]


def _signed(amount: float) -> str:
    return "0" if abs(amount) < 0.5 else f"{amount:+,.0f}"


def _points(change: float | None) -> str:
    return NOTHING if change is None else f"{change * 100 + 0.0:+.2f} points"


def _loss(rate: Any) -> str:
    return NOTHING if rate is None or rate <= _DUST else percent(rate)
