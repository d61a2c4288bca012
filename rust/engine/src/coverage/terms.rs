//! The terms of one test, names resolved.

use crate::math::rounding::ceil_to_u32;

/// What a test measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestKind {
    Overcollateralization,
    InterestCoverage,
    /// Par ratio of the events of default: defaulted collateral at market value, no haircuts.
    EventOfDefaultParRatio,
    /// The adjusted collateral principal amount over the target par, until the agencies have confirmed their ratings.
    TargetPar,
}

impl TestKind {
    /// Name in documents and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Overcollateralization => "oc",
            Self::InterestCoverage => "ic",
            Self::EventOfDefaultParRatio => "eod_par_ratio",
            Self::TargetPar => "target_par",
        }
    }
}

/// One test.
#[derive(Clone, Debug)]
pub struct TestTerms<P = f64> {
    pub name: String,
    pub kind: TestKind,
    pub trigger: P,
    /// The smallest ratio that passes: the trigger, or what is rounded to it.
    pub threshold: P,
    /// Notes of the denominator.
    pub notes: Vec<u16>,
    /// Those of them that cures can pay, where some have no place in the note payment sequence (class X).
    pub payable: Option<Vec<u16>>,
    /// Classes outside the test share in what its classes are paid, or are paid before them: a class X in the note payment
    /// sequence, a senior class that the test does not count.
    pub shares_payments: bool,
    /// While it fails it takes all that is left of interest (interest coverage).
    pub takes_all: bool,
    /// The denominator as a chain of tests of the same kind, each with the notes that it adds to the one before; the
    /// last is the test itself.
    pub chain: Vec<ChainLink>,
    /// The test as one bit of a set; none beyond 64 tests, which are looked at anew each time.
    pub bit: u64,
    /// The test with the longest chain that this one is a link of: both are summed together.
    pub summed_with: u16,
    /// Bits of its chain, and the least [`TestTerms::clear_share`] of them: where its own denominator is within that
    /// share, all of them pass with room.
    pub chain_bits: u64,
    pub chain_share: P,
    /// A denominator of at most this share of the numerator passes with room to spare, whatever the rounding.
    pub clear_share: P,
    /// A denominator up to this, in currency units, is rounding: nothing is outstanding.
    pub dust: f64,
    /// First payment period (from 0) in which the test applies.
    pub first_period: usize,
}

/// The smallest ratio that passes a test whose ratios are rounded to the nearest multiple of a step, a half upwards:
/// half a step below the first multiple that is not below the trigger.
#[must_use]
pub fn threshold(trigger: f64, step: Option<f64>) -> f64 {
    match step {
        // A trigger that is a multiple up to rounding is one.
        Some(step) => (f64::from(ceil_to_u32(trigger / step - 1e-9)) - 0.5) * step,
        None => trigger,
    }
}

/// A test as one bit of a set; none beyond 64.
#[must_use]
pub const fn bit(test: usize) -> u64 {
    if test < 64 { 1 << test } else { 0 }
}

/// What is clear of rounding and of [`PASS_TOLERANCE`].
pub const CLEAR: f64 = 4e-12;

/// One test of a chain of nested denominators.
#[derive(Clone, Debug)]
pub struct ChainLink {
    pub test: u16,
    /// Its [`TestTerms::bit`].
    pub bit: u64,
    /// Notes that its denominator has beyond that of the link before.
    pub added: Vec<u16>,
}

/// Slack of a pass flag: a test passes iff `numerator ≥ trigger · denominator · (1 − 1e-12)`.
pub const PASS_TOLERANCE: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use super::threshold;

    #[test]
    fn a_rounded_ratio_passes_from_half_a_step_below_the_trigger() {
        assert!((threshold(1.055, Some(0.001)) - 1.0545).abs() < 1e-12);
        assert!((threshold(1.055, Some(0.01)) - 1.055).abs() < 1e-12, "105.5 % is between 105 % and 106 %");
        assert!((threshold(1.0554, Some(0.001)) - 1.0555).abs() < 1e-12);
        assert!((threshold(1.055, None) - 1.055).abs() < 1e-15);
    }
}
