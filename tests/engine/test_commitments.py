"""Classes that are drawn over time, delayed draw notes and liquidity facilities: by hand, in runs, what may not be.

By hand, on the tiny deal: A is 60 at 6 %, due 0.9 a quarter; DD is drawn to 20 of 50 at closing, at 6 %.
"""

import datetime as dt
import math
from typing import Any

import pytest

import cloche as cl
from cloche.testing.strategies import Case
from engine import crossing
from reference import facilities
from reference.facilities import LATE, drawn_class
from reference.tiny import (
    CLOSING,
    RESIDUAL,
    SEQUENCE,
    Document,
    loan_of,
    of_note,
    scenario_of,
)

approx = pytest.approx


def facility_deal(note: Document, **more: Any) -> Document:
    return facilities.facility_deal(note, principal=[{"verb": "retain"}], **more)


def projected(deal: Document, **loan: Any) -> dict[str, Any]:
    plain = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False}
    run = crossing.project(Case(deal, [{**plain, **loan_of(**loan)}], CLOSING, scenario_of()))
    assert run["conservation_error"] < 1e-12
    return run


def test_the_fee_runs_on_what_is_undrawn_until_the_commitment_ends() -> None:
    run = projected(facility_deal(drawn_class(fee=0.01, until="2025-07-15")))
    # 20 at 6 % and 30 at 1 %: 0.3 and 0.075
    assert of_note(run, "DD", "interest_due") == approx([0.375, 0.375, 0.3, 0.3])


def test_a_draw_raises_the_balance_after_the_interest_of_its_date_and_joins_principal() -> None:
    note = {**drawn_class(draws={"2025-07-01": 10.0}, fee=0.01), "issue_price": 0.9}
    test = {"name": "OC", "kind": "oc", "through": "DD", "trigger": 1.0}
    run = projected(facility_deal(note, tests=[test]))
    assert of_note(run, "DD", "begin_balance")[:3] == approx([20.0, 20.0, 30.0])
    assert of_note(run, "DD", "principal_paid")[:3] == approx([0.0, -10.0, 0.0])
    assert of_note(run, "DD", "interest_due")[:3] == approx([0.375, 0.375, 0.5])
    cash = [row["principal_cash"] for row in run["collateral"]]
    assert cash[:2] == approx([0.0, 9.0])
    # Only what is drawn is owed: 60 + 20, then 60 + 30.
    rows = run["tests"]
    assert [row["denominator"] for row in rows[:2]] == approx([80.0, 90.0])
    assert rows[1]["numerator"] == approx(109.0)


@pytest.mark.parametrize(
    ("until", "expected"), [(None, [-25.0, -5.0, 0.0]), ("2025-07-15", [-25.0, 0.0, 0.0])]
)
def test_draws_stop_at_the_amount_and_at_the_end(until: str | None, expected: list[float]) -> None:
    draws = {"2025-04-15": 25.0, "2025-07-15": 25.0, "2025-10-15": 5.0}
    terms = {"draws": draws} if until is None else {"draws": draws, "until": until}
    assert of_note(projected(facility_deal(drawn_class(**terms))), "DD", "principal_paid")[:3] == approx(
        expected
    )


@pytest.mark.parametrize(("revolving", "again"), [(True, -12.0), (False, -5.0)])
def test_what_is_repaid_may_be_drawn_again_when_it_revolves(again: float, *, revolving: bool) -> None:
    deal = facility_deal(drawn_class(draws={"2025-04-15": 25.0, "2025-07-15": 12.0}, revolving=revolving))
    paid = {"verb": "pay_principal", "notes": [["DD"]], "when": "date < 2025-05-01"}
    deal["waterfalls"]["principal"] = [paid, {"verb": "retain"}]
    assert of_note(projected(deal), "DD", "principal_paid")[:2] == approx([0.0, again])


def liquidity(**commitment: Any) -> Document:
    """The facility is repaid from principal before A."""
    first: Document = {"verb": "pay_principal", "notes": [["LF"]]}
    return facilities.liquidity_deal([first, SEQUENCE, RESIDUAL], **commitment)


class TestLiquidityFacilities:
    def test_what_interest_leaves_unpaid_is_drawn_and_shown(self) -> None:
        run = projected(liquidity(amount=50.0), **LATE)
        assert of_note(run, "A", "interest_paid")[:2] == approx([0.9, 0.9])
        assert of_note(run, "LF", "end_balance")[:2] == approx([0.3, 0.6])
        row = next(row for row in run["ledger"] if row["step"] == "draw")
        assert (row["payee"], row["paid"], row["source"]) == ("A", approx(0.3), "draw")

    def test_it_bears_interest_and_is_repaid_ahead_of_the_classes(self) -> None:
        run = projected(liquidity(amount=50.0), **LATE)
        # 0.3 at 6 % for a quarter is overdue: nothing is left to pay it before the sale of the last date.
        assert of_note(run, "LF", "interest_due")[1] == approx(0.0045)
        assert of_note(run, "LF", "end_balance")[-1] == 0.0

    def test_no_more_than_is_undrawn(self) -> None:
        run = projected(liquidity(amount=0.4), **LATE)
        assert of_note(run, "A", "interest_shortfall")[:2] == approx([0.0, 0.2])
        assert of_note(run, "LF", "end_balance")[:2] == approx([0.3, 0.4])

    def test_its_amount_and_its_condition_limit_a_step(self) -> None:
        deal = liquidity(amount=50.0)
        deal["waterfalls"]["interest"][1].update(amount="0.001 * performing_par", when="date < 2025-05-01")
        run = projected(deal, **LATE)
        assert of_note(run, "LF", "end_balance")[:2] == approx([0.1, 0.1])


class TestAverageLives:
    def test_draws_are_no_principal_repaid(self) -> None:
        # 20 at closing and 30 drawn after six months, all repaid after the year.
        deal = facilities.facility_deal(
            facilities.drawn_class(draws={"2025-07-15": 30.0}),
            principal=[{"verb": "reinvest", "of": "all", "share": 1.0}, SEQUENCE, RESIDUAL],
        )
        run = projected(deal)
        assert of_note(run, "DD", "principal_paid") == approx([0.0, -30.0, 0.0, 50.0])
        [life] = [row["wal"] for row in run["notes"] if row["note"] == "DD"]
        assert life == approx(1.0)

    def test_what_is_repaid_between_is_weighed_by_its_time(self) -> None:
        # A facility lends 0.3 in each of three quarters; principal repays it before the sale of the last date.
        run = projected(liquidity(amount=50.0), **LATE)
        paid = of_note(run, "LF", "principal_paid")
        years = [day / 365 for day in (90, 181, 273, 365)]
        repaid = [max(0.0, amount) for amount in paid]
        [life] = [row["wal"] for row in run["notes"] if row["note"] == "LF"]
        assert min(paid) < -0.2
        assert life == approx(sum(map(math.prod, zip(years, repaid, strict=True))) / sum(repaid))

    def test_a_simulated_path_has_the_life_of_its_replay(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        model = cl.GaussianCopula(inter=0.15, intra=0.25)
        run = cl.simulate(deal, pool, model, scenario=scenario(), paths=8, seed=3, keep="paths")
        for path in (0, 5):
            replayed = {row["note"]: row["wal"] for row in run.replay(path).notes.rows()}
            for row in run.paths.filter(path=path).rows():
                assert row["wal"] is None or row["wal"] == approx(replayed[row["note"]], rel=1e-12)
            assert 0.0 < replayed["B"] < 13.0


FACILITY: Document = {
    "name": "LF",
    "balance": 0,
    "rank": 1,
    "coupon": {"index": "sofr_3m", "spread": "150bp"},
    "commitment": {"amount": 20e6, "fee": "40bp", "revolving": True, "until": "2031-04-20"},
}


@pytest.fixture(scope="module")
def deal() -> cl.Deal:
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    document["notes"].insert(1, FACILITY)
    interest = document["waterfalls"]["interest"]
    first = next(n for n, step in enumerate(interest) if step.get("pay_interest") == "A")
    interest[first]["pay_interest"] = ["A", "LF"]
    junior = next(n for n, step in enumerate(interest) if step.get("pay_interest") == "D")
    interest.insert(junior + 1, {"draw": {"note": "LF", "through": "D"}})
    document["waterfalls"]["principal"].insert(0, {"pay_principal": {"notes": ["LF"]}})
    b = next(note for note in document["notes"] if note["name"] == "B")
    b["commitment"] = {"amount": b["balance"], "fee": "50bp", "draws": {"2026-04-20": 0.4 * b["balance"]}}
    b["balance"] *= 0.6
    return cl.Deal.from_dict(document)


@pytest.fixture(scope="module")
def pool() -> cl.LoanPool:
    return cl.synthetic.loan_pool(n=80, seed=5, as_of="2025-03-20")


def scenario(**changes: Any) -> cl.Scenario:
    base: Document = {"cdr": 0.02, "cpr": 0.20, "recovery": 0.70, "recovery_lag_months": 6, "rates": 0.043}
    return cl.Scenario(**{**base, **changes})


class TestRuns:
    def test_paths_have_the_bits_of_any_threads_and_of_their_replays(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        model = cl.GaussianCopula(inter=0.5, intra=0.6, pd=0.12)
        one, two = (
            cl.simulate(
                deal,
                pool,
                model,
                scenario=scenario(cdr=None),
                paths=128,
                seed=3,
                keep="paths",
                threads=threads,
            )
            for threads in (1, 2)
        )
        assert one.conservation_error < 1e-10
        assert list(one.paths.rows()) == list(two.paths.rows())
        drawn = 0.0
        for path in range(0, 128, 8):
            replayed = one.replay(path)
            own = {row["note"]: row for row in one.paths.rows() if row["path"] == path}
            for row in replayed.notes.rows():
                assert own[row["note"]]["principal_loss"] == approx(row["principal_loss"], rel=1e-12)
            drawn += sum(row["paid"] for row in replayed.ledger.filter(step="draw").rows())
        assert drawn > 0

    def test_a_run_from_a_state_goes_on_with_the_bits_of_the_straight_run(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        straight = cl.project(deal, pool, scenario())
        state = straight.state_at("2026-07-20")
        [terms] = [note for note in deal.to_dict()["notes"] if note["name"] == "B"]
        assert state.to_dict()["notes"]["B"]["drawn"] == approx(terms["commitment"]["draws"]["2026-04-20"])
        resumed = cl.project(deal, pool, scenario(), state=state)
        late = [row for row in straight.cashflows.rows() if row["date"] > dt.date(2026, 7, 20)]
        assert list(resumed.cashflows.rows()) == late

    def test_points_of_a_sweep_are_those_of_their_own_projections(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        points = [scenario(cdr=rate) for rate in (0.0, 0.05, 0.2)]
        swept = cl.sweep(deal, pool, points)
        for point, one in enumerate(points):
            alone = cl.project(deal, pool, one).notes
            rows = [row for row in swept.notes.rows() if row["point"] == point]
            for column in ("irr", "wal", "principal_paid", "original_balance"):
                assert [row[column] for row in rows] == [row[column] for row in alone.rows()], column


def test_it_reads_as_the_document_says(deal: cl.Deal) -> None:
    text = deal.waterfalls["interest"].describe()
    assert (
        "by drawing on the commitment of the Class LF Notes, to the payment of what is unpaid of fees" in text
    )
    again = cl.Deal.from_dict(deal.to_dict())
    assert again == deal


def test_everything_that_cannot_be_meant_is_said_at_once() -> None:
    deal = liquidity(amount=50.0, fee=0.2, draws={"2025-04-15": 5.0})
    deal["notes"][1]["balance"] = 60.0
    deal["waterfalls"]["interest"].insert(0, {"verb": "draw", "note": "A", "through": "A"})
    with pytest.raises(cl.DealError) as caught:
        projected(deal)
    assert {problem.place for problem in caught.value.problems} == {
        "notes[1].commitment.amount",
        "notes[1].commitment.fee",
        "waterfalls.interest[0].draw.note",
    }


def test_an_amendment_leaves_a_commitment_as_it_is() -> None:
    deal = facility_deal(drawn_class(draws={"2025-10-01": 10.0}, fee=0.01))
    amended = {**deal, "events": [{"date": "2025-07-15", "amend": {"into": {**deal, "events": []}}}]}
    plain, again = projected(deal), projected(amended)
    for table in ("cashflows", "collateral", "ledger"):
        assert [repr(row) for row in again[table]] == [repr(row) for row in plain[table]]
