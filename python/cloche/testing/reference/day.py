"""What is known on one payment date, and the running amounts of its two waterfalls."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from cloche.testing.reference import tests as coverage
from cloche.testing.reference.collateral import Measure
from cloche.testing.reference.dates import Period
from cloche.testing.reference.fees import Fee
from cloche.testing.reference.hedges import Hedge
from cloche.testing.reference.notes import Groups, Note, mark_controlling, sequence

if TYPE_CHECKING:
    from cloche.testing.reference.holdings import Holdings

ROUNDING = 1e-12
"""Share of the target par below which nothing is outstanding: what is left of a class that was paid in full."""

Row = dict[str, Any]
"""One row of a table."""


@dataclass
class Day:
    """A payment date. Amounts in currency units.

    `status` is `normal`, or `accelerated` or `redemption` on a date that applies all proceeds as one pot; `sold` when
    all collateral was sold for it. `event_cost` is what refinancings and re-pricings cost and interest pays; `groups`
    has the classes for which the name of a refinanced class stands. `unscheduled` is prepaid principal of the
    collection period that bought nothing at a month end; `residual_flows` the dated flows of the residual notes before
    this date. The amounts from `diverted` on move as the waterfalls run. `confirmed`: the agencies have confirmed their
    ratings; `special_redemption` is principal that cannot be invested; `make_whole` the premium of one unit of balance
    of each class that has one when it is redeemed on the date; `unfunded` what is not drawn of the collateral's
    commitments; `holdings` the collateral after the step, where there is one; `interest_collected` the interest
    proceeds before `receipts`; `purchases_allowed` whether the step that buys at month ends, too, could buy on the
    date.
    """

    deal: Mapping[str, Any]
    period: Period
    in_reinvestment: bool
    conventions: Mapping[str, Any]
    notes: dict[str, Note]
    fees: dict[str, Fee]
    measure: Measure
    interest_proceeds: float
    principal_proceeds: float
    residual_flows: list[tuple[date, float]]
    unscheduled: float = 0.0
    post_period_share: float = 0.0
    status: str = "normal"
    sold: bool = False
    event_cost: Fee | None = None
    accounts: dict[str, float] = field(default_factory=dict)
    accounts_closed: bool = False
    hedges: dict[str, Hedge] = field(default_factory=dict)
    interest_by_frequency: Mapping[int, float] = field(default_factory=dict)
    semiannual_share: float = 0.0
    unfunded: float = 0.0
    liquidation_value: float = 0.0
    market_spreads: Mapping[str, float] = field(default_factory=dict)
    confirmed: bool = False
    special_redemption: float = 0.0
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    make_whole: Mapping[str, float] = field(default_factory=dict)
    holdings: "Holdings | None" = None

    opening_cash: float = field(init=False)
    interest_collected: float = field(init=False)
    tests: dict[str, coverage.Test] = field(default_factory=dict)
    ic_numerator: float = 0.0
    diverted: float = 0.0
    bought: float = 0.0
    principal_spent: float = 0.0
    distributed: float = 0.0
    held_interest: float = 0.0
    held_principal: float = 0.0
    purchase_cash: float = 0.0
    purchases_allowed: bool = False
    incentive: dict[str, float] = field(default_factory=dict)
    ratio_after_cure: dict[str, float] = field(default_factory=dict)
    ledger: list[Row] = field(default_factory=list)
    before: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.interest_collected = self.interest_proceeds
        self.opening_cash = self.interest_proceeds + self.principal_proceeds + sum(self.accounts.values())
        mark_controlling(list(self.notes.values()), ROUNDING * self.deal["target_par"])
        for note in self.notes.values():
            note.on_unpaid = self.conventions["interest_on_unpaid"]
            note.capitalizes = self.conventions["deferred_form"] == "capitalized"
            note.accrue()
        for terms in self.deal.get("tests", ()):
            inside = coverage.members(
                terms,
                list(self.notes.values()),
                x_in_oc=self.conventions["x_in_oc"],
                x_in_ic=self.conventions["x_in_ic"],
            )
            over = terms["kind"] == "target_par" and self.confirmed
            active = coverage.is_active(terms, self.deal, self.period) and not over
            self.tests[terms["name"]] = coverage.Test(
                terms["name"],
                terms["kind"],
                tuple(name for name in self.notes if name in inside),
                terms["trigger"],
                coverage.threshold(terms["trigger"], terms.get("round")),
                active,
            )

        self.look_at_target_par()

    def look_at_target_par(self) -> None:
        """Once the target par is reached the ratings are confirmed for good."""
        for test in self.tests.values():
            if test.kind == "target_par" and test.active and self.passes(test):
                self.confirmed = True

    def confirm_ratings(self) -> None:
        """The agencies confirm their ratings: the test of the target par does not apply any more."""
        self.confirmed = True
        for name, test in self.tests.items():
            if test.kind == "target_par":
                self.tests[name] = replace(test, active=False)
        for row in self.before:
            if row["kind"] == "target_par":
                row["passes"] = None

    @property
    def date(self) -> date:
        """Payment date."""
        return self.period.payment_date

    def notes_of(self, name: str) -> list[Note]:
        """The class of a name with its successors."""
        return [self.notes[member] for member in self.groups.get(name, (name,))]

    def premium(self, note: Note, balance: float | None = None) -> float:
        """Make-whole premium of a class on its balance now or on another one, in currency units."""
        return self.make_whole.get(note.name, 0.0) * (note.balance if balance is None else balance)

    def sequence(self, name: str | None) -> Groups:
        """Groups of a named sequence, the note payment sequence when there is no name."""
        return sequence(self.deal, name)

    def numerator(self, test: coverage.Test) -> float:
        """Numerator now: principal spent is gone, cash kept as collateral by a cure is there, diverted is not yet."""
        if test.kind == "ic":
            return self.ic_numerator
        adjusted = test.kind in {"oc", "target_par"} or self.conventions["eod_numerator"] == "adjusted"
        start = self.measure.oc_numerator if adjusted else self.measure.eod_numerator
        return start - self.principal_spent + self.bought

    def denominator(self, test: coverage.Test) -> float:
        """Denominator now, pro forma for what was paid before; what rounding leaves of it is nothing."""
        if test.kind == "target_par":
            return float(self.deal["target_par"])
        inside = [self.notes[name] for name in test.members]
        if test.kind == "ic":
            # What was drawn on the date and is repaid saves nothing.
            owed = sum(
                max(note.opening["current"] - note.saved, min(note.opening["current"], 0.0))
                for note in inside
            )
        elif test.kind == "oc" and self.conventions["deferred_in_oc"]:
            owed = sum(note.balance + note.deferred for note in inside)
            if self.conventions["same_date_deferrals_in_oc"]:
                owed += sum(note.current for note in inside if note.may_defer and note.reached)
        else:
            owed = sum(note.balance for note in inside)
        return owed if owed > ROUNDING * self.deal["target_par"] else 0.0

    def ratio(self, test: coverage.Test) -> float:
        """Ratio now."""
        return coverage.ratio(self.numerator(test), self.denominator(test))

    def passes(self, test: coverage.Test) -> bool:
        """Whether a test holds now; one that does not apply yet holds."""
        if test.kind == "target_par" and self.confirmed:
            return True
        return not test.active or coverage.passes(
            self.numerator(test), self.denominator(test), test.threshold
        )

    def need(
        self, test: coverage.Test, groups: Groups, *, from_principal: bool
    ) -> tuple[float, list[coverage.Stretch]]:
        """Payment that restores a test and the stretches it may use; infinite when they do not suffice."""
        order = coverage.stretches(groups, self.notes)
        if test.kind == "target_par":
            return 0.0 if self.passes(test) else math.inf, order
        order = coverage.reaching(order, test.members)
        if not test.active:
            return 0.0, order
        numerator, denominator = self.numerator(test), self.denominator(test)
        if test.kind == "ic" and self.conventions["ic_cure"] == "all_remaining" and not from_principal:
            need = 0.0 if self.passes(test) else math.inf
        elif test.kind == "ic":
            need = coverage.ic_need(
                numerator, denominator, test.threshold, order, test.members, notes=self.notes
            )
        else:
            need = coverage.oc_need(
                numerator,
                denominator,
                test.threshold,
                order,
                test.members,
                from_principal=from_principal,
                deferred_counts=self.conventions["deferred_in_oc"],
            )
        return need, order

    def cash_need(self, test: coverage.Test) -> float:
        """Cash that restores a test of OC or target par when it is kept as principal: T·D − N; nothing for others."""
        kept = test.kind in {"oc", "target_par"} and not (test.kind == "target_par" and self.confirmed)
        if not test.active or not kept:
            return 0.0
        return max(0.0, test.threshold * self.denominator(test) - self.numerator(test))

    def test_rows(self) -> list[Row]:
        """Tests at this moment: name, kind, numerator, denominator, ratio, trigger, cushions, whether it passes."""
        rows = []
        for test in self.tests.values():
            numerator, denominator = self.numerator(test), self.denominator(test)
            ratio = coverage.ratio(numerator, denominator)
            rows.append(
                {
                    "date": self.period.determination_date,
                    "test": test.name,
                    "kind": test.kind,
                    "numerator": numerator,
                    "denominator": denominator,
                    "ratio": ratio,
                    "trigger": test.trigger,
                    "cushion": ratio - test.trigger,
                    "cushion_amount": numerator - test.trigger * denominator,
                    "passes": self.passes(test) if test.active else None,
                }
            )
        return rows
