"""Time a path of the standard work: cloche beside NumPy and Numba, alternating in one run; and cloche's other works.

    python benchmarks/bench.py [--paths 20000] [--repetitions 7]

Before any time is taken the three programs must agree: NumPy and Numba on the same draws, and cloche, whose
draws are its own, in its means within five standard errors. A ratio is taken inside one repetition, where
the contenders run one after another on the same machine in the same minute; its spread is the range over
the repetitions.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

import cloche as cl
import numba_baseline
import numpy_baseline
from standard_deal import CLASSES, IRR, LOSS, OUTPUTS, WAL, Floats, StandardDeal, standard_deal
from works import WORKS, Work

SEED = 7
AGREEMENT = 1e-12
LARGEST_DISTANCE = 5.0
REFERENCE = "Numba tuned, 1 thread"
PROJECTIONS = 20
# What is read of every class at every point of a grid.
READ = ("note", "loss_rate", "pv_loss", "wal", "irr")


def machine() -> str:
    """Return one line on the machine and the versions."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in information.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return (
        f"{model}, {os.cpu_count()} cores, load {load}; Python {platform.python_version()}, "
        f"NumPy {np.__version__}, Numba {numba.__version__}, cloche {cl.__version__}"
    )


def check_programs(deal: StandardDeal) -> Floats:
    """Compare NumPy and Numba on the same draws and return the outputs of Numba."""
    paths = 5_000
    numpy_out = numpy_baseline.run(deal, paths, seed=SEED)
    for name, program in (("tuned", numba_baseline.TUNED), ("plain", numba_baseline.PLAIN)):
        difference = float(
            np.abs(numpy_out - numba_baseline.run(deal, paths, seed=SEED, program=program)).max()
        )
        print(f"NumPy and Numba ({name}) on {paths:,} equal paths: largest difference {difference:.1e}")
        if not difference <= AGREEMENT:
            sys.exit(f"bench: they must agree to {AGREEMENT:.0e}")
    return numba_baseline.run(deal, 100_000, seed=SEED, threads=2)


def check_cloche(work: Work, other: Floats) -> None:
    """Compare cloche's means with those of the program, in standard errors of the difference."""
    simulation = work.simulate(100_000, threads=2)
    notes = simulation.notes.to_dict()
    rows = []
    for k, name in enumerate(CLASSES):
        row = list(notes["note"]).index(name)
        for measure, place in (("expected_loss", LOSS.start + k), ("wal", WAL.start + k)):
            rows.append((f"{measure} {name}", notes[measure][row], notes[f"{measure}_se"][row], place))
    equity = simulation.equity.to_dict()
    rows.append(("irr equity", equity["irr"][0], equity["irr_se"][0], IRR))

    print(f"\n{'mean of 100,000 paths':<24}{'cloche':>12}{'Numba':>12}{'distance':>10}")
    farthest = 0.0
    for name, value, error, place in rows:
        column = other[:, place]
        if WAL.start <= place < WAL.stop:
            column = column[column > 0.0]  # a class that received no principal has no average life
        both = float(np.hypot(error, column.std() / np.sqrt(len(column))))
        distance = abs(value - column.mean()) / both if both > 0.0 else 0.0
        farthest = max(farthest, distance)
        print(f"{name:<24}{value:>12.6f}{column.mean():>12.6f}{distance:>7.1f} SE")
    if not farthest <= LARGEST_DISTANCE:
        sys.exit(f"bench: cloche and the program differ by {farthest:.1f} standard errors")


def main() -> None:
    """Check, time, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--paths", type=int, default=20_000)
    parser.add_argument("--repetitions", type=int, default=7)
    arguments = parser.parse_args()
    paths = arguments.paths

    print(machine())
    deal = standard_deal()
    works = {name: make() for name, make in WORKS.items()}
    standard, indenture = works["standard"], works["indenture"]
    check_cloche(standard, check_programs(deal))
    side = round(paths**0.5)

    def stress(work: Work) -> cl.Grid:
        return cl.grid(work.scenario, cdr=np.linspace(0.0, 0.20, side), recovery=np.linspace(0.2, 0.8, side))

    grids = {name: stress(work) for name, work in (("standard", standard), ("indenture", indenture))}

    def sweep(name: str) -> cl.Sweep:
        work = works[name]
        return cl.sweep(work.deal, work.pool, grids[name], threads=1)

    def read(name: str) -> None:
        notes = sweep(name).notes
        for column in READ:
            _ = notes[column]

    base = cl.Scenario.from_dict({**standard.scenario.to_dict(), "cdr": 0.02})

    def numba_run(program: Callable[..., None], threads: int) -> object:
        return numba_baseline.run(deal, paths, seed=SEED, program=program, threads=threads)

    def project() -> None:
        for _ in range(PROJECTIONS):
            _ = cl.project(standard.deal, standard.pool, base).ledger

    tuned, plain = numba_baseline.TUNED, numba_baseline.PLAIN
    # Each with what it does and how many of it: tables of a simulation, and columns of a sweep that is read, are part.
    contenders: dict[str, tuple[Callable[[], object], int]] = {
        "cloche, 1 thread": (lambda: standard.simulate(paths, threads=1).notes, paths),
        "cloche, 2 threads": (lambda: standard.simulate(paths, threads=2).notes, paths),
        "  two-level factors": (lambda: works["two_level"].simulate(paths, threads=1).notes, paths),
        "  indenture work": (lambda: indenture.simulate(paths, threads=1).notes, paths),
        "  a grid, run": (lambda: sweep("standard"), side * side),
        "  a grid, run and read": (lambda: read("standard"), side * side),
        "  a grid, indenture": (lambda: read("indenture"), side * side),
        "  a projection, ledger": (project, PROJECTIONS),
        REFERENCE: (lambda: numba_run(tuned, 1), paths),
        "Numba tuned, 2 threads": (lambda: numba_run(tuned, 2), paths),
        "Numba plain, 1 thread": (lambda: numba_run(plain, 1), paths),
        "NumPy, 1 thread": (lambda: numpy_baseline.run(deal, paths, seed=SEED), paths),
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for repetition in range(arguments.repetitions):
        turn = repetition % len(names)
        for name in names[turn:] + names[:turn]:
            do, count = contenders[name]
            start = time.perf_counter()
            do()
            times[name].append((time.perf_counter() - start) / count * 1e6)

    print(f"\n{paths:,} paths, {arguments.repetitions} repetitions, {len(OUTPUTS)} outputs a path")
    print("µs a path, a point or a projection")
    print(f"{'':<24}{'min':>9}{'median':>9}{'times ' + REFERENCE:>32}")
    for name, values in times.items():
        ratios = [value / base for value, base in zip(values, times[REFERENCE], strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:<24}{min(values):>9.2f}{statistics.median(values):>9.2f}{spread:>32}")
    print(f"load afterwards {', '.join(f'{x:.1f}' for x in os.getloadavg())}")


if __name__ == "__main__":
    main()
