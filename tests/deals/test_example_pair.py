"""A published capital structure on a published tape runs end to end; its gaps are filled in writing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cloche as cl


@pytest.fixture(scope="module")
def deal(pair: ModuleType, pair_source: Mapping[str, Any], pair_pool: cl.LoanPool) -> cl.Deal:
    made: cl.Deal = pair.pair_deal(pair_source, pair_pool)
    return made


def test_every_gap_of_the_source_has_a_written_assumption(
    pair: ModuleType, pair_source: Mapping[str, Any], root: Path
) -> None:
    assert set(pair_source["missing"]) == set(pair.ASSUMED)
    page = (root / "docs" / "assumptions_real_deals.md").read_text(encoding="utf-8")
    assert pair.ASSUMED_ON in page
    for key in ("first_payment_date", "reinvestment_end"):
        assert pair.ASSUMED[key] in page


def test_a_source_with_another_gap_is_refused(
    pair: ModuleType, pair_source: Mapping[str, Any], pair_pool: cl.LoanPool
) -> None:
    fewer = {**pair_source, "missing": [key for key in pair_source["missing"] if key != "coverage_tests"]}
    with pytest.raises(ValueError, match="coverage_tests"):
        pair.pair_deal(fewer, pair_pool)


def test_loans_and_cash_at_closing_are_the_stated_size(
    deal: cl.Deal, pair_pool: cl.LoanPool, pair_source: Mapping[str, Any]
) -> None:
    assert pair_pool.par + deal.closing.ramp_up_cash == pair_source["stated_total"]
    assert sum(note.balance for note in deal.notes) == pair_source["stated_total"]


def test_the_projection_pays_every_class_on_time_and_conserves_cash(
    pair: ModuleType, deal: cl.Deal, pair_pool: cl.LoanPool
) -> None:
    run = cl.project(deal, pair_pool, pair.base_case())
    assert run.conservation_error < 1e-9
    rated = [row for row in run.notes.rows() if row["rating"]]
    assert len(rated) == 5
    hurt = ("principal_loss", "interest_shortfall", "periods_deferred")
    assert [row["note"] for row in rated if any(row[column] for column in hurt)] == []


def test_ten_thousand_paths_conserve_cash(pair: ModuleType, deal: cl.Deal, pair_pool: cl.LoanPool) -> None:
    model = cl.GaussianCopula(inter=0.15, intra=0.25)
    risk = cl.simulate(deal, pair_pool, model, scenario=pair.base_case(), paths=10_000, seed=7)
    assert risk.conservation_error < 1e-9
    life = risk.pool.filter(horizon="life")
    assert life["default_rate"][0] > 0
