"""Points of a stress grid: every combination of values of the scenario and of the deal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, final

from cloche.errors import ScenarioError
from cloche.model.reinvestment import Reinvestment
from cloche.model.scenario import Scenario
from cloche.model.wording import did_you_mean

__all__ = ["Axis", "Grid", "changed", "grid"]

_FIELDS = (
    "cdr",
    "cpr",
    "recovery",
    "recovery_lag_months",
    "rates",
    "reinvestment",
    "liquidation_price",
    "post_period_share",
    "cash_rate_spread",
    "draw_rate",
    "usage_at_default",
    "market_spreads",
    "defaults",
    "events",
)
_PARTS = ("price", "spread", "floor", "term_years", "rating", "recovery", "pd")
_NAMES = (*_FIELDS, *(f"reinvestment.{part}" for part in _PARTS))


@dataclass(frozen=True)
class Axis:
    """One number or curve that a grid varies.

    Parameters
    ----------
    name
        Field of the scenario, ``reinvestment.<field>``, or a path into the deal.
    values
        What it takes, in order.
    labels
        What tables show of each value: numbers and words themselves, else the name given or a number from 1.
    """

    name: str
    values: tuple[Any, ...]
    labels: tuple[Any, ...]

    @classmethod
    def of(cls, name: str, values: Any) -> Axis:
        """Return the axis of a list of values, of one value, or of values by name."""
        labels: tuple[Any, ...]
        if isinstance(values, Mapping):
            found, labels = tuple(values.values()), tuple(str(key) for key in values)
        else:
            found = _listed(values)
            plain = all(isinstance(value, (int, float, str)) for value in found)
            labels = found if plain else tuple(range(1, len(found) + 1))
        return cls(name, found, labels)


def _listed(values: Any) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, (Sequence, Iterator, range)):
        if hasattr(values, "tolist"):
            values = values.tolist()
        if isinstance(values, list):
            return tuple(values)
        return (values,)
    return tuple(values)


@final
class Grid:
    """Every combination of the values of some axes, around a base scenario; `grid` makes it, `sweep` runs it.

    Examples
    --------
    >>> import cloche as cl
    >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, rates=0.043)
    >>> points = cl.grid(base, cdr=[0.02, 0.05], recovery=[0.4, 0.7], deal={"tests.E OC.trigger": [1.04, 1.05]})
    >>> len(points), points.names
    (8, ('tests.E OC.trigger', 'cdr', 'recovery'))
    """

    __slots__ = ("_axes", "_base", "_deal_axes", "_fields")

    def __init__(
        self,
        base: Scenario,
        axes: Sequence[Axis],
        deal_axes: Sequence[Axis],
        scenarios: Sequence[list[Scenario]] = (),
    ) -> None:
        self._base = base
        self._axes = tuple(axes)
        self._deal_axes = tuple(deal_axes)
        # Written once: every sweep asks for them.
        self._fields = _fields(base, axes, scenarios)

    @property
    def base(self) -> Scenario:
        """The scenario that the axes change."""
        return self._base

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Axes of the scenario, the last fastest."""
        return self._axes

    @property
    def deal_axes(self) -> tuple[Axis, ...]:
        """Axes of the deal, the last fastest; slower than those of the scenario."""
        return self._deal_axes

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all axes: those of the deal, then those of the scenario."""
        return tuple(axis.name for axis in (*self._deal_axes, *self._axes))

    def __len__(self) -> int:
        return prod(len(axis.values) for axis in (*self._deal_axes, *self._axes))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{axis.name} × {len(axis.values)}" for axis in (*self._deal_axes, *self._axes))
        return f"Grid({len(self):,} points: {sizes})"

    def deal_changes(self) -> list[dict[str, Any]]:
        """Return the changes of the deal, one mapping of paths to values for each combination."""
        names = [axis.name for axis in self._deal_axes]
        return [
            dict(zip(names, values, strict=True))
            for values in product(*(axis.values for axis in self._deal_axes))
        ]

    def scenario(self, number: int) -> Scenario:
        """Return one scenario of the grid.

        Parameters
        ----------
        number
            From 0, the last axis fastest.
        """
        changes: dict[str, Any] = {}
        for axis in reversed(self._axes):
            number, place = divmod(number, len(axis.values))
            changes[axis.name] = axis.values[place]
        return changed(self._base, changes)

    def fields(self) -> list[tuple[str, list[Scenario]]]:
        """Return, for each field of the scenario that varies, a scenario for each value of it.

        Axes inside one field are combined, the last fastest.
        """
        return list(self._fields)


def _fields(
    base: Scenario, axes: Sequence[Axis], scenarios: Sequence[list[Scenario]]
) -> list[tuple[str, list[Scenario]]]:
    """Return the scenarios of each field; those of an axis that has its field for itself may be known."""
    known = dict(zip((axis.name for axis in axes), scenarios, strict=False))
    by_field: dict[str, list[Axis]] = {}
    for axis in axes:
        by_field.setdefault(axis.name.partition(".")[0], []).append(axis)
    out = []
    for field, own in by_field.items():
        names = [axis.name for axis in own]
        if len(own) == 1 and names[0] in known:
            out.append((field, known[names[0]]))
            continue
        values = product(*(axis.values for axis in own))
        out.append((field, [changed(base, dict(zip(names, each, strict=True))) for each in values]))
    return out


def changed(base: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """Return a scenario with other fields, and other fields of its reinvestment."""
    own = {name: value for name, value in changes.items() if "." not in name}
    inner = {name.partition(".")[2]: value for name, value in changes.items() if "." in name}
    if inner:
        written = own.get("reinvestment", base.reinvestment)
        held = written.to_canonical() if isinstance(written, Reinvestment) else dict(written)
        own["reinvestment"] = {**held, **inner}
    return base.replace(**own)


def _along(base: Scenario, axis: Axis) -> tuple[list[Scenario], list[tuple[str, str]]]:
    """Return the scenarios of an axis, and what is refused of its values; what is said of several of them, once."""
    scenarios: list[Scenario] = []
    places: dict[str, list[int]] = {}
    for place, value in enumerate(axis.values):
        try:
            scenarios.append(changed(base, {axis.name: value}))
        except ScenarioError as error:
            for problem in error.problems:
                places.setdefault(problem.message, []).append(place)
    problems = []
    for message, (first, *others) in places.items():
        again = f" (and {len(others)} more of its values)" if others else ""
        problems.append((f"{axis.name}[{first}]", f"{message}{again}"))
    return scenarios, problems


def grid(base: Scenario, *, deal: Mapping[str, Any] | None = None, **axes: Any) -> Grid:
    """Build the points of a stress grid for `sweep`: every combination of the values given.

    Parameters
    ----------
    base
        The scenario that the axes change.
    deal
        Values by path into the deal, such as ``{"notes.A.coupon.spread": [0.0125, 0.0135]}``.
    **axes
        Values by field of the scenario: ``cdr=[0.02, 0.04]``, ``rates={"low": 0.02, "high": 0.06}``; fields of the
        reinvestment as ``**{"reinvestment.price": [0.97, 0.99]}``. A mapping names its values.

    Returns
    -------
    Grid
        Points in order: axes of the deal first, the last axis fastest.

    Raises
    ------
    ScenarioError
        With every axis that is no field of a scenario, and every value out of range.
    TypeError
        If `base` is no scenario.

    Examples
    --------
    >>> import cloche as cl
    >>> base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, rates=0.043)
    >>> cl.grid(base, cdr=[0.0, 0.02, 0.05], recovery=[0.4, 0.7])
    Grid(6 points: cdr × 3, recovery × 2)
    """
    if not isinstance(base, Scenario):
        raise TypeError(f"base: found {type(base).__name__}, expected Scenario")
    unknown = [
        (name, f"no field of a scenario{did_you_mean(name, _NAMES)}") for name in axes if name not in _NAMES
    ]
    if unknown:
        raise ScenarioError("the grid cannot be built", unknown)
    built = [Axis.of(name, values) for name, values in axes.items()]
    # Axes of one field stand together: they are combined with each other.
    order = list(dict.fromkeys(axis.name.partition(".")[0] for axis in built))
    built.sort(key=lambda axis: order.index(axis.name.partition(".")[0]))
    deal_axes = [Axis.of(path, values) for path, values in (deal or {}).items()]
    problems = [
        (axis.name, "found no value, expected at least one")
        for axis in (*built, *deal_axes)
        if not axis.values
    ]
    scenarios: list[list[Scenario]] = []
    for axis in built:
        along, refused = _along(base, axis)
        scenarios.append(along)
        problems += refused
    if problems:
        raise ScenarioError("the grid cannot be built", problems)
    return Grid(base, built, deal_axes, scenarios)
