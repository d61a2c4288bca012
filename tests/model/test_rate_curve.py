"""Curves of every kind, from mappings, series, arrays and files."""

from __future__ import annotations

import datetime as dt
import math
import pickle

import numpy as np
import pandas as pd
import pytest

from cloche.errors import ScenarioError
from cloche.model import engine
from cloche.rates import RateCurve

POINTS = {"2026-01-20": 0.041, "2026-04-20": 0.039}


def test_points_come_from_mappings_series_arrays_and_pairs() -> None:
    curve = RateCurve.forwards(POINTS)
    dates = np.array(list(POINTS), dtype="datetime64[D]")
    values = np.array(list(POINTS.values()))
    assert RateCurve.forwards((dates, values)) == curve
    assert RateCurve.forwards(pd.Series(values, index=pd.to_datetime(dates))) == curve
    assert RateCurve.forwards([(dt.date.fromisoformat(date), rate) for date, rate in POINTS.items()]) == curve
    assert curve.to_canonical() == {"*": {"kind": "forwards", "points": POINTS}}


def test_zero_rates_become_discount_factors() -> None:
    curve = RateCurve.zero("2025-10-01", {"2026-10-01": 0.04, "2030-10-01": 0.05}).to_canonical()["*"]
    assert curve["kind"] == "discount"
    assert curve["base"] == "2025-10-01"
    assert curve["points"]["2026-10-01"] == pytest.approx(math.exp(-0.04), rel=1e-15)
    assert curve["points"]["2030-10-01"] == pytest.approx(math.exp(-0.05 * 1826 / 365), rel=1e-15)


def test_moves_wrap_the_curve_of_every_index() -> None:
    both = RateCurve.by_index({"sofr_3m": 0.04, "euribor_6m": RateCurve.flat(0.02)})
    assert both.shift(0.01).to_canonical() == {
        "sofr_3m": {"kind": "shifted", "curve": {"kind": "flat", "rate": 0.04}, "shift": 0.01, "slope": 0.0},
        "euribor_6m": {
            "kind": "shifted",
            "curve": {"kind": "flat", "rate": 0.02},
            "shift": 0.01,
            "slope": 0.0,
        },
    }
    steep = RateCurve.flat(0.04).steepen(0.001, base=dt.date(2025, 10, 1)).to_canonical()["*"]
    assert (steep["slope"], steep["base"]) == (0.001, "2025-10-01")


def test_history_is_followed_by_another_curve() -> None:
    curve = RateCurve.history({"2025-07-01": 0.043}, then=RateCurve.forwards(POINTS))
    assert curve.to_canonical()["*"] == {
        "kind": "history",
        "fixings": {"2025-07-01": 0.043},
        "then": {"kind": "forwards", "points": POINTS},
    }


@pytest.mark.parametrize(
    "curve",
    [
        RateCurve.flat(0.043),
        RateCurve.forwards(POINTS).shift(-0.01).steepen(0.001),
        RateCurve.discount("2025-10-01", {"2026-10-01": 0.96}),
        RateCurve.history({"2025-07-01": 0.043}, then=RateCurve.flat(0.04)),
        RateCurve.by_index({"sofr_3m": {"flat": 0.04}, "*": {"forwards": POINTS}}),
    ],
)
def test_a_curve_is_a_value(curve: RateCurve) -> None:
    assert RateCurve.from_dict(curve.to_dict()) == curve
    assert RateCurve.from_dict(curve.to_canonical()) == curve
    assert pickle.loads(pickle.dumps(curve)) == curve  # noqa: S301 - our own bytes
    assert repr(curve).startswith(("RateCurve.flat", "<RateCurve"))


@pytest.mark.parametrize(
    ("written", "place", "message"),
    [
        ({}, "rates", "found an empty mapping, expected a curve"),
        ({"forwards": {}}, "rates.forwards", "found a mapping, expected rates by date"),
        (
            {"forwards": {"2026": 0.04}},
            "rates.forwards.2026",
            "found '2026', expected a date such as 2025-03-20",
        ),
        (
            {"discount": {"base": "2026-01-01", "points": {"2025-01-01": 1.0}}},
            "rates.discount.points.2025-01-01",
            "found a date before the base 2026-01-01, expected one from it on",
        ),
        (
            {"discount": {"points": {}}},
            "rates.discount",
            "found a mapping, expected a mapping with base and points",
        ),
        (
            {"history": {"2025-01-01": 0.04}},
            "rates",
            "missing: a history needs `then`, the curve that follows it",
        ),
        (
            {"flat": 0.04, "forwards": {}},
            "rates",
            "found no curve; expected one of flat, forwards, zero, discount, history, shifted",
        ),
    ],
)
def test_a_wrong_curve_is_refused_at_its_place(written: dict[str, object], place: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        RateCurve.from_dict(written)
    assert caught.value.problems == [(place, message)]


def test_quotes_are_bootstrapped_by_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def bootstrap(base: str, quotes: list[tuple[str, str, float]]) -> dict[str, float]:
        asked.append((base, quotes))
        return {"2026-10-01": 0.96}

    monkeypatch.setattr(engine, "bootstrap_discount", bootstrap)
    curve = RateCurve.from_quotes(dt.date(2025, 10, 1), [("deposit", "1Y", 0.0417)])
    assert asked == [("2025-10-01", [("deposit", "1Y", 0.0417)])]
    assert curve == RateCurve.discount("2025-10-01", {"2026-10-01": 0.96})


def test_an_index_without_a_curve_is_named() -> None:
    with pytest.raises(ScenarioError, match="sofr_6m: no curve for this index; did you mean 'sofr_3m'"):
        RateCurve.by_index({"sofr_3m": 0.04}).fixing("2026-01-01", index="sofr_6m")


@pytest.mark.parametrize(
    ("written", "meant"), [("flt", "flat"), ("frwards", "forwards"), ("discont", "discount")]
)
def test_a_misspelt_kind_of_curve_is_no_index(written: str, meant: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        RateCurve.from_dict({written: 0.04})
    assert caught.value.problems == [
        (f"rates.{written}", f"found no index and no kind of curve; did you mean {meant!r}?")
    ]
