"""Calls, refinancings, re-pricings, resets and amendments: when each acts.

A dated event acts on the first payment date whose unadjusted date is on or after its date, except a call: one of a
business day between payment dates acts on that day, one of the business day to which a payment date has moved on that.
A conditional one is looked at on every payment date of its window, on the figures at the determination date before any
payment. Calls, refinancings, re-pricings and resets wait for the end of the non-call period. Nothing acts on the last
date.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cloche.testing.reference.dates import BusinessDays, Period, add_months, parse_date, unadjusted_dates
from cloche.testing.reference.rights import NEVER_BARRED, Right, check_cost, check_day, right_to

Document = Mapping[str, Any]

KINDS = ("call", "refinance", "reprice", "reset", "amend", "special_redemption", "confirm_ratings")
"""Events that the reference computes."""

BARRED = ("call", "refinance", "reprice", "reset")
"""Events that wait for the end of the non-call period."""

ANCHORS = {
    "closing": "closing",
    "effective": "effective",
    "nc_end": "non_call_end",
    "rp_end": "reinvestment_end",
    "maturity": "stated_maturity",
}
"""Names of relative dates and the dates of the deal that they mean."""


def event_date(text: str | date, dates: Document) -> date:
    """Date of an event: ISO, or a date of the deal moved by months or years.

    Examples
    --------
    >>> event_date("rp_end + 12M", {"reinvestment_end": "2028-01-20"})
    datetime.date(2029, 1, 20)
    """
    if isinstance(text, date):
        return text
    named = re.fullmatch(r"\s*([a-z_]+)\s*(?:([+-])\s*(\d+)\s*([MY]))?\s*", text)
    if not named:
        return parse_date(text)
    anchor, sign, number, unit = named.groups()
    if anchor not in ANCHORS or dates.get(ANCHORS[anchor]) is None:
        raise ValueError(f"{text}: the deal has no such date")
    start = parse_date(dates[ANCHORS[anchor]])
    if number is None:
        return start
    months = int(number) * (12 if unit == "Y" else 1)
    return add_months(start, months if sign == "+" else -months)


@dataclass
class Event:
    """An event and whether it is still to come.

    `start` and `end` are its window, for a dated event the date and the end of its attempts, as `written` in a
    document; `when` is its condition, `months` the months of an auction call. `pending` events are tried again on
    every payment date. `below`: what the collateral principal amount must be below for a clean-up call.
    """

    place: str
    kind: str
    terms: Any
    cost: Document
    start: date | None = None
    end: date | None = None
    when: str | None = None
    dated: bool = False
    months: frozenset[int] = field(default_factory=frozenset)
    repeat: bool = False
    pending: bool = False
    spent: bool = False
    written: Document = field(default_factory=dict)
    below: float | None = None

    def read_dates(self, deal: Document) -> None:
        """Read the window and the right in a document: `maturity - 3M` moves with an amendment of the maturity."""
        dates = deal["dates"]
        known = {
            key: event_date(self.written[key], dates)
            for key in ("date", "from", "until")
            if self.written.get(key)
        }
        self.start = known.get("date", known.get("from"))
        self.end = known.get("until")
        right = self.right(deal)
        if self.kind in BARRED and (right is None or right.name not in NEVER_BARRED):
            self.start = _not_barred(self.start, dates)
        self.below = None if right is None else right.below
        if right is not None:
            self.start = _later(self.start, right_date(right, dates))

    def follow(self, deal: Document, day: date) -> bool:
        """Go on as a call under the document of a reset on a day; whether that document lets it.

        One that was tried before is tried on, whatever its dates are in the new document; of any other they are read
        there.
        """
        retry = (self.terms or {}).get("if_infeasible") == "retry"
        if retry and (self.start is None or self.start <= day):
            self.written = {key: item for key, item in self.written.items() if key not in {"date", "from"}}
            self.dated = False
        try:
            self.read_dates(deal)
        except ValueError:
            return False
        return True

    def right(self, deal: Document) -> Right | None:
        """The right to it; None where the documents leave it open, and of the auction call, which needs none."""
        if self.contracted:
            return None
        barred = self.kind == "call" and _in_non_call(self, deal["dates"])
        return right_to(self.kind, self.place, deal, barred=barred)

    @property
    def contracted(self) -> bool:
        """Whether it is the auction call, which needs no right."""
        return bool(self.months)

    @property
    def called_on(self) -> date | None:
        """Day of a call that is dated by itself: relative dates stand for the payment date that follows."""
        text = str(self.written.get("date") or "")
        return parse_date(text.strip()) if self.kind == "call" and text.strip()[:1].isdigit() else None

    def between(self, period: Period, business: BusinessDays) -> bool:
        """Whether it is a call of a business day inside a period, which acts on that day."""
        day = self.called_on
        if day is None or self.spent or (self.end is not None and day > self.end):
            return False
        return period.accrual_start < day < period.payment_date and business.is_open(day)

    def acts(self, period: Period, holds: Callable[[str], bool]) -> bool:
        """Whether the event acts on a payment date, or on the redemption date with which a part of a period ends.

        Parameters
        ----------
        period
            Payment period.
        holds
            Whether a condition holds on this date.
        """
        day = period.unadjusted_end
        if period.is_part:
            return not self.spent and self.called_on == day
        early = self.start is not None and day < self.start and self.called_on != period.payment_date
        if self.spent or period.last or early:
            return False
        late = self.end is not None and day > self.end
        if late or (self.months and day.month not in self.months):
            return False
        return self.pending or self.when is None or holds(self.when)

    def acted(self, *, retry: bool = False) -> None:
        """Note that the event acted, or that it could not and is to be tried again."""
        self.pending = retry
        self.spent = not retry and not self.repeat


def events_of(deal: Document, scenario: Document) -> list[Event]:
    """Events of a deal and of a scenario, then the auction calls that the deal's rights contract.

    Raises
    ------
    ValueError
        For an event that the reference does not compute, and for a dated one in the non-call period.
    """
    found = []
    for owner, document in (("events", deal), ("scenario.events", scenario)):
        for number, entry in enumerate(document.get("events") or ()):
            found.append(_event(entry, f"{owner}[{number}]", deal))
    auction = (deal.get("rights") or {}).get("auction_call")
    if auction:
        found.append(
            Event(
                place="rights.auction_call",
                kind="call",
                terms={"if_infeasible": "retry"},
                cost={},
                months=frozenset(auction["months"]),
                repeat=True,
                written={"from": auction["from"]},
            )
        )
        found[-1].read_dates(deal)
    return found


def _event(entry: Document, place: str, deal: Document) -> Event:
    named = [kind for kind in KINDS if entry.get(kind) is not None]
    if len(named) != 1:
        raise ValueError(f"{place}: found {sorted(entry)}; expected one of {', '.join(KINDS)}")
    (kind,) = named
    event = Event(
        place=place,
        kind=kind,
        terms=entry[kind],
        cost=entry.get("cost") or {},
        when=entry.get("when"),
        dated=bool(entry.get("date")),
        repeat=bool(entry.get("repeat")),
        written=entry,
    )
    event.read_dates(deal)
    if event.dated == (event.when is not None):
        raise ValueError(f"{place}: found neither or both of date and when; expected one of them")
    if kind in {"refinance", "reset", "amend"} and event.repeat:
        raise ValueError(f"{place}.repeat: found true; expected false, it acts once")
    _check_not_last(event, deal["dates"])
    right = event.right(deal)
    if kind in BARRED and (right is None or right.name not in NEVER_BARRED):
        _check_non_call(event, deal["dates"])
    if right is not None:
        _check_right(event, right, deal)
    return event


def _check_right(event: Event, right: Right, deal: Document) -> None:
    """Refuse what the right to an event does not cover: its days, and a higher cost of debt."""
    dates = deal["dates"]
    if not event.dated:
        check_cost(event.kind, event.terms, right, event.place, deal, on=None)
        return
    written, first = event_date(event.written["date"], dates), right_date(right, dates)
    acts_on = [day for day in unadjusted_dates(dates) if day >= written]
    check_cost(event.kind, event.terms, right, event.place, deal, on=acts_on[0] if acts_on else None)
    check_day(event.written["date"], right, event.place, deal)
    if event.called_on is not None and acts_on:
        # A call acts on its own day.
        acts_on[0] = event.called_on
    if first is not None and acts_on and acts_on[0] < first:
        raise ValueError(f"{event.place}.date: found {written}; expected a date from {first} on")


def right_date(right: Right, dates: Document) -> date | None:
    """First day of a right; None where it has none."""
    after = right.terms.get("after")
    if after == "non_call_end":
        return parse_date(dates["non_call_end"]) if dates.get("non_call_end") else None
    return None if after is None else event_date(after, dates)


def _later(start: date | None, first: date | None) -> date | None:
    return max((day for day in (start, first) if day is not None), default=None)


def _in_non_call(event: Event, dates: Document) -> bool:
    """Whether a dated event acts in the non-call period."""
    if not event.dated or dates.get("non_call_end") is None:
        return False
    written = event_date(event.written["date"], dates)
    acts_on = [day for day in unadjusted_dates(dates) if day >= written]
    return bool(acts_on) and (event.called_on or acts_on[0]) < parse_date(dates["non_call_end"])


def _check_non_call(event: Event, dates: Document) -> None:
    """Refuse a dated event whose payment date lies in the non-call period."""
    if _in_non_call(event, dates):
        written = event_date(event.written["date"], dates)
        raise ValueError(
            f"{event.place}.date: found {written}; expected a date after the non-call period, "
            f"which ends on {dates['non_call_end']}"
        )


def _check_not_last(event: Event, dates: Document) -> None:
    """Refuse a dated event that stands for the last payment date, on which nothing acts."""
    if not event.dated:
        return
    written, last = event_date(event.written["date"], dates), unadjusted_dates(dates)[-1]
    between = event.called_on is not None and event.called_on < last
    if not between and [day for day in unadjusted_dates(dates) if day >= written] == [last]:
        raise ValueError(
            f"{event.place}.date: found {written}, the last payment date; expected an earlier date"
        )


def _not_barred(start: date | None, dates: Document) -> date | None:
    """Beginning of a window, not before the end of the non-call period."""
    end = dates.get("non_call_end")
    return start if end is None else _later(start, parse_date(end))


def acting(events: Sequence[Event], kind: str, period: Period, holds: Callable[[str], bool]) -> list[Event]:
    """Events of a kind that act on a payment date, in order."""
    return [event for event in events if event.kind == kind and event.acts(period, holds)]
