"""Undrawn loan commitments by hand: 80 at 8 % (1.6 a quarter) and 20 undrawn at a fee of 2 % (0.1 a quarter).

Quarters are 0.25 in 30/360. The index is 4 %; without a spread of cash below it, the 20 set aside earn 4 % act/360.
"""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cloche.testing import strategies
from cloche.testing.reference import project
from cloche.testing.strategies import Case
from reference.tiny import FIRST, RESIDUAL, Document, column, constant, deal_of, loan_of, run, scenario_of

approx = pytest.approx
generated = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

LOAN = loan_of(par=80.0, par_unfunded=20.0, unfunded_fee=0.02)
OWN: Document = {"next_payment": date(2025, 3, 1), "payment_frequency_months": 3}
"""Own dates 1 March, 1 June, …; the first period runs from closing: 15 January to 1 March are 46 days of 30/360."""
FIFTH = constant(1 - 0.8**4)
"""20 % a quarter."""


def ran(*loans: Document, deal: Document | None = None, **scenario: Any) -> dict[str, Any]:
    """A run in which cash earns nothing."""
    assumed = scenario_of(**{"cash_rate_spread": -0.04, **scenario})
    return run(*(loans or (LOAN,)), deal=deal, scenario=assumed)


def interest(*loans: Document, conventions: Document | None = None, **scenario: Any) -> list[float]:
    return column(ran(*loans, deal=deal_of(conventions=conventions or {}), **scenario), "interest_collected")


class TestCollectionPeriods:
    def test_interest_is_on_what_is_drawn_and_the_fee_on_what_is_not(self) -> None:
        result = ran()
        assert column(result, "interest_collected") == approx([1.7] * 4)
        assert column(result, "performing_par") == approx([100.0] * 3 + [0.0])
        assert column(result, "unfunded") == approx([20.0] * 3 + [0.0])
        # on the last date all is sold
        assert column(result, "sale_proceeds") == approx([0.0] * 3 + [100.0])

    def test_a_fee_is_none_if_the_tape_has_none(self) -> None:
        assert interest(loan_of(par=80.0, par_unfunded=20.0)) == approx([1.6] * 4)

    def test_a_draw_at_the_end_of_a_step_moves_par_and_pays_nothing(self) -> None:
        # 20 % a quarter: 20, 16, 12.8 undrawn; 80, 84, 87.2 drawn
        result = ran(draw_rate=1 - 0.8**4)
        assert column(result, "unfunded")[:3] == approx([16.0, 12.8, 10.24])
        assert column(result, "performing_par")[:3] == approx([100.0] * 3)
        assert column(result, "interest_collected")[:3] == approx([1.7, 1.68 + 0.08, 1.744 + 0.064])
        assert (
            column(result, "scheduled_principal")[:3] == column(result, "prepaid_principal")[:3] == [0.0] * 3
        )

    def test_draws_follow_the_convention_of_rates(self) -> None:
        result = ran(deal=deal_of(conventions={"rate_convention": "simple"}), draw_rate=0.4)
        assert column(result, "unfunded")[:2] == approx([18.0, 16.2])

    def test_all_is_drawn_at_a_rate_of_one(self) -> None:
        result = ran(draw_rate=1.0)
        assert column(result, "unfunded") == [0.0] * 4
        assert column(result, "interest_collected")[:2] == approx([1.7, 2.0])

    @pytest.mark.parametrize(
        ("usage", "defaulted", "released"), [(1.0, 20.0, 0.0), (0.4, 17.6, 2.4), (0, 16, 4)]
    )
    def test_a_default_draws_a_share_and_releases_the_rest(
        self, usage: float, defaulted: float, released: float
    ) -> None:
        # 20 % of 80 and of 20
        result = ran(cdr=FIFTH, recovery_lag_months=constant(0.0), usage_at_default=usage)
        assert column(result, "new_defaults")[:2] == approx([defaulted, 0.8 * defaulted])
        assert column(result, "scheduled_principal")[:2] == approx([released, 0.8 * released])
        assert column(result, "recoveries")[:2] == approx([0.4 * defaulted, 0.32 * defaulted])
        assert column(result, "performing_par")[:2] == approx([80.0, 64.0])
        assert column(result, "unfunded")[:2] == approx([16.0, 12.8])
        assert column(result, "interest_collected")[:2] == approx([0.8 * 1.7, 0.64 * 1.7])

    def test_a_whole_default_leaves_nothing(self) -> None:
        result = ran(defaults={"L1": "2025-03-01"}, usage_at_default=0.4)
        assert column(result, "new_defaults")[0] == approx(88.0)
        assert column(result, "scheduled_principal")[0] == approx(12.0)
        assert column(result, "performing_par")[0] == column(result, "unfunded")[0] == 0.0

    @pytest.mark.parametrize(("share", "part"), [("none", 0.0), ("half", 0.5), ("full", 1.0)])
    def test_defaulted_commitments_may_bear_their_share_of_the_fee(self, share: str, part: float) -> None:
        found = interest(conventions={"interest_on_default_period": share}, cdr=FIFTH, usage_at_default=0.4)
        assert found[0] == approx((0.8 + 0.2 * part) * 1.7)

    def test_prepayment_cancels_its_share_of_the_commitment(self) -> None:
        result = ran(cpr=FIFTH)
        assert column(result, "prepaid_principal")[:2] == approx([20.0, 16.0])
        assert column(result, "unfunded")[:2] == approx([16.0, 12.8])
        assert column(result, "interest_collected")[:2] == approx([1.7, 0.8 * 1.7])

    @pytest.mark.parametrize(("share", "kept"), [("half", 0.5), ("none", 0.0)])
    def test_prepaid_commitments_may_lose_the_fee_of_the_step(self, share: str, kept: float) -> None:
        found = interest(conventions={"interest_on_prepaid_period": share}, cpr=FIFTH)
        assert found[0] == approx(1.7 - (1 - kept) * 0.2 * 1.7)

    def test_a_draw_is_of_what_default_and_prepayment_leave(self) -> None:
        # 20 → 16 → 12.8 → 10.24 undrawn
        result = ran(cdr=FIFTH, cpr=FIFTH, draw_rate=1 - 0.8**4)
        assert column(result, "unfunded")[0] == approx(10.24)
        assert column(result, "prepaid_principal")[0] == approx(16.0)
        assert column(result, "performing_par")[0] == approx(64.0)

    def test_maturity_repays_what_is_drawn_and_releases_the_rest(self) -> None:
        result = ran({**LOAN, "maturity": date(2025, 7, 15)}, draw_rate=1 - 0.8**4)
        assert column(result, "scheduled_principal")[:2] == approx([0.0, 100.0])
        assert column(result, "unfunded")[:2] == approx([16.0, 0.0])

    def test_a_fee_runs_to_the_maturity_inside_a_step(self) -> None:
        loan = {**LOAN, "maturity": date(2025, 3, 1)}
        assert interest(loan)[0] == approx((80 * 0.08 + 20 * 0.02) * 46 / 360)

    def test_instalments_are_of_what_is_drawn(self) -> None:
        # a quarter of 80 a quarter, so the last on the fourth date
        result = ran({**LOAN, "amortization_rate": 1.0})
        assert column(result, "scheduled_principal")[:3] == approx([20.0] * 3)
        assert column(result, "performing_par")[:3] == approx([80.0, 60.0, 40.0])
        assert column(result, "interest_collected")[:3] == approx([1.7, 1.3, 0.9])

    def test_a_loan_whose_funded_par_is_repaid_lives_on_and_repays_what_is_drawn(self) -> None:
        # 80 repaid on the first date and 4 drawn; 4 repaid on the second and 3.2 drawn
        result = ran({**LOAN, "amortization_rate": 4.0}, draw_rate=1 - 0.8**4)
        assert column(result, "scheduled_principal")[:3] == approx([80.0, 4.0, 3.2])
        assert column(result, "unfunded")[:3] == approx([16.0, 12.8, 10.24])
        assert column(result, "interest_collected")[:3] == approx([1.7, 0.08 + 0.08, 0.064 + 0.064])

    def test_draws_and_instalments_keep_to_what_has_survived(self) -> None:
        # Half defaults at once: all is half of the run without defaults.
        loan = {**LOAN, "amortization_rate": 1.0}
        half = {"kind": "periods", "values": [1 - 0.5**4, 0.0]}
        whole, left = (ran(loan, cdr=cdr, draw_rate=0.3) for cdr in (constant(0.0), half))
        for name in ("scheduled_principal", "unfunded", "interest_collected"):
            assert column(left, name)[:3] == approx([0.5 * amount for amount in column(whole, name)[:3]])

    def test_a_loan_of_which_nothing_is_drawn(self) -> None:
        loan = loan_of(par=0.0, par_unfunded=100.0, unfunded_fee=0.02, amortization_rate=1.0)
        result = ran(loan, draw_rate=1 - 0.8**4)
        assert column(result, "interest_collected")[:2] == approx([0.5, 0.4 + 0.4])
        assert column(result, "scheduled_principal")[:3] == [0.0] * 3
        assert column(result, "unfunded")[:2] == approx([80.0, 64.0])

    def test_capitalized_interest_is_on_what_is_drawn(self) -> None:
        # 4 % on 80 is 0.8 a quarter: then 8 % and 4 % on 80.8
        loan = {**LOAN, "pik_spread": 0.04}
        assert interest(loan)[:3] == approx([1.7, 1.616 + 0.1, (80.8 + 0.808) * 0.02 + 0.1])

    def test_capitalized_interest_stays_while_a_commitment_is_left(self) -> None:
        # 80 repaid on the first date: K = 0.8 bears 2 % and 1 % a quarter until the loan matures
        loan = {**LOAN, "pik_spread": 0.04, "amortization_rate": 4.0, "maturity": date(2025, 7, 15)}
        assert interest(loan)[:2] == approx([1.7, 0.1 + 0.8 * 1.02 + 0.008])


class TestOwnDates:
    def test_an_own_period_pays_the_fee_on_its_last_day(self) -> None:
        stub = (80 * 0.08 + 20 * 0.02) * 46 / 360
        assert interest({**LOAN, **OWN})[:3] == approx([stub, 1.7, 1.7])

    def test_a_draw_on_an_own_date_raises_the_period_that_starts_there(self) -> None:
        # 1 March: 16 of 20 are left, 1 June 12.8
        result = ran({**LOAN, **OWN}, draw_rate=1 - 0.8**4)
        stub = (80 * 0.08 + 20 * 0.02) * 46 / 360
        assert column(result, "interest_collected")[:3] == approx(
            [stub, 84 * 0.02 + 0.08, 87.2 * 0.02 + 0.064]
        )
        assert column(result, "unfunded")[:3] == approx([16.0, 12.8, 10.24])

    def test_months_are_drawn_one_by_one(self) -> None:
        # 15 February, 15 March, 15 April: 10 % each of 20, 18, 16.2
        loan = {**LOAN, "next_payment": date(2025, 2, 15), "payment_frequency_months": 1}
        result = ran(loan, draw_rate=1 - 0.9**12)
        assert column(result, "unfunded")[0] == approx(14.58)
        paid = (80 + 82 + 83.8) * 0.08 / 12 + (20 + 18 + 16.2) * 0.02 / 12
        assert column(result, "interest_collected")[0] == approx(paid)

    def test_a_draw_comes_after_the_instalment_of_the_day(self) -> None:
        # 80 repaid on 1 March and 4 drawn, which the instalment of 1 June repays
        result = ran({**LOAN, **OWN, "amortization_rate": 4.0}, draw_rate=1 - 0.8**4)
        assert column(result, "scheduled_principal")[:3] == approx([80.0, 4.0, 3.2])

    def test_maturity_pays_the_fee_of_the_stub_and_releases_the_commitment(self) -> None:
        # drawn on 1 March and on 1 June; 14 days to 15 June
        loan = {**LOAN, **OWN, "maturity": date(2025, 6, 15)}
        result = ran(loan, draw_rate=1 - 0.8**4)
        stub = (87.2 * 0.08 + 12.8 * 0.02) * 14 / 360
        assert column(result, "interest_collected")[1] == approx(84 * 0.02 + 0.08 + stub)
        assert column(result, "scheduled_principal")[1] == approx(100.0)

    @pytest.mark.parametrize(("share", "kept"), [("full", 1.0), ("half", 0.5), ("none", 0.0)])
    def test_prepaid_commitments_pay_the_fee_that_has_accrued(self, share: str, kept: float) -> None:
        # 20 % on 15 April, 44 days after 1 March
        yearly = 80 * 0.08 + 20 * 0.02
        result = ran(
            {**LOAN, **OWN}, deal=deal_of(conventions={"interest_on_prepaid_period": share}), cpr=FIFTH
        )
        expected = yearly * 46 / 360 + 0.2 * yearly * (44 - (1 - kept) * 90) / 360
        assert column(result, "interest_collected")[0] == approx(expected)
        assert column(result, "prepaid_principal")[0] == approx(20.0)

    def test_fees_belong_to_the_interest_of_a_frequency(self) -> None:
        steps = [{"verb": "retain", "amount": "interest_by_frequency(3)"}, RESIDUAL]
        deal = deal_of(waterfalls={"interest": steps, "principal": [RESIDUAL]})
        result = ran({**LOAN, **OWN}, deal=deal)
        kept = [row["paid"] for row in result["ledger"] if row["step"] == "retain"]
        assert kept[1] == approx(1.7)


class TestCommitmentsAndTheDeal:
    def test_the_cash_set_aside_earns_what_principal_cash_earns(self) -> None:
        # 3.8 % on 20, then on 16 after the draw: 90 days to 15 April, 91 to 15 July
        found = interest(cash_rate_spread=-0.002, draw_rate=1 - 0.8**4)
        assert found[0] == approx(1.7 + 20 * 0.038 * 90 / 360)
        assert found[1] == approx(1.76 + 16 * 0.038 * 91 / 360)

    def test_it_earns_until_the_determination_date_from_the_payment_date_on(self) -> None:
        # 15 January to 8 April, 15 April to 8 July
        deal = deal_of(dates={"determination": {"business_days_before": 5}})
        plain = column(ran(deal=deal), "interest_collected")
        found = column(ran(deal=deal, cash_rate_spread=0.0), "interest_collected")
        assert found[0] - plain[0] == approx(20 * 0.04 * 83 / 360)
        assert found[1] - plain[1] == approx(20 * 0.04 * 84 / 360)

    def test_it_earns_nothing_below_zero(self) -> None:
        assert interest(cash_rate_spread=-0.05) == interest(cash_rate_spread=-0.04)

    def test_coverage_counts_both(self) -> None:
        rules = {"name": "OC", "kind": "oc", "through": "A", "trigger": 1.0, "first_date": "closing"}
        result = ran(deal=deal_of(tests=[rules]), draw_rate=0.3)
        assert [row["numerator"] for row in result["tests"]] == approx([100.0] * 4)

    def test_weak_loans_count_with_both(self) -> None:
        weak = {"rating": "CCC", "market_price": 0.5}
        deal = deal_of(collateral={"ccc": {"limit": 0.1}})
        result = ran({**LOAN, **weak}, deal=deal)
        assert column(result, "ccc_par")[0] == approx(100.0)
        assert column(result, "ccc_excess_haircut")[0] == approx(45.0)

    def test_a_discount_obligation_counts_at_its_price_with_both(self) -> None:
        deal = deal_of(collateral={"discount": {"below": 0.85}})
        assert column(ran({**LOAN, "purchase_price": 0.7}, deal=deal), "discount_haircut")[0] == approx(30.0)

    def test_fees_of_the_deal_run_on_both(self) -> None:
        deal = deal_of(fees=[{"name": "M", "rate": 0.01, "base": "performing_par", "day_count": "30/360"}])
        assert [row["base"] for row in ran(deal=deal)["fees"]][:2] == approx([100.0] * 2)

    def test_the_expression_is_what_is_not_drawn_after_the_step(self) -> None:
        steps = [{"verb": "retain", "amount": "0.1 * unfunded"}, RESIDUAL]
        deal = deal_of(waterfalls={"interest": steps, "principal": [RESIDUAL]})
        result = ran(deal=deal, draw_rate=1 - 0.8**4)
        kept = [row["paid"] for row in result["ledger"] if row["step"] == "retain"]
        assert kept == approx([1.6, 1.28, 1.024, 0.0])

    def test_a_sale_takes_the_commitment_over_like_par(self) -> None:
        events = [{"call": {}, "date": "2025-07-15"}]
        result = ran(liquidation_price=0.9, events=events, draw_rate=0.3)
        assert column(result, "sale_proceeds") == approx([0.0, 90.0])
        assert column(result, "sold_par") == approx([0.0, 100.0])
        assert column(result, "unfunded")[1] == 0.0

    def test_a_sale_pays_the_fee_that_has_accrued(self) -> None:
        # 46 days to 1 March and 44 to the sale
        result = ran({**LOAN, **OWN}, events=[{"call": {}, "date": "2025-04-15"}])
        assert column(result, "interest_collected") == approx([(80 * 0.08 + 20 * 0.02) * 90 / 360])

    def test_the_semiannual_share_counts_both(self) -> None:
        rare = {**LOAN, "par": 20.0, "next_payment": date(2025, 6, 1), "payment_frequency_months": 6}
        steps = [{"verb": "retain", "amount": "semiannual_share"}, RESIDUAL]
        deal = deal_of(waterfalls={"interest": steps, "principal": [RESIDUAL]})
        result = ran(rare, loan_of(loan_id="L2", par=60.0), deal=deal)
        assert next(row["paid"] for row in result["ledger"] if row["step"] == "retain") == approx(0.4)

    def test_what_is_released_is_invested_like_other_principal(self) -> None:
        deal = deal_of(dates={"reinvestment_end": "2025-04-15"})
        bought = {"price": constant(1.0), "spread": constant(0.04)}
        result = ran({**LOAN, "maturity": FIRST}, deal=deal, reinvestment=bought)
        assert column(result, "new_purchases_par")[0] == approx(100.0)
        assert column(result, "unfunded") == [0.0] * 4

    def test_the_commitment_of_a_loan_in_default_on_the_tape_does_not_count(self) -> None:
        gone = {**LOAN, "loan_id": "L2", "default_date": date(2025, 1, 2)}
        result = ran(loan_of(), gone)
        assert column(result, "unfunded") == [0.0] * 4
        assert column(result, "defaulted_par")[0] == approx(80.0)


@settings(generated, max_examples=30)
@given(strategies.cases())
def test_a_commitment_of_zero_changes_nothing(case: Case) -> None:
    loans = [{**loan, "par_unfunded": 0.0, "unfunded_fee": 0.02} for loan in case.loans]
    scenario = {**case.scenario, "draw_rate": 0.5, "usage_at_default": 0.3}
    assert project(case.deal, loans, case.as_of, scenario) == project(
        case.deal, case.loans, case.as_of, case.scenario
    )


@settings(generated, max_examples=40)
@given(strategies.cases(features=["unfunded"]))
def test_draws_and_usage_change_no_par_without_defaults_and_instalments(case: Case) -> None:
    for loan in case.loans:
        loan["amortization_rate"] = 0.0
    case.scenario.update(cdr=constant(0.0), defaults={}, draw_rate=0.0)
    for waterfall in case.deal["waterfalls"].values():
        waterfall[:] = [step for step in waterfall if step["verb"] != "reinvest"]
    still = project(case.deal, case.loans, case.as_of, case.scenario)
    moving = project(
        case.deal, case.loans, case.as_of, {**case.scenario, "draw_rate": 0.4, "usage_at_default": 0.2}
    )
    for one, other in zip(column(still, "performing_par"), column(moving, "performing_par"), strict=False):
        assert one == approx(other, abs=1.0)
