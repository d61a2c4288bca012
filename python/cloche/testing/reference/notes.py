"""Classes of notes on a payment date: what is due, what may be deferred, who controls."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cloche.testing.reference.dates import day_count_fraction, parse_date

Groups = list[list[str]]


@dataclass
class Note:
    """A class on one payment date; balances move as it is paid. Amounts in currency units, rates a year.

    `current` is this date's interest, of which `late` is interest on unpaid interest; `overdue` unpaid interest of
    earlier dates that could not be deferred; `amortization` the instalment due; `saved` the interest of this period
    that cures' paydowns would have saved. `on_unpaid` says what bears interest of deferred and overdue interest:
    all of it (`compound`), all but the interest on it (`simple`; that is `idle`), or nothing (`none`). A payment
    settles what is idle first. `reached` tells whether a step of the date has paid interest of the class, as far as
    it could. Of a class that is drawn over time, `commitment_fee` is the yearly fee on what is undrawn when the date
    opens, `undrawn` what may be drawn now, `drawn` all draws since closing. `premium` is the make-whole premium of a
    call, part of this date's interest.
    """

    name: str
    interest_rank: int | None
    principal_rank: int | None
    residual: bool
    deferrable: bool
    original_balance: float
    balance: float
    deferred: float = 0.0
    overdue: float = 0.0
    index_rate: float | None = None
    rate: float = 0.0
    day_count_fraction: float = 0.0
    current: float = 0.0
    amortization: float = 0.0
    controlling: bool = False
    on_unpaid: str = "compound"
    late: float = 0.0
    idle_deferred: float = 0.0
    idle_overdue: float = 0.0
    reached: bool = False
    commitment_fee: float = 0.0
    undrawn: float = 0.0
    drawn: float = 0.0
    revolving: bool = False
    capitalizes: bool = False
    premium: float = 0.0
    saved: float = 0.0
    interest_paid: float = 0.0
    deferred_paid: float = 0.0
    principal_paid: float = 0.0
    opening: dict[str, float] = field(default_factory=dict)

    @property
    def may_defer(self) -> bool:
        """Whether interest unpaid on this date is deferred rather than overdue."""
        return self.deferrable and not self.controlling

    @property
    def interest_owed(self) -> float:
        """Overdue and current interest still unpaid on this date."""
        return self.overdue + self.current

    @property
    def period_rate(self) -> float:
        """Interest of the period on one unit."""
        return self.rate * self.day_count_fraction

    def accrue(self) -> None:
        """Set the interest of the period, with interest on what bears it of deferred and overdue interest."""
        bearing = self.deferred - self.idle_deferred + self.overdue - self.idle_overdue
        self.late = (bearing if self.on_unpaid != "none" else 0.0) * self.period_rate
        self.current = self.balance * self.period_rate + self.late
        self.current += self.commitment_fee * self.day_count_fraction + self.premium
        self.opening = {
            "balance": self.balance,
            "deferred": self.deferred,
            "overdue": self.overdue,
            "current": self.current,
        }

    def pay_interest(self, amount: float) -> None:
        """Pay overdue interest, then this date's."""
        self.interest_paid += amount
        self.reached = True
        if amount >= self.interest_owed:
            self.overdue = self.current = self.late = self.idle_overdue = 0.0
            return
        old = min(amount, self.overdue)
        self.idle_overdue = max(0.0, self.idle_overdue - old)
        self.late = max(0.0, self.late - (amount - old))
        self.overdue -= old
        self.current -= amount - old

    def pay_deferred(self, amount: float, *, cure: bool = False) -> None:
        """Pay deferred interest; by a cure it lowers the interest of the pro forma test where that compounds."""
        self.deferred_paid += amount
        if cure and self.on_unpaid == "compound":
            self.saved += amount * self.period_rate
        self.idle_deferred = max(0.0, self.idle_deferred - amount)
        self.deferred -= amount

    def pay_principal(self, amount: float, *, cure: bool = False) -> None:
        """Pay principal; a cure also lowers the interest of the pro forma coverage test."""
        self.principal_paid += amount
        self.balance -= amount
        if self.revolving:
            self.undrawn += amount
        if cure:
            self.saved += amount * self.period_rate

    def pay_amortization(self, amount: float) -> None:
        """Pay an instalment."""
        self.amortization -= amount
        self.pay_principal(amount)

    def close(self) -> float:
        """Turn unpaid interest of the date into deferred or overdue interest; the amount newly deferred."""
        unpaid, self.current = self.current, 0.0
        idle = self.late if self.on_unpaid == "simple" else 0.0
        if self.may_defer:
            if self.capitalizes:
                self.balance += unpaid
            else:
                self.deferred += unpaid
                self.idle_deferred += idle
            return unpaid
        self.overdue += unpaid
        self.idle_overdue += idle
        return 0.0

    def draw(self, amount: float) -> None:
        """Draw on the commitment; principal paid is net of draws."""
        self.balance += amount
        self.principal_paid -= amount
        self.undrawn -= amount
        self.drawn += amount

    def redeem(self) -> None:
        """Owe nothing any more."""
        self.balance = self.deferred = self.overdue = self.amortization = 0.0
        self.idle_deferred = self.idle_overdue = 0.0


def coupon_rate(coupon: Mapping[str, Any], index_rate: float | None, start: date) -> float:
    """Coupon a year for the accrual period that starts on `start` (unadjusted).

    Floating: max(index, floor) + spread, the floor 0 when absent, the cap on the index; never negative.
    A step-up holds for accrual periods that start on or after its date.

    Examples
    --------
    >>> coupon_rate({"index": "sofr_3m", "spread": 0.013}, -0.002, date(2026, 4, 20))
    0.013
    """
    terms = {"spread": coupon.get("spread"), "fixed": coupon.get("fixed")}
    dated = [change for change in coupon.get("step_up", ()) if change.get("from")]
    for change in sorted(dated, key=lambda change: str(change["from"])):
        if start >= parse_date(change["from"]):
            terms.update({key: change[key] for key in ("spread", "fixed") if change.get(key) is not None})
    if terms["fixed"] is not None:
        return float(terms["fixed"])
    level = max(index_rate or 0.0, coupon.get("floor") or 0.0)
    if coupon.get("cap") is not None:
        level = min(level, coupon["cap"])
    return max(0.0, level + float(terms["spread"] or 0.0))


def in_force(terms: Mapping[str, Any], steps: Collection[int]) -> Mapping[str, Any]:
    """A note whose coupon has the last of the conditional steps in force, by their places; as it is without one."""
    if not steps:
        return terms
    step = terms["coupon"]["step_up"][max(steps)]
    new = {key: step[key] for key in ("spread", "fixed") if step.get(key) is not None}
    return {**terms, "coupon": {**terms["coupon"], **new, "step_up": ()}}


def accrual_fraction(
    coupon: Mapping[str, Any], *, adjusted: tuple[date, date], unadjusted: tuple[date, date]
) -> float:
    """Day count fraction of a coupon: act/360 on adjusted dates when floating, 30/360 on unadjusted when fixed."""
    fixed = coupon.get("fixed") is not None
    name = coupon.get("day_count") or ("30/360" if fixed else "act/360")
    start, end = unadjusted if fixed or name.startswith("30") else adjusted
    return day_count_fraction(name, start, end)


def instalment(terms: Mapping[str, Any], number: int, balance: float, carried: float) -> float:
    """Amortization due on payment date `number`: original / payments and what was carried, the rest on the last.

    Parameters
    ----------
    terms
        The note of a canonical deal document.
    number
        Number of the payment date, from 1.
    balance
        Opening balance.
    carried
        Unpaid instalments of earlier dates.
    """
    plan = terms.get("amortization")
    if not plan:
        return 0.0
    first = plan.get("start", 1)
    last = first + plan["payments"] - 1
    if number >= last:
        return balance
    due = carried + (terms["balance"] / plan["payments"] if number >= first else 0.0)
    return float(min(balance, due))


def mark_controlling(notes: Sequence[Note], dust: float) -> None:
    """Mark the most senior class with a principal rank and more than dust, in currency units, outstanding."""
    ranks = [
        note.principal_rank
        for note in notes
        if note.principal_rank is not None and not note.residual and note.balance + note.deferred > dust
    ]
    for note in notes:
        note.controlling = bool(ranks) and not note.residual and note.principal_rank == min(ranks)


def sequence(deal: Mapping[str, Any], name: str | None) -> Groups:
    """Groups of a named note payment sequence; without one, by principal rank."""
    name = name or "note_payment_sequence"
    written = deal.get("sequences", {}).get(name)
    if written:
        return [list(group) for group in written]
    if name != "note_payment_sequence":
        raise ValueError(f"sequences.{name}: not in the deal")
    ranks = {note["name"]: note.get("principal_rank") for note in deal["notes"]}
    if deal.get("conventions", {}).get("x_in_sequence"):
        return class_groups(deal)
    return [[name for name in group if ranks[name] is not None] for group in class_groups(deal)]


def class_groups(deal: Mapping[str, Any]) -> list[list[str]]:
    """Classes by principal rank, senior first, each class X with the first rank that shares its interest rank.

    A class X that shares no interest rank stands with the first rank.
    """
    ranked: dict[int, list[Mapping[str, Any]]] = {}
    rankless: list[Mapping[str, Any]] = []
    for note in deal["notes"]:
        if note.get("residual") or note.get("combination_of"):
            continue
        if note.get("principal_rank") is None:
            rankless.append(note)
        else:
            ranked.setdefault(note["principal_rank"], []).append(note)
    ranks = sorted(ranked)
    if not ranks:
        return [[note["name"] for note in rankless]] if rankless else []
    joins = {note["name"]: _rank_of(note, ranked) for note in rankless}
    return [
        [note["name"] for note in deal["notes"] if note in ranked[rank] or joins.get(note["name"]) == rank]
        for rank in ranks
    ]


def _rank_of(note: Mapping[str, Any], ranked: Mapping[int, Sequence[Mapping[str, Any]]]) -> int:
    """First principal rank with a class of the note's interest rank, the first of all without one."""
    shared = [
        rank
        for rank, classes in ranked.items()
        if any(other.get("interest_rank") == note.get("interest_rank") for other in classes)
    ]
    return min(shared, default=min(ranked))
