"""A call on a business day between payment dates redeems the deal on that day."""

import datetime as dt
from typing import Any, Literal

import numpy as np
import pytest

import cloche as cl

DEAL: dict[str, Any] = {
    "cloche": 1,
    "name": "one class",
    "currency": "USD",
    "target_par": 100e6,
    "dates": {
        "closing": "2027-01-20",
        "first_payment": "2027-04-20",
        "payment_frequency_months": 3,
        "stated_maturity": "2029-01-20",
        "determination_lag_bd": 1,
    },
    "notes": [
        {"name": "A", "balance": 60e6, "rank": 1, "coupon": {"fixed": 0.06, "day_count": "act/360"}},
        {"name": "SUB", "balance": 40e6, "residual": True},
    ],
    "fees": [{"name": "trustee", "fixed_per_year": 72_000, "day_count": "act/360"}],
    "sequences": {"note_payment_sequence": [["A"]]},
    "waterfalls": {
        "interest": [{"pay_fee": "trustee"}, {"pay_interest": "A"}, {"pay_residual": "SUB"}],
        "principal": [{"pay_principal": "note_payment_sequence"}, {"pay_residual": "SUB"}],
        "acceleration": [
            {"pay_fee": "trustee"},
            {"pay_interest": "A"},
            {"pay_principal": "note_payment_sequence"},
            {"pay_residual": "SUB"},
        ],
    },
}
LOAN: dict[str, Any] = {
    "loan_id": "L1",
    "par": 100e6,
    "maturity": "2033-01-20",
    "coupon_type": "fixed",
    "fixed_rate": 0.08,
    "day_count": "act/360",
    "amortization_rate": 0.0,
    "market_price": 1.0,
    "rating": "B",
}
# Friday, 45 days after the payment date of Tuesday, 20 April.
DAY = dt.date(2027, 6, 4)
STILL: dict[str, Any] = {"cdr": 0.0, "cpr": 0.0, "recovery": 0.4, "rates": 0.04}
BASE: dict[str, Any] = {"cdr": 0.02, "cpr": 0.20, "recovery": 0.70, "recovery_lag_months": 6, "rates": 0.043}


def pool_of(*loans: dict[str, Any]) -> cl.LoanPool:
    return cl.LoanPool.from_columns(
        {name: [loan[name] for loan in loans] for name in LOAN}, as_of="2027-01-20"
    )


def call(date: object = DAY, price: float | None = None, **terms: Any) -> dict[str, Any]:
    return {"call": {**terms, **({} if price is None else {"price": price})}, "date": str(date)}


def still(*events: dict[str, Any], deal: dict[str, Any] = DEAL, **changes: Any) -> cl.Result:
    pool = pool_of(LOAN)
    return cl.project(cl.Deal.from_dict(deal), pool, cl.Scenario(**{**STILL, **changes}, events=events))


def scenario(*events: dict[str, Any], **changes: Any) -> cl.Scenario:
    return cl.Scenario(**{**BASE, **changes}, events=events)


def same(one: cl.Result, other: cl.Result) -> bool:
    """Whether two runs have the same bits in all tables but that of events."""
    tables = ("cashflows", "collateral", "tests", "ledger", "fees", "notes")
    return all(str(list(getattr(one, t).rows())) == str(list(getattr(other, t).rows())) for t in tables)


def test_a_static_deal_by_hand() -> None:
    # From 20 April to 4 June 45 days; collections from 20 April to 3 June, one business day before: 45 days too.
    #   the loan pays 100 m · 8 % · 45/360 = 1,000,000 and is sold for 97 m,
    #   the trustee has 72,000 · 45/360 = 9,000, A 60 m · 6 % · 45/360 = 450,000 and its balance,
    #   the rest, 97 m + 1,000,000 − 9,000 − 450,000 − 60 m = 37,541,000, is for equity.
    run = still(call(price=0.97))
    last = run.cashflows.filter(date=DAY)
    rows = {row["note"]: row for row in last.rows()}
    assert run.collateral["date"][-1] == DAY
    assert run.collateral["interest_collected"][-1] == pytest.approx(1_000_000)
    assert run.collateral["sale_proceeds"][-1] == pytest.approx(97e6)
    assert run.fees.filter(date=DAY)["paid"][0] == pytest.approx(9_000)
    assert rows["A"]["interest_paid"] == pytest.approx(450_000)
    assert rows["A"]["day_count_fraction"] == 45 / 360
    assert rows["A"]["principal_paid"] == 60e6
    assert rows["SUB"]["interest_paid"] == pytest.approx(37_541_000)
    assert [(row["event"], row["date"]) for row in run.events.rows()] == [("call", DAY)]
    assert {row["date"] for row in run.ledger.rows()} == {dt.date(2027, 4, 20), DAY}
    # Equity: 40 m on 20 January; on 20 April, after 89 and 90 days, 1,977,777.78 − 18,000 − 900,000; then the rest.
    flows = [100e6 * 0.08 * 89 / 360 - 18_000 - 900_000, 37_541_000]
    notes = {row["note"]: row for row in run.notes.rows()}
    rate = notes["SUB"]["irr"]
    worth = sum(flow * (1 + rate) ** (-days / 365) for flow, days in zip(flows, (90, 135), strict=True))
    assert worth == pytest.approx(40e6, rel=1e-9)
    assert notes["A"]["wal"] == pytest.approx(135 / 365)


def test_the_price_that_just_covers_what_is_owed_is_feasible_and_one_below_it_is_not() -> None:
    # 100 m · price + 1,000,000 >= 60 m + 450,000 + 9,000.
    least = 0.59459
    assert still(call(price=least)).collateral["date"][-1] == DAY
    withdrawn = still(call(price=least - 1e-8))
    assert [(row["event"], row["date"]) for row in withdrawn.events.rows()] == [("call not feasible", DAY)]
    assert same(withdrawn, still())


def test_a_clean_up_call_needs_little_collateral_on_its_day() -> None:
    large = {**DEAL, "target_par": 2 * DEAL["target_par"]}

    def of(share: float) -> cl.Result:
        right = {"clean_up": {"below": share, "of": "target_par"}}
        return still(call(), deal={**large, "rights": right})

    # The collateral is half of the target par.
    assert same(of(0.15), still(deal=large))
    assert [row["event"] for row in of(0.15).events.rows()] == ["call not feasible"]
    assert same(of(0.75), still(call(), deal=large))
    assert of(0.75).notes["last_payment"][0] == DAY


def test_a_call_that_is_tried_again_acts_on_the_payment_dates_that_follow() -> None:
    # On 20 July the loan has paid 92 days and A is owed 91: a price that just fails on the day suffices.
    price = 0.594588
    run = still(call(price=price, if_infeasible="retry"))
    found = [(row["event"], row["date"]) for row in run.events.rows()]
    assert found == [("call not feasible", DAY), ("call", dt.date(2027, 7, 20))]
    assert same(run, still(call(dt.date(2027, 7, 20), price=price)))


@pytest.mark.parametrize("coupon", [{"fixed": 0.06}, {"index": "sofr_3m", "spread": 0.02}])
def test_interest_up_to_the_day_and_from_it_is_that_of_the_whole_period(coupon: dict[str, Any]) -> None:
    notes = [{**DEAL["notes"][0], "coupon": {**coupon, "day_count": "act/360"}}, DEAL["notes"][1]]
    document = {**DEAL, "notes": notes}
    whole, part = (
        list(run.cashflows.filter(note="A").rows())
        for run in (still(deal=document), still(call(price=1.0), deal=document))
    )
    due, first = whole[1]["interest_due"], part[1]["interest_due"]
    rest = 60e6 * part[1]["rate"] * (dt.date(2027, 7, 20) - DAY).days / 360
    assert first + rest == pytest.approx(due, rel=1e-14)


def test_a_call_on_a_payment_date_and_on_the_day_to_which_it_has_moved_are_one(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    # Saturday, 20 April 2030 is paid on Tuesday after Easter Monday.
    plain = cl.project(deal, pool, scenario(call("2030-04-20", 0.99)))
    moved = cl.project(deal, pool, scenario(call("2030-04-23", 0.99)))
    assert plain.cashflows["date"][-1] == dt.date(2030, 4, 23)
    assert same(plain, moved)


def test_an_early_day_and_the_last_period_are_days_too(deal: cl.Deal, pool: cl.LoanPool) -> None:
    for day in ("2027-04-21", "2027-07-19"):
        run = cl.project(deal, pool, scenario(call(day, 0.99)))
        assert run.cashflows["date"][-1] == dt.date.fromisoformat(day)
        assert run.conservation_error < 1e-12
    for day in ("2027-01-22", "2028-10-23", "2029-01-19"):
        assert still(call(day, 1.0)).cashflows["date"][-1] == dt.date.fromisoformat(day)
    cheap = still(call("2029-01-19", 0.1))
    assert [row["event"] for row in cheap.events.rows()] == ["call not feasible"]
    assert same(cheap, still())


def test_a_withdrawn_call_changes_no_bit_of_a_projection_or_a_simulation(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    cheap = scenario(call("2028-06-01", 0.30))
    assert same(cl.project(deal, pool, cheap), cl.project(deal, pool, scenario()))
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    kept: dict[Literal["paths", "cashflows"], tuple[str, ...]] = {
        "paths": ("notes", "equity", "paths", "pool"),
        "cashflows": ("cashflows", "tests"),
    }
    for keep, tables in kept.items():
        with_it, without = (
            cl.simulate(deal, pool, model, scenario=s, paths=256, seed=3, keep=keep)
            for s in (cheap, scenario())
        )
        for table in tables:
            one, other = (list(getattr(run, table).rows()) for run in (with_it, without))
            assert str(one) == str(other)
    assert with_it.events.filter(event="call not feasible")["probability"].tolist() == [1.0]


def test_each_path_is_called_where_it_is_feasible_and_counts_to_the_day(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    early = scenario(call("2030-06-03", 0.93))
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    runs = cl.simulate(deal, pool, model, scenario=early, paths=512, seed=3, keep="paths")
    assert runs.conservation_error < 1e-10
    rows = {(row["path"], row["note"]): row for row in runs.paths.rows()}
    ends = set()
    for path in range(0, 512, 16):
        replay = runs.replay(path)
        ends.add(replay.cashflows["date"][-1] == dt.date(2030, 6, 3))
        for note in replay.notes.rows():
            column = "irr" if note["note"] == "SUB" else "wal"
            np.testing.assert_equal(rows[path, note["note"]][column], note[column])
    assert ends == {True, False}


def test_a_default_after_the_day_is_none_of_a_path_that_was_redeemed_on_it(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    """With default rates that act at once inside the period of the day, fewer companies have defaulted by the day."""
    model = cl.GaussianCopula(inter=0.0, intra=0.0)
    sold = {}
    for day in ("2028-04-21", "2028-05-22", "2028-07-19"):
        runs = cl.simulate(
            deal, pool, model, scenario=scenario(call(day, 1.0), cpr=0.0, cdr=0.10), paths=64, seed=3
        )
        sold[day] = np.mean([runs.replay(path).collateral["new_defaults"][-1] for path in range(64)])
    # Yearly 10 % on the 30/360 time of 1, 32 and 89 days.
    assert sold["2028-04-21"] < sold["2028-05-22"] < sold["2028-07-19"]
    mean = cl.project(deal, pool, scenario(call("2028-05-22", 1.0), cpr=0.0, cdr=0.10)).collateral[
        "new_defaults"
    ][-1]
    assert sold["2028-05-22"] == pytest.approx(mean, rel=0.5)


def test_points_of_a_sweep_are_called_on_the_day_as_in_their_own_projections(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    points = [scenario(call("2028-06-01"), liquidation_price=price) for price in (0.30, 0.95, 1.00)]
    swept = cl.sweep(deal, pool, points)
    returns = [row["irr"] for row in swept.notes.rows() if row["note"] == "SUB"]
    assert returns == [cl.project(deal, pool, one).notes.filter(note="SUB")["irr"][0] for one in points]


def test_a_run_from_a_state_is_called_on_the_day_as_the_straight_run(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    early = scenario(call("2028-06-01", 0.99))
    straight = cl.project(deal, pool, early)
    for day in ("2027-10-20", "2028-04-20"):
        rest = cl.project(deal, pool, early, state=straight.state_at(day))
        assert list(rest.cashflows.rows()) == [r for r in straight.cashflows.rows() if str(r["date"]) > day]
    with pytest.raises(cl.RunError, match="the deal is redeemed on 2028-06-01"):
        straight.state_at("2028-06-01")


def test_a_company_that_defaults_after_the_day_is_sold_as_it_performs() -> None:
    loans = [LOAN, {**LOAN, "loan_id": "L2", "par": 10e6}]
    pool = pool_of(*loans)
    for day, sold in (("2027-06-04", 100e6 + 4e6), ("2027-06-05", 110e6)):
        run = cl.project(
            cl.Deal.from_dict(DEAL),
            pool,
            cl.Scenario(**STILL, recovery_lag_months=12, defaults={"L2": day}, events=[call(price=1.0)]),
        )
        assert run.collateral["sale_proceeds"][-1] == pytest.approx(sold)


def test_days_on_which_no_call_can_be_made_are_refused_with_their_place(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    def refused(*events: dict[str, Any], deal: cl.Deal = deal, pool: cl.LoanPool = pool) -> list[str]:
        with pytest.raises(cl.ScenarioError) as error:
            cl.project(deal, pool, scenario(*events))
        return [f"{problem.place}: {problem.message}" for problem in error.value.problems]

    by_right = deal.replace({"rights": {"optional_redemption": {"dates": "payment_dates"}}})
    barred, weekend, first = call("2027-03-19"), call("2028-06-03"), call("2028-06-01")
    assert "non-call period" in refused(barred)[0]
    assert "no business day" in refused(weekend)[0]
    assert "no payment date" in refused(first, deal=by_right)[0]
    later = cl.synthetic.loan_pool(n=20, seed=5, as_of="2027-02-16")
    document = cl.Deal.from_dict(DEAL)
    (problem,) = refused(call("2027-02-10"), deal=document, pool=later)
    assert problem.startswith("scenario.events[0].date: found 2027-02-10: its collections end on 2027-02-09")


def test_a_path_of_a_state_does_not_tell_on_which_side_of_the_day_it_defaults(
    deal: cl.Deal, pool: cl.LoanPool
) -> None:
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    path = cl.simulate(deal, pool, model, scenario=scenario(), paths=4, seed=3).replay(1)
    with pytest.raises(cl.ScenarioError, match="a state does not tell"):
        cl.project(
            deal, pool, scenario(call("2028-06-01", 0.99), cdr=None), state=path.state_at("2027-10-20")
        )
