"""Errors carry every problem with its place, and survive being sent to another process."""

from __future__ import annotations

import pickle

import pytest

from cloche.errors import Cancelled, ClocheError, DealError, Problem, RunError, ScenarioError, TapeError

PROBLEMS = [
    ("notes[0].balance", "found -1, expected money, 0 or more"),
    ("", "found a list, expected a mapping"),
]


def test_an_error_prints_its_headline_and_one_line_a_problem() -> None:
    assert str(DealError("the deal has 2 problems", PROBLEMS)) == (
        "the deal has 2 problems\n"
        "notes[0].balance: found -1, expected money, 0 or more\n"
        "found a list, expected a mapping"
    )
    assert str(RunError("the thread flushes subnormal numbers")) == "the thread flushes subnormal numbers"


def test_a_headline_counts_each_problem_once() -> None:
    error = ScenarioError("the scenario has 3 problems", [*PROBLEMS, PROBLEMS[0]])
    assert (error.headline, len(error.problems)) == ("the scenario has 2 problems", 2)
    assert (
        ScenarioError("the scenario has 2 problems", PROBLEMS[:1] * 2).headline
        == "the scenario has 1 problem"
    )
    assert ScenarioError("the grid cannot be built", PROBLEMS * 2).headline == "the grid cannot be built"


@pytest.mark.parametrize("kind", [DealError, TapeError, ScenarioError, RunError])
def test_an_error_pickles_with_its_problems(kind: type[ClocheError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("headline", PROBLEMS)))  # noqa: S301 - our own bytes
    assert type(copy) is kind
    assert copy.problems == [Problem(*problem) for problem in PROBLEMS]
    assert copy.headline == "headline"


def test_an_interruption_is_no_exception_and_keeps_what_is_done() -> None:
    cancelled = Cancelled("simulation interrupted", partial=[1, 2])
    assert isinstance(cancelled, KeyboardInterrupt)
    assert not isinstance(cancelled, Exception)
    assert pickle.loads(pickle.dumps(cancelled)).partial == [1, 2]  # noqa: S301 - our own bytes
    assert str(cancelled) == "simulation interrupted"
