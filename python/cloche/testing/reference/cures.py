"""Cures of failing coverage tests and the diversion of interest."""

from collections.abc import Sequence

from cloche.testing.reference.notes import Groups
from cloche.testing.reference.proceeds import PRINCIPAL_ACCOUNT, SEQUENCE, Proceeds, Step, bounded, pro_rata
from cloche.testing.reference.tests import Stretch, stretches


def cure(cash: Proceeds, step: Step) -> None:
    """Pay notes until the tests hold: the largest need serves all; down to the last class of its test.

    In one pot all cash counts as interest: it lowers the denominators and no numerator.
    """
    day = cash.day
    before = cash.available
    if step.get("pay") == "buy":
        _buy(cash, step)
    else:
        groups: Groups = step["pay_notes"] if step.get("pay_notes") else day.sequence(step.get("pay"))
        tests = [day.tests[name] for name in step["tests"]]
        failing = [test.name for test in tests if not day.passes(test)]
        needs = [day.need(test, groups, from_principal=cash.source == "principal") for test in tests]
        need, order = max(needs, key=bounded)
        _pay_down(cash, step, need, order, ", ".join(failing) or None)
    if cash.source != "principal" or cash.available < before - 1e-6:
        for name in step["tests"]:
            day.ratio_after_cure[name] = day.ratio(day.tests[name])


def turbo(cash: Proceeds, step: Step) -> None:
    """Pay notes with a share of what remains; no cure, so that interest coverage does not count it."""
    order = stretches(step["notes"], cash.day.notes)
    _pay_down(cash, step, step["share"] * cash.available, order, None, cure=False)


def _pay_down(
    cash: Proceeds,
    step: Step,
    need: float,
    order: Sequence[Stretch],
    reason: str | None,
    *,
    cure: bool = True,
) -> None:
    """Pay notes as a cure does: of each group deferred interest, then principal; an infinite need takes all."""
    if bounded((need, order)) <= 0:
        cash.write(step, SEQUENCE, 0.0, 0.0, None)
        return
    dues: dict[str, float] = {}
    paid: dict[str, float] = {}
    used = left = min(need, cash.limit(step, bounded((need, order))))
    for stretch in order:
        names = list(stretch.amounts)
        amounts = list(stretch.amounts.values())
        for name, due, amount in zip(names, pro_rata(need, amounts), pro_rata(left, amounts), strict=True):
            note = cash.day.notes[name]
            (note.pay_principal if stretch.principal else note.pay_deferred)(amount, cure=cure)
            dues[name] = dues.get(name, 0.0) + due
            paid[name] = paid.get(name, 0.0) + amount
        need = max(0.0, need - stretch.total)
        left = max(0.0, left - stretch.total)
    touched = {name: due for name, due in dues.items() if due > 0}
    cash.write_all(step, touched, paid, reason, cash.available - (used - left))


def _buy(cash: Proceeds, step: Step) -> None:
    """Keep interest as principal until the tests hold; principal kept as principal changes nothing."""
    day = cash.day
    need = max((day.cash_need(day.tests[name]) for name in step["tests"]), default=0.0)
    if cash.source == "principal":
        need = 0.0
    amount = min(need, cash.limit(step, need))
    day.bought += amount
    day.held_principal += amount
    cash.write(step, PRINCIPAL_ACCOUNT, need, amount, None, transfer=True)


def divert(cash: Proceeds, step: Step) -> None:
    """Divert the lesser of a share of what remains and the need of the test.

    One pot has no principal waterfall that the cash could join: it stays in the principal account.
    """
    day = cash.day
    test = day.tests[step["test"]]
    if step["to"] == "principal":
        need = day.cash_need(test)
        wanted = min(need, step["share"] * cash.available)
        amount = min(wanted, cash.limit(step, wanted))
        if cash.pot:
            day.held_principal += amount
        else:
            day.diverted += amount
        cash.write(step, PRINCIPAL_ACCOUNT, wanted, amount, None, transfer=True)
        return
    need, order = day.need(test, day.sequence(None), from_principal=False)
    _pay_down(cash, step, min(need, step["share"] * cash.available), order, None)
