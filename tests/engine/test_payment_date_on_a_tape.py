"""One payment date whose collateral is a tape: figures by hand, as those of a report, and as a projection has them.

The deal pays every quarter from 20 October 2025 and has a stated maturity of 20 April 2038; the state is that of
20 January 2026, with a determination date of 7 January.
"""

import copy
import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cloche as cl
from cloche.tape.figures import figures
from cloche.testing import reference
from engine.agreement import differences
from engine.states import STATE

Columns = dict[str, list[Any]]

DETERMINATION = dt.date(2026, 1, 7)
DATES = {"stated_maturity": "2038-04-20"}
DISCOUNT = {"below": 0.80, "weak_below": 0.85, "restore": 0.90}


def tape(as_of: str = "2026-01-07", **columns: list[Any]) -> cl.LoanPool:
    """Return a tape of loans of 100, floating at 350bp to 2030, unrated, bought at par, unless it is said."""
    count = len(next(iter(columns.values())))
    usual = {
        "loan_id": [f"L{number}" for number in range(1, count + 1)],
        "par": [100.0] * count,
        "maturity": ["2030-01-15"] * count,
        "spread": [0.035] * count,
    }
    return cl.LoanPool.from_columns(usual | columns, as_of=as_of)


def told(pool: cl.LoanPool, conventions: dict[str, Any] | None = None, **collateral: Any) -> dict[str, Any]:
    """Return the figures of a tape for a deal with such rules."""
    document = {"dates": DATES, "collateral": collateral, "conventions": conventions or {}}
    return figures(pool, document, DETERMINATION)


def ids(assets: list[dict[str, Any]]) -> list[str]:
    return [asset["id"] for asset in assets]


def deal_of(conventions: dict[str, Any] | None = None, **collateral: Any) -> cl.Deal:
    """Return the template deal with other rules of collateral."""
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    document["collateral"] |= collateral
    document["conventions"] = document.get("conventions", {}) | (conventions or {})
    return cl.Deal.from_dict(document)


def state_of(collateral: dict[str, Any] | None = None, **more: Any) -> cl.DealState:
    document = copy.deepcopy(STATE) | more
    del document["collateral"]
    return cl.DealState.from_dict(document | ({} if collateral is None else {"collateral": collateral}))


# Where a loan belongs


def test_an_asset_is_ccc_for_the_agencies_that_rate_it_so() -> None:
    pool = tape(
        rating_sp=["CCC+", "B-", "B", "CCC"],
        rating_moodys=["B3", "Caa1", "B3", "Ca"],
        rating_fitch=[None, None, "B-", "C"],
        market_price=[0.8, 0.7, 0.9, 0.5],
    )
    found = told(pool)
    assert found["performing_par"] == 100.0
    assert ids(found["ccc"]) == ["L1", "L2", "L4"]
    assert [asset["agencies"] for asset in found["ccc"]] == [["sp"], ["moodys"], ["fitch", "moodys", "sp"]]
    assert [asset["market_price"] for asset in found["ccc"]] == [0.8, 0.7, 0.5]


def test_a_discount_obligation_is_bought_below_the_threshold_and_not_restored() -> None:
    pool = tape(
        purchase_price=[0.79, 0.80, 0.84, 0.84, 0.79],
        market_price=[0.89, 0.70, 0.70, 0.70, 0.90],
        rating_sp=["B", "B", "B", "CCC", "B"],
    )
    found = told(pool, discount=DISCOUNT)
    assert ids(found["discount"]) == ["L1"]
    # A loan rated below B- is one below 0.85; as a CCC asset it counts once.
    assert [(asset["id"], asset["purchase_price"]) for asset in found["ccc"]] == [("L4", 0.84)]
    assert found["performing_par"] == 300.0
    # Without a market price from which on it counts at par again, a high one does not restore it.
    assert ids(told(pool, discount={"below": 0.80})["discount"]) == ["L1", "L5"]
    assert told(pool)["discount"] == []


def test_a_discount_obligation_may_be_no_ccc_asset() -> None:
    pool = tape(purchase_price=[0.70, 1.0], market_price=[0.6, 0.6], rating_sp=["CCC", "CCC"])
    found = told(pool, {"discount_in_ccc": "excluded"}, discount=DISCOUNT)
    assert (ids(found["discount"]), ids(found["ccc"])) == (["L1"], ["L2"])


def test_a_long_dated_loan_counts_for_its_share_and_for_nothing_beyond_two_years() -> None:
    pool = tape(
        maturity=["2038-04-20", "2038-04-21", "2040-04-20", "2040-04-21", "2039-01-15", "2039-01-15"],
        purchase_price=[1.0, 1.0, 1.0, 1.0, 0.65, 0.79],
        rating_sp=["B"] * 6,
    )
    found = told(pool, discount={"below": 0.80}, long_dated_value=0.70)
    assert found["performing_par"] == 100.0
    counted = [(asset["id"], asset["purchase_price"]) for asset in found["discount"]]
    # What is a discount obligation, too, counts once, where that is lower.
    assert counted == [("L2", 0.70), ("L3", 0.70), ("L4", 0.0), ("L5", 0.65), ("L6", 0.70)]
    assert told(pool)["performing_par"] == 600.0


def test_a_long_dated_ccc_asset_stays_one() -> None:
    pool = tape(maturity=["2039-01-15"], rating_sp=["CCC"], market_price=[0.5])
    assert told(pool, long_dated_value=0.70)["ccc"][0]["purchase_price"] == 0.70


def test_principal_balances_hold_what_is_not_drawn() -> None:
    pool = tape(
        par_unfunded=[10.0, 20.0, 30.0, 40.0],
        rating_sp=["B", "CCC", "B", "B"],
        purchase_price=[1.0, 1.0, 0.7, 1.0],
        market_price=[0.98, 0.7, 0.8, 0.5],
        default_date=[None, None, None, "2025-06-01"],
        recovery=[None, None, None, 0.4],
    )
    found = told(pool, discount=DISCOUNT)
    assert found["performing_par"] == 110.0
    assert [found[kind][0]["par"] for kind in ("ccc", "discount")] == [120.0, 130.0]
    # The commitment to a borrower in default counts for nothing.
    assert found["defaulted"][0]["par"] == 100.0


# Defaulted assets


def defaulted(*dates: str, **columns: list[Any]) -> cl.LoanPool:
    usual = {"market_price": [0.42] * len(dates), "recovery": [0.45] * len(dates)}
    return tape(default_date=list(dates), **(usual | columns))


def test_a_default_ages_up_to_the_determination_date() -> None:
    found = told(defaulted("2023-01-06", "2023-01-07", "2023-01-08", "2025-07-07"))["defaulted"]
    years = [asset["years_since_default"] for asset in found]
    # It counts up to the third anniversary of its default, that day included.
    assert years == [3.0 + 1 / 365, 3.0, 2.0 + 364 / 365, 184 / 365]
    assert [(asset["market_price"], asset["recovery"]) for asset in found] == [(0.42, 0.45)] * 4


def test_a_recovery_that_counts_must_be_on_the_tape() -> None:
    pool = defaulted("2025-01-05", "2025-01-06", "2020-01-06", recovery=[None, 0.45, None])
    for rule in (None, "recovery", "lesser_of_market_and_recovery"):
        with pytest.raises(cl.TapeError) as error:
            told(pool, defaulted_value=rule)
        assert [place for place, _ in error.value.problems] == ["tape loan L1, column 'recovery'"]
    for rule in ("market", "zero"):
        assert len(told(pool, defaulted_value=rule)["defaulted"]) == 3


# The whole date

RICH: Columns = {
    "loan_id": list("ABCDEFGHIJK"),
    "par": [200e6, 100e6, 50e6, 40e6, 30e6, 20e6, 16e6, 12e6, 10e6, 8e6, 3e6],
    "par_unfunded": [None, 5e6, None, None, None, None, None, None, None, None, None],
    "unfunded_fee": [None, 0.005, None, None, None, None, None, None, None, None, None],
    "maturity": ["2030-01-15"] * 5 + ["2039-01-15", "2041-01-15", "2039-01-15", *["2030-01-15"] * 3],
    "spread": [0.035] * 11,
    "rating_sp": ["B", "B", "CCC", "CCC+", "B", "B", "CCC", "B", None, None, None],
    "rating_moodys": ["B2", "Caa1", "Caa2", "B3", "B2", "B2", "B3", "B3", None, None, None],
    "purchase_price": [1.0, 0.99, 0.75, 0.99, 0.78, 0.99, 0.99, 0.60, 0.9, 0.9, 0.9],
    "market_price": [0.99, 0.80, 0.70, 0.85, 0.80, 0.90, 0.75, 0.70, 0.40, 0.50, 0.35],
    "default_date": [None] * 8 + ["2025-01-15", "2022-01-05", "2024-06-30"],
    "recovery": [None] * 8 + [0.45, 0.30, 0.30],
    "recovery_lag_months": [None] * 8 + [110.0] * 3,
    "amortization_rate": [0.0] * 11,
}
FIGURES = {
    "performing_par": 200e6,
    "ccc": [
        {"id": "B", "par": 105e6, "market_price": 0.80, "agencies": ["moodys"]},
        {"id": "C", "par": 50e6, "market_price": 0.70, "purchase_price": 0.75, "agencies": ["moodys", "sp"]},
        {"id": "D", "par": 40e6, "market_price": 0.85, "agencies": ["sp"]},
    ],
    "discount": [
        {"id": "E", "par": 30e6, "purchase_price": 0.78},
        {"id": "F", "par": 20e6, "purchase_price": 0.70},
        {"id": "H", "par": 12e6, "purchase_price": 0.60},
    ],
    "defaulted": [
        {"id": "I", "par": 10e6, "market_price": 0.40, "recovery": 0.45, "years_since_default": 1.0},
        {"id": "J", "par": 8e6, "market_price": 0.50, "recovery": 0.30, "years_since_default": 4.0},
        {"id": "K", "par": 3e6, "market_price": 0.35, "recovery": 0.30, "years_since_default": 1.5},
    ],
}


def without(columns: Columns, *names: str) -> Columns:
    """Return the columns without some loans."""
    kept = [row for row, name in enumerate(columns["loan_id"]) if name not in names]
    return {key: [values[row] for row in kept] for key, values in columns.items()}


def test_a_date_on_a_tape_is_that_of_its_figures() -> None:
    deal = deal_of(discount=DISCOUNT, long_dated_value=0.70)
    # A report cannot tell the loan G, which counts for nothing.
    pool = cl.LoanPool.from_columns(without(RICH, "G"), as_of="2026-01-07")
    by_figures = cl.run_payment_date(deal, state_of(FIGURES))
    by_tape = cl.run_payment_date(deal, state_of(), pool)
    for table in ("ledger", "tests", "notes", "fees"):
        assert getattr(by_tape, table) == getattr(by_figures, table)
    # 6 of cash; Moody's set of 155 against S&P's of 90. The limit is 7.5 % of 457 + 6 = 34.725, so the excess is
    # 120.275: C at 0.70 (its discount is less), then 70.275 of B at 0.80. Discounts 30 x 0.22, 20 x 0.30, 12 x 0.40.
    haircuts = 50 * 0.30 + 70.275 * 0.20 + 6.6 + 6.0 + 4.8
    # I at the lesser of 0.40 and 0.45, K of 0.35 and 0.30; J is in default for more than three years.
    numerator = 457 + 6 - haircuts + 10 * 0.40 + 3 * 0.30
    assert next(by_tape.tests.rows())["numerator"] == pytest.approx(numerator * 1e6, rel=1e-14)


def first_date(deal: cl.Deal, columns: Columns) -> tuple[cl.Result, cl.PaymentDate]:
    """Return a projection in which nothing is repaid, and its first payment date on the same tape."""
    pool = cl.LoanPool.from_columns(columns, as_of="2025-03-20")
    flat = cl.RateCurve.flat(0.04)
    quiet = cl.Scenario(cdr=0.0, cpr=0.0, recovery=0.5, recovery_lag_months=110, rates=flat)
    run = cl.project(deal, pool, quiet)
    dates, collected = next(deal.schedule().rows()), next(run.collateral.rows())
    state = {
        "cloche_state": 1,
        "payment_date": dates["payment_date"].isoformat(),
        "previous_payment_date": "2025-03-20",
        "determination_date": dates["determination_date"].isoformat(),
        "index_fixings": {"sofr_3m": 0.04},
        "collected": {"interest": collected["interest_collected"], "principal": collected["principal_cash"]},
        "notes": {note.name: {"balance": note.balance} for note in deal.notes},
        "fee_basis": next(run.fees.filter(fee="senior").rows())["base"],
    }
    later = cl.LoanPool.from_columns(columns, as_of=dates["determination_date"])
    return run, cl.run_payment_date(deal, cl.DealState.from_dict(state), later)


def assert_same_tests(run: cl.Result, paid: cl.PaymentDate) -> None:
    ours = list(paid.tests.rows())
    for here, there in zip(ours, list(run.tests.rows())[: len(ours)], strict=True):
        assert here["test"] == there["test"]
        for column in ("numerator", "denominator", "ratio", "cushion_amount"):
            assert here[column] == pytest.approx(there[column], rel=1e-9), (here["test"], column)
    collateral = next(run.collateral.rows())
    assert paid.state.to_dict()["fee_bases"]["performing_par"] == pytest.approx(collateral["performing_par"])


@pytest.mark.parametrize(
    "conventions",
    [
        {},
        {"ccc_agency_rule": "each"},
        {"ccc_agency_rule": "sum", "ccc_last_asset": "whole"},
        {"overlap_mode": "per_portion"},
    ],
)
@pytest.mark.parametrize("rule", ["lesser_of_market_and_recovery", "market", "recovery", "zero"])
def test_the_first_date_of_a_projection_has_the_same_tests(conventions: dict[str, Any], rule: str) -> None:
    deal = deal_of(conventions, discount=DISCOUNT, long_dated_value=0.70, defaulted_value=rule)
    assert_same_tests(*first_date(deal, RICH))


def test_the_first_date_of_a_projection_without_discounts_among_ccc_has_the_same_tests() -> None:
    deal = deal_of({"discount_in_ccc": "excluded"}, discount=DISCOUNT, long_dated_value=0.70)
    assert_same_tests(*first_date(deal, without(RICH, "G")))


PRICES = st.sampled_from([0.55, 0.70, 0.79, 0.80, 0.84, 0.85, 0.90, 1.0, 1.01])
RATINGS = st.sampled_from(["BB", "B", "B-", "CCC+", "CCC", None])
MOODYS = st.sampled_from(["Ba2", "B2", "B3", "Caa1", "Caa3", None])
MATURITIES = st.sampled_from(["2030-01-15", "2038-04-20", "2038-04-21", "2040-04-20", "2040-04-21"])
DEFAULTS = st.sampled_from([None, None, None, "2022-10-06", "2022-10-07", "2022-10-08", "2025-01-31"])


@st.composite
def tapes(draw: st.DrawFn) -> Columns:
    """Tapes of a few loans on both sides of every rule, some of them in default."""
    count = draw(st.integers(1, 8))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    return {
        "loan_id": [f"L{number}" for number in range(count)],
        "par": column(st.floats(1e6, 1e8)),
        "par_unfunded": column(st.sampled_from([None, 0.0, 5e6])),
        "maturity": column(MATURITIES),
        "spread": [0.035] * count,
        "rating_sp": column(RATINGS),
        "rating_moodys": column(MOODYS),
        "purchase_price": column(PRICES),
        "market_price": column(PRICES),
        "default_date": column(DEFAULTS),
        "recovery": column(st.sampled_from([0.3, 0.6, 0.8])),
        "recovery_lag_months": [110.0] * count,
        "amortization_rate": [0.0] * count,
    }


CONVENTIONS = st.fixed_dictionaries(
    {
        "ccc_agency_rule": st.sampled_from(["larger", "each", "sum"]),
        "ccc_last_asset": st.sampled_from(["fractional", "whole"]),
        "overlap_mode": st.sampled_from(["per_asset", "per_portion"]),
    }
)


@given(tapes(), CONVENTIONS)
def test_the_first_date_of_any_projection_has_the_same_tests(
    columns: Columns, conventions: dict[str, str]
) -> None:
    deal = deal_of(conventions, discount=DISCOUNT, long_dated_value=0.70)
    assert_same_tests(*first_date(deal, columns))


def rows_of(columns: Columns) -> list[dict[str, Any]]:
    """Return the loans as the slow reference takes them."""
    low = {"rating_sp": {"CCC+", "CCC"}, "rating_moodys": {"Caa1", "Caa3"}}
    rows = []
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        agencies = [name.removeprefix("rating_") for name in low if row[name] in low[name]]
        rows.append(row | {"ccc": bool(agencies), "weak": bool(agencies), "agencies": agencies})
    return rows


@settings(max_examples=100)
@given(tapes(), CONVENTIONS)
def test_a_date_on_a_tape_agrees_with_the_reference(columns: Columns, conventions: dict[str, str]) -> None:
    document = deal_of(conventions, discount=DISCOUNT, long_dated_value=0.70).to_dict()
    # Without holidays nine business days lie between the dates.
    document["dates"] |= {"calendars": [], "determination_lag_bd": 9}
    deal = cl.Deal.from_dict(document)
    paid = cl.run_payment_date(deal, state_of(), cl.LoanPool.from_columns(columns, as_of="2026-01-07"))
    found = reference.run_payment_date(deal.to_canonical(), state_of().to_canonical(), rows_of(columns))
    ours = {name: list(getattr(paid, name).rows()) for name in ("tests", "fees", "ledger")}
    assert not list(differences(ours, found, par=500e6, tables=("tests", "fees")))


def test_absent_fee_bases_are_those_of_the_tape() -> None:
    document = copy.deepcopy(STATE)
    del document["fee_basis"], document["collateral"]
    pool = tape(par=[400e6, 50e6], default_date=[None, "2025-06-01"], recovery=[0.5, 0.5])
    paid = cl.run_payment_date(deal_of(), cl.DealState.from_dict(document), pool)
    # 400 performing, 6 of cash, 50 in default.
    assert next(paid.fees.filter(fee="senior").rows())["base"] == 456e6


def test_the_state_after_the_date_goes_on_with_the_tape() -> None:
    deal = deal_of()
    pool = cl.synthetic.loan_pool(n=50, seed=3, par=490e6, as_of="2026-01-07")
    paid = cl.run_payment_date(deal, state_of(), pool)
    assert paid.manifest["pool"] == pool.hash
    assert paid.manifest["as_of"] == "2026-01-07"
    assert paid.state.collateral is None
    scenario = cl.Scenario(
        cdr=0.0, cpr=0.0, recovery=0.5, recovery_lag_months=6, rates=cl.RateCurve.flat(0.04)
    )
    run = cl.project(deal, pool, scenario, state=paid.state)
    assert run.cashflows["date"].tolist()[0] == dt.date(2026, 4, 20)
    assert run.conservation_error < 1e-9


# What is refused


def test_collateral_that_is_told_twice_is_refused() -> None:
    with pytest.raises(
        cl.DealError, match=r"state\.collateral: found beside a pool.*give the figures or the tape"
    ):
        cl.run_payment_date(deal_of(), state_of({"performing_par": 494e6}), tape(par=[1.0]))


def test_a_state_of_a_run_is_no_state_before_a_payment_date() -> None:
    deal = deal_of()
    pool = cl.synthetic.loan_pool(n=20, seed=3, as_of="2025-03-20")
    scenario = cl.Scenario(
        cdr=0.0, cpr=0.0, recovery=0.5, recovery_lag_months=6, rates=cl.RateCurve.flat(0.04)
    )
    after = cl.project(deal, pool, scenario).state_at("2026-01-20")
    with pytest.raises(
        cl.DealError, match=r"state\.payment_date: found 2026-01-20, on which SUB has been paid"
    ):
        cl.run_payment_date(deal, after, tape(par=[1.0]))


@pytest.mark.parametrize("as_of", ["2026-01-06", "2026-01-21"])
def test_a_tape_of_another_day_is_refused(as_of: str) -> None:
    with pytest.raises(
        cl.TapeError, match=rf"tape\.as_of: found {as_of}, expected the determination date 2026-01-07"
    ):
        cl.run_payment_date(deal_of(), state_of(), tape(as_of, par=[1.0]))


@pytest.mark.parametrize("as_of", ["2026-01-07", "2026-01-20"])
def test_a_tape_up_to_the_payment_date_is_taken(as_of: str) -> None:
    paid = cl.run_payment_date(deal_of(), state_of(), tape(as_of, par=[494e6]))
    assert next(paid.tests.rows())["numerator"] == 500e6


def test_a_tape_in_another_currency_is_refused() -> None:
    with pytest.raises(cl.TapeError, match="found EUR, expected USD"):
        cl.run_payment_date(deal_of(), state_of(), tape(par=[1.0], currency=["EUR"]))


def test_a_long_dated_ccc_asset_outside_a_set_without_discounts_is_refused() -> None:
    deal = deal_of({"discount_in_ccc": "excluded"}, long_dated_value=0.70)
    pool = tape(maturity=["2039-01-15"], rating_sp=["CCC"])
    with pytest.raises(cl.TapeError, match="tape loan L1, column 'maturity': found 2039-01-15"):
        cl.run_payment_date(deal, state_of(), pool)


@pytest.mark.parametrize(
    ("target", "fund", "release", "places"),
    [
        (None, {"amount": "0.0 * unfunded"}, {}, ["interest[0].amount"]),
        (None, {"when": "unfunded > 0"}, {}, ["interest[0].when"]),
        (None, {"up_to": "unfunded"}, {"above": "0.5 * unfunded"}, ["interest[0].fund_reserve.up_to"]),
        ("unfunded", {}, {}, ["interest[0].fund_reserve.up_to"]),
        ("unfunded", {"up_to": "0.01 * remaining"}, {"above": "0"}, []),
        (None, {"amount": "account('unfunded')"}, {}, []),
    ],
)
def test_a_step_that_reads_what_is_unfunded_needs_a_tape_or_the_figure(
    target: str | None, fund: dict[str, str], release: dict[str, str], places: list[str]
) -> None:
    document = deal_of().to_dict()
    document["accounts"] = [{"name": "unfunded"} | ({} if target is None else {"target": target})]
    own = {key: value for key, value in fund.items() if key != "up_to"}
    up_to = {"up_to": fund.get("up_to", "0")} if "up_to" in fund or target is None else {}
    steps = document["waterfalls"]["interest"]
    steps.insert(0, {"fund_reserve": {"account": "unfunded", **up_to}, **own})
    steps.insert(1, {"release_reserve": {"account": "unfunded", **release}})
    deal = cl.Deal.from_dict(document)
    report = {"performing_par": 405e6}
    if places:
        with pytest.raises(cl.DealError) as error:
            cl.run_payment_date(deal, state_of(report))
        assert [place for place, _ in error.value.problems] == [f"waterfalls.{place}" for place in places]
        assert "expected state.readings.unfunded" in error.value.problems[0].message
    else:
        cl.run_payment_date(deal, state_of(report))
    cl.run_payment_date(deal, state_of(report, readings={"unfunded": 5e6}))
    cl.run_payment_date(deal, state_of(), tape(par=[400e6], par_unfunded=[5e6]))


def test_a_reserve_is_funded_up_to_what_the_tape_has_undrawn() -> None:
    document = deal_of().to_dict()
    document["accounts"] = [{"name": "unfunded", "target": "0.1 * unfunded"}]
    document["waterfalls"]["interest"].insert(0, {"fund_reserve": "unfunded"})
    deal = cl.Deal.from_dict(document)
    revolver = tape(par=[490e6, 4e6], par_unfunded=[None, 3e6])
    assert cl.run_payment_date(deal, state_of(), revolver).state.accounts["unfunded"] == 300_000.0
    # What the state says holds against the tape.
    said = state_of(readings={"unfunded": 1e6})
    assert cl.run_payment_date(deal, said, revolver).state.accounts["unfunded"] == 100_000.0
    # A borrower in default draws nothing any more.
    defaulted = tape(
        par=[490e6, 4e6], par_unfunded=[None, 3e6], default_date=[None, "2025-12-01"], recovery=[None, 0.4]
    )
    assert cl.run_payment_date(deal, state_of(), defaulted).state.accounts["unfunded"] == 0.0


def test_the_semiannual_share_is_of_loans_with_own_payment_dates() -> None:
    seldom = tape(
        par=[300e6, 100e6, 94e6],
        payment_frequency_months=[3, 6, None],
        next_payment=["2026-02-01", "2026-03-01", None],
    )
    paid = {}
    for timing in ("dated", "period"):
        document = deal_of({"cash_timing": timing}).to_dict()
        retained = {"retain": "all", "amount": "0.0001 * performing_par * semiannual_share"}
        document["waterfalls"]["interest"].insert(0, retained)
        first = next(cl.run_payment_date(cl.Deal.from_dict(document), state_of(), seldom).ledger.rows())
        paid[timing] = first["paid"]
    assert paid["dated"] == pytest.approx(0.0001 * 100e6, abs=1e-9)
    assert paid["period"] == 0.0


READ: list[tuple[str, dict[str, Any], float]] = [
    ("0.0001 * liquidation_value", {"liquidation_value": 470e6}, 47_000.0),
    ("0.0001 * performing_par * semiannual_share", {"semiannual_share": "12.5%"}, 6_175.0),
    ("0.01 * unfunded", {"unfunded": 4e6}, 40_000.0),
    ("0.5 * interest_by_frequency(6)", {"interest_by_frequency": {6: 1_200_000, 3: 7e6}}, 600_000.0),
    (
        "0.001 * performing_par * market_spread('B')",
        {"market_spreads": {"A": "110bp", "B": "165bp"}},
        8_151.0,
    ),
]


@pytest.mark.parametrize(("amount", "readings", "kept"), READ)
def test_a_date_reads_what_its_state_says(amount: str, readings: dict[str, Any], kept: float) -> None:
    document = deal_of().to_dict()
    document["waterfalls"]["interest"].insert(0, {"retain": "all", "amount": amount})
    deal, report = cl.Deal.from_dict(document), {"performing_par": 494e6}
    state = state_of(report, readings=readings)
    assert cl.DealState.from_yaml(state.to_yaml()) == state
    assert cl.DealState.from_json(state.canonical_json()) == state
    date = cl.run_payment_date(deal, state)
    assert next(date.ledger.rows())["paid"] == pytest.approx(kept, abs=1e-9)
    found = reference.run_payment_date(deal.to_canonical(), state.to_canonical())
    ours = {name: list(getattr(date, name).rows()) for name in ("fees", "ledger")}
    assert not list(differences(ours, found, par=500e6, tables=("fees",)))
    assert found["accounts"]["interest"] == pytest.approx(kept, abs=1e-9)
    # The figures are of this date alone.
    assert "readings" not in date.state.to_dict()
    with pytest.raises(cl.DealError) as error:
        cl.run_payment_date(deal, state_of(report))
    [problem] = error.value.problems
    assert problem.place == "waterfalls.interest[0].amount"
    assert f"expected state.readings.{next(iter(readings))}" in problem.message


@pytest.mark.parametrize(
    ("when", "readings"),
    [
        ("market_spread('A') < 2%", {"market_spreads": {"A": 0.01}}),
        ("semiannual_share < 0.5", {"semiannual_share": 0.1}),
        ("liquidation_value < 1_000", {"liquidation_value": 400e6}),
        ("unfunded < 1_000", {"unfunded": 0}),
    ],
)
def test_a_coupon_reads_them_too(when: str, readings: dict[str, Any]) -> None:
    document = deal_of().to_dict()
    terms = next(note for note in document["notes"] if note["name"] == "D")
    terms["coupon"]["step_up"] = [{"when": when, "spread": 0.05}]
    deal = cl.Deal.from_dict(document)
    with pytest.raises(cl.DealError) as error:
        cl.run_payment_date(deal, state_of({"performing_par": 405e6}))
    assert [place for place, _ in error.value.problems] == ["notes.D.coupon.step_up[0].when"]
    after = cl.run_payment_date(deal, state_of({"performing_par": 405e6}, readings=readings)).state
    assert list(after.notes["D"].steps_in_force) == ([] if "liquidation" in when else [0])


def test_what_a_state_says_wrongly_of_readings_is_told_with_its_place() -> None:
    wrong = {
        "semiannual_share": 12.5,
        "unfunded": -1,
        "interest_by_frequency": {5: 1.0},
        "market_spreads": {"A": 1.10},
        "liquidation": 1,
    }
    with pytest.raises(cl.DealError) as error:
        state_of({"performing_par": 494e6}, readings=wrong)
    places = [problem.place for problem in error.value.problems]
    assert sorted(places) == [
        "readings.interest_by_frequency[5]",
        "readings.liquidation",
        "readings.market_spreads.A",
        "readings.semiannual_share",
        "readings.unfunded",
    ]
    with pytest.raises(cl.DealError, match=r"state.readings.market_spreads.A-1: unknown note; known: A, B"):
        cl.run_payment_date(
            deal_of(), state_of({"performing_par": 494e6}, readings={"market_spreads": {"A-1": 0.01}})
        )


def test_the_rules_are_those_of_the_document_in_force() -> None:
    pool = tape(par=[400e6, 100e6], purchase_price=[1.0, 0.75], market_price=[0.98, 0.80])
    document = deal_of(discount={"below": 0.80}).to_dict()
    amendment = {"amend": {"collateral.discount.below": 0.70}}
    numerators = []
    # An amendment rules from the period after its payment date on.
    for date in ("2025-10-20", "2026-01-20"):
        deal = cl.Deal.from_dict(document | {"events": [amendment | {"date": date}]})
        numerators.append(next(cl.run_payment_date(deal, state_of(), pool).tests.rows())["numerator"])
    assert numerators == [506e6, 481e6]
