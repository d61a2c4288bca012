"""Index fixings from the curves of a scenario."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from cloche.testing.reference.dates import Period, add_months, day_count_fraction, parse_date

Curves = Mapping[str, Mapping[str, Any]]


def step_value(points: Mapping[str, float], day: date) -> float:
    """Last value on or before `day`; before the first date the first value.

    Examples
    --------
    >>> step_value({"2026-01-20": 0.041, "2026-04-20": 0.039}, date(2026, 3, 1))
    0.041
    """
    dated = sorted((parse_date(text), value) for text, value in points.items())
    known = [value for start, value in dated if start <= day]
    return known[-1] if known else dated[0][1]


def curve_fixing(curve: Mapping[str, Any], day: date) -> float:
    """Fixing of one curve on a date, as a decimal a year.

    Raises
    ------
    ValueError
        For a kind of curve that the reference does not know.
    """
    kind = curve["kind"]
    if kind == "flat":
        return float(curve["rate"])
    if kind == "forwards":
        return step_value(curve["points"], day)
    if kind == "history":
        points = curve["then"].get("points", {})
        begins = min(map(parse_date, points)) if points else None
        ends = max(map(parse_date, curve["fixings"]))
        past = day < begins if begins else day <= ends
        return step_value(curve["fixings"], day) if past else curve_fixing(curve["then"], day)
    if kind == "shifted":
        moved = curve_fixing(curve["curve"], day) + float(curve["shift"])
        if not curve.get("slope"):
            return moved
        return moved + float(curve["slope"]) * day_count_fraction("act/365", parse_date(curve["base"]), day)
    raise ValueError(f"curves of kind {kind} are not computed by the reference")


def fixing(curves: Curves, index: str, day: date) -> float:
    """Fixing of an index on a date; the curve `*` serves every index that is not named."""
    curve = curves.get(index, curves.get("*"))
    if curve is None:
        raise ValueError(f"rates.{index}: no curve")
    return curve_fixing(curve, day)


def period_fixing(curves: Curves, index: str, period: Period) -> float:
    """Fixing of an index for a payment period.

    A first period longer than the tenor of the index is interpolated in days between the two tenors of the same
    family that have a curve and enclose it: r = r1 + (r2 − r1) · (n − n1) / (n2 − n1).

    Parameters
    ----------
    curves
        Curves by index.
    index
        Name such as `sofr_3m`.
    period
        Payment period; its fixing date is used.
    """
    plain = fixing(curves, index, period.fixing_date)
    named = re.fullmatch(r"(.+)_(\d+)m", index)
    start = period.accrual_start
    if period.number > 1 or not named or period.unadjusted_end <= add_months(start, int(named[2])):
        return plain
    days = (period.payment_date - start).days
    tenors = []
    for name in curves:
        other = re.fullmatch(r"(.+)_(\d+)m", name)
        if other and other[1] == named[1]:
            tenors.append(((add_months(start, int(other[2])) - start).days, name))
    shorter = [tenor for tenor in tenors if tenor[0] <= days]
    longer = [tenor for tenor in tenors if tenor[0] > days]
    if not shorter or not longer:
        return plain
    (n1, below), (n2, above) = max(shorter), min(longer)
    r1, r2 = (fixing(curves, name, period.fixing_date) for name in (below, above))
    return r1 + (r2 - r1) * (days - n1) / (n2 - n1)
