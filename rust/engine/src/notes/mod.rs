//! Classes of notes: what they are, what they accrue, who controls, what defers.

pub mod combination;
pub mod commitment;
pub mod controlling;
pub mod deferral;
pub mod make_whole;
pub mod terms;

/// Share of the target par up to which what is left of classes paid in full is rounding: nothing is outstanding.
pub const DUST: f64 = 1e-12;

pub use commitment::CommitmentTerms;
pub use deferral::OnUnpaid;
pub use make_whole::MakeWholeTerms;
pub use terms::{CouponTerms, NoteTerms, RateTerms};
