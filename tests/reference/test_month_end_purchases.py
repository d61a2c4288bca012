"""Purchases at month ends, by hand, on the tiny deal with month steps, and sales of what they brought."""

import copy
from datetime import date
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings

from cloche.testing import strategies
from cloche.testing.reference import project
from cloche.testing.strategies import PAR, Case
from reference.months import by_month, monthly
from reference.tiny import (
    RESIDUAL,
    SEQUENCE,
    Document,
    column,
    constant,
    loan_of,
    of_note,
    run,
    scenario_of,
)

approx = pytest.approx

REINVEST: Document = {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"}
AFTER: Document = {"verb": "reinvest", "of": "unscheduled", "share": 0.5, "when": "after_reinvestment"}


def falls(*principal: Document, interest: tuple[Document, ...] = (RESIDUAL,)) -> Document:
    return {"interest": list(interest), "principal": [*principal, SEQUENCE, RESIDUAL]}


class TestPurchases:
    DATES: ClassVar[Document] = {"reinvestment_end": "2025-04-15", "stated_maturity": "2026-04-15"}
    TERMS: ClassVar[Document] = {"reinvestment": {"price": constant(0.8), "spread": constant(0.06)}}
    LOAN: ClassVar[Document] = {"maturity": date(2025, 1, 31)}

    def test_principal_buys_at_month_ends_and_on_the_payment_date(self) -> None:
        result = run(loan_of(**self.LOAN), deal=monthly(dates=self.DATES), scenario=scenario_of(**self.TERMS))
        row = result["collateral"][0]
        # 100 buys 125 on 15 February; its instalments of 1 % a year buy on 15 March and on the payment date
        second = 125 * 0.01 / 12
        more = second / 0.8
        third = second + more * 0.01 / 12
        assert row["scheduled_principal"] == approx(100 + second + third)
        assert row["purchase_cost"] == approx(100 + second + third)
        assert row["new_purchases_par"] == approx(125 + more + third / 0.8)
        assert row["performing_par"] == approx(125 - second + more - third)
        assert row["principal_cash"] == approx(third)
        earned = 100 * 0.08 * 16 / 360 + 125 * 0.10 * 28 / 360 + (125 - second + more) * 0.10 * 31 / 360
        assert row["interest_collected"] == approx(earned)
        [first, *bought] = [
            line for line in result["ledger"] if line["step"] == "reinvest" and line["date"] == row["date"]
        ]
        assert (first["waterfall"], first["label"], first["paid"]) == ("month_ends", "2025-02-15", 100.0)
        assert [line["paid"] for line in bought] == approx([second, third])
        assert result["conservation_error"] <= 1e-12

    def test_a_cohort_earns_from_the_month_end_not_moved_to_a_business_day(self) -> None:
        # collections end a week early: on 8 February and 8 March; 15 February 2025 is a Saturday
        dates = {**self.DATES, "reinvestment_end": "2025-02-15", "roll": "following"}
        deal = monthly(dates={**dates, "determination": {"business_days_before": 5}})
        row = run(loan_of(**self.LOAN), deal=deal, scenario=scenario_of(**self.TERMS))["collateral"][0]
        second = 125 * 0.01 / 12
        days = (date(2025, 3, 8) - date(2025, 2, 15)).days
        earned = 100 * 0.08 * 16 / 360 + 125 * 0.10 * days / 360 + (125 - second) * 0.10 * 31 / 360
        assert row["interest_collected"] == approx(earned)

    def test_a_cohort_matures_its_term_after_the_month_end(self) -> None:
        dates = {**self.DATES, "reinvestment_end": "2025-02-15"}
        scenario = scenario_of(reinvestment={"spread": constant(0.06), "term_years": 0.25})
        rows = run(loan_of(**self.LOAN), deal=monthly(dates=dates), scenario=scenario)["collateral"]
        # 15 May: two instalments before, the rest on the day, and a month of interest in the second period
        left = 100 - 2 * 100 * 0.01 / 12
        assert rows[0]["performing_par"] == approx(left)
        assert rows[1]["scheduled_principal"] == approx(left)
        assert rows[1]["interest_collected"] == approx(left * 0.10 * 30 / 360)

    def test_a_cohort_matures_a_month_before_the_notes(self) -> None:
        dates = {**self.DATES, "reinvestment_end": "2025-02-15"}
        rows = run(loan_of(**self.LOAN), deal=monthly(dates=dates))["collateral"]
        # 15 March 2026, the end of the second step of the last period; twelve instalments before
        left = 100 - 11 / 12
        assert rows[-1]["interest_collected"] == approx((left * 31 + (left - 1 / 12) * 28) * 0.075 / 360)
        assert rows[-1]["scheduled_principal"] == approx(left)
        assert rows[-1]["sale_proceeds"] == 0.0

    def test_defaults_and_prepayments_of_a_cohort_begin_in_the_next_month(self) -> None:
        dates = {**self.DATES, "reinvestment_end": "2025-03-15"}
        scenario = scenario_of(cdr=by_month(0.0, 0.0, 0.12), cpr=by_month(0.0, 0.12, 0.0))
        loan = loan_of(maturity=date(2025, 3, 1))
        row = run(loan, deal=monthly(dates=dates), scenario=scenario)["collateral"][0]
        assert row["prepaid_principal"] == 0.0
        assert row["new_defaults"] == approx(1.0)
        assert row["performing_par"] == approx(99 * (1 - 0.01 / 12))

    def test_terms_are_those_of_the_step_that_ends_with_the_purchase(self) -> None:
        reinvestment = {"price": by_month(0.5, 0.8, 0.4, 1.0), "spread": constant(0.0)}
        loans = [loan_of(loan_id=f"L{k}", par=10.0, maturity=date(2025, k, 1)) for k in (2, 3, 4, 5)]
        row = run(*loans, deal=monthly(dates=self.DATES), scenario=scenario_of(reinvestment=reinvestment))[
            "collateral"
        ][0]
        # 10 a month and the instalments of what was bought before
        second = 10 + 20 * 0.01 / 12
        third = second + second / 0.8 * 0.01 / 12
        assert row["purchase_cost"] == approx(10 + second + third)
        assert row["new_purchases_par"] == approx(10 / 0.5 + second / 0.8 + third / 0.4)

    def test_cash_that_was_held_waits_for_the_payment_date(self) -> None:
        deal = monthly(dates=self.DATES, closing={"ramp_up_cash": 50.0})
        result = run(deal=deal, scenario=scenario_of(reinvestment={"price": constant(0.8)}))
        row = result["collateral"][0]
        assert (row["principal_cash"], row["purchase_cost"]) == (50.0, 50.0)
        assert row["new_purchases_par"] == approx(62.5)
        assert row["interest_collected"] == approx(2 + 50 * 0.038 * 90 / 360)

    def test_cash_of_the_last_month_is_used_on_the_payment_date_after_the_purchases_before(self) -> None:
        dates = {**self.DATES, "reinvestment_end": "2025-03-15"}
        result = run(deal=monthly(dates=dates), scenario=scenario_of(cpr=constant(0.12)))
        row = result["collateral"][0]
        # the second month brings 1 % of the loan, an instalment of the cohort and 1 % of what that leaves
        second = 0.99 + 0.01 / 12 + (1 - 0.01 / 12) * 0.01
        assert row["purchase_cost"] == approx(1 + second)
        # 15 April is after the period: what the third month brought pays the class
        collected = row["scheduled_principal"] + row["prepaid_principal"]
        assert row["principal_cash"] == approx(collected - 1 - second)
        assert of_note(result, "A", "principal_paid")[0] == approx(collected - 1 - second)

    def test_no_month_end_after_the_period_buys(self) -> None:
        dates = {**self.DATES, "reinvestment_end": "2025-05-15"}
        deal = monthly(dates=dates, waterfalls=falls(REINVEST, AFTER))
        loan = loan_of(maturity=date(2031, 1, 15), next_payment=date(2030, 6, 15))
        scenario = scenario_of(
            cpr=by_month(0.0, 0.0, 0.0, 0.12, 0.24, 0.36),
            post_period_share=0.5,
            reinvestment={"price": constant(0.5)},
        )
        row = run(loan, deal=deal, scenario=scenario)["collateral"][1]
        # 1 % buys 2 on 15 May, of which 2 % and 3 % prepay, too; of what is prepaid after it half buys on 15 July
        loans = [99 * 0.02, 99 * 0.98 * 0.03]
        instalment = 2 * 0.01 / 12
        fourth = (2 - instalment) * 0.02
        fifth = (2 - instalment - fourth) * (1 - 1 / (1200 - 1)) * 0.03
        later = sum(loans) + fourth + fifth
        assert row["prepaid_principal"] == approx(1 + later)
        assert row["purchase_cost"] == approx(1 + 0.5 * later)
        assert row["new_purchases_par"] == approx(2 + later)

    @pytest.mark.parametrize(
        "step",
        [
            {**REINVEST, "share": 0.5},
            {**REINVEST, "of": "unscheduled"},
            {**REINVEST, "amount": "0.9 * remaining"},
            {**REINVEST, "when": "during_reinvestment and pool_factor > 0"},
            {"verb": "block", "when": "during_reinvestment", "steps": [REINVEST]},
        ],
    )
    def test_only_a_step_that_takes_everything_buys_at_month_ends(self, step: Document) -> None:
        deal = monthly(dates=self.DATES, waterfalls=falls(step))
        row = run(deal=deal, scenario=scenario_of(cpr=constant(0.12)))["collateral"][0]
        # without purchases inside the quarter all that was collected is there at its end
        assert row["prepaid_principal"] == approx(100 * (1 - 0.99**3))
        assert row["principal_cash"] == approx(row["prepaid_principal"])

    def test_a_step_without_condition_buys_at_month_ends_of_the_period_alone(self) -> None:
        always = {key: value for key, value in REINVEST.items() if key != "when"}
        dates = {**self.DATES, "reinvestment_end": "2025-02-15"}
        row = run(
            deal=monthly(dates=dates, waterfalls=falls(always)),
            scenario=scenario_of(cpr=by_month(0.12, 0.12, 0.0)),
        )["collateral"][0]
        cohort = 1 - 0.01 / 12
        assert row["purchase_cost"] == approx(row["scheduled_principal"] + row["prepaid_principal"])
        assert row["prepaid_principal"] == approx(1 + 0.99 + cohort * 0.01)
        assert row["principal_cash"] == approx(row["purchase_cost"] - 1)

    def test_without_a_reinvestment_period_nothing_is_bought(self) -> None:
        assert (
            column(run(deal=monthly(), scenario=scenario_of(cpr=constant(0.12))), "purchase_cost")
            == [0.0] * 4
        )


class TestWhenPurchasesRest:
    DATES: ClassVar[Document] = {"reinvestment_end": "2025-10-15"}
    COVERAGE: ClassVar[Document] = {"reinvestment": {"during": ["coverage"]}}

    def rows(self, **more: Any) -> list[Document]:
        result = run(deal=monthly(dates=self.DATES, **more), scenario=scenario_of(cpr=constant(0.12)))
        return list(result["collateral"])

    def bought_early(self, row: Document) -> bool:
        """Whether a date found less principal than was collected and held before."""
        return bool(row["principal_cash"] < row["scheduled_principal"] + row["prepaid_principal"] - 0.5)

    def covered(self, trigger: float) -> Document:
        cure = {"verb": "cure", "tests": ["OC"]}
        pay = {"verb": "pay_interest", "notes": [["A"]]}
        test = {"name": "OC", "kind": "oc", "through": "A", "trigger": trigger, "first_date": "closing"}
        waterfalls = falls(REINVEST, interest=(pay, cure, RESIDUAL))
        return {"tests": [test], "waterfalls": waterfalls, **self.COVERAGE}

    def test_conditions_that_held_on_the_date_before_let_month_ends_buy(self) -> None:
        assert [self.bought_early(row) for row in self.rows(**self.covered(1.2))[:3]] == [True] * 3

    def test_conditions_that_failed_on_the_date_before_stop_them(self) -> None:
        # before the first payment date they hold
        rows = self.rows(**self.covered(2.5))
        assert [self.bought_early(row) for row in rows[:3]] == [True, False, False]
        assert [row["purchase_cost"] > 0 for row in rows[:3]] == [True, False, False]
        assert rows[0]["cash_held"] == approx(rows[0]["principal_cash"])
        collected = rows[1]["scheduled_principal"] + rows[1]["prepaid_principal"]
        assert rows[1]["principal_cash"] == approx(rows[0]["cash_held"] + collected)

    def test_without_conditions_a_failing_test_stops_nothing(self) -> None:
        terms = {key: value for key, value in self.covered(2.5).items() if key != "reinvestment"}
        assert [self.bought_early(row) for row in self.rows(**terms)[:3]] == [True] * 3

    def test_a_period_that_ended_early_is_over_for_month_ends(self) -> None:
        rows = self.rows(reinvestment={"ends_when": "date >= '2025-07-15'"})
        assert [self.bought_early(row) for row in rows[:3]] == [True, True, False]

    def test_an_event_that_ends_the_period_ends_them(self) -> None:
        event = {"special_redemption": {"amount": 1.0, "ends_reinvestment": True}, "date": "2025-04-15"}
        rows = self.rows(events=[event])
        assert [self.bought_early(row) for row in rows[:3]] == [True, False, False]

    def test_nothing_is_bought_while_the_deal_is_accelerated(self) -> None:
        rules = {"causes": [{"when": "date == '2025-04-15'"}], "accelerate": "automatic"}
        rows = self.rows(default_events=rules)
        assert [self.bought_early(row) for row in rows[:2]] == [True, False]
        assert rows[1]["purchase_cost"] == 0.0


class TestSales:
    def test_the_months_before_a_call_run_as_always_and_the_last_collects_longer(self) -> None:
        dates = {"determination": {"business_days_before": 5}, "reinvestment_end": "2025-10-15"}
        loans = [loan_of(), loan_of(loan_id="L2", par=10.0, maturity=date(2025, 5, 1))]
        scenario = scenario_of(
            events=[{"call": {"price": 0.9}, "date": "2025-07-15"}], reinvestment={"price": constant(0.8)}
        )
        rows = run(*loans, deal=monthly(dates=dates), scenario=scenario)["collateral"]
        # collections end on 8 May, 8 June and, with the sale, on 14 July; 10 buys 12.5 on 15 May
        second = 12.5 * 0.01 / 12
        more = second / 0.8
        third = second + more * 0.01 / 12
        left = 12.5 - second + more - third
        assert len(rows) == 2
        assert rows[1]["purchase_cost"] == approx(10 + second)
        assert rows[1]["new_purchases_par"] == approx(12.5 + more)
        assert rows[1]["sold_par"] == approx(100 + left)
        assert rows[1]["principal_cash"] == approx(third + 0.9 * (100 + left))
        earned = 100 * 0.08 * 96 / 360 + 10 * 0.08 * 23 / 360
        earned += 12.5 * 0.075 * (date(2025, 6, 8) - date(2025, 5, 15)).days / 360
        earned += (12.5 - second) * 0.075 * 36 / 360 + more * 0.075 * (
            date(2025, 7, 14) - date(2025, 6, 15)
        ).days / 360
        assert rows[1]["interest_collected"] == approx(earned)

    def test_the_last_date_sells_what_its_last_month_leaves(self) -> None:
        result = run(deal=monthly(), scenario=scenario_of(cpr=constant(0.12), liquidation_price=0.5))
        last = result["collateral"][-1]
        assert last["prepaid_principal"] == approx(100 * 0.99**9 * (1 - 0.99**3))
        assert last["sold_par"] == approx(100 * 0.99**12)
        assert last["sale_proceeds"] == approx(50 * 0.99**12)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(strategies.cases() | strategies.cases(features=["unfunded"]))
def test_cash_and_par_are_conserved(case: Case) -> None:
    deal: Document = copy.deepcopy(case.deal)
    deal["conventions"]["pool_step"] = "monthly"
    result = project(deal, case.loans, case.as_of, case.scenario)
    assert result["conservation_error"] <= 1e-9
    performing = [loan for loan in case.loans if loan["default_date"] is None]
    opening = sum(loan["par"] + (loan["par_unfunded"] or 0.0) for loan in performing)
    gone = bought = 0.0
    for row in result["collateral"]:
        gone += row["new_defaults"] + row["scheduled_principal"] + row["prepaid_principal"] + row["sold_par"]
        there = row["performing_par"] + gone - opening
        # purchases at month ends are part of the performing par of the date, those of the date itself are not yet
        assert -1e-9 * PAR <= there - bought <= row["new_purchases_par"] + 1e-9 * PAR
        bought += row["new_purchases_par"]
        spent = sum(
            line["paid"]
            for line in result["ledger"]
            if (line["date"], line["step"], line["payee"]) == (row["date"], "reinvest", "collateral")
        )
        assert spent <= row["purchase_cost"] + 1e-9 * PAR
