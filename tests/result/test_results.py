"""Results: stable columns, one screen in words, files, pickle."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cloche.errors import RunError
from cloche.result import PATH_TABLES, SIMULATION_TABLES, PaymentDate, Result, Simulation
from cloche.table import NO_DATE, encode

DAY = 20_381  # 2025-10-20

DOCUMENT: dict[str, Any] = {
    "name": "Example BSL 2025-1",
    "currency": "USD",
    "target_par": 500e6,
    "dates": {
        "closing": "2025-03-20",
        "non_call_end": "2027-04-20",
        "reinvestment_end": "2030-04-20",
        "stated_maturity": "2038-04-20",
    },
    "notes": [
        {
            "name": "X", "balance": 2e6, "coupon": {"index": "sofr_3m", "spread": 0.01}, "rating": {},
            "residual": False,
        },
        {
            "name": "A", "balance": 310e6, "principal_rank": 1,
            "coupon": {"index": "sofr_3m", "spread": 0.013}, "rating": {"sp": "AAA"}, "residual": False,
        },
        {
            "name": "B", "balance": 60e6, "principal_rank": 2, "coupon": {"fixed": 0.056},
            "rating": {"moodys": "Aa2"}, "residual": False,
        },
        {"name": "SUB", "balance": 45e6, "rating": {}, "residual": True},
    ],
}  # fmt: skip
MANIFEST = {"version": "1", "paths": 1000, "seed": 7}


def text(*words: str | None) -> tuple[Any, list[str]]:
    """Return codes and vocabulary, as the engine does."""
    return encode(words)


def days(*values: int | None) -> Any:
    """Return a date column, as the engine does."""
    return np.array([NO_DATE if day is None else day for day in values], dtype=np.int32)


def projected() -> dict[str, Any]:
    """Return the tables of a path as the engine gives them back, some columns short."""
    return {
        "notes": {
            "note": text("A", "B", "SUB"),
            "kind": text("note", "note", "residual"),
            "original_balance": np.array([310e6, 60e6, 45e6]),
            "issue_price": np.array([1.0, 1.0, 0.9]),
            "interest_paid": np.array([110e6, 25e6, 60e6]),
            "interest_shortfall": np.array([0.0, 1e-9, np.nan]),
            "periods_deferred": np.array([0, 2, 0]),
            "principal_paid": np.array([310e6, 59e6, 21e6]),
            "principal_loss": np.array([0.0, 1e6, np.nan]),
            "loss_rate": np.array([0.0, 1 / 60, np.nan]),
            "wal": np.array([6.4321, 8.0, np.nan]),
            "first_payment": days(DAY, None, DAY),
            "last_payment": days(DAY + 3000, None, DAY + 4000),
            "irr": np.array([np.nan, np.nan, 0.1432]),
        },
        "tests": {
            "date": days(DAY, DAY, DAY + 91, DAY + 91),
            "test": text("A/B OC", "A/B IC", "A/B OC", "A/B IC"),
            "kind": text("oc", "ic", "oc", "ic"),
            "ratio": np.array([1.3514, 2.0, 1.24, np.inf]),
            "trigger": np.array([1.25, 1.2, 1.25, 1.2]),
            "cushion": np.array([0.1014, 0.8, -0.01, np.inf]),
            "passes": np.array([1, -1, 0, 1], dtype=np.int8),
        },
        "ledger": {
            "date": days(DAY),
            "waterfall": text("interest"),
            "step": text("pay_interest"),
            "payee": text("A"),
            "due": np.array([5e6]),
            "paid": np.array([5e6]),
        },
        "cashflows": {"date": days(DAY), "note": text("A"), "begin_balance": np.array([310e6])},
        "conservation_error": 2.5e-16,
    }


@pytest.fixture
def result() -> Result:
    return Result.from_engine(projected(), document=DOCUMENT, manifest=MANIFEST)


def test_tables_have_the_stable_columns_and_null_where_nothing_is_computed(result: Result) -> None:
    for name in ("notes", "tests", "ledger", "cashflows"):
        assert result.tables[name].columns == tuple(PATH_TABLES[name])
    assert result.notes.to_dict()["pv_loss"] == [None, None, None]
    assert result.notes.to_dict()["first_deferral"] == [None, None, None]
    assert result.tests.to_dict()["passes"] == [True, None, False, True]
    assert str(result.tests["date"][0]) == "2025-10-20"


def test_a_table_that_a_run_does_not_have_is_no_attribute_and_says_why(result: Result) -> None:
    assert not hasattr(result, "collateral")
    with pytest.raises(AttributeError, match="replayed paths name companies"):
        _ = result.defaults


def test_the_summary_of_a_path_fits_a_screen_and_says_what_matters(result: Result) -> None:
    lines = result.summary().splitlines()
    assert len(lines) < 40
    assert max(map(len, lines)) <= 120
    joined = "\n".join(" ".join(line.split()) for line in lines)
    assert lines[0] == "Example BSL 2025-1"
    assert "USD 500,000,000 target par, closing 2025-03-20, reinvestment to 2030-04-20" in joined
    assert "A AAA sofr_3m + 130bp 310,000,000 74.3% 38.00% 161.29%" in joined
    assert "B Aa2 5.60% 60,000,000 14.4% 26.00% 135.14%" in joined
    assert "X sofr_3m + 100bp 2,000,000 0.5% – –" in joined
    assert "A 6.43 2025-10 to 2034-01 110,000,000 never 0 0 0.00%" in joined
    assert "B 8.00 – 25,000,000 2 periods 0 1,000,000 1.67%" in joined
    assert "A/B OC 125.00% 135.14% 10.14% 2025-10 -1.00% 2026-01 1 of 2" in joined
    assert "Equity SUB: IRR 14.32%, MOIC 2.00x, 81,000,000 paid on 40,500,000" in joined
    assert "at most 2.5e-16 of par" in joined


def test_the_550m_deal_covers_its_classes_as_published() -> None:
    balances = {"A": 418e6, "B": 33e6, "C": 35.75e6, "D": 19.25e6}
    notes = [
        {"name": name, "balance": balance, "principal_rank": rank, "rating": {}, "residual": False}
        for rank, (name, balance) in enumerate(balances.items(), start=1)
    ]
    document = {**DOCUMENT, "target_par": 550e6, "notes": notes}
    raw = {**projected(), "tests": {"date": days(), "test": text()}}
    summary = Result.from_engine(raw, document=document, manifest={}).summary()
    for ratio in ("131.58%", "121.95%", "112.99%", "108.70%"):
        assert ratio in summary
    assert "Tests: none" in summary


def test_deferred_interest_of_before_the_path_is_not_called_never_deferred() -> None:
    # B owed 900,000 when the path began, and defers nothing more; A owes nothing.
    flows = {
        "date": days(DAY, DAY),
        "note": text("A", "B"),
        "deferred_balance": np.array([0.0, 900e3]),
        "deferred_paid": np.array([0.0, 0.0]),
    }
    raw = {**projected(), "cashflows": flows}
    raw["notes"] = {**raw["notes"], "periods_deferred": np.array([0, 0, 0])}
    lines = Result.from_engine(raw, document=DOCUMENT, manifest=MANIFEST).summary().splitlines()
    deferred = {line.split()[0]: line for line in lines if "before" in line or "never" in line}
    assert "before" in deferred["B"]
    assert "never" in deferred["A"]


def test_one_of_a_thing_is_no_plural_and_a_title_is_not_said_twice() -> None:
    raw = projected()
    raw["notes"] = {
        **raw["notes"], "note": text("A", "B", "Equity"), "periods_deferred": np.array([0, 1, 0]),
    }  # fmt: skip
    lines = Result.from_engine(raw, document=DOCUMENT, manifest=MANIFEST).summary().splitlines()
    assert any(" 1 period " in line for line in lines)
    assert any(line.startswith("Equity: IRR 14.32%") for line in lines)


def test_copies_are_the_result_itself_since_it_cannot_change(simulation: Simulation) -> None:
    replayed = simulation.replay(41)
    for result in (replayed, simulation):
        assert copy.copy(result) is result
        assert copy.deepcopy([result])[0] is result
    assert copy.deepcopy(simulation).replay(41).manifest["path"] == 41


def test_results_are_pickled_and_compared_by_value(result: Result) -> None:
    again = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes
    assert again == result
    assert again.summary() == result.summary()
    assert again.manifest == MANIFEST


def test_a_manifest_cannot_be_changed_from_outside(result: Result) -> None:
    result.manifest["seed"] = 8
    assert result.manifest["seed"] == 7
    with pytest.raises(TypeError):
        result.tables["notes"] = result.tests  # type: ignore[index]  # that is the point


def test_tables_are_written_to_a_folder_with_the_manifest(result: Result, tmp_path: Path) -> None:
    files = result.write(tmp_path / "out")
    assert [path.name for path in files] == [
        "notes.parquet", "cashflows.parquet", "tests.parquet", "ledger.parquet", "manifest.json",
    ]  # fmt: skip
    assert pl.read_parquet(files[0])["wal"].to_list() == [6.4321, 8.0, None]
    assert json.loads(files[-1].read_text())["conservation_error"] == 2.5e-16
    assert result.write(tmp_path / "csv", form="csv")[0].read_text().startswith("note,kind,rating")


def test_a_payment_date_shows_the_columns_of_cash_flows_and_holds_its_state() -> None:
    raw = {**projected(), "fees_unpaid": {"taxes": 0.0}}
    date = PaymentDate.from_engine(raw, document=DOCUMENT, manifest={}, state={"after": True})
    assert date.notes.columns == tuple(PATH_TABLES["cashflows"])
    assert date.ledger["paid"].tolist() == [5e6]
    assert date.state == {"after": True}
    assert "<table>" in date._repr_html_()


class Core:
    """Stands for the engine's simulation."""

    def tables(self) -> dict[str, Any]:
        return {
            "notes": {
                "note": text("A", "SUB"),
                "default_probability": np.array([0.0, np.nan]),
                "default_probability_se": np.array([0.0, np.nan]),
                "expected_loss": np.array([0.0123, np.nan]),
                "expected_loss_se": np.array([0.0004, np.nan]),
                "loss_given_default": np.array([0.4, np.nan]),
                "wal": np.array([6.5, np.nan]),
            },
            "pool": {
                "horizon": text("1", "2", "life"),
                "default_rate": np.array([0.02, 0.04, 0.151]),
                "default_rate_se": np.array([0.001, 0.001, 0.002]),
            },
            "equity": {
                "note": text("SUB"), "irr": np.array([0.123]), "irr_se": np.array([0.002]),
                "irr_q50": np.array([0.14]), "moic": np.array([1.8]), "moic_se": np.array([0.01]),
                "probability_of_loss": np.array([0.05]), "probability_of_loss_se": np.array([0.001]),
            },
            "cumulative_default": {"note": text("A"), "year": np.array([1]), "basis": text("realized")},
            "cashflows": {"date": days(DAY), "note": text("A"), "interest": np.array([5e6])},
            "conservation_error": 1e-15,
        }  # fmt: skip

    def paths(self) -> dict[str, Any]:
        return {"path": np.array([0, 0]), "note": text("A", "SUB"), "weight": np.array([1.0, 1.0])}

    def replay(self, path: int) -> dict[str, Any]:
        defaults = {"obligor_id": text("alder"), "date": days(DAY), "par": np.array([float(path)])}
        return {**projected(), "defaults": defaults}


@pytest.fixture
def simulation() -> Simulation:
    return Simulation.from_core(Core(), keep="summary", document=DOCUMENT, manifest=MANIFEST)


def test_a_simulation_has_the_stable_columns(simulation: Simulation) -> None:
    for name in ("notes", "pool", "equity", "cumulative_default"):
        assert simulation.tables[name].columns == tuple(SIMULATION_TABLES[name])
    assert simulation.conservation_error == 1e-15


def test_paths_are_there_when_they_are_kept(simulation: Simulation) -> None:
    with pytest.raises(AttributeError, match='keep="paths"'):
        _ = simulation.paths
    with pytest.raises(AttributeError, match='keep="cashflows"'):
        _ = simulation.cashflows
    flows = Simulation.from_core(Core(), keep="cashflows", document=DOCUMENT, manifest=MANIFEST)
    assert flows.cashflows["interest"].tolist() == [5e6]
    kept = Simulation.from_core(Core(), keep="paths", document=DOCUMENT, manifest=MANIFEST)
    assert kept.paths.filter(note="SUB")["path"].tolist() == [0]


def test_a_replayed_path_names_who_defaulted_and_its_number(simulation: Simulation) -> None:
    replayed = simulation.replay(41)
    assert replayed.defaults["par"].tolist() == [41.0]
    assert replayed.manifest["path"] == 41
    for path in (-1, 1000):
        with pytest.raises(RunError, match=f"path: found {path}, expected a whole number from 0 to 999"):
            simulation.replay(path)


def test_a_pickled_simulation_keeps_its_tables_and_says_that_it_cannot_replay(simulation: Simulation) -> None:
    again = pickle.loads(pickle.dumps(simulation))  # noqa: S301 - our own bytes
    assert again == simulation
    with pytest.raises(RunError, match="pickled cannot replay"):
        again.replay(0)


def test_the_summary_of_a_simulation_fits_a_screen_and_says_what_matters(simulation: Simulation) -> None:
    lines = simulation.summary().splitlines()
    joined = "\n".join(" ".join(line.split()) for line in lines)
    assert len(lines) < 40
    assert max(map(len, lines)) <= 120
    assert "1,000 paths, seed 7 (± is one standard error)" in joined
    assert "A 0 1.230% ±0.040 40% – 6.50" in joined
    assert "1 year 2.000% ±0.100" in joined
    assert "life 15.100% ±0.200" in joined
    assert "2 years" not in joined
    assert "SUB IRR 12.30% ±0.20 – – – – 14.0%" in joined
    assert "SUB returns less than its cost in 5.000% ±0.100 of paths" in joined
    assert "<pre>" in simulation._repr_html_()


def test_one_path_has_no_standard_errors() -> None:
    core = Core()
    tables = core.tables()
    tables["equity"] |= {"irr_se": np.array([np.nan]), "moic_se": np.array([np.nan])}
    core.tables = lambda: tables  # type: ignore[method-assign]  # the same engine, other figures
    one = Simulation.from_core(core, keep="summary", document=DOCUMENT, manifest={**MANIFEST, "paths": 1})
    text_of_it = one.summary()
    assert "1 path, seed 7 (one path has no standard errors)" in text_of_it
    rows = [" ".join(line.split()) for line in text_of_it.splitlines()]
    assert any(row.startswith("SUB IRR 12.30% –") for row in rows)
    assert any(row.startswith("SUB MOIC 1.80x –") for row in rows)
