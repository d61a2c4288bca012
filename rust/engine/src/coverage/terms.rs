//! The terms of one test, names resolved.

/// What a test measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestKind {
    Overcollateralization,
    InterestCoverage,
    /// Par ratio of the events of default: defaulted collateral at market value, no haircuts.
    EventOfDefaultParRatio,
}

impl TestKind {
    /// Name in documents and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Overcollateralization => "oc",
            Self::InterestCoverage => "ic",
            Self::EventOfDefaultParRatio => "eod_par_ratio",
        }
    }
}

/// One test.
#[derive(Clone, Debug)]
pub struct TestTerms {
    pub name: String,
    pub kind: TestKind,
    pub trigger: f64,
    /// Notes of the denominator.
    pub notes: Vec<u16>,
    /// The denominator as a chain of tests of the same kind, each with the notes that it adds to the one before; the
    /// last is the test itself.
    pub chain: Vec<(u16, Vec<u16>)>,
    /// First payment period (from 0) in which the test applies.
    pub first_period: usize,
}

/// Slack of a pass flag: a test passes iff `numerator ≥ trigger · denominator · (1 − 1e-12)`.
pub const PASS_TOLERANCE: f64 = 1e-12;
