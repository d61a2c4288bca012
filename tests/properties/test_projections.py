"""Facts that hold for every projection of the engine, on generated deals, tapes and scenarios."""

import copy
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cloche as cl
from cloche.testing import invariants, strategies
from cloche.testing.reference.dates import schedule
from cloche.testing.strategies import PAR, Case
from engine import crossing
from engine.test_against_reference import starts_late

generated = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    case = draw(strategies.cases())
    assume(not starts_late(case, schedule(case.deal, as_of=case.as_of)))
    return case


@generated
@given(cases())
def test_cash_is_conserved_on_every_date(case: Case) -> None:
    result = crossing.project(case)
    assert result["conservation_error"] <= 1e-9
    invariants.cash_conserved(result["ledger"], result["collateral"], par=PAR)


@generated
@given(cases())
def test_every_row_of_the_ledger_starts_where_the_one_before_ended(case: Case) -> None:
    invariants.ledger_is_continuous(crossing.project(case)["ledger"], par=PAR)


@generated
@given(cases())
def test_par_is_conserved_from_date_to_date(case: Case) -> None:
    performing = [loan for loan in case.loans if loan["default_date"] is None]
    opening = sum(loan["par"] + (loan["par_unfunded"] or 0.0) for loan in performing)
    invariants.pool_conserved(crossing.project(case)["collateral"], opening_par=opening, par=PAR)


@generated
@given(cases())
def test_balances_and_unpaid_interest_continue(case: Case) -> None:
    result = crossing.project(case)
    invariants.balances_continue(result["cashflows"], case.deal, par=PAR)
    invariants.interest_is_paid_deferred_or_overdue(result["cashflows"], case.deal, par=PAR)


@generated
@given(cases())
def test_junior_classes_take_losses_first(case: Case) -> None:
    invariants.losses_from_the_bottom(crossing.project(case)["cashflows"], case.deal, par=PAR)


@generated
@given(cases())
def test_pari_passu_classes_are_paid_in_proportion(case: Case) -> None:
    invariants.pari_passu_proportional(crossing.project(case)["cashflows"], case.deal)


@generated
@given(cases())
def test_no_principal_is_paid_out_of_order(case: Case) -> None:
    invariants.no_principal_out_of_order(crossing.project(case)["cashflows"], case.deal, par=PAR)


def constant(number: float) -> dict[str, Any]:
    return {"kind": "constant", "value": number}


@st.composite
def healthy_cases(draw: st.DrawFn) -> Case:
    """Cases without defaults, with every price at par and OC tests that pass at closing."""
    case = draw(cases())
    deal, scenario = copy.deepcopy(case.deal), copy.deepcopy(case.scenario)
    opening = sum(loan["par"] for loan in case.loans)
    loans = [
        {
            **loan,
            "par": loan["par"] * PAR / opening,
            "original_par": None,
            "market_price": 1.0,
            "purchase_price": 1.0,
            "default_date": None,
        }
        for loan in case.loans
    ]
    ranks = {note["name"]: note.get("principal_rank") for note in deal["notes"]}
    for test in deal["tests"]:
        if test["kind"] == "oc":
            last = ranks[test["through"]]
            owed = sum(
                n["balance"] for n in deal["notes"] if n.get("principal_rank") and ranks[n["name"]] <= last
            )
            assume(owed < PAR)
            test["trigger"] = 1.0 + 0.9 * (PAR / owed - 1.0)
    scenario |= {"cdr": constant(0.0), "defaults": {}, "liquidation_price": 1.0}
    scenario["reinvestment"] |= {"price": constant(1.0), "pd": 0.0}
    return Case(deal, loans, case.as_of, scenario)


def interest_suffices(result: dict[str, Any], deal: dict[str, Any]) -> bool:
    """Tell whether interest covers fees, coupons and instalments on every date, and no IC test fails."""
    hurdles = {fee["name"] for fee in deal["fees"] if fee.get("hurdles")}
    needs: dict[Any, float] = {}
    for row in result["fees"]:
        needs[row["date"]] = needs.get(row["date"], 0.0) + (0.0 if row["fee"] in hurdles else row["due"])
    for row in result["cashflows"]:
        needs[row["date"]] += row["interest_due"]
    for note in deal["notes"]:
        plan = note.get("amortization")
        if plan:
            days = sorted(needs)
            if len(days) < plan["start"] + plan["payments"] - 1:
                return False
            for day in days[plan["start"] - 1 : plan["start"] + plan["payments"] - 1]:
                needs[day] += note["balance"] / plan["payments"]
    if any(row["passes"] is False for row in result["tests"] if row["kind"] == "ic"):
        return False
    return all(row["interest_collected"] >= needs[row["date"]] for row in result["collateral"])


@settings(generated, suppress_health_check=list(HealthCheck))
@given(healthy_cases())
def test_without_defaults_at_prices_of_par_and_with_passing_tests_every_class_is_paid_in_full(
    case: Case,
) -> None:
    deal = {**case.deal, "fees": case.deal["fees"] or [{"name": "taxes", "amount_per_period": 0.0}]}
    result = crossing.project(Case(deal, case.loans, case.as_of, case.scenario))
    assume(interest_suffices(result, deal))
    invariants.all_paid_in_full(result["cashflows"], deal, par=PAR)


def scale(case: Case, factor: float) -> Case:
    """Multiply every amount of money of a case."""
    larger = copy.deepcopy(case)
    larger.deal["target_par"] *= factor
    for note in larger.deal["notes"]:
        note["balance"] *= factor
    for key in larger.deal["closing"]:
        larger.deal["closing"][key] *= factor
    for fee in larger.deal["fees"]:
        for part in (fee, fee.get("cap", {})):
            for key in {"amount_per_period", "fixed_per_year"} & part.keys():
                part[key] *= factor
        for tier in fee.get("tiers", ()):
            if tier.get("up_to") is not None:
                tier["up_to"] *= factor
    for loan in larger.loans:
        for key in ("par", "original_par", "par_unfunded"):
            if loan.get(key) is not None:
                loan[key] *= factor
    return larger


@generated
@given(cases(), st.sampled_from([0.5, 2.0, 1024.0]))
def test_scaling_all_money_scales_all_results(case: Case, factor: float) -> None:
    first, second = crossing.project(case), crossing.project(scale(case, factor))
    flows = [
        "interest_due",
        "interest_paid",
        "deferred_balance",
        "principal_paid",
        "end_balance",
        "final_loss",
    ]
    invariants.scaled(first["cashflows"], second["cashflows"], factor, flows)
    invariants.scaled(first["fees"], second["fees"], factor, ["base", "due", "paid", "unpaid"])
    amounts = ["performing_par", "principal_cash", "interest_collected", "recoveries", "oc_numerator"]
    invariants.scaled(first["collateral"], second["collateral"], factor, amounts)


def bits(tables: Iterable[cl.Table]) -> list[Any]:
    """Return every column of some tables as it lies in memory."""
    found: list[Any] = []
    for table in tables:
        for values in table.to_numpy().values():
            numbers = np.asarray(values)
            found.append(numbers.tolist() if numbers.dtype == object else numbers.tobytes())
    return found


@settings(generated, max_examples=15)
@given(st.data(), st.integers(5, 40), st.integers(0, 1000))
def test_the_order_of_the_loans_changes_no_bit(data: st.DataObject, n: int, seed: int) -> None:
    deal = cl.templates.us_bsl(closing="2025-03-20", reinvestment_years=1.0, maturity_years=6.0)
    scenario = cl.Scenario(
        cdr=0.03, cpr=0.2, recovery=0.6, recovery_lag_months=6, rates=cl.RateCurve.flat(0.043)
    )
    table = cl.synthetic.loan_table(n=n, seed=seed).to_dict()
    order = data.draw(st.permutations(range(n)))
    turned = {name: [values[k] for k in order] for name, values in table.items()}
    runs = [
        cl.project(deal, cl.LoanPool.from_columns(columns, as_of="2025-03-20"), scenario)
        for columns in (table, turned)
    ]
    first, second = (bits([run.notes, run.cashflows, run.collateral, run.tests, run.ledger]) for run in runs)
    assert first == second


@generated
@given(cases())
def test_numerator_and_cushions_on_the_first_test_date_fall_as_defaults_rise(case: Case) -> None:
    numerators, cushions = [], []
    loans = [{**loan, "recovery": None} for loan in case.loans]
    low = constant(0.3)  # below every price, so that a default never lifts a value
    for rate in (0.0, 0.1, 0.4, 1.0):
        scenario = {**case.scenario, "cdr": constant(rate), "recovery": low}
        result = crossing.project(Case(case.deal, loans, case.as_of, scenario))
        numerators.append(result["collateral"][0]["oc_numerator"])
        first = result["tests"][: len(case.deal["tests"])]
        cushions.append([row["cushion_amount"] for row in first if row["kind"] == "oc"])
    assert all(later <= earlier + 1e-9 * PAR for earlier, later in pairwise(numerators))
    for earlier, later in pairwise(cushions):
        assert all(b <= a + 1e-9 * PAR for a, b in zip(earlier, later, strict=True))
