"""A run that goes on from the state after one of its payment dates has the bits of the straight run."""

import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cloche as cl
from cloche import _core
from cloche.testing import strategies
from cloche.testing.strategies import Case
from engine import crossing

generated = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TABLES = ("cashflows", "tests", "ledger", "fees", "collateral")
AS_OF = "2025-03-20"
PAR = 200e6
MODEL = cl.GaussianCopula(inter=0.15, intra=0.25)


def tail(table: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return the last rows of the columns of an engine table, as they lie in memory."""
    out: dict[str, Any] = {}
    for name, column in table.items():
        if isinstance(column, tuple):
            codes, names = column
            out[name] = [None if code < 0 else names[code] for code in codes[len(codes) - rows :]]
        else:
            values = np.asarray(column)
            out[name] = values[len(values) - rows :].tobytes()
    return out


def returns(run: dict[str, Any]) -> dict[str, float]:
    """Return the internal rate of return of each note in an engine's tables."""
    codes, names = run["notes"]["note"]
    return dict(zip((names[code] for code in codes), run["notes"]["irr"], strict=True))


def check_rest(straight: dict[str, Any], rest: dict[str, Any], day: int) -> None:
    dates = np.unique(straight["cashflows"]["date"])
    assert np.unique(rest["cashflows"]["date"]).tolist() == dates[dates > day].tolist()
    for name in TABLES:
        rows = len(rest[name]["date"])
        if name != "tests":
            assert rows == (np.asarray(straight[name]["date"]) > day).sum(), name
        assert tail(rest[name], rows) == tail(straight[name], rows), name


FEATURES = ("hurdles", "carry_over", "waived", "turbo", "accounts", "hedges", "combinations")
UNCHANGED = (
    strategies.cases()
    | strategies.cases(events=("default", "order", "call"))
    | strategies.cases(features=FEATURES)
)
CASES = (
    strategies.cases()
    | strategies.cases(events=("default", "order", "call"))
    | strategies.cases(events=("refinance", "reprice"))
    | strategies.cases(transitions=("reset", "amend"))
    | strategies.cases(features=FEATURES)
)


@settings(generated, max_examples=600)
@given(CASES, st.data())
def test_going_on_from_any_date_has_the_bits_of_the_straight_run(case: Case, data: st.DataObject) -> None:
    assert_goes_on(case, data)


@settings(generated, max_examples=100)
@given(strategies.cases(events=("default", "call"), features=("pik", "make_whole", "ccc_base")), st.data())
def test_capitalized_interest_goes_on_with_its_loans(case: Case, data: st.DataObject) -> None:
    assert_goes_on(case, data)


@settings(generated, max_examples=100)
@given(strategies.cases(events=("default", "call"), features=("pik", "unfunded")), st.data())
def test_undrawn_commitments_go_on_with_their_loans(case: Case, data: st.DataObject) -> None:
    assert_goes_on(case, data)


def assert_goes_on(case: Case, data: st.DataObject) -> None:
    try:
        deal, pool, scenario = (
            _core.Deal(json.dumps(case.deal)),
            crossing.pool(case),
            json.dumps(case.scenario),
        )
        straight = _core.project(deal, pool, scenario, None, "tape")
    except (cl.TapeError, cl.DealError, cl.ScenarioError):
        # A tape that is too late.
        assume(False)
    dates = np.unique(straight["cashflows"]["date"])
    assume(len(dates) > 1)
    day = data.draw(st.sampled_from(dates[:-1].tolist()))
    on = str(np.datetime64(day, "D"))
    written = cl.DealState.from_json(_core.state_at(deal, pool, scenario, None, "tape", on))
    state = cl.DealState.from_yaml(written.to_yaml())
    assert state == written
    rest = _core.project(deal, pool, scenario, state.canonical_json(), "tape")
    check_rest(straight, rest, day)
    residual = [note["name"] for note in case.deal["notes"] if note.get("residual")]
    before, after = returns(straight), returns(rest)
    for name in residual:
        assert after[name] == before[name]


def deal(*, reinvestment_years: float = 2.0) -> cl.Deal:
    return cl.templates.us_bsl(
        par=PAR, closing=AS_OF, reinvestment_years=reinvestment_years, maturity_years=9.0
    )


def pool(n: int = 60) -> cl.LoanPool:
    return cl.synthetic.loan_pool(n=n, seed=7, par=PAR, as_of=AS_OF)


def scenario(**changes: Any) -> cl.Scenario:
    assumed = {"cdr": 0.04, "cpr": 0.15, "recovery": 0.60, "recovery_lag_months": 6, "rates": 0.043}
    return cl.Scenario(**(assumed | changes))


# What replayed paths do not tell of their collateral.
UNTOLD = ("market_value", "was", "warf", "wal")


def assert_rest(run: cl.Result, rest: cl.Result) -> None:
    for name in TABLES:
        straight, going_on = run.tables[name].to_dict(), rest.tables[name].to_dict()
        rows = len(rest.tables[name])
        assert rows
        for column, values in going_on.items():
            if (
                name == "collateral"
                and column in UNTOLD
                and straight[column] == [None] * len(run.tables[name])
            ):
                continue
            assert values == straight[column][-rows:], (name, column)


@pytest.mark.parametrize(("if_infeasible", "seen"), [("withdraw", "spent"), ("retry", "pending")])
def test_a_call_under_a_condition_is_remembered(if_infeasible: Any, seen: str) -> None:
    """At a price of 0.5 the proceeds cover nothing; the condition holds in one quarter alone."""
    call = {"call": {"price": 0.5, "if_infeasible": if_infeasible}, "when": "date < 2027-08-01"}
    assumed = scenario(events=[call | {"from": "2027-07-01"}])
    run = cl.project(deal(), pool(), assumed)
    assert "events" not in run.state_at("2027-04-20").to_dict()
    state = run.state_at("2027-07-20")
    assert state.to_dict()["events"] == {"scenario.events[0]": seen}
    assert_rest(run, cl.project(deal(), pool(), assumed, state=state))
    with pytest.raises(
        cl.DealError, match=r"state\.events\.scenario\.events\[0\]: found no such conditional event"
    ):
        cl.project(deal(), pool(), scenario(), state=state)


@pytest.mark.parametrize("path", [3, 41, 77])
def test_a_replayed_path_goes_on_in_its_path_with_its_bits(path: int) -> None:
    mc = cl.simulate(deal(), pool(), MODEL, scenario=scenario(), paths=100, seed=7)
    run = mc.replay(path)
    dates = sorted(set(run.cashflows["date"].tolist()))
    for date in dates[1:-1:6]:
        state = cl.DealState.from_yaml(run.state_at(date).to_yaml())
        rest = cl.project(deal(), pool(), scenario(), state=state)
        assert_rest(run, rest)
        assert rest.notes["irr"].tolist()[-1] == run.notes["irr"].tolist()[-1]
        # The state of the rest is the state of the whole path, but for shares of contracts that are over.
        later = dates[-2]
        if date < later:
            assert rest.state_at(later).without("path") == run.state_at(later).without("path")


def test_a_state_of_a_state_goes_on_under_two_scenarios_after_each_other() -> None:
    first, second = scenario(), scenario(cdr=0.10, cpr=0.05, recovery=0.4, recovery_lag_months=12)
    run = cl.project(deal(), pool(), first)
    stressed = cl.project(deal(), pool(), second, state=run.state_at("2026-10-20"))
    state = stressed.state_at("2028-04-20")
    again = cl.project(deal(), pool(), first, state=cl.DealState.from_json(state.canonical_json()))
    assert again.conservation_error < 1e-12
    before = stressed.cashflows.filter(note="A")["end_balance"]
    dates = stressed.cashflows.filter(note="A")["date"].tolist()
    on = dates.index(state_date(state))
    assert again.cashflows.filter(note="A")["begin_balance"][0] == before[on]
    # What defaulted under the stress is recovered as the stress said, when it said.
    due = {
        default.collected
        for loan in state.pool.loans.values()  # type: ignore[union-attr]  # the state of a run has a pool
        for default in loan.defaults
    }
    assert max(due) == "2029-04-20"


def state_date(state: cl.DealState) -> Any:
    return np.datetime64(state.payment_date).astype(object)


def test_a_path_that_is_left_out_leaves_the_future_to_the_scenario() -> None:
    mc = cl.simulate(deal(), pool(), MODEL, scenario=scenario(), paths=20, seed=7)
    run = mc.replay(3)
    state = run.state_at("2028-04-20")
    free = state.without("path")
    assert state.path is not None
    assert free.path is None
    quiet = cl.project(deal(), pool(), scenario(cdr=0.0), state=free)
    assert quiet.collateral["new_defaults"].sum() == 0.0
    # What had defaulted stays in default until its recovery is collected.
    assert free.pool is not None
    assert free.pool.bought is not None
    pending = sum(default.value for default in free.pool.bought.defaults)
    pending += sum(row["par"] * row["recovery_rate"] for row in run.defaults.rows() if _due(row, state))
    assert pending > 0
    assert quiet.collateral["recoveries"].sum() == pytest.approx(pending)


def _due(default: dict[str, Any], state: cl.DealState) -> bool:
    """Tell whether a company had defaulted by a state, and its recovery was still to come."""
    defaulted, collected = str(default["date"]), str(default["recovery_date"])
    return defaulted <= state.payment_date and collected > state.determination_date


def test_a_simulation_from_a_state_has_the_mean_defaults_of_the_projection() -> None:
    run = cl.project(deal(reinvestment_years=0.0), pool(), scenario())
    state = run.state_at("2027-04-20")
    mc = cl.simulate(
        deal(reinvestment_years=0.0), pool(), MODEL, scenario=scenario(), paths=4_000, seed=1, state=state
    )
    rest = cl.project(deal(reinvestment_years=0.0), pool(), scenario(), state=state)
    assert state.pool is not None
    par = sum(loan.par for loan in state.pool.loans.values())
    life = mc.pool.filter(horizon="life")
    expected = rest.collateral["new_defaults"].sum() / par
    assert abs(life["default_rate"][0] - expected) < 4 * life["default_rate_se"][0]
    year = mc.pool.filter(horizon="1")
    assert abs(year["company_default_rate"][0] - 0.04) < 4 * year["company_default_rate_se"][0]
    assert mc.conservation_error < 1e-9
    assert mc.manifest["state"] == state.digest
    replayed = mc.replay(11)
    on = sorted(set(replayed.cashflows["date"].tolist()))[2]
    assert_rest(
        replayed,
        cl.project(deal(reinvestment_years=0.0), pool(), scenario(), state=replayed.state_at(on)),
    )


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_simulation_from_a_state_has_the_same_bits_for_any_threads(lanes: int) -> None:
    state = cl.project(deal(), pool(), scenario()).state_at("2026-10-20")
    options: dict[str, Any] = {
        "scenario": scenario(),
        "paths": 2_100,
        "seed": 9,
        "state": state,
        "keep": "paths",
    }
    one = cl.simulate(deal(), pool(), MODEL, threads=lanes, portable=True, **options)
    other = cl.simulate(deal(), pool(), MODEL, threads=2, **options)
    assert one.paths == other.paths
    assert one.notes == other.notes
    assert one.equity == other.equity


def test_every_point_of_a_sweep_from_a_state_has_the_bits_of_its_projection() -> None:
    state = cl.project(deal(), pool(), scenario()).state_at("2026-10-20")
    points = cl.grid(
        scenario(), cdr=[0.0, 0.05], recovery=[0.4, 0.7], deal={"notes.E.coupon.spread": [0.06, 0.07]}
    )
    stress = cl.sweep(deal(), pool(), points, state=state)
    rows = list(stress.notes.rows())
    for number in range(len(stress)):
        own = list(stress.project(number).notes.rows())
        for ours, theirs in zip(rows[number * len(own) :], own, strict=False):
            assert {name: ours[name] for name in theirs} == theirs


def test_a_break_even_from_a_state_is_that_of_what_is_left() -> None:
    state = cl.project(deal(), pool(), scenario(cdr=0.12)).state_at("2027-04-20")
    whole = cl.breakeven(deal(), pool(), scenario(), note="E")
    later = cl.breakeven(deal(), pool(), scenario(), note="E", state=state)
    assert whole.value is not None
    assert later.value is not None
    assert later.value < whole.value
    at = cl.project(deal(), pool(), scenario(cdr=later.value), state=state)
    assert at.notes.filter(note="E")["principal_loss"][0] < 1e-9 * PAR


LOANS: dict[str, Any] = {
    "loan_id": [f"L{i:02}" for i in range(50)],
    "spread": [0.035 + 0.0002 * i for i in range(50)],
    "maturity": ["2031-06-15"] * 50,
    "coupon_type": ["floating"] * 50,
    "rating_sp": ["B"] * 50,
    "market_price": [0.98] * 50,
}


def test_a_fresh_tape_beside_a_state_of_liabilities_pays_what_the_straight_run_pays() -> None:
    """Loans at the shares that the run left of them, on the last day of the collection period, are its collateral."""
    static, tape = deal(reinvestment_years=0.0), {**LOANS, "par": [4e6] * 50}
    assumed = scenario(recovery_lag_months=0)
    run = cl.project(static, cl.LoanPool.from_columns(tape, as_of=AS_OF), assumed)
    period = next(row for row in run.schedule.rows() if str(row["payment_date"]) == "2027-07-20")
    state = run.state_at("2027-07-20")
    assert state.pool is not None
    left = [state.pool.loans[name] for name in LOANS["loan_id"]]
    fresh = cl.LoanPool.from_columns(
        {**LOANS, "par": [loan.par for loan in left], "original_par": [4e6 * loan.share for loan in left]},
        as_of=period["collection_end"],
    )
    rest = cl.project(static, fresh, assumed, state=state.without("pool"))
    rows = len(rest.cashflows)
    for column in ("interest_due", "interest_paid", "principal_paid", "end_balance"):
        assert np.abs(rest.cashflows[column] - run.cashflows[column][-rows:]).max() < 1e-6
    assert abs(rest.notes["irr"][-1] - run.notes["irr"][-1]) < 1e-12
    assert rest.conservation_error < 1e-12


def test_a_report_of_last_quarter_runs_on() -> None:
    """By hand: 100 of interest cash stays; the first date has it and the collections of the fresh tape alone."""
    static = deal(reinvestment_years=0.0)
    fresh = cl.LoanPool.from_columns({**LOANS, "par": [4e6] * 50}, as_of="2027-07-20")
    document = {
        "cloche_state": 1,
        "payment_date": "2027-07-20",
        "previous_payment_date": "2027-04-20",
        "determination_date": "2027-07-08",
        "collected": {"interest": 100.0, "principal": 2_000_000.0},
        "notes": {
            "A": {"balance": 100e6},
            "B": {"balance": 24e6},
            "C": {"balance": 12e6, "deferred_interest": 50_000.0},
            "D": {"balance": 12e6},
            "E": {"balance": 10e6},
            "SUB": {"balance": 18e6, "distributions": [["2026-07-20", 1e6], ["2027-07-01", 2e6]]},
        },
        "fees": {"sub": {"unpaid": 70_000.0}},
    }
    state = cl.DealState.from_dict(document)
    run = cl.project(static, fresh, scenario(cdr=0.0, cpr=0.0), state=state)
    assert run.cashflows["date"].tolist()[0].isoformat() == "2027-10-20"
    assert "on from the state after 2027-07-20" in run.summary()
    interest = sum(
        4e6 * (0.043 + spread) * 79 / 360 for spread in LOANS["spread"]
    )  # from 20 July to the determination date, 7 October
    held = 2e6 * (0.043 - 0.002) * 79 / 360
    first = next(iter(run.collateral.rows()))
    assert first["interest_collected"] == pytest.approx(interest + held + 100.0, abs=1e-6)
    # 1 % a year of 200 million for a quarter, and the cash.
    assert first["principal_cash"] == pytest.approx(200e6 * 0.01 * 0.25 + 2e6, abs=1e-3)
    sub = next(row for row in run.fees.rows() if row["fee"] == "sub")
    # Performing par and cash as of the state, act/360 from date to date.
    assert sub["base"] == pytest.approx(202e6)
    assert sub["due"] == pytest.approx(202e6 * 0.003 * 92 / 360)
    c = run.cashflows.filter(note="C")
    assert c["deferred_interest"][0] == pytest.approx(0.0, abs=1e-9)
    assert c["deferred_paid"][0] == pytest.approx(50_000.0)
    # The return counts from closing, with both past distributions.
    flows = [(_days("2026-07-20"), 1e6), (_days("2027-07-01"), 2e6)]
    flows += [
        (_days(str(row["date"])), row["interest_paid"]) for row in run.cashflows.filter(note="SUB").rows()
    ]
    irr = run.notes["irr"][-1]
    assert sum(paid * (1 + irr) ** (-days / 365) for days, paid in flows) == pytest.approx(18e6, rel=1e-9)
    # The classes count from the state: as bought at par on its date.
    a = run.cashflows.filter(note="A")
    dated = [((row["date"] - a["date"].tolist()[0]).days + 92, row) for row in a.rows()]
    wal = sum(days * row["principal_paid"] for days, row in dated) / 365 / 100e6
    assert run.notes["wal"][0] == pytest.approx(wal, rel=1e-12)
    value = sum(
        (row["interest_paid"] + row["principal_paid"]) * (1 + run.notes["irr"][0]) ** (-days / 365)
        for days, row in dated
    )
    assert value == pytest.approx(100e6, rel=1e-9)


def _days(date: str) -> int:
    return int((np.datetime64(date) - np.datetime64(AS_OF)).astype(int))


def problems(state: dict[str, Any], tape: cl.LoanPool, **changes: Any) -> dict[str, str]:
    with pytest.raises((cl.DealError, cl.TapeError)) as error:
        cl.project(deal(), tape, scenario(**changes), state=cl.DealState.from_dict(state))
    return {problem.place: problem.message for problem in error.value.problems}


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    return cl.project(deal(), pool(), scenario()).state_at("2026-10-20").to_dict()


def test_everything_that_is_wrong_with_a_state_is_told_at_once(state: dict[str, Any]) -> None:
    bad = json.loads(json.dumps(state))
    bad["deal"] = "Another"
    bad["status"] = "accelerated"
    bad["notes"]["Z"] = bad["notes"].pop("E")
    bad["notes"]["A"]["distributions"] = [["2025-10-20", 1.0]]
    bad["notes"]["SUB"]["distributions"] = [["2027-10-20", 1.0]]
    bad["fees"]["custody"] = {"unpaid": 1.0}
    bad["fees"]["admin"]["due"] = 5.0
    bad["fees"]["taxes"]["hurdle"] = 5.0
    bad["pool"]["loans"]["nobody"] = {"par": 1.0, "share": 0.5}
    bad["pool"]["loans"]["L0001"]["defaults"] = [
        {"defaulted": "2026-10-21", "share": 0.1, "recovery": 0.5, "collected": "2026-10-20"}
    ]
    bad["pool"]["bought"]["cohorts"][0]["bought"] = "2027-01-20"
    found = problems(bad, pool())
    assert set(found) == {
        "state.deal",
        "state.status",
        "state.notes.Z",
        "state.notes.E",
        "state.notes.A.distributions[0]",
        "state.notes.SUB.distributions[0]",
        "state.fees.custody",
        "state.fees.admin.due",
        "state.fees.taxes.hurdle",
        "state.pool.loans.nobody",
        "state.pool.loans.L0001.defaults[0].defaulted",
        "state.pool.loans.L0001.defaults[0].collected",
        "state.pool.bought.cohorts[0].bought",
    }


def test_dates_off_the_schedule_and_tapes_of_other_dates_are_refused(state: dict[str, Any]) -> None:
    assert (
        "not a payment date" in problems(state | {"payment_date": "2026-10-21"}, pool())["state.payment_date"]
    )
    other = cl.synthetic.loan_pool(n=50, seed=8, par=PAR, as_of=AS_OF)
    assert "another tape" in problems(state, other)["state.pool.tape"]
    liabilities = {key: value for key, value in state.items() if key != "pool"}
    assert "expected a date from 2026-10-07" in problems(liabilities, pool())["tape.as_of"]
    late = cl.synthetic.loan_pool(n=50, seed=8, par=PAR, as_of="2027-01-10")
    assert "expected a date from 2026-10-07" in problems(liabilities, late)["tape.as_of"]
    path = liabilities | {"path": {"defaults": []}}
    assert "state.path" in problems(path, cl.synthetic.loan_pool(n=50, seed=8, par=PAR, as_of="2026-10-20"))


def test_runs_from_different_dates_are_not_compared() -> None:
    run = cl.project(deal(), pool(), scenario())
    state = run.state_at("2026-10-20")
    rest = cl.project(deal(), pool(), scenario(), state=state)
    with pytest.raises(cl.RunError, match="from closing and from the state after 2026-10-20"):
        cl.compare(run, rest)
    stress = cl.project(deal(), pool(), scenario(cdr=0.08), state=state)
    assert cl.compare(rest, stress).npv(0.10) < 0


def test_a_par_that_is_not_its_share_of_the_contract_is_refused(state: dict[str, Any]) -> None:
    bad = json.loads(json.dumps(state))
    bad["pool"]["loans"]["L0002"]["par"] *= 1.01
    bad["pool"]["bought"]["cohorts"][0]["par"] *= 0.9
    assert set(problems(bad, pool())) == {"state.pool.loans.L0002.par", "state.pool.bought.cohorts[0].par"}


def test_a_run_has_states_on_its_own_payment_dates_alone() -> None:
    run = cl.project(deal(), pool(), scenario())
    with pytest.raises(cl.RunError, match="expected a payment date of the run, from 2025-10-20"):
        run.state_at("2026-10-21")
    last = run.cashflows["date"].tolist()[-1]
    with pytest.raises(cl.DealError, match=r"state\.payment_date"):
        cl.project(deal(), pool(), scenario(), state=run.state_at(last))
    rest = cl.project(deal(), pool(), scenario(), state=run.state_at("2026-10-20"))
    with pytest.raises(cl.RunError, match="from 2027-01-20"):
        rest.state_at("2026-10-20")
    again = pickle.loads(pickle.dumps(run))  # noqa: S301 - our own bytes
    assert again == run
    with pytest.raises(cl.RunError, match="pickled"):
        again.state_at("2026-10-20")


def test_the_state_after_a_payment_date_of_a_report_goes_on_with_a_tape() -> None:
    """What the payment date leaves on deposit is the cash of the next date."""
    report = cl.DealState.from_dict(
        {
            "cloche_state": 1,
            "payment_date": "2026-10-20",
            "previous_payment_date": "2026-07-20",
            "determination_date": "2026-10-07",
            "index_fixings": {"sofr_3m": 0.04},
            "collected": {"interest": 4_000_000.0, "principal": 2_500_000.0},
            "notes": {
                "A": {"balance": 124e6},
                "B": {"balance": 24e6},
                "C": {"balance": 12e6},
                "D": {"balance": 12e6},
                "E": {"balance": 10e6},
                "SUB": {"balance": 18e6},
            },
            "collateral": {"performing_par": 197e6},
        }
    )
    date = cl.run_payment_date(deal(), report)
    assert date.state.fees["sub"].unpaid == 0.0
    fresh = cl.synthetic.loan_pool(n=50, seed=8, par=197e6, as_of="2026-10-07")
    run = cl.project(deal(), fresh, scenario(), state=date.state)
    first = next(iter(run.collateral.rows()))
    principal = first["scheduled_principal"] + first["prepaid_principal"] + first["recoveries"]
    assert first["principal_cash"] == pytest.approx(2.5e6 + principal)
    assert run.fees.filter(fee="senior")["base"][0] == pytest.approx(199.5e6)
    assert run.notes["irr"][-1] is not None
    assert run.conservation_error < 1e-12
