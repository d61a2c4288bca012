"""Tapes that the tests start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def columns() -> dict[str, list[Any]]:
    """Three sound loans under their canonical names."""
    return {
        "loan_id": ["L1", "L2", "L3"],
        "obligor_name": ["Alder Freight, Inc.", "Birch Foods LLC", "Cedar Labs Corp."],
        "par": [2_000_000.0, 3_000_000.0, 5_000_000.0],
        "maturity": ["2029-03-31", "2030-06-30", "2031-12-15"],
        "coupon_type": ["floating", "floating", "fixed"],
        "index": ["sofr_3m", "sofr_3m", ""],
        "spread": [0.035, 0.0425, None],
        "fixed_rate": [None, None, 0.0725],
        "industry": ["Cargo", "Food", "Pharma"],
        "rating_sp": ["B+", "B-", "CCC"],
    }


@pytest.fixture(scope="session")
def example_tape() -> Path:
    """Return the tape of the public example pair, which lies beside the project."""
    path = (
        Path(__file__).parents[3]
        / "shared"
        / "data"
        / "example_pair"
        / "tape_mm_first_lien_402m_2025-09-30.csv"
    )
    if not path.exists():
        pytest.skip("the public example tape is not beside the project")
    return path
