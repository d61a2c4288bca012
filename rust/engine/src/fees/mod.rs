//! Fees and expenses: their bases, caps and the incentive hurdle.

pub mod carry_over;
pub mod terms;

pub use carry_over::CarryOver;
pub use terms::{Accrual, BaseDate, FeeBase, FeeCapTerms, FeeTerms, FeeTier, HurdleTerms, Lifted, share_on, sliced};
