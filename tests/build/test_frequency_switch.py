"""A European deal goes over to semi-annual payments once many loans pay so and senior interest is thinly covered."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest

import cloche as cl
from cloche.build import templates

SWITCHES = templates.eur_clo(closing="2025-03-20", frequency_switch=True)
STAYS = templates.eur_clo(closing="2025-03-20")
RATES = {"euribor_3m": {"flat": 0.02}, "euribor_6m": {"flat": 0.025}}
CALM = cl.Scenario(cdr=0.02, cpr=0.10, recovery=0.40, recovery_lag_months=18, rates=RATES)
CRISIS = CALM.replace(cdr=[0.02, 0.02, 0.40, 0.40, 0.40, 0.40, 0.40, 0.40, 0.05])


def pool_of(semiannual: float) -> cl.LoanPool:
    """Return a pool of which some loans pay at the end of June and December, the others quarterly."""
    table = cl.synthetic.loan_table(
        n=120, seed=3, par=400e6, as_of="2025-03-20", index="euribor_3m", currency="EUR"
    ).to_dict()
    slow = [k < 120 * semiannual for k in range(120)]
    table["payment_frequency_months"] = [6 if each else 3 for each in slow]
    table["next_payment"] = ["2025-06-30" if each else None for each in slow]
    return cl.LoanPool.read(table, as_of="2025-03-20")


SLOW = pool_of(0.4)


def switched_on(run: cl.Result) -> list[dt.date]:
    return [row["date"] for row in run.events.rows() if row["event"] == "amendment"]


def dates(run: cl.Result) -> list[dt.date]:
    return sorted(set(run.cashflows.column("date").python()))


@pytest.fixture(scope="module")
def run() -> cl.Result:
    return cl.project(SWITCHES, SLOW, CRISIS)


def test_payments_are_semi_annual_after_the_switch_and_cash_is_conserved(run: cl.Result) -> None:
    (day,) = switched_on(run)
    assert day.isoformat() == "2026-10-20"
    before = [each for each in dates(run) if each <= day]
    after = [each for each in dates(run) if each >= day]
    assert {each.month for each in before} == {1, 4, 7, 10}
    assert {each.month for each in after} == {4, 10}
    months = {(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(after)}
    assert months == {6}
    assert run.conservation_error < 1e-12


def test_coupons_take_the_six_month_index_after_the_switch(run: cl.Result) -> None:
    (day,) = switched_on(run)
    for row in run.cashflows.filter(note="A").rows():
        if row["begin_balance"] > 0:
            assert row["index_rate"] == (0.02 if row["date"] <= day else 0.025)


def test_what_was_held_back_is_paid_on_the_first_semi_annual_date_and_nothing_is_held_then(
    run: cl.Result,
) -> None:
    (day,) = switched_on(run)
    rows = list(run.accounts.filter(account="smoothing").rows())
    held = next(row["end_balance"] for row in rows if row["date"] == day)
    after = [row for row in rows if row["date"] > day]
    assert held > 0
    assert after[0]["paid_out"] == held
    assert all(row["paid_in"] == 0 and row["end_balance"] == 0 for row in after)


@pytest.mark.parametrize(("semiannual", "scenario"), [(0.1, CRISIS), (0.4, CALM)])
def test_without_a_switch_the_run_has_the_bits_of_the_deal_without_it(
    semiannual: float, scenario: cl.Scenario
) -> None:
    pool = pool_of(semiannual)
    one, other = (cl.project(deal, pool, scenario) for deal in (SWITCHES, STAYS))
    assert not switched_on(one)
    assert one == other


def test_a_flat_curve_fixes_both_tenors_and_a_missing_one_is_named() -> None:
    assert switched_on(cl.project(SWITCHES, SLOW, CRISIS.replace(rates=0.02)))
    with pytest.raises(cl.ScenarioError, match="no curve for the index euribor_6m"):
        cl.project(SWITCHES, SLOW, CRISIS.replace(rates={"euribor_3m": {"flat": 0.02}}))


def test_the_document_is_what_it_was_without_the_keyword() -> None:
    assert templates.eur_clo(frequency_switch=False) == templates.eur_clo()
    assert "events" not in templates.eur_clo().to_dict()
    switches, stays = SWITCHES.to_dict(), STAYS.to_dict()
    switches.pop("events")
    assert switches == stays


@pytest.mark.parametrize(
    "terms",
    [
        {"interest_smoothing": False},
        {"rights": {"refinancing": True}},
        {"fixed": {"B": 0.05}, "class_x": 2e6},
        {"pari_passu": [("B", "C")], "first_payment": dt.date(2025, 10, 20)},
    ],
)
def test_it_goes_with_the_other_terms(terms: dict[str, Any]) -> None:
    deal = templates.eur_clo(closing="2025-03-20", frequency_switch=True, **terms)
    run = cl.project(deal, SLOW, CRISIS)
    assert len(switched_on(run)) == 1
    assert run.conservation_error < 1e-12


def test_a_first_payment_that_is_no_date_is_a_problem_of_the_document() -> None:
    with pytest.raises(cl.DealError, match=r"dates\.first_payment"):
        templates.eur_clo(frequency_switch=True, first_payment="soon")
