"""The worked payment dates of the documentation: every template under every status, and one of them by hand."""

from __future__ import annotations

import math
from types import ModuleType

import pytest

import cloche as cl
from cloche.build import templates

POT = {"accelerated": "acceleration"}
STATUSES = ("normal", "accelerated", "redemption")


@pytest.mark.parametrize("name", templates.__all__)
@pytest.mark.parametrize("status", STATUSES)
def test_each_template_pays_all_its_proceeds_on_each_kind_of_date(
    worked: ModuleType, name: str, status: str
) -> None:
    deal = getattr(templates, name)(accelerate="automatic", interest_smoothing=False)
    before = worked.state(deal, status)
    paid = cl.run_payment_date(deal, before)
    assert paid.conservation_error <= 1e-9 * deal.target_par
    falls = set(paid.ledger["waterfall"])
    assert falls == ({"interest", "principal"} if status == "normal" else {POT.get(status, status)})
    assert all(label for label in paid.ledger["label"]), "every clause has its letter"
    whole = sum(float(row["paid"]) for row in paid.ledger.rows() if row["source"] != "transfer")
    kept = paid.state.accounts["principal"] + paid.state.accounts["interest"]
    sold = before.to_dict()["collected"].get("liquidation", {"proceeds": 0.0, "costs": 0.0})
    start = 0.03 * deal.target_par + sold["proceeds"] - sold["costs"]
    assert math.isclose(whole + kept, start, rel_tol=1e-12)


def test_the_cure_and_the_diversion_of_the_page_by_hand(worked: ModuleType) -> None:
    deal = templates.us_bsl(accelerate="automatic")
    rows = {
        row["label"]: row for row in cl.run_payment_date(deal, worked.state(deal, "normal")).ledger.rows()
    }
    collateral, notes = 472.8e6 + 5e6, 455e6
    cure = notes - collateral / 1.055
    assert rows["O"]["paid"] == pytest.approx(cure, abs=0.01)
    left = 10e6 - 5_000 - 75_000 - 187_500 - (3_332_500 + 712_500 + 382_500 + 457_500 + 562_500) - cure
    assert 1.06 * (notes - cure) - collateral > 0.5 * left
    assert rows["Q"]["paid"] == pytest.approx(0.5 * left, abs=0.01)
