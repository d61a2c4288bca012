"""Whether canonical JSON is what the engine's types read, key by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from model.rust_tokens import UnreadableError
from model.rust_types import Enum, Field, Shape, Struct, Type

PLAIN = {"number": (float, int), "integer": (int,), "text": (str,), "bool": (bool,)}


class Examples:
    """Reads JSON values as the engine would, and notes which variants and keys they use."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        self.differences: list[str] = []
        self.used: set[str] = set()
        self._types = types

    def read(self, name: str, values: Iterable[Any]) -> None:
        """Read values of a type."""
        for value in values:
            self._value(Shape("named", name=name), value, name)

    def use_all_of(self, name: str) -> None:
        """Report every variant of a type, and every key of one, that no value has used."""
        engine = self._types[name]
        if not isinstance(engine, Enum) or engine.tag is None:
            raise UnreadableError(f"{name} is no enumeration with a tag")
        for variant in engine.variants.values():
            place = f"{name}::{variant.name}"
            for used in (place, *(f"{place}.{key}" for key in variant.fields or {})):
                if used not in self.used:
                    self._report(used, "the engine reads it, no example of Python has it")

    def _report(self, place: str, message: str) -> None:
        self.differences.append(f"{place}: {message}")

    def _value(self, shape: Shape, value: Any, place: str) -> None:
        inner = shape.inner
        if shape.kind == "named":
            self._named(self._types[shape.name], value, shape.name)
        elif shape.kind == "optional":
            self._value(inner[0], value, place)
        elif shape.kind == "list" and isinstance(value, list):
            for item in value:
                self._value(inner[0], item, f"{place}[]")
        elif shape.kind == "row" and isinstance(value, list) and len(value) == len(inner):
            for part, item in zip(inner, value, strict=True):
                self._value(part, item, place)
        elif shape.kind == "map" and isinstance(value, dict):
            for item in value.values():
                self._value(inner[0], item, f"{place}.*")
        elif shape.kind != "anything" and not _is_plain(shape.kind, value):
            self._report(place, f"Python writes {value!r}, the engine reads {shape}")

    def _named(self, engine: Type, value: Any, place: str) -> None:
        if isinstance(engine, Shape):
            self._value(engine, value, place)
        elif isinstance(engine, Enum) and engine.untagged:
            kinds = [variant.value.kind for variant in engine.variants.values() if variant.value is not None]
            whole = isinstance(value, dict) and "map" in kinds
            if not whole and not any(_is_plain(kind, value) for kind in kinds):
                self._report(place, f"Python writes {value!r}, the engine reads {' or '.join(kinds)}")
        elif not isinstance(value, dict):
            self._report(place, f"Python writes {value!r}, the engine reads keys")
        elif isinstance(engine, Struct):
            self._fields(engine.fields, value, place)
        elif engine.tag is None:
            values = {
                name: variant.value for name, variant in engine.variants.items() if variant.value is not None
            }
            self._fields({key: Field(shape, required=False) for key, shape in values.items()}, value, place)
        else:
            self._tagged(engine, engine.tag, value, place)

    def _tagged(self, engine: Enum, tag: str, value: dict[str, Any], place: str) -> None:
        name = str(value.get(tag))
        if name not in engine.variants:
            self._report(f"{place}.{tag}", f"Python writes {name!r}, the engine does not know it")
            return
        variant = engine.variants[name]
        place = f"{place}::{variant.name}"
        self.used.add(place)
        self._fields(variant.fields or {}, {key: item for key, item in value.items() if key != tag}, place)

    def _fields(self, fields: Mapping[str, Field], value: dict[str, Any], place: str) -> None:
        for key in sorted(value.keys() - fields.keys()):
            self._report(f"{place}.{key}", "Python writes it, the engine does not know it")
        for key, field in fields.items():
            if key in value:
                self.used.add(f"{place}.{key}")
                self._value(field.shape, value[key], f"{place}.{key}")
            elif field.required:
                self._report(f"{place}.{key}", "the engine requires it, Python does not write it")


def _is_plain(kind: str, value: Any) -> bool:
    if kind not in PLAIN:
        return False
    return isinstance(value, PLAIN[kind]) and isinstance(value, bool) == (kind == "bool")
