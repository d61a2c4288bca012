"""Runs from states in which one loan alone has another share of its contract left.

A pool whose loans share prepayment is told by a few numbers from closing on. In a run that begins at a state with such
a loan it is not, and runs that go on after the loan has matured must not be either: they have the bits of the one
before.
"""

import datetime as dt
from typing import Any

import pytest

import cloche as cl

COUNT = 24
DATES = [
    dt.date(2025, 10, 20),
    dt.date(2026, 1, 20),
    dt.date(2026, 4, 20),
    dt.date(2026, 7, 20),
    dt.date(2026, 10, 20),
]
"""The first payment dates; the loan L3 matures between the second and the third."""

TERMS: dict[str, Any] = {"cpr": 0.2, "recovery": 0.6, "recovery_lag_months": 6, "rates": 0.043}
DEAL = cl.templates.us_bsl(par=240e6, closing="2025-03-20")
POOL = cl.LoanPool.from_columns(
    {
        "loan_id": [f"L{i}" for i in range(COUNT)],
        "obligor_id": [f"O{i}" for i in range(COUNT)],
        "industry": [f"I{i % 5}" for i in range(COUNT)],
        "par": [10e6 + 1_000.0 * i for i in range(COUNT)],
        "maturity": ["2026-03-01" if i == 3 else "2032-01-20" for i in range(COUNT)],
        "spread": [0.03 + 0.0005 * i for i in range(COUNT)],
        "rating": ["B"] * COUNT,
        "market_price": [0.98] * COUNT,
    },
    as_of="2025-03-20",
)
# What has defaulted of L3 before a state is a share: nothing else has.
ONE_DEFAULTS = cl.Scenario(cdr={"*": 0.0, "obligor:O3": 0.10}, **TERMS)
MODEL = cl.GaussianCopula(inter=0.3, intra=0.4, pd=0.05)


def rows(run: cl.Result, after: dt.date | None = None) -> dict[str, list[str]]:
    return {
        name: [str(row) for row in getattr(run, name).rows() if after is None or row["date"] > after]
        for name in ("cashflows", "collateral", "ledger", "tests", "fees")
    }


def saved(run: cl.Result, day: dt.date) -> cl.DealState:
    """Return the state as it is read from a file."""
    return cl.DealState.from_yaml(run.state_at(day).to_yaml())


@pytest.mark.parametrize("first", [None, *DATES[:4]])
def test_paths_go_on_with_their_bits_whenever_their_run_began(first: dt.date | None) -> None:
    projected = cl.project(DEAL, POOL, ONE_DEFAULTS)
    began = None if first is None else saved(projected, first)
    scenario = cl.Scenario(**TERMS)
    paths = cl.simulate(DEAL, POOL, MODEL, scenario=scenario, paths=16, seed=3, state=began)
    told = []
    for path in (0, 5, 9):
        straight = paths.replay(path)
        for day in [day for day in DATES if first is None or day > first]:
            state = saved(straight, day)
            assert rows(cl.project(DEAL, POOL, scenario, state=state)) == rows(straight, day)
            told.append((state.to_dict()["path"] or {}).get("loan_by_loan"))
    # While the loan was there in its first period, it did not stand as the others do.
    unlike = first in DATES[:2]
    assert set(told) == {True if unlike else None}


@pytest.mark.parametrize("day", DATES[:4])
def test_a_path_goes_on_from_a_state_of_a_state(day: dt.date) -> None:
    projected = cl.project(DEAL, POOL, ONE_DEFAULTS)
    scenario = cl.Scenario(**TERMS)
    paths = cl.simulate(
        DEAL, POOL, MODEL, scenario=scenario, paths=16, seed=3, state=saved(projected, DATES[0])
    )
    straight = paths.replay(5)
    once = cl.project(DEAL, POOL, scenario, state=saved(straight, DATES[1]))
    later = max(day, DATES[2])
    twice = cl.project(DEAL, POOL, scenario, state=saved(once, later))
    assert rows(twice) == rows(straight, later)


@pytest.mark.parametrize("day", DATES)
def test_projections_go_on_with_their_bits(day: dt.date) -> None:
    straight = cl.project(DEAL, POOL, ONE_DEFAULTS)
    assert rows(cl.project(DEAL, POOL, ONE_DEFAULTS, state=saved(straight, day))) == rows(straight, day)


def test_simulations_from_a_state_have_the_bits_of_their_replays() -> None:
    state = saved(cl.project(DEAL, POOL, ONE_DEFAULTS), DATES[0])
    scenario = cl.Scenario(**TERMS)
    runs = [
        cl.simulate(
            DEAL, POOL, MODEL, scenario=scenario, paths=64, seed=3, state=state, keep="paths", threads=threads
        )
        for threads in (1, 2)
    ]
    assert str(list(runs[0].paths.rows())) == str(list(runs[1].paths.rows()))
    for path in (0, 7, 63):
        replayed = {row["note"]: row for row in runs[0].replay(path).notes.rows()}
        for row in runs[0].paths.filter(path=path).rows():
            assert row["principal_loss"] == replayed[row["note"]]["principal_loss"]
            if row["note"] == "SUB":
                assert row["irr"] == replayed["SUB"]["irr"]
