"""Groups of a scenario find the loans that they name, however they are spelled, and say where they find none."""

from __future__ import annotations

from typing import Any

import pytest

import cloche as cl

DEAL = cl.templates.us_bsl()
LOANS: dict[str, Any] = {
    "loan_id": ["1", "2"],
    "par": [2.5e8, 2.5e8],
    "maturity": ["2033-01-01", "2033-01-01"],
    "spread": [0.04, 0.04],
    "lien": ["2L", "First Lien"],
    "rating_sp": ["CCC", "NR"],
    "industry": ["Retail", "Food"],
}
POOL = cl.LoanPool.from_columns(LOANS, as_of="2025-03-20")


def scenario(**changes: Any) -> cl.Scenario:
    return cl.Scenario(
        **{"cdr": 0.2, "recovery": 0.7, "recovery_lag_months": 0, "cpr": 0.2, "rates": 0.04, **changes}
    )


def recovered(recovery: object) -> float:
    return float(cl.project(DEAL, POOL, scenario(recovery=recovery)).collateral["recoveries"][0])


@pytest.mark.parametrize(
    "key", ["lien:2L", "lien:second_lien", "lien:2nd lien", "rating:ccc", "industry:Retail"]
)
def test_a_group_lowers_what_its_loans_recover(key: str) -> None:
    assert recovered({"*": 0.7, key: 0.3}) == pytest.approx(recovered(0.7) * 0.5 / 0.7)


def test_unrated_loans_are_a_group() -> None:
    assert recovered({"rating:NR": 0.7, "rating:CCC": 0.3}) == pytest.approx(recovered(0.5))


UNKNOWN = {"*": 0.7, "industry:zzz": 0.3, "lien:unsecured": 0.2, "rating:B": 0.1}


def test_each_call_warns_of_groups_without_a_loan(caplog: pytest.LogCaptureFixture) -> None:
    idle = scenario(recovery=UNKNOWN)
    model = cl.GaussianCopula(inter=0.1, intra=0.2)
    calls = (
        lambda: cl.project(DEAL, POOL, idle),
        lambda: cl.sweep(DEAL, POOL, [scenario(), idle]),
        lambda: cl.sweep(DEAL, POOL, cl.grid(scenario(), recovery=[0.7, UNKNOWN])),
        lambda: cl.simulate(DEAL, POOL, model, scenario=idle, paths=8, seed=1),
    )
    for call in calls:
        caplog.clear()
        call()
        assert {record.getMessage() for record in caplog.records} == {
            f"scenario.recovery.{key}: no loan of the pool is in this group: it changes nothing"
            for key in ("industry:zzz", "lien:unsecured", "rating:B")
        }


def test_a_search_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    cl.breakeven(DEAL, POOL, scenario(recovery={"*": 0.7, "industry:zzz": 0.3}), vary="cpr", note="E")
    assert len(caplog.records) == 1


def test_what_reinvestment_buys_is_of_its_rating(caplog: pytest.LogCaptureFixture) -> None:
    cl.project(DEAL, POOL, scenario(cdr={"*": 0.0, "rating:B": 0.1}, reinvestment={"rating": "B"}))
    assert not caplog.records
