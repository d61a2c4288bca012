"""One rule of the priorities of payments at a time, on the tiny payment date."""

from datetime import date
from typing import ClassVar

import pytest

from reference.one_date import (
    A_OC,
    IC,
    OC,
    RESIDUAL,
    SEQUENCE,
    SUB,
    A,
    B,
    Document,
    coverage,
    cure,
    deferred,
    fee,
    interest,
    note,
    paid,
    pay,
)

approx = pytest.approx

ADMIN = {"name": "admin", "rate": 0.0, "cap": {"rate": 0.0, "fixed_per_year": 8.0, "day_count": "30/360"}}


class TestFees:
    def test_the_cap_splits_a_fee_into_a_senior_and_a_junior_part(self) -> None:
        result = pay(
            interest_steps=[fee("admin", "capped"), interest("A"), fee("admin", "above_cap"), RESIDUAL],
            collected=(10.0, 0.0),
            fees=[ADMIN],
            fee_states={"admin": {"due": 3.0}},
        )
        rows = [row["paid"] for row in result["ledger"] if row["payee"] == "admin"]
        assert rows == [2.0, 1.0]

    def test_principal_pays_the_capped_part_only_as_the_cap_stood(self) -> None:
        result = pay(
            interest_steps=[fee("admin", "capped"), interest("A"), fee("admin", "above_cap"), RESIDUAL],
            principal_steps=[{"verb": "pay_shortfalls", "through": "A"}, {"verb": "retain"}],
            collected=(0.5, 10.0),
            fees=[ADMIN],
            fee_states={"admin": {"due": 3.0}},
        )
        assert paid(result, "pay_fee", "admin") == 0.5
        assert paid(result, "pay_shortfalls", "admin", "principal") == 1.5
        assert paid(result, "pay_shortfalls", "A", "principal") == 2.0
        assert result["fees"][0]["unpaid"] == approx(1.0)

    def test_what_was_brought_forward_is_paid_first_and_bears_interest(self) -> None:
        terms = {"name": "sub", "rate": 0.01, "day_count": "30/360", "unpaid_interest": {"fixed": 0.08}}
        result = pay(
            interest_steps=[fee("sub"), RESIDUAL],
            collected=(1.5, 0.0),
            fees=[terms],
            fee_states={"sub": {"unpaid": 1.0}},
        )
        # 400 · 1 % / 4 = 1 accrues; 1 brought forward grows to 1.02
        assert result["fees"][0]["unpaid"] == approx(2.02 - 1.5)

    def test_a_fee_may_run_on_a_note(self) -> None:
        terms = {"name": "rebate", "rate": 0.04, "base": "B", "day_count": "30/360"}
        result = pay(interest_steps=[fee("rebate"), RESIDUAL], collected=(9.0, 0.0), fees=[terms])
        assert paid(result, "pay_fee", "rebate") == approx(0.5)


class TestInterest:
    def test_a_group_shares_by_amount_due(self) -> None:
        twins = [A, {**A, "name": "A2", "balance": 300.0}, SUB]
        result = pay(interest_steps=[interest("A", "A2"), RESIDUAL], collected=(4.0, 0.0), notes=twins)
        assert (note(result, "A")["interest_paid"], note(result, "A2")["interest_paid"]) == (1.0, 3.0)
        assert note(result, "A2")["interest_shortfall"] == 3.0

    def test_groups_are_paid_one_after_another(self) -> None:
        step = {"verb": "pay_interest", "notes": [["A"], ["B"]]}
        result = pay(interest_steps=[step, RESIDUAL], collected=(3.0, 0.0))
        assert (note(result, "A")["interest_paid"], note(result, "B")["interest_paid"]) == (2.0, 1.0)

    def test_class_x_shares_interest_and_instalment_with_the_senior_class(self) -> None:
        x = {
            "name": "X",
            "balance": 8.0,
            "interest_rank": 1,
            "coupon": {"fixed": 0.0},
            "amortization": {"payments": 4},
        }
        step = {
            "verb": "pay_pari_passu",
            "steps": [interest("X", "A"), {"verb": "pay_amortization", "notes": [["X"]]}],
        }
        result = pay(
            interest_steps=[step, RESIDUAL],
            principal_steps=[{"verb": "pay_shortfalls", "through": "A"}, {"verb": "retain"}],
            collected=(2.0, 0.0),
            notes=[x, A, SUB],
        )
        assert (note(result, "X")["principal_paid"], note(result, "A")["interest_paid"]) == (1.0, 1.0)

    def test_principal_pays_the_missing_instalment_unless_the_deal_says_otherwise(self) -> None:
        x = {
            "name": "X",
            "balance": 8.0,
            "interest_rank": 1,
            "coupon": {"fixed": 0.0},
            "amortization": {"payments": 4},
        }
        step = {
            "verb": "pay_pari_passu",
            "steps": [interest("X", "A"), {"verb": "pay_amortization", "notes": [["X"]]}],
        }
        for choice, expected in ((True, 2.0), (False, 0.0)):
            result = pay(
                interest_steps=[step, RESIDUAL],
                principal_steps=[{"verb": "pay_shortfalls", "through": "A"}, {"verb": "retain"}],
                collected=(0.0, 50.0),
                notes=[x, A, SUB],
                conventions={"x_in_shortfall": choice},
            )
            assert note(result, "X")["principal_paid"] == expected
            assert note(result, "A")["interest_paid"] == 2.0

    def test_unpaid_interest_of_a_junior_class_is_deferred(self) -> None:
        result = pay(interest_steps=[interest("A"), interest("B"), RESIDUAL], collected=(2.5, 0.0))
        row = note(result, "B")
        assert (row["interest_due"], row["interest_paid"], row["deferred_interest"]) == (1.5, 0.5, 1.0)
        assert (row["deferred_balance"], row["interest_shortfall"]) == (1.0, 0.0)

    def test_deferred_and_overdue_interest_bear_interest(self) -> None:
        states = {"A": {"interest_shortfall": 10.0}, "B": {"deferred_interest": 20.0}}
        for choice, dues in (("compound", (2.2, 2.1)), ("none", (2.0, 1.5))):
            result = pay(
                interest_steps=[interest("A"), RESIDUAL],
                states=states,
                conventions={"interest_on_unpaid": choice},
            )
            assert note(result, "A")["interest_due"] == approx(dues[0])
            assert note(result, "B")["interest_due"] == approx(dues[1])

    def test_overdue_interest_is_paid_before_current_interest(self) -> None:
        result = pay(
            interest_steps=[interest("A"), RESIDUAL],
            collected=(10.2, 0.0),
            states={"A": {"interest_shortfall": 10.0}},
        )
        assert note(result, "A")["interest_shortfall"] == approx(2.0)

    def test_the_controlling_class_may_not_defer(self) -> None:
        result = pay(
            interest_steps=[interest("B"), RESIDUAL], collected=(0.5, 0.0), states={"A": {"balance": 0.0}}
        )
        row = note(result, "B")
        assert (row["deferred_interest"], row["interest_shortfall"]) == (0.0, 1.0)

    def test_the_controlling_class_is_fixed_at_the_opening(self) -> None:
        result = pay(
            interest_steps=[interest("A"), RESIDUAL],
            principal_steps=[SEQUENCE, RESIDUAL],
            collected=(2.0, 100.0),
        )
        assert note(result, "A")["end_balance"] == 0.0
        assert note(result, "B")["deferred_interest"] == 1.5


class TestCoverage:
    def test_interest_cures_overcollateralization_with_the_distance_of_the_denominator(self) -> None:
        # N = 180, D = 150, T = 1.25: x = 150 − 180 / 1.25 = 6
        result = pay(
            interest_steps=[interest("A"), interest("B"), cure("OC"), RESIDUAL],
            collected=(20.0, 0.0),
            par=180.0,
            tests=[OC],
        )
        assert paid(result, "cure", "A") == approx(6.0)
        assert coverage(result, "OC")["ratio"] == approx(1.2)
        assert coverage(result, "OC")["ratio_after_cure"] == approx(1.25)

    def test_a_cure_with_principal_costs_five_times_as_much_at_a_trigger_of_five_quarters(self) -> None:
        # y = (1.25 · 150 − 180) / 0.25 = 30 = 6 · T / (T − 1)
        result = pay(
            interest_steps=[interest("A"), interest("B"), RESIDUAL],
            principal_steps=[cure("OC"), {"verb": "retain"}],
            collected=(3.5, 80.0),
            par=100.0,
            tests=[OC],
        )
        assert paid(result, "cure", "A", "principal") == approx(30.0)
        assert coverage(result, "OC")["ratio_after"] == approx(1.25)

    def test_principal_finishes_what_interest_began(self) -> None:
        # interest pays 2 of 6: D = 148, y = (1.25 · 148 − 180) / 0.25 = 20
        result = pay(
            interest_steps=[interest("A"), interest("B"), cure("OC"), RESIDUAL],
            principal_steps=[cure("OC"), {"verb": "retain"}],
            collected=(5.5, 80.0),
            par=100.0,
            tests=[OC],
        )
        assert paid(result, "cure", "A") == approx(2.0)
        assert paid(result, "cure", "A", "principal") == approx(20.0)

    def test_principal_spent_on_interest_makes_the_cure_larger(self) -> None:
        # 2 spent on A's interest: N = 178, y = (187.5 − 178) / 0.25 = 38
        result = pay(
            interest_steps=[interest("A"), RESIDUAL],
            principal_steps=[{"verb": "pay_shortfalls", "through": "A"}, cure("OC"), {"verb": "retain"}],
            collected=(0.0, 80.0),
            par=100.0,
            tests=[OC],
        )
        assert paid(result, "cure", "A", "principal") == approx(38.0)

    def test_a_cure_that_cannot_work_takes_all_principal_down_to_its_last_class(self) -> None:
        # N = 90 < D = 100: everything up to D is paid to A, nothing below it
        result = pay(
            interest_steps=[RESIDUAL],
            principal_steps=[cure("A OC"), RESIDUAL],
            collected=(0.0, 90.0),
            par=0.0,
            tests=[A_OC],
        )
        assert paid(result, "cure", "A", "principal") == 90.0
        assert coverage(result, "A OC")["ratio_after"] == 0.0
        need = [row["due"] for row in result["ledger"] if row["step"] == "cure"]
        assert need == [100.0]

    def test_interest_in_a_cure_stops_when_the_classes_of_the_test_are_repaid(self) -> None:
        result = pay(interest_steps=[cure("A OC"), RESIDUAL], collected=(130.0, 0.0), par=0.0, tests=[A_OC])
        assert paid(result, "cure", "A") == 100.0
        assert note(result, "A")["end_balance"] == 0.0
        assert note(result, "SUB")["interest_paid"] == 30.0

    def test_a_cure_pays_deferred_interest_of_a_class_before_its_principal(self) -> None:
        # D = 50 + 4, N = 60, T = 1.25: x = 54 − 48 = 6, of which 4 deferred interest
        result = pay(
            interest_steps=[cure("OC"), RESIDUAL],
            collected=(10.0, 0.0),
            par=60.0,
            tests=[OC],
            states={"A": {"balance": 0.0}, "B": {"deferred_interest": 4.0}},
        )
        row = note(result, "B")
        assert (row["deferred_paid"], row["principal_paid"]) == (approx(4.0), approx(2.0))

    def test_deferred_interest_may_be_left_out_of_the_denominator(self) -> None:
        # D = 50, N = 60: x = 2 of principal after 4 of deferred interest that do not help
        result = pay(
            interest_steps=[cure("OC"), RESIDUAL],
            collected=(10.0, 0.0),
            par=60.0,
            tests=[OC],
            states={"A": {"balance": 0.0}, "B": {"deferred_interest": 4.0}},
            conventions={"deferred_in_oc": False},
        )
        row = note(result, "B")
        assert (row["deferred_paid"], row["principal_paid"]) == (approx(4.0), approx(2.0))

    def test_interest_coverage_is_cured_by_the_interest_saved(self) -> None:
        # I = 2.4, Q = 2, T = 1.5, α = 0.02: x = (2 − 1.6) / 0.02 = 20
        result = pay(
            interest_steps=[cure("IC"), RESIDUAL],
            principal_steps=[cure("IC"), {"verb": "retain"}],
            collected=(2.4, 50.0),
            tests=[IC],
        )
        assert paid(result, "cure", "A") == approx(2.4)
        assert paid(result, "cure", "A", "principal") == approx(17.6)
        assert coverage(result, "IC")["ratio"] == approx(1.2)
        assert coverage(result, "IC")["ratio_after"] == approx(1.5)

    def test_the_interest_saved_changes_when_the_senior_class_is_gone(self) -> None:
        # Q = 0.2 + 1.5, I = 1.5, T = 1.5: gap 0.7 = 10 · 0.02 + x · 0.03, x = 50/3
        both = {**IC, "through": "B"}
        result = pay(
            interest_steps=[{"verb": "retain"}],
            principal_steps=[cure("IC"), {"verb": "retain"}],
            collected=(1.5, 50.0),
            tests=[both],
            states={"A": {"balance": 10.0}},
        )
        assert paid(result, "cure", "A", "principal") == 10.0
        assert paid(result, "cure", "B", "principal") == approx(50 / 3)

    def test_one_payment_serves_both_tests(self) -> None:
        # OC needs 6, IC needs (2 − 2.7 / 1.5) / 0.02 = 10
        result = pay(
            interest_steps=[cure("OC", "IC"), RESIDUAL],
            principal_steps=[cure("IC"), {"verb": "retain"}],
            collected=(2.7, 20.0),
            par=160.0,
            tests=[OC, IC],
        )
        assert paid(result, "cure", "A") + paid(result, "cure", "A", "principal") == approx(10.0)

    def test_the_trustee_numerator_is_net_of_fees_paid_before_the_first_interest(self) -> None:
        terms = {"name": "senior", "rate": 0.01, "day_count": "30/360"}
        result = pay(
            interest_steps=[fee("senior"), interest("A"), fee("admin", "capped"), RESIDUAL],
            collected=(4.0, 0.0),
            fees=[terms, ADMIN],
            fee_states={"admin": {"due": 1.0}},
            tests=[IC],
        )
        assert result["ic_numerator"] == approx(3.0)

    def test_deferred_interest_paid_at_its_own_step_helps_overcollateralization_only(self) -> None:
        both = {**IC, "through": "B"}
        result = pay(
            interest_steps=[deferred("B"), RESIDUAL],
            collected=(10.0, 0.0),
            tests=[OC, both],
            states={"B": {"deferred_interest": 10.0}},
        )
        assert coverage(result, "OC")["denominator"] == 160.0
        assert coverage(result, "OC")["ratio_after"] == approx(200 / 150)
        assert coverage(result, "IC")["ratio_after"] == coverage(result, "IC")["ratio"]

    def test_a_class_may_be_paid_by_name(self) -> None:
        result = pay(
            interest_steps=[cure("OC", pay_notes=[["B"]]), RESIDUAL],
            collected=(20.0, 0.0),
            par=180.0,
            tests=[OC],
        )
        assert (paid(result, "cure", "A"), paid(result, "cure", "B")) == approx((0.0, 6.0))

    def test_buying_keeps_the_cash_that_lifts_the_numerator(self) -> None:
        # z = 1.25 · 150 − 180 = 7.5
        result = pay(
            interest_steps=[cure("OC", pay="buy"), cure("OC"), RESIDUAL],
            principal_steps=[{"verb": "retain"}],
            collected=(20.0, 0.0),
            par=180.0,
            tests=[OC],
        )
        assert result["accounts"]["principal"] == approx(7.5)
        assert note(result, "A")["principal_paid"] == approx(0.0)

    def test_a_test_has_no_effect_before_its_first_date(self) -> None:
        later = {**OC, "first_date": "2026-01-01"}
        result = pay(interest_steps=[cure("OC"), RESIDUAL], collected=(20.0, 0.0), par=180.0, tests=[later])
        assert coverage(result, "OC")["passes"] is None
        assert note(result, "A")["principal_paid"] == 0.0

    def test_a_cure_without_need_writes_one_empty_row(self) -> None:
        result = pay(interest_steps=[cure("OC"), RESIDUAL], tests=[OC])
        row = result["ledger"][0]
        assert (row["payee"], row["due"], row["paid"]) == ("note payment sequence", 0.0, 0.0)

    def test_a_test_whose_notes_are_repaid_needs_nothing_although_it_fails(self) -> None:
        x = {"name": "X", "balance": 10.0, "interest_rank": 1, "coupon": {"fixed": 0.4}}
        result = pay(
            interest_steps=[interest("X"), cure("IC"), RESIDUAL],
            principal_steps=[cure("IC"), RESIDUAL],
            collected=(1.2, 5.0),
            notes=[x, A, B, SUB],
            states={"A": {"balance": 0.0}, "B": {"balance": 0.0}},
            tests=[IC],
        )
        assert coverage(result, "IC")["passes"] is False
        assert [row["due"] for row in result["ledger"] if row["step"] == "cure"] == [0.0, 0.0]
        assert note(result, "SUB")["interest_paid"] == approx(5.2)

    def test_class_x_counts_in_the_denominators_that_the_conventions_name(self) -> None:
        x = {"name": "X", "balance": 10.0, "interest_rank": 1, "coupon": {"fixed": 0.04}}
        for in_oc, in_ic, expected in ((False, True, (100.0, 2.1)), (True, False, (110.0, 2.0))):
            result = pay(
                interest_steps=[interest("X", "A"), RESIDUAL],
                notes=[x, A, B, SUB],
                tests=[A_OC, IC],
                conventions={"x_in_oc": in_oc, "x_in_ic": in_ic},
            )
            found = (coverage(result, "A OC")["denominator"], coverage(result, "IC")["denominator"])
            assert found == approx(expected)

    def test_the_par_ratio_of_default_takes_defaulted_par_at_market(self) -> None:
        eod = {"name": "EoD", "kind": "eod_par_ratio", "through": "A", "trigger": 1.025}
        result = pay(
            interest_steps=[RESIDUAL],
            collected=(0.0, 10.0),
            par=80.0,
            collateral={
                "ccc": [{"par": 20.0, "market_price": 0.5}],
                "defaulted": [
                    {"par": 10.0, "market_price": 0.4, "recovery": 0.1, "years_since_default": 3.5}
                ],
            },
            tests=[eod],
        )
        assert coverage(result, "EoD")["ratio"] == approx((80 + 20 + 10 + 4) / 100)


class TestDiversion:
    DIVERT: ClassVar[Document] = {"verb": "divert", "test": "OC", "share": 0.5, "to": "principal"}

    def test_half_of_what_remains_is_diverted_when_the_need_is_larger(self) -> None:
        # need = 1.25 · 150 − 180 = 7.5
        result = pay(
            interest_steps=[interest("A"), self.DIVERT, RESIDUAL],
            principal_steps=[cure("A OC"), SEQUENCE, RESIDUAL],
            collected=(12.0, 0.0),
            par=180.0,
            tests=[OC, A_OC],
        )
        assert paid(result, "divert", "principal account") == 5.0
        assert note(result, "SUB")["interest_paid"] == 5.0
        assert note(result, "A")["principal_paid"] == 5.0

    def test_the_need_is_diverted_when_it_is_smaller(self) -> None:
        result = pay(
            interest_steps=[self.DIVERT, RESIDUAL],
            principal_steps=[{"verb": "reinvest", "of": "all", "share": 1.0}, RESIDUAL],
            collected=(100.0, 0.0),
            par=180.0,
            tests=[OC],
        )
        assert result["accounts"]["principal"] == approx(7.5)

    def test_diverted_interest_serves_no_cure_of_the_same_date(self) -> None:
        result = pay(
            interest_steps=[self.DIVERT, RESIDUAL],
            principal_steps=[cure("OC"), {"verb": "reinvest", "of": "all", "share": 1.0}, RESIDUAL],
            collected=(10.0, 0.0),
            par=180.0,
            tests=[OC],
        )
        assert paid(result, "cure", "A", "principal") == 0.0
        assert result["accounts"]["principal"] == 5.0

    def test_a_deal_may_pay_notes_instead(self) -> None:
        # need = 150 − 180 / 1.25 = 6, half of what remains is 10
        result = pay(
            interest_steps=[{**self.DIVERT, "to": "notes"}, RESIDUAL],
            collected=(20.0, 0.0),
            par=180.0,
            tests=[OC],
        )
        assert paid(result, "divert", "A") == approx(6.0)


class TestHurdle:
    FEES: ClassVar[list[Document]] = [{"name": "incentive", "hurdles": [{"irr": 0.10, "share": 0.2}]}]
    TAIL: ClassVar[list[Document]] = [
        {**RESIDUAL, "until": "incentive"},
        {"verb": "incentive_fee", "fee": "incentive"},
        RESIDUAL,
    ]

    def test_the_holders_are_paid_up_to_the_hurdle_before_the_fee(self) -> None:
        days = (date(2025, 7, 15) - date(2025, 1, 15)).days
        need = 10 * 1.1 ** (days / 365)
        result = pay(
            interest_steps=self.TAIL,
            collected=(need + 5.0, 0.0),
            states={"SUB": {"cost": 10.0}},
            fees=self.FEES,
        )
        assert paid(result, "incentive_fee", "incentive") == approx(1.0)
        assert note(result, "SUB")["interest_paid"] == approx(need + 4.0)

    def test_both_waterfalls_share_one_running_need(self) -> None:
        days = (date(2025, 7, 15) - date(2025, 1, 15)).days
        need = 10 * 1.1 ** (days / 365)
        result = pay(
            interest_steps=self.TAIL,
            principal_steps=self.TAIL,
            collected=(6.0, 6.0),
            states={"SUB": {"cost": 10.0}},
            fees=self.FEES,
        )
        assert paid(result, "incentive_fee", "incentive") == 0.0
        assert paid(result, "incentive_fee", "incentive", "principal") == approx(0.2 * (12 - need))

    def test_residual_notes_share_by_balance(self) -> None:
        second = {**SUB, "name": "SUB2", "balance": 60.0}
        step = {"verb": "pay_residual", "notes": [["SUB", "SUB2"]]}
        result = pay(interest_steps=[step], collected=(8.0, 0.0), notes=[A, SUB, second])
        assert (note(result, "SUB")["interest_paid"], note(result, "SUB2")["interest_paid"]) == (2.0, 6.0)


class TestPrincipal:
    def test_the_sequence_pays_unpaid_and_deferred_interest_and_principal_class_by_class(self) -> None:
        result = pay(
            interest_steps=[RESIDUAL],
            principal_steps=[SEQUENCE, RESIDUAL],
            collected=(0.0, 110.0),
            states={"A": {"interest_shortfall": 1.0}, "B": {"deferred_interest": 3.0}},
            conventions={"interest_on_unpaid": "none"},
        )
        # A: 1 overdue + 2 current + 100; B: 1.5 current + 3 deferred + 2.5 principal
        assert note(result, "A")["end_balance"] == 0.0
        row = note(result, "B")
        assert (row["interest_paid"], row["deferred_paid"], row["principal_paid"]) == (1.5, 3.0, approx(2.5))

    def test_named_notes_are_paid_principal_only_unless_deferred_interest_is_asked_for(self) -> None:
        for asked, expected in ((False, 0.0), (True, 3.0)):
            step = {"verb": "pay_principal", "notes": [["B"]], "with_deferred": asked}
            result = pay(
                interest_steps=[RESIDUAL],
                principal_steps=[step, RESIDUAL],
                collected=(0.0, 10.0),
                states={"B": {"deferred_interest": 3.0}},
            )
            row = note(result, "B")
            assert (row["deferred_paid"], row["principal_paid"]) == (expected, 10.0 - expected)
            assert row["interest_paid"] == 0.0

    def test_principal_is_shared_by_balance(self) -> None:
        twins = [A, {**A, "name": "A2", "balance": 300.0}, SUB]
        result = pay(
            interest_steps=[interest("A", "A2"), RESIDUAL],
            principal_steps=[SEQUENCE, RESIDUAL],
            collected=(8.0, 40.0),
            notes=twins,
        )
        assert (note(result, "A")["principal_paid"], note(result, "A2")["principal_paid"]) == (10.0, 30.0)

    @pytest.mark.parametrize(
        ("convention", "when", "senior", "expected"),
        [
            ("controlling", None, 100.0, 0.0),
            ("controlling", None, 0.0, 1.5),
            ("always", None, 100.0, 1.5),
            ("controlling", "true", 100.0, 1.5),
            ("controlling", "controlling('B')", 100.0, 0.0),
            ("always", "not outstanding('A')", 100.0, 0.0),
        ],
    )
    def test_principal_pays_junior_interest_when_the_deal_says_so(
        self, convention: str, when: str | None, senior: float, expected: float
    ) -> None:
        step = interest("B") if when is None else interest("B", when=when)
        result = pay(
            interest_steps=[RESIDUAL],
            principal_steps=[step, {"verb": "retain"}],
            collected=(0.0, 10.0),
            states={"A": {"balance": senior}},
            conventions={"interest_from_principal": convention},
        )
        assert note(result, "B")["interest_paid"] == expected

    def test_cash_is_held_while_a_coverage_test_fails(self) -> None:
        result = pay(
            interest_steps=[RESIDUAL],
            principal_steps=[
                cure("OC", when="false"),
                {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
                SEQUENCE,
                RESIDUAL,
            ],
            collected=(0.0, 10.0),
            par=150.0,
            tests=[OC],
            reinvestment={"during": ["coverage"]},
        )
        row = next(row for row in result["ledger"] if row["step"] == "reinvest")
        assert (row["payee"], row["paid"], row["source"]) == ("principal account", 10.0, "transfer")
        assert row["reason"] == "a coverage test fails"
        assert note(result, "A")["principal_paid"] == 0.0


class TestConditions:
    def test_a_block_has_two_branches(self) -> None:
        block = {
            "verb": "block",
            "when": "passes('OC') and balance('A') >= 100",
            "steps": [interest("A")],
            "else": [interest("B")],
        }
        for par, payee in ((200.0, "A"), (180.0, "B")):
            result = pay(interest_steps=[block, RESIDUAL], collected=(5.0, 0.0), par=par, tests=[OC])
            assert note(result, payee)["interest_paid"] > 0
            assert sum(row["interest_paid"] > 0 for row in result["notes"] if row["note"] != "SUB") == 1

    def test_an_amount_bounds_a_step(self) -> None:
        step = {**RESIDUAL, "amount": "min(0.5 * remaining, 3)"}
        result = pay(interest_steps=[step, interest("A"), {"verb": "retain"}], collected=(4.0, 0.0))
        assert note(result, "SUB")["interest_paid"] == 2.0
        assert result["accounts"]["interest"] == 0.0

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("during_reinvestment and not after_reinvestment", True),
            ("date >= '2025-07-15'", True),
            ("ratio('OC') < trigger('OC')", True),
            ("cushion('OC') < 0", True),
            ("abs(cure_amount('OC') - 7.5) < 1e-9", True),
            ("deferred('B') > 0 or note_factor('A') < 1", False),
            ("status == 'normal' and performing_par > 100", True),
            ("ccc_share > 0.5", False),
        ],
    )
    def test_quantities_have_their_meaning(self, text: str, *, expected: bool) -> None:
        result = pay(
            interest_steps=[{**interest("A"), "when": text}, RESIDUAL],
            collected=(4.0, 0.0),
            par=180.0,
            tests=[OC],
        )
        assert (note(result, "A")["interest_paid"] > 0) is expected

    @pytest.mark.parametrize("text", ["__import__('os')", "unknown > 1", "(lambda: 1)()", "balance.name"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"unknown|not part"):
            pay(interest_steps=[{**interest("A"), "when": text}, RESIDUAL])

    def test_an_alternative_that_is_not_computed_is_refused(self) -> None:
        with pytest.raises(ValueError, match="monthly is not computed"):
            pay(interest_steps=[RESIDUAL], conventions={"pool_step": "monthly"})
