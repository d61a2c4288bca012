"""Which column is which: names of trustee reports, filings and other systems, and units in names.

Names are compared without case, blanks and punctuation. A unit in a name (``bps``, ``pct``, ``%``,
``percent``) says how its numbers are written. Where several columns of a tape read as one canonical column,
an exact name wins; identifiers, ratings and industries follow the order of the vocabulary; anything else is
an error, because par and commitment, say, may both be called balance.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cloche.model.wording import did_you_mean, one_of
from cloche.tape.columns import CANONICAL, INPUTS
from cloche.tape.problems import Problems
from cloche.tape.vocabulary import ALIASES

__all__ = ["Match", "Unit", "key_of", "known_keys", "match_columns", "near_names"]

Unit = Literal["", "bps", "pct"]

_IN_ORDER = frozenset(
    (
        "loan_id",
        "obligor_id",
        "obligor_name",
        "industry",
        "rating_sp",
        "rating_moodys",
        "rating_fitch",
        "country",
    )
)
_PERCENT = frozenset(("pct", "percent", "%", "percentage"))
_BASIS_POINTS = frozenset(("bp", "bps"))
_QUALIFIERS = frozenset(("usd", "eur", "gbp", "cad", "aud", "chf", "$", "€", "£", "in", "local"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKEN = re.compile(r"[a-z0-9&]+|[%$€£]")


@dataclass(frozen=True)
class Match:
    """What one column of the source reads as.

    Parameters
    ----------
    source
        Name in the source.
    column
        Canonical name; empty where the column is not read.
    unit
        Unit that the name states.
    currency
        Currency that the name states, upper case; empty if none.
    """

    source: str
    column: str
    unit: Unit = ""
    currency: str = ""


def key_of(text: str) -> str:
    """Return a name without case, blanks and punctuation."""
    return "".join(re.findall(r"[a-z0-9&]+", text.casefold()))


_KNOWN = {**CANONICAL, **INPUTS}
_ORDER: dict[str, tuple[str, int]] = {}
for _name in _KNOWN:
    for _place, _alias in enumerate((_name, *ALIASES.get(_name, "").split(","))):
        _ORDER.setdefault(key_of(_alias), (_name, _place))


def known_keys() -> dict[str, str]:
    """Return the canonical column of every name that is recognized, by `key_of` the name."""
    return {key: column for key, (column, _) in _ORDER.items()}


def _read_name(source: str) -> tuple[Match, int]:
    """Return what a name reads as, and its place in the order of the aliases."""
    tokens = _TOKEN.findall(_CAMEL.sub(" ", source).replace("'", "").replace("’", "").casefold())
    tokens = re.sub(r"\bbasis points?\b", "bps", " ".join(tokens)).split()
    unit: Unit = "pct" if _PERCENT & set(tokens) else "bps" if _BASIS_POINTS & set(tokens) else ""
    words = [token for token in tokens if token not in _PERCENT | _BASIS_POINTS]
    currency = next((token.upper() for token in words if len(token) == 3 and token in _QUALIFIERS), "")
    plain = [word for word in words if word not in _QUALIFIERS]
    for candidate in (words, plain):
        hit = _ORDER.get("".join(candidate))
        if hit:
            return Match(source, hit[0], unit, currency), hit[1]
    return Match(source, "", unit), 0


def match_columns(
    sources: Sequence[str], chosen: Mapping[str, str | None] | None, problems: Problems
) -> list[Match]:
    """Return what each column of the source reads as.

    Parameters
    ----------
    sources
        Names in the source, in order.
    chosen
        The caller's choice: name in the source to canonical name (with ``_bps`` or ``_pct`` if its numbers
        are written so), or None to leave the column out.
    problems
        Takes unknown names and columns that read as the same one.
    """
    decided = _chosen(sources, chosen or {}, problems)
    taken = {match.column for match in decided.values()}
    offers: dict[str, list[tuple[int, Match]]] = {}
    for source in sources:
        match, place = _read_name(source)
        if source not in decided and match.column and match.column not in taken:
            offers.setdefault(match.column, []).append((place, match))
    for column, matches in offers.items():
        first = min(place for place, _ in matches)
        best = [match for place, match in matches if place == first]
        if len(matches) == 1 or column in _IN_ORDER or (first == 0 and len(best) == 1):
            decided[best[0].source] = best[0]
            continue
        names = [match.source for _, match in matches]
        problems.column(
            names[0],
            f"columns {' and '.join(map(repr, names))} both read as {column}; "
            f'say which with columns={{{names[0]!r}: "{column}"}}',
        )
    return [decided.get(source, Match(source, "")) for source in sources]


def _chosen(sources: Sequence[str], chosen: Mapping[str, str | None], problems: Problems) -> dict[str, Match]:
    decided: dict[str, Match] = {}
    for source, target in chosen.items():
        if source not in sources:
            problems.column(source, f"the tape has no such column{did_you_mean(source, sources)}")
        elif target is None:
            decided[source] = Match(source, "")
        else:
            stem, _, suffix = target.rpartition("_")
            unit: Unit = "bps" if suffix == "bps" else "pct" if suffix == "pct" else ""
            name = stem if unit else target
            if name not in _KNOWN:
                problems.column(
                    source, f"{target!r} is no column of a tape{did_you_mean(name, list(_KNOWN))}"
                )
                decided[source] = Match(source, "")
            elif any(match.column == name for match in decided.values()):
                problems.column(source, f"two columns are chosen as {name}")
            else:
                stated, _ = _read_name(source)
                decided[source] = Match(source, name, unit or stated.unit, stated.currency)
    return decided


def near_names(column: str, sources: Sequence[str]) -> str:
    """Return ``; near: 'Maturty'`` for the names in the source that may have been meant for a column."""
    keys = [key for key, (name, _) in _ORDER.items() if name == column]
    near = [source for source in sources if difflib.get_close_matches(key_of(source), keys, n=1, cutoff=0.75)]
    return f"; did you mean the column {one_of(near)}?" if near else ""
