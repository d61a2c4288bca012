"""The main job on the embedded example: a tape and a deal in; cash, tests, losses and risks of every class out.

``python examples/demo.py --out build/demo`` writes the example's documents and all result tables there.
"""

import argparse
import sys
import time
from pathlib import Path

import cloche as cl
from cloche.build.example import write_example

PATHS = 100_000
SEED = 7


def main() -> None:
    """Write the example, project the base case, simulate, print one screen, leave the tables as files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("build/demo"), help="folder for documents and tables"
    )
    parser.add_argument("--paths", type=int, default=PATHS, help="number of simulated paths")
    arguments = parser.parse_args()
    started = time.monotonic()
    write_example(arguments.out, force=True)
    deal = cl.read_deal(arguments.out / "deal.yaml")
    pool = cl.LoanPool.read(arguments.out / "tape.csv", as_of=deal.dates.closing)
    scenario = cl.Scenario.from_yaml(arguments.out / "scenario.yaml")
    model = cl.read_model(arguments.out / "model.yaml")
    base = cl.project(deal, pool, scenario)
    print(base.summary())
    simulated = time.monotonic()
    risk = cl.simulate(deal, pool, model, scenario=scenario, paths=arguments.paths, seed=SEED)
    seconds = time.monotonic() - simulated
    print()
    print(risk.summary().split("\n\n", 2)[2])
    form = "parquet" if _has("polars") or _has("pyarrow") else "csv"
    files = base.write(arguments.out / "base", form=form) + risk.write(arguments.out / "risk", form=form)
    print(
        f"\n{arguments.paths:,} paths in {seconds:.2f} s; {len(files)} files in {arguments.out}; "
        f"{time.monotonic() - started:.1f} s in all",
        file=sys.stderr,
    )


def _has(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


if __name__ == "__main__":
    main()
