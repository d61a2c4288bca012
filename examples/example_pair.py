"""A real middle-market pair: a published capital structure on a published loan tape, with every gap filled in writing.

``python examples/example_pair.py FOLDER --out build/pair`` reads the deal file in the folder and writes ``deal.yaml``,
``scenario.yaml`` and ``model.yaml``; the tape is used as it is, as of 2025-09-30. The two come from different lenders:
the pair shows the work, not a CLO that exists. What the deal file leaves open stands in `ASSUMED`, one entry per gap;
`docs/assumptions_real_deals.md` says why. A deal file with other gaps is refused.
"""

import argparse
import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cloche as cl

ASSUMED_ON = "2026-11-25"
DEAL_FILE = "deal_bcc_mm_clo_2019-1_rr.json"
TAPE_FILE = "tape_mm_first_lien_402m_2025-09-30.csv"
AS_OF = "2025-09-30"

# Keyed as the deal file's own list of what it does not give. None: nothing stands in, because nothing that is computed
# here needs it.
ASSUMED: dict[str, Any] = {
    "target_par": 430_250_000,
    "effective_date": None,
    "first_payment_date": "2026-01-15",
    "payment_dates": "on the 15th, following business day in New York and London",
    "payment_frequency_months": 3,
    "reinvestment_end": "2029-07-15",
    "day_count": "act/360",
    "coverage_tests": {
        "A": {"oc": 1.40, "ic": 1.20},
        "B": {"oc": 1.26, "ic": 1.15},
        "C": {"oc": 1.17, "ic": 1.10},
    },
    "interest_diversion_test": None,
    "event_of_default_test": None,
    "collateral_quality_tests": None,
    "concentration_limits": None,
    "interest_waterfall": "standard",
    "principal_waterfall": "standard",
    "fees.senior_management_fee_bps": 20,
    "fees.subordinated_management_fee_bps": 30,
    "fees.incentive_fee_pct": None,
    "fees.incentive_hurdle_irr_pct": None,
    "fees.admin_expense_cap_bps": 2,
    "fees.admin_expense_cap_fixed": 200_000,
    "fees.taxes_fixed": 5_000,
    "classes.coverage_test: A-1-RR, A-2-RR, A-3-RR, B-RR, C-RR": {
        "A-1-RR": "A",
        "A-2-RR": "A",
        "A-3-RR": "A",
        "B-RR": "B",
        "C-RR": "C",
    },
}
SUB = "SUB"


def collected_before(pool: cl.LoanPool, closing: dt.date) -> float:
    """Return what the loans earned from closing to the tape's date at the tape's all-in rates, act/360, in money.

    The tape begins after closing and does not show it; the first payment date distributes it.
    """
    a_year = sum(loan["par"] * loan["current_rate"] for loan in pool.table.rows())
    return round(a_year * (pool.as_of - closing).days / 360)


def pair_deal(source: Mapping[str, Any], pool: cl.LoanPool) -> cl.Deal:
    """Return the deal of the published structure, with `ASSUMED` in its gaps.

    Parameters
    ----------
    source
        The deal file's JSON.
    pool
        The loans; the rest of the transaction's size is cash at closing.

    Raises
    ------
    ValueError
        If the file's gaps are not those of `ASSUMED`.
    """
    gaps = set(source["missing"]) ^ set(ASSUMED)
    if gaps:
        raise ValueError(f"assumptions and gaps differ: {', '.join(sorted(gaps))}")
    builder = cl.DealBuilder(
        source["name"],
        target_par=ASSUMED["target_par"],
        closing=source["closing_date"],
        first_payment=ASSUMED["first_payment_date"],
        payment_frequency_months=ASSUMED["payment_frequency_months"],
        non_call_end=source["non_call_end"],
        reinvestment_end=ASSUMED["reinvestment_end"],
        stated_maturity=source["legal_final"],
        determination_lag_bd=8,
        calendars=["us_government_securities", "london"],
        roll="following",
    )
    builder = builder.closing(
        upfront_costs=0,
        ramp_up_cash=source["stated_total"] - pool.par,
        par_purchased=pool.par,
        interest_reserve=collected_before(pool, dt.date.fromisoformat(source["closing_date"])),
    )
    tested: dict[str, str] = {}
    for note in source["classes"]:
        if note["kind"] == "equity":
            builder = builder.note(SUB, note["original_balance"], residual=True)
            continue
        label = ASSUMED["classes.coverage_test: A-1-RR, A-2-RR, A-3-RR, B-RR, C-RR"][note["class_id"]]
        tested[label] = note["class_id"]  # the most junior class of each test comes last
        builder = builder.note(
            note["class_id"],
            note["original_balance"],
            rank=note["principal_rank"],
            index="sofr_3m",
            spread=f"{note['spread_bps']}bp",
            coupon={"floor": 0, "day_count": ASSUMED["day_count"]},
            deferrable=note["deferrable_interest"],
            rating={"sp": note["rating"].removesuffix("(sf)")},
        )
    expenses = {
        "rate": f"{ASSUMED['fees.admin_expense_cap_bps']}bp",
        "fixed_per_year": ASSUMED["fees.admin_expense_cap_fixed"],
    }
    senior, junior = (
        f"{ASSUMED[f'fees.{part}_management_fee_bps']}bp" for part in ("senior", "subordinated")
    )
    builder = (
        builder.fee("taxes", amount_per_period=ASSUMED["fees.taxes_fixed"])
        .fee("admin", **expenses, base="fee_basis", cap=expenses)
        .fee("senior", rate=senior, base="fee_basis", base_date="period_start")
        .fee("sub", rate=junior, base="fee_basis", base_date="period_start")
    )
    for label, through in tested.items():
        triggers = ASSUMED["coverage_tests"][label]
        builder = builder.oc_test(f"{label} OC", through=through, trigger=triggers["oc"]).ic_test(
            f"{label} IC", through=through, trigger=triggers["ic"], first_date="second_determination"
        )
    return builder.reinvestment(during=["coverage"], max_maturity="stated_maturity").build()


def base_case() -> cl.Scenario:
    """Return the assumptions of the runs; the index lies inside the tape's all-in rates less spreads."""
    return cl.Scenario(
        cdr=0.025,
        cpr=0.15,
        recovery=0.60,
        recovery_lag_months=12,
        rates=cl.RateCurve.flat(0.042),
        reinvestment=cl.Reinvestment(price=0.99, spread=0.0525),
    )


def main() -> None:
    """Write the documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help=f"folder with {DEAL_FILE} and {TAPE_FILE}")
    parser.add_argument("--out", type=Path, default=Path("build/pair"), help="folder to write into")
    arguments = parser.parse_args()
    source = json.loads((arguments.folder / DEAL_FILE).read_text(encoding="utf-8"))
    pool = cl.LoanPool.read(arguments.folder / TAPE_FILE, as_of=AS_OF)
    arguments.out.mkdir(parents=True, exist_ok=True)
    texts = {
        "deal.yaml": pair_deal(source, pool).to_yaml(),
        "scenario.yaml": base_case().to_yaml(),
        "model.yaml": cl.GaussianCopula(inter=0.15, intra=0.25).to_yaml(),
    }
    for name, text in texts.items():
        (arguments.out / name).write_text(text, encoding="utf-8")
    print(
        f"{len(texts)} files in {arguments.out}; the tape is {arguments.folder / TAPE_FILE}, --as-of {AS_OF}"
    )


if __name__ == "__main__":
    main()
