"""The closing balance sheet: sources, uses, and the price that they leave for the loans."""

from typing import Any

import pytest

import cloche as cl


def document(**closing: Any) -> dict[str, Any]:
    deal: dict[str, Any] = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    deal["closing"] = closing
    return deal


def test_what_the_notes_bring_less_costs_and_reserves_buys_the_loans() -> None:
    """500.0 m of notes at par, costs 5.0 m, reserve 0.5 m: 494.5 m for 500 m of par, 98.90 %."""
    deal = cl.Deal.from_dict(document(upfront_costs=5e6, interest_reserve=0.5e6, par_purchased=500e6))
    rows = list(deal.sources_and_uses().rows())
    sources = sum(row["amount"] for row in rows if row["side"] == "source")
    uses = sum(row["amount"] for row in rows if row["side"] == "use")
    assert sources == pytest.approx(500e6)
    assert uses == pytest.approx(sources)
    assert [row["item"] for row in rows if row["side"] == "use"] == [
        "upfront costs",
        "interest reserve",
        "collateral",
    ]
    assert rows[-1]["amount"] == pytest.approx(494.5e6)
    assert rows[-1]["price"] == pytest.approx(0.9890)
    assert deal.warnings == []


def test_notes_below_par_and_accounts_leave_less_for_loans() -> None:
    deal = document(upfront_costs=5e6, ramp_up_cash=20e6)
    deal["notes"][-1]["issue_price"] = 0.95
    deal["accounts"] = [{"name": "expense_reserve", "initial": 50_000}]
    rows = list(cl.Deal.from_dict(deal).sources_and_uses().rows())
    # 5 % of 45 m of subordinated notes is missing.
    assert rows[-1]["amount"] == pytest.approx(500e6 - 0.05 * 45e6 - 5e6 - 20e6 - 50_000)
    assert rows[-1]["price"] is None


def test_par_that_the_notes_cannot_have_paid_for_is_a_warning() -> None:
    deal = cl.Deal.from_dict(document(upfront_costs=5e6, par_purchased=600e6))
    assert [f"{place}: {message}" for place, message in deal.warnings] == [
        "closing.par_purchased: the notes leave 495,000,000 for 600,000,000 of par: a price of 82.5%"
    ]
