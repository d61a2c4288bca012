"""Compare cloche with an outside program for a like deal, and say what every rule that differs is worth.

    python benchmarks/outside_reference.py [--paths 400000]

The outside deal (`deal.json`) and the figures of its 400,000 paths (`reference_400k.json`) are read from the
folder `shared/bench` beside the checkout; without it there is nothing to compare, and the program says so.
It is a deal of 150 loans, 48 quarters, five classes and equity, simpler than the standard work: two fees,
four OC and three IC tests that pay down notes from interest. Its rules are not all those of cloche. So one
simulator follows either set, with a switch for every rule that differs (`RULES`), and three things are shown:

1. With every switch at the outside rules it reproduces the outside figures, from draws of its own.
2. With the switches at cloche's rules it agrees with `cl.simulate` of the deal as a document: the nearest
   document, which states all that a document can state, and a plain one.
3. Each switch alone, on the same draws: what the rule changes.

A mean farther than four standard errors of the difference ends the program with an error. Means to which
fewer than ten paths contribute are printed and not judged; nor are quantiles, whose errors are those of order
statistics.
"""

import argparse
import datetime as dt
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import cloche as cl
from outside_rules import (
    IRR,
    LIFE,
    LOSS,
    MULTIPLE,
    PV,
    PV_EQUITY,
    RULES,
    SEED,
    UNPAID,
    Deal,
    Estimate,
    Sample,
    read_deal,
    simulate,
)
from standard_deal import CLASSES, CLOSING, payment_dates

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "bench"
LARGEST_DISTANCE = 4.0
FEWEST_PATHS = 10
LEVELS = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)

# The deal for cloche


def document(deal: Deal, *, nearest: bool) -> dict[str, Any]:
    """Return the deal as a document: as near to the outside rules as a document can state, or plain.

    The nearest document reads after the cures whether a test failed before them: the last test that needed
    a cure has no cushion left. Its fees do not carry forward, and run on par and cash in the reinvestment
    period and on performing par after it.
    """
    dates = payment_dates()
    until = f"date <= {dates[deal.reinvestment_periods + 1].isoformat()}"
    after = until.replace("<=", ">")

    def pay_fee(name: str) -> list[dict[str, Any]]:
        if not nearest:
            return [{"pay_fee": name}]
        return [
            {"pay_fee": {"fee": name, "part": "current"}, "when": until},
            {"pay_fee": {"fee": f"{name}, later", "part": "current"}, "when": after},
        ]

    tests = [
        {"name": f"{name} {kind.upper()}", "kind": kind, "through": name, "trigger": float(trigger)}
        for kind, triggers in (("oc", deal.oc_trigger), ("ic", deal.ic_trigger))
        for name, trigger in zip(CLASSES[1:], triggers, strict=False)
    ]
    names = [test["name"] for test in tests]
    interest = [*pay_fee("senior"), {"pay_interest": "A"}]
    for name in CLASSES[1:]:
        cures = [test["name"] for test in tests if test["through"] == name]
        interest += [{"pay_interest": name}, {"cure": cures}]
    interest += [*pay_fee("subordinated"), {"pay_residual": "SUB"}]
    holds = [f"cushion('{name}') > 0.000_000_1" if nearest else f"passes('{name}')" for name in names]
    fees = []
    for name, rate in (("senior", deal.senior_fee), ("subordinated", deal.subordinated_fee)):
        if nearest:
            fees.append({"name": name, "rate": rate, "base": "collateral_principal_amount"})
            fees.append({"name": f"{name}, later", "rate": rate, "base": "performing_par"})
        else:
            fees.append({"name": name, "rate": rate, "base": "fee_basis"})
    return {
        "cloche": 1,
        "name": "Outside reference",
        "currency": "USD",
        "target_par": deal.total,
        "dates": {
            "closing": CLOSING.isoformat(),
            "first_payment": dates[1].isoformat(),
            "payment_frequency_months": 3,
            "reinvestment_end": (dates[deal.reinvestment_periods] + dt.timedelta(days=15)).isoformat(),
            "stated_maturity": dates[-1].isoformat(),
            "calendars": [],
            "roll": "none",
        },
        "notes": [
            {
                "name": name,
                "balance": round(float(deal.balance[k]), 2),
                "rank": k + 1,
                "coupon": {"index": "sofr_3m", "spread": round(float(deal.coupon[k]) - deal.index_rate, 12)},
                "deferrable": k >= 2,
            }
            for k, name in enumerate(CLASSES)
        ]
        + [{"name": "SUB", "balance": round(deal.equity, 2), "residual": True}],
        "fees": fees,
        "tests": [{**test, "first_date": "first_determination"} for test in tests],
        "collateral": {"defaulted_value": "recovery"},
        "waterfalls": {
            "interest": interest,
            "principal": [
                {"pay_shortfalls": {"through": "B"}},
                {"reinvest": "all", "when": " and ".join(["during_reinvestment", *holds])},
                {"pay_principal": "note_payment_sequence"},
                {"pay_residual": "SUB"},
            ],
        },
        "conventions": {"cash_timing": "period"},
    }


def run_cloche(deal: Deal, paths: int, *, nearest: bool) -> Any:
    """Return cloche's simulation of the document."""
    dates = payment_dates()
    loans = [f"L{i:03d}" for i in range(len(deal.par))]
    tape = {
        "loan_id": loans,
        "obligor_id": loans,
        "par": deal.par,
        "maturity": [dates[period] for period in deal.maturity],
        "coupon_type": ["floating"] * len(loans),
        "index": ["sofr_3m"] * len(loans),
        "spread": deal.spread,
        "floor": np.zeros(len(loans)),
        "amortization_rate": np.zeros(len(loans)),
        "recovery": deal.recovery,
        "hazard": deal.hazard,
    }
    scenario = {
        "cpr": 1.0 - (1.0 - deal.prepaid) ** 4,
        "recovery_lag_months": 3 * deal.lag,
        "rates": {"flat": deal.index_rate},
        "reinvestment": {
            "price": 1.0,
            "spread": deal.new_spread,
            "floor": 0.0,
            "term_years": deal.new_term / 4.0,
            "recovery": deal.new_recovery,
            "pd": -math.expm1(-deal.new_hazard),
        },
    }
    return cl.simulate(
        cl.Deal.from_dict(document(deal, nearest=nearest)),
        cl.LoanPool.from_columns(tape, as_of=CLOSING),
        cl.GaussianCopula(inter=deal.correlation, intra=deal.correlation, pd="hazard"),
        scenario=cl.Scenario.from_dict(scenario),
        paths=paths,
        seed=SEED,
        threads=1,
    )


# The tables

Row = tuple[str, Estimate, float, float, bool]
"""Figure, ours, the other value and its error, and whether it is a mean, whose distance is judged."""


def compare(title: str, columns: tuple[str, str], rows: list[Row]) -> float:
    """Print a table of figures with their distances and return the largest that is judged."""
    print(f"\n{title}\n{'':<20}{columns[0]:>16}{columns[1]:>16}{'error':>12}{'distance':>11}")
    largest = 0.0
    for name, ours, other, other_error, is_mean in rows:
        error = math.hypot(ours.error, other_error)
        gap = abs(ours.value - other)
        distance = gap / error if error > 0.0 else math.inf if gap > 0.0 else 0.0
        judged = is_mean and ours.paths >= FEWEST_PATHS
        note = "" if judged else f"   {ours.paths} paths" if is_mean else "   quantile"
        print(f"{name:<20}{ours.value:>16.9f}{other:>16.9f}{error:>12.2e}{distance:>8.2f} SE{note}")
        if judged:
            largest = max(largest, distance)
    print(f"largest distance of a mean: {largest:.2f} standard errors")
    return largest


def outside_rows(sample: Sample, reference: dict[str, Any]) -> list[Row]:
    """Return the figures of the outside file; where it gives no error, ours for its number of paths."""
    summary = reference["summary"]
    rows: list[Row] = []

    def add(name: str, place: int, value: float, error: float | None = None) -> None:
        ours = sample.estimate(place)
        if error is None:
            error = ours.error * math.sqrt(sample.count[place] / reference["paths"])
        rows.append((name, ours, value, error, True))

    for k, name in enumerate(CLASSES):
        add(f"expected loss {name}", LOSS.start + k, summary[name]["el"])
    for k, name in enumerate(CLASSES):
        add(f"average life {name}", LIFE.start + k, summary[name]["wal"])
    for k, name in enumerate(CLASSES):
        add(f"present value {name}", PV.start + k, summary[name]["pv"], summary[name]["pv_se"])
    add("present value equity", PV_EQUITY, summary["EQ"]["pv"], summary["EQ"]["pv_se"])
    add("IRR mean", IRR, summary["irr"]["mean"])
    for level in LEVELS:
        ours = sample.quantile(level)
        error = ours.error * math.sqrt(ours.paths / reference["paths"])
        rows.append((f"IRR q{100 * level:02.0f}", ours, summary["irr"][f"p{100 * level:.0f}"], error, False))
    return rows


def cloche_rows(sample: Sample, simulation: Any) -> list[Row]:
    """Return the figures of cloche's tables."""
    notes, equity = simulation.notes.to_dict(), simulation.equity.to_dict()
    place = [list(notes["note"]).index(name) for name in CLASSES]
    rows: list[Row] = [
        (
            f"{words} {name}",
            sample.estimate(outputs.start + k),
            float(notes[column][place[k]]),
            float(notes[f"{column}_se"][place[k]]),
            True,
        )
        for words, column, outputs in (
            ("expected loss", "expected_loss", LOSS),
            ("interest loss", "interest_loss", UNPAID),
            ("average life", "wal", LIFE),
        )
        for k, name in enumerate(CLASSES)
    ]
    for words, column, output in (("IRR mean", "irr", IRR), ("equity multiple", "moic", MULTIPLE)):
        error = float(equity[f"{column}_se"][0])
        rows.append((words, sample.estimate(output), float(equity[column][0]), error, True))
    for level in LEVELS:
        ours = sample.quantile(level)
        name = f"{100 * level:02.0f}"
        rows.append((f"IRR q{name}", ours, float(equity[f"irr_q{name}"][0]), ours.error, False))
    return rows


def print_effects(samples: list[Sample], outside: Sample) -> None:
    """Print what each rule changes, alone and all together."""
    figures = (
        *((f"loss {name}", LOSS.start + k, 1e4, "bp") for k, name in enumerate(CLASSES) if k >= 2),
        ("life A", LIFE.start, 1.0, "years"),
        ("life E", LIFE.stop - 1, 1.0, "years"),
        ("IRR", IRR, 1e4, "bp"),
    )
    print("\nFrom the outside rules to cloche's, one rule at a time on the same draws: change of the mean")
    print(f"{'':<20}" + "".join(f"{f'{name}, {unit}':>14}" for name, _, _, unit in figures))
    names = [*(rule.name for rule in RULES), "nearest document", "plain document"]
    for name, sample in zip(names, samples, strict=True):
        changes = [scale * (sample.mean(at) - outside.mean(at)) for _, at, scale, _ in figures]
        print(f"{name:<20}" + "".join(f"{change:>+14.4f}" if change else f"{0:>14}" for change in changes))
    print("\nThe rules; * where a document can state the outside rule")
    for rule in RULES:
        print(f"{rule.name}{' *' if rule.stated else ''}")
        print(f"    outside: {rule.outside}")
        print(f"    cloche:  {rule.cloche}")


def main() -> None:
    """Simulate, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--paths", type=int, default=400_000)
    paths = parser.parse_args().paths
    if not FOLDER.is_dir():
        print("outside reference: no folder shared/bench beside the checkout, nothing to compare")
        return
    begun = time.perf_counter()
    deal = read_deal(json.loads((FOLDER / "deal.json").read_text(encoding="utf-8")))
    reference = json.loads((FOLDER / "reference_400k.json").read_text(encoding="utf-8"))

    one_each = np.eye(len(RULES), dtype=np.bool_)
    nearest = np.array([not rule.stated for rule in RULES])
    sets = np.vstack([np.zeros_like(nearest), one_each, nearest, np.ones_like(nearest)])
    outside, *samples = simulate(deal, sets, paths)
    print(f"{paths:,} paths; cash in less cash out, over cash in: at most ", end="")
    print(f"{max(sample.difference for sample in (outside, *samples)):.0e}")

    largest = compare(
        f"Outside rules: this program against the file of {reference['paths']:,} paths",
        ("program", "file"),
        outside_rows(outside, reference),
    )
    for near, words, sample in ((True, "nearest", samples[-2]), (False, "plain", samples[-1])):
        rows = cloche_rows(sample, run_cloche(deal, paths, nearest=near))
        title = f"Cloche's rules, {words} document: this program against cloche"
        largest = max(largest, compare(title, ("program", "cloche"), rows))
    print_effects(samples, outside)
    print(f"\n{time.perf_counter() - begun:.0f} s")
    if not largest <= LARGEST_DISTANCE:
        sys.exit(f"outside reference: a mean is {largest:.1f} standard errors from the other's")


if __name__ == "__main__":
    main()
