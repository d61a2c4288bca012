"""Reading YAML: the safe subset, with the scalars of YAML 1.2.

Only ``true`` and ``false`` are booleans (``on``, ``NO``, ``yes`` are text), ``1e-3`` is a number, there are
no base-60 and no octal numbers: what begins with a superfluous zero (``012``) stays text and is refused where
a number is expected. Underscores are allowed in numbers; dates stay ISO text. Duplicate keys, tags and merge
keys are errors. Aliases, depth and size are limited, so that a small file cannot become a large document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from cloche.errors import Problem
from cloche.model.problems import place_text
from cloche.model.wording import found

__all__ = ["Source", "SyntaxProblems", "read_yaml", "scalar"]

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_LARGEST = 8_000_000
_DEEPEST = 50
_MOST_ALIASES = 100
_MOST_NODES = 200_000
_THOUSANDS = re.compile(r"[0-9]{3}")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9][0-9_]*|(?:0|[1-9][0-9_]*)(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_PLAIN_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


@dataclass(frozen=True)
class Source:
    """What was read, and where it stands in the text.

    Parameters
    ----------
    data
        Mappings, lists, text, numbers, booleans and None.
    lines
        Line, from 1, of each place.
    file
        Name of the file that holds it; empty for a text or a mapping.
    """

    data: Any
    lines: dict[str, int] = field(default_factory=dict)
    file: str = ""

    def of(self, subject: str) -> str:
        """Return what a headline calls the document: with the file that it is in.

        Examples
        --------
        >>> Source({}, file="base.yaml").of("the scenario"), Source({}).of("the scenario")
        ('the scenario in base.yaml', 'the scenario')
        """
        return f"{subject} in {self.file}" if self.file else subject


class SyntaxProblems(Exception):  # noqa: N818 - it carries problems, as ClocheError does
    """The text is no YAML, or not the part of YAML that is read."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


def read_yaml(text: str) -> Source:
    """Return the document in a text.

    Parameters
    ----------
    text
        One YAML document; JSON is one too.

    Raises
    ------
    SyntaxProblems
        If the text cannot be read; all duplicate keys and tags are listed.

    Examples
    --------
    >>> read_yaml("{spread: 1e-3, on: NO, par: 500_000_000}").data
    {'spread': 0.001, 'on': 'NO', 'par': 500000000}
    """
    if len(text) > _LARGEST:
        raise SyntaxProblems([Problem("", f"found {len(text)} characters, expected at most {_LARGEST}")])
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        words = [word for word in (error.problem, error.context) if word]
        raise SyntaxProblems([Problem(place, ", ".join(words))]) from None
    except yaml.YAMLError as error:
        raise SyntaxProblems([Problem("", str(error).splitlines()[0])]) from None
    if node is None:
        return Source(None)
    reader = _Reader()
    data = reader.value(node, ())
    if reader.problems:
        raise SyntaxProblems(reader.problems)
    return Source(data, reader.lines)


def scalar(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar stands for.

    Examples
    --------
    >>> scalar("012"), scalar("1_000"), scalar("1:30"), scalar("True")
    ('012', 1000, '1:30', 'True')
    """
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        digits = text.replace("_", "")
        return int(digits) if len(digits) <= 300 else float(digits)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    if text.lower() in _SPECIAL:
        return float(_SPECIAL[text.lower()])
    return text


def _check_events(text: str) -> None:
    """Walk the events, which needs no stack, before nodes are built."""
    depth = aliases = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        problem = ""
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                problem = f"found more than {_DEEPEST} levels of nesting"
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > _MOST_ALIASES:
                problem = f"found more than {_MOST_ALIASES} aliases"
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                problem = "found a second document, expected one"
        if problem:
            raise SyntaxProblems([Problem(_line(event), problem)])


@dataclass
class _Reader:
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0
    open: set[int] = field(default_factory=set)

    def value(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        """Return the value of a node, and note its place."""
        self.nodes += 1
        self.lines.setdefault(place_text(path), node.start_mark.line + 1)
        if self.nodes > _MOST_NODES or id(node) in self.open:
            raise SyntaxProblems(
                [Problem(_line(node), "found aliases that expand without end, or to too much")]
            )
        if node.tag not in _PLAIN_TAGS and not (isinstance(node, yaml.ScalarNode) and node.tag == "!"):
            self.problems.append(Problem(_line(node), f"found the tag {node.tag}, expected a plain value"))
        if isinstance(node, yaml.ScalarNode):
            plain = node.style in (None, "")
            return scalar(node.value) if plain else node.value
        self.open.add(id(node))
        result = (
            self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        )
        self.open.discard(id(node))
        return result

    def _sequence(self, node: yaml.Node, path: tuple[str | int, ...]) -> list[Any]:
        return [self.value(item, (*path, position)) for position, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(f"line {line}", "found a key that is no text"))
                continue
            key = key_node.value
            place = (*path, key)
            if key in mapping:
                where = place_text(place)
                message = f"found the key {found(key)} twice, in lines {first[key]} and {line}"
                if _THOUSANDS.fullmatch(key):
                    message += "; write 1_000_000 for a million, without commas"
                self.problems.append(Problem(where, message))
            first.setdefault(key, line)
            self.lines.setdefault(place_text(place), line)
            mapping[key] = self.value(value_node, place)
        return mapping


def _line(item: Any) -> str:
    """Return the line of a node or an event."""
    return f"line {item.start_mark.line + 1}"
