"""A waterfall as a picture: whole SVG, a shape a step, a diamond a test, every word inside the page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

import cloche as cl
from cloche.build import templates

SVG = "{http://www.w3.org/2000/svg}"
FAMILIES = [getattr(templates, name) for name in templates.__all__]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text


def words(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_every_step_has_its_letter_and_every_test_its_diamond() -> None:
    fall = templates.us_bsl(class_x=2e6).waterfalls["interest"]
    root = parsed(fall.to_svg())
    labels = [word for word in words(root) if word.startswith("(")]
    assert labels == [f"({step.label})" for step in fall]
    assert len(list(root.iter(f"{SVG}polygon"))) == sum(step.verb in ("cure", "divert") for step in fall)
    said = words(root)
    assert said[0] == "Interest proceeds"
    for word in (
        "A/B OC 125%",
        "A/B IC 120%",
        "Class X",
        "Reinvestment OC 106%",
        "principal account",
        "SUB",
        "fails",
    ):
        assert word in said
    assert "during the reinvestment period, at most 50% of what remains" in said


@pytest.mark.parametrize("family", FAMILIES)
def test_every_waterfall_of_every_family_stays_on_its_page(family: Any) -> None:
    deal: cl.Deal = family()
    for fall in deal.waterfalls.values():
        root = parsed(fall.to_svg())
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        for box in root.iter(f"{SVG}rect"):
            assert float(box.get("x", "0")) + float(box.attrib["width"]) <= width
            assert float(box.get("y", "0")) + float(box.attrib["height"]) <= height
        for text in root.iter(f"{SVG}text"):
            assert 0 <= float(text.attrib["y"]) <= height
        tops = [float(box.attrib["y"]) for box in root.iter(f"{SVG}rect") if box.get("x") == "110"]
        assert tops == sorted(tops)


def test_blocks_groups_and_names_that_are_markup_are_drawn() -> None:
    document = templates.us_bsl(name="A & <B>").to_dict()
    steps = document["waterfalls"]["interest"]
    k = next(place for place, step in enumerate(steps) if step["label"] == "R")
    steps[k] = {
        "when": "passes('E OC')",
        "steps": [
            {"pay_fee": [["sub"], ["senior"]]},
            {"pay_principal": [["A"], ["B"]], "amount": "1_000_000"},
        ],
        "else": [{"pay_fee": "sub"}],
        "label": "R",
    }
    svg = cl.Deal.from_dict(document).waterfalls["interest"].to_svg()
    said = words(parsed(svg))
    assert [word for word in said if word.startswith("(R")] == ["(R.1)", "(R.2)", "(R.3)"]
    assert said.count("then") == 2
    assert "if E OC is satisfied, at most 1,000,000" in said
    assert "unless E OC is satisfied" in said
    assert "<title>A &amp; &lt;B&gt;: interest proceeds</title>" in svg


def test_a_long_clause_is_broken_into_lines_and_a_notebook_shows_the_picture() -> None:
    fall = templates.us_bsl().waterfalls["principal"]
    said = words(parsed(fall.to_svg()))
    assert "the reinvested share of" in said
    assert "unscheduled principal" in said
    assert fall._repr_svg_() == fall.to_svg()


def test_an_empty_waterfall_is_its_heading_alone() -> None:
    assert words(parsed(templates.us_bsl().waterfalls["receipts"].to_svg())) == ["Receipts"]


def test_the_line_of_steps_has_no_gap() -> None:
    """Every vertical arrow begins where a shape ends, however many lines the condition beside it has."""
    document = templates.us_bsl().to_dict()
    step = document["waterfalls"]["interest"][3]
    step["when"] = (
        "remaining > 1_000_000 and performing_par > 1_000_000 and balance('A') > 1_000 and date > 2026-01-20"
    )
    root = parsed(cl.Deal.from_dict(document).waterfalls["interest"].to_svg())
    ends = {62.0}
    for box in root.iter(f"{SVG}rect"):
        if box.get("x") == "110":
            ends.add(float(box.attrib["y"]) + float(box.attrib["height"]))
    for diamond in root.iter(f"{SVG}polygon"):
        ends.add(max(float(point.split(",")[1]) for point in diamond.attrib["points"].split()))
    down = [line for line in root.iter(f"{SVG}line") if line.attrib["x1"] == line.attrib["x2"]]
    assert len(down) > 15
    assert all(min(abs(float(line.attrib["y1"]) - end) for end in ends) <= 0.11 for line in down)
