"""Events of default by hand, on the tiny deal with a junior class B (20 at 12 %, 0.6 a quarter) that may defer.

Class A is due 0.9 a quarter. A loan that pays every six months leaves the first and the third date without interest.
"""

from datetime import date
from typing import Any, ClassVar

import pytest

from reference.tiny import (
    RESIDUAL,
    SEQUENCE,
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

B: Document = {
    "name": "B",
    "balance": 20.0,
    "interest_rank": 2,
    "principal_rank": 2,
    "coupon": {"fixed": 0.12},
    "deferrable": True,
}
SUB: Document = {"name": "SUB", "balance": 20.0, "residual": True}
RATIO: Document = {"name": "EoD", "kind": "eod_par_ratio", "through": "A", "trigger": 1.5}
SEMIANNUAL: Document = {"next_payment": date(2025, 7, 15), "payment_frequency_months": 6}


def two_classes(rules: Document, **more: Any) -> Document:
    falls = {
        "interest": [
            {"verb": "pay_interest", "notes": [["A"]]},
            {"verb": "pay_interest", "notes": [["B"]]},
            RESIDUAL,
        ],
        "principal": [
            {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
            SEQUENCE,
            RESIDUAL,
        ],
    }
    return deal_of(notes=[A, B, SUB], waterfalls=falls, default_events=rules, **more)


def statuses(result: Document) -> list[str]:
    return of_note(result, "A", "status")


def events(result: Document) -> list[tuple[str, str, str]]:
    return [(row["date"].isoformat(), row["event"], row["reason"]) for row in result["events"]]


class TestSeniorInterest:
    RULES: ClassVar[Document] = {"causes": ["senior_interest"], "accelerate": "automatic"}

    def test_unpaid_senior_interest_accelerates_the_next_date_for_good(self) -> None:
        result = run(loan_of(**SEMIANNUAL), deal=two_classes(self.RULES))
        assert statuses(result) == ["normal", "accelerated", "accelerated", "accelerated"]
        assert events(result)[:2] == [
            ("2025-04-15", "default", "senior_interest"),
            ("2025-04-15", "acceleration", "senior_interest"),
        ]

    def test_the_pot_pays_senior_principal_before_junior_interest(self) -> None:
        result = run(loan_of(**SEMIANNUAL), deal=two_classes(self.RULES))
        # 4 of interest on 15 July: overdue 0.9 and 0.9 + 0.9 · 1.5 % of interest, the rest is principal of A
        due = 0.9 + 0.9 + 0.9 * 0.015
        assert of_note(result, "A", "interest_paid")[1] == approx(due)
        assert of_note(result, "A", "principal_paid")[1] == approx(4 - due)
        assert of_note(result, "B", "interest_paid")[1] == 0.0
        assert of_note(result, "SUB", "interest_paid")[1] == 0.0

    def test_a_cure_rescinds_the_acceleration_for_the_next_date(self) -> None:
        result = run(loan_of(**SEMIANNUAL), deal=two_classes({**self.RULES, "rescind": "when_cured"}))
        assert statuses(result) == ["normal", "accelerated", "normal", "accelerated"]
        assert ("2025-07-15", "rescission", "cured") in events(result)

    def test_the_reinvestment_period_rests_while_accelerated_and_goes_on_after(self) -> None:
        deal = two_classes({**self.RULES, "rescind": "when_cured"}, dates={"reinvestment_end": "2025-10-15"})
        loans = [loan_of(**SEMIANNUAL), loan_of(loan_id="L2", par=40.0, spread=-0.04, amortization_rate=0.25)]
        result = run(*loans, deal=deal)
        # 2.5 of principal a quarter
        assert column(result, "purchase_cost") == approx([2.5, 0.0, column(result, "principal_cash")[2], 0.0])

    def test_without_acceleration_a_default_is_recorded_and_changes_nothing(self) -> None:
        rules = {"causes": ["senior_interest", "maturity"]}
        quiet, told = (
            run(loan_of(**SEMIANNUAL), deal=two_classes(terms), scenario=scenario_of(liquidation_price=0.5))
            for terms in ({}, rules)
        )
        assert told["cashflows"] == quiet["cashflows"]
        assert events(told) == [
            ("2025-04-15", "default", "senior_interest"),
            ("2025-10-15", "default", "senior_interest"),
            ("2026-01-15", "default", "maturity"),
        ]

    def test_interest_that_may_be_deferred_is_no_default(self) -> None:
        deal = two_classes(self.RULES)
        result = run(loan_of(spread=0.0), deal=deal)
        # 1 a quarter: A is paid, B gets 0.1 of 0.6
        assert of_note(result, "B", "deferred_interest")[0] == approx(0.5)
        assert statuses(result) == ["normal"] * 4


class TestParRatio:
    RULES: ClassVar[Document] = {"causes": ["par_ratio"], "accelerate": "automatic", "rescind": "when_cured"}
    SHOCK: ClassVar[Document] = {"kind": "periods", "values": [1 - 0.8**4, 0.0]}

    def result(self, **rules: Any) -> Document:
        deal = two_classes({**self.RULES, **rules}, tests=[RATIO])
        return run(deal=deal, scenario=scenario_of(cdr=self.SHOCK))

    def test_a_ratio_below_its_trigger_accelerates_the_next_date(self) -> None:
        result = self.result()
        # 80 performing and 20 in default at 0.4, over 60: 88 / 60 = 1.467
        assert result["tests"][0]["ratio"] == approx(88 / 60)
        assert statuses(result)[:2] == ["normal", "accelerated"]

    def test_it_is_looked_at_on_the_determination_date_before_the_payments(self) -> None:
        result = self.result()
        # 15 July: 1.6 of interest, 0.9 to A, 0.7 principal; at the next determination date A is 59.3
        assert [row["ratio"] for row in result["tests"]][:3] == approx([88 / 60, 88 / 60, 88 / 59.3])
        assert statuses(result)[2] == "accelerated"


class TestLiquidation:
    RULES: ClassVar[Document] = {"causes": ["par_ratio"], "accelerate": "automatic", "liquidate": "always"}
    COST: ClassVar[Document] = {"rate": 0.01, "fixed": 0.2}

    def result(self, price: float, *, dates: Document | None = None, **rules: Any) -> Document:
        deal = two_classes({**self.RULES, **rules}, tests=[RATIO], dates=dates)
        return run(deal=deal, scenario=scenario_of(cdr=TestParRatio.SHOCK, liquidation_price=price))

    def test_all_collateral_is_sold_on_the_first_accelerated_date_and_the_run_ends(self) -> None:
        result = self.result(0.9, liquidation_cost=self.COST)
        # 80 at 0.9 and 20 at its recovery rate 0.4, less 0.8 and 0.2
        assert column(result, "sale_proceeds") == approx([0.0, 79.0])
        assert column(result, "sale_cost") == approx([0.0, 1.0])
        assert (column(result, "performing_par")[1], column(result, "defaulted_par")[1]) == (0.0, 0.0)
        # pot 79 + 1.6: A 60.9; B interest 0.6, then 19.1
        assert of_note(result, "A", "principal_paid")[1] == approx(60.0)
        assert of_note(result, "B", "principal_paid")[1] == approx(19.1)
        assert of_note(result, "B", "final_loss") == approx([0.0, 0.9])
        assert result["conservation_error"] < 1e-12

    def test_the_last_collections_run_to_the_business_day_before(self) -> None:
        result = self.result(0.9, dates={"determination": {"business_days_before": 5}})
        rows = result["collateral"]
        assert [row["determination_date"] for row in rows] == [date(2025, 4, 8), date(2025, 7, 14)]
        # 8 April to 14 July: 96 days in 30/360
        assert rows[1]["interest_collected"] == approx(80 * 0.08 * 96 / 360)

    def test_a_liquidation_that_must_cover_waits_until_it_does(self) -> None:
        waiting = self.result(0.89, liquidate="when_covered")
        # 71.2 + 8 + 1.6 < 60.9 + 20.6
        assert statuses(waiting) == ["normal"] + ["accelerated"] * 3
        assert column(waiting, "sale_proceeds")[1] == 0.0
        covered = self.result(1.0, liquidate="when_covered")
        # 88 + 1.6
        assert column(covered, "sale_proceeds") == approx([0.0, 88.0])
        assert of_note(covered, "SUB", "interest_paid")[1] == approx(89.6 - 81.5)

    def test_nothing_is_liquidated_on_the_last_date(self) -> None:
        shock = {"kind": "periods", "values": [0.0, 0.0, 1 - 0.8**4, 0.0]}
        deal = two_classes({**self.RULES, "liquidation_cost": self.COST}, tests=[RATIO])
        result = run(deal=deal, scenario=scenario_of(cdr=shock))
        assert statuses(result)[-1] == "accelerated"
        assert column(result, "sale_cost") == [0.0] * 4
        assert "liquidation" not in {event for _, event, _ in events(result)}

    def test_recoveries_of_old_defaults_are_in_the_sale(self) -> None:
        old = loan_of(
            loan_id="L2",
            par=10.0,
            default_date=date(2021, 1, 1),
            recovery_lag_months=72.0,
            market_price=0.01,
        )
        deal = two_classes(self.RULES, tests=[RATIO])
        result = run(loan_of(), old, deal=deal, scenario=scenario_of(cdr=TestParRatio.SHOCK))
        # in default for over three years: nothing in the numerator, its recovery in the sale
        assert column(result, "sale_proceeds")[1] == approx(80 + 8 + 4)


def test_principal_that_is_unpaid_on_the_last_date_is_recorded() -> None:
    result = run(
        deal=two_classes({"causes": ["maturity"]}),
        scenario=scenario_of(liquidation_price=0.7, cdr=constant(0.0)),
    )
    assert events(result) == [("2026-01-15", "default", "maturity")]
