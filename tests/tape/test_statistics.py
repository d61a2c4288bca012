"""Statistics of a pool against hand arithmetic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cloche import templates
from cloche.tape import LoanPool
from cloche.tape.ratings import RATING_FACTORS
from cloche.tape.statistics import diversity_score

AS_OF = "2025-09-30"
Columns = dict[str, list[Any]]


def facts(pool: LoanPool) -> dict[str, float | None]:
    """Return statistic to value."""
    return {row["statistic"]: row["value"] for row in pool.statistics().rows()}


def test_statistics_are_averages_over_performing_par(columns: Columns) -> None:
    columns["default_date"] = [None, None, "2025-08-01"]
    columns["market_price"] = [1.0, 0.9, 0.4]
    found = facts(LoanPool.from_columns(columns, as_of=AS_OF))
    assert found["par"] == 5e6
    assert found["defaulted_par"] == 5e6
    assert found["loans"] == found["obligors"] == 3
    assert found["was"] == pytest.approx((2 * 0.035 + 3 * 0.0425) / 5, rel=1e-15)
    assert found["market_price"] == pytest.approx((2 * 1.0 + 3 * 0.9) / 5, rel=1e-15)
    assert found["warf"] == pytest.approx((2 * 2220 + 3 * 3490) / 5, rel=1e-15)
    assert found["ccc"] == 0.0
    assert found["wac"] is None
    # 3.5 and 4.75 years, with 14 and 18 instalments of 0.25 % before maturity.
    first = 0.0025 / 4 * (14 * 15 / 2) + (1 - 14 * 0.0025) * 3.5
    second = 0.0025 / 4 * (18 * 19 / 2) + (1 - 18 * 0.0025) * 4.75
    assert found["wal"] == pytest.approx((2 * first + 3 * second) / 5, rel=1e-14)
    assert found["years_to_maturity"] == pytest.approx((2 * 3.5 + 3 * 4.75) / 5, rel=1e-15)
    assert found["warf_rounded"] == 2982.0


def test_shares_are_of_performing_par(columns: Columns) -> None:
    found = facts(LoanPool.from_columns(columns, as_of=AS_OF))
    assert found["ccc"] == found["fixed"] == found["largest_obligor"] == 0.5
    assert found["top_10_obligors"] == found["rated"] == 1.0
    assert found["wac"] == 0.0725


def test_affiliates_are_one_company(columns: Columns) -> None:
    columns["parent_id"] = ["P", "P", None]
    found = facts(LoanPool.from_columns(columns, as_of=AS_OF))
    assert found["largest_obligor"] == 0.5
    assert found["obligors"] == 3
    columns["parent_id"] = ["P", None, "P"]
    assert facts(LoanPool.from_columns(columns, as_of=AS_OF))["largest_obligor"] == 0.7


def test_what_a_tape_cannot_say_is_null(columns: Columns) -> None:
    del columns["rating_sp"], columns["industry"]
    found = facts(LoanPool.from_columns(columns, as_of=AS_OF))
    assert found["warf"] is found["diversity"] is None
    assert found["rated"] == 0.0


def test_a_rating_factor_of_the_tape_comes_first(columns: Columns) -> None:
    columns["rating_factor"] = [1000, 1000, 1000]
    assert facts(LoanPool.from_columns(columns, as_of=AS_OF))["warf"] == 1000.0


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    """Return Moody's rating factors and diversity table as indentures print them."""
    path = Path(__file__).parents[3] / "shared" / "cases" / "warf_diversity.json"
    if not path.exists():
        pytest.skip("the published tables are not beside the project")
    tables: dict[str, Any] = json.loads(path.read_text())
    return tables


def test_rating_factors_are_the_published_ones(published: dict[str, Any]) -> None:
    assert tuple(published["rating_factors"].values()) == RATING_FACTORS


def test_the_diversity_of_one_industry_steps_as_published(published: dict[str, Any]) -> None:
    table = published["diversity_table"]
    scores = next(values for name, values in table.items() if name != "breakpoints")
    for units, score in zip(table["breakpoints"], scores, strict=True):
        # Whole companies and a small one make any number of units; other industries hold the rest.
        whole = int(units + 1e-9)
        sizes = [1.0] * whole + ([units - whole] if units - whole > 1e-9 else [])
        if not sizes:
            continue
        filler = [2.0 - size for size in sizes]  # keeps the average size at one
        names = [f"c{k}" for k in range(2 * len(sizes))]
        industries = ["food"] * len(sizes) + [f"i{k}" for k in range(len(sizes))]
        rest = len(sizes) * 1.0
        found = diversity_score(names, industries, np.array(sizes + filler))
        assert found - rest == pytest.approx(score, abs=5.1e-5), units
        printed = diversity_score(names, industries, np.array(sizes + filler), table="printed")
        assert printed - rest == pytest.approx(score, abs=1e-9), units


def test_the_printed_table_rounds_the_thirds() -> None:
    # Four companies of one size in one industry score 2 + 10/30 from the table of thirds; one elsewhere scores 1.
    names, industries = ["a", "b", "c", "d", "e"], ["food"] * 4 + ["steel"]
    exact = diversity_score(names, industries, np.ones(5))
    assert exact == pytest.approx(2 + 10 / 30 + 1, abs=1e-12)
    assert diversity_score(names, industries, np.ones(5), table="printed") == pytest.approx(3.3333, abs=1e-12)


def test_the_statistics_of_a_pool_take_the_table_of_a_deal(columns: Columns) -> None:
    pool = LoanPool.from_columns({**columns, "industry": ["food"] * 3}, as_of=AS_OF)
    deal = templates.us_bsl(par=500e6, closing="2025-03-20", conventions={"diversity_table": "printed"})
    table = deal.conventions.diversity_table
    found = {row["statistic"]: row["value"] for row in pool.statistics(diversity_table=table).rows()}
    # 5, 3 and 2 of 10 m: units of 1, 0.9 and 0.6, a score of 1.75.
    assert found["diversity"] == pytest.approx(1.75)
    assert facts(pool)["diversity"] == pytest.approx(1.75)


def test_breakdowns_add_up_to_the_pool(columns: Columns) -> None:
    pool = LoanPool.from_columns(columns, as_of=AS_OF)
    assert pool.breakdown("rating").to_dict() == {
        "rating": ["CCC", "B-", "B+"],
        "loans": [1, 1, 1],
        "obligors": [1, 1, 1],
        "par": [5e6, 3e6, 2e6],
        "share": [0.5, 0.3, 0.2],
    }
    assert pool.breakdown("maturity_year")["maturity_year"].tolist() == ["2029", "2030", "2031"]
    assert pool.breakdown("industry")["par"].sum() == pool.par
    with pytest.raises(KeyError, match="no column 'colour'"):
        pool.breakdown("colour")
