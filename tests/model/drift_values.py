"""Where the values that Python allows and the texts that the engine compares them with differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from model.drift_types import python_shape
from model.rust_texts import Constant, Site, Sources, matched_texts, reads_field
from model.rust_types import Enum, Struct, Type

FLAG = ("true", "false")


def value_differences(
    sources: Sources, values: Mapping[str, set[str]], sites: Mapping[str, Sequence[Site]]
) -> Iterator[str]:
    """Compare the values of each field with every site that reads them; no site says that the field is not read."""
    for place, python in values.items():
        if place not in sites:
            yield f"{place}: no site is listed where the engine reads {', '.join(sorted(python))}"
            continue
        for site in sites[place]:
            engine = site.read(sources)
            for value in sorted(python - engine):
                yield f"{place}: Python allows {value!r}, {site.file} does not name it"
            for value in sorted(engine - python):
                yield f"{place}: {site.file} names {value!r}, Python does not allow it"
        owner, key = place.split(".")
        if not sites[place] and not reads_field(sources, owner, key):
            yield f"{place}: no rule of the engine reads it"
        elif not sites[place]:
            yield f"{place}: the engine reads it, no site is listed where"
    for place in sorted(sites.keys() - values.keys()):
        yield f"{place}: a site is listed, Python allows any value"


def convention_differences(sources: Sources, keys: Constant, model: type[BaseModel]) -> Iterator[str]:
    """Compare the conventions: keys, values, defaults; a flag is a text in the engine."""
    engine = dict(keys.rows(sources)[0])
    for key, field in model.model_fields.items():
        place = f"{model.__name__}.{key}"
        shape = python_shape(field.annotation)
        values = shape.values or (FLAG if shape.kind == "bool" else ())
        if key not in engine:
            yield f"{place}: Python has it, {keys.file} does not know it"
            continue
        if set(values) != set(engine[key]):
            yield f"{place}: Python allows {', '.join(values)}, {keys.file} {', '.join(engine[key])}"
        if str(field.default).replace("True", "true").replace("False", "false") != engine[key][0]:
            yield f"{place}: the default is {field.default} in Python, {engine[key][0]} in {keys.file}"
    for key in sorted(engine.keys() - model.model_fields.keys()):
        yield f"{model.__name__}.{key}: {keys.file} knows it, Python does not have it"


def convention_values(sources: Sources, keys: Constant) -> set[str]:
    """Return the values of all conventions."""
    return {value for _, values in keys.rows(sources)[0] for value in values}


def text_differences(sources: Sources, known: set[str]) -> Iterator[str]:
    """Report every text that code compares with and that is no known value."""
    for file, text in sorted(matched_texts(sources)):
        if text not in known:
            yield f"{file}: compares with {text!r}, no model of Python limits a field to it"


def holds_text(types: Mapping[str, Type], place: str) -> bool:
    """Tell whether the engine has a field at a place, and text or a map by text in it."""
    owner, key = place.split(".")
    name, _, case = owner.partition("::")
    engine = types[name]
    if isinstance(engine, Struct):
        fields = engine.fields
    elif isinstance(engine, Enum):
        fields = next((item.fields or {} for item in engine.variants.values() if item.name == case), {})
    else:
        fields = {}
    shape = fields[key].shape if key in fields else None
    if shape is not None and shape.kind == "optional":
        shape = shape.inner[0]
    return shape is not None and shape.kind in ("text", "map")


def variant_names(types: Mapping[str, Type]) -> set[str]:
    """Return the names of all variants in JSON."""
    return {name for item in types.values() if isinstance(item, Enum) for name in item.variants}
