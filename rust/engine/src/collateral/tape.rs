//! The tape: one row a loan, in columns.

use crate::coverage::ccc_excess::EVERY_AGENCY;
use crate::time::{Date, DayCount};

/// A loan tape in canonical order. Absent numbers are NaN.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Days since 1970-01-01 on which the balances stand.
    pub as_of: i32,
    pub loan_id: Vec<String>,
    pub obligor_id: Vec<String>,
    pub obligor_name: Vec<String>,
    /// The group of companies that an obligor belongs to; empty: it stands alone.
    pub parent_id: Vec<String>,
    /// Index of a floating loan; empty: the deal's own.
    pub index: Vec<String>,
    pub industry: Vec<String>,
    pub rating: Vec<String>,
    pub lien: Vec<String>,
    pub country: Vec<String>,
    pub par: Vec<f64>,
    pub par_unfunded: Vec<f64>,
    pub unfunded_fee: Vec<f64>,
    pub original_par: Vec<f64>,
    pub spread: Vec<f64>,
    pub fixed_rate: Vec<f64>,
    pub floor: Vec<f64>,
    pub csa: Vec<f64>,
    pub current_rate: Vec<f64>,
    pub market_price: Vec<f64>,
    pub purchase_price: Vec<f64>,
    pub amortization_rate: Vec<f64>,
    pub recovery: Vec<f64>,
    pub recovery_lag_months: Vec<f64>,
    pub cpr: Vec<f64>,
    pub pik_spread: Vec<f64>,
    /// Moody's rating factor; absent of a loan without a rating.
    pub rating_factor: Vec<f64>,
    pub pd_1y: Vec<f64>,
    pub hazard: Vec<f64>,
    /// Days since 1970-01-01; `i32::MIN` is absent, here and below.
    pub maturity: Vec<i32>,
    pub next_payment: Vec<i32>,
    pub accrual_start: Vec<i32>,
    pub default_date: Vec<i32>,
    /// Months; 0 is absent.
    pub payment_frequency_months: Vec<i32>,
    /// 1: a fixed coupon.
    pub fixed: Vec<u8>,
    /// 0 act/360, 1 act/365, 2 30/360, 3 30e/360, 4 act/act.
    pub day_count: Vec<u8>,
    pub csa_in_floor: Vec<u8>,
    /// Rated CCC+/Caa1 or lower: 1 by every agency, else the sum of 2 (Fitch), 4 (Moody's) and 8 (S&P); 0 by none.
    pub ccc: Vec<u8>,
    /// 1: rated below B-/B3.
    pub weak: Vec<u8>,
}

impl Tape {
    /// Number of loans.
    #[must_use]
    pub fn len(&self) -> usize {
        self.par.len()
    }

    /// Whether the tape has no loan.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.par.is_empty()
    }

    /// Day count of a loan.
    #[must_use]
    pub fn day_count(&self, loan: usize) -> DayCount {
        match self.day_count[loan] {
            1 => DayCount::Act365,
            2 => DayCount::Thirty360,
            3 => DayCount::ThirtyE360,
            4 => DayCount::ActAct,
            _ => DayCount::Act360,
        }
    }

    /// The agencies that rate a loan CCC+/Caa1 or lower, a bit each.
    #[must_use]
    pub fn low_rated_by(&self, loan: usize) -> u8 {
        if self.ccc[loan] & 1 == 1 { EVERY_AGENCY } else { self.ccc[loan] >> 1 & EVERY_AGENCY }
    }

    /// A date column's value, or none.
    #[must_use]
    pub fn date(column: &[i32], loan: usize) -> Option<Date> {
        (column[loan] != i32::MIN).then(|| Date(column[loan]))
    }

    /// Whether a performing loan has a commitment that is not drawn.
    #[must_use]
    pub fn commits(&self, loan: usize) -> bool {
        self.par_unfunded[loan] > 0.0 && !self.is_defaulted(loan)
    }

    /// Whether some performing loan has one.
    #[must_use]
    pub fn has_commitments(&self) -> bool {
        (0..self.len()).any(|loan| self.commits(loan))
    }

    /// Whether the loan was in default on the as-of date.
    #[must_use]
    pub fn is_defaulted(&self, loan: usize) -> bool {
        self.default_date[loan] != i32::MIN && self.default_date[loan] <= self.as_of
    }
}
