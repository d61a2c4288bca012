"""From any table of loans to checked columns in canonical order."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloche.model.lien_names import lien_of
from cloche.table import Column, Table, column_of, encode
from cloche.table.column import null_column
from cloche.tape.aliases import Match, match_columns
from cloche.tape.checks import check_columns, check_rows
from cloche.tape.columns import CANONICAL, INPUTS
from cloche.tape.defaults import fill
from cloche.tape.draft import Draft
from cloche.tape.names import COUPON_TYPES, DAY_COUNTS
from cloche.tape.near_columns import near_columns
from cloche.tape.problems import Problems
from cloche.tape.ratings import agency_of, as_ratings
from cloche.tape.sources import Source, read_source
from cloche.tape.values import as_texts, choice_of, date_of

__all__ = ["Reading", "read_tape"]

_LOGGER = logging.getLogger("cloche")
_MONEY = ("par", "par_unfunded", "original_par", "facility_size")


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read.

    Parameters
    ----------
    as_of
        Date on which the balances stand.
    table
        Canonical columns with a value in any row, sorted by loan_id.
    mapping, defaults, extra
        Which column became which; what was filled in; columns that are not read.
    """

    as_of: dt.date
    table: Table
    mapping: Table
    defaults: Table
    extra: Table

    def column(self, name: str) -> Column:
        """Return a canonical column; all null if the tape does not have it."""
        if name in self.table:
            return self.table.column(name)
        return null_column(CANONICAL[name].kind, len(self.table))


def read_tape(source: Any, *, as_of: dt.date | str, columns: Mapping[str, str | None] | None) -> Reading:
    """Read, check and order a tape; see `LoanPool.read`."""
    raw = read_source(source)
    problems = Problems(raw.what)
    day = date_of(as_of)
    if day is None:
        problems.tape(f"as_of: found {as_of!r}, expected a date as 2025-09-30")
        day = dt.date(1970, 1, 1)
    if not raw.columns or not next(iter(raw.columns.values())):
        problems.tape("empty: no loans")
        problems.raise_if_any()
    matches = match_columns(list(raw.columns), columns, problems)
    matches = [_by_letters(match, raw, problems) for match in matches]
    draft = Draft(raw, matches, as_of=(day - dt.date(1970, 1, 1)).days, problems=problems)
    check_columns(draft, [match.source for match in matches if not match.column])
    _canonical_words(draft)
    fill(draft)
    check_rows(draft)
    problems.raise_if_any()
    _warn_of_near_names(matches, columns or {})
    repeats = np.nan_to_num(draft.numbers["count"], nan=1.0).astype(np.int64)
    table, order = _ordered(draft, repeats)
    return Reading(day, table, _mapping(matches), _defaults(draft), _extra(raw, matches, order))


def _warn_of_near_names(matches: Sequence[Match], chosen: Mapping[str, str | None]) -> None:
    """Log columns that are not read and nearly have the name of one; what the caller leaves out is meant so."""
    ignored = [match.source for match in matches if not match.column and match.source not in chosen]
    read = {match.column for match in matches}
    for source, column in near_columns(ignored, read).items():
        _LOGGER.warning('tape column "%s": not read; did you mean %r?', source, column)


def _by_letters(match: Match, raw: Source, problems: Problems) -> Match:
    """Give a column that is only called rating to the agency whose letters it holds."""
    if match.column != "rating":
        return match
    agency = agency_of(as_texts(raw.columns[match.source]))
    if agency is None:
        problems.column(
            match.source, "its letters are of two scales or none; say which with columns={...: 'rating_sp'}"
        )
    return Match(match.source, agency or "", match.unit, match.currency)


def _canonical_words(draft: Draft) -> None:
    texts, problems = draft.texts, draft.problems
    texts["coupon_type"] = choice_of(
        texts["coupon_type"], COUPON_TYPES, column="coupon_type", problems=problems
    )
    texts["day_count"] = choice_of(texts["day_count"], DAY_COUNTS, column="day_count", problems=problems)
    for column in ("rating_sp", "rating_moodys", "rating_fitch"):
        texts[column] = as_ratings(texts[column], column=column, problems=problems)
    texts["lien"] = [lien_of(text) if text else "" for text in texts["lien"]]
    texts["currency"] = [text.upper() for text in texts["currency"]]


def _ordered(draft: Draft, repeats: NDArray[np.int64]) -> tuple[Table, NDArray[np.intp]]:
    """Return the table in canonical order, replines written out, and the source row of each of its rows."""
    row = np.repeat(np.arange(draft.rows), repeats)
    part = np.concatenate([np.arange(1, n + 1) for n in repeats.tolist()])
    many = repeats[row] > 1
    texts = {name: [cells[r] for r in row.tolist()] for name, cells in draft.texts.items()}
    for name in ("loan_id", "obligor_id", "obligor_name"):
        texts[name] = [
            f"{text}#{k}" if lined else text
            for text, k, lined in zip(texts[name], part.tolist(), many.tolist(), strict=True)
        ]
    numbers = {name: values[row] for name, values in draft.numbers.items()}
    for name in _MONEY:
        numbers[name] = numbers[name] / repeats[row]
    order = np.array(sorted(range(len(row)), key=texts["loan_id"].__getitem__), dtype=np.intp)
    columns: dict[str, Column] = {}
    for name, canonical in CANONICAL.items():
        if canonical.kind == "float":
            column = column_of(numbers[name][order])
        elif canonical.kind == "date":
            column = column_of(draft.dates[name][row][order], date=True)
        elif canonical.kind == "bool":
            column = column_of(draft.flags[name][row][order], boolean=True)
        else:
            column = column_of(encode([texts[name][k] or None for k in order.tolist()]))
        if not column.null.all():
            columns[name] = column
    return Table(columns), row[order]


def _mapping(matches: Sequence[Match]) -> Table:
    known = {**CANONICAL, **INPUTS}
    uses = [known[match.column].use if match.column else "ignored" for match in matches]
    return Table.from_columns(
        {
            "source": [match.source for match in matches],
            "column": [match.column or None for match in matches],
            "unit": [match.unit or None for match in matches],
            "use": ["checked" if use == "refused" else use for use in uses],
        }
    )


def _defaults(draft: Draft) -> Table:
    return Table.from_columns(
        {
            "column": [column for column, _, _ in draft.defaults],
            "default": [default for _, default, _ in draft.defaults],
            "rows": np.array([rows for _, _, rows in draft.defaults], dtype=np.int64),
        }
    )


def _extra(raw: Source, matches: Sequence[Match], order: NDArray[np.intp]) -> Table:
    columns: dict[str, Column] = {}
    for match in matches:
        if not match.column:
            texts = as_texts(raw.columns[match.source])
            columns[match.source] = column_of(encode([texts[row] or None for row in order.tolist()]))
    return Table(columns)
