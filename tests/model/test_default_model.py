"""Default models: correlations in order, probabilities from columns, numbers and tables."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from cloche.errors import ScenarioError
from cloche.model.default_model import GaussianCopula, read_model


@pytest.mark.parametrize(
    ("pd", "canonical"),
    [
        ("pd_1y", {"kind": "column", "name": "pd_1y"}),
        ("hazard", {"kind": "column", "name": "hazard"}),
        (0.03, {"kind": "hazard", "value": 0.03}),
        ("3%", {"kind": "hazard", "value": 0.03}),
        (
            {"B": {2: 0.05, 1: 0.02}, "CCC": {"0.5": 0.1}},
            {"kind": "table", "values": {"B": {"1": 0.02, "2": 0.05}, "CCC": {"0.5": 0.1}}},
        ),
    ],
)
def test_probabilities_have_three_forms(pd: object, canonical: object, tmp_path: Path) -> None:
    model = GaussianCopula(0.15, 0.25, pd=pd)  # type: ignore[arg-type]  # any form
    assert model.to_canonical()["pd"] == canonical
    (tmp_path / "model.yaml").write_text(model.to_yaml(), encoding="utf-8")
    (tmp_path / "model.json").write_text(model.canonical_json(), encoding="utf-8")
    assert read_model(tmp_path / "model.yaml") == read_model(tmp_path / "model.json") == model
    assert pickle.loads(pickle.dumps(model)) == model  # noqa: S301 - our own bytes


def test_without_probabilities_the_scenario_brings_them() -> None:
    assert GaussianCopula(inter=0.15, intra=0.25).to_canonical() == {
        "kind": "gaussian_copula",
        "inter": 0.15,
        "intra": 0.25,
        "measure": "historical",
    }


@pytest.mark.parametrize(
    ("words", "place", "message"),
    [
        (
            {"inter": 0.3, "intra": 0.2},
            "intra",
            "found 0.2, expected at least inter, 0.3: the total inside an industry",
        ),
        ({"inter": -0.1, "intra": 0.2}, "inter", "found -0.1, expected a correlation from 0 to below 1"),
        ({"inter": 0.1, "intra": 1.0}, "intra", "found 1.0, expected a correlation from 0 to below 1"),
        (
            {"inter": 15, "intra": 0.2},
            "inter",
            "found 15, expected a correlation from 0 to below 1; 15 looks like percent; write 0.15 or 15%",
        ),
        (
            {"inter": 0.1, "intra": 0.2, "pd": "pd1y"},
            "pd",
            "found 'pd1y', expected 'pd_1y', 'hazard', a hazard or a table; did you mean 'pd_1y'?",
        ),
        (
            {"inter": 0.1, "intra": 0.2, "pd": {"B": {1: 0.05, 2: 0.04}}},
            "pd.B.2",
            "found 0.04, expected at least the 0.05 of the year before: it is cumulative",
        ),
        (
            {"inter": 0.1, "intra": 0.2, "measure": "real"},
            "measure",
            "found 'real', expected 'historical' or 'risk_neutral'",
        ),
    ],
)
def test_a_wrong_model_is_refused_at_its_place(words: dict[str, object], place: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        GaussianCopula(**words)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.problems == [(place, message)]


@pytest.mark.parametrize("kind", ["student_copula", "rating_migration", "expected_defaults"])
def test_a_model_of_a_later_version_is_named(kind: str, tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(f"kind: {kind}\n", encoding="utf-8")
    with pytest.raises(
        ScenarioError, match=f"found '{kind}', a model that this version does not compute yet; this"
    ):
        read_model(tmp_path / "model.yaml")
