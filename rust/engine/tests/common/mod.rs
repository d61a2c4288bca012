//! A small deal, a small tape and a scenario as documents, for tests that run whole deals.

#![allow(dead_code, reason = "each test program uses some of these")]

pub mod by_hand;

use cloche_engine::collateral::Tape;
use cloche_engine::compile::{CompiledDeal, compile_deal};
use cloche_engine::spec::{DefaultModel, Scenario};
use cloche_engine::time::Date;
use serde_json::{Value, json};

pub fn date(text: &str) -> Date {
    Date::parse(text).expect("a date")
}

pub fn compiled(document: &Value) -> CompiledDeal {
    let deal = serde_json::from_value(document.clone()).expect("a deal of the right shape");
    compile_deal(deal).expect("a deal that compiles")
}

pub fn scenario(document: &Value) -> Scenario {
    serde_json::from_value(document.clone()).expect("a scenario of the right shape")
}

pub fn model(document: &Value) -> DefaultModel {
    serde_json::from_value(document.clone()).expect("a model of the right shape")
}

/// Performing floating loans that say nothing beyond their par; every test writes the columns it needs.
pub fn tape(as_of: &str, par: &[f64], maturity: &str) -> Tape {
    let n = par.len();
    let (nothing, no_date, no_text) = (vec![f64::NAN; n], vec![i32::MIN; n], vec![String::new(); n]);
    let names: Vec<String> = (0..n).map(|i| format!("L{i:03}")).collect();
    Tape {
        as_of: date(as_of).0,
        loan_id: names.clone(),
        obligor_id: names.clone(),
        obligor_name: names,
        parent_id: no_text.clone(),
        index: no_text.clone(),
        industry: no_text.clone(),
        rating: no_text.clone(),
        lien: no_text.clone(),
        country: no_text,
        par: par.to_vec(),
        par_unfunded: nothing.clone(),
        unfunded_fee: nothing.clone(),
        original_par: par.to_vec(),
        spread: vec![0.0375; n],
        fixed_rate: nothing.clone(),
        floor: vec![0.0; n],
        csa: vec![0.0; n],
        current_rate: nothing.clone(),
        market_price: vec![0.98; n],
        purchase_price: vec![1.0; n],
        amortization_rate: vec![0.01; n],
        recovery: nothing.clone(),
        recovery_lag_months: nothing.clone(),
        cpr: nothing.clone(),
        pik_spread: nothing.clone(),
        rating_factor: nothing.clone(),
        pd_1y: nothing.clone(),
        hazard: nothing,
        maturity: vec![date(maturity).0; n],
        next_payment: no_date.clone(),
        accrual_start: no_date.clone(),
        default_date: no_date,
        payment_frequency_months: vec![0; n],
        fixed: vec![0; n],
        day_count: vec![0; n],
        csa_in_floor: vec![0; n],
        ccc: vec![0; n],
        weak: vec![0; n],
    }
}

/// Thirty loans of 1.5 to 7 million of 25 companies in four industries: 125.25 million.
///
/// Some have own dates, fixed coupons, low ratings, low prices; one is in default.
pub fn thirty_loans() -> Tape {
    let par: Vec<f64> = (0..30).map(|i| 1_500_000.0 + 185_344.827_586_2 * f64::from(i)).collect();
    let mut tape = tape("2026-01-20", &par, "2031-03-15");
    tape.rating = (0..30).map(|i| if i % 6 == 0 { "CCC" } else { "B" }.to_owned()).collect();
    for i in 0..30 {
        tape.obligor_id[i] = format!("company {}", i % 25);
        tape.industry[i] = format!("industry {}", i % 4);
        tape.maturity[i] = date("2028-02-15").add_months(i32::try_from(i).expect("small") * 2).0;
        tape.spread[i] = 0.03 + 0.0007 * i as f64;
        tape.recovery[i] = 0.45 + 0.01 * (i % 20) as f64;
        tape.hazard[i] = 0.02 + 0.03 * (i % 7) as f64;
        tape.ccc[i] = u8::from(i % 6 == 0);
        tape.weak[i] = tape.ccc[i];
        tape.market_price[i] = if i % 6 == 0 { 0.60 + 0.01 * i as f64 } else { 0.98 };
    }
    tape.purchase_price[6] = 0.79;
    tape.purchase_price[7] = 0.75;
    tape.market_price[7] = 0.82;
    for (i, first, months) in [(3, "2026-02-28", 1), (9, "2026-03-31", 3), (14, "2026-06-10", 6)] {
        tape.next_payment[i] = date(first).0;
        tape.payment_frequency_months[i] = months;
    }
    tape.fixed[11] = 1;
    tape.fixed_rate[11] = 0.0825;
    tape.day_count[11] = 2;
    tape.default_date[20] = date("2025-11-03").0;
    tape.market_price[20] = 0.40;
    tape
}

/// Classes X, A-1 and A-2 pari passu, B-1 and B-2 pari passu, C, D, residual notes; 24 quarters, 8 of reinvestment.
pub fn small_deal() -> Value {
    json!({
        "cloche": 1,
        "name": "Small deal",
        "currency": "USD",
        "target_par": 120e6,
        "dates": {
            "closing": "2026-01-20",
            "first_payment": "2026-07-20",
            "payment_frequency_months": 3,
            "reinvestment_end": "2028-01-20",
            "stated_maturity": "2032-04-20",
            "determination": {"business_days_before": 8},
            "calendars": ["us_government_securities", "london"]
        },
        "closing": {"interest_reserve": 150_000.0, "ramp_up_cash": 1_000_000.0},
        "notes": [
            {"name": "X", "balance": 600e3, "interest_rank": 1, "coupon": {"index": "sofr_3m", "spread": 0.01},
             "amortization": {"payments": 6}},
            {"name": "A-1", "balance": 50e6, "interest_rank": 1, "principal_rank": 1,
             "coupon": {"index": "sofr_3m", "spread": 0.013}},
            {"name": "A-2", "balance": 25e6, "interest_rank": 1, "principal_rank": 1,
             "coupon": {"index": "sofr_3m", "spread": 0.0141}},
            {"name": "B-1", "balance": 8e6, "interest_rank": 2, "principal_rank": 2,
             "coupon": {"index": "sofr_3m", "spread": 0.0175}},
            {"name": "B-2", "balance": 5e6, "interest_rank": 2, "principal_rank": 2, "coupon": {"fixed": 0.056}},
            {"name": "C", "balance": 8e6, "interest_rank": 3, "principal_rank": 3, "deferrable": true,
             "coupon": {"index": "sofr_3m", "spread": 0.026}},
            {"name": "D", "balance": 9e6, "interest_rank": 4, "principal_rank": 4, "deferrable": true,
             "coupon": {"index": "sofr_3m", "spread": 0.055}},
            {"name": "SUB", "balance": 15e6, "residual": true, "issue_price": 0.95}
        ],
        "fees": [
            {"name": "taxes", "amount_per_period": 3_000.0},
            {"name": "admin", "rate": 0.0003, "fixed_per_year": 80e3, "cap": {"rate": 0.0002, "fixed_per_year": 60e3}},
            {"name": "senior", "rate": 0.0015},
            {"name": "sub", "rate": 0.0030, "base": "performing_par", "base_date": "average"},
            {"name": "incentive", "hurdles": [{"irr": 0.10, "share": 0.20}]}
        ],
        "tests": [
            {"name": "B OC", "kind": "oc", "through": "B-1", "trigger": 1.25, "first_date": "first_determination"},
            {"name": "B IC", "kind": "ic", "through": "B-1", "trigger": 1.20},
            {"name": "C OC", "kind": "oc", "through": "C", "trigger": 1.17, "first_date": "first_determination"},
            {"name": "C IC", "kind": "ic", "through": "C", "trigger": 1.10},
            {"name": "D OC", "kind": "oc", "through": "D", "trigger": 1.08, "first_date": "first_determination"},
            {"name": "Diversion", "kind": "oc", "through": "D", "trigger": 1.12, "first_date": "first_determination"},
            {"name": "EoD", "kind": "eod_par_ratio", "through": "A-1", "trigger": 1.025}
        ],
        "collateral": {
            "ccc": {"limit": 0.075},
            "discount": {"below": 0.80, "weak_below": 0.85, "restore": 0.90},
            "long_dated_value": 0.70
        },
        "reinvestment": {"during": ["coverage"]},
        "default_events": {"causes": ["senior_interest", "par_ratio", "maturity"]},
        "waterfalls": {
            "interest": [
                {"verb": "pay_fee", "fees": [["taxes"]]},
                {"verb": "pay_fee", "fees": [["admin"]], "part": "capped"},
                {"verb": "pay_fee", "fees": [["senior"]]},
                {"verb": "pay_pari_passu", "steps": [
                    {"verb": "pay_interest", "notes": [["X", "A-1", "A-2"]]},
                    {"verb": "pay_amortization", "notes": [["X"]]}
                ]},
                {"verb": "pay_interest", "notes": [["B-1", "B-2"]]},
                {"verb": "cure", "tests": ["B OC", "B IC"]},
                {"verb": "pay_interest", "notes": [["C"]]},
                {"verb": "cure", "tests": ["C OC", "C IC"]},
                {"verb": "pay_deferred_interest", "notes": [["C"]]},
                {"verb": "pay_interest", "notes": [["D"]]},
                {"verb": "cure", "tests": ["D OC"]},
                {"verb": "pay_deferred_interest", "notes": [["D"]]},
                {"verb": "divert", "test": "Diversion", "share": 0.5, "to": "principal", "when": "during_reinvestment"},
                {"verb": "pay_fee", "fees": [["sub"]]},
                {"verb": "pay_fee", "fees": [["admin"]], "part": "above_cap"},
                {"verb": "block", "when": "not passes('D OC')", "steps": [
                    {"verb": "pay_principal", "notes": [["D"]], "amount": "min(0.25 * remaining, balance('D'))"}
                ]},
                {"verb": "pay_residual", "notes": [["SUB"]], "until": "incentive"},
                {"verb": "incentive_fee", "fee": "incentive"},
                {"verb": "pay_residual", "notes": [["SUB"]]}
            ],
            "principal": [
                {"verb": "pay_shortfalls", "through": "B-2"},
                {"verb": "cure", "tests": ["B OC", "B IC"]},
                {"verb": "cure", "tests": ["C OC", "C IC"]},
                {"verb": "pay_interest", "notes": [["C"]]},
                {"verb": "cure", "tests": ["D OC"]},
                {"verb": "pay_interest", "notes": [["D"]]},
                {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
                {"verb": "reinvest", "of": "unscheduled", "share": "post_period_share", "when": "after_reinvestment"},
                {"verb": "pay_principal", "sequence": "note_payment_sequence"},
                {"verb": "pay_fee", "fees": [["sub", "admin"]]},
                {"verb": "pay_residual", "notes": [["SUB"]], "until": "incentive"},
                {"verb": "incentive_fee", "fee": "incentive"},
                {"verb": "pay_residual", "notes": [["SUB"]]}
            ]
        }
    })
}

/// A scenario without a default rate: a model brings the defaults.
pub fn small_scenario() -> Value {
    json!({
        "cpr": {"kind": "constant", "value": 0.15},
        "recovery": {"kind": "constant", "value": 0.60},
        "recovery_lag_months": {"kind": "constant", "value": 6.0},
        "rates": {"*": {"kind": "flat", "rate": 0.043}},
        "reinvestment": {
            "price": {"kind": "periods", "values": [0.99, 0.985]},
            "spread": {"kind": "constant", "value": 0.036},
            "term_years": 4.0,
            "recovery": 0.58,
            "pd": 0.10
        },
        "post_period_share": 0.25
    })
}

/// One market factor and one an industry; default probabilities from the tape's hazards.
pub fn small_model() -> Value {
    json!({"kind": "gaussian_copula", "inter": 0.30, "intra": 0.45, "pd": {"kind": "column", "name": "hazard"}})
}
