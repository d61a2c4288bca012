"""Writing YAML that `read_yaml` reads back as the same values."""

from __future__ import annotations

import re
from typing import Any

import yaml

from cloche.model.yaml import scalar

__all__ = ["Inline", "write_yaml"]

_GROUPED_FROM = 10_000
_EXACT_BELOW = 1e15
_WIDTH = 160
_SHORT = 100
_PLAIN_TAG = "tag:cloche:plain"
_TEXT_TAG = "tag:yaml.org,2002:str"
_LIKE_A_NUMBER = re.compile(r"[-+.0-9][-+.0-9_eE:xo]*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Inline(dict[str, Any]):
    """A mapping that is written on one line."""


def write_yaml(document: object) -> str:
    """Return a document as YAML.

    Parameters
    ----------
    document
        Mappings, lists, text, finite numbers, booleans and None; `Inline` mappings stay on one line.

    Examples
    --------
    >>> print(write_yaml({"par": 500e6, "name": "012", "notes": [Inline(name="A", spread=0.013)]}), end="")
    par: 500_000_000
    name: '012'
    notes:
      - {name: A, spread: 0.013}
    """
    text: str = yaml.dump(document, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


class _Writer(yaml.SafeDumper):
    """Quotes what the reader would not read as text, and repeats what YAML would alias."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature of the base class
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 - the signature of the base class
        return super().increase_indent(flow, False)

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0] and not isinstance(scalar(value), str):
            return _PLAIN_TAG
        return _TEXT_TAG if kind is yaml.ScalarNode else super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # the base class has no types


def _text(dumper: _Writer, value: str) -> yaml.Node:
    numeric = _LIKE_A_NUMBER.fullmatch(value) and not _DATE.fullmatch(value)
    style = "'" if numeric or not isinstance(scalar(value), str) else None
    return dumper.represent_scalar(_TEXT_TAG, value, style=style)


def _number(dumper: _Writer, value: float) -> yaml.Node:
    if isinstance(value, float) and value == int(value) and abs(value) < _EXACT_BELOW:
        value = int(value)
    text = f"{value:_}" if isinstance(value, int) and abs(value) >= _GROUPED_FROM else repr(value)
    return dumper.represent_scalar(_PLAIN_TAG, text)


def _truth(dumper: _Writer, value: bool) -> yaml.Node:  # noqa: FBT001 - a value, not an option
    return dumper.represent_scalar(_PLAIN_TAG, "true" if value else "false")


def _nothing(dumper: _Writer, _: None) -> yaml.Node:
    return dumper.represent_scalar(_PLAIN_TAG, "null")


def _list(dumper: _Writer, value: list[Any]) -> yaml.Node:
    flat = not any(isinstance(item, dict) for item in value) and len(str(value)) < _SHORT
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)


def _inline(dumper: _Writer, value: Inline) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", list(value.items()), flow_style=True)


def _mapping(dumper: _Writer, value: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", list(value.items()), flow_style=not value)


for _kind, _representer in (
    (str, _text),
    (int, _number),
    (float, _number),
    (bool, _truth),
    (type(None), _nothing),
    (list, _list),
    (dict, _mapping),
    (Inline, _inline),
):
    _Writer.add_representer(_kind, _representer)  # type: ignore[arg-type]  # one representer a type
