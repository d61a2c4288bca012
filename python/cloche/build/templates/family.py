"""A family of deals: the broadly syndicated deal with other numbers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from cloche.build.templates.broadly_syndicated import us_bsl
from cloche.model.deal import Deal
from cloche.model.wording import did_you_mean

__all__ = ["family"]

_KNOWN = tuple(inspect.signature(us_bsl).parameters)


def family(name: str, own: Mapping[str, Any], terms: Mapping[str, Any]) -> Deal:
    """Return a deal of a family.

    Parameters
    ----------
    name
        Name of the template, for messages.
    own
        Terms that the family sets.
    terms
        Terms that the caller sets; they stand.

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
    return us_bsl(**{**own, **terms})
