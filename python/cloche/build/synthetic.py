"""Seeded pools of invented loans that look like a broadly syndicated CLO.

Every number is drawn as an integer from a fixed stream of bits and turned into money, spreads and prices by
integer arithmetic and tables, so a seed gives the same pool on every machine. Companies are invented.

The market the pool imitates: ratings BB+ to CCC with a quarter of par at B- and 6 % at CCC+ and below,
spreads around 350 bp that widen with the rating, floors of zero for most, terms of three to seven years,
prices that fall with the rating.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cloche.table import Table
from cloche.tape import LoanPool

__all__ = ["loan_pool", "loan_table"]

# Quantiles of a lognormal size with standard deviation 0.4 in the log, at (k + 1/2)/32, thousandths of the
# median; sizes between them are interpolated.
_SIZES = (
    423, 512, 564, 606, 642, 675, 706, 735, 763, 790, 817, 844, 870, 897, 923, 951, 978, 1007, 1037, 1068,
    1099, 1133, 1169, 1207, 1248, 1294, 1345, 1403, 1475, 1568, 1715, 2094,
)  # fmt: skip


@dataclass(frozen=True)
class _Grade:
    """What loans of one rating look like: share in thousandths, spread in bp, price in eighths of a point."""

    rating: str
    moodys: Sequence[str]
    share: int
    spread: int
    price: int
    pd: int  # one-year default probability, bp


_GRADES = (
    _Grade("BB+", ("Ba1", "Ba2"), 30, 205, 800, 40),
    _Grade("BB", ("Ba2", "Ba3"), 70, 230, 799, 70),
    _Grade("BB-", ("Ba3", "B1"), 130, 260, 798, 120),
    _Grade("B+", ("B1", "B2"), 180, 320, 795, 200),
    _Grade("B", ("B2", "B3"), 280, 360, 788, 320),
    _Grade("B-", ("B3",), 250, 425, 764, 550),
    _Grade("CCC+", ("Caa1",), 42, 510, 664, 1300),
    _Grade("CCC", ("Caa2",), 18, 590, 536, 2400),
)
_FLOORS = (0, 0, 0, 0, 0, 0, 50, 50, 75, 100)  # bp
_COUNTRIES = ("US",) * 22 + ("CA", "GB", "LU")
_INDUSTRIES = (
    ("High Tech", 12), ("Healthcare & Pharmaceuticals", 11), ("Services: Business", 10),
    ("Banking, Finance, Insurance & Real Estate", 8), ("Media: Broadcasting & Subscription", 4),
    ("Telecommunications", 4), ("Hotel, Gaming & Leisure", 5), ("Services: Consumer", 4),
    ("Construction & Building", 4), ("Chemicals, Plastics & Rubber", 4), ("Capital Equipment", 4),
    ("Automotive", 3), ("Aerospace & Defense", 3), ("Beverage, Food & Tobacco", 3), ("Retail", 3),
    ("Containers, Packaging & Glass", 3), ("Media: Advertising, Printing & Publishing", 2),
    ("Media: Diversified & Production", 2), ("Transportation: Cargo", 2), ("Transportation: Consumer", 2),
    ("Utilities: Electric", 2), ("Utilities: Oil & Gas", 1), ("Energy: Oil & Gas", 2),
    ("Energy: Electricity", 1), ("Consumer Goods: Durable", 2), ("Consumer Goods: Non-Durable", 2),
    ("Environmental Industries", 2), ("Forest Products & Paper", 1), ("Metals & Mining", 1),
    ("Wholesale", 2),
)  # fmt: skip
_FIRST = (
    "Alder", "Amber", "Anvil", "Arbor", "Aspen", "Basalt", "Beacon", "Birch", "Bramble", "Breaker", "Cairn",
    "Canyon", "Cedar", "Cinder", "Clover", "Cobalt", "Copper", "Coral", "Crag", "Cypress", "Dapple", "Delta",
    "Dune", "Ember", "Fathom", "Fennel", "Fern", "Flint", "Gable", "Garnet", "Glade", "Granite", "Grove",
    "Harbor", "Hazel", "Heather", "Heron", "Hollow", "Indigo", "Ivory", "Jasper", "Juniper", "Kestrel",
    "Lantern", "Larch", "Linden", "Maple", "Marble", "Marlin", "Meadow", "Moss", "Nettle", "Northlight",
    "Oak", "Ochre", "Opal", "Orchard", "Osprey", "Pebble", "Pine", "Plover", "Quarry", "Quartz", "Raven",
    "Ridge", "Rowan", "Saffron", "Sandstone", "Slate", "Sorrel", "Spruce", "Sterling", "Thistle", "Timber",
    "Umber", "Vesper", "Walnut", "Willow", "Wren", "Yarrow",
)  # fmt: skip
_SECOND = (
    "Analytics", "Brands", "Care", "Coatings", "Components", "Data", "Dental", "Diagnostics", "Energy",
    "Foods", "Freight", "Health", "Industrial", "Insurance Services", "Labs", "Learning", "Logistics",
    "Materials", "Media", "Networks", "Packaging", "Payments", "Pharma", "Power", "Retail", "Security",
    "Software", "Staffing", "Systems", "Water",
)  # fmt: skip
_LEGAL = ("Holdings, LLC", "Inc.", "Group, L.P.", "Intermediate, LLC", "Corp.")
_SHARED = 25  # one loan in so many is another loan of the last company of its rating
_STEPS = 1000
_SECOND_LIEN = 4  # one CCC loan in so many is second lien
_SECOND_LIEN_SPREAD = 300  # bp
_EIGHTHS = 800  # a price of par


class _Draws:
    """Integers from a fixed stream of bits."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)  # raw bits: the stream of a Generator's methods may change

    def below(self, bound: int) -> int:
        """Return an integer from 0 to `bound` - 1."""
        return (int(self._bits.random_raw()) >> 32) * bound >> 32

    def around(self, spread: int) -> int:
        """Return an integer from -`spread` to `spread`."""
        return self.below(2 * spread + 1) - spread

    def shuffled(self, n: int) -> list[int]:
        """Return 0 to n - 1 in random order."""
        order = list(range(n))
        for last in range(n - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def loan_table(
    *,
    n: int = 200,
    seed: int = 7,
    par: float = 500e6,
    as_of: dt.date | str = dt.date(2025, 3, 20),
    spread_shift: float = 0.0,
    recovery: Mapping[str, float] | None = None,
    index: str = "sofr_3m",
    currency: str = "USD",
) -> Table:
    """Return the tape of a synthetic pool, as a table to write to a file.

    Parameters
    ----------
    n
        Number of loans.
    seed
        Any integer from 0; the same seed gives the same pool on every machine.
    par
        Sum of par, met to the cent; money.
    as_of
        Date of the tape; terms run from it.
    spread_shift
        Added to every spread; decimal, whole basis points.
    recovery
        Recovery rate by lien (``first_lien``, ``second_lien``). Absent: the tape has no recovery column, and
        the scenario's recovery applies.
    index, currency
        Index and currency of every loan.

    Raises
    ------
    ValueError
        If `n` is below 1 or `par` is below one unit of currency per loan.

    Examples
    --------
    >>> table = loan_table(n=3, par=6_000_000)
    >>> table["par"].sum().item()
    6000000.0
    """
    if n < 1 or not par >= n:
        raise ValueError(f"found n={n} and par={par}, expected 1 loan or more and at least 1 of par per loan")
    day = dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    draws = _Draws(seed)
    cents = _sizes(draws, n, round(par * 100))
    grades = _grades(draws, cents)
    industries = _industries(draws, n)
    names = _names(draws, n)
    rows: list[dict[str, object]] = []
    latest: dict[str, dict[str, object]] = {}
    for k in range(n):
        grade = grades[k]
        second = grade.rating.startswith("CCC") and draws.below(_SECOND_LIEN) == 0
        sibling = latest.get(grade.rating) if draws.below(_SHARED) == 0 else None
        lien = "second_lien" if second else "first_lien"
        spread = (
            grade.spread + 5 * draws.around(10) + _SECOND_LIEN_SPREAD * second + round(spread_shift * 1e4)
        )
        paid = draws.below(9)  # quarterly installments of 0.25 % of original par
        price = grade.price + draws.around(6 if grade.price > 700 else 24)
        row: dict[str, object] = {
            "loan_id": f"L{k + 1:04d}",
            "obligor_name": names[k],
            "par": cents[k] / 100,
            "original_par": cents[k] * 400 // (400 - paid) / 100,
            "coupon_type": "floating",
            "index": index,
            "spread": spread / 10_000,
            "floor": _FLOORS[draws.below(len(_FLOORS))] / 10_000,
            "day_count": "act/360",
            "maturity": _maturity(draws, day),
            "amortization_rate": 0.01,
            "lien": lien,
            "facility": "Term Loan B" if lien == "first_lien" else "Second Lien Term Loan",
            "cov_lite": draws.below(10) > 0,
            "currency": currency,
            "country": _COUNTRIES[draws.below(len(_COUNTRIES))],
            "industry": industries[k],
            "rating_sp": grade.rating,
            "rating_moodys": grade.moodys[draws.below(len(grade.moodys))],
            "pd_1y": grade.pd / 10_000,
            "market_price": min(price, _EIGHTHS + 4) / 800,
            "purchase_price": (_EIGHTHS - 8 - draws.around(8)) / 800,
        }
        if recovery is not None:
            row["recovery"] = recovery[lien]
        if sibling is not None:
            row |= {name: sibling[name] for name in ("obligor_name", "country", "industry", "rating_moodys")}
        rows.append(row)
        latest[grade.rating] = row
    return Table.from_columns({name: [row[name] for row in rows] for name in rows[0]})


def loan_pool(
    *,
    n: int = 200,
    seed: int = 7,
    par: float = 500e6,
    as_of: dt.date | str = dt.date(2025, 3, 20),
    spread_shift: float = 0.0,
    recovery: Mapping[str, float] | None = None,
    index: str = "sofr_3m",
    currency: str = "USD",
) -> LoanPool:
    """Return a synthetic pool; see `loan_table` for the parameters.

    Examples
    --------
    >>> loan_pool(n=200, seed=7)
    LoanPool(200 loans, 192 obligors, par USD 500,000,000, as of 2025-03-20)
    """
    table = loan_table(
        n=n,
        seed=seed,
        par=par,
        as_of=as_of,
        spread_shift=spread_shift,
        recovery=recovery,
        index=index,
        currency=currency,
    )
    return LoanPool.read(table, as_of=as_of)


def _sizes(draws: _Draws, n: int, total: int) -> list[int]:
    """Return the loans' par in cents: lognormal weights, the sum exact."""
    weights = [_size(draws.below((len(_SIZES) - 1) * _STEPS)) for _ in range(n)]
    whole = sum(weights)
    cents = [total * weight // whole for weight in weights]
    cents[weights.index(max(weights))] += total - sum(cents)
    return cents


def _size(position: int) -> int:
    """Return a size in millionths of the median, `_STEPS` positions between two quantiles."""
    place, part = divmod(position, _STEPS)
    return _SIZES[place] * (_STEPS - part) + _SIZES[place + 1] * part


def _grades(draws: _Draws, cents: Sequence[int]) -> list[_Grade]:
    """Give each loan a rating so that each rating's share of par is met as nearly as whole loans can."""
    total = sum(cents)
    bounds: list[tuple[int, _Grade]] = []
    reached = 0
    for grade in _GRADES:
        reached += grade.share
        bounds.append((reached, grade))
    grades: dict[int, _Grade] = {}
    before = 0
    for loan in draws.shuffled(len(cents)):
        middle = 2 * before + cents[loan]  # twice the cumulative par at the loan's middle
        grades[loan] = next(grade for bound, grade in bounds if middle * 1000 < 2 * bound * total)
        before += cents[loan]
    return [grades[loan] for loan in range(len(cents))]


def _industries(draws: _Draws, n: int) -> list[str]:
    """Deal out industries by weight, so that a pool of any size has their shares."""
    deck = [name for name, weight in _INDUSTRIES for _ in range(weight)]
    industries: list[str] = []
    while len(industries) < n:
        industries += [deck[place] for place in draws.shuffled(len(deck))]
    return industries[:n]


def _names(draws: _Draws, n: int) -> list[str]:
    """Return distinct invented names; after all pairs of words are used they are numbered."""
    pairs = draws.shuffled(len(_FIRST) * len(_SECOND))
    names: list[str] = []
    for k in range(n):
        generation, place = divmod(k, len(pairs))
        first, second = divmod(pairs[place], len(_SECOND))
        number = f" {generation + 1}" if generation else ""
        names.append(f"{_FIRST[first]} {_SECOND[second]}{number} {_LEGAL[draws.below(len(_LEGAL))]}")
    return names


def _maturity(draws: _Draws, as_of: dt.date) -> dt.date:
    """Return a date three to seven years on: the 15th or the last day of a month."""
    months = as_of.year * 12 + as_of.month - 1 + 36 + draws.below(49)
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, 15 if draws.below(2) else last)
