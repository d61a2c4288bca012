"""Calls by hand, on the tiny deal: A is due 0.9 a quarter, the loan pays 2.0."""

from datetime import date
from typing import Any, ClassVar

import pytest

from cloche.testing.reference.events import event_date
from reference.tiny import (
    RESIDUAL,
    SEQUENCE,
    SUB,
    A,
    Document,
    column,
    constant,
    deal_of,
    loan_of,
    of_note,
    run,
    scenario_of,
)

approx = pytest.approx


def events(result: Document) -> list[tuple[str, str, str]]:
    return [(row["date"].isoformat(), row["event"], row["reason"]) for row in result["events"]]


def called(*entries: Document, price: Any = 0.95, deal: Document | None = None, **more: Any) -> Document:
    scenario = scenario_of(liquidation_price=price, events=list(entries), **more)
    return run(deal=deal or deal_of(), scenario=scenario)


class TestPricesInTime:
    """The price of a sale is that of the payment period that ends on its date."""

    @pytest.mark.parametrize(
        "price",
        [
            {"kind": "periods", "values": [0.5, 0.55, 0.98]},
            # From the period on that begins on 15 July, the third; before its first date the first price holds.
            {"kind": "dates", "values": {"2025-04-20": 0.55, "2025-07-15": 0.98}},
        ],
    )
    def test_a_call_waits_for_a_better_one(self, price: Document) -> None:
        # 60 and 0.9 of interest are due; 50 and 55 with 2.0 of interest do not pay them, 98 do.
        event = {"call": {"if_infeasible": "retry"}, "date": "2025-04-15"}
        result = called(event, price=price)
        assert [row[:2] for row in events(result)] == [
            ("2025-04-15", "call"),
            ("2025-07-15", "call"),
            ("2025-10-15", "call"),
        ]
        assert column(result, "sale_proceeds") == approx([0.0, 0.0, 98.0])
        assert of_note(result, "SUB", "interest_paid") == approx([1.1, 1.1, 98.0 + 2.0 - 60.9])

    def test_what_is_left_on_the_last_date_is_sold_at_its_price(self) -> None:
        result = called(price={"kind": "periods", "values": [1.0, 1.0, 1.0, 0.8]})
        assert column(result, "sale_proceeds")[-1] == approx(80.0)


class TestDates:
    def test_a_call_acts_on_its_date_and_a_relative_date_is_that_of_the_next_payment(self) -> None:
        for day, periods, acts_on in (
            ("2025-07-15", 2, date(2025, 7, 15)),
            ("2025-07-01", 2, date(2025, 7, 1)),
            ("2025-07-16", 3, date(2025, 7, 16)),
            ("closing + 5M", 2, date(2025, 7, 15)),
        ):
            rows = called({"call": {}, "date": day})["collateral"]
            assert (len(rows), rows[-1]["date"]) == (periods, acts_on)

    def test_a_call_of_the_day_to_which_a_payment_date_has_moved_acts_on_that(self) -> None:
        dates = {"first_payment": "2025-04-19", "stated_maturity": "2026-01-19", "roll": "following"}
        # Saturday 19 April is paid on Monday the 21st
        plain = called({"call": {}, "date": "2025-04-19"}, deal=deal_of(dates=dates))
        moved = called({"call": {}, "date": "2025-04-21"}, deal=deal_of(dates=dates))
        assert plain["collateral"] == moved["collateral"]
        assert [row["date"] for row in moved["collateral"]] == [date(2025, 4, 21)]

    def test_dates_may_be_relative(self) -> None:
        dates = {"closing": "2025-01-31", "non_call_end": "2026-01-15", "reinvestment_end": "2027-01-15"}
        assert event_date("nc_end", dates) == date(2026, 1, 15)
        assert event_date("closing + 1M", dates) == date(2025, 2, 28)
        assert event_date("rp_end-2Y", dates) == date(2025, 1, 15)
        with pytest.raises(ValueError, match="no such date"):
            event_date("effective", dates)

    def test_nothing_is_called_in_the_non_call_period(self) -> None:
        deal = deal_of(dates={"non_call_end": "2025-07-15"})
        assert len(called({"call": {}, "date": "2025-07-16"}, deal=deal)["collateral"]) == 3
        with pytest.raises(ValueError, match=r"scenario\.events\[1\]\.date"):
            called({"call": {}, "date": "2025-10-15"}, {"call": {}, "date": "2025-04-15"}, deal=deal)
        conditional = called({"call": {}, "when": "performing_par > 0"}, deal=deal)
        assert len(conditional["collateral"]) == 2

    def test_nothing_is_called_on_the_last_date(self) -> None:
        with pytest.raises(ValueError, match="the last payment date; expected an earlier date"):
            called({"call": {}, "date": "2026-01-15", "cost": {"fixed": 1.0}})

    def test_an_event_of_the_deal_is_an_event_too(self) -> None:
        result = run(deal=deal_of(events=[{"call": {}, "date": "2025-04-15"}]))
        assert events(result) == [("2025-04-15", "call", "events[0]")]


class TestMoney:
    def test_one_pot_redeems_every_class_and_the_rest_is_for_equity(self) -> None:
        cost = {"rate": 0.01, "fixed": 0.25}
        result = called({"call": {}, "date": "2025-04-15", "cost": cost})
        assert column(result, "sale_proceeds") == approx([95 - 1.25])
        assert column(result, "sale_cost") == approx([1.25])
        assert of_note(result, "A", "status") == ["redemption"]
        assert of_note(result, "A", "principal_paid") == [60.0]
        assert of_note(result, "SUB", "interest_paid") == approx([95 - 1.25 + 2 - 60.9])
        assert {row["waterfall"] for row in result["ledger"]} == {"redemption"}

    def test_a_call_may_have_its_own_price(self) -> None:
        result = called({"call": {"price": 0.99}, "date": "2025-04-15"})
        assert column(result, "sale_proceeds") == approx([99.0])

    def test_at_market_each_asset_goes_at_its_own_price_and_defaulted_par_at_its_recovery(self) -> None:
        loans = [
            loan_of(par=60.0, market_price=0.9),
            loan_of(loan_id="L2", par=40.0, market_price=None, rating="CCC+"),
            loan_of(loan_id="L3", par=10.0, default_date=date(2025, 1, 1), market_price=0.1),
        ]
        scenario = scenario_of(events=[{"call": {"price": "market"}, "date": "2025-04-15"}])
        result = run(*loans, scenario=scenario)
        assert column(result, "sale_proceeds") == approx([60 * 0.9 + 40 * 0.8 + 10 * 0.4])

    def test_at_market_a_cohort_goes_at_what_was_paid(self) -> None:
        deal = deal_of(dates={"reinvestment_end": "2025-04-15"})
        scenario = scenario_of(
            reinvestment={"price": constant(0.9), "spread": constant(0.04)},
            events=[{"call": {"price": "market"}, "date": "2025-07-15"}],
        )
        result = run(loan_of(maturity=date(2025, 4, 1)), deal=deal, scenario=scenario)
        par = 100 / 0.9
        instalment = par * 0.01 / 4
        assert column(result, "sale_proceeds")[1] == approx((par - instalment) * 0.9)

    def test_sold_par_earns_to_the_business_day_before_the_payment_date(self) -> None:
        deal = deal_of(dates={"determination": {"business_days_before": 5}})
        result = called({"call": {}, "date": "2025-07-15"}, deal=deal)
        assert column(result, "interest_collected")[1] == approx(100 * 0.08 * 96 / 360)
        assert result["collateral"][1]["determination_date"] == date(2025, 7, 14)

    def test_a_cap_is_lifted_when_the_collateral_is_sold(self) -> None:
        cap = {"fixed_per_year": 0.4, "day_count": "30/360", "lifted": "liquidated"}
        deal = deal_of(fees=[{"name": "f", "amount_per_period": 0.5, "cap": cap}])
        deal["waterfalls"]["interest"].insert(0, {"verb": "pay_fee", "fees": [["f"]], "part": "capped"})
        result = called({"call": {}, "date": "2025-07-15"}, deal=deal)
        assert [row["paid"] for row in result["fees"]] == approx([0.1, 0.9])


class TestBetweenPaymentDates:
    """The loan pays 8 % and A 6 %, both in 30/360; from 15 April to 30 May there are 45 days."""

    def test_everything_accrues_to_the_day_and_the_rest_is_for_equity(self) -> None:
        result = called({"call": {}, "date": "2025-05-30"})
        assert events(result) == [("2025-05-30", "call", "scenario.events[0]")]
        interest, owed = 100 * 0.08 * 45 / 360, 60 * 0.06 * 45 / 360
        assert column(result, "interest_collected") == approx([2.0, interest])
        assert column(result, "sale_proceeds") == approx([0.0, 95.0])
        assert of_note(result, "A", "interest_paid") == approx([0.9, owed])
        assert of_note(result, "A", "principal_paid") == [0.0, 60.0]
        assert of_note(result, "SUB", "interest_paid") == approx([1.1, 95 + interest - 60 - owed])
        assert result["equity"][-1] == (date(2025, 5, 30), approx(95 + interest - 60 - owed))

    def test_collections_end_one_business_day_before(self) -> None:
        deal = deal_of(dates={"determination": {"business_days_before": 5}})
        result = called({"call": {}, "date": "2025-06-02"}, deal=deal)
        # from Tuesday 8 April to Friday 30 May
        assert column(result, "interest_collected")[1] == approx(100 * 0.08 * 52 / 360)
        assert result["collateral"][1]["determination_date"] == date(2025, 5, 30)

    def test_a_part_of_a_period_takes_its_share_of_yearly_rates(self) -> None:
        rates = {"cdr": constant(0.10), "cpr": constant(0.20)}
        result = called({"call": {}, "date": "2025-02-28"}, price=1.0, **rates)
        years = 43 / 360
        assert column(result, "new_defaults") == approx([100 * (1 - 0.9**years)])
        assert column(result, "prepaid_principal") == approx([100 * 0.9**years * (1 - 0.8**years)])

    @pytest.mark.parametrize(("day", "sold"), [("2025-02-24", 100 + 10 * 0.4), ("2025-02-25", 110.0)])
    def test_a_company_that_defaults_after_the_day_is_sold_as_it_performs(
        self, day: str, sold: float
    ) -> None:
        scenario = scenario_of(events=[{"call": {}, "date": "2025-02-24"}], defaults={"L2": day})
        result = run(loan_of(), loan_of(loan_id="L2", par=10.0), scenario=scenario)
        assert column(result, "sale_proceeds") == [sold]

    def test_it_is_feasible_from_the_price_on_that_covers_what_is_owed(self) -> None:
        # 100 · price + 1 of interest >= 60.45
        least = 0.5945
        assert len(called({"call": {}, "date": "2025-05-30"}, price=least)["collateral"]) == 2
        withdrawn = called({"call": {}, "date": "2025-05-30"}, price=least - 1e-9)
        plain = called(price=least - 1e-9)
        assert events(withdrawn) == [("2025-05-30", "call", "scenario.events[0]: not feasible")]
        for table in ("collateral", "cashflows", "ledger"):
            assert withdrawn[table] == plain[table]

    def test_it_is_tried_again_on_the_payment_dates_that_follow(self) -> None:
        entry = {"call": {"if_infeasible": "retry"}, "date": "2025-02-28"}
        result = called(entry, price=0.58, cpr=TestFeasibility.AMORTIZING)
        assert [event[0] for event in events(result)] == ["2025-02-28", "2025-04-15", "2025-07-15"]

    def test_the_index_stays_as_it_was_fixed_for_the_long_first_period(self) -> None:
        dates = {"first_payment": "2025-07-15"}
        curves = {
            name: {"kind": "flat", "rate": rate} for name, rate in (("sofr_3m", 0.04), ("sofr_6m", 0.05))
        }
        plain = called(deal=deal_of(dates=dates), rates={**curves, "sofr_9m": curves["sofr_6m"]})
        cut = called(
            {"call": {}, "date": "2025-02-14"},
            deal=deal_of(dates=dates),
            rates={**curves, "sofr_9m": curves["sofr_6m"]},
        )
        assert of_note(cut, "A", "index_rate")[0] == of_note(plain, "A", "index_rate")[0] != 0.04


class TestFeasibility:
    def test_a_call_that_does_not_cover_is_withdrawn_and_the_date_runs_as_usual(self) -> None:
        deal = deal_of(dates={"determination": {"business_days_before": 5}})
        result = called({"call": {}, "date": "2025-07-15"}, price=0.5, deal=deal)
        plain = called(price=0.5, deal=deal)
        assert result["cashflows"] == plain["cashflows"]
        assert result["tests"] == plain["tests"]
        assert events(result) == [("2025-07-15", "call", "scenario.events[0]: not feasible")]

    @pytest.mark.parametrize(("price", "feasible"), [(0.5889, False), (0.5891, True)])
    def test_the_proceeds_must_cover_the_classes_and_the_interest_of_the_date(
        self, price: float, *, feasible: bool
    ) -> None:
        # 58.9 + 2 = 60.9
        result = called({"call": {}, "date": "2025-04-15"}, price=price)
        assert (len(result["collateral"]) == 1) is feasible

    @pytest.mark.parametrize(("price", "feasible"), [(0.6239, False), (0.6241, True)])
    def test_fees_count_in_full_with_arrears_and_the_cost(self, price: float, *, feasible: bool) -> None:
        # f: 1 a quarter, nothing of it paid on the first date: 2 due; cost 0.5; in all 60.9 + 2.5 − 2 + 1 of arrears
        cap = {"fixed_per_year": 0.0}
        deal = deal_of(fees=[{"name": "f", "amount_per_period": 1.0, "cap": cap}])
        deal["waterfalls"]["interest"].insert(0, {"verb": "pay_fee", "fees": [["f"]], "part": "capped"})
        result = called(
            {"call": {}, "date": "2025-07-15", "cost": {"fixed": 0.5}}, price=price - 0.01, deal=deal
        )
        assert (len(result["collateral"]) == 2) is feasible

    def test_an_incentive_fee_is_aside(self) -> None:
        deal = deal_of(fees=[{"name": "incentive", "hurdles": [{"irr": None, "share": 0.5}]}])
        deal["waterfalls"]["interest"].insert(1, {"verb": "incentive_fee", "fee": "incentive"})
        result = called({"call": {}, "date": "2025-04-15"}, price=0.65, deal=deal)
        assert of_note(result, "SUB", "interest_paid") == approx([(65 + 2 - 60.9) / 2])

    RETRY: ClassVar[Document] = {"call": {"if_infeasible": "retry"}, "date": "2025-04-15"}
    AMORTIZING: ClassVar[Document] = {"kind": "periods", "values": [0.0, 1 - 0.8**4, 0.0]}

    def test_a_call_may_be_tried_again_until_it_covers(self) -> None:
        result = called(self.RETRY, price=0.58, cpr=self.AMORTIZING)
        # 58 + 2 < 60.9; then 80 · 0.58 + 20 + 2 = 68.4
        assert [event[2] for event in events(result)] == [
            "scenario.events[0]: not feasible",
            "scenario.events[0]",
        ]
        assert column(result, "sale_proceeds") == approx([0.0, 46.4])

    def test_attempts_end_with_the_window(self) -> None:
        result = called({**self.RETRY, "until": "2025-07-14"}, price=0.58, cpr=self.AMORTIZING)
        assert len(events(result)) == 1
        assert len(result["collateral"]) == 4


class TestConditions:
    FALLING: ClassVar[Document] = {"kind": "constant", "value": 1 - 0.8**4}

    def test_the_first_date_on_which_the_condition_holds(self) -> None:
        # A after the dates: 40, 24; looked at on opening balances
        result = called({"call": {}, "when": "balance('A') < 50"}, cpr=self.FALLING)
        assert len(result["collateral"]) == 2

    def test_the_condition_is_looked_at_inside_the_window(self) -> None:
        entry = {"call": {}, "when": "performing_par > 0", "from": "2025-07-16", "until": "2025-10-14"}
        assert events(called(entry)) == []
        assert len(called({**entry, "until": "2025-10-15"})["collateral"]) == 3

    def test_the_figures_are_those_of_the_usual_determination_date(self) -> None:
        deal = deal_of(dates={"determination": {"business_days_before": 5}})
        deal["tests"] = [
            {"name": "IC", "kind": "ic", "through": "A", "trigger": 1.0, "first_date": "closing"}
        ]
        usual = 100 * 0.08 * 83 / 360 / 0.9
        result = called(
            {"call": {}, "when": f"ratio('IC') < {usual + 1e-6}", "until": "2025-04-15"}, deal=deal
        )
        assert len(result["collateral"]) == 1

    def test_what_a_sale_brings_and_what_a_redemption_takes_are_quantities(self) -> None:
        # at 0.75 the loan brings 75, after 20 prepaid 60; A takes 60.9, then 40.6
        bad = loan_of(loan_id="L2", par=10.0, default_date=date(2025, 1, 10), market_price=0.1)
        scenario = scenario_of(
            liquidation_price=0.75,
            cpr=TestFeasibility.AMORTIZING,
            recovery_lag_months=constant(12.0),
            events=[{"call": {}, "when": "liquidation_value < 65 and redemption_amount < 61"}],
        )
        result = run(loan_of(), bad, scenario=scenario)
        # 80 · 0.75 and 10 · 0.4 on the second date
        assert column(result, "sale_proceeds") == approx([0.0, 64.0])

    def test_a_withdrawn_call_is_spent_unless_it_repeats(self) -> None:
        entry = {"call": {}, "when": "performing_par > 0"}
        cpr = TestFeasibility.AMORTIZING
        assert len(called(entry, price=0.58, cpr=cpr)["collateral"]) == 4
        assert len(called({**entry, "repeat": True}, price=0.58, cpr=cpr)["collateral"]) == 2


class TestAuctions:
    def test_an_auction_is_held_on_dates_of_its_months_until_it_covers(self) -> None:
        deal = deal_of(rights={"auction_call": {"from": "2025-04-15", "months": [4, 10]}})
        result = called(deal=deal, price=0.58, cpr={"kind": "periods", "values": [0.0, 1 - 0.8**4, 0.0]})
        assert events(result) == [
            ("2025-04-15", "call", "rights.auction_call: not feasible"),
            ("2025-10-15", "call", "rights.auction_call"),
        ]


def test_a_call_after_an_acceleration_redeems_when_it_covers() -> None:
    deal = deal_of(
        notes=[A, SUB],
        default_events={"causes": ["senior_interest"], "accelerate": "automatic"},
        waterfalls={
            "interest": [{"verb": "pay_interest", "notes": [["A"]]}, RESIDUAL],
            "principal": [SEQUENCE, RESIDUAL],
            "redemption": [SEQUENCE, RESIDUAL],
        },
    )
    loan = loan_of(next_payment=date(2025, 7, 15), payment_frequency_months=6)
    result = run(loan, deal=deal, scenario=scenario_of(events=[{"call": {}, "date": "2025-07-15"}]))
    assert of_note(result, "A", "status") == ["normal", "redemption"]
