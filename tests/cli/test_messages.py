"""What goes wrong on the command line is said in a line or two, with the right exit code and never with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def refused(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("cloche: ")
    for words in said:
        assert words in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["projct"], "no such command 'projct'"),
        (["project"], "missing argument 'deal'"),
        (["project", "deal.yaml"], "missing option '--tape'"),
        (["project", "--tap", "x"], "no such option: --tap"),
        (["schema", "dael"], "'dael' is not one of 'deal'"),
        (["simulate", "--paths", "0"], "greater than or equal to 1"),
        (["simulate", "--paths", "1e6"], "valid integer"),
        (["simulate", "--seed", "18446744073709551616"], "less than or equal to"),
    ],
)
def test_a_wrong_command_line_is_bad_input(arguments: list[str], said: str, cloche: Run) -> None:
    done = cloche(*arguments)
    refused(done, 2, said)
    assert done.stderr.rstrip().endswith("--help")
    assert done.stdout == ""


def test_files_that_are_no_deal_are_bad_input(example: Path, cloche: Run, tmp_path: Path) -> None:
    refused(cloche("validate", "nope.yaml", folder=tmp_path), 2, "nope.yaml: no such file or directory")
    refused(cloche("validate", tmp_path), 2, "is a directory")
    refused(cloche("validate", example / "tape.csv"), 2, "cannot be read as YAML\nline 2")
    refused(cloche("validate", os.devnull), 2, "found nothing, expected a mapping")
    refused(cloche("validate", sys.executable), 2, "no UTF-8 text")
    refused(cloche("validate", example / "scenario.yaml"), 2, "cdr: unknown key", "notes: missing")


def test_files_that_are_no_tape_are_bad_input(example: Path, cloche: Run, tmp_path: Path) -> None:
    deal = example / "deal.yaml"
    (tmp_path / "empty.csv").touch()
    header = (example / "tape.csv").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "header.csv").write_text(f"{header}\n", encoding="utf-8")
    (tmp_path / "junk.parquet").write_bytes(b"junk" * 9)
    (tmp_path / "junk.xlsx").write_bytes(b"junk" * 9)
    for tape, said in [
        ("nope.csv", "no such file: nope.csv"),
        (".", "found the folder ., expected a file"),
        ("empty.csv", "empty: no header line"),
        ("header.csv", "empty: no loans"),
        ("junk.parquet", "not readable"),
        ("junk.xlsx", "not readable"),
        (deal, "expected a file that ends in .csv"),
    ]:
        refused(cloche("validate", deal, "--tape", tape, folder=tmp_path), 2, said)


def test_validate_reports_a_bad_deal_and_a_bad_tape_together(
    example: Path, cloche: Run, tmp_path: Path
) -> None:
    deal = (example / "deal.yaml").read_text(encoding="utf-8").replace("pay_fee: senior", "pay_fee: senor")
    (tmp_path / "deal.yaml").write_text(deal, encoding="utf-8")
    tape = (example / "tape.csv").read_text(encoding="utf-8").replace("L0002", "L0001")
    (tmp_path / "tape.csv").write_text(tape, encoding="utf-8")
    done = cloche("validate", "deal.yaml", "--tape", "tape.csv", "--as-of", "2025-03-20", folder=tmp_path)
    refused(done, 2, 'unknown fee "senor"', "found 'L0001' again, first in row 1")


def test_a_long_list_of_problems_ends_with_a_count(example: Path, cloche: Run) -> None:
    done = cloche("validate", example / "deal.yaml", "--tape", example / "tape.csv", "--as-of", "2031-01-01")
    refused(done, 2, "expected a date after the as-of date 2031-01-01")
    lines = done.stderr.splitlines()
    assert len(lines) == 52
    assert lines[-1].startswith("and ")
    assert lines[-1].endswith(" more")


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(
    inputs: list[str], cloche: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for out in ("file", "file/below"):
        done = cloche("project", *inputs, "--out", tmp_path / out)
        refused(done, 1, "cannot be written")
        assert done.stdout == ""


def test_wrong_model_and_scenario_are_bad_input(example: Path, inputs: list[str], cloche: Run) -> None:
    refused(cloche("simulate", *inputs, "--model", example / "deal.yaml"), 2, "kind: found nothing")
    wrong = [*inputs[:-1], f"{example}/model.yaml"]
    refused(cloche("project", *wrong), 2, "inter: unknown key", "rates: missing")


def test_every_document_is_named_with_its_file(
    example: Path, inputs: list[str], cloche: Run, tmp_path: Path
) -> None:
    for name, right, wrong in [
        ("deal.yaml", "pay_fee: senior", "pay_fee: senor"),
        ("scenario.yaml", "cdr:", "cdrr:"),
        ("model.yaml", "inter:", "intr:"),
    ]:
        text = (example / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(right, wrong), encoding="utf-8")
    (tmp_path / "state.yaml").write_text("cloche_state: 1\n", encoding="utf-8")
    runs = [
        (("validate", "deal.yaml"), "the deal 'Example BSL 2025-1' in deal.yaml has 2 problems\n"),
        (("project", *inputs[:-1], "scenario.yaml"), "the scenario in scenario.yaml has 1 problem\n"),
        (("simulate", *inputs, "--model", "model.yaml"), "the default model in model.yaml has 2 problems\n"),
        (("project", *inputs, "--state", "state.yaml"), "the deal state in state.yaml has"),
    ]
    for arguments, said in runs:
        refused(cloche(*arguments, folder=tmp_path), 2, said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--vary", "crd"), "vary: found 'crd', expected a number of the scenario (cdr, cpr, recovery,"),
        (("--vary", "tests.E OC.trigger"), "has no range of its own: give low and high"),
        (("--low", "0.3", "--high", "10%"), "low, high: found 0.3 and 0.1, expected low below high"),
        (("--low", "2x"), "invalid value for --low: found '2x', expected a number such as 0.05, 5% or 130bp"),
        (("--high", "130%"), "cdr: found 1.3, expected a default rate a year from 0 to 1"),
        (
            ("--vary", "deal:fees.senor.rate", "--low", "0", "--high", "1%"),
            "fees.senor.rate: no entry begins 'senor.rate'; did you mean 'senior'?",
        ),
    ],
)
def test_a_break_even_that_cannot_be_searched_is_bad_input_in_two_lines(
    inputs: list[str], cloche: Run, options: tuple[str, ...], said: str
) -> None:
    done = cloche("breakeven", *inputs, *options)
    refused(done, 2, said)
    assert len(done.stderr.splitlines()) == 2


def test_a_run_that_is_too_large_is_a_failure_with_a_number(
    example: Path, inputs: list[str], cloche: Run
) -> None:
    model = ("--model", example / "model.yaml")
    refused(cloche("simulate", *inputs, *model, "--paths", 10**11), 1, "GiB", "fewer paths")
    refused(cloche("simulate", *inputs, *model, "--threads", 100_000), 1, "expected 1 to 1024")


def test_a_reader_that_goes_away_is_no_error(example: Path) -> None:
    command = f"'{sys.executable}' -m cloche describe '{example}/deal.yaml'"
    for reader in ("head -n 1", "true"):
        done = subprocess.run(
            ["bash", "-c", f"{command} | {reader}; exit ${{PIPESTATUS[0]}}"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_tables_are_written_even_if_the_reader_of_the_summary_goes_away(
    inputs: list[str], tmp_path: Path
) -> None:
    words = " ".join(f"'{word}'" for word in [*inputs, "--out", str(tmp_path / "out")])
    subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m cloche project {words} | true"], check=True, timeout=60
    )
    assert (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("kind", ["crlf", "bom", "json", "json with bom"])
def test_files_of_other_systems_are_read(kind: str, example: Path, cloche: Run, tmp_path: Path) -> None:
    import cloche as cl

    deal, tape = tmp_path / "deal.yaml", tmp_path / "tape.csv"
    texts = {path: (example / path.name).read_text(encoding="utf-8") for path in (deal, tape)}
    if kind.startswith("json"):
        texts[tmp_path / "deal.json"] = cl.Deal.from_yaml(texts.pop(deal)).to_json()
        deal = tmp_path / "deal.json"
    for path, text in texts.items():
        data = text.replace("\n", "\r\n") if kind == "crlf" else text
        path.write_bytes(data.encode("utf-8-sig" if "bom" in kind else "utf-8"))
    scenario = example / "scenario.yaml"
    done = cloche("project", deal, "--tape", tape, "--scenario", scenario)
    assert done.returncode == 0, done.stderr
    plain = cloche("project", example / "deal.yaml", "--tape", example / "tape.csv", "--scenario", scenario)
    assert done.stdout == plain.stdout


BLOCKER = """
import importlib.util
import sys
from importlib.abc import MetaPathFinder

EXTRAS = {"polars", "pyarrow", "fastexcel"}
found = importlib.util.find_spec


class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in EXTRAS:
            raise ModuleNotFoundError(name)


importlib.util.find_spec = lambda name, *rest: None if name in EXTRAS else found(name, *rest)
sys.meta_path.insert(0, Missing())
from cloche.cli import main

main()
"""


def test_a_missing_extra_is_one_line_that_names_the_install(inputs: list[str], tmp_path: Path) -> None:
    def without_extras(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", BLOCKER, *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )

    done = without_extras("project", *inputs, "--out", str(tmp_path / "p"), "--format", "parquet")
    refused(done, 1, 'pip install "cloche[io]"')
    (tmp_path / "tape.xlsx").touch()
    done = without_extras(
        "project", inputs[0], "--tape", str(tmp_path / "tape.xlsx"), "--scenario", inputs[-1]
    )
    refused(done, 1, 'pip install "cloche[io]"')
    assert len(done.stderr.splitlines()) == 1
    done = without_extras("project", *inputs, "--out", str(tmp_path / "auto"))
    assert done.returncode == 0
    assert (tmp_path / "auto" / "notes.csv").exists()
