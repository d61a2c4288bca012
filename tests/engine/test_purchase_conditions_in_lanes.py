"""Conditions of purchases in many futures and scenarios at once: each lane decides by its own collateral."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cloche as cl

Document = dict[str, Any]

POOL = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
BASE = cl.Scenario(
    cdr=0.04,
    cpr=0.20,
    recovery=0.60,
    rates=0.043,
    post_period_share=0.5,
    reinvestment={"rating": "B-", "spread": 0.034, "price": 0.99, "term_years": 6},
)


def deal_of(*quality: Document, asked: list[str] | None = None) -> cl.Deal:
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    document["collateral"]["quality"] = list(quality)
    names = ["coverage", "maintain_or_improve"] if asked is None else asked
    document["reinvestment"] = {"during": names, "after": {"conditions": names}}
    return cl.Deal.from_dict(document)


WARF = {"kind": "warf", "max": 2920}
WAS = {"kind": "was", "min": 0.0354}
WAL = {"kind": "wal", "max": 6.2, "from": "closing"}
WARR = {"kind": "warr", "min": 0.57}
SPARED = {"*": 0.6, "rating:B-": 0.4}
"""Recovery rates of which what is bought has the lower one."""


def dates_with_purchases(result: cl.Result) -> int:
    return sum(row["purchase_cost"] > 0.0 for row in result.collateral.rows())


@pytest.mark.parametrize("test", [WARF, WAS, WAL, WARR])
def test_a_replayed_path_is_that_of_the_simulation(test: Document) -> None:
    scenario = BASE.replace(recovery=SPARED)
    model = cl.GaussianCopula(inter=0.2, intra=0.3)
    simulated = cl.simulate(deal_of(test), POOL, model, scenario=scenario, paths=128, seed=3, keep="paths")
    assert simulated.conservation_error < 1e-9
    rows = list(simulated.paths.rows())
    dates = set()
    for path in range(0, 128, 5):
        replay = simulated.replay(path)
        own = {row["note"]: row for row in rows if row["path"] == path}
        for row in replay.notes.rows():
            assert own[row["note"]]["principal_loss"] == pytest.approx(row["principal_loss"], rel=1e-12)
            if own[row["note"]]["irr"] is not None:
                assert own[row["note"]]["irr"] == pytest.approx(row["irr"], rel=1e-9)
        dates.add(dates_with_purchases(replay))
    assert len(dates) > 1


def test_a_point_of_a_grid_is_its_own_projection() -> None:
    deal = deal_of(WARF, WAS, WAL, WARR)
    axes: dict[str, Any] = {
        "cdr": [0.0, 0.02, 0.06],
        "recovery": [0.5, SPARED, {"*": 0.7, "rating:B-": 0.3}],
        "reinvestment.spread": [0.034, 0.036],
        "reinvestment.rating": ["B-", "B"],
    }
    grid = cl.grid(BASE, **axes)
    sweep = cl.sweep(deal, POOL, grid)
    bought = set()
    for point in range(0, len(grid), 5):
        alone, row = sweep.project(point), sweep.notes.filter(point=point)
        bought.add(dates_with_purchases(alone))
        for name in alone.notes.columns:
            left, right = row.column(name).python(), alone.notes.column(name).python()
            assert left == right or np.array_equal(left, right, equal_nan=True), (point, name)
    assert len(bought) > 2


def test_conditions_that_hold_in_every_lane_change_no_bit() -> None:
    easy = ({**WARF, "max": 9000}, {**WAS, "min": 0.0}, {**WAL, "max": 30}, {**WARR, "min": 0.0})
    model = cl.GaussianCopula(inter=0.2, intra=0.3)
    with_them, without = (
        cl.simulate(deal_of(*easy, asked=asked), POOL, model, scenario=BASE, paths=64, seed=3, keep="paths")
        for asked in (["coverage", "maintain_or_improve", "wal"], ["coverage"])
    )
    assert list(with_them.paths.rows()) == list(without.paths.rows())


def test_a_run_from_a_state_goes_on_with_the_purchases_of_the_straight_run() -> None:
    deal = deal_of(WARF, WAS, WAL)
    straight = cl.project(deal, POOL, BASE)
    date = list(straight.collateral.rows())[6]["date"]
    later = cl.project(deal, POOL, BASE, state=straight.state_at(date))
    spent = {row["date"]: row["purchase_cost"] for row in straight.collateral.rows()}
    assert {row["date"]: row["purchase_cost"] for row in later.collateral.rows()} == {
        day: cost for day, cost in spent.items() if day > date
    }
