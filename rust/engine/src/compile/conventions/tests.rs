use super::*;

fn read(text: &str) -> (Conventions, Vec<String>) {
    let document: BTreeMap<String, Value> = serde_json::from_str(text).unwrap();
    let mut problems = Vec::new();
    let conventions = Conventions::read(&document, &mut problems);
    (conventions, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn without_a_word_every_convention_has_its_first_value() {
    let (c, problems) = read("{}");
    assert!(problems.is_empty());
    assert!(c.x_in_ic && c.x_in_shortfall && c.deferred_in_oc && c.discount_in_ccc);
    assert_eq!(c.interest_on_unpaid, OnUnpaid::Compound);
    assert!(!c.cash_timing_period && !c.simple_rates && !c.rates_by_days);
    assert!(!(c.x_in_sequence || c.same_date_deferrals || c.ic_cure_takes_all || c.designated));
    assert!(!(c.per_portion || c.whole_assets || c.eod_adjusted));
    assert_eq!(c.interest_from_principal, InterestFromPrincipal::Controlling);
    assert!(c.interest_on_default.abs() < 1e-12 && (c.interest_on_prepaid - 1.0).abs() < 1e-12);
    let in_force = Conventions::in_force(&BTreeMap::new());
    assert!(in_force.contains(&("ic_cure", "proforma".to_owned())));
    assert_eq!(in_force.len(), KEYS.len());
}

#[test]
fn the_alternatives_that_are_built_change_the_convention() {
    let (c, problems) = read(
        r#"{"x_in_ic": false, "x_in_shortfall": "false", "deferred_in_oc": false, "discount_in_ccc": "excluded",
            "interest_from_principal": "always", "interest_on_default_period": "half",
            "interest_on_prepaid_period": "none", "cash_timing": "period", "rate_convention": "simple",
            "rate_exponent": "days_365", "interest_on_unpaid": "none"}"#,
    );
    assert_eq!(problems, [""; 0]);
    assert!(!(c.x_in_ic || c.x_in_shortfall || c.deferred_in_oc || c.discount_in_ccc));
    assert_eq!(c.interest_on_unpaid, OnUnpaid::Nothing);
    assert!(c.cash_timing_period && c.simple_rates && c.rates_by_days);
    assert_eq!(c.interest_from_principal, InterestFromPrincipal::Always);
    assert!((c.interest_on_default - 0.5).abs() < 1e-12 && c.interest_on_prepaid.abs() < 1e-12);
}

#[test]
fn the_alternatives_of_cures_and_of_the_ccc_bucket_change_the_convention() {
    let (c, problems) = read(
        r#"{"x_in_sequence": true, "same_date_deferrals_in_oc": true, "ic_cure": "all_remaining",
            "interest_from_principal": "tests_hold", "principal_available_in_rp": "undesignated",
            "overlap_mode": "per_portion", "ccc_last_asset": "whole", "eod_numerator": "adjusted",
            "interest_on_unpaid": "simple"}"#,
    );
    assert_eq!(problems, [""; 0]);
    assert!(c.x_in_sequence && c.same_date_deferrals && c.ic_cure_takes_all && c.designated);
    assert!(c.per_portion && c.whole_assets && c.eod_adjusted);
    assert_eq!(c.interest_from_principal, InterestFromPrincipal::TestsHold);
    assert_eq!(c.interest_on_unpaid, OnUnpaid::Simple);
}

#[test]
fn the_pool_steps_by_periods_months_or_own_dates() {
    for (value, steps) in [("period", (false, false)), ("monthly", (true, false)), ("own_dates", (false, true))] {
        let (c, problems) = read(&format!(r#"{{"pool_step": "{value}"}}"#));
        assert_eq!(problems, [""; 0]);
        assert_eq!((c.monthly_steps, c.own_steps), steps);
    }
}

#[test]
fn unknown_keys_and_values_are_refused_with_the_known_ones() {
    let (_, problems) = read(r#"{"cash_timing": "weekly", "cure_order": "up"}"#);
    assert_eq!(problems[0], "conventions.cash_timing: found weekly; expected one of dated, period");
    assert!(problems[1].starts_with("conventions.cure_order: unknown convention; known: x_in_oc, x_in_ic, "));
}
