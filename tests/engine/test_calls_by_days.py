"""Sales of all collateral where yearly rates run by the days of the collection period."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings

import cloche as cl
from cloche.testing import strategies
from cloche.testing.strategies import Case
from engine.test_against_reference import assert_projections_with_events_agree, generated
from engine.test_calls_between_payment_dates import DEAL, LOAN, pool_of, same

# Ten business days before the payment dates of 20 April and 20 July: 6 April and 6 July.
BY_DAYS: dict[str, Any] = {
    **DEAL,
    "dates": {**DEAL["dates"], "determination_lag_bd": 10},
    "conventions": {"rate_exponent": "days_365", "rate_convention": "simple"},
}
# One hundredth of a per cent a day defaults, two are prepaid.
RATES: dict[str, Any] = {
    "cdr": 0.0365,
    "cpr": 0.073,
    "recovery": 0.4,
    "recovery_lag_months": 6,
    "rates": 0.04,
}
JULY = dt.date(2027, 7, 20)


def run(*events: dict[str, Any], **changes: Any) -> cl.Result:
    return cl.project(cl.Deal.from_dict(BY_DAYS), pool_of(LOAN), scenario(*events, **changes))


def scenario(*events: dict[str, Any], **changes: Any) -> cl.Scenario:
    return cl.Scenario(**{**RATES, **changes}, events=events)


def call(day: dt.date, price: float = 0.97) -> dict[str, Any]:
    return {"call": {"price": price}, "date": str(day)}


@pytest.mark.parametrize(
    ("day", "days"),
    [
        # Collections end on Monday 19 July, one business day before the payment date: 104 days after 6 April, not 91.
        (JULY, 104),
        # Friday 4 June lies between payment dates: collections end on 3 June, 58 days after 6 April.
        (dt.date(2027, 6, 4), 58),
    ],
)
def test_rates_of_the_last_step_run_for_its_own_days(day: dt.date, days: int) -> None:
    # 76 days from 20 January to 6 April leave (1 - 0.0076) (1 - 0.0152) of 100 m.
    first = 100e6 * 0.0076
    par = 100e6 * (1 - 0.0076) * (1 - 0.0152)
    lost, prepaid = par * 1e-4 * days, par * (1 - 1e-4 * days) * 2e-4 * days
    rest = par - lost - prepaid
    found = list(run(call(day)).collateral.rows())[-1]
    assert found["date"] == day
    assert found["new_defaults"] == pytest.approx(lost, rel=1e-12)
    assert found["prepaid_principal"] == pytest.approx(prepaid, rel=1e-12)
    assert found["interest_collected"] == pytest.approx((par - lost) * 0.08 * days / 360, rel=1e-12)
    # Nothing has been recovered yet: what has defaulted is sold at its recovery rate.
    assert found["sale_proceeds"] == pytest.approx(0.97 * rest + 0.4 * (first + lost), rel=1e-12)


def test_what_is_recovered_at_once_is_collected_and_not_sold() -> None:
    par = 100e6 * (1 - 0.0076) * (1 - 0.0152)
    found = list(run(call(JULY), recovery_lag_months=0).collateral.rows())[-1]
    assert found["recoveries"] == pytest.approx(0.4 * par * 0.0104, rel=1e-12)
    assert found["sale_proceeds"] == pytest.approx(0.97 * par * (1 - 0.0104) * (1 - 0.0208), rel=1e-12)


def test_a_call_that_is_withdrawn_leaves_the_step_as_long_as_it_is() -> None:
    assert same(run(call(JULY, price=0.2)), run())


def test_points_of_a_sweep_and_runs_from_a_state_are_called_alike() -> None:
    deal, pool = cl.Deal.from_dict(BY_DAYS), pool_of(LOAN)
    points = [scenario(call(JULY), cdr=cdr, cpr=cpr) for cdr, cpr in ((0.02, 0.1), (0.05, 0.1), (0.05, 0.3))]
    swept = cl.sweep(deal, pool, points)
    for place, point in enumerate(points):
        alone = cl.project(deal, pool, point)
        rows = [row["irr"] for row in swept.notes.rows() if row["note"] == "SUB"]
        assert rows[place] == alone.notes.filter(note="SUB")["irr"][0]
        state = alone.state_at(dt.date(2027, 4, 20))
        rest = cl.project(deal, pool, point, state=state)
        last = str(list(alone.collateral.rows())[-1])
        assert str(list(rest.collateral.rows())[-1]) == last


def test_drawn_defaults_come_when_they_do_and_the_rest_prepays_for_longer() -> None:
    # Names default in full or not at all, so what is left in the step is prepaid for 104 days.
    deal, pool = cl.Deal.from_dict(BY_DAYS), pool_of(LOAN)
    model = cl.GaussianCopula(inter=0.0, intra=0.0)
    runs = cl.simulate(deal, pool, model, scenario=scenario(call(JULY)), paths=64, seed=3, keep="paths")
    assert runs.conservation_error < 1e-12
    par = 100e6 * (1 - 0.0152)
    ends = [list(runs.replay(path).collateral.rows())[-1] for path in range(64)]
    alive = [row for row in ends if row["date"] == JULY and row["new_defaults"] == 0.0]
    assert len(alive) > 32
    assert all(row["prepaid_principal"] == pytest.approx(par * 0.0208, rel=1e-12) for row in alive)
    assert all(row["sale_proceeds"] == pytest.approx(0.97 * par * (1 - 0.0208), rel=1e-12) for row in alive)


@settings(generated, max_examples=100)
@given(strategies.cases(events=["default", "order", "call", "refinance"], features=["unfunded", "pik"]))
def test_projections_by_days_agree(case: Case) -> None:
    case.deal.setdefault("conventions", {})["rate_exponent"] = "days_365"
    assert_projections_with_events_agree(case)
