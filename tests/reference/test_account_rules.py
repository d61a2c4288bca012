"""Accounts, the receipts waterfall, hedges, waived and deferred fees and a turbo, by hand."""

from datetime import date
from typing import Any, ClassVar

import pytest

from cloche.testing.reference import run_payment_date
from cloche.testing.reference.fees import Fee
from cloche.testing.reference.hedges import Hedge
from reference import tiny
from reference.one_date import (
    IC,
    OC,
    RESIDUAL,
    SUB,
    A,
    B,
    Document,
    coverage,
    cure,
    fee,
    interest,
    note,
    paid,
    pay,
)

approx = pytest.approx

RETAIN: Document = {"verb": "retain"}


def fund(name: str, **more: Any) -> Document:
    return {"verb": "fund_reserve", "account": name, **more}


def release(name: str, **more: Any) -> Document:
    return {"verb": "release_reserve", "account": name, **more}


def transfer(source: str, to: str, **more: Any) -> Document:
    return {"verb": "transfer", "from": source, "to": to, **more}


def hedge(*names: str, **more: Any) -> Document:
    return {"verb": "pay_hedge", "hedges": [list(names)], **more}


def rows(result: Document, waterfall: str) -> list[tuple[str, str, Any]]:
    return [
        (row["step"], row["payee"], approx(row["paid"]))
        for row in result["ledger"]
        if row["waterfall"] == waterfall and row["paid"] > 0
    ]


class TestAccountsOnOneDate:
    def test_a_reserve_is_funded_to_its_target_and_released_above_it(self) -> None:
        accounts = [{"name": "low", "target": "3"}, {"name": "high", "target": "0.01 * balance('A')"}]
        result = pay(
            interest_steps=[fund("low"), release("high"), interest("A"), RESIDUAL],
            collected=(4.0, 0.0),
            accounts=accounts,
            account_states={"low": 1.0, "high": 2.5},
        )
        assert rows(result, "interest") == [
            ("fund_reserve", "low", 2.0),
            ("release_reserve", "interest account", 1.5),
            ("pay_interest", "A", 2.0),
            ("pay_residual", "SUB", 1.5),
        ]
        assert result["accounts"]["low"] == 3.0
        assert result["accounts"]["high"] == 1.0
        assert result["conservation_error"] == approx(0.0, abs=1e-12)

    def test_a_step_may_have_its_own_target_and_amount(self) -> None:
        result = pay(
            interest_steps=[
                fund("x", up_to="5", amount="1.5"),
                release("y", above="1", amount="0.25"),
                RESIDUAL,
            ],
            collected=(4.0, 0.0),
            accounts=[{"name": "x"}, {"name": "y"}],
            account_states={"y": 2.0},
        )
        assert (result["accounts"]["x"], result["accounts"]["y"]) == (1.5, 1.75)

    def test_principal_that_goes_to_an_account_lowers_the_numerator_until_it_comes_back(self) -> None:
        result = pay(
            interest_steps=[RESIDUAL],
            principal_steps=[transfer("principal", "x"), cure("OC"), transfer("x", "principal"), RETAIN],
            collected=(0.0, 10.0),
            par=184.0,
            tests=[OC],
            accounts=[{"name": "x"}],
        )
        # N = 194, trigger 187.5; without the 10 it fails, and there is nothing to cure it with
        row = next(row for row in result["ledger"] if row["step"] == "cure")
        assert row["due"] == approx((187.5 - 184) / 0.25)
        assert coverage(result, "OC")["ratio_after"] == approx(194 / 150)

    def test_interest_may_join_principal_as_diverted_interest_does(self) -> None:
        result = pay(
            interest_steps=[transfer("interest", "principal", amount="0.5 * remaining"), RESIDUAL],
            principal_steps=[{"verb": "pay_principal", "notes": [["A"]]}, RESIDUAL],
            collected=(8.0, 0.0),
        )
        assert note(result, "A")["principal_paid"] == 4.0

    def test_the_last_date_and_a_sale_close_every_account(self) -> None:
        deal = one_date_deal(accounts=[{"name": "i"}, {"name": "p", "proceeds": "principal"}])
        state = {**one_date_state(deal), "status": "redemption", "accounts": {"i": 1.0, "p": 2.0}}
        result = run_one(deal, state)
        assert result["measure"]["principal_cash"] == 2.0
        assert (result["accounts"]["i"], result["accounts"]["p"]) == (0.0, 0.0)
        assert note(result, "A")["interest_paid"] == 2.0
        assert note(result, "A")["principal_paid"] == 1.0

    def test_the_balance_of_an_account_is_a_quantity(self) -> None:
        result = pay(
            interest_steps=[{**interest("A"), "when": "account('x') > 1"}, RESIDUAL],
            collected=(2.0, 0.0),
            accounts=[{"name": "x"}],
            account_states={"x": 1.5},
        )
        assert note(result, "A")["interest_paid"] == 2.0


def one_date_deal(**more: Any) -> Document:
    return {
        "cloche": 1,
        "target_par": 200.0,
        "dates": {
            "closing": "2025-01-15",
            "first_payment": "2025-04-15",
            "payment_frequency_months": 3,
            "stated_maturity": "2027-01-15",
            "roll": "none",
        },
        "notes": [A, B, SUB],
        "waterfalls": {"interest": [interest("A"), interest("B"), RESIDUAL], "principal": [RESIDUAL]},
        **more,
    }


def one_date_state(deal: Document) -> Document:
    return {
        "payment_date": "2025-07-15",
        "previous_payment_date": "2025-04-15",
        "collected": {},
        "fee_basis": 400.0,
        "notes": {note["name"]: {"balance": note["balance"]} for note in deal["notes"]},
        "collateral": {"performing_par": 200.0},
    }


def run_one(deal: Document, state: Document) -> Document:
    return run_payment_date(deal, state)


class TestReceipts:
    def test_they_run_first_and_change_both_proceeds(self) -> None:
        result = pay(
            interest_steps=[interest("A"), RESIDUAL],
            principal_steps=[cure("OC"), RETAIN],
            collected=(10.0, 20.0),
            par=170.0,
            tests=[OC, IC],
            accounts=[{"name": "x", "proceeds": "principal"}, {"name": "y"}],
            account_states={"x": 3.0},
            receipts=[
                transfer("interest", "principal", amount="4"),
                release("x"),
                transfer("principal", "y", amount="0.1 * remaining"),
                fund("y", up_to="4"),
            ],
        )
        # principal 20 + 4 + 3 − 2.7 = 24.3, interest 10 − 4 − 1.3 = 4.7
        assert rows(result, "receipts") == [
            ("transfer", "principal account", 4.0),
            ("release_reserve", "principal account", 3.0),
            ("transfer", "y", 2.7),
            ("fund_reserve", "y", 1.3),
        ]
        assert coverage(result, "OC")["numerator"] == approx(194.3)
        assert coverage(result, "IC")["numerator"] == approx(4.7)
        assert result["measure"]["principal_cash"] == 20.0
        assert result["accounts"]["principal"] == approx(24.3)
        assert result["conservation_error"] == approx(0.0, abs=1e-12)

    def test_blocks_and_conditions_have_their_say(self) -> None:
        moved = transfer("interest", "x", amount="1")
        result = pay(
            interest_steps=[RESIDUAL],
            collected=(10.0, 0.0),
            accounts=[{"name": "x"}],
            receipts=[
                {"verb": "block", "when": "during_reinvestment", "steps": [moved], "else": [moved, moved]},
                {**moved, "when": "account('x') > 5"},
            ],
        )
        assert result["accounts"]["x"] == 1.0


class TestAccountsOverTime:
    def test_an_account_lives_beside_the_collateral_and_is_closed_at_the_end(self) -> None:
        deal = tiny.deal_of(accounts=[{"name": "x", "initial": 5.0, "proceeds": "principal"}])
        result = tiny.run(deal=deal)
        assert tiny.column(result, "principal_cash") == approx([0.0, 0.0, 0.0, 105.0])
        assert tiny.column(result, "oc_numerator")[0] == approx(100.0)

    def test_it_may_earn_as_cash_does(self) -> None:
        deal = tiny.deal_of(accounts=[{"name": "x", "initial": 100.0, "earns": "cash"}])
        result = tiny.run(deal=deal)
        idle = 100 * 0.038 * (tiny.FIRST - tiny.CLOSING).days / 360
        assert tiny.column(result, "interest_collected")[0] == approx(2 + idle)

    def test_it_is_closed_when_nothing_of_the_collateral_is_left_after_the_reinvestment_period(self) -> None:
        loan = tiny.loan_of(maturity=date(2025, 6, 1))
        deal = tiny.deal_of(accounts=[{"name": "x", "initial": 5.0}])
        result = tiny.run(loan, deal=deal)
        assert len(result["collateral"]) == 2
        assert tiny.column(result, "interest_collected")[1] == approx(100 * 0.08 * 46 / 360 + 5.0)

    def test_an_account_keeps_the_run_going_in_the_reinvestment_period(self) -> None:
        loan = tiny.loan_of(maturity=date(2025, 3, 1))
        deal = tiny.deal_of(
            accounts=[{"name": "x", "initial": 5.0}], dates={"reinvestment_end": "2025-07-15"}
        )
        deal["waterfalls"]["principal"] = [{"verb": "pay_principal", "notes": [["A"]]}, RESIDUAL]
        result = tiny.run(loan, deal=deal)
        assert tiny.of_note(result, "SUB", "interest_paid")[1:] == approx([0.0, 5.0])
        assert result["conservation_error"] < 1e-12

    def test_a_call_closes_it_and_counts_it(self) -> None:
        deal = tiny.deal_of(accounts=[{"name": "x", "initial": 5.0}])
        call = {"call": {}, "date": "2025-04-15"}
        for price, dates in ((0.5389, 4), (0.5391, 1)):
            scenario = tiny.scenario_of(liquidation_price=price, events=[call])
            assert len(tiny.run(deal=deal, scenario=scenario)["collateral"]) == dates


class TestHedges:
    SWAP: ClassVar[Document] = {
        "name": "swap",
        "pay": {"fixed": 0.05},
        "receive": {"index": "sofr_3m"},
        "notional": 80.0,
    }

    def deal(self, *hedges: Document, **more: Any) -> Document:
        deal = tiny.deal_of(hedges=list(hedges), **more)
        deal["waterfalls"]["interest"].insert(0, hedge("swap"))
        return deal

    def test_a_net_amount_due_is_paid_before_interest_and_lowers_interest_coverage(self) -> None:
        test = {"name": "IC", "kind": "ic", "through": "A", "trigger": 1.0, "first_date": "closing"}
        result = tiny.run(deal=self.deal(self.SWAP, tests=[test]))
        # fixed 30/360 on unadjusted dates, floating act/360 on 90 days
        due = 80 * (0.05 / 4 - 0.04 * 90 / 360)
        assert next(row["paid"] for row in result["ledger"] if row["payee"] == "swap") == approx(due)
        assert result["tests"][0]["numerator"] == approx(2 - due)
        assert tiny.of_note(result, "SUB", "interest_paid")[0] == approx(2 - due - 0.9)

    def test_a_net_receipt_joins_interest_proceeds(self) -> None:
        turned = {**self.SWAP, "pay": {"fixed": 0.03}}
        result = tiny.run(deal=self.deal(turned))
        assert tiny.column(result, "interest_collected")[0] == approx(2 + 80 * (0.04 * 90 / 360 - 0.03 / 4))

    def test_what_stays_unpaid_is_due_later_without_interest(self) -> None:
        large = {
            **self.SWAP,
            "pay": {"fixed": 0.16, "day_count": "act/360"},
            "notional": {"2025-01-15": 80.0, "2025-04-15": 0.0},
        }
        result = tiny.run(deal=self.deal(large))
        # 80 · 12 % / 4 = 2.4, 2.0 are there
        assert [row["paid"] for row in result["ledger"] if row["payee"] == "swap"][:3] == approx(
            [2.0, 0.4, 0.0]
        )

    @pytest.mark.parametrize(
        ("leg", "rate"),
        [
            ({"index": "sofr_3m", "spread": 0.01}, 0.05),
            ({"index": "sofr_3m", "floor": 0.045}, 0.045),
            ({"index": "sofr_3m", "cap": 0.03}, 0.03),
            ({"index": "sofr_3m", "above": 0.03}, 0.01),
            ({"index": "sofr_3m", "above": 0.05}, 0.0),
            ({"index": "sofr_3m", "below": 0.05}, 0.01),
        ],
    )
    def test_a_leg_has_a_rate(self, leg: Document, rate: float) -> None:
        bought = {"name": "swap", "receive": {**leg, "day_count": "30/360"}, "notional": "A"}
        result = tiny.run(deal=self.deal(bought))
        assert tiny.column(result, "interest_collected")[0] == approx(2 + 60 * rate / 4)

    def test_a_notional_by_date_holds_for_periods_that_start_on_or_after_it(self) -> None:
        dated = {**self.SWAP, "receive": {"fixed": 0.0}, "notional": {"2025-04-01": 40.0, "2025-07-16": 0.0}}
        result = tiny.run(deal=self.deal(dated))
        paid_rows = [row["paid"] for row in result["ledger"] if row["payee"] == "swap"]
        assert paid_rows == approx([0.0, 0.5, 0.5, 0.0])

    def test_a_termination_ends_the_exchange_and_is_owed_or_received(self) -> None:
        swap = {**self.SWAP, "receive": {"fixed": 0.0}, "notional": 40.0}
        owed = {**swap, "termination": {"date": "2025-07-01", "amount": 0.25}}
        result = tiny.run(deal=self.deal(owed))
        assert [row["paid"] for row in result["ledger"] if row["payee"] == "swap"] == approx(
            [0.5, 0.75, 0.0, 0.0]
        )
        received = {**swap, "termination": {"date": "2025-07-01", "amount": -3.0}}
        result = tiny.run(deal=self.deal(received))
        assert tiny.column(result, "principal_cash")[1] == approx(3.0)

    def test_a_counterparty_at_fault_is_paid_as_defaulted_alone(self) -> None:
        ended = {"date": "2025-07-01", "amount": 0.25, "party": "counterparty"}
        swap = {**self.SWAP, "receive": {"fixed": 0.0}, "notional": 40.0, "termination": ended}
        deal = self.deal(swap)
        deal["waterfalls"]["interest"].insert(2, hedge("swap", part="defaulted"))
        result = tiny.run(deal=deal)
        found = [row["paid"] for row in result["ledger"] if row["payee"] == "swap" and row["date"].month == 7]
        assert found == approx([0.5, 0.25])

    def test_parts_of_what_is_due(self) -> None:
        owed = Hedge("swap", periodic=2.0, termination=3.0)
        assert [owed.owed(part) for part in ("all", "periodic", "termination", "defaulted")] == [
            5.0,
            2.0,
            3.0,
            0.0,
        ]
        owed.pay("all", 2.5)
        assert (owed.periodic, owed.termination) == (0.0, 2.5)

    def test_principal_pays_what_interest_left_unpaid(self) -> None:
        swap = {**self.SWAP, "receive": {"fixed": 0.0}, "notional": 400.0}
        deal = self.deal(swap)
        deal["waterfalls"]["principal"].insert(0, {"verb": "pay_shortfalls", "through": "A"})
        result = tiny.run(tiny.loan_of(amortization_rate=0.4), deal=deal)
        shortfalls = [row for row in result["ledger"] if row["step"] == "pay_shortfalls"][:2]
        assert [(row["payee"], row["paid"]) for row in shortfalls] == [
            ("swap", approx(3.0)),
            ("A", approx(0.9)),
        ]

    def test_a_redemption_must_cover_it_and_the_pot_pays_it_with_the_fees(self) -> None:
        swap = {**self.SWAP, "receive": {"fixed": 0.0}, "notional": 40.0}
        call = {"call": {}, "date": "2025-04-15"}
        for price, dates in ((0.5939, 4), (0.5941, 1)):
            scenario = tiny.scenario_of(liquidation_price=price, events=[call])
            result = tiny.run(deal=self.deal(swap), scenario=scenario)
            assert len(result["collateral"]) == dates
        assert [row["step"] for row in result["ledger"]][:2] == ["pay_hedge", "pay_interest"]


class TestFees:
    TERMS: ClassVar[Document] = {"name": "f", "amount_per_period": 0.4}

    def rows(self, **more: Any) -> list[Document]:
        deal = tiny.deal_of(fees=[{**self.TERMS, **more}])
        deal["waterfalls"]["interest"].insert(0, fee("f"))
        found: list[Document] = tiny.run(deal=deal)["fees"]
        return found

    def test_a_share_that_is_waived_is_never_due(self) -> None:
        found = self.rows(waived={"2025-04-15": 0.5, "2025-10-15": 0.0})
        assert [row["paid"] for row in found] == approx([0.4, 0.2, 0.2, 0.4])
        assert [row["unpaid"] for row in found] == approx([0.0] * 4)

    def test_a_share_that_is_deferred_is_due_from_the_next_date_on(self) -> None:
        found = self.rows(deferred={"2025-04-15": 1.0, "2025-07-15": 0.25, "2025-10-15": 0.0})
        assert [row["paid"] for row in found] == approx([0.4, 0.0, 0.7, 0.5])
        assert [row["unpaid"] for row in found] == approx([0.0, 0.4, 0.1, 0.0])

    def test_the_deferred_share_is_of_what_is_not_waived(self) -> None:
        found = self.rows(waived=0.5, deferred=0.5)
        assert [row["paid"] for row in found] == approx([0.1, 0.2, 0.2, 0.2])

    def test_a_fee_of_a_state_is_as_stated(self) -> None:
        result = pay(
            interest_steps=[fee("f"), RESIDUAL],
            collected=(5.0, 0.0),
            fees=[{**self.TERMS, "waived": 1.0}],
            fee_states={"f": {"due": 3.0}},
        )
        assert paid(result, "pay_fee", "f") == 3.0
        assert Fee("f", base=0.0, current=1.0, unpaid=0.0).later == 0.0

    def test_an_incentive_fee_may_be_waived_in_part(self) -> None:
        result = pay(
            interest_steps=[{"verb": "incentive_fee", "fee": "f"}, RESIDUAL],
            collected=(10.0, 0.0),
            fees=[{"name": "f", "hurdles": [{"irr": None, "share": 0.2}], "waived": 0.25}],
        )
        assert paid(result, "incentive_fee", "f") == approx(1.5)


class TestTurbo:
    def test_a_share_of_what_remains_pays_deferred_interest_then_principal(self) -> None:
        result = pay(
            interest_steps=[
                interest("A"),
                interest("B"),
                {"verb": "turbo", "notes": [["B"]], "share": 0.5},
                RESIDUAL,
            ],
            collected=(14.0, 0.0),
            states={"B": {"deferred_interest": 2.0}},
        )
        # 14 − 2 − 1.56 = 10.44: 5.22
        assert note(result, "B")["deferred_paid"] == approx(2.0)
        assert note(result, "B")["principal_paid"] == approx(3.22)
        assert note(result, "SUB")["interest_paid"] == approx(5.22)

    def test_it_pays_group_after_group_up_to_what_is_owed_and_no_more_than_its_amount(self) -> None:
        step = {"verb": "turbo", "notes": [["B"], ["A"]], "share": 1.0}
        for amount, expected in ((None, (50.0, 10.0)), ("52", (50.0, 2.0))):
            limited = step if amount is None else {**step, "amount": amount}
            result = pay(interest_steps=[limited, RESIDUAL], collected=(60.0, 0.0))
            assert (note(result, "B")["principal_paid"], note(result, "A")["principal_paid"]) == expected

    def test_it_is_no_cure_of_interest_coverage(self) -> None:
        steps = [interest("A"), {"verb": "turbo", "notes": [["A"]], "share": 0.5}, RESIDUAL]
        result = pay(interest_steps=steps, collected=(22.0, 0.0), tests=[IC])
        assert note(result, "A")["principal_paid"] == 10.0
        assert coverage(result, "IC")["ratio_after"] == approx(11.0)
