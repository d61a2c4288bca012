"""Pool steps on own payment dates, by hand, on the tiny deal with simple rates.

Its periods run from the 15th to the 15th without determination lag, and the loan pays 8 % in 30/360. At 12 % a year a
month prepays 1 %.
"""

from datetime import date
from typing import Any

import pytest

from reference.tiny import Document, column, constant, deal_of, loan_of, run, scenario_of

approx = pytest.approx

OWN: Document = {"pool_step": "own_dates", "rate_convention": "simple"}
MONTHLY: Document = {"next_payment": date(2025, 2, 1), "payment_frequency_months": 1}
SEMIANNUAL: Document = {"next_payment": date(2025, 6, 30), "payment_frequency_months": 6}
FIRST = 0.12 * 16 / 360
"""What prepays on 1 February: 16 days from closing on."""


def own(*loans: Document, conventions: Document | None = None, **more: Any) -> dict[str, Any]:
    deal = deal_of(conventions={**OWN, **(conventions or {})}, **more.pop("deal", {}))
    return run(*loans, deal=deal, scenario=scenario_of(**{"cpr": constant(0.12), **more}))


class TestSteps:
    def test_a_monthly_payer_prepays_on_each_of_its_dates(self) -> None:
        result = own(loan_of(**MONTHLY))
        row = result["collateral"][0]
        second = 100 * (1 - FIRST)
        third = second * 0.99
        assert row["performing_par"] == approx(third * 0.99)
        assert row["prepaid_principal"] == approx(100 - third * 0.99)
        # the interest of each own period is on what its beginning left
        assert row["interest_collected"] == approx(0.08 * (100 * 16 / 360 + (second + third) / 12))
        # three months follow, the next quarter's first own period from 1 April on
        assert column(result, "performing_par")[1] == approx(third * 0.99**4)

    def test_a_semiannual_payer_prepays_in_the_periods_that_hold_its_dates(self) -> None:
        result = own(loan_of(**SEMIANNUAL))
        # 165 days up to 30 June: 5.5 % in the second quarter, 6 % on 30 December in the fourth
        left = 100 * (1 - 0.12 * 165 / 360)
        assert column(result, "performing_par")[:3] == approx([100.0, left, left])
        assert column(result, "prepaid_principal") == approx([0.0, 5.5, 0.0, left * 0.06])
        assert column(result, "interest_collected")[:3] == approx([0.0, 100 * 0.08 * 165 / 360, 0.0])

    def test_dates_that_are_those_of_the_deal_change_nothing(self) -> None:
        loans = [loan_of(next_payment=date(2025, 4, 15), amortization_rate=0.1), loan_of(loan_id="L2")]
        for conventions in (
            {},
            {"interest_on_prepaid_period": "half"},
            {"interest_on_default_period": "full"},
        ):
            with_it = own(*loans, cdr=constant(0.04), conventions=conventions)
            without = own(*loans, cdr=constant(0.04), conventions={**conventions, "pool_step": "period"})
            for name in ("interest_collected", "prepaid_principal", "scheduled_principal", "performing_par"):
                assert column(with_it, name) == approx(column(without, name), rel=1e-13)

    def test_loans_without_own_dates_and_cash_by_period_step_with_the_deal(self) -> None:
        for loan, conventions in ((loan_of(), {}), (loan_of(**MONTHLY), {"cash_timing": "period"})):
            with_it = own(loan, conventions=conventions)
            without = own(loan, conventions={**conventions, "pool_step": "period"})
            assert with_it["collateral"] == without["collateral"]

    def test_days_by_365(self) -> None:
        row = own(loan_of(**MONTHLY), conventions={"rate_exponent": "days_365"})["collateral"][0]
        left = 1.0
        for days in (17, 28, 31):
            left *= 1 - 0.12 * days / 365
        assert row["performing_par"] == approx(100 * left)

    def test_compound_rates_lose_by_the_year_what_they_lose_in_periods(self) -> None:
        loan = loan_of(next_payment=date(2025, 2, 15), payment_frequency_months=1)
        rows = (
            own(loan, conventions={"rate_convention": "compound", "pool_step": of})
            for of in ("period", "own_dates")
        )
        by_period, by_month = (column(result, "performing_par") for result in rows)
        assert by_month == approx(by_period, rel=1e-13)

    def test_rates_are_those_of_the_period_that_collects(self) -> None:
        result = own(loan_of(**SEMIANNUAL), cpr={"kind": "periods", "values": [0.5, 0.12, 0.5, 0.0]})
        assert column(result, "prepaid_principal")[:3] == approx([0.0, 5.5, 0.0])


class TestOrder:
    def test_defaults_stay_at_the_start_of_the_period(self) -> None:
        # 3 % of the quarter at its start: the survivors alone pay, also on 1 February
        row = own(loan_of(**MONTHLY), cdr=constant(0.12))["collateral"][0]
        second = 97 * (1 - FIRST)
        assert row["new_defaults"] == approx(3.0)
        assert row["interest_collected"] == approx(0.08 * (97 * 16 / 360 + (second + second * 0.99) / 12))
        # of the semiannual payer, too, in the quarter without a date of its own
        assert column(own(loan_of(**SEMIANNUAL), cdr=constant(0.12)), "new_defaults")[0] == approx(3.0)

    def test_defaulted_par_may_earn_on_all_dates_of_its_period(self) -> None:
        loan, conventions = loan_of(**MONTHLY), {"interest_on_default_period": "full"}
        idle = own(loan, cdr=constant(0.12))["collateral"][0]["interest_collected"]
        full = own(loan, cdr=constant(0.12), conventions=conventions)["collateral"][0]["interest_collected"]
        assert full - idle == approx(3 * 0.08 * (16 / 360 + 2 / 12))

    def test_an_instalment_comes_before_the_prepayment_of_its_date(self) -> None:
        # 12 % a year of the original 100: 1 on each date, of a loan of which less and less is left
        row = own(loan_of(**MONTHLY, amortization_rate=0.12))["collateral"][0]
        keeps = [1 - FIRST, 0.99, 0.99]
        left, scheduled, prepaid = 100.0, 0.0, 0.0
        for k, keep in enumerate(keeps):
            scheduled += left / (100 - k)
            left *= 1 - 1 / (100 - k)
            prepaid += left * (1 - keep)
            left *= keep
        assert row["scheduled_principal"] == approx(scheduled)
        assert row["prepaid_principal"] == approx(prepaid)
        assert row["performing_par"] == approx(left)

    @pytest.mark.parametrize(("share", "lost"), [("half", 0.5), ("none", 1.0)])
    def test_prepaid_par_may_miss_the_interest_of_its_own_period(self, share: str, lost: float) -> None:
        row = own(loan_of(**MONTHLY), conventions={"interest_on_prepaid_period": share})["collateral"][0]
        second = 100 * (1 - FIRST)
        earns = 100 * (1 - lost * FIRST) * 16 / 360 + (second + second * 0.99) * (1 - lost * 0.01) / 12
        assert row["interest_collected"] == approx(0.08 * earns)

    def test_what_ran_before_the_deal_is_paid_and_prepays_nothing(self) -> None:
        # From 1 January: 30 days of interest, 16 of them in the run, which alone are missed by what prepays.
        loan = loan_of(**MONTHLY, accrual_start=date(2025, 1, 1), maturity=date(2025, 2, 20))
        row = own(loan, conventions={"interest_on_prepaid_period": "none"})["collateral"][0]
        first = 100 * 0.08 * 30 / 360 - 100 * FIRST * 0.08 * 16 / 360
        assert row["prepaid_principal"] == approx(100 * FIRST)
        assert row["interest_collected"] == approx(first + 100 * (1 - FIRST) * 0.08 * 19 / 360)

    def test_a_loan_that_matures_prepays_on_its_dates_before(self) -> None:
        row = own(loan_of(**MONTHLY, maturity=date(2025, 3, 11)))["collateral"][0]
        second = 100 * (1 - FIRST)
        assert row["prepaid_principal"] == approx(100 * FIRST + second * 0.01)
        assert row["scheduled_principal"] == approx(second * 0.99)
        accrued = second * 0.08 / 12 + second * 0.99 * 0.08 * 10 / 360
        assert row["interest_collected"] == approx(100 * 0.08 * 16 / 360 + accrued)


class TestMore:
    def test_capitalized_interest_is_received_with_what_prepays(self) -> None:
        # 6 % capitalizes on par alone; at 0 % in cash the prepaid share of K is all the interest of the quarter.
        loan = loan_of(**MONTHLY, fixed=True, fixed_rate=0.0, pik_spread=0.06)
        row = own(loan, conventions={"interest_on_pik": False})["collateral"][0]
        par, owed, received = 100.0, 0.0, 0.0
        for fraction, share in ((16 / 360, FIRST), (1 / 12, 0.01), (1 / 12, 0.01)):
            owed += par * 0.06 * fraction
            received += share * owed
            owed, par = owed * (1 - share), par * (1 - share)
        assert row["interest_collected"] == approx(received)

    def test_an_undrawn_commitment_prepays_and_is_drawn_on_own_dates(self) -> None:
        # Half of what is undrawn is drawn a year: 1/24 a month, after the prepayment of the date.
        loan = loan_of(**MONTHLY, par=60.0, par_unfunded=40.0, unfunded_fee=0.012)
        result = own(loan, draw_rate=0.5)
        row = result["collateral"][0]
        par, undrawn, interest = 60.0, 40.0, 0.0
        for fraction, share in ((16 / 360, FIRST), (1 / 12, 0.01), (1 / 12, 0.01)):
            interest += (par * 0.08 + undrawn * 0.012) * fraction
            par, undrawn = par * (1 - share), undrawn * (1 - share)
            par, undrawn = par + undrawn / 24, undrawn * 23 / 24
        assert row["performing_par"] == approx(par + undrawn)
        assert row["prepaid_principal"] == approx(100 - par - undrawn)
        # and cash was set aside for it
        cash = 40.0 * (0.04 - 0.002) * 90 / 360
        assert row["interest_collected"] == approx(interest + cash)

    def test_a_sale_takes_what_accrued_since_the_last_own_date(self) -> None:
        call: Document = {"call": {"price": 0.9}, "date": "2025-07-15"}
        row = own(loan_of(**MONTHLY), events=[call])["collateral"][-1]
        opened = 100 * (1 - FIRST) * 0.99**2
        left = [opened, opened * 0.99, opened * 0.99**2, opened * 0.99**3]
        # Own dates of the quarter are 1 May, June and July; fourteen days follow.
        assert row["interest_collected"] == approx(0.08 * (sum(left[:3]) / 12 + left[3] * 14 / 360))
        assert row["sale_proceeds"] == approx(0.9 * left[3])
        assert row["prepaid_principal"] == approx(opened - left[3])

    def test_a_sale_whose_collections_hold_another_own_date_prepays_on_it(self) -> None:
        # Collections end on Tuesday 8 July without a sale, and with one on Monday 14 July; own dates are the 10th.
        dates: Document = {"determination": {"business_days_before": 5}}
        loan = loan_of(next_payment=date(2025, 2, 10), payment_frequency_months=1)
        call: Document = {"call": {"price": 0.9}, "date": "2025-07-15"}
        plain = own(loan, deal={"dates": dates})["collateral"][1]
        sold = own(loan, deal={"dates": dates}, events=[call])["collateral"][1]
        assert plain["performing_par"] == approx(100 * (1 - 0.12 * 25 / 360) * 0.99**4)
        assert sold["sale_proceeds"] == approx(0.9 * plain["performing_par"] * 0.99)

    def test_prepaying_at_once_leaves_nothing(self) -> None:
        result = own(loan_of(**MONTHLY), cpr=constant(1.0), conventions={"rate_convention": "compound"})
        assert column(result, "prepaid_principal") == [100.0]
        assert column(result, "interest_collected") == approx([100 * 0.08 * 16 / 360])
