"""Simulations in which a condition brings in fewer payment dates: each path switches on a date of its own."""

import math
from typing import Any

import numpy as np
import pytest

import cloche as cl
from cloche.build import templates

MODEL = cl.GaussianCopula(inter=0.15, intra=0.25)
SCENARIO = cl.Scenario(
    cdr=0.06,
    cpr=0.10,
    recovery=0.40,
    recovery_lag_months=9,
    rates={"euribor_3m": {"flat": 0.02}, "euribor_6m": {"flat": 0.025}},
)
STAYS = templates.eur_clo(closing="2025-03-20")


def pool_of() -> cl.LoanPool:
    """Return a pool of which two loans in five pay twice a year."""
    table = cl.synthetic.loan_table(
        n=60, seed=3, par=400e6, as_of="2025-03-20", index="euribor_3m", currency="EUR"
    ).to_dict()
    slow = [k < 24 for k in range(60)]
    table["payment_frequency_months"] = [6 if each else 3 for each in slow]
    table["next_payment"] = ["2025-06-30" if each else None for each in slow]
    return cl.LoanPool.read(table, as_of="2025-03-20")


POOL = pool_of()


def switch(**moment: str) -> dict[str, Any]:
    """Return an amendment after which payments are semi-annual."""
    return {"amend": {"dates": {"payment_frequency_months": 6}}, **moment}


def simulated(event: dict[str, Any] | None, **options: Any) -> cl.Simulation:
    """Simulate with an event; a default rate a year, not one by payment period, is the same on all dates."""
    scenario = SCENARIO.replace(events=[event] if event else [])
    return cl.simulate(STAYS, POOL, MODEL, scenario=scenario, paths=256, seed=3, **options)


@pytest.fixture(scope="module")
def paths() -> cl.Simulation:
    event = switch(when="ratio('A/B IC') < 1.4", **{"from": "2026-01-20"})
    return simulated(event, keep="paths")


def test_every_path_is_what_its_replay_shows_and_some_switch_at_different_times(paths: cl.Simulation) -> None:
    assert paths.conservation_error < 1e-12
    seen = set()
    kept = paths.paths.to_dict()
    for path in range(24):
        run = paths.replay(path)
        days = [row["date"] for row in run.events.rows() if row["event"] == "amendment"]
        seen.add(days[0] if days else None)
        rows = {row["note"]: row for row in run.notes.rows()}
        for i in np.flatnonzero(np.asarray(kept["path"]) == path):
            row = rows[kept["note"][i]]
            if kept["note"][i] == "SUB":
                assert kept["irr"][i] == pytest.approx(row["irr"], abs=1e-9)
            else:
                assert math.isclose(kept["principal_loss"][i], row["principal_loss"], rel_tol=1e-12)
                same = kept["wal"][i] == row["wal"] or (kept["wal"][i] is None and row["wal"] is None)
                assert same or math.isclose(kept["wal"][i], row["wal"], rel_tol=1e-12)
    assert None in seen
    assert len(seen) > 2


@pytest.mark.parametrize("lanes", [{"threads": 1}, {"threads": 2}])
def test_threads_change_no_bit(paths: cl.Simulation, lanes: dict[str, int]) -> None:
    event = switch(when="ratio('A/B IC') < 1.4", **{"from": "2026-01-20"})
    again = simulated(event, keep="paths", **lanes)
    assert again.notes == paths.notes
    assert again.equity == paths.equity


def test_a_condition_that_holds_on_its_first_date_is_a_switch_on_that_date() -> None:
    dated = simulated(switch(date="2027-04-20"), keep="cashflows")
    held = simulated(
        switch(when="performing_par > 0", **{"from": "2027-04-20", "until": "2027-04-20"}), keep="cashflows"
    )
    for name in ("expected_loss", "default_probability", "wal", "deferral_probability"):
        for one, other in zip(dated.notes[name].tolist(), held.notes[name].tolist(), strict=True):
            assert other == pytest.approx(one, rel=1e-9, abs=1e-12), name
    for name in ("irr", "moic", "irr_q05", "irr_of_mean_flows"):
        assert held.equity[name].tolist() == pytest.approx(dated.equity[name].tolist(), rel=1e-8, abs=1e-9), (
            name
        )
    flows = {(row["note"], row["date"]): row for row in held.cashflows.rows()}
    for row in dated.cashflows.rows():
        other = flows[row["note"], row["date"]]
        for name in ("interest", "principal", "balance"):
            assert other[name] == pytest.approx(row[name], rel=1e-8, abs=1e-3), (
                row["note"],
                row["date"],
                name,
            )


def test_between_its_dates_a_path_is_paid_nothing_and_its_balances_stay() -> None:
    held = simulated(
        switch(when="performing_par > 0", **{"from": "2027-04-20", "until": "2027-04-20"}), keep="cashflows"
    )
    rows = [row for row in held.cashflows.rows() if row["note"] == "A"]
    between = [k for k, row in enumerate(rows) if row["date"].year >= 2028 and row["date"].month in (1, 7)]
    assert len(between) > 10
    for k in between:
        assert rows[k]["interest"] == rows[k]["principal"] == 0
        assert rows[k]["balance"] == rows[k - 1]["balance"]


def test_a_condition_that_never_holds_changes_nothing() -> None:
    never, plain = simulated(switch(when="performing_par < 0")), simulated(None)
    for name in ("expected_loss", "default_probability", "wal", "deferral_probability"):
        assert never.notes[name].tolist() == pytest.approx(plain.notes[name].tolist(), rel=1e-9), name
    for name in ("irr", "moic", "irr_q05"):
        assert never.equity[name].tolist() == pytest.approx(plain.equity[name].tolist(), rel=1e-9), name


def test_a_replayed_path_goes_on_after_its_switch_with_its_bits(paths: cl.Simulation) -> None:
    event = switch(when="ratio('A/B IC') < 1.4", **{"from": "2026-01-20"})
    scenario = SCENARIO.replace(events=[event])
    tried = 0
    for path in range(24):
        run = paths.replay(path)
        days = [row["date"] for row in run.events.rows() if row["event"] == "amendment"]
        dates = sorted({row["date"] for row in run.cashflows.rows()})
        if not days or days[0] == dates[-1]:
            continue
        for day in (days[0], next(date for date in dates if date > days[0])):
            state = run.state_at(day)
            assert [each["event"] for each in state.to_dict()["documents"]] == ["scenario.events[0]"]
            rest = cl.project(STAYS, POOL, scenario, state=state)
            assert list(rest.cashflows.rows()) == [row for row in run.cashflows.rows() if row["date"] > day]
            tried += 1
        if tried >= 6:
            break
    assert tried >= 6
