//! One index curve.

use super::discount::DiscountFactors;
use crate::error::Problem;
use crate::time::{Date, DayCount};

/// A curve as it is given.
#[derive(Clone, Debug, PartialEq)]
pub enum CurveData {
    /// Every tenor fixes at this simple rate.
    Flat { rate: f64 },
    /// Fixings by date, a step function: the last value on or before the date, before the first date the first value.
    Forwards { points: Vec<(Date, f64)> },
    /// Discount factors from a base date, log-linear between dates. An index fixes at the simple forward rate, act/360,
    /// from the fixing date (from `base` when that is later) over its tenor.
    Discount { base: Date, points: Vec<(Date, f64)> },
    /// Past fixings, a step function, before the first date of another curve; where that has no first date (a flat
    /// rate), up to and including the last fixing.
    History { fixings: Vec<(Date, f64)>, then: Box<CurveData> },
    /// Another curve moved, its past fixings included: `rate + shift + slope · years`, act/365 from `base` (absent: the
    /// curve's first date), no slope before it.
    Shifted { curve: Box<CurveData>, shift: f64, slope: f64, base: Option<Date> },
}

/// A curve that was checked.
#[derive(Clone, Debug)]
pub(super) enum Curve {
    Flat(f64),
    Forwards(Steps),
    Discount(DiscountFactors),
    History { fixings: Steps, until: Date, then: Box<Curve> },
    Shifted { curve: Box<Curve>, shift: f64, slope: f64, base: Date },
}

impl Curve {
    /// Checks a curve; problems are reported at `place`.
    pub(super) fn new(data: &CurveData, place: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut finite = |x: f64, place: &str| {
            if !x.is_finite() {
                problems.push(Problem::new(place, format!("found {x}; expected a decimal such as 0.043")));
            }
            x.is_finite()
        };
        match data {
            CurveData::Flat { rate } => finite(*rate, place).then_some(Self::Flat(*rate)),
            CurveData::Forwards { points } => Steps::new(points, place, problems).map(Self::Forwards),
            CurveData::Discount { base, points } => match DiscountFactors::new(*base, points, place) {
                Ok(factors) => Some(Self::Discount(factors)),
                Err(found) => {
                    problems.extend(found);
                    None
                }
            },
            CurveData::History { fixings, then } => {
                let then = Self::new(then, &format!("{place}.then"), problems);
                let fixings = Steps::new(fixings, &format!("{place}.fixings"), problems)?;
                let then = Box::new(then?);
                let until = then.first_date().unwrap_or_else(|| fixings.last_date().add_days(1));
                Some(Self::History { fixings, until, then })
            }
            CurveData::Shifted { curve, shift, slope, base } => {
                let moves = finite(*shift, &format!("{place}.shift")) & finite(*slope, &format!("{place}.slope"));
                let curve = Box::new(Self::new(curve, &format!("{place}.curve"), problems)?);
                let base = base.or_else(|| curve.first_date());
                if base.is_none() && slope.abs() > 0.0 {
                    let message = "missing; expected the date from which the slope counts, because the curve has none";
                    problems.push(Problem::new(format!("{place}.base"), message));
                    return None;
                }
                moves.then_some(Self::Shifted { curve, shift: *shift, slope: *slope, base: base.unwrap_or(Date(0)) })
            }
        }
    }

    /// The simple rate that an index of so many months fixes at on a date.
    pub(super) fn fixing(&self, date: Date, months: i32) -> f64 {
        match self {
            Self::Flat(rate) => *rate,
            Self::Forwards(steps) => steps.value(date),
            Self::Discount(factors) => {
                let start = if date < factors.base() { factors.base() } else { date };
                factors.forward(start, start.add_months(months))
            }
            Self::History { fixings, until, then } => {
                if date < *until {
                    fixings.value(date)
                } else {
                    then.fixing(date, months)
                }
            }
            Self::Shifted { curve, shift, slope, base } => {
                let years = if date > *base { DayCount::Act365.fraction(*base, date) } else { 0.0 };
                curve.fixing(date, months) + shift + slope * years
            }
        }
    }

    fn first_date(&self) -> Option<Date> {
        match self {
            Self::Flat(_) => None,
            Self::Forwards(steps) => Some(steps.dates[0]),
            Self::Discount(factors) => Some(factors.base()),
            Self::History { fixings, .. } => Some(fixings.dates[0]),
            Self::Shifted { curve, .. } => curve.first_date(),
        }
    }
}

/// Values from each date on; there is at least one.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    dates: Vec<Date>,
    values: Vec<f64>,
}

impl Steps {
    fn new(points: &[(Date, f64)], place: &str, problems: &mut Vec<Problem>) -> Option<Self> {
        let before = problems.len();
        let mut points = points.to_vec();
        points.sort_by_key(|(date, _)| *date);
        if points.is_empty() {
            problems.push(Problem::new(place, "found no date; expected a rate by date"));
        }
        for (k, (date, value)) in points.iter().enumerate() {
            if !value.is_finite() {
                let message = format!("found {value}; expected a decimal such as 0.043");
                problems.push(Problem::new(format!("{place}.{date}"), message));
            }
            if k > 0 && points[k - 1].0 == *date {
                problems.push(Problem::new(format!("{place}.{date}"), "given twice"));
            }
        }
        let (dates, values) = points.into_iter().unzip();
        (problems.len() == before).then_some(Self { dates, values })
    }

    fn value(&self, date: Date) -> f64 {
        let until = self.dates.partition_point(|d| *d <= date);
        self.values[until.saturating_sub(1)]
    }

    fn last_date(&self) -> Date {
        self.dates[self.dates.len() - 1]
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the system's library is the oracle here")]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn points(list: &[(&str, f64)]) -> Vec<(Date, f64)> {
        list.iter().map(|(d, x)| (date(d), *x)).collect()
    }

    fn forwards() -> CurveData {
        CurveData::Forwards { points: points(&[("2026-01-20", 0.041), ("2026-04-20", 0.039)]) }
    }

    fn fixings(data: &CurveData, dates: &[&str]) -> Vec<f64> {
        let curve = Curve::new(data, "c", &mut Vec::new()).unwrap();
        dates.iter().map(|d| curve.fixing(date(d), 3)).collect()
    }

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 1e-14, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn forwards_are_a_step_function_that_begins_with_its_first_value() {
        let dates = ["2020-01-01", "2026-01-20", "2026-04-19", "2026-04-20", "2040-01-01"];
        close(&fixings(&forwards(), &dates), &[0.041, 0.041, 0.041, 0.039, 0.039]);
    }

    #[test]
    fn history_serves_the_time_before_the_curve_begins() {
        let past = points(&[("2025-10-20", 0.045), ("2026-04-01", 0.9)]);
        let data = CurveData::History { fixings: past, then: Box::new(forwards()) };
        close(&fixings(&data, &["2025-01-01", "2025-12-01", "2026-01-20"]), &[0.045, 0.045, 0.041]);
    }

    #[test]
    fn history_before_a_flat_rate_ends_with_its_last_fixing() {
        let past = points(&[("2025-10-20", 0.045)]);
        let data = CurveData::History { fixings: past, then: Box::new(CurveData::Flat { rate: 0.04 }) };
        close(&fixings(&data, &["2025-10-20", "2025-10-21"]), &[0.045, 0.04]);
    }

    #[test]
    fn a_shift_moves_every_date_and_a_slope_later_dates_more() {
        let data = CurveData::Shifted { curve: Box::new(forwards()), shift: 0.01, slope: 0.001, base: None };
        close(&fixings(&data, &["2025-01-20", "2026-01-20", "2027-01-20"]), &[0.051, 0.051, 0.05]);
    }

    #[test]
    fn a_slope_over_a_flat_rate_needs_its_base_date() {
        let flat = || Box::new(CurveData::Flat { rate: 0.04 });
        let mut problems = Vec::new();
        let data = CurveData::Shifted { curve: flat(), shift: 0.0, slope: 0.001, base: None };
        assert!(Curve::new(&data, "c", &mut problems).is_none());
        assert_eq!(problems[0].place, "c.base");
        let data = CurveData::Shifted { curve: flat(), shift: 0.0, slope: 0.001, base: Some(date("2026-01-01")) };
        close(&fixings(&data, &["2028-01-01"]), &[0.042]);
    }

    #[test]
    fn a_discount_curve_fixes_at_its_simple_forward_over_the_tenor() {
        let data = CurveData::Discount { base: date("2026-01-20"), points: points(&[("2027-01-20", 0.96)]) };
        let forward = |days: i32| (0.96_f64.powf(-f64::from(days) / 365.0) - 1.0) * 360.0 / f64::from(days);
        close(&fixings(&data, &["2026-04-20", "2025-07-01"]), &[forward(91), forward(90)]);
    }

    #[test]
    fn problems_carry_their_place_inside_nested_curves() {
        let empty = CurveData::Forwards { points: Vec::new() };
        let inner = CurveData::History { fixings: points(&[("2026-01-20", f64::NAN)]), then: Box::new(empty) };
        let data = CurveData::Shifted { curve: Box::new(inner), shift: f64::INFINITY, slope: 0.0, base: None };
        let mut problems = Vec::new();
        assert!(Curve::new(&data, "c", &mut problems).is_none());
        let places: Vec<&str> = problems.iter().map(|p| p.place.as_str()).collect();
        assert_eq!(places, ["c.shift", "c.curve.then", "c.curve.fixings.2026-01-20"]);
    }
}
