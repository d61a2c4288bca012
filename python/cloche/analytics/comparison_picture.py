"""Two runs as a picture: what equity is paid in each, and what it gains."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from cloche.errors import RunError

if TYPE_CHECKING:
    from cloche.analytics.comparison import Comparison

__all__ = ["picture"]

_MILLION = 1e6
_BEFORE, _AFTER, _GAIN, _LOSS, _SUM = "#b8bec8", "#2f6db3", "#3f9b62", "#c4533f", "#22262e"


def picture(comparison: Comparison, currency: str) -> Any:
    """Return the picture of a comparison; amounts in millions.

    Raises
    ------
    RunError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise RunError("a picture needs matplotlib: pip install 'cloche[report]'") from None
    equity = comparison.equity
    days: list[dt.date] = equity.column("date").python()
    amounts = {name: np.asarray(equity[name]) / _MILLION for name in ("before", "after", "gain")}
    at = np.array([day.toordinal() for day in days], dtype=float) - dt.date(1970, 1, 1).toordinal()
    width = 0.42 * float(np.min(np.diff(at))) if len(at) > 1 else 30.0
    figure = Figure(figsize=(9.0, 6.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    top.bar(at - width / 2, amounts["before"], width, color=_BEFORE, label=comparison.names[0])
    top.bar(at + width / 2, amounts["after"], width, color=_AFTER, label=comparison.names[1])
    top.set_title("What equity is paid on each payment date", loc="left", fontsize=11)
    colors = np.where(amounts["gain"] >= 0, _GAIN, _LOSS)
    bottom.bar(at, amounts["gain"], 1.6 * width, color=colors, label="gain")
    sums = np.asarray(equity["cumulative_gain"]) / _MILLION
    bottom.plot(at, sums, color=_SUM, linewidth=1.4, label="sum of gains")
    bottom.axhline(0.0, color=_SUM, linewidth=0.6)
    bottom.set_title(_title(comparison), loc="left", fontsize=11)
    if comparison.payback is not None:
        place = days.index(comparison.payback)
        bottom.plot(at[place], sums[place], "o", color=_SUM, markersize=6)
        bottom.annotate(
            f"paid back {comparison.payback}",
            (at[place], sums[place]),
            xytext=(10, -24),
            textcoords="offset points",
            fontsize=9,
        )
    for axes in (top, bottom):
        axes.set_ylabel(f"{currency} million")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e6e8ec", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.legend(frameon=False, fontsize=9, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 0.98))
    bottom.xaxis_date()
    return figure


def _title(comparison: Comparison) -> str:
    old, new = comparison.irr_before, comparison.irr_after
    if old is None or new is None:
        return "What it gains"
    first, second = comparison.names
    return f"What it gains: IRR {first} {old * 100:.2f}%, {second} {new * 100:.2f}%"
