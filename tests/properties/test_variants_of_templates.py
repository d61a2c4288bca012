"""Whatever the variant of a deal, its payees share the same cash: what the collateral brings, on every date."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cloche as cl
from cloche.build import templates

PAR = 400e6
POOL = cl.synthetic.loan_pool(n=40, seed=3, par=PAR, as_of="2025-03-20")
SIZES = {"A": 0.62, "B": 0.12, "C": 0.06, "D": 0.06, "E": 0.05, "SUB": 0.09}
SPLIT = {"A-1": 0.5, "A-2": 0.12} | {name: size for name, size in SIZES.items() if name != "A"}
SPREADS = {"A": 0.013, "A-1": 0.0125, "A-2": 0.0155, "B": 0.0175, "C": 0.021, "D": 0.031, "E": 0.06}
SCENARIOS = st.builds(
    lambda cdr, recovery, cpr: cl.Scenario(
        cdr=cdr, cpr=cpr, recovery=recovery, recovery_lag_months=6, rates=0.04
    ),
    st.sampled_from([0.0, 0.02, 0.06, 0.12, [0.01] * 6 + [0.3] * 4 + [0.02]]),
    st.sampled_from([0.3, 0.7]),
    st.sampled_from([0.05, 0.3]),
)
VARIANTS = st.fixed_dictionaries(
    {},
    optional={
        "sub_fee_before_last_test": st.just(True),
        "diversion_to": st.sampled_from(["principal", "notes"]),
        "diversion_share": st.sampled_from([0.3, 1.0]),
        "diversion_trigger": st.sampled_from([None, 1.08, 1.2]),
        "last_cure_pays": st.just("class"),
        "turbo_share": st.sampled_from([0.2, 0.5, 1.0]),
        "class_x": st.just(2e6),
        "accelerate": st.just("automatic"),
        "sizes": st.just(SPLIT),
    },
)


def without_purchases(variant: dict[str, Any]) -> cl.Deal:
    """Return a deal with a reinvestment period, so that its diversion acts, in which nothing is bought."""
    sizes = variant.get("sizes", SIZES)
    spreads = {name: SPREADS[name] for name in sizes if name != "SUB"}
    terms: dict[str, Any] = {
        "par": PAR,
        "reinvestment_years": 3.0,
        "maturity_years": 8.0,
        "spreads": spreads,
    } | variant
    document = templates.us_bsl(**terms).to_dict()
    steps = document["waterfalls"]["principal"]
    document["waterfalls"]["principal"] = [step for step in steps if "reinvest" not in step]
    return cl.Deal.from_dict(document)


def cash_by_date(run: cl.Result) -> dict[Any, float]:
    """Return what all payees got, by date."""
    paid: dict[Any, list[float]] = {}
    for row in run.ledger.rows():
        if row["source"] != "transfer":
            paid.setdefault(row["date"], []).append(row["paid"])
    return {day: math.fsum(amounts) for day, amounts in paid.items()}


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(VARIANTS, SCENARIOS)
def test_every_variant_pays_out_what_the_collateral_brings(
    variant: dict[str, Any], scenario: cl.Scenario
) -> None:
    plain, other = (cl.project(without_purchases(terms), POOL, scenario) for terms in ({}, variant))
    collected = {
        day: row["interest_collected"] + row["principal_cash"]
        for day, row in zip(cash_by_date(plain), plain.collateral.rows(), strict=True)
    }
    for run in (plain, other):
        assert cash_by_date(run) == pytest.approx(collected, rel=0, abs=1e-9 * PAR)
    notes_and_fees = [
        math.fsum([*run.notes["interest_paid"], *run.notes["principal_paid"], *run.fees["paid"]])
        for run in (plain, other)
    ]
    assert notes_and_fees == pytest.approx([math.fsum(collected.values())] * 2, rel=0, abs=1e-9 * PAR)


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([templates.static_clo, templates.us_middle_market, templates.us_bsl]),
    SCENARIOS,
    st.booleans(),
)
def test_a_class_of_a_static_deal_loses_principal_only_where_its_juniors_get_none(
    family: Any, scenario: cl.Scenario, early: Any
) -> None:
    deal = family(par=PAR, static=True, sub_fee_before_last_test=early)
    notes = list(cl.project(deal, POOL, scenario).notes.filter(kind="note").rows())
    for senior, junior in pairwise(notes):
        if senior["principal_loss"] > 1e-9 * PAR:
            assert junior["principal_paid"] <= 1e-9 * PAR
            assert junior["principal_loss"] == pytest.approx(junior["original_balance"], abs=1e-9 * PAR)
