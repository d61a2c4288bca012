"""What the command line reads: deals, tapes, scenarios and states from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from cloche.model.deal import Deal
    from cloche.model.scenario import Scenario
    from cloche.model.state import DealState
    from cloche.tape import LoanPool

__all__ = [
    "check_fit",
    "print_columns",
    "read_deal_file",
    "read_inputs",
    "read_scenario",
    "read_state_file",
    "read_tape",
    "warn_of_fit",
]


def read_deal_file(path: Path) -> Deal:
    """Read a deal document."""
    from cloche.model.deal import read_deal

    return read_deal(path)


def check_fit(deal: Deal, pool: LoanPool) -> None:
    """Refuse a tape that a run of the deal from closing refuses.

    Raises
    ------
    TapeError
        With every problem.
    """
    from cloche.errors import TapeError
    from cloche.tape_fit import late, misfits

    problems = [*misfits(deal, pool, from_closing=True), *late(deal, pool)]
    if problems:
        raise TapeError("the tape does not fit the deal", problems)


def print_columns(pool: LoanPool) -> None:
    """Print which column of a tape became which, and which ones are not read."""
    import textwrap

    from cloche.tape.near_columns import near_columns

    rows = list(pool.mapping.rows())
    own = [row["source"] for row in rows if row["source"] == row["column"] and row["use"] != "kept"]
    print("which column became which:")
    if own:
        told = f"by their own names: {', '.join(own)}"
        print(textwrap.fill(told, 100, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False))
    for row in rows:
        if row["column"] and row["source"] not in own:
            unit = f" ({row['unit']})" if row["unit"] else ""
            kept = ", kept without effect" if row["use"] == "kept" else ""
            print(f"  {row['source']} -> {row['column']}{unit}{kept}")
    ignored = [row["source"] for row in rows if not row["column"]]
    near = near_columns(ignored, {row["column"] for row in rows})
    for source in ignored:
        meant = f"; did you mean {near[source]!r}?" if source in near else ""
        print(f"  {source}: not read{meant}")


def warn_of_fit(path: Path, deal: Deal, pool: LoanPool) -> None:
    """Print what of a tape beside a deal is probably not meant: its date, and its par."""
    from cloche.tape_fit import tape_doubts

    for problem in tape_doubts(deal, pool):
        print(f"{path}: warning: {problem}")
    _warn_of_par(path, deal, pool)


def _warn_of_par(path: Path, deal: Deal, pool: LoanPool) -> None:
    """Print where a tape of the closing date holds another par than the closing balance sheet buys."""
    undrawn = pool.numbers("par_unfunded")
    stated, held = deal.closing.par_purchased, pool.par + float(undrawn[undrawn > 0].sum())
    if stated and pool.as_of.isoformat() <= deal.dates.closing and abs(held - stated) > 0.001 * stated:
        print(f"{path}: warning: the tape holds {held:,.0f} of par, closing.par_purchased is {stated:,.0f}")


def read_scenario(path: Path) -> Scenario:
    """Read a scenario."""
    from cloche.model.scenario import Scenario as Document

    return Document.from_yaml(path)


def read_state_file(path: Path | None) -> DealState | None:
    """Read the state that a run goes on from, where one is given."""
    if path is None:
        return None
    from cloche.model.state import DealState as Document

    return Document.from_yaml(path)


def read_tape(path: Path, deal: Deal | None, as_of: str | None) -> LoanPool:
    """Read a tape as of a day; where none is given, as of the closing date of the deal."""
    from cloche.tape import LoanPool as Pool

    date = as_of or (str(deal.dates.closing) if deal is not None else None)
    if date is None:
        raise typer.BadParameter("the deal cannot be read, so its closing date is unknown: give --as-of")
    return Pool.read(path, as_of=date)


def read_inputs(deal: Path, tape: Path, scenario: Path, as_of: str | None) -> tuple[Deal, LoanPool, Scenario]:
    """Read what a run needs."""
    document = read_deal_file(deal)
    return document, read_tape(tape, document, as_of), read_scenario(scenario)
