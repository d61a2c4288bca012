//! Coverage tests: the overcollateralization numerator, OC, IC and the event-of-default par ratio; conditions of purchases.

pub mod ccc_excess;
pub mod diversity;
pub mod interest_coverage;
pub mod overcollateralization;
pub mod purchases;
pub mod rating_factor;
pub mod terms;

pub use terms::{ChainLink, TestKind, TestTerms};
