"""Conventions on which indentures differ, by hand, on the tiny payment date."""

from typing import Any

import pytest

from cloche.testing.reference import run_payment_date
from cloche.testing.reference.notes import Note
from reference import one_date, tiny
from reference.one_date import (
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
    interest,
    note,
    paid,
    pay,
)

approx = pytest.approx

RETAIN: Document = {"verb": "retain"}


class TestRounding:
    STEPS: tuple[Document, ...] = (interest("A"), interest("B"), cure("OC"), RESIDUAL)

    @pytest.mark.parametrize(
        ("par", "passes"), [(187.49, True), (186.8, True), (186.7, False), (187.5, True), (180.0, False)]
    )
    def test_a_ratio_is_rounded_before_it_is_compared(self, par: float, *, passes: bool) -> None:
        # 186.75 / 150 = 1.245, which a step of 0.01 rounds to 1.25
        test = {**OC, "round": 0.01}
        result = pay(interest_steps=list(self.STEPS), collected=(90.0, 0.0), par=par, tests=[test])
        row = coverage(result, "OC")
        assert row["passes"] is passes
        assert row["ratio"] == approx(par / 150)
        assert row["cushion"] == approx(par / 150 - 1.25)

    def test_a_cure_stops_where_the_rounded_ratio_holds(self) -> None:
        test = {**OC, "round": 0.01}
        result = pay(interest_steps=list(self.STEPS), collected=(90.0, 0.0), par=180.0, tests=[test])
        assert paid(result, "cure", "A") == approx(150 - 180 / 1.245)

    def test_a_trigger_between_two_steps_is_reached_at_the_next_one(self) -> None:
        test = {**OC, "round": 0.01, "trigger": 1.2512}
        for par, passes in ((1.2549 * 150, False), (1.2551 * 150, True)):
            result = pay(interest_steps=list(self.STEPS), collected=(0.0, 0.0), par=par, tests=[test])
            assert coverage(result, "OC")["passes"] is passes


class TestInterestCoverage:
    STEPS: tuple[Document, ...] = (interest("A"), cure("IC"), interest("B"), RESIDUAL)

    def test_a_failing_test_may_take_all_remaining_interest(self) -> None:
        # 2.9 / 2 < 1.5: pro forma 2 − 2.9 / 1.5 at 2 % would need 3.33, all that remains is 0.9
        for choice, expected in (("proforma", 0.9), ("all_remaining", 0.9)):
            result = pay(
                interest_steps=list(self.STEPS),
                collected=(2.9, 0.0),
                tests=[IC],
                conventions={"ic_cure": choice},
            )
            assert paid(result, "cure", "A") == approx(expected)

    def test_it_takes_more_than_the_pro_forma_need(self) -> None:
        # A at 80 %: 20 is due; 29 / 20 < 1.5; pro forma (20 − 29 / 1.5) / 0.2 = 3.33 of the 9 that remain
        dear = {**A, "coupon": {"fixed": 0.8}}
        for choice, expected in (("proforma", (20 - 29 / 1.5) / 0.2), ("all_remaining", 9.0)):
            result = pay(
                interest_steps=list(self.STEPS),
                collected=(29.0, 0.0),
                notes=[dear, B, SUB],
                tests=[IC],
                conventions={"ic_cure": choice},
            )
            assert paid(result, "cure", "A") == approx(expected)

    def test_it_takes_no_more_than_its_classes_are_owed_and_nothing_when_it_holds(self) -> None:
        dear = {**A, "coupon": {"fixed": 0.8}}
        for balance, cash, expected in ((5.0, 1.4, 0.4), (100.0, 31.0, 0.0)):
            result = pay(
                interest_steps=list(self.STEPS),
                collected=(cash, 0.0),
                notes=[dear, B, SUB],
                states={"A": {"balance": balance}},
                tests=[IC],
                conventions={"ic_cure": "all_remaining"},
            )
            assert paid(result, "cure", "A") == approx(expected)

    def test_principal_pays_the_pro_forma_need_alone(self) -> None:
        dear = {**A, "coupon": {"fixed": 0.8}}
        result = pay(
            interest_steps=[interest("A"), RESIDUAL],
            principal_steps=[cure("IC"), RETAIN],
            collected=(29.0, 50.0),
            notes=[dear, B, SUB],
            tests=[IC],
            conventions={"ic_cure": "all_remaining"},
        )
        assert paid(result, "cure", "A", "principal") == approx((20 - 29 / 1.5) / 0.2)


class TestInterestFromPrincipal:
    def result(self, par: float, **more: Any) -> Document:
        return pay(
            interest_steps=[interest("A"), cure("OC"), RESIDUAL],
            principal_steps=[interest("B"), deferred("B"), RETAIN],
            collected=(2.0, 10.0),
            par=par,
            tests=[OC],
            conventions={"interest_from_principal": "tests_hold"},
            **more,
        )

    def test_principal_pays_junior_interest_while_the_tests_hold_after_it(self) -> None:
        # N = par + 10; after 1.5 it must be 187.5
        for par, expected in ((179.1, 1.5), (178.9, 0.0)):
            assert paid(self.result(par), "pay_interest", "B", "principal") == approx(expected)

    def test_deferred_interest_lowers_the_denominator_too(self) -> None:
        # D = 154 forbids the interest of 1.62; after the deferred 4: N = par + 6, D = 150
        for par, expected in ((181.6, 4.0), (181.4, 0.0)):
            result = self.result(par, states={"B": {"deferred_interest": 4.0}})
            assert paid(result, "pay_deferred_interest", "B", "principal") == approx(expected)

    def test_without_a_named_test_nothing_forbids_it(self) -> None:
        result = pay(
            interest_steps=[interest("A"), RESIDUAL],
            principal_steps=[interest("B"), RETAIN],
            collected=(2.0, 10.0),
            conventions={"interest_from_principal": "tests_hold"},
        )
        assert paid(result, "pay_interest", "B", "principal") == 1.5


class TestNumerators:
    def test_the_par_ratio_of_default_may_take_the_adjusted_numerator(self) -> None:
        test = {"name": "EoD", "kind": "eod_par_ratio", "through": "A", "trigger": 1.0}
        assets = {"discount": [{"par": 10.0, "purchase_price": 0.7, "market_price": 0.8}]}
        rules = {"discount": {"below": 0.8}}
        for choice, expected in (("par_and_market", 2.1), ("adjusted", 2.07)):
            result = pay(
                interest_steps=[RESIDUAL],
                tests=[test],
                collateral=rules and assets,
                conventions={"eod_numerator": choice},
            )
            assert coverage(result, "EoD")["ratio"] == approx(expected)

    def test_the_deferrals_of_a_date_may_count_in_its_principal_cures(self) -> None:
        # B's 1.5 is not paid; N = 180 + 10, D = 150: T · D − N = −2.5 or −0.625 with the deferral of 1.5
        for choice, par, expected in ((False, 177.0, 2.0), (True, 177.0, 9.5)):
            result = pay(
                interest_steps=[interest("A"), interest("B"), cure("OC"), RESIDUAL],
                principal_steps=[cure("OC"), RETAIN],
                collected=(2.0, 10.0),
                par=par,
                tests=[OC],
                conventions={"same_date_deferrals_in_oc": choice},
            )
            assert paid(result, "cure", "A", "principal") == approx(expected)

    def test_they_count_from_the_step_that_left_them_unpaid(self) -> None:
        early = [interest("A"), cure("OC"), interest("B"), RESIDUAL]
        late = [interest("A"), interest("B", amount="0.5"), cure("OC"), RESIDUAL]
        for steps, owed in ((early, 150.0), (late, 151.0)):
            result = pay(
                interest_steps=steps,
                collected=(9.0, 0.0),
                par=187.0,
                tests=[OC],
                conventions={"same_date_deferrals_in_oc": True},
            )
            assert paid(result, "cure", "A") == approx(owed - 187 / 1.25)


class TestDesignatedPrincipal:
    @pytest.mark.parametrize(("choice", "cured"), [("uncommitted", 10.0), ("undesignated", 0.0)])
    def test_steps_before_the_first_purchase_may_get_no_principal(self, choice: str, cured: float) -> None:
        result = pay(
            interest_steps=[interest("A"), interest("B"), RESIDUAL],
            principal_steps=[cure("OC"), {"verb": "reinvest", "of": "all", "share": 1.0}, SEQUENCE, RESIDUAL],
            collected=(3.5, 10.0),
            par=170.0,
            tests=[OC],
            conventions={"principal_available_in_rp": choice},
        )
        assert paid(result, "cure", "A", "principal") == cured
        assert result["accounts"]["principal"] == 10.0 - cured


class TestSequence:
    def test_class_x_may_stand_with_the_class_that_shares_its_interest_rank(self) -> None:
        x = {"name": "X", "balance": 25.0, "interest_rank": 1, "coupon": {"fixed": 0.0}}
        for choice, expected in ((False, 0.0), (True, 10.0)):
            result = pay(
                interest_steps=[interest("X", "A"), interest("B"), RESIDUAL],
                principal_steps=[SEQUENCE, RESIDUAL],
                collected=(3.5, 50.0),
                notes=[x, A, B, SUB],
                conventions={"x_in_sequence": choice},
            )
            assert note(result, "X")["principal_paid"] == approx(expected)


class TestInterestOnUnpaidInterest:
    def flows(self, choice: str) -> Document:
        junior = {**one_date.B, "balance": 20.0}
        deal = tiny.deal_of(notes=[tiny.A, junior, SUB], conventions={"interest_on_unpaid": choice})
        deal["waterfalls"]["interest"] = [
            {"verb": "pay_interest", "notes": [["A"]]},
            {"verb": "pay_interest", "notes": [["B"]]},
            {"verb": "pay_deferred_interest", "notes": [["B"]]},
            RESIDUAL,
        ]
        # 0.9 a quarter for A alone, then enough for all on the last date
        loan = tiny.loan_of(spread=-0.004)
        return tiny.run(loan, deal=deal, scenario=tiny.scenario_of())

    def test_interest_on_deferred_interest_bears_none_when_it_is_simple(self) -> None:
        # B: 0.6 a quarter, 3 % on what is deferred
        assert tiny.of_note(self.flows("none"), "B", "interest_due") == approx([0.6] * 4)
        assert tiny.of_note(self.flows("compound"), "B", "interest_due")[:3] == approx([0.6, 0.618, 0.63654])
        # deferred 1.218, of which 0.018 is interest on unpaid interest
        assert tiny.of_note(self.flows("simple"), "B", "interest_due") == approx([0.6, 0.618, 0.636, 0.654])
        assert tiny.of_note(self.flows("simple"), "B", "deferred_balance")[2] == approx(1.854)

    def test_a_payment_settles_interest_on_unpaid_interest_first(self) -> None:
        owed = Note("B", 2, 2, residual=False, deferrable=True, original_balance=20.0, balance=20.0)
        owed.on_unpaid, owed.deferred, owed.idle_deferred = "simple", 10.0, 2.0
        owed.rate, owed.day_count_fraction = 0.12, 0.25
        owed.accrue()
        assert owed.current == approx(20 * 0.03 + 8 * 0.03)
        owed.pay_deferred(1.5, cure=True)
        assert (owed.idle_deferred, owed.saved) == (0.5, 0.0)
        owed.pay_interest(0.2)
        assert owed.close() == approx(0.64)
        # 0.04 of 0.24 is left
        assert owed.idle_deferred == approx(0.54)

    def test_the_unpaid_interest_of_a_state_bears_interest_as_a_whole(self) -> None:
        result = pay(
            interest_steps=[interest("A"), RESIDUAL],
            states={"A": {"interest_shortfall": 10.0}, "B": {"deferred_interest": 20.0}},
            conventions={"interest_on_unpaid": "simple"},
        )
        assert note(result, "A")["interest_due"] == approx(2.2)
        assert note(result, "B")["interest_due"] == approx(2.1)


def test_agencies_of_a_state_have_sets_of_their_own() -> None:
    collateral = {
        "performing_par": 163.0,
        "ccc": [
            {"id": "both", "par": 15.0, "market_price": 0.9},
            {"id": "sp", "par": 10.0, "market_price": 0.6, "agencies": ["sp"]},
            {"id": "moodys", "par": 12.0, "market_price": 0.8, "agencies": ["moodys"]},
        ],
    }
    document = {
        "target_par": 200.0,
        "dates": {
            "closing": "2025-01-15",
            "first_payment": "2025-04-15",
            "payment_frequency_months": 3,
            "stated_maturity": "2027-01-15",
        },
        "notes": [A, SUB],
        "collateral": {"ccc": {"limit": 0.1}},
        "conventions": {"ccc_agency_rule": "sum"},
        "waterfalls": {"interest": [RESIDUAL], "principal": [RESIDUAL]},
    }
    state = {
        "payment_date": "2025-07-15",
        "previous_payment_date": "2025-04-15",
        "collected": {},
        "notes": {"A": {"balance": 100.0}},
        "collateral": collateral,
    }
    found = run_payment_date(document, state)["measure"]
    assert found["ccc_excess_haircut"] == approx(10 * 0.4 + 7 * 0.2)


class TestHurdles:
    def test_several_hurdles_run_over_both_waterfalls(self) -> None:
        # the holders paid 20 at closing, 181 days before; no interest at 0 % and 4 % on actual days
        first = 20.0
        second = 20.0 * (1 + 1.0) ** (181 / 365)
        fees = [{"name": "fee", "hurdles": [{"irr": 0.0, "share": 0.2}, {"irr": 1.0, "share": 0.5}]}]
        steps: list[Document] = [
            {"verb": "pay_residual", "notes": [["SUB"]], "until": "fee"},
            {"verb": "incentive_fee", "fee": "fee"},
            RESIDUAL,
        ]
        result = pay(
            interest_steps=steps,
            principal_steps=steps,
            collected=(24.0, 16.0),
            notes=[SUB],
            fees=fees,
        )
        # interest: 20 to the holders, 4 in the first slice; principal: the rest of the slice, then half and half
        slice_1 = (second - first) / 0.8
        due = [4 * 0.2, (slice_1 - 4) * 0.2 + (16 - (slice_1 - 4)) * 0.5]
        assert paid(result, "incentive_fee", "fee") == approx(due[0])
        assert paid(result, "incentive_fee", "fee", "principal") == approx(due[1])
