"""How messages name what was found, and what may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["did_you_mean", "found", "one_of"]

_LONGEST = 60


def found(value: object) -> str:
    """Return how a message names a value that was found.

    Examples
    --------
    >>> found(None), found(True), found(5.3), found("AAA"), found([1])
    ('nothing', 'true', '5.3', "'AAA'", 'a list')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def one_of(choices: Iterable[str]) -> str:
    """Return a list of choices in words.

    Examples
    --------
    >>> one_of(["oc", "ic", "eod_par_ratio"])
    "'oc', 'ic' or 'eod_par_ratio'"
    """
    quoted = [repr(choice) for choice in choices]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def did_you_mean(word: object, choices: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest choice, the choices if none is near.

    Examples
    --------
    >>> did_you_mean("spred", ["spread", "index"])
    "; did you mean 'spread'?"
    >>> did_you_mean("ACT/360", ["act/360", "30/360"])
    "; did you mean 'act/360'?"
    """
    known = list(choices)
    same = [choice for choice in known if choice.casefold() == str(word).casefold()]
    near = same or difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
