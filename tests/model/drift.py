"""All differences between the models of Python and the sources of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from cloche.model.conventions import Conventions
from cloche.model.default_model import GaussianCopula
from cloche.model.scenario import Scenario
from cloche.model.schema import _models
from model.drift_examples import Examples
from model.drift_tables import KEYS, NAMES, ROOTS, SITES
from model.drift_types import Comparison
from model.drift_values import (
    convention_differences,
    convention_values,
    text_differences,
    value_differences,
    variant_names,
)
from model.rust_texts import Sources
from model.rust_types import Type, read_types


def part(sources: Sources, *folders: str) -> Sources:
    """Return the sources of folders, without files that hold tests of the file beside them."""
    return {
        file: text
        for file, text in sources.items()
        if file.startswith(folders) and not (file.endswith("/tests.rs") and file.count("/") > 1)
    }


@cache
def examples() -> dict[str, list[Any]]:
    """Return what Python builds as plain mappings, in every form, by the type of the engine."""
    points = {"2027-01-20": 0.96}
    values = (0.02, [0.1, 0.2], {"monthly": [0.1]}, points, {"*": 0.02, "rating:CCC": [0.1]})
    curves = (
        0.04,
        {"forwards": {"2027-01-20": 0.04}},
        {"zero": {"base": "2026-01-20", "points": {"2027-01-20": 0.04}}},
        {"discount": {"base": "2026-01-20", "points": points}},
        {"history": {"2026-01-20": 0.04}, "then": 0.04},
        {"shifted": {"curve": 0.04, "shift": 0.01}},
        {"shifted": {"curve": 0.04, "slope": 0.01, "base": "2026-01-20"}},
    )
    sources = ("pd_1y", "hazard", 0.02, {"B": {1: 0.02, 2: 0.04}})
    return {
        "Value": [Scenario(cdr=value, rates=0.04).to_canonical()["cdr"] for value in values],
        "Curve": [Scenario(rates={"*": curve}).to_canonical()["rates"]["*"] for curve in curves],
        "Pd": [GaussianCopula(0.1, 0.2, pd=source).to_canonical()["pd"] for source in sources],
    }


def types_of(sources: Sources) -> dict[str, Type]:
    """Return the types that read documents."""
    return read_types(part(sources, "spec/"))


def compared(types: Mapping[str, Type]) -> Comparison:
    """Compare all documents with the types of the engine."""
    comparison = Comparison(types, examples())
    comparison.roots({name: _models()[kind] for name, kind in ROOTS.items()})
    return comparison


def differences(sources: Sources) -> list[str]:
    """Return every difference between Python and the engine."""
    types = types_of(sources)
    comparison = compared(types)
    read = Examples(types)
    for name, values in examples().items():
        read.read(name, values)
        read.use_all_of(name)
    allowed = {**comparison.values, **NAMES}
    known = set().union(*allowed.values()) | variant_names(types) | convention_values(sources, KEYS)
    rules = {file: text for file, text in sources.items() if not file.startswith("spec/")}
    return [
        *comparison.differences,
        *read.differences,
        *value_differences(rules, allowed, SITES),
        *convention_differences(sources, KEYS, Conventions),
        *text_differences(part(sources, "compile/"), known),
    ]
