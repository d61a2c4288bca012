"""Numbers as people write them: ``130bp``, ``7.5%``, and what each kind of number may be.

Rates, prices and ratios are decimals (130 bp = 0.0130, 98½ = 0.985, 105.5 % = 1.055), money is in currency
units. A number outside the bounds of its kind is refused with a guess at the slip, because 5.3 meant as
percent would otherwise be a coupon of 530 %.
"""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from cloche.model.wording import found

__all__ = [
    "BALANCE",
    "DAY_OF_MONTH",
    "IRR",
    "MONEY",
    "MONTHS",
    "POSITIVE_MONEY",
    "PRICE",
    "SHARE",
    "SPREAD",
    "Balance",
    "Count",
    "DayOfMonth",
    "FeeRate",
    "Floor",
    "MarketPrice",
    "Money",
    "Months",
    "Positive",
    "PositiveMoney",
    "Price",
    "Quantity",
    "Rate",
    "Share",
    "Spread",
    "TermYears",
    "Trigger",
    "YearsSince",
    "decimal_of",
]

_UNIT_TEXT = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(bps?|%)\s*")
_LEADING_ZERO = re.compile(r"[-+]?0\d+(\.\d*)?")
_PLAIN_NUMBER = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)([eE][-+]?\d+)?")
_CLEARLY_BEYOND = 2
_BP_PER_UNIT = 10_000
_PCT_PER_UNIT = 100


def decimal_of(text: str) -> float | None:
    """Return the decimal that a text with a unit stands for.

    Parameters
    ----------
    text
        A number followed by ``bp``, ``bps`` or ``%``.

    Returns
    -------
    float or None
        None if the text is not a number with such a unit.

    Examples
    --------
    >>> decimal_of("130bp"), decimal_of("7.5%"), decimal_of("AAA")
    (0.013, 0.075, None)
    """
    match = _UNIT_TEXT.fullmatch(text)
    if match is None:
        return None
    scale = _PCT_PER_UNIT if match[2] == "%" else _BP_PER_UNIT
    return float(Decimal(match[1].replace("_", "")) / scale)


@dataclass(frozen=True)
class Quantity:
    """A kind of number: what it is called, its bounds, and the units it may be written in.

    Parameters
    ----------
    what
        What is expected, for messages.
    low, high
        Bounds, included.
    scale
        ``decimal`` and ``ratio`` accept ``bp`` and ``%``; ``price`` accepts ``%``; ``plain`` accepts no unit.
    open_low
        Whether `low` itself is refused.
    stand_in
        A harmless value of this kind; lets the rest of a document be examined when this number is wrong.
    whole
        Whether only whole numbers are accepted.
    usual
        What a number of this kind hardly exceeds, for the guess at a slip; absent: `high`.
    limit
        What a message adds for a number too large, where `what` does not tell how large it may be.
    """

    what: str
    low: float
    high: float
    scale: Literal["decimal", "ratio", "price", "plain"] = "decimal"
    open_low: bool = False
    stand_in: float = 1.0
    whole: bool = False
    usual: float = math.inf
    limit: str = ""

    def __call__(self, value: object) -> float | int:
        """Return the number, or say what was found and expected."""
        number = self._number(value)
        if not math.isfinite(number):
            raise self._refusal(f"found {found(value)}, expected {self.what}, finite")
        if not self.holds(number):
            raise self._refusal(
                f"found {found(value)}, expected {self.expected(number)}{self._guess(number)}"
            )
        if self.whole:
            if number != int(number):
                raise self._refusal(f"found {found(value)}, expected {self.what}")
            return int(number)
        return number + 0.0  # -0.0 becomes 0.0, so that equal documents have equal text

    def expected(self, number: float) -> str:
        """Return what is expected in place of a number; the limit that it breaks is told."""
        return self.what + (self.limit if abs(number) > self.high else "")

    def holds(self, number: float) -> bool:
        """Tell whether a number is within the bounds."""
        return self.low <= number <= self.high and not (self.open_low and number == self.low)

    def _number(self, value: object) -> float:
        if isinstance(value, bool):
            raise self._refusal(f"found {found(value)}, expected {self.what}")
        if isinstance(value, numbers.Real | Decimal):
            try:
                return float(value)
            except OverflowError:
                return math.inf
        if isinstance(value, str):
            return self._from_text(value)
        raise self._refusal(f"found {found(value)}, expected {self.what}")

    def _from_text(self, text: str) -> float:
        number = decimal_of(text)
        percent = text.strip().endswith("%")
        if number is not None and (self.scale in ("decimal", "ratio") or (self.scale == "price" and percent)):
            return number
        hint = ""
        if _LEADING_ZERO.fullmatch(text):
            hint = "; a number has no leading zero (octal numbers are not read)"
        elif number is not None:
            hint = "; it has no such unit"
        elif _PLAIN_NUMBER.fullmatch(text):
            hint = "; write it without quotes"
        raise self._refusal(f"found {found(text)}, expected {self.what}{hint}")

    def _guess(self, number: float) -> str:
        if self.scale == "plain" or number < _CLEARLY_BEYOND * self.high:
            return ""
        for scale, slip in ((_PCT_PER_UNIT, "percent"), (_BP_PER_UNIT, "basis points")):
            decimal = float(Decimal(repr(number)) / scale)
            if not self.holds(decimal) or decimal > self.usual:
                continue
            if self.scale == "price":
                return (
                    f"; {number:g} looks like a price of 100; write {decimal:g}" if slip == "percent" else ""
                )
            unit = f"{number:g}%" if slip == "percent" else f"{number:g}bp"
            return f"; {number:g} looks like {slip}; write {decimal:g} or {unit}"
        return ""

    def _refusal(self, message: str) -> PydanticCustomError:
        stand_in = int(self.stand_in) if self.whole else self.stand_in
        return PydanticCustomError("quantity", "{message}", {"message": message, "stand_in": stand_in})

    def json_schema(self) -> WithJsonSchema:
        """Return the JSON Schema of what may be written."""
        number: dict[str, Any] = {"type": "integer" if self.whole else "number"}
        number["exclusiveMinimum" if self.open_low else "minimum"] = self.low
        if math.isfinite(self.high):
            number["maximum"] = self.high
        if self.scale == "plain":
            return WithJsonSchema(number, mode="validation")
        units = "%" if self.scale == "price" else "(bps?|%)"
        text = {"type": "string", "pattern": rf"^\s*[-+]?[0-9._]+([eE][-+]?[0-9]+)?\s*{units}\s*$"}
        return WithJsonSchema({"anyOf": [number, text]}, mode="validation")


BALANCE = Quantity("money, 0 or more", 0.0, 1e15, "plain", limit=", at most 1e15")
MONEY = Quantity("money", -1e15, 1e15, "plain", limit=", from -1e15 to 1e15")
POSITIVE_MONEY = Quantity("money above 0", 0.0, 1e15, "plain", open_low=True, limit=", at most 1e15")
_FEE_RATE = Quantity("a rate a year from 0 to 0.5", 0.0, 0.5, stand_in=0.01, usual=0.05)
_RATE = Quantity("a rate a year from 0 to 0.5", 0.0, 0.5, stand_in=0.01)
SPREAD = Quantity("a spread from -0.05 to 0.5", -0.05, 0.5, stand_in=0.01)
_FLOOR = Quantity("a rate from -0.1 to 0.5", -0.1, 0.5, stand_in=0.0)
SHARE = Quantity("a share from 0 to 1", 0.0, 1.0, stand_in=0.5)
_TRIGGER = Quantity("a ratio above 0, at most 10", 0.0, 10.0, "ratio", open_low=True)
PRICE = Quantity("a price above 0, at most 2 (1 is par)", 0.0, 2.0, "price", open_low=True)
_MARKET_PRICE = Quantity("a market price from 0 to 2 (1 is par)", 0.0, 2.0, "price", stand_in=0.5)
_YEARS_SINCE = Quantity("a number of years from 0 to 100", 0.0, 100.0, "plain")
_IRR = Quantity("a rate of return from 0 to 1", 0.0, 1.0, stand_in=0.12)
_COUNT = Quantity("a whole number, 0 or more", 0.0, 1e6, "plain", whole=True, limit=", at most 1,000,000")
_POSITIVE = Quantity("a whole number, 1 or more", 1.0, 1e6, "plain", whole=True, limit=", at most 1,000,000")
_TERM_YEARS = Quantity(
    "a number of years above 0, at most 30", 0.0, 30.0, "plain", open_low=True, stand_in=6.0
)
DAY_OF_MONTH = Quantity("a day of the month from 1 to 31", 1.0, 31.0, "plain", whole=True)
MONTHS = Quantity("a whole number of months from 1 to 12", 1.0, 12.0, "plain", whole=True, stand_in=3)

Balance = Annotated[float, BeforeValidator(BALANCE), BALANCE.json_schema()]
Money = Annotated[float, BeforeValidator(MONEY), MONEY.json_schema()]
PositiveMoney = Annotated[float, BeforeValidator(POSITIVE_MONEY), POSITIVE_MONEY.json_schema()]
FeeRate = Annotated[float, BeforeValidator(_FEE_RATE), _FEE_RATE.json_schema()]
Rate = Annotated[float, BeforeValidator(_RATE), _RATE.json_schema()]
Spread = Annotated[float, BeforeValidator(SPREAD), SPREAD.json_schema()]
Floor = Annotated[float, BeforeValidator(_FLOOR), _FLOOR.json_schema()]
Share = Annotated[float, BeforeValidator(SHARE), SHARE.json_schema()]
Trigger = Annotated[float, BeforeValidator(_TRIGGER), _TRIGGER.json_schema()]
Price = Annotated[float, BeforeValidator(PRICE), PRICE.json_schema()]
IRR = Annotated[float, BeforeValidator(_IRR), _IRR.json_schema()]
MarketPrice = Annotated[float, BeforeValidator(_MARKET_PRICE), _MARKET_PRICE.json_schema()]
YearsSince = Annotated[float, BeforeValidator(_YEARS_SINCE), _YEARS_SINCE.json_schema()]
TermYears = Annotated[float, BeforeValidator(_TERM_YEARS), _TERM_YEARS.json_schema()]
Count = Annotated[int, BeforeValidator(_COUNT), _COUNT.json_schema()]
Positive = Annotated[int, BeforeValidator(_POSITIVE), _POSITIVE.json_schema()]
DayOfMonth = Annotated[int, BeforeValidator(DAY_OF_MONTH), DAY_OF_MONTH.json_schema()]
Months = Annotated[int, BeforeValidator(MONTHS), MONTHS.json_schema()]
