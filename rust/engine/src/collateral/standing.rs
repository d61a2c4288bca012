//! What earlier dates have left of the closing pool, where a run goes on from the state after a payment date.

use crate::time::Date;

/// A default of an earlier step, whose recovery is still to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PastDefault {
    /// Step (from 0); none where the loan was in default on the as-of date of the tape.
    pub step: Option<usize>,
    /// Share of the contract that defaulted.
    pub share: f64,
    /// Share of the defaulted par that is recovered.
    pub recovery: f64,
    /// Step (from 0) that collects the recovery.
    pub collected: usize,
    /// Day from which on a payment date collects it, where documents with other payment dates may follow.
    pub due: Option<Date>,
}

/// What is left of a loan, in shares of its contract: the same under every later assumption.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Share that performs.
    pub share: f64,
    pub defaults: Vec<PastDefault>,
    /// The company defaulted in a path that goes on: its default takes off the flows what the share still holds.
    pub drawn: bool,
}

impl Standing {
    /// A loan as the tape states it.
    pub const WHOLE: Self = Self { share: 1.0, defaults: Vec::new(), drawn: false };

    /// A loan of which nothing is left.
    pub const GONE: Self = Self { share: 0.0, defaults: Vec::new(), drawn: false };

    /// What tells it apart, bit by bit, with what is recovered or without.
    #[must_use]
    pub fn key(&self, of_recoveries: bool) -> Vec<u64> {
        let mut out = vec![self.share.to_bits(), u64::from(self.drawn)];
        for default in &self.defaults {
            let step = default.step.map_or(u64::MAX, |step| step as u64);
            out.extend([step, default.share.to_bits(), default.collected as u64]);
            if of_recoveries {
                out.push(default.recovery.to_bits());
            }
        }
        out
    }

    /// The same where a default recovers so much.
    #[must_use]
    pub fn recovering(mut self, recovery: f64) -> Self {
        for past in &mut self.defaults {
            past.recovery = recovery;
        }
        self
    }
}
