"""The priorities of payments of a date: steps in order, and which priorities a date runs."""

import copy
from collections.abc import Sequence

from cloche.testing.reference import acceleration
from cloche.testing.reference.accounts import ACCOUNT_VERBS, move
from cloche.testing.reference.claims import claims, flat, interest_payees, residual_flows
from cloche.testing.reference.commitments import draw
from cloche.testing.reference.cures import cure, divert, turbo
from cloche.testing.reference.day import Day
from cloche.testing.reference.fees import incentive_amount, share_at
from cloche.testing.reference.proceeds import Claim, Proceeds, Step
from cloche.testing.reference.purchases import reinvest, retain
from cloche.testing.reference.receipts import Receipts

SPECIAL_REDEMPTION: Step = {
    "verb": "pay_principal",
    "sequence": "note_payment_sequence",
    "amount": "special_redemption",
    "label": "special redemption",
}
"""The step of a special redemption."""


class Waterfall:
    """One waterfall of a payment date; `run` pays it and writes the ledger of the day.

    Parameters
    ----------
    day
        The payment date; it is changed.
    name
        `interest`, `principal`, `acceleration` or `redemption`.
    """

    def __init__(self, day: Day, name: str) -> None:
        self.day = day
        self.cash = Proceeds(day, name)
        self.steps: Sequence[Step] = acceleration.steps(day.deal, name)
        self.joined = name != "principal"
        self.designated = 0.0
        if (
            not self.joined
            and day.in_reinvestment
            and day.conventions["principal_available_in_rp"] == "undesignated"
        ):
            self.designated, self.cash.available = self.cash.available, 0.0
        self.cost_due = name != "principal" and day.event_cost is not None

    def run(self) -> None:
        """Pay every step; what no step takes stays on deposit."""
        self._run(self.steps)
        self._pay_event_cost()
        self._join()
        self.cash.hold(self.cash.available)
        self.cash.available = 0.0

    def run_fees(self) -> None:
        """Pay the fee and hedge steps before the first interest step."""
        for step in flat(self.cash, self.steps):
            if interest_payees(step):
                break
            verbs = {step["verb"], *(part["verb"] for part in step.get("steps", ()))}
            if verbs & {"pay_fee", "pay_hedge"} and self.cash.holds(step):
                self.cash.pay(step, claims(self.cash, step))

    def _run(self, steps: Sequence[Step]) -> None:
        verbs = {
            "cure": cure,
            "divert": divert,
            "reinvest": reinvest,
            "incentive_fee": _incentive_fee,
            "retain": retain,
            "turbo": turbo,
            "draw": draw,
            **dict.fromkeys(ACCOUNT_VERBS, move),
        }
        for step in steps:
            if step["verb"] == "block":
                self._run(step["steps"] if self.cash.holds(step) else step.get("else", ()))
                continue
            if step["verb"] in {"reinvest", "pay_principal"}:
                self._join()
            if step["verb"] in {"pay_residual", "incentive_fee"}:
                self._pay_event_cost()
            if not self.cash.holds(step):
                self.cash.skip(step)
            elif step["verb"] in verbs:
                verbs[step["verb"]](self.cash, step)
            else:
                self.cash.pay(step, claims(self.cash, step))

    def _pay_event_cost(self) -> None:
        """What refinancings and re-pricings cost, just before the first residual or incentive step."""
        fee = self.day.event_cost
        if self.cost_due and fee is not None:
            self.cost_due = False
            claim = Claim(fee.name, lambda: fee.owed("all"), lambda amount: fee.pay("all", amount))
            self.cash.pay({"verb": "pay_fee"}, [[claim]])

    def _join(self) -> None:
        """Diverted interest and designated principal join at the first purchase or principal step.

        Principal that cannot be invested has paid the notes before, unless a step of the deal's own pays it.
        """
        if not self.joined:
            self.joined = True
            self.cash.available += self.designated
            if self.day.special_redemption > 0 and "special_redemption" not in str(
                self.day.deal["waterfalls"]
            ):
                self.cash.pay(SPECIAL_REDEMPTION, claims(self.cash, SPECIAL_REDEMPTION))
            self.cash.available += self.day.diverted


def _incentive_fee(cash: Proceeds, step: Step) -> None:
    day = cash.day
    terms = next(fee for fee in day.deal["fees"] if fee["name"] == step["fee"])
    due = incentive_amount(cash.available, residual_flows(cash), day.date, terms["hurdles"])
    due *= 1 - share_at(terms.get("waived"), day.period.unadjusted_start)
    paid = min(due, cash.limit(step, due))
    day.incentive[step["fee"]] = day.incentive.get(step["fee"], 0.0) + paid
    cash.write(step, step["fee"], due, paid, None)


def senior_expenses(day: Day) -> float:
    """What interest proceeds pay at fee steps before the first interest step, within caps; nothing is paid."""
    trial_day = copy.copy(day)
    trial_day.fees = copy.deepcopy(day.fees)
    trial_day.hedges = copy.deepcopy(day.hedges)
    trial_day.ledger = []
    trial = Waterfall(trial_day, "interest")
    trial.run_fees()
    return day.interest_proceeds - trial.cash.available


def measure(day: Day) -> None:
    """Numerator of interest coverage and the tests at the determination date, before any payment."""
    day.ic_numerator = day.interest_proceeds - senior_expenses(day)
    day.before = day.test_rows()


def pay(day: Day) -> None:
    """Run the waterfalls of a payment date: receipts and then two of them, or the one pot of its status."""
    if day.status == "normal":
        Receipts(day).run()
    measure(day)
    names = {"accelerated": ["acceleration"], "redemption": ["redemption"]}
    for name in names.get(day.status, ["interest", "principal"]):
        Waterfall(day, name).run()
