"""The serde types of Rust sources: what JSON they read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from model.rust_tokens import Cursor, tokens

PLAIN = {
    "f64": "number",
    "u32": "integer",
    "bool": "bool",
    "String": "text",
    "serde_json::Value": "anything",
}
HARMLESS = {"allow", "derive", "expect", "must_use"}
OF_A_TYPE = {"deny_unknown_fields", "rename_all", "tag", "untagged"}
OF_A_FIELD = {"default", "rename", "skip_serializing_if"}
OF_A_VARIANT = {"rename"}


@dataclass(frozen=True)
class Shape:
    """A type of JSON: a plain one, one made of others, or a named one; `values` are all that it may be."""

    kind: str
    inner: tuple[Shape, ...] = ()
    name: str = ""
    model: type[BaseModel] | None = None
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it in words."""
        words = [str(item) for item in self.inner]
        if self.kind in ("optional", "list", "map"):
            return f"{self.kind} {'' if self.kind == 'optional' else 'of '}{words[0]}"
        return {"union": " or ".join(words), "row": f"({', '.join(words)})"}.get(
            self.kind, self.name or self.kind
        )


@dataclass(frozen=True)
class Field:
    """The value of one key."""

    shape: Shape
    required: bool


@dataclass(frozen=True)
class Struct:
    """A type with keys; `closed` refuses other keys."""

    name: str
    fields: Mapping[str, Field]
    closed: bool


@dataclass(frozen=True)
class Variant:
    """One case of an enumeration: with keys, with one value, or with nothing."""

    name: str
    fields: Mapping[str, Field] | None = None
    value: Shape | None = None


@dataclass(frozen=True)
class Enum:
    """Cases by the name in JSON; it is the value of the key `tag`, or else the only key, unless `untagged`."""

    name: str
    variants: Mapping[str, Variant]
    tag: str | None
    untagged: bool
    closed: bool


Type = Struct | Enum | Shape


def read_types(sources: Mapping[str, str]) -> dict[str, Type]:
    """Return the types of sources by name.

    Raises
    ------
    UnreadableError
        If anything is not known to the reader, with its place.
    """
    types: dict[str, Type] = {}
    for file, source in sources.items():
        cursor = Cursor(tokens(source, file), file)
        while not cursor.ended:
            _item(cursor, types)
    return types


def _item(cursor: Cursor, types: dict[str, Type]) -> None:
    serde, derived = _attributes(cursor, OF_A_TYPE)
    _visibility(cursor)
    keyword = cursor.name()
    if keyword in ("struct", "enum", "type"):
        name = cursor.name()
        if name in types:
            cursor.refuse(f"there are two types {name}")
        if keyword != "type" and "Deserialize" not in derived:
            cursor.refuse(f"{name} is not read by a derived Deserialize")
        readers: dict[str, Callable[[Cursor, str, Mapping[str, str]], Type]]
        readers = {"struct": _struct, "enum": _enum, "type": _alias}
        types[name] = readers[keyword](cursor, name, serde)
    elif keyword == "mod":
        cursor.name()
        cursor.expect(";")
    elif keyword == "use":
        if any(token.says("as") for token in cursor.until(";")):
            cursor.refuse("a name is imported under another one")
    elif keyword in ("fn", "impl"):
        while not cursor.peek().says("{"):
            if cursor.take().says("Deserialize"):
                cursor.refuse("a Deserialize that is not derived")
        cursor.skip()
    else:
        cursor.refuse(f"no item begins with {keyword!r}")


def _alias(cursor: Cursor, _: str, __: Mapping[str, str]) -> Shape:
    cursor.expect("=")
    shape = _shape(cursor)
    cursor.expect(";")
    return shape


def _struct(cursor: Cursor, name: str, serde: Mapping[str, str]) -> Struct:
    if {"tag", "untagged"} & set(serde):
        cursor.refuse(f"the struct {name} has a tag")
    _snake_case(cursor, serde)
    return Struct(name, _fields(cursor), "deny_unknown_fields" in serde)


def _enum(cursor: Cursor, name: str, serde: Mapping[str, str]) -> Enum:
    snake = _snake_case(cursor, serde)
    variants: dict[str, Variant] = {}
    body = cursor.group()
    while not body.ended:
        attributes, _ = _attributes(body, OF_A_VARIANT)
        variant = body.name()
        written = re.sub(r"(?<!^)(?=[A-Z])", "_", variant).lower() if snake else variant
        written = attributes.get("rename", written)
        if written in variants:
            body.refuse(f"two variants of {name} are written {written!r}")
        variants[written] = _variant(body, variant)
        if "tag" in serde and variants[written].value is not None:
            body.refuse(f"{variant} holds a value beside its tag")
        if not body.ended:
            body.expect(",")
    return Enum(name, variants, serde.get("tag"), "untagged" in serde, "deny_unknown_fields" in serde)


def _variant(body: Cursor, name: str) -> Variant:
    if not body.ended and body.peek().says("{"):
        return Variant(name, fields=_fields(body))
    if not body.ended and body.peek().says("("):
        value = _one_or_row(body)
        if value.kind == "row":
            body.refuse(f"{name} holds several values")
        return Variant(name, value=value)
    return Variant(name)


def _fields(cursor: Cursor) -> dict[str, Field]:
    """Read the keys of a struct or of a variant."""
    fields: dict[str, Field] = {}
    body = cursor.group()
    while not body.ended:
        serde, _ = _attributes(body, OF_A_FIELD)
        _visibility(body)
        key = body.name()
        body.expect(":")
        shape = _shape(body)
        written = serde.get("rename", key)
        if written in fields:
            body.refuse(f"two fields are written {written!r}")
        fields[written] = Field(shape, required="default" not in serde and shape.kind != "optional")
        if not body.ended:
            body.expect(",")
    return fields


def _shape(cursor: Cursor) -> Shape:
    """Read a type."""
    if cursor.peek().says("("):
        return _one_or_row(cursor)
    path = cursor.name()
    while cursor.accept("::"):
        path += "::" + cursor.name()
    if path in PLAIN:
        return Shape(PLAIN[path])
    arguments = []
    if cursor.accept("<"):
        arguments = [_shape(cursor)]
        while cursor.accept(","):
            arguments.append(_shape(cursor))
        cursor.expect(">")
    if path in ("Arc", "Box") and len(arguments) == 1:
        return arguments[0]
    if path in ("Option", "Vec") and len(arguments) == 1:
        return Shape("optional" if path == "Option" else "list", tuple(arguments))
    if path == "BTreeMap" and len(arguments) == 2 and arguments[0].kind == "text":
        return Shape("map", (arguments[1],))
    if arguments or "::" in path or not path[0].isupper():
        cursor.refuse(f"the type {path} is not known")
    return Shape("named", name=path)


def _one_or_row(cursor: Cursor) -> Shape:
    """Read types in parentheses."""
    body = cursor.group()
    items = []
    while not body.ended:
        items.append(_shape(body))
        if not body.ended:
            body.expect(",")
    return items[0] if len(items) == 1 else Shape("row", tuple(items))


def _visibility(cursor: Cursor) -> None:
    if cursor.accept("pub") and cursor.peek().says("("):
        cursor.skip()


def _attributes(cursor: Cursor, known: set[str]) -> tuple[dict[str, str], set[str]]:
    """Read attributes: those of serde, which must be known ones, and the names of what is derived."""
    serde: dict[str, str] = {}
    derived: set[str] = set()
    while cursor.accept("#"):
        body = cursor.group()
        name = body.name()
        if name == "derive":
            derived |= {token.text for token in body.skip() if token.kind == "word"}
        elif name == "serde":
            serde |= _settings(body.group(), known)
        elif name not in HARMLESS:
            body.refuse(f"the attribute {name} is not known")
    return serde, derived


def _settings(body: Cursor, known: set[str]) -> dict[str, str]:
    settings = {}
    while not body.ended:
        key = body.name()
        if key not in known:
            body.refuse(f"serde's {key} is not known here")
        settings[key] = body.take().text if body.accept("=") else ""
        if not body.ended:
            body.expect(",")
    return settings


def _snake_case(cursor: Cursor, serde: Mapping[str, str]) -> bool:
    """Tell whether variants are renamed to snake case, which leaves fields as they are."""
    rule = serde.get("rename_all")
    if rule not in (None, "snake_case"):
        cursor.refuse(f"renaming all to {rule} is not known")
    return rule is not None
