//! Payment dates of a small deal whose numbers are done by hand.

#![allow(dead_code, reason = "each test program uses some of these")]

use cloche_engine::compile::compile_payment_date;
use cloche_engine::path::payment_date::{PaymentDateResult, run};
use serde_json::{Value, json};

/// Classes pari passu, C (deferrable), residual notes; the fixed coupons are whole numbers a quarter:
/// 1 %, 2 % and 3 % of the balance on 20 April 2026 (30/360).
pub fn deal(interest: &Value, principal: &Value) -> Value {
    json!({
        "cloche": 1,
        "name": "By hand",
        "currency": "USD",
        "target_par": 1_000_000.0,
        "dates": {
            "closing": "2026-01-20",
            "first_payment": "2026-04-20",
            "payment_frequency_months": 3,
            "reinvestment_end": "2026-04-20",
            "stated_maturity": "2031-01-20"
        },
        "notes": [
            {"name": "A-1", "balance": 400e3, "interest_rank": 1, "principal_rank": 1, "coupon": {"fixed": 0.04}},
            {"name": "A-2", "balance": 200e3, "interest_rank": 1, "principal_rank": 1, "coupon": {"fixed": 0.08}},
            {"name": "C", "balance": 200e3, "interest_rank": 2, "principal_rank": 2, "deferrable": true,
             "coupon": {"fixed": 0.12}},
            {"name": "SUB", "balance": 200e3, "residual": true}
        ],
        "fees": [
            {"name": "taxes", "amount_per_period": 1_000.0},
            {"name": "admin", "amount_per_period": 5_000.0, "cap": {"fixed_per_year": 8_000.0, "day_count": "30/360"}},
            {"name": "incentive", "hurdles": [{"irr": 0.10, "share": 0.20}]}
        ],
        "tests": [
            {"name": "A OC", "kind": "oc", "through": "A-2", "trigger": 1.25, "first_date": "first_determination"},
            {"name": "C OC", "kind": "oc", "through": "C", "trigger": 1.05, "first_date": "first_determination"},
            {"name": "A IC", "kind": "ic", "through": "A-1", "trigger": 1.20, "first_date": "first_determination"},
            {"name": "Late OC", "kind": "oc", "through": "C", "trigger": 9.0, "first_date": "2027-01-01"}
        ],
        "waterfalls": {"interest": interest, "principal": principal}
    })
}

/// Interest and principal proceeds, performing par, and the overwritten places of a state without arrears.
pub fn state(interest: f64, principal: f64, par: f64, changes: &[(&str, f64)]) -> Value {
    let mut state = json!({
        "cloche_state": 1,
        "payment_date": "2026-04-20",
        "previous_payment_date": "2026-01-20",
        "determination_date": "2026-04-08",
        "collected": {"interest": interest, "principal": principal},
        "notes": {
            "A-1": {"balance": 400e3}, "A-2": {"balance": 200e3}, "C": {"balance": 200e3}, "SUB": {"balance": 200e3}
        },
        "collateral": {"performing_par": par}
    });
    for (place, value) in changes {
        let (note, key) = place.split_once('.').expect("note.key");
        state["notes"][note][key] = json!(value);
    }
    state
}

pub fn pay(deal: &Value, state: &Value) -> PaymentDateResult {
    let state = serde_json::from_value(state.clone()).expect("a state of the right shape");
    let result = run(&compile_payment_date(&super::compiled(deal), &state).expect("a state that fits the deal"));
    assert!(result.explained.conservation_error < 1e-6, "{}", result.explained.conservation_error);
    result
}

pub fn residual() -> Value {
    json!({"verb": "pay_residual", "notes": [["SUB"]]})
}

pub fn to_notes() -> Value {
    json!([{"verb": "pay_principal", "sequence": "note_payment_sequence"}, residual()])
}

pub const A1: usize = 0;
pub const A2: usize = 1;
pub const C: usize = 2;
pub const SUB: usize = 3;
pub const TAXES: usize = 0;
pub const ADMIN: usize = 1;
pub const INCENTIVE: usize = 2;

#[track_caller]
pub fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "found {found}, expected {expected}");
}
