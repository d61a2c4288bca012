"""The static CLO."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cloche.build.templates.family import family
from cloche.model.deal import Deal

__all__ = ["static_clo"]


def static_clo(
    *, par: float = 400e6, closing: dt.date | str = "2025-03-20", name: str = "Static CLO", **terms: Any
) -> Deal:
    """Return a static US CLO: nothing is reinvested, principal pays notes from the first payment date on.

    Class A is 68 % of par, equity 7 %; no test diverts interest, the non-call period is one year, fees are 10 bp each.

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
    >>> deal = static_clo()
    >>> deal.dates.reinvestment_end is None, [step.verb for step in deal.waterfalls["principal"]][-6]
    (True, 'pay_principal')
    """
    own = {
        "par": par,
        "closing": closing,
        "name": name,
        "static": True,
        "sizes": {"A": 0.68, "B": 0.115, "C": 0.06, "D": 0.045, "E": 0.03, "SUB": 0.07},
        "spreads": {"A": 0.0110, "B": 0.0155, "C": 0.0190, "D": 0.0290, "E": 0.0550},
        "oc_triggers": {"A/B": 1.17, "C": 1.10, "D": 1.055},
        "non_call_years": 1.0,
        "maturity_years": 10.0,
        "senior_fee": 0.0010,
        "sub_fee": 0.0010,
    }
    return family("static_clo", own, terms)
