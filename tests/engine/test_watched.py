"""Tests and events of a simulation are those of its replayed paths; accounts and hedges of a path add up."""

import pytest

import cloche as cl

PATHS = 64


@pytest.fixture(scope="module")
def simulated() -> cl.Simulation:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20", diversion_trigger=1.09).replace(
        {
            "default_events": {
                "causes": ["senior_interest", "par_ratio", "maturity"],
                "accelerate": "automatic",
                "rescind": "when_cured",
            },
        }
    )
    pool = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
    call = {
        "call": {"price": 0.98, "if_infeasible": "retry"},
        "when": "note_factor('A') < 0.4",
        "from": "nc_end",
    }
    base = cl.Scenario(cdr=0.05, cpr=0.20, recovery=0.45, recovery_lag_months=6, rates=0.043, events=[call])
    model = cl.GaussianCopula(inter=0.4, intra=0.5)
    return cl.simulate(deal, pool, model, scenario=base, paths=PATHS, seed=3, threads=1, keep="cashflows")


def test_a_test_fails_as_often_as_in_the_replayed_paths(simulated: cl.Simulation) -> None:
    failing: dict[tuple[object, object], int] = {}
    for path in range(PATHS):
        for row in simulated.replay(path).tests.rows():
            key = (row["date"], row["test"])
            failing[key] = failing.get(key, 0) + (row["passes"] is False)
    rows = list(simulated.tests.rows())
    dates = {row["date"] for row in rows}
    # The tests of a date with a sale are measured on the day on which its collections end.
    off = sum(count for (date, _), count in failing.items() if date not in dates)
    found = sum(row["failing_probability"] for row in rows) * PATHS
    assert sum(failing.values()) - off <= round(found) <= sum(failing.values())
    assert found > 0
    for row in rows:
        seen = round(row["failing_probability"] * PATHS)
        assert 0 <= seen - failing.get((row["date"], row["test"]), 0) <= off


def test_what_a_test_diverts_is_the_mean_of_the_replayed_ledgers(simulated: cl.Simulation) -> None:
    # Nothing but the diversion step names its test.
    diverted = sum(
        row["paid"]
        for path in range(PATHS)
        for row in simulated.replay(path).ledger.filter(step="divert").rows()
    )
    rows = list(simulated.tests.filter(test="Reinvestment OC").rows())
    assert diverted > 0
    assert sum(row["expected_diversion"] for row in rows) * PATHS == pytest.approx(diverted, rel=1e-9)


def assert_counted(simulated: cl.Simulation, expected: set[str]) -> None:
    """Assert that events have the share of the replayed paths in which they happen."""
    counted: dict[tuple[object, object], int] = {}
    known = {row["event"] for row in simulated.events.rows()}
    for path in range(PATHS):
        seen = {(row["event"], row["date"]) for row in simulated.replay(path).events.rows()}
        for key in seen:
            counted[key] = counted.get(key, 0) + 1
    assert expected <= known
    found = {
        (row["event"], row["date"]): round(row["probability"] * PATHS) for row in simulated.events.rows()
    }
    assert found == {key: count for key, count in counted.items() if key[0] in known}


def test_events_happen_as_often_as_in_the_replayed_paths(simulated: cl.Simulation) -> None:
    assert_counted(simulated, {"call", "acceleration"})


def test_changes_of_notes_and_documents_are_counted_too() -> None:
    cheaper = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": 0.0100}}
    events = [
        {
            "when": "performing_par < 440_000_000",
            "until": "2029-07-20",
            "refinance": {"A": {"into": [cheaper]}},
        },
        {"date": "2027-07-20", "reprice": {"B": "150bp"}},
        {
            "when": "performing_par < 480_000_000",
            "until": "2028-07-20",
            "amend": {"tests.E OC.trigger": 1.03},
        },
    ]
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20").replace(
        {"events": events, "reinvestment.ends_when": "not passes('E OC')"}
    )
    pool = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
    base = cl.Scenario(cdr=0.04, cpr=0.20, recovery=0.45, recovery_lag_months=6, rates=0.043)
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    simulated = cl.simulate(deal, pool, model, scenario=base, paths=PATHS, seed=3, threads=1)
    expected = {"refinancing", "repricing", "amendment", "end of the reinvestment period"}
    assert_counted(simulated, expected)
    (repricing,) = simulated.events.filter(event="repricing").rows()
    assert repricing["probability"] == 1.0
    assert 0.0 < simulated.events.filter(event="refinancing")["probability"].sum() < 1.0


def test_watching_the_tests_changes_no_estimate(simulated: cl.Simulation) -> None:
    # Dates with every payment recorded, and dates without.
    manifest = simulated.manifest
    assert manifest["paths"] == PATHS
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20", diversion_trigger=1.09)
    pool = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
    base = cl.Scenario(cdr=0.05, cpr=0.20, recovery=0.45, recovery_lag_months=6, rates=0.043)
    model = cl.GaussianCopula(inter=0.4, intra=0.5)
    plain = cl.simulate(deal, pool, model, scenario=base, paths=300, seed=3)
    watched = cl.simulate(deal, pool, model, scenario=base, paths=300, seed=3, keep="cashflows")
    assert plain.notes == watched.notes
    assert plain.equity == watched.equity
    with pytest.raises(AttributeError, match="keep="):
        _ = plain.tests


def test_accounts_and_hedges_of_a_path_add_up() -> None:
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    document["accounts"] = [{"name": "smoothing", "initial": 250_000}]
    document["hedges"] = [
        {
            "name": "swap",
            "pay": {"fixed": 0.05},
            "receive": {"index": "sofr_3m"},
            "notional": {"2025-03-20": 40_000_000},
        }
    ]
    document["waterfalls"]["receipts"] = [
        {"transfer": {"from": "smoothing", "to": "interest"}},
        {"transfer": {"from": "interest", "to": "smoothing"}, "amount": "0.1 * remaining"},
    ]
    document["waterfalls"]["interest"].insert(1, {"pay_hedge": "swap"})
    pool = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
    base = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)
    run = cl.project(cl.Deal.from_dict(document), pool, base)
    before = 250_000.0
    for row in run.accounts.rows():
        assert row["begin_balance"] == before
        assert row["end_balance"] == pytest.approx(before + row["paid_in"] - row["paid_out"], abs=1e-6)
        before = row["end_balance"]
    assert run.accounts["paid_out"][0] == pytest.approx(250_000.0)
    assert before == 0.0
    paid = sum(run.ledger.filter(payee="swap")["paid"])
    assert sum(run.hedges["paid"]) == pytest.approx(paid)
    # The second date: 4.3 % act/360 against 5 % 30/360 on 40 million, from 20 October 2025 to 20 January 2026.
    row = list(run.hedges.rows())[1]
    assert row["due"] == pytest.approx(40e6 * (0.05 * 0.25 - 0.043 * 92 / 360))
    assert row["received"] == 0.0
