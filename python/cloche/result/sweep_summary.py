"""One screen about a sweep, for people who decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cloche.result.layout import NOTHING, aligned, counted, percent
from cloche.result.path_summary import heading
from cloche.table import Table

__all__ = ["sweep_summary"]

_MOST_POINTS = 30


def sweep_summary(
    notes: Table,
    varied: Sequence[str],
    document: Mapping[str, Any],
    manifest: Mapping[str, Any],
    conservation_error: float,
) -> str:
    """Return the summary of a sweep: at each point the loss of every class, and the return of the residual notes.

    Parameters
    ----------
    notes
        A row per point and note.
    varied
        Columns of what varies.
    document
        The deal in canonical form.
    manifest
        The state that the points go on from, where there is one.
    conservation_error
        In units of the deal's par.
    """
    names = notes.column("note").vocabulary
    residual = {note["name"] for note in document.get("notes", []) if note.get("residual")}
    points = np.unique(notes["point"])
    lines = [[*varied, *(f"{name} irr" if name in residual else f"{name} loss" for name in names)]]
    losses, returns = notes["loss_rate"], notes["irr"]
    width = len(names)
    for place in range(min(len(points), _MOST_POINTS)):
        first = place * width
        figures = [
            percent(returns[first + k], 1) if name in residual else _loss(losses[first + k])
            for k, name in enumerate(names)
        ]
        lines.append([*(_word(notes[name][first]) for name in varied), *figures])
    text = [*heading(document, manifest), counted(len(points), "point"), *aligned(lines)]
    if len(points) > _MOST_POINTS:
        text.append(f"and {counted(len(points) - _MOST_POINTS, 'more point')}")
    text += [
        "",
        f"Cash in less cash out: at most {conservation_error:.1e} of par in any period of any point.",
    ]
    return "\n".join(text)


def _loss(rate: float) -> str:
    """Return a loss rate; nothing lost is no figure."""
    return percent(rate, 1) if rate > 0 else NOTHING


def _word(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    return str(value)
