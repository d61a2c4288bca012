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


PRICES: list[tuple[str, float]] = [("2025-01-15", 0.9), ("2025-04-15", 0.6), ("2025-07-15", 0.8)]
"""What is bought on the first date costs 90, on the second 60, from the third on 80."""


def at_several_prices(loans: list[Document], prices: Document, **deal: Any) -> list[Document]:
    """Return the rows of the collateral; 20 are repaid on the first and on the second date and buy CCC loans."""
    repaid = [
        tiny.loan_of(par=20.0, maturity=dt.date(2025, 4, 15)),
        tiny.loan_of(loan_id="L2", par=20.0, maturity=dt.date(2025, 7, 15)),
    ]
    buys = {"price": prices, "spread": tiny.constant(0.06), "rating": "CCC", "term_years": 3.0}
    one = case(*repaid, *loans, buys=buys, **deal)
    ours = crossing.project(one)
    theirs = reference.project(one.deal, one.loans, one.as_of, one.scenario)
    assert not list(differences(ours, theirs, par=100.0))
    return list(ours["collateral"])


def by_date(prices: list[tuple[str, float]] = PRICES) -> Document:
    return {"kind": "dates", "values": dict(prices)}


def test_purchases_at_several_prices_have_each_its_own_place_in_the_excess() -> None:
    # By the second date 20 / 0.9 were bought, of which 0.25 % a quarter is repaid; on the second 20 and an instalment
    # at 60 beside it: the limit of 30 % is exceeded, and the excess takes what cost 60 first, then what cost 90.
    rows = at_several_prices(
        [tiny.loan_of(loan_id="L3", par=60.0)], by_date(), collateral={"ccc": {"limit": 0.30}}
    )
    first = 20.0 / 0.9
    repaid = first * 0.0025
    second = (20.0 + repaid) / 0.6
    par = first - 2 * repaid + second * (1 - 0.0025)
    cash = repaid + second * 0.0025
    assert rows[2]["ccc_par"] == pytest.approx(par, rel=1e-12)
    excess = par - 0.30 * (60.0 + par + cash)
    assert 0 < excess < second
    assert rows[2]["ccc_excess_haircut"] == pytest.approx(0.4 * excess, rel=1e-12)
    # Without the limit's 30 % all of it is in the excess.
    rows = at_several_prices(
        [tiny.loan_of(loan_id="L3", par=60.0)], by_date(), collateral={"ccc": {"limit": 0.0}}
    )
    haircut = 0.4 * second * (1 - 0.0025) + 0.1 * (first - 2 * repaid)
    assert rows[2]["ccc_excess_haircut"] == pytest.approx(haircut, rel=1e-12)


@pytest.mark.parametrize("rule", ["lower", "excluded"])
@pytest.mark.parametrize("last", ["fractional", "whole"])
@pytest.mark.parametrize("agencies", [None, "larger", "each", "sum"])
def test_loans_and_purchases_at_several_prices_agree_with_the_reference(
    rule: str, last: str, agencies: str | None
) -> None:
    # A CCC loan at 70 between the purchases at 60 and at 80, rated so by one agency; below 85 a purchase is a discount
    # obligation.
    loan = tiny.loan_of(loan_id="L3", par=10.0, rating="CCC", market_price=0.7)
    loan |= {"ccc": True, "weak": True, "agencies": ["moodys"] if agencies else []}
    stays = tiny.loan_of(loan_id="L4", par=50.0)
    conventions = {"discount_in_ccc": rule, "ccc_last_asset": last}
    rows = at_several_prices(
        [loan, stays],
        by_date(),
        collateral={"ccc": {"limit": 0.20}, "discount": {"below": 0.5, "weak_below": 0.85}},
        conventions=conventions | ({"ccc_agency_rule": agencies} if agencies else {}),
    )
    assert rows[2]["discount_haircut"] > 0


def test_runs_at_several_prices_go_on_from_a_state_and_in_a_sweep() -> None:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    pool = cl.synthetic.loan_pool(n=40, seed=5, as_of="2025-03-20")
    buys = {"price": [0.9, 0.7, 0.8, 0.95, 0.6, 0.85], "rating": "CCC", "spread": 0.06}
    base: Document = {
        "cdr": 0.02,
        "recovery": 0.7,
        "recovery_lag_months": 6,
        "rates": 0.043,
        "reinvestment": buys,
    }
    points = [cl.Scenario(**base, cpr=cpr) for cpr in (0.1, 0.2, 0.3)]
    straight = cl.project(deal, pool, points[1])
    assert max(straight.collateral["ccc_excess_haircut"]) > 0
    rest = cl.project(deal, pool, points[1], state=straight.state_at(dt.date(2026, 10, 20)))
    late = [row for row in straight.collateral.rows() if row["date"] > dt.date(2026, 10, 20)]
    assert str(list(rest.collateral.rows())) == str(late)
    swept = [row["irr"] for row in cl.sweep(deal, pool, points).notes.rows() if row["note"] == "SUB"]
    assert swept == [cl.project(deal, pool, point).notes.filter(note="SUB")["irr"][0] for point in points]
    model = cl.GaussianCopula(inter=0.2, intra=0.3)
    paths = cl.simulate(deal, pool, model, scenario=points[1], paths=64, seed=3, keep="paths")
    replay = paths.replay(5).notes.filter(note="SUB")["irr"][0]
    assert [row["irr"] for row in paths.paths.rows() if (row["path"], row["note"]) == (5, "SUB")] == [replay]


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
