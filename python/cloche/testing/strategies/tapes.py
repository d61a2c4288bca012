"""Strategies of loan tapes."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from cloche.testing.reference.dates import add_months
from cloche.testing.reference.rating_factors import rating_factor
from cloche.testing.strategies.draws import (
    CLOSING,
    DAY_COUNTS,
    INDEX,
    INDUSTRIES,
    LIENS,
    PAR,
    RATINGS,
    Document,
    basis_points,
    percent,
    sometimes,
)


@st.composite
def tapes(
    draw: st.DrawFn, min_loans: int = 3, max_loans: int = 12, *, as_of: date = CLOSING
) -> list[Document]:
    """Tapes of a few loans whose par adds up to about `PAR`.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    min_loans, max_loans
        Number of loans.
    as_of
        Date of the tape.

    Returns
    -------
    list of dict
        One dict a loan with the columns of the tape, absent values None; dates as `date`, `day_count` as text.
        CCC, discount-priced, fixed, floored and amortizing loans, own payment dates, loans already in default and
        several loans of one obligor occur.
    """
    number = draw(st.integers(min_loans, max_loans))
    weights = [draw(st.integers(1, 20)) for _ in range(number)]
    scale = PAR * draw(st.integers(90, 106)) / 100 / sum(weights)
    return [draw(_loans(i, round(weight * scale), as_of)) for i, weight in enumerate(weights)]


@st.composite
def _loans(draw: st.DrawFn, number: int, par: float, as_of: date) -> Document:
    fixed = draw(st.integers(0, 5)) == 0
    rating = draw(st.sampled_from(RATINGS))
    weak = rating == "CCC"
    loan: Document = {
        "loan_id": f"L{number:02d}",
        "obligor_id": f"O{draw(st.integers(0, number)):02d}",
        "par": float(par),
        "par_unfunded": None,
        "original_par": draw(sometimes(st.integers(100, 130).map(lambda pct: float(par) * pct / 100))),
        "fixed": fixed,
        "fixed_rate": draw(basis_points(400, 1000)) if fixed else None,
        "index": None if fixed else draw(st.sampled_from([INDEX, None])),
        "spread": None if fixed else draw(basis_points(200, 700)),
        "floor": None if fixed else draw(sometimes(basis_points(0, 500))),
        "csa": None if fixed else draw(sometimes(basis_points(0, 43))),
        "csa_in_floor": None if fixed else draw(sometimes(st.booleans())),
        "day_count": draw(
            st.sampled_from([None, None, "act/360", "act/365", "30/360", "30e/360", "act/act"])
        ),
        "maturity": as_of + timedelta(days=draw(st.integers(30, 2200))),
        "amortization_rate": draw(sometimes(percent(0, 40))),
        "rating": rating,
        "ccc": weak,
        "weak": weak,
        "industry": draw(st.sampled_from(INDUSTRIES)),
        "lien": draw(st.sampled_from(LIENS)),
        "market_price": draw(percent(40, 90) if weak else percent(80, 104)),
        "purchase_price": draw(sometimes(percent(60, 103))),
        "recovery": draw(sometimes(percent(0, 100))),
        "recovery_lag_months": draw(sometimes(st.integers(0, 24).map(float))),
        "cpr": draw(sometimes(percent(0, 60))),
        "next_payment": None,
        "payment_frequency_months": None,
        "accrual_start": None,
        "current_rate": None,
        "default_date": None,
    }
    kind = draw(st.integers(0, 9))
    if kind in {0, 1, 2}:
        loan.update(draw(_own_dates(as_of)))
        if loan["accrual_start"] is not None and loan["accrual_start"] >= loan["maturity"]:
            loan["accrual_start"] = None
    elif kind == 3:
        loan["default_date"] = as_of - timedelta(days=draw(st.integers(0, 1300)))
        loan["maturity"] = max(loan["maturity"], as_of)
    return loan


@st.composite
def _own_dates(draw: st.DrawFn, as_of: date) -> Document:
    frequency = draw(st.sampled_from([1, 3, 6]))
    month = add_months(as_of.replace(day=1), draw(st.integers(1, frequency)))
    following = month.replace(day=draw(st.integers(10, 25)))
    start = add_months(following, -frequency) + timedelta(days=draw(st.integers(0, 20)))
    return {
        "next_payment": following,
        "payment_frequency_months": frequency,
        "accrual_start": start if draw(st.booleans()) else None,
        "current_rate": draw(sometimes(basis_points(300, 1100))),
    }


def pik_spreads() -> st.SearchStrategy[float | None]:
    """PIK spreads of loans: most have one, some a spread of zero or none on the tape."""
    return sometimes(st.one_of(st.just(0.0), basis_points(25, 1500), basis_points(25, 1500)))


@st.composite
def commitments(draw: st.DrawFn, par: float) -> Document:
    """The undrawn commitment of a loan and the fee on it; of some loans nothing is drawn, some have none.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    par
        Funded par of the loan without it.
    """
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return {"par_unfunded": draw(st.sampled_from([None, 0.0])), "unfunded_fee": None}
    share = 1.0 if kind == 1 else draw(percent(1, 90))
    return {
        "par": 0.0 if kind == 1 else par * (1 - share),
        "par_unfunded": par * share,
        "unfunded_fee": draw(sometimes(basis_points(0, 300))),
    }


def ccc_code(loan: Mapping[str, Any]) -> int:
    """Which agencies rate a loan CCC: 0 none, 1 all, else the sum of 2 (Fitch), 4 (Moody's) and 8 (S&P)."""
    if not loan.get("ccc"):
        return 0
    return sum({"fitch": 2, "moodys": 4, "sp": 8}[name] for name in loan.get("agencies") or ()) or 1


def tape_columns(loans: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Tape as columns in the codes of the engine's boundary, one list a column.

    Parameters
    ----------
    loans
        Rows as `tapes()` gives them, in order of `loan_id`.

    Returns
    -------
    dict
        Numbers with NaN for absent ones; dates as days since 1970-01-01 and months, with the smallest 32-bit integer
        for an absent date and 0 for absent months; flags as 0 and 1; day counts as their code, the default of the
        coupon filled in; text, empty when absent.

    Examples
    --------
    >>> tape_columns([{"loan_id": "L1", "par": 5.0, "maturity": date(1970, 1, 11)}])["maturity"]
    [10]
    """
    numbers = [
        "par",
        "par_unfunded",
        "original_par",
        "spread",
        "fixed_rate",
        "floor",
        "csa",
        "current_rate",
        "market_price",
        "purchase_price",
        "amortization_rate",
        "recovery",
        "recovery_lag_months",
        "cpr",
        "pd_1y",
        "hazard",
    ]
    epoch = date(1970, 1, 1)
    columns: dict[str, list[Any]] = {}
    for name in numbers:
        columns[name] = [math.nan if loan.get(name) is None else float(loan[name]) for loan in loans]
    factors = [loan.get("rating_factor") or rating_factor(loan.get("rating") or "") for loan in loans]
    columns["rating_factor"] = [math.nan if factor is None else float(factor) for factor in factors]
    for name in ("pik_spread", "unfunded_fee"):
        columns[name] = [float(loan.get(name) or 0.0) for loan in loans]
    for name in ("maturity", "next_payment", "accrual_start", "default_date"):
        columns[name] = [(loan[name] - epoch).days if loan.get(name) else -(2**31) for loan in loans]
    columns["payment_frequency_months"] = [loan.get("payment_frequency_months") or 0 for loan in loans]
    for name in ("fixed", "csa_in_floor", "weak"):
        columns[name] = [int(bool(loan.get(name))) for loan in loans]
    columns["ccc"] = [ccc_code(loan) for loan in loans]
    columns["day_count"] = [
        DAY_COUNTS.index(loan.get("day_count") or ("30/360" if loan.get("fixed") else "act/360"))
        for loan in loans
    ]
    for name in ("loan_id", "obligor_id", "obligor_name", "index", "industry", "rating", "lien", "country"):
        columns[name] = [loan.get(name) or "" for loan in loans]
    columns["obligor_id"] = [loan.get("obligor_id") or loan["loan_id"] for loan in loans]
    return columns
