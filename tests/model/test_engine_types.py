"""The models of Python write what the types of the engine read: keys, types and values."""

from __future__ import annotations

from cloche.model.deal_document import DealDocument
from cloche.model.default_model import GaussianCopula
from cloche.model.scenario import Scenario
from cloche.model.schema import _models
from cloche.model.state import StateDocument
from cloche.model.yaml import read_yaml
from model.drift import compared, differences, types_of
from model.drift_examples import Examples
from model.drift_tables import INTENDED, NAMES, ROOTS
from model.drift_values import holds_text
from model.rust_texts import Sources


def test_only_intended_differences_exist(engine_sources: Sources) -> None:
    found = differences(engine_sources)
    assert [item for item in found if item not in INTENDED] == []


def test_every_intended_difference_exists(engine_sources: Sources) -> None:
    found = differences(engine_sources)
    assert [item for item in INTENDED if item not in found] == []


def test_every_kind_of_document_is_compared() -> None:
    assert sorted(ROOTS.values()) == sorted(_models())


def test_a_text_with_a_meaning_is_read_from_a_field_of_text(engine_sources: Sources) -> None:
    types = types_of(engine_sources)
    assert [place for place in NAMES if not holds_text(types, place)] == []


def test_much_is_compared(engine_sources: Sources) -> None:
    comparison = compared(types_of(engine_sources))
    assert comparison.fields > 200
    assert comparison.enumerations + len(comparison.values) > 25


def test_whole_documents_in_canonical_form_are_what_the_engine_reads(
    engine_sources: Sources, full_grammar: str
) -> None:
    deal = DealDocument.model_validate(read_yaml(full_grammar).data)
    scenario = Scenario(cdr=0.02, rates=0.04, defaults={"acme": "2027-01-20"})
    state = StateDocument.model_validate(
        {
            "cloche_state": 1,
            "payment_date": "2027-01-15",
            "previous_payment_date": "2026-10-15",
            "determination_date": "2027-01-05",
            "collected": {"interest": 1},
            "notes": {"SUB": {"balance": 1, "distributions": [["2026-10-15", 1]]}},
            "collateral": {"performing_par": 1, "ccc": [{"par": 1, "market_price": 0.5}]},
        }
    )
    model = GaussianCopula(0.1, 0.2)
    documents = (deal.to_canonical(), scenario.to_canonical(), model.to_canonical(), state.to_canonical())
    read = Examples(types_of(engine_sources))
    for name, document in zip(ROOTS, documents, strict=True):
        read.read(name, [document])
    assert read.differences == []
