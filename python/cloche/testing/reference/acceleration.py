"""The one pot after an acceleration and on a redemption date: interest and principal proceeds together.

A deal that writes no `acceleration` has the order of its classes: the fees that stand before the first interest
step of the interest waterfall; then class by class interest, deferred interest and principal to zero, a class X with
the class that it shares its interest rank with; then what stands after the first interest step for fees, the
incentive fee and the residual notes. A deal that writes no `redemption` redeems by its acceleration.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloche.testing.reference.claims import interest_payees
from cloche.testing.reference.notes import class_groups
from cloche.testing.reference.proceeds import Step

Document = Mapping[str, Any]

JUNIOR = ("pay_fee", "pay_hedge", "incentive_fee", "pay_residual")
"""What the order takes over from the interest waterfall after its first interest step."""


def steps(deal: Document, name: str) -> Sequence[Step]:
    """Steps of a waterfall: as written, or as built for an acceleration or a redemption that is not written.

    Parameters
    ----------
    deal
        Canonical deal document.
    name
        `interest`, `principal`, `acceleration` or `redemption`.

    Examples
    --------
    >>> deal = {
    ...     "notes": [{"name": "A", "interest_rank": 1, "principal_rank": 1}, {"name": "SUB", "residual": True}],
    ...     "waterfalls": {
    ...         "interest": [
    ...             {"verb": "pay_interest", "notes": [["A"]]},
    ...             {"verb": "pay_residual", "notes": [["SUB"]]},
    ...         ]
    ...     },
    ... }
    >>> [step["verb"] for step in steps(deal, "redemption")]
    ['pay_interest', 'pay_deferred_interest', 'pay_principal', 'pay_residual']
    """
    waterfalls = deal["waterfalls"]
    if name == "redemption":
        return waterfalls.get("redemption") or steps(deal, "acceleration")
    if name == "acceleration":
        return waterfalls.get("acceleration") or _built(deal)
    written: Sequence[Step] = waterfalls[name]
    return written


def _built(deal: Document) -> list[Step]:
    """Senior fees, classes in order, junior fees and the residual."""
    senior: list[Step] = []
    junior: list[Step] = []
    begun = False
    for step, conditional in _flat(deal["waterfalls"]["interest"]):
        if interest_payees(step):
            begun = True
        elif conditional:
            continue
        elif _only_fees(step):
            (junior if begun else senior).append(step)
        elif begun and step["verb"] in JUNIOR:
            junior.append(step)
    classes: list[Step] = [
        {"verb": verb, "notes": [group]}
        for group in class_groups(deal)
        for verb in ("pay_interest", "pay_deferred_interest", "pay_principal")
    ]
    return [*senior, *classes, *junior]


def _flat(written: Sequence[Step], *, inside: bool = False) -> Iterator[tuple[Step, bool]]:
    """Steps one after another, each with whether a condition of its own or of its block decides about it."""
    for step in written:
        conditional = inside or step.get("when") is not None
        if step["verb"] == "block":
            yield from _flat([*step["steps"], *step.get("else", ())], inside=conditional)
        else:
            yield step, conditional


def _only_fees(step: Step) -> bool:
    """Whether a step pays fees and hedges and nothing else."""
    if step["verb"] == "pay_pari_passu":
        return all(_only_fees(part) for part in step["steps"])
    return step["verb"] in {"pay_fee", "pay_hedge"}
