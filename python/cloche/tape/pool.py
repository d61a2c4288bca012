"""A checked pool of loans."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cloche.table import Column, Table
from cloche.tape.names import DAY_COUNT_CODES
from cloche.tape.ratings import CCC_NOTCH, notch_of
from cloche.tape.read import Reading, read_tape
from cloche.tape.spreads import SpreadTerms
from cloche.tape.statistics import DiversityTable, breakdown, rating_factors, statistics

__all__ = ["LoanPool"]

_HASH_BYTES = 16
_NUMBERS = (
    "par", "par_unfunded", "original_par", "spread", "fixed_rate", "floor", "csa", "current_rate",
    "market_price", "purchase_price", "amortization_rate", "recovery", "recovery_lag_months", "cpr",
    "pik_spread", "unfunded_fee", "pd_1y", "hazard",
)  # fmt: skip
_DATES = ("maturity", "next_payment", "accrual_start", "default_date")
_AGENCIES = {2: "rating_fitch", 4: "rating_moodys", 8: "rating_sp"}
_TEXTS = ("loan_id", "obligor_id", "obligor_name", "parent_id", "index", "industry", "lien", "country")


class LoanPool:
    """Loans of one deal on one date, checked and in canonical order; immutable.

    Money is in currency units, rates and prices are decimals (350 bp = 0.0350, 98½ = 0.985).

    Examples
    --------
    >>> pool = LoanPool.from_columns(
    ...     {
    ...         "loan_id": ["L2", "L1"],
    ...         "obligor_name": ["Alder Freight, Inc.", "Birch Foods LLC"],
    ...         "par": [2_000_000, 3_000_000],
    ...         "maturity": ["2030-06-30", "2029-03-31"],
    ...         "spread_bps": [350, 425],
    ...         "rating_sp": ["B", "B-"],
    ...     },
    ...     as_of="2025-09-30",
    ... )
    >>> len(pool), pool.par, pool.table["spread"].tolist()
    (2, 5000000.0, [0.0425, 0.035])
    >>> pool.defaults_used.filter(column="floor").to_dict()
    {'column': ['floor'], 'default': ['0'], 'rows': [2]}
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @classmethod
    def read(
        cls, source: Any, *, as_of: dt.date | str, columns: Mapping[str, str | None] | None = None
    ) -> LoanPool:
        """Read a tape.

        Parameters
        ----------
        source
            Path of a ``.csv``, ``.tsv``, ``.parquet`` or ``.xlsx`` file (the first sheet); any object with
            ``__arrow_c_stream__`` (polars, pyarrow, a duckdb relation); a pandas data frame; a mapping of
            arrays.
        as_of
            Date on which the balances stand; ISO text or a date.
        columns
            Name in the source to canonical name, where the name alone does not say it; with ``_bps`` or
            ``_pct`` if the numbers are written so; None leaves a column out. A column that is not read and is
            nearly called like one that the tape does not have is logged as a warning ("cloche").

        Raises
        ------
        TapeError
            With every bad row and column.
        RunError
            If a Parquet or xlsx file needs a package that is not installed.

        Notes
        -----
        A row needs ``loan_id``, ``par``, ``maturity`` and a ``spread`` (floating) or ``fixed_rate`` (fixed);
        without ``coupon_type`` the one that is given decides. Numbers may be written as ``0.013``, ``130bp``,
        ``1.3%``, money as ``1,234,567.89``. Dates are dates, timestamps, ``2029-05-23``, ``20290523``,
        ``23-May-2029``, ``23 May 2029`` or ``May 23, 2029``; ``05/23/2029`` is refused, because the order of
        day and month is not certain. Blank cells, ``n/a`` and ``-`` are absent, and so is NaN in an array of
        numbers; the text ``nan`` is an error. ``current_rate`` is the all-in rate of the accrual period that
        ends at ``next_payment``; without that date it is kept and has no effect. A row whose ``count`` is n
        becomes n loans of n companies with equal par. Loans of several currencies are refused.
        """
        return cls(read_tape(source, as_of=as_of, columns=columns))

    @classmethod
    def from_columns(cls, mapping: Mapping[str, Any], *, as_of: dt.date | str) -> LoanPool:
        """Return the pool of a mapping of column names to arrays or lists; see `read`."""
        return cls(read_tape(mapping, as_of=as_of, columns=None))

    @property
    def as_of(self) -> dt.date:
        """Date on which the balances stand."""
        return self._reading.as_of

    @property
    def table(self) -> Table:
        """The canonical columns that have a value in any row, one row per loan, sorted by loan_id."""
        return self._reading.table

    @property
    def mapping(self) -> Table:
        """Which column of the source became which.

        Columns ``source, column, unit, use``: `use` is ``used``, ``kept`` (in the table, without effect),
        ``input`` (another column comes from it), ``checked`` (refused where a row has a value), ``ignored``.
        """
        return self._reading.mapping

    @property
    def defaults_used(self) -> Table:
        """What was filled in, and in how many rows: columns ``column, default, rows``."""
        return self._reading.defaults

    @property
    def extra(self) -> Table:
        """Columns of the source that are not read, in the pool's order, as text."""
        return self._reading.extra

    @property
    def par(self) -> float:
        """Sum of the funded par of all loans, defaulted ones included; money."""
        return math.fsum(self.table["par"].tolist())

    @cached_property
    def hash(self) -> str:
        """BLAKE2b-128 of the as-of date and the canonical columns, 32 hexadecimal digits."""
        digest = hashlib.blake2b(self.as_of.isoformat().encode(), digest_size=_HASH_BYTES)
        for name in sorted(self.table.columns):
            column = self.table.column(name)
            digest.update(f"\0{name}\0{column.kind}\0".encode())
            if column.kind == "text":
                digest.update("\0".join(text or "" for text in column.python()).encode())
            else:
                digest.update(column.values.astype(column.values.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()

    def statistics(
        self,
        *,
        diversity_table: DiversityTable = "exact",
        benchmark: float | None = None,
        target_par: float | None = None,
        minimum_spread: float | None = None,
        minimum_coupon: float | None = None,
    ) -> Table:
        """Return what the pool is described by: columns ``statistic, value, unit``.

        A value is null where the tape cannot say. Averages and shares are over the principal balance of performing
        loans, drawn and undrawn par together. ``was`` is spread and credit spread adjustment on drawn par and
        commitment fees on undrawn par, over both, of floating loans, and ``wac`` the same of fixed ones. ``wal`` is the
        average life of drawn par from its instalments and maturities, without prepayment, in 30/360 years from the
        as-of date; ``years_to_maturity`` has no instalments either. Diversity is Moody's score over industries.

        Parameters
        ----------
        diversity_table
            ``exact``, or ``printed``: industry scores rounded to four decimals, as indentures print them. A deal
            says which in ``conventions.diversity_table``.
        benchmark
            The notes' index rate, as a decimal a year: ``was`` has the excess of each floor over it.
        target_par
            Reinvestment target par, beside a benchmark: ``was`` has what par above it earns at the benchmark.
        minimum_spread, minimum_coupon
            Minima of the deal's tests: where ``was`` is below its own, it has what ``wac`` is above the other, weighted
            by par, and the other way round.

        Raises
        ------
        RunError
            If a number is out of range, or says nothing without another.

        Examples
        --------
        >>> pool = LoanPool.from_columns(
        ...     {
        ...         "loan_id": ["1", "2"],
        ...         "par": [3_000_000, 1_000_000],
        ...         "maturity": ["2030-09-30", "2028-09-30"],
        ...         "spread_bps": [350, 450],
        ...         "floor": [0.0, 0.05],
        ...     },
        ...     as_of="2025-09-30",
        ... )
        >>> [round(row["value"], 6) for row in pool.statistics(benchmark=0.043).rows() if row["statistic"] == "was"]
        [0.03925]
        """
        terms = SpreadTerms(benchmark, target_par, minimum_spread, minimum_coupon)
        return statistics(self, diversity_table=diversity_table, spreads=terms)

    def breakdown(self, by: str) -> Table:
        """Return par by group: columns ``<by>, loans, obligors, par, share``, the largest first.

        Parameters
        ----------
        by
            A text column of the table, ``rating`` (S&P, else Moody's, else Fitch), or ``maturity_year``.
        """
        return breakdown(self, by)

    @cached_property
    def ratings(self) -> tuple[str, ...]:
        """The rating used for groups and prices: S&P, else Moody's, else Fitch; empty if unrated."""
        agencies = [self.texts(name) for name in ("rating_sp", "rating_moodys", "rating_fitch")]
        return tuple(next(filter(None, letters), "") for letters in zip(*agencies, strict=True))

    @cached_property
    def performing(self) -> NDArray[np.bool_]:
        """Which loans had not defaulted on the as-of date."""
        return self._column("default_date").null

    @cached_property
    def low_rated(self) -> NDArray[np.bool_]:
        """Which performing loans are rated CCC+ or lower by S&P or Fitch, or Caa1 or lower by Moody's."""
        low: NDArray[np.bool_] = self.low_rated_by != 0
        return low

    @cached_property
    def low_rated_by(self) -> NDArray[np.uint8]:
        """Which agencies rate a performing loan so: the sum of 2 (Fitch), 4 (Moody's) and 8 (S&P)."""
        by = np.zeros(len(self), dtype=np.uint8)
        for code, name in _AGENCIES.items():
            notches = (notch_of(letters) or 0 for letters in self.texts(name))
            low = np.fromiter((notch >= CCC_NOTCH for notch in notches), np.bool_, len(self))
            by[low & self.performing] += code
        return by

    def agencies_of(self, row: int) -> list[str]:
        """Return which agencies rate a performing loan CCC+/Caa1 or lower: ``fitch``, ``moodys``, ``sp``."""
        code = int(self.low_rated_by[row])
        return [name.removeprefix("rating_") for bit, name in _AGENCIES.items() if code & bit]

    @cached_property
    def principal_balance(self) -> NDArray[np.float64]:
        """What each loan counts for: drawn and undrawn par of a performing one, nothing of a defaulted one; money."""
        whole = self.numbers("par") + np.nan_to_num(self.numbers("par_unfunded"))
        balance: NDArray[np.float64] = np.where(self.performing, whole, 0.0)
        return balance

    def texts(self, name: str) -> list[str]:
        """Return a text column, empty where it is null or the tape does not have it."""
        return [text or "" for text in self._column(name).python()]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a number column, NaN where it is null or the tape does not have it."""
        return self._column(name).values

    def _column(self, name: str) -> Column:
        return self._reading.column(name)

    def columns(self) -> dict[str, Any]:
        """Return the columns that cross to the engine.

        float64 arrays (NaN is absent), int32 days since 1970-01-01 (the least int32 is absent), uint8 flags
        and lists of text; C-contiguous, in the order of the pool.
        """
        floating = [kind == "floating" for kind in self.texts("coupon_type")]
        columns: dict[str, Any] = {name: np.array(self.numbers(name)) for name in _NUMBERS}
        for name in ("pik_spread", "unfunded_fee"):
            columns[name] = np.nan_to_num(self.numbers(name))
        columns |= {name: np.array(self._column(name).values) for name in _DATES}
        columns |= {name: self.texts(name) for name in _TEXTS}
        columns["rating"] = list(self.ratings)
        months = np.nan_to_num(self.numbers("payment_frequency_months"))
        columns["payment_frequency_months"] = months.astype(np.int32)
        columns["fixed"] = np.array([not kind for kind in floating], dtype=np.uint8)
        codes = [DAY_COUNT_CODES[name] for name in self.texts("day_count")]
        columns["day_count"] = np.array(codes, dtype=np.uint8)
        columns["csa_in_floor"] = (self._column("csa_in_floor").values == 1).astype(np.uint8)
        columns["ccc"] = self.low_rated_by.copy()
        columns["weak"] = self.low_rated.astype(np.uint8)
        columns["rating_factor"] = rating_factors(self)
        return columns

    @cached_property
    def _engine(self) -> Any:
        from cloche import _core

        return _core.Pool(self.columns(), (self.as_of - dt.date(1970, 1, 1)).days)

    def _core(self) -> Any:
        """Return the engine's copy of the pool, made at the first call."""
        return self._engine

    def __len__(self) -> int:
        return len(self.table)

    def __eq__(self, other: object) -> bool:
        return self.hash == other.hash if isinstance(other, LoanPool) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._reading,)

    def __repr__(self) -> str:
        companies = len(set(self.texts("obligor_id")))
        currency = next(filter(None, self.texts("currency")), "")
        money = f"{currency} {self.par:,.0f}".strip()
        return f"LoanPool({len(self):,} loans, {companies:,} obligors, par {money}, as of {self.as_of})"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.table._repr_html_()}"  # the notebook protocol
