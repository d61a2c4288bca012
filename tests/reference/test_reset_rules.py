"""Resets and amendments in the reference, by hand: sources and uses, what goes on, what begins anew."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloche.testing import reference, strategies
from reference.tiny import SUB, A, Document, deal_of, loan_of, of_note, run, scenario_of

LOAN = loan_of(par=100.0)
SECOND_DATES = {"closing": "2025-07-15", "first_payment": "2025-10-15", "stated_maturity": "2026-07-15"}
B: Document = {**A, "balance": 70.0, "coupon": {**A["coupon"], "spread": 0.01}}


def second(*, dates: Document | None = None, **more: Any) -> Document:
    return {"notes": [B, SUB]} | deal_of(
        dates={**SECOND_DATES, **(dates or {})}, **{"notes": [B, SUB], **more}
    )


def reset(**more: Any) -> Document:
    terms = {key: more.pop(key) for key in ("carry", "equity_contribution", "par_purchase") if key in more}
    return {"date": "2025-07-15", "reset": {"into": more.pop("into", second()), **terms}, **more}


def with_events(*events: Document) -> Any:
    return run(LOAN, deal=deal_of(events=list(events)))


def equity(result: Any) -> dict[str, float]:
    return {day.isoformat(): amount for day, amount in result["equity"]}


def test_what_new_classes_bring_beyond_the_old_goes_to_equity() -> None:
    # 100 at 8 % pay 2 a quarter; A costs 60 · 6 % / 4 = 0.9. On the reset 70 are issued, 60 redeemed: 10 more.
    result = with_events(reset())
    assert equity(result)["2025-04-15"] == pytest.approx(1.1)
    assert equity(result)["2025-07-15"] == pytest.approx(1.1 + 10.0)
    # From then on the class costs 70 · 5 % / 4 = 0.875.
    assert equity(result)["2025-10-15"] == pytest.approx(2.0 - 0.875)
    assert result["conservation_error"] < 1e-12


def test_the_new_class_of_the_same_name_has_a_name_and_rows_of_its_own() -> None:
    result = with_events(reset())
    assert of_note(result, "A", "date") == [date(2025, 4, 15), date(2025, 7, 15)]
    assert of_note(result, "A", "principal_paid") == [0.0, 60.0]
    assert of_note(result, "A", "end_balance") == [60.0, 0.0]
    assert of_note(result, "A-R", "date")[0] == date(2025, 7, 15)
    assert of_note(result, "A-R", "end_balance")[0] == 70.0
    assert of_note(result, "A-R", "date")[-1] == date(2026, 7, 15)
    assert [note["name"] for note in result["deal"]["notes"]] == ["A", "A-R", "SUB"]
    assert result["deal"]["notes"][1]["replaces"] == "A"


def test_a_negative_difference_a_contribution_and_a_cost_are_paid_in_by_equity() -> None:
    small = second(notes=[{**B, "balance": 55.0, "issue_price": 0.98}, SUB])
    cost = {"rate": 0.01, "fixed": 0.1, "paid_from": "equity"}
    result = with_events(reset(into=small, equity_contribution=3.0, par_purchase=2.0, cost=cost))
    # Proceeds 53.9 and 3 pay 60 and 2: 5.1 are missing; the cost is 0.7.
    assert equity(result)["2025-07-15"] == pytest.approx(1.1 - 5.1 - 3.0 - 0.7)
    bought = [row["new_purchases_par"] for row in result["collateral"]]
    assert bought[:3] == [0.0, 2.0, 0.0]
    # What was bought amortizes 1 % a year.
    assert result["collateral"][2]["performing_par"] == pytest.approx(102.0 - 2.0 * 0.01 / 4)


@pytest.mark.parametrize("payer", ["interest", "proceeds", "equity"])
def test_whoever_pays_the_cost_equity_bears_it(payer: str) -> None:
    plain = equity(with_events(reset()))
    dear = equity(with_events(reset(cost={"fixed": 0.5, "paid_from": payer})))
    assert dear["2025-07-15"] == pytest.approx(plain["2025-07-15"] - 0.5)
    assert dear["2025-10-15"] == pytest.approx(plain["2025-10-15"])


def test_a_reset_into_the_same_terms_changes_no_flow_of_equity() -> None:
    same = deal_of(dates={**SECOND_DATES, "stated_maturity": "2026-01-15"})
    plain, changed = with_events(), with_events(reset(into=same))
    assert equity(changed) == pytest.approx(equity(plain), abs=1e-12)
    assert [row["performing_par"] for row in changed["collateral"]] == [
        row["performing_par"] for row in plain["collateral"]
    ]


def test_a_second_document_may_pay_every_six_months_after_a_long_first_period() -> None:
    rare = second(dates={"first_payment": "2025-12-15", "payment_frequency_months": 6})
    result = with_events(reset(into=rare))
    assert of_note(result, "A-R", "date")[:3] == [date(2025, 7, 15), date(2025, 12, 15), date(2026, 6, 15)]
    # Five months of 5 % on 70, and of 8 % on 100.
    assert of_note(result, "A-R", "interest_due")[1] == pytest.approx(70 * 0.05 * 5 / 12)
    assert result["collateral"][2]["interest_collected"] == pytest.approx(100 * 0.08 * 5 / 12)


def test_a_conditional_reset_moves_the_dates_of_its_document() -> None:
    result = with_events({"when": "status == 'normal'", "from": "2025-10-15", **without_date(reset())})
    assert of_note(result, "A-R", "date")[0] == date(2025, 10, 15)
    assert result["schedule"][-1].unadjusted_end == date(2026, 10, 15)
    never = with_events({"when": "performing_par < 1", **without_date(reset())})
    assert never["equity"] == with_events()["equity"]


def without_date(event: Document) -> Document:
    return {key: value for key, value in event.items() if key != "date"}


def test_an_amendment_changes_terms_from_the_next_period_on_and_nothing_else() -> None:
    after = deal_of(notes=[{**A, "coupon": {**A["coupon"], "spread": 0.01}}, SUB], events=[])
    result = with_events({"date": "2025-07-15", "amend": {"into": after}})
    assert of_note(result, "A", "rate") == pytest.approx([0.06, 0.06, 0.05, 0.05])
    assert [row["event"] for row in result["events"]] == ["amendment"]


def test_an_amendment_that_changes_nothing_changes_nothing() -> None:
    result = with_events({"date": "2025-07-15", "amend": {"into": deal_of(events=[])}})
    plain = with_events()
    assert all(result[key] == plain[key] for key in plain if key not in ("events", "deal"))


def test_a_maturity_that_is_amended_adds_payment_dates() -> None:
    after = deal_of(dates={"stated_maturity": "2026-07-15"}, events=[])
    result = with_events({"date": "2025-07-15", "amend": {"into": after}})
    assert of_note(result, "A", "date")[-1] == date(2026, 7, 15)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (reset(carry=[]), "every residual class"),
        (reset(carry=["SUB", "Z"]), "classes of both documents"),
        (reset(into=second(notes=[B, {**SUB, "name": "PREF"}])), "every residual class"),
        (reset(repeat=True), "repeat"),
    ],
)
def test_what_no_reset_can_mean_is_refused(event: Document, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_events(event)


def test_defaults_and_recoveries_go_on() -> None:
    scenario = scenario_of(cdr={"kind": "periods", "values": [0.0, 0.4, 0.0]})
    result = run(LOAN, deal=deal_of(events=[reset()]), scenario=scenario)
    defaulted = result["collateral"][1]["new_defaults"]
    assert defaulted > 0
    # Half a year after 15 July 2025, under the second document.
    recovered = {row["date"].isoformat(): row["recoveries"] for row in result["collateral"]}
    assert recovered["2026-01-15"] == pytest.approx(0.4 * defaulted)
    assert sum(recovered.values()) == pytest.approx(0.4 * defaulted)


@settings(deadline=None, max_examples=100)
@given(strategies.cases(transitions=True))
def test_money_is_conserved_across_documents(case: strategies.Case) -> None:
    result = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert result["conservation_error"] < 1e-9
    ends: dict[str, float] = {}
    for row in result["cashflows"]:
        if row["note"] in ends and not row["issued"]:
            assert row["begin_balance"] == pytest.approx(ends[row["note"]], abs=1e-6)
        ends[row["note"]] = row["end_balance"]
    names = [note["name"] for note in result["deal"]["notes"]]
    assert len(names) == len(set(names))


def test_strategies_draw_both_kinds() -> None:
    seen: set[str] = set()

    @settings(deadline=None, max_examples=60, database=None)
    @given(strategies.cases(transitions=True), st.none())
    def look(case: strategies.Case, _: None) -> None:
        seen.update(kind for event in case.deal["events"] for kind in ("reset", "amend") if kind in event)

    look()
    assert seen == {"reset", "amend"}
