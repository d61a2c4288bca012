"""Instalments of notes that events issue, by hand and in states and futures: they count from the issue."""

import datetime as dt
from typing import Any

import numpy as np
import pytest

import cloche as cl
from engine.test_resets import projected
from reference.tiny import RESIDUAL, SEQUENCE, SUB, A, Document, deal_of, of_note, run

approx = pytest.approx
X: Document = {
    "name": "X",
    "balance": 1.0,
    "interest_rank": 1,
    "coupon": {"index": "sofr_3m", "spread": 0.01, "day_count": "30/360"},
    "amortization": {"payments": 4, "start": 1},
}
WITH_X: Document = {
    "notes": [X, {**A, "principal_rank": 1}, {**SUB, "balance": 39.0}],
    "dates": {"stated_maturity": "2026-07-15"},
    "waterfalls": {
        "interest": [
            {"verb": "pay_interest", "notes": [["X"], ["A"]]},
            {"verb": "pay_amortization", "notes": [["X"]]},
            RESIDUAL,
        ],
        "principal": [SEQUENCE, RESIDUAL],
    },
}
NEW_X: Document = {"name": "X-2", "balance": "outstanding", "amortization": {"payments": 2, "start": 1}}
CONDITIONAL: Document = {"when": "performing_par > 0", "from": "2025-07-15"}


class TestInstalments:
    """X of 1 is repaid in four quarters; on 15 July 2025, after two of them, 0.5 is refinanced in two of 0.25."""

    def of(self, moment: Document) -> Document:
        return {"refinance": {"X": {"into": [NEW_X]}}, **moment}

    @pytest.mark.parametrize("moment", [{"date": "2025-07-15"}, CONDITIONAL])
    def test_they_count_from_the_issue_and_are_shares_of_what_is_issued(self, moment: Document) -> None:
        result = projected(self.of(moment), **WITH_X)
        assert of_note(result, "X", "principal_paid")[:2] == approx([0.25, 0.75])
        assert of_note(result, "X-2", "principal_paid") == approx([0.0, 0.25, 0.25, 0.0, 0.0])
        theirs = run(deal=deal_of(events=[self.of(moment)], **WITH_X))
        assert of_note(theirs, "X-2", "principal_paid") == approx(of_note(result, "X-2", "principal_paid"))

    def test_a_later_start_waits(self) -> None:
        later = {**NEW_X, "amortization": {"payments": 2, "start": 2}}
        event = {"refinance": {"X": {"into": [later]}}, **CONDITIONAL}
        assert of_note(projected(event, **WITH_X), "X-2", "principal_paid") == approx(
            [0.0, 0.0, 0.25, 0.25, 0.0]
        )


def template() -> tuple[cl.Deal, cl.LoanPool, cl.Scenario]:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20", class_x=4e6)
    pool = cl.synthetic.loan_pool(n=40, seed=7, as_of="2025-03-20")
    rates = cl.RateCurve.flat(0.043)
    return deal, pool, cl.Scenario(cdr=0.02, cpr=0.1, recovery=0.6, recovery_lag_months=6, rates=rates)


def _new_x(**moment: Any) -> Document:
    new = {"name": "X-2", "balance": 2e6, "amortization": {"payments": 4, "start": 1}}
    return {"issue": {"notes": {"X": new}}, **moment}


@pytest.mark.parametrize(
    "moment", [{"date": "2026-07-20"}, {"when": "performing_par > 0", "from": "2026-07-20"}]
)
def test_a_state_goes_on_with_the_instalments_of_what_an_event_issued(moment: Document) -> None:
    deal, pool, base = template()
    assumed = base.replace(events=[_new_x(**moment)])
    straight = cl.project(deal, pool, assumed)
    state = straight.state_at("2026-10-20")
    assert state.to_dict()["notes"]["X-2"]["issued_on"] == "2026-07-20"
    rest = cl.project(deal, pool, assumed, state=state)
    tail = [row for row in straight.cashflows.rows() if row["date"] > dt.date(2026, 10, 20)]
    assert list(rest.cashflows.rows()) == tail
    paid = straight.cashflows.filter(note="X-2")["principal_paid"].tolist()
    assert paid[:6] == approx([0.0, 0.5e6, 0.5e6, 0.5e6, 0.5e6, 0.0])


def test_a_state_must_tell_when_a_condition_issued_what_is_repaid_in_instalments() -> None:
    deal, pool, base = template()
    assumed = base.replace(events=[_new_x(when="performing_par > 0", **{"from": "2026-07-20"})])
    state = cl.project(deal, pool, assumed).state_at("2026-10-20").to_dict()
    for text, message in ((None, "missing"), ("2026-10-21", "expected a payment date of the deal")):
        state["notes"]["X-2"]["issued_on"] = text
        with pytest.raises(cl.DealError, match=f"issued_on: .*{message}"):
            cl.project(deal, pool, assumed, state=cl.DealState.from_dict(state))


def test_futures_have_instalments_at_their_own_times() -> None:
    deal, pool, base = template()
    event = _new_x(when="pool_factor < 0.99", **{"from": "2026-01-20"})
    assumed = base.replace(events=[event])
    runs = cl.simulate(deal, pool, cl.GaussianCopula(0.2, 0.3), scenario=assumed, paths=64, seed=3)
    for path in range(0, 64, 9):
        replayed = runs.replay(path).cashflows.filter(note="X-2")
        assert replayed["principal_paid"].tolist()[:6] == approx([0.0, 0.5e6, 0.5e6, 0.5e6, 0.5e6, 0.0])
    swept = cl.sweep(deal, pool, [assumed])
    np.testing.assert_array_equal(swept.notes["wal"], cl.project(deal, pool, assumed).notes["wal"])
