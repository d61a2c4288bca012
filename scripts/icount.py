"""Count the engine's instructions a path, portable and AVX2, and compare them with the committed counts.

Runs `rust/engine/examples/icount.rs` (arguments: instruction set, paths) under callgrind for two numbers of
paths; the difference cancels the set-up, and does not move with the load of the machine. Fails when AVX2
needs more than 0.7 of the portable instructions, or when a count rose by more than 3 % over
`benchmarks/instruction_counts.json`.

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
FEW, MANY = 1024, 4096
LARGEST_AVX2_SHARE = 0.7
LARGEST_RISE = 0.03


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


def instructions(program: Path, isa: str, paths: int) -> int:
    """Return the instructions of one run under callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={out}",
            str(program),
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


def per_path(program: Path, isa: str) -> int:
    """Return the instructions that one more path takes."""
    return round((instructions(program, isa, MANY) - instructions(program, isa, FEW)) / (MANY - FEW))


def machine_has_avx2() -> bool:
    """Tell whether this machine runs AVX2 code."""
    information = Path("/proc/cpuinfo")
    return information.exists() and bool(re.search(r"\bavx2\b", information.read_text(encoding="utf-8")))


def compiler() -> str:
    """Return the version of the compiler, on which counts depend."""
    return subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.split()[
        1
    ]


def problems(counts: dict[str, int], committed: dict[str, int]) -> list[str]:
    """Return what is wrong with the counts; empty is fine."""
    found = []
    if "avx2" in counts and counts["avx2"] > LARGEST_AVX2_SHARE * counts["portable"]:
        share = counts["avx2"] / counts["portable"]
        found.append(
            f"AVX2 takes {share:.2f} of the portable instructions, more than {LARGEST_AVX2_SHARE}: something "
            "below a kernel is not inlined, or a closure or an iterator adapter wraps a step"
        )
    for isa, count in counts.items():
        before = committed.get(isa)
        if before is not None and count > (1 + LARGEST_RISE) * before:
            found.append(
                f"{isa}: {count:,} instructions a path, {count / before - 1:.1%} more than {before:,}"
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
    counts = {"portable": per_path(program, "portable")}
    if machine_has_avx2():
        counts["avx2"] = per_path(program, "avx2")
    else:
        print("this machine has no AVX2: only portable code is counted")
    architecture = platform.machine()
    if write:
        record = {"architecture": architecture, "rustc": compiler(), "instructions_per_path": counts}
        COMMITTED.write_text(json.dumps(record, indent=4) + "\n", encoding="utf-8")
    record = json.loads(COMMITTED.read_text(encoding="utf-8"))
    comparable = record["architecture"] == architecture
    committed = record["instructions_per_path"] if comparable else {}
    if not comparable:
        print(f"the committed counts are for {record['architecture']}: nothing to compare on {architecture}")

    print(f"{'instructions a path':<22}{'now':>12}{'committed':>12}{'change':>9}")
    for isa, count in counts.items():
        before = committed.get(isa)
        compared = f"{before:>12,}{count / before - 1:>+9.1%}" if before else ""
        print(f"{isa:<22}{count:>12,}{compared}")
    if "avx2" in counts:
        print(f"{'avx2 / portable':<22}{counts['avx2'] / counts['portable']:>12.3f}")
    print(f"rustc {compiler()}, committed with {record['rustc']}; {MANY - FEW:,} paths counted")
    found = problems(counts, committed)
    if found:
        sys.exit("\n".join(f"icount: {problem}" for problem in found))


if __name__ == "__main__":
    main()
