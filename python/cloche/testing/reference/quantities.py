"""What conditions and amounts may ask for: the published quantities of a payment date."""

from typing import Any

from cloche.testing.reference.day import Day
from cloche.testing.reference.sales import required
from cloche.testing.reference.spreads import deal_spread


def quantities(day: Day, **of_step: float) -> dict[str, Any]:
    """Quantities of a payment date at this moment.

    Parameters
    ----------
    day
        The payment date.
    of_step
        Quantities that only a step knows: `remaining` and `due`, in currency units.

    Returns
    -------
    dict
        Names with numbers, text and functions. The name of a refinanced class stands for it and its successors; its
        factor is what they owe together over the original balance of the first.
    """
    test = day.tests.__getitem__
    notes = day.notes_of
    measure = day.measure
    return {
        **of_step,
        "during_reinvestment": day.in_reinvestment,
        "after_reinvestment": not day.in_reinvestment,
        "status": day.status,
        "date": day.date.isoformat(),
        "account": lambda name: day.accounts[name],
        "special_redemption": day.special_redemption,
        "unfunded": day.unfunded,
        "liquidation_value": day.liquidation_value,
        "redemption_amount": required(day),
        "market_spread": lambda name: day.market_spreads[name],
        "deal_spread": lambda name: deal_spread(day, name),
        "semiannual_share": day.semiannual_share,
        "interest_by_frequency": lambda months: day.interest_by_frequency.get(months, 0.0),
        "balance": lambda name: sum(note.balance for note in notes(name)),
        "deferred": lambda name: sum(note.deferred for note in notes(name)),
        "note_factor": lambda name: (
            sum(note.balance for note in notes(name)) / notes(name)[0].original_balance
        ),
        "outstanding": lambda name: any(note.balance + note.deferred > 0 for note in notes(name)),
        "controlling": lambda name: any(note.controlling for note in notes(name)),
        "passes": lambda name: day.passes(test(name)),
        "ratio": lambda name: day.ratio(test(name)),
        "trigger": lambda name: test(name).trigger,
        "cushion": lambda name: day.ratio(test(name)) - test(name).trigger,
        "cure_amount": lambda name: day.cash_need(test(name)),
        "performing_par": measure.performing_par,
        "ccc_share": measure.ccc_par / (measure.collateral_principal_amount or 1.0),
        "pool_factor": measure.performing_par / day.deal["target_par"],
    }
