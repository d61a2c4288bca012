"""The worked payment date of the shared cases, step by step."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cloche.testing.reference import run_payment_date

CLASSES = ["A-1", "A-L", "B-1", "B-2", "C", "D", "E"]
SEQUENCE = [["A-1", "A-L"], ["B-1", "B-2"], ["C"], ["D"], ["E"]]
PRINCIPAL_RANK = {"A-1": 1, "A-L": 1, "B-1": 2, "B-2": 2, "C": 3, "D": 4, "E": 5}


def fee(name: str, part: str, label: str) -> dict[str, Any]:
    return {"verb": "pay_fee", "fees": [[name]], "part": part, "label": label}


def interest(names: list[str], label: str) -> dict[str, Any]:
    return {"verb": "pay_interest", "notes": [names], "label": label}


def cure(tests: list[str], label: str) -> dict[str, Any]:
    return {"verb": "cure", "tests": tests, "label": label}


def deferred(name: str, label: str) -> dict[str, Any]:
    return {"verb": "pay_deferred_interest", "notes": [[name]], "label": label}


def deal_of(case: dict[str, Any]) -> dict[str, Any]:
    given = case["inputs"]
    notes = []
    for row in given["notes"]:
        note: dict[str, Any] = {"name": row["class"], "balance": float(row["balance"])}
        if row["class"] == "SUB":
            notes.append({**note, "residual": True})
            continue
        note["interest_rank"] = row["interest_level"]
        note["deferrable"] = row["deferrable"]
        if row["class"] in PRINCIPAL_RANK:
            note["principal_rank"] = PRINCIPAL_RANK[row["class"]]
        else:
            note["amortization"] = {"payments": 4}
        fixed = row["coupon"] == "fixed"
        note["coupon"] = (
            {"fixed": float(row["rate"])} if fixed else {"index": "sofr_3m", "spread": float(row["spread"])}
        )
        notes.append(note)
    tests = [
        {
            "name": f"{name} OC",
            "kind": "oc",
            "through": through,
            "trigger": float(given["tests"]["oc_triggers"][name]),
        }
        for name, through in {"AB": "B-2", "C": "C", "D": "D", "E": "E"}.items()
    ] + [
        {
            "name": f"{name} IC",
            "kind": "ic",
            "through": through,
            "trigger": float(given["tests"]["ic_triggers"][name]),
        }
        for name, through in {"AB": "B-2", "C": "C", "D": "D"}.items()
    ]
    tests.append({"name": "Reinvestment OC", "kind": "oc", "through": "E", "trigger": 1.06})
    tests.append({"name": "EoD", "kind": "eod_par_ratio", "through": "A-L", "trigger": 1.025})
    return {
        "cloche": 1,
        "name": "payment date",
        "currency": "USD",
        "target_par": 500e6,
        "dates": {
            "closing": "2025-01-20",
            "first_payment": "2025-07-20",
            "payment_frequency_months": 3,
            "reinvestment_end": "2029-04-20",
            "stated_maturity": "2037-04-20",
        },
        "notes": notes,
        "fees": [
            {"name": "taxes", "amount_per_period": 5_000.0},
            {"name": "admin", "rate": 0.0, "cap": {"rate": 0.0002, "fixed_per_year": 200_000.0}},
            {"name": "senior", "rate": 0.0015},
            {"name": "sub", "rate": 0.0030},
            {"name": "incentive", "hurdles": [{"irr": 0.12, "share": 0.2}]},
        ],
        "tests": tests,
        "collateral": {"ccc": {"limit": 0.075}, "defaulted_value": "lesser_of_market_and_recovery"},
        "reinvestment": {"during": ["coverage"]},
        "sequences": {"note_payment_sequence": SEQUENCE},
        "waterfalls": {
            "interest": [
                fee("taxes", "all", "A"),
                fee("admin", "capped", "B"),
                fee("senior", "all", "C"),
                {
                    "verb": "pay_pari_passu",
                    "steps": [
                        interest(["X", "A-1", "A-L"], ""),
                        {"verb": "pay_amortization", "notes": [["X"]]},
                    ],
                    "label": "E",
                },
                interest(["B-1", "B-2"], "F"),
                cure(["AB OC", "AB IC"], "G"),
                interest(["C"], "H"),
                cure(["C OC", "C IC"], "I"),
                deferred("C", "J"),
                interest(["D"], "K"),
                cure(["D OC", "D IC"], "L"),
                deferred("D", "M"),
                interest(["E"], "N"),
                cure(["E OC"], "O"),
                deferred("E", "P"),
                {
                    "verb": "divert",
                    "test": "Reinvestment OC",
                    "share": 0.5,
                    "to": "principal",
                    "when": "during_reinvestment",
                    "label": "Q",
                },
                fee("sub", "all", "R"),
                fee("admin", "above_cap", "S"),
                {"verb": "pay_residual", "notes": [["SUB"]], "until": "incentive", "label": "V"},
                {"verb": "incentive_fee", "fee": "incentive", "label": "U"},
                {"verb": "pay_residual", "notes": [["SUB"]], "label": "W"},
            ],
            "principal": [
                {"verb": "pay_shortfalls", "through": "B-2"},
                cure(["AB OC", "AB IC"], ""),
                cure(["C OC", "C IC"], ""),
                cure(["D OC", "D IC"], ""),
                cure(["E OC"], ""),
                {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
                {"verb": "pay_principal", "sequence": "note_payment_sequence"},
                {"verb": "pay_residual", "notes": [["SUB"]]},
            ],
        },
    }


def state_of(case: dict[str, Any]) -> dict[str, Any]:
    given = case["inputs"]
    notes: dict[str, Any] = {
        row["class"]: {"balance": float(row["balance"]), "deferred_interest": float(row["deferred_interest"])}
        for row in given["notes"]
    }
    notes["X"]["amortization_due"] = float(given["x_amortisation_due"])
    notes["SUB"].update(cost=45e6, distributions=[["2025-07-21", 1_200_000.0]])
    collateral = given["collateral"]
    return {
        "cloche_state": 1,
        "payment_date": given["dates"]["payment_date"],
        "previous_payment_date": given["dates"]["previous_payment_date"],
        "determination_date": given["dates"]["determination_date"],
        "in_reinvestment_period": True,
        "index_fixings": {"sofr_3m": float(given["benchmark_rate"])},
        "collected": {
            "interest": float(given["interest_proceeds"]),
            "principal": float(given["principal_proceeds"]),
        },
        "fee_basis": float(given["fee_basis_amount"]),
        "fees": {"admin": {"due": float(given["fees"]["admin_expenses_due"])}},
        "notes": notes,
        "collateral": {
            "performing_par": float(collateral["performing_par_not_ccc_not_discount"]),
            "ccc": [
                {"par": float(a["par"]), "market_price": float(a["mv"])} for a in collateral["ccc_loans"]
            ],
            "discount": [
                {
                    "par": float(a["par"]),
                    "purchase_price": float(a["purchase_price"]),
                    "market_price": float(a["mv"]),
                }
                for a in collateral["discount_obligations"]
            ],
            "defaulted": [
                {
                    "par": float(a["par"]),
                    "market_price": float(a["mv"]),
                    "recovery": float(a["agency_rr"]),
                    "years_since_default": float(a["years_since_default"]),
                }
                for a in collateral["defaulted"]
            ],
        },
    }


@pytest.fixture(scope="module")
def case(reference: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((reference / "cases" / "payment_date.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def result(case: dict[str, Any]) -> dict[str, Any]:
    return run_payment_date(deal_of(case), state_of(case))


def amount(text: str) -> Any:
    return pytest.approx(float(text), rel=1e-12, abs=1e-6)


def number(text: str) -> Any:
    return pytest.approx(float(text), rel=0, abs=1e-12)


def test_collateral_amounts_match(case: dict[str, Any], result: dict[str, Any]) -> None:
    expected, figures = case["expected"], result["measure"]
    assert figures["collateral_principal_amount"] == amount(expected["collateral_principal_amount"])
    assert figures["ccc_excess"] == amount(expected["ccc_excess"])
    assert figures["ccc_excess_haircut"] == amount(expected["ccc_haircut"])
    assert figures["defaulted_value"] == amount(str(sum(map(float, expected["defaulted_carrying_values"]))))
    assert figures["oc_numerator"] == amount(expected["adjusted_collateral_principal_amount"])


def test_ratios_before_match(case: dict[str, Any], result: dict[str, Any]) -> None:
    expected = case["expected"]
    rows = {row["test"]: row for row in result["tests"]}
    for name, ratio in expected["oc_ratios_before"].items():
        assert rows[f"{name} OC"]["ratio"] == number(ratio)
        assert rows[f"{name} OC"]["denominator"] == amount(expected["oc_denominators_before"][name])
    for name, ratio in expected["ic_ratios"].items():
        assert rows[f"{name} IC"]["ratio"] == number(ratio)
    assert rows["EoD"]["ratio"] == number(expected["eod_par_ratio"])
    assert result["ic_numerator"] == amount(expected["ic_numerator"])
    assert [row["test"] for row in result["tests"] if not row["passes"]] == ["E OC", "Reinvestment OC"]


def test_interest_due_matches(case: dict[str, Any], result: dict[str, Any]) -> None:
    rows = {row["note"]: row for row in result["notes"]}
    for name, due in case["expected"]["interest_due"].items():
        assert rows[name]["interest_due"] == amount(due)


def test_every_step_of_the_interest_waterfall_matches(case: dict[str, Any], result: dict[str, Any]) -> None:
    ledger = [row for row in result["ledger"] if row["waterfall"] == "interest"]
    for step in case["expected"]["steps"]:
        rows = [row for row in ledger if row["label"] == step["step"]]
        if not rows:
            assert step["step"] in {"D", "T"}
            assert float(step["due"]) == 0
            continue
        assert sum(row["due"] for row in rows) == amount(step["due"]), step
        assert sum(row["paid"] for row in rows) == amount(step["paid"]), step
        assert rows[-1]["available_after"] == amount(step["remaining"] if step["step"] != "U" else "0"), step


def test_the_cure_pays_pari_passu_and_restores_the_ratio(
    case: dict[str, Any], result: dict[str, Any]
) -> None:
    expected = case["expected"]
    paid = {row["payee"]: row["paid"] for row in result["ledger"] if row["label"] == "O"}
    assert paid == {name: amount(text) for name, text in expected["paydown"].items()}
    need = sum(row["paid"] for row in result["ledger"] if row["label"] == "O")
    assert need == amount(expected["cure_amount_E"])
    before = next(row for row in result["tests"] if row["test"] == "E OC")
    assert before["numerator"] / (before["denominator"] - need) == number(expected["oc_E_after_cure"])


def test_closing_amounts_match(case: dict[str, Any], result: dict[str, Any]) -> None:
    expected = case["expected"]
    rows = {row["note"]: row for row in result["notes"]}
    for name, balance in expected["ending_balances"].items():
        assert rows[name]["end_balance"] == amount(balance)
    for name, balance in expected["ending_deferred_interest"].items():
        assert rows[name]["deferred_balance"] == amount(balance)
    assert rows["SUB"]["interest_paid"] == amount(expected["equity_distribution"])
    assert result["accounts"] == {"principal": amount(expected["principal_account_after"]), "interest": 0.0}
    after = next(row for row in result["tests"] if row["test"] == "E OC")
    assert after["ratio_after"] == number(expected["oc_E_after_payment_date"])
    assert result["conservation_error"] < 1e-6


def test_the_state_is_that_of_a_scheduled_date(case: dict[str, Any]) -> None:
    state = {**state_of(case), "payment_date": date(2026, 7, 21).isoformat()}
    with pytest.raises(ValueError, match="not a payment date"):
        run_payment_date(deal_of(case), state)
