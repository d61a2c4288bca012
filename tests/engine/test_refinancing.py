"""Refinancings, re-pricings and issues: by hand, in many futures, and what may not be.

By hand, on the tiny deal: A is 60 at index 4 % + 2 %, due 0.9 a quarter; the loan of 100 pays 2.0; equity gets 1.1.
"""

import datetime as dt
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cloche as cl
from cloche.testing import strategies
from cloche.testing.reference.dates import unadjusted_dates
from cloche.testing.strategies import PAR, Case
from engine import crossing
from engine.agreement import close
from engine.test_against_reference import generated
from reference.tiny import CLOSING, deal_of, loan_of, of_note, scenario_of

Document = dict[str, Any]
approx = pytest.approx

CHEAPER: Document = {"index": "sofr_3m", "spread": 0.01, "day_count": "30/360"}
NEW: Document = {"name": "A-R", "balance": "outstanding", "coupon": CHEAPER}


def refinance(*into: Document, date: str = "2025-04-15", **more: Any) -> Document:
    return {"refinance": {"A": {"into": list(into)}}, "date": date, **more}


def projected(
    *events: Document, deal: Document | None = None, loan: Document | None = None
) -> dict[str, Any]:
    loans = [{"obligor_id": "O1", "fixed": False, "ccc": False, "weak": False, **(loan or loan_of())}]
    scenario = scenario_of(events=list(events), reinvestment={"price": {"kind": "constant", "value": 1.0}})
    return crossing.project(Case(deal or deal_of(), loans, CLOSING, scenario))


def equity(run: dict[str, Any]) -> list[float]:
    return [float(paid) for paid in of_note(run, "SUB", "interest_paid")]


class TestByHand:
    def test_saving_cost_and_payback(self) -> None:
        # 1 % of 60 saves 0.15 a quarter; the cost is 0.2 % of 60 and 0.13: 0.25, due ahead of equity.
        before = equity(projected())
        after = equity(projected(refinance(NEW, cost={"rate": 0.002, "fixed": 0.13})))
        gains = [new - old for old, new in zip(before, after, strict=True)]
        assert gains[:3] == approx([-0.25, 0.15, 0.15])
        # It is paid back on the second date after: 0.15 + 0.15 >= 0.25.
        assert sum(gains[:2]) < 0 <= sum(gains[:3])
        # Worth at 10 % on the date: 0.15 each after 91, 183 and 275 days.
        worth = sum(gain / 1.1 ** (days / 365) for gain, days in zip(gains, (0, 91, 183, 275), strict=True))
        assert worth == approx(
            -0.25 + 0.15 * (1 / 1.1 ** (91 / 365) + 1 / 1.1 ** (183 / 365) + 1 / 1.1 ** (275 / 365))
        )

    def test_the_old_class_has_a_final_row_and_the_new_one_begins(self) -> None:
        run = projected(refinance(NEW))
        assert of_note(run, "A", "interest_paid") == approx([0.9, 0.0, 0.0, 0.0])
        assert of_note(run, "A", "principal_paid") == approx([60.0, 0.0, 0.0, 0.0])
        assert of_note(run, "A-R", "interest_paid") == approx([0.0, 0.75, 0.75, 0.75])
        assert of_note(run, "A-R", "issued") == [60.0, 0.0, 0.0, 0.0]
        rows = {row["note"]: row for row in run["notes"]}
        # The life of the old class ends; that of the new one begins on 15 April 2025 and lasts 275 days.
        assert rows["A"]["wal"] == approx(90 / 365)
        assert (rows["A-R"]["replaces"], rows["A-R"]["original_balance"]) == ("A", 60.0)
        assert rows["A-R"]["wal"] == approx(275 / 365)
        # 0.75 and 60 at par on quarters: a little more than 5 % a year.
        assert 0.05 < rows["A-R"]["irr"] < 0.0520
        assert [row["event"] for row in run["events"]] == ["refinancing"]

    def test_what_interest_cannot_pay_of_the_cost_is_due_on_later_dates(self) -> None:
        run = projected(refinance(NEW, cost={"fixed": 3.0}))
        # 1.1 of 3.0 on the first date, 1.25 on the second, 0.65 on the third.
        assert equity(run)[:3] == approx([0.0, 0.0, 0.6])
        fees = [(row["due"], row["paid"], row["unpaid"]) for row in run["fees"]]
        assert fees[:3] == [approx((3.0, 1.1, 1.9)), approx((0.0, 1.25, 0.65)), approx((0.0, 0.65, 0.0))]

    def test_equity_may_pay_the_cost(self) -> None:
        run = projected(refinance(NEW, cost={"fixed": 2.0, "paid_from": "equity"}))
        assert equity(run)[:3] == approx([-0.9, 1.25, 1.25])
        # It counts as a flow of its date: -40, -0.9, 1.25, 1.25, 41.25.
        flows = [-0.9, 1.25, 1.25, equity(run)[3]]
        rate = next(row["irr"] for row in run["notes"] if row["note"] == "SUB")
        days = (90, 181, 273, 365)
        worth = sum(flow / (1 + rate) ** (day / 365) for flow, day in zip(flows, days, strict=True))
        assert worth == approx(40.0)

    def test_proceeds_may_pay_the_cost_and_the_rest_is_principal(self) -> None:
        larger = {**NEW, "balance": 64.0, "issue_price": 0.99}
        run = projected(refinance(larger, cost={"fixed": 1.0, "paid_from": "proceeds"}))
        paid = {row["payee"]: row["paid"] for row in run["ledger"] if row["waterfall"] == "refinancing"}
        # 63.36 pay 60 and 1.0; 2.36 stay.
        assert paid == {"A": 60.0, "refinancing cost": 1.0, "principal account": approx(2.36)}
        assert run["collateral"][1]["principal_cash"] == approx(2.36)
        assert of_note(run, "A-R", "principal_paid")[1] == approx(2.36)

    def test_a_new_spread_holds_from_the_period_that_starts_on_the_date(self) -> None:
        run = projected({"reprice": {"A": {"spread": 0.01}}, "date": "2025-07-15", "cost": {"rate": 0.001}})
        assert of_note(run, "A", "interest_paid") == approx([0.9, 0.9, 0.75, 0.75])
        assert of_note(run, "A", "rate") == approx([0.06, 0.06, 0.05, 0.05])
        assert equity(run)[:3] == approx([1.1, 1.1 - 0.06, 1.25])

    def test_a_later_step_of_the_coupon_replaces_a_new_spread(self) -> None:
        deal = deal_of()
        deal["notes"] = [dict(note) for note in deal["notes"]]
        steps = [{"from": "2025-10-15", "spread": 0.03}]
        deal["notes"][0]["coupon"] = {**deal["notes"][0]["coupon"], "step_up": steps}
        run = projected({"reprice": {"A": {"spread": 0.01}}, "date": "2025-04-15"}, deal=deal)
        assert of_note(run, "A", "rate") == approx([0.06, 0.05, 0.05, 0.07])

    def test_a_note_may_join_a_class_and_equity_may_add_money(self) -> None:
        joins = {"name": "A-2", "balance": 6.0}
        run = projected({"issue": {"notes": {"A": joins}, "equity": 4.0}, "date": "2025-04-15"})
        assert equity(run)[0] == approx(1.1 - 4.0)
        assert run["collateral"][1]["principal_cash"] == approx(10.0)
        # 10 of principal are shared by 60 and 6.
        assert of_note(run, "A", "principal_paid")[1] == approx(10.0 * 60 / 66)
        assert of_note(run, "A-2", "principal_paid")[1] == approx(10.0 * 6 / 66)
        assert of_note(run, "A-2", "interest_paid")[1] == approx(0.09)


BASE: Document = {"cdr": 0.02, "cpr": 0.20, "recovery": 0.70, "recovery_lag_months": 6, "rates": 0.043}
CHEAP_A: Document = {
    "name": "A-R",
    "balance": "outstanding",
    "coupon": {"index": "sofr_3m", "spread": "105bp"},
}
DATED: Document = {"refinance": {"A": {"into": [CHEAP_A]}}, "date": "2027-07-20", "cost": {"rate": 0.001}}
LATE: Document = {**DATED, "when": "note_factor('A') < 0.9", "date": None}


def scenario(*events: Document, **changes: Any) -> cl.Scenario:
    return cl.Scenario(**{**BASE, **changes}, events=events)


@pytest.fixture(scope="module")
def runs(deal: cl.Deal, pool: cl.LoanPool) -> cl.Simulation:
    model = cl.GaussianCopula(inter=0.3, intra=0.4)
    events = (
        LATE,
        {
            "reprice": {"B": "150bp"},
            "when": "performing_par < 465000000",
            "from": "2026-01-20",
            "cost": {"fixed": 1e5, "paid_from": "equity"},
        },
    )
    return cl.simulate(
        deal, pool, model, scenario=scenario(*events, cdr=None), paths=512, seed=3, keep="paths"
    )


class TestInManyFutures:
    def test_each_path_meets_a_condition_at_its_own_time(self, runs: cl.Simulation) -> None:
        assert runs.conservation_error < 1e-10
        met: dict[str, set[dt.date]] = {"refinancing": set(), "repricing": set()}
        for path in range(0, 512, 32):
            for row in runs.replay(path).events.rows():
                if row["event"] in met:
                    met[row["event"]].add(row["date"])
        assert len(met["refinancing"]) > 2
        assert len(met["repricing"]) > 2

    def test_a_replay_has_the_figures_of_its_path(self, runs: cl.Simulation) -> None:
        rows = list(runs.paths.rows())
        for path in range(0, 512, 16):
            own = {row["note"]: row for row in rows if row["path"] == path}
            for row in runs.replay(path).notes.rows():
                name = row["note"]
                assert own[name]["principal_loss"] == approx(row["principal_loss"], rel=1e-12), name
                if name == "SUB":
                    assert own[name]["irr"] == row["irr"]
                elif row["wal"] is not None:
                    assert own[name]["wal"] == approx(row["wal"], rel=1e-9)

    def test_points_of_a_sweep_are_those_of_their_own_projections(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        points = [scenario(cdr=0.01), scenario(DATED), scenario(DATED, cdr=0.04), scenario(LATE)]
        swept = cl.sweep(deal, pool, points)
        for point, one in enumerate(points):
            alone = cl.project(deal, pool, one).notes
            rows = [row for row in swept.notes.rows() if row["point"] == point]
            assert [row["note"] for row in rows] == alone["note"].tolist()
            for column in ("irr", "wal", "principal_paid", "original_balance", "replaces"):
                assert [row[column] for row in rows] == [row[column] for row in alone.rows()], column

    def test_one_assumption_runs_over_many_deals(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        spreads = [0.0125, 0.0145, 0.0150]
        points = cl.grid(scenario(DATED), cdr=[0.01, 0.03], deal={"notes.A.coupon.spread": spreads})
        swept = cl.sweep(deal, pool, points)
        returns = [row["irr"] for row in swept.notes.rows() if row["note"] == "SUB"]
        alone = [
            cl.project(deal.replace({"notes.A.coupon.spread": spread}), pool, scenario(DATED, cdr=cdr)).notes
            for cdr in (0.01, 0.03)
            for spread in spreads
        ]
        assert sorted(returns) == sorted(notes.filter(note="SUB")["irr"][0] for notes in alone)


class TestComparison:
    def test_the_gain_is_the_saving_less_the_cost(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        gain = cl.compare(cl.project(deal, pool, scenario()), cl.project(deal, pool, scenario(DATED)))
        old = next(note for note in deal.to_canonical()["notes"] if note["name"] == "A")["coupon"]["spread"]
        after = cl.project(deal, pool, scenario(DATED)).cashflows.filter(note="A-R")
        # saving = (old spread - new spread) · balance · dcf, while no test fails and no incentive fee is due
        saved = {
            row["date"]: (old - 0.0105) * row["begin_balance"] * row["day_count_fraction"]
            for row in after.rows()
            if row["begin_balance"] > 0
        }
        gains = {row["date"]: row["gain"] for row in gain.equity.rows()}
        days = sorted(saved)[:12]
        assert [gains[day] for day in days] == approx([saved[day] for day in days], rel=1e-9)
        assert gain.cost == approx(0.001 * 310e6)
        assert gain.payback is not None
        sums = {day: -gain.cost + sum(saved[d] for d in days if d <= day) for day in days}
        assert gain.payback == min(day for day in days if sums[day] >= 0)
        replaces = {row["note"]: row["replaces"] for row in gain.notes.rows()}
        assert replaces["A-R"] == "A"

    @settings(generated, max_examples=100)
    @given(st.data())
    def test_equal_spreads_without_cost_change_nothing(self, data: st.DataObject) -> None:
        case = data.draw(strategies.cases())
        days = unadjusted_dates(case.deal["dates"])
        assume(case.as_of.isoformat() <= case.deal["dates"]["closing"] and len(days) > 1)
        classes = [note["name"] for note in case.deal["notes"] if note.get("principal_rank") is not None]
        old = data.draw(st.sampled_from(classes))
        day = data.draw(st.sampled_from(days[:-1]))
        event = {
            "refinance": {old: {"into": [{"name": "NEW", "balance": "outstanding"}]}},
            "date": day.isoformat(),
        }
        plain = crossing.project(case)
        # What is unpaid of a class becomes principal of its successor.
        on_date = [row for row in plain["cashflows"] if row["note"] == old and row["date"] >= day]
        assume(on_date and on_date[0]["deferred_balance"] == on_date[0]["interest_shortfall"] == 0)
        ours = crossing.project(Case(case.deal, case.loans, case.as_of, {**case.scenario, "events": [event]}))
        for table, name in ((run["cashflows"], run) for run in (plain, ours)):
            for row in table:
                row["note"] = old if row["note"] == "NEW" else row["note"]
            assert name["conservation_error"] < 1e-9
        totals = []
        for run in (plain, ours):
            sums: dict[tuple[Any, str], float] = {}
            for row in run["cashflows"]:
                key = (row["date"], row["note"])
                paid = row["interest_paid"] + row["deferred_paid"] + row["principal_paid"] - row["issued"]
                sums[key] = sums.get(key, 0.0) + paid
            totals.append(sums)
        assert totals[0].keys() == totals[1].keys()
        assert all(close(totals[0][key], totals[1][key], PAR) for key in totals[0])


class TestProblems:
    def test_everything_that_cannot_be_meant_is_said_at_once(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        events: list[Document] = [
            {"refinance": {"A": {"into": [CHEAP_A]}}, "date": "2026-01-20"},
            {"refinance": {"SUB": {"into": [{"name": "S", "balance": 1}]}}, "date": "2028-01-20"},
            {"refinance": {"Z": {"into": [{"name": "Z-R", "balance": 1}]}}, "date": "2028-01-20"},
            {
                "refinance": {"B": {"into": [{"name": "C", "balance": 1}]}},
                "when": "balance('B') > 0",
                "repeat": True,
            },
            {"reprice": {"SUB": 0.01}, "date": "2028-01-20", "cost": {"paid_from": "proceeds"}},
            {"issue": {"notes": {"A": {"name": "A-9", "balance": "outstanding"}}}, "date": "2028-01-20"},
        ]
        with pytest.raises(cl.ScenarioError) as refused:
            cl.project(deal, pool, scenario(*events))
        found = {problem.place for problem in refused.value.problems}
        assert found >= {
            "scenario.events[1].refinance.SUB",
            "scenario.events[2].refinance.Z",
            "scenario.events[3].refinance.B.into[0].name",
            "scenario.events[5].issue.notes.A.balance",
        }

    def test_the_document_must_give_the_right(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        rights: Document = {"optional_redemption": {"after": "non_call_end"}}
        with pytest.raises(cl.ScenarioError, match=r"events\[0\].refinance: the deal does not give"):
            cl.project(deal.replace({"rights": rights}), pool, scenario(DATED))
        dearer = {**CHEAP_A, "coupon": {"index": "sofr_3m", "spread": "205bp"}}
        rights = {"refinancing": {"after": "non_call_end", "cost_of_debt_not_higher": True}}
        strict = deal.replace({"rights": rights})
        assert cl.project(strict, pool, scenario(DATED)).conservation_error < 1e-12
        with pytest.raises(cl.ScenarioError, match="cost of debt that is not higher"):
            cl.project(strict, pool, scenario({**DATED, "refinance": {"A": {"into": [dearer]}}}))

    def test_proceeds_must_pay_what_they_redeem(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        small = {**DATED, "refinance": {"A": {"into": [{**CHEAP_A, "balance": 300e6}]}}}
        with pytest.raises(cl.ScenarioError) as refused:
            cl.project(deal, pool, scenario(small))
        (problem,) = refused.value.problems
        assert problem.place == "scenario.events[0].refinance"
        assert "found proceeds of 300000000.00 on its date; expected 310000000.00" in problem.message
        with pytest.raises(cl.ScenarioError):
            cl.simulate(
                deal, pool, cl.GaussianCopula(0.2, 0.3), scenario=scenario(small, cdr=0.02), paths=64, seed=1
            )


class TestFromAState:
    def test_a_refinancing_after_the_state_is_that_of_the_straight_run(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        straight = cl.project(deal, pool, scenario(DATED))
        state = straight.state_at("2026-10-20")
        rest = cl.project(deal, pool, scenario(DATED), state=state)
        tail = [row for row in straight.cashflows.rows() if row["date"] > dt.date(2026, 10, 20)]
        assert list(rest.cashflows.rows()) == tail

    def test_one_that_has_acted_goes_on_with_its_new_notes(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        straight = cl.project(deal, pool, scenario(DATED))
        state = straight.state_at("2027-10-20")
        new = state.to_dict()["notes"]["A-R"]
        assert new["balance"] == new["original_balance"] > 0
        rest = cl.project(deal, pool, scenario(DATED), state=state)
        tail = [row for row in straight.cashflows.rows() if row["date"] > dt.date(2027, 10, 20)]
        assert list(rest.cashflows.rows()) == tail
        row = next(row for row in rest.notes.rows() if row["note"] == "A-R")
        assert (row["replaces"], row["original_balance"]) == ("A", new["balance"])

    def test_a_state_that_has_not_seen_it_keeps_the_class(self, deal: cl.Deal, pool: cl.LoanPool) -> None:
        state = cl.project(deal, pool, scenario()).state_at("2027-10-20")
        rest = cl.project(deal, pool, scenario(DATED), state=state)
        assert {row["note"] for row in rest.notes.rows()} == {"A", "B", "C", "D", "E", "SUB"}

    def test_without_its_event_a_state_names_the_note_that_the_run_lacks(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        state = cl.project(deal, pool, scenario(DATED)).state_at("2027-10-20")
        with pytest.raises(cl.DealError, match=r"state\.notes\.A-R: unknown note"):
            cl.project(deal, pool, scenario(), state=state)

    def test_a_new_spread_goes_on_and_one_that_no_event_sets_is_refused(
        self, deal: cl.Deal, pool: cl.LoanPool
    ) -> None:
        events = scenario({"reprice": {"B": "150bp"}, "date": "2027-07-20"})
        straight = cl.project(deal, pool, events)
        for day in ("2027-07-20", "2027-10-20"):
            state = straight.state_at(day)
            repriced = state.to_dict()["notes"]["B"]["repriced"]
            assert repriced["event"] == "scenario.events[0]"
            assert repriced.get("on_this_date", False) == (day == "2027-07-20")
            tail = [row for row in straight.cashflows.rows() if row["date"] > dt.date.fromisoformat(day)]
            assert list(cl.project(deal, pool, events, state=state).cashflows.rows()) == tail
        with pytest.raises(cl.DealError, match=r"state\.notes\.B\.repriced\.event"):
            cl.project(deal, pool, scenario(), state=state)


def test_the_notes_of_a_class_stand_in_the_order_in_which_they_are_written(pool: cl.LoanPool) -> None:
    coupon = {"index": "sofr_3m", "spread": 0.01}
    into = [
        {"name": f"A-R{k}", "balance": balance, "coupon": coupon} for k, balance in ((1, 200e6), (2, 110e6))
    ]
    again = [
        {"name": f"A-RR{k}", "balance": balance, "coupon": coupon} for k, balance in ((1, 150e6), (2, 50e6))
    ]
    events = [
        {"date": "2027-07-20", "refinance": {"A": {"into": into}}},
        {"date": "2028-07-20", "refinance": {"A-R1": {"into": again}}},
    ]
    run = cl.project(cl.templates.us_bsl(par=500e6, closing="2025-03-20"), pool, scenario(*events))
    assert run.notes["note"].tolist()[:6] == ["A", "A-R1", "A-RR1", "A-RR2", "A-R2", "B"]
