"""From the example's files to every table, on the command line."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import cloche as cl

Run = Callable[..., subprocess.CompletedProcess[str]]

PROJECTION = {
    *(
        "accounts",
        "cashflows",
        "collateral",
        "events",
        "fees",
        "hedges",
        "ledger",
        "notes",
        "schedule",
        "tests",
    ),
}
STATE = """\
cloche_state: 1
payment_date: 2026-01-20
previous_payment_date: 2025-10-20
determination_date: 2026-01-07
index_fixings: {sofr_3m: 0.0400}
collected: {interest: 9_900_000, principal: 6_000_000}
fee_basis: 495_000_000
notes:
  A: {balance: 310_000_000}
  B: {balance: 60_000_000}
  C: {balance: 30_000_000}
  D: {balance: 30_000_000}
  E: {balance: 25_000_000}
  SUB: {balance: 45_000_000, cost: 45_000_000, distributions: [[2025-10-20, 1_200_000]]}
collateral: {performing_par: 494_000_000}
"""


def names(folder: Path, ending: str) -> set[str]:
    return {path.stem for path in folder.glob(f"*.{ending}")}


def test_example_writes_four_files_and_names_them(example: Path, cloche: Run) -> None:
    assert {path.name for path in example.iterdir()} == {
        "deal.yaml",
        "tape.csv",
        "scenario.yaml",
        "model.yaml",
    }
    again = cloche("example", example)
    assert again.returncode == 1
    assert "already holds deal.yaml" in again.stderr
    forced = cloche("example", example, "--force")
    assert forced.returncode == 0
    assert forced.stdout.split() == [
        str(example / name) for name in ("deal.yaml", "tape.csv", "scenario.yaml", "model.yaml")
    ]


def test_validate_finds_no_problem_in_the_example_and_counts_defaults(example: Path, cloche: Run) -> None:
    done = cloche("validate", example / "deal.yaml", "--tape", example / "tape.csv")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "200 loans" in done.stdout
    assert "recovery" in done.stdout


def test_describe_prints_the_clauses_and_the_schedule(example: Path, cloche: Run) -> None:
    done = cloche("describe", example / "deal.yaml")
    assert done.returncode == 0
    assert "INTEREST PROCEEDS" in done.stdout
    assert "(A)  to the payment of taxes" in done.stdout
    assert "2038-04-20" in done.stdout


def test_project_prints_a_summary_and_writes_every_table_as_csv(
    inputs: list[str], cloche: Run, tmp_path: Path
) -> None:
    done = cloche("project", *inputs, "--out", tmp_path / "a" / "b", "--format", "csv")
    assert done.returncode == 0
    assert "OC at closing" in done.stdout
    assert done.stderr == f"{len(PROJECTION) + 1} files in {tmp_path / 'a' / 'b'}\n"
    assert names(tmp_path / "a" / "b", "csv") == PROJECTION
    with (tmp_path / "a" / "b" / "notes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["note"] for row in rows] == ["A", "B", "C", "D", "E", "SUB"]
    manifest = json.loads((tmp_path / "a" / "b" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["conservation_error"] < 1e-9
    assert manifest["version"] == cl.__version__


def test_a_group_without_a_loan_is_a_line_of_warning(example: Path, cloche: Run, tmp_path: Path) -> None:
    text = (example / "scenario.yaml").read_text(encoding="utf-8")
    scenario = tmp_path / "scenario.yaml"
    lines = [line for line in text.splitlines() if not line.startswith("recovery:")]
    scenario.write_text("\n".join([*lines, "recovery: {'*': 0.7, 'industry:zzz': 0.3}"]), encoding="utf-8")
    done = cloche("project", example / "deal.yaml", "--tape", example / "tape.csv", "--scenario", scenario)
    assert done.returncode == 0
    assert done.stderr == (
        "cloche: warning: scenario.recovery.industry:zzz: no loan of the pool is in this group: it changes nothing\n"
    )


def test_parquet_and_csv_hold_the_same_numbers(inputs: list[str], cloche: Run, tmp_path: Path) -> None:
    for form in ("parquet", "csv"):
        done = cloche("project", *inputs, "--out", tmp_path / form, "--format", form, "--quiet")
        assert (done.returncode, done.stderr) == (0, "")
    assert names(tmp_path / "parquet", "parquet") == PROJECTION
    parquet = pl.read_parquet(tmp_path / "parquet" / "notes.parquet")
    with (tmp_path / "csv" / "notes.csv").open(newline="", encoding="utf-8") as file:
        paid = [float(row["principal_paid"]) for row in csv.DictReader(file)]
    assert parquet["principal_paid"].to_list() == paid


def test_project_gives_what_python_gives(
    example: Path, inputs: list[str], cloche: Run, tmp_path: Path
) -> None:
    cloche("project", *inputs, "--out", tmp_path, "--format", "csv")
    deal = cl.read_deal(example / "deal.yaml")
    pool = cl.LoanPool.read(example / "tape.csv", as_of=deal.dates.closing)
    run = cl.project(deal, pool, cl.Scenario.from_yaml(example / "scenario.yaml"))
    run.write(tmp_path / "python", form="csv")
    for name in PROJECTION:
        written = (tmp_path / f"{name}.csv").read_bytes()
        assert written == (tmp_path / "python" / f"{name}.csv").read_bytes(), name


def test_simulate_is_quiet_in_a_pipe_and_the_same_for_any_threads(
    example: Path, inputs: list[str], cloche: Run, tmp_path: Path
) -> None:
    outputs = []
    for threads in (1, 2):
        done = cloche(
            "simulate",
            *inputs,
            *("--model", example / "model.yaml", "--paths", 3000, "--seed", 7, "--threads", threads),
            *("--keep", "paths", "--out", tmp_path / str(threads), "--format", "csv"),
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == f"7 files in {tmp_path / str(threads)}\n"
        outputs.append(done.stdout)
    assert "3,000 paths, seed 7" in outputs[0]
    assert outputs[0] == outputs[1]
    for path in (tmp_path / "1").iterdir():
        assert path.read_bytes() == (tmp_path / "2" / path.name).read_bytes(), path.name


def test_pay_prints_every_step_of_one_payment_date(example: Path, cloche: Run, tmp_path: Path) -> None:
    (tmp_path / "state.yaml").write_text(STATE, encoding="utf-8")
    done = cloche(
        "pay",
        example / "deal.yaml",
        *("--state", tmp_path / "state.yaml", "--out", tmp_path / "out", "--format", "csv"),
    )
    assert done.returncode == 0, done.stderr
    ledger, tests, notes = done.stdout.split("\n\n")
    with (tmp_path / "out" / "ledger.csv").open(newline="", encoding="utf-8") as file:
        assert len(ledger.splitlines()) == len(list(csv.reader(file))) > 40
    assert ledger.splitlines()[0].split()[-1] == "reason"
    assert [line.split()[1] for line in notes.splitlines()] == ["note", "A", "B", "C", "D", "E", "SUB"]
    assert "end_balance" in notes.splitlines()[0]
    assert "Reinvestment OC" in tests
    after = cl.DealState.from_yaml(tmp_path / "out" / "state.yaml")
    assert (after.payment_date, after.accounts["principal"]) == ("2026-01-20", 6_000_000.0)
    with (tmp_path / "out" / "ledger.csv").open(newline="", encoding="utf-8") as file:
        paid = sum(float(row["paid"]) for row in csv.DictReader(file) if row["waterfall"] == "interest")
    assert paid == pytest.approx(9_900_000, abs=1e-6)


def test_pay_takes_a_tape_as_of_the_determination_date(example: Path, cloche: Run, tmp_path: Path) -> None:
    (tmp_path / "state.yaml").write_text(STATE.replace("collateral: {performing_par: 494_000_000}\n", ""))
    files = (example / "deal.yaml", "--state", tmp_path / "state.yaml", "--tape", example / "tape.csv")
    done = cloche("pay", *files, "--out", tmp_path / "out", "--format", "csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "tests.csv").open(newline="", encoding="utf-8") as file:
        numerator = float(next(csv.DictReader(file))["numerator"])
    assert numerator == pytest.approx(
        506e6
    )  # 500 of the tape and 6 collected; the CCC assets are within their limit
    neither = cloche("pay", *files[:3])
    assert (neither.returncode, "or a tape beside the state" in neither.stderr) == (2, True)
    alone = cloche("pay", *files[:3], "--as-of", "2026-01-07")
    assert (alone.returncode, "give --tape" in alone.stderr) == (2, True)
    refused = cloche("pay", *files, "--as-of", "2025-12-31")
    assert refused.returncode == 2
    assert "tape.as_of: found 2025-12-31, expected the determination date 2026-01-07" in refused.stderr


def test_explain_says_why_a_class_was_paid(example: Path, cloche: Run) -> None:
    files = ("--tape", example / "tape.csv", "--scenario", example / "scenario.yaml")
    deal = cl.read_deal(example / "deal.yaml")
    pool = cl.LoanPool.read(example / "tape.csv", as_of=deal.dates.closing)
    run = cl.project(deal, pool, cl.Scenario.from_yaml(example / "scenario.yaml"))
    date = sorted(set(run.cashflows["date"].tolist()))[3]
    done = cloche("explain", example / "deal.yaml", date, "E", *files)
    assert (done.returncode, done.stdout.strip()) == (0, run.explain(date, "E").strip())
    refused = cloche("explain", example / "deal.yaml", date, "F", *files)
    assert refused.returncode == 2
    assert "found 'F', which the run does not have; known: A, B, C, D, E, SUB" in refused.stderr


@pytest.mark.parametrize("kind", ["deal", "scenario", "model", "state"])
def test_schema_prints_a_json_schema(kind: str, cloche: Run) -> None:
    done = cloche("schema", kind)
    assert done.returncode == 0
    assert json.loads(done.stdout)["$schema"].endswith("2020-12/schema")


def test_version_is_that_of_the_package(cloche: Run) -> None:
    assert cloche("--version").stdout == f"cloche {cl.__version__}\n"


def test_help_is_a_page_of_commands(cloche: Run) -> None:
    done = cloche("--help")
    assert done.returncode == 0
    for command in ("example", "validate", "describe", "diff", "project", "simulate", "pay", "schema"):
        assert f"\n  {command}" in done.stdout
    assert cloche().returncode == 2


def test_sweep_prints_every_point_and_writes_the_tables(
    inputs: list[str], cloche: Run, tmp_path: Path
) -> None:
    vary = ["--vary", "cdr=0:0.10:3", "--vary", "recovery=0.3,0.7", "--vary", "deal:tests.E OC.trigger=1.04"]
    done = cloche("sweep", *inputs, *vary, "--out", tmp_path, "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert "6 points" in done.stdout
    assert "SUB irr" in done.stdout
    with (tmp_path / "points.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["cdr"] for row in rows] == ["0.0", "0.0", "0.05", "0.05", "0.1", "0.1"]
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["points"] == 6


def test_breakeven_prints_a_row_for_each_class(inputs: list[str], cloche: Run) -> None:
    done = cloche("breakeven", *inputs, "--high", "0.3")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == ["class", "A", "B", "C", "D", "E"]
    assert rows[1][1] == "beyond"
    assert 0.02 < float(rows[-1][1].strip("%")) / 100 < 0.3


def test_what_varies_is_written_as_in_documents(inputs: list[str], cloche: Run) -> None:
    vary = ["--vary", "cdr=2%,500bp", "--vary", "deal:notes.E.coupon.spread=600bp:7%:3"]
    done = cloche("sweep", *inputs, *vary)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("0.0")]
    assert [row[:2] for row in rows] == [
        [spread, cdr] for spread in ("0.06", "0.065", "0.07") for cdr in ("0.02", "0.05")
    ]
    spans = [("0", "0.05"), ("0%", "500bp")]
    fees = [
        cloche("breakeven", *inputs, "--vary", vary, "--low", low, "--high", high)
        for vary, (low, high) in zip(("deal:fees.senior.rate", "fees.senior.rate"), spans, strict=True)
    ]
    assert [done.returncode for done in fees] == [0, 0]
    assert fees[0].stdout.replace("deal:", "").split() == fees[1].stdout.split()


def test_breakeven_has_a_row_for_each_class_that_an_event_brings_in(
    inputs: list[str], cloche: Run, tmp_path: Path
) -> None:
    new = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": "105bp"}}
    event = {"date": "nc_end + 3M", "refinance": {"A": {"into": [new]}}}
    deal = cl.read_deal(inputs[0]).to_dict()
    path = tmp_path / "deal.yaml"
    path.write_text(cl.Deal.from_dict({**deal, "events": [event]}).to_yaml(), encoding="utf-8")
    done = cloche("breakeven", path, *inputs[1:], "--high", "0.3")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["class", "A", "A-R", "B", "C", "D", "E"]


@pytest.mark.parametrize("axis", ["cdr", "cdr=", "cdr=a,b", "cdr=0:0.1", "cdr=0:0.1:1", "=0.1"])
def test_sweep_says_how_an_axis_is_written(inputs: list[str], cloche: Run, axis: str) -> None:
    done = cloche("sweep", *inputs, "--vary", axis)
    assert done.returncode == 2
    assert "NAME=FIRST:LAST:STEPS" in done.stderr
    assert "Traceback" not in done.stderr


def test_describe_draws_a_picture_a_waterfall(example: Path, cloche: Run, tmp_path: Path) -> None:
    done = cloche("describe", example / "deal.yaml", "--svg", tmp_path / "pictures")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["acceleration.svg", "interest.svg", "principal.svg"]
    assert (tmp_path / "pictures" / "interest.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_diff_prints_what_two_deals_differ_in(example: Path, cloche: Run, tmp_path: Path) -> None:
    deal = cl.read_deal(example / "deal.yaml")
    (tmp_path / "other.yaml").write_text(
        deal.replace({"tests.E OC.trigger": 1.05}).to_yaml(), encoding="utf-8"
    )
    done = cloche("diff", example / "deal.yaml", tmp_path / "other.yaml")
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, ["  test E OC trigger 105.5% -> 105.0%"])
    assert "both deals are the same" in cloche("diff", example / "deal.yaml", example / "deal.yaml").stdout


def test_project_and_simulate_go_on_from_a_state(example: Path, tmp_path: Path, cloche: Run) -> None:
    deal = cl.read_deal(example / "deal.yaml")
    pool = cl.LoanPool.read(example / "tape.csv", as_of=deal.dates.closing)
    run = cl.project(deal, pool, cl.Scenario.from_yaml(example / "scenario.yaml"))
    date = sorted(set(run.cashflows["date"].tolist()))[3]
    state = tmp_path / "state.yaml"
    state.write_text(run.state_at(date).to_yaml(), encoding="utf-8")
    files = (example / "deal.yaml", "--tape", example / "tape.csv", "--scenario", example / "scenario.yaml")
    done = cloche(
        "project", *files, "--state", state, "--out", tmp_path / "rest", "--format", "csv", "--quiet"
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "rest" / "cashflows.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert rows[0]["date"] > date.isoformat()
    assert [float(row["end_balance"]) for row in rows] == run.cashflows["end_balance"].tolist()[-len(rows) :]
    many = cloche(
        "simulate", *files, "--model", example / "model.yaml", "--paths", "200", "--state", state, "--quiet"
    )
    assert many.returncode == 0, many.stderr
    state.write_text(state.read_text(encoding="utf-8").replace("SUB:", "SUP:"), encoding="utf-8")
    refused = cloche("project", *files, "--state", state)
    assert refused.returncode == 2
    assert "state.notes.SUB: missing" in refused.stderr


def test_validate_tells_which_column_became_which_and_which_are_not_read(
    example: Path, cloche: Run, tmp_path: Path
) -> None:
    head, _, rest = (example / "tape.csv").read_text().partition("\n")
    for own, other in (("par", "Principal Balance"), ("rating_sp", "ratng_sp"), ("pd_1y", "internal_grade")):
        head = ",".join(other if name == own else name for name in head.split(","))
    tape = tmp_path / "tape.csv"
    tape.write_text(f"{head}\n{rest}")
    done = cloche("validate", example / "deal.yaml", "--tape", tape)
    assert done.returncode == 0
    assert "by their own names: loan_id, obligor_name, original_par" in done.stdout
    assert "  Principal Balance -> par\n" in done.stdout
    assert "  facility -> facility, kept without effect\n" in done.stdout
    assert "  ratng_sp: not read; did you mean 'rating_sp'?\n" in done.stdout
    assert "  internal_grade: not read\n" in done.stdout
    assert done.stderr == "cloche: warning: tape column \"ratng_sp\": not read; did you mean 'rating_sp'?\n"


def test_validate_refuses_a_tape_that_a_projection_of_the_deal_refuses(
    example: Path, cloche: Run, tmp_path: Path
) -> None:
    tape = tmp_path / "tape.csv"
    tape.write_text((example / "tape.csv").read_text().replace(",USD,", ",EUR,"))
    files = (example / "deal.yaml", "--tape", tape, "--as-of", "2027-01-01")
    done = cloche("validate", *files)
    assert done.returncode == 2
    assert "found EUR, expected USD, the currency of the deal" in done.stderr
    late = "tape.as_of: found 2027-01-01, after the first collection period of the deal (it ends 2025-10-07)"
    assert late in done.stderr
    tape.write_text((example / "tape.csv").read_text())
    assert late in cloche("validate", *files).stderr
    assert late in cloche("project", *files, "--scenario", example / "scenario.yaml").stderr


def test_validate_warns_of_a_tape_of_after_closing(example: Path, cloche: Run) -> None:
    done = cloche("validate", example / "deal.yaml", "--tape", example / "tape.csv", "--as-of", "2025-06-30")
    assert done.returncode == 0
    assert "warning: tape.as_of: found 2025-06-30, after closing 2025-03-20" in done.stdout


def test_validate_compares_the_tape_with_the_closing_balance_sheet(
    example: Path, cloche: Run, tmp_path: Path
) -> None:
    text = (example / "deal.yaml").read_text()
    assert "par_purchased: 500_000_000" in text
    deal = tmp_path / "deal.yaml"
    deal.write_text(text.replace("par_purchased: 500_000_000", "par_purchased: 510_000_000"))
    done = cloche("validate", deal, "--tape", example / "tape.csv")
    assert done.returncode == 0
    assert "the tape holds 500,000,000 of par, closing.par_purchased is 510,000,000" in done.stdout
