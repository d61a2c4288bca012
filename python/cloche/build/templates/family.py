"""A family of deals: the broadly syndicated deal with other numbers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from cloche.build.templates.broadly_syndicated import us_bsl
from cloche.build.templates.by_class import BY_CLASS, OfFamily
from cloche.model.deal import Deal
from cloche.model.wording import did_you_mean

__all__ = ["family"]

_KNOWN = tuple(inspect.signature(us_bsl).parameters)
# Mappings whose entries a caller changes one by one.
_BY_KEY = ("conventions", "rights")


def family(name: str, own: Mapping[str, Any], terms: Mapping[str, Any]) -> Deal:
    """Return a deal of a family.

    Parameters
    ----------
    name
        Name of the template, for messages.
    own
        Terms that the family sets.
    terms
        Terms that the caller sets; they stand. Of a mapping by class, and of conventions and rights, each entry does.

    Raises
    ------
    TypeError
        If a term is unknown.
    DealError
        With every problem of the document that these numbers make.
    """
    for term in terms:
        if term not in _KNOWN:
            raise TypeError(
                f"{name}() got an unexpected keyword argument {term!r}{did_you_mean(term, _KNOWN)}"
            )
    merged: dict[str, Any] = {**own, **terms}
    for key in BY_CLASS:
        if key in own:
            merged[key] = OfFamily(own[key], terms.get(key))
    for key in _BY_KEY:
        if key in own and isinstance(terms.get(key), Mapping | None):
            changed = {**own[key], **(terms.get(key) or {})}
            merged[key] = {entry: value for entry, value in changed.items() if value is not None}
    return us_bsl(**merged)
