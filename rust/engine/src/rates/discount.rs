//! Discount factors, log-linear between their dates.

use crate::error::Problem;
use crate::math::{exp, ln};
use crate::time::{Date, DayCount};

/// Discount factors from a base date on.
///
/// Between two dates the logarithm is linear in days (a constant forward rate); after the last date the last forward
/// rate continues; before the base date the factor is 1.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscountFactors {
    dates: Vec<Date>,
    logs: Vec<f64>,
}

impl DiscountFactors {
    /// Factors by date; the factor of `base` is 1 and need not be given.
    ///
    /// # Errors
    /// At `place`: no date after the base date, one date before it or twice, a factor that is not positive.
    pub fn new(base: Date, points: &[(Date, f64)], place: &str) -> Result<Self, Vec<Problem>> {
        let mut points = points.to_vec();
        points.sort_by_key(|(date, _)| *date);
        let mut problems = Vec::new();
        let mut out = Self::only(base);
        for (k, (date, factor)) in points.iter().enumerate() {
            let mut report = |message: String| problems.push(Problem::new(format!("{place}.{date}"), message));
            if *date < base {
                report(format!("before the base date {base}; expected a later date"));
            } else if k > 0 && points[k - 1].0 == *date {
                report("given twice".to_owned());
            }
            if !(factor.is_finite() && *factor > 0.0) {
                report(format!("found {factor}; expected a positive discount factor"));
            } else if *date > base {
                out.push(*date, ln(*factor));
            } else if *date == base && (factor - 1.0).abs() > 0.0 {
                report(format!("found {factor}; expected 1 on the base date"));
            }
        }
        if problems.is_empty() && out.dates.len() < 2 {
            problems.push(Problem::new(place, format!("found no discount factor after the base date {base}")));
        }
        if problems.is_empty() { Ok(out) } else { Err(problems) }
    }

    /// The base date alone.
    pub(super) fn only(base: Date) -> Self {
        Self { dates: vec![base], logs: vec![0.0] }
    }

    /// Adds a date after all others, and the logarithm of its factor.
    pub(super) fn push(&mut self, date: Date, log: f64) {
        self.dates.push(date);
        self.logs.push(log);
    }

    /// The day on which the factor is 1.
    #[must_use]
    pub fn base(&self) -> Date {
        self.dates[0]
    }

    /// The last date and the logarithm of its factor.
    pub(super) fn last(&self) -> (Date, f64) {
        (self.dates[self.dates.len() - 1], self.logs[self.logs.len() - 1])
    }

    /// Logarithm of the discount factor of a date.
    #[must_use]
    pub fn log(&self, date: Date) -> f64 {
        let after = self.dates.partition_point(|d| *d < date);
        if after == 0 || self.dates.len() == 1 {
            return 0.0;
        }
        let right = if after < self.dates.len() { after } else { self.dates.len() - 1 };
        let (from, to) = (self.dates[right - 1], self.dates[right]);
        let (low, high) = (self.logs[right - 1], self.logs[right]);
        if date == to {
            return high;
        }
        low + (high - low) * (f64::from(date - from) / f64::from(to - from))
    }

    /// Discount factor of a date.
    #[must_use]
    pub fn factor(&self, date: Date) -> f64 {
        exp(self.log(date))
    }

    /// Simple rate, act/360, from `start` to `end`: `(P(start) / P(end) − 1) · 360 / days`. `start` must come before
    /// `end`.
    #[must_use]
    pub fn forward(&self, start: Date, end: Date) -> f64 {
        debug_assert!(start < end, "Invariant: a forward rate needs a day to accrue");
        (exp(self.log(start) - self.log(end)) - 1.0) / DayCount::Act360.fraction(start, end)
    }
}

/// Discount factors of zero rates, which compound continuously over act/365: `exp(−z · days / 365)`.
#[must_use]
pub fn zero_to_discount(base: Date, zeros: &[(Date, f64)]) -> Vec<(Date, f64)> {
    zeros.iter().map(|(date, zero)| (*date, exp(-*zero * DayCount::Act365.fraction(base, *date)))).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the system's library is the oracle here")]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn factors(points: &[(&str, f64)]) -> DiscountFactors {
        let points: Vec<_> = points.iter().map(|(d, x)| (date(d), *x)).collect();
        DiscountFactors::new(date("2026-01-01"), &points, "p").unwrap()
    }

    #[test]
    fn logarithms_are_linear_between_dates() {
        let curve = factors(&[("2026-01-11", 0.99), ("2026-01-31", 0.97)]);
        // Half way between the two dates: the geometric mean.
        assert!((curve.factor(date("2026-01-21")) - (0.99_f64 * 0.97).sqrt()).abs() < 1e-15);
        assert!((curve.factor(date("2026-01-06")) - 0.99_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn the_last_forward_rate_continues() {
        let curve = factors(&[("2026-01-11", 0.99), ("2026-01-31", 0.97)]);
        assert!((curve.factor(date("2026-02-20")) - 0.97 * 0.97 / 0.99).abs() < 1e-15);
    }

    #[test]
    fn nothing_is_discounted_before_the_base_date() {
        let curve = factors(&[("2026-01-11", 0.99)]);
        assert!(curve.log(date("2025-12-01")).abs() < 1e-300);
        assert!(curve.log(date("2026-01-01")).abs() < 1e-300);
    }

    #[test]
    fn a_forward_rate_is_simple_over_360_days() {
        let curve = factors(&[("2026-04-01", 0.99), ("2026-07-01", 0.98)]);
        let expected = (0.99 / 0.98 - 1.0) * 360.0 / 91.0;
        assert!((curve.forward(date("2026-04-01"), date("2026-07-01")) - expected).abs() < 1e-15);
    }

    #[test]
    fn zero_rates_compound_continuously_over_365_days() {
        let points = zero_to_discount(date("2026-01-01"), &[(date("2027-01-01"), 0.04)]);
        assert!((points[0].1 - (-0.04_f64).exp()).abs() < 1e-15);
    }

    #[test]
    fn every_bad_point_is_reported() {
        let base = date("2026-01-01");
        let points = [(date("2025-12-01"), 1.0), (base, 0.9), (date("2026-02-01"), -1.0), (date("2026-02-01"), 0.9)];
        let problems = DiscountFactors::new(base, &points, "p").unwrap_err();
        let places: Vec<&str> = problems.iter().map(|p| p.place.as_str()).collect();
        assert_eq!(places, ["p.2025-12-01", "p.2026-01-01", "p.2026-02-01", "p.2026-02-01"]);
        assert_eq!(DiscountFactors::new(base, &[(base, 1.0)], "p").unwrap_err()[0].place, "p");
    }
}
