"""Families of deals have the numbers of their markets, their variants are keywords, and every one of them runs."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

import cloche as cl
from cloche.build import templates
from cloche.errors import DealError

FAMILIES = [getattr(templates, name) for name in templates.__all__]


def pool_of(deal: cl.Deal, **profile: Any) -> cl.LoanPool:
    coupon = deal.notes[0].coupon
    assert coupon is not None
    facts: dict[str, Any] = {
        "n": 60,
        "seed": 7,
        "par": deal.target_par,
        "as_of": deal.dates.closing,
    } | profile
    return cl.synthetic.loan_pool(index=coupon.index or "sofr_3m", currency=deal.currency, **facts)


BASE = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.03)


def enhancement(deal: cl.Deal) -> float:
    """Return the share of the collateral that can be lost before class A loses."""
    return 1.0 - sum(note.balance for note in deal.notes if note.name.startswith("A")) / deal.target_par


def years(deal: cl.Deal, key: str) -> float:
    end, closing = getattr(deal.dates, key), deal.dates.closing
    return (int(end[:4]) - int(closing[:4])) + (int(end[5:7]) - int(closing[5:7])) / 12


@pytest.mark.parametrize(
    ("family", "size", "class_a", "reinvestment", "non_call", "ccc"),
    [
        # before and after 2008: issue size, enhancement of class A, both periods, CCC limit
        (templates.clo_1_0, (0.3e9, 1.0e9), (0.30, 0.30), (5, 7), (3, 5), (0.10, 0.15)),
        (templates.clo_2_0, (0.3e9, 0.5e9), (0.40, 0.40), (4, 5), (1.5, 2), (0.075, 0.075)),
        (templates.us_bsl, (0.4e9, 0.6e9), (0.36, 0.39), (5, 5), (2, 2), (0.075, 0.075)),
        (templates.us_middle_market, (0.4e9, 0.6e9), (0.42, 0.44), (4, 4), (2, 2), (0.175, 0.175)),
        (templates.eur_clo, (0.4e9, 0.45e9), (0.38, 0.41), (4.5, 4.5), (1.5, 2), (0.075, 0.075)),
        (templates.static_clo, (0.3e9, 0.6e9), (0.28, 0.33), None, (1, 1), (0.0, 1.0)),
    ],
)
def test_each_family_has_the_numbers_of_its_market(
    family: Any, size: Any, class_a: Any, reinvestment: Any, non_call: Any, ccc: Any
) -> None:
    deal: cl.Deal = family()
    assert size[0] <= deal.target_par <= size[1]
    assert class_a[0] - 1e-9 <= enhancement(deal) <= class_a[1] + 1e-9
    assert math.fsum(note.balance for note in deal.notes) == pytest.approx(deal.target_par, abs=0.05)
    # Periods end on the first payment date from there on: up to a quarter later.
    if reinvestment is None:
        assert deal.dates.reinvestment_end is None
    else:
        assert reinvestment[0] <= years(deal, "reinvestment_end") <= reinvestment[1] + 0.25
    assert non_call[0] <= years(deal, "non_call_end") <= non_call[1] + 0.25
    assert deal.collateral.ccc is not None
    assert ccc[0] <= deal.collateral.ccc.limit <= ccc[1]


def test_the_generations_limit_other_securitizations_and_bonds() -> None:
    limits = [
        {rule["kind"]: rule["max"] for rule in family().to_canonical()["collateral"]["concentration"]}
        for family in (templates.clo_1_0, templates.clo_2_0)
    ]
    assert limits[0] == {"structured_finance": 0.35, "bond": 0.15, "ccc": 0.125}
    assert limits[1] == {"structured_finance": 0.0, "bond": 0.0, "ccc": 0.075}
    assert templates.clo_1_0().to_dict()["rights"] == {
        "auction_call": {"from": "2014-03-01", "months": [1, 7]}
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_validates_describes_projects_and_simulates(family: Any) -> None:
    deal: cl.Deal = family()
    assert cl.Deal.from_yaml(deal.to_yaml()) == deal
    text = deal.describe()
    assert "{" not in text
    assert "None" not in text
    run = cl.project(deal, pool_of(deal), BASE)
    assert run.conservation_error < 1e-9
    ratios = {
        row["test"]: row for row in run.tests.rows() if row["date"] == run.tests.column("date").python()[0]
    }
    assert all(row["ratio"] > row["trigger"] for row in ratios.values() if row["kind"] == "oc")
    model = cl.GaussianCopula(inter=0.15, intra=0.25)
    risk = cl.simulate(deal, pool_of(deal), model, scenario=BASE, paths=64, seed=1)
    assert risk.conservation_error < 1e-9
    losses = risk.notes["expected_loss"].tolist()
    assert losses == sorted(losses)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_takes_every_term_and_names_a_wrong_one(family: Any) -> None:
    deal = family(
        par=300e6, closing="2015-06-10", name="Own", senior_fee="12bp", conventions={"x_in_oc": True}
    )
    assert (deal.name, deal.target_par, deal.fees["senior"].rate) == ("Own", 300e6, 0.0012)
    assert deal.conventions.x_in_oc
    with pytest.raises(TypeError, match="sub_fees"):
        family(sub_fees=0.01)
    with pytest.raises(DealError, match=r"dates\.closing"):
        family(closing="soon")


def test_a_european_deal_is_in_euros_and_capitalizes() -> None:
    deal = templates.eur_clo(conventions={"x_in_ic": False})
    assert deal.conventions.deferred_form == "capitalized"
    assert not deal.conventions.x_in_ic
    assert deal.dates.calendars == ("target", "london")
    assert {note.coupon.floor for note in deal.notes if note.coupon} == {0.0}
    # Rates below zero: the coupon is the spread alone.
    run = cl.project(deal, pool_of(deal, spread_shift=0.005), BASE.replace(rates=-0.005))
    assert set(run.cashflows.filter(note="A")["rate"]) == {0.013}
    bad = cl.project(deal, pool_of(deal), BASE.replace(cdr=0.08))
    late = bad.cashflows.filter(note="F")
    deferred = [row for row in late.rows() if row["deferred_interest"] > 1]
    assert deferred
    assert all(
        row["end_balance"]
        == pytest.approx(row["begin_balance"] + row["deferred_interest"] - row["principal_paid"])
        for row in deferred
    )


def test_a_european_deal_holds_half_of_semiannual_interest_back_to_the_next_date() -> None:
    columns = cl.synthetic.loan_table(n=40, seed=7, index="euribor_3m", currency="EUR").to_dict()
    half = [k % 2 == 0 for k in range(40)]
    columns["payment_frequency_months"] = [6 if semiannual else 3 for semiannual in half]
    columns["next_payment"] = ["2025-09-15" if semiannual else "2025-06-16" for semiannual in half]
    pool = cl.LoanPool.from_columns(columns, as_of="2025-03-20")
    scenario = BASE.replace(cdr=0.0, cpr=0.0)
    terms: dict[str, Any] = {"par": pool.par, "static": True}
    plain = cl.project(templates.eur_clo(interest_smoothing=False, **terms), pool, scenario)
    run = cl.project(templates.eur_clo(**terms), pool, scenario)
    rows = list(run.accounts.filter(account="smoothing").rows())[:6]
    # Semi-annual loans pay in September and March, in the collection periods of October and April.
    assert [row["date"].month for row in rows if row["paid_in"] > 0] == [10, 4, 10]
    for before, row in pairwise(rows):
        assert row["paid_out"] == pytest.approx(before["end_balance"])
    semiannual = run.ledger.filter(waterfall="receipts", payee="smoothing", date=rows[2]["date"])["paid"][0]
    collected = [
        next(r for r in each.collateral.rows() if r["date"] == rows[2]["date"]) for each in (plain, run)
    ]
    assert 0.2 < semiannual / collected[0]["interest_collected"] < 0.45
    distributed = [
        next(
            row["available_before"]
            for row in each.ledger.filter(waterfall="interest", date=rows[2]["date"]).rows()
        )
        for each in (plain, run)
    ]
    assert distributed[0] - distributed[1] == pytest.approx(semiannual - rows[2]["paid_out"])


def test_the_subordinated_fee_may_stand_before_the_last_test_and_is_paid_once() -> None:
    usual, early = templates.us_bsl(), templates.us_bsl(sub_fee_before_last_test=True)
    verbs = [step.verb for step in early.waterfalls["interest"]]
    fee = [
        k
        for k, step in enumerate(early.to_canonical()["waterfalls"]["interest"])
        if step.get("fees") == [["sub"]]
    ]
    last = max(k for k, verb in enumerate(verbs) if verb == "cure")
    assert fee == [last - 1]
    # While the last test fails the fee is still paid.
    bad = BASE.replace(cdr=0.10)
    paid = [
        cl.project(deal, pool_of(deal), bad).fees.filter(fee="sub", date="2028-01-20")["paid"][0]
        for deal in (usual, early)
    ]
    assert paid[0] == 0.0
    assert paid[1] > 100_000


def test_a_diversion_may_pay_notes() -> None:
    deal = templates.us_bsl(diversion_to="notes", diversion_trigger=1.12)
    run = cl.project(deal, pool_of(deal), BASE)
    rows = list(run.ledger.filter(step="divert", date="2026-01-20").rows())
    assert {row["payee"] for row in rows if row["paid"] > 0} == {"A"}


def test_a_turbo_repays_the_last_class_from_what_is_left_after_the_reinvestment_period() -> None:
    deal = templates.eur_clo(turbo_share=0.5)
    assert "at most 50% of what remains" in deal.waterfalls["interest"].describe()
    run = cl.project(deal, pool_of(deal, spread_shift=0.01), BASE.replace(cdr=0.0))
    turbo = [row for row in run.ledger.filter(label="U0", waterfall="interest").rows() if row["paid"] > 0]
    assert turbo
    assert {row["payee"] for row in turbo} == {"F"}
    assert min(row["date"] for row in turbo).isoformat() > str(deal.dates.reinvestment_end)
    first = turbo[0]
    assert first["paid"] == pytest.approx(0.5 * first["available_before"])


def test_the_last_cure_of_a_deal_before_2008_repays_its_own_class() -> None:
    deal = templates.clo_1_0()
    run = cl.project(deal, pool_of(deal), BASE.replace(cdr=0.06))
    rows = [
        row
        for row in run.ledger.filter(step="cure", label="O", waterfall="interest").rows()
        if row["paid"] > 0 and row["reason"] == "test fails"
    ]
    assert rows
    assert {row["payee"] for row in rows} == {"E"}
    # Principal keeps to the sequence.
    cures = [step for step in deal.to_canonical()["waterfalls"]["principal"] if step["verb"] == "cure"]
    assert [step for step in cures if "pay_notes" in step] == []


def test_classes_of_one_letter_rank_one_after_another_unless_they_are_pari_passu() -> None:
    deal = templates.us_bsl(
        sizes={"A-1": 0.58, "A-2": 0.04, "B-1": 0.08, "B-2": 0.04, "C": 0.12, "SUB": 0.14},
        spreads={"A-1": "130bp", "A-2": "155bp", "B-1": "175bp", "C": "210bp"},
        fixed={"B-2": "5.6%"},
        pari_passu=[("B-1", "B-2")],
        oc_triggers={"A/B-2": 1.25, "C": None},
        ic_triggers={"C": None},
        diversion_trigger=None,
    )
    assert {note.name: note.principal_rank for note in deal.notes} == {
        "A-1": 1, "A-2": 2, "B-1": 3, "B-2": 3, "C": 4, "SUB": None,
    }  # fmt: skip
    fixed = deal.notes["B-2"].coupon
    assert fixed is not None
    assert (fixed.fixed, fixed.index) == (0.056, None)
    run = cl.project(deal, pool_of(deal), BASE.replace(cdr=0.0))
    principal = {
        note: run.cashflows.filter(note=note)["principal_paid"] for note in ("A-1", "A-2", "B-1", "B-2")
    }
    assert principal["A-2"][principal["A-1"].nonzero()[0][0]] == 0.0
    both = principal["B-1"] > 0
    assert principal["B-1"][both] / 40e6 == pytest.approx(principal["B-2"][both] / 20e6)


def test_both_generations_in_one_crisis_the_older_one_protects_class_a_less() -> None:
    crisis = BASE.replace(cdr=[0.02] * 4 + [0.40] * 8 + [0.10, 0.04], recovery=0.45)
    lost = []
    for family in (templates.clo_1_0, templates.clo_2_0):
        deal = family(par=400e6, closing="2006-03-22")
        lost.append(cl.project(deal, pool_of(deal), crisis).notes["loss_rate"].tolist())
    old, new = lost
    assert old[0] > 0.0 == new[0]
    assert old[1] > 0.9 > 0.5 > new[1]


def test_an_event_of_default_accelerates_where_the_deal_says_so() -> None:
    ruin = BASE.replace(cdr=0.30, recovery=0.3)
    paid = []
    for accelerate in ("never", "automatic"):
        deal = templates.us_bsl(accelerate=accelerate)
        run = cl.project(deal, pool_of(deal), ruin)
        paid.append(run.notes.filter(note="A")["principal_paid"][0])
        falls = set(run.ledger["waterfall"])
        assert ("acceleration" in falls) == (accelerate == "automatic")
    assert paid[1] > paid[0]


def test_a_family_keeps_its_own_terms_of_the_classes_that_a_caller_does_not_name() -> None:
    def triggers(deal: cl.Deal) -> dict[str, float]:
        return {test.name: test.trigger for test in deal.tests if test.kind == "oc"}

    static, euro = templates.static_clo(), templates.eur_clo()
    assert triggers(templates.static_clo(oc_triggers={"D": 1.06})) == {**triggers(static), "D OC": 1.06}
    assert list(triggers(static)) == ["A/B OC", "C OC", "D OC"]
    changed = templates.eur_clo(oc_triggers={"F": 1.05}, ratings={"F": "B"}, conventions={"x_in_ic": False})
    assert triggers(changed) == {**triggers(euro), "F Par Value": 1.05}
    assert [note.rating for note in changed.notes][:5] == [note.rating for note in euro.notes][:5]
    assert changed.conventions.deferred_form == "capitalized"
    call = templates.clo_1_0(rights={"amendment": True}).to_dict()["rights"]
    assert call == {"auction_call": {"from": "2014-03-01", "months": [1, 7]}, "amendment": True}
    assert "rights" not in templates.clo_1_0(rights={"auction_call": None}).to_dict()
    with pytest.raises(
        DealError, match=r"oc_triggers\.E: found 'E', expected a class that has it: A, B, SUB"
    ):
        templates.clo_2_0(
            sizes={"A": 0.8, "B": 0.1, "SUB": 0.1}, spreads={"SUB": 0.1}, oc_triggers={"E": 1.1}
        )
