"""Strategies of scenarios."""

from hypothesis import strategies as st

from cloche.testing.reference.dates import add_months
from cloche.testing.strategies.draws import (
    CLOSING,
    Document,
    basis_points,
    constant,
    given,
    percent,
    sometimes,
)


@st.composite
def _values(draw: st.DrawFn, low: int, high: int, *, groups: bool) -> Document:
    """A number of the scenario in percent: constant, a list, by date or by group."""
    kind = draw(st.sampled_from(["constant"] * 3 + ["periods", "dates"] + ["groups"] * groups))
    number = percent(low, high)
    if kind == "constant":
        return constant(draw(number))
    if kind == "periods":
        return {"kind": "periods", "values": draw(st.lists(number, min_size=1, max_size=6))}
    if kind == "dates":
        days = draw(st.lists(st.integers(0, 60), min_size=1, max_size=3, unique=True))
        starts = [add_months(CLOSING, days_in) for days_in in sorted(days)]
        return {"kind": "dates", "values": {start.isoformat(): draw(number) for start in starts}}
    keys = ["rating:CCC", "rating:B-", "industry:Retail", "obligor:O00", "lien:second_lien"]
    chosen = draw(st.lists(st.sampled_from(keys), max_size=3, unique=True))
    values = {key: draw(_values(low, high, groups=False)) for key in ["*", *chosen]}
    return {"kind": "groups", "values": values}


@st.composite
def _curves(draw: st.DrawFn) -> Document:
    """A flat curve, or forwards whose dates lie far from every fixing date of a generated case."""
    if draw(st.booleans()):
        return {"kind": "flat", "rate": draw(basis_points(-50, 700))}
    months = draw(st.lists(st.integers(0, 72), min_size=1, max_size=6, unique=True))
    starts = [add_months(CLOSING.replace(day=28), month) for month in sorted(months)]
    return {
        "kind": "forwards",
        "points": {start.isoformat(): draw(basis_points(-50, 700)) for start in starts},
    }


def _prices() -> st.SearchStrategy[Document]:
    """Prices of purchases: one, or one after another."""
    prices = st.lists(percent(70, 102), min_size=2, max_size=6)
    listed = st.builds(lambda values: {"kind": "periods", "values": values}, prices)
    return st.one_of(percent(90, 102).map(constant), percent(90, 102).map(constant), listed)


@st.composite
def scenarios(draw: st.DrawFn) -> Document:
    """Scenarios; default rates are often high, so that tests fail, interest is deferred and classes lose.

    Returns
    -------
    dict
        Canonical scenario document with every value given.
    """
    high = draw(st.sampled_from([0, 5, 20, 60, 100]))
    lags = st.sampled_from([0.0, 3.0, 6.0, 7.0, 12.0, 24.0])
    reinvestment = {
        "price": draw(_prices()),
        "spread": constant(draw(basis_points(250, 450))),
        "floor": draw(basis_points(0, 100)),
        "term_years": float(draw(st.integers(1, 6))),
    }
    reinvestment.update(
        given(
            {
                "rating": draw(st.sampled_from([None, "B", "CCC"])),
                "recovery": draw(sometimes(percent(0, 80))),
                "pd": draw(sometimes(percent(0, 20))),
            }
        )
    )
    return {
        "cdr": draw(_values(0, high, groups=True)),
        "cpr": draw(_values(0, draw(st.sampled_from([0, 30, 100])), groups=True)),
        "recovery": draw(_values(0, 100, groups=True)),
        "recovery_lag_months": constant(draw(lags)),
        "rates": {"*": draw(_curves())},
        "reinvestment": reinvestment,
        "liquidation_price": draw(st.one_of(percent(70, 101), _prices())),
        "post_period_share": draw(percent(0, 100)),
        "cash_rate_spread": draw(basis_points(-50, 0)),
        "defaults": {},
    }


def of_commitments() -> st.SearchStrategy[Document]:
    """What a scenario assumes of undrawn commitments: nothing, all of it or shares; keys may be left out."""
    share = st.one_of(st.sampled_from([0.0, 1.0]), percent(0, 100), percent(0, 100))
    return st.fixed_dictionaries({}, optional={"draw_rate": share, "usage_at_default": share})


@st.composite
def market_spreads(draw: st.DrawFn, deal: Document) -> Document:
    """Spreads that the market asks, for all classes and perhaps for one of them or one rating."""
    spread = basis_points(0, 400)
    forms = st.one_of(
        spread.map(constant),
        st.lists(spread, min_size=1, max_size=6).map(lambda numbers: {"kind": "periods", "values": numbers}),
    )
    keys = ["*", *(note["name"] for note in deal["notes"] if note.get("coupon"))]
    keys += [f"rating:{rating}" for note in deal["notes"] for rating in (note.get("rating") or {}).values()]
    chosen = draw(st.lists(st.sampled_from(keys), max_size=2, unique=True))
    return {key: draw(forms) for key in {"*", *chosen}}
