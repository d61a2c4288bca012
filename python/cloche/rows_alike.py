"""How problems of a tape print: rows with the same problem in one line, which counts them."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["lines_of"]

_FEW = 3
_PLACE = re.compile(r"tape row (\d+), (column \".*\")")
_LOAN = re.compile(r"loan .+?: ")


def lines_of(problems: Iterable[tuple[str, str]]) -> list[str]:
    """Return one line a problem, and one for all rows of a column that have the same, if they are more than three.

    Parameters
    ----------
    problems
        Places and messages, in order.

    Examples
    --------
    >>> rows = [(f'tape row {k}, column "par"', f"loan L{k}: found nothing, expected money") for k in (2, 5, 6, 9)]
    >>> lines_of(rows)
    ['tape column "par", 4 rows such as 2, 5, 6: found nothing, expected money']
    >>> lines_of(rows[:1])
    ['tape row 2, column "par": loan L2: found nothing, expected money']
    """
    alike: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for place, message in problems:
        hit = _PLACE.fullmatch(place)
        line = f"{place}: {message}" if place else message
        if hit:
            alike.setdefault((hit[2], _LOAN.sub("", message, count=1)), []).append((hit[1], line))
        else:
            alike.setdefault(("", line), []).append(("", line))
    lines: list[str] = []
    for (column, message), rows in alike.items():
        if len(rows) <= _FEW or not column:
            lines += [line for _, line in rows]
        else:
            first = ", ".join(number for number, _ in rows[:_FEW])
            lines.append(f"tape {column}, {len(rows):,} rows such as {first}: {message}")
    return lines
