"""Calls and liquidations: all collateral is sold, every class is paid, the run ends."""

import datetime as dt
from typing import Any

import pytest

import cloche as cl

BASE: dict[str, Any] = {"cdr": 0.02, "cpr": 0.20, "recovery": 0.70, "recovery_lag_months": 6, "rates": 0.043}
CALL = {"call": {"price": 0.99}, "date": "rp_end + 12M"}


def scenario(*events: dict[str, Any], **changes: Any) -> cl.Scenario:
    return cl.Scenario(**{**BASE, **changes}, events=events)


def test_a_call_pays_every_class_in_full_and_ends_the_run(deal: cl.Deal, pool: cl.LoanPool) -> None:
    run = cl.project(deal, pool, scenario(CALL))
    last = run.cashflows["date"][-1]
    assert [row["event"] for row in run.events.rows()] == ["call"]
    assert run.events["date"][0] == last == dt.date(2031, 4, 21)
    rows = {row["note"]: row for row in run.cashflows.filter(date=last).rows()}
    assert all(rows[name]["end_balance"] == 0.0 for name in ("A", "B", "C", "D", "E"))
    assert rows["SUB"]["interest_paid"] > 0
    assert set(run.ledger.filter(date=last)["waterfall"]) == {"redemption"}
    assert run.conservation_error < 1e-12


def test_the_sale_brings_par_at_the_price_and_recoveries_to_come_less_its_cost(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    def sold(price: float, **cost: float) -> float:
        event = {"call": {"price": price}, "date": "rp_end + 12M", "cost": cost}
        return float(cl.project(deal, pool, scenario(event)).collateral["sale_proceeds"][-1])

    par = (sold(1.00) - sold(0.98)) / 0.02
    assert par == pytest.approx(_par_before(deal, pool), rel=0.2)
    assert sold(0.99) == pytest.approx(sold(1.00) - 0.01 * par, rel=1e-12)
    assert sold(0.99, rate=0.002, fixed=5e5) == pytest.approx(sold(0.99) - 0.002 * par - 5e5, rel=1e-12)


def _par_before(deal: cl.Deal, pool: cl.LoanPool) -> float:
    rows = list(cl.project(deal, pool, scenario()).collateral.rows())
    return float(next(row["performing_par"] for row in rows if row["date"] >= dt.date(2031, 4, 1)))


def test_sold_par_earns_until_one_business_day_before_the_payment_date(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    called = cl.project(deal, pool, scenario(CALL)).collateral["interest_collected"][-1]
    number = len(cl.project(deal, pool, scenario(CALL)).collateral) - 1
    normal = cl.project(deal, pool, scenario()).collateral["interest_collected"][number]
    assert 1.05 < called / normal < 1.15


def test_a_call_that_does_not_cover_the_notes_is_withdrawn(deal: cl.Deal, pool: cl.LoanPool) -> None:
    cheap = {"call": {"price": 0.60}, "date": "rp_end + 12M"}
    run = cl.project(deal, pool, scenario(cheap))
    plain = cl.project(deal, pool, scenario())
    assert [row["event"] for row in run.events.rows()] == ["call not feasible"]
    assert list(run.cashflows.rows()) == list(plain.cashflows.rows())


def test_a_call_may_be_tried_until_it_is_feasible(deal: cl.Deal, pool: cl.LoanPool) -> None:
    # Deleveraging makes a low price enough in the end.
    event = {"call": {"price": 0.88, "if_infeasible": "retry"}, "date": "rp_end"}
    kinds = [row["event"] for row in cl.project(deal, pool, scenario(event)).events.rows()]
    assert kinds[-1] == "call"
    assert set(kinds[:-1]) == {"call not feasible"}


def test_each_path_meets_the_condition_of_a_call_at_its_own_time(deal: cl.Deal, pool: cl.LoanPool) -> None:
    event = {"call": {"price": "market"}, "when": "note_factor('A') < 0.5", "from": "nc_end"}
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    runs = cl.simulate(deal, pool, model, scenario=scenario(event), paths=512, seed=3, keep="paths")
    assert runs.conservation_error < 1e-10
    called: set[dt.date] = set()
    rows = list(runs.paths.rows())
    for path in range(0, 512, 32):
        replay = runs.replay(path)
        called.update(row["date"] for row in replay.events.rows() if row["event"] == "call")
        returns = {row["note"]: row["irr"] for row in rows if row["path"] == path and row["note"] == "SUB"}
        assert {"SUB": replay.notes.filter(note="SUB")["irr"][0]} == returns
    assert len(called) > 2


def test_points_of_a_sweep_are_called_as_in_their_own_projections(deal: cl.Deal, pool: cl.LoanPool) -> None:
    prices = (0.70, 0.90, 0.99)
    event = {"call": {}, "date": "rp_end + 12M"}
    points = [scenario(event, liquidation_price=price) for price in prices]
    swept = cl.sweep(deal, pool, points)
    for point, one in enumerate(points):
        alone = cl.project(deal, pool, one).notes.filter(note="SUB")["irr"][0]
        rows = [row for row in swept.notes.rows() if row["note"] == "SUB"]
        assert rows[point]["irr"] == alone


def test_points_of_a_sweep_have_prices_that_change_in_time(deal: cl.Deal, pool: cl.LoanPool) -> None:
    event = {"call": {"if_infeasible": "retry"}, "date": "rp_end + 12M"}
    prices: tuple[Any, ...] = (
        {"2025-03-20": 0.60, "2032-04-20": 0.99},
        [0.60] * 29 + [0.99],
        0.99,
        {"2031-01-20": 0.60, "2032-04-20": 1.01},
    )
    points = [scenario(event, liquidation_price=price) for price in prices]
    swept = cl.sweep(deal, pool, points)
    runs = [cl.project(deal, pool, one) for one in points]
    # The period that begins on 20 April 2032 is the 28th and ends in July; that of the list is the 30th.
    assert [str(run.events["date"][-1]) for run in runs] == [
        "2032-07-20", "2033-01-20", "2031-04-21", "2032-07-20",
    ]  # fmt: skip
    alone = [run.notes.filter(note="SUB")["irr"][0] for run in runs]
    assert swept.notes.filter(note="SUB")["irr"].tolist() == alone
    assert points[0].liquidation_price == prices[0]
    assert cl.Scenario.from_yaml(points[1].to_yaml()) == points[1]
    state = runs[1].state_at("2032-01-20")
    rest = cl.project(deal, pool, points[1], state=state)
    assert rest.events["date"].tolist() == runs[1].events["date"].tolist()[-len(rest.events) :]
    for wrong in ({"monthly": [0.9]}, {"rating:B": 0.9}, [0.9, 0.0]):
        with pytest.raises(cl.ScenarioError, match="liquidation_price"):
            scenario(event, liquidation_price=wrong)


def test_an_auction_call_is_contracted(deal: cl.Deal, pool: cl.LoanPool) -> None:
    rights = {"auction_call": {"from": "2032-04-20", "months": [4, 10]}}
    run = cl.project(deal.replace({"rights": rights}), pool, scenario())
    assert [row["event"] for row in run.events.rows()][-1] == "call"
    assert run.cashflows["date"][-1] >= dt.date(2032, 4, 20)


@pytest.mark.parametrize("liquidate", ["always", "when_covered"])
def test_the_collateral_of_an_accelerated_deal_is_sold(
    deal: cl.Deal, pool: cl.LoanPool, liquidate: str
) -> None:
    causes = {"causes": ["par_ratio"], "accelerate": "automatic", "liquidate": liquidate}
    crash = {"cdr": [0.90, 0.90, 0.60, *[0.10] * 40], "cpr": 0.0, "recovery": 0.30, "recovery_lag_months": 18}
    run = cl.project(deal.replace({"default_events": causes}), pool, scenario(**crash))
    kinds = [row["event"] for row in run.events.rows()]
    assert "acceleration" in kinds
    assert ("liquidation" in kinds) == (liquidate == "always")
    assert run.conservation_error < 1e-12


def test_what_no_event_can_mean_is_refused_with_its_place(deal: cl.Deal, pool: cl.LoanPool) -> None:
    early = {"call": {}, "date": "2026-01-20"}
    with pytest.raises(cl.ScenarioError) as refused:
        cl.project(deal, pool, scenario(early, {**early, "date": "2025-09-01"}))
    places = [problem.place for problem in refused.value.problems]
    assert places == ["scenario.events[0].date", "scenario.events[1].date"]
    with pytest.raises(cl.ScenarioError) as shapes:
        scenario({"call": {"price": 0.0}}, {"date": "soon", "call": {}}, {"reset": {}, "date": "2028-01-20"})
    places = [problem.place for problem in shapes.value.problems]
    assert "events[2].reset.into" in places
    assert "scenario.events[0].call.price" in places or "events[0].call.price" in places


def test_a_call_may_wait_for_the_share_of_ccc_collateral(deal: cl.Deal, pool: cl.LoanPool) -> None:
    event = {"call": {"price": 0.99}, "when": "ccc_share >= 0", "from": "rp_end"}
    never = {"call": {"price": 0.99}, "when": "ccc_share > 0.99", "from": "rp_end"}
    first = cl.project(deal, pool, scenario({**event, "when": "ccc_share > 0"}))
    assert cl.project(deal, pool, scenario(event)).events["event"].tolist() == ["call"]
    assert first.events["event"].tolist() == ["call"]
    assert len(cl.project(deal, pool, scenario(never)).events) == 0
    swept = cl.sweep(deal, pool, [scenario({**event, "when": "ccc_share > 0"})])
    assert list(swept.notes["irr"]) == list(first.notes["irr"])


def test_a_clean_up_call_waits_until_little_collateral_is_left(deal: cl.Deal, pool: cl.LoanPool) -> None:
    event = {"call": {"price": 1.0, "if_infeasible": "retry"}, "date": "rp_end"}
    allowed = {"clean_up": {"below": 0.40, "of": "target_par"}}
    run = cl.project(deal.replace({"rights": allowed}), pool, scenario(event))
    kinds = [row["event"] for row in run.events.rows()]
    assert kinds[-1] == "call"
    assert set(kinds[:-1]) == {"call not feasible"}
    # The date is the first from the end of reinvestment on which par and principal cash are below 40 % of target par.
    rows = [row for row in cl.project(deal, pool, scenario()).collateral.rows() if row["date"].year >= 2030]
    amounts = [row["performing_par"] + row["principal_cash"] for row in rows]
    first = next(
        k
        for k, amount in enumerate(amounts)
        if amount < 0.40 * 500e6 and rows[k]["date"] > dt.date(2030, 3, 1)
    )
    assert run.events["date"][-1] == rows[first]["date"]
    assert (
        cl.project(deal.replace({"rights": {"clean_up": {}}}), pool, scenario(event)).events["date"][-1]
        < rows[first]["date"]
    )
