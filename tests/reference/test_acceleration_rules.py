"""The one pot of an accelerated date and of a redemption date, by hand.

Coupons are fixed and the accrual period is a quarter of 90 days, so A (100 at 8 %) is due 2, B (50 at 12 %) 1.5 and
X (8 at 4 %) 0.08.
"""

from typing import Any, ClassVar

import pytest

from cloche.testing.reference import run_payment_date
from cloche.testing.reference.acceleration import steps
from cloche.testing.reference.notes import class_groups
from reference.one_date import RESIDUAL, SUB, A, B, interest

Document = dict[str, Any]
approx = pytest.approx

X: Document = {
    "name": "X",
    "balance": 8.0,
    "interest_rank": 1,
    "coupon": {"fixed": 0.04},
    "amortization": {"payments": 4},
}
CAP: Document = {"rate": 0.0, "fixed_per_year": 8.0, "day_count": "30/360"}
TAXES: Document = {"name": "taxes", "amount_per_period": 1.0}
ADMIN: Document = {"name": "admin", "rate": 0.0, "cap": CAP}
JUNIOR: Document = {"name": "sub", "amount_per_period": 0.5}
INCENTIVE: Document = {"name": "incentive", "hurdles": [{"irr": None, "share": 0.2}]}
OC: Document = {"name": "OC", "kind": "oc", "through": "B", "trigger": 2.0, "first_date": "closing"}


def fee(name: str, part: str = "all", **more: Any) -> Document:
    return {"verb": "pay_fee", "fees": [[name]], "part": part, **more}


INTEREST: list[Document] = [
    fee("taxes", label="A"),
    fee("admin", "capped", label="B"),
    {
        "verb": "pay_pari_passu",
        "steps": [interest("X", "A"), {"verb": "pay_amortization", "notes": [["X"]]}],
    },
    interest("B"),
    {"verb": "cure", "tests": ["OC"]},
    fee("sub", label="R"),
    fee("admin", "above_cap", label="S"),
    {"verb": "incentive_fee", "fee": "incentive"},
    RESIDUAL,
]


def deal_of(**more: Any) -> Document:
    falls = {
        "interest": INTEREST,
        "principal": [
            {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
            {"verb": "pay_principal", "sequence": "note_payment_sequence"},
            RESIDUAL,
        ],
        **more.pop("waterfalls", {}),
    }
    return {
        "cloche": 1,
        "name": "tiny",
        "currency": "USD",
        "target_par": 200.0,
        "dates": {
            "closing": "2025-01-15",
            "first_payment": "2025-04-15",
            "payment_frequency_months": 3,
            "reinvestment_end": "2026-01-15",
            "stated_maturity": "2027-01-15",
            "roll": "none",
        },
        "notes": [X, A, B, SUB],
        "fees": [TAXES, ADMIN, JUNIOR, INCENTIVE],
        "tests": [OC],
        "waterfalls": falls,
        **more,
    }


def state_of(
    interest: float,
    principal: float,
    *,
    status: str = "accelerated",
    notes: Document | None = None,
    fees: Document | None = None,
    liquidation: Document | None = None,
) -> Document:
    balances = {"X": 8.0, "A": 100.0, "B": 50.0, "SUB": 20.0}
    collected: Document = {"interest": interest, "principal": principal}
    if liquidation is not None:
        collected["liquidation"] = liquidation
    return {
        "cloche_state": 1,
        "payment_date": "2025-07-15",
        "previous_payment_date": "2025-04-15",
        "determination_date": "2025-07-03",
        "status": status,
        "collected": collected,
        "fee_basis": 400.0,
        "fees": {"admin": {"due": 3.0}, **(fees or {})},
        "notes": {
            name: {"balance": balance, **(notes or {}).get(name, {})} for name, balance in balances.items()
        },
        "collateral": {"performing_par": 180.0},
    }


def paid(result: Document) -> list[tuple[str, str, Any]]:
    """Step, payee and amount of every row that paid something."""
    return [(row["step"], row["payee"], approx(row["paid"])) for row in result["ledger"] if row["paid"] > 0]


def note(result: Document, name: str) -> Document:
    return next(row for row in result["notes"] if row["note"] == name)


class TestTheBuiltOrder:
    def test_the_pot_pays_fees_then_each_class_to_zero(self) -> None:
        result = run_payment_date(deal_of(), state_of(10.0, 120.0))
        # 130 less taxes 1, admin 2 in its cap, X and A interest 2.08, X and A principal 108; B interest 1.5, then 15.42
        assert paid(result) == [
            ("pay_fee", "taxes", 1.0),
            ("pay_fee", "admin", 2.0),
            ("pay_interest", "X", 0.08),
            ("pay_interest", "A", 2.0),
            ("pay_principal", "X", 8.0),
            ("pay_principal", "A", 100.0),
            ("pay_interest", "B", 1.5),
            ("pay_principal", "B", approx(15.42)),
        ]
        assert {row["waterfall"] for row in result["ledger"]} == {"acceleration"}
        assert {row["source"] for row in result["ledger"]} == {"pot"}
        assert {row["status"] for row in result["notes"]} == {"accelerated"}
        assert result["accounts"] == {"principal": 0.0, "interest": 0.0}
        assert result["conservation_error"] == approx(0.0, abs=1e-12)

    def test_junior_classes_get_no_interest_before_senior_principal_is_gone(self) -> None:
        result = run_payment_date(deal_of(), state_of(30.0, 0.0))
        # 30 − 1 − 2 − 2.08 = 24.92 to X and A by balance
        assert note(result, "A")["principal_paid"] == approx(24.92 * 100 / 108)
        assert note(result, "X")["principal_paid"] == approx(24.92 * 8 / 108)
        row = note(result, "B")
        assert (row["interest_paid"], row["deferred_interest"], row["deferred_balance"]) == (0.0, 1.5, 1.5)

    def test_deferred_interest_comes_between_interest_and_principal(self) -> None:
        state = state_of(
            5.0, 0.0, notes={"A": {"balance": 0.0}, "X": {"balance": 0.0}, "B": {"deferred_interest": 1.0}}
        )
        result = run_payment_date(
            deal_of(fees=[], tests=[], waterfalls={"interest": [interest("A"), RESIDUAL]}), state
        )
        # B: interest on 51, deferred 1, the rest principal
        assert paid(result) == [
            ("pay_interest", "B", 1.53),
            ("pay_deferred_interest", "B", 1.0),
            ("pay_principal", "B", 2.47),
        ]

    def test_what_stands_after_the_interest_steps_comes_last(self) -> None:
        result = run_payment_date(deal_of(), state_of(20.0, 160.0))
        # 180 − 3 fees − 2.08 − 108 − 51.5 = 15.42; sub 0.5, admin above its cap 1, a fifth of 13.92
        assert paid(result)[-4:] == [
            ("pay_fee", "sub", 0.5),
            ("pay_fee", "admin", 1.0),
            ("incentive_fee", "incentive", approx(13.92 * 0.2)),
            ("pay_residual", "SUB", approx(13.92 * 0.8)),
        ]

    def test_conditional_steps_are_left_out_and_blocks_without_condition_opened(self) -> None:
        written = [
            {"verb": "block", "steps": [fee("taxes")]},
            fee("admin", "capped", when="status == 'normal'"),
            interest("A", when="ccc_share < 0.5"),
            {"verb": "block", "when": "after_reinvestment", "steps": [fee("sub")], "else": [RESIDUAL]},
            {"verb": "pay_pari_passu", "steps": [fee("sub"), fee("admin", "above_cap")]},
            {"verb": "pay_deferred_interest", "notes": [["B"]]},
            RESIDUAL,
        ]
        built = steps(deal_of(waterfalls={"interest": written}), "acceleration")
        assert [step["verb"] for step in built] == [
            "pay_fee",
            *["pay_interest", "pay_deferred_interest", "pay_principal"] * 2,
            "pay_pari_passu",
            "pay_residual",
        ]

    def test_a_class_x_stands_with_the_first_rank_that_shares_its_interest_rank(self) -> None:
        twins = [{**A, "name": "A-1"}, {**A, "name": "A-2", "principal_rank": 2}, {**B, "principal_rank": 3}]
        for rank, expected in ((1, [["X", "A-1"], ["A-2"], ["B"]]), (2, [["A-1"], ["A-2"], ["X", "B"]])):
            notes = [{**X, "interest_rank": rank}, *twins, SUB]
            assert class_groups({"notes": notes}) == expected
        stranger = [{**X, "interest_rank": 9}, *twins, SUB]
        assert class_groups({"notes": stranger})[0] == ["X", "A-1"]

    def test_a_combination_note_has_no_place(self) -> None:
        combined = {"name": "COMBO", "combination_of": {"A": 5.0, "SUB": 5.0}}
        assert class_groups({"notes": [A, SUB, combined]}) == [["A"]]


class TestWrittenOrders:
    POT: ClassVar[Document] = {"acceleration": [{"verb": "pay_principal", "notes": [["A"]]}]}

    def test_what_no_step_takes_stays_in_the_principal_account(self) -> None:
        result = run_payment_date(deal_of(waterfalls=self.POT), state_of(30.0, 90.0))
        assert paid(result) == [("pay_principal", "A", 100.0)]
        assert result["accounts"] == {"principal": 20.0, "interest": 0.0}
        assert note(result, "A")["interest_shortfall"] == 2.0

    def test_a_redemption_without_its_own_order_takes_that_of_the_acceleration(self) -> None:
        result = run_payment_date(deal_of(waterfalls=self.POT), state_of(30.0, 90.0, status="redemption"))
        assert paid(result) == [("pay_principal", "A", 100.0)]
        assert {row["waterfall"] for row in result["ledger"]} == {"redemption"}
        assert {row["status"] for row in result["notes"]} == {"redemption"}

    def test_a_written_redemption_is_used(self) -> None:
        falls = {**self.POT, "redemption": [{"verb": "pay_principal", "notes": [["B"]]}]}
        result = run_payment_date(deal_of(waterfalls=falls), state_of(30.0, 90.0, status="redemption"))
        assert paid(result) == [("pay_principal", "B", 50.0)]

    def test_the_status_is_a_quantity_and_nothing_is_bought(self) -> None:
        written = [
            {"verb": "pay_principal", "notes": [["A"]], "when": "status == 'accelerated'", "amount": "40"},
            {"verb": "reinvest", "of": "all", "share": 1.0},
            {"verb": "pay_principal", "notes": [["B"]], "when": "during_reinvestment"},
        ]
        result = run_payment_date(deal_of(waterfalls={"acceleration": written}), state_of(30.0, 90.0))
        assert paid(result) == [("pay_principal", "A", 40.0)]
        assert result["accounts"]["principal"] == approx(80.0)

    def test_a_cure_of_the_pot_pays_as_one_with_interest(self) -> None:
        written = [{"verb": "cure", "tests": ["OC"]}, RESIDUAL]
        result = run_payment_date(deal_of(waterfalls={"acceleration": written}), state_of(60.0, 100.0))
        # N = 180 + 100, D = 150, trigger 2: 150 − 140 = 10
        assert paid(result) == [("cure", "A", 10.0), ("pay_residual", "SUB", 150.0)]

    def test_coverage_tests_are_measured_and_cure_nothing(self) -> None:
        result = run_payment_date(deal_of(), state_of(10.0, 20.0))
        row = result["tests"][0]
        assert (row["passes"], row["ratio"], row["ratio_after_cure"]) == (False, approx(200 / 150), None)


class TestLiquidation:
    SALE: ClassVar[Document] = {"proceeds": 150.0, "costs": 5.0}

    def test_net_proceeds_join_the_pot(self) -> None:
        result = run_payment_date(deal_of(), state_of(10.0, 0.0, liquidation=self.SALE))
        assert result["sale_proceeds"] == 145.0
        assert result["measure"]["principal_cash"] == 145.0
        # 155 − 3 − 2.08 − 108 = 41.92 to B: interest 1.5, principal
        assert note(result, "B")["principal_paid"] == approx(40.42)
        assert result["conservation_error"] == approx(0.0, abs=1e-12)

    def test_costs_take_no_more_than_the_proceeds(self) -> None:
        sale = {"proceeds": 1.0, "costs": 5.0}
        assert run_payment_date(deal_of(), state_of(10.0, 0.0, liquidation=sale))["sale_proceeds"] == 0.0

    @pytest.mark.parametrize(
        ("lifted", "status", "sold", "expected"),
        [
            (None, "redemption", True, 2.0),
            ("liquidated", "accelerated", False, 2.0),
            ("liquidated", "accelerated", True, 3.0),
            ("liquidated", "redemption", False, 3.0),
            ("accelerated", "accelerated", False, 3.0),
            ("accelerated", "redemption", False, 3.0),
            ("accelerated", "normal", False, 2.0),
        ],
    )
    def test_a_cap_may_be_lifted(
        self, lifted: str | None, status: str, expected: float, *, sold: bool
    ) -> None:
        deal = deal_of(fees=[TAXES, {**ADMIN, "cap": {**CAP, "lifted": lifted}}, JUNIOR, INCENTIVE])
        sale = {"proceeds": 10.0, "costs": 0.0} if sold else None
        result = run_payment_date(deal, state_of(10.0, 0.0, status=status, liquidation=sale))
        first = next(row for row in result["ledger"] if row["payee"] == "admin")
        assert first["paid"] == approx(expected)

    def test_a_liquidation_on_a_normal_date_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"collected\.liquidation"):
            run_payment_date(deal_of(), state_of(10.0, 0.0, status="normal", liquidation=self.SALE))
