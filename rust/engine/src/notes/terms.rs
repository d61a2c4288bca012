//! The terms of one class of notes, names resolved.

use super::make_whole::MakeWholeTerms;
use crate::time::{Date, DayCount};

/// One class of notes.
#[derive(Clone, Debug)]
pub struct NoteTerms<P = f64> {
    pub name: String,
    /// Original balance, currency units; of a class that is drawn over time the committed amount.
    pub original: P,
    /// Balance at closing: the original one, or what of it is drawn then.
    pub at_closing: P,
    pub issue_price: P,
    pub interest_rank: u32,
    /// Absent: outside the note payment sequence (class X, residual notes).
    pub principal_rank: Option<u32>,
    pub deferrable: bool,
    pub residual: bool,
    pub coupon: Option<CouponTerms>,
    /// Equal instalments from interest proceeds (class X): number of payments, first payment date from 1.
    pub amortization: Option<(u32, u32)>,
    pub rating: String,
    /// Components of a combination note, each with the share of it that the note holds.
    pub combination: Vec<(u16, P)>,
    /// The class that it replaces or joins; it is issued by an event.
    pub replaces: Option<u16>,
    /// Payment dates before the first of the document that brought it in.
    pub since: usize,
    /// What its holders receive beside par where it is redeemed early.
    pub make_whole: Option<MakeWholeTerms>,
}

impl<P> NoteTerms<P> {
    /// Whether it holds parts of other notes and has no place of its own in the priorities of payments.
    #[must_use]
    pub fn is_combination(&self) -> bool {
        !self.combination.is_empty()
    }

    /// Whether it pays a spread over an index.
    #[must_use]
    pub fn is_floating(&self) -> bool {
        self.coupon.as_ref().is_some_and(|coupon| matches!(coupon.rate, RateTerms::Floating { .. }))
    }
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
        self.steps.iter().rfind(|(from, _)| *from <= start).map_or(base, |(_, value)| *value)
    }

    /// The rate of an index fixing and a spread, or a fixed rate in its place: the index is floored, then capped.
    #[must_use]
    pub fn rate_with(&self, fixing: f64, margin: f64) -> f64 {
        match &self.rate {
            RateTerms::Fixed { .. } => margin,
            RateTerms::Floating { floor, cap, .. } => {
                let floored = if fixing > *floor { fixing } else { *floor };
                let capped = match cap {
                    Some(cap) if floored > *cap => *cap,
                    _ => floored,
                };
                capped + margin
            }
        }
    }

    /// Whether interest runs on unadjusted dates: fixed rates, and every 30/360 day count.
    #[must_use]
    pub fn on_unadjusted_dates(&self) -> bool {
        matches!(self.rate, RateTerms::Fixed { .. })
            || matches!(self.day_count, DayCount::Thirty360 | DayCount::ThirtyE360)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_x(payments: u32, start: u32) -> NoteTerms {
        NoteTerms {
            name: "X".to_owned(),
            original: 2e6,
            at_closing: 2e6,
            issue_price: 1.0,
            interest_rank: 1,
            principal_rank: None,
            deferrable: false,
            residual: false,
            coupon: None,
            amortization: Some((payments, start)),
            rating: String::new(),
            combination: Vec::new(),
            replaces: None,
            since: 0,
            make_whole: None,
        }
    }

    #[test]
    fn a_class_x_is_repaid_in_equal_instalments_from_its_first_date_on() {
        let due = |payments, start| (1..=10).map(|p| class_x(payments, start).instalment(p)).collect::<Vec<_>>();
        assert_eq!(due(8, 1), [250e3, 250e3, 250e3, 250e3, 250e3, 250e3, 250e3, 250e3, 0.0, 0.0]);
        assert_eq!(due(4, 3), [0.0, 0.0, 500e3, 500e3, 500e3, 500e3, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_step_up_holds_from_the_first_period_that_starts_on_its_date_or_later() {
        let day = |text| Date::parse(text).unwrap();
        let coupon = CouponTerms {
            rate: RateTerms::Floating { index: "sofr_3m".to_owned(), spread: 0.031, floor: 0.0, cap: None },
            day_count: DayCount::Act360,
            steps: vec![(day("2030-04-20"), 0.035), (day("2031-04-20"), 0.040)],
        };
        let margins = ["2030-01-20", "2030-04-20", "2031-01-20", "2031-07-20"].map(|d| coupon.margin(day(d)));
        assert_eq!(margins.map(|m| (m * 1e4 + 0.5) as u32), [310, 350, 350, 400]);
    }
}
