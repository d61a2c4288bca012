//! Values of a scenario: numbers, lists by period, months, dates, groups.

use crate::compile::dates::date;
use crate::error::Problem;
use crate::math;
use crate::spec::scenario::Value;
use crate::time::Date;

/// The steps that values are read on.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Unadjusted start of each step.
    pub starts: Vec<Date>,
    /// Payment period of each step.
    pub periods: Vec<usize>,
    /// Months from closing to the start of each step, and its length in months.
    pub months: Vec<(usize, usize)>,
}

/// What a loan is grouped by.
#[derive(Clone, Copy, Debug)]
pub struct GroupKeys<'a> {
    pub obligor: &'a str,
    pub rating: &'a str,
    pub industry: &'a str,
    pub lien: &'a str,
}

/// What values are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// 0 to 1.
    Share,
    /// Above 0.
    Price,
    /// 0 or more.
    NotNegative,
    /// Any finite number.
    Any,
}

impl Range {
    fn holds(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Self::Share => (0.0..=1.0).contains(&x),
                Self::Price => x > 0.0,
                Self::NotNegative => x >= 0.0,
                Self::Any => true,
            }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Share => "a decimal from 0 to 1",
            Self::Price => "a number above zero",
            Self::NotNegative => "a number of zero or more",
            Self::Any => "a finite number",
        }
    }
}

/// Checks every number, date and group key of a value.
pub fn check(value: &Value, place: &str, range: Range, obligors: &[String], problems: &mut Vec<Problem>) {
    let mut number = |x: f64, place: &dyn Fn() -> String| {
        if !range.holds(x) {
            problems.push(Problem::new(place(), format!("found {x}; expected {}", range.text())));
        }
    };
    match value {
        Value::Constant { value } => number(*value, &|| place.to_owned()),
        Value::Periods { values } | Value::Monthly { values } => {
            for (i, x) in values.iter().enumerate() {
                number(*x, &|| format!("{place}[{i}]"));
            }
            if values.is_empty() {
                problems.push(Problem::new(place, "found an empty list; expected at least one number"));
            }
        }
        Value::Dates { values } => {
            for (d, x) in values {
                number(*x, &|| format!("{place}.{d}"));
            }
            for d in values.keys() {
                date(d, &format!("{place}.{d}"), problems);
            }
            if values.is_empty() {
                problems.push(Problem::new(place, "found no date; expected at least one"));
            }
        }
        Value::Groups { values } => {
            for (key, inner) in values {
                let place = format!("{place}.{key}");
                if matches!(inner, Value::Groups { .. }) {
                    problems.push(Problem::new(place, "a group's value cannot be groups again"));
                    continue;
                }
                match key.split_once(':') {
                    None if key == "*" => {}
                    Some(("obligor", id)) if !obligors.iter().any(|o| o == id) => {
                        problems.push(Problem::new(&place, format!("obligor {id:?} is not in the pool")));
                    }
                    Some(("obligor" | "rating" | "industry" | "lien", _)) => {}
                    _ => problems.push(Problem::new(
                        &place,
                        "unknown group; expected *, rating:…, industry:…, obligor:… or lien:…",
                    )),
                }
                check(inner, &place, range, obligors, problems);
            }
        }
    }
}

/// Whether a value names more groups than `*`: it then stands before a tape column.
#[must_use]
pub fn names_groups(value: &Value) -> bool {
    matches!(value, Value::Groups { values } if values.keys().any(|k| k != "*"))
}

/// The value that applies to a group, and the key that names it; the most specific wins.
#[must_use]
pub fn select<'v>(value: &'v Value, keys: &GroupKeys<'_>) -> Option<(&'v Value, &'v str)> {
    let Value::Groups { values } = value else { return Some((value, "")) };
    let wanted = [("obligor", keys.obligor), ("industry", keys.industry), ("rating", keys.rating), ("lien", keys.lien)];
    for (kind, name) in wanted {
        if let Some((key, inner)) = values.iter().find(|(k, _)| names(k, kind, name)) {
            return Some((inner, key));
        }
    }
    values.get_key_value("*").map(|(key, inner)| (inner, key.as_str()))
}

/// Whether a key is of a kind and a name.
fn names(key: &str, kind: &str, name: &str) -> bool {
    key.len() == kind.len() + 1 + name.len()
        && key.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':')) == Some(name)
}

/// Whether a series is a rate a year, whose months combine geometrically, or a level that the first month gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    YearlyRate,
    Level,
}

/// One number a step.
#[must_use]
pub fn series(value: &Value, timeline: &Timeline, nature: Nature) -> Vec<f64> {
    let n = timeline.starts.len();
    match value {
        Value::Constant { value } => vec![*value; n],
        Value::Periods { values } => timeline.periods.iter().map(|p| values[(*p).min(values.len() - 1)]).collect(),
        Value::Monthly { values } => timeline
            .months
            .iter()
            .map(|&(first, count)| {
                let at = |m: usize| values[m.min(values.len() - 1)];
                if nature == Nature::Level || count == 0 {
                    return at(first);
                }
                let mut survival = 1.0;
                for m in first..first + count {
                    survival *= 1.0 - at(m);
                }
                1.0 - math::pow(survival, 1.0 / count as f64)
            })
            .collect(),
        Value::Dates { values } => {
            let points: Vec<(Date, f64)> = values.iter().filter_map(|(d, x)| Date::parse(d).map(|d| (d, *x))).collect();
            timeline
                .starts
                .iter()
                .map(|start| {
                    // In force from the first step whose unadjusted start is on or after the date.
                    points.iter().rev().find(|(d, _)| d <= start).or(points.first()).map_or(0.0, |(_, x)| *x)
                })
                .collect()
        }
        Value::Groups { .. } => vec![0.0; n],
    }
}

#[cfg(test)]
mod tests;
