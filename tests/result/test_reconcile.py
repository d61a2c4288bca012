"""A payment date beside a trustee's report: the first step that differs is named."""

from typing import Any

import pandas as pd
import polars as pl
import pytest

import cloche as cl
from engine.states import STATE


@pytest.fixture(scope="module")
def date() -> cl.PaymentDate:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    return cl.run_payment_date(deal, cl.DealState.from_dict(STATE))


def everything(date: cl.PaymentDate) -> list[dict[str, Any]]:
    keys = ("waterfall", "label", "step", "payee", "paid")
    return [{key: row[key] for key in keys} for row in date.ledger.rows() if row["paid"] > 0]


def test_the_ledger_itself_reconciles_in_every_form(date: cl.PaymentDate) -> None:
    rows = everything(date)
    for report in (rows, pd.DataFrame(rows), pl.DataFrame(rows), date.ledger):
        found = cl.reconcile(date, report)
        assert found.agrees
        assert found.first is None
        assert len(found.unreported) == 0
        assert set(found.steps["difference"]) == {0.0}


def test_the_first_difference_is_the_first_in_the_waterfall_not_in_the_report(date: cl.PaymentDate) -> None:
    rows = everything(date)
    senior = next(row for row in rows if row["payee"] == "senior")
    coupon = next(row for row in rows if row["payee"] == "D")
    senior["paid"] += 0.009  # within a cent
    coupon["paid"] -= 12_000.0
    rows[-1]["paid"] += 12_000.0
    found = cl.reconcile(date, rows[::-1])
    assert not found.agrees
    assert found.first is not None
    assert (found.first["label"], found.first["payee"]) == ("K", "D")
    assert found.first["difference"] == pytest.approx(12_000.0)
    assert (
        "first difference: waterfall interest, label K, step pay_interest, payee D, +12,000.00"
        in found.summary()
    )


def test_an_amount_stands_for_all_payments_that_its_row_fits(date: cl.PaymentDate) -> None:
    # What class A gets of both waterfalls, and the clauses of the interest waterfall.
    whole = sum(row["paid"] for row in date.ledger.filter(payee="A").rows())
    assert cl.reconcile(date, [{"payee": "A", "paid": whole}]).agrees
    found = cl.reconcile(date, {"interest": {"A": 5_000, "E": 4_198_777.78, "F": 881_666.67}})
    assert found.agrees
    assert found.steps["payee"].tolist() == ["taxes", "A", "B"]
    assert len(found.unreported) > 0
    assert "payments are not in the report" in found.summary()


def test_what_fits_no_payment_is_refused_all_at_once(date: cl.PaymentDate) -> None:
    report = [
        {"label": "ZZ", "paid": 1.0},
        {"payee": "A", "step": "pay_fee", "paid": 1.0},
        {"paid": 1.0},
        {"payee": "A", "paid": None},
        {"payee": "A", "paid": float("nan")},
    ]
    with pytest.raises(cl.RunError) as error:
        cl.reconcile(date, report)
    assert [problem.place for problem in error.value.problems] == [f"reported[{k}]" for k in range(5)]
    assert "'ZZ', which the date does not have" in str(error.value)
    with pytest.raises(TypeError, match="expected PaymentDate"):
        cl.reconcile(date.ledger, report)  # type: ignore[arg-type]


def test_a_payment_date_of_a_deal_whose_events_are_still_to_come() -> None:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    new = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": "105bp"}}
    deal["events"] = [{"date": "2027-07-20", "refinance": {"A": {"into": [new]}}}]
    paid = cl.run_payment_date(cl.Deal.from_dict(deal), cl.DealState.from_dict(STATE))
    plain = cl.run_payment_date(
        cl.templates.us_bsl(par=500e6, closing="2025-03-20"), cl.DealState.from_dict(STATE)
    )
    assert "A-R" not in paid.state.notes
    assert paid.state.notes == plain.state.notes
    for note in ("A", "SUB"):
        assert paid.explain(note) == plain.explain(note)


@pytest.mark.parametrize(
    ("report", "place", "said"),
    [
        (None, "reported", "found nothing, expected amounts by waterfall and clause, or rows"),
        ("interest", "reported", "found 'interest', expected amounts by waterfall and clause, or rows"),
        ({"interest": 5_000}, "reported.interest", "found 5000, expected amounts by clause, {label: amount}"),
        (
            [5_000],
            "reported[0]",
            "found 5000, expected a mapping with waterfall, label, step, payee and paid",
        ),
    ],
)
def test_a_report_in_another_form_is_refused(
    date: cl.PaymentDate, report: Any, place: str, said: str
) -> None:
    with pytest.raises(cl.RunError) as caught:
        cl.reconcile(date, report)
    assert caught.value.problems == [(place, said)]


@pytest.fixture(scope="module")
def without_letters() -> cl.PaymentDate:
    document = cl.templates.us_bsl(par=500e6, closing="2025-03-20", class_x=2e6).to_dict()
    for steps in document["waterfalls"].values():
        for step in steps:
            step.pop("label", None)
    notes = {**STATE["notes"], "X": {"balance": 2e6, "amortization_due": 250e3}}
    return cl.run_payment_date(cl.Deal.from_dict(document), cl.DealState.from_dict({**STATE, "notes": notes}))


def test_rows_that_say_the_same_stand_for_one_payment_each(without_letters: cl.PaymentDate) -> None:
    # The instalment and the interest of class X, the expenses within and above their cap.
    assert cl.reconcile(without_letters, without_letters.ledger).agrees
    x = {"waterfall": "interest", "step": "pay_pari_passu", "payee": "X"}
    found = cl.reconcile(without_letters, [{**x, "paid": 25_555.56}, {**x, "paid": 240_000.0}])
    assert found.first is not None
    assert (found.first["paid"], found.first["difference"]) == (250_000.0, 10_000.0)
    # One row of them is their sum.
    assert cl.reconcile(without_letters, [{**x, "paid": 275_555.56}]).agrees


def test_clauses_without_labels_have_the_letters_of_their_description(
    without_letters: cl.PaymentDate,
) -> None:
    found = cl.reconcile(without_letters, {"interest": {"A": 5_000, "D": 4_474_333.34, "E": 881_000.0}})
    assert found.first is not None
    assert (found.first["label"], found.first["payee"]) == ("E", "B")
    with pytest.raises(cl.RunError, match="'ZZ', which the date does not have"):
        cl.reconcile(without_letters, {"interest": {"ZZ": 1.0}})
