//! A purchase cures for the steps after it, a ratio without notes is infinite, a named default is a default.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails where its set-up does")]

mod common;

use cloche_engine::compile::{compile_payment_date, compile_simulation};
use cloche_engine::path::payment_date::{PaymentDateResult, run};
use cloche_engine::sim::{Keep, Options, simulate};
use serde_json::{Value, json};

fn deal(interest: &Value, principal: &Value) -> Value {
    json!({
        "cloche": 1, "name": "By hand", "currency": "USD", "target_par": 1_000_000.0,
        "dates": {"closing": "2026-01-20", "first_payment": "2026-04-20", "payment_frequency_months": 3,
                  "reinvestment_end": "2026-04-20", "stated_maturity": "2031-01-20"},
        "notes": [
            {"name": "A-1", "balance": 400e3, "interest_rank": 1, "principal_rank": 1, "coupon": {"fixed": 0.04}},
            {"name": "A-2", "balance": 200e3, "interest_rank": 1, "principal_rank": 1, "coupon": {"fixed": 0.08}},
            {"name": "C", "balance": 200e3, "interest_rank": 2, "principal_rank": 2, "deferrable": true, "coupon": {"fixed": 0.12}},
            {"name": "SUB", "balance": 200e3, "residual": true}
        ],
        "fees": [{"name": "taxes", "amount_per_period": 1_000.0}],
        "tests": [
            {"name": "C OC", "kind": "oc", "through": "C", "trigger": 1.05, "first_date": "first_determination"},
            {"name": "C IC", "kind": "ic", "through": "C", "trigger": 1.20, "first_date": "first_determination"}
        ],
        "waterfalls": {"interest": interest, "principal": principal}
    })
}

fn pay(deal: &Value, interest: f64, principal: f64, par: f64, changes: &[(&str, f64)]) -> PaymentDateResult {
    let mut state = json!({
        "cloche_state": 1, "payment_date": "2026-04-20", "previous_payment_date": "2026-01-20", "determination_date": "2026-04-08",
        "collected": {"interest": interest, "principal": principal},
        "notes": {"A-1": {"balance": 400e3}, "A-2": {"balance": 200e3}, "C": {"balance": 200e3}, "SUB": {"balance": 200e3}},
        "collateral": {"performing_par": par}
    });
    for (place, value) in changes {
        let (note, key) = place.split_once('.').unwrap();
        state["notes"][note][key] = json!(value);
    }
    let state = serde_json::from_value(state).unwrap();
    run(&compile_payment_date(&common::compiled(deal), &state).unwrap())
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "found {found}, expected {expected}");
}

/// 840,000 - 819,000 = 21,000 of interest join the principal account; the test then passes, and principal pays nothing.
#[test]
fn principal_does_not_pay_for_a_test_that_a_purchase_has_cured() {
    let interest =
        json!([{"verb": "cure", "tests": ["C OC"], "pay": "buy"}, {"verb": "pay_residual", "notes": [["SUB"]]}]);
    let principal = json!([{"verb": "cure", "tests": ["C OC"]}, {"verb": "retain"}]);
    let result = pay(&deal(&interest, &principal), 50_000.0, 19_000.0, 800_000.0, &[]);
    close(result.explained.notes[0].principal_paid + result.explained.notes[1].principal_paid, 0.0);
    close(result.principal_account, 40_000.0);
}

/// With nothing outstanding the ratio is infinite (5.2), so the fee is paid.
#[test]
fn a_ratio_without_notes_is_above_every_number() {
    let interest = json!([
        {"verb": "pay_fee", "fees": [["taxes"]], "when": "ratio('C OC') > 1.06 and cushion('C OC') > 0.01"},
        {"verb": "pay_residual", "notes": [["SUB"]]}
    ]);
    let gone = [("A-1.balance", 0.0), ("A-2.balance", 0.0), ("C.balance", 0.0)];
    let result = pay(&deal(&interest, &json!([{"verb": "retain"}])), 50_000.0, 0.0, 100_000.0, &gone);
    close(result.explained.fees[0].paid, 1_000.0);
}

/// A company that the scenario names is a default of the closing pool in every table.
#[test]
fn a_named_default_is_in_the_default_rate() {
    let mut scenario = common::small_scenario();
    scenario["defaults"] = json!({"company 1": "2026-09-01"});
    let deal = common::compiled(&common::small_deal());
    let mut tape = common::thirty_loans();
    tape.hazard = vec![0.0; 30];
    let setup =
        compile_simulation(&deal, &tape, &common::scenario(&scenario), None, &common::model(&common::small_model()), 1)
            .unwrap();
    let options = Options { paths: 16, threads: 1, isa: cloche_dispatch::Isa::PORTABLE, keep: Keep::default() };
    let totals = simulate(&setup, options, &mut |_| true).unwrap().totals;
    assert!(totals.years[0].sums.iter().all(|sum| *sum > 0.0), "{:?}", totals.years[0].sums);
}

/// Deferred interest bears no interest under the convention: only principal lowers what is due.
#[test]
fn an_interest_coverage_cure_counts_no_interest_on_deferred_interest_where_there_is_none() {
    let interest = json!([{"verb": "cure", "tests": ["C IC"], "pay_notes": [["C"]]}, {"verb": "pay_residual", "notes": [["SUB"]]}]);
    let mut document = deal(&interest, &json!([{"verb": "retain"}]));
    document["conventions"] = json!({"interest_on_unpaid": "none"});
    // Q = 4,000 + 4,000 + 6,000 = 14,000, I = 15,000: 1,500 of interest must go, at 3 % of class C: 50,000, behind 10,000 deferred.
    let result = pay(&document, 15_000.0, 0.0, 1e9, &[("C.deferred_interest", 10_000.0)]);
    let _ = &result;
    let rich = pay(&document, 15_000.0, 0.0, 1e9, &[("C.deferred_interest", 10_000.0)]);
    let test = rich.explained.ledger.tests[1];
    // 15,000 pay 10,000 of deferred interest and 5,000 of principal: 150 of interest less.
    close(rich.explained.notes[2].principal_paid, 5_000.0);
    close(test.denominator_after, 13_850.0);
}

/// A class with a rank and instalments is paid off by a cure; the instalment of the same date is gone with it.
#[test]
fn an_instalment_is_never_more_than_the_balance_that_a_cure_has_left() {
    let interest = json!([
        {"verb": "cure", "tests": ["C OC"]},
        {"verb": "pay_amortization", "notes": [["A-1"]]},
        {"verb": "pay_residual", "notes": [["SUB"]]}
    ]);
    let mut document = deal(&interest, &json!([{"verb": "retain"}]));
    document["notes"][0]["amortization"] = json!({"payments": 4});
    document["conventions"] = json!({});
    let result = pay(&document, 700_000.0, 0.0, 100_000.0, &[]);
    assert!(result.explained.notes[0].end_balance >= 0.0, "{}", result.explained.notes[0].end_balance);
}
