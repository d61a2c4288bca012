"""Two runs beside one another: the gain by date, its value, its return and the date on which it has paid for itself."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

import cloche as cl
from cloche.result import Result
from cloche.table import encode

DATES = [dt.date(2027, 7, 20), dt.date(2027, 10, 20), dt.date(2028, 1, 20), dt.date(2028, 4, 20)]
MIN_DATE = dt.date(1970, 1, 1)


def document(currency: str = "USD", equity: Sequence[str] = ("SUB",)) -> dict[str, Any]:
    notes = [{"name": "A", "balance": 310e6, "residual": False}]
    notes += [{"name": name, "balance": 45e6, "residual": True} for name in equity]
    return {
        "name": "Small",
        "currency": currency,
        "target_par": 500e6,
        "dates": {"closing": "2025-07-20"},
        "notes": notes,
    }


def paid(
    equity: Mapping[str, Sequence[float]], dates: Sequence[dt.date] = DATES, currency: str = "USD"
) -> Result:
    """Return a run that pays class A 1m a date, and the given amounts to the residual notes."""
    names = ["A", *equity]
    flows = {"A": [1e6] * len(dates), **equity}
    rows = [(day, name, flows[name][k]) for k, day in enumerate(dates) for name in names]
    days = np.array([(day - MIN_DATE).days for day, _, _ in rows], dtype=np.int32)
    raw = {
        "conservation_error": 0.0,
        "cashflows": {
            "date": days,
            "note": encode([name for _, name, _ in rows]),
            "interest_paid": np.array([amount for _, _, amount in rows]),
            "deferred_paid": np.zeros(len(rows)),
            "principal_paid": np.zeros(len(rows)),
        },
        "notes": {
            "note": encode(names),
            "kind": encode(["note", *("residual" for _ in equity)]),
            "irr": np.array([np.nan] + [0.14] * len(equity)),
            "wal": np.array([6.5] + [np.nan] * len(equity)),
        },
    }
    return Result.from_engine(raw, document=document(currency, list(equity)), manifest={})


BEFORE = paid({"SUB": [2.0e6, 2.0e6, 2.0e6, 2.0e6]})
# A cost of 1.0m on the first date, then 0.4m a quarter: 0.4 + 0.4 < 1.0 <= 0.4 + 0.4 + 0.4.
AFTER = paid({"SUB": [1.0e6, 2.4e6, 2.4e6, 2.4e6]})


def test_a_cost_is_paid_back_on_the_first_date_on_which_the_savings_reach_it() -> None:
    found = cl.compare(BEFORE, AFTER)
    assert found.equity["gain"].tolist() == [-1.0e6, 0.4e6, 0.4e6, 0.4e6]
    assert found.equity["cumulative_gain"] == pytest.approx([-1.0e6, -0.6e6, -0.2e6, 0.2e6], abs=1e-6)
    assert (found.since, found.cost, found.payback) == (DATES[0], 1.0e6, DATES[3])


def test_the_value_of_the_gains_is_that_of_the_closed_form_on_the_day_of_the_cost() -> None:
    found = cl.compare(BEFORE, AFTER, yields=[0.0, 0.12])
    years = [(day - DATES[0]).days / 365 for day in DATES]
    by_hand = {
        rate: sum(
            gain / (1 + rate) ** t for gain, t in zip([-1.0e6, 0.4e6, 0.4e6, 0.4e6], years, strict=True)
        )
        for rate in (0.0, 0.12, 0.35)
    }
    assert found.present_values["gain"] == pytest.approx([by_hand[0.0], by_hand[0.12]], abs=1e-6)
    assert found.npv(0.35) == pytest.approx(by_hand[0.35], abs=1e-6)
    before, after, gain = (found.present_values[name] for name in ("before", "after", "gain"))
    assert after - before == pytest.approx(gain, abs=1e-6)


def test_the_return_on_the_cost_is_the_yield_at_which_the_gains_are_worth_nothing() -> None:
    found = cl.compare(BEFORE, AFTER)
    years = np.array([(day - DATES[0]).days / 365 for day in DATES])
    gains = np.array([-1.0e6, 0.4e6, 0.4e6, 0.4e6])
    assert found.irr == pytest.approx(brentq(lambda r: np.sum(gains / (1 + r) ** years), 0.0, 2.0), abs=1e-9)
    assert found.npv(found.irr or 0.0) == pytest.approx(0.0, abs=1e-3)


def test_what_is_never_paid_back_has_no_date_and_gains_alone_have_no_cost() -> None:
    worse = cl.compare(BEFORE, paid({"SUB": [1.0e6, 2.1e6, 2.1e6, 2.1e6]}))
    assert worse.payback is None
    assert worse.irr is not None
    assert worse.irr < 0
    better = cl.compare(BEFORE, paid({"SUB": [2.0e6, 2.1e6, 2.1e6, 2.1e6]}))
    assert (better.since, better.cost, better.payback, better.irr) == (DATES[1], 0.0, None, None)
    assert "Equity gains from 2027-10-20 on, at no cost." in better.summary()
    assert "later gains do not make up for" in worse.summary()


def test_gains_that_change_sign_more_than_once_have_no_single_return() -> None:
    assert cl.compare(BEFORE, paid({"SUB": [1.0e6, 4.0e6, 1.0e6, 2.0e6]})).irr is None


def test_a_run_beside_itself_differs_nowhere() -> None:
    found = cl.compare(BEFORE, BEFORE)
    assert (found.since, found.cost, found.payback, found.irr) == (None, 0.0, None, None)
    assert set(found.cashflows["paid_gain"]) == {0.0}
    assert found.npv(0.1) == 0.0
    assert "Equity is paid the same on every date." in found.summary()


def test_dates_of_one_run_alone_count_as_nothing_in_the_other() -> None:
    called = paid({"SUB": [2.0e6, 40.0e6]}, DATES[:2])
    found = cl.compare(BEFORE, called)
    assert found.equity["date"].tolist() == [np.datetime64(day) for day in DATES]
    assert found.equity["gain"].tolist() == [0.0, 38.0e6, -2.0e6, -2.0e6]


def test_years_in_which_equity_is_paid_nothing_any_more_are_not_printed() -> None:
    dates = [*DATES, dt.date(2029, 1, 22), dt.date(2030, 1, 22)]
    found = cl.compare(
        paid({"SUB": [1e6] * 4 + [0.0] * 2}, dates), paid({"SUB": [2e6] * 4 + [0.0] * 2}, dates)
    )
    assert found.summary().splitlines()[-1].startswith("2028 ")


def test_equity_that_is_never_paid_has_no_years() -> None:
    ruin = paid({"SUB": [0.0] * 4})
    assert cl.compare(ruin, ruin).summary().endswith("Paid the same: A, SUB.")


def test_residual_notes_are_one_equity_and_show_each_for_itself() -> None:
    before = paid({"SUB": [1.0e6] * 4, "INC": [0.5e6] * 4})
    after = paid({"SUB": [1.5e6] * 4, "INC": [0.25e6] * 4})
    found = cl.compare(before, after)
    assert set(found.equity["gain"]) == {0.25e6}
    per_note = {row["note"]: row["paid_gain"] for row in found.notes.rows()}
    assert per_note == {"A": 0.0, "SUB": 2.0e6, "INC": -1.0e6}
    years = np.array([(day - dt.date(2025, 7, 20)).days / 365 for day in DATES])
    expected = brentq(lambda r: np.sum(1.5e6 / (1 + r) ** years) - 90e6, -0.99, 1.0)
    assert found.irr_before == pytest.approx(expected, abs=1e-9)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(cl.RunError, match="USD and EUR, expected one currency"):
        cl.compare(BEFORE, paid({"SUB": [1.0] * 4}, currency="EUR"))
    with pytest.raises(TypeError, match="run_b: found Table, expected Result or Simulation"):
        cl.compare(BEFORE, BEFORE.notes)  # type: ignore[arg-type]
    with pytest.raises(cl.RunError, match="yield: found -1, expected a number above -1"):
        cl.compare(BEFORE, AFTER).npv(-1.0)
    with pytest.raises(cl.RunError, match="names: found"):
        cl.compare(BEFORE, AFTER, names=("one",))  # type: ignore[arg-type]


DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
POOL = cl.synthetic.loan_pool(n=60, seed=7, as_of="2025-03-20")
SCENARIO = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)


def test_while_all_tests_pass_the_gain_is_the_spread_saved_on_the_balance() -> None:
    # The shortcut: Σ (old spread - new spread) · balance · day count fraction, where no fee takes part of it.
    deal = DEAL.replace({"fees.incentive.hurdles": [{"irr": 0.99, "share": 0.2}]})
    calm = SCENARIO.replace(cdr=0.0)
    before = cl.project(deal, POOL, calm)
    after = cl.project(deal.replace({"notes.A.coupon.spread": "105bp"}), POOL, calm)
    found = cl.compare(before, after)
    rows = {row["date"]: row for row in before.cashflows.filter(note="A").rows()}
    saved = {d: 0.0025 * r["begin_balance"] * r["day_count_fraction"] for d, r in rows.items()}
    gains = {row["date"]: row["gain"] for row in found.equity.rows()}
    reinvesting = [d for d in gains if d <= dt.date(2030, 4, 23)]
    assert len(reinvesting) == 19
    assert [gains[d] for d in reinvesting] == pytest.approx([saved[d] for d in reinvesting], abs=1e-3)
    assert found.irr_before == before.notes.filter(note="SUB")["irr"][0]


def test_a_comparison_prints_a_screen_pickles_and_shows_itself() -> None:
    found = cl.compare(BEFORE, AFTER, names=("130bp", "105bp"))
    text = found.summary()
    assert "On 2027-07-20 equity is paid 1,000,000 less, made up for by 2028-04-20, 0.8 years later" in text
    assert max(map(len, text.splitlines())) <= 140
    assert len(text.splitlines()) < 40
    assert pickle.loads(pickle.dumps(found)).summary() == text  # noqa: S301 - our own bytes
    assert found._repr_html_().startswith("<pre>")
    assert repr(found) == "Comparison(130bp -> 105bp: equity is paid USD +200,000)"
    assert str(found) == text
    assert sorted(found.tables) == ["cashflows", "equity", "notes", "present_values"]


def test_the_picture_shows_both_runs_the_gain_and_the_payback(tmp_path: Any) -> None:
    figure = cl.compare(BEFORE, AFTER, names=("130bp", "105bp")).plot()
    top, bottom = figure.axes
    heights = [bar.get_height() for bar in top.patches]
    assert heights == pytest.approx([2.0, 2.0, 2.0, 2.0, 1.0, 2.4, 2.4, 2.4])
    assert [bar.get_height() for bar in bottom.patches] == pytest.approx([-1.0, 0.4, 0.4, 0.4])
    assert bottom.lines[0].get_ydata() == pytest.approx([-1.0, -0.6, -0.2, 0.2])
    assert bottom.texts[0].get_text() == "paid back 2028-04-20"
    figure.savefig(tmp_path / "gain.png")
    assert (tmp_path / "gain.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_picture_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(cl.RunError, match=r"a picture needs matplotlib: pip install 'cloche\[report\]'"):
        cl.compare(BEFORE, AFTER).plot()


def test_simulations_are_compared_by_their_means() -> None:
    model = cl.GaussianCopula(inter=0.1, intra=0.2)
    kind: dict[str, Any] = {"scenario": SCENARIO, "paths": 64, "seed": 3, "keep": "cashflows"}
    before = cl.simulate(DEAL, POOL, model, **kind)
    after = cl.simulate(DEAL.replace({"notes.A.coupon.spread": "105bp"}), POOL, model, **kind)
    found = cl.compare(before, after)
    mean = before.cashflows.filter(note="SUB")
    assert found.equity["before"].sum() == pytest.approx(mean["interest"].sum() + mean["principal"].sum())
    assert found.irr_after == after.equity["irr"][0]
    losses = {row["note"]: row["loss_rate_before"] for row in found.notes.rows()}
    assert losses["E"] == before.notes.filter(note="E")["expected_loss"][0]
    with pytest.raises(
        cl.RunError, match='run_a: a simulation without cash flows: run it with keep="cashflows"'
    ):
        cl.compare(cl.simulate(DEAL, POOL, model, **(kind | {"keep": "summary"})), after)
    with pytest.raises(TypeError, match="expected two of a kind"):
        cl.compare(before, BEFORE)
