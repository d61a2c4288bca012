//! The worked payment date: class E's overcollateralization test fails and is cured from interest, then deferred
//! interest, interest diversion, junior fees, equity.
//!
//! Case `payment_date`: a synthetic deal state, expected values in exact rational arithmetic printed with 12 decimals;
//! amounts to `max(1e-6, 1e-12 |x|)`, ratios to 1e-12.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

mod common;

use std::collections::BTreeMap;

use cloche_engine::compile::compile_payment_date;
use cloche_engine::path::payment_date::{PaymentDateResult, run};
use cloche_engine::waterfall::recorder::{Entry, Payee};
use serde_json::{Value, json};

fn document() -> Value {
    let floating = |spread: f64| json!({"index": "sofr_3m", "spread": spread});
    let test = |name: &str, kind: &str, through: &str, trigger: f64| json!({"name": name, "kind": kind, "through": through, "trigger": trigger});
    json!({
        "cloche": 1,
        "name": "Worked payment date",
        "currency": "USD",
        "target_par": 500e6,
        "dates": {
            "closing": "2025-03-20",
            "first_payment": "2025-10-20",
            "payment_frequency_months": 3,
            "reinvestment_end": "2030-04-20",
            "stated_maturity": "2038-04-20",
            "calendars": ["us_government_securities", "london"]
        },
        "notes": [
            {"name": "X", "balance": 4e6, "interest_rank": 1, "coupon": floating(0.010), "amortization": {"payments": 8}},
            {"name": "A-1", "balance": 210e6, "interest_rank": 1, "principal_rank": 1, "coupon": floating(0.013)},
            {"name": "A-L", "balance": 100e6, "interest_rank": 1, "principal_rank": 1, "coupon": floating(0.013)},
            {"name": "B-1", "balance": 40e6, "interest_rank": 2, "principal_rank": 2, "coupon": floating(0.0175)},
            {"name": "B-2", "balance": 20e6, "interest_rank": 2, "principal_rank": 2, "coupon": {"fixed": 0.056}},
            {"name": "C", "balance": 30e6, "interest_rank": 3, "principal_rank": 3, "deferrable": true, "coupon": floating(0.021)},
            {"name": "D", "balance": 30e6, "interest_rank": 4, "principal_rank": 4, "deferrable": true, "coupon": floating(0.031)},
            {"name": "E", "balance": 25e6, "interest_rank": 5, "principal_rank": 5, "deferrable": true, "coupon": floating(0.060)},
            {"name": "SUB", "balance": 45e6, "residual": true}
        ],
        "fees": [
            {"name": "taxes", "amount_per_period": 5_000.0},
            {"name": "admin", "rate": 0.0003, "cap": {"rate": 0.0002, "fixed_per_year": 200e3}},
            {"name": "senior", "rate": 0.0015},
            {"name": "sub", "rate": 0.0030},
            {"name": "incentive", "hurdles": [{"irr": 0.12, "share": 0.20}]}
        ],
        "tests": [
            test("AB OC", "oc", "B-2", 1.25), test("C OC", "oc", "C", 1.165),
            test("D OC", "oc", "D", 1.10), test("E OC", "oc", "E", 1.055),
            test("AB IC", "ic", "B-2", 1.20), test("C IC", "ic", "C", 1.15), test("D IC", "ic", "D", 1.10),
            test("Reinvestment OC", "oc", "E", 1.06), test("EoD", "eod_par_ratio", "A-1", 1.025)
        ],
        "collateral": {"ccc": {"limit": 0.075}, "defaulted_value": "lesser_of_market_and_recovery"},
        "waterfalls": {
            "interest": [
                {"label": "A", "verb": "pay_fee", "fees": [["taxes"]]},
                {"label": "B", "verb": "pay_fee", "fees": [["admin"]], "part": "capped"},
                {"label": "C", "verb": "pay_fee", "fees": [["senior"]]},
                {"label": "E", "verb": "pay_pari_passu", "steps": [
                    {"verb": "pay_interest", "notes": [["X", "A-1", "A-L"]]},
                    {"verb": "pay_amortization", "notes": [["X"]]}
                ]},
                {"label": "F", "verb": "pay_interest", "notes": [["B-1", "B-2"]]},
                {"label": "G", "verb": "cure", "tests": ["AB OC", "AB IC"]},
                {"label": "H", "verb": "pay_interest", "notes": [["C"]]},
                {"label": "I", "verb": "cure", "tests": ["C OC", "C IC"]},
                {"label": "J", "verb": "pay_deferred_interest", "notes": [["C"]]},
                {"label": "K", "verb": "pay_interest", "notes": [["D"]]},
                {"label": "L", "verb": "cure", "tests": ["D OC", "D IC"]},
                {"label": "M", "verb": "pay_deferred_interest", "notes": [["D"]]},
                {"label": "N", "verb": "pay_interest", "notes": [["E"]]},
                {"label": "O", "verb": "cure", "tests": ["E OC"]},
                {"label": "P", "verb": "pay_deferred_interest", "notes": [["E"]]},
                {"label": "Q", "verb": "divert", "test": "Reinvestment OC", "share": 0.5, "to": "principal", "when": "during_reinvestment"},
                {"label": "R", "verb": "pay_fee", "fees": [["sub"]]},
                {"label": "S", "verb": "pay_fee", "fees": [["admin"]], "part": "above_cap"},
                {"label": "V", "verb": "pay_residual", "notes": [["SUB"]], "until": "incentive"},
                {"label": "U", "verb": "incentive_fee", "fee": "incentive"},
                {"label": "V", "verb": "pay_residual", "notes": [["SUB"]]}
            ],
            "principal": [
                {"verb": "pay_shortfalls", "through": "B-2"},
                {"verb": "cure", "tests": ["AB OC", "AB IC"]},
                {"verb": "cure", "tests": ["C OC", "C IC"]},
                {"verb": "cure", "tests": ["D OC", "D IC"]},
                {"verb": "cure", "tests": ["E OC"]},
                {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
                {"verb": "pay_principal", "sequence": "note_payment_sequence"},
                {"verb": "pay_residual", "notes": [["SUB"]]}
            ]
        }
    })
}

fn state() -> Value {
    let ccc = [
        ("C1", 4e6, 0.55),
        ("C2", 9e6, 0.70),
        ("C3", 9e6, 0.82),
        ("C4", 8e6, 0.88),
        ("C5", 6e6, 0.91),
        ("C6", 6e6, 0.93),
    ];
    let defaulted = [("D1", 10e6, 0.42, 0.45, 0.6), ("D2", 5e6, 0.38, 0.30, 1.1), ("D3", 1e6, 0.10, 0.30, 3.2)];
    json!({
        "cloche_state": 1,
        "payment_date": "2026-07-20",
        "previous_payment_date": "2026-04-20",
        "determination_date": "2026-07-08",
        "index_fixings": {"sofr_3m": 0.04},
        "collected": {"interest": 9.9e6, "principal": 6e6},
        "fee_basis": 485e6,
        "fees": {"admin": {"due": 95_000.0}},
        "notes": {
            "X": {"balance": 2e6, "amortization_due": 500e3},
            "A-1": {"balance": 210e6}, "A-L": {"balance": 100e6},
            "B-1": {"balance": 40e6}, "B-2": {"balance": 20e6},
            "C": {"balance": 30e6}, "D": {"balance": 30e6},
            "E": {"balance": 25e6, "deferred_interest": 250e3},
            "SUB": {"balance": 45e6}
        },
        "collateral": {
            "performing_par": 421.6e6,
            "ccc": ccc.map(|(id, par, price)| json!({"id": id, "par": par, "market_price": price})),
            "discount": [{"id": "P1", "par": 8e6, "purchase_price": 0.78, "market_price": 0.80}],
            "defaulted": defaulted.map(|(id, par, price, recovery, years)| {
                json!({"id": id, "par": par, "market_price": price, "recovery": recovery, "years_since_default": years})
            })
        }
    })
}

fn paid() -> PaymentDateResult {
    let deal = common::compiled(&document());
    let state = serde_json::from_value(state()).expect("a state of the right shape");
    run(&compile_payment_date(&deal, &state).expect("a state that fits the deal"))
}

#[track_caller]
fn amount(found: f64, expected: f64) {
    let tolerance = if expected.abs() > 1e6 { 1e-12 * expected.abs() } else { 1e-6 };
    assert!((found - expected).abs() <= tolerance, "found {found}, expected {expected}");
}

#[track_caller]
fn ratio(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-12, "found {found}, expected {expected}");
}

/// Names of the deal's notes, fees and tests by index.
fn names(key: &str) -> Vec<String> {
    let document = document();
    let list = document[key].as_array().expect("a list");
    list.iter().map(|entry| entry["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn every_step_pays_what_exact_arithmetic_says() {
    // Step, due, paid, interest proceeds that remain.
    let expected = [
        ("A", 5_000.0, 5_000.0, 9_895_000.0),
        ("B", 75_075.0, 75_075.0, 9_819_925.0),
        ("C", 183_895.833_333_333_333, 183_895.833_333_333_333, 9_636_029.166_666_666_667),
        ("E", 4_678_416.666_666_666_667, 4_678_416.666_666_666_667, 4_957_612.5),
        ("F", 861_388.888_888_888_889, 861_388.888_888_888_889, 4_096_223.611_111_111_111),
        ("G", 0.0, 0.0, 4_096_223.611_111_111_111),
        ("H", 462_583.333_333_333_333, 462_583.333_333_333_333, 3_633_640.277_777_777_778),
        ("I", 0.0, 0.0, 3_633_640.277_777_777_778),
        ("J", 0.0, 0.0, 3_633_640.277_777_777_778),
        ("K", 538_416.666_666_666_667, 538_416.666_666_666_667, 3_095_223.611_111_111_111),
        ("L", 0.0, 0.0, 3_095_223.611_111_111_111),
        ("M", 0.0, 0.0, 3_095_223.611_111_111_111),
        ("N", 638_263.888_888_888_889, 638_263.888_888_888_889, 2_456_959.722_222_222_222),
        ("O", 1_140_047.393_364_928_91, 1_140_047.393_364_928_91, 1_316_912.328_857_293_312),
        ("P", 250_000.0, 250_000.0, 1_066_912.328_857_293_312),
        ("Q", 533_456.164_428_646_656, 533_456.164_428_646_656, 533_456.164_428_646_656),
        ("R", 367_791.666_666_666_667, 367_791.666_666_666_667, 165_664.497_761_979_989),
        ("S", 19_925.0, 19_925.0, 145_739.497_761_979_989),
    ];
    let result = paid();
    let deal = common::compiled(&document());
    let infos = &deal.terms.program.infos;
    let rows = |label: &str| -> Vec<&Entry> {
        result.explained.ledger.entries.iter().filter(|e| infos[e.info as usize].label == label).collect()
    };
    for (label, due, paid, remaining) in expected {
        let rows = rows(label);
        amount(rows.iter().map(|e| e.due).sum(), due);
        amount(rows.iter().map(|e| e.paid).sum(), paid);
        amount(rows.last().expect("a row").after, remaining);
    }
    assert!(rows("U").iter().all(|e| e.paid.abs() < 1e-9), "the hurdle is far from reached");
    let equity: Vec<_> = rows("V");
    amount(equity.iter().map(|e| e.paid).sum(), 145_739.497_761_979_989);
    amount(equity.last().expect("a row").after, 0.0);
}

#[test]
fn every_class_is_due_its_interest_and_ends_with_its_balance() {
    let result = paid();
    let names = names("notes");
    let rows: BTreeMap<_, _> = result.explained.notes.iter().map(|r| (names[r.note as usize].as_str(), r)).collect();
    for (name, due, balance) in [
        ("X", 25_277.777_777_777_778, 1_500_000.0),
        ("A-1", 2_813_416.666_666_666_667, 209_227_709.830_301_177_19),
        ("A-L", 1_339_722.222_222_222_222, 99_632_242.776_333_893_9),
        ("B-1", 581_388.888_888_888_889, 40e6),
        ("B-2", 280_000.0, 20e6),
        ("C", 462_583.333_333_333_333, 30e6),
        ("D", 538_416.666_666_666_667, 30e6),
        ("E", 638_263.888_888_888_889, 25e6),
        ("SUB", 0.0, 45e6),
    ] {
        amount(rows[name].interest_due, due);
        amount(rows[name].end_balance, balance);
        amount(rows[name].deferred_balance, 0.0);
        amount(rows[name].interest_shortfall, 0.0);
    }
    amount(rows["A-1"].principal_paid, 772_290.169_698_822_81);
    amount(rows["A-L"].principal_paid, 367_757.223_666_106_1);
    amount(rows["SUB"].interest_paid, 145_739.497_761_979_989);
}

#[test]
fn every_test_has_its_ratio_before_and_after_the_cure() {
    let result = paid();
    let names = names("tests");
    let tests: BTreeMap<_, _> =
        result.explained.ledger.tests.iter().map(|t| (names[t.test as usize].as_str(), t)).collect();
    for (name, expected) in [
        ("AB OC", 1.294_827_027_027),
        ("C OC", 1.197_715),
        ("D OC", 1.114_153_488_372),
        ("E OC", 1.052_358_045_03),
        ("AB IC", 1.911_984_313_769),
        ("C IC", 1.751_244_661_41),
        ("D IC", 1.595_156_321_131),
        ("EoD", 1.560_645_161_29),
    ] {
        ratio(tests[name].numerator / tests[name].denominator, expected);
    }
    for (name, expected) in [("AB OC", 370e6), ("C OC", 400e6), ("D OC", 430e6), ("E OC", 455_250_000.0)] {
        amount(tests[name].denominator, expected);
    }
    amount(tests["AB IC"].numerator, 9_636_029.166_666_666_667);
    let after = |name: &str| tests[name].numerator_after / tests[name].denominator_after;
    ratio(after("E OC"), 1.055);
    ratio(after("Reinvestment OC"), 1.055_581_126_399);
}

#[test]
fn the_numerator_and_the_principal_account_are_what_exact_arithmetic_says() {
    let result = paid();
    amount(result.numerator, 479_086_000.0);
    amount(result.principal_account, 6_533_456.164_428_646_656);
    amount(result.interest_account, 0.0);
    let after = result.numerator + result.principal_account - 6e6;
    amount(after, 479_619_456.164_428_646_656);
    let outstanding: f64 = result.explained.notes[1..8].iter().map(|r| r.end_balance + r.deferred_balance).sum();
    ratio(after / outstanding, 1.056_756_502_551);
    assert!(result.explained.conservation_error < 1e-6);
}

#[test]
fn the_ledger_and_what_is_kept_add_up_to_the_proceeds() {
    let result = paid();
    let entries = &result.explained.ledger.entries;
    let spent: f64 = entries.iter().filter(|e| !e.transfer).map(|e| e.paid).sum();
    amount(spent + result.principal_account + result.interest_account, 15.9e6);
    assert!(entries.iter().all(|e| e.paid <= e.before + 1e-6 && (e.before - e.paid - e.after).abs() < 1e-9));
    assert!(entries.iter().any(|e| e.payee == Payee::Sequence), "a cure without a need has its row");
}
