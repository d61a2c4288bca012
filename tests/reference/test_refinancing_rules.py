"""Refinancings and re-pricings by hand, on the tiny deal: A is 60 at 6 %, due 0.9 a quarter; the loan pays 2.0."""

from typing import Any, ClassVar

import pytest

from cloche.testing.reference.refinancing import with_successors
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

CHEAPER: Document = {"index": "sofr_3m", "spread": 0.01, "day_count": "30/360"}
NEW: Document = {"name": "A-R", "balance": "outstanding", "coupon": CHEAPER}
B: Document = {
    "name": "B",
    "balance": 20.0,
    "interest_rank": 2,
    "principal_rank": 2,
    "coupon": {"fixed": 0.12},
    "deferrable": True,
}
TWO_CLASSES: Document = {
    "notes": [A, B, {**SUB, "balance": 20.0}],
    "waterfalls": {
        "interest": [
            {"verb": "pay_interest", "notes": [["A"]]},
            {"verb": "pay_interest", "notes": [["B"]]},
            {"verb": "pay_deferred_interest", "notes": [["B"]]},
            RESIDUAL,
        ],
        "principal": [SEQUENCE, RESIDUAL],
    },
}


def refinance(*into: Document, old: str = "A", date: str = "2025-04-15", **more: Any) -> Document:
    return {"refinance": {old: {"into": list(into)}}, "date": date, **more}


def changed(
    *entries: Document, deal: Document | None = None, loans: tuple[Document, ...] = (), **more: Any
) -> Document:
    return run(*loans, deal=deal or deal_of(), scenario=scenario_of(events=list(entries), **more))


class TestSuccessors:
    def test_the_old_class_is_redeemed_after_its_interest_and_the_successor_takes_its_place(self) -> None:
        result = changed(refinance(NEW))
        assert of_note(result, "A", "interest_paid") == approx([0.9, 0.0, 0.0, 0.0])
        assert of_note(result, "A", "principal_paid") == approx([60.0, 0.0, 0.0, 0.0])
        assert of_note(result, "A", "end_balance") == [0.0] * 4
        # 60 at 5 %
        assert of_note(result, "A-R", "interest_paid") == approx([0.0] + [0.75] * 3)
        assert of_note(result, "A-R", "issued") == [60.0, 0.0, 0.0, 0.0]
        assert of_note(result, "A-R", "end_balance") == approx([60.0, 60.0, 60.0, 0.0])
        assert of_note(result, "SUB", "interest_paid")[:3] == approx([1.1, 1.25, 1.25])
        assert [(row["event"], row["note"], row["reason"]) for row in result["events"]] == [
            ("refinancing", "A", "scenario.events[0]")
        ]

    def test_absent_keys_come_from_the_class(self) -> None:
        result = changed(refinance({"name": "A-R", "balance": "outstanding"}))
        new = next(note for note in result["deal"]["notes"] if note["name"] == "A-R")
        assert (new["interest_rank"], new["principal_rank"], new["replaces"]) == (1, 1, "A")
        assert of_note(result, "A-R", "rate")[1:] == approx([0.06] * 3)

    def test_what_is_deferred_is_paid_and_refinanced(self) -> None:
        deal = deal_of(**TWO_CLASSES)
        new = {"name": "B-R", "balance": "outstanding", "coupon": {"fixed": 0.08}}
        result = changed(refinance(new, old="B"), deal=deal, loans=(loan_of(spread=0.0),))
        # 1 a quarter: B gets 0.1 of 0.6; 0.5 is deferred on the date and redeemed on it
        assert of_note(result, "B", "deferred_interest")[0] == approx(0.5)
        assert of_note(result, "B", "deferred_paid")[0] == approx(0.5)
        assert of_note(result, "B", "deferred_balance") == [0.0] * 4
        assert of_note(result, "B-R", "issued")[0] == approx(20.5)
        # it may defer as B did
        assert of_note(result, "B-R", "deferred_interest")[1] == approx(20.5 * 0.02 - 0.1)

    def test_overdue_interest_is_paid_as_interest(self) -> None:
        deal = deal_of(**{**TWO_CLASSES, "notes": [A, {**B, "deferrable": False}, SUB]})
        rules = {"causes": ["senior_interest"], "accelerate": "automatic"}
        new = {"name": "B-R", "balance": "outstanding"}
        result = changed(
            refinance(new, old="B"), deal={**deal, "default_events": rules}, loans=(loan_of(spread=0.0),)
        )
        assert of_note(result, "B", "interest_paid")[0] == approx(0.1 + 0.5)
        assert of_note(result, "B", "interest_shortfall")[0] == 0.0
        assert of_note(result, "B-R", "issued")[0] == approx(20.5)

    def test_fixed_successors_come_first_and_share_pari_passu(self) -> None:
        first = {**NEW, "name": "A-1R", "balance": 20.0}
        result = changed(refinance(first, NEW), cpr=constant(1 - 0.8**4))
        owed = 60 - 20.0  # 20 of principal on the first date
        assert of_note(result, "A-R", "issued")[0] == approx(owed - 20)
        # 16 prepaid on the second date: half each
        assert of_note(result, "A-1R", "principal_paid")[1] == approx(8.0)
        assert of_note(result, "A-R", "principal_paid")[1] == approx(8.0)

    def test_a_successor_may_be_refinanced_by_its_own_name_and_by_the_first(self) -> None:
        again = {**NEW, "name": "A-RR", "coupon": {"fixed": 0.04}}
        for old in ("A-R", "A"):
            result = changed(refinance(NEW), refinance(again, old=old, date="2025-07-15"))
            assert of_note(result, "A-R", "principal_paid") == approx([0.0, 60.0, 0.0, 0.0])
            assert of_note(result, "A-RR", "interest_paid") == approx([0.0, 0.6, 0.6])

    def test_a_class_that_is_gone_is_not_refinanced(self) -> None:
        entry = refinance(NEW, date="2025-07-15", cost={"fixed": 1.0})
        result = changed(entry, cpr=constant(1.0))
        assert of_note(result, "A-R", "issued") == []
        assert [row["payee"] for row in result["ledger"] if row["payee"] == "refinancing cost"] == []

    def test_nothing_is_refinanced_on_the_last_date_or_with_a_sale(self) -> None:
        with pytest.raises(ValueError, match="the last payment date; expected an earlier date"):
            changed(refinance(NEW, date="2026-01-01"))
        called = changed(refinance(NEW), {"call": {}, "date": "2025-04-15"})
        assert of_note(called, "A-R", "issued") == []
        assert len(called["collateral"]) == 1

    def test_equal_spreads_without_cost_change_nothing(self) -> None:
        plain = changed(cpr=constant(0.3))
        result = changed(refinance({**NEW, "coupon": A["coupon"]}, date="2025-07-15"), cpr=constant(0.3))
        assert result["equity"] == plain["equity"]
        assert result["collateral"] == plain["collateral"]
        together = [
            sum(values)
            for values in zip(
                of_note(result, "A", "interest_paid"),
                [0.0, *of_note(result, "A-R", "interest_paid")],
                strict=True,
            )
        ]
        assert together == of_note(plain, "A", "interest_paid")

    def test_the_commitment_of_a_class_ends_with_it(self) -> None:
        commitment = {"amount": 80.0, "fee": 0.01, "draws": {"2025-07-15": 10.0}}
        deal = deal_of(notes=[{**A, "commitment": commitment}, SUB])
        deal["waterfalls"]["principal"] = [{"verb": "retain"}]
        plain, result = (changed(*entries, deal=deal) for entries in ((), (refinance(NEW),)))
        assert of_note(plain, "A", "principal_paid")[:2] == approx([0.0, -10.0])
        assert of_note(result, "A", "interest_due")[:2] == approx([0.95, 0.0])
        assert of_note(result, "A-R", "principal_paid")[:2] == [0.0, 0.0]


class TestProceeds:
    def test_what_is_left_of_the_proceeds_is_held_as_principal(self) -> None:
        larger = {**NEW, "balance": 62.0, "issue_price": 0.99}
        result = changed(refinance(larger, cost={"fixed": 0.36, "paid_from": "proceeds"}))
        left = 62 * 0.99 - 60 - 0.36
        assert column(result, "cash_held")[0] == approx(left)
        assert column(result, "principal_cash")[1] == approx(left)
        rows = [row for row in result["ledger"] if row["waterfall"] == "refinancing"]
        assert [(row["payee"], row["paid"]) for row in rows] == [
            ("A", 60.0),
            ("refinancing cost", 0.36),
            ("principal account", approx(left)),
        ]

    def test_proceeds_that_do_not_suffice_are_a_problem(self) -> None:
        with pytest.raises(ValueError, match=r"scenario\.events\[0\]\.refinance"):
            changed(refinance({**NEW, "balance": 59.0}))
        with pytest.raises(ValueError, match=r"scenario\.events\[0\]\.refinance"):
            changed(refinance(NEW, cost={"fixed": 0.1, "paid_from": "proceeds"}))

    def test_balances_of_a_conditional_event_grow_to_what_they_must_pay(self) -> None:
        into = [{**NEW, "balance": 30.0}, {**NEW, "name": "A-2R", "balance": 20.0, "issue_price": 0.9}]
        entry = {"refinance": {"A": {"into": into}}, "when": "balance('A') > 0"}
        result = changed(entry)
        # 30 + 18 = 48 for 60
        assert of_note(result, "A-R", "issued")[0] == approx(37.5)
        assert of_note(result, "A-2R", "issued")[0] == approx(25.0)

    def test_classes_of_one_event_share_their_proceeds(self) -> None:
        into = {"A": {"into": [{**NEW, "balance": 61.0}]}, "B": {"into": [{"name": "B-R", "balance": 19.0}]}}
        result = changed({"refinance": into, "date": "2025-04-15"}, deal=deal_of(**TWO_CLASSES))
        assert of_note(result, "B", "end_balance")[0] == 0.0
        assert column(result, "cash_held")[0] == approx(0.0)


class TestCost:
    def test_interest_pays_it_before_the_first_residual_step(self) -> None:
        result = changed(refinance(NEW, cost={"rate": 0.001, "fixed": 0.3}))
        assert of_note(result, "SUB", "interest_paid")[:2] == approx([1.1 - 0.36, 1.25])
        row = next(row for row in result["ledger"] if row["payee"] == "refinancing cost")
        assert (row["waterfall"], row["step"], row["paid"]) == ("interest", "pay_fee", approx(0.36))
        assert [(row["fee"], row["due"]) for row in result["fees"]] == [("refinancing cost", approx(0.36))]

    def test_what_interest_does_not_pay_is_due_on_later_dates(self) -> None:
        result = changed(refinance(NEW, cost={"fixed": 3.0}))
        rows = [row for row in result["fees"] if row["fee"] == "refinancing cost"]
        assert [row["paid"] for row in rows] == approx([1.1, 1.25, 0.65])
        assert [row["due"] for row in rows] == [3.0, 0.0, 0.0]
        assert [row["unpaid"] for row in rows] == approx([1.9, 0.65, 0.0])
        assert of_note(result, "SUB", "interest_paid")[2] == approx(0.6)

    def test_an_unpaid_cost_counts_when_a_call_must_cover(self) -> None:
        entries = [refinance(NEW, cost={"fixed": 3.0}), {"call": {}, "date": "2025-07-15"}]
        # 60 + 0.75 + 1.9 is required, 2 of interest are there
        for price, dates in ((0.6064, 4), (0.6066, 2)):
            assert len(changed(*entries, liquidation_price=price)["collateral"]) == dates

    def test_equity_may_contribute_it(self) -> None:
        result = changed(refinance(NEW, cost={"fixed": 3.0, "paid_from": "equity"}))
        assert of_note(result, "SUB", "interest_paid")[0] == approx(1.1 - 3.0)
        assert result["equity"][1][1] == approx(-1.9)

    def test_it_may_be_a_share_of_performing_par(self) -> None:
        result = changed(refinance(NEW, cost={"rate": 0.002, "of": "performing_par"}))
        assert of_note(result, "SUB", "interest_paid")[0] == approx(1.1 - 0.2)

    def test_an_accelerated_date_pays_it_before_the_residual(self) -> None:
        rules = {"causes": ["par_ratio"], "accelerate": "automatic"}
        test = {"name": "EoD", "kind": "eod_par_ratio", "through": "A", "trigger": 9.0}
        deal = deal_of(default_events=rules, tests=[test])
        result = changed(refinance(NEW, cost={"fixed": 3.0}), deal=deal, cpr=constant(1.0))
        assert of_note(result, "A", "principal_paid")[0] == 60.0
        last = changed(
            refinance(NEW, cost={"fixed": 3.0}),
            deal=deal,
            loans=(loan_of(amortization_rate=0.0),),
            liquidation_price=0.9,
        )
        rows = [
            (row["waterfall"], row["paid"]) for row in last["ledger"] if row["payee"] == "refinancing cost"
        ]
        assert rows == [
            ("interest", approx(1.1)),
            ("acceleration", 0.0),
            ("acceleration", 0.0),
            ("acceleration", approx(1.9)),
        ]


class TestNames:
    QUANTITY: ClassVar[Document] = {
        "verb": "retain",
        "amount": "0.001 * balance('A') + 0.01 * note_factor('A')",
    }

    def test_the_old_name_means_the_class_and_its_successors(self) -> None:
        falls = deal_of()["waterfalls"]
        falls["interest"] = [falls["interest"][0], self.QUANTITY, RESIDUAL]
        fees = [{"name": "f", "rate": 0.01, "base": "A", "day_count": "30/360"}]
        oc = [
            {"name": "by rank", "kind": "oc", "through": "A", "trigger": 1.0},
            {"name": "by name", "kind": "oc", "notes": ["A"], "trigger": 1.0},
        ]
        deal = deal_of(waterfalls=falls, fees=fees, tests=oc, sequences={"note_payment_sequence": [["A"]]})
        result = changed(refinance(NEW), deal=deal)
        assert [row["denominator"] for row in result["tests"]] == [60.0] * 8
        assert [row["base"] for row in result["fees"]] == [60.0] * 4
        held = [row["paid"] for row in result["ledger"] if row["step"] == "retain"]
        assert held == approx([0.07] * 4)

    def test_the_document_is_not_changed_in_place(self) -> None:
        deal = deal_of()
        later = with_successors(deal, "A", [{**A, **NEW, "replaces": "A"}])
        assert [note["name"] for note in deal["notes"]] == ["A", "SUB"]
        assert [note["name"] for note in later["notes"]] == ["A", "A-R", "SUB"]
        assert later["waterfalls"]["interest"][0]["notes"] == [["A", "A-R"]]


class TestRepricing:
    def test_the_new_spread_holds_from_the_period_that_starts_on_the_payment_date(self) -> None:
        for terms in ({"spread": 0.01}, 0.01):
            entry = {"reprice": {"A": terms}, "date": "2025-07-01", "cost": {"rate": 0.01}}
            result = changed(entry)
            assert of_note(result, "A", "rate") == approx([0.06, 0.06, 0.05, 0.05])
            assert of_note(result, "A", "principal_paid")[:3] == [0.0] * 3
            assert of_note(result, "SUB", "interest_paid")[1] == approx(1.1 - 0.6)

    def test_a_later_step_up_still_comes_and_an_earlier_one_is_over(self) -> None:
        steps = [{"from": "2025-04-15", "spread": 0.03}, {"from": "2025-10-15", "spread": 0.05}]
        deal = deal_of(notes=[{**A, "coupon": {**A["coupon"], "step_up": steps}}, SUB])
        result = changed({"reprice": {"A": 0.01}, "date": "2025-07-15"}, deal=deal)
        assert of_note(result, "A", "rate") == approx([0.06, 0.07, 0.05, 0.09])

    def test_a_refinanced_class_is_repriced_with_its_successors(self) -> None:
        result = changed(refinance(NEW), {"reprice": {"A": 0.0}, "date": "2025-07-15"})
        assert of_note(result, "A-R", "rate")[1:] == approx([0.05, 0.04, 0.04])

    def test_a_fixed_coupon_has_no_spread(self) -> None:
        deal = deal_of(notes=[{**A, "coupon": {"fixed": 0.06}}, SUB])
        with pytest.raises(ValueError, match="found a fixed coupon"):
            changed({"reprice": {"A": 0.0}, "date": "2025-07-15"}, deal=deal)


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"issue": {}, "date": "2025-07-15"}, r"scenario\.events\[0\]"),
        ({"amend": {}, "when": "true", "repeat": True}, r"scenario\.events\[0\]\.repeat"),
        ({"call": {}}, r"scenario\.events\[0\]"),
        ({"call": {}, "date": "2025-07-15", "when": "true"}, r"scenario\.events\[0\]"),
        ({"refinance": {}, "when": "true", "repeat": True}, r"scenario\.events\[0\]\.repeat"),
    ],
)
def test_what_cannot_be_meant_is_refused(entry: Document, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        changed(entry)
