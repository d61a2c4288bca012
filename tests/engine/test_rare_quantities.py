"""Figures that only some conditions and amounts read: values of a sale, what is owed, spreads, parts of the pool."""

import datetime as dt
from typing import Any

import pytest

import cloche as cl
from cloche.testing.strategies import Case
from engine import crossing
from reference.tiny import CLOSING, RESIDUAL, SUB, A, Document, constant, deal_of, loan_of, scenario_of

approx = pytest.approx


def held(*steps: Document, loans: list[Document] | None = None, **scenario: Any) -> list[list[float]]:
    """What `retain` steps with these amounts keep on each date, ahead of the interest of A."""
    deal = deal_of()
    deal["notes"] = [{**A, "rating": {"sp": "AAA"}}, SUB]
    retained = [{"verb": "retain", **step} for step in steps]
    deal["waterfalls"]["interest"] = [*retained, {"verb": "pay_interest", "notes": [["A"]]}, RESIDUAL]
    plain = {"fixed": False, "ccc": False, "weak": False}
    rows = [{"obligor_id": loan["loan_id"], **plain, **loan} for loan in loans or [loan_of()]]
    run = crossing.project(Case(deal, rows, CLOSING, {**scenario_of(), **scenario}))
    assert run["conservation_error"] < 1e-12
    dates = sorted({row["date"] for row in run["ledger"]})
    kept = [
        [row["paid"] for row in run["ledger"] if row["date"] == day and row["step"] == "retain"]
        for day in dates
    ]
    return [amounts[: len(steps)] for amounts in kept]


def test_a_sale_brings_performing_par_at_the_scenarios_price() -> None:
    rows = held({"amount": "0.01 * liquidation_value"}, liquidation_price=0.9)
    assert [row[0] for row in rows] == approx([0.9, 0.9, 0.9, 0.0])


def test_a_redemption_must_pay_balance_and_interest() -> None:
    # 60 of principal and 0.9 of interest
    assert held({"amount": "0.01 * redemption_amount"})[0] == approx([0.609])


def test_the_market_asks_by_name_then_rating_then_for_all() -> None:
    amount = {"amount": "market_spread('A') * 100 * performing_par * 0.01"}
    for spreads, expected in (
        ({"A": constant(0.01), "rating:AAA": constant(0.02), "*": constant(0.03)}, 1.0),
        ({"rating:AAA": constant(0.02), "*": constant(0.03)}, 2.0),
        ({"*": {"kind": "periods", "values": [0.03, 0.01]}}, 3.0),
    ):
        assert held(amount, market_spreads=spreads)[0] == approx([min(2.0, expected)]), spreads


def test_interest_by_frequency_and_the_semiannual_share_look_at_own_payment_dates() -> None:
    own = {"next_payment": dt.date(2025, 2, 15), "payment_frequency_months": 6}
    loans = [
        loan_of(par=60.0, accrual_start=dt.date(2024, 8, 15), **own),
        loan_of(loan_id="L2", par=40.0, next_payment=dt.date(2025, 3, 15), payment_frequency_months=3),
    ]
    steps = ({"amount": "interest_by_frequency(6)"}, {"amount": "0.005 * semiannual_share * performing_par"})
    first, second = held(*steps, loans=loans)[:2]
    assert first == approx([60 * 0.08 / 2, 0.3])
    assert second[0] == 0.0


BASE: Document = {"cdr": None, "cpr": 0.20, "recovery": 0.70, "recovery_lag_months": 6, "rates": 0.043}
A_R: Document = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": "90bp"}}
CHEAPER: Document = {
    "refinance": {"A": {"into": [A_R]}},
    "when": "market_spread('A') + 0.0020 <= deal_spread('A')",
}
SPREADS: Document = {"A": {"2025-03-20": "140bp", "2027-10-20": "112bp", "2028-04-20": "90bp"}, "*": "400bp"}
EARLY: Document = {**CHEAPER, "when": "liquidation_value < 0.99 * redemption_amount"}


def scenario(*events: Document, **changes: Any) -> cl.Scenario:
    return cl.Scenario(**{**BASE, "market_spreads": SPREADS, **changes}, events=events)


class TestRefinancingByTheMarket:
    def test_a_class_is_refinanced_on_the_first_date_on_which_it_saves_enough(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        run = cl.project(deal, pool, scenario(CHEAPER, cdr=0.01))
        [event] = run.events.rows()
        [own] = [note["coupon"]["spread"] for note in deal.to_dict()["notes"] if note["name"] == "A"]
        assert 0.0090 + 0.0020 <= own < 0.0112 + 0.0020
        # 90 bp are asked from the period that starts on 20 April 2028.
        assert (event["event"], event["date"]) == ("refinancing", dt.date(2028, 7, 20))

    def test_each_path_has_its_own_time_with_the_bits_of_any_threads(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        model = cl.GaussianCopula(inter=0.3, intra=0.4)
        runs = [
            cl.simulate(
                deal, pool, model, scenario=scenario(EARLY), paths=256, seed=3, keep="paths", threads=threads
            )
            for threads in (1, 2)
        ]
        assert list(runs[0].paths.rows()) == list(runs[1].paths.rows())
        dates = set()
        for path in range(0, 256, 16):
            replayed = runs[0].replay(path)
            own = {row["note"]: row for row in runs[0].paths.rows() if row["path"] == path}
            for row in replayed.notes.rows():
                assert own[row["note"]]["principal_loss"] == approx(row["principal_loss"], rel=1e-12)
            dates |= {row["date"] for row in replayed.events.rows() if row["event"] == "refinancing"}
        assert len(dates) > 1

    def test_points_of_a_sweep_are_those_of_their_own_projections(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        points = [
            scenario(CHEAPER, cdr=0.01),
            scenario(CHEAPER, cdr=0.03),
            scenario(CHEAPER, cdr=0.01, market_spreads={"*": "85bp"}),
            scenario(EARLY, cdr=0.05, liquidation_price=0.97),
        ]
        swept = cl.sweep(deal, pool, points)
        for point, one in enumerate(points):
            alone = cl.project(deal, pool, one).notes
            rows = [row for row in swept.notes.rows() if row["point"] == point]
            assert [row["irr"] for row in rows] == [row["irr"] for row in alone.rows()]

    def test_a_run_from_a_state_goes_on_with_the_bits_of_the_straight_run(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        straight = cl.project(deal, pool, scenario(CHEAPER, cdr=0.02))
        state = straight.state_at("2026-07-20")
        resumed = cl.project(deal, pool, scenario(CHEAPER, cdr=0.02), state=state)
        late = [row for row in straight.cashflows.rows() if row["date"] > dt.date(2026, 7, 20)]
        assert list(resumed.cashflows.rows()) == late

    def test_a_spread_that_is_asked_for_and_not_given_is_a_problem(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        with pytest.raises(cl.ScenarioError) as caught:
            cl.project(deal, pool, scenario(CHEAPER, cdr=0.01, market_spreads={"B": "2%"}))
        [problem] = caught.value.problems
        assert problem.place == "scenario.market_spreads"
        assert "missing for class A, which scenario.events[0].when reads" in problem.message


def test_what_a_state_does_not_know_is_said_with_its_place() -> None:
    deal = deal_of()
    deal["waterfalls"]["interest"].insert(0, {"verb": "retain", "amount": "0.01 * liquidation_value"})
    state = {
        "cloche_state": 1,
        "payment_date": "2025-04-15",
        "previous_payment_date": "2025-01-15",
        "determination_date": "2025-04-10",
        "collected": {"interest": 1.0, "principal": 0.0},
        "notes": {"A": {"balance": 60.0}, "SUB": {"balance": 40.0}},
        "collateral": {"performing_par": 100.0},
    }
    with pytest.raises(
        cl.DealError,
        match=r"waterfalls.interest\[0\].amount: `liquidation_value` needs what the state does not tell",
    ):
        crossing.run_payment_date(deal, state)
