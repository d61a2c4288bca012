"""Names, dates and free-form entries of a document."""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StrictBool, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from cloche.model.units import decimal_of
from cloche.model.wording import found

__all__ = [
    "NOT_EMPTY",
    "AnyEntry",
    "Currency",
    "Entry",
    "Expression",
    "Flag",
    "IsoDate",
    "Name",
    "iso_date",
]

_EXACT_BELOW = 1e15
_CURRENCY = re.compile("^[A-Z]{3}$")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")

Flag = StrictBool


def iso_date(value: object) -> str:
    """Return a date as ISO text.

    Parameters
    ----------
    value
        A `datetime.date`, a `datetime.datetime`, or ISO text such as ``2025-03-20``.

    Raises
    ------
    pydantic_core.PydanticCustomError
        If the value is no date.

    Examples
    --------
    >>> iso_date(dt.date(2025, 3, 20))
    '2025-03-20'
    """
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str) and _ISO.fullmatch(value):
        try:
            return dt.date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    message = f"found {found(value)}, expected a date such as 2025-03-20"
    raise PydanticCustomError("date", "{message}", {"message": message})


def _expression(value: object) -> object:
    """Take a number for an expression: `amount: 5000` and `amount: "5000"` are the same."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return value
    return repr(value)


def _entry(value: object) -> object:
    """Return a free-form entry as plain JSON values, dates as text and unit texts as numbers.

    Whole numbers are integers, so that 9 and 9.0 are the same entry.
    """
    if isinstance(value, Mapping):
        return {
            iso_date(key) if isinstance(key, dt.date) else str(key): _entry(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_entry(item) for item in value]
    return _entry_scalar(value)


def _entry_scalar(value: object) -> object:
    if isinstance(value, dt.date):
        return iso_date(value)
    if isinstance(value, str):
        number = decimal_of(value)
        return value if number is None else number
    if value is None or isinstance(value, bool | numbers.Integral):
        return value if value is None or isinstance(value, bool) else int(value)
    if isinstance(value, numbers.Real) and math.isfinite(value):
        number = float(value)
        return int(number) if number == int(number) and abs(number) < _EXACT_BELOW else number
    message = f"found {found(value)}, expected text, a finite number, true, false, a list or a mapping"
    raise PydanticCustomError("entry", "{message}", {"message": message})


def _printable(value: str) -> str:
    """Refuse line breaks, control characters and unusual blanks: a name appears in tables and ledgers."""
    if value.isprintable():
        return value
    message = f"found {found(value)}, expected text without line breaks, control characters or unusual blanks"
    raise PydanticCustomError("text", "{message}", {"message": message})


def _currency(value: str) -> str:
    if _CURRENCY.search(value):
        return value
    message = f"found {found(value)}, expected an ISO code of three capital letters, such as USD"
    raise PydanticCustomError("currency", "{message}", {"message": message, "stand_in": "USD"})


def _not_empty(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse an empty list; runs after the items, so that wrong items are not reported as a missing item."""
    if not value:
        message = "found an empty list, expected at least one item"
        raise PydanticCustomError("empty", "{message}", {"message": message})
    return value


Name = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=1000), AfterValidator(_printable)
]
Currency = Annotated[
    Name, AfterValidator(_currency), WithJsonSchema({"type": "string", "pattern": _CURRENCY.pattern})
]
NOT_EMPTY = AfterValidator(_not_empty)
IsoDate = Annotated[str, BeforeValidator(iso_date), WithJsonSchema({"type": "string", "format": "date"})]
Expression = Annotated[
    Name, BeforeValidator(_expression), WithJsonSchema({"type": ["string", "number"]}, mode="validation")
]
AnyEntry = Annotated[Any, BeforeValidator(_entry)]
Entry = Annotated[dict[str, Any], BeforeValidator(_entry)]
