//! Classes of notes: what they are, what they accrue, who controls, what defers.

pub mod controlling;
pub mod deferral;
pub mod terms;

pub use terms::{CouponTerms, NoteTerms, RateTerms};
