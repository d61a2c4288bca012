"""What holds for any tape."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloche.errors import TapeError
from cloche.tape import LoanPool

AS_OF = dt.date(2025, 9, 30)
Columns = dict[str, list[Any]]

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12)


@st.composite
def tapes(draw: st.DrawFn) -> Columns:
    """Sound tapes of one to eight loans, with gaps where gaps may be."""
    n = draw(st.integers(1, 8))

    def each(cells: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(cells, min_size=n, max_size=n))

    optional = st.none() | st.floats(0.0, 1.0)
    kinds = each(st.sampled_from(["floating", "fixed"]))
    return {
        "loan_id": draw(
            st.lists(st.from_regex(r"[A-Z][0-9]{1,4}", fullmatch=True), min_size=n, max_size=n, unique=True)
        ),
        "obligor_name": each(NAMES),
        "par": each(st.floats(1.0, 1e9)),
        "maturity": each(st.dates(dt.date(2025, 10, 1), dt.date(2040, 1, 1))),
        "coupon_type": kinds,
        "spread": [draw(st.floats(-0.05, 0.3)) if kind == "floating" else None for kind in kinds],
        "fixed_rate": [draw(st.floats(0.0, 0.3)) if kind == "fixed" else None for kind in kinds],
        "floor": each(st.none() | st.floats(-0.05, 0.2)),
        "recovery": each(optional),
        "cpr": each(optional),
        "market_price": each(st.none() | st.floats(0.0, 2.0)),
        "rating_sp": each(st.none() | st.sampled_from(["BB", "B", "B-", "CCC+", "CC"])),
        "cov_lite": each(st.none() | st.booleans()),
    }


@given(tapes())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_round_trip_through_csv_keeps_every_bit(tmp_path: Path, tape: Columns) -> None:
    pool = LoanPool.from_columns(tape, as_of=AS_OF)
    path = tmp_path / "tape.csv"
    pool.table.write_csv(path)
    again = LoanPool.read(path, as_of=AS_OF)
    assert again.table == pool.table
    assert again.hash == pool.hash


@given(tapes(), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(tape: Columns, random: Any) -> None:
    order = list(range(len(tape["par"])))
    random.shuffle(order)
    shuffled = {name: [cells[row] for row in order] for name, cells in tape.items()}
    pool, other = LoanPool.from_columns(tape, as_of=AS_OF), LoanPool.from_columns(shuffled, as_of=AS_OF)
    assert pool.hash == other.hash
    mine, theirs = pool.columns(), other.columns()
    assert all(
        np.array_equal(mine[name], theirs[name]) or _same_bits(mine[name], theirs[name]) for name in mine
    )
    assert pool.statistics() == other.statistics()


def _same_bits(mine: Any, theirs: Any) -> bool:
    return bool(mine.tobytes() == theirs.tobytes())


@given(tapes())
def test_what_the_tape_says_is_what_the_pool_holds(tape: Columns) -> None:
    pool = LoanPool.from_columns(tape, as_of=AS_OF)
    order = sorted(range(len(tape["par"])), key=tape["loan_id"].__getitem__)
    rows = pool.table.to_dict()
    for name, cells in tape.items():
        held = rows.get(name, [None] * len(order))
        for place, row in enumerate(order):
            if cells[row] is not None and name != "obligor_name":
                assert held[place] == cells[row], name


CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()


@given(tapes(), st.data())
def test_any_cell_is_read_or_refused_with_its_row_but_never_crashes(
    tape: Columns, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(tape)))
    row = data.draw(st.integers(0, len(tape["par"]) - 1))
    tape[name] = [*tape[name][:row], data.draw(CELLS), *tape[name][row + 1 :]]
    try:
        LoanPool.from_columns(tape, as_of=AS_OF)
    except TapeError as error:
        places = [problem.place for problem in error.problems]
        assert any(place.startswith(f"tape row {row + 1}") or name == "loan_id" for place in places)


@pytest.mark.parametrize("shift", [1, 37])
def test_money_scales_and_nothing_else_does(shift: int) -> None:
    columns = {
        "loan_id": ["a", "b"], "par": [1e6, 2e6], "maturity": ["2029-01-15"] * 2, "spread": [0.03, 0.05],
        "industry": ["x", "y"],
    }  # fmt: skip
    scaled = {**columns, "par": [float(par) * shift for par in (1e6, 2e6)]}
    small, large = (LoanPool.from_columns(tape, as_of=AS_OF).statistics() for tape in (columns, scaled))
    for mine, theirs in zip(small.rows(), large.rows(), strict=True):
        factor = shift if mine["unit"] == "money" else 1
        assert theirs["value"] == (
            None if mine["value"] is None else pytest.approx(mine["value"] * factor, rel=1e-12)
        )
