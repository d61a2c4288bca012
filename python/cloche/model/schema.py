"""JSON Schemas of the documents, so that editors complete them and other programs check them."""

from __future__ import annotations

from typing import Any, Literal

from cloche.model.deal_document import DealDocument
from cloche.model.default_model import CopulaDocument
from cloche.model.document import Document
from cloche.model.scenario import ScenarioDocument
from cloche.model.state import StateDocument
from cloche.model.step_schema import STEP_DEFINITION, STEP_PLACEHOLDER, STEP_SCHEMA

__all__ = ["schema"]

_DEAL = DealDocument.__name__
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(kind: str, *, form: Literal["written", "canonical"] = "written") -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a kind of document.

    Parameters
    ----------
    kind
        ``deal``, ``scenario``, ``model`` or ``state``.
    form
        ``written``: as people write it; ``canonical``: as the engine reads it.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> schema("deal")["title"]
    'deal'
    """
    models = _models()
    if kind not in models:
        raise ValueError(f"no document of the kind {kind!r}; known: {', '.join(models)}")
    mode: Literal["validation", "serialization"] = "validation" if form == "written" else "serialization"
    body = models[kind].model_json_schema(by_alias=True, mode=mode)
    documents = body.get("$defs", {})
    if _DEAL in documents and form == "written":
        body = _with_steps(body)
        documents = body["$defs"]
        documents[STEP_DEFINITION] = STEP_SCHEMA
        written = documents[_DEAL]
        written["required"] = [key for key in written["required"] if key != "waterfalls"]
        written["anyOf"] = [{"required": ["waterfalls"]}, {"required": ["template"]}]
    if "$ref" in body:
        # A document that may hold documents of its own kind is a definition that the schema refers to.
        body = {**documents[_DEAL], **{key: value for key, value in body.items() if key != "$ref"}}
    return {"$schema": _DIALECT, **body, "title": kind}


def _with_steps(part: Any) -> Any:
    """Return a schema whose placeholders refer to the definition of a step as people write it."""
    if isinstance(part, dict):
        if part.get("title") == STEP_PLACEHOLDER:
            return {"$ref": f"#/$defs/{STEP_DEFINITION}"}
        return {key: _with_steps(value) for key, value in part.items()}
    return [_with_steps(item) for item in part] if isinstance(part, list) else part


def _models() -> dict[str, type[Document]]:
    return {
        "deal": DealDocument,
        "scenario": ScenarioDocument,
        "model": CopulaDocument,
        "state": StateDocument,
    }
