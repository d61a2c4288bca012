"""Documents and tapes of the public strategies across the boundary, and the engine's tables as rows."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cloche import _core
from cloche.testing.reference.rating_factors import rating_factor
from cloche.testing.strategies import Case
from cloche.testing.strategies.tapes import ccc_code

Row = dict[str, Any]
Tables = dict[str, list[Row]]

EPOCH = dt.date(1970, 1, 1)
ABSENT = np.iinfo(np.int32).min
DATES = {"date", "determination_date", "recovery_date"}
BOOLEANS = {"passes"}
DAY_COUNTS = {"act/360": 0, "act/365": 1, "30/360": 2, "30e/360": 3, "act/act": 4}
NUMBERS = (
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
)
DAYS = ("maturity", "next_payment", "accrual_start", "default_date")
TEXTS = ("loan_id", "obligor_id", "index", "industry", "rating", "lien", "country")
FLAGS = ("fixed", "csa_in_floor", "weak")


def columns(loans: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the columns that cross to the engine, in the order of the loans' names."""
    rows = sorted(loans, key=lambda loan: str(loan["loan_id"]))

    def values(name: str) -> list[Any]:
        return [row.get(name) for row in rows]

    crossing: dict[str, Any] = {
        name: np.array([np.nan if value is None else value for value in values(name)], dtype=np.float64)
        for name in NUMBERS
    }
    for name in ("pik_spread", "unfunded_fee"):
        crossing[name] = np.array([value or 0.0 for value in values(name)], dtype=np.float64)
    for name in DAYS:
        days = [ABSENT if value is None else (value - EPOCH).days for value in values(name)]
        crossing[name] = np.array(days, dtype=np.int32)
    crossing |= {name: [value or "" for value in values(name)] for name in TEXTS}
    crossing["obligor_name"] = crossing["obligor_id"]
    crossing |= {name: np.array([bool(value) for value in values(name)], dtype=np.uint8) for name in FLAGS}
    factors = [row.get("rating_factor") or rating_factor(row.get("rating") or "") for row in rows]
    crossing["rating_factor"] = np.array([np.nan if factor is None else factor for factor in factors])
    crossing["ccc"] = np.array([ccc_code(row) for row in rows], dtype=np.uint8)
    months = [value or 0 for value in values("payment_frequency_months")]
    crossing["payment_frequency_months"] = np.array(months, dtype=np.int32)
    usual = ["30/360" if row["fixed"] else "act/360" for row in rows]
    codes = [DAY_COUNTS[value or other] for value, other in zip(values("day_count"), usual, strict=True)]
    crossing["day_count"] = np.array(codes, dtype=np.uint8)
    return crossing


def pool(case: Case) -> Any:
    """Return the engine's copy of a tape."""
    return _core.Pool(columns(case.loans), (case.as_of - EPOCH).days)


def project(case: Case) -> dict[str, Any]:
    """Project a case with the engine; every table as rows."""
    deal = _core.Deal(json.dumps(case.deal))
    return as_rows(_core.project(deal, pool(case), json.dumps(case.scenario), None, ""))


def run_payment_date(deal: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Run a payment date with the engine; every table as rows."""
    return as_rows(_core.run_payment_date(_core.Deal(json.dumps(deal)), json.dumps(state)))


def as_rows(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Turn every table into rows; numbers and dictionaries of numbers stay."""
    tabular = ("notes", "cashflows", "collateral", "tests", "ledger", "fees", "events", "defaults")
    return {name: rows(value) if name in tabular else value for name, value in raw.items()}


def rows(table: Mapping[str, Any]) -> list[Row]:
    """Turn columns into rows: dates as dates, absent numbers as None."""
    plain = {name: _plain(name, column) for name, column in table.items()}
    return [dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)]


def _plain(name: str, column: Any) -> list[Any]:
    if isinstance(column, tuple):
        codes, words = column
        return [None if code < 0 else words[code] for code in codes.tolist()]
    values = column.tolist()
    if name in DATES:
        return [None if value == ABSENT else EPOCH + dt.timedelta(days=value) for value in values]
    if name in BOOLEANS:
        return [None if value < 0 else bool(value) for value in values]
    return [None if isinstance(value, float) and np.isnan(value) else value for value in values]
