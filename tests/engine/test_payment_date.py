"""One payment date of a trustee report, step by step.

The state and its figures are those of the shared case `payment_date.json`, exact rational arithmetic printed with up
to twelve decimals; where the file lies beside the checkout, the figures typed in here are compared with it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

import cloche as cl

STEPS: dict[str, tuple[float, float]] = {  # due and paid of the step, what is left after it
    "A": (5_000.0, 9_895_000.0),
    "B": (75_075.0, 9_819_925.0),
    "C": (183_895.833333333333, 9_636_029.166666666667),
    "E": (4_678_416.666666666667, 4_957_612.5),
    "F": (861_388.888888888889, 4_096_223.611111111111),
    "G": (0.0, 4_096_223.611111111111),
    "H": (462_583.333333333333, 3_633_640.277777777778),
    "I": (0.0, 3_633_640.277777777778),
    "J": (0.0, 3_633_640.277777777778),
    "K": (538_416.666666666667, 3_095_223.611111111111),
    "L": (0.0, 3_095_223.611111111111),
    "M": (0.0, 3_095_223.611111111111),
    "N": (638_263.888888888889, 2_456_959.722222222222),
    "O": (1_140_047.39336492891, 1_316_912.328857293312),
    "P": (250_000.0, 1_066_912.328857293312),
    "Q": (533_456.164428646656, 533_456.164428646656),
    "R": (367_791.666666666667, 165_664.497761979989),
    "S": (19_925.0, 145_739.497761979989),
    "U": (0.0, 145_739.497761979989),
    "V": (145_739.497761979989, 0.0),
}
RATIOS = {
    "A/B OC": 1.294827027027,
    "C OC": 1.197715,
    "D OC": 1.114153488372,
    "E OC": 1.05235804503,
    "Reinvestment OC": 1.05235804503,
    "A/B IC": 1.911984313769,
    "C IC": 1.75124466141,
    "D IC": 1.595156321131,
    "EoD": 1.56064516129,
}
INTEREST_DUE = {
    "X": 25_277.777777777778,
    "A-1": 2_813_416.666666666667,
    "A-L": 1_339_722.222222222222,
    "B-1": 581_388.888888888889,
    "B-2": 280_000.0,
    "C": 462_583.333333333333,
    "D": 538_416.666666666667,
    "E": 638_263.888888888889,
}
DEBT = ("A-1", "A-L", "B-1", "B-2", "C", "D", "E")
PAYDOWN = {"A-1": 772_290.16969882281, "A-L": 367_757.2236661061}
ENDING_BALANCES = {
    "X": 1_500_000.0,
    "A-1": 209_227_709.83030117719,
    "A-L": 99_632_242.7763338939,
    "B-1": 40_000_000.0,
    "B-2": 20_000_000.0,
    "C": 30_000_000.0,
    "D": 30_000_000.0,
    "E": 25_000_000.0,
    "SUB": 45_000_000.0,
}
NUMERATOR = 479_086_000.0
DENOMINATORS = {"A/B OC": 370e6, "C OC": 400e6, "D OC": 430e6, "E OC": 455_250_000.0}
IC_NUMERATOR = 9_636_029.166666666667
PRINCIPAL_AMOUNT = 477_600_000.0
DIVERSION_NEEDED = 2_005_549.763033175355
NUMERATOR_AFTER = 479_619_456.164428646656
RATIO_AFTER = 1.056756502551
DIVERSION_RATIO = 1.055581126399
PRINCIPAL_AFTER = 6_533_456.164428646656

INTEREST_WATERFALL: list[dict[str, Any]] = [
    {"pay_fee": "taxes", "label": "A"},
    {"pay_fee": {"fee": "admin", "part": "capped"}, "label": "B"},
    {"pay_fee": "senior", "label": "C"},
    {"pay_pari_passu": [{"pay_interest": ["X", "A-1", "A-L"]}, {"pay_amortization": "X"}], "label": "E"},
    {"pay_interest": ["B-1", "B-2"], "label": "F"},
    {"cure": ["A/B OC", "A/B IC"], "label": "G"},
    {"pay_interest": "C", "label": "H"},
    {"cure": ["C OC", "C IC"], "label": "I"},
    {"pay_deferred_interest": "C", "label": "J"},
    {"pay_interest": "D", "label": "K"},
    {"cure": ["D OC", "D IC"], "label": "L"},
    {"pay_deferred_interest": "D", "label": "M"},
    {"pay_interest": "E", "label": "N"},
    {"cure": ["E OC"], "label": "O"},
    {"pay_deferred_interest": "E", "label": "P"},
    {
        "divert": {"test": "Reinvestment OC", "share": 0.50, "to": "principal"},
        "when": "during_reinvestment",
        "label": "Q",
    },
    {"pay_fee": "sub", "label": "R"},
    {"pay_fee": {"fee": "admin", "part": "above_cap"}, "label": "S"},
    {"pay_residual": {"to": "SUB", "until": "incentive"}, "label": "V"},
    {"incentive_fee": "incentive", "label": "U"},
    {"pay_residual": "SUB", "label": "W"},
]
PRINCIPAL_WATERFALL: list[dict[str, Any]] = [
    {"pay_shortfalls": {"through": "B-2"}},
    {"cure": ["A/B OC", "A/B IC"]},
    {"cure": ["C OC", "C IC"]},
    {"cure": ["D OC", "D IC"]},
    {"cure": ["E OC"]},
    {"reinvest": "all", "when": "during_reinvestment"},
    {"pay_principal": "note_payment_sequence"},
    {"pay_residual": "SUB"},
]


def floating(
    name: str, balance: float, rank: int, spread: float, *, deferrable: bool = False
) -> dict[str, Any]:
    coupon = {"index": "sofr_3m", "spread": spread}
    return {"name": name, "balance": balance, "rank": rank, "coupon": coupon, "deferrable": deferrable}


def deal() -> cl.Deal:
    return cl.Deal.from_dict(
        {
            "cloche": 1,
            "name": "payment date",
            "currency": "USD",
            "target_par": 500e6,
            "dates": {
                "closing": "2025-03-20",
                "first_payment": "2025-10-20",
                "payment_frequency_months": 3,
                "reinvestment_end": "2030-04-20",
                "stated_maturity": "2038-04-20",
                "determination_lag_bd": 8,
                "calendars": ["us_government_securities"],
            },
            "notes": [
                {
                    "name": "X",
                    "balance": 4e6,
                    "interest_rank": 1,
                    "coupon": {"index": "sofr_3m", "spread": 0.0100},
                    "amortization": {"payments": 8},
                },
                floating("A-1", 210e6, 1, 0.0130),
                floating("A-L", 100e6, 1, 0.0130),
                floating("B-1", 40e6, 2, 0.0175),
                {
                    "name": "B-2",
                    "balance": 20e6,
                    "rank": 2,
                    "coupon": {"fixed": 0.0560, "day_count": "30/360"},
                },
                floating("C", 30e6, 3, 0.0210, deferrable=True),
                floating("D", 30e6, 4, 0.0310, deferrable=True),
                floating("E", 25e6, 5, 0.0600, deferrable=True),
                {"name": "SUB", "balance": 45e6, "residual": True},
            ],
            "fees": [
                {"name": "taxes", "amount_per_period": 5_000},
                {"name": "admin", "rate": 0.0003, "cap": {"rate": 0.0002, "fixed_per_year": 200_000}},
                {"name": "senior", "rate": 0.0015},
                {"name": "sub", "rate": 0.0030},
                {"name": "incentive", "hurdles": [{"irr": 0.12, "share": 0.20}]},
            ],
            "tests": [
                {"name": "A/B OC", "kind": "oc", "through": "B-2", "trigger": 1.25},
                {"name": "A/B IC", "kind": "ic", "through": "B-2", "trigger": 1.20},
                {"name": "C OC", "kind": "oc", "through": "C", "trigger": 1.165},
                {"name": "C IC", "kind": "ic", "through": "C", "trigger": 1.15},
                {"name": "D OC", "kind": "oc", "through": "D", "trigger": 1.10},
                {"name": "D IC", "kind": "ic", "through": "D", "trigger": 1.10},
                {"name": "E OC", "kind": "oc", "through": "E", "trigger": 1.055},
                {"name": "Reinvestment OC", "kind": "oc", "through": "E", "trigger": 1.060},
                {"name": "EoD", "kind": "eod_par_ratio", "through": "A-L", "trigger": 1.025},
            ],
            "collateral": {"ccc": {"limit": 0.075}, "defaulted_value": "lesser_of_market_and_recovery"},
            "reinvestment": {"during": ["coverage"]},
            "waterfalls": {"interest": INTEREST_WATERFALL, "principal": PRINCIPAL_WATERFALL},
        }
    )


def state() -> cl.DealState:
    balances = {
        "A-1": 210e6,
        "A-L": 100e6,
        "B-1": 40e6,
        "B-2": 20e6,
        "C": 30e6,
        "D": 30e6,
    }
    ccc = [(4e6, 0.55), (9e6, 0.70), (9e6, 0.82), (8e6, 0.88), (6e6, 0.91), (6e6, 0.93)]
    defaulted = [(10e6, 0.42, 0.45, 0.6), (5e6, 0.38, 0.30, 1.1), (1e6, 0.10, 0.30, 3.2)]
    return cl.DealState.from_dict(
        {
            "cloche_state": 1,
            "payment_date": "2026-07-20",
            "previous_payment_date": "2026-04-20",
            "determination_date": "2026-07-08",
            "status": "normal",
            "in_reinvestment_period": True,
            "index_fixings": {"sofr_3m": 0.0400},
            "collected": {"interest": 9_900_000, "principal": 6_000_000},
            "fee_basis": 485_000_000,
            "fees": {"taxes": {"due": 5_000}, "admin": {"due": 95_000}, "senior": {"unpaid": 0}},
            "notes": {
                "X": {"balance": 2_000_000, "amortization_due": 500_000},
                **{name: {"balance": balance} for name, balance in balances.items()},
                "E": {"balance": 25_000_000, "deferred_interest": 250_000},
                "SUB": {
                    "balance": 45_000_000,
                    "cost": 45_000_000,
                    "distributions": [["2025-10-20", 1_200_000], ["2026-01-20", 1_150_000]],
                },
            },
            "collateral": {
                "performing_par": 421_600_000,
                "ccc": [
                    {"id": f"C{number}", "par": par, "market_price": price}
                    for number, (par, price) in enumerate(ccc, 1)
                ],
                "discount": [{"id": "P1", "par": 8e6, "purchase_price": 0.78, "market_price": 0.80}],
                "defaulted": [
                    {
                        "id": f"D{number}",
                        "par": par,
                        "market_price": price,
                        "recovery": recovery,
                        "years_since_default": years,
                    }
                    for number, (par, price, recovery, years) in enumerate(defaulted, 1)
                ],
            },
        }
    )


def amount(expected: float) -> Any:
    return pytest.approx(expected, rel=1e-12, abs=1e-6)


def number(expected: float) -> Any:
    return pytest.approx(expected, rel=0, abs=1e-12)


def table(rows: Any, key: str) -> dict[str, dict[str, Any]]:
    columns = rows.to_dict()
    return {
        name: {column: values[i] for column, values in columns.items()} for i, name in enumerate(columns[key])
    }


@pytest.fixture(scope="module")
def paid() -> cl.PaymentDate:
    return cl.run_payment_date(deal(), state())


@pytest.fixture(scope="module")
def ledger(paid: cl.PaymentDate) -> list[dict[str, Any]]:
    columns = paid.ledger.to_dict()
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def test_the_determination_date_is_eight_business_days_before_the_payment_date() -> None:
    schedule = deal().schedule().to_dict()
    dates = dict(
        zip(map(str, schedule["payment_date"]), map(str, schedule["determination_date"]), strict=True)
    )
    assert dates["2026-07-20"] == "2026-07-08"


@pytest.mark.parametrize("step", STEPS)
def test_each_step_pays_what_is_due(step: str, ledger: list[dict[str, Any]]) -> None:
    rows = [row for row in ledger if row["label"] == step and row["waterfall"] == "interest"]
    due, left = STEPS[step]
    assert rows
    assert sum(row["paid"] for row in rows) == amount(due)
    if step not in {"Q", "V"}:  # what diversion and residual ask for is not what they are owed
        assert sum(row["due"] for row in rows) == amount(due)
    # The residual is paid up to the hurdle before the fee, which leaves nothing for the fee to share.
    assert rows[-1]["available_after"] == amount(0.0 if step == "U" else left)


@pytest.mark.parametrize(
    ("base_date", "base"), [("period_start", 485e6), ("period_end", 493.6e6), ("average", 489.3e6)]
)
def test_a_fee_runs_on_the_base_of_its_date(base_date: str, base: float) -> None:
    # On the determination date: 421.6 m of par, 42 m CCC, 8 m discount, 6 m of cash and 16 m in default.
    fees = table(
        cl.run_payment_date(deal().replace({"fees.senior.base_date": base_date}), state()).fees, "fee"
    )
    assert fees["senior"]["base"] == amount(base)


def test_interest_due_is_balance_and_deferred_interest_at_the_rate_of_the_class(paid: cl.PaymentDate) -> None:
    rows = table(paid.notes, "note")
    assert {name: rows[name]["interest_due"] for name in INTEREST_DUE} == {
        name: amount(due) for name, due in INTEREST_DUE.items()
    }


def test_ratios_before_payment_match(paid: cl.PaymentDate) -> None:
    rows = table(paid.tests, "test")
    assert {name: rows[name]["ratio"] for name in RATIOS} == {name: number(x) for name, x in RATIOS.items()}
    assert rows["E OC"]["numerator"] == amount(NUMERATOR)
    assert {name: rows[name]["denominator"] for name in DENOMINATORS} == DENOMINATORS
    assert [rows[f"{name} IC"]["numerator"] for name in ("A/B", "C", "D")] == [amount(IC_NUMERATOR)] * 3
    assert [name for name in RATIOS if not rows[name]["passes"]] == ["E OC", "Reinvestment OC"]


def test_the_collateral_principal_amount_is_par_that_is_not_in_default_and_principal_cash(
    paid: cl.PaymentDate,
) -> None:
    bases = paid.state.to_dict()["fee_bases"]
    assert bases == {
        "performing_par": amount(PRINCIPAL_AMOUNT - 6e6),
        "collateral_principal_amount": amount(PRINCIPAL_AMOUNT),
    }


def test_the_next_test_has_what_was_diverted_and_what_was_repaid(paid: cl.PaymentDate) -> None:
    # The next state holds the collateral of this one, and its cash.
    following = paid.state.to_dict() | {"collateral": state().to_dict()["collateral"]}
    dates = {"payment_date": "2026-10-20", "previous_payment_date": "2026-07-20"}
    following |= dates | {"determination_date": "2026-10-07"}
    tests = table(cl.run_payment_date(deal(), cl.DealState.from_dict(following)).tests, "test")
    assert tests["E OC"]["denominator"] == amount(sum(ENDING_BALANCES[name] for name in DEBT))
    # What is diverted is cash, and raises the base of the CCC limit as well: 7.5 % of it at the next price, 0.70.
    more = PRINCIPAL_AFTER - 6e6
    assert tests["E OC"]["numerator"] == amount(NUMERATOR_AFTER + 0.075 * more * 0.30)
    assert NUMERATOR_AFTER / tests["E OC"]["denominator"] == number(RATIO_AFTER)


def test_a_diversion_asks_for_what_the_test_lacks() -> None:
    changed = deal().to_dict()
    tenth = {"amount": "0.1 * cure_amount('Reinvestment OC')"}
    steps = [step for step in INTEREST_WATERFALL if step["label"] != "Q"]
    steps.insert(15, {"retain": "all", "label": "Q", **tenth})
    changed["waterfalls"]["interest"] = steps
    rows = cl.run_payment_date(cl.Deal.from_dict(changed), state()).ledger.filter(label="Q")
    assert rows["paid"].tolist() == [amount(0.1 * DIVERSION_NEEDED)]


def test_the_cure_pays_pari_passu_and_restores_the_ratio(
    paid: cl.PaymentDate, ledger: list[dict[str, Any]]
) -> None:
    cured = {row["payee"]: row["paid"] for row in ledger if row["label"] == "O"}
    assert cured == {name: amount(x) for name, x in PAYDOWN.items()}
    rows = table(paid.tests, "test")
    assert rows["E OC"]["ratio_after"] == number(1.055)
    assert rows["Reinvestment OC"]["ratio_after"] == number(DIVERSION_RATIO)


def test_balances_after_the_date_match(paid: cl.PaymentDate) -> None:
    rows = table(paid.notes, "note")
    balances = {name: row["end_balance"] for name, row in rows.items()}
    assert balances == {name: amount(x) for name, x in ENDING_BALANCES.items()}
    assert {row["deferred_balance"] for row in rows.values()} == {0.0}
    assert rows["SUB"]["interest_paid"] == amount(STEPS["V"][0])


def test_cash_for_purchases_stays_on_deposit(paid: cl.PaymentDate) -> None:
    assert paid.state.accounts["principal"] == amount(PRINCIPAL_AFTER)
    assert paid.state.accounts["interest"] == amount(0.0)
    assert paid.conservation_error < 1e-12


def test_the_first_distribution_stands_in_the_state_after_the_date() -> None:
    # No cost and no distribution is given: what the date pays is the whole history.
    document = state().to_dict()
    document["notes"]["SUB"] = {"balance": 45_000_000}
    after = cl.run_payment_date(deal(), cl.DealState.from_dict(document)).state
    [(date, distributed)] = after.notes["SUB"].distributions
    assert str(date) == "2026-07-20"
    assert distributed == amount(STEPS["V"][0])


def test_what_bears_interest_is_told_anew_after_the_date() -> None:
    # 100,000 of the 250,000 bore interest before; the date pays all of it, and nothing is left that could.
    document = state().to_dict()
    document["notes"]["E"]["interest_bearing"] = 100_000
    after = cl.run_payment_date(deal(), cl.DealState.from_dict(document)).state
    assert after.notes["E"].deferred_interest == 0.0
    assert after.notes["E"].interest_bearing is None


def test_the_figures_typed_in_are_those_of_the_shared_case(reference: Path) -> None:
    expected = json.loads((reference / "cases" / "payment_date.json").read_text())["expected"]
    steps = {row["step"]: (float(row["paid"]), float(row["remaining"])) for row in expected["steps"]}
    assert {name: steps[name] for name in STEPS} == STEPS
    assert {name: float(x) for name, x in expected["interest_due"].items()} == INTEREST_DUE
    assert {name: float(x) for name, x in expected["paydown"].items()} == PAYDOWN
    assert {name: float(x) for name, x in expected["ending_balances"].items()} == ENDING_BALANCES
    assert float(expected["principal_account_after"]) == PRINCIPAL_AFTER
    assert float(expected["interest_diversion_ratio"]) == DIVERSION_RATIO
    assert float(expected["adjusted_collateral_principal_amount"]) == NUMERATOR
    denominators = {f"{name} OC": float(x) for name, x in expected["oc_denominators_before"].items()}
    assert {name.replace("AB", "A/B"): x for name, x in denominators.items()} == DENOMINATORS
    assert float(expected["ic_numerator"]) == IC_NUMERATOR
    assert float(expected["collateral_principal_amount"]) == PRINCIPAL_AMOUNT
    assert float(expected["interest_diversion_needed"]) == DIVERSION_NEEDED
    assert float(expected["interest_diverted"]) == STEPS["Q"][0]
    assert float(expected["acpa_after"]) == NUMERATOR_AFTER
    assert float(expected["oc_E_after_payment_date"]) == RATIO_AFTER
    assert {float(x) for x in expected["ending_deferred_interest"].values()} == {0.0}
    ratios = {f"{name} OC": float(x) for name, x in expected["oc_ratios_before"].items()}
    ratios |= {f"{name} IC": float(x) for name, x in expected["ic_ratios"].items()}
    ratios |= {"Reinvestment OC": ratios["E OC"], "EoD": float(expected["eod_par_ratio"])}
    assert {name.replace("AB", "A/B"): x for name, x in ratios.items()} == RATIOS
