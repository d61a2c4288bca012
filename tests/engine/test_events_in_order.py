"""Events one after another, by hand: what must be there, what comes first, what is too late."""

import datetime as dt

import pytest

import cloche as cl
from engine.test_instalments_of_events import template
from engine.test_refinancing import refinance
from engine.test_resets import DEAL, RESET_DATE, deal_with, equity, projected, second_deal
from reference.test_reset_rules import second
from reference.tiny import Document, deal_of, of_note, run

approx = pytest.approx
OC: Document = {"name": "OC", "kind": "oc", "through": "A", "trigger": 1.2, "first_date": "closing"}


class TestOutstandingBalances:
    @pytest.mark.parametrize(("price", "balance"), [(1.0, 61.0), (0.98, 61.0 / 0.98)])
    def test_under_a_condition_they_grow_until_they_pay_the_cost(self, price: float, balance: float) -> None:
        into = {"name": "A-2", "balance": "outstanding", "issue_price": price}
        event = {
            "refinance": {"A": {"into": [into]}},
            "when": "performing_par > 0",
            "cost": {"fixed": 1.0, "paid_from": "proceeds"},
        }
        result = projected(event)
        # 60 and 1 of cost on the first payment date.
        assert of_note(result, "A-2", "issued")[0] == approx(balance)
        assert equity(result)[0] == approx(1.1)
        assert result["conservation_error"] < 1e-12
        theirs = run(deal=deal_of(events=[event]))
        assert equity(result) == approx([paid for _, paid in theirs["equity"][1:]])

    def test_a_stated_balance_grows_alone(self) -> None:
        into = [{"name": "A-2", "balance": "outstanding"}, {"name": "A-3", "balance": 20.0}]
        event = {
            "refinance": {"A": {"into": into}},
            "when": "performing_par > 0",
            "cost": {"fixed": 1.0, "paid_from": "proceeds"},
        }
        result = projected(event)
        assert (of_note(result, "A-2", "issued")[0], of_note(result, "A-3", "issued")[0]) == (
            approx(41.0),
            20.0,
        )

    def test_on_a_date_proceeds_that_fall_short_are_refused(self) -> None:
        event = refinance(
            {"name": "A-2", "balance": "outstanding"}, cost={"fixed": 1.0, "paid_from": "proceeds"}
        )
        with pytest.raises(
            Exception, match=r"events\[0\]\.refinance: found proceeds of 60.00 on its date; expected 61.00"
        ):
            projected(event)


def problems(*events: Document) -> dict[str, str]:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20").to_dict()
    with pytest.raises(cl.DealError) as refused:
        cl.Deal.from_dict({**deal, "events": list(events)})
    return {problem.place: problem.message for problem in refused.value.problems}


NEW_A: Document = {"name": "A-2", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": "105bp"}}
REFINANCED: Document = {"date": "2028-07-20", "refinance": {"A": {"into": [NEW_A]}}}


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        ("day", "there"), [("2028-04-20", False), ("2028-07-20", True), ("2028-10-20", True)]
    )
    def test_a_successor_is_re_priced_from_its_issue_on(self, day: str, *, there: bool) -> None:
        event = {"date": day, "reprice": {"A-2": "95bp"}}
        if there:
            deal, pool, base = template()
            changed = cl.Deal.from_dict({**deal.to_dict(), "events": [event, REFINANCED]})
            told = [row["event"] for row in cl.project(changed, pool, base).events.rows()]
            assert "repricing" in told
        else:
            found = problems(event, REFINANCED)
            assert list(found) == ["events[0].reprice.A-2"]
            assert "A-2 is not outstanding on 2028-04-20: events[1] issues it, not before 2028-07-20" in str(
                found
            )

    def test_a_successor_is_refinanced_after_its_issue(self) -> None:
        again = {
            "date": "2028-07-20",
            "refinance": {"A-2": {"into": [{"name": "A-3", "balance": "outstanding"}]}},
        }
        assert list(problems(again, REFINANCED)) == ["events[0].refinance.A-2"]

    def test_a_note_that_joins_a_refinanced_class_states_its_coupon(self) -> None:
        issue = {"date": "2028-10-20", "issue": {"notes": {"A": {"name": "A-9", "balance": 1e6}}}}
        found = problems(REFINANCED, issue)
        assert list(found) == ["events[1].issue.notes.A.coupon"]
        assert "events[0] refinances A" in found["events[1].issue.notes.A.coupon"]

    @pytest.mark.parametrize(
        ("into", "coupon", "spread"), [("A", NEW_A["coupon"], 0.0105), ("A-2", None, 0.0105)]
    )
    def test_its_coupon_is_its_own_or_that_of_the_successor_it_joins(
        self, into: str, coupon: Document | None, spread: float
    ) -> None:
        deal, pool, base = template()
        new = {"name": "A-9", "balance": 1e6} | ({} if coupon is None else {"coupon": coupon})
        issue = {"date": "2028-10-20", "issue": {"notes": {into: new}}}
        changed = cl.Deal.from_dict({**deal.to_dict(), "events": [REFINANCED, issue]})
        rate = cl.project(changed, pool, base).cashflows.filter(note="A-9")["rate"].tolist()[1]
        assert rate == approx(0.043 + spread, abs=1e-3)

    def test_a_re_pricing_on_the_date_of_a_refinancing_is_of_the_successor(self) -> None:
        run = projected(
            {"date": "2025-07-15", "reprice": {"A": {"spread": 0.005}}},
            refinance({"name": "A-2", "balance": "outstanding"}, date="2025-07-15"),
        )
        assert of_note(run, "A-2", "rate")[1:] == approx([0.045, 0.045])


@pytest.mark.parametrize(
    "event",
    [
        {"call": {"price": 1.0}},
        {"reprice": {"A": "95bp"}},
        {"refinance": {"A": {"into": [NEW_A]}}},
        {"amend": {"tests.E OC.trigger": 1.04}},
    ],
)
def test_an_event_of_the_last_payment_date_is_refused(event: Document) -> None:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    found = problems({**event, "date": "maturity"}, {**event, "date": deal.dates.stated_maturity})
    assert {"events[0].date", "events[1].date"} <= set(found)
    assert "stands for the last payment date" in found["events[0].date"]


def test_a_call_may_be_made_between_the_last_two_payment_dates() -> None:
    result = projected({"call": {"price": 1.0}, "date": "2025-12-15"})
    assert of_note(result, "A", "date")[-1] == dt.date(2025, 12, 15)


def test_an_amendment_leaves_the_maturity_that_a_condition_has_moved() -> None:
    # On the first date, three months before the closing that is written: the second document ends in November, two
    # months before the first.
    after = second(dates={"stated_maturity": "2026-02-15"}, tests=[OC])
    lower = {**after, "tests": [{**OC, "trigger": 1.1}], "events": []}
    into = {**after, "events": [{"date": "closing + 3M", "amend": {"into": lower}}]}
    deal = deal_of(events=[{"when": "performing_par > 0", "reset": {"into": into}}])
    theirs = run(deal=deal)
    ours = projected(*deal["events"])
    assert [row["trigger"] for row in ours["tests"]] == [row["trigger"] for row in theirs["tests"]]
    assert {row["trigger"] for row in ours["tests"]} == {1.2, 1.1}
    assert of_note(ours, "A-R", "date")[-1] == dt.date(2025, 11, 15)


class TestAmendmentsOfOneDate:
    """Both act; the later one, of one day the later in the list, is written against what the other leaves."""

    E = "tests.E OC.trigger"

    def run(self, *events: Document, state: cl.DealState | None = None) -> cl.Result:
        deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
        pool = cl.synthetic.loan_pool(n=20, seed=5, as_of="2025-03-20")
        scenario = cl.Scenario(cdr=0.02, cpr=0.2, recovery=0.7, recovery_lag_months=6, rates=0.043)
        return cl.project(deal.replace({"events": list(events)}), pool, scenario, state=state)

    def triggers(self, *events: Document) -> set[tuple[str, float]]:
        rows = self.run(*events).tests.rows()
        late = [row for row in rows if row["date"] > dt.date(2028, 7, 20)]
        return {(row["test"], row["trigger"]) for row in late if row["test"] in {"D OC", "E OC"}}

    def test_the_later_in_the_list_has_the_last_word(self) -> None:
        one = {"date": "2028-07-20", "amend": {self.E: 1.04}}
        other = {"date": "2028-07-20", "amend": {self.E: 1.02, "tests.D OC.trigger": 1.11}}
        assert self.triggers(one, other) == {("E OC", 1.02), ("D OC", 1.11)}
        assert self.triggers(other, one) == {("E OC", 1.04), ("D OC", 1.11)}

    def test_of_two_days_of_one_payment_date_the_later_has_it(self) -> None:
        late = {"date": "2028-07-20", "amend": {self.E: 1.04}}
        early = {"date": "2028-07-05", "amend": {self.E: 1.02, "tests.D OC.trigger": 1.11}}
        assert self.triggers(late, early) == {("E OC", 1.04), ("D OC", 1.11)}

    def test_they_are_one_amendment_but_for_what_each_costs(self) -> None:
        terms = ({self.E: 1.02}, {"tests.D OC.trigger": 1.11})
        costs = [{"fixed": 100_000.0}, {"fixed": 250_000.0, "paid_from": "equity"}]
        both = [
            {"date": "2028-07-20", "amend": amend, "cost": cost}
            for amend, cost in zip(terms, costs, strict=True)
        ]
        two = self.run(*both)
        one = self.run(
            {"date": "2028-07-20", "amend": terms[0] | terms[1], "cost": costs[0]},
        )
        assert [row["event"] for row in two.events.rows()] == ["amendment", "amendment"]
        paid = [
            row["interest_paid"]
            for run in (one, two)
            for row in run.cashflows.filter(note="SUB", date=dt.date(2028, 7, 20)).rows()
        ]
        assert paid[0] - paid[1] == approx(250_000.0)
        others = [
            [row for row in run.cashflows.rows() if row["note"] != "SUB" or row["date"].year > 2028]
            for run in (one, two)
        ]
        assert str(others[0]) == str(others[1])

    def test_a_run_goes_on_after_them(self) -> None:
        events = [{"date": "2028-07-20", "amend": {self.E: trigger}} for trigger in (1.02, 1.04)]
        straight = self.run(*events)
        for day in (dt.date(2028, 4, 20), dt.date(2028, 7, 20), dt.date(2028, 10, 20)):
            rest = self.run(*events, state=straight.state_at(day))
            rows = [row for row in straight.cashflows.rows() if row["date"] > day]
            assert str(list(rest.cashflows.rows())) == str(rows)

    def test_a_scenario_amends_what_the_deal_has_amended_on_the_date(self) -> None:
        deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
        deal = deal.replace(
            {"events": [{"date": "2028-07-20", "amend": {self.E: 1.04, "tests.D OC.trigger": 1.11}}]}
        )
        pool = cl.synthetic.loan_pool(n=20, seed=5, as_of="2025-03-20")
        assumed = {"date": "2028-07-20", "amend": {self.E: 1.02}}
        scenario = cl.Scenario(
            cdr=0.02, cpr=0.2, recovery=0.7, recovery_lag_months=6, rates=0.043, events=[assumed]
        )
        rows = cl.project(deal, pool, scenario).tests.rows()
        late = {(row["test"], row["trigger"]) for row in rows if row["date"] > dt.date(2028, 7, 20)}
        assert {("E OC", 1.02), ("D OC", 1.11)} <= late

    def test_a_reset_goes_with_no_other(self) -> None:
        reset = {"date": RESET_DATE, "reset": {"into": second_deal()}}
        amendment = {"date": RESET_DATE, "amend": {self.E: 1.04}}
        with pytest.raises(cl.DealError) as refused:
            deal_with(amendment, reset)
        found = {problem.place: problem.message for problem in refused.value.problems}
        assert "acts on the date of events[0]" in found["events[1].date"]
        assert "its terms in the document of the reset" in found["events[1].date"]


class TestCleanUp:
    def test_its_share_is_a_share_whether_or_not_a_call_needs_it(self) -> None:
        deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
        for below in (15, 0.0, -0.1):
            with pytest.raises(cl.DealError) as refused:
                deal.replace({"rights": {"clean_up": {"below": below, "of": "target_par"}}})
            (problem,) = refused.value.problems
            assert problem.place == "rights.clean_up.below"
            assert "expected a share of target par above 0, at most 1" in problem.message

    @pytest.mark.parametrize("day", ["2025-04-15", "2025-05-15"])
    def test_a_call_that_it_does_not_allow_yet_is_told_as_such(self, day: str) -> None:
        rights = {"clean_up": {"below": 0.5, "of": "target_par"}}
        (row,) = projected({"call": {"price": 1.0}, "date": day}, rights=rights)["events"]
        assert row["event"] == "call not feasible"
        assert (
            row["detail"]
            == "the collateral is not yet below the share of target par that the clean-up call waits for"
        )
        (row,) = projected({"call": {"price": 0.4}, "date": day})["events"]
        assert row["detail"] == "the proceeds would not cover what a redemption must pay"


def test_an_amendment_shortens_no_maturity_that_assets_run_to() -> None:
    with pytest.raises(cl.DealError) as refused:
        deal_with({"date": RESET_DATE, "amend": {"dates": {"stated_maturity": "2030-04-20"}}})
    (problem,) = refused.value.problems
    assert problem.place == "events[0].amend.dates.stated_maturity"
    maturity = DEAL.dates.stated_maturity
    assert f"expected {maturity}, that of the first document" in problem.message


def test_what_a_scenario_assumes_after_a_reset_of_the_deal_is_refused() -> None:
    deal = deal_with({"date": RESET_DATE, "reset": {"into": second_deal()}})
    pool = cl.synthetic.loan_pool(n=20, seed=7, as_of="2025-03-20")
    base = cl.Scenario(cdr=0.0, cpr=0.1, recovery=0.6, rates=cl.RateCurve.flat(0.043))
    late = {"reprice": {"B": "150bp"}, "when": "performing_par > 0", "from": "2028-01-20"}
    early = {**late, "from": "2027-04-20"}
    with pytest.raises(cl.ScenarioError) as refused:
        cl.project(deal, pool, base.replace(events=[early, late]))
    (problem,) = refused.value.problems
    assert problem.place == "scenario.events[1]"
    assert "may not act before the document comes in that events[0] brings in" in problem.message
