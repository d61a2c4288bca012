"""Documents that say the same in other words pay the same: halves of a class, other orders of lists, other units."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cloche.errors import ClocheError
from cloche.testing import invariants, strategies
from cloche.testing.reference.dates import schedule
from cloche.testing.strategies import PAR, Case
from engine import crossing
from engine.agreement import AMOUNTS, KEYS, RATES, close
from engine.test_against_reference import starts_late
from properties.changed_documents import halves, may_be_split, scaled, with_halves

generated = settings(max_examples=100, suppress_health_check=list(HealthCheck))
EVENTS = ["default", "order", "call", "refinance", "reprice"]
# What the engine does not compute is not drawn.
FEATURES = sorted(set(strategies.FEATURES) - {"commitments"})
TABLES = ("collateral", "tests", "cashflows", "fees")
Tables = dict[str, Any]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Plain deals, deals with events, and deals with a few of the further features."""
    kind = draw(st.sampled_from(["plain", "events", "features"]))
    events = EVENTS if "events" in kind else False
    features = (
        draw(st.lists(st.sampled_from(FEATURES), max_size=3, unique=True)) if "features" in kind else False
    )
    case = draw(strategies.cases(events=events, features=features))
    assume(not starts_late(case, schedule(case.deal, as_of=case.as_of)))
    return case


def projected(case: Case) -> Tables:
    """Return the tables of a drawn case; one that the engine refuses by name is no example."""
    try:
        return crossing.project(case)
    except ClocheError:
        assume(False)
        raise


def assert_equal_amounts(table: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    for column in AMOUNTS[table]:
        assert close(one[column], other[column], PAR), (table, column, one, other)
    for column in RATES.get(table, ()):
        assert close(one[column], other[column], 0.0), (table, column, one, other)


def assert_same(first: Tables, second: Tables, tables: Iterable[str] = TABLES) -> None:
    """Assert that two runs have the same rows, in any order, with the same amounts."""
    for table in tables:
        keys = [key for key in KEYS[table] if key != "passes"]
        ours, theirs = (
            sorted(run[table], key=lambda row: [str(row[key]) for key in keys]) for run in (first, second)
        )
        assert len(ours) == len(theirs), table
        for one, other in zip(ours, theirs, strict=True):
            assert [one[key] for key in keys] == [other[key] for key in keys]
            assert_equal_amounts(table, one, other)


@generated
@given(cases(), st.data())
def test_two_equal_halves_of_a_class_are_paid_what_the_class_is_paid(case: Case, data: st.DataObject) -> None:
    classes = may_be_split(case)
    assume(classes)
    name = data.draw(st.sampled_from(classes))
    first, second = projected(case), crossing.project(with_halves(case, name))
    assert_same(first, second, ("collateral", "tests", "fees"))
    rows = {(row["date"], row["note"]): row for row in second["cashflows"]}
    for whole in first["cashflows"]:
        if whole["note"] != name:
            assert_equal_amounts("cashflows", whole, rows[whole["date"], whole["note"]])
            continue
        for half in halves(name):
            row = rows[whole["date"], half]
            double = {column: 2 * row[column] for column in AMOUNTS["cashflows"]}
            rates = {column: row[column] for column in RATES["cashflows"]}
            assert_equal_amounts("cashflows", whole, double | rates)


@generated
@given(cases(), st.data())
def test_the_order_of_classes_fees_and_tests_in_a_document_changes_no_amount(
    case: Case, data: st.DataObject
) -> None:
    turned = copy.deepcopy(case)
    for part in ("notes", "fees", "tests", "hedges", "accounts"):
        if turned.deal.get(part):
            turned.deal[part] = data.draw(st.permutations(turned.deal[part]), label=part)
    assert_same(projected(case), crossing.project(turned))


@generated
@given(cases(), st.sampled_from([0.5, 2.0, 1024.0]))
def test_scaling_all_money_scales_all_results_with_events_and_every_feature(
    case: Case, factor: float
) -> None:
    first, second = projected(case), crossing.project(scaled(case, factor))
    for table in TABLES:
        columns = [
            column for column in AMOUNTS[table] if first[table] and first[table][0][column] is not None
        ]
        invariants.scaled(first[table], second[table], factor, columns)
