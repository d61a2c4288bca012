//! Accounts, the receipts waterfall and hedges, on payment dates whose numbers are done by hand, and over whole deals.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

mod common;

use cloche_engine::compile::{PlanInput, compile_deal, compile_plan};
use cloche_engine::path::explained::{Explained, project};
use common::by_hand::{A1, A2, SUB, TAXES, close, deal, pay, residual, state, to_notes};
use serde_json::{Value, json};

fn with_accounts(interest: &Value, principal: &Value) -> Value {
    let mut document = deal(interest, principal);
    document["accounts"] = json!([
        {"name": "reserve", "initial": 500.0, "target": "2_000"},
        {"name": "smoothing", "earns": "cash"}
    ]);
    document
}

const RESERVE: usize = 0;
const SMOOTHING: usize = 1;

#[test]
fn a_reserve_is_filled_up_to_its_target_and_released_above_it() {
    let interest = json!([{"verb": "fund_reserve", "account": "reserve"}, residual()]);
    let document = with_accounts(&interest, &to_notes());
    let mut given = state(1_000.0, 0.0, 1e6, &[]);
    let result = pay(&document, &given);
    close(result.accounts[RESERVE], 1_500.0);
    close(result.explained.notes[SUB].interest_paid, 0.0);
    given["accounts"] = json!({"reserve": 1_700.0});
    let result = pay(&document, &given);
    close(result.accounts[RESERVE], 2_000.0);
    close(result.explained.notes[SUB].interest_paid, 700.0);
    let interest =
        json!([{"verb": "release_reserve", "account": "reserve", "above": "0.001 * performing_par"}, residual()]);
    given["accounts"] = json!({"reserve": 1_700.0});
    let result = pay(&with_accounts(&interest, &to_notes()), &given);
    close(result.accounts[RESERVE], 1_000.0);
    close(result.explained.notes[SUB].interest_paid, 1_700.0);
}

#[test]
fn a_release_pays_steps_that_come_when_nothing_is_left() {
    let interest = json!([
        {"verb": "pay_interest", "notes": [["A-1"]]},
        {"verb": "release_reserve", "account": "reserve", "above": "0", "amount": "account('reserve')"},
        {"verb": "pay_interest", "notes": [["A-2"]]},
        residual()
    ]);
    let mut given = state(3_000.0, 0.0, 1e6, &[]);
    given["accounts"] = json!({"reserve": 1_500.0});
    let result = pay(&with_accounts(&interest, &to_notes()), &given);
    close(result.explained.notes[A1].interest_paid, 3_000.0);
    close(result.explained.notes[A2].interest_paid, 1_500.0);
    close(result.accounts[RESERVE], 0.0);
}

#[test]
fn the_receipts_waterfall_moves_proceeds_before_they_are_distributed_and_tested() {
    let interest = json!([
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "cure", "tests": ["A IC"]},
        residual()
    ]);
    let mut document = with_accounts(&interest, &to_notes());
    document["waterfalls"]["receipts"] = json!([
        {"verb": "transfer", "from": "smoothing", "to": "interest"},
        {"verb": "transfer", "from": "interest", "to": "smoothing", "amount": "0.25 * remaining"},
        {"verb": "transfer", "from": "principal", "to": "interest", "amount": "1_000"}
    ]);
    let mut given = state(10_000.0, 50_000.0, 1e6, &[]);
    given["accounts"] = json!({"smoothing": 2_000.0});
    let result = pay(&document, &given);
    // 12,000 with the last date's 2,000; a quarter is put aside, 1,000 of principal joins the other 9,000.
    close(result.accounts[SMOOTHING], 3_000.0);
    let tests = &result.explained.ledger.tests;
    close(tests[2].numerator, 10_000.0);
    close(tests[0].numerator, 1_049_000.0);
    close(result.explained.notes[SUB].interest_paid, 2_000.0);
    close(result.explained.notes[A1].principal_paid + result.explained.notes[A2].principal_paid, 49_000.0);
}

#[test]
fn interest_that_is_designated_as_principal_joins_the_purchases() {
    let interest = json!([{"verb": "transfer", "from": "interest", "to": "principal", "amount": "4_000"}, residual()]);
    let principal = json!([
        {"verb": "cure", "tests": ["A OC"]},
        {"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"},
        {"verb": "retain"}
    ]);
    let result = pay(&with_accounts(&interest, &principal), &state(10_000.0, 0.0, 1e6, &[]));
    close(result.principal_account, 4_000.0);
    close(result.explained.notes[SUB].interest_paid, 6_000.0);
}

#[test]
fn what_principal_puts_aside_leaves_the_numerator() {
    let principal = json!([
        {"verb": "transfer", "from": "principal", "to": "reserve", "amount": "10_000"},
        {"verb": "cure", "tests": ["C OC"]},
        {"verb": "retain"}
    ]);
    // N = 799,000 + 50,000 - 10,000 = 839,000: 20,000 at T - 1 = 0.05.
    let result = pay(&with_accounts(&json!([residual()]), &principal), &state(0.0, 50_000.0, 799_000.0, &[]));
    close(result.explained.notes[A1].principal_paid + result.explained.notes[A2].principal_paid, 20_000.0);
    close(result.principal_account, 20_000.0);
    close(result.accounts[RESERVE], 10_500.0);
}

fn with_swap(interest: &Value, principal: &Value) -> Value {
    let mut document = deal(interest, principal);
    document["hedges"] = json!([
        {"name": "swap", "pay": {"fixed": 0.06}, "receive": {"index": "sofr_3m", "day_count": "30/360"},
         "notional": 400e3}
    ]);
    document
}

#[test]
fn a_hedge_is_a_senior_expense_and_its_shortfall_is_paid_from_principal() {
    let interest = json!([
        {"verb": "pay_hedge", "hedges": [["swap"]]},
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "cure", "tests": ["A IC"]},
        residual()
    ]);
    let principal = json!([{"verb": "pay_shortfalls", "through": "A-2"}, {"verb": "retain"}]);
    let document = with_swap(&interest, &principal);
    let mut given = state(12_000.0, 0.0, 1e6, &[]);
    given["index_fixings"] = json!({"sofr_3m": 0.03});
    // 400,000 · (3 % - 6 %)/4 = -3,000.
    let result = pay(&document, &given);
    close(result.explained.ledger.tests[2].numerator, 9_000.0);
    given["collected"] = json!({"interest": 1_000.0, "principal": 20_000.0});
    given["hedges"] = json!({"swap": {"unpaid": 500.0}});
    let result = pay(&document, &given);
    // 3,500 are owed; interest pays 1,000, principal 2,500 and 8,000 of interest.
    close(result.hedges_unpaid[0], 0.0);
    close(result.principal_account, 9_500.0);
    given["collected"] = json!({"interest": 1_000.0, "principal": 0.0});
    close(pay(&document, &given).hedges_unpaid[0], 2_500.0);
    given["index_fixings"] = json!({"sofr_3m": 0.07});
    given["hedges"] = json!({});
    close(pay(&document, &given).hedges_unpaid[0], 0.0);
}

#[test]
fn what_the_end_of_a_hedge_costs_is_junior_where_the_counterparty_is_at_fault() {
    let interest = json!([
        {"verb": "pay_hedge", "hedges": [["swap"]]},
        {"verb": "pay_fee", "fees": [["taxes"]]},
        {"verb": "pay_hedge", "hedges": [["swap"]], "part": "defaulted"},
        residual()
    ]);
    let mut document = with_swap(&interest, &to_notes());
    document["hedges"][0]["termination"] = json!({"date": "2026-04-20", "amount": 2_000.0});
    let mut given = state(5_400.0, 0.0, 1e6, &[]);
    given["index_fixings"] = json!({"sofr_3m": 0.03});
    let result = pay(&document, &given);
    // 3,000 and 2,000 come before the taxes.
    close(result.explained.fees[TAXES].paid, 400.0);
    document["hedges"][0]["termination"]["party"] = json!("counterparty");
    let result = pay(&document, &given);
    close(result.explained.fees[TAXES].paid, 1_000.0);
    close(result.hedges_unpaid[0], 600.0);
}

/// The projection of a document's deal on one loan of 900,000 that pays 8 % and nothing else until 2030.
fn projected(document: &Value, rate: f64) -> Explained {
    let deal = common::compiled(document);
    let mut tape = common::tape("2026-01-20", &[900e3], "2030-06-20");
    tape.fixed[0] = 1;
    tape.fixed_rate[0] = 0.08;
    tape.day_count[0] = 2;
    tape.amortization_rate[0] = 0.0;
    let scenario = common::scenario(&json!({
        "cdr": {"kind": "constant", "value": 0.0},
        "cpr": {"kind": "constant", "value": 0.0},
        "recovery": {"kind": "constant", "value": 0.6},
        "recovery_lag_months": {"kind": "constant", "value": 3.0},
        "rates": {"*": {"kind": "flat", "rate": rate}},
        "reinvestment": {
            "price": {"kind": "constant", "value": 1.0},
            "spread": {"kind": "constant", "value": 0.035}
        }
    }));
    let input = PlanInput { deal: &deal, tape: &tape, scenario: &scenario, model_defaults: false, state: None };
    let compiled = compile_plan(input).expect("a plan");
    let result = project(&compiled.plan, &compiled.flows);
    assert!(result.conservation_error < 1e-6, "{}", result.conservation_error);
    result
}

#[test]
fn cash_that_is_put_aside_comes_back_at_the_end() {
    let interest = json!([
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "pay_interest", "notes": [["C"]]},
        {"verb": "fund_reserve", "account": "reserve"},
        residual()
    ]);
    let document = with_accounts(&interest, &to_notes());
    let plain = deal(&json!([interest[0], interest[1], interest[3]]), &to_notes());
    let rate = 0.0;
    let (with, without) = (projected(&document, rate), projected(&plain, rate));
    let equity = |run: &Explained| run.notes.iter().filter(|n| n.note == 3).map(|n| n.interest_paid).sum::<f64>();
    // The 500 of the closing day are all that the account adds.
    close(equity(&with) - equity(&without), 500.0);
    let first = |run: &Explained| run.notes[3].interest_paid;
    close(first(&without) - first(&with), 1_500.0);
    let last = with.notes.last().expect("rows");
    assert!(last.interest_paid >= 2_000.0, "{last:?}");
}

#[test]
fn an_account_that_earns_earns_what_principal_cash_earns() {
    let interest = json!([{"verb": "pay_interest", "notes": [["A-1", "A-2"]]}, residual()]);
    let mut document = with_accounts(&interest, &to_notes());
    document["accounts"] = json!([{"name": "smoothing", "earns": "cash", "initial": 360_000.0}]);
    let mut plain = document.clone();
    plain["accounts"][0]["earns"] = json!("nothing");
    let rate = 0.04;
    let (with, without) = (projected(&document, rate), projected(&plain, rate));
    let days = f64::from(common::date("2026-04-08") - common::date("2026-01-20"));
    close(
        with.collateral[0].interest_collected - without.collateral[0].interest_collected,
        1_000.0 * days * (0.04 - 0.0020),
    );
}

#[test]
fn a_swap_exchanges_its_net_amount_over_the_life_of_its_notional() {
    let interest = json!([{"verb": "pay_hedge", "hedges": [["swap"]]}, residual()]);
    let mut document = with_swap(&interest, &to_notes());
    document["hedges"][0]["notional"] = json!({"2026-07-20": 400e3, "2027-07-20": 0.0});
    let rate = 0.03;
    let run = projected(&document, rate);
    let paid: Vec<f64> = run.ledger.entries.iter().filter(|e| e.info == 0).map(|e| e.paid).collect();
    for (p, expected) in [0.0, 0.0, 3_000.0, 3_000.0, 3_000.0, 3_000.0, 0.0].into_iter().enumerate() {
        close(paid[p], expected);
    }
    // At 7 % the issuer receives 1,000 a date.
    let none = projected(&deal(&json!([residual()]), &to_notes()), 0.07);
    let run = projected(&document, 0.07);
    let received: Vec<f64> =
        run.collateral.iter().zip(&none.collateral).map(|(a, b)| a.interest_collected - b.interest_collected).collect();
    for (p, expected) in [0.0, 0.0, 1_000.0, 1_000.0, 1_000.0, 1_000.0, 0.0].into_iter().enumerate() {
        close(received[p], expected);
    }
}

#[test]
fn a_cap_pays_on_the_balance_of_a_note_and_its_end_is_principal() {
    let interest = json!([{"verb": "pay_interest", "notes": [["C"]]}, residual()]);
    let mut document = deal(&interest, &to_notes());
    document["hedges"] = json!([
        {"name": "cap", "receive": {"index": "sofr_3m", "above": 0.05, "day_count": "30/360"}, "notional": "C",
         "termination": {"date": "2026-08-01", "amount": -700.0}}
    ]);
    let none = projected(&deal(&interest, &to_notes()), 0.07);
    let run = projected(&document, 0.07);
    let more = |p: usize| run.collateral[p].interest_collected - none.collateral[p].interest_collected;
    for (p, expected) in [1_000.0, 1_000.0, 1_000.0, 0.0].into_iter().enumerate() {
        close(more(p), expected);
    }
    close(run.collateral[2].principal_cash - none.collateral[2].principal_cash, 700.0);
}

fn problems(document: &Value) -> Vec<String> {
    let parsed = serde_json::from_value(document.clone()).expect("a deal of the right shape");
    let error = compile_deal(parsed).expect_err("a deal with problems");
    error.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn what_cannot_be_meant_is_reported_with_its_place() {
    let interest = json!([
        {"verb": "transfer", "from": "reserve", "to": "smoothing"},
        {"verb": "fund_reserve", "account": "smoothing"},
        {"verb": "release_reserve", "account": "reserv"},
        residual()
    ]);
    let mut document =
        with_accounts(&interest, &json!([{"verb": "transfer", "from": "interest", "to": "reserve"}, residual()]));
    document["accounts"][0]["name"] = json!("reserve");
    document["accounts"][1]["earns"] = json!("interest");
    document["hedges"] = json!([
        {"name": "swap", "pay": {"fixed": 0.04, "index": "sofr_3m"}, "notional": "Z"},
        {"name": "other", "pay": {"fixed": 0.04}, "notional": 1e3}
    ]);
    document["waterfalls"]["receipts"] = json!([{"verb": "pay_fee", "fees": [["taxes"]]}]);
    let found = problems(&document);
    let places: Vec<&str> = found.iter().map(|text| text.split_once(": ").expect("a place").0).collect();
    assert_eq!(
        places,
        [
            "accounts[1].earns",
            "hedges[0].pay",
            "hedges[0].notional",
            "waterfalls.receipts[0]",
            "waterfalls.interest[0].transfer",
            "waterfalls.interest[1].fund_reserve",
            "waterfalls.interest[2].release_reserve",
            "waterfalls.principal[0].transfer.from",
        ],
        "{found:#?}"
    );
}
