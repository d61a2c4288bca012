"""Simulations in which a condition brings in payment dates that the deal does not have without it."""

import datetime as dt
from typing import Any

import pytest

import cloche as cl
from cloche.build import templates
from engine.told import assert_paths, assert_told, by_payment, dates_of

MODEL = cl.GaussianCopula(inter=0.15, intra=0.25)
SCENARIO = cl.Scenario(
    cdr=0.06,
    cpr=0.10,
    recovery=0.40,
    recovery_lag_months=9,
    rates=cl.RateCurve.flat(0.043),
)
PAR = 200e6
CLOSING = "2025-03-20"
DEAL = templates.us_bsl(par=PAR, closing=CLOSING, reinvestment_years=2.0, maturity_years=8.0)
POOL = cl.synthetic.loan_pool(n=40, seed=3, par=PAR, as_of=CLOSING)
HELD = {"when": "performing_par > 0", "from": "2027-04-20", "until": "2027-04-20"}
DATED = {"date": "2027-04-20"}
MET: dict[str, Any] = {"when": "ratio('E OC') < 1.07", "from": "2026-01-20", "until": "2028-04-20"}
NEVER = {"when": "performing_par < 0", "from": "2027-01-20", "until": "2028-01-20"}


def monthly(**moment: str) -> dict[str, Any]:
    """Return an amendment after which payments are monthly."""
    return {"amend": {"dates": {"payment_frequency_months": 1}}, **moment}


def longer(**moment: str) -> dict[str, Any]:
    """Return an amendment after which payments are semi-annual, a year beyond the old maturity."""
    return {"amend": {"dates": {"payment_frequency_months": 6, "stated_maturity": "2034-04-20"}}, **moment}


def another(*events: dict[str, Any], months: int = 2, **moment: Any) -> dict[str, Any]:
    """Return a reset into a deal that pays less often, and to a later maturity."""
    into = templates.us_bsl(par=PAR, closing="2027-04-20", reinvestment_years=1.0, maturity_years=8.0)
    dates = {"dates.payment_frequency_months": months, "dates.first_payment": "2027-06-20"}
    document = into.replace({**dates, "events": list(events)}).to_dict()
    return {"reset": {"into": document, "equity_contribution": 40e6}, "cost": {"rate": 0.001}, **moment}


def simulated(
    *events: dict[str, Any], paths: int = 128, deal: cl.Deal = DEAL, **options: Any
) -> cl.Simulation:
    return cl.simulate(
        deal, POOL, MODEL, scenario=SCENARIO.replace(events=list(events)), paths=paths, seed=3, **options
    )


RESET: dict[str, Any] = {
    "when": "note_factor('A') < 0.9 and ratio('E OC') > 1.03",
    "from": "2027-04-20",
    "until": "2028-04-20",
}
CASES: dict[str, list[dict[str, Any]]] = {
    "more often": [monthly(**MET)],
    "longer": [longer(**MET)],
    "reset": [another(**RESET)],
    "amendment of the reset's document": [
        another(
            monthly(when="ratio('E OC') < 1.12", **{"from": "2028-04-20", "until": "2029-04-20"}), **RESET
        )
    ],
    "two resets": [
        another(**RESET),
        another(months=3, **{**RESET, "when": "ratio('E OC') < 1.03 and ratio('D OC') > 1.03"}),
    ],
    "call after it": [
        monthly(**MET),
        {"call": {"price": 0.98}, "when": "note_factor('A') < 0.5", "from": "2028-01-20"},
    ],
}


@pytest.mark.parametrize("events", CASES.values(), ids=CASES.keys())
def test_what_is_told_by_date_is_the_mean_of_the_replays(events: list[dict[str, Any]]) -> None:
    mc = simulated(*events, paths=48, keep="cashflows")
    runs = assert_told(mc, paths=48, until=dt.date(2028, 3, 20))
    assert len({tuple(dates_of(run)) for run in runs}) > 2


@pytest.mark.parametrize("events", CASES.values(), ids=CASES.keys())
def test_every_path_is_what_its_replay_shows(events: list[dict[str, Any]]) -> None:
    seen = assert_paths(simulated(*events, keep="paths"), 32)
    assert len(seen) > 2


@pytest.mark.parametrize("event", [monthly, longer, another], ids=["monthly", "longer", "reset"])
def test_a_condition_that_holds_on_one_date_in_all_paths_is_an_event_on_that_date(event: Any) -> None:
    dated, held = (simulated(event(**moment), keep="cashflows") for moment in (DATED, HELD))
    same(dated, held)


@pytest.mark.parametrize("event", [monthly, longer, another], ids=["monthly", "longer", "reset"])
def test_a_condition_that_never_holds_changes_nothing_on_the_dates_of_the_deal(event: Any) -> None:
    plain, never = simulated(keep="cashflows"), simulated(event(**NEVER), keep="cashflows")
    same(plain, never)
    dates = {row["date"] for row in plain.cashflows.rows()}
    before: dict[str, dict[str, Any]] = {}
    other = 0
    for row in sorted(never.cashflows.rows(), key=lambda row: row["date"]):
        if row["date"] not in dates and row["note"] in before:
            assert row["interest"] == row["principal"] == 0
            # Paths that have ended have none.
            assert row["balance"] <= (before[row["note"]]["balance"] if row["date"] < max(dates) else 0)
            other += 1
        before[row["note"]] = row
    assert other > 10
    determinations = {row["date"] for row in plain.tests.rows()}
    for row in never.tests.rows():
        if row["date"] not in determinations:
            assert row["failing_probability"] == row["expected_diversion"] == 0


def same(one: cl.Simulation, other: cl.Simulation) -> None:
    """Compare what two simulations tell of the classes, pool and dates of one; the other may have more of them."""
    for table in ("notes", "equity", "pool", "cumulative_default", "cashflows", "tests", "events"):
        expected, found = (by_key(mc, table) for mc in (one, other))
        longer = table == "pool" and len(expected) < len(found)
        for key, row in expected.items():
            # The last year of the shorter run is not whole.
            if longer and row["horizon"] in ("life", str(len(expected) - 1)):
                continue
            for name, value in row.items():
                if value is None:
                    assert found[key][name] is None
                elif name not in KEYS:
                    tolerance = 1e-3 if table == "cashflows" else 1e-8
                    close = pytest.approx(value, rel=1e-7, abs=tolerance, nan_ok=True)
                    assert found[key][name] == close, (table, key, name)


KEYS = ("note", "test", "event", "horizon", "year", "basis", "date")


def by_key(mc: cl.Simulation, table: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the rows of a table by what they are of; those of tests by payment date."""
    rows = list(getattr(mc, table).rows())
    if table == "tests":
        paid = by_payment([row["date"] for row in mc.cashflows.rows()], [row["date"] for row in rows])
        rows = [row | {"date": paid[row["date"]]} for row in rows]
    found = {tuple(row[name] for name in KEYS if name in row): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_threads_change_no_bit() -> None:
    runs = [simulated(monthly(**MET), keep="paths", threads=threads) for threads in (1, 2)]
    for table in ("notes", "equity", "pool", "cumulative_default", "events", "paths"):
        assert getattr(runs[0], table) == getattr(runs[1], table)


def test_companies_default_after_the_end_of_the_first_document() -> None:
    table = cl.synthetic.loan_table(n=40, seed=3, par=PAR, as_of=CLOSING).to_dict()
    table["maturity"] = ["2033-12-20"] * 40
    pool = cl.LoanPool.read(table, as_of=CLOSING)
    scenario = SCENARIO.replace(events=[longer(**HELD)])
    mc = cl.simulate(DEAL, pool, MODEL, scenario=scenario, paths=32, seed=3)
    last = dt.date.fromisoformat(str(DEAL.dates.stated_maturity))
    late = [row for path in range(32) for row in mc.replay(path).defaults.rows() if row["date"] > last]
    assert late
    assert all(row["recovery_date"] >= row["date"] for row in late)


@pytest.mark.parametrize("events", CASES.values(), ids=CASES.keys())
def test_a_replayed_path_goes_on_from_any_of_its_states_with_its_bits(events: list[dict[str, Any]]) -> None:
    mc = simulated(*events, keep="paths")
    scenario = SCENARIO.replace(events=events)
    tried = [0, 0]
    for path in range(40):
        run = mc.replay(path)
        days = [row["date"] for row in run.events.rows() if row["event"] in ("amendment", "reset")]
        dates = dates_of(run)
        choice = (
            [days[0], next(date for date in dates if date > days[0])] if days else [dates[len(dates) // 2]]
        )
        for day in (dates[path % 5], *choice):
            after = bool(days) and day >= days[0]
            if tried[after] >= 6 or day == dates[-1]:
                continue
            state = cl.DealState.from_yaml(run.state_at(day).to_yaml())
            rest = cl.project(DEAL, POOL, scenario, state=state)
            assert list(rest.cashflows.rows()) == [row for row in run.cashflows.rows() if row["date"] > day]
            tried[after] += 1
    assert tried == [6, 6]


def test_a_call_between_payment_dates_redeems_paths_of_any_document() -> None:
    call = {"call": {"price": 0.97}, "date": "2029-05-15"}
    mc = simulated(monthly(**MET), call, keep="paths")
    assert len(assert_paths(mc, 32)) > 2
    assert any(mc.events.filter(event="call")["probability"].tolist())


def test_months_inside_payment_periods_are_steps_of_all_documents() -> None:
    deal = DEAL.replace({"conventions.pool_step": "monthly"})
    events = [longer(**MET)]
    mc = simulated(*events, deal=deal, keep="cashflows", paths=32)
    assert_told(mc, paths=32, until=dt.date(2028, 3, 20))
    run = next(
        run for run in map(mc.replay, range(32)) if run.events.filter(event="amendment")["date"].tolist()
    )
    day = dates_of(run)[3]
    rest = cl.project(deal, POOL, SCENARIO.replace(events=events), state=run.state_at(day))
    assert list(rest.cashflows.rows()) == [row for row in run.cashflows.rows() if row["date"] > day]


def test_a_simulation_goes_on_from_a_state_after_which_other_dates_may_come() -> None:
    scenario = SCENARIO.replace(events=[monthly(**MET)])
    state = cl.project(DEAL, POOL, SCENARIO.replace(cdr=0.02)).state_at("2026-04-20")
    mc = cl.simulate(DEAL, POOL, MODEL, scenario=scenario, state=state, paths=64, seed=5, keep="paths")
    assert len(assert_paths(mc, 32)) > 2
    flows = cl.simulate(DEAL, POOL, MODEL, scenario=scenario, state=state, paths=32, seed=5, keep="cashflows")
    assert_told(flows, paths=32, until=dt.date(2029, 4, 20))
