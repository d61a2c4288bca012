//! Curves by index, and the tenor in an index's name.

use std::collections::BTreeMap;

use super::curve::{Curve, CurveData};
use crate::error::Problem;
use crate::time::Date;

/// The name of the curve that serves every index without its own.
const ANY: &str = "*";
/// Months over which an index without a tenor in its name accrues.
const DEFAULT_MONTHS: i32 = 3;

/// The day on which a tenor ends, and what it fixes at.
type TenorFixing = (Date, f64);

/// Curves by index name; upper and lower case are the same.
#[derive(Clone, Debug)]
pub struct Curves {
    named: Vec<(String, Curve)>,
}

impl Curves {
    /// Checks the curves of a scenario.
    ///
    /// # Errors
    /// Everything that is wrong with a curve, at the name of its index.
    pub fn new(map: BTreeMap<String, CurveData>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut named: Vec<(String, Curve)> = Vec::with_capacity(map.len());
        for (name, data) in map {
            if named.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                problems.push(Problem::new(&name, "given twice, in upper and lower case"));
            }
            if let Some(curve) = Curve::new(&data, &name, &mut problems) {
                named.push((name, curve));
            }
        }
        if problems.is_empty() { Ok(Self { named }) } else { Err(problems) }
    }

    /// The simple rate, a year, at which an index fixes on a date: of its own curve, else of the curve `*`.
    ///
    /// # Errors
    /// Names an index that has no curve, and lists those that have one.
    pub fn fixing(&self, index: &str, date: Date) -> Result<f64, String> {
        let curve = self.own(index).or_else(|| self.own(ANY));
        let curve = curve.ok_or_else(|| {
            let known: Vec<&str> = self.named.iter().map(|(name, _)| name.as_str()).collect();
            format!("no curve for the index {index}; found {}", known.join(", "))
        })?;
        Ok(curve.fixing(date, Tenor::of(index).map_or(DEFAULT_MONTHS, |t| t.months)))
    }

    /// Whether a period is longer than the tenor of an index; of one without a tenor in its name none is.
    #[must_use]
    pub fn accrues_longer(index: &str, start: Date, end: Date) -> bool {
        Tenor::of(index).is_some_and(|tenor| end > tenor.end(start))
    }

    /// The fixing of a first period from `start` to `end` that is longer than the index's tenor, linear in days between
    /// the two tenors of the same family (`sofr_3m`, `sofr_6m`) that enclose the period:
    /// `r1 + (r2 − r1) (n − n1) / (n2 − n1)`. The plain fixing when two such curves are not there.
    ///
    /// # Errors
    /// Names an index that has no curve, and lists those that have one.
    pub fn interpolated_fixing(&self, index: &str, start: Date, end: Date, fixing: Date) -> Result<f64, String> {
        let plain = self.fixing(index, fixing)?;
        let Some(own) = Tenor::of(index) else { return Ok(plain) };
        if end <= own.end(start) {
            return Ok(plain);
        }
        let (mut below, mut above): (Option<TenorFixing>, Option<TenorFixing>) = (None, None);
        for (name, curve) in &self.named {
            let Some(tenor) = Tenor::of(name).filter(|t| t.family.eq_ignore_ascii_case(own.family)) else { continue };
            let (until, rate) = (tenor.end(start), curve.fixing(fixing, tenor.months));
            if until <= end && below.is_none_or(|(date, _)| date < until) {
                below = Some((until, rate));
            }
            if until >= end && above.is_none_or(|(date, _)| date > until) {
                above = Some((until, rate));
            }
        }
        let (Some((shorter, low)), Some((longer, high))) = (below, above) else { return Ok(plain) };
        if shorter == longer {
            return Ok(low);
        }
        Ok(low + (high - low) * f64::from(end - shorter) / f64::from(longer - shorter))
    }

    fn own(&self, index: &str) -> Option<&Curve> {
        self.named.iter().find(|(name, _)| name.eq_ignore_ascii_case(index)).map(|(_, curve)| curve)
    }
}

/// The tenor of an index: `sofr_3m` is three months of the family `sofr`, `euribor_1y` a year.
#[derive(Clone, Copy)]
struct Tenor<'a> {
    family: &'a str,
    months: i32,
}

impl<'a> Tenor<'a> {
    fn of(index: &'a str) -> Option<Self> {
        let (family, tenor) = index.rsplit_once('_')?;
        let (number, unit) = if let Some(number) = tenor.strip_suffix(['m', 'M']) {
            (number, 1)
        } else {
            (tenor.strip_suffix(['y', 'Y'])?, 12)
        };
        let number: i32 = number.parse().ok().filter(|n| (1..=600).contains(n))?;
        Some(Self { family, months: number * unit })
    }

    fn end(self, start: Date) -> Date {
        start.add_months(self.months)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the system's library is the oracle here")]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn flat(list: &[(&str, f64)]) -> Curves {
        let map = list.iter().map(|(name, rate)| ((*name).to_owned(), CurveData::Flat { rate: *rate })).collect();
        Curves::new(map).unwrap()
    }

    fn near(found: Result<f64, String>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }

    #[test]
    fn an_index_takes_its_own_curve_and_else_the_common_one() {
        let curves = flat(&[("*", 0.04), ("sofr_3m", 0.043)]);
        near(curves.fixing("sofr_3m", Date(0)), 0.043);
        near(curves.fixing("SOFR_3M", Date(0)), 0.043);
        near(curves.fixing("euribor_3m", Date(0)), 0.04);
    }

    #[test]
    fn an_index_without_a_curve_is_named_beside_the_known_ones() {
        let curves = flat(&[("sofr_3m", 0.043), ("euribor_3m", 0.02)]);
        let message = curves.fixing("sofr_6m", Date(0)).unwrap_err();
        assert_eq!(message, "no curve for the index sofr_6m; found euribor_3m, sofr_3m");
    }

    #[test]
    fn names_that_differ_in_case_only_are_refused() {
        let curve = || CurveData::Flat { rate: 0.04 };
        let map = BTreeMap::from([("SOFR_3m".to_owned(), curve()), ("sofr_3m".to_owned(), curve())]);
        assert_eq!(Curves::new(map).unwrap_err()[0].place, "sofr_3m");
    }

    #[test]
    fn the_tenor_of_the_index_sets_the_forward_of_a_common_discount_curve() {
        let points = vec![(date("2027-01-20"), 0.96)];
        let data = CurveData::Discount { base: date("2026-01-20"), points };
        let curves = Curves::new(BTreeMap::from([("*".to_owned(), data)])).unwrap();
        let forward = |days: f64| (0.96_f64.powf(-days / 365.0) - 1.0) * 360.0 / days;
        near(curves.fixing("sofr_1m", date("2026-04-20")), forward(30.0));
        near(curves.fixing("sofr_6m", date("2026-04-20")), forward(183.0));
        near(curves.fixing("sofr_1y", date("2026-04-20")), forward(365.0));
        near(curves.fixing("sofr", date("2026-04-20")), forward(91.0));
    }

    #[test]
    fn a_long_first_period_lies_between_the_tenors_that_enclose_it() {
        let curves = flat(&[("sofr_1m", 0.9), ("sofr_3m", 0.043), ("sofr_6m", 0.041), ("sofr_12m", 0.1)]);
        let (start, end) = (date("2025-03-20"), date("2025-07-21"));
        // 123 days between 92 (20 June) and 184 (20 September): 0.043 - 0.002 · 31 / 92.
        near(curves.interpolated_fixing("sofr_3m", start, end, start), 0.043 - 0.002 * 31.0 / 92.0);
    }

    #[test]
    fn a_period_of_exactly_a_longer_tenor_takes_that_tenor() {
        let curves = flat(&[("sofr_3m", 0.043), ("sofr_6m", 0.041)]);
        let (start, end) = (date("2025-03-20"), date("2025-09-20"));
        near(curves.interpolated_fixing("sofr_3m", start, end, start), 0.041);
    }

    #[test]
    fn without_two_enclosing_tenors_the_plain_fixing_serves() {
        let (start, end) = (date("2025-03-20"), date("2025-10-20"));
        for list in [
            &[("sofr_3m", 0.043), ("euribor_12m", 0.02)][..],
            &[("*", 0.043)],
            &[("sofr_3m", 0.043), ("sofr_6m", 0.041)],
        ] {
            near(flat(list).interpolated_fixing("sofr_3m", start, end, start), 0.043);
        }
        let curves = flat(&[("sofr_3m", 0.043), ("sofr_1m", 0.045), ("sofr_6m", 0.041)]);
        near(curves.interpolated_fixing("sofr_3m", start, date("2025-06-20"), start), 0.043);
    }
}
