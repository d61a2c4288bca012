"""Make-whole premiums by hand, on the tiny deal: A is 60 at 4 % + 2 %, due 0.9 a quarter; the loan of 100 pays 2.0.

Quarters are 0.25 in 30/360. Until 15 January 2026, the last date, at a discount rate of 4 % a class that is redeemed on
15 July 2025 loses two quarters: 1.5 % / 1.01 + 1.5 % / 1.01² + 1 / 1.01² − 1, which is
(1.5 % − 1 %) · (1 / 1.01 + 1 / 1.01²) = 0.5 % · 1.970395 = 0.98519753 %, of 60 that are 0.59111852.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cloche.testing import invariants, strategies
from cloche.testing.reference import project, run_payment_date
from cloche.testing.reference.dates import schedule
from cloche.testing.reference.make_whole import premium
from cloche.testing.strategies import PAR, Case
from reference import one_date
from reference.test_refinancing_rules import TWO_CLASSES, B
from reference.test_reset_rules import B as LARGER
from reference.test_reset_rules import reset
from reference.tiny import (
    RESIDUAL,
    SEQUENCE,
    SUB,
    A,
    Document,
    column,
    constant,
    deal_of,
    of_note,
    run,
    scenario_of,
)

approx = pytest.approx
generated = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

AT_4: Document = {"until": "2026-01-15", "discount": {"fixed": 0.04}}
TWO_QUARTERS = 0.0098519753
NEW: Document = {"name": "A-R", "balance": "outstanding", "coupon": {"fixed": 0.05}}
CALL: Document = {"call": {}, "date": "2025-07-15"}


def with_premium(terms: Document = AT_4, **more: Any) -> Document:
    return deal_of(**{"notes": [{**A, "make_whole": terms}, SUB], **more})


def events(*entries: Document, deal: Document | None = None, **scenario: Any) -> Document:
    return run(deal=deal or with_premium(), scenario=scenario_of(events=list(entries), **scenario))


def refinance(*into: Document, date: str = "2025-07-15", **more: Any) -> Document:
    return {"refinance": {"A": {"into": list(into)}}, "date": date, **more}


def rate_on(number: int, terms: Document, *, note: Document = A, **dates: str) -> float:
    """Premium of one unit on a payment date of the tiny deal, every index at 4 %."""
    deal = deal_of(dates=dates)
    periods = schedule(deal)
    return premium(
        {**note, "make_whole": terms}, periods[number - 1], periods[number:], deal["dates"], lambda *_: 0.04
    )


class TestFormula:
    def test_lost_coupons_and_par_at_the_end_are_discounted(self) -> None:
        assert rate_on(2, AT_4) == approx(TWO_QUARTERS, abs=1e-10)
        assert rate_on(2, AT_4) == approx(0.015 / 1.01 + 1.015 / 1.01**2 - 1)
        assert rate_on(1, AT_4) == approx(0.005 * (1 / 1.01 + 1 / 1.01**2 + 1 / 1.01**3))

    def test_nothing_from_the_end_on(self) -> None:
        assert rate_on(4, AT_4) == 0.0
        assert rate_on(2, {**AT_4, "until": "2025-07-15"}) == 0.0
        assert rate_on(2, {**AT_4, "until": "2025-07-16"}) == approx(0.005 / 1.01)

    def test_the_end_is_the_first_payment_date_on_or_after_the_date(self) -> None:
        for until in ("2025-07-16", "2025-10-15"):
            assert rate_on(1, {**AT_4, "until": until}) > rate_on(1, {**AT_4, "until": "2025-07-15"})
        assert rate_on(1, {**AT_4, "until": "2025-07-16"}) == rate_on(1, {**AT_4, "until": "2025-10-15"})

    def test_unadjusted_dates_are_compared(self) -> None:
        # Saturday 19 July is paid on Monday the 21st: until the 20th there is one quarter more
        dates: Document = {
            "first_payment": "2025-04-19",
            "stated_maturity": "2026-01-19",
            "roll": "following",
        }
        assert rate_on(2, {**AT_4, "until": "2025-07-19"}, **dates) == 0.0
        assert rate_on(2, {**AT_4, "until": "2025-07-20"}, **dates) == approx(0.005 / 1.01)

    def test_dates_may_be_relative(self) -> None:
        assert rate_on(2, {**AT_4, "until": "maturity - 3M"}) == approx(0.005 / 1.01)
        assert rate_on(1, {**AT_4, "until": "nc_end + 3M"}, non_call_end="2025-07-15") == approx(
            rate_on(1, {**AT_4, "until": "2025-10-15"})
        )
        with pytest.raises(ValueError, match="no such date"):
            rate_on(1, {**AT_4, "until": "nc_end"})

    def test_beyond_the_last_date_it_ends_on_that(self) -> None:
        assert rate_on(2, {**AT_4, "until": "maturity + 1Y"}) == rate_on(2, AT_4)

    def test_the_discount_may_follow_an_index(self) -> None:
        terms = {"until": "2026-01-15", "discount": {"index": "sofr_3m", "spread": 0.005}}
        # 4.5 %: 1.125 % a quarter
        assert rate_on(2, terms) == approx(0.00375 * (1 / 1.01125 + 1 / 1.01125**2))

    def test_a_discount_at_the_coupon_leaves_nothing_and_above_it_nothing_too(self) -> None:
        for rate in (0.06, 0.08, 0.5):
            assert rate_on(1, {**AT_4, "discount": {"fixed": rate}}) == approx(0.0, abs=1e-15)

    def test_fractions_are_those_of_the_class(self) -> None:
        actual = {**A, "coupon": {"index": "sofr_3m", "spread": 0.02}}
        # 92 days to 15 October, 92 to 15 January
        part = 92 / 360
        assert rate_on(2, AT_4, note=actual) == approx(
            0.06 * part / (1 + 0.04 * part) + (1 + 0.06 * part) / (1 + 0.04 * part) ** 2 - 1
        )

    def test_coupons_are_those_stated_for_the_periods(self) -> None:
        # 1 % more in the period from 15 October 2025 on: 1.75 % in the last quarter; a condition changes nothing
        steps = [{"from": "2025-10-15", "spread": 0.03}, {"when": "true", "spread": 0.09}]
        note = {**A, "coupon": {**A["coupon"], "step_up": steps}}
        assert rate_on(2, AT_4, note=note) == approx(0.015 / 1.01 + 1.0175 / 1.01**2 - 1)
        assert rate_on(2, AT_4, note={**A, "coupon": {"fixed": 0.06}}) == approx(TWO_QUARTERS, abs=1e-10)

    def test_fixings_are_those_of_the_periods(self) -> None:
        # index 4 % to October, then 2 %; coupon and discount follow: 1.5 %, 1 %; 1 %, 0.5 %
        deal = with_premium({"until": "2026-01-15", "discount": {"index": "sofr_3m", "spread": 0.0}})
        points = {"2025-01-01": 0.04, "2025-10-01": 0.02}
        rates = {"*": {"kind": "forwards", "points": points}}
        result = events(CALL, deal=deal, rates=rates)
        expected = 0.015 / 1.01 + 1.01 / (1.01 * 1.005) - 1
        assert of_note(result, "A", "interest_due")[1] == approx(0.9 + 60 * expected)

    @given(st.integers(0, 3000), st.integers(1, 500), st.integers(1, 3))
    def test_it_falls_as_the_discount_rises(self, rate: int, more: int, number: int) -> None:
        low, high = (
            rate_on(number, {**AT_4, "discount": {"fixed": points / 10_000}})
            for points in (rate, rate + more)
        )
        assert high <= low
        assert high < low or low == 0.0


class TestCalls:
    def test_it_is_interest_of_the_date_on_the_opening_balance(self) -> None:
        result = events(CALL)
        extra = 60 * TWO_QUARTERS
        assert of_note(result, "A", "interest_due") == approx([0.9, 0.9 + extra])
        assert of_note(result, "A", "interest_paid") == approx([0.9, 0.9 + extra])
        assert of_note(result, "A", "principal_paid") == [0.0, 60.0]
        assert of_note(result, "SUB", "interest_paid")[1] == approx(100 + 2 - 60.9 - extra)
        assert result["conservation_error"] < 1e-12

    @pytest.mark.parametrize(("more", "feasible"), [(-1e-4, False), (1e-4, True)])
    def test_it_must_be_covered(self, more: float, *, feasible: bool) -> None:
        # price + 2 for 60.9 + 0.59111852
        price = (60.9 + 60 * TWO_QUARTERS - 2) / 100 + more
        result = events(CALL, liquidation_price=price)
        assert (len(result["collateral"]) == 2) is feasible

    def test_a_date_on_which_the_call_does_not_happen_has_none(self) -> None:
        result = events(CALL, liquidation_price=0.59)
        assert of_note(result, "A", "interest_due") == approx([0.9] * 4)

    def test_an_auction_call_pays_it(self) -> None:
        rights = {"auction_call": {"from": "2025-07-01", "months": [7]}}
        result = run(deal=with_premium(rights=rights))
        assert of_note(result, "A", "interest_due")[1] == approx(0.9 + 60 * TWO_QUARTERS)

    def test_what_a_redemption_takes_holds_it_on_every_date(self) -> None:
        # 60.9 and the premium of three quarters, two, one, none: 61.78229557, 61.49111852, 61.19702970, 60.9
        three = 60 * 0.005 * (1 / 1.01 + 1 / 1.01**2 + 1 / 1.01**3)
        amounts = [60.9 + three, 60.9 + 60 * TWO_QUARTERS, 60.9 + 60 * 0.005 / 1.01, 60.9]
        for number, amount in enumerate(amounts):
            for limit, expected in ((amount + 1e-6, True), (amount - 1e-6, False)):
                step = {
                    "verb": "turbo", "notes": [["A"]], "share": 0.0, "when": f"redemption_amount < {limit}"
                }  # fmt: skip
                deal = with_premium()
                deal["waterfalls"]["interest"].insert(0, step)
                rows = [row for row in run(deal=deal)["ledger"] if row["step"] == "turbo"]
                assert (rows[number]["reason"] is None) is expected

    def test_the_order_pays_it_at_the_interest_step_of_its_class(self) -> None:
        classes = [{**A, "make_whole": AT_4}, {**B, "make_whole": AT_4}, {**SUB, "balance": 20.0}]
        result = events(CALL, deal=deal_of(**{**TWO_CLASSES, "notes": classes}))
        paid = [
            (row["payee"], row["step"], row["paid"]) for row in result["ledger"] if row["date"].month == 7
        ]
        # B: 12 % for 4 %, 3 % for 1 % a quarter: 20 · 2 % · 1.970395
        assert paid[:2] == [
            ("A", "pay_interest", approx(0.9 + 60 * TWO_QUARTERS)),
            ("A", "pay_deferred_interest", 0.0),
        ]
        assert ("B", "pay_interest", approx(0.6 + 20 * 4 * TWO_QUARTERS)) in paid

    def test_a_new_spread_of_a_repricing_does_not_change_it(self) -> None:
        repricing = {"reprice": {"A": {"spread": 0.0}}, "date": "2025-04-15"}
        result = events(repricing, CALL)
        assert of_note(result, "A", "interest_due")[1] == approx(0.6 + 60 * TWO_QUARTERS)
        assert of_note(events(repricing), "A", "interest_due")[0] == approx(0.9)

    def test_a_liquidation_after_an_event_of_default_pays_none(self) -> None:
        rules = {"causes": [{"when": "true"}], "accelerate": "automatic", "liquidate": "when_covered"}
        plain, result = (
            run(deal=deal_of(notes=[note, SUB], default_events=rules))
            for note in (A, {**A, "make_whole": AT_4})
        )
        assert result["cashflows"] == plain["cashflows"]
        assert len(result["collateral"]) == 2

    def test_principal_that_is_paid_in_the_waterfalls_has_none(self) -> None:
        special = {"special_redemption": {"share": 1.0}, "date": "2025-04-15"}
        for scenario in ({"cpr": constant(1 - 0.8**4)}, {"cpr": constant(1.0)}):
            plain, result = (
                run(deal=deal, scenario=scenario_of(events=[special], **scenario))
                for deal in (deal_of(), with_premium())
            )
            assert result["cashflows"] == plain["cashflows"]


class TestRefinancings:
    def test_successors_pay_it_and_the_last_row_shows_it(self) -> None:
        result = events(refinance(NEW))
        extra = 60 * TWO_QUARTERS
        assert of_note(result, "A-R", "issued")[0] == approx(60 + extra)
        assert of_note(result, "A", "interest_due")[:2] == approx([0.9, 0.9 + extra])
        assert of_note(result, "A", "interest_paid")[:2] == approx([0.9, 0.9 + extra])
        assert of_note(result, "A", "principal_paid")[1] == 60.0
        rows = [row for row in result["ledger"] if row["waterfall"] == "refinancing"]
        assert [(row["payee"], row["paid"]) for row in rows] == [("A", approx(60 + extra))]
        # equity is paid as without it on the date, and less later
        assert of_note(result, "SUB", "interest_paid")[1:3] == approx([1.1, 2 - (60 + extra) * 0.0125])

    def test_it_is_on_what_is_left_after_the_waterfalls(self) -> None:
        # 20 % prepaid a quarter: 60, 40, 24 after the second date
        result = events(refinance(NEW), cpr=constant(1 - 0.8**4))
        assert of_note(result, "A", "interest_due")[1] == approx(0.6 + 24 * TWO_QUARTERS)
        assert of_note(result, "A-R", "issued")[0] == approx(24 * (1 + TWO_QUARTERS))

    def test_proceeds_must_suffice_for_it(self) -> None:
        extra = 60 * TWO_QUARTERS
        with pytest.raises(ValueError, match=r"scenario\.events\[0\]\.refinance"):
            events(refinance({**NEW, "balance": 60.5}))
        result = events(refinance({**NEW, "balance": 61.0}))
        assert column(result, "cash_held")[1] == approx(1.0 - extra)

    def test_balances_of_a_conditional_event_grow_to_pay_it(self) -> None:
        entry = {
            "refinance": {"A": {"into": [{**NEW, "balance": 30.0}]}},
            "when": "balance('A') > 0",
            "from": "2025-07-15",
        }
        assert of_note(events(entry), "A-R", "issued")[0] == approx(60 * (1 + TWO_QUARTERS))

    def test_a_successor_inherits_none_and_may_state_its_own(self) -> None:
        again = {**NEW, "name": "A-RR"}
        second = refinance(again, date="2025-10-15")
        issued = 60 * (1 + TWO_QUARTERS)
        result = events(refinance(NEW), second)
        assert of_note(result, "A-RR", "issued")[0] == approx(issued)
        # 5 % for 4 %, one quarter: 0.25 % / 1.01
        result = events(refinance({**NEW, "make_whole": AT_4}), second)
        assert of_note(result, "A-RR", "issued")[0] == approx(issued * (1 + 0.0025 / 1.01))

    def test_a_combination_has_its_share_of_it(self) -> None:
        mix = {"name": "MIX", "combination_of": {"A": 30.0, "SUB": 10.0}}
        deal = deal_of(notes=[{**A, "make_whole": AT_4}, SUB, mix])
        plain = events(refinance(NEW), deal=deal_of(notes=[A, SUB, mix]))
        result = events(refinance(NEW), deal=deal)
        # all receipts lower its rated balance first
        more = of_note(result, "MIX", "principal_paid")[1] - of_note(plain, "MIX", "principal_paid")[1]
        assert more == approx(30 * TWO_QUARTERS)


class TestResets:
    def test_it_is_among_the_uses_and_shown_in_the_last_row(self) -> None:
        extra = 60 * TWO_QUARTERS
        result = run(deal=with_premium(events=[reset()]))
        # 70 issued for 60 and the premium
        assert of_note(result, "SUB", "interest_paid")[1] == approx(1.1 + 10 - extra)
        assert of_note(result, "A", "interest_due")[1] == approx(0.9 + extra)
        assert of_note(result, "A", "interest_paid")[1] == approx(0.9 + extra)
        rows = [(row["payee"], row["paid"]) for row in result["ledger"] if row["step"] == "reset"]
        assert rows[0] == ("A", approx(60 + extra))

    def test_a_class_of_the_second_document_has_its_own(self) -> None:
        again = {**LARGER, "make_whole": {"until": "closing + 9M", "discount": {"fixed": 0.03}}}
        into = reset()["reset"]["into"]
        entry = reset(into={**into, "notes": [again, SUB]})
        scenario = scenario_of(events=[{"call": {}, "date": "2025-10-15"}])
        result = run(deal=deal_of(events=[entry]), scenario=scenario)
        # until April 2026, two quarters after October 2025, at 5 % for 3 %
        assert of_note(result, "A-R", "interest_due")[-1] == approx(
            70 * (0.0125 + 0.005 * (1 / 1.0075 + 1 / 1.0075**2))
        )

    def test_an_amended_maturity_moves_its_end(self) -> None:
        deal = with_premium({**AT_4, "until": "maturity"})
        longer = {**deal, "events": [], "dates": {**deal["dates"], "stated_maturity": "2026-04-15"}}
        deal["events"] = [{"date": "2025-04-15", "amend": {"into": longer}}]
        result = events(CALL, deal=deal)
        three = 0.005 * (1 / 1.01 + 1 / 1.01**2 + 1 / 1.01**3)
        assert of_note(result, "A", "interest_due")[1] == approx(0.9 + 60 * three)


@pytest.mark.parametrize(
    ("note", "terms", "said"),
    [
        ({"residual": True}, AT_4, "residual"),
        ({"combination_of": {"A": 1.0}}, AT_4, "combination_of"),
        ({}, {**AT_4, "until": "soon"}, "soon"),
        ({}, {**AT_4, "until": "rp_end + 1M"}, "no such date"),
        ({}, {**AT_4, "discount": {}}, "fixed, or index and spread"),
        ({}, {**AT_4, "discount": {"fixed": 0.04, "index": "sofr_3m"}}, "fixed, or index and spread"),
    ],
)
def test_what_no_redemption_can_pay_is_refused(note: Document, terms: Document, said: str) -> None:
    other = {**B, **note, "make_whole": terms}
    with pytest.raises(ValueError, match=said):
        run(deal=deal_of(notes=[A, other, SUB]))


def test_a_payment_date_from_a_state_knows_no_fixings_to_come_and_has_none() -> None:
    document, state = one_date.documents(
        interest_steps=[one_date.interest("A"), RESIDUAL], principal_steps=[SEQUENCE, RESIDUAL]
    )
    changed = {**document, "notes": [{**note} for note in document["notes"]]}
    changed["notes"][0]["make_whole"] = {**AT_4, "until": "maturity"}
    redeemed = {**state, "status": "redemption"}
    assert run_payment_date(changed, redeemed)["notes"] == run_payment_date(document, redeemed)["notes"]


@settings(generated, max_examples=60)
@given(strategies.cases(events=["call", "refinance", "reprice"], features=["make_whole"]))
def test_what_is_due_is_paid_deferred_or_overdue_and_no_cash_is_lost(case: Case) -> None:
    try:
        result = project(case.deal, case.loans, case.as_of, case.scenario)
    except ValueError as error:
        assume("found proceeds of" not in str(error))
        raise
    assert result["conservation_error"] <= 1e-9
    invariants.interest_is_paid_deferred_or_overdue(result["cashflows"], result["deal"], par=PAR)


@settings(generated, max_examples=30)
@given(strategies.cases(events=["call", "refinance"], features=["make_whole"]))
def test_premiums_that_have_ended_change_nothing(case: Case) -> None:
    assume("redemption_amount" not in str(case))
    past = {"until": case.deal["dates"]["closing"], "discount": {"fixed": 0.0}}
    plain = [
        {key: terms for key, terms in note.items() if key != "make_whole"} for note in case.deal["notes"]
    ]
    ended = [note if note.get("residual") else {**note, "make_whole": past} for note in plain]
    happen = [*case.deal.get("events", ()), *case.scenario.get("events", ())]
    for event in happen:
        for into in event.get("refinance", {}).values():
            for successor in into["into"]:
                successor.pop("make_whole", None)
    results = []
    for notes in (plain, ended):
        try:
            run_of = project({**case.deal, "notes": notes}, case.loans, case.as_of, case.scenario)
        except ValueError as error:
            assume("found proceeds of" not in str(error))
            raise
        results.append(run_of["cashflows"])
    assert results[0] == results[1]
