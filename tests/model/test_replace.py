"""Dotted paths change a copy, and say where they lead nowhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cloche.errors import DealError
from cloche.model.deal import Deal


@pytest.fixture
def deal(small_deal: dict[str, Any]) -> Deal:
    small_deal["notes"][0]["name"] = "A.1"
    for step in small_deal["waterfalls"]["interest"]:
        if step.get("pay_interest") == "A":
            step["pay_interest"] = "A.1"
    return Deal.from_dict(small_deal)


@pytest.mark.parametrize(
    ("path", "value", "held"),
    [
        ("notes.B.coupon.spread", "350bp", 0.035),
        ("notes.A.1.coupon.spread", 0.0125, 0.0125),
        ("notes[1].balance", 16e6, 16e6),
        ("tests.B OC.trigger", 1.05, 1.05),
        ("fees.senior.rate", 0.002, 0.002),
        ("dates.reinvestment_end", dt.date(2029, 4, 20), "2029-04-20"),
        ("waterfalls.interest[3].tests", ["B OC"], ["B OC"]),
        ("waterfalls.interest[3].cure.pay", "buy", "buy"),
        ("target_par", 99e6, 99e6),
    ],
)
def test_a_path_changes_a_copy(deal: Deal, path: str, value: object, held: object) -> None:
    changed = deal.replace({path: value})
    assert changed.value_at(path) == held
    assert changed.replace({path: value}) == changed


def test_several_paths_change_at_once(deal: Deal) -> None:
    changed = deal.replace({"notes.B.rank": 3, "dates.determination_lag_bd": 5, "conventions.x_in_ic": False})
    assert (changed.notes["B"].interest_rank, changed.notes["B"].principal_rank) == (3, 3)
    assert changed.dates.determination.business_days_before == 5
    assert changed.conventions.x_in_ic is False
    assert deal.notes["B"].interest_rank == 2


def test_none_removes_an_optional_entry(deal: Deal) -> None:
    dated = deal.replace({"dates.reinvestment_end": "2029-04-20"})
    assert dated.replace({"dates.reinvestment_end": None}) == deal


def test_every_path_that_leads_nowhere_is_named(deal: Deal) -> None:
    with pytest.raises(DealError) as caught:
        deal.replace(
            {"notes.F.balance": 1, "tests.B OX.trigger": 1.0, "dates.rol.x": 1, "notes[9].balance": 1}
        )
    assert caught.value.problems == [
        ("notes.F.balance", "no entry begins 'F.balance'; known: A.1, B, SUB"),
        ("tests.B OX.trigger", "no entry begins 'B OX.trigger'; did you mean 'B OC'?"),
        ("dates.rol.x", "unknown key; did you mean 'roll'?"),
        ("notes[9].balance", "position 9 is beyond the last, 2"),
    ]


def test_a_wrong_value_is_refused_like_in_a_document(deal: Deal) -> None:
    with pytest.raises(DealError, match=r"notes\[1\]\.coupon\.spread: found 3\.5, expected a spread"):
        deal.replace({"notes.B.coupon.spread": 3.5})
    with pytest.raises(DealError, match="the deal has no such place"):
        deal.value_at("notes.B.spread")
