"""Facts that hold for the reference on generated deals, tapes, scenarios and states."""

import copy
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cloche.testing import invariants, strategies
from cloche.testing.reference import project, run_payment_date
from cloche.testing.strategies import PAR, Case

generated = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def run(case: Case) -> dict[str, Any]:
    return project(case.deal, case.loans, case.as_of, case.scenario)


def opening_par(case: Case) -> float:
    performing = [loan for loan in case.loans if loan["default_date"] is None]
    return float(sum(loan["par"] + (loan["par_unfunded"] or 0.0) for loan in performing))


@generated
@given(strategies.cases())
def test_cash_is_conserved_on_every_date(case: Case) -> None:
    result = run(case)
    assert result["conservation_error"] <= 1e-9
    invariants.cash_conserved(result["ledger"], result["collateral"], par=PAR)
    invariants.ledger_is_continuous(result["ledger"], par=PAR)


@generated
@given(strategies.cases() | strategies.cases(features=["unfunded"]))
def test_par_is_conserved_from_date_to_date(case: Case) -> None:
    result = run(case)
    invariants.pool_conserved(result["collateral"], opening_par=opening_par(case), par=PAR)


@generated
@given(strategies.cases())
def test_balances_and_unpaid_interest_continue(case: Case) -> None:
    result = run(case)
    invariants.balances_continue(result["cashflows"], case.deal, par=PAR)
    invariants.interest_is_paid_deferred_or_overdue(result["cashflows"], case.deal, par=PAR)


@generated
@given(strategies.cases())
def test_classes_are_paid_in_their_order(case: Case) -> None:
    result = run(case)
    invariants.pari_passu_proportional(result["cashflows"], case.deal)
    invariants.no_principal_out_of_order(result["cashflows"], case.deal, par=PAR)
    invariants.losses_from_the_bottom(result["cashflows"], case.deal, par=PAR)


@generated
@given(strategies.cases())
def test_funded_cures_restore_the_ratio(case: Case) -> None:
    assume(not case.deal["conventions"].get("x_in_oc"))
    result = run(case)
    invariants.funded_cures_restore_the_ratio(result["ledger"], result["tests"])


@generated
@given(strategies.cases(), st.sampled_from([0.5, 2.0, 1024.0]))
def test_scaling_all_money_scales_all_results(case: Case, factor: float) -> None:
    larger = Case(*copy.deepcopy((case.deal, case.loans, case.as_of, case.scenario)))
    larger.deal["target_par"] *= factor
    for note in larger.deal["notes"]:
        note["balance"] *= factor
    for key in larger.deal["closing"]:
        larger.deal["closing"][key] *= factor
    for fee in larger.deal["fees"]:
        for part in (fee, fee.get("cap", {})):
            for key in ("amount_per_period", "fixed_per_year"):
                if key in part:
                    part[key] *= factor
        for tier in fee.get("tiers", ()):
            if tier.get("up_to") is not None:
                tier["up_to"] *= factor
    for loan in larger.loans:
        loan["par"] *= factor
        if loan["original_par"] is not None:
            loan["original_par"] *= factor
    first, second = run(case), run(larger)
    columns = ["interest_paid", "principal_paid", "deferred_balance", "end_balance"]
    invariants.scaled(first["cashflows"], second["cashflows"], factor, columns)


@generated
@given(strategies.sound_cases())
def test_a_sound_deal_pays_every_class_in_full(case: Case) -> None:
    result = run(case)
    assert all(row["passes"] in {True, None} for row in result["tests"])
    invariants.all_paid_in_full(result["cashflows"], case.deal, par=PAR)


@generated
@given(strategies.cases())
def test_the_order_of_the_tape_does_not_matter(case: Case) -> None:
    turned = project(case.deal, list(reversed(case.loans)), case.as_of, case.scenario)
    assert turned["cashflows"] == run(case)["cashflows"]


@generated
@given(strategies.cases())
def test_numerator_and_cushions_on_the_first_date_fall_as_defaults_rise(case: Case) -> None:
    numerators, cushions = [], []
    low = {"kind": "constant", "value": 0.3}  # below every price, so that a default never lifts a value
    loans = [{**loan, "recovery": None} for loan in case.loans]
    for rate in (0.0, 0.1, 0.4, 1.0):
        cdr = {"kind": "constant", "value": rate}
        result = project(case.deal, loans, case.as_of, {**case.scenario, "cdr": cdr, "recovery": low})
        numerators.append(result["collateral"][0]["oc_numerator"])
        first = result["tests"][: len(case.deal["tests"])]
        cushions.append([row["cushion_amount"] for row in first if row["kind"] == "oc"])
    assert all(later <= earlier + 1e-9 * PAR for earlier, later in pairwise(numerators))
    for earlier, later in pairwise(cushions):
        assert all(b <= a + 1e-9 * PAR for a, b in zip(earlier, later, strict=True))


@generated
@given(strategies.cases())
def test_defaults_by_period_are_the_defaults_by_date_of_that_step(case: Case) -> None:
    scenario = {**case.scenario, "cdr": None}
    named = project(case.deal, case.loans, case.as_of, scenario)
    steps = {}
    for obligor, text in case.scenario["defaults"].items():
        number = next(
            (period.number for period in named["schedule"] if text <= period.unadjusted_end.isoformat()), None
        )
        if number is None or text[8:] == "31":
            assume(False)
        steps[obligor] = number
    again = project(case.deal, case.loans, case.as_of, {**scenario, "defaults": {}}, steps)
    assert again["cashflows"] == named["cashflows"]


@generated
@given(st.data())
def test_every_generated_state_is_paid_and_conserved(data: st.DataObject) -> None:
    deal = data.draw(strategies.deals())
    state = data.draw(strategies.payment_states(deal))
    result = run_payment_date(deal, state)
    assert result["conservation_error"] <= 1e-9 * PAR
    invariants.ledger_is_continuous(result["ledger"], par=PAR)
    paid = {row["note"]: row for row in result["notes"]}
    for name, note in state["notes"].items():
        assert paid[name]["principal_paid"] <= note["balance"] * (1 + 1e-12)
    if not deal["conventions"].get("x_in_oc"):
        invariants.funded_cures_restore_the_ratio(result["ledger"], result["tests"])


@generated
@given(strategies.cases(features=True))
def test_cash_and_balances_hold_with_every_feature(case: Case) -> None:
    result = run(case)
    assert result["conservation_error"] <= 1e-9
    invariants.ledger_is_continuous(result["ledger"], par=PAR)
    invariants.balances_continue(result["cashflows"], case.deal, par=PAR)
    invariants.interest_is_paid_deferred_or_overdue(result["cashflows"], case.deal, par=PAR)


@generated
@given(st.data())
def test_a_whole_last_asset_and_portions_never_raise_the_numerator(data: st.DataObject) -> None:
    deal = data.draw(strategies.deals(conventions=False))
    state = data.draw(strategies.payment_states(deal))
    plain = run_payment_date(deal, state)["measure"]
    for convention in ({"ccc_last_asset": "whole"}, {"overlap_mode": "per_portion"}):
        other = run_payment_date({**deal, "conventions": convention}, state)["measure"]
        assert other["oc_numerator"] <= plain["oc_numerator"] + 1e-9 * PAR


@generated
@given(st.data())
def test_every_state_is_paid_with_every_feature(data: st.DataObject) -> None:
    # What only a run knows has no place in a payment date from a state.
    features = [name for name in strategies.FEATURES if name != "run_quantities"]
    deal = data.draw(strategies.deals(features=features))
    state = data.draw(strategies.payment_states(deal))
    result = run_payment_date(deal, state)
    assert result["conservation_error"] <= 1e-9 * PAR
    invariants.ledger_is_continuous(result["ledger"], par=PAR)
