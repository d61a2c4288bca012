"""Facts that hold for every simulation: its paths, their replays, and the mean that the projection gives."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cloche as cl

AS_OF = "2025-03-20"
PAR = 200e6
MODEL = cl.GaussianCopula(inter=0.15, intra=0.25)
ASSUMED: dict[str, Any] = {
    "cpr": 0.15,
    "recovery": 0.6,
    "recovery_lag_months": 6,
    "rates": cl.RateCurve.flat(0.043),
}
few = settings(max_examples=6)
seeds = st.integers(0, 2**64 - 1)


def deal(*, static: bool) -> cl.Deal:
    years = 0.0 if static else 2.0
    return cl.templates.us_bsl(par=PAR, closing=AS_OF, reinvestment_years=years, maturity_years=9.0)


def pool(seed: int = 3) -> cl.LoanPool:
    return cl.synthetic.loan_pool(n=40, seed=seed, par=PAR, as_of=AS_OF)


def simulate(*, static: bool = False, cdr: Any = 0.04, **options: Any) -> cl.Simulation:
    scenario = cl.Scenario(cdr=cdr, **ASSUMED)
    return cl.simulate(deal(static=static), pool(), MODEL, scenario=scenario, **options)


def bits(tables: Iterable[cl.Table]) -> list[Any]:
    """Return every column of some tables as it lies in memory."""
    found: list[Any] = []
    for table in tables:
        for values in table.to_numpy().values():
            numbers = np.asarray(values)
            found.append(numbers.tolist() if numbers.dtype == object else numbers.tobytes())
    return found


def everything(mc: cl.Simulation) -> list[Any]:
    return bits([mc.notes, mc.pool, mc.equity, mc.cumulative_default, mc.paths])


def rows(table: cl.Table) -> list[dict[str, Any]]:
    columns = table.to_dict()
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@few
@given(seeds)
def test_a_replayed_path_has_the_bits_of_the_simulation(seed: int) -> None:
    paths = 70  # not a multiple of the lanes of a block
    mc = simulate(paths=paths, seed=seed, threads=1, keep="paths")
    kept = {(row["path"], row["note"]): row for row in rows(mc.paths)}
    assert len(kept) == paths * 6
    for path in (0, 1, 15, 16, 37, paths - 1):
        for row in rows(mc.replay(path).notes):
            in_simulation = kept[path, row["note"]]
            columns = ["irr"] if row["kind"] == "residual" else ["wal", "principal_loss", "interest_loss"]
            for column in columns:
                assert in_simulation[column] == row[column], (path, row["note"], column)


@few
@given(seeds)
def test_threads_change_no_bit(seed: int) -> None:
    one, two = (simulate(paths=500, seed=seed, threads=threads, keep="paths") for threads in (1, 2))
    assert everything(one) == everything(two)


def test_estimates_of_many_paths_have_the_same_bits_on_any_threads() -> None:
    # So many paths, and threads that do not divide the years: what is estimated of the pool is shared out.
    one, five = (simulate(paths=9_000, seed=3, threads=threads, keep="paths") for threads in (1, 5))
    assert everything(one) == everything(five)


@few
@given(seeds)
def test_the_instruction_set_changes_no_bit(seed: int) -> None:
    detected, portable = (
        simulate(paths=300, seed=seed, threads=1, keep="paths", portable=portable)
        for portable in (False, True)
    )
    assert everything(detected) == everything(portable)


@few
@given(seeds, st.integers(1, 200))
def test_adding_paths_keeps_the_bits_of_earlier_paths(seed: int, paths: int) -> None:
    fewer = simulate(paths=paths, seed=seed, threads=1, keep="paths").paths.to_numpy()
    more = simulate(paths=paths + 100, seed=seed, threads=1, keep="paths").paths.to_numpy()
    for name, values in fewer.items():
        if name != "weight":
            earlier = np.asarray(more[name])[: len(values)]
            assert np.array_equal(
                np.asarray(values), earlier, equal_nan=np.asarray(values).dtype.kind == "f"
            ), name


@pytest.mark.parametrize("cdr", [0.02, 0.10, [0.0, 0.05, 0.20, 0.01], {"*": 0.03, "rating:B-": 0.12}])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_mean_of_closing_pool_defaults_is_that_of_the_projection(cdr: Any, seed: int) -> None:
    scenario = cl.Scenario(cdr=cdr, **ASSUMED)
    projected = sum(cl.project(deal(static=True), pool(), scenario).collateral["new_defaults"].tolist()) / PAR
    simulated = simulate(static=True, cdr=cdr, paths=20_000, seed=seed).pool
    columns = simulated.to_dict()
    life = columns["horizon"].index("life")
    assert columns["default_rate_se"][life] > 0
    assert abs(columns["default_rate"][life] - projected) <= 4 * columns["default_rate_se"][life]


@few
@given(seeds, st.integers(0, 63))
def test_the_defaults_of_a_replay_given_back_reproduce_its_cash_flows(seed: int, path: int) -> None:
    replayed = simulate(static=True, paths=64, seed=seed, threads=1).replay(path)
    named = dict(zip(*(replayed.defaults.to_dict()[name] for name in ("obligor_id", "date")), strict=True))
    scenario = cl.Scenario(cdr=0.0, defaults=named, **ASSUMED)
    again = cl.project(deal(static=True), pool(), scenario)
    for table in ("cashflows", "collateral"):
        ours, theirs = rows(getattr(again, table)), rows(getattr(replayed, table))
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            for name, value in other.items():
                if isinstance(value, float):
                    assert math.isclose(one[name], value, rel_tol=1e-9, abs_tol=1e-9 * PAR), (
                        table,
                        name,
                        one,
                    )
                else:
                    assert one[name] == value, (table, name, one)
