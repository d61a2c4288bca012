"""Pool steps from month to month: the reference agrees, and every kind of run has the bits of one run."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import cloche as cl
from cloche.testing import reference, strategies
from cloche.testing.invariants import cash_conserved
from cloche.testing.strategies import Case
from engine import crossing
from engine.agreement import differences
from engine.test_against_reference import (
    assert_projections_agree,
    assert_projections_with_events_agree,
    generated,
)
from engine.test_resets import assert_documents_agree
from reference import tiny

Document = dict[str, Any]
CLOSING = "2025-03-20"
BASE = cl.Scenario(
    cdr=0.03,
    cpr=0.25,
    recovery=0.6,
    recovery_lag_months=4,
    rates=cl.RateCurve.flat(0.043),
    liquidation_price=0.98,
)


def monthly(case: Case) -> Case:
    conventions = {**case.deal["conventions"], "pool_step": "monthly"}
    return replace(case, deal={**case.deal, "conventions": conventions})


@generated
@given(strategies.cases())
def test_projections_agree_with_the_reference(case: Case) -> None:
    assert_projections_agree(monthly(case))


@generated
@given(strategies.cases(events=["default", "order", "refinance", "reprice"]))
def test_projections_with_events_agree_with_the_reference(case: Case) -> None:
    assert_projections_with_events_agree(monthly(case))


def by_months(deal: Document) -> Document:
    """A document whose pool steps by months, and that of every document that it brings in."""
    events = []
    for event in deal.get("events", ()):
        kind = "amend" if "amend" in event else "reset"
        changed = {kind: {**event[kind], "into": by_months(event[kind]["into"])}} if kind in event else {}
        events.append({**event, **changed})
    conventions = {**deal.get("conventions", {}), "pool_step": "monthly"}
    return {**deal, "conventions": conventions, **({"events": events} if "events" in deal else {})}


@settings(generated, max_examples=80)
@given(strategies.cases(transitions=["reset"]) | strategies.cases(transitions=["amend"]))
def test_documents_that_come_in_agree_with_the_reference(case: Case) -> None:
    assert_documents_agree(replace(case, deal=by_months(case.deal)))


def template(**conventions: str) -> cl.Deal:
    document = cl.templates.us_bsl(par=500e6, closing=CLOSING).to_dict()
    document["conventions"] = {"pool_step": "monthly", **conventions}
    return cl.Deal.from_dict(document)


@pytest.fixture(scope="module")
def deal() -> cl.Deal:
    return template()


@pytest.fixture(scope="module")
def pool() -> cl.LoanPool:
    return cl.synthetic.loan_pool(n=60, seed=11, as_of=CLOSING)


def test_cash_is_idle_for_weeks_not_months(deal: cl.Deal, pool: cl.LoanPool) -> None:
    # Prepaid par is bought anew at the end of its month: more of the quarter's par earns.
    by_period = cl.project(cl.templates.us_bsl(par=500e6, closing=CLOSING), pool, BASE)
    by_month = cl.project(deal, pool, BASE)
    assert by_month.conservation_error < 1e-9
    first = [run.collateral.to_dict()["interest_collected"][1] for run in (by_period, by_month)]
    assert first[1] > first[0]
    # What is bought at the ends of months is no principal of the date.
    rows = [list(run.collateral.rows())[1] for run in (by_period, by_month)]
    assert rows[1]["principal_cash"] < 0.5 * rows[0]["principal_cash"]
    assert rows[1]["purchase_cost"] == pytest.approx(
        rows[1]["scheduled_principal"] + rows[1]["prepaid_principal"] + rows[1]["recoveries"], rel=1e-9
    )


def test_without_defaults_prepayments_and_instalments_months_change_nothing() -> None:
    columns: dict[str, list[Any]] = {
        "loan_id": ["1"],
        "par": [500e6],
        "maturity": ["2031-06-30"],
        "fixed_rate": [0.09],
        "coupon_type": ["fixed"],
        "day_count": ["act/360"],
        "amortization_rate": [0.0],
    }
    pool = cl.LoanPool.from_columns(columns, as_of=CLOSING)
    quiet = BASE.replace(cdr=0.0, cpr=0.0)
    document = cl.templates.us_bsl(par=500e6, closing=CLOSING).to_dict()
    document["dates"].pop("reinvestment_end")
    by_period = cl.project(cl.Deal.from_dict(document), pool, quiet)
    document["conventions"] = {"pool_step": "monthly"}
    by_month = cl.project(cl.Deal.from_dict(document), pool, quiet)
    for name in ("interest_paid", "principal_paid", "end_balance"):
        assert np.allclose(
            by_month.cashflows.to_dict()[name], by_period.cashflows.to_dict()[name], rtol=0, atol=1e-3
        )


def test_a_simulated_path_has_its_bits_alone_in_any_block_and_on_any_thread(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    model = cl.GaussianCopula(inter=0.15, intra=0.25)
    one = cl.simulate(deal, pool, model, scenario=BASE, paths=1_500, seed=3, threads=1, keep="paths")
    two = cl.simulate(deal, pool, model, scenario=BASE, paths=1_500, seed=3, threads=2, keep="paths")
    assert one.paths == two.paths
    irr = one.paths.filter(note="SUB")["irr"].tolist()
    for path in (0, 7, 1_024, 1_499):
        replayed = one.replay(path)
        assert replayed.notes.filter(note="SUB")["irr"][0] == irr[path]
        assert replayed.conservation_error < 1e-9
    assert one.conservation_error < 1e-9


def test_the_conditions_of_purchases_hold_from_date_to_date_in_lanes(pool: cl.LoanPool) -> None:
    document = template().to_dict()
    document["reinvestment"] = {"during": ["coverage"]}
    deal = cl.Deal.from_dict(document)
    stressed = BASE.replace(cdr=0.08, recovery=0.4)
    many = cl.simulate(
        deal,
        pool,
        cl.GaussianCopula(inter=0.3, intra=0.4),
        scenario=stressed,
        paths=600,
        seed=5,
        keep="paths",
    )
    irr = many.paths.filter(note="SUB")["irr"].tolist()
    for path in range(0, 600, 60):
        assert many.replay(path).notes.filter(note="SUB")["irr"][0] == irr[path]


def test_points_of_a_grid_are_projections(deal: cl.Deal, pool: cl.LoanPool) -> None:
    grid = cl.sweep(deal, pool, [BASE.replace(cdr=cdr) for cdr in (0.0, 0.02, 0.10)])
    for number, cdr in enumerate((0.0, 0.02, 0.10)):
        run = cl.project(deal, pool, BASE.replace(cdr=cdr))
        row = grid.notes.filter(note="SUB").to_dict()
        assert row["irr"][number] == run.notes.filter(note="SUB")["irr"][0]


@pytest.mark.parametrize("date", ["2025-10-20", "2027-01-20", "2031-04-21"])
def test_a_saved_state_goes_on_with_the_bits_of_the_straight_run(
    deal: cl.Deal, pool: cl.LoanPool, date: str
) -> None:
    run = cl.project(deal, pool, BASE)
    state = cl.DealState.from_yaml(run.state_at(date).to_yaml())
    rest = cl.project(deal, pool, BASE, state=state)
    assert rest.ledger["paid"].tolist() == run.ledger["paid"].tolist()[-len(rest.ledger) :]
    bought = state.pool.bought.cohorts if state.pool and state.pool.bought else ()
    days = {dt.date.fromisoformat(cohort.bought).day for cohort in bought}
    # On payment dates and, before them, at the ends of months.
    assert len(bought) >= 5
    assert 20 in days


def test_a_saved_path_goes_on_with_its_bits(deal: cl.Deal, pool: cl.LoanPool) -> None:
    many = cl.simulate(deal, pool, cl.GaussianCopula(inter=0.3, intra=0.4), scenario=BASE, paths=50, seed=9)
    run = many.replay(17)
    state = run.state_at("2028-01-20")
    rest = cl.project(deal, pool, BASE, state=state)
    assert rest.ledger["paid"].tolist() == run.ledger["paid"].tolist()[-len(rest.ledger) :]


def test_purchases_that_were_held_back_stay_so_in_a_state(pool: cl.LoanPool) -> None:
    document = template().to_dict()
    document["reinvestment"] = {"during": ["coverage"]}
    deal = cl.Deal.from_dict(document)
    bad = BASE.replace(cdr=0.12, recovery=0.2)
    run = cl.project(deal, pool, bad)
    failing = [row["date"] for row in run.tests.rows() if row["passes"] is False]
    dates = sorted({row["date"] for row in run.cashflows.rows() if row["date"] > min(failing)})
    state = run.state_at(dates[0])
    assert state.to_dict()["purchases_allowed"] is False
    rest = cl.project(deal, pool, bad, state=state)
    assert rest.ledger["paid"].tolist() == run.ledger["paid"].tolist()[-len(rest.ledger) :]
    held = [row["new_purchases_par"] for row in rest.collateral.rows()]
    assert held[0] == 0.0


def test_an_amendment_that_moves_no_date_goes_on_by_months(deal: cl.Deal, pool: cl.LoanPool) -> None:
    amended = BASE.replace(events=[{"amend": {"tests.E OC.trigger": 1.02}, "date": "2027-07-20"}])
    run = cl.project(deal, pool, amended)
    plain = cl.project(deal, pool, BASE)
    before = [row["interest_collected"] for row in plain.collateral.rows()]
    assert [row["interest_collected"] for row in run.collateral.rows()][:12] == before[:12]
    assert run.conservation_error < 1e-9
    named = {(row["test"], row["trigger"]) for row in run.tests.rows()}
    assert ("E OC", 1.02) in named


def test_a_slower_frequency_from_a_date_on_has_six_months_a_period(deal: cl.Deal, pool: cl.LoanPool) -> None:
    slower = BASE.replace(events=[{"amend": {"dates.payment_frequency_months": 6}, "date": "2028-01-20"}])
    run, plain = cl.project(deal, pool, slower), cl.project(deal, pool, BASE)
    assert run.conservation_error < 1e-9
    halves = [row["prepaid_principal"] for row in run.collateral.rows() if row["date"] > dt.date(2028, 2, 1)]
    quarters = [
        row["prepaid_principal"] for row in plain.collateral.rows() if row["date"] > dt.date(2028, 2, 1)
    ]
    assert halves[0] == pytest.approx(quarters[0] + quarters[1], rel=0.02)


def test_the_ledger_shows_what_is_bought_at_the_ends_of_months(deal: cl.Deal, pool: cl.LoanPool) -> None:
    run = cl.project(deal, pool, BASE)
    flows = list(run.collateral.rows())
    bought = list(run.ledger.filter(waterfall="month_ends").rows())
    assert {(row["step"], row["payee"], row["source"]) for row in bought} == {
        ("reinvest", "collateral", "transfer")
    }
    # The first months of the deal, each on its last day, beside the payment date that follows.
    first = [(row["date"].isoformat(), row["label"]) for row in bought[:4]]
    assert first[:3] == [("2025-10-20", day) for day in ("2025-04-20", "2025-05-20", "2025-06-20")]
    held = 0.0
    for row in flows:
        rows = list(run.ledger.filter(date=row["date"]).rows())
        early = sum(each["paid"] for each in rows if each["waterfall"] == "month_ends")
        shown = next(each["available_before"] for each in rows if each["waterfall"] == "principal")
        collected = sum(
            row[name] for name in ("scheduled_principal", "prepaid_principal", "recoveries", "sale_proceeds")
        )
        assert early + shown == pytest.approx(held + collected, abs=1e-3)
        spent = sum(each["paid"] for each in rows if each["payee"] == "collateral")
        assert spent == pytest.approx(row["purchase_cost"], abs=1e-3)
        held = sum(
            each["paid"]
            for each in rows
            if each["waterfall"] == "principal" and each["payee"] == "principal account"
        )
    assert sum(row["paid"] for row in bought) > 20e6
    cash_conserved(list(run.ledger.rows()), flows, par=500e6)


def test_a_month_end_purchase_by_hand() -> None:
    # 100 that repays 10 on 15 May, which falls into the second quarter of the deal: bought then, at 80 %.
    deal = tiny.deal_of(dates={"reinvestment_end": "2026-01-15"}, conventions={"pool_step": "monthly"})
    usual = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False}
    loans = [
        {**usual, **tiny.loan_of(par=90.0)},
        {**usual, **tiny.loan_of(loan_id="L2", par=10.0, maturity=dt.date(2025, 5, 15))},
    ]
    buys = {"price": tiny.constant(0.8), "spread": tiny.constant(0.04)}
    run = crossing.project(Case(deal, loans, tiny.CLOSING, tiny.scenario_of(reinvestment=buys)))
    day = dt.date(2025, 7, 15)
    rows = [row for row in run["ledger"] if row["waterfall"] == "month_ends" and row["date"] == day]
    # An instalment of 1 % a year of the 12.5 follows a month later, and buys.
    instalment = 12.5 / 1200
    assert [(row["label"], row["paid"]) for row in rows] == [
        ("2025-05-15", 10.0),
        ("2025-06-15", pytest.approx(instalment)),
    ]
    first = rows[0]
    assert (first["due"], first["available_before"], first["available_after"]) == (10.0, 10.0, 0.0)
    second = run["collateral"][1]
    # On the payment date the next one, and that of what the first had bought.
    last = instalment + instalment / 0.8 / 1200
    assert second["purchase_cost"] == pytest.approx(10.0 + instalment + last)
    assert second["new_purchases_par"] == pytest.approx((10.0 + instalment + last) / 0.8)


def test_what_is_bought_earns_from_its_day_where_collections_end_a_month_before() -> None:
    # What 50 buy on 31 October earns nothing in the collections up to 30 October, and from its day on in the next, of
    # what defaults have left then.
    dates = {"first_payment": "2025-03-31", "stated_maturity": "2026-03-31", "reinvestment_end": "2026-03-31"}
    terms = {**dates, "determination": {"month_end": True}}
    deal = tiny.deal_of(dates=terms, conventions={"pool_step": "monthly"})
    usual = {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False}
    repaid = {"loan_id": "L2", "par": 50.0, "maturity": dt.date(2025, 9, 15)}
    loans = [{**usual, **tiny.loan_of(par=50.0)}, {**usual, **tiny.loan_of(**repaid)}]
    buys = {"price": tiny.constant(1.0), "spread": tiny.constant(0.04), "pd": 0.5, "recovery": 0.0}
    case = Case(deal, loans, tiny.CLOSING, tiny.scenario_of(reinvestment=buys))
    ours = crossing.project(case)
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    bought = {row["label"]: row["paid"] for row in ours["ledger"] if row["waterfall"] == "month_ends"}
    assert bought["2025-10-31"] == 50.0
    assert not list(differences(ours, theirs, par=100.0))


def called(day: str, price: float) -> cl.Scenario:
    return BASE.replace(events=[{"call": {"price": price}, "date": day}])


@pytest.mark.parametrize("day", ["2025-08-14", "2025-08-15", "2025-08-25", "2025-09-16", "2025-10-14"])
@pytest.mark.parametrize("lag", [0, 5])
def test_calls_between_payment_dates_agree_with_the_reference(day: str, lag: int) -> None:
    # On the day before, of and after a month end, and where a month's collections end with those of the sale.
    dates = {"reinvestment_end": "2026-01-15", "determination": {"business_days_before": lag}}
    deal = tiny.deal_of(dates=dates, conventions={"pool_step": "monthly"})
    usual = {"fixed": False, "ccc": False, "weak": False}
    kinds: list[Document] = [
        {},
        {"maturity": dt.date(2025, 8, 12)},
        {"next_payment": dt.date(2025, 2, 20), "payment_frequency_months": 1},
        {"amortization_rate": 0.12},
    ]
    loans = [
        {**usual, **tiny.loan_of(loan_id=f"L{k}", obligor_id=f"O{k}", par=25.0, **kind)}
        for k, kind in enumerate(kinds)
    ]
    terms = {"cdr": tiny.constant(0.05), "cpr": tiny.constant(0.2), "recovery_lag_months": tiny.constant(2.0)}
    buys = {"price": tiny.constant(0.9), "spread": tiny.constant(0.04)}
    events = [{"call": {"price": 0.95}, "date": day}]
    scenario = tiny.scenario_of(**terms, reinvestment=buys, events=events, defaults={"O3": "2025-08-18"})
    case = Case(deal, loans, tiny.CLOSING, scenario)
    ours = crossing.project(case)
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert str(ours["collateral"][-1]["date"]) == day
    assert not list(differences(ours, theirs, par=100.0))


def test_a_withdrawn_call_changes_no_bit(deal: cl.Deal, pool: cl.LoanPool) -> None:
    run, plain = (cl.project(deal, pool, scenario) for scenario in (called("2028-06-01", 0.3), BASE))
    assert run.ledger["paid"].tolist() == plain.ledger["paid"].tolist()
    assert [row["event"] for row in run.events.rows()] == ["call not feasible"]


def test_a_path_is_called_between_payment_dates_as_its_replay(deal: cl.Deal, pool: cl.LoanPool) -> None:
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    day = "2030-06-03"
    one, two = (
        cl.simulate(
            deal, pool, model, scenario=called(day, 0.93), paths=512, seed=3, threads=threads, keep="paths"
        )
        for threads in (1, 2)
    )
    assert one.paths == two.paths
    assert one.conservation_error < 1e-9
    irr = one.paths.filter(note="SUB")["irr"].tolist()
    ends = set()
    for path in range(0, 512, 16):
        replayed = one.replay(path)
        ends.add(str(replayed.cashflows["date"][-1]) == day)
        assert replayed.notes.filter(note="SUB")["irr"][0] == irr[path]
    assert ends == {True, False}


def test_the_mean_of_paths_that_are_called_between_payment_dates_is_the_projection(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    # Companies that default one by one at the rates of the projection, up to a day on which every path is redeemed.
    scenario = called("2028-06-01", 1.2)
    mean = cl.project(deal, pool, scenario).collateral["sale_proceeds"][-1]
    model = cl.GaussianCopula(inter=0.0, intra=0.0)
    runs = cl.simulate(deal, pool, model, scenario=scenario, paths=400, seed=3)
    sold = [runs.replay(path).collateral["sale_proceeds"][-1] for path in range(400)]
    assert np.mean(sold) == pytest.approx(mean, abs=4 * np.std(sold) / 20)


def test_points_of_a_grid_and_states_are_called_between_payment_dates(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    points = [called("2028-06-01", price) for price in (0.3, 0.95, 1.0)]
    swept = cl.sweep(deal, pool, points).notes.filter(note="SUB")["irr"].tolist()
    runs = [cl.project(deal, pool, point) for point in points]
    assert swept == [run.notes.filter(note="SUB")["irr"][0] for run in runs]
    for date in ("2027-10-20", "2028-04-20"):
        rest = cl.project(deal, pool, points[2], state=runs[2].state_at(date))
        assert rest.ledger["paid"].tolist() == runs[2].ledger["paid"].tolist()[-len(rest.ledger) :]


def test_a_month_whose_collections_end_with_those_of_the_sale_is_part_of_the_last_step() -> None:
    # Saturday, 15 November is paid on Monday: collections of the months before it end two days late, too. Those of the
    # month up to 15 September would end on the 17th, after those of a call on the 16th.
    dates = {"first_payment": "2025-05-15", "stated_maturity": "2026-02-15", "roll": "following"}
    deal = tiny.deal_of(dates=dates, conventions={"pool_step": "monthly", "cash_timing": "period"})
    usual = {"fixed": False, "ccc": False, "weak": False}
    loans = [
        {**usual, **tiny.loan_of(loan_id=f"L{k}", obligor_id=f"O{k}", par=50.0, amortization_rate=0.12)}
        for k in range(2)
    ]
    events = [{"call": {"price": 0.95}, "date": "2025-09-16"}]
    terms = {"cdr": tiny.constant(0.05), "cpr": tiny.constant(0.2), "recovery_lag_months": tiny.constant(1.0)}
    for day in ("2025-09-10", "2025-09-16", "2025-09-17"):
        case = Case(deal, loans, tiny.CLOSING, tiny.scenario_of(**terms, events=events, defaults={"O1": day}))
        ours = crossing.project(case)
        theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
        assert str(ours["collateral"][-1]["date"]) == "2025-09-16"
        assert not list(differences(ours, theirs, par=100.0))


@pytest.mark.parametrize("moment", [{"date": "2025-10-15"}, {"when": "pool_factor < 0.84"}])
@pytest.mark.parametrize(
    "dates",
    [
        {"payment_frequency_months": 6},
        {"payment_frequency_months": 1},
        {"first_payment": "2025-04-20", "stated_maturity": "2026-10-20"},
        {"determination": {"business_days_before": 12}, "payment_frequency_months": 6},
    ],
)
def test_documents_with_other_payment_dates_agree_with_the_reference(
    moment: Document, dates: Document
) -> None:
    # Month ends count back from the dates of the document in force; recoveries come at the first from their day on.
    terms: Document = {"stated_maturity": "2026-10-15", "reinvestment_end": "2026-01-15"}
    terms["determination"] = {"business_days_before": 5}
    conventions = {"pool_step": "monthly"}
    into = tiny.deal_of(dates={**terms, **dates}, conventions=conventions)
    deal = tiny.deal_of(dates=terms, conventions=conventions, events=[{**moment, "amend": {"into": into}}])
    usual = {"fixed": False, "ccc": False, "weak": False}
    kinds: list[Document] = [
        {},
        {"maturity": dt.date(2026, 2, 12)},
        {"next_payment": dt.date(2025, 2, 20), "payment_frequency_months": 1},
        {"amortization_rate": 0.12},
    ]
    loans = [
        {**usual, **tiny.loan_of(loan_id=f"L{k}", obligor_id=f"O{k}", par=25.0, **kind)}
        for k, kind in enumerate(kinds)
    ]
    rates = {"cdr": tiny.constant(0.05), "cpr": tiny.constant(0.2), "recovery_lag_months": tiny.constant(2.0)}
    buys = {"price": tiny.constant(0.9), "spread": tiny.constant(0.04)}
    scenario = tiny.scenario_of(**rates, reinvestment=buys, defaults={"O3": "2025-11-17"})
    case = Case(deal, loans, tiny.CLOSING, scenario)
    ours = crossing.project(case)
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert [row["event"] for row in theirs["events"]] == ["amendment"]
    assert not list(differences(ours, theirs, par=100.0))


def switched(**moment: Any) -> cl.Scenario:
    slower = {"amend": {"dates.payment_frequency_months": 6}, **moment}
    return BASE.replace(events=[slower, {"call": {"price": 0.95}, "date": "2031-05-06"}])


def test_a_condition_that_always_holds_does_what_a_date_does(deal: cl.Deal, pool: cl.LoanPool) -> None:
    moments: list[Document] = [{"date": "2028-01-20"}, {"when": "performing_par > 0", "from": "2028-01-20"}]
    by_date, by_condition = (cl.project(deal, pool, switched(**moment)) for moment in moments)
    assert by_condition.conservation_error < 1e-9
    for name in ("interest_collected", "prepaid_principal", "recoveries", "purchase_cost", "performing_par"):
        one, other = (run.collateral[name].tolist() for run in (by_date, by_condition))
        assert one == pytest.approx(other, rel=1e-12)


def test_a_path_switches_its_frequency_as_its_replay_and_its_state(deal: cl.Deal, pool: cl.LoanPool) -> None:
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    scenario = switched(when="pool_factor < 0.96", **{"from": "2027-07-20"})
    one, two = (
        cl.simulate(deal, pool, model, scenario=scenario, paths=256, seed=3, threads=threads, keep="paths")
        for threads in (1, 2)
    )
    assert one.paths == two.paths
    assert one.conservation_error < 1e-9
    irr = one.paths.filter(note="SUB")["irr"].tolist()
    switches = set()
    for path in range(0, 256, 16):
        run = one.replay(path)
        # A simulation tells all paths on the dates of the first document.
        assert run.notes.filter(note="SUB")["irr"][0] == pytest.approx(irr[path], abs=1e-9)
        assert run.conservation_error < 1e-9
        switches |= {row["date"] for row in run.events.rows() if row["event"] == "amendment"}
    assert len(switches) > 1
    plain = BASE.replace(events=scenario.events[:1])
    run = cl.project(deal, pool, plain)
    days = sorted({str(row["date"]) for row in run.cashflows.rows()})
    for date in (days[6], days[12], days[20]):
        rest = cl.project(deal, pool, plain, state=cl.DealState.from_yaml(run.state_at(date).to_yaml()))
        assert rest.ledger["paid"].tolist() == run.ledger["paid"].tolist()[-len(rest.ledger) :]


def test_points_of_a_grid_switch_as_their_projections(deal: cl.Deal, pool: cl.LoanPool) -> None:
    points = [switched(when="pool_factor < 0.97").replace(cdr=cdr) for cdr in (0.01, 0.05, 0.12)]
    swept = cl.sweep(deal, pool, points).notes.filter(note="SUB")["irr"].tolist()
    assert swept == [cl.project(deal, pool, one).notes.filter(note="SUB")["irr"][0] for one in points]
