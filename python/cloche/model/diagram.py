"""A waterfall as a picture: plain SVG, steps from top to bottom, tests as diamonds, payees on the right."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from cloche.model.deal_document import DealDocument
from cloche.model.diagram_rows import Row, Target, rows_of

__all__ = ["waterfall_svg"]

_WIDTH = 860
_SPINE, _HALF, _DIAMOND = 230, 120, 150
_TARGETS, _RIGHT = 450, 846
_LINE, _GAP, _CHIP = 17, 30, 28
_LETTER = 7.1  # width of a letter, on average
_INK, _FAINT, _LABEL = "#22262e", "#6d7480", "#8a919c"
_COLORS = {"note": "#dbe8f7", "fee": "#eceef1", "equity": "#fdebc8", "account": "#dcf1e3"}
_TOPS = {
    "receipts": "Receipts",
    "interest": "Interest proceeds",
    "principal": "Principal proceeds",
    "acceleration": "All proceeds",
    "redemption": "All proceeds",
}


def waterfall_svg(document: DealDocument, fall: str) -> str:
    """Return a waterfall as SVG.

    Parameters
    ----------
    document
        The deal.
    fall
        Name of the waterfall.
    """
    rows = [_fitted(row) for row in rows_of(document, fall)]
    top = _TOPS[fall]
    shapes = [_pill(top)]
    y = end = 62.0  # where the next row begins, and where the last shape ended
    for place, row in enumerate(rows):
        chips, chips_height = _chips(row)
        note = _wrapped(row.condition, (_RIGHT - _TARGETS) / 6.4)
        half = _half(row)
        tall = max(2 * half, chips_height + 15 * len(note))
        middle = y + _GAP + tall / 2
        shapes.append(_arrow(_SPINE, end, _SPINE, middle - half))
        if place and rows[place - 1].test:
            shapes.append(_text(_SPINE + 8, end + 14, "holds", size=11, color=_FAINT, anchor="start"))
        shapes.append(_step(row, middle, half))
        start = _TARGETS - 6
        if row.targets:
            edge = _SPINE + (_DIAMOND if row.test else _HALF)
            shapes.append(_arrow(edge, middle, start, middle))
            if row.test:
                shapes.append(_text(edge + 4, middle - 6, "fails", size=11, color=_FAINT, anchor="start"))
        first = middle - chips_height / 2
        shapes += [chip(first) for chip in chips]
        shapes += [
            _text(
                _TARGETS,
                first + chips_height + 13 + 15 * k,
                line,
                size=12,
                color=_FAINT,
                anchor="start",
                italic=True,
            )
            for k, line in enumerate(note)
        ]
        y = end = middle + half
        if tall > 2 * half:
            y = max(y, middle + chips_height / 2 + 15 * len(note) - _GAP / 2)
    title = f"{document.name}: {top.lower()}"
    height = round(y + 24)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" role="img">'
    )
    marker = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0 L8 4 L0 8 z" fill="{_FAINT}"/></marker></defs>'
    )
    ground = f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", marker, ground, *shapes, "</svg>"]) + "\n"


def _fitted(row: Row) -> Row:
    """Return a row whose words fit its shape."""
    letters = 2 * _HALF / _LETTER - 2
    return replace(row, lines=tuple(part for line in row.lines for part in _wrapped(line, letters)))


def _half(row: Row) -> float:
    """Return half the height of a step's shape; a diamond needs room for its words."""
    lines = len(row.lines)
    return 24 + 13 * lines if row.test else 8 + _LINE * lines / 2


def _step(row: Row, middle: float, half: float) -> str:
    if row.test:
        points = (
            f"{_SPINE},{_n(middle - half)} {_SPINE + _DIAMOND},{_n(middle)} {_SPINE},{_n(middle + half)} "
        )
        points += f"{_SPINE - _DIAMOND},{_n(middle)}"
        shape = f'<polygon points="{points}" fill="#fff7f2" stroke="#c4533f"/>'
    else:
        dash = ' stroke-dasharray="5 3"' if row.condition else ""
        shape = (
            f'<rect x="{_SPINE - _HALF}" y="{_n(middle - half)}" width="{2 * _HALF}" height="{_n(2 * half)}" rx="4" '
            f'fill="#ffffff" stroke="{_FAINT}"{dash}/>'
        )
    first = middle - _LINE * (len(row.lines) - 1) / 2 + 4.5
    lines = [_text(_SPINE, first + _LINE * k, line, size=13) for k, line in enumerate(row.lines)]
    label = _text(16 + 10 * row.depth, middle + 4.5, f"({row.label})", size=13, color=_LABEL, anchor="start")
    return "\n".join([shape, *lines, label])


class _Chip:
    """A payee's box, drawn at an offset from the top of its step's boxes."""

    def __init__(self, target: Target, x: float, offset: float, width: float) -> None:
        self.target, self.x, self.offset, self.width = target, x, offset, width

    def __call__(self, top: float) -> str:
        y = top + self.offset
        box = (
            f'<rect x="{_n(self.x)}" y="{_n(y)}" width="{_n(self.width)}" height="{_CHIP - 4}" rx="11" '
            f'fill="{_COLORS[self.target.kind]}"/>'
        )
        words = _text(self.x + self.width / 2, y + 16.5, self.target.text, size=13)
        if not self.target.before:
            return f"{box}\n{words}"
        place = self.x - 6
        between = _text(place, y + 16.5, self.target.before, size=12, color=_FAINT, anchor="end")
        return f"{box}\n{words}\n{between}"


def _chips(row: Row) -> tuple[list[_Chip], float]:
    """Return the boxes of a step's payees, broken into lines, and their height."""
    chips: list[_Chip] = []
    if not row.targets:
        return chips, 0.0
    x, offset = float(_TARGETS), 2.0
    for target in row.targets:
        width = _LETTER * len(target.text) + 22
        lead = (_LETTER * len(target.before) + 14) if target.before else 0.0
        if chips and x + lead + width > _RIGHT:
            x, offset = float(_TARGETS), offset + _CHIP
        chips.append(_Chip(target, x + lead, offset, width))
        x += lead + width
    return chips, offset + _CHIP - 2


def _wrapped(text: str, letters: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= letters:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _pill(text: str) -> str:
    box = f'<rect x="{_SPINE - 95}" y="26" width="190" height="36" rx="18" fill="{_INK}"/>'
    return "\n".join([box, _text(_SPINE, 49, text, size=14, color="#ffffff")])


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
    return f'<line {ends} stroke="{_FAINT}" marker-end="url(#tip)"/>'


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int,
    color: str = _INK,
    anchor: str = "middle",
    italic: bool = False,
) -> str:
    style = ' font-style="italic"' if italic else ""
    place = f'x="{_n(x)}" y="{_n(y)}" font-size="{size}" fill="{color}" text-anchor="{anchor}"{style}'
    return f"<text {place}>{escape(text)}</text>"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
