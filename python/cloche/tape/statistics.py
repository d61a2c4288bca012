"""What a pool is described by. Sums are exact (`math.fsum`), so their order and the machine do not matter."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from cloche.table import Table
from cloche.tape.average_life import average_lives, years_to_maturity
from cloche.tape.ratings import RATING_FACTORS, notch_of
from cloche.tape.spreads import SpreadTerms, average_coupon_and_spread

if TYPE_CHECKING:
    from cloche.tape.pool import LoanPool

__all__ = ["DiversityTable", "breakdown", "diversity_score", "rating_factors", "statistics"]

Group = TypeVar("Group")

DiversityTable = Literal["exact", "printed"]
"""The scores of industries from 2 to 3 in thirtieths, or rounded to four decimals."""

_LARGEST = 10
# What an average may exceed a whole number by without being rounded up to the next.
_ROUNDING = 1e-9


def statistics(
    pool: LoanPool, *, diversity_table: DiversityTable = "exact", spreads: SpreadTerms | None = None
) -> Table:
    """Return the statistics of a pool; see `LoanPool.statistics`."""
    performing = pool.performing
    par = pool.numbers("par")
    drawn = np.where(performing, par, 0.0)
    live = pool.principal_balance
    total = math.fsum(live.tolist())
    companies = [
        parent or own for parent, own in zip(pool.texts("parent_id"), pool.texts("obligor_id"), strict=True)
    ]
    by_company = _by_group(companies, live)
    largest = sorted((value for value in by_company.values()), reverse=True)
    fixed = np.array([kind == "fixed" for kind in pool.texts("coupon_type")])
    factors = rating_factors(pool)
    warf = _average(factors, live)
    coupon, spread = average_coupon_and_spread(pool, spreads or SpreadTerms())
    lines: list[tuple[str, float, str]] = [
        ("par", math.fsum(drawn.tolist()), "money"),
        ("defaulted_par", math.fsum(par[~performing].tolist()), "money"),
        ("unfunded", math.fsum((live - drawn).tolist()), "money"),
        ("principal_balance", total, "money"),
        ("loans", float(len(pool)), "count"),
        ("obligors", float(len(set(pool.texts("obligor_id")))), "count"),
        ("industries", float(len(set(filter(None, pool.texts("industry"))))), "count"),
        ("largest_obligor", _ratio(largest[0] if largest else 0.0, total), "share"),
        ("top_10_obligors", _ratio(math.fsum(largest[:_LARGEST]), total), "share"),
        ("was", spread, "rate"),
        ("wac", coupon, "rate"),
        ("fixed", _ratio(math.fsum(live[fixed].tolist()), total), "share"),
        ("floor", _average(pool.numbers("floor"), np.where(fixed, 0.0, live)), "rate"),
        ("market_price", _average(pool.numbers("market_price"), live), "price"),
        ("purchase_price", _average(pool.numbers("purchase_price"), live), "price"),
        ("ccc", _ratio(math.fsum(live[pool.low_rated].tolist()), total), "share"),
        ("rated", _ratio(math.fsum(live[~np.isnan(factors)].tolist()), total), "share"),
        ("warf", warf, "factor"),
        ("warf_rounded", math.nan if math.isnan(warf) else float(math.ceil(warf - _ROUNDING)), "factor"),
        (
            "diversity",
            diversity_score(companies, pool.texts("industry"), live, table=diversity_table),
            "score",
        ),
        ("wal", _average(average_lives(pool), drawn), "years"),
        ("years_to_maturity", _average(years_to_maturity(pool), live), "years"),
    ]
    names, values, units = zip(*lines, strict=True)
    return Table.from_columns({"statistic": list(names), "value": np.array(values), "unit": list(units)})


def breakdown(pool: LoanPool, by: str) -> Table:
    """Return par by group; see `LoanPool.breakdown`."""
    if by == "rating":
        groups: Sequence[str] = pool.ratings
    elif by == "maturity_year":
        groups = [date.isoformat()[:4] for date in pool.table.column("maturity").python()]
    else:
        pool.table.column(by)
        groups = pool.texts(by)
    par = pool.numbers("par")
    total = math.fsum(par.tolist())
    members: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    sums = {group: math.fsum(par[rows].tolist()) for group, rows in members.items()}
    order = sorted(sums) if by == "maturity_year" else sorted(sums, key=lambda group: (-sums[group], group))
    companies = pool.texts("obligor_id")
    return Table.from_columns(
        {
            by: [group or None for group in order],
            "loans": np.array([len(members[group]) for group in order]),
            "obligors": np.array([len({companies[row] for row in members[group]}) for group in order]),
            "par": np.array([sums[group] for group in order]),
            "share": np.array([_ratio(sums[group], total) for group in order]),
        }
    )


def rating_factors(pool: LoanPool) -> NDArray[np.float64]:
    """Return Moody's rating factor per loan: the tape's, else that of the Moody's or the other rating."""
    factors = np.array(pool.numbers("rating_factor"))
    moodys = pool.texts("rating_moodys")
    for row in np.flatnonzero(np.isnan(factors)).tolist():
        notch = notch_of(moodys[row] or pool.ratings[row])
        if notch is not None:
            factors[row] = RATING_FACTORS[notch]
    return factors


def diversity_score(
    companies: Sequence[str],
    industries: Sequence[str],
    par: NDArray[np.float64],
    *,
    table: DiversityTable = "exact",
) -> float:
    """Return Moody's diversity score, NaN where a loan with par has no industry.

    ``A`` = par / number of companies; each company counts ``min(1, par / A)`` units in its industry; the
    units of an industry give its score by a concave table, here in closed form, and the score is the sum. A
    company in two industries counts in that of its larger par.

    Parameters
    ----------
    companies
        Company per loan, affiliates under one name.
    industries
        Industry per loan.
    par
        Principal balance per loan; money.
    table
        ``exact``: the scores from 2 to 3 in thirtieths; ``printed``: rounded to four decimals as in the printed
        table.

    Examples
    --------
    >>> diversity_score(["a", "b", "c"], ["food", "food", "steel"], np.array([1.0, 1.0, 1.0]))
    2.5
    """
    with_par = np.flatnonzero(par > 0.0).tolist()
    if not with_par or not all(industries[row] for row in with_par):
        return math.nan
    by_company = _by_group([companies[row] for row in with_par], par[with_par])
    by_pair = _by_group([(companies[row], industries[row]) for row in with_par], par[with_par])
    home: dict[str, tuple[float, str]] = {}
    for (company, industry), value in sorted(by_pair.items()):
        if value > home.get(company, (0.0, ""))[0]:
            home[company] = value, industry
    average = math.fsum(by_company.values()) / len(by_company)
    units: dict[str, list[float]] = defaultdict(list)
    for company, value in by_company.items():
        units[home[company][1]].append(min(1.0, value / average))
    scores = [_industry_score(math.fsum(own)) for own in units.values()]
    return math.fsum(round(score, 4) if table == "printed" else score for score in scores)


def _industry_score(units: float) -> float:
    """Return the score of one industry; the table steps at every tenth from 0.05 on."""
    step = math.floor(10.0 * units + 0.5 + 1e-9)
    if step <= 10:
        return 0.1 * step
    if step <= 30:
        return 1.0 + 0.05 * (step - 10)
    if step <= 60:
        return 2.0 + (step - 30) / 30.0
    if step <= 100:
        return 3.0 + 0.025 * (step - 60)
    return 4.0 + 0.01 * (step - 100) if step <= 200 else 5.0


def _by_group(groups: Sequence[Group], par: NDArray[np.float64]) -> dict[Group, float]:
    parts: dict[Group, list[float]] = defaultdict(list)
    for group, value in zip(groups, par.tolist(), strict=True):
        if value > 0.0:
            parts[group].append(value)
    return {group: math.fsum(values) for group, values in parts.items()}


def _average(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the weighted average over rows that have a value."""
    known = ~np.isnan(values) & (weights > 0.0)
    return _ratio(math.fsum((values[known] * weights[known]).tolist()), math.fsum(weights[known].tolist()))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else math.nan
