//! The terms of one class of notes, names resolved.

use crate::time::{Date, DayCount};

/// One class of notes.
#[derive(Clone, Debug)]
pub struct NoteTerms {
    pub name: String,
    /// Original balance, currency units.
    pub original: f64,
    pub issue_price: f64,
    pub interest_rank: u32,
    /// Absent: outside the note payment sequence (class X, residual notes).
    pub principal_rank: Option<u32>,
    pub deferrable: bool,
    pub residual: bool,
    pub coupon: Option<CouponTerms>,
    /// Equal instalments from interest proceeds (class X): number of payments, first payment date from 1.
    pub amortization: Option<(u32, u32)>,
    pub rating: String,
}

impl NoteTerms {
    /// The instalment that falls due on payment date `period` (from 1), currency units.
    #[must_use]
    pub fn instalment(&self, period: usize) -> f64 {
        match self.amortization {
            Some((payments, start)) if period >= start as usize && period < (start + payments) as usize => {
                self.original / f64::from(payments)
            }
            _ => 0.0,
        }
    }
}

/// What a class pays, with the changes it was issued with.
#[derive(Clone, Debug)]
pub struct CouponTerms {
    pub rate: RateTerms,
    pub day_count: DayCount,
    /// Spread or fixed rate from a date on.
    pub steps: Vec<(Date, f64)>,
}

/// A fixed rate, or an index and a spread; decimals a year.
#[derive(Clone, Debug)]
pub enum RateTerms {
    Fixed { rate: f64 },
    Floating { index: String, spread: f64, floor: f64, cap: Option<f64> },
}

impl CouponTerms {
    /// Spread or fixed rate in force in a period that starts on `start`.
    #[must_use]
    pub fn margin(&self, start: Date) -> f64 {
        let base = match &self.rate {
            RateTerms::Fixed { rate } => *rate,
            RateTerms::Floating { spread, .. } => *spread,
        };
        self.steps.iter().filter(|(from, _)| *from <= start).next_back().map_or(base, |(_, value)| *value)
    }
}
