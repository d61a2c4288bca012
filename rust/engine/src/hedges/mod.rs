//! Swaps, caps and floors: what a payment date exchanges.
//!
//! `net = notional · (receive rate · dcf − pay rate · dcf)`, over the accrual period that ends on the payment date. What is
//! received is interest proceeds of the date; what is owed is due at a step.

use crate::time::{Date, DayCount};

/// One hedge, names resolved.
#[derive(Clone, Debug)]
pub struct HedgeTerms {
    pub name: String,
    pub pay: Option<Leg>,
    pub receive: Option<Leg>,
    pub notional: Notional,
    pub termination: Option<Termination>,
}

/// What one side pays.
#[derive(Clone, Debug)]
pub struct Leg {
    pub rate: LegRate,
    pub day_count: DayCount,
}

/// A rate a year.
#[derive(Clone, Debug)]
pub enum LegRate {
    Fixed(f64),
    Floating {
        index: String,
        spread: f64,
        floor: Option<f64>,
        cap: Option<f64>,
    },
    /// What the index is above a strike.
    Above {
        index: String,
        strike: f64,
    },
    /// What it is below one.
    Below {
        index: String,
        strike: f64,
    },
}

impl Leg {
    /// The index that it follows.
    #[must_use]
    pub fn index(&self) -> Option<&str> {
        match &self.rate {
            LegRate::Fixed(_) => None,
            LegRate::Floating { index, .. } | LegRate::Above { index, .. } | LegRate::Below { index, .. } => {
                Some(index)
            }
        }
    }

    /// The rate a year at a fixing of its index.
    #[must_use]
    pub fn rate(&self, fixing: f64) -> f64 {
        match &self.rate {
            LegRate::Fixed(rate) => *rate,
            LegRate::Floating { spread, floor, cap, .. } => {
                let mut index = fixing;
                if let Some(floor) = floor
                    && index < *floor
                {
                    index = *floor;
                }
                if let Some(cap) = cap
                    && index > *cap
                {
                    index = *cap;
                }
                index + spread
            }
            LegRate::Above { strike, .. } => positive(fixing - strike),
            LegRate::Below { strike, .. } => positive(strike - fixing),
        }
    }

    /// The day-count fraction between two accrual dates, each adjusted and unadjusted.
    #[must_use]
    pub fn fraction(&self, adjusted: [Date; 2], unadjusted: [Date; 2]) -> f64 {
        let thirty = matches!(self.day_count, DayCount::Thirty360 | DayCount::ThirtyE360);
        let [start, end] = if thirty || matches!(self.rate, LegRate::Fixed(_)) { unadjusted } else { adjusted };
        self.day_count.fraction(start, end)
    }
}

fn positive(x: f64) -> f64 {
    if x > 0.0 { x } else { 0.0 }
}

/// What the rates run on.
#[derive(Clone, Debug)]
pub enum Notional {
    /// Amounts from periods that start on a date on; zero before the first.
    Dates(Vec<(Date, f64)>),
    /// The opening balance of a note on the payment date.
    Note(u16),
}

impl Notional {
    /// The amount in a period that starts on `start`; one unit of a note's balance.
    #[must_use]
    pub fn amount(&self, start: Date) -> f64 {
        match self {
            Self::Note(_) => 1.0,
            Self::Dates(amounts) => amounts.iter().rfind(|(from, _)| *from <= start).map_or(0.0, |(_, amount)| *amount),
        }
    }
}

/// The end of a hedge.
#[derive(Clone, Copy, Debug)]
pub struct Termination {
    pub date: Date,
    /// Paid by the issuer; below zero received.
    pub amount: f64,
    /// The counterparty is at fault: its payment is junior.
    pub defaulted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_pays_what_its_form_says() {
        let leg = |rate| Leg { rate, day_count: DayCount::Act360 };
        let index = "sofr_3m".to_owned();
        let close = |x: f64, y: f64| assert!((x - y).abs() < 1e-15, "{x} {y}");
        close(leg(LegRate::Fixed(0.04)).rate(0.05), 0.04);
        let floating = LegRate::Floating { index: index.clone(), spread: 0.01, floor: Some(0.0), cap: Some(0.06) };
        close(leg(floating.clone()).rate(0.05), 0.06);
        close(leg(floating.clone()).rate(-0.02), 0.01);
        close(leg(floating).rate(0.08), 0.07);
        close(leg(LegRate::Above { index: index.clone(), strike: 0.045 }).rate(0.05), 0.005);
        close(leg(LegRate::Above { index: index.clone(), strike: 0.055 }).rate(0.05), 0.0);
        close(leg(LegRate::Below { index, strike: 0.055 }).rate(0.05), 0.005);
    }

    #[test]
    fn a_notional_holds_from_the_first_period_that_starts_on_its_date_or_later() {
        let day = |text| Date::parse(text).unwrap();
        let notional = Notional::Dates(vec![(day("2026-01-20"), 50.0), (day("2027-01-20"), 30.0)]);
        let at = ["2025-10-20", "2026-01-20", "2026-10-20", "2027-01-20"].map(|d| notional.amount(day(d)) as u32);
        assert_eq!(at, [0, 50, 50, 30]);
    }
}
