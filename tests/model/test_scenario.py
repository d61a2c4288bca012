"""Scenarios: every form of a value, ranges, and what this version does not compute."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche.errors import ScenarioError
from cloche.model.reinvestment import Reinvestment
from cloche.model.scenario import Scenario
from cloche.rates import RateCurve

FLAT = RateCurve.flat(0.043)


def base(**changes: Any) -> Scenario:
    words = {"cdr": 0.02, "cpr": 0.20, "recovery": 0.70, "recovery_lag_months": 6, "rates": FLAT}
    return Scenario(**{**words, **changes})


def problems(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as caught:
        base(**changes)
    return [(place, message) for place, message in caught.value.problems]


def test_the_base_case_in_canonical_form() -> None:
    assert base().to_canonical() == {
        "cdr": {"kind": "constant", "value": 0.02},
        "cpr": {"kind": "constant", "value": 0.2},
        "recovery": {"kind": "constant", "value": 0.7},
        "recovery_lag_months": {"kind": "constant", "value": 6.0},
        "rates": {"*": {"kind": "flat", "rate": 0.043}},
        "reinvestment": {
            "price": {"kind": "constant", "value": 1.0},
            "spread": {"kind": "constant", "value": 0.035},
            "floor": 0.0,
            "term_years": 6.0,
        },
        "liquidation_price": 1.0,
        "post_period_share": 0.0,
        "cash_rate_spread": -0.002,
        "market_spreads": {},
        "defaults": {},
        "events": [],
    }


def test_what_is_assumed_of_commitments_is_written_where_it_is_not_the_default() -> None:
    assert base(draw_rate=0, usage_at_default="100%") == base()
    assert (base().draw_rate, base().usage_at_default) == (0.0, 1.0)
    stated = base(draw_rate="25%", usage_at_default=0.4)
    assert stated.to_canonical() == {**base().to_canonical(), "draw_rate": 0.25, "usage_at_default": 0.4}
    assert (stated.draw_rate, stated.usage_at_default) == (0.25, 0.4)
    assert Scenario.from_yaml(stated.to_yaml()) == Scenario.from_dict(stated.to_dict()) == stated
    assert stated.replace(cdr=0.03).usage_at_default == 0.4


@pytest.mark.parametrize("key", ["draw_rate", "usage_at_default"])
@pytest.mark.parametrize("value", [-0.1, 1.5, [0.1, 0.2], {"*": 0.1}, float("nan")])
def test_what_is_assumed_of_commitments_is_a_share(key: str, value: object) -> None:
    ((place, message),) = problems(**{key: value})
    assert place == key
    assert "expected a share from 0 to 1" in message


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (0.03, {"kind": "constant", "value": 0.03}),
        ("3%", {"kind": "constant", "value": 0.03}),
        ([0.01, "200bp"], {"kind": "periods", "values": [0.01, 0.02]}),
        (np.array([0.01, 0.02]), {"kind": "periods", "values": [0.01, 0.02]}),
        (np.float64(0.25), {"kind": "constant", "value": 0.25}),
        ({"monthly": [0.01, 0.02]}, {"kind": "monthly", "values": [0.01, 0.02]}),
        ({"2026-01-20": 0.05}, {"kind": "dates", "values": {"2026-01-20": 0.05}}),
        ({dt.date(2026, 1, 20): 0.05}, {"kind": "dates", "values": {"2026-01-20": 0.05}}),
        (
            pd.Series([0.05], index=pd.to_datetime(["2026-01-20"])),
            {"kind": "dates", "values": {"2026-01-20": 0.05}},
        ),
        (
            {"*": 0.02, "rating:CCC": [0.1, 0.2], "industry:Retail": {"monthly": [0.3]}},
            {
                "kind": "groups",
                "values": {
                    "*": {"kind": "constant", "value": 0.02},
                    "rating:CCC": {"kind": "periods", "values": [0.1, 0.2]},
                    "industry:Retail": {"kind": "monthly", "values": [0.3]},
                },
            },
        ),
    ],
)
def test_a_value_has_many_forms(written: object, canonical: dict[str, Any]) -> None:
    scenario = base(cdr=written)
    assert scenario.to_canonical()["cdr"] == canonical
    assert Scenario.from_dict(scenario.to_dict()) == scenario
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert Scenario.from_json(scenario.canonical_json()) == scenario


def test_every_value_out_of_range_is_reported_in_these_words() -> None:
    assert problems(
        cdr=2.0,
        cpr=[0.1, -0.1, float("nan")],
        recovery={"*": 0.7, "lien:second": 1.5, "ratng:B": 0.1},
        recovery_lag_months=float("inf"),
        rates={"sofr_3m": {"flat": 4.3}},
        liquidation_price=0,
        post_period_share="200%",
        reinvestment={"price": 98.5, "spread": {"monthly": []}, "term_years": 0},
        defaults={"LX": "soon"},
    ) == [
        (
            "cdr",
            "found 2.0, expected a default rate a year from 0 to 1; 2 looks like percent; write 0.02 or 2%",
        ),
        ("cpr[1]", "found -0.1, expected a prepayment rate a year from 0 to 1"),
        ("cpr[2]", "found nan, expected a prepayment rate a year from 0 to 1, finite"),
        (
            "recovery.lien:second",
            "found 1.5, expected a recovery from 0 to 1",
        ),
        (
            "recovery.ratng:B",
            "found the group 'ratng:B', expected '*', rating:…, industry:…, obligor:… or lien:…",
        ),
        ("recovery_lag_months", "found inf, expected a number of months from 0 to 120, finite"),
        (
            "rates.sofr_3m.flat",
            "found 4.3, expected a rate a year from -0.1 to 0.5; 4.3 looks like percent; write 0.043 or 4.3%",
        ),
        (
            "reinvestment.price",
            (
                "found 98.5, expected a price above 0, at most 2 (1 is par); "
                "98.5 looks like a price of 100; write 0.985"
            ),
        ),
        ("reinvestment.spread.monthly", "found an empty list, expected a list of numbers"),
        ("reinvestment.term_years", "found 0, expected a number of years above 0, at most 30"),
        ("liquidation_price", "found 0, expected a price above 0, at most 2 (1 is par)"),
        (
            "post_period_share",
            "found '200%', expected a share from 0 to 1; 2 looks like percent; write 0.02 or 2%",
        ),
        ("defaults.LX", "found 'soon', expected a date such as 2025-03-20"),
    ]


@pytest.mark.parametrize("key", ["fx", "default_timing"])
def test_what_is_not_computed_is_refused_by_name(key: str) -> None:
    message = "a key of the grammar that this version does not compute yet; leave it out"
    assert problems(**{key: [1]}) == [(key, message)]
    assert base(**{key: None}) == base()


def test_a_universe_of_purchases_is_refused_by_name() -> None:
    with pytest.raises(ScenarioError, match="universe: a key of the grammar that this version"):
        Reinvestment(universe=["LX1"])


def test_unknown_keys_are_refused_with_the_nearest_one() -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_yaml("cdrr: 0.02\nrates: {flat: 0.04}\n")
    assert str(caught.value) == (
        "the scenario has 1 problem\ncdrr: unknown key; did you mean 'cdr'? (line 1)"
    )


def test_rates_are_required() -> None:
    assert problems(rates=None) == [("rates", "missing: this key is required")]


def test_a_scenario_is_a_value() -> None:
    scenario = base(reinvestment=Reinvestment(price=0.99, rating="B"), defaults={"LX1": dt.date(2026, 5, 1)})
    assert pickle.loads(pickle.dumps(scenario)) == scenario  # noqa: S301 - our own bytes
    assert hash(scenario.replace()) == hash(scenario)
    assert scenario.replace(cdr=0.04).cdr == 0.04
    assert scenario.replace(cdr=0.04) != scenario
    assert scenario.reinvestment == Reinvestment(price=0.99, rating="B")
    assert scenario.rates == FLAT
    assert dict(scenario.defaults) == {"LX1": "2026-05-01"}
    assert eval(repr(scenario.reinvestment), {"Reinvestment": Reinvestment}) == scenario.reinvestment  # noqa: S307
    with pytest.raises(AttributeError, match="frozen"):
        scenario.cdr = 0.5  # type: ignore[misc]  # the point of the test


RATES = st.floats(0.0, 1.0)
FORMS = (
    RATES
    | st.lists(RATES, min_size=1, max_size=5)
    | st.builds(lambda values: {"monthly": values}, st.lists(RATES, min_size=1, max_size=5))
    | st.dictionaries(st.dates().map(dt.date.isoformat), RATES, min_size=1, max_size=4)
)
GROUPS = st.dictionaries(
    st.sampled_from(["*", "rating:CCC", "rating:Caa1", "rating:NR", "lien:first_lien"]),
    FORMS,
    min_size=1,
    max_size=3,
)


@given(cdr=FORMS | GROUPS, cpr=FORMS | GROUPS, recovery=FORMS)
def test_any_scenario_survives_yaml(cdr: object, cpr: object, recovery: object) -> None:
    scenario = base(cdr=cdr, cpr=cpr, recovery=recovery)
    assert Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert scenario.replace(cdr=scenario.cdr) == scenario


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("lien:2L", "lien:second_lien"),
        ("lien:Second Lien", "lien:second_lien"),
        ("lien:second_lien", "lien:second_lien"),
        ("lien:senior secured", "lien:first_lien"),
        ("rating:ccc+", "rating:CCC+"),
        ("rating:caa1", "rating:Caa1"),
        ("rating:Aaa", "rating:Aaa"),
        ("rating:N/R", "rating:"),
        ("industry:Retail", "industry:Retail"),
    ],
)
def test_groups_are_named_as_on_a_tape(written: str, key: str) -> None:
    scenario = base(recovery={"*": 0.7, written: 0.3})
    assert set(scenario.to_canonical()["recovery"]["values"]) == {"*", key}
    assert Scenario.from_dict(scenario.to_dict()) == scenario


def test_groups_that_no_tape_can_have_are_refused() -> None:
    found = dict(
        problems(
            recovery={"*": 0.7, "lien:typo": 0.3, "rating:tpyo": 0.2, "lien:2L": 0.1, "lien:second": 0.1},
            reinvestment={"rating": "BBBB"},
            market_spreads={"rating:AAAA": 0.01, "*": 0.02},
        )
    )
    assert found.pop("recovery.lien:typo").startswith("found 'typo', a lien that is not known")
    assert found == {
        "recovery.rating:tpyo": "found 'tpyo', expected a rating such as B- or B3, or NR",
        "recovery.lien:second": "found the group 'lien:second' again, which 'lien:2L' is, too",
        "reinvestment.rating": "found 'BBBB', expected a rating such as B- or B3, or NR",
        "market_spreads.rating:AAAA": "found 'AAAA', expected a rating such as B- or B3, or NR",
    }
