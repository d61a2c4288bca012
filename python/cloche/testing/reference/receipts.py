"""The receipts waterfall, which runs before the others: accounts in and out, interest designated as principal."""

from collections.abc import Sequence

from cloche.testing.reference.accounts import account_terms, target
from cloche.testing.reference.day import Day
from cloche.testing.reference.proceeds import INTEREST_ACCOUNT, PRINCIPAL_ACCOUNT, Proceeds, Step

PAYEES = {"interest": INTEREST_ACCOUNT, "principal": PRINCIPAL_ACCOUNT}


class Receipts:
    """Moves between interest proceeds, principal proceeds and accounts before they are distributed.

    What is left of both is what the other waterfalls distribute; numerators change by the net change of principal.
    """

    def __init__(self, day: Day) -> None:
        self.day = day
        self.has = {"interest": day.interest_proceeds, "principal": day.principal_proceeds}

    def run(self) -> None:
        """Run the steps and leave what there is then as the proceeds of the date."""
        self._run(self.day.deal["waterfalls"].get("receipts") or ())
        day = self.day
        day.principal_spent -= self.has["principal"] - day.principal_proceeds
        day.interest_proceeds, day.principal_proceeds = self.has["interest"], self.has["principal"]

    def _run(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if step["verb"] == "block":
                held = self._cash("interest").holds(step)
                self._run(step["steps"] if held else step.get("else", ()))
            elif self._cash(self._source(step)).holds(step):
                self._move(step)

    def _source(self, step: Step) -> str:
        if step["verb"] == "transfer":
            return str(step["from"])
        return "interest" if step["verb"] == "fund_reserve" else str(step["account"])

    def _balance(self, name: str) -> float:
        return self.has[name] if name in self.has else self.day.accounts[name]

    def _cash(self, source: str) -> Proceeds:
        """Proceeds whose remaining cash is what a source has; nothing is paid from them but what `_move` takes."""
        cash = Proceeds(self.day, "receipts")
        cash.available = self._balance(source)
        return cash

    def _move(self, step: Step) -> None:
        day = self.day
        source = self._source(step)
        cash = self._cash(source)
        if step["verb"] == "transfer":
            destination, due = step["to"], cash.available
        elif step["verb"] == "fund_reserve":
            destination = step["account"]
            due = max(0.0, (target(cash, destination, step.get("up_to")) or 0.0) - day.accounts[destination])
        else:
            destination = account_terms(day.deal, source).get("proceeds") or "interest"
            due = max(0.0, cash.available - (target(cash, source, step.get("above")) or 0.0))
        if destination in day.accounts and day.accounts_closed:
            due = 0.0
        amount = min(due, cash.limit(step, due))
        for name, change in ((source, -amount), (destination, amount)):
            if name in self.has:
                self.has[name] += change
            else:
                day.accounts[name] += change
        cash.write(step, PAYEES.get(destination, destination), due, amount, None, transfer=True)
