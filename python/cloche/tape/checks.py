"""What a row must satisfy beyond the bounds of each number."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np

from cloche.model.wording import found
from cloche.table import NO_DATE
from cloche.tape.aliases import near_names
from cloche.tape.columns import CANONICAL, INPUTS, REQUIRED
from cloche.tape.draft import Draft
from cloche.tape.ratings import DEFAULTED

__all__ = ["check_columns", "check_rows"]

_FREQUENCIES = (1, 2, 3, 4, 6, 12)
_EPOCH = dt.date(1970, 1, 1).toordinal()


def check_columns(draft: Draft, sources: list[str]) -> None:
    """Note required columns that the tape does not have."""
    for column in REQUIRED:
        if column not in draft.present:
            draft.problems.column(column, f"missing{near_names(column, sources)}")
    if not draft.present & {"spread", "fixed_rate"}:
        near = near_names("spread", sources) or near_names("fixed_rate", sources)
        draft.problems.column("spread", f"missing: a loan needs a spread or a fixed_rate{near}")


def check_rows(draft: Draft) -> None:
    """Note every row that cannot be a loan of a pool on the as-of date."""
    _identifiers(draft)
    _balances(draft)
    _coupons(draft)
    _dates(draft)
    _ratings(draft)
    _not_computed(draft)
    _currencies(draft)


def _day(days: int) -> str:
    return dt.date.fromordinal(_EPOCH + int(days)).isoformat()


def _missing(draft: Draft, rows: np.ndarray, column: str, expected: str) -> None:
    if column in draft.present:
        for row in np.flatnonzero(rows).tolist():
            draft.problems.cell(row, column, f"found nothing, expected {expected}")


def _identifiers(draft: Draft) -> None:
    first: dict[str, int] = {}
    for row, loan in enumerate(draft.texts["loan_id"]):
        if not loan:
            if "loan_id" in draft.present:
                draft.problems.cell(row, "loan_id", "found nothing, expected an identifier")
        elif first.setdefault(loan, row) != row:
            draft.problems.cell(row, "loan_id", f"found {found(loan)} again, first in row {first[loan] + 1}")


def _balances(draft: Draft) -> None:
    par = draft.numbers["par"]
    _missing(draft, np.isnan(par), "par", "money, 0 or more")
    total = par + np.nan_to_num(draft.numbers["par_unfunded"])
    for row in np.flatnonzero(total <= 0.0).tolist():
        draft.problems.cell(row, "par", f"found {par[row]:g}, expected par and unfunded par above 0 together")


def _coupons(draft: Draft) -> None:
    floating = draft.rows_where("coupon_type", "floating")
    fixed = draft.rows_where("coupon_type", "fixed")
    for rows, column, expected in (
        (floating, "spread", "the spread of a floating loan"),
        (fixed, "fixed_rate", "the rate of a fixed loan"),
    ):
        missing = rows & np.isnan(draft.numbers[column])
        if draft.present & {"spread", "fixed_rate"}:
            for row in np.flatnonzero(missing).tolist():
                draft.problems.cell(row, column, f"found nothing, expected {expected}")
    months = draft.numbers["payment_frequency_months"]
    for row in np.flatnonzero(~np.isnan(months)).tolist():
        if months[row] not in _FREQUENCIES:
            draft.problems.cell(
                row, "payment_frequency_months", f"found {months[row]:g}, expected 1, 2, 3, 4, 6 or 12 months"
            )


def _dates(draft: Draft) -> None:
    maturity, performing = draft.dates["maturity"], draft.performing
    as_of = _day(draft.as_of)
    _missing(draft, maturity == NO_DATE, "maturity", "a date as 2029-05-23")
    for row in np.flatnonzero(performing & (maturity != NO_DATE) & (maturity <= draft.as_of)).tolist():
        draft.problems.cell(
            row, "maturity", f"found {_day(maturity[row])}, expected a date after the as-of date {as_of}"
        )
    defaults = draft.dates["default_date"]
    for row in np.flatnonzero((defaults != NO_DATE) & (defaults > draft.as_of)).tolist():
        draft.problems.cell(
            row, "default_date", f"found {_day(defaults[row])}, expected a date up to the as-of date {as_of}"
        )
    following = draft.dates["next_payment"]
    for row in np.flatnonzero(performing & (following != NO_DATE) & (following <= draft.as_of)).tolist():
        draft.problems.cell(
            row, "next_payment", f"found {_day(following[row])}, expected a date after the as-of date {as_of}"
        )
    start = draft.dates["accrual_start"]
    both = (following != NO_DATE) & (start != NO_DATE)
    for row in np.flatnonzero(both & (start >= following)).tolist():
        draft.problems.cell(
            row, "accrual_start",
            f"found {_day(start[row])}, expected a date before the next payment {_day(following[row])}",
        )  # fmt: skip
    ended = both & performing & (maturity != NO_DATE) & (start < following) & (start >= maturity)
    for row in np.flatnonzero(ended).tolist():
        draft.problems.cell(
            row,
            "accrual_start",
            f"found {_day(start[row])}, expected a date before the maturity {_day(maturity[row])}",
        )


def _ratings(draft: Draft) -> None:
    for row in np.flatnonzero(draft.performing).tolist():
        for column in ("rating_sp", "rating_fitch"):
            letters = draft.texts[column][row]
            if letters in DEFAULTED:
                draft.problems.cell(
                    row,
                    column,
                    f"found {letters} of a loan without a default date, expected one in default_date",
                )


def _not_computed(draft: Draft) -> None:
    """Refuse what would change a payment and is not computed yet."""
    for name, column in {**CANONICAL, **INPUTS}.items():
        if column.use != "refused" or name not in draft.present:
            continue
        if column.kind == "float":
            hit = np.nan_to_num(draft.numbers[name]) != 0.0
        elif column.kind == "bool":
            hit = draft.flags[name] == 1
        else:
            hit = np.fromiter(map(bool, draft.texts[name]), np.bool_, draft.rows)
        if name in ("is_unfunded", "is_partly_unfunded"):
            hit &= np.isnan(draft.numbers["par_unfunded"])
        source = draft.problems.names[name]
        for row in np.flatnonzero(hit).tolist():
            draft.problems.cell(row, name, _REASONS.get(name, _LATER).format(source=source))


_LEAVE_OUT = "columns={{{source!r}: None}} leaves it out"
_LATER = f"this version does not compute this yet; {_LEAVE_OUT}"
_REASONS = dict.fromkeys(
    ("is_unfunded", "is_partly_unfunded"),
    f"par_unfunded is missing: how much of the par is not drawn; {_LEAVE_OUT}",
)


def _currencies(draft: Draft) -> None:
    counted = Counter(currency for currency in draft.texts["currency"] if currency)
    if len(counted) > 1:
        parts = ", ".join(f"{currency} in {rows} rows" for currency, rows in counted.most_common())
        draft.problems.column(
            draft.problems.names["currency"],
            f"found {parts}; par of several currencies cannot be added: read one currency at a time",
        )
