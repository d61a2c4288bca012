"""Combination notes: parts of other notes, in projections, simulations and sweeps."""

from __future__ import annotations

from typing import Any

import pytest

import cloche as cl

AS_OF = "2025-06-18"
PARTS = {"A": 8.5e6, "SUB": 1.5e6}
POOL = cl.synthetic.loan_pool(n=40, seed=3, par=100e6, as_of=AS_OF)
SCENARIO = cl.Scenario(cdr=0.02, cpr=0.2, recovery=0.6, recovery_lag_months=6, rates=cl.RateCurve.flat(0.04))


def document(**changes: Any) -> dict[str, Any]:
    plain = cl.templates.us_bsl(par=100e6, closing=AS_OF, name="Combined").to_dict()
    combination = {"name": "COMBO", "combination_of": PARTS, "rating": {"sp": "BBB"}, **changes}
    return {**plain, "notes": [*plain["notes"], combination]}


@pytest.fixture(scope="module")
def deal() -> cl.Deal:
    return cl.Deal.from_dict(document())


def rows(table: cl.Table, note: str) -> list[dict[str, Any]]:
    columns = table.to_dict()
    every = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [row for row in every if row["note"] == note]


def test_it_receives_its_share_of_every_payment_and_its_balance_falls_by_all_of_it(deal: cl.Deal) -> None:
    run = cl.project(deal, POOL, SCENARIO)
    originals = {note.name: note.balance for note in deal.notes}
    parts = {name: rows(run.cashflows, name) for name in PARTS}
    balance = sum(PARTS.values())
    for date, row in enumerate(rows(run.cashflows, "COMBO")):
        receipts = 0.0
        for name, face in PARTS.items():
            paid = parts[name][date]
            received = paid["interest_paid"] + paid["deferred_paid"] + paid["principal_paid"]
            receipts += received * face / originals[name]
        assert row["begin_balance"] == pytest.approx(balance, abs=1e-3)
        assert row["principal_paid"] == pytest.approx(min(receipts, balance), abs=1e-3)
        assert row["interest_paid"] == pytest.approx(receipts - row["principal_paid"], abs=1e-3)
        balance -= row["principal_paid"]
    (summary,) = rows(run.notes, "COMBO")
    assert (summary["kind"], summary["original_balance"], summary["rating"]) == ("combination", 10e6, "BBB")


def test_the_other_notes_and_the_cash_are_what_they_are_without_it(deal: cl.Deal) -> None:
    plain = cl.templates.us_bsl(par=100e6, closing=AS_OF, name="Combined")
    one, two = cl.project(plain, POOL, SCENARIO), cl.project(deal, POOL, SCENARIO)
    assert two.conservation_error == one.conservation_error
    for note in plain.notes:
        assert rows(one.notes, note.name) == rows(two.notes, note.name)


def test_simulations_and_sweeps_have_it_too(deal: cl.Deal) -> None:
    model = cl.GaussianCopula(inter=0.2, intra=0.3)
    many = cl.simulate(deal, POOL, model, scenario=SCENARIO, paths=64, seed=5, keep="paths")
    mean = sum(row["principal_loss"] for row in rows(many.paths, "COMBO")) / 64
    (estimated,) = rows(many.notes, "COMBO")
    assert estimated["expected_loss"] * 10e6 == pytest.approx(mean, abs=1e-3)
    assert (
        rows(many.replay(7).notes, "COMBO")[0]["principal_loss"]
        == rows(many.paths, "COMBO")[7]["principal_loss"]
    )
    swept = cl.grid(SCENARIO, cdr=[0.02])
    (point,) = rows(cl.sweep(deal, POOL, swept).notes, "COMBO")
    (projected,) = rows(cl.project(deal, POOL, SCENARIO).notes, "COMBO")
    assert point["principal_paid"] == projected["principal_paid"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"combination_of": {"A": 99e6}}, "notes[6].combination_of.A"),
        ({"combination_of": {"Z": 1e6}}, "notes[6].combination_of.Z"),
        ({"rank": 3}, "notes[6]"),
    ],
)
def test_what_cannot_be_combined_is_refused(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(cl.DealError) as caught:
        cl.Deal.from_dict(document(**changes))
    assert [where for where, _ in caught.value.problems] == [place]


def test_it_has_no_place_in_the_priorities_of_payments() -> None:
    changed = document()
    changed["waterfalls"]["interest"].insert(0, {"pay_interest": "COMBO"})
    with pytest.raises(cl.DealError, match=r"interest\[0\].*unknown note"):
        cl.Deal.from_dict(changed)
