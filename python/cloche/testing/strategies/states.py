"""Strategies of states of a deal before a payment date."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from cloche.testing.reference.dates import schedule
from cloche.testing.strategies.draws import INDEX, Document, basis_points, given, percent, sometimes


@st.composite
def payment_states(draw: st.DrawFn, deal: Mapping[str, Any], *, events: bool = False) -> Document:
    """States of a deal before one of its payment dates, with tests that hold and tests that fail.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document; a state fits its schedule when its calendars are Monday to Friday.
    events
        Whether accelerated dates, redemption dates and liquidations are drawn too.
    """
    periods = schedule(deal)
    period = draw(st.sampled_from(periods))
    notes: Document = {}
    owed = 0.0
    for terms in deal["notes"]:
        if terms.get("combination_of"):
            continue
        if terms.get("residual"):
            paid = draw(st.lists(st.integers(0, 30), max_size=3))
            dates = [item.payment_date.isoformat() for item in periods[: period.number - 1]]
            flows = [[day, number * 100_000.0] for day, number in zip(dates, paid, strict=False)]
            notes[terms["name"]] = {
                "balance": terms["balance"],
                "cost": terms["balance"] * draw(percent(5, 100)),
                "distributions": flows,
            }
            continue
        balance = terms["balance"] * draw(st.sampled_from([100, 100, 60, 20, 0])) / 100
        note: Document = {"balance": balance}
        if terms.get("deferrable"):
            note["deferred_interest"] = draw(st.sampled_from([0, 0, 1, 5])) * balance / 100
        elif draw(st.integers(0, 4)) == 0:
            note["interest_shortfall"] = balance / 100
        if terms.get("amortization"):
            note["amortization_due"] = balance * draw(st.integers(0, 4)) / 4
        if terms.get("commitment"):
            note["drawn"] = terms["commitment"]["amount"] * draw(st.sampled_from([0, 0, 1, 5])) / 10
        notes[terms["name"]] = note
        owed += balance
    unit = max(1_000_000.0, owed)
    names = [fee["name"] for fee in deal.get("fees", ()) if not fee.get("hurdles")]
    fees = {
        name: given(
            {
                "due": draw(sometimes(st.integers(0, 30).map(lambda number: number * 10_000.0))),
                "unpaid": draw(st.sampled_from([0, 0, 1, 9])) * 10_000.0,
            }
        )
        for name in draw(st.lists(st.sampled_from(names), unique=True) if names else st.just([]))
    }
    status = draw(st.sampled_from(["normal", "accelerated", "redemption"])) if events else "normal"
    collected: Document = {
        "interest": unit * draw(st.integers(0, 400)) / 10_000,
        "principal": unit * draw(st.integers(0, 150)) / 1000,
    }
    if status != "normal" and draw(st.booleans()):
        collected["liquidation"] = {
            "proceeds": unit * draw(st.integers(0, 110)) / 100,
            "costs": draw(st.integers(0, 30)) * 100_000.0,
        }
    state: Document = {
        "cloche_state": 1,
        "payment_date": period.payment_date.isoformat(),
        "previous_payment_date": period.accrual_start.isoformat(),
        "determination_date": period.determination_date.isoformat(),
        "status": status,
        "index_fixings": {INDEX: draw(basis_points(-50, 700))},
        "collected": collected,
        "accounts": {
            terms["name"]: draw(st.integers(0, 20)) * 100_000.0 for terms in deal.get("accounts", ())
        },
        "fee_basis": unit * draw(st.integers(90, 120)) / 100,
        "fees": fees,
        "notes": notes,
        "collateral": {
            "performing_par": unit * draw(st.integers(50, 110)) / 100,
            "ccc": draw(_assets(unit, "ccc", agencies="ccc_agency_rule" in deal.get("conventions", {}))),
            "discount": draw(_assets(unit, "discount")),
            "defaulted": draw(_assets(unit, "defaulted")),
        },
    }
    if "unfunded" in repr((deal["waterfalls"], deal.get("accounts"))):
        state["readings"] = {"unfunded": unit * draw(st.integers(0, 50)) / 1000}
    return state if deal.get("accounts") else {key: state[key] for key in state if key != "accounts"}


@st.composite
def _assets(draw: st.DrawFn, unit: float, kind: str, *, agencies: bool = False) -> list[Document]:
    assets = []
    for number in range(draw(st.integers(0, 3))):
        asset: Document = {"id": f"{kind}{number}", "par": unit * draw(st.integers(1, 80)) / 1000}
        asset["market_price"] = draw(percent(20, 102))
        if kind == "discount" or (kind == "ccc" and draw(st.integers(0, 4)) == 0):
            asset["purchase_price"] = draw(percent(50, 85))
        if agencies:
            named = draw(st.sampled_from([None, ["sp"], ["moodys"], ["moodys", "sp"]]))
            asset.update(given({"agencies": named}))
        if kind == "defaulted":
            asset["recovery"] = draw(percent(10, 80))
            asset["years_since_default"] = draw(st.integers(0, 40)) / 10
        assets.append(asset)
    return assets
