"""Why a class was paid what it was: the whole text of a few situations, and what is true of every date of a path."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import numpy as np
import pytest

import cloche as cl
from cloche.result.documents_in_force import InForce
from cloche.result.explanation import explained
from cloche.result.schemas import PATH_TABLES
from cloche.table import Table, encode
from engine.states import STATE
from reference import tiny

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
POOL = cl.synthetic.loan_pool(n=60, seed=7, as_of="2025-03-20")
BASE = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)


def date(
    *,
    interest: float = 9.9e6,
    principal: float = 6e6,
    par: float = 494e6,
    notes: dict[str, dict[str, float]] | None = None,
    deal: cl.Deal = DEAL,
) -> cl.PaymentDate:
    state: dict[str, Any] = copy.deepcopy(STATE)
    state["collected"] = {"interest": interest, "principal": principal}
    state["collateral"]["performing_par"] = par
    for name, facts in (notes or {}).items():
        state["notes"].setdefault(name, {}).update(facts)
    return cl.run_payment_date(deal, cl.DealState.from_dict(state))


def test_paid_in_full_while_principal_is_not_yet_due() -> None:
    assert date().explain("C") == (
        "On 2026-01-20 Class C received 467,666.67 of interest, which is all that was due, and no principal.\n"
        "\n"
        "Interest. 467,666.67 was due: 30,000,000 at 6.1% for 92 days of 360. Interest proceeds were 9,900,000; "
        "first came fees of 271,161.11 and interest of 5,080,444.44 to Class A and Class B. 4,548,394.44 reached "
        "clause H, and paid it in full.\n"
        "\n"
        "Principal. Principal proceeds were 6,000,000. Clause P7 kept 6,000,000 on deposit. Principal that is "
        "kept for purchases is not due to the notes. 30,000,000 is outstanding."
    )


def test_a_cure_took_the_cash_and_the_interest_is_deferred() -> None:
    assert date(par=430e6).explain("C") == (
        "On 2026-01-20 Class C received nothing of 467,666.67 of interest due, and no principal.\n"
        "\n"
        "Interest. 467,666.67 was due: 30,000,000 at 6.1% for 92 days of 360. Interest proceeds were 9,900,000; "
        "first came fees of 271,161.11 and interest of 5,080,444.44 to Class A and Class B. The A/B OC test failed, "
        "at 117.84% where 125.00% is required: clause G paid 4,548,394.44 to Class A, of 21,200,000 needed. Nothing "
        "was left for clause H. The missing 467,666.67 is deferred; deferred interest is now 467,666.67.\n"
        "\n"
        "Principal. Principal proceeds were 6,000,000. For the same test clause P2 paid 6,000,000 to Class A, of "
        "83,258,027.78 needed. 30,000,000 is outstanding."
    )


def test_the_senior_class_is_redeemed_by_that_cure() -> None:
    assert date(par=430e6).explain("A").splitlines()[-1] == (
        "Principal. The A/B OC test failed, at 117.84% where 125.00% is required: clause G paid 4,548,394.44 to "
        "Class A, of 21,200,000 needed. For the same test clause P2 paid 6,000,000 to Class A, of 83,258,027.78 "
        "needed. 299,451,605.56 is outstanding."
    )


def without_labels(deal: cl.Deal) -> cl.Deal:
    """Return the deal with clauses that have no letters."""
    document = deal.to_dict()
    for steps in document["waterfalls"].values():
        for step in steps:
            step.pop("label", None)
    return cl.Deal.from_dict(document)


def test_steps_without_letters_are_told_apart_by_where_they_stand() -> None:
    # All coverage tests fail, and each class has the same verbs: a cure names its own tests, a step its own classes.
    deal = without_labels(cl.templates.us_bsl(par=500e6, closing="2025-03-20", class_x=2e6))
    failing = date(par=430e6, deal=deal, notes={"X": {"balance": 2e6, "amortization_due": 250e3}})
    assert (
        failing.explain("C")
        .split("\n\n")[1]
        .startswith(
            "Interest. 467,666.67 was due: 30,000,000 at 6.1% for 92 days of 360. Interest proceeds were 9,900,000; "
            "first came fees of 271,161.11, interest of 5,106,000 to Class X, Class A and Class B and amortization of "
            "250,000 to Class X. The A/B OC test failed, at 117.84% where 125.00% is required: the cure step paid "
            "4,272,838.89 to Class A, of 21,200,000 needed. Nothing was left for the interest step."
        )
    )
    assert "which it shares with Class X by amounts due, and paid it in full." in failing.explain("A")
    assert "shares" not in failing.explain("B")


def test_a_senior_class_that_may_not_defer_is_helped_from_principal_and_ends_overdue() -> None:
    assert date(interest=4.6e6, principal=1e5).explain("B").split("\n\n")[1] == (
        "Interest. 881,666.67 was due: 60,000,000 at 5.75% for 92 days of 360. Interest proceeds were 4,600,000; "
        "first came fees of 271,161.11 and interest of 4,198,777.78 to Class A. 130,061.11 reached clause F: "
        "130,061.11 was paid and 751,605.56 is missing. Principal proceeds were 100,000. 100,000 reached clause P1: "
        "100,000 was paid and 651,605.56 is missing. 651,605.56 is overdue: interest of this class may not be "
        "deferred."
    )


def test_a_junior_class_is_starved_where_no_test_takes_cash_either() -> None:
    deal = DEAL.replace({f"tests.{name}.trigger": 0.9 for name in ("A/B IC", "C IC", "D IC")})
    assert date(interest=6.2e6, deal=deal).explain("E").split("\n\n")[1] == (
        "Interest. 638,888.89 was due: 25,000,000 at 10% for 92 days of 360. Interest proceeds were 6,200,000; first "
        "came fees of 271,161.11 and interest of 5,928,838.89 to Class A, Class B, Class C and Class D. Nothing was "
        "left for clause N. The missing 638,888.89 is deferred; deferred interest is now 638,888.89."
    )


def test_deferred_interest_of_earlier_dates_is_paid_at_its_own_clause() -> None:
    told = date(notes={"D": {"deferred_interest": 200_000}}).explain("D").split("\n\n")
    assert told[0] == (
        "On 2026-01-20 Class D received 547,962.22 of interest, which is all that was due, 200,000 of deferred "
        "interest, and no principal."
    )
    assert (
        "547,962.22 was due: 30,000,000 and 200,000 of deferred interest at 7.1% for 92 days of 360."
        in told[1]
    )
    assert told[2] == (
        "Deferred interest. 200,000 stood deferred from earlier dates. 200,000 was paid at clause M. Nothing remains."
    )


def test_the_residual_in_a_diversion() -> None:
    assert date(par=475e6).explain("SUB") == (
        "On 2026-01-20 the SUB notes received 1,192,577.78.\n"
        "\n"
        "Interest proceeds were 9,900,000; first came fees of 676,088.89 and interest of 6,731,333.33 to Class A, "
        "Class B, Class C, Class D and Class E. The Reinvestment OC test failed, at 105.71% where 106.00% is "
        "required: clause Q moved 1,300,000 to the principal account, all that is needed. 1,192,577.78 was left. It "
        "received 1,192,577.78 at clause U1.\n"
        "\n"
        "Principal proceeds were 6,000,000, which 1,300,000 of interest proceeds joined. Clause P7 kept 7,300,000 on "
        "deposit. Nothing was left for clause P8."
    )


def test_what_was_repaid_before_and_what_does_not_exist() -> None:
    assert date(notes={"A": {"balance": 0.0}}).explain("A") == (
        "On 2026-01-20 Class A received nothing: it was repaid before."
    )
    with pytest.raises(
        cl.RunError, match="note: found 'SUBB', which the run does not have; did you mean 'SUB'"
    ):
        date().explain("SUBB")


@pytest.fixture(scope="module")
def run() -> cl.Result:
    return cl.project(DEAL, POOL, BASE)


def test_after_the_reinvestment_period_senior_classes_come_first(run: cl.Result) -> None:
    first = "Principal. Principal proceeds were "
    assert run.explain("2032-01-20", "A").split("\n\n")[2].startswith(first)
    told = run.explain(dt.date(2032, 1, 20), "B").split("\n\n")[2]
    assert told.startswith(first)
    assert ". Class A comes first and took " in told
    assert told.endswith(". 60,000,000 is outstanding.")


def test_a_date_that_is_no_payment_date_names_the_nearest(run: cl.Result) -> None:
    with pytest.raises(
        cl.RunError, match="found 2026-01-19, which is no payment date of the run; the nearest is 2026"
    ):
        run.explain("2026-01-19", "A")
    with pytest.raises(cl.RunError, match="date: found 'soon', expected a date such as 2025-10-20"):
        run.explain("soon", "A")
    with pytest.raises(cl.RunError, match="date: found 7, expected a payment date"):
        run.explain(7, "A")  # type: ignore[arg-type]


@pytest.mark.parametrize("cdr", [0.02, 0.09, 0.25])
def test_every_class_can_be_explained_on_every_date_and_its_headline_has_what_it_received(cdr: float) -> None:
    bad = cl.project(DEAL, POOL, BASE.replace(cdr=cdr))
    for row in bad.cashflows.rows():
        told = bad.explain(row["date"], row["note"])
        headline = told.split("\n\n")[0]
        assert headline.startswith(f"On {row['date']} ")
        if row["principal_paid"] > 0.01:
            assert f"{row['principal_paid']:,.2f}".removesuffix(".00") + " of principal" in headline
        if row["deferred_interest"] > 0.01:
            assert (
                f"is deferred; deferred interest is now {row['deferred_balance']:,.2f}".removesuffix(".00")
                in told
            )
        assert "outside the waterfalls" not in told


def test_a_replayed_path_explains_itself_and_pari_passu_classes_name_one_another() -> None:
    document = DEAL.to_dict()
    b = next(note for note in document["notes"] if note["name"] == "B")
    place = document["notes"].index(b)
    document["notes"][place : place + 1] = [{**b, "name": f"B-{k}", "balance": 30e6} for k in (1, 2)]
    del document["waterfalls"]
    for test in document["tests"]:
        test["through"] = "B-2" if test["through"] == "B" else test["through"]
    deal = cl.Deal.from_dict({**document, "template": "us_bsl_2"})
    model = cl.GaussianCopula(inter=0.1, intra=0.2)
    path = cl.simulate(deal, POOL, model, scenario=BASE, paths=16, seed=1).replay(3)
    told = path.explain("2027-01-20", "B-1")
    assert "reached clause F, which it shares with Class B-2 by amounts due, and paid it in full." in told
    late = next(row for row in path.cashflows.filter(note="B-1").rows() if row["principal_paid"] > 1)
    assert "shared with Class B-2 by balances" in path.explain(late["date"], "B-1")


def test_a_class_x_is_paid_pari_passu_and_what_is_unpaid_at_the_end_is_lost() -> None:
    deal = cl.templates.us_bsl(class_x=2e6)
    told = cl.project(deal, POOL, BASE).explain("2026-01-20", "X").split("\n\n")
    assert told[0] == (
        "On 2026-01-20 Class X received 23,702.78 of interest, which is all that was due, and 250,000 of principal."
    )
    assert told[1].endswith(
        "reached clause E, which it shares with Class A by amounts due, and paid it in full."
    )
    assert told[2] == ("Principal. Clause E paid the instalment of 250,000. 1,500,000 is outstanding.")
    ruin = cl.project(deal, POOL, BASE.replace(cdr=0.30))
    end = max(ruin.cashflows.column("date").python())
    row = next(ruin.cashflows.filter(note="E", date=end).rows())
    assert ruin.explain(end, "E").endswith(f"{row['final_loss']:,.0f} is lost: this is the last date.")


def test_a_class_that_a_turbo_repays_from_interest_says_so_and_a_last_payment_leaves_nothing() -> None:
    deal = cl.templates.us_bsl(turbo_share=0.5)
    run = cl.project(deal, POOL, BASE.replace(cdr=0.0))
    row = next(row for row in run.ledger.filter(label="U0").rows() if row["paid"] > 1)
    told = run.explain(row["date"], "E").split("\n\n")[2]
    assert told.startswith("Principal. Interest proceeds were ")
    assert f"Clause U0 paid {row['paid']:,.2f}, of 25,000,000 owed." in told
    last = next(row for row in run.cashflows.filter(note="A").rows() if row["end_balance"] < 0.01)
    assert run.explain(last["date"], "A").endswith(", all that was owed. Nothing is outstanding.")


def test_principal_that_is_held_since_a_coverage_test_fails_says_so() -> None:
    document = DEAL.to_dict()
    steps = document["waterfalls"]["principal"]
    steps.insert(0, {"reinvest": "all", "when": "during_reinvestment", "label": "P0"})
    told = date(par=430e6, deal=cl.Deal.from_dict(document)).explain("E").split("\n\n")[2]
    assert "Clause P0 kept 6,000,000 on deposit, as a coverage test fails." in told


def test_one_pot_after_an_acceleration_says_so_and_steps_without_letters_are_named_by_what_they_pay() -> None:
    day = dt.date(2028, 4, 20)
    number = (day - dt.date(1970, 1, 1)).days
    steps = [("pay_fee", "senior", 1e5), ("pay_interest", "A", 2e6), ("pay_principal", "A", 9e6)]
    before = [11.1e6, 11.0e6, 9.0e6, 0.0]
    steps.append(("pay_interest", "B", 0.0))
    raw: dict[str, Any] = {
        "conservation_error": 0.0,
        "ledger": {
            "date": np.full(4, number, dtype=np.int32),
            "waterfall": encode(["acceleration"] * 4),
            "step": encode([step for step, _, _ in steps]),
            "label": encode([""] * 4),
            "payee": encode([payee for _, payee, _ in steps]),
            "due": np.array([1e5, 2e6, 90e6, 5e5]),
            "paid": np.array([paid for _, _, paid in steps]),
            "available_before": np.array(before),
            "source": encode(["acceleration"] * 4),
            "reason": encode(["paid in full"] * 4),
        },
        "tests": {"date": np.array([], dtype=np.int32), "test": encode([])},
        "cashflows": {
            "date": np.full(2, number, dtype=np.int32),
            "note": encode(["A", "B"]),
            **{
                name: np.array(values)
                for name, values in {
                    "begin_balance": [90e6, 60e6],
                    "rate": [0.05, 0.06],
                    "day_count_fraction": [0.25, 0.25],
                    "interest_due": [2e6, 5e5],
                    "interest_paid": [2e6, 0.0],
                    "deferred_interest": [0.0, 0.0],
                    "deferred_paid": [0.0, 0.0],
                    "deferred_balance": [0.0, 0.0],
                    "interest_shortfall": [0.0, 5e5],
                    "principal_paid": [9e6, 0.0],
                    "end_balance": [81e6, 60e6],
                    "final_loss": [0.0, 0.0],
                }.items()
            },
        },
    }
    run = cl.Result.from_engine(raw, document=DEAL.to_canonical(), manifest={})
    assert run.explain(day, "A") == (
        "On 2028-04-20, after an acceleration, Class A received 2,000,000 of interest, which is all that was due, and "
        "9,000,000 of principal.\n"
        "\n"
        "Interest. 2,000,000 was due: 90,000,000 at 5% for 90 days of 360. All proceeds were 11,100,000; first came "
        "fees of 100,000. 11,000,000 reached the interest step, and paid it in full.\n"
        "\n"
        "Principal. All proceeds were 11,100,000; first came fees of 100,000 and interest of 2,000,000 to Class A. The "
        "principal step paid 9,000,000, of 90,000,000 owed. 81,000,000 is outstanding."
    )
    assert "Nothing was left for the interest step. 500,000 is overdue" in run.explain(day, "B")


def test_a_combination_note_receives_the_share_of_its_parts() -> None:
    day = np.array([(dt.date(2026, 1, 20) - dt.date(1970, 1, 1)).days], dtype=np.int32)
    zeros = ("deferred_interest", "deferred_paid", "deferred_balance", "interest_shortfall", "final_loss")
    amounts = {
        "begin_balance": 1e7,
        "interest_paid": 120_000.0,
        "principal_paid": 5_000.0,
        "end_balance": 9_995_000.0,
    }
    raw: dict[str, Any] = {
        "conservation_error": 0.0,
        "ledger": {
            "date": np.array([], dtype=np.int32),
            **{k: encode([]) for k in ("waterfall", "step", "payee")},
        },
        "tests": {"date": np.array([], dtype=np.int32), "test": encode([])},
        "cashflows": {
            "date": day,
            "note": encode(["COMBO"]),
            **{name: np.array([value]) for name, value in amounts.items()},
            **{name: np.zeros(1) for name in zeros},
        },
    }
    document = DEAL.to_canonical()
    document["notes"].append({"name": "COMBO", "combination_of": {"A": 8_500_000, "SUB": 1_500_000}})
    run = cl.Result.from_engine(raw, document=document, manifest={})
    assert run.explain("2026-01-20", "COMBO") == (
        "On 2026-01-20 the COMBO notes received 125,000.\n"
        "\n"
        "It is a combination of Class A and the SUB notes, and receives their share."
    )


CHEAPER = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": "105bp"}}
REFINANCED = BASE.replace(
    events=[{"refinance": {"A": {"into": [CHEAPER]}}, "date": "2027-07-20", "cost": {"fixed": 600_000}}]
)


def test_a_class_that_new_notes_redeem_and_the_notes_that_replace_it() -> None:
    run = cl.project(DEAL.replace({"closing.interest_reserve": 1e6}), POOL, REFINANCED)
    old, new = run.explain("2027-07-20", "A"), run.explain("2027-07-20", "A-R")
    assert old.splitlines()[-1] == (
        "Principal. Class A-R, which replaces it, paid 310,000,000 and redeemed it. Nothing is outstanding."
    )
    assert new == "On 2027-07-20 Class A-R was issued in the place of Class A, with a balance of 310,000,000."
    later = run.explain("2027-10-20", "A-R").split("\n\n")
    assert later[0].startswith("On 2027-10-20 Class A-R received 4,")
    assert " reached clause E, and paid it in full." in later[1]
    assert run.explain("2027-10-20", "A") == "On 2027-10-20 Class A received nothing: it was repaid before."
    assert "interest of 6," in run.explain("2027-10-20", "SUB")
    assert "to Class A-R, Class B, Class C" in run.explain("2027-10-20", "SUB")
    with pytest.raises(cl.RunError, match="date: found 2026-07-20; Class A-R is issued on 2027-07-20"):
        run.explain("2026-07-20", "A-R")


def test_the_summary_tells_what_happened_and_when() -> None:
    lines = cl.project(DEAL, POOL, REFINANCED).summary().splitlines()
    place = lines.index("Events")
    assert lines[place + 1] == "2027-07-20  refinancing  A is redeemed; 310,000,000 of A-R issued"
    assert "Events" not in cl.project(DEAL, POOL, BASE).summary()


def test_a_successor_is_named_at_the_pari_passu_step_of_its_class() -> None:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20", class_x=4e6, class_x_payments=16)
    told = cl.project(deal, POOL, REFINANCED).explain("2027-10-20", "SUB")
    assert "to Class X, Class A-R, Class B" in told
    assert "pay_pari_passu" not in told


def test_a_premium_of_a_call_is_told_apart_from_interest() -> None:
    # 60 at 6 % for a quarter, and 0.98519753 % of 60: see the premiums of the reference by hand.
    terms = {"until": "2026-01-15", "discount": {"fixed": 0.04}}
    deal = tiny.deal_of(notes=[{**tiny.A, "make_whole": terms}, tiny.SUB])
    scenario = tiny.scenario_of(events=[{"call": {}, "date": "2025-07-15"}])
    run = tiny.run(deal=deal, scenario=scenario)
    ledger, tests, cashflows = (
        Table.from_schema(
            {column: [row.get(column) for row in run[name]] for column in PATH_TABLES[name]},
            PATH_TABLES[name],
        )
        for name in ("ledger", "tests", "cashflows")
    )

    def told(date: str) -> str:
        return explained(
            date=date,
            note="A",
            ledger=ledger,
            tests=tests,
            cashflows=cashflows,
            course=[InForce(deal, {"A": "A", "SUB": "SUB"})],
        )

    due = "was due: 60 at 6% for 90 days of 360"
    assert f"0.90 {due}. " in told("2025-04-15")
    assert f"1.49 {due}, and 0.59 of make-whole premium." in told("2025-07-15")
