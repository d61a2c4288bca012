//! Single rules of the priorities of payments, on payment dates whose numbers are done by hand.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

mod common;

use common::by_hand::{A1, A2, ADMIN, C, INCENTIVE, SUB, TAXES, close, deal, pay, residual, state, to_notes};
use serde_json::{Value, json};

#[test]
fn a_group_that_is_short_shares_by_amount_due() {
    let interest = json!([{"verb": "pay_interest", "notes": [["A-1", "A-2"]]}, residual()]);
    let result = pay(&deal(&interest, &to_notes()), &state(6_000.0, 0.0, 1e6, &[]));
    // Each class is due 4,000 and gets three quarters of it; the rest is overdue.
    for n in [A1, A2] {
        close(result.explained.notes[n].interest_paid, 3_000.0);
        close(result.explained.notes[n].interest_shortfall, 1_000.0);
    }
    close(result.explained.notes[SUB].interest_paid, 0.0);
}

#[test]
fn groups_of_a_step_are_paid_one_after_another() {
    let interest = json!([{"verb": "pay_interest", "notes": [["A-1"], ["A-2"]]}, residual()]);
    let result = pay(&deal(&interest, &to_notes()), &state(6_000.0, 0.0, 1e6, &[]));
    close(result.explained.notes[A1].interest_paid, 4_000.0);
    close(result.explained.notes[A2].interest_paid, 2_000.0);
}

#[test]
fn overdue_interest_bears_interest_and_is_paid_before_current_interest() {
    let interest = json!([{"verb": "pay_interest", "notes": [["A-1"]]}, residual()]);
    let changes = [("A-1.interest_shortfall", 1_000.0)];
    let result = pay(&deal(&interest, &to_notes()), &state(3_000.0, 0.0, 1e6, &changes));
    // 401,000 at 1 % is 4,010; 3,000 pay the 1,000 of the date before and 2,000 of it.
    close(result.explained.notes[A1].interest_due, 4_010.0);
    close(result.explained.notes[A1].interest_shortfall, 2_010.0);
}

#[test]
fn a_capped_fee_is_paid_up_to_its_cap_and_the_rest_at_its_own_step() {
    let interest = json!([
        {"verb": "pay_fee", "fees": [["admin"]], "part": "capped"},
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "pay_fee", "fees": [["admin"]], "part": "above_cap"},
        residual()
    ]);
    // The cap is 8,000 · 90/360 = 2,000 of 5,000: 10,000 leave 8,000 for interest and nothing for the rest.
    let result = pay(&deal(&interest, &to_notes()), &state(10_000.0, 0.0, 1e6, &[]));
    close(result.explained.fees[ADMIN].paid, 2_000.0);
    close(result.explained.fees[ADMIN].unpaid, 3_000.0);
    let result = pay(&deal(&interest, &to_notes()), &state(12_000.0, 0.0, 1e6, &[]));
    close(result.explained.fees[ADMIN].paid, 4_000.0);
}

#[test]
fn a_cure_from_interest_pays_just_enough_and_the_classes_of_a_rank_by_balance() {
    let interest = json!([{"verb": "cure", "tests": ["C OC"]}, residual()]);
    // N = 819,000, D = 800,000, T = 1.05: D - N/T = 20,000, two thirds of it to A-1.
    let result = pay(&deal(&interest, &to_notes()), &state(50_000.0, 0.0, 819_000.0, &[]));
    close(result.explained.notes[A1].principal_paid, 20_000.0 * 2.0 / 3.0);
    close(result.explained.notes[A2].principal_paid, 20_000.0 / 3.0);
    close(result.explained.notes[SUB].interest_paid, 30_000.0);
    let test = result.explained.ledger.tests[1];
    assert!((test.numerator_after / test.denominator_after - 1.05).abs() < 1e-12);
}

#[test]
fn a_rounded_test_passes_from_half_a_step_below_its_trigger_and_a_cure_pays_up_to_there() {
    let mut document = deal(&json!([{"verb": "cure", "tests": ["C OC"]}, residual()]), &to_notes());
    document["tests"][1]["round"] = json!(0.01);
    // 837,000/800,000 is 104.625 %, which rounds to 105 %.
    let result = pay(&document, &state(50_000.0, 0.0, 837_000.0, &[]));
    close(result.explained.notes[SUB].interest_paid, 50_000.0);
    // 104.375 % rounds to 104 %: D - N/1.045.
    let result = pay(&document, &state(50_000.0, 0.0, 835_000.0, &[]));
    close(result.explained.notes[SUB].interest_paid, 50_000.0 - (800_000.0 - 835_000.0 / 1.045));
    close(result.explained.ledger.tests[1].numerator, 835_000.0);
}

#[test]
fn a_cure_from_principal_costs_more_because_the_cash_leaves_the_numerator() {
    let principal = json!([{"verb": "cure", "tests": ["C OC"]}, {"verb": "retain"}]);
    let interest = json!([residual()]);
    // N = 739,000 + 100,000 = 839,000: (1.05 · 800,000 - 839,000)/0.05 = 20,000.
    let result = pay(&deal(&interest, &principal), &state(0.0, 100_000.0, 739_000.0, &[]));
    close(result.explained.notes[A1].principal_paid + result.explained.notes[A2].principal_paid, 20_000.0);
    close(result.principal_account, 80_000.0);
}

#[test]
fn a_cure_pays_deferred_interest_of_a_class_before_its_principal() {
    let mut document =
        deal(&json!([{"verb": "cure", "tests": ["C OC"], "pay_notes": [["C"]]}, residual()]), &to_notes());
    document["notes"][2]["deferrable"] = json!(true);
    // D = 805,000, N = 819,000: 25,000 to class C, 5,000 of them deferred interest.
    let result = pay(&document, &state(50_000.0, 0.0, 819_000.0, &[("C.deferred_interest", 5_000.0)]));
    close(result.explained.notes[C].deferred_paid, 5_000.0);
    close(result.explained.notes[C].principal_paid, 20_000.0);
}

#[test]
fn a_cure_never_pays_classes_below_its_test() {
    let interest = json!([{"verb": "cure", "tests": ["A OC"]}, residual()]);
    let result = pay(&deal(&interest, &to_notes()), &state(700_000.0, 0.0, 1.0, &[]));
    close(result.explained.notes[A1].end_balance + result.explained.notes[A2].end_balance, 0.8);
    close(result.explained.notes[C].principal_paid, 0.0);
}

#[test]
fn an_interest_coverage_cure_reads_the_paydown_as_made_at_the_start_of_the_period() {
    let interest = json!([
        {"verb": "pay_fee", "fees": [["taxes"]]},
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "cure", "tests": ["A IC"]},
        residual()
    ]);
    // I = 10,000 - 1,000, Q = 8,000, T = 1.2: 500 of interest must go; the rank pays 8,000/600,000 a unit: 37,500.
    let result = pay(&deal(&interest, &to_notes()), &state(10_000.0, 0.0, 1e6, &[]));
    close(result.explained.notes[A1].principal_paid, 1_000.0 * 2.0 / 3.0);
    let rich = state(9_000.0 + 1_000.0, 100_000.0, 1e6, &[]);
    let principal = json!([{"verb": "cure", "tests": ["A IC"]}, {"verb": "retain"}]);
    let result = pay(&deal(&interest, &principal), &rich);
    let paid = result.explained.notes[A1].principal_paid + result.explained.notes[A2].principal_paid;
    close(paid, 37_500.0);
    close(result.explained.fees[TAXES].paid, 1_000.0);
    // The other 36,500 came from principal.
    close(result.principal_account, 63_500.0);
}

#[test]
fn a_test_that_does_not_apply_yet_cures_nothing() {
    let interest = json!([{"verb": "cure", "tests": ["Late OC"]}, residual()]);
    let result = pay(&deal(&interest, &to_notes()), &state(50_000.0, 0.0, 819_000.0, &[]));
    close(result.explained.notes[SUB].interest_paid, 50_000.0);
}

#[test]
fn a_deferrable_class_defers_while_a_senior_class_is_outstanding_and_bears_interest_on_it() {
    let interest = json!([{"verb": "pay_interest", "notes": [["A-1", "A-2"]]}, {"verb": "pay_interest", "notes": [["C"]]}, residual()]);
    let changes = [("C.deferred_interest", 10_000.0)];
    let result = pay(&deal(&interest, &to_notes()), &state(10_000.0, 0.0, 1e6, &changes));
    // 210,000 at 3 % is 6,300, of which 2,000 are paid.
    close(result.explained.notes[C].interest_due, 6_300.0);
    close(result.explained.notes[C].deferred_interest, 4_300.0);
    close(result.explained.notes[C].deferred_balance, 14_300.0);
    close(result.explained.notes[C].interest_shortfall, 0.0);
    let paid_off = [("A-1.balance", 0.0), ("A-2.balance", 0.0)];
    let result = pay(&deal(&interest, &to_notes()), &state(1_000.0, 0.0, 1e6, &paid_off));
    close(result.explained.notes[C].deferred_balance, 0.0);
    close(result.explained.notes[C].interest_shortfall, 5_000.0);
}

#[test]
fn principal_pays_interest_of_a_deferrable_class_only_where_it_controls() {
    let principal = json!([{"verb": "pay_interest", "notes": [["C"]]}, {"verb": "retain"}]);
    let document = deal(&json!([residual()]), &principal);
    let result = pay(&document, &state(0.0, 50_000.0, 1e6, &[]));
    close(result.explained.notes[C].interest_paid, 0.0);
    let paid_off = [("A-1.balance", 0.0), ("A-2.balance", 0.0)];
    let result = pay(&document, &state(0.0, 50_000.0, 1e6, &paid_off));
    close(result.explained.notes[C].interest_paid, 6_000.0);
    let mut always = document;
    always["conventions"] = json!({"interest_from_principal": "always"});
    let result = pay(&always, &state(0.0, 50_000.0, 1e6, &[]));
    close(result.explained.notes[C].interest_paid, 6_000.0);
}

#[test]
fn principal_pays_the_shortfalls_of_senior_steps_with_caps_as_they_stand() {
    let interest = json!([
        {"verb": "pay_fee", "fees": [["taxes"]]},
        {"verb": "pay_fee", "fees": [["admin"]], "part": "capped"},
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "cure", "tests": ["C OC"]},
        {"verb": "pay_interest", "notes": [["C"]]},
        residual()
    ]);
    let principal = json!([{"verb": "pay_shortfalls", "through": "A-2"}, {"verb": "retain"}]);
    // Interest pays the taxes and 500 of the cap of 2,000; principal pays 1,500 and the 8,000 of interest, not class C.
    let result = pay(&deal(&interest, &principal), &state(1_500.0, 50_000.0, 1e6, &[]));
    close(result.explained.fees[ADMIN].paid, 2_000.0);
    close(result.explained.notes[A1].interest_paid, 4_000.0);
    close(result.explained.notes[C].interest_paid, 0.0);
    close(result.principal_account, 40_500.0);
}

#[test]
fn the_note_payment_sequence_pays_interest_then_deferred_interest_then_principal_of_each_class() {
    let document = deal(&json!([residual()]), &to_notes());
    let changes = [("C.deferred_interest", 5_000.0)];
    let result = pay(&document, &state(0.0, 620_000.0, 1e6, &changes));
    // 608,000 retire class A with its interest; 6,150 and 5,000 of interest of class C come before 850 of principal.
    close(result.explained.notes[A1].end_balance + result.explained.notes[A2].end_balance, 0.0);
    close(result.explained.notes[C].interest_paid, 6_150.0);
    close(result.explained.notes[C].deferred_paid, 5_000.0);
    close(result.explained.notes[C].principal_paid, 850.0);
}

#[test]
fn diversion_takes_the_lesser_of_its_share_and_its_need() {
    let interest = |share: f64| json!([{"verb": "divert", "test": "C OC", "share": share, "to": "principal", "when": "during_reinvestment"}, residual()]);
    let keep =
        json!([{"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"}, {"verb": "retain"}]);
    // T · D - N = 840,000 - 819,000 = 21,000.
    let result = pay(&deal(&interest(0.5), &keep), &state(50_000.0, 0.0, 819_000.0, &[]));
    close(result.principal_account, 21_000.0);
    let result = pay(&deal(&interest(0.3), &keep), &state(50_000.0, 0.0, 819_000.0, &[]));
    close(result.principal_account, 15_000.0);
    close(result.explained.notes[SUB].interest_paid, 35_000.0);
}

#[test]
fn diverted_interest_is_not_spent_on_cures_of_principal() {
    let interest = json!([{"verb": "divert", "test": "C OC", "share": 1.0, "to": "principal"}, residual()]);
    let principal = json!([{"verb": "cure", "tests": ["A OC"]}, {"verb": "pay_principal", "sequence": "note_payment_sequence"}, residual()]);
    // Class A is 20,000 of par short of 1.25: the cure has no cash; the diverted 50,000 then pay the notes.
    let result = pay(&deal(&interest, &principal), &state(50_000.0, 0.0, 730_000.0, &[]));
    let rows = &result.explained.ledger.entries;
    let infos = &common::compiled(&deal(&interest, &principal)).terms.program.infos;
    let cured: f64 = rows.iter().filter(|e| infos[e.info as usize].verb == "cure").map(|e| e.paid).sum();
    close(cured, 0.0);
    let paid: f64 = [A1, A2]
        .iter()
        .map(|&n| result.explained.notes[n].principal_paid + result.explained.notes[n].interest_paid)
        .sum();
    close(paid, 50_000.0);
}

#[test]
fn the_manager_shares_what_is_left_above_the_hurdle_of_the_residual_notes() {
    let interest = json!([
        {"verb": "pay_residual", "notes": [["SUB"]], "until": "incentive"},
        {"verb": "incentive_fee", "fee": "incentive"},
        residual()
    ]);
    let mut state = state(300_000.0, 0.0, 1e6, &[]);
    let result = pay(&deal(&interest, &to_notes()), &state);
    // 200,000 grow at 10 % for 90 of 365 days: 1.1^(90/365).
    let need = 200_000.0 * 1.023_779_468_085_648_9;
    close(result.explained.fees[INCENTIVE].paid, 0.2 * (300_000.0 - need));
    close(result.explained.notes[SUB].interest_paid, need + 0.8 * (300_000.0 - need));
    state["notes"]["SUB"]["cost"] = json!(400_000.0);
    let result = pay(&deal(&interest, &to_notes()), &state);
    close(result.explained.fees[INCENTIVE].paid, 0.0);
    close(result.explained.notes[SUB].interest_paid, 300_000.0);
}

#[test]
fn a_condition_and_an_amount_limit_their_step() {
    let interest = json!([
        {"verb": "pay_principal", "notes": [["C"]], "when": "passes('C OC')", "amount": "min(0.25 * remaining, balance('C'))"},
        {"verb": "block", "when": "passes('C OC')", "steps": [{"verb": "pay_fee", "fees": [["taxes"]]}],
         "else": [{"verb": "pay_fee", "fees": [["admin"]]}]},
        residual()
    ]);
    let result = pay(&deal(&interest, &to_notes()), &state(40_000.0, 0.0, 1e6, &[]));
    close(result.explained.notes[C].principal_paid, 10_000.0);
    close(result.explained.fees[TAXES].paid, 1_000.0);
    close(result.explained.fees[ADMIN].paid, 0.0);
    let result = pay(&deal(&interest, &to_notes()), &state(40_000.0, 0.0, 819_000.0, &[]));
    close(result.explained.notes[C].principal_paid, 0.0);
    close(result.explained.fees[TAXES].paid, 0.0);
    close(result.explained.fees[ADMIN].paid, 5_000.0);
}

#[test]
fn an_unpaid_instalment_of_class_x_is_carried_forward() {
    let mut document = deal(
        &json!([
            {"verb": "pay_pari_passu", "steps": [
                {"verb": "pay_interest", "notes": [["A-1"]]},
                {"verb": "pay_amortization", "notes": [["A-2"]]}
            ]},
            residual()
        ]),
        &json!([{"verb": "retain"}]),
    );
    document["notes"][1]["amortization"] = json!({"payments": 5});
    document["notes"][1]["principal_rank"] = Value::Null;
    document["tests"] = json!([]);
    // Due are 4,000 of interest and 40,000 of principal; 11,000 pay a quarter of each.
    let result = pay(&document, &state(11_000.0, 0.0, 1e6, &[]));
    close(result.explained.notes[A1].interest_paid, 1_000.0);
    close(result.explained.notes[A2].principal_paid, 10_000.0);
    close(result.amortization_unpaid[A2], 30_000.0);
}

#[test]
fn purchases_that_need_coverage_wait_while_a_test_fails() {
    let principal = json!([{"verb": "reinvest", "of": "all", "share": 1.0}, {"verb": "retain"}]);
    let mut document = deal(&json!([{"verb": "cure", "tests": ["C OC"]}, residual()]), &principal);
    document["reinvestment"] = json!({"during": ["coverage"]});
    let result = pay(&document, &state(0.0, 10_000.0, 700_000.0, &[]));
    close(result.principal_account, 10_000.0);
    let reasons: Vec<_> = result.explained.ledger.entries.iter().map(|e| e.reason.text()).collect();
    assert!(reasons.contains(&"held: a coverage test fails"), "{reasons:?}");
}

#[test]
fn a_turbo_pays_a_share_of_what_is_left_to_deferred_interest_and_principal() {
    let interest = json!([{"verb": "turbo", "notes": [["C"]], "share": 0.5}, residual()]);
    let result = pay(&deal(&interest, &to_notes()), &state(40_000.0, 0.0, 1e6, &[("C.deferred_interest", 5_000.0)]));
    close(result.explained.notes[C].deferred_paid, 5_000.0);
    close(result.explained.notes[C].principal_paid, 15_000.0);
    close(result.explained.notes[SUB].interest_paid, 20_000.0);
    let result = pay(&deal(&interest, &to_notes()), &state(40_000.0, 0.0, 1e6, &[("C.balance", 12_000.0)]));
    close(result.explained.notes[C].principal_paid, 12_000.0);
    close(result.explained.notes[SUB].interest_paid, 28_000.0);
}

#[test]
fn a_turbo_is_no_cure_of_interest_coverage() {
    let interest = json!([
        {"verb": "turbo", "notes": [["A-1", "A-2"]], "share": 1.0, "amount": "6_000"},
        {"verb": "pay_interest", "notes": [["A-1", "A-2"]]},
        {"verb": "cure", "tests": ["A IC"]},
        residual()
    ]);
    // Q stays 8,000 for: I = 20,000 passes, and the ratio after is 2.5.
    let result = pay(&deal(&interest, &to_notes()), &state(20_000.0, 0.0, 1e6, &[]));
    close(result.explained.notes[A1].principal_paid + result.explained.notes[A2].principal_paid, 6_000.0);
    close(result.explained.ledger.tests[2].denominator_after, 8_000.0);
}

#[test]
fn several_hurdles_share_each_slice_of_what_is_left() {
    let interest = json!([
        {"verb": "pay_residual", "notes": [["SUB"]], "until": "incentive"},
        {"verb": "incentive_fee", "fee": "incentive"},
        residual()
    ]);
    let mut document = deal(&interest, &to_notes());
    document["fees"][2]["hurdles"] = json!([{"irr": 0.10, "share": 0.20}, {"irr": 0.15, "share": 0.50}]);
    let result = pay(&document, &state(300_000.0, 0.0, 1e6, &[]));
    // Needs 200,000 · 1.1^(90/365) and 200,000 · 1.15^(90/365): the slice between them is their distance over 0.8.
    let (low, high) = (200_000.0 * 1.023_779_468_085_648_88, 200_000.0 * 1.035_062_538_749_905_68);
    let between = (high - low) / 0.8;
    let fee = 0.2 * between + 0.5 * (300_000.0 - low - between);
    close(result.explained.fees[INCENTIVE].paid, fee);
    close(result.explained.notes[SUB].interest_paid, 300_000.0 - fee);
    // Up to the second hurdle the first share alone applies.
    let result = pay(&document, &state(low + 1_000.0, 0.0, 1e6, &[]));
    close(result.explained.fees[INCENTIVE].paid, 200.0);
}

#[test]
fn hurdles_rise() {
    let mut document = deal(&json!([residual()]), &to_notes());
    document["fees"][2]["hurdles"] = json!([{"irr": 0.10, "share": 0.20}, {"irr": 0.10, "share": 0.50}]);
    let parsed = serde_json::from_value(document).expect("a deal of the right shape");
    let error = cloche_engine::compile::compile_deal(parsed).expect_err("hurdles of the same rate");
    assert!(error.to_string().contains("fees[2].hurdles[1].irr"), "{error}");
}

#[test]
fn a_fee_may_be_waived_and_deferred_in_part() {
    let interest = json!([{"verb": "pay_fee", "fees": [["taxes"]]}, residual()]);
    let mut document = deal(&interest, &to_notes());
    document["fees"][0]["waived"] = json!(0.25);
    document["fees"][0]["deferred"] = json!({"2026-01-01": 0.40});
    // Of 1,000 a quarter is waived; of the other 750 the manager takes 450 now and 300 from the next date on.
    let result = pay(&document, &state(40_000.0, 0.0, 1e6, &[]));
    close(result.explained.fees[TAXES].paid, 450.0);
    close(result.explained.fees[TAXES].unpaid, 300.0);
    close(result.fees_unpaid[TAXES], 300.0);
    document["fees"][0]["deferred"] = json!({"2026-01-21": 0.40});
    let result = pay(&document, &state(40_000.0, 0.0, 1e6, &[]));
    close(result.explained.fees[TAXES].paid, 750.0);
}
