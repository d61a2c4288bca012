//! The time axis of defaults.

use crate::math;
use crate::path::plan::SAME_TIME;

/// The times on which defaults are told apart: every payment date, every whole year, and every day between payment dates on
/// which a call may redeem the deal.
#[derive(Clone, Debug)]
pub struct TimeAxis {
    /// Years from the as-of date, rising.
    pub times: Vec<f64>,
    /// Years from the as-of date from which on defaults are drawn: 0, or the time of the state that a run goes on from.
    pub start: f64,
    /// Per time: step, and whole year since the start, both from 0, that it falls into.
    pub cells: Vec<(u32, u32)>,
    /// Number of whole years.
    pub years: u32,
}

impl TimeAxis {
    /// The axis of a run, from the credit times of its payment dates and of redemptions between them; steps before `first` are
    /// over.
    #[must_use]
    pub fn new(credit_time: &[f64], redemptions: &[f64], first: usize, start: f64) -> Self {
        let end = credit_time.last().copied().unwrap_or(0.0);
        let years = math::ceil_to_u32(end - start);
        let mut times: Vec<f64> = credit_time.iter().copied().skip(first).filter(|t| *t > start).collect();
        for year in 1..=years {
            let year = start + f64::from(year);
            if year < end && !times.iter().any(|t| (t - year).abs() < SAME_TIME) {
                times.push(year);
            }
        }
        for &day in redemptions {
            if day > start && day < end && !times.iter().any(|t| (t - day).abs() < SAME_TIME) {
                times.push(day);
            }
        }
        times.sort_by(f64::total_cmp);
        let cell = |t: &f64| {
            let last = credit_time.len() - 1;
            let step = (first..last).find(|&p| *t <= credit_time[p]).unwrap_or(last);
            (step as u32, math::ceil_to_u32(t - start - 1e-9) - 1)
        };
        let cells = times.iter().map(cell).collect();
        Self { times, start, cells, years }
    }
}

#[cfg(test)]
mod tests {
    use super::TimeAxis;

    fn close(values: &[f64], expected: &[f64]) -> bool {
        values.len() == expected.len() && values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    #[test]
    fn whole_years_between_payment_dates_are_times_of_their_own() {
        let seven_months = 7.0 / 12.0;
        let axis = TimeAxis::new(&[seven_months, seven_months + 0.25, seven_months + 0.5], &[], 0, 0.0);
        assert!(close(&axis.times, &[seven_months, seven_months + 0.25, 1.0, seven_months + 0.5]));
        assert_eq!(axis.cells, [(0, 0), (1, 0), (2, 0), (2, 1)]);
        assert_eq!(axis.years, 2);
    }

    #[test]
    fn a_payment_date_on_a_whole_year_is_one_time() {
        let axis = TimeAxis::new(&[0.5, 1.0, 1.5, 2.0], &[], 0, 0.0);
        assert!(close(&axis.times, &[0.5, 1.0, 1.5, 2.0]));
        assert_eq!(axis.cells, [(0, 0), (1, 0), (2, 1), (3, 1)]);
        assert_eq!(axis.years, 2);
    }

    #[test]
    fn the_day_of_a_redemption_parts_the_step_it_falls_into() {
        let axis = TimeAxis::new(&[0.5, 1.0], &[0.625, 1.0], 0, 0.0);
        assert!(close(&axis.times, &[0.5, 0.625, 1.0]));
        assert_eq!(axis.cells, [(0, 0), (1, 0), (1, 0)]);
    }

    #[test]
    fn a_run_from_a_state_counts_years_from_it() {
        let axis = TimeAxis::new(&[0.5, 1.0, 1.5, 2.0], &[], 1, 0.75);
        assert!(close(&axis.times, &[1.0, 1.5, 1.75, 2.0]));
        assert_eq!(axis.cells, [(1, 0), (2, 0), (3, 0), (3, 1)]);
        assert_eq!(axis.years, 2);
    }
}
