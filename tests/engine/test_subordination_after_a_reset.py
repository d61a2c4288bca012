"""Subordination and thickness of the classes of a reset's document, by hand: 60 of A become 55 of C and 15 of A."""

from collections.abc import Mapping
from typing import Any

import pytest

from engine.test_resets import projected
from reference.test_reset_rules import reset, second
from reference.tiny import RESIDUAL, SEQUENCE, SUB, A, Document

approx = pytest.approx
JUNIOR: Document = {**A, "balance": 15.0, "interest_rank": 2, "principal_rank": 2}
SENIOR: Document = {**A, "name": "C", "balance": 55.0}
FALLS: Document = {
    "interest": [{"verb": "pay_interest", "notes": [["C"], ["A"]]}, RESIDUAL],
    "principal": [SEQUENCE, RESIDUAL],
}


def of_notes(result: Mapping[str, Any], column: str) -> dict[str, float]:
    return {row["note"]: row[column] for row in result["notes"]}


class TestSubordination:
    def into(self, **more: Any) -> Document:
        return second(notes=[SENIOR, JUNIOR, SUB], waterfalls=FALLS, **more)

    def test_it_is_that_of_the_document_that_rules(self) -> None:
        result = projected(reset(into=self.into()))
        found = of_notes(result, "subordination")
        # A of the first document is 60 of 100. Of the second C is 55 and ranks before A, which is 15.
        assert found["A"] == approx(0.4)
        assert [found["C"], found["A-R"]] == approx([0.45, 0.3])
        # 55 and 15 of 110 notes, with 40 of SUB.
        thickness = of_notes(result, "thickness")
        assert [thickness[name] for name in ("A", "C", "A-R")] == approx([0.6, 55 / 110, 15 / 110])

    def test_its_collateral_is_what_the_reset_leaves(self) -> None:
        result = projected(
            reset(into=self.into(closing={"interest_reserve": 0.0, "ramp_up_cash": 3.0}), par_purchase=7.0)
        )
        # 100 of loans, 7 bought, 3 of principal cash.
        found = of_notes(result, "subordination")
        assert [found["C"], found["A-R"]] == approx([1 - 55 / 110, 1 - 70 / 110])

    def test_what_an_event_of_the_document_issues_ranks_in_it(self) -> None:
        later = {
            "date": "2025-10-15",
            "refinance": {"C": {"into": [{"name": "C-2", "balance": "outstanding"}]}},
        }
        result = projected(reset(into=self.into(events=[later])))
        assert of_notes(result, "subordination")["C-2"] == approx(0.45)
