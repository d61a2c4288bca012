//! Undrawn commitments of delayed-draw loans and revolvers: cash was set aside for them when they were bought.

use crate::math;

/// What of a loan is not drawn yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Commitment {
    /// Beside the par of the loan.
    pub undrawn: f64,
    /// Fee a year on it.
    pub fee: f64,
    /// Share of it that is drawn just before a default.
    pub usage_at_default: f64,
}

/// What is drawn or prepaid of the rest.
#[derive(Clone, Copy, Debug, Default)]
pub struct YearlyShare {
    /// Share a year.
    pub rate: f64,
    /// Whether yearly rates are multiplied by the time.
    pub is_simple: bool,
}

impl YearlyShare {
    /// Share that is drawn in so many years.
    #[must_use]
    pub fn within(self, years: f64) -> f64 {
        if !(self.rate > 0.0 && years > 0.0) {
            return 0.0;
        }
        let share = if self.is_simple {
            self.rate * years
        } else if self.rate < 1.0 {
            1.0 - math::pow(1.0 - self.rate, years)
        } else {
            1.0
        };
        if share < 1.0 { share } else { 1.0 }
    }
}
