"""What stands for what a tape does not say, and for how many rows it was used.

floor 0, credit spread adjustment 0, day count act/360 (fixed 30/360), amortization rate 0.01 of original par
a year for floating loans and 0 for fixed ones, original par = par, purchase price 1, market price by rating. On a tape
with PIK spreads a blank one is 0; other tapes have none. An undrawn commitment without a fee bears none. Where a tape
has no recovery, recovery lag or prepayment rate, the scenario's applies.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloche.model.lien_names import lien_in
from cloche.table import NO_DATE
from cloche.tape.draft import Draft
from cloche.tape.names import index_of, obligor_key
from cloche.tape.ratings import price_bucket

__all__ = ["fill"]

_FREQUENCY = 3
_SCENARIO = "the scenario's"


def fill(draft: Draft) -> None:
    """Fill in what is missing, and note each default with the number of rows that use it."""
    _coupon_types(draft)
    _companies(draft)
    _dates(draft)
    _terms(draft)
    _prices(draft)
    for column in ("recovery", "recovery_lag_months", "cpr"):
        draft.note_default(column, _SCENARIO, int(np.isnan(draft.numbers[column]).sum()))


def _coupon_types(draft: Draft) -> None:
    spread, fixed = ~np.isnan(draft.numbers["spread"]), ~np.isnan(draft.numbers["fixed_rate"])
    types = draft.texts["coupon_type"]
    counted: Counter[str] = Counter()
    for row, stated in enumerate(types):
        if stated or draft.problems.has(row, "coupon_type"):
            continue
        named = draft.texts["index"][row].casefold()
        if named == "fixed" or (fixed[row] and not spread[row] and not named):
            types[row] = "fixed"
        elif spread[row] and not fixed[row]:
            types[row] = "floating"
        elif spread[row] and fixed[row]:
            draft.problems.cell(
                row,
                "coupon_type",
                "found nothing beside both a spread and a fixed rate, expected floating or fixed",
            )
            continue
        else:
            # The check of coupons names what is missing.
            types[row] = "floating" if "spread" in draft.present else "fixed"
            continue
        counted[types[row]] += 1
    draft.note_default("coupon_type", "floating, from the spread", counted["floating"])
    draft.note_default("coupon_type", "fixed, from the fixed rate", counted["fixed"])


def _companies(draft: Draft) -> None:
    ids, names = draft.texts["obligor_id"], draft.texts["obligor_name"]
    from_name = from_loan = 0
    for row, stated in enumerate(ids):
        if stated:
            continue
        key = obligor_key(names[row]) if names[row] else ""
        ids[row] = key or draft.texts["loan_id"][row]
        from_name += bool(key)
        from_loan += not key
    draft.note_default("obligor_id", "from the normalized name", from_name)
    draft.note_default("obligor_id", "the loan_id: a company of its own", from_loan)
    draft.note_default("obligor_name", "the obligor_id", draft.fill_texts("obligor_name", ids))
    unsaid = sum(not text for text in draft.texts["industry"])
    draft.note_default("industry", "none: all such loans share one industry factor", unsaid)
    liens = [lien_in(text) for text in draft.texts["facility"]]
    draft.note_default("lien", "from the facility", draft.fill_texts("lien", liens))


def _dates(draft: Draft) -> None:
    defaulted = (draft.flags["is_defaulted"] == 1) & (draft.dates["default_date"] == NO_DATE)
    draft.dates["default_date"][defaulted] = draft.as_of
    draft.note_default(
        "default_date", "the as-of date, where the loan is flagged as defaulted", int(defaulted.sum())
    )
    own = draft.dates["next_payment"] != NO_DATE
    missing = own & np.isnan(draft.numbers["payment_frequency_months"])
    draft.numbers["payment_frequency_months"][missing] = float(_FREQUENCY)
    draft.note_default(
        "payment_frequency_months", f"{_FREQUENCY}, where there is a next payment", int(missing.sum())
    )
    unstarted = own & (draft.dates["accrual_start"] == NO_DATE)
    draft.note_default(
        "accrual_start", "closing, or next payment less frequency if later", int(unstarted.sum())
    )


def _resets(draft: Draft, floating: NDArray[np.bool_]) -> None:
    """Tell of loans whose index is fixed on other dates than the projection takes: once for each accrual period."""
    months = np.nan_to_num(draft.numbers["payment_frequency_months"], nan=float(_FREQUENCY))
    resets = draft.numbers["reset_frequency_months"]
    others = floating & ~np.isnan(resets) & (resets != months)
    draft.note_default(
        "reset_frequency_months", "no effect: a fixing for each accrual period", int(others.sum())
    )
    later = draft.dates["next_reset"] > draft.dates["next_payment"]
    stays = floating & later & (draft.dates["next_payment"] != NO_DATE)
    draft.note_default("next_reset", "no effect: a fixing for each accrual period", int(stays.sum()))


def _terms(draft: Draft) -> None:
    floating = draft.rows_where("coupon_type", "floating")
    months = draft.numbers["payment_frequency_months"]
    unnamed = 0
    tenors: Counter[int] = Counter()
    indices = draft.texts["index"]
    for row, text in enumerate(indices):
        if not floating[row] or not text:
            unnamed += bool(floating[row])
            indices[row] = ""
            continue
        tenor = _FREQUENCY if np.isnan(months[row]) else int(months[row])
        indices[row], filled = index_of(text, tenor)
        tenors[tenor] += filled
    draft.note_default("index", "the deal's own", unnamed)
    for tenor, rows in sorted(tenors.items()):
        draft.note_default("index", f"tenor {tenor} months", rows)
    _resets(draft, floating)
    _number(draft, "floor", "0", floating, 0.0)
    _number(draft, "csa", "0", floating, 0.0)
    unsaid = floating & (draft.numbers["csa"] != 0.0) & (draft.flags["csa_in_floor"] < 0)
    draft.note_default("csa_in_floor", "false", int(unsaid.sum()))
    draft.flags["csa_in_floor"][unsaid] = 0
    counts = draft.texts["day_count"]
    for kind, whose in (("act/360", floating), ("30/360", ~floating)):
        missing = [row for row in np.flatnonzero(whose).tolist() if not counts[row]]
        for row in missing:
            counts[row] = kind
        draft.note_default(
            "day_count", f"{kind} ({'floating' if kind == 'act/360' else 'fixed'})", len(missing)
        )
    _number(draft, "amortization_rate", "0.01 (floating)", floating, 0.01)
    _number(draft, "amortization_rate", "0 (fixed)", ~floating, 0.0)
    every = np.ones(draft.rows, dtype=np.bool_)
    _number(draft, "original_par", "par", every, draft.numbers["par"])
    if "pik_spread" in draft.present:
        _number(draft, "pik_spread", "0", every, 0.0)
    committed = np.nan_to_num(draft.numbers["par_unfunded"]) > 0.0
    _number(draft, "unfunded_fee", "0", committed, 0.0)


def _prices(draft: Draft) -> None:
    every = np.ones(draft.rows, dtype=np.bool_)
    par = draft.numbers["par"]
    for column, amount, what in (
        ("purchase_price", "cost", "cost / par"),
        ("market_price", "market_value", "market value / par"),
    ):
        usable = draft.in_currency_of(amount) & (par > 0.0)
        ratio = np.full(draft.rows, np.nan)
        np.divide(draft.numbers[amount], par, out=ratio, where=usable)
        ratio[~((ratio > 0.0) & (ratio <= 2.0))] = np.nan
        _number(draft, column, what, every, ratio)
    _number(draft, "purchase_price", "1", every, 1.0)
    counted: Counter[tuple[str, float]] = Counter()
    prices = draft.numbers["market_price"]
    defaulted = draft.dates["default_date"] != NO_DATE
    problems = draft.problems.rows("market_price", draft.rows)
    missing = np.isnan(prices) & ~problems
    draft.note_default("market_price", "recovery rate (defaulted)", int((missing & defaulted).sum()))
    for row in np.flatnonzero(missing & ~defaulted).tolist():
        bucket = price_bucket(draft.rating(row))
        prices[row] = bucket[1]
        counted[bucket] += 1
    for (name, price), rows in sorted(counted.items(), key=lambda item: -item[0][1]):
        draft.note_default("market_price", f"{price:g} ({name})", rows)


def _number(
    draft: Draft, column: str, default: str, rows: NDArray[np.bool_], value: float | NDArray[Any]
) -> None:
    """Fill in a number where it is missing in some rows."""
    values = draft.numbers[column]
    given = np.broadcast_to(np.asarray(value, dtype=np.float64), values.shape)
    missing = rows & np.isnan(values) & ~np.isnan(given) & ~draft.problems.rows(column, draft.rows)
    values[missing] = given[missing]
    draft.note_default(column, default, int(missing.sum()))
