//! Coverage tests: the overcollateralization numerator, OC, IC and the event-of-default par ratio.

pub mod ccc_excess;
pub mod interest_coverage;
pub mod overcollateralization;
pub mod terms;

pub use terms::{ChainLink, TestKind, TestTerms};
