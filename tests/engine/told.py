"""What a simulation tells by date, added up once more from the replays of all its paths."""

import datetime as dt
import math
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

import cloche as cl


def assert_told(mc: cl.Simulation, *, paths: int, until: dt.date) -> list[cl.Result]:
    """Compare every figure by date with the replays of all paths, which run a whole year at least; return these."""
    runs = [mc.replay(path) for path in range(paths)]
    assert mc.conservation_error < 1e-12
    assert_flows(mc, runs)
    assert_tests(mc, runs)
    assert_events(mc, runs)
    assert_defaults(mc, runs, until)
    return runs


def dates_of(run: cl.Result) -> list[dt.date]:
    """Return the payment dates of a path up to its last."""
    return sorted({row["date"] for row in run.cashflows.rows()})


def assert_flows(mc: cl.Simulation, runs: list[cl.Result]) -> None:
    """On a date that a path does not have nothing is paid and balances stay; after its last nothing is outstanding."""
    told = sorted({row["date"] for row in mc.cashflows.rows()})
    means: dict[tuple[str, dt.date], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for run in runs:
        own = dates_of(run)
        assert set(own) <= set(told)
        rows = {(row["note"], row["date"]): row for row in run.cashflows.rows()}
        for note in {row["note"] for row in run.cashflows.rows()}:
            balance = 0.0
            for date in told:
                row = rows.get((note, date)) if date in own else None
                mean = means[note, date]
                if row is not None:
                    mean[0] += row["interest_paid"] + row["deferred_paid"]
                    mean[1] += row["principal_paid"]
                    balance = row["end_balance"]
                elif date in own:
                    balance = 0.0
                if date <= own[-1]:
                    mean[2] += balance
    for row in mc.cashflows.rows():
        for name, total in zip(
            ("interest", "principal", "balance"), means[row["note"], row["date"]], strict=True
        ):
            assert row[name] == pytest.approx(total / len(runs), rel=1e-9, abs=1e-3), (
                row["note"],
                row["date"],
                name,
            )


def assert_tests(mc: cl.Simulation, runs: list[cl.Result]) -> None:
    """No test fails on a date that a path does not have; its last determination date may be one of its own."""
    payment = by_payment(
        [row["date"] for row in mc.cashflows.rows()], [row["date"] for row in mc.tests.rows()]
    )
    failing: dict[tuple[str, dt.date], int] = defaultdict(int)
    for run in runs:
        own = by_payment(
            [row["date"] for row in run.cashflows.rows()], [row["date"] for row in run.tests.rows()]
        )
        for row in run.tests.rows():
            failing[row["test"], own[row["date"]]] += row["passes"] is False
    for row in mc.tests.rows():
        assert row["failing_probability"] == failing.pop((row["test"], payment[row["date"]]), 0) / len(runs)
    assert not any(failing.values())


def by_payment(payments: list[dt.date], determinations: list[dt.date]) -> dict[dt.date, dt.date]:
    """Return the payment date of each determination date."""
    return dict(zip(sorted(set(determinations)), sorted(set(payments)), strict=True))


def assert_events(mc: cl.Simulation, runs: list[cl.Result]) -> None:
    kinds = ("amendment", "reset", "call", "refinancing", "acceleration")
    counts: dict[tuple[str, dt.date], int] = defaultdict(int)
    for run in runs:
        for each in {(row["event"], row["date"]) for row in run.events.rows() if row["event"] in kinds}:
            counts[each] += 1
    told = {
        (row["event"], row["date"]): row["probability"] for row in mc.events.rows() if row["event"] in kinds
    }
    assert told == {each: count / len(runs) for each, count in counts.items()}


def assert_defaults(mc: cl.Simulation, runs: list[cl.Result], until: dt.date) -> None:
    """Par at default is that of the document in force, up to the third anniversary, until which all paths run."""
    par = sum(row["par"] for run in runs for row in run.defaults.rows() if row["date"] <= until)
    rows = {row["horizon"]: row for row in mc.pool.rows()}
    assert rows["3"]["defaults_par"] == pytest.approx(par / len(runs), rel=1e-9)


def assert_paths(mc: cl.Simulation, paths: int) -> set[dt.date | None]:
    """Compare the figures of paths with their replays; return the dates on which documents come in."""
    assert mc.conservation_error < 1e-12
    seen: set[dt.date | None] = set()
    kept = mc.paths.to_dict()
    for path in range(paths):
        run = mc.replay(path)
        assert run.conservation_error < 1e-12
        days = [row["date"] for row in run.events.rows() if row["event"] in ("amendment", "reset")]
        seen.add(days[0] if days else None)
        rows = {row["note"]: row for row in run.notes.rows()}
        for i in np.flatnonzero(np.asarray(kept["path"]) == path):
            row: dict[str, Any] = rows.get(kept["note"][i], {})
            if not row:
                continue
            if row["kind"] == "residual":
                assert kept["irr"][i] == pytest.approx(row["irr"], abs=1e-9)
                continue
            assert kept["principal_loss"][i] == row["principal_loss"]
            assert kept["interest_loss"][i] == row["interest_loss"]
            assert kept["pv_loss"][i] == pytest.approx(row["pv_loss"], rel=1e-12)
            same = kept["wal"][i] == row["wal"] or (kept["wal"][i] is None and row["wal"] is None)
            assert same or math.isclose(kept["wal"][i], row["wal"], rel_tol=1e-12)
    return seen
