"""What every document has in common: frozen, closed, canonical."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from cloche.model.wording import did_you_mean

__all__ = ["Document", "canonical_json", "digest", "merged", "problem", "without_nulls"]


class Document(BaseModel):
    """A part of a document: frozen, without unknown keys, without NaN or infinity.

    A key whose value is null counts as absent. Unknown keys are reported together with all other problems.
    """

    not_computed: ClassVar[tuple[str, ...]] = ()
    """Keys that the grammar has and this version does not compute; refused by name unless null or empty."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _closed(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        known = {field.alias or name for name, field in cls.model_fields.items()}
        unknown = [
            problem((str(key),), cls._reason(key, known), data[key], kind="unknown_key")
            for key in data
            if key not in known and not (key in cls.not_computed and _is_nothing(data[key]))
        ]
        clean = {key: value for key, value in data.items() if key in known and value is not None}
        if not unknown:
            return handler(clean)
        try:
            handler(clean)
        except ValidationError as error:
            unknown += merged(error)
        raise ValidationError.from_exception_data(cls.__name__, unknown)

    @classmethod
    def _reason(cls, key: object, known: set[str]) -> str:
        if key in cls.not_computed:
            return "a key of the grammar that this version does not compute yet; leave it out"
        return f"unknown key{did_you_mean(key, sorted(known))}"

    def to_canonical(self) -> dict[str, Any]:
        """Return the canonical form: every default written out, nulls left out, dates as ISO text."""
        plain: dict[str, Any] = without_nulls(self.model_dump(mode="json", by_alias=True, exclude_none=True))
        return plain


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, list | tuple | Mapping) and not value)


def problem(
    place: tuple[str | int, ...],
    message: str,
    value: object = None,
    *,
    kind: str = "cloche",
    stand_in: object = None,
) -> InitErrorDetails:
    """Return one problem at a place below the value that a validator looks at.

    Parameters
    ----------
    place
        Keys and positions from that value on.
    message
        What was found and what was expected.
    value
        What was found.
    kind
        Type of the pydantic error.
    stand_in
        A harmless value that lets the rest of the document be examined.
    """
    context: dict[str, Any] = {"message": message}
    if stand_in is not None:
        context["stand_in"] = stand_in
    return InitErrorDetails(type=PydanticCustomError(kind, "{message}", context), loc=place, input=value)


def merged(error: ValidationError) -> list[InitErrorDetails]:
    """Return the problems of a pydantic error in a form that another one can take over."""
    return [
        InitErrorDetails(
            type=PydanticCustomError(
                item["type"],
                "{message}",
                {"message": item["msg"], **item.get("ctx", {})},
            ),
            loc=item["loc"],
            input=item["input"],
        )
        for item in error.errors(include_url=False)
    ]


def without_nulls(value: Any) -> Any:
    """Return a JSON value without the keys that hold null, at every depth; null in an amendment takes a key away."""
    if isinstance(value, str | float | int):
        return value
    if isinstance(value, Mapping):
        return {
            key: item if key == "amend" else without_nulls(item)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in value]
    return value


def canonical_json(document: Mapping[str, Any]) -> str:
    """Return the canonical text: sorted keys, no blanks, shortest floats.

    Examples
    --------
    >>> canonical_json({"b": 0.1, "a": [1, 2]})
    '{"a":[1,2],"b":0.1}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(text: str) -> str:
    """Return the BLAKE2b-128 hash of a canonical text, as 32 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
