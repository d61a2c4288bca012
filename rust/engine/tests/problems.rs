//! What a deal document is told when it contradicts itself: every problem at once, each with its place.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails where its set-up does")]

mod common;

use cloche_engine::compile::compile_deal;
use cloche_engine::error::EngineError;
use serde_json::{Value, json};

/// Two classes and a residual note; nothing is wrong with it.
fn document() -> Value {
    let floating = json!({"index": "sofr_3m", "spread": 0.02});
    json!({
        "cloche": 1,
        "name": "Plain",
        "currency": "USD",
        "target_par": 100e6,
        "dates": {
            "closing": "2026-01-20",
            "first_payment": "2026-04-20",
            "payment_frequency_months": 3,
            "stated_maturity": "2036-01-20"
        },
        "notes": [
            {"name": "A", "balance": 60e6, "interest_rank": 1, "principal_rank": 1, "coupon": floating},
            {"name": "B", "balance": 30e6, "interest_rank": 2, "principal_rank": 2, "coupon": floating},
            {"name": "SUB", "balance": 10e6, "residual": true}
        ],
        "fees": [{"name": "taxes", "amount_per_period": 5_000.0}],
        "tests": [{"name": "B OC", "kind": "oc", "through": "B", "trigger": 1.10}],
        "waterfalls": {
            "interest": [
                {"verb": "pay_fee", "fees": [["taxes"]]},
                {"verb": "pay_interest", "notes": [["A"], ["B"]]},
                {"verb": "cure", "tests": ["B OC"]},
                {"verb": "pay_residual", "notes": [["SUB"]]}
            ],
            "principal": [
                {"verb": "pay_principal", "sequence": "note_payment_sequence"},
                {"verb": "pay_residual", "notes": [["SUB"]]}
            ]
        }
    })
}

/// The problems of the document with some places overwritten.
fn problems(changes: &[(&str, Value)]) -> Vec<String> {
    let mut document = document();
    for (place, value) in changes {
        if let Some(target) = document.pointer_mut(place) {
            *target = value.clone();
        } else {
            let (parent, key) = place.rsplit_once('/').expect("a path");
            document.pointer_mut(parent).expect("a parent")[key] = value.clone();
        }
    }
    match compile_deal(serde_json::from_value(document).expect("a deal of the right shape")) {
        Ok(_) => Vec::new(),
        Err(EngineError::Deal(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_consistent_document_has_no_problem() {
    assert_eq!(problems(&[]), [""; 0]);
}

#[test]
fn a_step_that_pays_an_unknown_note_lists_the_known_ones() {
    assert_eq!(
        problems(&[("/waterfalls/interest/1/notes", json!([["A", "Z"]]))]),
        ["waterfalls.interest[1].pay_interest[1]: unknown note \"Z\"; known: A, B, SUB"]
    );
}

#[test]
fn a_class_may_not_be_senior_in_interest_and_junior_in_principal() {
    assert_eq!(
        problems(&[("/notes/0/principal_rank", json!(2)), ("/notes/1/principal_rank", json!(1))]),
        ["notes[0]: contradictory ranks: A has interest rank 1 and principal rank 2, B has 2 and 1"]
    );
}

#[test]
fn a_test_goes_through_a_class_of_the_deal_that_has_a_principal_rank() {
    assert_eq!(
        problems(&[("/tests/0/through", json!("Z"))]),
        ["tests[0].through: unknown note \"Z\"; known: A, B, SUB"]
    );
    assert_eq!(
        problems(&[("/tests/0/through", json!("SUB"))]),
        ["tests[0].through: \"SUB\" has no principal rank; expected a class of the note payment sequence"]
    );
}

#[test]
fn a_waterfall_may_not_leave_cash_unassigned() {
    const MESSAGE: &str =
        "the last step can leave cash unassigned; expected an unconditional pay_residual (without until) or retain";
    let mut conditional = json!({"verb": "pay_residual", "notes": [["SUB"]], "when": "during_reinvestment"});
    let last = "/waterfalls/principal/1";
    assert_eq!(problems(&[(last, conditional.clone())]), [format!("waterfalls.principal: {MESSAGE}")]);
    conditional["when"] = Value::Null;
    let block = |otherwise: Value| json!({"verb": "block", "when": "during_reinvestment", "steps": [conditional], "else": otherwise});
    assert_eq!(problems(&[(last, block(json!([])))]), [format!("waterfalls.principal: {MESSAGE}")]);
    assert_eq!(problems(&[(last, block(json!([{"verb": "retain"}])))]), [""; 0]);
    assert_eq!(problems(&[("/waterfalls/interest", json!([]))]), [format!("waterfalls.interest: {MESSAGE}")]);
}

#[test]
fn money_is_not_compared_with_a_ratio() {
    assert_eq!(
        problems(&[("/waterfalls/interest/2/when", json!("remaining > ratio('B OC')"))]),
        ["waterfalls.interest[2].when: column 11: `>` compares money with a ratio"]
    );
}

#[test]
fn a_condition_is_a_condition_and_an_amount_is_money() {
    assert_eq!(
        problems(&[("/waterfalls/interest/2/when", json!("remaining"))]),
        ["waterfalls.interest[2].when: column 1: the expression is money; expected a condition"]
    );
    assert_eq!(
        problems(&[("/waterfalls/interest/2/amount", json!("pool_factor"))]),
        ["waterfalls.interest[2].amount: column 1: the expression is a ratio; expected money"]
    );
}

#[test]
fn an_unknown_value_of_a_convention_is_refused_with_the_known_ones() {
    assert_eq!(
        problems(&[("/conventions", json!({"pool_step": "weekly"}))]),
        ["conventions.pool_step: found weekly; expected one of period, monthly, own_dates"]
    );
}

#[test]
fn names_differ_inside_their_list() {
    assert_eq!(
        problems(&[
            ("/notes/1/name", json!("A")),
            ("/waterfalls/interest/1/notes", json!([["A"]])),
            ("/tests/0/through", json!("A"))
        ]),
        ["notes[1].name: note \"A\" is defined twice; names must differ"]
    );
}

#[test]
fn only_a_fee_with_a_cap_has_a_capped_part() {
    assert_eq!(
        problems(&[("/waterfalls/interest/0/part", json!("capped"))]),
        [
            "waterfalls.interest[0].pay_fee.part: fee \"taxes\" has no cap; expected part: all, or a cap in its definition"
        ]
    );
}

#[test]
fn the_stated_maturity_comes_after_closing() {
    assert_eq!(
        problems(&[("/dates/stated_maturity", json!("2025-01-20"))]),
        ["dates.stated_maturity: found 2025-01-20, on or before closing 2026-01-20; expected a later date"]
    );
}

#[test]
fn a_residual_note_has_no_interest_and_only_a_residual_note_takes_what_is_left() {
    assert_eq!(
        problems(&[("/waterfalls/interest/1/notes", json!([["SUB"]]))]),
        ["waterfalls.interest[1].pay_interest: SUB is a residual note: it has no interest; use pay_residual"]
    );
    assert_eq!(
        problems(&[("/waterfalls/interest/3/notes", json!([["B"]]))]),
        ["waterfalls.interest[3].pay_residual: B is not a residual note"]
    );
}

#[test]
fn what_an_event_does_must_be_among_the_rights_that_are_named() {
    let events = [
        ("issue", json!({"equity": 1e6}), "issue"),
        ("special_redemption", json!({"share": 0.5}), "special_redemption"),
        ("amend", json!({"into": document()}), "amendment"),
        ("reset", json!({"into": document()}), "reset or refinancing"),
    ];
    for (kind, terms, right) in events {
        let event = json!([{"date": "2028-01-20", (kind): terms}]);
        let refusal = |rights: Value| {
            let found = problems(&[("/rights", rights), ("/events", event.clone())]);
            found.into_iter().find(|text| text.contains("does not give this right"))
        };
        let given = "the deal does not give this right: expected";
        assert_eq!(
            refusal(json!({"optional_redemption": true})),
            Some(format!("events[0].{kind}: {given} {right} in rights, which has optional_redemption"))
        );
        let name = right.split_once(' ').map_or(right, |(first, _)| first);
        assert_eq!(refusal(json!({"optional_redemption": true, name: {}})), None);
        assert_eq!(refusal(json!({"auction_call": {"from": "2033-04-20", "months": [4, 10]}})), None);
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let found = problems(&[
        ("/target_par", json!(0.0)),
        ("/conventions", json!({"pool_step": "weekly"})),
        ("/dates/stated_maturity", json!("2025-01-20")),
        ("/notes/0/interest_rank", json!(3)),
        ("/notes/1/balance", json!(-1.0)),
        ("/fees/0/base", json!("nothing")),
        ("/tests/0/through", json!("Z")),
        ("/waterfalls/interest/0/part", json!("capped")),
        ("/waterfalls/interest/1/notes", json!([["A"], ["Z"]])),
        ("/waterfalls/interest/2/when", json!("remaining > ratio('B OC')")),
        ("/waterfalls/principal/1/when", json!("after_reinvestment")),
    ]);
    let places: Vec<&str> = found.iter().map(|text| text.split_once(": ").expect("a place").0).collect();
    assert_eq!(
        places,
        [
            "target_par",
            "conventions.pool_step",
            "dates.stated_maturity",
            "notes[1].balance",
            "notes[0]",
            "fees[0].base",
            "tests[0].through",
            "waterfalls.interest[0].pay_fee.part",
            "waterfalls.interest[1].pay_interest[1][0]",
            "waterfalls.interest[2].when",
            "waterfalls.principal",
        ]
    );
}
