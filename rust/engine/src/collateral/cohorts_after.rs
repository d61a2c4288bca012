//! What a run leaves of its cohorts for one that goes on.

/// The cohorts after a payment date, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortsAfter {
    pub survival: f64,
    pub performing: f64,
    /// Step (from 0) after which something was bought, and its par then over the survival factor.
    pub units: Vec<(usize, f64)>,
    pub defaults: Vec<CohortDefault>,
}

impl Default for CohortsAfter {
    /// Nothing was bought.
    fn default() -> Self {
        Self { survival: 1.0, performing: 0.0, units: Vec::new(), defaults: Vec::new() }
    }
}

/// A default of the cohorts whose recovery is still to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CohortDefault {
    /// Steps (from 0) of the default and of the recovery.
    pub step: usize,
    pub collected: usize,
    pub par: f64,
    pub value: f64,
}
