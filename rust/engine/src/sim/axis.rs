//! The time axis of defaults.

use crate::math;

/// The times on which defaults are told apart: every payment date, and every whole year.
#[derive(Clone, Debug)]
pub struct TimeAxis {
    /// Years from the as-of date, rising.
    pub times: Vec<f64>,
    /// Per time: step (from 0) that it falls into.
    pub step: Vec<u32>,
    /// Per time: whole year (from 1) that it falls into.
    pub year: Vec<u32>,
    /// Number of whole years.
    pub years: u32,
}

impl TimeAxis {
    /// The axis of a run, from the credit times of its payment dates.
    #[must_use]
    pub fn new(credit_time: &[f64]) -> Self {
        let end = credit_time.last().copied().unwrap_or(0.0);
        let years = math::ceil_to_u32(end);
        let mut times: Vec<f64> = credit_time.iter().copied().filter(|t| *t > 0.0).collect();
        for year in 1..=years {
            let year = f64::from(year);
            if year < end && !times.iter().any(|t| (t - year).abs() < 1e-9) {
                times.push(year);
            }
        }
        times.sort_by(f64::total_cmp);
        let step = times
            .iter()
            .map(|t| credit_time.iter().position(|end| t <= end).unwrap_or(credit_time.len() - 1) as u32)
            .collect();
        let year = times.iter().map(|t| math::ceil_to_u32(t - 1e-9)).collect();
        Self { times, step, year, years }
    }
}
