use super::*;

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// A first period of seven months, then two quarters.
fn timeline() -> Timeline {
    Timeline {
        starts: vec![day("2025-03-20"), day("2025-10-20"), day("2026-01-20")],
        periods: vec![0, 1, 2],
        months: vec![(0, 7), (7, 3), (10, 3)],
    }
}

fn close(values: &[f64], expected: &[f64]) -> bool {
    values.len() == expected.len() && values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12)
}

fn constant(value: f64) -> Value {
    Value::Constant { value }
}

fn groups(pairs: &[(&str, f64)]) -> Value {
    Value::Groups { values: pairs.iter().map(|(key, x)| ((*key).to_owned(), constant(*x))).collect() }
}

const KEYS: GroupKeys<'_> = GroupKeys { obligor: "acme", rating: "CCC", industry: "Software", lien: "1L" };

fn selected(pairs: &[(&str, f64)]) -> Option<f64> {
    let value = groups(pairs);
    select(&value, &KEYS).map(|(v, _)| series(v, &timeline(), Nature::Level)[0])
}

#[test]
fn the_last_number_of_a_list_continues() {
    let list = Value::Periods { values: vec![0.01, 0.02] };
    assert!(close(&series(&list, &timeline(), Nature::YearlyRate), &[0.01, 0.02, 0.02]));
    assert!(close(&series(&constant(0.03), &timeline(), Nature::YearlyRate), &[0.03; 3]));
}

#[test]
fn months_of_a_rate_combine_by_survival_and_months_of_a_level_give_the_first() {
    // One month at 20 % and the rest at 10 %.
    let mut months = vec![0.10; 12];
    months[8] = 0.20;
    let list = Value::Monthly { values: months };
    // 1 - (0.9 · 0.8 · 0.9)^(1/3)
    let mixed = 0.1346502578155549;
    assert!(close(&series(&list, &timeline(), Nature::YearlyRate), &[0.10, mixed, 0.10]));
    let level = Value::Monthly { values: (0..12).map(f64::from).collect() };
    assert!(close(&series(&level, &timeline(), Nature::Level), &[0.0, 7.0, 10.0]));
}

#[test]
fn a_dated_value_holds_from_the_first_period_that_starts_on_its_date_or_later() {
    let dated =
        |dates: &[(&str, f64)]| Value::Dates { values: dates.iter().map(|(d, x)| ((*d).to_owned(), *x)).collect() };
    let value = dated(&[("2025-10-20", 0.02), ("2025-10-21", 0.03)]);
    // Before its first date the first value.
    assert!(close(&series(&value, &timeline(), Nature::Level), &[0.02, 0.02, 0.03]));
}

#[test]
fn the_most_specific_group_wins() {
    let all = [("*", 1.0), ("lien:1L", 2.0), ("rating:CCC", 3.0), ("industry:Software", 4.0), ("obligor:acme", 5.0)];
    for count in 1..=all.len() {
        assert_eq!(selected(&all[..count]), Some(count as f64));
    }
    assert_eq!(selected(&[("rating:B", 1.0)]), None);
}

#[test]
fn only_a_group_beside_all_stands_before_a_column_of_the_tape() {
    assert!(!names_groups(&constant(0.7)));
    assert!(!names_groups(&groups(&[("*", 0.7)])));
    assert!(names_groups(&groups(&[("*", 0.7), ("lien:2L", 0.3)])));
}

#[test]
fn every_number_date_and_group_out_of_range_is_a_problem_at_its_place() {
    let mut problems = Vec::new();
    let mut look = |value: &Value| check(value, "cdr", Range::Share, &["acme".to_owned()], &mut problems);
    look(&constant(1.5));
    look(&Value::Periods { values: vec![0.1, -0.1] });
    look(&Value::Periods { values: Vec::new() });
    look(&Value::Dates { values: [("soon".to_owned(), 0.1)].into() });
    look(&groups(&[("obligor:nobody", 0.1), ("rating", 0.1), ("rating:B", f64::NAN)]));
    look(&Value::Groups { values: [("*".to_owned(), groups(&[("*", 0.1)]))].into() });
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "cdr: found 1.5; expected a decimal from 0 to 1",
            "cdr[1]: found -0.1; expected a decimal from 0 to 1",
            "cdr: found an empty list; expected at least one number",
            "cdr.soon: found \"soon\"; expected a date such as 2025-03-20",
            "cdr.obligor:nobody: obligor \"nobody\" is not in the pool",
            "cdr.rating: unknown group; expected *, rating:…, industry:…, obligor:… or lien:…",
            "cdr.rating:B: found NaN; expected a decimal from 0 to 1",
            "cdr.*: a group's value cannot be groups again",
        ]
    );
}

#[test]
fn prices_are_positive_and_lags_are_not_negative() {
    let found = |x: f64, range: Range| {
        let mut problems = Vec::new();
        check(&constant(x), "v", range, &[], &mut problems);
        !problems.is_empty()
    };
    assert!(found(0.0, Range::Price) && !found(0.01, Range::Price));
    assert!(found(-1.0, Range::NotNegative) && !found(0.0, Range::NotNegative));
    assert!(found(f64::INFINITY, Range::Any) && !found(-0.01, Range::Any));
}
