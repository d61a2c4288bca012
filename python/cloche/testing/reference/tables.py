"""The tables of a projection, date after date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloche.testing.reference.collected import Collections
from cloche.testing.reference.day import Day, Row

NAMES = ("collateral", "tests", "cashflows", "fees", "ledger", "events")


def collateral_row(day: Day, got: Collections, bought: float, cash_held: float) -> Row:
    """The row of the table `collateral`: at the determination date after the step, before payments.

    Flows are those of all steps of the period, purchases those of its month ends and of the payment date.
    `sale_proceeds` are net of `sale_cost`.
    """
    figures = day.measure
    return {
        "date": day.date,
        "determination_date": day.period.determination_date,
        "performing_par": figures.performing_par,
        "defaulted_par": figures.defaulted_par,
        "ccc_par": figures.ccc_par,
        "principal_cash": figures.principal_cash,
        "interest_collected": day.interest_collected,
        "scheduled_principal": got.scheduled,
        "prepaid_principal": got.prepaid,
        "recoveries": got.recoveries,
        "sale_proceeds": got.sale_proceeds,
        "sale_cost": got.sale_cost,
        "sold_par": got.sold_par,
        "new_defaults": got.defaulted,
        "new_purchases_par": got.bought_par + bought,
        "purchase_cost": got.spent + day.purchase_cash,
        "unfunded": day.unfunded,
        "oc_numerator": figures.oc_numerator,
        "ccc_excess_haircut": figures.ccc_excess_haircut,
        "discount_haircut": figures.discount_haircut,
        "defaulted_value": figures.defaulted_value,
        "cash_held": cash_held,
    }


@dataclass
class Tables:
    """Rows of the result, date after date."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in NAMES})
    error: float = 0.0

    def add(self, tables: Mapping[str, Any]) -> None:
        """Add the tables of a payment date."""
        self.rows["collateral"].append(tables["collateral"])
        self.rows["cashflows"] += tables["notes"]
        for name in ("tests", "fees", "ledger", "events"):
            self.rows[name] += tables[name]
        self.error = max(self.error, tables["conservation_error"])

    def mark_losses(self, residual: set[str]) -> None:
        """Put what was never repaid into the rows of the last date."""
        last = self.rows["cashflows"][-1]["date"]
        for row in self.rows["cashflows"]:
            if row["date"] == last and row["note"] not in residual:
                row["final_loss"] = row["end_balance"]
