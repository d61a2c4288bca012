"""Index curves: as people write them, and the tagged form that the engine reads.

A file holds ``rates: {flat: 0.043}``, ``{forwards: {date: rate}}``, ``{zero: {base: …, points: …}}``,
``{discount: {base: …, points: …}}``, ``{history: {date: fixing}, then: CURVE}``, ``{shifted: {curve: CURVE,
shift: 0.01}}``, or one of these per index (``{sofr_3m: {…}, euribor_6m: {…}}``); ``*`` serves every index
that is not named.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails, PydanticCustomError

from cloche.model.document import problem
from cloche.model.text import iso_date
from cloche.model.units import Quantity
from cloche.model.wording import did_you_mean, found

__all__ = ["Curves", "friendly_curves", "tagged_curves", "zero_to_discount"]

Curve = dict[str, Any]
_Path = tuple[str | int, ...]
_RATE = Quantity("a rate a year from -0.1 to 0.5", -0.1, 0.5, stand_in=0.04)
_SHIFT = Quantity("a shift from -0.5 to 0.5", -0.5, 0.5, stand_in=0.0)
_FACTOR = Quantity("a discount factor above 0, at most 2", 0.0, 2.0, "plain", open_low=True)
_FORMS = ("flat", "forwards", "zero", "discount", "history", "shifted")
_DAYS_A_YEAR = 365
_NEAR = 0.75
_DIGITS = 40


def tagged_curves(written: object) -> dict[str, Curve]:
    """Return curves by index in tagged form.

    Parameters
    ----------
    written
        A `RateCurve`, a number (flat), or a mapping as in a file.

    Raises
    ------
    pydantic.ValidationError
        With every wrong entry and its place.
    """
    problems: list[InitErrorDetails] = []
    curves = _curves(written, problems)
    if problems:
        raise ValidationError.from_exception_data("RateCurve", problems)
    return curves


Curves = Annotated[
    dict[str, Curve],
    BeforeValidator(tagged_curves),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "object", "minProperties": 1}]}, mode="validation"
    ),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"kind": {"enum": ["flat", "forwards", "discount", "history", "shifted"]}},
                "required": ["kind"],
            },
        },
        mode="serialization",
    ),
]


def _curves(written: object, problems: list[InitErrorDetails]) -> dict[str, Curve]:
    to_canonical = getattr(written, "to_canonical", None)
    if callable(to_canonical):
        written = to_canonical()
    if not isinstance(written, Mapping):
        return {"*": _Reader(problems).curve(written, ())}
    if not written:
        problems.append(problem((), "found an empty mapping, expected a curve"))
        return {}
    if _is_one_curve(written):
        return {"*": _Reader(problems).curve(written, ())}
    curves: dict[str, Curve] = {}
    for index, item in written.items():
        if near := _misspelt_form(str(index)):
            message = f"found no index and no kind of curve; did you mean {near!r}?"
            problems.append(problem((str(index),), message))
        else:
            curves[str(index)] = _Reader(problems).curve(item, (str(index),))
    return curves


def _misspelt_form(index: str) -> str | None:
    """Return the kind of curve that is meant by what would be the name of an index; those have an underscore."""
    if "_" in index:
        return None
    return next(iter(difflib.get_close_matches(index, _FORMS, n=1, cutoff=_NEAR)), None)


def _is_one_curve(written: Mapping[Any, Any]) -> bool:
    keys = {str(key) for key in written}
    return bool(keys & {*_FORMS, "kind"}) or all(_date_or_none(key) is not None for key in written)


class _Reader:
    def __init__(self, problems: list[InitErrorDetails]) -> None:
        self._problems = problems

    def curve(self, written: object, path: _Path) -> Curve:
        """Return one curve in tagged form."""
        to_canonical = getattr(written, "to_canonical", None)
        if callable(to_canonical):
            written = to_canonical()
            if isinstance(written, Mapping) and set(written) == {"*"}:
                written = written["*"]
        if not isinstance(written, Mapping):
            return {"kind": "flat", "rate": self._number(_RATE, written, path)}
        if "kind" in written:
            written = _untagged(written)
        if written and all(_date_or_none(key) is not None for key in written):
            return {"kind": "forwards", "points": self._points(_RATE, written, path)}
        forms = [form for form in _FORMS if form in written]
        strange = [key for key in written if key not in (*_FORMS, "then")]
        if len(forms) != 1 or strange or ("then" in written and forms != ["history"]):
            what = (
                f"found the key {strange[0]!r}{did_you_mean(strange[0], _FORMS)}"
                if strange
                else "found no curve"
            )
            self._refuse(path, f"{what}; expected one of {', '.join(_FORMS)}")
            return {}
        readers: dict[str, Callable[[Any, Any, _Path], Curve]] = {
            "flat": lambda body, _, place: {"kind": "flat", "rate": self._number(_RATE, body, place)},
            "forwards": lambda body, _, place: {
                "kind": "forwards",
                "points": self._points(_RATE, body, place),
            },
            "zero": self._zero,
            "discount": self._discount,
            "history": self._history,
            "shifted": self._shifted,
        }
        form = forms[0]
        return readers[form](written[form], written, (*path, form))

    def _discount(self, body: object, _: object, path: _Path) -> Curve:
        base, points = self._base_and_points(_FACTOR, body, path)
        return {"kind": "discount", "base": base, "points": points}

    def _zero(self, body: object, _: object, path: _Path) -> Curve:
        base, points = self._base_and_points(_RATE, body, path)
        return zero_to_discount(base, points) if base and points else {}

    def _base_and_points(self, quantity: Quantity, body: object, path: _Path) -> tuple[str, dict[str, float]]:
        if not isinstance(body, Mapping) or set(body) != {"base", "points"}:
            self._refuse(path, f"found {found(body)}, expected a mapping with base and points")
            return "", {}
        base = self._date(body["base"], (*path, "base"))
        points = self._points(quantity, body["points"], (*path, "points"))
        for date in points:
            if base and date < base:
                self._refuse(
                    (*path, "points", date), f"found a date before the base {base}, expected one from it on"
                )
        return base, points

    def _history(self, body: object, written: Mapping[str, Any], path: _Path) -> Curve:
        if "then" not in written:
            self._refuse(path[:-1], "missing: a history needs `then`, the curve that follows it")
        fixings = self._points(_RATE, body, path)
        return {
            "kind": "history",
            "fixings": fixings,
            "then": self.curve(written.get("then", 0), (*path[:-1], "then")),
        }

    def _shifted(self, body: object, _: object, path: _Path) -> Curve:
        if (
            not isinstance(body, Mapping)
            or "curve" not in body
            or set(body) - {"curve", "shift", "slope", "base"}
        ):
            self._refuse(path, f"found {found(body)}, expected a mapping with curve, shift, slope and base")
            return {}
        curve: Curve = {"kind": "shifted", "curve": self.curve(body["curve"], (*path, "curve"))}
        for key in ("shift", "slope"):
            curve[key] = self._number(_SHIFT, body.get(key, 0.0), (*path, key))
        if body.get("base") is not None:
            curve["base"] = self._date(body["base"], (*path, "base"))
        return curve

    def _points(self, quantity: Quantity, written: object, path: _Path) -> dict[str, float]:
        if not isinstance(written, Mapping) or not written:
            self._refuse(path, f"found {found(written)}, expected rates by date")
            return {}
        points = {}
        for key, item in written.items():
            if date := self._date(key, (*path, str(key))):
                points[date] = self._number(quantity, item, (*path, date))
        return points

    def _date(self, written: object, path: _Path) -> str:
        try:
            return iso_date(written)
        except PydanticCustomError as refusal:
            self._refuse(path, refusal.message())
            return ""

    def _number(self, quantity: Quantity, written: object, path: _Path) -> float:
        try:
            return float(quantity(written))
        except PydanticCustomError as refusal:
            self._refuse(path, refusal.message())
            return 0.0

    def _refuse(self, path: _Path, message: str) -> None:
        self._problems.append(problem(path, message))


def _untagged(curve: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a tagged curve in the form of a file, which then is checked like any other."""
    kind = curve["kind"]
    body = {key: value for key, value in curve.items() if key != "kind"}
    only = {"flat": "rate", "forwards": "points"}.get(kind)
    if only is not None and set(body) == {only}:
        return {kind: body[only]}
    if kind == "history" and set(body) == {"fixings", "then"}:
        return {"history": body["fixings"], "then": body["then"]}
    return {str(kind): body}


def friendly_curves(curves: Mapping[str, Curve]) -> Any:
    """Return tagged curves as a file holds them."""
    written = {index: _friendly(curve) for index, curve in curves.items()}
    return written["*"] if set(written) == {"*"} else written


def _friendly(curve: Curve) -> dict[str, Any]:
    written = dict(_untagged(curve))
    if "then" in written:
        written["then"] = _friendly(written["then"])
    if "shifted" in written:
        body = {key: value for key, value in written["shifted"].items() if key == "curve" or value}
        written["shifted"] = {**body, "curve": _friendly(body["curve"])}
    return written


def zero_to_discount(base: str, points: Mapping[str, float]) -> Curve:
    """Return the discount curve of continuous zero rates: ``exp(-rate · days / 365)``.

    Decimal arithmetic rounds correctly, so the factors are the same on every machine.

    Parameters
    ----------
    base
        Date from which the rates run, ISO text.
    points
        Continuously compounded rates a year by date, act/365.
    """
    start = dt.date.fromisoformat(base)
    factors = {}
    with localcontext() as context:
        context.prec = _DIGITS
        for date, rate in points.items():
            days = (dt.date.fromisoformat(date) - start).days
            factors[date] = float((-Decimal(rate) * days / _DAYS_A_YEAR).exp())
    return {"kind": "discount", "base": base, "points": factors}


def _date_or_none(key: object) -> str | None:
    if not isinstance(key, str | dt.date):
        return None
    try:
        return iso_date(key)
    except PydanticCustomError:
        return None
