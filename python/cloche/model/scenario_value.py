"""A number of a scenario that may change in time or by group.

People write a number, a list per payment period, ``{"monthly": […]}``, ``{date: value}``, or a mapping of
groups; the engine reads one tagged form.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from cloche.model.document import problem
from cloche.model.scenario_groups import UNRATED, group_key
from cloche.model.text import iso_date
from cloche.model.units import PRICE, SPREAD, Quantity
from cloche.model.wording import found

__all__ = [
    "Cdr",
    "Cpr",
    "LagMonths",
    "PriceInTime",
    "PriceValue",
    "Recovery",
    "SpreadValue",
    "ValueOf",
    "Values",
    "friendly_value",
]

Values = dict[str, Any]
_FORMS = "a number, a list, {monthly: […]}, {date: value} or {group: value}"
_Path = tuple[str | int, ...]
_CANONICAL_SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["constant", "periods", "monthly", "dates", "groups"]},
        "value": {"type": "number"},
        "values": {"type": ["array", "object"]},
    },
    "required": ["kind"],
}
_WRITTEN_SCHEMA = {
    "anyOf": [
        {"type": ["number", "string"]},
        {"type": "array", "items": {"type": ["number", "string"]}, "minItems": 1},
        {"type": "object", "minProperties": 1},
    ],
}


@dataclass(frozen=True)
class ValueOf:
    """Reads the value of a quantity in any of its forms, and collects every wrong number in it."""

    quantity: Quantity

    def __call__(self, written: object) -> Values:
        """Return the tagged form.

        Raises
        ------
        pydantic.ValidationError
            With every wrong number and its place.
        """
        problems: list[InitErrorDetails] = []
        value = self._value(written, (), problems)
        if problems:
            raise ValidationError.from_exception_data("Value", problems)
        return value

    def _value(self, written: object, path: _Path, problems: list[InitErrorDetails]) -> Values:
        written = _plain(written)
        if isinstance(written, Mapping):
            return self._mapping(written, path, problems)
        if isinstance(written, list | tuple):
            return {"kind": "periods", "values": self._list(written, path, problems)}
        return {"kind": "constant", "value": self._number(written, path, problems)}

    def _mapping(self, written: Mapping[Any, Any], path: _Path, problems: list[InitErrorDetails]) -> Values:
        if "kind" in written:
            return self._tagged(written, path, problems)
        if set(written) == {"monthly"}:
            return {"kind": "monthly", "values": self._list(written["monthly"], (*path, "monthly"), problems)}
        if written and all(_date_or_none(key) for key in written):
            return {"kind": "dates", "values": self._dates(written, path, problems)}
        if written and all(isinstance(key, str) for key in written) and not path:
            return {"kind": "groups", "values": self._groups(written, path, problems)}
        problems.append(problem(path, f"found {found(written)}, expected {_FORMS}", written))
        return {}

    def _tagged(self, written: Mapping[str, Any], path: _Path, problems: list[InitErrorDetails]) -> Values:
        kind, body = written["kind"], _plain(written.get("value", written.get("values")))
        if kind == "constant" and set(written) == {"kind", "value"}:
            return {"kind": kind, "value": self._number(body, path, problems)}
        if set(written) == {"kind", "values"}:
            if kind in ("periods", "monthly"):
                return {"kind": kind, "values": self._list(body, path, problems)}
            if kind == "dates" and isinstance(body, Mapping) and body:
                return {"kind": kind, "values": self._dates(body, path, problems)}
            if kind == "groups" and isinstance(body, Mapping) and body and not path:
                return {"kind": kind, "values": self._groups(body, path, problems)}
        problems.append(problem(path, f"found the form {found(kind)}, expected {_FORMS}", written))
        return {}

    def _list(self, written: object, path: _Path, problems: list[InitErrorDetails]) -> list[float]:
        written = _plain(written)
        if not isinstance(written, list | tuple) or not written:
            what = "an empty list" if isinstance(written, list | tuple) else found(written)
            problems.append(problem(path, f"found {what}, expected a list of numbers", written))
            return []
        return [self._number(item, (*path, position), problems) for position, item in enumerate(written)]

    def _dates(
        self, written: Mapping[Any, Any], path: _Path, problems: list[InitErrorDetails]
    ) -> dict[str, float]:
        values = {}
        for key, item in written.items():
            date = _date_or_none(key)
            if date is None:
                problems.append(
                    problem((*path, str(key)), f"found {found(key)}, expected a date such as 2025-03-20")
                )
            else:
                values[date] = self._number(item, (*path, date), problems)
        return values

    def _groups(
        self, written: Mapping[str, Any], path: _Path, problems: list[InitErrorDetails]
    ) -> dict[str, Values]:
        values: dict[str, Values] = {}
        spellings: dict[str, str] = {}
        for key, item in written.items():
            try:
                group = group_key(key)
            except PydanticCustomError as refusal:
                problems.append(problem((*path, key), refusal.message(), item))
                continue
            if spellings.setdefault(group, key) != key:
                message = f"found the group {found(key)} again, which {found(spellings[group])} is, too"
                problems.append(problem((*path, key), message, item))
            values[group] = self._value(item, (*path, key), problems)
        return values

    def _number(self, written: object, path: _Path, problems: list[InitErrorDetails]) -> float:
        try:
            return float(self.quantity(written))
        except PydanticCustomError as refusal:
            problems.append(problem(path, refusal.message(), written))
            return 0.0


_WRITTEN = WithJsonSchema(_WRITTEN_SCHEMA, mode="validation")
_CANONICAL = WithJsonSchema(_CANONICAL_SCHEMA, mode="serialization")
_CDR = Quantity("a default rate a year from 0 to 1", 0.0, 1.0, stand_in=0.02)
_CPR = Quantity("a prepayment rate a year from 0 to 1", 0.0, 1.0, stand_in=0.2)
_RECOVERY = Quantity("a recovery from 0 to 1", 0.0, 1.0, stand_in=0.7)
_MONTHS = Quantity("a number of months from 0 to 120", 0.0, 120.0, "plain", stand_in=6.0)
Cdr = Annotated[Values, BeforeValidator(ValueOf(_CDR)), _WRITTEN, _CANONICAL]
Cpr = Annotated[Values, BeforeValidator(ValueOf(_CPR)), _WRITTEN, _CANONICAL]
Recovery = Annotated[Values, BeforeValidator(ValueOf(_RECOVERY)), _WRITTEN, _CANONICAL]
LagMonths = Annotated[Values, BeforeValidator(ValueOf(_MONTHS)), _WRITTEN, _CANONICAL]


def _price_in_time(written: object) -> object:
    """Return one price as a number, prices that change in time in tagged form."""
    value = ValueOf(PRICE)(written)
    if value["kind"] == "constant":
        return value["value"]
    if value["kind"] in ("groups", "monthly"):
        found_by = f"found prices by {_BY[value['kind']]}"
        message = f"{found_by}, expected a number, a list per payment period or {{date: price}}"
        raise PydanticCustomError("price_in_time", "{message}", {"message": message, "stand_in": 1.0})
    return value


_BY = {"groups": "group", "monthly": "month"}
PriceInTime = Annotated[
    float | Values,
    BeforeValidator(_price_in_time),
    _WRITTEN,
    WithJsonSchema({"anyOf": [{"type": "number"}, _CANONICAL_SCHEMA]}, mode="serialization"),
]
PriceValue = Annotated[Values, BeforeValidator(ValueOf(PRICE)), _WRITTEN, _CANONICAL]
SpreadValue = Annotated[Values, BeforeValidator(ValueOf(SPREAD)), _WRITTEN, _CANONICAL]


def friendly_value(value: Values) -> Any:
    """Return a tagged value as people write it.

    Examples
    --------
    >>> friendly_value({"kind": "monthly", "values": [0.1]})
    {'monthly': [0.1]}
    """
    kind = value["kind"]
    if kind == "constant":
        return value["value"]
    if kind == "monthly":
        return {"monthly": list(value["values"])}
    if kind == "groups":
        groups = value["values"].items()
        return {"rating:NR" if key == UNRATED else key: friendly_value(item) for key, item in groups}
    return list(value["values"]) if kind == "periods" else dict(value["values"])


def _plain(written: object) -> object:
    """Return arrays as lists and series with dates as mappings."""
    if isinstance(written, Mapping | list | tuple | str) or written is None:
        return written
    index, items = getattr(written, "index", None), getattr(written, "items", None)
    if callable(items) and index is not None and not callable(index):
        return dict(items())
    to_list = getattr(written, "tolist", None)
    return to_list() if callable(to_list) else written


def _date_or_none(key: object) -> str | None:
    if not isinstance(key, str | dt.date):
        return None
    try:
        return iso_date(key)
    except PydanticCustomError:
        return None
