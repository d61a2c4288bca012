"""From text, a file or a mapping to a checked document, with every problem in one error."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cloche.errors import ClocheError, DealError, Problem
from cloche.model.document import Document
from cloche.model.problems import headline, problems_of
from cloche.model.wording import found
from cloche.model.yaml import Source, SyntaxProblems, read_yaml

__all__ = ["checked", "file_source", "json_source", "mapping_of", "yaml_source"]

_Model = TypeVar("_Model", bound=Document)
_FILE_ENDINGS = (".yaml", ".yml", ".json")


def file_text(path: str | os.PathLike[str], subject: str, error: type[ClocheError] = DealError) -> str:
    """Return the text of a file, or raise the error that a bad document raises."""
    _refuse_other_than((str, os.PathLike), path, "the path of a file", subject, error)
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(
            f"{subject} cannot be read",
            [(str(path), f"found bytes that are no UTF-8 text: {problem.reason}; save the file as UTF-8")],
        ) from None
    except (OSError, ValueError) as problem:
        reason = (getattr(problem, "strerror", None) or str(problem)).lower()
        raise error(f"{subject} cannot be read", [(str(path), reason)]) from None


def file_source(path: str | os.PathLike[str], subject: str, error: type[ClocheError] = DealError) -> Source:
    """Return what a file holds: JSON if its name ends in ``.json``, else YAML."""
    text = file_text(path, subject, error)
    if str(path).endswith(".json"):
        return json_source(text, subject, error, file=str(path))
    return _yaml(text, subject, error, file=str(path))


def yaml_source(text: str | os.PathLike[str], subject: str, error: type[ClocheError] = DealError) -> Source:
    """Return what a YAML text holds; a path, or a name that ends like a file, is read."""
    _refuse_other_than((str, os.PathLike), text, "YAML text or the path of a file", subject, error)
    if isinstance(text, os.PathLike) or ("\n" not in text and text.endswith(_FILE_ENDINGS)):
        return _yaml(file_text(text, subject, error), subject, error, file=str(text))
    return _yaml(text, subject, error)


def _yaml(text: str, subject: str, error: type[ClocheError], *, file: str = "") -> Source:
    try:
        return replace(read_yaml(text), file=file)
    except SyntaxProblems as problems:
        raise error(
            f"{Source(None, file=file).of(subject)} cannot be read as YAML", problems.problems
        ) from None


def json_source(text: str, subject: str, error: type[ClocheError] = DealError, *, file: str = "") -> Source:
    """Return what a JSON text holds; duplicate keys, NaN and infinity are refused."""
    _refuse_other_than((str,), text, "JSON text", subject, error)
    problems: list[Problem] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in items:
            if key in mapping:
                problems.append(Problem("", f"found the key {key!r} twice"))
            mapping[key] = value
        return mapping

    unread = f"{Source(None, file=file).of(subject)} cannot be read as JSON"
    try:
        data = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as syntax:
        place = f"line {syntax.lineno}, column {syntax.colno}"
        raise error(unread, [(place, syntax.msg.lower())]) from None
    except (RecursionError, ValueError):
        raise error(unread, [("", "found too deep a nesting or too long a number")]) from None
    if problems:
        raise error(unread, problems)
    return Source(data, file=file)


def _refuse_other_than(
    kinds: tuple[type, ...], value: object, expected: str, subject: str, error: type[ClocheError]
) -> None:
    if not isinstance(value, kinds):
        raise error(f"{subject} cannot be read", [("", f"found {found(value)}, expected {expected}")])


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
    subject = source.of(subject)
    data = mapping_of(source.data, subject, error)
    try:
        return model.model_validate(prepare(data))
    except ValidationError as refusal:
        problems = problems_of(refusal, source.lines, data)
        raise error(headline(subject, problems), problems) from None
