"""CLOs from before and after the crisis of 2008."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cloche.build.templates.family import family
from cloche.model.deal import Deal

__all__ = ["clo_1_0", "clo_2_0"]


def clo_1_0(
    *, par: float = 500e6, closing: dt.date | str = "2006-03-22", name: str = "CLO 1.0", **terms: Any
) -> Deal:
    """Return a CLO of the years before 2008.

    Such deals had 0.3 to 1.0 bn of 200 to 300 loans, about 30 % of credit enhancement for class A, a reinvestment
    period of five to seven years and a non-call period of three to five. Other securitizations were allowed up to 35 %
    of the collateral, bonds up to 10 to 20 %, CCC loans up to 10 to 15 %. Here: 30 %, six and four years, 35 %, 15 %
    and 12.5 %; spreads of 2006. When the most junior coverage test fails, interest repays that class itself; no test
    diverts interest; from year eight on an auction call is tried twice a year (`rights`).

    Parameters
    ----------
    par
        Target par, in money.
    closing
        Closing date.
    name
        Name of the deal.
    **terms
        Any term of `us_bsl`.

    Raises
    ------
    DealError
        With every problem of the document that these numbers make.

    Examples
    --------
    >>> deal = clo_1_0()
    >>> 1 - deal.notes["A"].balance / deal.target_par, deal.collateral.ccc.limit, deal.dates.non_call_end
    (0.30000000000000004, 0.125, '2010-04-20')
    """
    own = {
        "par": par,
        "closing": closing,
        "name": name,
        "index": "libor_3m",
        "calendars": ("new_york", "london"),
        "sizes": {"A": 0.70, "B": 0.08, "C": 0.065, "D": 0.045, "E": 0.03, "SUB": 0.08},
        "spreads": {"A": 0.0025, "B": 0.0040, "C": 0.0070, "D": 0.0150, "E": 0.0350},
        "oc_triggers": {"A/B": 1.18, "C": 1.11, "D": 1.06, "E": 1.043},
        "ic_triggers": {"A/B": 1.20, "C": 1.12, "D": 1.06},
        "last_cure_pays": "class",
        "diversion_trigger": None,
        "reinvestment_years": 6.0,
        "non_call_years": 4.0,
        "ccc_limit": 0.125,
        "senior_fee": 0.0020,
        "sub_fee": 0.0045,
        "concentration": (
            {"kind": "structured_finance", "max": 0.35},
            {"kind": "bond", "max": 0.15},
            {"kind": "ccc", "max": 0.125},
        ),
        "rights": {"auction_call": {"from": _years_later(closing, 8), "months": [1, 7]}},
    }
    return family("clo_1_0", own, terms)


def clo_2_0(
    *, par: float = 400e6, closing: dt.date | str = "2013-03-20", name: str = "CLO 2.0", **terms: Any
) -> Deal:
    """Return a CLO of the years after 2008.

    Such deals have 0.3 to 0.5 bn of 100 to 200 loans, about 40 % of credit enhancement for class A, a reinvestment
    period of four to five years and a non-call period of one and a half to two. Other securitizations and bonds are not
    allowed, CCC loans up to 7.5 %. Here: 40 %, four and a half and two years; spreads of 2013.

    Parameters
    ----------
    par
        Target par, in money.
    closing
        Closing date.
    name
        Name of the deal.
    **terms
        Any term of `us_bsl`.

    Raises
    ------
    DealError
        With every problem of the document that these numbers make.

    Examples
    --------
    >>> deal = clo_2_0()
    >>> 1 - deal.notes["A"].balance / deal.target_par, deal.collateral.ccc.limit, deal.dates.non_call_end
    (0.4, 0.075, '2015-04-20')
    """
    own = {
        "par": par,
        "closing": closing,
        "name": name,
        "index": "libor_3m",
        "calendars": ("new_york", "london"),
        "sizes": {"A": 0.60, "B": 0.125, "C": 0.075, "D": 0.055, "E": 0.05, "SUB": 0.095},
        "spreads": {"A": 0.0140, "B": 0.0210, "C": 0.0300, "D": 0.0425, "E": 0.0575},
        "oc_triggers": {"A/B": 1.275, "C": 1.175, "D": 1.105, "E": 1.055},
        "diversion_trigger": 1.06,
        "reinvestment_years": 4.5,
        "non_call_years": 2.0,
        "ccc_limit": 0.075,
        "senior_fee": 0.0020,
        "sub_fee": 0.0030,
        "concentration": (
            {"kind": "structured_finance", "max": 0.0},
            {"kind": "bond", "max": 0.0},
            {"kind": "ccc", "max": 0.075},
        ),
    }
    return family("clo_2_0", own, terms)


def _years_later(day: dt.date | str, years: int) -> str:
    """Return the first of the month so many years later; what is no date stays for the document to refuse."""
    try:
        date = dt.date.fromisoformat(day) if isinstance(day, str) else day
        return date.replace(year=date.year + years, day=1).isoformat()
    except (AttributeError, TypeError, ValueError):
        return str(day)
