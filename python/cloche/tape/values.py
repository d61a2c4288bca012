"""Cells to values: numbers with units, dates, booleans, text. What cannot be read is a problem, no guess."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from cloche.model.units import Quantity, decimal_of
from cloche.model.wording import found, one_of
from cloche.table import NO_DATE, days_of
from cloche.tape.aliases import Unit
from cloche.tape.problems import Problems

__all__ = ["as_booleans", "as_dates", "as_numbers", "as_texts", "choice_of", "date_of"]

_BLANK = frozenset(("", "-", "--", "n/a", "#n/a", "null", "none"))
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_SHIFT: dict[Unit, int] = {"": 0, "bps": -4, "pct": -2}
_TRUE = frozenset(("true", "t", "yes", "y", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "0"))
_DATE_FORMATS = ("%Y%m%d", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d-%B-%Y", "%b %d, %Y", "%B %d, %Y")
_FREQUENCIES = {
    "monthly": 1, "month": 1, "m": 1, "bimonthly": 2, "quarterly": 3, "quarter": 3, "q": 3, "semiannual": 6,
    "semiannually": 6, "sa": 6, "halfyearly": 6, "annual": 12, "annually": 12, "yearly": 12,
}  # fmt: skip
_MONTHS = re.compile(r"(\d+)(m|mo|mos|month|months)")


def _is_blank(cell: object) -> bool:
    if cell is None:
        return True
    if isinstance(cell, str):
        return cell.strip().casefold() in _BLANK
    return bool(cell != cell)  # noqa: PLR0124 - NaN and NaT stand for nothing in an array


def as_numbers(
    cells: Sequence[Any], *, column: str, quantity: Quantity, unit: Unit, problems: Problems
) -> NDArray[np.float64]:
    """Return a column of numbers, NaN where the cell is blank.

    Parameters
    ----------
    cells
        Numbers, or texts such as ``0.013``, ``130bp``, ``7.5%``; money also as ``1,234,567.89``.
    column
        Canonical name.
    quantity
        Bounds, checked here.
    unit
        Unit of the column; a unit in the cell comes before it.
    problems
        Takes cells that are no number or out of bounds.
    """
    values = np.full(len(cells), np.nan)
    months = column.endswith("frequency_months")
    exponent = f"e{_SHIFT[unit]}" if unit else ""
    for row, cell in enumerate(cells):
        if cell is None or cell == "":
            continue
        number = _plain_number(cell, exponent)
        if number is None and not _is_blank(cell):
            number = _worded_number(cell, quantity, unit, months=months)
            if number is None:
                problems.cell(row, column, f"found {found(cell)}, expected {quantity.what}")
        if number is not None:
            values[row] = number + 0.0
    outside = (values < quantity.low) | (values > quantity.high) | (values == -np.inf)
    if quantity.open_low:
        outside |= values == quantity.low
    if quantity.whole:
        outside |= np.isfinite(values) & (values != np.floor(values))
    for row in np.flatnonzero(outside).tolist():
        problems.cell(row, column, _refusal(cells[row], float(values[row]), quantity, unit))
    values[outside] = np.nan
    return values


def _plain_number(cell: Any, exponent: str) -> float | None:
    """Return a number without words or units, shifted by a decimal exponent without rounding twice."""
    if isinstance(cell, str):
        try:
            number = float(cell + exponent)
        except ValueError:
            return None
        return number if math.isfinite(number) else None
    if isinstance(cell, bool | np.bool_):
        return None
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
    if number != number:  # noqa: PLR0124 - NaN stands for nothing in an array
        return None
    return float(Decimal(repr(number)).scaleb(int(exponent[1:]))) if exponent else number


def _worded_number(cell: Any, quantity: Quantity, unit: Unit, *, months: bool) -> float | None:
    """Return the number of a text such as ``130bp``, ``7.5%``, ``1,234,567.89``, ``quarterly``."""
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    stated = decimal_of(text)
    if stated is not None:
        allowed = quantity.scale == "decimal" or (quantity.scale == "price" and text.endswith("%"))
        return stated if allowed else None
    if quantity.scale == "plain" and _THOUSANDS.fullmatch(text):
        return float(Decimal(text.replace(",", "")).scaleb(_SHIFT[unit]))
    return _frequency(text) if months else None


def _refusal(cell: object, number: float, quantity: Quantity, unit: Unit) -> str:
    if unit:
        return f"found {found(cell)} ({unit}), which is {number:g}; expected {quantity.expected(number)}"
    try:
        quantity(number)
    except PydanticCustomError as error:
        return error.message()
    return f"found {found(cell)}, expected {quantity.what}"


def _frequency(text: str) -> float | None:
    """Return the months of ``quarterly``, ``3M``; None for anything else."""
    word = re.sub(r"[^a-z0-9]", "", text.casefold())
    match = _MONTHS.fullmatch(word)
    if match:
        return float(match[1])
    months = _FREQUENCIES.get(word)
    return None if months is None else float(months)


def date_of(cell: object) -> dt.date | None:
    """Return the date of a cell, None if it has none that is certain.

    Accepted: dates and timestamps of Python, NumPy and pandas, and text as ``2029-05-23`` (a time after it
    is dropped), ``20290523``, ``23-May-2029``, ``23 May 2029``, ``May 23, 2029``. Not accepted:
    ``05/23/2029`` and ``23.05.2029``, because 04/05/2029 may be April or May, two-digit years, and numbers
    of days.

    Examples
    --------
    >>> date_of("2029-05-23"), date_of("23-May-2029"), date_of("05/23/2029")
    (datetime.date(2029, 5, 23), datetime.date(2029, 5, 23), None)
    """
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if isinstance(cell, np.datetime64):
        day = cell.astype("datetime64[D]").item()
        return day if isinstance(day, dt.date) else None
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    try:
        return (
            dt.date.fromisoformat(text[:10])
            if re.match(r"\d{4}-\d{2}-\d{2}($|[T ])", text)
            else _worded(text)
        )
    except ValueError:
        return None


def _worded(text: str) -> dt.date | None:
    for form in _DATE_FORMATS:
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no time zone
        except ValueError:
            continue
    return None


def as_dates(cells: Sequence[Any], *, column: str, problems: Problems) -> NDArray[np.int32]:
    """Return days since 1970-01-01, `NO_DATE` where the cell is blank; see `date_of` for what is accepted."""
    dates: list[dt.date | None] = []
    for row, cell in enumerate(cells):
        date = None if _is_blank(cell) else date_of(cell)
        if date is None and not _is_blank(cell):
            hint = "; the order of day and month is not certain" if re.search(r"\d[/.]\d", str(cell)) else ""
            problems.cell(row, column, f"found {found(cell)}, expected a date as 2029-05-23{hint}")
        elif date is not None and not dt.date(1900, 1, 1) <= date <= dt.date(2200, 1, 1):
            problems.cell(row, column, f"found {date}, expected a date from 1900 to 2200")
            date = None
        dates.append(date)
    return days_of(dates) if dates else np.full(0, NO_DATE, dtype=np.int32)


def as_booleans(cells: Sequence[Any], *, column: str, problems: Problems) -> NDArray[np.int8]:
    """Return 1, 0, or -1 where the cell is blank."""
    values = np.full(len(cells), -1, dtype=np.int8)
    for row, cell in enumerate(cells):
        if _is_blank(cell):
            continue
        integral = isinstance(cell, float | np.floating) and cell == int(cell)
        word = str(int(cell) if integral else cell).strip().casefold()
        if word in _TRUE or word in _FALSE:
            values[row] = word in _TRUE
        else:
            problems.cell(row, column, f"found {found(cell)}, expected true or false")
    return values


def as_texts(cells: Sequence[Any]) -> list[str]:
    """Return texts without outer blanks, empty where the cell is blank; whole numbers lose their ``.0``."""
    known: dict[Any, str] = {None: "", "": ""}
    texts: list[str] = []
    for cell in cells:
        key = cell if isinstance(cell, str) else (type(cell), cell) if cell is not None else None
        text = known.get(key)
        if text is None:
            text = known[key] = _text(cell)
        texts.append(text)
    return texts


def _text(cell: Any) -> str:
    if _is_blank(cell):
        return ""
    if isinstance(cell, float | np.floating) and math.isfinite(cell) and cell == int(cell):
        return str(int(cell))
    return " ".join(str(cell).split())


def choice_of(texts: Sequence[str], choices: dict[str, str], *, column: str, problems: Problems) -> list[str]:
    """Return the canonical word of each text.

    Parameters
    ----------
    texts
        What the tape says; empty stays empty.
    choices
        Spelling without case, blanks and punctuation to canonical word.
    column, problems
        Where an unknown word is noted.
    """
    known = {text: choices.get(re.sub(r"[^a-z0-9]", "", text.casefold()), "") for text in set(texts)}
    words: list[str] = []
    for row, text in enumerate(texts):
        word = known[text]
        if text and not word:
            expected = one_of(dict.fromkeys(choices.values()))
            problems.cell(row, column, f"found {found(text)}, expected {expected}")
        words.append(word)
    return words
