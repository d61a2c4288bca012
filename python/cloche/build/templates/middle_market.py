"""The US middle-market CLO."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cloche.build.templates.family import family
from cloche.model.deal import Deal

__all__ = ["us_middle_market"]


def us_middle_market(
    *, par: float = 450e6, closing: dt.date | str = "2025-03-20", name: str = "US middle market", **terms: Any
) -> Deal:
    """Return a US middle-market CLO: 50 to 120 companies with credit estimates, wide spreads, thick equity.

    Beside a broadly syndicated deal: class A is 58 % of par and equity 13.5 %, spreads are wider, the CCC limit is
    17.5 %, the reinvestment period is four years, and fees are 15 and 25 bp. Loans pay 500 to 600 bp over the index.

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
    >>> deal = us_middle_market(sub_fee=0.0)
    >>> deal.notes["A"].balance, deal.collateral.ccc.limit, deal.dates.reinvestment_end
    (261000000.0, 0.175, '2029-04-20')
    """
    own = {
        "par": par,
        "closing": closing,
        "name": name,
        "sizes": {"A": 0.58, "B": 0.10, "C": 0.075, "D": 0.055, "E": 0.055, "SUB": 0.135},
        "spreads": {"A": 0.0165, "B": 0.0210, "C": 0.0265, "D": 0.0400, "E": 0.0700},
        "oc_triggers": {"A/B": 1.36, "C": 1.24, "D": 1.17, "E": 1.105},
        "diversion_trigger": 1.115,
        "ccc_limit": 0.175,
        "reinvestment_years": 4.0,
        "maturity_years": 12.0,
        "senior_fee": 0.0015,
        "sub_fee": 0.0025,
        "concentration": (
            {"kind": "obligor", "max": 0.03},
            {"kind": "industry", "max": 0.15, "largest": [0.20, 0.17]},
            {"kind": "delayed_draw_and_revolving", "max": 0.15},
        ),
    }
    return family("us_middle_market", own, terms)
