"""JSON Schemas are valid, accept what the models accept, and refuse slips."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator

from cloche.build import templates
from cloche.model.deal import Deal
from cloche.model.default_model import GaussianCopula
from cloche.model.scenario import Scenario
from cloche.model.schema import schema
from cloche.model.state import DealState
from cloche.model.yaml import read_yaml
from cloche.rates import RateCurve

SCENARIO = Scenario(
    cdr={"*": 0.02, "rating:CCC": [0.1]},
    cpr={"monthly": [0.2]},
    recovery=0.7,
    rates=RateCurve.flat(0.04).shift(0.01),
    reinvestment={"price": 0.99},
)
MODEL = GaussianCopula(0.15, 0.25, pd={"B": {1: 0.03}})
STATE = DealState.from_dict(
    {
        "cloche_state": 1,
        "payment_date": "2027-01-15",
        "previous_payment_date": "2026-10-15",
        "determination_date": "2027-01-05",
        "collected": {"interest": 1},
        "notes": {"A": {"balance": 1}, "SUB": {"balance": 1, "distributions": [["2026-10-15", 1]]}},
        "collateral": {"performing_par": 1, "ccc": [{"id": "C1", "par": 1, "market_price": 0.5}]},
    }
)


def errors(document: Any, kind: str, form: Literal["written", "canonical"] = "written") -> list[str]:
    return [error.json_path for error in Draft202012Validator(schema(kind, form=form)).iter_errors(document)]


@pytest.mark.parametrize("kind", ["deal", "scenario", "model", "state"])
@pytest.mark.parametrize("form", ["written", "canonical"])
def test_a_schema_is_a_valid_schema(kind: str, form: Literal["written", "canonical"]) -> None:
    Draft202012Validator.check_schema(schema(kind, form=form))


def test_the_full_grammar_is_valid_as_written_and_as_canonical(full_grammar: str) -> None:
    assert errors(read_yaml(full_grammar).data, "deal") == []
    deal = Deal.from_yaml(full_grammar)
    assert errors(deal.to_dict(), "deal") == []
    assert errors(deal.to_canonical(), "deal", "canonical") == []


def test_the_other_documents_are_valid_as_written_and_as_canonical() -> None:
    for kind, document in (("scenario", SCENARIO), ("model", MODEL), ("state", STATE)):
        assert errors(document.to_dict(), kind) == []
        assert errors(document.to_canonical(), kind, "canonical") == []


def test_a_template_stands_for_the_waterfalls() -> None:
    written = templates.us_bsl().to_dict()
    del written["waterfalls"]
    assert errors(written, "deal") == ["$"]
    assert errors({**written, "template": "us_bsl_2"}, "deal") == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"surplus": 1}, "$"),
        ({"notes": [{"name": "A", "balance": -1}]}, "$.notes[0].balance"),
        ({"tests": [{"name": "t", "kind": "occ", "through": "A", "trigger": 1.1}]}, "$.tests[0].kind"),
        ({"waterfalls": {"interest": [{"pay_intrest": "A"}], "principal": []}}, "$.waterfalls.interest[0]"),
        ({"conventions": {"ic_cure": "x"}}, "$.conventions.ic_cure"),
    ],
)
def test_slips_are_invalid(change: dict[str, Any], path: str) -> None:
    assert errors({**templates.us_bsl().to_dict(), **change}, "deal") == [path]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="known: deal, scenario, model, state"):
        schema("tape")
