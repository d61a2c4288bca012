"""Where the models of Python and the types that the engine reads differ."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from model.rust_tokens import UnreadableError
from model.rust_types import Enum, Field, Shape, Struct, Type

SCALARS = {float: "number", int: "integer", str: "text", bool: "bool", Any: "anything"}
ANY_MAP = Shape("map", (Shape("anything"),))


def python_shape(annotation: Any) -> Shape:
    """Return the type of JSON that an annotation of a model writes."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return python_shape(arguments[0])
    if annotation in SCALARS:
        return Shape(SCALARS[annotation])
    if origin is Literal and len({type(value) for value in arguments}) == 1:
        return Shape(SCALARS[type(arguments[0])], values=tuple(str(value) for value in arguments))
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is tuple:
        if arguments[-1] is ...:
            return Shape("list", (python_shape(arguments[0]),))
        return Shape("row", tuple(python_shape(item) for item in arguments))
    if origin is dict and python_shape(arguments[0]).kind == "text":
        return Shape("map", (python_shape(arguments[1]),))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape("model", name=annotation.__name__, model=annotation)
    raise UnreadableError(f"no model is known to hold {annotation}")


def _union(arguments: tuple[Any, ...]) -> Shape:
    inner = [python_shape(item) for item in arguments if item is not type(None)]
    whole = inner[0] if len(inner) == 1 else Shape("union", tuple(sorted(inner, key=str)))
    return Shape("optional", (whole,)) if type(None) in arguments else whole


def written_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by the keys that it writes."""
    decorators = model.__pydantic_decorators__
    if model.model_computed_fields or decorators.field_serializers or decorators.model_serializers:
        raise UnreadableError(f"{model.__name__} writes more or other keys than its fields")
    return {
        field.serialization_alias or key: field
        for key, field in model.model_fields.items()
        if not field.exclude
    }


def values_of(shape: Shape) -> set[str]:
    """Return the values that a shape, or what it is made of, is limited to."""
    return set(shape.values).union(*(values_of(item) for item in shape.inner))


class Comparison:
    """Compares types with models from the roots down.

    Parameters
    ----------
    types
        The types of the engine.
    by_example
        Names of types whose values Python builds as plain mappings: their kinds are compared here, their keys
        by example.
    """

    def __init__(self, types: Mapping[str, Type], by_example: Iterable[str] = ()) -> None:
        self.differences: list[str] = []
        self.values: dict[str, set[str]] = {}
        """What each field is limited to on Python's side, where the engine reads plain text or numbers."""
        self.fields = 0
        self.enumerations = 0
        self._types = types
        self._by_example = set(by_example)
        self._plain: set[str] = set()
        self._reached: set[str] = set()
        self._compared: set[tuple[str, Shape]] = set()

    def roots(self, roots: Mapping[str, type[BaseModel]]) -> None:
        """Compare whole documents, and report every type that none of them leads to."""
        for name, model in roots.items():
            self.compare(Shape("named", name=name), python_shape(model), name, {})
        for name in sorted(set(self._types) - self._reached):
            self._report(name, "no model of Python leads to this type")
        for name in sorted(self._by_example - self._plain):
            self._report(name, "no model of Python holds it as a plain mapping, examples are not needed")

    def compare(self, engine: Shape, python: Shape, place: str, schema: Mapping[str, Any]) -> None:
        """Compare a type with what Python writes at a place; `schema` is the JSON Schema of that."""
        if engine.kind == "named":
            self._named(engine.name, python, place, schema)
        elif engine.kind != python.kind or len(engine.inner) != len(python.inner):
            self._report(place, f"Python writes {python}, the engine reads {engine}")
        else:
            below = {"list": "[]", "map": ".*"}.get(engine.kind, "")
            for ours, theirs in zip(engine.inner, python.inner, strict=True):
                self.compare(ours, theirs, place + below, schema)

    def _report(self, place: str, message: str) -> None:
        self.differences.append(f"{place}: {message}")

    def _named(self, name: str, python: Shape, place: str, schema: Mapping[str, Any]) -> None:
        if name not in self._types:
            raise UnreadableError(f"{place}: the engine has no type {name}")
        self._reached.add(name)
        engine = self._types[name]
        if isinstance(engine, Shape):
            self.compare(engine, python, place, schema)
        elif isinstance(engine, Enum) and engine.untagged:
            self.compare(_untagged(engine), python, place, schema)
        elif isinstance(engine, Enum) and python == ANY_MAP and name in self._by_example:
            self._plain.add(name)
            self._same_names(f"{place}.kind", engine, _kinds(schema))
        elif isinstance(engine, Enum) and _is_names_only(engine) and python.kind == "text" and python.values:
            self._same_names(place, engine, set(python.values))
        elif python.kind not in ("model", "union") or any(not item.model for item in python.inner):
            self._report(place, f"Python writes {python}, the engine reads {name}")
        elif (name, python) not in self._compared:
            self._compared.add((name, python))
            self._keys_of(engine, python)

    def _keys_of(self, engine: Struct | Enum, python: Shape) -> None:
        models = [item.model for item in python.inner or (python,) if item.model is not None]
        if isinstance(engine, Enum) and engine.tag is not None:
            self._tagged(engine, engine.tag, models)
        elif len(models) != 1:
            self._report(engine.name, f"Python writes {python}, the engine reads one form")
        elif isinstance(engine, Enum):
            self._one_key(engine, models[0])
        else:
            self._fields(engine.name, engine.fields, models[0])
        if not engine.closed:
            self._report(engine.name, "the engine takes keys that it does not know")

    def _tagged(self, engine: Enum, tag: str, models: list[type[BaseModel]]) -> None:
        by_name: dict[str, type[BaseModel]] = {}
        for model in models:
            field = written_fields(model).get(tag)
            values = python_shape(field.annotation).values if field is not None else ()
            if len(values) != 1:
                self._report(engine.name, f"{model.__name__} has no key {tag!r} of one value")
            by_name |= dict.fromkeys(values, model)
        self._same_names(f"{engine.name}.{tag}", engine, set(by_name))
        for name, variant in engine.variants.items():
            if name in by_name:
                self._fields(f"{engine.name}::{variant.name}", variant.fields or {}, by_name[name], tag)

    def _one_key(self, engine: Enum, model: type[BaseModel]) -> None:
        """Compare an enumeration that is written as its only key with a model of optional fields."""
        for variant in engine.variants.values():
            if variant.value is None:
                raise UnreadableError(f"{engine.name}::{variant.name} is no key with one value")
        optional = {
            name: Field(Shape("optional", (variant.value,)), required=False)
            for name, variant in engine.variants.items()
            if variant.value is not None
        }
        self._fields(engine.name, optional, model)

    def _fields(
        self, owner: str, fields: Mapping[str, Field], model: type[BaseModel], tag: str | None = None
    ) -> None:
        written = written_fields(model)
        schemas = _schemas(model)
        for key in sorted((written.keys() | fields.keys()) - {tag}):
            place = f"{owner}.{key}"
            if key not in fields:
                self._report(place, "Python writes it, the engine does not know it")
            elif key not in written:
                self._report(place, "the engine reads it, Python does not write it")
            else:
                self._field(place, fields[key], written[key], schemas.get(key, {}))

    def _field(self, place: str, engine: Field, python: FieldInfo, schema: Mapping[str, Any]) -> None:
        self.fields += 1
        if engine.required != python.is_required():
            self._report(place, f"only {'the engine' if engine.required else 'Python'} requires it")
        shape = python_shape(python.annotation)
        before = self.enumerations
        self.compare(engine.shape, shape, place, schema)
        if (values := values_of(shape)) and self.enumerations == before:
            self.values[place] = values

    def _same_names(self, place: str, engine: Enum, python: set[str]) -> None:
        """Compare the names of variants."""
        self.enumerations += 1
        names = set(engine.variants)
        for name in sorted(python - names):
            self._report(place, f"Python writes {name!r}, the engine does not know it")
        for name in sorted(names - python):
            self._report(place, f"the engine reads {name!r}, Python does not write it")


@cache
def _schemas(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schemas of what a model writes, by key."""
    properties: dict[str, Any] = model.model_json_schema(mode="serialization").get("properties", {})
    return properties


def _is_names_only(engine: Enum) -> bool:
    """Tell whether an enumeration is written as the name of its variant."""
    holding = [item for item in engine.variants.values() if item.fields is not None or item.value is not None]
    return engine.tag is None and not holding


def _untagged(engine: Enum) -> Shape:
    """Return the union of what the variants hold."""
    values = [variant.value for variant in engine.variants.values() if variant.value is not None]
    if len(values) != len(engine.variants):
        raise UnreadableError(f"{engine.name} is untagged and holds more than values")
    return Shape("union", tuple(sorted(values, key=str)))


def _kinds(schema: Any) -> set[str]:
    """Return the values that a JSON Schema allows for the key `kind`, at any depth."""
    if isinstance(schema, list):
        return set().union(*(_kinds(item) for item in schema))
    if not isinstance(schema, dict):
        return set()
    kind = schema.get("kind")
    here = set(kind["enum"]) if isinstance(kind, dict) and "enum" in kind else set()
    return here.union(*(_kinds(item) for item in schema.values()))
