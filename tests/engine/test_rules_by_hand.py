"""Single rules on one payment date, worked by hand."""

from typing import Any

import pytest

import cloche as cl
from engine.states import STATE


def paid(date: cl.PaymentDate, payee: str) -> float:
    return float(sum(date.ledger.filter(payee=payee)["paid"]))


@pytest.mark.parametrize(
    ("interest", "rate"),
    [({"fixed": 0.08}, 0.08), ({"index": "sofr_3m", "spread": 0.015}, 0.055), ("none", 0.0), (None, 0.0)],
)
def test_unpaid_fees_bear_the_interest_of_the_document(interest: Any, rate: float) -> None:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    if interest is not None:
        deal = deal.replace({"fees.sub.unpaid_interest": interest})
    state = {**STATE, "fees": {"sub": {"unpaid": 100_000}}}
    date = cl.run_payment_date(deal, cl.DealState.from_dict(state))
    # 92 days, act/360: 0.30 % of the fee basis, and what was left unpaid with its interest.
    current = 0.0030 * 495_000_000 * 92 / 360
    owed = 100_000 * (1 + rate * 92 / 360)
    assert paid(date, "sub") == pytest.approx(current + owed, abs=1e-6)
    row = date.fees.filter(fee="sub")
    assert row["due"][0] == pytest.approx(current, abs=1e-6)
    assert row["unpaid"][0] == 0.0


def test_interest_on_unpaid_fees_runs_on_what_it_added_before() -> None:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20", sub_fee=0.02)
    deal = deal.replace({"fees.sub.unpaid_interest": {"fixed": 0.12}})
    pool = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
    stress = cl.Scenario(cdr=0.12, cpr=0.10, recovery=0.30, recovery_lag_months=6, rates=0.03)
    fees = list(cl.project(deal, pool, stress).fees.filter(fee="sub").rows())
    dates = cl.project(deal, pool, stress).schedule
    days = {row["payment_date"]: row["days"] for row in dates.rows()}
    unpaid, late = 0.0, 0
    for row in fees:
        expected = unpaid * (1 + 0.12 * days[row["date"]] / 360) + row["due"] - row["paid"]
        assert row["unpaid"] == pytest.approx(expected, abs=1e-3)
        late += unpaid > 0
        unpaid = row["unpaid"]
    assert late > 10


def test_a_class_x_counts_in_overcollateralization_where_the_document_says_so() -> None:
    state = {**STATE, "notes": {**STATE["notes"], "X": {"balance": 4_000_000, "amortization_due": 500_000}}}
    for counts, owed in ((False, 370e6), (True, 374e6)):
        deal = cl.templates.us_bsl(
            par=500e6, closing="2025-03-20", class_x=4e6, conventions={"x_in_oc": counts}
        )
        date = cl.run_payment_date(deal, cl.DealState.from_dict(state))
        row = date.tests.filter(test="A/B OC")
        assert row["denominator"][0] == owed
        assert row["ratio"][0] == pytest.approx(500e6 / owed, rel=1e-12)
        assert date.tests.filter(test="EoD")["denominator"][0] == 310e6


def test_a_cure_pays_no_class_below_its_test_for_the_sake_of_a_class_x() -> None:
    # Nothing is left of the collateral: every dollar of D is needed, and class X has no place in the sequence.
    deal = cl.templates.us_bsl(
        par=500e6, closing="2025-03-20", class_x=4e6, conventions={"x_in_oc": True}, diversion_trigger=None
    )
    notes = {
        **STATE["notes"],
        "A": {"balance": 1_000_000},
        "B": {"balance": 500_000},
        "X": {"balance": 4_000_000, "amortization_due": 0},
    }
    state = {**STATE, "notes": notes, "collateral": {"performing_par": 0}, "fee_basis": 0}
    state["collected"] = {"interest": 9_900_000, "principal": 0}
    date = cl.run_payment_date(deal, cl.DealState.from_dict(state))
    cures = date.ledger.filter(waterfall="interest", step="cure")
    by_payee = {row["payee"]: row["paid"] for row in cures.rows() if row["paid"] > 0}
    assert by_payee["A"] == pytest.approx(1_000_000)
    assert by_payee["B"] == pytest.approx(500_000)
    # What the test of C needs next is C itself, from what is left after C's interest.
    assert 0 < by_payee["C"] < 30_000_000
    first = date.tests.filter(test="A/B OC")
    assert first["denominator"][0] == 5_500_000


def test_a_sliced_fee_charges_each_slice_of_its_base_at_its_own_rate() -> None:
    tiers = [{"up_to": 10e6, "rate": 0.0060}, {"up_to": 50e6, "rate": 0.0035}, {"rate": 0.0022}]
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    deal = deal.replace({"fees.sub.tiers": tiers, "fees.sub.rate": None})
    for basis, yearly in ((495e6, 60_000 + 140_000 + 445e6 * 0.0022), (30e6, 60_000 + 70_000), (4e6, 24_000)):
        date = cl.run_payment_date(deal, cl.DealState.from_dict({**STATE, "fee_basis": basis}))
        row = date.fees.filter(fee="sub")
        assert row["due"][0] == pytest.approx(yearly * 92 / 360, abs=1e-6)
    wrong = [{"up_to": 10e6, "rate": 0.0060}, {"up_to": 5e6, "rate": 0.0035}, {"rate": 0.01}, {"rate": 0.02}]
    with pytest.raises(cl.DealError) as error:
        deal.replace({"fees.sub.tiers": wrong})
    places = [problem.place for problem in error.value.problems]
    assert [place.rpartition(".tiers")[2] for place in places] == ["[1].up_to", "[3].up_to"]


def test_capitalized_interest_joins_the_balance_of_its_class() -> None:
    # No cash but what pays the fees and the classes above D: its interest and that of E is left unpaid.
    state = {**STATE, "collected": {"interest": 5_850_000, "principal": 0}}
    ledger = cl.templates.us_bsl(par=500e6, closing="2025-03-20", conventions={"deferred_form": "ledger"})
    joined = cl.templates.us_bsl(
        par=500e6, closing="2025-03-20", conventions={"deferred_form": "capitalized"}
    )
    apart = cl.run_payment_date(ledger, cl.DealState.from_dict(state))
    within = cl.run_payment_date(joined, cl.DealState.from_dict(state))
    coupon = 25_000_000 * (0.04 + 0.06) * 92 / 360
    for date, balance, deferred in ((apart, 25_000_000, coupon), (within, 25_000_000 + coupon, 0.0)):
        row = next(date.notes.filter(note="E").rows())
        assert row["deferred_interest"] == pytest.approx(coupon, abs=1e-6)
        assert row["end_balance"] == pytest.approx(balance, abs=1e-6)
        assert row["deferred_balance"] == pytest.approx(deferred, abs=1e-6)
    assert within.state.notes["E"].balance == pytest.approx(25_000_000 + coupon)


def test_a_simulation_sees_capitalized_interest_as_deferral_and_loss() -> None:
    pool = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
    stress = cl.Scenario(cdr=0.05, cpr=0.15, recovery=0.40, recovery_lag_months=6, rates=0.03)
    model = cl.GaussianCopula(inter=0.15, intra=0.25)
    found = {}
    for form in ("ledger", "capitalized"):
        deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20", conventions={"deferred_form": form})
        simulation = cl.simulate(deal, pool, model, scenario=stress, paths=2_000, seed=3, threads=1)
        assert simulation.conservation_error < 1e-9
        found[form] = next(simulation.notes.filter(note="E").rows())
        again = simulation.replay(11)
        assert again.conservation_error < 1e-9
    one, other = found["ledger"], found["capitalized"]
    assert one["deferral_probability"] == pytest.approx(other["deferral_probability"], abs=0.02)
    # What was interest lost beside the principal is principal lost.
    assert other["expected_loss"] > one["expected_loss"] > 0.01
