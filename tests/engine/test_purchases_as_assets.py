"""What each cohort of purchases counts for on its own: as an asset of the CCC excess, and for the benefit of floors."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

import cloche as cl
from cloche.testing import reference
from cloche.testing.strategies import Case
from engine import crossing
from engine.agreement import differences
from reference import tiny

Document = dict[str, Any]
USUAL: Document = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False}


def case(*loans: Document, buys: Document, **deal: Any) -> Case:
    terms = tiny.deal_of(dates={"reinvestment_end": "2026-01-15"}, **deal)
    rows = [{**USUAL, **loan} for loan in loans]
    return Case(terms, rows, tiny.CLOSING, tiny.scenario_of(reinvestment=buys))


def haircuts(rule: str) -> list[float]:
    """Return the haircuts by date; 20 are repaid on the first and on the second date and buy 25 each."""
    first = tiny.loan_of(par=20.0, maturity=dt.date(2025, 4, 15))
    second = tiny.loan_of(loan_id="L2", par=20.0, maturity=dt.date(2025, 7, 15))
    stays = tiny.loan_of(loan_id="L3", par=60.0)
    buys = {"price": tiny.constant(0.8), "spread": tiny.constant(0.06), "rating": "CCC", "term_years": 3.0}
    one = case(
        first,
        second,
        stays,
        buys=buys,
        collateral={"ccc": {"limit": 0.30}},
        conventions={"ccc_last_asset": rule},
    )
    ours = crossing.project(one)
    theirs = reference.project(one.deal, one.loans, one.as_of, one.scenario)
    assert not list(differences(ours, theirs, par=100.0))
    return [row["ccc_excess_haircut"] for row in ours["collateral"]]


def test_whole_assets_are_purchases_of_one_date() -> None:
    # On the third date 25 less two instalments of 0.0625, 25 less one, and what the first of them had bought at 80 %:
    # nearly 50 of CCC beside 60 and 0.125 of cash from the last two, with a limit of 30 % of all.
    oldest, youngest, bought = 25.0 - 2 * 0.0625, 25.0 - 0.0625, 0.0625 / 0.8
    whole, part = haircuts("whole")[2], haircuts("fractional")[2]
    par = oldest + youngest + bought
    cash = 0.125
    excess = par - 0.30 * (60.0 + par + cash)
    assert part == pytest.approx(0.2 * excess, abs=1e-3)
    # The excess of nearly 17 takes the oldest cohort as a whole, and not the other.
    assert 16.0 < excess < 18.0
    assert whole == pytest.approx(0.2 * oldest, abs=1e-9)


def test_floors_of_purchases_count_in_their_benefit() -> None:
    # 20 bought on 15 April 2025 with a floor of 5 % over an index of 4 % earn 1 % more for 91 and 92 days of 360.
    repaid = tiny.loan_of(par=20.0, maturity=dt.date(2025, 4, 15))
    stays = tiny.loan_of(loan_id="L2", par=80.0, floor=0.045)
    buys = {"price": tiny.constant(1.0), "spread": tiny.constant(0.04), "floor": 0.05, "term_years": 3.0}
    run = crossing.project(case(repaid, stays, buys=buys))
    shown = [row["floor_benefit"] for row in run["collateral"]]
    own = 80.0 * 0.005 * 0.25
    assert shown[:2] == [pytest.approx(own), pytest.approx(own + 20.0 * 0.01 * 91 / 360)]
    # 0.05 are repaid and bought anew on the second date.
    assert shown[2] == pytest.approx(own + 20.0 * 0.01 * 92 / 360)


def test_floors_of_purchases_follow_defaults_prepayments_and_months() -> None:
    stays = tiny.loan_of(par=100.0)
    buys = {"price": tiny.constant(1.0), "spread": tiny.constant(0.04), "floor": 0.05, "term_years": 3.0}
    one = case(stays, buys=buys, conventions={"interest_on_prepaid_period": "half"})
    one = replace(one, scenario={**one.scenario, "cdr": tiny.constant(0.10), "cpr": tiny.constant(0.30)})
    second = crossing.project(one)["collateral"][1]
    without = replace(one, scenario={**one.scenario, "reinvestment": {**buys, "floor": 0.0}})
    more = second["interest_collected"] - crossing.project(without)["collateral"][1]["interest_collected"]
    # What the floor adds to interest is its benefit.
    assert second["floor_benefit"] == pytest.approx(more, abs=1e-12)
    assert more > 0.01
    by_month = replace(one, deal={**one.deal, "conventions": {"pool_step": "monthly"}})
    other = replace(without, deal=by_month.deal)
    second = crossing.project(by_month)["collateral"][1]
    more = second["interest_collected"] - crossing.project(other)["collateral"][1]["interest_collected"]
    assert second["floor_benefit"] == pytest.approx(more, abs=1e-12)


def test_a_replayed_path_has_the_floors_of_its_loans_alone() -> None:
    pool = cl.synthetic.loan_pool(n=60, seed=4, as_of="2025-03-20")
    scenario = cl.Scenario(cdr=0.08, recovery=0.6, cpr=0.1, rates=0.002)
    deal = cl.templates.static_clo(closing="2025-03-20")
    drawn = cl.simulate(
        deal, pool, cl.GaussianCopula(inter=0.1, intra=0.2), scenario=scenario, paths=4, seed=1
    )
    path = drawn.replay(2)
    named = {row["obligor_id"]: row["date"] for row in path.defaults.rows()}
    again = cl.project(deal, pool, scenario.replace(cdr=0.0, defaults=named))
    assert len(named) > 5
    columns = ("floor_benefit", "interest_collected", "diversity", "n_obligors", "was", "warf", "wal")
    pairs = list(zip(path.collateral.rows(), again.collateral.rows(), strict=True))
    assert sum(one["floor_benefit"] for one, _ in pairs) > 1e4
    for one, other in pairs:
        for column in columns:
            here, there = one[column], other[column]
            assert (here is None) == (there is None), (one["date"], column)
            assert here is None or here == pytest.approx(there, rel=1e-9, abs=1e-6), (one["date"], column)
