"""Strategies of make-whole premiums."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from cloche.testing.reference.dates import unadjusted_dates
from cloche.testing.strategies.draws import INDEX, Document, basis_points


@st.composite
def premiums(draw: st.DrawFn, dates: Mapping[str, Any]) -> Document:
    """What a class is paid when it is redeemed early; rates below and above those of coupons.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    dates
        Dates of the deal; the premium ends on its last payment date or before.
    """
    discount: Document = {"fixed": draw(basis_points(0, 900))}
    if draw(st.booleans()):
        discount = {"index": INDEX, "spread": draw(basis_points(-50, 300))}
    return {"until": draw(last_days(dates)), "discount": discount}


@st.composite
def last_days(draw: st.DrawFn, dates: Mapping[str, Any]) -> str:
    """A date on which a premium ends: a payment date, a day after one, or a date that moves with the maturity."""
    days = unadjusted_dates(dates)
    moving = ["maturity", "maturity - 3M", "maturity - 1Y"]
    if dates.get("non_call_end"):
        moving.append("nc_end")
    return draw(st.one_of(st.sampled_from(days).map(lambda day: day.isoformat()), st.sampled_from(moving)))


@st.composite
def add_premiums(draw: st.DrawFn, deal: Document) -> Document:
    """A deal some of whose rated classes have a premium; it is changed."""
    for note in deal["notes"]:
        rated = not note.get("residual") and not note.get("combination_of")
        if rated and draw(st.integers(0, 2)) > 0:
            note["make_whole"] = draw(premiums(deal["dates"]))
    return deal


@st.composite
def add_to_successors(
    draw: st.DrawFn, events: Iterable[Document], dates: Mapping[str, Any]
) -> Iterable[Document]:
    """Events some of whose successors state a premium of their own; they are changed."""
    for event in events:
        for terms in (event.get("refinance") or {}).values():
            for successor in terms["into"]:
                if draw(st.integers(0, 2)) == 0:
                    successor["make_whole"] = draw(premiums(dates))
    return events
