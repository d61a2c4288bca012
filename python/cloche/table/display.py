"""How a table looks: aligned text and HTML. Money has thousands separators, rates stay decimals."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cloche.table.column import Column
    from cloche.table.table import Table

__all__ = ["as_html", "as_text"]

_ROWS = 20  # a table longer than this shows its first and last rows
_HEAD = 12
_TAIL = 6
_WIDTH = 160  # characters; columns beyond it are named, not shown
_GAP = "  "
_MONEY = 10_000.0
_HUNDRED = 100.0
_DECIMALS = 6
_ROUNDING = 1e-14  # beside the largest number of a column: what adding and taking away leaves of nothing


def as_text(table: Table, *, whole: bool = False) -> str:
    """Return the table as aligned text: every row and column where the whole is asked for."""
    rows, skipped = (np.arange(len(table)), False) if whole else _shown(len(table))
    cells = [(name, _cells(table.column(name), rows)) for name in table.columns]
    lines: list[str] = []
    shown: list[list[str]] = []
    width = 0
    for name, texts in cells:
        size = max(len(text) for text in (name, *texts))
        if shown and not whole and width + size + len(_GAP) > _WIDTH:
            break
        width += size + len(_GAP)
        right = table.column(name).kind in ("float", "int")
        shown.append([text.rjust(size) if right else text.ljust(size) for text in (name, *texts)])
    for number, line in enumerate(zip(*shown, strict=True)):
        if skipped and number == 1 + _HEAD:
            lines.append("…")
        lines.append(_GAP.join(line).rstrip())
    hidden = table.columns[len(shown) :]
    if skipped or hidden or not len(table):
        lines.append(_size(table))
    if hidden:
        lines.append(f"not shown: {', '.join(hidden)}")
    return "\n".join(lines)


def as_html(table: Table) -> str:
    """Return the table as HTML for notebooks."""
    rows, skipped = _shown(len(table))
    columns = [_cells(table.column(name), rows) for name in table.columns]
    align = ["right" if table.column(name).kind in ("float", "int") else "left" for name in table.columns]
    head = _line("th", table.columns, align)
    body: list[str] = []
    for number, line in enumerate(zip(*columns, strict=True)):
        if skipped and number == _HEAD:
            body.append(f'<tr><td colspan="{len(columns)}">…</td></tr>')
        body.append(_line("td", line, align))
    return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table><p>{_size(table)}</p>"


def _line(tag: str, texts: Sequence[str], align: Sequence[str]) -> str:
    cells = (
        f'<{tag} style="text-align:{side}">{html.escape(text)}</{tag}>'
        for text, side in zip(texts, align, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _size(table: Table) -> str:
    return f"{len(table):,} rows, {len(table.columns)} columns"


def _shown(rows: int) -> tuple[np.ndarray[Any, np.dtype[np.intp]], bool]:
    if rows <= _ROWS:
        return np.arange(rows), False
    return np.concatenate([np.arange(_HEAD), np.arange(rows - _TAIL, rows)]), True


def _cells(column: Column, rows: np.ndarray[Any, np.dtype[np.intp]]) -> list[str]:
    values = column.take(rows).python()
    if column.kind == "float":
        return _numbers(values)
    return ["" if value is None else _word(value) for value in values]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)


def _numbers(values: Sequence[float | None]) -> list[str]:
    """Format one column: money without decimals, ratios alike, with the decimals they have, up to six."""
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    values = [0.0 if value is not None and abs(value) < _ROUNDING * largest else value for value in values]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    sizes = [abs(value) for value in finite if value]
    if sizes and max(sizes) >= _MONEY and min(sizes) < _HUNDRED:  # a list of different things
        return ["" if value is None else _number(value, _own_decimals(value)) for value in values]
    decimals = max(map(_own_decimals, finite), default=0)
    if sizes and max(sizes) >= _HUNDRED:
        decimals = 0 if max(sizes) >= _MONEY else min(decimals, 2)
    return ["" if value is None else _number(value, decimals) for value in values]


def _own_decimals(value: float) -> int:
    """Return how many decimals the number shows by itself."""
    if abs(value) >= _MONEY or not math.isfinite(value):
        return 0
    text = f"{abs(value):.9f}".rstrip("0")
    return min(len(text) - text.index(".") - 1, 2 if abs(value) >= _HUNDRED else _DECIMALS)


def _number(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    if value and not any(digit in text for digit in "123456789"):
        return f"{value:.1e}"  # smaller than the column's last digit, but not zero
    return text
