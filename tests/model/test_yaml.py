"""YAML is read with the scalars of YAML 1.2, and what is written is read back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche.model.yaml import SyntaxProblems, read_yaml
from cloche.model.yaml_writer import write_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("on", "on"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("True", "True"),
        ("1e-3", 0.001),
        ("-1.5E+2", -150.0),
        (".5", 0.5),
        ("7.", 7.0),
        ("012", "012"),
        ("0o14", "0o14"),
        ("0x1F", "0x1F"),
        ("190:20:30", "190:20:30"),
        ("500_000_000", 500_000_000),
        ("1_000.5", 1000.5),
        ("2025-03-20", "2025-03-20"),
        ("null", None),
        ("~", None),
        ("'5'", "5"),
        ('"5"', "5"),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("<<", "<<"),
    ],
)
def test_a_scalar_is_read_as_in_yaml_1_2(text: str, value: object) -> None:
    read = read_yaml(f"key: {text}\n" if text != "-" else "key: '-'\n").data["key"]
    assert read == value
    assert type(read) is type(value)


def test_special_numbers_are_read_as_numbers_to_be_refused_where_they_stand() -> None:
    read = read_yaml("[.inf, -.INF, .nan]").data
    assert (read[0], read[1]) == (math.inf, -math.inf)
    assert math.isnan(read[2])


def test_a_key_on_stays_text() -> None:
    assert read_yaml("on: 1\n").data == {"on": 1}


def test_json_is_yaml() -> None:
    assert read_yaml('{"a": [1, 2.5, "x", true, null]}').data == {"a": [1, 2.5, "x", True, None]}


def problems(text: str) -> list[str]:
    with pytest.raises(SyntaxProblems) as caught:
        read_yaml(text)
    return [str(problem) for problem in caught.value.problems]


def test_duplicate_keys_are_refused_with_both_lines() -> None:
    assert problems("a: 1\nb: {c: 1, c: 2}\na: 2\n") == [
        "b.c: found the key 'c' twice, in lines 2 and 2",
        "a: found the key 'a' twice, in lines 1 and 3",
    ]
    assert problems("{balance: 310,000,000}") == [
        "000: found the key '000' twice, in lines 1 and 1; write 1_000_000 for a million, without commas"
    ]


def test_tags_and_strange_keys_are_refused() -> None:
    assert problems("a: !!python/object/apply:os.system [ls]\n? [1, 2]\n: 3\n") == [
        "line 1: found the tag tag:yaml.org,2002:python/object/apply:os.system, expected a plain value",
        "line 2: found a key that is no text",
    ]


def test_a_syntax_error_names_line_and_column() -> None:
    assert problems("a: [1, 2\nb: 3\n")[0].startswith("line 2, column 2: ")
    assert problems("a:\tb: c")[0].startswith("line 1, column ")


def test_a_second_document_is_refused() -> None:
    assert problems("a: 1\n---\nb: 2\n") == ["line 2: found a second document, expected one"]


def test_depth_aliases_and_size_are_limited() -> None:
    assert problems("[" * 60 + "]" * 60) == ["line 1: found more than 50 levels of nesting"]
    assert "nesting" in problems("[" * 100_000)[0]
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
    )
    assert "aliases that expand" in problems(bomb)[0]
    assert problems("a: &a 1\nb: [" + "*a, " * 200 + "]\n") == ["line 2: found more than 100 aliases"]
    assert "expected at most" in problems("#" * 9_000_000)[0]
    assert "aliases that expand" in problems("a: &a [*a]\n")[0]


def test_an_alias_is_read_as_what_it_stands_for() -> None:
    assert read_yaml("a: &a {x: 1}\nb: *a\n").data == {"a": {"x": 1}, "b": {"x": 1}}


def test_lines_are_known_for_every_place() -> None:
    lines = read_yaml("name: x\nnotes:\n  - {name: A}\n  - name: B\n    coupon:\n      spread: 1\n").lines
    assert (lines["notes[0].name"], lines["notes[1]"], lines["notes[1].coupon.spread"]) == (3, 4, 6)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12) | st.sampled_from(
    [
        "on",
        "1e3",
        "012",
        "null",
        "true",
        "1_0",
        "2025-03-20",
        "- a",
        "a: b",
        "#",
        "",
        " x ",
        "*a",
        "&a",
        "!t",
        ".5",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert read_yaml(write_yaml({"value": value})).data == {"value": value}
