"""Capitalized interest by hand: 100 at 8 % in cash (2 a quarter) and 4 % PIK (1 on the first quarter's 100).

Quarters are 0.25 in 30/360. After one quarter the loan owes 100 of par and K = 1.
"""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cloche.testing import strategies
from cloche.testing.reference import project
from cloche.testing.strategies import Case
from reference.tiny import FIRST, Document, column, constant, deal_of, loan_of, run, scenario_of

approx = pytest.approx
generated = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

PIK = loan_of(pik_spread=0.04)
OWN: Document = {"next_payment": date(2025, 3, 1), "payment_frequency_months": 3}
"""Own dates 1 March, 1 June, …; the first period runs from closing: 15 January to 1 March are 46 days of 30/360."""


def interest(*loans: Document, conventions: Document | None = None, **scenario: Any) -> list[float]:
    deal = deal_of(conventions=conventions or {})
    return column(run(*(loans or (PIK,)), deal=deal, scenario=scenario_of(**scenario)), "interest_collected")


class TestCollectionPeriods:
    def test_cash_interest_is_on_par_and_what_was_capitalized(self) -> None:
        # K: 1, 1 + 1.01, 2.01 + 1.0201; cash 2 % of 100 + K
        assert interest() == approx([2.0, 2.02, 2.0402, 2.060602])

    def test_without_interest_on_it_cash_and_pik_are_on_par_alone(self) -> None:
        assert interest(conventions={"interest_on_pik": False}) == approx([2.0] * 4)

    @pytest.mark.parametrize(("bears", "paid"), [(True, [2.0, 2.02 + 2.01]), (False, [2.0, 2.0 + 2.0])])
    def test_it_is_received_as_interest_at_maturity_with_that_of_the_step(
        self, paid: list[float], *, bears: bool
    ) -> None:
        # 1 of the first quarter, 1.01 (or 1) of the second
        loan = {**PIK, "maturity": date(2025, 7, 15)}
        assert interest(loan, conventions={"interest_on_pik": bears})[:2] == approx(paid)
        result = run(loan, deal=deal_of(conventions={"interest_on_pik": bears}))
        assert column(result, "scheduled_principal")[:2] == [0.0, 100.0]

    def test_a_loan_that_matures_inside_a_step_capitalizes_up_to_that_day(self) -> None:
        # 46 days at 8 % in cash and 4 % PIK
        assert interest({**PIK, "maturity": date(2025, 3, 1)})[0] == approx(100 * 0.12 * 46 / 360)

    def test_instalments_repay_par_alone(self) -> None:
        # 10 a quarter; K = 1, then 1 + (90 + 1) · 1 % = 1.91: cash 2, (90 + 1) · 2 %, (80 + 1.91) · 2 %
        loan = {**PIK, "amortization_rate": 0.4}
        assert interest(loan)[:3] == approx([2.0, 1.82, 1.6382])
        assert column(run(loan), "scheduled_principal")[:3] == approx([10.0] * 3)

    def test_what_is_capitalized_comes_with_the_instalment_that_repays_the_last_par(self) -> None:
        # 100 repaid on the first date: 2 in cash and K = 1
        loan = {**PIK, "amortization_rate": 4.0, "maturity": date(2025, 10, 15)}
        other = loan_of(loan_id="L2", spread=-0.04)
        assert interest(loan, other)[:3] == approx([3.0, 0.0, 0.0])

    def test_prepaid_par_takes_its_share_of_it_along(self) -> None:
        # 20 % a quarter: 2 + 0.2 · 1; then base 80 + 0.8: 1.616 + 0.2 · (0.8 + 0.808), and 0.8 · 1.608 go on
        result = interest(cpr=constant(1 - 0.8**4))
        assert result[:2] == approx([2.2, 1.616 + 0.3216])
        assert result[2] == approx((64 + 1.2864) * 0.02 + 0.2 * (1.2864 + 0.652864))

    @pytest.mark.parametrize(("share", "kept"), [("half", 0.5), ("none", 0.0)])
    def test_prepaid_par_may_lose_its_interest_of_the_step_in_cash_and_pik(
        self, share: str, kept: float
    ) -> None:
        # All that is prepaid loses (1 − q) · base · 3 %. First: 0.2 · (1 − (1 − q) · 3). K' = 0.8, second base 80.8.
        found = interest(conventions={"interest_on_prepaid_period": share}, cpr=constant(1 - 0.8**4))
        assert found[0] == approx(2.0 + 0.2 * (1.0 - (1 - kept) * 3.0))
        assert found[1] == approx(1.616 + 0.2 * (1.608 - (1 - kept) * 80.8 * 0.03))

    def test_prepaid_par_that_loses_it_is_what_the_instalment_left(self) -> None:
        # 10 of instalment, 20 % of the 90 left: 2 + 0.2 · (1 − 90 · 3 %)
        loan = {**PIK, "amortization_rate": 0.4}
        conventions = {"interest_on_prepaid_period": "none"}
        assert interest(loan, conventions=conventions, cpr=constant(1 - 0.8**4))[0] == approx(1.66)

    def test_it_bears_nothing_for_prepaid_par_where_it_bears_no_interest(self) -> None:
        # second quarter: 80 · 2 %, K + k = 0.8 + 0.8, and 80 · 3 % are lost on what is prepaid
        conventions = {"interest_on_prepaid_period": "none", "interest_on_pik": False}
        found = interest(conventions=conventions, cpr=constant(1 - 0.8**4))
        assert found[1] == approx(1.6 + 0.2 * (1.6 - 2.4))

    def test_the_share_of_defaulted_par_is_lost_and_recovers_nothing(self) -> None:
        # 20 % a quarter: K = 0.8 after the first, then 0.64 + 0.6464; cash on 80, 64 + 0.64
        scenario = {"cdr": constant(1 - 0.8**4), "recovery_lag_months": constant(0.0)}
        assert interest(**scenario)[:3] == approx([1.6, 1.2928, (51.2 + 0.8 * 1.2864) * 0.02])
        result = run(PIK, scenario=scenario_of(**scenario))
        assert column(result, "recoveries")[:2] == approx([20 * 0.4, 16 * 0.4])

    @pytest.mark.parametrize(("share", "part"), [("half", 0.5), ("full", 1.0)])
    def test_defaulted_par_may_pay_cash_interest_on_what_it_had_capitalized(
        self, share: str, part: float
    ) -> None:
        # second quarter: of the opening 80 + 0.8, 20 % default
        found = interest(
            conventions={"interest_on_default_period": share},
            cdr=constant(1 - 0.8**4),
        )
        assert found[1] == approx((64 + 0.64) * 0.02 + part * 0.2 * 80.8 * 0.02)

    def test_it_is_no_par_in_tests_values_and_fee_bases(self) -> None:
        rules = {"name": "OC", "kind": "oc", "through": "A", "trigger": 1.0, "first_date": "closing"}
        result = run(PIK, deal=deal_of(tests=[rules]))
        assert column(result, "performing_par") == column(run(loan_of()), "performing_par")
        assert [row["numerator"] for row in result["tests"]] == approx([100.0] * 4)

    def test_a_sale_brings_nothing_for_it(self) -> None:
        scenario = scenario_of(liquidation_price=0.9, events=[{"call": {}, "date": "2025-07-15"}])
        result = run(PIK, scenario=scenario)
        assert column(result, "sale_proceeds") == approx([0.0, 90.0])
        # 83 days to 8 April; then 96 days to 14 July, the day before, on par and what was capitalized
        deal = deal_of(dates={"determination": {"business_days_before": 5}})
        result = run(PIK, deal=deal, scenario=scenario)
        opening = 100 * 0.04 * 83 / 360
        assert column(result, "interest_collected")[1] == approx((100 + opening) * 0.08 * 96 / 360)

    def test_purchases_have_none(self) -> None:
        deal = deal_of(dates={"reinvestment_end": "2025-04-15"})
        bought = {"price": constant(1.0), "spread": constant(0.04)}
        result = run({**PIK, "maturity": FIRST}, deal=deal, scenario=scenario_of(reinvestment=bought))
        plain = run(loan_of(maturity=FIRST), deal=deal, scenario=scenario_of(reinvestment=bought))
        assert column(result, "interest_collected")[0] == approx(3.0)
        assert column(result, "interest_collected")[1:] == column(plain, "interest_collected")[1:]


class TestOwnDates:
    def test_an_own_period_pays_and_capitalizes_on_its_last_day(self) -> None:
        # 46 days to 1 March: K = 0.51111; a quarter to 1 June: cash 2 % and 1 % of 100.51111
        first = 100 * 0.04 * 46 / 360
        second = first + (100 + first) * 0.01
        assert interest({**PIK, **OWN})[:3] == approx(
            [100 * 0.08 * 46 / 360, (100 + first) * 0.02, (100 + second) * 0.02]
        )

    def test_without_interest_on_it_both_are_on_par(self) -> None:
        found = interest({**PIK, **OWN}, conventions={"interest_on_pik": False})
        assert found[:3] == approx([100 * 0.08 * 46 / 360, 2.0, 2.0])

    def test_a_month_after_month_capitalizes_inside_a_step(self) -> None:
        # 15 February, 15 March and 15 April are in the first step: a month is 2/3 % in cash and 1/3 % PIK
        loan = {**PIK, "next_payment": date(2025, 2, 15), "payment_frequency_months": 1}
        third = 1 / 300
        owed = [100.0, 100 * (1 + third), 100 * (1 + third) ** 2]
        assert interest(loan)[0] == approx(sum(owed) * 2 * third)

    def test_pik_comes_before_the_instalment_of_the_same_day(self) -> None:
        # 1 March: 10 of instalment; then cash on 90 + 0.51111
        first = 100 * 0.04 * 46 / 360
        assert interest({**PIK, **OWN, "amortization_rate": 0.4})[1] == approx((90 + first) * 0.02)

    def test_at_maturity_the_stub_is_capitalized_and_all_of_it_received(self) -> None:
        # 1 June to 15 June, 14 days, on 100 + K; then K
        loan = {**PIK, **OWN, "maturity": date(2025, 6, 15)}
        first = 100 * 0.04 * 46 / 360
        second = first + (100 + first) * 0.01
        stub = (100 + second) * 14 / 360
        expected = (100 + first) * 0.02 + stub * 0.08 + second + stub * 0.04
        assert interest(loan)[1] == approx(expected)

    @pytest.mark.parametrize(("share", "kept"), [("full", 1.0), ("half", 0.5), ("none", 0.0)])
    def test_prepaid_par_receives_it_and_what_has_accrued(self, share: str, kept: float) -> None:
        # 20 % on 15 April, 44 days after 1 March; in the step the base earned 46 + 44 days of 12 %
        first = 100 * 0.04 * 46 / 360
        base = 100 + first
        found = interest(
            {**PIK, **OWN},
            conventions={"interest_on_prepaid_period": share},
            cpr=constant(1 - 0.8**4),
        )
        gained = first + base * 0.12 * 44 / 360
        lost = (1 - kept) * base * 0.12 * 90 / 360
        assert found[0] == approx(100 * 0.08 * 46 / 360 + 0.2 * (gained - lost))
        # 80 % of both go on
        assert column(
            run({**PIK, **OWN}, scenario=scenario_of(cpr={"kind": "periods", "values": [1 - 0.8**4, 0.0]})),
            "interest_collected",
        )[1] == approx(0.8 * base * 0.02)

    def test_the_share_of_a_default_is_lost(self) -> None:
        # 20 % on 15 January and on 15 April: 80 with K on 80, then 64 and K of 64
        first = 80 * 0.04 * 46 / 360
        found = interest({**PIK, **OWN}, cdr=constant(1 - 0.8**4))
        assert found[:2] == approx([80 * 0.08 * 46 / 360, (64 + 0.8 * first) * 0.02])

    def test_a_sale_pays_accrued_interest_in_cash_on_both_and_nothing_for_it(self) -> None:
        scenario = scenario_of(liquidation_price=0.9, events=[{"call": {}, "date": "2025-04-15"}])
        result = run({**PIK, **OWN}, scenario=scenario)
        first = 100 * 0.04 * 46 / 360
        assert column(result, "sale_proceeds") == approx([90.0])
        assert column(result, "interest_collected") == approx(
            [100 * 0.08 * 46 / 360 + (100 + first) * 0.08 * 44 / 360]
        )


def total(case: Case, **conventions: Any) -> float:
    deal = {**case.deal, "conventions": {**case.deal["conventions"], **conventions}}
    result = project(deal, case.loans, case.as_of, case.scenario)
    return float(sum(column(result, "interest_collected")))


@settings(generated, max_examples=30)
@given(strategies.cases())
def test_a_spread_of_zero_changes_nothing(case: Case) -> None:
    loans = [{**loan, "pik_spread": 0.0} for loan in case.loans]
    for bears in (True, False):
        deal = {**case.deal, "conventions": {**case.deal["conventions"], "interest_on_pik": bears}}
        assert project(deal, loans, case.as_of, case.scenario) == project(
            deal, case.loans, case.as_of, case.scenario
        )


@settings(generated, max_examples=40)
@given(strategies.cases(features=["pik"]))
def test_interest_on_it_is_interest_more(case: Case) -> None:
    # A static pool: what is collected differs by the pool alone. All rates at least 0.
    for waterfall in case.deal["waterfalls"].values():
        waterfall[:] = [step for step in waterfall if step["verb"] != "reinvest"]
    case.deal["conventions"].pop("interest_on_prepaid_period", None)
    case.scenario["rates"] = {"*": {"kind": "flat", "rate": 0.04}}
    case.scenario["cash_rate_spread"] = -0.04
    assert total(case, interest_on_pik=False) <= total(case, interest_on_pik=True) + 1e-6
