//! The alternatives of the conventions, on payment dates whose numbers are done by hand.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

mod common;

use common::by_hand::{A1, A2, C, SUB, close, deal, pay, residual, state, to_notes};
use serde_json::{Value, json};

fn with(mut document: Value, conventions: &Value) -> Value {
    document["conventions"] = conventions.clone();
    document
}

fn interest_then_cure(test: &str) -> Value {
    json!([
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "pay_interest", "notes": [["C"]]},
        {"verb": "cure", "tests": [test]},
        residual()
    ])
}

#[test]
fn an_interest_coverage_test_that_fails_may_take_all_that_is_left() {
    let interest = json!([
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "cure", "tests": ["A IC"]},
        residual()
    ]);
    let mut document = deal(&interest, &to_notes());
    document["tests"][2]["trigger"] = json!(1.1875);
    let nearly = state(9_496.0, 0.0, 1e6, &[]);
    // Q - I/T = 8,000 - 9,496/1.1875 = 3.3684: 252.63 of principal at 8,000/600,000 a unit.
    let result = pay(&document, &nearly);
    close(result.explained.notes[A1].principal_paid * 1.5, (8_000.0 - 9_496.0 / 1.1875) * 75.0);
    let all = with(document, &json!({"ic_cure": "all_remaining"}));
    let result = pay(&all, &nearly);
    close(result.explained.notes[A1].principal_paid * 1.5, 1_496.0);
    close(result.explained.notes[SUB].interest_paid, 0.0);
    let result = pay(&all, &state(9_500.0, 0.0, 1e6, &[]));
    close(result.explained.notes[SUB].interest_paid, 1_500.0);
}

#[test]
fn principal_may_pay_interest_of_a_junior_class_while_the_coverage_tests_hold_after_it() {
    let interest = json!([{"verb": "cure", "tests": ["C OC"]}, residual()]);
    let principal = json!([{"verb": "pay_interest", "notes": [["C"]]}, {"verb": "retain"}]);
    let document = with(deal(&interest, &principal), &json!({"interest_from_principal": "tests_hold"}));
    // 6,000 are due to class C. N = 796,000 + 50,000: 840,000 are left after it, exactly 1.05 times 800,000.
    let result = pay(&document, &state(0.0, 50_000.0, 796_000.0, &[]));
    close(result.explained.notes[C].interest_paid, 6_000.0);
    let result = pay(&document, &state(0.0, 50_000.0, 795_999.0, &[]));
    close(result.explained.notes[C].interest_paid, 0.0);
}

#[test]
fn principal_that_pays_deferred_interest_may_make_a_test_hold() {
    let interest = json!([{"verb": "cure", "tests": ["C OC"], "when": "after_reinvestment"}, residual()]);
    let principal = json!([{"verb": "pay_deferred_interest", "notes": [["C"]]}, {"verb": "retain"}]);
    let document = with(deal(&interest, &principal), &json!({"interest_from_principal": "tests_hold"}));
    // N = 850,000, D = 810,000: 1.0494 before, 840,000/800,000 = 1.05 after 10,000 of deferred interest.
    let result = pay(&document, &state(0.0, 50_000.0, 800_000.0, &[("C.deferred_interest", 10_000.0)]));
    close(result.explained.notes[C].deferred_paid, 10_000.0);
}

#[test]
fn interest_that_a_step_left_unpaid_may_count_at_once() {
    // 8,000 of interest leave nothing for the 6,000 of class C.
    let late = json!([
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "pay_interest", "notes": [["C"]]},
        residual()
    ]);
    let principal = json!([{"verb": "cure", "tests": ["C OC"]}, {"verb": "retain"}]);
    let document = deal(&late, &principal);
    let given = state(8_000.0, 500_000.0, 345_000.0, &[]);
    // N = 845,000 passes on 800,000, and on 806,000 it is 1.05 · 806,000 - 845,000 = 1,300 short: 26,000 at T - 1 = 0.05.
    let result = pay(&document, &given);
    close(result.explained.notes[A1].principal_paid, 0.0);
    let result = pay(&with(document, &json!({"same_date_deferrals_in_oc": true})), &given);
    close(result.explained.notes[A1].principal_paid + result.explained.notes[A2].principal_paid, 26_000.0);
    close(result.explained.ledger.tests[1].denominator, 800_000.0);
    close(result.explained.ledger.tests[1].denominator_after, 780_000.0);
}

#[test]
fn what_principal_pays_of_it_counts_no_more() {
    let principal = json!([
        {"verb": "pay_interest", "notes": [["C"]]},
        {"verb": "cure", "tests": ["C OC"]},
        {"verb": "retain"}
    ]);
    let interest = json!([{"verb": "pay_interest", "notes": [["A-1", "A-2"]]}, residual()]);
    let conventions = json!({"same_date_deferrals_in_oc": true, "interest_from_principal": "always"});
    let document = with(deal(&interest, &principal), &conventions);
    // 6,000 of class C leave N = 846,000 on D = 800,000.
    let result = pay(&document, &state(8_000.0, 500_000.0, 352_000.0, &[]));
    close(result.explained.notes[C].interest_paid, 6_000.0);
    close(result.explained.notes[A1].principal_paid, 0.0);
    close(result.principal_account, 494_000.0);
}

#[test]
fn designated_principal_of_the_reinvestment_period_pays_nothing_before_the_purchases() {
    let principal = json!([
        {"verb": "pay_shortfalls", "through": "A-2"},
        {"verb": "cure", "tests": ["C OC"]},
        {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
        {"verb": "pay_principal", "sequence": "note_payment_sequence"},
        residual()
    ]);
    let document =
        with(deal(&interest_then_cure("C OC"), &principal), &json!({"principal_available_in_rp": "undesignated"}));
    let mut state = state(0.0, 50_000.0, 700_000.0, &[]);
    let result = pay(&document, &state);
    close(result.explained.notes[A1].interest_paid + result.explained.notes[A1].principal_paid, 0.0);
    close(result.principal_account, 50_000.0);
    state["in_reinvestment_period"] = json!(false);
    let result = pay(&document, &state);
    close(result.explained.notes[A1].interest_paid, 4_000.0);
    close(result.principal_account, 0.0);
}

#[test]
fn a_class_x_may_share_in_the_note_payment_sequence() {
    let mut document = deal(&interest_then_cure("C OC"), &to_notes());
    document["notes"][1]["principal_rank"] = Value::Null;
    document["tests"] = json!([
        {"name": "C OC", "kind": "oc", "through": "C", "trigger": 1.05, "first_date": "first_determination"}
    ]);
    let document = with(document, &json!({"x_in_sequence": true}));
    // After 14,000 of interest principal pays, which has no rank of its own, two to one.
    let result = pay(&document, &state(14_000.0, 30_000.0, 1e6, &[]));
    close(result.explained.notes[A1].principal_paid, 20_000.0);
    close(result.explained.notes[A2].principal_paid, 10_000.0);
    // D = 600,000 of A-1 and C; N = 619,500: 10,000 must leave D, so 15,000 are paid, a third of them to A-2.
    let result = pay(&document, &state(50_000.0, 0.0, 619_500.0, &[]));
    close(result.explained.notes[A1].principal_paid, 10_000.0);
    close(result.explained.notes[A2].principal_paid, 5_000.0);
    close(result.explained.notes[SUB].interest_paid, 21_000.0);
    let test = result.explained.ledger.tests[0];
    assert!((test.numerator_after / test.denominator_after - 1.05).abs() < 1e-12);
}

#[test]
fn the_par_ratio_may_be_measured_on_the_adjusted_amount() {
    let mut document = deal(&json!([residual()]), &to_notes());
    document["tests"] = json!([{"name": "EoD", "kind": "eod_par_ratio", "through": "A-2", "trigger": 1.025}]);
    let mut given = state(0.0, 10_000.0, 600_000.0, &[]);
    given["collateral"]["discount"] = json!([{"id": "P", "par": 50e3, "purchase_price": 0.70}]);
    given["collateral"]["defaulted"] = json!([
        {"id": "D", "par": 40e3, "market_price": 0.50, "recovery": 0.40, "years_since_default": 0.5}
    ]);
    // 600,000 + 50,000 + 10,000 and 40,000 at the market's 0.50; adjusted: the discount at 0.70, the default at 0.40.
    let result = pay(&document, &given);
    close(result.explained.ledger.tests[0].numerator, 680_000.0);
    let result = pay(&with(document, &json!({"eod_numerator": "adjusted"})), &given);
    close(result.explained.ledger.tests[0].numerator, 661_000.0);
}

#[test]
fn the_larger_excess_of_two_agencies_counts_or_that_of_each_or_of_all() {
    let mut document = deal(&json!([residual()]), &to_notes());
    document["collateral"] = json!({"ccc": {"limit": 0.10}});
    let mut given = state(0.0, 0.0, 700_000.0, &[]);
    given["collateral"]["ccc"] = json!([
        {"id": "M", "par": 150e3, "market_price": 0.50, "agencies": ["moodys"]},
        {"id": "S", "par": 120e3, "market_price": 0.70, "agencies": ["sp"]},
        {"id": "B", "par": 30e3, "market_price": 0.90}
    ]);
    // The limit is 100,000 of a million. Moody's: 180,000, an excess of 80,000 at 0.50; S&P: 150,000, 50,000 at 0.70.
    for (rule, haircut) in [("larger", 40_000.0), ("each", 55_000.0), ("sum", 150e3 * 0.5 + 50e3 * 0.3)] {
        let result = pay(&with(document.clone(), &json!({"ccc_agency_rule": rule})), &given);
        close(result.explained.ledger.tests[1].numerator, 1e6 - haircut);
    }
}
