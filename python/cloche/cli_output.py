"""What the commands have in common: files, messages, a bar for long work."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from cloche.result import PaymentDate, Result, Simulation, Sweep

__all__ = ["INTERRUPTED", "Form", "prepare", "run_long", "say", "show", "write"]

INTERRUPTED = 130
Form = Annotated[
    Literal["auto", "parquet", "csv"],
    typer.Option("--format", help="Form of the tables; auto: parquet when it can be written, else csv."),
]


def say(message: str) -> None:
    """Print a message to standard error."""
    print(message, file=sys.stderr)


def prepare(out: Path | None, option: str = "--out") -> None:
    """Refuse a folder that cannot be written before the work is done, not after it."""
    if out is None:
        return
    from cloche.errors import RunError

    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise RunError(
            f"{option} {out}: cannot be written: {(error.strerror or str(error)).lower()}"
        ) from None


def run_long(
    call: Callable[[Callable[[int, int], Any] | None], Simulation | Sweep],
    work: tuple[int, str, str],
    out: Path | None,
    form: Literal["auto", "parquet", "csv"],
    *,
    quiet: bool,
) -> None:
    """Run with a bar and show the result; Ctrl-C shows what is done. `work`: how many, what is done, of what."""
    from cloche.errors import Cancelled
    from cloche.result import Simulation, Sweep

    try:
        with _progress(*work, quiet=quiet) as progress:
            result = call(progress)
    except Cancelled as stop:
        say(f"cloche: {stop}")
        if isinstance(stop.partial, Simulation | Sweep):
            show(stop.partial, out, form, quiet=quiet)
        raise typer.Exit(INTERRUPTED) from None
    show(result, out, form, quiet=quiet)


def show(
    result: Result | Simulation | Sweep,
    out: Path | None,
    form: Literal["auto", "parquet", "csv"],
    *,
    quiet: bool,
) -> None:
    """Write the tables, then print the summary."""
    # Files come first: the reader of a pipe may go away in the middle of the summary.
    write(result, out, form, quiet=quiet)
    print(result.summary())


def write(
    result: Result | Simulation | Sweep | PaymentDate,
    out: Path | None,
    form: Literal["auto", "parquet", "csv"],
    *,
    quiet: bool,
) -> None:
    """Write every table into a folder, where one is asked for."""
    if out is None:
        return
    chosen: Literal["parquet", "csv"] = ("parquet" if _has_parquet() else "csv") if form == "auto" else form
    files = result.write(out, form=chosen)
    if not quiet:
        say(f"{len(files)} files in {out}")


def _has_parquet() -> bool:
    from importlib.util import find_spec

    return find_spec("polars") is not None or find_spec("pyarrow") is not None


@contextlib.contextmanager
def _progress(
    total: int, doing: str, parts: str, *, quiet: bool
) -> Iterator[Callable[[int, int], Any] | None]:
    """Yield a callback that draws a bar on a terminal; nothing in a pipe."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    started = time.monotonic()
    bar = Progress(
        TextColumn(doing),
        BarColumn(),
        TextColumn("{task.completed:,.0f} / {task.total:,.0f} " + parts),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(parts, total=total)
        yield lambda done, _total: bar.update(task, completed=done)
    say(f"{total:,} {parts} asked for, {time.monotonic() - started:.1f} s")
