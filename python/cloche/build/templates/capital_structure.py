"""Classes of a template: their sizes, coupons, ratings, ranks and the triggers of their tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloche.build.builder import DealBuilder
from cloche.build.templates.arguments import Arguments
from cloche.build.templates.by_class import class_of_test, stated

__all__ = ["CapitalStructure", "capital_structure"]

_SIZES = {"A": 0.62, "B": 0.12, "C": 0.06, "D": 0.06, "E": 0.05, "SUB": 0.09}
_SPREADS = {"A": 0.0130, "B": 0.0175, "C": 0.0210, "D": 0.0310, "E": 0.0600}
_RATINGS = {"A": "AAA", "B": "AA", "C": "A", "D": "BBB-", "E": "BB-"}
_OC_TRIGGERS = {"A/B": 1.25, "C": 1.165, "D": 1.10, "E": 1.055}
_IC_TRIGGERS = {"A/B": 1.20, "C": 1.15, "D": 1.10}


@dataclass(frozen=True)
class CapitalStructure:
    """Classes as a template writes them.

    Parameters
    ----------
    rated
        Classes with a coupon, senior first.
    sizes
        Share of par of every class.
    spreads, fixed, ratings
        By class, as the document has them.
    ranks
        Rank by class with a coupon; 1 is the most senior.
    deferrable
        Classes that may defer interest.
    oc_triggers, ic_triggers
        By the label of a test, senior first.
    """

    rated: Sequence[str]
    sizes: dict[str, float]
    spreads: dict[str, float | str]
    fixed: dict[str, float | str]
    ratings: dict[str, str]
    ranks: dict[str, int]
    deferrable: Sequence[str]
    oc_triggers: dict[str, float | str]
    ic_triggers: dict[str, float | str]

    def issued(
        self, builder: DealBuilder, *, par: float, index: str, index_floor: float, agency: str
    ) -> DealBuilder:
        """Return a builder that has the notes, those with a coupon first."""
        for note in self.rated:
            floating = {"index": index, "spread": self.spreads.get(note), "floor": index_floor}
            builder = builder.note(
                note,
                round(self.sizes[note] * par, 2),
                rank=self.ranks[note],
                coupon={"fixed": self.fixed[note]} if note in self.fixed else floating,
                deferrable=note in self.deferrable,
                rating={agency: self.ratings[note]} if note in self.ratings else None,
            )
        for note, size in self.sizes.items():
            if note not in self.rated:
                builder = builder.note(note, round(size * par, 2), residual=True)
        return builder

    def tested(self, builder: DealBuilder, *, coverage_name: str) -> DealBuilder:
        """Return a builder that has the coverage tests; `coverage_name` is that of overcollateralization."""
        for label, trigger in self.oc_triggers.items():
            builder = builder.oc_test(
                f"{label} {coverage_name}", through=class_of_test(label), trigger=trigger
            )
        for label, trigger in self.ic_triggers.items():
            builder = builder.ic_test(
                f"{label} IC",
                through=class_of_test(label),
                trigger=trigger,
                first_date="second_determination",
            )
        return builder


def capital_structure(
    given: Arguments,
    *,
    sizes: object,
    spreads: object,
    fixed: object,
    pari_passu: object,
    ratings: object,
    deferrable: object,
    oc_triggers: object,
    ic_triggers: object,
) -> CapitalStructure:
    """Return the classes of the broadly syndicated deal with what a caller or a family changes of them.

    Parameters
    ----------
    given
        Reads the arguments, and keeps what is wrong.
    sizes, spreads, fixed, pari_passu, ratings, deferrable, oc_triggers, ic_triggers
        As in `us_bsl`.
    """
    shares = given.sizes(sizes, _SIZES)
    every = list(shares)
    for both in sorted(stated(spreads) & stated(fixed)):
        given.refuse(f"fixed.{both}", "found beside a spread, expected one of them")
    fixed_rates = given.by_class("fixed", fixed, {}, every)
    margins = given.by_class("spreads", spreads, _SPREADS, every)
    rated = [note for note in every if note in margins or note in fixed_rates]
    if not rated:
        given.refuse("spreads", "found no class with a spread or a fixed rate, expected at least one")
    return CapitalStructure(
        rated=rated,
        sizes=shares,
        spreads=margins,
        fixed=fixed_rates,
        ratings=given.by_class("ratings", ratings, _RATINGS, rated),
        ranks=_ranks(rated, given.groups("pari_passu", pari_passu, rated)),
        # The default names classes that not every deal has.
        deferrable=given.classes("deferrable", deferrable, rated, stands=True),
        oc_triggers=given.by_class("oc_triggers", oc_triggers, _OC_TRIGGERS, rated, class_of=class_of_test),
        ic_triggers=given.by_class("ic_triggers", ic_triggers, _IC_TRIGGERS, rated, class_of=class_of_test),
    )


def _ranks(rated: Sequence[str], pari_passu: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the rank of each class, senior first; classes of a group have that of its first."""
    first = {note: group[0] for group in pari_passu for note in group}
    leaders = list(dict.fromkeys(first.get(note, note) for note in rated))
    return {note: leaders.index(first.get(note, note)) + 1 for note in rated}
