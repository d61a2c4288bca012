"""Documents are tested on their own here: the engine has nothing to object to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloche.model import engine


@pytest.fixture(autouse=True, scope="module")
def shape_only(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the engine agree with every document, except in modules that name it."""
    with pytest.MonkeyPatch.context() as patch:
        if "engine" not in request.module.__name__:
            patch.setattr(engine, "problems_of_meaning", lambda _: [])
        yield


@pytest.fixture(scope="session")
def full_grammar() -> str:
    """A deal that uses every part of the grammar."""
    return (Path(__file__).parent / "full_grammar.yaml").read_text(encoding="utf-8")


@pytest.fixture
def small_deal() -> dict[str, Any]:
    """Return a document without problems, to be broken by a test."""
    return {
        "cloche": 1,
        "name": "Small",
        "currency": "USD",
        "target_par": 100e6,
        "dates": {
            "closing": "2025-03-20",
            "first_payment": "2025-10-20",
            "payment_frequency_months": 3,
            "stated_maturity": "2035-04-20",
        },
        "notes": [
            {"name": "A", "balance": 70e6, "rank": 1, "coupon": {"index": "sofr_3m", "spread": 0.013}},
            {
                "name": "B",
                "balance": 15e6,
                "rank": 2,
                "coupon": {"index": "sofr_3m", "spread": 0.03},
                "deferrable": True,
            },
            {"name": "SUB", "balance": 15e6, "residual": True},
        ],
        "fees": [{"name": "senior", "rate": 0.0015}],
        "tests": [{"name": "B OC", "kind": "oc", "through": "B", "trigger": 1.1}],
        "waterfalls": {
            "interest": [
                {"pay_fee": "senior"},
                {"pay_interest": "A"},
                {"pay_interest": "B"},
                {"cure": ["B OC"]},
                {"pay_residual": "SUB"},
            ],
            "principal": [{"pay_principal": "note_payment_sequence"}, {"pay_residual": "SUB"}],
        },
    }


@pytest.fixture(scope="session")
def engine_sources(root: Path) -> dict[str, str]:
    """Return the sources of the engine by file."""
    folder = root / "rust/engine/src"
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.rs")}
