"""Strategies of resets and amendments: documents that follow a first one."""

import copy
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from cloche.testing.reference.dates import add_months, unadjusted_dates
from cloche.testing.strategies.draws import Document, basis_points, given
from cloche.testing.strategies.events import settling
from cloche.testing.strategies.make_whole import last_days

KINDS = ("reset", "amend")
"""Events that bring in a document."""

Moments = Callable[..., st.SearchStrategy[Document]]


@st.composite
def resets(draw: st.DrawFn, deal: Mapping[str, Any], second: Mapping[str, Any], moments: Moments) -> Document:
    """A reset of a deal, dated or under a condition.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document that it ends; it has two payment dates before the last.
    second
        Another deal of the strategies: its classes, fees, tests, waterfalls and rules make the second document.
    moments
        When events may act.
    """
    ends = _open_ends(deal)
    closing = draw(st.sampled_from(ends))
    day = closing - timedelta(days=draw(st.integers(0, 20)))
    event: Document = {"date": settling(deal, day, closing).isoformat()}
    if draw(st.integers(0, 3)) == 0:
        event = draw(moments(deal, repeats=False))
        if "date" in event:
            event = {"when": "status == 'normal'", "from": closing.isoformat()}
    into = _renamed(copy.deepcopy(dict(second)), "2" if draw(st.integers(0, 3)) == 0 else "")
    into["dates"] = draw(_second_dates(deal["dates"], into["dates"], closing))
    into["closing"] = {key: into["closing"].get(key, 0.0) for key in ("interest_reserve", "ramp_up_cash")}
    into["events"] = []
    into.pop("rights", None)
    for key in ("cash_timing", "pool_step"):
        into["conventions"].pop(key, None)
        if key in deal["conventions"]:
            into["conventions"][key] = deal["conventions"][key]
    for note in into["notes"]:
        if not note.get("residual"):
            note["issue_price"] = draw(st.sampled_from([1.0, 1.0, 0.99, 1.005]))
        if "make_whole" in note:
            note["make_whole"]["until"] = draw(last_days(into["dates"]))
    reset: Document = {"into": into, "carry": draw(st.sampled_from([None, ["SUB"]]))}
    for key in ("equity_contribution", "par_purchase"):
        reset[key] = float(draw(st.sampled_from([0, 0, 1_250_000])))
    event["reset"] = given(reset)
    if draw(st.booleans()):
        event["cost"] = draw(_cost(["interest", "proceeds", "equity"]))
    return event


@st.composite
def amendments(draw: st.DrawFn, deal: Mapping[str, Any], moments: Moments, number: int = 1) -> list[Document]:
    """Amendments in the order of their dates, or one under a condition, each with the whole document after it.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document.
    moments
        When events may act.
    number
        How many dated ones; several may fall on one payment date.
    """
    if draw(st.integers(0, 3)) == 0:
        moment = draw(moments(deal, repeats=False))
        if "when" in moment:
            return [
                {**moment, "amend": {"into": draw(_amended({**copy.deepcopy(dict(deal)), "events": []}))}}
            ]
    ends = unadjusted_dates(deal["dates"])[:-1]
    days = sorted(draw(st.lists(st.sampled_from(ends), min_size=min(number, len(ends)), max_size=number)))
    closing = date.fromisoformat(deal["dates"]["closing"])
    document = {**copy.deepcopy(dict(deal)), "events": []}
    events: list[Document] = []
    for day in days:
        document = draw(_amended(document))
        # Of those of one payment date the last is dated on it, those before it not later.
        is_last = days[len(events) + 1 :].count(day) == 0
        earlier = max(closing, day - timedelta(days=draw(st.integers(0, 15))))
        on = day if is_last else settling(deal, earlier, day)
        event: Document = {"date": on.isoformat(), "amend": {"into": copy.deepcopy(document)}}
        if draw(st.integers(0, 3)) == 0:
            event["cost"] = draw(_cost(["interest", "equity"]))
        events.append(event)
    return events


def without_later(events: list[Document], reset: Document, deal: Mapping[str, Any]) -> list[Document]:
    """Events that a document may have beside a reset: dated ones act before it."""
    if "date" not in reset:
        return events
    closing = reset["reset"]["into"]["dates"]["closing"]
    before = [day for day in unadjusted_dates(deal["dates"]) if day.isoformat() < closing]
    last = max(before).isoformat() if before else ""
    return [event for event in events if "date" not in event or str(event["date"]) <= last]


def assumed_beside(events: list[Document], reset: Document) -> list[Document]:
    """Events that a scenario may assume beside a reset: after a dated one only calls act."""
    if "date" not in reset:
        return events
    closing = reset["reset"]["into"]["dates"]["closing"]
    first = [(event, str(event.get("date", event.get("from", "")))) for event in events]
    return [event for event, day in first if "call" in event or day <= closing]


def may_reset(deal: Mapping[str, Any]) -> bool:
    """Whether a deal has a payment date on which it may be reset."""
    return bool(_open_ends(deal))


def _open_ends(deal: Mapping[str, Any]) -> list[date]:
    """Payment dates before the last one and after the non-call period."""
    start = date.fromisoformat(deal["dates"].get("non_call_end") or deal["dates"]["closing"])
    return [day for day in unadjusted_dates(deal["dates"])[:-1] if day >= start]


@st.composite
def _second_dates(
    draw: st.DrawFn, first: Mapping[str, Any], own: Mapping[str, Any], closing: date
) -> Document:
    """Dates of a second document: later, of another frequency perhaps, with a first period of its own length."""
    frequency = draw(st.sampled_from([first["payment_frequency_months"], 3, 6]))
    start = add_months(closing, draw(st.sampled_from([frequency, frequency, frequency + 1, 2])))
    periods = draw(st.integers(0, 4))
    while add_months(start, periods * frequency).isoformat() < str(first["stated_maturity"]):
        periods += 1
    maturity = add_months(start, max(1, periods) * frequency)
    dates: Document = {
        **{key: own[key] for key in ("roll", "determination") if key in own},
        "closing": closing.isoformat(),
        "first_payment": start.isoformat(),
        "payment_frequency_months": frequency,
        "stated_maturity": maturity.isoformat(),
    }
    if "add_holidays" in first:
        dates["add_holidays"] = first["add_holidays"]
    if draw(st.integers(0, 3)) > 0:
        dates["reinvestment_end"] = add_months(
            start, draw(st.integers(0, periods + 1)) * frequency
        ).isoformat()
    if draw(st.booleans()):
        effective = add_months(closing, draw(st.integers(0, 6)))
        dates["effective"] = min(effective, maturity).isoformat()
    return dates


@st.composite
def _amended(draw: st.DrawFn, document: Document) -> Document:
    """A document with one to three other terms."""
    changed = copy.deepcopy(document)
    for change in draw(st.lists(st.sampled_from(_CHANGES), min_size=1, max_size=3, unique=True)):
        draw(change(changed))
    return changed


@st.composite
def _spread(draw: st.DrawFn, deal: Document) -> None:
    notes = [note for note in deal["notes"] if note.get("coupon") and note["coupon"].get("fixed") is None]
    for note in notes[-1:]:
        note["coupon"]["spread"] = draw(basis_points(50, 400))


@st.composite
def _trigger(draw: st.DrawFn, deal: Document) -> None:
    if deal["tests"]:
        draw(st.sampled_from(deal["tests"]))["trigger"] = draw(st.integers(1001, 1500)) / 1000


@st.composite
def _reinvestment_end(draw: st.DrawFn, deal: Document) -> None:
    end = draw(st.sampled_from(unadjusted_dates(deal["dates"])))
    deal["dates"]["reinvestment_end"] = end.isoformat()


@st.composite
def _maturity(draw: st.DrawFn, deal: Document) -> None:
    maturity = date.fromisoformat(deal["dates"]["stated_maturity"])
    months = deal["dates"]["payment_frequency_months"] * draw(st.integers(1, 3))
    deal["dates"]["stated_maturity"] = add_months(maturity, months).isoformat()


@st.composite
def _fee(draw: st.DrawFn, deal: Document) -> None:
    rated = [fee for fee in deal["fees"] if fee.get("rate")]
    for fee in rated[:1]:
        fee["rate"] = draw(basis_points(1, 60))


@st.composite
def _fewer_steps(draw: st.DrawFn, deal: Document) -> None:
    steps = deal["waterfalls"]["interest"]
    cures = [k for k, step in enumerate(steps) if step["verb"] in ("cure", "divert")]
    if cures:
        del steps[draw(st.sampled_from(cures))]


@st.composite
def _rules(draw: st.DrawFn, deal: Document) -> None:
    if "ccc" in deal["collateral"]:
        deal["collateral"]["ccc"]["limit"] = draw(st.integers(0, 20)) / 100
    deal["conventions"]["interest_on_default_period"] = draw(st.sampled_from(["none", "half", "full"]))


_CHANGES = (_spread, _trigger, _reinvestment_end, _maturity, _fee, _fewer_steps, _rules)


@st.composite
def _cost(draw: st.DrawFn, payers: list[str]) -> Document:
    return {
        "rate": draw(basis_points(0, 100)),
        "of": draw(st.sampled_from(["refinanced_balance", "performing_par"])),
        "fixed": draw(st.integers(0, 10)) * 100_000.0,
        "paid_from": draw(st.sampled_from(payers)),
    }


def _renamed(deal: Document, ending: str) -> Document:
    """A document whose rated classes have other names, wherever it names them."""
    names = [note["name"] for note in deal["notes"] if not note.get("residual")] if ending else []

    def other(value: Any) -> Any:
        if isinstance(value, str):
            if value in names:
                return value + ending
            for name in names:
                value = value.replace(f"'{name}'", f"'{name}{ending}'")
            return value
        if isinstance(value, Mapping):
            return {other(key) if key in names else key: other(item) for key, item in value.items()}
        return [other(item) for item in value] if isinstance(value, list | tuple) else value

    return {key: other(value) for key, value in deal.items()}
