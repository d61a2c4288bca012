"""The effective date, special redemptions and the end of the reinvestment period, by hand.

On the tiny deal A is 60 at 6 % a year, due 0.9 a quarter; a loan of 98 pays 1.96; the target par is 100.
"""

from typing import Any

import pytest

import cloche as cl
from cloche.testing.strategies import Case
from engine import crossing
from reference.tiny import CLOSING, RESIDUAL, SEQUENCE, deal_of, loan_of, of_note, scenario_of

Document = dict[str, Any]
approx = pytest.approx

TARGET: Document = {"name": "Effective Date", "kind": "target_par", "trigger": 1.0}
CURE: Document = {"verb": "cure", "tests": ["Effective Date"]}
INTEREST: Document = {"verb": "pay_interest", "notes": [["A"]]}
REINVEST: Document = {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"}


def deal(
    *, interest: list[Document] | None = None, principal: list[Document] | None = None, **more: Any
) -> Document:
    dates = {"effective": "2025-04-15", "reinvestment_end": "2025-10-15", **more.pop("dates", {})}
    tests = [] if interest is None and principal is None else [TARGET]
    falls = {
        "interest": [INTEREST, *(interest or ()), RESIDUAL],
        "principal": [*(principal or ()), REINVEST, SEQUENCE, RESIDUAL],
    }
    return deal_of(dates=dates, tests=tests, waterfalls=falls, **more)


def run(document: Document, *events: Document, par: float = 98.0, **terms: Any) -> dict[str, Any]:
    loans = [{"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **loan_of(par=par, **terms)}]
    bought = {"price": {"kind": "constant", "value": 1.0}, "spread": {"kind": "constant", "value": 0.04}}
    scenario = scenario_of(events=list(events), reinvestment=bought, cash_rate_spread=-0.04)
    return crossing.project(Case(document, loans, CLOSING, scenario))


def equity(result: dict[str, Any]) -> list[float]:
    return [float(paid) for paid in of_note(result, "SUB", "interest_paid")]


class TestRatingsThatAreNotConfirmed:
    def test_interest_that_is_left_pays_the_notes_until_the_agencies_confirm(self) -> None:
        result = run(deal(interest=[CURE]))
        # 1.96 - 0.9; then 1.5 % of 58.94 is due.
        assert of_note(result, "A", "principal_paid")[:2] == approx([1.06, 1.96 - 0.8841])
        assert equity(result)[:2] == [0.0, 0.0]
        confirmed = run(deal(interest=[CURE]), {"confirm_ratings": True, "date": "2025-07-15"})
        assert equity(confirmed)[:2] == approx([0.0, 1.96 - 0.8841])
        rows = [row for row in confirmed["tests"] if row["test"] == "Effective Date"]
        assert [(row["numerator"], row["denominator"], row["passes"]) for row in rows[:2]] == [
            (approx(98.0), 100.0, False),
            (approx(98.0), 100.0, None),
        ]
        assert [row["event"] for row in confirmed["events"]] == ["effective date confirmed"]

    def test_before_the_effective_date_nothing_is_asked_for(self) -> None:
        late = deal(interest=[CURE], dates={"effective": "2025-07-01"})
        assert equity(run(late))[:2] == approx([1.06, 0.0])

    def test_principal_pays_the_notes_before_purchases(self) -> None:
        # Instalments of 1 % a quarter of 98.
        result = run(deal(interest=[], principal=[CURE]), amortization_rate=0.04)
        assert of_note(result, "A", "principal_paid")[0] == approx(0.98)
        assert result["collateral"][0]["purchase_cost"] == 0.0

    def test_interest_may_buy_collateral_and_the_target_par_confirms_for_good(self) -> None:
        result = run(deal(interest=[{**CURE, "pay": "buy"}]))
        bought = [row["purchase_cost"] for row in result["collateral"]]
        # 1.06 of the 2 that lack, then 0.94; what was bought repays 0.25 % a quarter, which is bought again.
        assert bought[:2] == approx([1.06, 0.94 + 0.0025 * 1.06])
        assert bought[2] < 0.01
        # What was bought earns 8 % for 91 days.
        assert equity(result)[:2] == approx([0.0, 1.06 - 0.94 + 1.06 * 0.08 * 91 / 360])
        assert equity(result)[2] > 1.1
        assert [row["event"] for row in result["events"]] == ["effective date confirmed"]

    def test_a_par_that_was_reached_once_may_be_lost_again(self) -> None:
        falls = run(deal(interest=[CURE]), par=100.0, amortization_rate=0.04, purchase_price=1.0)
        # 100 on the first date; the last instalments pay the notes and the target par is no longer asked for.
        assert equity(falls)[0] == approx(1.1)
        assert min(equity(falls)) > 1.0

    def test_a_payment_date_goes_on_from_what_its_state_says(self) -> None:
        document = deal(interest=[CURE], dates={"stated_maturity": "2027-01-15"})
        state = {
            "cloche_state": 1,
            "payment_date": "2025-07-15",
            "previous_payment_date": "2025-04-15",
            "determination_date": "2025-07-15",
            "index_fixings": {"sofr_3m": 0.04},
            "collected": {"interest": 2.0, "principal": 0.0},
            "notes": {"A": {"balance": 60.0}, "SUB": {"balance": 40.0}},
            "collateral": {"performing_par": 98.0},
        }
        # An earlier date was after the effective date: nobody says that the ratings were not confirmed on it.
        for said, paid in ((None, 0.0), (True, 0.0), (False, 1.1)):
            given = {**state, "ratings_confirmed": said} if said is not None else state
            result = crossing.run_payment_date(document, given)
            assert of_note(result, "A", "principal_paid") == approx([paid])
            assert result["ratings_confirmed"] is (said is not False)

    def test_a_run_goes_on_from_a_state(self) -> None:
        document = deal(interest=[CURE])
        whole = cl.Deal.from_dict(document)
        tape = {
            "loan_id": ["L1"],
            "par": [98.0],
            "spread": [0.04],
            "maturity": ["2030-01-15"],
            "rating": ["B"],
        }
        pool = cl.LoanPool.from_columns({**tape, "coupon_type": ["floating"]}, as_of="2025-01-15")
        base = cl.Scenario(cdr=0.0, rates=0.04, recovery=0.4, recovery_lag_months=6)
        for events in ((), ({"confirm_ratings": True, "date": "2025-04-15"},)):
            straight = cl.project(whole, pool, base.replace(events=list(events)))
            after = straight.state_at("2025-04-15")
            assert after.to_dict()["ratings_confirmed"] is bool(events)
            on = cl.project(whole, pool, base.replace(events=list(events)), state=after)
            late = [row for row in straight.cashflows.rows() if str(row["date"]) > "2025-04-15"]
            assert list(on.cashflows.rows()) == late


class TestSpecialRedemptions:
    @pytest.mark.parametrize("terms", [{"amount": 0.5}, {"share": 0.4}])
    def test_principal_that_cannot_be_invested_pays_the_notes(self, terms: Document) -> None:
        event = {"special_redemption": terms, "date": "2025-07-15"}
        result = run(deal(), event, amortization_rate=0.04)
        bought = [row["purchase_cost"] for row in result["collateral"]]
        principal = [row["principal_cash"] for row in result["collateral"]]
        # Instalments of 1 % of 98 a quarter, and 0.25 % of what was bought with the first.
        assert principal[:2] == approx([0.98, 0.98 + 0.0025 * 0.98])
        redeemed = terms.get("amount", 0.4 * principal[1])
        assert of_note(result, "A", "principal_paid")[:2] == approx([0.0, redeemed])
        assert bought[:3] == approx([principal[0], principal[1] - redeemed, principal[2]])
        assert [row["event"] for row in result["events"]] == ["special redemption"]
        labels = {
            row["label"]
            for row in result["ledger"]
            if row["payee"] == "A" and row["paid"] == approx(redeemed)
        }
        assert labels == {"special redemption"}

    def test_it_may_end_the_reinvestment_period(self) -> None:
        event = {"special_redemption": {"amount": 0.5, "ends_reinvestment": True}, "date": "2025-07-15"}
        result = run(deal(), event, amortization_rate=0.04)
        bought = [row["purchase_cost"] for row in result["collateral"]]
        assert bought[0] > 0
        assert bought[1:] == [0.0, 0.0, 0.0]
        assert of_note(result, "A", "principal_paid")[1] == approx(result["collateral"][1]["principal_cash"])

    def test_a_step_of_the_deal_may_say_where_it_pays(self) -> None:
        step = {"verb": "pay_principal", "notes": [["A"]], "amount": "special_redemption"}
        event = {"special_redemption": {"amount": 0.5}, "date": "2025-07-15"}
        result = run(
            deal_of(
                dates={"reinvestment_end": "2025-10-15"},
                waterfalls={
                    "interest": [INTEREST, RESIDUAL],
                    "principal": [step, REINVEST, SEQUENCE, RESIDUAL],
                },
            ),
            event,
            amortization_rate=0.04,
        )
        assert of_note(result, "A", "principal_paid")[1] == approx(0.5)

    def test_what_cannot_be_meant_is_refused(self) -> None:
        for event, place in (
            ({"special_redemption": {}, "date": "2025-07-15"}, "events[0].special_redemption"),
            (
                {"special_redemption": {"share": 1.5}, "date": "2025-07-15"},
                "events[0].special_redemption.share",
            ),
            ({"confirm_ratings": True, "date": "2025-07-15"}, "events[0].confirm_ratings"),
        ):
            with pytest.raises(cl.DealError) as error:
                cl.Deal.from_dict(deal_of(events=[event]))
            assert place in {problem.place for problem in error.value.problems}


class TestTheEndOfTheReinvestmentPeriod:
    def test_the_first_date_on_which_the_condition_holds_is_the_first_after_the_period(self) -> None:
        # Instalments of 0.98 a quarter are bought again until the second date, whose principal pays the notes.
        rules = {"ends_when": "date >= 2025-07-15"}
        result = run(deal(reinvestment=rules), amortization_rate=0.04)
        bought = [row["purchase_cost"] > 0 for row in result["collateral"]]
        assert bought == [True, False, False, False]
        assert result["events"][0]["event"] == "end of the reinvestment period"

    def test_paths_leave_the_period_at_their_own_times(self) -> None:
        plain = cl.templates.us_bsl(par=400e6, closing="2025-06-18")
        early = plain.replace({"reinvestment.ends_when": "not passes('E OC')"})
        pool = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-06-18")
        base = cl.Scenario(cdr=0.05, cpr=0.20, recovery=0.5, recovery_lag_months=6, rates=0.043)
        model = cl.GaussianCopula(inter=0.2, intra=0.3)
        paths = cl.simulate(early, pool, model, scenario=base, paths=200, seed=7, threads=1)
        assert paths.conservation_error < 1e-9
        ends = []
        for path in range(40):
            replayed = paths.replay(path)
            found = [
                row for row in replayed.events.rows() if row["event"] == "end of the reinvestment period"
            ]
            fails = [
                row["date"]
                for row in replayed.tests.filter(test="E OC").rows()
                if row["passes"] is False and row["date"].isoformat() < early.dates.reinvestment_end
            ]
            assert bool(found) is bool(fails)
            ends += [row["date"] for row in found]
        assert len(set(ends)) > 1
