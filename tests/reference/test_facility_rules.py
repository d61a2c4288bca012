"""Classes that are drawn over time and combination notes, by hand, on the tiny deal: A is 60 at 6 %."""

from datetime import date
from typing import Any, ClassVar

import pytest

from reference import facilities
from reference.facilities import LATE, drawn_class, liquidity_deal
from reference.tiny import (
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


def facility_deal(note: Document, **more: Any) -> Document:
    return facilities.facility_deal(note, principal=[SEQUENCE, RESIDUAL], **more)


class TestCommitments:
    def test_the_fee_runs_on_what_is_undrawn_until_the_commitment_ends(self) -> None:
        deal = facility_deal(drawn_class(fee=0.01, until="2025-07-15"))
        result = run(deal=deal)
        # 20 at 6 % and 30 at 1 %: 0.3 and 0.075
        assert of_note(result, "DD", "interest_due") == approx([0.375, 0.375, 0.3, 0.3])

    def test_a_draw_raises_the_balance_after_the_interest_of_its_date_and_joins_principal(self) -> None:
        note = {**drawn_class(draws={"2025-07-01": 10.0}, fee=0.01), "issue_price": 0.9}
        test = {"name": "OC", "kind": "oc", "through": "A", "trigger": 1.0}
        deal = facility_deal(note, tests=[test])
        deal["waterfalls"]["principal"] = [{"verb": "retain"}, SEQUENCE, RESIDUAL]
        result = run(loan_of(amortization_rate=0.0), deal=deal)
        assert of_note(result, "DD", "begin_balance")[:3] == approx([20.0, 20.0, 30.0])
        assert of_note(result, "DD", "principal_paid")[:3] == approx([0.0, -10.0, 0.0])
        assert of_note(result, "DD", "interest_due")[:3] == approx([0.375, 0.375, 0.5])
        assert column(result, "principal_cash")[:2] == approx([0.0, 9.0])
        rows = result["tests"]
        assert (rows[1]["numerator"], rows[1]["denominator"]) == (approx(109.0), approx(90.0))

    def test_draws_stop_at_the_amount_and_at_the_end(self) -> None:
        draws = {"2025-04-15": 25.0, "2025-07-15": 25.0, "2025-10-15": 5.0}
        for until, expected in ((None, [-25.0, -5.0, 0.0]), ("2025-07-15", [-25.0, 0.0, 0.0])):
            deal = facility_deal(drawn_class(draws=draws, until=until))
            deal["waterfalls"]["principal"] = [{"verb": "retain"}]
            assert of_note(run(deal=deal), "DD", "principal_paid")[:3] == approx(expected)

    @pytest.mark.parametrize(("revolving", "again"), [(True, -12.0), (False, -5.0)])
    def test_what_is_repaid_may_be_drawn_again_when_it_revolves(
        self, again: float, *, revolving: bool
    ) -> None:
        deal = facility_deal(drawn_class(draws={"2025-04-15": 25.0, "2025-07-15": 12.0}, revolving=revolving))
        paid = {"verb": "pay_principal", "notes": [["DD"]], "when": "date < '2025-05-01'"}
        deal["waterfalls"]["principal"] = [paid, {"verb": "retain"}]
        result = run(deal=deal)
        # 25 drawn and repaid on the first date
        assert of_note(result, "DD", "principal_paid")[:2] == approx([0.0, again])

    def test_dust_and_factors_run_on_the_committed_amount(self) -> None:
        deal = facility_deal(drawn_class())
        step = {"verb": "retain", "amount": "note_factor('DD')"}
        deal["waterfalls"]["interest"] = [step, {"verb": "pay_interest", "notes": [["A", "DD"]]}, RESIDUAL]
        result = run(deal=deal)
        assert next(row["paid"] for row in result["ledger"] if row["step"] == "retain") == approx(0.4)


class TestDrawSteps:
    def test_what_interest_leaves_unpaid_is_drawn(self) -> None:
        result = run(loan_of(**LATE), deal=liquidity_deal(amount=50.0))
        assert of_note(result, "A", "interest_paid")[:2] == approx([0.9, 0.9])
        assert of_note(result, "LF", "end_balance")[:2] == approx([0.3, 0.6])
        row = next(row for row in result["ledger"] if row["step"] == "draw")
        assert (row["payee"], row["paid"], row["source"]) == ("A", approx(0.3), "draw")
        assert result["conservation_error"] < 1e-12

    def test_no_more_than_is_undrawn(self) -> None:
        result = run(loan_of(**LATE), deal=liquidity_deal(amount=0.4))
        assert of_note(result, "A", "interest_shortfall")[:2] == approx([0.0, 0.2])
        assert of_note(result, "LF", "end_balance")[:2] == approx([0.3, 0.4])

    def test_its_amount_limits_a_step(self) -> None:
        deal = liquidity_deal(amount=50.0)
        deal["waterfalls"]["interest"][1]["amount"] = "0.1"
        assert of_note(run(loan_of(**LATE), deal=deal), "LF", "end_balance")[0] == approx(0.1)


class TestCombinations:
    COMBO: ClassVar[Document] = {"name": "COMBO", "combination_of": {"A": 15.0, "SUB": 10.0}}

    def test_receipts_are_shares_of_the_components_and_lower_the_rated_balance(self) -> None:
        result = run(deal=deal_of(notes=[A, SUB, self.COMBO]))
        receipts = [0.9 / 4 + 1.1 / 4] * 3 + [60.9 / 4 + 41.1 / 4]
        balances = [25.0]
        for amount in receipts:
            balances.append(max(0.0, balances[-1] - amount))
        assert of_note(result, "COMBO", "begin_balance") == approx(balances[:-1])
        assert of_note(result, "COMBO", "end_balance") == approx(balances[1:])
        assert of_note(result, "COMBO", "principal_paid") == approx([0.5, 0.5, 0.5, 23.5])
        assert of_note(result, "COMBO", "interest_paid")[-1] == approx(receipts[-1] - 23.5)
        assert of_note(result, "COMBO", "interest_due") == [0.0] * 4
        assert [row["note"] for row in result["cashflows"]][:3] == ["A", "SUB", "COMBO"]

    def test_its_rated_balance_may_be_stated_and_be_lost(self) -> None:
        combined = {**self.COMBO, "balance": 30.0}
        result = run(
            deal=deal_of(notes=[A, SUB, combined]),
            scenario=scenario_of(cdr=constant(1.0), recovery=constant(0.0)),
        )
        assert of_note(result, "COMBO", "final_loss") == approx([30.0])

    def test_it_has_no_place_in_the_waterfalls(self) -> None:
        with_combo, without = (run(deal=deal_of(notes=notes)) for notes in ([A, SUB, self.COMBO], [A, SUB]))
        assert [row for row in with_combo["cashflows"] if row["note"] != "COMBO"] == without["cashflows"]
        assert with_combo["equity"] == without["equity"]


def test_interest_by_frequency_and_the_semiannual_share_look_at_own_payment_dates() -> None:
    loans = [
        loan_of(
            par=60.0,
            next_payment=date(2025, 2, 15),
            payment_frequency_months=6,
            accrual_start=date(2024, 8, 15),
        ),
        loan_of(loan_id="L2", par=40.0, next_payment=date(2025, 3, 15), payment_frequency_months=3),
    ]
    deal = deal_of()
    deal["waterfalls"]["interest"] = [
        {"verb": "retain", "amount": "interest_by_frequency(6)"},
        {"verb": "retain", "amount": "0.1 * semiannual_share"},
        {"verb": "pay_interest", "notes": [["A"]]},
        RESIDUAL,
    ]
    result = run(*loans, deal=deal)
    held = [row["paid"] for row in result["ledger"] if row["step"] == "retain"][:2]
    assert held == approx([60 * 0.08 / 2, 0.06])
