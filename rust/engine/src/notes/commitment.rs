//! The commitment of a class that is drawn over time: a delayed draw note, or a liquidity facility.
//!
//! Undrawn is `amount − balance` where what is repaid can be drawn again, else `amount − balance at closing − all draws`; both
//! are nothing from the end of the commitment on. A fee runs on what is undrawn when a date opens, with the day count of the
//! class, and is part of its interest.

use crate::time::Date;

/// What the holders of a class have promised to lend.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitmentTerms {
    pub note: u16,
    /// Currency units, what is drawn at closing included.
    pub amount: f64,
    /// A year, on what is undrawn.
    pub fee: f64,
    /// The first unadjusted payment date on which nothing can be drawn any more.
    pub until: Option<Date>,
    /// What is repaid can be drawn again.
    pub revolving: bool,
    /// Draws by date, currency units.
    pub draws: Vec<(Date, f64)>,
}

impl CommitmentTerms {
    /// Whether it has ended by an unadjusted date.
    #[must_use]
    pub fn has_ended(&self, day: Date) -> bool {
        self.until.is_some_and(|until| day >= until)
    }

    /// What is drawn on the payment date that ends an unadjusted period: on the first one that is not before the draw's date.
    #[must_use]
    pub fn scheduled(&self, start: Date, end: Date, is_first: bool) -> f64 {
        let due = |day: Date| day <= end && (is_first || day > start);
        self.draws.iter().filter(|(day, _)| due(*day)).map(|(_, amount)| *amount).sum()
    }
}
