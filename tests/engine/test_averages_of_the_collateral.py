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


def test_replayed_paths_do_not_tell_them() -> None:
    pool = cl.synthetic.loan_pool(n=20, seed=4, as_of="2025-03-20")
    scenario = cl.Scenario(cdr=0.02, recovery=0.6, rates=0.043)
    simulated = cl.simulate(
        cl.templates.us_bsl(),
        pool,
        cl.GaussianCopula(inter=0.1, intra=0.2),
        scenario=scenario,
        paths=2,
        seed=1,
    )
    assert {row["was"] for row in simulated.replay(0).collateral.rows()} == {None}
