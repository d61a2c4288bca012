"""What the pool pays: the collections of a step, and of the steps of a period together."""

from dataclasses import dataclass, field
from datetime import date

from cloche.testing.reference import contracts


@dataclass
class Collections:
    """What the pool paid in a step or in the steps of a period, in currency units.

    `unspent` is principal that bought nothing at a month end, `unspent_prepaid` what was prepaid since the last such
    purchase, `spent` and `bought_par` what these purchases cost and brought, `purchases` their days and costs.
    """

    interest: float = 0.0
    scheduled: float = 0.0
    prepaid: float = 0.0
    recoveries: float = 0.0
    sale_proceeds: float = 0.0
    sale_cost: float = 0.0
    sold_par: float = 0.0
    defaulted: float = 0.0
    by_frequency: dict[int, float] = field(default_factory=dict)
    unspent: float = 0.0
    unspent_prepaid: float = 0.0
    spent: float = 0.0
    bought_par: float = 0.0
    purchases: list[tuple[date, float]] = field(default_factory=list)

    def take_interest(self, terms: contracts.Terms, amount: float) -> None:
        """Add interest of a loan, and remember it by frequency for loans with own payment dates."""
        self.interest += amount
        if terms.own_dates:
            months = terms.frequency_months
            self.by_frequency[months] = self.by_frequency.get(months, 0.0) + amount

    @property
    def principal(self) -> float:
        """All principal proceeds, spent or not."""
        return self.scheduled + self.prepaid + self.recoveries + self.sale_proceeds

    def add(self, step: "Collections") -> None:
        """Add what another step paid."""
        self.interest += step.interest
        self.scheduled += step.scheduled
        self.prepaid += step.prepaid
        self.recoveries += step.recoveries
        self.sale_proceeds += step.sale_proceeds
        self.sale_cost += step.sale_cost
        self.sold_par += step.sold_par
        self.defaulted += step.defaulted
        for months, amount in step.by_frequency.items():
            self.by_frequency[months] = self.by_frequency.get(months, 0.0) + amount
        self.unspent += step.principal
        self.unspent_prepaid += step.prepaid

    def spend(self, par: float, day: date) -> None:
        """Note that what was not spent yet bought so much par on a day."""
        if self.unspent > 0:
            self.purchases.append((day, self.unspent))
        self.spent += self.unspent
        self.bought_par += par
        self.unspent = self.unspent_prepaid = 0.0
