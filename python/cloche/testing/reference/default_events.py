"""Events of default: which causes hold on a date, and the status of the next one."""

from collections.abc import Mapping
from typing import Any

from cloche.testing.reference.day import Day

DUST = 1e-9
"""Share of a note's original balance up to which unpaid interest is rounding."""


def causes(day: Day, rules: Mapping[str, Any]) -> list[str]:
    """Causes of an event of default that hold on a payment date, after its payments.

    Parameters
    ----------
    day
        The payment date, paid, its unpaid interest deferred or overdue.
    rules
        The section `default_events` of a canonical deal document.

    Returns
    -------
    list of str
        Of the causes that the deal names: `senior_interest`, interest that a class might not defer is unpaid, of this
        date or before; `par_ratio`, the par ratio failed on the determination date before any payment; `maturity`,
        principal of a class is unpaid on the last date.
    """
    rated = [note for note in day.notes.values() if not note.residual]
    found = {
        "senior_interest": any(note.overdue > DUST * note.original_balance for note in rated),
        "par_ratio": any(row["kind"] == "eod_par_ratio" and row["passes"] is False for row in day.before),
        "maturity": day.period.last and any(note.balance > DUST * note.original_balance for note in rated),
    }
    named = [cause for cause in rules.get("causes", ()) if isinstance(cause, str)]
    return [cause for cause in named if found[cause]]


def next_status(status: str, holding: list[str], rules: Mapping[str, Any]) -> str:
    """Status of the next payment date: a cause accelerates it; an acceleration lasts unless it is rescinded.

    Examples
    --------
    >>> rules = {"accelerate": "automatic", "rescind": "when_cured"}
    >>> next_status("accelerated", [], rules), next_status("normal", ["par_ratio"], rules)
    ('normal', 'accelerated')
    """
    if holding and rules.get("accelerate") == "automatic":
        return "accelerated"
    if status == "accelerated" and (rules.get("rescind") or "never") == "never":
        return "accelerated"
    return "normal"
