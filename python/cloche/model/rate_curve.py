"""Index curves as Python objects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Self, final

from cloche.errors import ScenarioError
from cloche.model import engine
from cloche.model.curves import Curves, friendly_curves
from cloche.model.document import Document, canonical_json
from cloche.model.frozen import Frozen
from cloche.model.source import checked
from cloche.model.wording import did_you_mean
from cloche.model.yaml import Source

__all__ = ["CurvesDocument", "RateCurve"]

_SUBJECT = "the rate curve"


class CurvesDocument(Document):
    """Curves by index."""

    rates: Curves

    def to_canonical(self) -> dict[str, Any]:
        """Return the curves by index."""
        return self.rates


@final
class RateCurve(Frozen[CurvesDocument]):
    """Future fixings of one index or several; rates are decimals a year.

    Build one with `flat`, `forwards`, `zero`, `discount`, `history`, `from_quotes` or `by_index`. Points are
    a mapping or a series by date, a pair of arrays ``(dates, values)``, or a list of pairs.

    Examples
    --------
    >>> RateCurve.flat(0.043).shift(0.01).to_dict()
    {'shifted': {'curve': {'flat': 0.043}, 'shift': 0.01}}
    """

    __slots__ = ()

    @classmethod
    def _model(cls) -> type[CurvesDocument]:
        return CurvesDocument

    @classmethod
    def _restored(cls, canonical: str) -> Self:
        return cls.from_dict(CurvesDocument.model_validate_json(f'{{"rates":{canonical}}}').rates)

    @classmethod
    def from_dict(cls, curves: Mapping[str, Any] | float) -> Self:
        """Return curves as a scenario file holds them.

        Raises
        ------
        ScenarioError
            With every wrong entry and its place.
        """
        return cls._of(checked(CurvesDocument, Source({"rates": curves}), _SUBJECT, ScenarioError))

    @classmethod
    def flat(cls, rate: float) -> Self:
        """Return a curve on which every tenor of every index fixes at one simple rate."""
        return cls.from_dict({"flat": rate})

    @classmethod
    def forwards(cls, points: Any) -> Self:
        """Return a curve of fixings by date: the last value on or before the fixing date."""
        return cls.from_dict({"forwards": _points(points)})

    @classmethod
    def zero(cls, base: dt.date | str, points: Any) -> Self:
        """Return a curve of zero rates from a base date: continuously compounded, act/365.

        Forward fixings follow from the discount factors ``exp(-rate · days / 365)``, log-linear between the
        points.
        """
        return cls.from_dict({"zero": {"base": base, "points": _points(points)}})

    @classmethod
    def discount(cls, base: dt.date | str, points: Any) -> Self:
        """Return a curve of discount factors from a base date, log-linear between the points."""
        return cls.from_dict({"discount": {"base": base, "points": _points(points)}})

    @classmethod
    def history(cls, fixings: Any, *, then: RateCurve) -> Self:
        """Return past fixings, followed by another curve."""
        past = _points(fixings)
        return cls.from_dict(
            {index: {"history": past, "then": curve} for index, curve in then.to_canonical().items()}
        )

    @classmethod
    def by_index(cls, curves: Mapping[str, RateCurve | Mapping[str, Any] | float]) -> Self:
        """Return one curve per index; ``*`` serves every index that is not named."""
        return cls.from_dict(dict(curves))

    @classmethod
    def from_quotes(cls, base: dt.date | str, quotes: Iterable[tuple[str, str, float]]) -> Self:
        """Return the discount curve that reprices market quotes.

        Parameters
        ----------
        base
            Date of the quotes.
        quotes
            Triples ``(kind, tenor, rate)``: ``("deposit", "3M", 0.043)``, ``("swap", "5Y", 0.039)``.

        Raises
        ------
        ScenarioError
            If the quotes cannot be repriced.
        """
        day = base if isinstance(base, str) else base.isoformat()
        return cls.discount(day, engine.bootstrap_discount(day, list(quotes)))

    def shift(self, by: float) -> Self:
        """Return the curve moved in parallel by a rate a year: 0.01 is 100 basis points up."""
        return self._moved({"shift": by})

    def steepen(self, slope: float, *, base: dt.date | str | None = None) -> Self:
        """Return the curve tilted by `slope` a year, in years from `base` (absent: the closing date)."""
        return self._moved({"slope": slope, "base": base})

    def _moved(self, move: dict[str, Any]) -> Self:
        return self.from_dict(
            {index: {"shifted": {"curve": curve, **move}} for index, curve in self.to_canonical().items()}
        )

    def fixing(self, date: dt.date | str, *, index: str = "sofr_3m") -> float:
        """Return the fixing of an index on a date.

        Parameters
        ----------
        date
            Fixing date.
        index
            Name of the index; the curve of ``*`` serves one that is not named.

        Raises
        ------
        ScenarioError
            If no curve serves the index.
        """
        curves = self.to_canonical()
        day = dt.date.fromisoformat(date) if isinstance(date, str) else date
        curve = curves.get(index, curves.get("*"))
        if curve is None:
            message = f"no curve for this index{did_you_mean(index, sorted(curves))}"
            raise ScenarioError(f"{_SUBJECT} has 1 problem", [(index, message)])
        return engine.curve_fixing(canonical_json(curve), day, index)

    def to_dict(self) -> dict[str, Any]:
        """Return the curves as a scenario file holds them."""
        written: dict[str, Any] = friendly_curves(self.to_canonical())
        return written

    def __repr__(self) -> str:
        """Return the indices and the kinds of their curves."""
        curves = self.to_canonical()
        if list(curves) == ["*"] and curves["*"]["kind"] == "flat":
            return f"RateCurve.flat({curves['*']['rate']})"
        kinds = ", ".join(f"{index}: {curve['kind']}" for index, curve in curves.items())
        return f"<RateCurve {kinds}>"


def _points(points: Any) -> dict[Any, Any]:
    """Return points as a mapping by date."""
    items = getattr(points, "items", None)
    if callable(items):
        pairs = list(items())
    elif isinstance(points, tuple) and len(points) == 2:
        pairs = list(zip(points[0], points[1], strict=True))
    else:
        pairs = [tuple(pair) for pair in points]
    return {_day(date): value for date, value in pairs}


def _day(date: Any) -> Any:
    """Return NumPy's dates as ISO text; the reader checks everything else."""
    return str(date)[:10] if type(date).__name__ == "datetime64" else date
