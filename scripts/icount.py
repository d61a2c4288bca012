"""Count the engine's instructions a path of each work, portable and AVX2, and compare them with the committed counts.

Runs `rust/engine/examples/icount.rs` (arguments: work, instruction set, paths) under callgrind for two numbers
of paths; the difference cancels the set-up, and does not move with the load of the machine. The works are those
of `benchmarks/works.py`; `points` counts points of a stress grid of the standard work, `grid` those of the indenture
work, `one_lane` paths of the standard work that run one after the other. Fails when AVX2 needs more than 0.6 of the
portable instructions, or when a count rose by more than 3 % over `benchmarks/instruction_counts.json`.

    python scripts/icount.py            compare
    python scripts/icount.py --write    make the counts of now the committed ones
"""

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "benchmarks" / "instruction_counts.json"
WORKS = ("standard", "two_level", "indenture", "points", "grid", "one_lane")
FEW, MANY = 1024, 4096
LARGEST_AVX2_SHARE = dict.fromkeys(("standard", "two_level", "indenture", "points", "grid"), 0.6)
LARGEST_RISE = 0.03
ONE_AT_A_TIME = "one_lane"

Counts = dict[str, dict[str, int]]


def build() -> Path:
    """Build the counted program with the release profile and return its path."""
    command = ["cargo", "build", "--release", "--locked", "--package", "cloche-engine", "--example", "icount"]
    report = subprocess.run(
        [*command, "--message-format", "json-render-diagnostics"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in report.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "icount":
            return Path(message["executable"])
    sys.exit("icount: cargo built no program named icount")


def instructions(program: Path, work: str, isa: str, paths: int) -> int:
    """Return the instructions of one run under callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={out}",
            str(program),
            work,
            isa,
            str(paths),
        ]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"icount: the counted program failed:\n{done.stderr}")
        total = re.search(r"^(?:totals|summary): (\d+)", out.read_text(encoding="utf-8"), re.MULTILINE)
    if total is None:
        sys.exit("icount: callgrind wrote no total")
    return int(total[1])


def per_path(program: Path, work: str, isa: str) -> int:
    """Return the instructions that one more path takes."""
    return round(
        (instructions(program, work, isa, MANY) - instructions(program, work, isa, FEW)) / (MANY - FEW)
    )


def machine_has_avx2() -> bool:
    """Tell whether this machine runs AVX2 code."""
    information = Path("/proc/cpuinfo")
    return information.exists() and bool(re.search(r"\bavx2\b", information.read_text(encoding="utf-8")))


def compiler() -> str:
    """Return the version of the compiler, on which counts depend."""
    return subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[
        1
    ]


def problems(counts: Counts, committed: Counts) -> list[str]:
    """Return what is wrong with the counts; empty is fine."""
    found = []
    for work, sets in counts.items():
        allowed = LARGEST_AVX2_SHARE.get(work, float("inf"))
        if "avx2" in sets and sets["avx2"] > allowed * sets["portable"]:
            share = sets["avx2"] / sets["portable"]
            found.append(
                f"{work}: AVX2 takes {share:.2f} of the portable instructions, more than {allowed}: "
                "something below a kernel is not inlined, or a closure or an iterator adapter wraps a step"
            )
        for isa, count in sets.items():
            before = committed.get(work, {}).get(isa)
            if before is not None and count > (1 + LARGEST_RISE) * before:
                found.append(
                    f"{work}, {isa}: {count:,} instructions a path, {count / before - 1:.1%} more than {before:,}"
                )
    return found


def main() -> None:
    """Count, print, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="make the counts of now the committed ones")
    write = parser.parse_args().write
    if shutil.which("valgrind") is None:
        sys.exit("icount: valgrind is missing: install it (Debian: apt-get install valgrind)")
    if not write and not COMMITTED.exists():
        sys.exit(
            f"icount: {COMMITTED.relative_to(ROOT)} is missing: python scripts/icount.py --write makes it"
        )
    program = build()
    sets = ["portable", "avx2"] if machine_has_avx2() else ["portable"]
    if len(sets) == 1:
        print("this machine has no AVX2: only portable code is counted")
    counts = {work: {isa: per_path(program, work, isa) for isa in sets} for work in WORKS}
    architecture = platform.machine()
    if write:
        record = {"architecture": architecture, "rustc": compiler(), "instructions_per_path": counts}
        COMMITTED.write_text(json.dumps(record, indent=4) + "\n", encoding="utf-8")
    record = json.loads(COMMITTED.read_text(encoding="utf-8"))
    comparable = record["architecture"] == architecture
    committed = record["instructions_per_path"] if comparable else {}
    if not comparable:
        print(f"the committed counts are for {record['architecture']}: nothing to compare on {architecture}")

    print(
        f"{'instructions a path':<14}{'':<10}{'now':>12}{'committed':>12}{'change':>9}{'avx2 / portable':>17}"
    )
    for work, own in counts.items():
        for isa, count in own.items():
            before = committed.get(work, {}).get(isa)
            compared = f"{before:>12,}{count / before - 1:>+9.1%}" if before else f"{'':>21}"
            share = f"{count / own['portable']:>17.3f}" if isa == "avx2" else ""
            print(f"{work:<14}{isa:<10}{count:>12,}{compared}{share}".rstrip())
    print(f"rustc {compiler()}, committed with {record['rustc']}; {MANY - FEW:,} paths counted")
    found = problems(counts, committed)
    if found:
        sys.exit("\n".join(f"icount: {problem}" for problem in found))


if __name__ == "__main__":
    main()
