"""The European CLO."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cloche.build.templates.family import family
from cloche.model.deal import Deal

__all__ = ["eur_clo"]


def eur_clo(
    *, par: float = 400e6, closing: dt.date | str = "2025-03-20", name: str = "EUR CLO", **terms: Any
) -> Deal:
    """Return a European CLO of the years 2024-25: euros, Euribor floored at zero, a class F, par value tests.

    Beside a broadly syndicated deal: deferred interest is capitalized into the balance, dates follow TARGET and
    London, tests are called par value tests, the reinvestment period is four and a half years and the non-call period
    one and a half, and fees are 15 and 35 bp. It pays quarterly and smooths interest: half of what loans pay that pay
    every six months waits in an account for the next date. ``frequency_switch=True`` adds the switch to semi-annual
    payments.

    Parameters
    ----------
    par
        Target par, in money.
    closing
        Closing date.
    name
        Name of the deal.
    **terms
        Any term of `us_bsl`; ``sub_fee_before_last_test=True`` is known of a few deals. A payment date from a state
        needs ``interest_smoothing=False``: a state does not tell whose interest was collected.

    Raises
    ------
    DealError
        With every problem of the document that these numbers make.

    Examples
    --------
    >>> deal = eur_clo(closing="2025-05-15")
    >>> deal.currency, deal.notes["F"].coupon.index, deal.tests.names[:3], deal.conventions.deferred_form
    ('EUR', 'euribor_3m', ['A/B Par Value', 'C Par Value', 'D Par Value'], 'capitalized')
    """
    own = {
        "par": par,
        "closing": closing,
        "name": name,
        "currency": "EUR",
        "index": "euribor_3m",
        "index_floor": 0.0,
        "calendars": ("target", "london"),
        "sizes": {"A": 0.61, "B": 0.10, "C": 0.06, "D": 0.07, "E": 0.0475, "F": 0.0275, "SUB": 0.085},
        "spreads": {"A": 0.0130, "B": 0.0190, "C": 0.0230, "D": 0.0330, "E": 0.0600, "F": 0.0850},
        "ratings": {"A": "AAA", "B": "AA", "C": "A", "D": "BBB-", "E": "BB-", "F": "B-"},
        "agency": "fitch",
        "coverage_name": "Par Value",
        "oc_triggers": {"A/B": 1.295, "C": 1.205, "D": 1.115, "E": 1.065, "F": 1.04},
        "diversion_trigger": 1.045,
        "reinvestment_years": 4.5,
        "non_call_years": 1.5,
        "senior_fee": 0.0015,
        "sub_fee": 0.0035,
        "concentration": (
            {"kind": "obligor", "max": 0.025},
            {"kind": "industry", "max": 0.15, "largest": [0.175, 0.15]},
            {"kind": "fixed_rate", "max": 0.10},
        ),
        "interest_smoothing": True,
        "conventions": {"deferred_form": "capitalized"},
    }
    return family("eur_clo", own, terms)
