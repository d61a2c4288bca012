"""Acceleration after an event of default: one pot, the senior class in full before the next class gets anything."""

import itertools
from typing import Any

import pytest

import cloche as cl
from engine import test_payment_date as worked

SENIOR = {"taxes": 5_000.0, "admin": 75_075.0, "senior": 0.0015 * 485e6 * 91 / 360}
INTEREST = {"X": 2e6 * 0.05 * 91 / 360, "A-1": 210e6 * 0.053 * 91 / 360, "A-L": 100e6 * 0.053 * 91 / 360}
CASH = 9_900_000.0 + 6_000_000.0


def state(**changes: Any) -> cl.DealState:
    return cl.DealState.from_dict({**worked.state().to_dict(), **changes})


def paid(date: cl.PaymentDate) -> dict[str, float]:
    out: dict[str, float] = {}
    for row in date.ledger.rows():
        out[row["payee"]] = out.get(row["payee"], 0.0) + row["paid"]
    return out


def close(x: float) -> Any:
    return pytest.approx(x, abs=1e-6)


def test_after_an_acceleration_one_pot_pays_the_senior_class_alone() -> None:
    date = cl.run_payment_date(worked.deal(), state(status="accelerated"))
    got = paid(date)
    left = CASH - sum(SENIOR.values()) - sum(INTEREST.values())
    balances = {"X": 2e6, "A-1": 210e6, "A-L": 100e6}
    for name, due in SENIOR.items():
        assert got[name] == close(due)
    for name, balance in balances.items():
        assert got[name] == close(INTEREST[name] + left * balance / 312e6)
    assert {name: got.get(name, 0.0) for name in ("B-1", "C", "E", "sub", "SUB")} == dict.fromkeys(
        ("B-1", "C", "E", "sub", "SUB"), 0.0
    )
    assert set(date.ledger["waterfall"]) == {"acceleration"}
    assert date.conservation_error < 1e-12


def test_what_accelerated_classes_are_not_paid_is_carried() -> None:
    date = cl.run_payment_date(worked.deal(), state(status="accelerated"))
    rows = worked.table(date.notes, "note")
    assert rows["B-1"]["interest_shortfall"] == close(40e6 * 0.0575 * 91 / 360)
    assert rows["C"]["deferred_balance"] == close(30e6 * 0.0610 * 91 / 360)
    assert rows["E"]["deferred_balance"] == close(250_000 + 25_250_000 * 0.10 * 91 / 360)
    assert rows["E"]["interest_shortfall"] == 0.0


def test_tests_are_still_measured_after_an_acceleration() -> None:
    date = cl.run_payment_date(worked.deal(), state(status="accelerated"))
    rows = worked.table(date.tests, "test")
    assert {name: rows[name]["ratio"] for name in worked.RATIOS} == {
        name: worked.number(x) for name, x in worked.RATIOS.items()
    }


def test_a_liquidation_pays_every_class_in_full_and_then_equity() -> None:
    sold = {"interest": 9_900_000, "principal": 6_000_000, "liquidation": {"proceeds": 472e6, "costs": 2e6}}
    date = cl.run_payment_date(worked.deal(), state(status="accelerated", collected=sold))
    got = paid(date)
    due = worked.INTEREST_DUE
    principal = {"X": 2e6, "A-1": 210e6, "A-L": 100e6, "B-1": 40e6, "B-2": 20e6, "C": 30e6, "D": 30e6}
    for name, balance in principal.items():
        assert got[name] == close(balance + due[name])
    assert got["E"] == close(25e6 + 250_000 + due["E"])
    assert got["sub"] == close(0.0030 * 485e6 * 91 / 360)
    # The cap has no word of a liquidation: what is above it comes after the notes.
    assert got["admin"] == close(95_000)
    assert sum(got.values()) == close(CASH + 470e6)
    assert date.state.accounts == {"interest": 0.0, "principal": 0.0}


@pytest.mark.parametrize(
    ("lifted", "status", "sold", "senior"),
    [
        (None, "accelerated", True, 75_075.0),
        ("liquidated", "accelerated", False, 75_075.0),
        ("liquidated", "accelerated", True, 95_000.0),
        ("liquidated", "redemption", False, 95_000.0),
        ("accelerated", "accelerated", False, 95_000.0),
    ],
)
def test_a_cap_is_lifted_when_its_document_says(
    lifted: str | None, status: str, *, sold: bool, senior: float
) -> None:
    cap = {"rate": 0.0002, "fixed_per_year": 200_000, **({"lifted": lifted} if lifted else {})}
    deal = worked.deal().replace({"fees.admin.cap": cap})
    collected: dict[str, object] = {"interest": 9_900_000, "principal": 6_000_000}
    if sold:
        collected = {**collected, "liquidation": {"proceeds": 1e6}}
    date = cl.run_payment_date(deal, state(status=status, collected=collected))
    first = next(row for row in date.ledger.rows() if row["payee"] == "admin")
    assert first["paid"] == close(senior)


def test_the_document_may_spell_the_order_out() -> None:
    steps = [
        {"pay_fee": "taxes", "label": "1"},
        {"pay_interest": ["X", "A-1", "A-L"], "label": "2"},
        {"pay_principal": {"notes": [["A-1", "A-L"], ["X"]]}, "label": "3"},
        {"pay_residual": "SUB", "label": "4"},
    ]
    deal = worked.deal().replace({"waterfalls.acceleration": steps})
    got = paid(cl.run_payment_date(deal, state(status="accelerated")))
    left = CASH - 5_000 - sum(INTEREST.values())
    assert got["X"] == close(INTEREST["X"])
    assert got["A-1"] == close(INTEREST["A-1"] + left * 210 / 310)
    assert "senior" not in got


def test_a_sale_belongs_to_no_normal_date() -> None:
    sold = {"interest": 1, "principal": 1, "liquidation": {"proceeds": 1e6, "costs": 2e6}}
    with pytest.raises(cl.DealError) as refused:
        cl.run_payment_date(worked.deal(), state(collected=sold))
    places = [problem.place for problem in refused.value.problems]
    assert places == ["state.collected.liquidation"]


def test_the_cost_of_a_sale_is_at_most_its_proceeds() -> None:
    sold = {"interest": 0, "principal": 0, "liquidation": {"proceeds": 1e6, "costs": 2e6}}
    date = cl.run_payment_date(worked.deal(), state(status="accelerated", collected=sold))
    assert sum(paid(date).values()) == 0.0


# --- along a projection ---------------------------------------------------------------------------------------------

STRESS = cl.Scenario(
    cdr=[0.90, 0.90, 0.60, *[0.10] * 40], cpr=0.0, recovery=0.30, recovery_lag_months=18, rates=0.04
)


def accelerating(**events: Any) -> cl.Deal:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    causes = ["senior_interest", "par_ratio", "maturity"]
    return deal.replace({"default_events": {"causes": causes, "accelerate": "automatic", **events}})


@pytest.fixture(scope="module")
def pool() -> cl.LoanPool:
    return cl.synthetic.loan_pool(n=80, seed=5, as_of="2025-03-20")


def test_a_par_ratio_below_its_trigger_accelerates_from_the_next_date_on(pool: cl.LoanPool) -> None:
    run = cl.project(accelerating(), pool, STRESS)
    failed = [row["date"] for row in run.tests.filter(test="EoD").rows() if row["passes"] is False]
    determination = {row["determination_date"]: row["payment_date"] for row in run.schedule.rows()}
    pots: dict[Any, set[str]] = {}
    for row in run.ledger.rows():
        pots.setdefault(row["date"], set()).add(row["waterfall"])
    first = determination[failed[0]]
    assert all("acceleration" not in falls for date, falls in pots.items() if date <= first)
    assert all(falls == {"acceleration"} for date, falls in pots.items() if date > first)
    assert [row["event"] for row in run.events.rows()].count("acceleration") == 1
    assert run.conservation_error < 1e-12


def test_an_acceleration_stops_junior_interest_until_the_senior_class_is_paid(pool: cl.LoanPool) -> None:
    run = cl.project(accelerating(), pool, STRESS)
    pots = {row["date"] for row in run.ledger.rows() if row["waterfall"] == "acceleration"}
    seniors = ["A", "B", "C", "D", "E"]
    rows = {(row["date"], row["note"]): row for row in run.cashflows.rows()}
    for date in pots:
        for above, below in itertools.pairwise(seniors):
            if rows[date, above]["end_balance"] > 1e-3:
                assert rows[date, below]["interest_paid"] == 0.0
                assert rows[date, below]["principal_paid"] == 0.0


def test_an_event_that_only_is_recorded_changes_no_payment(pool: cl.LoanPool) -> None:
    plain = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    recorded = accelerating(accelerate="never")
    for one, other in zip(
        cl.project(plain, pool, STRESS).cashflows.rows(),
        cl.project(recorded, pool, STRESS).cashflows.rows(),
        strict=True,
    ):
        assert one == other


def test_a_rescinded_acceleration_ends_when_its_causes_do(pool: cl.LoanPool) -> None:
    # A wave of defaults, then none: recoveries and prepayments repair the ratio.
    wave = cl.Scenario(
        cdr=[0.95, 0.95, *[0.0] * 40], cpr=0.05, recovery=0.75, recovery_lag_months=18, rates=0.04
    )
    lasting = cl.project(accelerating(), pool, wave)
    healed = cl.project(accelerating(rescind="when_cured"), pool, wave)
    kinds = [row["event"] for row in healed.events.rows()]
    assert "rescission" in kinds
    assert "rescission" not in [row["event"] for row in lasting.events.rows()]
    ended = next(row["date"] for row in healed.events.rows() if row["event"] == "rescission")
    after = {row["waterfall"] for row in healed.ledger.rows() if row["date"] > ended}
    assert "interest" in after


def test_paths_of_one_block_may_differ_in_status(pool: cl.LoanPool) -> None:
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    stress = cl.Scenario(cdr=0.08, cpr=0.10, recovery=0.35, recovery_lag_months=6, rates=0.04)
    runs = cl.simulate(
        accelerating(rescind="when_cured"), pool, model, scenario=stress, paths=512, seed=3, keep="paths"
    )
    assert runs.conservation_error < 1e-10
    rows = list(runs.paths.rows())
    accelerated = 0
    for path in range(0, 512, 16):
        replay = runs.replay(path)
        accelerated += "acceleration" in set(replay.ledger["waterfall"])
        losses = {row["note"]: row["principal_loss"] for row in rows if row["path"] == path}
        # A simulation keeps losses as shares of the original balance.
        assert {row["note"]: row["principal_loss"] for row in replay.notes.rows()} == pytest.approx(
            losses, rel=1e-14
        )
    assert 0 < accelerated < 32
