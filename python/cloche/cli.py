"""The command line: ``cloche`` and ``python -m cloche``.

Tables go to standard output, messages and progress to standard error. Exit codes: 0 done, 1 failed, 2 bad input, 130
interrupted.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cloche.cli_inputs import (
    check_fit,
    print_columns,
    read_deal_file,
    read_inputs,
    read_state_file,
    read_tape,
    warn_of_fit,
)
from cloche.cli_output import INTERRUPTED, Form, prepare, run_long, say, show, write
from cloche.cli_vary import axis_of, number_of

if TYPE_CHECKING:
    from cloche.model.deal import Deal

__all__ = ["app", "main"]

app = typer.Typer(
    name="cloche",
    help="What a collateralized loan obligation pays, to whom, in which future.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

BAD_INPUT = 2
FAILED = 1

DealFile = Annotated[Path, typer.Argument(help="Deal document, YAML or JSON.", show_default=False)]
TapeFile = Annotated[
    Path, typer.Option("--tape", help="Loan tape: csv, parquet or xlsx.", show_default=False)
]
ScenarioFile = Annotated[Path, typer.Option("--scenario", help="Scenario, YAML or JSON.", show_default=False)]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Date of the tape's balances; by default the deal's closing date."),
]
StateFile = Annotated[
    Path | None,
    typer.Option(
        "--state", help="State after a payment date to go on from; the tape is of it, or as of then."
    ),
]
OutFolder = Annotated[Path | None, typer.Option("--out", help="Folder for all tables and the manifest.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages.")]


def main() -> None:
    """Run the command line; never a traceback for what the user can mend."""
    sys.exit(_run())


def _run() -> int:
    logger, printed = logging.getLogger("cloche"), _Printed(logging.WARNING)
    logger.addHandler(printed)
    try:
        return _code_of_the_command()
    finally:
        logger.removeHandler(printed)


class _Printed(logging.Handler):
    """What the library logs, as lines of the error stream."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning."""
        print(f"cloche: warning: {record.getMessage()}", file=sys.stderr)


def _code_of_the_command() -> int:
    from cloche.errors import ClocheError, DealError, ScenarioError, TapeError

    code: object = None
    try:
        # Without its standalone mode typer returns the code of `typer.Exit` instead of exiting with it.
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except (DealError, TapeError, ScenarioError) as error:
        code = _complain(str(error), BAD_INPUT)
    except ClocheError as error:
        code = _complain(str(error), FAILED)
    except (KeyboardInterrupt, typer.Abort):
        code = _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        code = _no_more_output()
    except SystemExit as stop:
        # Typer exits by itself when the reader of a pipe has seen enough.
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        code = _no_more_output()
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        mendable = isinstance(error, FileNotFoundError | IsADirectoryError)
        code = _complain(f"{name}{error.strerror or error}", BAD_INPUT if mendable else FAILED)
    except Exception as error:
        usage = _usage(error)
        if usage is None:
            raise
        code = _complain(usage, BAD_INPUT)
    return code if isinstance(code, int) else 0


def _complain(message: str, code: int) -> int:
    print(message if message.startswith("Usage:") else f"cloche: {message}", file=sys.stderr)
    return code


def _no_more_output() -> int:
    """Let nothing be flushed to a pipe that has no reader any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _usage(error: Exception) -> str | None:
    """Return the message of a wrong command line, whichever click typer brings along."""
    show = getattr(error, "format_message", None)
    if not callable(show):
        return None
    message = str(show())
    if message.startswith("Usage:"):
        return message
    command = getattr(getattr(error, "ctx", None), "command_path", "cloche")
    return f"{message[:1].lower()}{message[1:]}\ntry: {command} --help"


def _show_version(wanted: bool) -> None:
    if wanted:
        from cloche.version import __version__

        print(f"cloche {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def example(
    folder: Annotated[
        Path, typer.Argument(help="Folder to write into; made if missing.", show_default=False)
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Write deal.yaml, tape.csv, scenario.yaml and model.yaml of an invented deal."""
    from cloche.build.example import write_example

    for path in write_example(folder, force=force):
        print(path)
    say(f"next: cloche project {folder}/deal.yaml --tape {folder}/tape.csv --scenario {folder}/scenario.yaml")


@app.command()
def validate(
    deal: DealFile,
    tape: Annotated[Path | None, typer.Option("--tape", help="Loan tape to check as well.")] = None,
    as_of: AsOf = None,
) -> None:
    """Check a deal document, a tape, and whether they fit; report every problem with its place."""
    from cloche.errors import DealError, TapeError

    document: Deal | None = None
    refused = 0
    try:
        document = read_deal_file(deal)
        print(f"{deal}: no problem found: {document!r}")
        for warning in document.warnings:
            print(f"{deal}: warning: {warning.place}: {warning.message}")
    except DealError as error:
        refused = _complain(str(error), BAD_INPUT)
    if tape is not None:
        try:
            pool = read_tape(tape, document, as_of)
            if document is not None:
                check_fit(document, pool)
            print(f"{tape}: no problem found: {pool!r}")
            print_columns(pool)
            print("what the tape leaves open, and what stands in for it:")
            print(pool.defaults_used)
            if document is not None:
                warn_of_fit(tape, document, pool)
        except TapeError as error:
            refused = _complain(str(error), BAD_INPUT)
    if refused:
        raise typer.Exit(refused)


@app.command()
def describe(
    deal: DealFile,
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Folder for a picture of each waterfall.", show_default=False)
    ] = None,
) -> None:
    """Print the priorities of payments in words, and the schedule; draw them."""
    prepare(svg, "--svg")
    document = read_deal_file(deal)
    print(document.describe())
    print()
    print(document.schedule())
    if svg is not None:
        for name, fall in document.waterfalls.items():
            if len(fall):
                path = svg / f"{name}.svg"
                path.write_text(fall.to_svg(), encoding="utf-8")
                say(f"wrote {path}")


@app.command()
def diff(
    deal: DealFile,
    other: Annotated[Path, typer.Argument(help="The deal to compare it with.", show_default=False)],
) -> None:
    """Print what two deal documents differ in, term by term and step by step."""
    from cloche.model.difference import diff as compared

    print(compared(read_deal_file(deal), read_deal_file(other)).summary())


@app.command()
def project(
    deal: DealFile,
    tape: TapeFile,
    scenario: ScenarioFile,
    as_of: AsOf = None,
    state: StateFile = None,
    out: OutFolder = None,
    form: Form = "auto",
    quiet: Quiet = False,
) -> None:
    """Project a deal under a scenario; print a summary."""
    from cloche.run import project as run

    prepare(out)
    document, pool, assumptions = read_inputs(deal, tape, scenario, as_of)
    result = run(document, pool, assumptions, state=read_state_file(state))
    show(result, out, form, quiet=quiet)


@app.command()
def explain(
    deal: DealFile,
    date: Annotated[str, typer.Argument(help="Payment date, such as 2027-04-20.", show_default=False)],
    note: Annotated[str, typer.Argument(help="Name of the class.", show_default=False)],
    tape: TapeFile,
    scenario: ScenarioFile,
    as_of: AsOf = None,
    state: StateFile = None,
) -> None:
    """Say in words and figures why a class was paid what it was on a date of a projection."""
    from cloche.errors import RunError
    from cloche.run import project as run

    document, pool, assumptions = read_inputs(deal, tape, scenario, as_of)
    result = run(document, pool, assumptions, state=read_state_file(state))
    try:
        print(result.explain(date, note))
    except RunError as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def simulate(
    deal: DealFile,
    tape: TapeFile,
    scenario: ScenarioFile,
    model: Annotated[Path, typer.Option("--model", help="Default model, YAML or JSON.", show_default=False)],
    paths: Annotated[int, typer.Option("--paths", help="Number of paths.", min=1)] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Key of all random numbers.", min=0, max=2**64 - 1)] = 1,
    threads: Annotated[
        int | None, typer.Option("--threads", help="Worker threads; by default all.", min=1)
    ] = None,
    keep: Annotated[
        Literal["summary", "paths", "cashflows"], typer.Option("--keep", help="What is kept of each path.")
    ] = "summary",
    max_memory: Annotated[
        float, typer.Option("--max-memory", help="GiB that the run may keep.", min=0)
    ] = 4.0,
    as_of: AsOf = None,
    state: StateFile = None,
    out: OutFolder = None,
    form: Form = "auto",
    quiet: Quiet = False,
) -> None:
    """Simulate correlated defaults; print risk by class with standard errors."""
    from cloche.model.default_model import read_model
    from cloche.run import simulate as run

    prepare(out)
    document, pool, assumptions = read_inputs(deal, tape, scenario, as_of)
    copula, start = read_model(model), read_state_file(state)
    run_long(
        lambda progress: run(
            document,
            pool,
            copula,
            scenario=assumptions,
            paths=paths,
            seed=seed,
            state=start,
            threads=threads,
            keep=keep,
            max_memory=int(max_memory * 2**30),
            on_progress=progress,
        ),
        (paths, "simulating", "paths"),
        out,
        form,
        quiet=quiet,
    )


@app.command()
def sweep(
    deal: DealFile,
    tape: TapeFile,
    scenario: ScenarioFile,
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            help="What varies, as NAME=VALUE,VALUE,… or NAME=FIRST:LAST:STEPS: a field of the scenario, or deal:PATH.",
            show_default=False,
        ),
    ],
    threads: Annotated[
        int | None, typer.Option("--threads", help="Worker threads; by default all.", min=1)
    ] = None,
    as_of: AsOf = None,
    state: StateFile = None,
    out: OutFolder = None,
    form: Form = "auto",
    quiet: Quiet = False,
) -> None:
    """Project a deal at every point of a grid; print the loss of each class and the return of the equity."""
    from cloche.model.grid import grid
    from cloche.run_sweep import sweep as run

    prepare(out)
    document, pool, assumptions = read_inputs(deal, tape, scenario, as_of)
    axes = [axis_of(text) for text in vary]
    points = grid(
        assumptions,
        deal={name.removeprefix("deal:"): values for name, values in axes if name.startswith("deal:")},
        **{name: values for name, values in axes if not name.startswith("deal:")},
    )
    start = read_state_file(state)
    run_long(
        lambda progress: run(document, pool, points, state=start, threads=threads, on_progress=progress),
        (len(points), "projecting", "points"),
        out,
        form,
        quiet=quiet,
    )


@app.command()
def breakeven(
    deal: DealFile,
    tape: TapeFile,
    scenario: ScenarioFile,
    vary: Annotated[
        str, typer.Option("--vary", help="What varies: a number of the scenario, or deal:PATH.")
    ] = "cdr",
    criterion: Annotated[
        Literal["principal", "timely_interest", "no_loss"],
        typer.Option("--criterion", help="What a class must still get."),
    ] = "principal",
    low: Annotated[str | None, typer.Option("--low", help="Lower end of the range, such as 130bp.")] = None,
    high: Annotated[str | None, typer.Option("--high", help="Upper end of the range, such as 30%.")] = None,
    as_of: AsOf = None,
    state: StateFile = None,
) -> None:
    """Print how far an assumption can go before each class is hurt."""
    from cloche.errors import RunError
    from cloche.result.layout import NOTHING, aligned, percent
    from cloche.run import project as project_once
    from cloche.run_breakeven import breakeven as run
    from cloche.run_breakeven import searched_range

    field = vary.removeprefix("deal:")
    start_of, end_of = number_of(low, "--low"), number_of(high, "--high")
    try:
        searched_range(field, start_of, end_of)
    except RunError as error:
        raise typer.BadParameter(str(error)) from error
    document, pool, assumptions = read_inputs(deal, tape, scenario, as_of)
    start = read_state_file(state)
    lines = [["class", f"break-even {vary}", "cumulative defaults"]]
    # Events may bring in classes that the deal itself does not have.
    notes = project_once(document, pool, assumptions, state=start).notes
    for name in [row["note"] for row in notes.rows() if row["kind"] != "residual"]:
        found = run(
            document,
            pool,
            assumptions,
            vary=field,
            note=name,
            criterion=criterion,
            low=start_of,
            high=end_of,
            state=start,
        )
        value = NOTHING if found.value is None else f"{found.value:.4%}"
        if found.capped:
            value = f"beyond {value}"
        lines.append([name, value, percent(found.cumulative_default_rate)])
    print("\n".join(aligned(lines)))


@app.command()
def pay(
    deal: DealFile,
    state: Annotated[
        Path, typer.Option("--state", help="State before the date, YAML or JSON.", show_default=False)
    ],
    tape: Annotated[
        Path | None,
        typer.Option(
            "--tape", help="Collateral of the date, in place of the state's figures.", show_default=False
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Date of the tape's balances; by default the determination date."),
    ] = None,
    out: OutFolder = None,
    form: Form = "auto",
    quiet: Quiet = False,
) -> None:
    """Run one payment date from a state, with its figures or a tape; print every step.

    A folder takes the state after the date, too: state.yaml.
    """
    from cloche.model.state import DealState
    from cloche.run import run_payment_date
    from cloche.table.display import as_text

    if as_of is not None and tape is None:
        raise typer.BadParameter("it is the date of a tape: give --tape", param_hint="--as-of")
    prepare(out)
    document, before = read_deal_file(deal), DealState.from_yaml(state)
    pool = None if tape is None else read_tape(tape, document, as_of or before.determination_date)
    result = run_payment_date(document, before, pool)
    write(result, out, form, quiet=quiet)
    print("\n\n".join(as_text(table, whole=True) for table in (result.ledger, result.tests, result.notes)))


@app.command()
def schema(
    kind: Annotated[
        Literal["deal", "scenario", "model", "state"],
        typer.Argument(help="Which document.", show_default=False),
    ],
) -> None:
    """Print the JSON Schema of a document, for editors."""
    import json

    from cloche.model.schema import schema as of

    print(json.dumps(of(kind), indent=2))


if __name__ == "__main__":
    main()
