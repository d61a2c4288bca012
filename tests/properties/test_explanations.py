"""Every class of every generated deal can be explained on every date, and the words have the figures of the tables."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings

from cloche import _core
from cloche.errors import ClocheError
from cloche.result import Result
from cloche.result.documents_in_force import BringsIn
from cloche.testing import strategies
from cloche.testing.strategies import Case
from engine import crossing

CENT = 0.01


def said(money: float) -> str:
    return f"{money + 0.0:,.2f}".removesuffix(".00")


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(strategies.cases())
def test_any_class_on_any_date(case: Case) -> None:
    assert_explained(case)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(strategies.cases(transitions=True))
def test_any_class_on_any_date_of_deals_that_are_reset_and_amended(case: Case) -> None:
    assert_explained(case)


def assert_explained(case: Case) -> None:
    try:
        deal = _core.Deal(json.dumps(case.deal))
        raw: dict[str, Any] = _core.project(deal, crossing.pool(case), json.dumps(case.scenario), None, "")
    except ClocheError:
        return  # a tape that is as of too late a day
    events = BringsIn(case.deal.get("events", ()), case.scenario.get("events", ()))
    run = Result.from_engine(raw, document=case.deal, manifest={}, brings_in=events)
    residual = {note["name"] for note in case.deal["notes"] if note.get("residual")}
    for row in run.cashflows.rows():
        told = run.explain(row["date"], row["note"])
        headline, *paragraphs = told.split("\n\n")
        assert "nan" not in told
        assert "None" not in told.replace("None was due.", "").replace("None is outstanding.", "")
        if "was issued" in headline:
            assert said(row["issued"]) in headline
            continue
        if "paid in" in headline:
            assert said(-row["interest_paid"]) in headline
            continue
        received = row["interest_paid"] + row["deferred_paid"] + row["principal_paid"]
        if received < CENT:
            assert "nothing" in headline or "no principal" in headline
        elif row["note"] in residual:
            assert said(row["interest_paid"]) in headline
        elif row["principal_paid"] > CENT:
            assert f"{said(row['principal_paid'])} of principal" in headline
        if row["note"] not in residual and row["begin_balance"] > CENT and paragraphs:
            assert paragraphs[0].startswith("Interest.")
            assert paragraphs[-1].startswith("Principal.")
