"""One rule of the projection at a time, on the tiny deal."""

from datetime import date
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from cloche.testing import invariants
from reference.tiny import (
    CLOSING,
    FIRST,
    RESIDUAL,
    SEQUENCE,
    SUB,
    A,
    Document,
    column,
    constant,
    deal_of,
    loan_of,
    of_note,
    run,
    scenario_of,
)

approx = pytest.approx


class TestLoanInterest:
    @pytest.mark.parametrize(
        ("terms", "rate"),
        [
            ({}, 0.08),
            ({"floor": 0.05}, 0.09),
            ({"csa": 0.001}, 0.081),
            ({"csa": 0.02, "floor": 0.05}, 0.05 + 0.02 + 0.04),
            ({"csa": 0.02, "floor": 0.05, "csa_in_floor": True}, 0.06 + 0.04),
            ({"fixed": True, "fixed_rate": 0.10, "spread": None}, 0.10),
        ],
    )
    def test_a_loan_earns_its_all_in_rate(self, terms: Document, rate: float) -> None:
        assert column(run(loan_of(**terms)), "interest_collected")[0] == approx(100 * rate / 4)

    def test_the_index_of_a_loan_has_its_own_curve(self) -> None:
        rates = {"*": {"kind": "flat", "rate": 0.04}, "sofr_1m": {"kind": "flat", "rate": 0.06}}
        result = run(loan_of(index="sofr_1m"), scenario=scenario_of(rates=rates))
        assert column(result, "interest_collected")[0] == approx(2.5)

    def test_collections_run_from_one_determination_date_to_the_next(self) -> None:
        dates = {"determination": {"business_days_before": 5}}
        result = run(loan_of(day_count="act/360"), deal=deal_of(dates=dates))
        limits = [CLOSING, date(2025, 4, 8), date(2025, 7, 8), date(2025, 10, 8), date(2026, 1, 14)]
        expected = [100 * 0.08 * (b - a).days / 360 for a, b in pairwise(limits)]
        assert column(result, "interest_collected") == approx(expected)

    def test_the_collection_period_may_be_the_accrual_period(self) -> None:
        deal = deal_of(
            dates={"determination": {"business_days_before": 5}}, conventions={"cash_timing": "period"}
        )
        assert column(run(deal=deal), "interest_collected") == approx([2.0] * 4)

    def test_a_maturing_loan_stops_earning_on_its_maturity_date(self) -> None:
        result = run(loan_of(maturity=date(2025, 5, 15)))
        assert column(result, "interest_collected") == approx([2.0, 100 * 0.08 / 12])
        assert column(result, "scheduled_principal") == [0.0, 100.0]


class TestOwnPaymentDates:
    def test_a_semiannual_loan_pays_when_its_own_period_ends(self) -> None:
        loan = loan_of(next_payment=date(2025, 5, 15), payment_frequency_months=6)
        # first period from closing: four months; the next one ends on 15 November
        assert column(run(loan), "interest_collected")[:3] == approx([0.0, 100 * 0.08 / 3, 0.0])

    def test_the_running_period_belongs_to_the_deal_at_its_known_rate(self) -> None:
        loan = loan_of(
            next_payment=date(2025, 2, 15),
            payment_frequency_months=3,
            accrual_start=date(2024, 11, 15),
            current_rate=0.12,
        )
        assert column(run(loan), "interest_collected")[:2] == approx([3.0, 2.0])

    def test_an_own_period_is_fixed_two_business_days_before_it_starts(self) -> None:
        curve = {"kind": "forwards", "points": {"2025-01-01": 0.04, "2025-02-06": 0.06, "2025-02-07": 0.02}}
        loan = loan_of(next_payment=date(2025, 2, 10), payment_frequency_months=1)
        result = run(loan, scenario=scenario_of(rates={"*": curve}))
        # from closing to 10 February at 8 %; the next month, fixed on Thursday the 6th, at 10 %; then at 6 %
        expected = 100 * (0.08 * 25 + 0.10 * 30 + 0.06 * 30) / 360
        assert column(result, "interest_collected")[0] == approx(expected)

    def test_an_instalment_lowers_the_periods_that_start_on_its_date(self) -> None:
        loan = loan_of(
            next_payment=date(2025, 2, 15), payment_frequency_months=1, amortization_rate=0.12, spread=0.08
        )
        result = run(loan)
        # 1 % a month of 100, interest 1 % a month on 100, 99, 98
        assert column(result, "scheduled_principal")[0] == approx(3.0)
        assert column(result, "interest_collected")[0] == approx(2.97)

    def test_prepaid_par_pays_what_has_accrued_on_it(self) -> None:
        loan = loan_of(next_payment=date(2025, 2, 15), payment_frequency_months=3, cpr=1.0)
        result = run(loan)
        # one month on 100 until 15 February, then two months to 15 April with the prepayment of everything
        assert column(result, "prepaid_principal")[0] == approx(100.0)
        assert column(result, "interest_collected")[0] == approx(100 * 0.08 * 3 / 12)

    @pytest.mark.parametrize(("choice", "months"), [("full", 4), ("half", 2.5), ("none", 1)])
    def test_prepaid_par_misses_its_share_of_the_step_only(self, choice: str, months: float) -> None:
        loan = loan_of(next_payment=date(2025, 3, 15), payment_frequency_months=3)
        cpr = {"kind": "periods", "values": [0.0, 1.0]}
        deal = deal_of(conventions={"interest_on_prepaid_period": choice})
        result = run(loan, deal=deal, scenario=scenario_of(cpr=cpr))
        # at 15 April one month had accrued since 15 March; the second step adds three
        assert column(result, "interest_collected")[1] == approx(100 * 0.08 * months / 12)

    def test_a_maturing_loan_pays_its_stub(self) -> None:
        loan = loan_of(next_payment=date(2025, 3, 15), payment_frequency_months=3, maturity=date(2025, 7, 1))
        result = run(loan)
        assert column(result, "interest_collected")[1] == approx(100 * 0.08 * (90 + 16) / 360)
        assert column(result, "scheduled_principal")[1] == 100.0

    def test_a_loan_sold_at_the_end_pays_what_has_accrued(self) -> None:
        loan = loan_of(next_payment=date(2025, 3, 15), payment_frequency_months=6)
        dates = {"stated_maturity": "2025-04-15", "determination": {"business_days_before": 8}}
        result = run(loan, deal=deal_of(dates=dates))
        # two months paid on 15 March, 29 days accrued to the last collection day, 14 April
        assert column(result, "interest_collected")[0] == approx(100 * 0.08 * (60 + 29) / 360)

    def test_month_ends_are_counted_from_the_next_payment(self) -> None:
        loan = loan_of(
            next_payment=date(2025, 1, 31), payment_frequency_months=1, day_count="act/360", spread=0.04
        )
        result = run(loan, deal=deal_of(dates={"first_payment": "2025-04-15"}))
        # 15 Jan–31 Jan–28 Feb–31 Mar
        assert column(result, "interest_collected")[0] == approx(
            100 * 0.08 * (date(2025, 3, 31) - CLOSING).days / 360
        )


class TestSteps:
    def test_default_instalment_and_prepayment_follow_in_this_order(self) -> None:
        # the quarter of the shared cases: 1 % a year of amortization, CDR 2 %, CPR 20 %
        scenario = scenario_of(cdr=constant(0.02), cpr=constant(0.20))
        loan = loan_of(par=100e6, amortization_rate=0.01)
        deal = deal_of(target_par=100e6)
        result = run(loan, deal=deal, scenario=scenario)
        row = result["collateral"][0]
        assert row["new_defaults"] == approx(503794.360731, abs=1e-5)
        assert row["scheduled_principal"] == approx(248740.514098, abs=1e-5)
        assert row["prepaid_principal"] == approx(5385007.768205, abs=1e-5)
        assert row["performing_par"] == approx(93862457.356965, abs=1e-5)
        assert row["interest_collected"] == approx((100e6 - 503794.360731) * 0.02)

    @pytest.mark.parametrize(("choice", "share"), [("none", 0.0), ("half", 0.5), ("full", 1.0)])
    def test_defaulted_par_may_earn_in_its_period(self, choice: str, share: float) -> None:
        deal = deal_of(conventions={"interest_on_default_period": choice, "rate_convention": "simple"})
        result = run(deal=deal, scenario=scenario_of(cdr=constant(0.40)))
        assert column(result, "interest_collected")[0] == approx((90 + 10 * share) * 0.02)

    @pytest.mark.parametrize(("choice", "share"), [("full", 1.0), ("half", 0.5), ("none", 0.0)])
    def test_prepaid_par_earns_in_its_period_as_the_deal_says(self, choice: str, share: float) -> None:
        deal = deal_of(conventions={"interest_on_prepaid_period": choice, "rate_convention": "simple"})
        result = run(deal=deal, scenario=scenario_of(cpr=constant(0.40)))
        assert column(result, "interest_collected")[0] == approx((90 + 10 * share) * 0.02)

    def test_rates_act_on_the_days_of_the_collection_period_when_the_deal_says_so(self) -> None:
        deal = deal_of(conventions={"rate_exponent": "days_365", "rate_convention": "simple"})
        result = run(deal=deal, scenario=scenario_of(cdr=constant(0.365)))
        assert column(result, "new_defaults")[0] == approx(100 * 0.365 * 90 / 365)

    def test_a_long_first_period_takes_rates_for_its_length(self) -> None:
        deal = deal_of(dates={"first_payment": "2025-08-15"}, conventions={"rate_convention": "simple"})
        result = run(deal=deal, scenario=scenario_of(cdr=constant(0.12)))
        assert column(result, "new_defaults")[0] == approx(7.0)

    def test_a_later_tape_starts_the_first_step(self) -> None:
        deal = deal_of(conventions={"rate_convention": "simple"})
        result = run(deal=deal, scenario=scenario_of(cdr=constant(0.12)), as_of=date(2025, 3, 15))
        assert column(result, "new_defaults")[0] == approx(1.0)
        assert column(result, "interest_collected")[0] == approx(99 * 0.08 / 12)
        assert of_note(result, "A", "interest_due")[0] == approx(60 * 0.06 / 4)

    def test_a_tape_after_the_first_payment_date_is_refused(self) -> None:
        with pytest.raises(ValueError, match="after the first payment date"):
            run(as_of=date(2025, 4, 16))

    def test_instalments_are_shares_of_the_contractual_balance(self) -> None:
        # original 200, 10 % a year: 5 a quarter while the contract stands at 100, on what survived
        loan = loan_of(original_par=200.0, amortization_rate=0.10)
        result = run(loan, scenario=scenario_of(cpr={"kind": "periods", "values": [1 - 0.5**4, 0.0]}))
        assert column(result, "scheduled_principal")[:2] == approx([5.0, 95 * 0.5 * 5 / 95])


class TestDefaults:
    SHOCK: ClassVar[Document] = {"kind": "periods", "values": [0.40, 0.0]}
    SIMPLE: ClassVar[Document] = {"rate_convention": "simple"}

    @pytest.mark.parametrize(("months", "step"), [(0, 0), (3, 1), (4, 2), (6, 2)])
    def test_a_recovery_comes_in_the_step_after_its_lag(self, months: int, step: int) -> None:
        scenario = scenario_of(cdr=self.SHOCK, recovery_lag_months=constant(months))
        result = run(deal=deal_of(conventions=self.SIMPLE), scenario=scenario)
        expected = [0.0] * 4
        expected[step] = 4.0
        assert column(result, "recoveries") == approx(expected)
        carried = [4.0 if k < step else 0.0 for k in range(4)]
        assert column(result, "defaulted_value") == approx(carried)

    def test_the_last_date_collects_every_recovery_and_sells_the_rest(self) -> None:
        scenario = scenario_of(cdr=self.SHOCK, recovery_lag_months=constant(48.0), liquidation_price=0.5)
        result = run(deal=deal_of(conventions=self.SIMPLE), scenario=scenario)
        last = result["collateral"][-1]
        assert (last["recoveries"], last["sale_proceeds"]) == (approx(4.0), approx(45.0))
        assert (last["performing_par"], last["defaulted_par"]) == (0.0, 0.0)
        assert of_note(result, "A", "final_loss")[-1] == approx(60 - 49)

    def test_groups_beat_the_tape_and_the_tape_beats_numbers(self) -> None:
        loans = [loan_of(recovery=0.9), loan_of(loan_id="L2", rating="CCC", recovery=0.9)]
        groups = {"kind": "groups", "values": {"*": constant(0.1), "rating:CCC": constant(0.2)}}
        common: Document = {"cdr": constant(1.0), "recovery_lag_months": constant(0.0)}
        by_group = run(*loans, scenario=scenario_of(recovery=groups, **common))
        assert column(by_group, "recoveries")[0] == approx(10 + 20)
        by_number = run(*loans, scenario=scenario_of(recovery=constant(0.1), **common))
        assert column(by_number, "recoveries")[0] == approx(180)
        lone_star = {"kind": "groups", "values": {"*": constant(0.1)}}
        by_star = run(*loans, scenario=scenario_of(recovery=lone_star, **common))
        assert column(by_star, "recoveries")[0] == approx(180)

    def test_the_finest_group_wins(self) -> None:
        loan = loan_of(obligor_id="acme", industry="Retail", lien="1L")
        groups = {"*": 0.01, "lien:1L": 0.02, "rating:B": 0.04, "industry:Retail": 0.08, "obligor:acme": 0.16}
        found = []
        while groups:
            values = {key: constant(number) for key, number in groups.items()}
            scenario = scenario_of(cdr={"kind": "groups", "values": values})
            result = run(loan, deal=deal_of(conventions=self.SIMPLE), scenario=scenario)
            found.append(column(result, "new_defaults")[0] / 25)
            groups.popitem()
        assert found == approx([0.16, 0.08, 0.04, 0.02, 0.01])

    def test_a_dated_value_holds_from_the_first_period_that_starts_on_or_after_it(self) -> None:
        values = {"2025-02-01": 0.04, "2025-07-15": 0.08}
        scenario = scenario_of(cdr={"kind": "dates", "values": values}, recovery=constant(0.0))
        result = run(deal=deal_of(conventions=self.SIMPLE), scenario=scenario)
        rates = [
            row["new_defaults"] / (row["performing_par"] + row["sold_par"] + row["new_defaults"])
            for row in result["collateral"]
        ]
        assert rates == approx([0.01, 0.01, 0.02, 0.02])

    @pytest.mark.parametrize(
        ("day", "step"), [("2025-01-16", 0), ("2025-04-15", 0), ("2025-04-16", 1), ("2026-01-15", 3)]
    )
    def test_a_named_default_falls_into_the_step_around_its_date(self, day: str, step: int) -> None:
        loans = [loan_of(obligor_id="acme"), loan_of(loan_id="L2", par=50.0, obligor_id="acme")]
        other = loan_of(loan_id="L3", par=10.0, obligor_id="other")
        result = run(*loans, other, scenario=scenario_of(defaults={"acme": day}))
        expected = [0.0] * 4
        expected[step] = 150.0
        assert column(result, "new_defaults") == approx(expected)

    def test_a_named_default_takes_a_loan_that_would_mature_in_the_step(self) -> None:
        loan = loan_of(obligor_id="acme", maturity=date(2025, 2, 1))
        result = run(loan, scenario=scenario_of(defaults={"acme": "2025-04-01"}))
        assert column(result, "new_defaults")[0] == 100.0
        assert column(result, "scheduled_principal")[0] == 0.0

    def test_defaults_by_period_spare_the_obligor_from_the_rate(self) -> None:
        loans = [loan_of(obligor_id="acme"), loan_of(loan_id="L2", par=50.0, obligor_id="other")]
        deal = deal_of(conventions=self.SIMPLE)
        result = run(
            *loans, deal=deal, scenario=scenario_of(cdr=constant(0.40)), defaults_by_period={"acme": 2}
        )
        assert column(result, "new_defaults")[:2] == approx([5.0, 100 + 4.5])

    def test_unknown_obligors_and_past_dates_are_refused(self) -> None:
        with pytest.raises(ValueError, match="not in the pool"):
            run(scenario=scenario_of(defaults={"nobody": "2025-06-01"}))
        with pytest.raises(ValueError, match="is not after"):
            run(scenario=scenario_of(defaults={"L1": "2025-01-15"}))

    def test_a_loan_in_default_is_carried_at_the_lesser_value_until_its_recovery(self) -> None:
        bad = loan_of(loan_id="L2", par=10.0, market_price=0.3, recovery=0.5, default_date=date(2024, 12, 20))
        result = run(loan_of(), bad)
        # six months after default: 20 June 2025, in the second step
        assert column(result, "defaulted_value") == approx([3.0, 0.0, 0.0, 0.0])
        assert column(result, "recoveries") == approx([0.0, 5.0, 0.0, 0.0])

    def test_a_recovery_that_was_due_before_comes_in_the_first_step(self) -> None:
        bad = loan_of(loan_id="L2", par=10.0, default_date=date(2023, 1, 1))
        assert column(run(loan_of(), bad), "recoveries")[0] == approx(4.0)

    def test_after_three_years_a_defaulted_loan_is_worth_nothing_until_its_cash_comes(self) -> None:
        bad = loan_of(
            loan_id="L2", par=10.0, default_date=date(2022, 6, 1), recovery_lag_months=42.0, market_price=0.4
        )
        result = run(loan_of(), bad)
        assert column(result, "defaulted_value") == approx([4.0, 0.0, 0.0, 0.0])
        assert column(result, "recoveries") == approx([0.0, 0.0, 0.0, 4.0])


class TestCash:
    RP: ClassVar[Document] = {"reinvestment_end": "2025-04-15", "stated_maturity": "2026-04-15"}

    def test_a_purchase_makes_a_cohort_that_earns_from_the_payment_date(self) -> None:
        loan = loan_of(maturity=date(2025, 4, 1))
        scenario = scenario_of(reinvestment={"price": constant(0.8), "spread": constant(0.06)})
        dates = {**self.RP, "determination": {"business_days_before": 3}}
        result = run(loan, deal=deal_of(dates=dates), scenario=scenario)
        first, second = result["collateral"][:2]
        assert (first["purchase_cost"], first["new_purchases_par"]) == (100.0, 125.0)
        days = (date(2025, 7, 10) - FIRST).days
        assert second["interest_collected"] == approx(125 * 0.10 * days / 360)
        assert second["scheduled_principal"] == approx(125 * 0.01 / 4)

    def test_a_cohort_matures_before_the_notes(self) -> None:
        loan = loan_of(maturity=date(2025, 4, 1))
        result = run(loan, deal=deal_of(dates=self.RP))
        # stated maturity less one month: 15 March 2026, in the last collection period
        assert column(result, "scheduled_principal")[-1] == approx(100 - 3 * 0.25)
        assert column(result, "sale_proceeds")[-1] == 0.0

    def test_cash_held_earns_the_index_less_a_spread(self) -> None:
        waterfalls = {
            "interest": [{"verb": "pay_interest", "notes": [["A"]]}, RESIDUAL],
            "principal": [{"verb": "retain", "when": "date < '2025-10-15'"}, SEQUENCE, RESIDUAL],
        }
        loan = loan_of(maturity=date(2025, 4, 1))
        scenario = scenario_of(cash_rate_spread=-0.004)
        result = run(loan, deal=deal_of(waterfalls=waterfalls), scenario=scenario)
        days = (date(2025, 7, 15) - FIRST).days
        assert column(result, "principal_cash")[:3] == approx([100.0, 100.0, 100.0])
        assert column(result, "interest_collected")[1] == approx(100 * 0.036 * days / 360)

    def test_the_closing_balance_sheet_brings_its_cash(self) -> None:
        deal = deal_of(closing={"interest_reserve": 7.0, "ramp_up_cash": 50.0})
        result = run(deal=deal)
        idle = 50 * 0.038 * (FIRST - CLOSING).days / 360
        assert column(result, "interest_collected")[0] == approx(2 + 7 + idle)
        assert column(result, "principal_cash")[0] == approx(50.0)
        assert of_note(result, "A", "principal_paid")[0] == approx(50.0)

    def test_a_share_of_prepayments_may_be_reinvested_after_the_period(self) -> None:
        waterfalls = {
            "interest": [RESIDUAL],
            "principal": [
                {"verb": "reinvest", "of": "unscheduled", "share": "post_period_share"},
                SEQUENCE,
                RESIDUAL,
            ],
        }
        deal = deal_of(
            waterfalls=waterfalls, conventions={"rate_convention": "simple", "interest_on_unpaid": "none"}
        )
        scenario = scenario_of(cpr=constant(0.40), post_period_share=0.25)
        result = run(loan_of(amortization_rate=0.20), deal=deal, scenario=scenario)
        row = result["collateral"][0]
        assert (row["scheduled_principal"], row["prepaid_principal"]) == (approx(5.0), approx(9.5))
        assert row["purchase_cost"] == approx(0.25 * 9.5)

    def test_the_run_ends_when_nothing_is_left_and_the_rest_is_lost(self) -> None:
        scenario = scenario_of(cdr=constant(1.0), recovery=constant(0.0))
        result = run(scenario=scenario)
        assert len(result["collateral"]) == 1
        assert of_note(result, "A", "final_loss") == [60.0]


class TestNotes:
    def test_every_class_is_paid_in_full_when_nothing_defaults(self) -> None:
        deal = deal_of(tests=[{"name": "OC", "kind": "oc", "through": "A", "trigger": 1.2}])
        result = run(deal=deal)
        invariants.all_paid_in_full(result["cashflows"], deal, par=100.0)
        assert all(row["passes"] for row in result["tests"])
        assert sum(flow for _, flow in result["equity"]) == approx(4 * (2.0 - 0.9))

    def test_a_pass_through_hands_on_what_the_pool_pays(self) -> None:
        deal = deal_of(notes=[SUB])
        deal["waterfalls"] = {"interest": [RESIDUAL], "principal": [RESIDUAL]}
        result = run(deal=deal, scenario=scenario_of(cdr=constant(0.1), cpr=constant(0.3)))
        cash = [row["interest_collected"] + row["principal_cash"] for row in result["collateral"]]
        assert of_note(result, "SUB", "interest_paid") == approx(cash)

    def test_class_x_amortizes_in_equal_instalments(self) -> None:
        x = {
            "name": "X",
            "balance": 3.0,
            "interest_rank": 1,
            "coupon": {"fixed": 0.04},
            "amortization": {"payments": 3, "start": 2},
        }
        step = {
            "verb": "pay_pari_passu",
            "steps": [
                {"verb": "pay_interest", "notes": [["X", "A"]]},
                {"verb": "pay_amortization", "notes": [["X"]]},
            ],
        }
        deal = deal_of(notes=[x, A, SUB])
        deal["waterfalls"]["interest"] = [step, RESIDUAL]
        result = run(deal=deal)
        assert of_note(result, "X", "principal_paid") == approx([0.0, 1.0, 1.0, 1.0])
        assert of_note(result, "X", "interest_due") == approx([0.03, 0.03, 0.02, 0.01])

    def test_an_unpaid_instalment_is_carried_forward(self) -> None:
        x = {
            "name": "X",
            "balance": 3.0,
            "interest_rank": 1,
            "coupon": {"fixed": 0.0},
            "amortization": {"payments": 3},
        }
        deal = deal_of(notes=[x, A, SUB])
        deal["waterfalls"]["interest"] = [
            {"verb": "pay_interest", "notes": [["A"]]},
            {"verb": "pay_amortization", "notes": [["X"]], "amount": "0.5"},
            RESIDUAL,
        ]
        result = run(deal=deal)
        dues = [row["due"] for row in result["ledger"] if row["step"] == "pay_amortization"]
        assert dues == approx([1.0, 1.5, 2.0, 1.5])

    def test_floating_notes_accrue_on_adjusted_and_fixed_on_unadjusted_dates(self) -> None:
        fixed = {**A, "name": "F", "coupon": {"fixed": 0.08}}
        floating = {**A, "coupon": {"index": "sofr_3m", "spread": 0.02}}
        dates = {"first_payment": "2025-04-19", "stated_maturity": "2026-01-19", "roll": "following"}
        deal = deal_of(dates=dates, notes=[floating, fixed, SUB])
        result = run(deal=deal)
        # 19 April 2025 is a Saturday: adjusted to the 21st
        assert of_note(result, "A", "interest_due")[0] == approx(60 * 0.06 * 96 / 360)
        assert of_note(result, "F", "interest_due")[0] == approx(60 * 0.08 * 94 / 360)

    def test_the_coupon_has_a_floor_and_steps_up(self) -> None:
        coupon = {
            **A["coupon"],
            "floor": 0.05,
            "step_up": [{"from": "2025-07-01", "spread": 0.03}],
        }
        result = run(deal=deal_of(notes=[{**A, "coupon": coupon}, SUB]))
        assert of_note(result, "A", "rate") == approx([0.07, 0.07, 0.08, 0.08])

    def test_a_long_first_period_is_interpolated_between_tenors(self) -> None:
        rates = {"sofr_3m": {"kind": "flat", "rate": 0.04}, "sofr_6m": {"kind": "flat", "rate": 0.05}}
        result = run(deal=deal_of(dates={"first_payment": "2025-05-15"}), scenario=scenario_of(rates=rates))
        days = [(day - CLOSING).days for day in (FIRST, date(2025, 5, 15), date(2025, 7, 15))]
        expected = 0.04 + 0.01 * (days[1] - days[0]) / (days[2] - days[0])
        assert of_note(result, "A", "index_rate")[:2] == approx([expected, 0.04])

    def test_forwards_are_a_step_function_read_two_days_before_the_period(self) -> None:
        points = {"2025-01-13": 0.01, "2025-04-11": 0.02, "2025-04-14": 0.03}
        rates = {"*": {"kind": "forwards", "points": points}}
        result = run(scenario=scenario_of(rates=rates))
        # 15 April is a Tuesday: the fixing is on Friday the 11th
        assert of_note(result, "A", "index_rate")[:2] == [0.01, 0.02]

    def test_curves_may_be_shifted_and_have_a_history(self) -> None:
        flat = {"kind": "flat", "rate": 0.04}
        history = {"kind": "history", "fixings": {"2025-01-13": 0.05}, "then": flat}
        shifted = {"kind": "shifted", "curve": history, "shift": 0.01}
        result = run(scenario=scenario_of(rates={"*": shifted}))
        assert of_note(result, "A", "index_rate")[:2] == approx([0.06, 0.05])


class TestFees:
    def fees(self, terms: Document, **more: Any) -> list[dict[str, Any]]:
        deal = deal_of(fees=[{"name": "f", "day_count": "30/360", **terms}])
        deal["waterfalls"]["interest"].insert(
            0, {"verb": "pay_fee", "fees": [["f"]], "part": more.pop("part", "all")}
        )
        rows: list[dict[str, Any]] = run(deal=deal, **more)["fees"]
        return rows

    def test_the_fee_basis_is_that_of_the_previous_date_with_defaulted_par(self) -> None:
        scenario = scenario_of(cdr={"kind": "periods", "values": [1 - 0.9**4, 0.0]})
        rows = self.fees({"rate": 0.01}, scenario=scenario)
        # after the first step 90 perform and 10 are in default; the recovery comes in the third step
        assert [row["base"] for row in rows[:3]] == approx([100.0, 100.0, 100.0])
        assert rows[3]["base"] == approx(90 + 4)
        assert rows[0]["due"] == approx(0.25)

    @pytest.mark.parametrize(
        ("choice", "expected"), [("period_start", 100.0), ("period_end", 90.0), ("average", 95.0)]
    )
    def test_a_base_has_its_date(self, choice: str, expected: float) -> None:
        scenario = scenario_of(cdr={"kind": "periods", "values": [1 - 0.9**4, 0.0]})
        rows = self.fees({"rate": 0.01, "base": "performing_par", "base_date": choice}, scenario=scenario)
        assert rows[0]["base"] == approx(expected)

    def test_unused_room_of_the_cap_may_roll(self) -> None:
        cap = {"fixed_per_year": 1.2, "day_count": "30/360", "carry_over": 2}
        deal = deal_of(fees=[{"name": "f", "rate": 0.02, "base": "A", "day_count": "30/360", "cap": cap}])
        deal["waterfalls"]["interest"] = [
            {"verb": "pay_fee", "fees": [["f"]], "part": "capped", "when": "date > '2025-07-15'"},
            RESIDUAL,
        ]
        rows = run(deal=deal)["fees"]
        # 0.3 a date is owed within a cap of 0.3: the third date may use the room of the first two, the last has none
        assert [row["paid"] for row in rows] == approx([0.0, 0.0, 0.9, 0.0])
        assert rows[-1]["unpaid"] == approx(0.3)
