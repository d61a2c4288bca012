"""A real broadly syndicated deal: from a presale report's numbers to a deal document, every gap filled in writing.

``python examples/presale_550m.py PRESALE.json --out build/presale`` writes ``deal.yaml``, ``tape.csv`` (invented loans:
the report has no tape), ``scenario.yaml`` and ``model.yaml``. What the report leaves open stands in `ASSUMED`, one
entry per gap; `docs/assumptions_real_deals.md` says why. A report with other gaps is refused.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cloche as cl

ASSUMED_ON = "2026-11-25"

# Keyed as the report's own list of what it does not give. None: nothing stands in, because nothing that is computed
# here needs it.
ASSUMED: dict[str, Any] = {
    "name": "Presale 550m",
    "manager": None,
    "trustee": None,
    "stated_total": None,
    "closing_date": "2025-06-18",
    "effective_date": "2025-10-20",
    "first_payment_date": "2026-01-20",
    "payment_dates": "on the 20th, following business day in New York and London",
    "payment_frequency_months": 3,
    "non_call_end": "2027-07-20",
    "reinvestment_end": "2030-07-20",
    "legal_final": "2038-07-20",
    "day_count": "act/360",
    "interest_diversion_test": None,
    "event_of_default_test": None,
    "collateral_quality_tests": None,
    "concentration_limits": None,
    "fees.senior_management_fee_bps": 15,
    "fees.subordinated_management_fee_bps": 30,
    "fees.incentive_hurdle_irr_pct": 12,
    "fees.admin_expense_cap_bps": 2,
    "fees.admin_expense_cap_fixed": 200_000,
    "fees.taxes_fixed": 5_000,
}
SUB = "SUB"
LOANS = 200
SEED = 7


def presale_deal(report: Mapping[str, Any]) -> cl.Deal:
    """Return the deal of a presale report, with `ASSUMED` in its gaps.

    Parameters
    ----------
    report
        The report's JSON.

    Raises
    ------
    ValueError
        If the report's gaps are not those of `ASSUMED`.
    """
    gaps = set(report["missing"]) ^ set(ASSUMED)
    if gaps:
        raise ValueError(f"assumptions and gaps differ: {', '.join(sorted(gaps))}")
    debt = [note for note in report["classes"] if note["kind"] == "note"]
    builder = cl.DealBuilder(
        ASSUMED["name"],
        target_par=report["target_par"],
        closing=ASSUMED["closing_date"],
        effective=ASSUMED["effective_date"],
        first_payment=ASSUMED["first_payment_date"],
        payment_frequency_months=ASSUMED["payment_frequency_months"],
        non_call_end=ASSUMED["non_call_end"],
        reinvestment_end=ASSUMED["reinvestment_end"],
        stated_maturity=ASSUMED["legal_final"],
        determination_lag_bd=8,
        calendars=["us_government_securities", "london"],
        roll="following",
    )
    costs = report["sum_of_classes"] - report["target_par"]
    builder = builder.closing(upfront_costs=costs, par_purchased=report["target_par"])
    for note in debt:
        builder = builder.note(
            note["class_id"],
            note["original_balance"],
            rank=note["principal_rank"],
            index="sofr_3m",
            spread=f"{note['spread_bps']}bp",
            coupon={"floor": 0, "day_count": ASSUMED["day_count"]},
            deferrable=note["deferrable_interest"],
            rating={"sp": note["rating"].removesuffix(" (sf)")},
        )
    equity = next(note for note in report["classes"] if note["kind"] == "equity")
    builder = builder.note(SUB, equity["original_balance"], residual=True)
    expenses = {
        "rate": f"{ASSUMED['fees.admin_expense_cap_bps']}bp",
        "fixed_per_year": ASSUMED["fees.admin_expense_cap_fixed"],
    }
    share = report["fees"]["incentive_fee_pct"]
    hurdle = {"irr": f"{ASSUMED['fees.incentive_hurdle_irr_pct']}%", "share": f"{share}%"}
    on_par = {"base": "fee_basis", "base_date": "period_start"}
    senior, junior = (
        f"{ASSUMED[f'fees.{part}_management_fee_bps']}bp" for part in ("senior", "subordinated")
    )
    builder = (
        builder.fee("taxes", amount_per_period=ASSUMED["fees.taxes_fixed"])
        .fee("admin", **expenses, base="fee_basis", cap=expenses)
        .fee("senior", rate=senior, **on_par)
        .fee("sub", rate=junior, **on_par)
        .fee("incentive", hurdles=[hurdle])
    )
    for test in report["coverage_tests"]:
        classes = test["denominator_classes"]
        builder = builder.oc_test(f"{test['test']} OC", notes=classes, trigger=f"{test['oc_trigger_pct']}%")
        if test["ic_trigger_pct"] is not None:
            builder = builder.ic_test(
                f"{test['test']} IC",
                notes=classes,
                trigger=f"{test['ic_trigger_pct']}%",
                first_date="second_determination",
            )
    builder = builder.reinvestment(during=["coverage"], max_maturity="stated_maturity")
    return (
        builder.interest_waterfall(*_interest(report))
        .principal_waterfall(
            {"reinvest": "all", "when": "during_reinvestment", "label": "P0"},
            *(step for row in report["principal_waterfall"] for step in _principal(row)),
        )
        .build()
    )


def _interest(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the report's interest order; each step carries the report's number as its label."""
    cures = {
        test["test"]: [
            f"{test['test']} {kind.upper()}"
            for kind in ("oc", "ic")
            if test[f"{kind}_trigger_pct"] is not None
        ]
        for test in report["coverage_tests"]
    }
    fixed: dict[str, list[dict[str, Any]]] = {
        "taxes_and_fees_then_admin_expenses": [
            {"pay_fee": "taxes"},
            {"pay_fee": {"fee": "admin", "part": "capped"}},
        ],
        "base_management_fee": [{"pay_fee": "senior"}],
        "subordinated_management_fee_current_and_deferred": [{"pay_fee": "sub"}],
        "subordinated_notes_until_incentive_hurdle": [{"pay_residual": {"to": SUB, "until": "incentive"}}],
        "incentive_management_fee": [{"incentive_fee": "incentive"}],
        "subordinated_notes_residual": [{"pay_residual": SUB}],
    }
    steps = []
    for row in report["interest_waterfall"]:
        by_class = {
            "interest": {"pay_interest": row["target"]},
            "deferred_interest": {"pay_deferred_interest": row["target"]},
            "coverage_tests": {"cure": cures.get(row["target"], [])},
        }
        found = fixed.get(row["pay"]) or [by_class[row["pay"]]]
        steps.extend({**step, "label": f"{row['step']}"} for step in found)
    return steps


def _principal(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a step of the report's principal order, which holds for principal that is not reinvested."""
    step: dict[str, Any] = {
        "principal": {"pay_principal": {"notes": [row["target"]]}},
        "principal_and_deferred_interest": {
            "pay_principal": {"notes": [row["target"]], "with_deferred": True}
        },
        "interest": {"pay_interest": row["target"]},
        "subordinated_notes": {"pay_residual": SUB},
    }[row["pay"]]
    return [{**step, "label": f"P{row['step']}"}]


def base_case() -> cl.Scenario:
    """Return the assumptions of the runs: 2 % defaults, 20 % prepayments a year, 70 % recovered after half a year."""
    return cl.Scenario(
        cdr=0.02,
        cpr=0.20,
        recovery=0.70,
        recovery_lag_months=6,
        rates=cl.RateCurve.flat(0.043),
        reinvestment=cl.Reinvestment(price=0.995, spread=0.0340),
    )


def main() -> None:
    """Write the documents and an invented tape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, help="the presale report's JSON")
    parser.add_argument("--out", type=Path, default=Path("build/presale"), help="folder to write into")
    arguments = parser.parse_args()
    try:
        report = json.loads(arguments.report.read_text(encoding="utf-8"))
        deal = presale_deal(report)
    except OSError as error:
        parser.error(f"{arguments.report}: {(error.strerror or str(error)).lower()}")
    except (KeyError, TypeError, ValueError) as error:
        parser.error(f"{arguments.report}: no presale report that this example knows: {error}")
    loans = cl.synthetic.loan_table(n=LOANS, seed=SEED, par=deal.target_par, as_of=deal.dates.closing)
    arguments.out.mkdir(parents=True, exist_ok=True)
    loans.write_csv(arguments.out / "tape.csv")
    texts = {
        "deal.yaml": deal.to_yaml(),
        "scenario.yaml": base_case().to_yaml(),
        "model.yaml": cl.GaussianCopula(inter=0.15, intra=0.25).to_yaml(),
    }
    for name, text in texts.items():
        (arguments.out / name).write_text(text, encoding="utf-8")
    print(f"{len(texts) + 1} files in {arguments.out}")


if __name__ == "__main__":
    main()
