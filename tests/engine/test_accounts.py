"""Accounts and hedges in whole runs: conserved, replayed, smoothed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import cloche as cl
from engine.states import STATE

SCENARIO = cl.Scenario(
    cdr=0.05,
    cpr=0.2,
    recovery=0.5,
    recovery_lag_months=6,
    rates=cl.RateCurve.flat(0.04),
    cash_rate_spread=0.0,
)
POOL = cl.synthetic.loan_pool(n=40, seed=3, par=100e6, as_of="2025-06-18")


def document(**parts: Any) -> dict[str, Any]:
    plain = cl.templates.us_bsl(par=100e6, closing="2025-06-18", name="Accounts").to_dict()
    return {**plain, **parts}


@pytest.fixture(scope="module")
def deal() -> cl.Deal:
    changed = document(
        accounts=[
            {"name": "smoothing", "earns": "cash"},
            {"name": "reserve", "initial": 20_000, "target": "0.001 * performing_par"},
        ],
        hedges=[
            {
                "name": "swap",
                "pay": {"fixed": 0.045},
                "receive": {"index": "sofr_3m"},
                "notional": {"2025-06-18": 20e6, "2029-01-20": 5e6},
                "termination": {"date": "2031-01-20", "amount": 50_000},
            }
        ],
    )
    falls = changed["waterfalls"]
    falls["receipts"] = [
        {"transfer": {"from": "smoothing", "to": "interest"}},
        {"transfer": {"from": "interest", "to": "smoothing"}, "amount": "0.1 * remaining"},
    ]
    falls["interest"] = [
        {"pay_fee": "taxes"},
        {"pay_hedge": "swap"},
        {"fund_reserve": "reserve"},
        *falls["interest"][1:],
    ]
    return cl.Deal.from_dict(changed)


def test_every_cent_is_accounted_for_in_every_path(deal: cl.Deal) -> None:
    model = cl.GaussianCopula(inter=0.2, intra=0.3)
    many = cl.simulate(deal, POOL, model, scenario=SCENARIO, paths=64, seed=5, keep="paths")
    assert many.conservation_error < 1e-12
    paths = many.paths.to_dict()
    for path in (0, 17, 63):
        replayed = many.replay(path)
        assert replayed.conservation_error < 1e-12
        lost = dict(zip(replayed.notes["note"], replayed.notes["principal_loss"], strict=True))
        rows = [row for row, number in enumerate(paths["path"]) if number == path]
        assert {paths["note"][row]: paths["principal_loss"][row] for row in rows} == pytest.approx(
            lost, abs=1e-6
        )


def test_the_ledger_shows_where_the_cash_goes(deal: cl.Deal) -> None:
    run = cl.project(deal, POOL, SCENARIO)
    assert run.conservation_error < 1e-12
    ledger = run.ledger.to_dict()
    rows = list(zip(ledger["waterfall"], ledger["step"], ledger["payee"], ledger["source"], strict=True))
    assert ("receipts", "transfer", "smoothing", "transfer") in rows
    assert ("interest", "fund_reserve", "reserve", "transfer") in rows
    assert ("interest", "pay_hedge", "swap", "interest") in rows


def test_a_document_with_accounts_and_hedges_reads_as_it_was_written(deal: cl.Deal) -> None:
    assert cl.Deal.from_yaml(deal.to_yaml()) == deal
    assert cl.Deal.from_json(deal.to_json()) == deal
    assert deal.accounts["reserve"].target == "0.001 * performing_par"
    assert "from the account smoothing to interest proceeds" in deal.waterfalls["receipts"].describe()
    assert "hedge payments under swap" in deal.waterfalls["interest"].describe()
    changed = deal.replace({"hedges.swap.pay.fixed": 0.05})
    assert changed.hedges["swap"].pay is not None
    assert changed.hedges["swap"].pay.fixed == 0.05


def test_a_smoothing_account_changes_when_cash_comes_but_not_how_much() -> None:
    plain = cl.Deal.from_dict(document())
    receipts = [
        {"transfer": {"from": "smoothing", "to": "interest"}},
        {"transfer": {"from": "interest", "to": "smoothing"}, "amount": "0.05 * remaining"},
    ]
    falls = {**plain.to_dict()["waterfalls"], "receipts": receipts}
    smoothed = cl.Deal.from_dict(document(accounts=[{"name": "smoothing"}], waterfalls=falls))
    calm = cl.Scenario(cdr=0.0, cpr=0.2, recovery=0.5, recovery_lag_months=6, rates=cl.RateCurve.flat(0.04))
    one, two = (cl.project(deal, POOL, calm) for deal in (plain, smoothed))

    def first(table: cl.Table, column: str, **where: str) -> float:
        rows = table.to_dict()
        places = range(len(table))
        found = (i for i in places if all(rows[key][i] == value for key, value in where.items()))
        return float(rows[column][next(found)])

    put_aside = first(two.ledger, "paid", waterfall="receipts", payee="smoothing")
    assert put_aside == pytest.approx(0.05 * first(one.collateral, "interest_collected"))
    less = first(one.cashflows, "interest_paid", note="SUB") - first(
        two.cashflows, "interest_paid", note="SUB"
    )
    assert less == pytest.approx(put_aside)
    back = [
        paid
        for paid, payee in zip(*(two.ledger.to_dict()[key] for key in ("paid", "payee")), strict=True)
        if payee == "interest account"
    ]
    assert back[1] == pytest.approx(put_aside)


@pytest.mark.parametrize("status", ["normal", "accelerated", "redemption"])
def test_a_hedge_is_paid_once_on_a_date_of_any_status(status: str) -> None:
    written = cl.templates.us_bsl(par=500e6, closing="2025-03-20", accelerate="automatic").to_dict()
    swap = {"name": "swap", "pay": {"fixed": 0.08}, "receive": {"index": "sofr_3m"}, "notional": 50e6}
    written["hedges"] = [swap]
    written["waterfalls"]["interest"].insert(3, {"pay_hedge": "swap", "label": "D"})
    del written["waterfalls"]["acceleration"]
    state = copy.deepcopy(STATE) | {"status": status}
    if status == "redemption":
        state["collected"]["liquidation"] = {"proceeds": 480e6, "costs": 1e6}
    paid = cl.run_payment_date(cl.Deal.from_dict(written), cl.DealState.from_dict(state))
    # 8 % for 90 days of 360 less 4 % for 92 days of 360
    net = 50e6 * (0.08 * 90 / 360 - 0.04 * 92 / 360)
    rows = list(paid.ledger.filter(payee="swap").rows())
    # On a normal date what is short would be paid from principal.
    assert [row["paid"] for row in rows if row["due"] > 0] == pytest.approx([net])
    assert paid.conservation_error < 1e-6
    assert paid.state.to_canonical().get("hedges", {}).get("swap", {}).get("unpaid", 0.0) == 0.0


def last_date(deal: cl.Deal) -> dict[str, str]:
    """Return the dates of a state before the last payment date."""
    row = list(deal.schedule().rows())[-1]
    return {
        "payment_date": row["payment_date"].isoformat(),
        "previous_payment_date": row["accrual_start"].isoformat(),
        "determination_date": row["determination_date"].isoformat(),
    }


@pytest.mark.parametrize(
    ("when", "interest", "principal"),
    [
        ("normal", 0.0, 0.0),
        ("accelerated", 0.0, 0.0),
        ("last date", 70_000.0, 30_000.0),
        ("redemption", 70_000.0, 30_000.0),
        ("liquidation", 70_000.0, 30_000.0),
    ],
)
def test_accounts_are_closed_on_the_last_date_and_with_a_sale(
    when: str, interest: float, principal: float
) -> None:
    written = cl.templates.us_bsl(par=500e6, closing="2025-03-20", accelerate="automatic").to_dict()
    written["accounts"] = [
        {"name": "expenses", "initial": 50_000},
        {"name": "smoothing"},
        {"name": "custodial", "proceeds": "principal"},
    ]
    deal = cl.Deal.from_dict(written)
    state = copy.deepcopy(STATE) | {"accounts": {"smoothing": 20_000, "custodial": 30_000}}
    state |= last_date(deal) if when == "last date" else {}
    state |= {"status": {"liquidation": "accelerated", "last date": "normal"}.get(when, when)}
    if when in ("redemption", "liquidation"):
        state["collected"]["liquidation"] = {"proceeds": 480e6, "costs": 0}
    collected = state["collected"]
    paid = cl.run_payment_date(deal, cl.DealState.from_dict(state))
    available = {row["waterfall"]: row["available_before"] for row in reversed(list(paid.ledger.rows()))}
    sold = collected.get("liquidation", {}).get("proceeds", 0)
    if "interest" in available:
        assert available["interest"] == pytest.approx(collected["interest"] + interest)
        assert available["principal"] == pytest.approx(collected["principal"] + principal)
    else:
        whole = collected["interest"] + collected["principal"] + sold
        assert next(iter(available.values())) == pytest.approx(whole + interest + principal)
    kept = {name: paid.state.accounts[name] for name in ("expenses", "smoothing", "custodial")}
    stays = {"expenses": 50_000.0, "smoothing": 20_000.0, "custodial": 30_000.0}
    assert kept == (dict.fromkeys(stays, 0.0) if interest else stays)
    # What joins principal is in the numerators.
    numerator = next(paid.tests.filter(test="E OC").rows())["numerator"]
    assert numerator == pytest.approx(494e6 + collected["principal"] + sold + principal)
