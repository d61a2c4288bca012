"""The works that are timed and counted: deal, tape, scenario and default model of each, as documents.

    python benchmarks/works.py        write them for the counted program, `rust/engine/examples/works/*.json`

standard
    The standard work of `standard_deal`: one market factor.
two_level
    The same with a market factor and one factor for each of thirty industries.
indenture
    A deal of the US template with a class X and a fixed class, on 150 rated and priced loans with instalments:
    CCC excess at market value, discount obligations, three assets in default of different age, diversion.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import cloche as cl
import standard_deal as standard

FOLDER = Path(__file__).resolve().parent.parent / "rust" / "engine" / "examples" / "works"
INDUSTRIES = 30
CLOSING = dt.date(2025, 3, 20)
IN_DEFAULT = {17: "2023-09-15", 58: "2024-11-04", 101: "2025-02-10"}


class Work(NamedTuple):
    """What one run needs."""

    deal: cl.Deal
    pool: cl.LoanPool
    scenario: cl.Scenario
    model: cl.GaussianCopula

    def simulate(self, paths: int, *, threads: int, seed: int = 7) -> cl.Simulation:
        """Simulate."""
        return cl.simulate(
            self.deal, self.pool, self.model, scenario=self.scenario, paths=paths, seed=seed, threads=threads
        )


def standard_work(*, industries: int = 0) -> Work:
    """Return the standard work, with a factor for each of so many industries."""
    numbers = standard.standard_deal()
    tape = standard.tape(numbers)
    intra = numbers.correlation
    if industries:
        tape["industry"] = [f"industry {i % industries}" for i in range(len(numbers.par))]
        intra = numbers.correlation + 0.05
    return Work(
        cl.Deal.from_dict(standard.document()),
        cl.LoanPool.from_columns(tape, as_of=standard.CLOSING),
        cl.Scenario.from_dict(standard.scenario()),
        cl.GaussianCopula(inter=numbers.correlation, intra=intra, pd="hazard"),
    )


def indenture_work() -> Work:
    """Return the work with the rules of an indenture."""
    deal = cl.templates.us_bsl(par=500e6, closing=CLOSING, class_x=4e6)
    deal = deal.replace({"notes.B.coupon": {"fixed": 0.0585}})
    loans = cl.synthetic.loan_table(n=150, seed=11, par=500e6, as_of=CLOSING)
    columns = loans.to_dict()
    size = len(columns["par"])
    columns["default_date"] = [None] * size
    for loan, date in IN_DEFAULT.items():
        columns["default_date"][loan] = date
        columns["market_price"][loan] = 0.42
    scenario = cl.Scenario(
        cpr=0.20,
        recovery=0.65,
        recovery_lag_months=9,
        rates=0.043,
        reinvestment=cl.Reinvestment(price=0.99, spread=0.0345, recovery=0.65, pd=0.025, rating="B"),
    )
    model = cl.GaussianCopula(inter=0.15, intra=0.25, pd="pd_1y")
    return Work(deal, cl.LoanPool.from_columns(columns, as_of=CLOSING), scenario, model)


WORKS = {
    "standard": standard_work,
    "two_level": lambda: standard_work(industries=INDUSTRIES),
    "indenture": indenture_work,
}


def document(work: Work) -> dict[str, Any]:
    """Return a work as one document; columns of the tape that say nothing are left out."""
    tape: dict[str, Any] = {"as_of": (work.pool.as_of - dt.date(1970, 1, 1)).days}
    for name, values in work.pool.columns().items():
        column = np.asarray(values)
        if name == "rating_factor":
            continue  # no purchase of the works is measured by it
        if column.dtype.kind == "f":
            # No loan capitalizes interest or has a commitment: that is what a tape without the column says.
            nothing = name in ("pik_spread", "unfunded_fee") and not column.any()
            if not np.isnan(column).all() and not nothing:
                tape[name] = [None if np.isnan(x) else float(x) for x in column]
        elif column.dtype == np.int32:
            if (column != np.iinfo(np.int32).min).any():
                tape[name] = column.tolist()
        elif column.dtype.kind in "iu":
            if column.any():
                tape[name] = column.tolist()
        elif any(values):
            tape[name] = [str(text or "") for text in values]
    return {
        "deal": work.deal.to_canonical(),
        "tape": tape,
        "scenario": work.scenario.to_canonical(),
        "model": work.model.to_canonical(),
    }


def text(name: str) -> str:
    """Return a work as the counted program reads it."""
    return json.dumps(document(WORKS[name]()), indent=0, sort_keys=True) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in WORKS:
        (FOLDER / f"{name}.json").write_text(text(name), encoding="utf-8")
