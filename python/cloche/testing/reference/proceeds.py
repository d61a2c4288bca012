"""The cash of one priority of payments: what is available, what a step may use, the ledger of what it paid."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloche.testing.reference.day import Day
from cloche.testing.reference.expressions import evaluate
from cloche.testing.reference.quantities import quantities
from cloche.testing.reference.tests import Stretch

Step = Mapping[str, Any]

SEQUENCE = "note payment sequence"
"""Payee of a cure that needs nothing."""

PRINCIPAL_ACCOUNT = "principal account"
INTEREST_ACCOUNT = "interest account"
COLLATERAL = "collateral"

POTS = ("acceleration", "redemption")
"""Priorities that apply interest and principal proceeds together."""


@dataclass
class Claim:
    """An amount due to a payee and the way to pay it."""

    payee: str
    due: Callable[[], float]
    pay: Callable[[float], None]


def pro_rata(available: float, dues: Sequence[float]) -> list[float]:
    """Shares of `available` in proportion to `dues`, each in full when there is enough.

    Examples
    --------
    >>> pro_rata(30.0, [20.0, 40.0])
    [10.0, 20.0]
    """
    total = sum(dues)
    if available >= total:
        return list(dues)
    return [available * due / total for due in dues]


def bounded(need: tuple[float, Sequence[Stretch]]) -> float:
    """A need, at most what the stretches that serve it are owed."""
    return min(need[0], sum(stretch.total for stretch in need[1]))


class Proceeds:
    """Proceeds that a priority of payments applies; paying from them writes the ledger of the day.

    Parameters
    ----------
    day
        The payment date; it is changed.
    name
        `interest`, `principal`, `acceleration` or `redemption`; the last two apply all proceeds as one pot.
    """

    def __init__(self, day: Day, name: str) -> None:
        self.day = day
        self.name = name
        self.pot = name in POTS
        self.source = "pot" if self.pot else name
        self.short = self.lacking = "insufficient funds"
        self.available = {"interest": day.interest_proceeds, "principal": day.principal_proceeds}.get(
            name, day.interest_proceeds + day.principal_proceeds
        )

    # Conditions and amounts

    def holds(self, step: Step) -> bool:
        """Whether the condition of a step holds now; a step without one always applies."""
        when = step.get("when")
        return when is None or bool(evaluate(when, self.quantities(0.0)))

    def amount(self, step: Step, due: float) -> float:
        """What the `amount` of a step allows; without one there is no limit."""
        if step.get("amount") is None:
            return math.inf
        return max(0.0, float(evaluate(step["amount"], self.quantities(due))))

    def limit(self, step: Step, due: float) -> float:
        """Cash that a step may use: what is available, and not more than its `amount`."""
        allowed = self.amount(step, due)
        if allowed < self.available or allowed == 0.0:
            self.short = "limited by its amount"
        elif step["verb"] == "pay_principal" and not self.pot and not self.day.period.last:
            self.short = "all that is left"
        else:
            self.short = self.lacking
        return min(self.available, allowed)

    def quantities(self, due: float) -> dict[str, Any]:
        """Published quantities at a step with an amount due."""
        return quantities(self.day, remaining=self.available, due=due)

    # Paying

    def pay(self, step: Step, groups: Sequence[Sequence[Claim]]) -> None:
        """Pay groups one after another, each pro rata by amount due; one ledger row a payee."""
        limit = left = self.limit(step, sum(claim.due() for group in groups for claim in group))
        dues: dict[str, float] = {}
        paid: dict[str, float] = {}
        for group in groups:
            owed = [claim.due() for claim in group]
            for claim, due, amount in zip(group, owed, pro_rata(left, owed), strict=True):
                dues[claim.payee] = dues.get(claim.payee, 0.0) + due
                paid[claim.payee] = paid.get(claim.payee, 0.0) + amount
                claim.pay(amount)
            left = max(0.0, left - sum(owed))
        if dues:
            self.write_all(step, dues, paid, None, self.available - (limit - left))
        else:
            self.skip(step)

    def write_all(
        self,
        step: Step,
        dues: Mapping[str, float],
        paid: Mapping[str, float],
        reason: str | None,
        after: float,
    ) -> None:
        """One row a payee; the last leaves exactly `after`, so that rounding leaves no dust on deposit."""
        for payee, due in dues.items():
            self.write(step, payee, due, paid[payee], reason)
        self.available = self.day.ledger[-1]["available_after"] = after

    def write(
        self,
        step: Step,
        payee: str | None,
        due: float,
        paid: float,
        reason: str | None,
        *,
        transfer: bool = False,
        inflow: bool = False,
    ) -> None:
        """Add a row to the ledger and take the cash; an inflow, from an account, adds to it."""
        before = self.available
        self.available = before + paid if inflow else max(0.0, before - paid)
        if self.source == "principal" and not transfer:
            self.day.principal_spent += paid
        if reason is None and paid < due:
            nothing = self.short == "all that is left" and paid <= 0
            reason = "nothing left" if nothing else self.short
        self.day.ledger.append(
            {
                "date": self.day.date,
                "waterfall": self.name,
                "step": step["verb"],
                "label": step.get("label"),
                "payee": payee,
                "due": due,
                "paid": paid,
                "available_before": before,
                "available_after": self.available,
                "source": "transfer" if transfer else self.source,
                "reason": reason,
            }
        )

    def skip(self, step: Step) -> None:
        """A step whose condition does not hold, or whose payees may not use this cash."""
        self.write(step, _first_payee(step), 0.0, 0.0, "condition does not hold")

    def hold(self, amount: float) -> None:
        """Leave cash on deposit: interest in its account, everything else in the principal account."""
        if self.name == "interest":
            self.day.held_interest += amount
        else:
            self.day.held_principal += amount


def _first_payee(step: Step) -> str | None:
    for key in ("fees", "notes"):
        if step.get(key):
            return str(step[key][0][0])
    return step.get("fee") or (SEQUENCE if step["verb"] in {"cure", "pay_principal"} else None)
