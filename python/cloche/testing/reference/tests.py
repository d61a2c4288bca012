"""Coverage tests: ratios and the payment that would satisfy a failing one.

Overcollateralization: N / Σ (balance + deferred interest). Interest coverage: (interest proceeds − senior
expenses) / Σ interest due. A cure pays notes in order; each stretch of the order lowers the denominators at its own
rate, so the amount needed is found stretch by stretch.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloche.testing.reference.dates import Period, parse_date
from cloche.testing.reference.notes import Groups, Note

TOLERANCE = 1e-12
"""A test passes when its numerator is at least trigger · denominator · (1 − tolerance)."""


@dataclass(frozen=True)
class Test:
    """A test of the deal on one date: its classes and whether it applies yet.

    `threshold` is the smallest ratio that passes: the trigger, or what is rounded to it.
    """

    __test__ = False  # not a test case of pytest

    name: str
    kind: str
    members: tuple[str, ...]
    trigger: float
    threshold: float
    active: bool


@dataclass(frozen=True)
class Stretch:
    """Notes that a cure pays pro rata: deferred interest or principal of one group."""

    group: int
    principal: bool
    amounts: Mapping[str, float]

    @property
    def total(self) -> float:
        """Amount that retires the stretch, in currency units."""
        return sum(self.amounts.values())

    def share(self, members: Collection[str]) -> float:
        """Share of a payment that falls on the given notes."""
        return sum(amount for name, amount in self.amounts.items() if name in members) / self.total


def is_active(terms: Mapping[str, Any], deal: Mapping[str, Any], period: Period) -> bool:
    """Whether a test applies on the scheduled determination date of a period, also where a sale has a later one.

    Defaults: OC and the target par from the effective date (from closing without one), IC from the second
    determination date, the par ratio of the events of default from closing.
    """
    default = {"oc": "effective", "target_par": "effective", "ic": "second_determination"}.get(
        terms["kind"], "closing"
    )
    first = terms.get("first_date") or default
    if first in {"closing", "first_determination"}:
        return True
    if first == "second_determination":
        return period.number >= 2
    if first == "effective":
        first = deal["dates"].get("effective") or deal["dates"]["closing"]
    return period.scheduled_determination >= parse_date(first)


def members(
    terms: Mapping[str, Any], notes: Sequence[Note], *, x_in_oc: bool, x_in_ic: bool
) -> frozenset[str]:
    """Notes in the denominator of a test: those named, or all that rank with or before `through`.

    OC compares principal ranks, IC interest ranks; the target par is owed to no note. A note without principal rank is
    a class X.
    """
    if terms["kind"] == "target_par":
        return frozenset()
    if terms.get("notes"):
        return frozenset(terms["notes"])
    last = next(note for note in notes if note.name == terms["through"])
    found = set()
    for note in notes:
        if note.residual:
            continue
        is_x = note.principal_rank is None
        if terms["kind"] == "ic" or is_x:
            ranked = _at_most(note.interest_rank, last.interest_rank)
            wanted = (x_in_ic if terms["kind"] == "ic" else x_in_oc) or not is_x
        else:
            ranked, wanted = _at_most(note.principal_rank, last.principal_rank), True
        if ranked and wanted and not (is_x and terms["kind"] == "eod_par_ratio"):
            found.add(note.name)
    return frozenset(found)


def _at_most(rank: int | None, limit: int | None) -> bool:
    return rank is not None and limit is not None and rank <= limit


def threshold(trigger: float, step: float | None) -> float:
    """Smallest ratio that passes when ratios are rounded to a step before they are compared.

    A ratio is rounded to the nearest multiple of the step, a half upwards: the first multiple at or above the trigger
    is reached half a step below it.

    Examples
    --------
    >>> threshold(1.055, None), round(threshold(1.055, 0.001), 12), round(threshold(1.0554, 0.001), 12)
    (1.055, 1.0545, 1.0555)
    """
    if not step:
        return trigger
    return (math.ceil(trigger / step - 1e-9) - 0.5) * step


def ratio(numerator: float, denominator: float) -> float:
    """Ratio of a test; infinite when nothing is in the denominator."""
    return numerator / denominator if denominator > 0 else math.inf


def passes(numerator: float, denominator: float, trigger: float) -> bool:
    """Whether a test holds, up to rounding; it does when nothing is in the denominator."""
    return denominator <= 0 or numerator >= trigger * denominator * (1 - TOLERANCE)


def stretches(groups: Groups, notes: Mapping[str, Note]) -> list[Stretch]:
    """What a cure can pay, in order: of each group the deferred interest, then the principal."""
    found = []
    for number, group in enumerate(groups):
        deferred = {name: notes[name].deferred for name in group}
        balance = {name: notes[name].balance for name in group}
        found += [Stretch(number, False, deferred), Stretch(number, True, balance)]
    return [stretch for stretch in found if stretch.total > 0]


def reaching(order: Sequence[Stretch], inside: Collection[str]) -> list[Stretch]:
    """The stretches up to the last group with a note of the test; money does not flow below it."""
    groups = [stretch.group for stretch in order if any(name in inside for name in stretch.amounts)]
    return [stretch for stretch in order if groups and stretch.group <= max(groups)]


def amount_to_close(gap: float, lengths: Sequence[float], slopes: Sequence[float]) -> float:
    """Payment along stretches after which a gap is closed; infinite when it never is.

    Parameters
    ----------
    gap
        What is missing; nothing is needed when it is not positive.
    lengths
        Amount that each stretch takes, in currency units.
    slopes
        Part of the gap that a unit paid in the stretch closes (negative: it widens).
    """
    if gap <= 0:
        return 0.0
    paid = 0.0
    for length, slope in zip(lengths, slopes, strict=True):
        if slope > 0 and gap <= slope * length:
            return paid + gap / slope
        gap -= slope * length
        paid += length
    return math.inf


def oc_need(
    numerator: float,
    denominator: float,
    trigger: float,
    order: Sequence[Stretch],
    inside: Collection[str],
    *,
    from_principal: bool,
    deferred_counts: bool = True,
) -> float:
    """Payment to notes that restores an OC test: D − N/T with interest, (T·D − N)/(T − 1) with principal.

    Parameters
    ----------
    numerator, denominator, trigger
        The test, pro forma for what was paid before.
    order
        What the cure pays, in order.
    inside
        Notes in the denominator.
    from_principal
        The cash is part of the numerator.
    deferred_counts
        Deferred interest is part of the denominator.

    Returns
    -------
    float
        Amount in currency units; infinite when paying every note of the test does not restore it.

    Examples
    --------
    >>> order = [Stretch(0, True, {"A": 455e6})]
    >>> round(oc_need(479_086_000, 455e6, 1.055, order, frozenset("A"), from_principal=True), 6)
    17072727.272727
    """
    slopes = [
        trigger * (stretch.share(inside) if stretch.principal or deferred_counts else 0.0)
        - float(from_principal)
        for stretch in order
    ]
    return amount_to_close(trigger * denominator - numerator, [stretch.total for stretch in order], slopes)


def ic_need(
    numerator: float,
    denominator: float,
    trigger: float,
    order: Sequence[Stretch],
    inside: Collection[str],
    *,
    notes: Mapping[str, Note],
) -> float:
    """Paydown that restores an IC test had it been made at the start of the period: (Q − I/T)/α by stretch.

    α is the interest of the period on a unit paid, the mean of the notes that share the stretch.
    """
    slopes = []
    for stretch in order:
        saved = 0.0
        for name, amount in stretch.amounts.items():
            note = notes[name]
            if name in inside and (stretch.principal or note.on_unpaid == "compound"):
                saved += amount / stretch.total * note.period_rate
        slopes.append(saved)
    return amount_to_close(denominator - numerator / trigger, [stretch.total for stretch in order], slopes)
