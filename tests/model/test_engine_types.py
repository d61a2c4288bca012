"""The models of Python and the types that the engine reads have the same keys, and require the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from cloche.model import (
    collateral,
    dates,
    deal_document,
    default_model,
    fees,
    notes,
    reinvestment,
    scenario,
    state,
    steps,
    tests,
)

STRUCTS: dict[str, dict[str, type[BaseModel]]] = {
    "deal.rs": {
        "Deal": deal_document.DealDocument,
        "Dates": dates.Dates,
        "Closing": dates.Closing,
        "Note": notes.Note,
        "Coupon": notes.Coupon,
        "StepUp": notes.StepUp,
        "Amortization": notes.Amortization,
        "Fee": fees.Fee,
        "FeeCap": fees.FeeCap,
        "Hurdle": fees.Hurdle,
        "Tier": fees.Tier,
        "Test": tests.CoverageTest,
        "Collateral": collateral.CollateralRules,
        "CccRule": collateral.CccRule,
        "DiscountRule": collateral.DiscountRule,
        "ReinvestmentRules": collateral.ReinvestmentRules,
        "Waterfalls": steps.Waterfalls,
        "DefaultEvents": collateral.DefaultEvents,
    },
    "scenario.rs": {
        "Scenario": scenario.ScenarioDocument,
        "Reinvestment": reinvestment.ReinvestmentDocument,
    },
    "state.rs": {
        "DealState": state.StateDocument,
        "Collected": state.Collected,
        "FeeState": state.FeeState,
        "NoteState": state.NoteState,
        "CollateralState": state.CollateralState,
        "AssetState": state.AssetState,
    },
    "steps.rs": {
        name: getattr(steps, name)
        for name in (
            "PayFee",
            "PayInterest",
            "PayDeferredInterest",
            "PayAmortization",
            "PayPariPassu",
            "PayPrincipal",
            "PayShortfalls",
            "Cure",
            "Divert",
            "Reinvest",
            "IncentiveFee",
            "PayResidual",
            "Retain",
            "Block",
            "Unsupported",
        )
    },
    "model.rs": {"GaussianCopula": default_model.CopulaDocument},
}
BODY = r"(?:struct |^    ){name} \{{\n(.*?)^ *\}}"
FIELD = re.compile(r"((?:\s*#\[serde\([^\n]*\)\]\n)*)\s*(?:pub )?(?:r#)?(\w+): ([^\n]+?),?\n")


def engine_keys(source: str, name: str) -> dict[str, bool]:
    """Return the keys of a type of the engine, and whether each is required."""
    match = re.search(BODY.format(name=name), source, flags=re.DOTALL | re.MULTILINE)
    assert match is not None, name
    text = re.sub(r"^\s*///[^\n]*\n", "", match[1], flags=re.MULTILINE)
    keys = {}
    for attributes, field, kind in FIELD.findall(text):
        renamed = re.search(r'rename = "(\w+)"', attributes)
        keys[renamed[1] if renamed else field] = "default" not in attributes and not kind.startswith("Option")
    return keys


@pytest.mark.parametrize(
    ("file", "name"), [(file, name) for file, names in STRUCTS.items() for name in names]
)
def test_both_sides_have_the_same_keys(root: Path, file: str, name: str) -> None:
    source = (root / "rust/engine/src/spec" / file).read_text(encoding="utf-8")
    written = {
        field.alias or key: field.is_required()
        for key, field in STRUCTS[file][name].model_fields.items()
        if not field.exclude and key not in ("verb", "kind" if file == "model.rs" else "verb")
    }
    assert written == engine_keys(source, name)


def test_every_type_of_the_engine_is_compared(root: Path) -> None:
    for file in ("deal.rs", "scenario.rs", "state.rs"):
        source = (root / "rust/engine/src/spec" / file).read_text(encoding="utf-8")
        assert set(re.findall(r"pub struct (\w+) ", source)) == set(STRUCTS[file])
