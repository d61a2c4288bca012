"""The points on which indentures differ: the default of each, and every alternative, by hand and beside the reference.

On the one date A is 100 at 8 % (due 2 a quarter), B 50 at 12 % (due 1.5), the collateral 200 at par, the accrual period
90 days of 30/360 and 91 calendar days. Left out are the rating factors and formulas of S&P's monitor, the timings of
agencies, and the capital factors of NAIC and Solvency II: they are files of the user, no rules of a deal.
"""

from typing import Any

import numpy as np
import pytest

from cloche.tape.statistics import diversity_score
from cloche.testing import reference
from cloche.testing.strategies import Case
from engine import crossing
from engine.agreement import differences
from reference import one_date, tiny
from reference.one_date import A_OC, IC, OC, RESIDUAL, SEQUENCE, A, B, coverage, cure, fee, interest, paid

Document = dict[str, Any]
approx = pytest.approx

X: Document = {
    "name": "X",
    "balance": 10.0,
    "interest_rank": 1,
    "coupon": {"fixed": 0.08},
    "amortization": {"payments": 5},
}
SUB = one_date.SUB


def pay(**terms: Any) -> dict[str, Any]:
    """Pay the one date with the engine, as the reference does."""
    terms.setdefault("interest_steps", [interest("A"), interest("B"), RESIDUAL])
    rules = terms.pop("rules", {})
    document, state = one_date.documents(**terms)
    document["collateral"] = rules
    ours = crossing.run_payment_date(document, state)
    theirs = reference.run_payment_date(document, state)
    expected = {**theirs, "cashflows": theirs["notes"]}
    assert not list(differences(ours, expected, par=200.0, tables=("tests", "cashflows", "fees")))
    ours["notes"] = ours["cashflows"]
    return ours


def project(deal: Document | None = None, loan: Document | None = None, **scenario: Any) -> dict[str, Any]:
    """Project the tiny deal with the engine, as the reference does."""
    loans = [
        {"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **tiny.loan_of(**(loan or {}))}
    ]
    bought = {"price": {"kind": "constant", "value": 1.0}, "spread": {"kind": "constant", "value": 0.04}}
    case = Case(
        deal or tiny.deal_of(), loans, tiny.CLOSING, tiny.scenario_of(reinvestment=bought, **scenario)
    )
    ours = crossing.project(case)
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert not list(differences(ours, theirs, par=100.0))
    return ours


def numerator(test: str = "OC", **terms: Any) -> float:
    terms.setdefault("tests", [OC])
    return float(coverage(pay(**terms), test)["numerator"])


def denominator(test: str, **terms: Any) -> float:
    return float(coverage(pay(**terms), test)["denominator"])


@pytest.mark.parametrize(("counts", "owed"), [(False, 100.0), (True, 110.0)])
def test_class_x_in_overcollateralization(counts: bool, owed: float) -> None:
    terms = {"notes": [X, A, B, SUB], "tests": [A_OC], "conventions": {"x_in_oc": counts}}
    assert denominator("A OC", **terms) == approx(owed)


@pytest.mark.parametrize(("counts", "due"), [(True, 2.2), (False, 2.0)])
def test_class_x_in_interest_coverage(counts: bool, due: float) -> None:
    terms = {"notes": [X, A, B, SUB], "tests": [IC], "conventions": {"x_in_ic": counts}}
    assert denominator("IC", **terms) == approx(due)


@pytest.mark.parametrize(("ranks", "amounts"), [(False, (11.0, 0.0)), (True, (10.0, 1.0))])
def test_class_x_in_the_note_payment_sequence(ranks: bool, amounts: tuple[float, float]) -> None:
    result = pay(
        notes=[X, A, B, SUB],
        interest_steps=[interest("X", "A"), interest("B"), RESIDUAL],
        principal_steps=[SEQUENCE, RESIDUAL],
        collected=(3.7, 11.0),
        conventions={"x_in_sequence": ranks},
    )
    assert [paid(result, "pay_principal", name, "principal") for name in ("A", "X")] == approx(amounts)


@pytest.mark.parametrize(("counts", "owed"), [(True, 155.0), (False, 150.0)])
def test_deferred_interest_in_the_denominator(counts: bool, owed: float) -> None:
    states = {"B": {"deferred_interest": 5.0}}
    assert denominator("OC", tests=[OC], states=states, conventions={"deferred_in_oc": counts}) == approx(
        owed
    )


@pytest.mark.parametrize(("rule", "amount"), [("proforma", 1 / 3), ("all_remaining", 0.99)])
def test_what_a_cure_of_interest_coverage_takes(rule: str, amount: float) -> None:
    # 2 less 2.99 / 1.5 must go, of a class that saves 0.02 a unit.
    steps = [interest("A"), cure("IC"), interest("B"), RESIDUAL]
    result = pay(interest_steps=steps, tests=[IC], collected=(2.99, 0.0), conventions={"ic_cure": rule})
    assert paid(result, "cure", "A") == approx(amount)


@pytest.mark.parametrize(
    ("base", "haircut"), [("collateral_principal_amount", 3.0), ("target_par", 5.0), (180.0, 6.0)]
)
def test_the_base_of_the_ccc_limit(base: str | float, haircut: float) -> None:
    # 30 at 50 %; a tenth of 240, cash included, of 200, or of 180.
    ccc = [{"id": "1", "par": 30.0, "market_price": 0.5}]
    found = numerator(
        par=170.0,
        collected=(3.5, 40.0),
        collateral={"ccc": ccc},
        rules={"ccc": {"limit": 0.1, "base": base}},
    )
    assert found == approx(240.0 - haircut)


AGENCIES = [
    {"id": "1", "par": 20.0, "market_price": 0.5, "agencies": ["sp"]},
    {"id": "2", "par": 15.0, "market_price": 0.8, "agencies": ["moodys"]},
]


@pytest.mark.parametrize(("rule", "haircut"), [("larger", 5.0), ("each", 6.0), ("sum", 11.0)])
def test_the_ccc_sets_of_several_agencies(rule: str, haircut: float) -> None:
    # A limit of 10: excesses of 10 at 50 % and 5 at 80 %; together 25, of which 20 at 50 %.
    found = numerator(
        par=165.0,
        collateral={"ccc": AGENCIES},
        rules={"ccc": {"limit": 0.05}},
        conventions={"ccc_agency_rule": rule},
    )
    assert found == approx(200.0 - haircut)


@pytest.mark.parametrize(("rule", "haircut"), [("fractional", 3.4), ("whole", 5.4)])
def test_the_last_asset_of_the_excess(rule: str, haircut: float) -> None:
    ccc = [{"id": "1", "par": 6.0, "market_price": 0.5}, {"id": "2", "par": 12.0, "market_price": 0.8}]
    found = numerator(
        par=182.0,
        collateral={"ccc": ccc},
        rules={"ccc": {"limit": 0.05}},
        conventions={"ccc_last_asset": rule},
    )
    assert found == approx(200.0 - haircut)


@pytest.mark.parametrize(("rule", "haircut"), [("lower", 10.0), ("excluded", 6.0)])
def test_discount_obligations_in_the_ccc_set(rule: str, haircut: float) -> None:
    # Of 30, 20 lie above the limit of 10: all of the first, at the lower of 50 % and 70 %; or it is no CCC asset.
    ccc = [
        {"id": "1", "par": 20.0, "market_price": 0.5, "purchase_price": 0.7},
        {"id": "2", "par": 10.0, "market_price": 0.9},
    ]
    found = numerator(
        par=170.0,
        collateral={"ccc": ccc},
        rules={"ccc": {"limit": 0.05}},
        conventions={"discount_in_ccc": rule},
    )
    assert found == approx(200.0 - haircut)


@pytest.mark.parametrize(
    ("price", "haircut"), [(0.95, 1.0), (0.999, 0.02), (1.0, 5.0), (1.02, 5.0), (None, 5.0)]
)
def test_a_ccc_asset_that_a_state_has_bought_below_par_is_a_discount_obligation(
    price: float | None, haircut: float
) -> None:
    # The report says so, whatever the thresholds of the deal: 20 at its price, out of the CCC assets. Bought at par it
    # is one: 10 above the limit of 10 at 50 %.
    bought = {} if price is None else {"purchase_price": price}
    found = numerator(
        par=180.0,
        collateral={"ccc": [{"id": "1", "par": 20.0, "market_price": 0.5, **bought}]},
        rules={"ccc": {"limit": 0.05}, "discount": {"below": 0.80, "weak_below": 0.85, "restore": 0.90}},
        conventions={"discount_in_ccc": "excluded"},
    )
    assert found == approx(200.0 - haircut)


def capped(**cap: Any) -> dict[str, Any]:
    admin = {"name": "admin", "amount_per_period": 3.0, "cap": {"fixed_per_year": 4.0, **cap}}
    return pay(
        interest_steps=[fee("admin", "capped"), interest("A"), interest("B"), RESIDUAL],
        fees=[admin],
        fee_states={"admin": {"unused_cap": [0.5]}} if cap.get("carry_over") else {},
        collected=(9.0, 0.0),
    )


@pytest.mark.parametrize(("dates", "amount"), [(0, 1.0), (1, 1.5)])
def test_unused_room_of_the_expense_cap(dates: int, amount: float) -> None:
    result = capped(day_count="30/360", carry_over=dates)
    assert paid(result, "pay_fee", "admin") == approx(amount)


@pytest.mark.parametrize(
    ("count", "amount"), [(None, 4 * 91 / 360), ("30/360", 1.0), ("act/365", 4 * 91 / 365)]
)
def test_the_day_count_of_the_expense_cap(count: str | None, amount: float) -> None:
    cap = {} if count is None else {"day_count": count}
    assert paid(capped(**cap), "pay_fee", "admin") == approx(amount)


@pytest.mark.parametrize(("count", "amount"), [(None, 16 * 91 / 360), ("30/360", 4.0)])
def test_the_day_count_of_a_fee(count: str | None, amount: float) -> None:
    senior = {"name": "senior", "rate": 0.04, "base": "fee_basis"}
    if count is not None:
        senior["day_count"] = count
    steps = [fee("senior"), interest("A"), interest("B"), RESIDUAL]
    assert paid(
        pay(interest_steps=steps, fees=[senior], collected=(9.0, 0.0)), "pay_fee", "senior"
    ) == approx(amount)


TENTH = {"kind": "constant", "value": 1 - 0.9**4}
"""A yearly rate of a tenth a quarter."""


@pytest.mark.parametrize(("date", "base"), [(None, 100.0), ("period_end", 90.0), ("average", 95.0)])
def test_the_date_on_which_a_fee_is_based(date: str | None, base: float) -> None:
    senior: Document = {"name": "senior", "rate": 0.01, "base": "performing_par", "day_count": "30/360"}
    if date is not None:
        senior["base_date"] = date
    deal = tiny.deal_of(fees=[senior])
    deal["waterfalls"]["interest"].insert(0, {"verb": "pay_fee", "fees": [["senior"]], "part": "all"})
    assert project(deal, cdr=TENTH)["fees"][0]["due"] == approx(0.0025 * base)


DIVERT: Document = {"verb": "divert", "test": "OC", "share": 0.5, "to": "principal"}


@pytest.mark.parametrize(("first", "amounts"), [(False, (1.0, 0.6, 0.4)), (True, (0.7, 0.6, 0.7))])
def test_the_subordinated_fee_and_the_diversion_test(first: bool, amounts: tuple[float, ...]) -> None:
    # 2.0 are left after the classes; T·D − N is 10.
    two = [fee("sub"), DIVERT] if first else [DIVERT, fee("sub")]
    result = pay(
        interest_steps=[interest("A"), interest("B"), *two, RESIDUAL],
        fees=[{"name": "sub", "amount_per_period": 0.6}],
        tests=[{**OC, "trigger": 1.4}],
        collected=(5.5, 0.0),
    )
    found = (
        paid(result, "divert", "principal account"),
        paid(result, "pay_fee", "sub"),
        paid(result, "pay_residual", "SUB"),
    )
    assert found == approx(amounts)


@pytest.mark.parametrize(
    ("to", "payee", "amount"),
    [("principal", "principal account", 1.34 * 150 - 200), ("notes", "A", 150 - 200 / 1.34)],
)
def test_what_diverted_interest_does(to: str, payee: str, amount: float) -> None:
    steps = [interest("A"), interest("B"), {**DIVERT, "share": 1.0, "to": to}, RESIDUAL]
    result = pay(interest_steps=steps, tests=[{**OC, "trigger": 1.34}], collected=(5.5, 0.0))
    assert paid(result, "divert", payee) == approx(amount)


@pytest.mark.parametrize(("step", "passes"), [(None, False), (0.001, True), (0.01, False)])
def test_ratios_that_are_rounded(step: float | None, passes: bool) -> None:
    # 200.2 / 150 is 1.33467: 1.335 to a tenth of a percent, 1.33 to a whole one.
    test = {**OC, "trigger": 1.335, **({} if step is None else {"round": step})}
    assert coverage(pay(par=200.2, tests=[test]), "OC")["passes"] is passes


@pytest.mark.parametrize(("inside", "collected"), [(False, 2.3), (True, 2.25)])
def test_the_credit_spread_adjustment_and_the_floor(inside: bool, collected: float) -> None:
    # Index 4 %, floor 5 %, adjustment 0.2 %, spread 4 %.
    loan = {"floor": 0.05, "csa": 0.002, "csa_in_floor": inside}
    assert project(loan=loan)["collateral"][0]["interest_collected"] == approx(collected)


@pytest.mark.parametrize(
    ("rule", "trigger", "amount"),
    [
        ("controlling", 1.25, 0.0),
        ("tests_hold", 1.25, 1.5),
        ("tests_hold", 1.395, 0.0),
        ("always", 1.395, 1.5),
    ],
)
def test_interest_of_a_deferrable_class_from_principal(rule: str, trigger: float, amount: float) -> None:
    # 210 / 150 holds at both; 208.5 / 150 only at the lower.
    result = pay(
        interest_steps=[interest("A"), cure("OC"), interest("B"), RESIDUAL],
        principal_steps=[interest("B"), {"verb": "retain"}],
        tests=[{**OC, "trigger": trigger}],
        collected=(2.0, 10.0),
        conventions={"interest_from_principal": rule},
    )
    assert paid(result, "pay_interest", "B", "principal") == approx(amount)


@pytest.mark.parametrize(("share", "bought"), [(0.0, 0.0), (0.5, 5.0)])
def test_the_share_that_is_reinvested_after_the_period(share: float, bought: float) -> None:
    deal = tiny.deal_of()
    step = {
        "verb": "reinvest",
        "of": "unscheduled",
        "share": "post_period_share",
        "when": "after_reinvestment",
    }
    deal["waterfalls"]["principal"].insert(0, step)
    result = project(deal, cpr=TENTH, post_period_share=share)
    assert result["collateral"][0]["purchase_cost"] == approx(bought)


@pytest.mark.parametrize(("rule", "collected"), [("none", 1.8), ("half", 1.9), ("full", 2.0)])
def test_interest_of_the_period_of_a_default(rule: str, collected: float) -> None:
    deal = tiny.deal_of(conventions={"interest_on_default_period": rule})
    assert project(deal, cdr=TENTH)["collateral"][0]["interest_collected"] == approx(collected)


@pytest.mark.parametrize(("bears", "collected"), [(True, [2.0, 2.02, 2.0402]), (False, [2.0, 2.0, 2.0])])
def test_interest_on_capitalized_interest(bears: bool, collected: list[float]) -> None:
    # 8 % in cash and 4 % capitalized on 100, then on 101 and 102.01 where that bears interest.
    deal = tiny.deal_of(conventions={"interest_on_pik": bears})
    result = project(deal, {"pik_spread": 0.04})
    assert [row["interest_collected"] for row in result["collateral"]][:3] == approx(collected)
    assert [row["performing_par"] for row in result["collateral"]][:3] == [100.0] * 3


@pytest.mark.parametrize(("rule", "amount"), [("par_and_market", 194.0), ("adjusted", 187.75)])
def test_the_numerator_of_the_default_ratio(rule: str, amount: float) -> None:
    # 170 and 20 of CCC at 50 %, 10.5 above the limit; 10 in default, worth 40 % in the market and 30 % recovered.
    found = numerator(
        "EoD",
        par=170.0,
        tests=[{"name": "EoD", "kind": "eod_par_ratio", "through": "A", "trigger": 1.0}],
        collateral={
            "ccc": [{"id": "1", "par": 20.0, "market_price": 0.5}],
            "defaulted": [{"par": 10.0, "market_price": 0.4, "recovery": 0.3, "years_since_default": 0.5}],
        },
        rules={"ccc": {"limit": 0.05}, "defaulted_value": "lesser_of_market_and_recovery"},
        conventions={"eod_numerator": rule},
    )
    assert found == approx(amount)


@pytest.mark.parametrize(("first", "begins"), [(None, 1), ("first_determination", 0)])
def test_the_first_date_of_interest_coverage(first: str | None, begins: int) -> None:
    test: Document = {"name": "IC", "kind": "ic", "through": "A", "trigger": 1.2}
    if first is not None:
        test["first_date"] = first
    rows = project(tiny.deal_of(tests=[test]))["tests"]
    assert [row["passes"] for row in rows[:2]] == [True if begins == 0 else None, True]


@pytest.mark.parametrize(("rule", "amount"), [(None, 1.0), ({"fixed": 0.08}, 1.02)])
def test_interest_on_unpaid_fees(rule: Document | None, amount: float) -> None:
    sub: Document = {"name": "sub", "amount_per_period": 0.0, "day_count": "30/360"}
    if rule is not None:
        sub["unpaid_interest"] = rule
    result = pay(
        interest_steps=[interest("A"), interest("B"), fee("sub"), RESIDUAL],
        fees=[sub],
        fee_states={"sub": {"unpaid": 1.0}},
        collected=(9.0, 0.0),
    )
    assert paid(result, "pay_fee", "sub") == approx(amount)


INSTALMENT: Document = {"verb": "pay_amortization", "notes": [["X"]]}


@pytest.mark.parametrize(("together", "amounts"), [(True, (1.5, 1.5)), (False, (2.0, 1.0))])
def test_instalments_of_class_x_beside_the_interest_of_a(
    together: bool, amounts: tuple[float, float]
) -> None:
    # A is due 2 and the instalment is 2; 3 are there.
    both = [interest("A"), INSTALMENT]
    steps = [{"verb": "pay_pari_passu", "steps": both}] if together else both
    result = pay(
        notes=[X, A, B, SUB],
        interest_steps=[*steps, interest("B"), interest("X"), RESIDUAL],
        states={"X": {"amortization_due": 2.0}},
        collected=(3.0, 0.0),
    )
    assert next(row["interest_paid"] for row in result["notes"] if row["note"] == "A") == approx(amounts[0])
    assert next(row["principal_paid"] for row in result["notes"] if row["note"] == "X") == approx(amounts[1])


@pytest.mark.parametrize(("mode", "haircut"), [("per_asset", 4.4), ("per_portion", 5.2)])
def test_a_discount_obligation_that_is_partly_in_the_excess(mode: str, haircut: float) -> None:
    ccc = [{"id": "1", "par": 20.0, "market_price": 0.7, "purchase_price": 0.78}]
    found = numerator(
        par=180.0, collateral={"ccc": ccc}, rules={"ccc": {"limit": 0.05}}, conventions={"overlap_mode": mode}
    )
    assert found == approx(200.0 - haircut)


@pytest.mark.parametrize(("rule", "amount"), [("uncommitted", 10.0), ("undesignated", 0.0)])
def test_principal_that_is_available_in_the_reinvestment_period(rule: str, amount: float) -> None:
    result = pay(
        interest_steps=[interest("A"), interest("B"), RESIDUAL],
        principal_steps=[
            cure("OC"),
            {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
            SEQUENCE,
            RESIDUAL,
        ],
        tests=[{**OC, "trigger": 1.5}],
        collected=(3.5, 10.0),
        conventions={"principal_available_in_rp": rule},
    )
    assert paid(result, "cure", "A", "principal") == approx(amount)


@pytest.mark.parametrize(("table", "score"), [("exact", 2 + 1 / 30 + 1), ("printed", 3.0333)])
def test_the_table_of_diversity_scores(table: Any, score: float) -> None:
    # Four companies of one industry: 0.1 counts 0.1 units, three count one each; five fill up to an average of one.
    names = ["a", "b", "c", "d", "e"]
    par = np.array([1.0, 1.0, 1.0, 0.1, 1.9])
    found = diversity_score(names, ["food"] * 4 + ["steel"], par, table=table)
    assert found == approx(score, abs=1e-12)


@pytest.mark.parametrize(
    ("roll", "date", "days"), [("following", "2025-06-02", 94), ("modified_following", "2025-05-30", 91)]
)
def test_the_roll_of_payment_dates(roll: str, date: str, days: int) -> None:
    # 31 May 2025 is a Saturday; 28 February 2025 is a Friday.
    coupon = {"index": "sofr_3m", "spread": 0.02}
    dates = {
        "first_payment": "2025-02-28",
        "end_of_month": True,
        "stated_maturity": "2026-02-28",
        "roll": roll,
        "calendars": [],
    }
    rows = project(tiny.deal_of(dates=dates, notes=[{**tiny.A, "coupon": coupon}, tiny.SUB]))["cashflows"]
    row = [row for row in rows if row["note"] == "A"][1]
    assert (row["date"].isoformat(), row["interest_due"]) == (date, approx(60 * 0.06 * days / 360))


@pytest.mark.parametrize(("counts", "amount"), [(False, 0.0), (True, 2.75)])
def test_deferrals_of_the_date_in_its_denominators(counts: bool, amount: float) -> None:
    # 211 / 150 holds at 1.4; with the 1.5 that B defers, (1.4 · 151.5 − 211) / 0.4 is needed.
    result = pay(
        par=191.0,
        principal_steps=[cure("OC"), {"verb": "retain"}],
        tests=[{**OC, "trigger": 1.4}],
        collected=(2.0, 20.0),
        conventions={"same_date_deferrals_in_oc": counts},
    )
    assert paid(result, "cure", "A", "principal") == approx(amount)


@pytest.mark.parametrize(("counts", "amount"), [(True, 2.0), (False, 0.0)])
def test_instalments_of_class_x_among_the_shortfalls(counts: bool, amount: float) -> None:
    both = {"verb": "pay_pari_passu", "steps": [interest("A"), INSTALMENT]}
    result = pay(
        notes=[X, A, B, SUB],
        interest_steps=[both, interest("B"), interest("X"), RESIDUAL],
        principal_steps=[{"verb": "pay_shortfalls", "through": "A"}, {"verb": "retain"}],
        states={"X": {"amortization_due": 2.0}},
        collected=(0.0, 10.0),
        conventions={"x_in_shortfall": counts},
    )
    assert next(row["principal_paid"] for row in result["notes"] if row["note"] == "X") == approx(amount)
    assert next(row["interest_paid"] for row in result["notes"] if row["note"] == "A") == approx(2.0)


@pytest.mark.parametrize(("form", "stand"), [("ledger", (50.0, 1.5)), ("capitalized", (51.5, 0.0))])
def test_the_form_of_deferred_interest(form: str, stand: tuple[float, float]) -> None:
    result = pay(collected=(2.0, 0.0), conventions={"deferred_form": form})
    row = next(row for row in result["notes"] if row["note"] == "B")
    assert (row["end_balance"], row["deferred_balance"]) == approx(stand)


@pytest.mark.parametrize(("timing", "collected"), [("dated", 100 * 0.08 * 78 / 360), ("period", 2.0)])
def test_the_timing_of_cash(timing: str, collected: float) -> None:
    # Eight business days before 15 April 2025 is the 3rd: 78 days of 30/360 after closing.
    deal = tiny.deal_of(
        dates={"determination": {"business_days_before": 8}}, conventions={"cash_timing": timing}
    )
    assert project(deal)["collateral"][0]["interest_collected"] == approx(collected)


@pytest.mark.parametrize(
    ("pays", "payee"),
    [({}, "A"), ({"pay_notes": [["B"]]}, "B"), ({"pay": "buy"}, "principal account")],
)
def test_what_a_cure_pays(pays: Document, payee: str) -> None:
    result = pay(
        interest_steps=[interest("A"), interest("B"), cure("OC", **pays), RESIDUAL],
        tests=[{**OC, "trigger": 1.4}],
        collected=(4.0, 0.0),
    )
    assert paid(result, "cure", payee) == approx(0.5)


@pytest.mark.parametrize(("rule", "collected"), [("full", 2.0), ("half", 1.9), ("none", 1.8)])
def test_interest_of_prepaid_par(rule: str, collected: float) -> None:
    deal = tiny.deal_of(conventions={"interest_on_prepaid_period": rule})
    assert project(deal, cpr=TENTH)["collateral"][0]["interest_collected"] == approx(collected)


@pytest.mark.parametrize(
    ("rule", "due"),
    [("compound", [0.4, 0.408, 0.41616]), ("simple", [0.4, 0.408, 0.416]), ("none", [0.4, 0.4, 0.4])],
)
def test_interest_on_deferred_interest(rule: str, due: list[float]) -> None:
    # B is 20 at 8 %, and nobody pays it: 2 % a quarter of what bears interest.
    second = {
        **tiny.A,
        "name": "B",
        "balance": 20.0,
        "interest_rank": 2,
        "principal_rank": 2,
        "deferrable": True,
    }
    second["coupon"] = {"fixed": 0.08}
    deal = tiny.deal_of(
        notes=[tiny.A, second, {**tiny.SUB, "balance": 20.0}], conventions={"interest_on_unpaid": rule}
    )
    rows = project(deal)["cashflows"]
    assert [row["interest_due"] for row in rows if row["note"] == "B"][:3] == approx(due)
