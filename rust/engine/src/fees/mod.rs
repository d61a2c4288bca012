//! Fees and expenses: their bases, caps and the incentive hurdle.

pub mod terms;

pub use terms::{BaseDate, FeeBase, FeeCapTerms, FeeTerms, FeeTier, HurdleTerms, Lifted, sliced};
