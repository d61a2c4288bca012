"""Month steps of the pool, by hand, on the tiny deal: where they end, and what loans do in them."""

from datetime import date
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from cloche.testing.reference.dates import schedule
from cloche.testing.reference.month_steps import pool_steps
from reference.months import MONTHLY, by_month, monthly
from reference.tiny import Document, column, constant, deal_of, loan_of, run, scenario_of

approx = pytest.approx


def cut(as_of: date | None = None, **dates: Any) -> list[tuple[str, str, str]]:
    """Unadjusted start and end of the month steps, and the end of their collections, up to the first payment date."""
    deal = monthly(dates=dates)
    steps = pool_steps(deal, schedule(deal, as_of=as_of))
    return [
        (str(step.unadjusted_start), str(step.unadjusted_end), str(step.collection_end))
        for step in steps
        if step.number == 1
    ]


class TestCutting:
    LAG: ClassVar[Document] = {"determination": {"business_days_before": 5}}

    def test_a_quarter_has_three_months_whose_collections_end_as_early_as_its_own(self) -> None:
        # Tuesday 15 April less five business days is the 8th, seven days earlier
        assert cut(**self.LAG) == [
            ("2025-01-15", "2025-02-15", "2025-02-08"),
            ("2025-02-15", "2025-03-15", "2025-03-08"),
            ("2025-03-15", "2025-04-15", "2025-04-08"),
        ]

    def test_steps_follow_one_another_and_are_numbered_over_the_run(self) -> None:
        deal = monthly(dates=self.LAG)
        steps = pool_steps(deal, schedule(deal))
        assert [step.pool_step for step in steps] == list(range(1, 13))
        assert [step.step for step in steps] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
        assert [step.last for step in steps] == [False] * 11 + [True]
        assert all(step.credit_years == approx(1 / 12) for step in steps)
        for before, after in pairwise(steps):
            assert after.unadjusted_start == before.unadjusted_end
            assert after.collection_start == before.collection_end

    def test_a_long_first_period_begins_with_a_stub(self) -> None:
        ends = [end for _, end, _ in cut(first_payment="2025-05-20")]
        assert ends == ["2025-01-20", "2025-02-20", "2025-03-20", "2025-04-20", "2025-05-20"]

    def test_a_month_end_whose_collections_end_before_the_run_begins_is_none(self) -> None:
        # 20 May less five business days is the 13th: the window of 20 January would end on the 13th, before closing
        assert cut(first_payment="2025-05-20", **self.LAG)[0] == ("2025-01-15", "2025-02-20", "2025-02-13")
        # and of the 22nd with seven days on closing itself
        assert cut(first_payment="2025-05-22", **self.LAG)[0] == ("2025-01-15", "2025-02-22", "2025-02-15")

    def test_days_are_clipped_to_the_length_of_the_month_of_the_payment_date(self) -> None:
        ends = [end for _, end, _ in cut(first_payment="2025-05-31", closing="2025-02-15")]
        assert ends == ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]

    @pytest.mark.parametrize(("keeps", "end"), [(False, "2025-03-30"), (True, "2025-03-31")])
    def test_month_ends_may_be_kept(self, keeps: bool, end: str) -> None:
        assert cut(first_payment="2025-04-30", end_of_month=keeps)[-2][1] == end

    def test_a_later_tape_starts_the_first_step(self) -> None:
        assert cut(as_of=date(2025, 3, 1)) == [
            ("2025-03-01", "2025-03-15", "2025-03-15"),
            ("2025-03-15", "2025-04-15", "2025-04-15"),
        ]
        result = run(deal=monthly(), scenario=scenario_of(cdr=constant(0.12)), as_of=date(2025, 3, 1))
        # fourteen days and a month
        first = 100 * 0.12 * 14 / 360
        assert column(result, "new_defaults")[0] == approx(first + (100 - first) * 0.01)

    def test_a_period_of_one_month_is_one_step(self) -> None:
        dates: Document = {"first_payment": "2025-02-15", "payment_frequency_months": 1}
        dates |= {"stated_maturity": "2025-07-15", "reinvestment_end": "2025-05-15"}
        scenario = scenario_of(cdr=constant(0.12), cpr=constant(0.24))
        whole, cut_up = (
            run(
                loan_of(amortization_rate=0.1),
                deal=deal_of(dates=dates, conventions=chosen),
                scenario=scenario,
            )
            for chosen in ({**MONTHLY, "pool_step": "period"}, MONTHLY)
        )
        assert cut_up["collateral"] == whole["collateral"]
        assert cut_up["cashflows"] == whole["cashflows"]


class TestSteps:
    def test_default_interest_instalment_and_prepayment_follow_every_month(self) -> None:
        # 1 % a month each of defaults, of instalments on the original 100 and of prepayments
        scenario = scenario_of(cdr=constant(0.12), cpr=constant(0.12))
        row = run(loan_of(amortization_rate=0.12), deal=monthly(), scenario=scenario)["collateral"][0]
        first = 100 * 0.99 * (1 - 1 / 100) * 0.99
        second = first * 0.99 * (1 - 1 / 99) * 0.99
        third = second * 0.99 * (1 - 1 / 98) * 0.99
        assert row["performing_par"] == approx(third)
        assert row["new_defaults"] == approx(0.01 * (100 + first + second))
        assert row["interest_collected"] == approx(0.99 * (100 + first + second) * 0.08 / 12)
        assert row["scheduled_principal"] == approx(0.99 * (100 / 100 + first / 99 + second / 98))
        survived = 0.99 * (100 * 99 / 100 + first * 98 / 99 + second * 97 / 98)
        assert row["prepaid_principal"] == approx(0.01 * survived)
        assert row["principal_cash"] == approx(row["scheduled_principal"] + row["prepaid_principal"])

    def test_compound_rates_lose_in_three_months_what_they_lose_in_a_quarter(self) -> None:
        scenario = scenario_of(cdr=constant(0.12))
        whole = run(deal=deal_of(), scenario=scenario)
        cut_up = run(deal=monthly(conventions={"rate_convention": "compound"}), scenario=scenario)
        assert column(cut_up, "new_defaults") == approx(column(whole, "new_defaults"))
        # but the par of the later months earns until its month begins
        survival = [0.88 ** (k / 12) for k in (1, 2, 3)]
        assert column(cut_up, "interest_collected")[0] == approx(sum(survival) * 100 * 0.08 / 12)

    def test_without_events_of_loans_nothing_changes(self) -> None:
        loans = [
            loan_of(),
            loan_of(loan_id="L2", par=30.0, day_count="act/360", maturity=date(2025, 8, 20)),
            loan_of(loan_id="L3", par=20.0, next_payment=date(2025, 3, 1), payment_frequency_months=6),
        ]
        whole, cut_up = (
            run(
                *loans, deal=deal_of(dates={"determination": {"business_days_before": 5}}, conventions=chosen)
            )
            for chosen in ({}, {"pool_step": "monthly"})
        )
        for table in ("collateral", "cashflows"):
            for before, after in zip(whole[table], cut_up[table], strict=True):
                assert {
                    key: value for key, value in after.items() if not isinstance(value, str | date)
                } == approx(
                    {key: value for key, value in before.items() if not isinstance(value, str | date)}
                )

    def test_rates_may_act_on_the_days_of_the_windows(self) -> None:
        deal = monthly(conventions={"rate_exponent": "days_365"})
        result = run(deal=deal, scenario=scenario_of(cdr=constant(0.365)))
        left = (1 - 0.031) * (1 - 0.028) * (1 - 0.031)
        assert column(result, "new_defaults")[0] == approx(100 * (1 - left))

    def test_a_loan_matures_in_the_window_that_holds_its_maturity(self) -> None:
        result = run(
            loan_of(maturity=date(2025, 3, 1)), deal=monthly(), scenario=scenario_of(cdr=constant(0.12))
        )
        # 1 % each at the starts of the first and the second month, nothing after
        assert column(result, "scheduled_principal")[0] == approx(98.01)
        assert column(result, "interest_collected")[0] == approx(99 * 0.08 / 12 + 98.01 * 0.08 * 16 / 360)

    def test_a_loan_with_own_dates_pays_in_the_window_that_holds_them(self) -> None:
        loan = loan_of(next_payment=date(2025, 3, 1), payment_frequency_months=3, amortization_rate=0.04)
        scenario = scenario_of(cdr=constant(0.12), cpr=by_month(0.0, 0.0, 0.12, 0.0))
        result = run(loan, deal=monthly(), scenario=scenario)
        # from closing to 1 March on what two defaults leave; then 1 of 100 is repaid, 1 % defaults and 1 % prepays
        third = 98.01 * 0.99 * 0.99
        assert column(result, "scheduled_principal")[0] == approx(98.01 * 0.01)
        assert column(result, "prepaid_principal")[0] == approx(third * 0.01)
        paid = 98.01 * 0.08 * 46 / 360 + third * 0.01 * 0.08 * 44 / 360
        assert column(result, "interest_collected")[0] == approx(paid)

    def test_a_commitment_is_drawn_every_month(self) -> None:
        loan = loan_of(par=60.0, par_unfunded=40.0)
        result = run(loan, deal=monthly(), scenario=scenario_of(draw_rate=0.12))
        assert column(result, "unfunded")[0] == approx(40 * 0.99**3)
        drawn = 60 + (60 + 0.4) + (60 + 0.4 + 0.396)
        idle = 40 * 0.038 * 90 / 360
        assert column(result, "interest_collected")[0] == approx(drawn * 0.08 / 12 + idle)

    def test_the_index_of_a_period_holds_in_all_its_months(self) -> None:
        curve = {"kind": "forwards", "points": {"2025-01-01": 0.04, "2025-02-01": 0.06}}
        result = run(deal=monthly(), scenario=scenario_of(rates={"*": curve}))
        assert column(result, "interest_collected")[:2] == approx([2.0, 2.5])


class TestScenario:
    def test_a_list_by_month_counts_from_closing_and_its_last_value_continues(self) -> None:
        result = run(deal=monthly(), scenario=scenario_of(cdr=by_month(0.12, 0.0, 0.24, 0.36)))
        left = 99 * 0.98
        assert column(result, "new_defaults")[:2] == approx([1 + 99 * 0.02, left * (1 - 0.97**3)])

    def test_a_stub_belongs_to_the_month_in_which_it_starts(self) -> None:
        # steps start on 15 and 20 January, 20 February, …: in months 0, 0, 1
        deal = monthly(dates={"first_payment": "2025-03-20"})
        result = run(deal=deal, scenario=scenario_of(cdr=by_month(0.36, 0.12)))
        assert column(result, "new_defaults")[0] == approx(100 * (1 - (1 - 0.36 * 5 / 360) * 0.97 * 0.99))

    def test_a_later_tape_begins_in_a_later_month(self) -> None:
        result = run(
            deal=monthly(), scenario=scenario_of(cdr=by_month(1.0, 0.0, 0.12)), as_of=date(2025, 2, 15)
        )
        assert column(result, "new_defaults")[0] == approx(1.0)

    def test_without_month_steps_a_list_by_month_is_refused(self) -> None:
        with pytest.raises(ValueError, match="monthly"):
            run(scenario=scenario_of(cdr=by_month(0.12)))

    def test_a_dated_value_holds_from_the_first_month_that_starts_on_or_after_it(self) -> None:
        values = {"2025-01-01": 0.0, "2025-02-16": 0.12}
        result = run(deal=monthly(), scenario=scenario_of(cdr={"kind": "dates", "values": values}))
        assert column(result, "new_defaults")[0] == approx(1.0)

    def test_a_list_by_period_holds_in_all_months_of_the_period(self) -> None:
        scenario = scenario_of(cdr={"kind": "periods", "values": [0.12, 0.0]})
        assert column(run(deal=monthly(), scenario=scenario), "new_defaults")[:2] == approx(
            [100 * (1 - 0.99**3), 0.0]
        )

    @pytest.mark.parametrize(
        ("day", "months"), [("2025-01-16", 0), ("2025-02-15", 0), ("2025-02-16", 1), ("2025-04-15", 2)]
    )
    def test_a_named_default_falls_into_the_month_around_its_date(self, day: str, months: int) -> None:
        result = run(deal=monthly(), scenario=scenario_of(defaults={"L1": day}))
        assert column(result, "new_defaults")[0] == 100.0
        assert column(result, "interest_collected")[0] == approx(months * 100 * 0.08 / 12)

    def test_defaults_by_period_count_months(self) -> None:
        loans = [loan_of(), loan_of(loan_id="L2")]
        named = run(*loans, deal=monthly(), scenario=scenario_of(defaults={"L1": "2025-05-01"}))
        counted = run(*loans, deal=monthly(), defaults_by_period={"L1": 4})
        assert column(counted, "new_defaults")[1] == 100.0
        assert counted["collateral"] == named["collateral"]
        assert counted["cashflows"] == named["cashflows"]


class TestRecoveries:
    @pytest.mark.parametrize(
        ("lag", "row"), [(0.0, 0), (1.0, 0), (1.5, 1), (2.0, 1), (4.0, 1), (5.0, 2), (48.0, 3)]
    )
    def test_a_recovery_comes_as_many_steps_after_the_default_as_its_lag_has_months(
        self, lag: float, row: int
    ) -> None:
        # the second of twelve steps
        scenario = scenario_of(defaults={"L1": "2025-03-01"}, recovery_lag_months=constant(lag))
        result = run(loan_of(), loan_of(loan_id="L2"), deal=monthly(), scenario=scenario)
        expected = [0.0] * 4
        expected[row] = 40.0
        assert column(result, "recoveries") == approx(expected)
        carried = [40.0 if k < row else 0.0 for k in range(4)]
        assert column(result, "defaulted_value") == approx(carried)

    @pytest.mark.parametrize(("lag", "months"), [(0.0, 2), (1.0, 1), (2.0, 0)])
    def test_it_buys_at_the_month_end_of_its_step(self, lag: float, months: int) -> None:
        deal = monthly(dates={"reinvestment_end": "2025-04-15"})
        scenario = scenario_of(
            defaults={"L1": "2025-02-01"},
            recovery_lag_months=constant(lag),
            reinvestment={"spread": constant(0.06)},
        )
        row = run(loan_of(), deal=deal, scenario=scenario)["collateral"][0]
        starts = [date(2025, 2, 15), date(2025, 3, 15), date(2025, 4, 15)]
        # 40 bought at a month end repay 1/3000 a month, which buys again
        assert row["purchase_cost"] == approx(40 * (1 + months / 1200))
        days = (starts[2] - starts[2 - months]).days
        assert row["interest_collected"] == approx(40 * 0.10 * days / 360)

    def test_rate_and_lag_are_those_of_the_step_of_the_default(self) -> None:
        scenario = scenario_of(
            defaults={"L1": "2025-03-01"},
            recovery=by_month(0.1, 0.2, 0.3),
            recovery_lag_months=by_month(0, 1, 9),
        )
        result = run(loan_of(), loan_of(loan_id="L2"), deal=monthly(), scenario=scenario)
        assert column(result, "recoveries")[:2] == approx([20.0, 0.0])

    def test_par_in_default_before_is_recovered_in_the_step_that_holds_the_day(self) -> None:
        # two months after 20 December: 20 February, collected by 15 March, where it buys
        bad = loan_of(loan_id="L2", par=10.0, default_date=date(2024, 12, 20), recovery_lag_months=2.0)
        deal = monthly(dates={"reinvestment_end": "2025-04-15"})
        result = run(loan_of(), bad, deal=deal, scenario=scenario_of(reinvestment={"price": constant(0.8)}))
        row = result["collateral"][0]
        assert row["recoveries"] == approx(4.0)
        assert row["interest_collected"] == approx(2 + 5.0 * 0.075 * 31 / 360)
        assert row["scheduled_principal"] == approx(5.0 * 0.01 / 12)

    @pytest.mark.parametrize(("month", "value"), [(1, 0.0), (2, 4.0)])
    def test_three_years_in_default_count_from_the_start_of_the_step(self, month: int, value: float) -> None:
        # steps 1 and 2 start on 15 January and 15 February 2025, the date in question is that of 8 February 2028
        dates = {
            "first_payment": "2025-02-15",
            "payment_frequency_months": 12,
            "stated_maturity": "2030-02-15",
            "determination": {"business_days_before": 5},
        }
        scenario = scenario_of(recovery_lag_months=constant(120.0))
        loans = [loan_of(par=10.0), loan_of(loan_id="L2", maturity=date(2035, 1, 15))]
        result = run(*loans, deal=monthly(dates=dates), scenario=scenario, defaults_by_period={"L1": month})
        row = next(row for row in result["collateral"] if row["date"] == date(2028, 2, 15))
        assert row["determination_date"] == date(2028, 2, 8)
        assert row["defaulted_value"] == approx(value)


class TestDocuments:
    """Documents that come in with other payment dates; at 12 % a year a month prepays 1 %."""

    LEFT: ClassVar[list[float]] = [100 * 0.99**k for k in range(19)]

    def amended(self, moment: Document, *, dates: Document, **more: Any) -> dict[str, Any]:
        later = monthly(dates={"stated_maturity": "2026-07-15", **dates})
        event = {**moment, "amend": {"into": later}}
        deal = monthly(dates={"stated_maturity": "2026-07-15"}, events=[event])
        return run(*more.pop("loans", ()), deal=deal, scenario=scenario_of(cpr=constant(0.12), **more))

    @pytest.mark.parametrize("moment", [{"date": "2025-07-15"}, {"when": "performing_par < 95"}])
    def test_months_count_back_from_the_dates_of_the_document_in_force(self, moment: Document) -> None:
        # 97.03 are left on 15 April and 94.15 on 15 July; from then on every six months six months of 1 %.
        result = self.amended(moment, dates={"payment_frequency_months": 6})
        days = [str(row["date"]) for row in result["collateral"]]
        assert days == ["2025-04-15", "2025-07-15", "2026-01-15", "2026-07-15"]
        ends = [0, 3, 6, 12, 18]
        assert column(result, "prepaid_principal") == approx(
            [self.LEFT[a] - self.LEFT[b] for a, b in pairwise(ends)]
        )
        interest = [sum(self.LEFT[a:b]) * 0.08 / 12 for a, b in pairwise(ends)]
        assert column(result, "interest_collected") == approx(interest)

    def test_dates_on_another_day_begin_with_the_rest_of_a_month(self) -> None:
        # From 15 July the months end on the 20th: five days at first, then three months up to 20 October.
        dates = {"first_payment": "2025-04-20", "stated_maturity": "2026-07-20"}
        row = self.amended({"date": "2025-07-15"}, dates=dates)["collateral"]
        assert [str(each["date"]) for each in row[:3]] == ["2025-04-15", "2025-07-15", "2025-07-20"]
        assert row[2]["prepaid_principal"] == approx(self.LEFT[6] * 0.12 * 5 / 360)

    @pytest.mark.parametrize(("lag", "paid"), [(1.0, "2025-07-15"), (2.0, "2025-10-20"), (5.0, "2026-01-20")])
    def test_a_recovery_comes_at_the_first_month_end_from_its_day_on(self, lag: float, paid: str) -> None:
        # Defaults of the month up to 15 June are due on 15 July, 15 August or 15 November; months end on the 20th
        # then, the first of them five days after 15 July.
        dates = {"first_payment": "2025-04-20", "stated_maturity": "2026-07-20"}
        loans = [loan_of(par=50.0, loan_id=name, obligor_id=name) for name in ("L1", "L2")]
        named: Document = {"defaults": {"L2": "2025-06-10"}, "recovery_lag_months": constant(lag)}
        result = self.amended({"date": "2025-07-15"}, dates=dates, loans=loans, **named)
        found = {str(row["date"]): row["recoveries"] for row in result["collateral"] if row["recoveries"]}
        assert list(found) == [paid]

    def test_a_reset_counts_months_from_its_own_dates(self) -> None:
        dates = {"closing": "2025-07-15", "first_payment": "2025-10-15", "stated_maturity": "2026-07-15"}
        event = {"date": "2025-07-15", "reset": {"into": monthly(dates=dates)}}
        scenario = scenario_of(cpr=constant(0.12))
        result = run(deal=monthly(events=[event]), scenario=scenario)
        ends = [0, 3, 6, 9, 12, 15, 18]
        assert column(result, "prepaid_principal") == approx(
            [self.LEFT[a] - self.LEFT[b] for a, b in pairwise(ends)]
        )

    @pytest.mark.parametrize("kind", ["reset", "amend"])
    def test_a_document_with_other_steps_is_refused(self, kind: str) -> None:
        dates = {"closing": "2025-07-15", "first_payment": "2025-10-15", "stated_maturity": "2026-07-15"}
        for before, after in ((monthly, deal_of), (deal_of, monthly)):
            event = {"date": "2025-07-15", kind: {"into": after(dates=dates)}}
            with pytest.raises(ValueError, match=rf"events\[0\]\.{kind}: .*pool_step"):
                run(deal=before(events=[event]))


class TestCallsBetweenPaymentDates:
    """A call on Monday 25 August 2025, ten days after the first month end of the quarter that ends in October."""

    DAY = "2025-08-25"

    def called(self, *loans: Document, deal: Document | None = None, **more: Any) -> dict[str, Any]:
        call = {"call": {"price": 0.9}, "date": self.DAY}
        return run(*loans, deal=deal or monthly(), scenario=scenario_of(events=[call], **more))

    def test_months_before_the_day_are_those_of_the_period_and_the_day_ends_the_next(self) -> None:
        # 1 % a month prepays from July on: 1 by 15 August, and 99 · 12 % · 10/360 in the ten days.
        rate = {"kind": "periods", "values": [0.0, 0.0, 0.12]}
        result = self.called(cpr=rate)
        last = result["collateral"][-1]
        assert str(last["date"]) == self.DAY
        assert last["prepaid_principal"] == approx(1.0 + 0.33)
        assert last["interest_collected"] == approx(100 * 0.08 / 12 + 99 * 0.08 * 10 / 360)
        assert last["sale_proceeds"] == approx(0.9 * (99 - 0.33))
        assert [row["event"] for row in result["events"]] == ["call"]

    @pytest.mark.parametrize(
        ("day", "defaulted", "sold"),
        [("2025-08-15", 50.0, 45.0), ("2025-08-25", 50.0, 45.0), ("2025-08-26", 0.0, 90.0)],
    )
    def test_a_default_counts_up_to_the_day(self, day: str, defaulted: float, sold: float) -> None:
        # What has defaulted goes at its recovery of 40 %.
        loans = [loan_of(par=50.0, loan_id=name, obligor_id=name) for name in ("L1", "L2")]
        last = self.called(*loans, defaults={"L2": day})["collateral"][-1]
        assert last["new_defaults"] == defaulted
        assert last["sale_proceeds"] == approx(sold + 0.4 * defaulted)

    def test_a_recovery_of_the_month_that_is_cut_is_sold_with_the_rest(self) -> None:
        # Defaults of the step that ends on 15 July; a month later is the step before the day, two are the one it cuts.
        loans = [loan_of(par=50.0, loan_id=name, obligor_id=name) for name in ("L1", "L2")]
        for months, recovered in ((1.0, 20.0), (2.0, 0.0)):
            named: Document = {"defaults": {"L2": "2025-07-10"}, "recovery_lag_months": constant(months)}
            last = self.called(*loans, **named)["collateral"][-1]
            assert last["recoveries"] == approx(recovered)
            assert last["sale_proceeds"] == approx(45.0 + 20.0 - recovered)

    def test_a_month_end_before_the_day_buys(self) -> None:
        # 10 that are repaid on 5 August buy 12.5 at 80 % on the 15th, sold at 90 % ten days later.
        loans = [loan_of(par=90.0), loan_of(loan_id="L2", par=10.0, maturity=date(2025, 8, 5))]
        deal = monthly(dates={"reinvestment_end": "2026-01-15"})
        buys = {"price": constant(0.8), "spread": constant(0.04)}
        last = self.called(*loans, deal=deal, reinvestment=buys)["collateral"][-1]
        assert (last["purchase_cost"], last["new_purchases_par"]) == (approx(10.0), approx(12.5))
        # It earns act/360 from the 15th, and has repaid 10 days of 1 % a year of its par.
        repaid = 12.5 * 0.01 * 10 / 360
        assert last["scheduled_principal"] == approx(10.0 + repaid)
        assert last["sale_proceeds"] == approx(0.9 * (90.0 + 12.5 - repaid))

    def test_a_call_that_is_not_feasible_changes_nothing(self) -> None:
        cheap = {"call": {"price": 0.1}, "date": self.DAY}
        with_it, without = (
            run(deal=monthly(), scenario=scenario_of(cpr=constant(0.12), events=events))
            for events in ([cheap], [])
        )
        assert with_it["collateral"] == without["collateral"]
        assert with_it["cashflows"] == without["cashflows"]
        assert [row["event"] for row in with_it["events"]] == ["call"]
