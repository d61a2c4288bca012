"""The columns of `collateral` that tell its quality: market value, spread, rating factor and average life by date."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import cloche as cl
from cloche.testing.strategies import Case
from engine import crossing
from reference import tiny

Document = dict[str, Any]


def rows(*loans: Document, buys: Document | None = None, **scenario: Any) -> list[Document]:
    deal = tiny.deal_of(dates={"reinvestment_end": "2026-01-15"})
    usual = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False}
    case = Case(
        deal,
        [{**usual, **loan} for loan in loans],
        tiny.CLOSING,
        tiny.scenario_of(reinvestment=buys or {}, **scenario),
    )
    found: list[Document] = crossing.project(case)["collateral"]
    return found


def test_averages_by_hand() -> None:
    # 60 at 4 % over the index of 4 %, its floor of 4.5 % adds 0.5 %; 40 fixed. B2 2720, Caa2 6500.
    # On 15 April 2025 the first has 1.75 years to go, the second 0.75: (60 · 1.75 + 40 · 0.75) / 100 = 1.35.
    one = tiny.loan_of(par=60.0, floor=0.045, market_price=0.99, maturity=dt.date(2027, 1, 15))
    other = tiny.loan_of(
        loan_id="L2",
        obligor_id="O2",
        par=40.0,
        spread=None,
        fixed=True,
        fixed_rate=0.08,
        rating="CCC",
        market_price=0.8,
        maturity=dt.date(2026, 1, 15),
    )
    first = rows(one, other)[0]
    assert first["was"] == pytest.approx(0.045)
    assert first["warf"] == pytest.approx((60.0 * 2720.0 + 40.0 * 6500.0) / 100.0)
    assert first["wal"] == pytest.approx(1.35)
    assert first["market_value"] == pytest.approx(60.0 * 0.99 + 40.0 * 0.8)


def test_what_is_bought_counts_from_the_next_date_on() -> None:
    # 20 are repaid on the first date and buy 25 at 80 %: a spread of 6 %, B3 3490; the second repays 0.0625 of them.
    repaid = tiny.loan_of(par=20.0, maturity=dt.date(2025, 4, 15))
    stays = tiny.loan_of(loan_id="L2", obligor_id="O2", par=80.0)
    buys = {"price": tiny.constant(0.8), "spread": tiny.constant(0.06), "rating": "B-", "term_years": 2.0}
    first, second, *_ = rows(repaid, stays, buys=buys)
    left = 25.0 - 0.0625
    assert (first["was"], first["warf"]) == (pytest.approx(0.04), pytest.approx(2720.0))
    assert second["was"] == pytest.approx((80.0 * 0.04 + left * 0.06) / (80.0 + left))
    assert second["warf"] == pytest.approx((80.0 * 2720.0 + left * 3490.0) / (80.0 + left))
    assert second["market_value"] == pytest.approx(80.0 + left * 0.8)


def test_purchases_without_a_rating_count_as_b2() -> None:
    # 20 are repaid on the first date and buy 20 at par; the second date repays 0.05 of them. B3 is 3490, B2 2720.
    repaid = tiny.loan_of(par=20.0, maturity=dt.date(2025, 4, 15), rating="B-")
    stays = tiny.loan_of(loan_id="L2", obligor_id="O2", par=80.0, rating="B-")
    buys = {"price": tiny.constant(1.0), "spread": tiny.constant(0.06), "term_years": 2.0}
    first, second, *_ = rows(repaid, stays, buys=buys)
    left = 20.0 - 0.05
    assert first["warf"] == pytest.approx(3490.0)
    assert second["warf"] == pytest.approx((80.0 * 3490.0 + left * 2720.0) / (80.0 + left))


def test_defaulted_par_is_at_its_market_value() -> None:
    # 10 % default on the first date, and recover 40 %.
    default = 100.0 * (1.0 - 0.9**0.25)
    first = rows(tiny.loan_of(market_price=0.95), cdr=tiny.constant(0.1))[0]
    assert first["market_value"] == pytest.approx(0.95 * (100.0 - default) + 0.4 * default)


def test_nothing_is_averaged_on_the_last_date() -> None:
    last = rows(tiny.loan_of())[-1]
    assert [last[name] for name in ("was", "warf", "wal")] == [None] * 3
    assert last["market_value"] == 0.0


def test_the_first_date_is_near_the_statistics_of_the_tape() -> None:
    pool = cl.synthetic.loan_pool(n=80, seed=4, as_of="2025-03-20")
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20", first_payment="2025-04-20")
    scenario = cl.Scenario(cdr=0.0, cpr=0.0, recovery=0.6, rates=0.043)
    first = next(iter(cl.project(deal, pool, scenario).collateral.rows()))
    told = {row["statistic"]: row["value"] for row in pool.statistics(benchmark=0.043).rows()}
    assert first["was"] == pytest.approx(told["was"], abs=2e-5)
    assert first["warf"] == pytest.approx(told["warf"], rel=2e-3)
    # A collection period of nearly a month later, and instalments on other days of the quarter.
    assert first["wal"] == pytest.approx(told["wal"] - 0.06, abs=0.03)


def test_a_replayed_path_without_defaults_tells_what_the_projection_tells() -> None:
    pool = cl.synthetic.loan_pool(n=20, seed=4, as_of="2025-03-20")
    scenario = cl.Scenario(cdr=0.0, cpr=0.15, recovery=0.6, rates=0.043)
    deal = cl.templates.us_bsl(closing="2025-03-20")
    model = cl.GaussianCopula(inter=0.1, intra=0.2)
    replayed = cl.simulate(deal, pool, model, scenario=scenario, paths=2, seed=1).replay(0)
    projected = cl.project(deal, pool, scenario)
    for column in ("market_value", "was", "warf", "wal", "diversity", "n_obligors", "floor_benefit"):
        here, there = (list(run.collateral.to_dict()[column]) for run in (replayed, projected))
        assert here == [None if x is None else pytest.approx(x, rel=1e-9, abs=1e-3) for x in there], column
        assert here[0] is not None


def two_companies(**more: Any) -> tuple[Document, Document]:
    one = tiny.loan_of(par=60.0, industry="food")
    other = tiny.loan_of(loan_id="L2", par=40.0, obligor_id="O2", industry="steel", **more)
    return one, other


def test_companies_and_their_diversity_by_hand() -> None:
    # 50 on average: a unit of food scores 1, 0.8 of steel 0.8. The second is repaid in the second quarter.
    found = rows(*two_companies(maturity=dt.date(2025, 7, 15)))
    assert [(row["diversity"], row["n_obligors"]) for row in found] == [
        (pytest.approx(1.8), 2.0),
        (pytest.approx(1.0), 1.0),
        (pytest.approx(1.0), 1.0),
        (None, None),
    ]


def test_a_company_of_no_industry_has_no_score_but_counts() -> None:
    one, other = two_companies()
    del other["industry"]
    assert [rows(one, other)[0][name] for name in ("diversity", "n_obligors")] == [None, 2.0]


def test_affiliates_are_one_company_of_the_score_and_two_obligors() -> None:
    columns: dict[str, list[Any]] = {
        "loan_id": ["1", "2", "3"],
        "obligor_id": ["O1", "O2", "O3"],
        "parent_id": ["G", "G", None],
        "industry": ["food", "steel", "food"],
        "par": [30e6, 20e6, 50e6],
        "maturity": ["2031-06-30"] * 3,
        "spread": [0.04] * 3,
    }
    pool = cl.LoanPool.from_columns(columns, as_of="2025-03-20")
    deal = cl.templates.static_clo(par=100e6, closing="2025-03-20")
    scenario = cl.Scenario(cdr=0.0, cpr=0.0, recovery=0.6, rates=0.043)
    first = next(iter(cl.project(deal, pool, scenario).collateral.rows()))
    # Two companies of 50 in food, where the group has its larger par: two units score 1.5.
    assert (first["diversity"], first["n_obligors"]) == (pytest.approx(1.5), 3.0)


@pytest.mark.parametrize("table", ["exact", "printed"])
def test_the_score_is_that_of_the_statistics_by_the_table_of_the_deal(table: Any) -> None:
    pool = cl.synthetic.loan_pool(n=80, seed=4, as_of="2025-03-20")
    columns = pool.table.to_dict() | {"amortization_rate": [0.0] * 80}
    columns = {
        name: columns[name] for name in ("loan_id", "obligor_id", "industry", "par", "maturity", "spread")
    }
    pool = cl.LoanPool.from_columns(columns | {"amortization_rate": [0.0] * 80}, as_of="2025-03-20")
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    document["conventions"] = {"diversity_table": table}
    scenario = cl.Scenario(cdr=0.05, cpr=0.0, recovery=0.6, rates=0.043)
    first = next(iter(cl.project(cl.Deal.from_dict(document), pool, scenario).collateral.rows()))
    told = {row["statistic"]: row["value"] for row in pool.statistics(diversity_table=table).rows()}
    # All loans are left in the same share.
    assert first["diversity"] == pytest.approx(told["diversity"], abs=1e-9)
    assert first["n_obligors"] == told["obligors"]
