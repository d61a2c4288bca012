"""From text, a file or a mapping to a checked document, with every problem in one error."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cloche.errors import ClocheError, DealError, Problem
from cloche.model.document import Document
from cloche.model.problems import headline, problems_of
from cloche.model.wording import found
from cloche.model.yaml import Source, SyntaxProblems, read_yaml

__all__ = ["checked", "file_text", "json_source", "mapping_of", "yaml_source"]

_Model = TypeVar("_Model", bound=Document)
_FILE_ENDINGS = (".yaml", ".yml", ".json")


def file_text(path: str | os.PathLike[str], subject: str, error: type[ClocheError] = DealError) -> str:
    """Return the text of a file, or raise the error that a bad document raises."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(
            f"{subject} cannot be read",
            [(str(path), f"found bytes that are no UTF-8 text: {problem.reason}; save the file as UTF-8")],
        ) from None
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise error(f"{subject} cannot be read", [(str(path), reason)]) from None


def yaml_source(text: str | os.PathLike[str], subject: str, error: type[ClocheError] = DealError) -> Source:
    """Return what a YAML text holds; a path, or a name that ends like a file, is read."""
    if isinstance(text, os.PathLike) or ("\n" not in text and text.endswith(_FILE_ENDINGS)):
        text = file_text(text, subject, error)
    try:
        return read_yaml(text)
    except SyntaxProblems as problems:
        raise error(f"{subject} cannot be read as YAML", problems.problems) from None


def json_source(text: str, subject: str, error: type[ClocheError] = DealError) -> Source:
    """Return what a JSON text holds; duplicate keys, NaN and infinity are refused."""
    problems: list[Problem] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in items:
            if key in mapping:
                problems.append(Problem("", f"found the key {key!r} twice"))
            mapping[key] = value
        return mapping

    try:
        data = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as syntax:
        place = f"line {syntax.lineno}, column {syntax.colno}"
        raise error(f"{subject} cannot be read as JSON", [(place, syntax.msg.lower())]) from None
    except (RecursionError, ValueError):
        raise error(
            f"{subject} cannot be read as JSON", [("", "found too deep a nesting or too long a number")]
        ) from None
    if problems:
        raise error(f"{subject} cannot be read as JSON", problems)
    return Source(data)


def mapping_of(data: object, subject: str, error: type[ClocheError] = DealError) -> Mapping[str, Any]:
    """Return the document as a mapping, or say what was found instead."""
    if isinstance(data, Mapping):
        return data
    raise error(headline(subject, [("", "")]), [("", f"found {found(data)}, expected a mapping")])


def checked(
    model: type[_Model],
    source: Source,
    subject: str,
    error: type[ClocheError] = DealError,
    *,
    prepare: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> _Model:
    """Return the document that a source holds.

    Parameters
    ----------
    model
        What the document is.
    source
        What was read.
    subject
        What it is called in the headline, such as ``the scenario``.
    error
        The class to raise.
    prepare
        What to do with the mapping before it is checked.
    """
    data = mapping_of(source.data, subject, error)
    try:
        return model.model_validate(prepare(data))
    except ValidationError as refusal:
        problems = problems_of(refusal, source.lines, data)
        raise error(headline(subject, problems), problems) from None
