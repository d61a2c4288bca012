//! Whole projections whose numbers are done by hand, and facts that hold for every projection.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

mod common;

use cloche_engine::collateral::Tape;
use cloche_engine::compile::{PlanInput, compile_plan};
use cloche_engine::error::EngineError;
use cloche_engine::path::explained::{Explained, project};
use serde_json::{Value, json};

/// One rated class of 600,000 at 1 % a quarter, a fee of 1 % a year, three quarters; collections in the accrual period.
fn plain_deal() -> Value {
    json!({
        "cloche": 1,
        "name": "By hand",
        "currency": "USD",
        "target_par": 1e6,
        "dates": {
            "closing": "2026-01-20",
            "first_payment": "2026-04-20",
            "payment_frequency_months": 3,
            "stated_maturity": "2026-10-20",
            "roll": "none"
        },
        "notes": [
            {"name": "A", "balance": 600e3, "interest_rank": 1, "principal_rank": 1, "coupon": {"fixed": 0.04}},
            {"name": "SUB", "balance": 400e3, "residual": true}
        ],
        "fees": [{"name": "senior", "rate": 0.01}],
        "tests": [{"name": "A OC", "kind": "oc", "through": "A", "trigger": 1.0, "first_date": "first_determination"}],
        "waterfalls": {
            "interest": [
                {"verb": "pay_fee", "fees": [["senior"]]},
                {"verb": "pay_interest", "notes": [["A"]]},
                {"verb": "pay_residual", "notes": [["SUB"]]}
            ],
            "principal": [
                {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
                {"verb": "pay_principal", "sequence": "note_payment_sequence"},
                {"verb": "pay_residual", "notes": [["SUB"]]}
            ]
        },
        "conventions": {"cash_timing": "period"}
    })
}

/// A loan of a million at 4 % over an index of 5 %, without instalments.
fn one_loan(maturity: &str) -> Tape {
    let mut tape = common::tape("2026-01-20", &[1e6], maturity);
    tape.spread[0] = 0.04;
    tape.amortization_rate[0] = 0.0;
    tape
}

fn plain_scenario() -> Value {
    json!({
        "cdr": {"kind": "constant", "value": 0.0},
        "recovery": {"kind": "constant", "value": 0.60},
        "recovery_lag_months": {"kind": "constant", "value": 3.0},
        "rates": {"*": {"kind": "flat", "rate": 0.05}}
    })
}

fn projected(deal: &Value, tape: &Tape, scenario: &Value) -> Explained {
    let scenario = common::scenario(scenario);
    let input =
        PlanInput { deal: &common::compiled(deal), tape, scenario: &scenario, model_defaults: false, state: None };
    let compiled = compile_plan(input).expect("a scenario that compiles");
    project(&compiled.plan, &compiled.flows)
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "found {found}, expected {expected}");
}

#[test]
fn a_loan_of_two_quarters_pays_fee_class_and_residual_and_the_run_ends_with_it() {
    let path = projected(&plain_deal(), &one_loan("2026-07-20"), &plain_scenario());
    assert_eq!(path.periods, 2);
    // 90 and 91 days at 9 %; the fee runs on the par of the determination date before.
    for (p, days) in [(0, 90.0), (1, 91.0)] {
        let (interest, fee) = (1e6 * 0.09 * days / 360.0, 1e6 * 0.01 * days / 360.0);
        close(path.collateral[p].interest_collected, interest);
        close(path.fees[p].due, fee);
        close(path.fees[p].paid, fee);
        close(path.notes[2 * p].interest_paid, 6_000.0);
        let principal = if p == 1 { 400e3 } else { 0.0 };
        close(path.notes[2 * p + 1].interest_paid, interest - fee - 6_000.0 + principal);
    }
    close(path.collateral[1].scheduled_principal, 1e6);
    close(path.notes[2].principal_paid, 600e3);
    close(path.notes[2].end_balance, 0.0);
}

#[test]
fn reserve_and_ramp_up_cash_are_proceeds_of_the_first_date() {
    let mut deal = plain_deal();
    deal["closing"] = json!({"interest_reserve": 5_000.0, "ramp_up_cash": 100e3});
    let path = projected(&deal, &one_loan("2026-07-20"), &plain_scenario());
    // 22,500 of loan interest, the reserve, and 90 days of 5 % - 0.2 % on the cash.
    close(path.collateral[0].interest_collected, 22_500.0 + 5_000.0 + 1_200.0);
    close(path.collateral[0].principal_cash, 100e3);
    // The fee basis of closing holds the cash.
    close(path.fees[0].due, 2_750.0);
    close(path.notes[0].principal_paid, 100e3);
}

#[test]
fn principal_buys_a_cohort_that_earns_from_the_payment_date_and_ends_a_month_before_the_deal() {
    let mut deal = plain_deal();
    deal["dates"]["reinvestment_end"] = json!("2026-04-20");
    let mut scenario = plain_scenario();
    scenario["reinvestment"] = json!({
        "price": {"kind": "constant", "value": 0.8}, "spread": {"kind": "constant", "value": 0.03}
    });
    let path = projected(&deal, &one_loan("2026-04-20"), &scenario);
    let [first, second, third] = path.collateral[..] else { panic!("three dates") };
    close(first.purchase_cost, 1e6);
    close(first.new_purchases_par, 1.25e6);
    close(first.par_built, 250e3);
    // 91 days at 8 %; a quarter of 1 % a year is repaid; then 62 days to 20 September.
    close(second.interest_collected, 1.25e6 * 0.08 * 91.0 / 360.0);
    close(second.scheduled_principal, 3_125.0);
    close(second.performing_par, 1_246_875.0);
    close(third.interest_collected, 1_246_875.0 * 0.08 * 62.0 / 360.0);
    close(third.scheduled_principal, 1_246_875.0);
    close(third.sale_proceeds, 0.0);
}

#[test]
fn a_cohort_defaults_at_its_own_rate_and_its_recovery_comes_after_the_lag() {
    let mut deal = plain_deal();
    deal["dates"]["reinvestment_end"] = json!("2026-04-20");
    let mut scenario = plain_scenario();
    scenario["reinvestment"] = json!({"pd": 0.19, "recovery": 0.5});
    scenario["cpr"] = json!({"kind": "constant", "value": 0.3439});
    let path = projected(&deal, &one_loan("2026-04-20"), &scenario);
    // The fourth root of 0.81 is 0.9486…; that of 0.6561 is 0.9.
    let survival = 0.948_683_298_050_513_8;
    let second = path.collateral[1];
    close(second.new_defaults, 1e6 * (1.0 - survival));
    close(second.defaulted_value, 0.5e6 * (1.0 - survival));
    close(second.prepaid_principal, 1e6 * survival * 0.9975 * 0.1);
    close(second.oc_numerator, second.performing_par + second.principal_cash + second.defaulted_value);
    close(path.collateral[2].recoveries, 0.5 * (second.new_defaults + path.collateral[2].new_defaults));
}

#[test]
fn a_named_company_defaults_in_the_step_of_its_date_on_the_balance_of_its_start() {
    let mut scenario = plain_scenario();
    scenario["defaults"] = json!({"L000": "2026-05-01"});
    let path = projected(&plain_deal(), &one_loan("2026-06-30"), &scenario);
    let second = path.collateral[1];
    close(second.new_defaults, 1e6);
    close(second.interest_collected, 0.0);
    close(second.scheduled_principal, 0.0);
    close(second.oc_numerator, 600e3);
    close(path.collateral[2].recoveries, 600e3);
    // The class gets its two unpaid coupons and 1 % on the one that was overdue, the rest is lost.
    let last = path.notes[4];
    close(last.interest_paid, 6_000.0 + 6_060.0);
    close(last.final_loss, 600e3 - (600e3 - 12_060.0));
}

#[test]
fn the_last_date_sells_what_performs_and_collects_every_recovery() {
    let mut scenario = plain_scenario();
    scenario["cdr"] = json!({"kind": "periods", "values": [0.0, 0.0, 0.19]});
    scenario["recovery_lag_months"] = json!({"kind": "constant", "value": 24.0});
    scenario["liquidation_price"] = json!(0.9);
    let path = projected(&plain_deal(), &one_loan("2030-01-20"), &scenario);
    let last = path.collateral[2];
    let survival = 0.948_683_298_050_513_8;
    close(last.sale_proceeds, 0.9e6 * survival);
    close(last.recoveries, 0.6e6 * (1.0 - survival));
    close(last.principal_cash, last.sale_proceeds + last.recoveries);
}

#[test]
fn without_defaults_every_class_is_paid_in_full_and_nothing_defers() {
    let mut deal = common::small_deal();
    // Tests that nothing can fail; the interest of the pool covers fees and coupons.
    for test in deal["tests"].as_array_mut().expect("tests") {
        test["trigger"] = json!(0.5);
    }
    let mut tape = common::thirty_loans();
    tape.default_date[20] = i32::MIN;
    tape.ccc = vec![0; 30];
    let mut scenario = common::small_scenario();
    scenario["cdr"] = json!({"kind": "constant", "value": 0.0});
    scenario["reinvestment"]["pd"] = json!(0.0);
    let path = projected(&deal, &tape, &scenario);
    for row in &path.notes {
        assert!(row.final_loss.abs() < 1e-6 || row.note == 7, "{row:?}");
        assert!(row.deferred_balance.abs() < 1e-6 && row.interest_shortfall.abs() < 1e-6, "{row:?}");
    }
}

/// Every amount of a document that is money, times two.
fn doubled(mut deal: Value) -> Value {
    let twice = |value: &mut Value| *value = json!(2.0 * value.as_f64().expect("an amount"));
    twice(&mut deal["target_par"]);
    for key in ["interest_reserve", "ramp_up_cash"] {
        twice(&mut deal["closing"][key]);
    }
    for note in deal["notes"].as_array_mut().expect("notes") {
        twice(&mut note["balance"]);
    }
    for fee in deal["fees"].as_array_mut().expect("fees") {
        for place in ["/amount_per_period", "/fixed_per_year", "/cap/fixed_per_year"] {
            if let Some(amount) = fee.pointer_mut(place) {
                twice(amount);
            }
        }
    }
    deal
}

#[test]
fn twice_the_deal_pays_exactly_twice() {
    let (deal, tape) = (common::small_deal(), common::thirty_loans());
    let mut large = tape.clone();
    for column in [&mut large.par, &mut large.original_par] {
        for x in column {
            *x *= 2.0;
        }
    }
    for cdr in [0.0, 0.05, 0.25] {
        let mut scenario = common::small_scenario();
        scenario["cdr"] = json!({"kind": "constant", "value": cdr});
        let small = projected(&deal, &tape, &scenario);
        let twice = projected(&doubled(deal.clone()), &large, &scenario);
        assert_eq!(small.notes.len(), twice.notes.len());
        for (a, b) in small.notes.iter().zip(&twice.notes) {
            for (x, y) in [
                (a.interest_paid, b.interest_paid),
                (a.principal_paid, b.principal_paid),
                (a.deferred_balance, b.deferred_balance),
                (a.end_balance, b.end_balance),
            ] {
                assert_eq!((2.0 * x).to_bits(), y.to_bits(), "{a:?} and {b:?}");
            }
        }
        for (a, b) in small.collateral.iter().zip(&twice.collateral) {
            assert_eq!((2.0 * a.oc_numerator).to_bits(), b.oc_numerator.to_bits(), "{a:?} and {b:?}");
        }
    }
}

#[test]
fn a_member_of_no_group_is_an_error() {
    let problems = |scenario: &Value, deal: &Value| {
        let scenario = common::scenario(scenario);
        let tape = one_loan("2026-07-20");
        let input = PlanInput {
            deal: &common::compiled(deal),
            tape: &tape,
            scenario: &scenario,
            model_defaults: false,
            state: None,
        };
        match compile_plan(input) {
            Err(EngineError::Scenario(found)) => found.iter().map(ToString::to_string).collect(),
            Err(other) => vec![other.to_string()],
            Ok(_) => Vec::<String>::new(),
        }
    };
    let mut scenario = plain_scenario();
    scenario["cdr"] = json!({"kind": "groups", "values": {"rating:CCC": {"kind": "constant", "value": 0.1}}});
    let loan = "scenario.cdr: no group holds loan L000; expected a group \"*\" for all others";
    assert_eq!(problems(&scenario, &plain_deal()), [loan]);
    let mut deal = plain_deal();
    deal["dates"]["reinvestment_end"] = json!("2026-04-20");
    let bought = "scenario.cdr: no group holds what is bought, rated \"\"; expected a group \"*\" for all others";
    assert_eq!(problems(&scenario, &deal), [bought]);
    scenario["cdr"]["values"]["*"] = json!({"kind": "constant", "value": 0.02});
    assert_eq!(problems(&scenario, &deal), [""; 0]);
}
