"""Hedges: what the legs exchange on a date, what is due to the counterparty, terminations."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cloche.testing.reference.dates import Period, parse_date
from cloche.testing.reference.notes import accrual_fraction

Document = Mapping[str, Any]


@dataclass
class Hedge:
    """A hedge on one payment date, in currency units; `periodic` and `termination` fall as they are paid.

    `receipts` is a net amount in favor of the deal, `principal_receipts` a termination payment in its favor.
    """

    name: str
    counterparty_fault: bool = False
    periodic: float = 0.0
    termination: float = 0.0
    receipts: float = 0.0
    principal_receipts: float = 0.0

    def owed(self, part: str) -> float:
        """Amount due of a part: `all`, `periodic`, `termination` or `defaulted`.

        A termination payment to a counterparty at fault is due as `defaulted` alone.
        """
        if part == "periodic":
            return self.periodic
        if part == "defaulted":
            return self.termination if self.counterparty_fault else 0.0
        ended = 0.0 if self.counterparty_fault else self.termination
        return ended if part == "termination" else self.periodic + ended

    def pay(self, part: str, amount: float) -> None:
        """Pay a part; of all of it the periodic amount first."""
        if part in {"termination", "defaulted"}:
            self.termination = max(0.0, self.termination - amount)
            return
        first = min(amount, self.periodic)
        self.periodic -= first
        if part == "all":
            self.termination = max(0.0, self.termination - (amount - first))


def leg_rate(leg: Document, fixing: float | None) -> float:
    """Rate a year of a leg: fixed, an index with a spread, or an index above or below a strike.

    Examples
    --------
    >>> round(leg_rate({"index": "sofr_3m", "above": 0.04}, 0.055), 12)
    0.015
    """
    if leg.get("fixed") is not None:
        return float(leg["fixed"])
    level = float(fixing or 0.0)
    if leg.get("above") is not None:
        return max(0.0, level - float(leg["above"]))
    if leg.get("below") is not None:
        return max(0.0, float(leg["below"]) - level)
    if leg.get("floor") is not None:
        level = max(level, leg["floor"])
    if leg.get("cap") is not None:
        level = min(level, leg["cap"])
    return level + float(leg.get("spread") or 0.0)


def notional_at(notional: Any, start: date, balance: Mapping[str, float]) -> float:
    """Notional of an accrual period.

    Parameters
    ----------
    notional
        Money, money by date or the name of a note.
    start
        Unadjusted start of the period; a dated notional holds from the first period that starts on or after its date.
    balance
        Opening balances of the notes, those of successors included.
    """
    if isinstance(notional, str):
        return balance[notional]
    if isinstance(notional, Mapping):
        known = sorted((parse_date(text), amount) for text, amount in notional.items())
        return float(([0.0] + [amount for day, amount in known if day <= start])[-1])
    return float(notional)


def open_hedge(
    terms: Document,
    unpaid: tuple[float, float],
    *,
    period: Period,
    acts_on: date | None,
    accrual: tuple[date, date],
    fixings: Mapping[str, float],
    balance: Mapping[str, float],
) -> Hedge:
    """A hedge at the opening of a payment date.

    Parameters
    ----------
    terms
        The hedge of a canonical deal document.
    unpaid
        Periodic and termination amounts brought forward, in currency units.
    period
        Payment period.
    acts_on
        Unadjusted payment date on which the termination acts, if there is one.
    accrual
        Adjusted accrual period.
    fixings
        Fixings of the period by index; `*` serves every other.
    balance
        Opening balances of the notes.
    """
    ended = terms.get("termination") or {}
    hedge = Hedge(terms["name"], ended.get("party") == "counterparty", *unpaid)
    over = acts_on is not None and period.unadjusted_end > acts_on
    if not over:
        amount = notional_at(terms["notional"], period.unadjusted_start, balance)
        net = amount * sum(
            sign * _leg_amount(terms.get(side), period, accrual, fixings)
            for side, sign in (("receive", 1), ("pay", -1))
        )
        hedge.receipts = max(0.0, net)
        hedge.periodic += max(0.0, -net)
    if acts_on == period.unadjusted_end:
        hedge.termination += max(0.0, ended["amount"])
        hedge.principal_receipts = max(0.0, -ended["amount"])
    return hedge


def _leg_amount(
    leg: Document | None, period: Period, accrual: tuple[date, date], fixings: Mapping[str, float]
) -> float:
    """Rate times day count fraction of a leg."""
    if leg is None:
        return 0.0
    fixing = None
    if leg.get("index"):
        fixing = fixings[leg["index"]] if leg["index"] in fixings else fixings["*"]
    fraction = accrual_fraction(
        leg, adjusted=accrual, unadjusted=(period.unadjusted_start, period.unadjusted_end)
    )
    return leg_rate(leg, fixing) * fraction


def termination_date(terms: Document, ends: list[date]) -> date | None:
    """Unadjusted payment date on which the termination of a hedge acts: the first on or after its date."""
    ended = terms.get("termination")
    if not ended:
        return None
    return next((end for end in ends if end >= parse_date(ended["date"])), None)
