//! What the waterfalls of a payment date are told.

use cloche_dispatch::Isa;

use super::program::Program;
use crate::coverage::TestTerms;
use crate::fees::FeeTerms;
use crate::lanes::Numbers;
use crate::notes::NoteTerms;
use crate::state::Status;

/// What the waterfalls of one payment date read: the deal, and the scalars of the date.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the date of its own")]
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a, P: Numbers = f64> {
    pub program: &'a Program,
    pub notes: &'a [NoteTerms<P>],
    pub fees: &'a [FeeTerms<P>],
    pub tests: &'a [TestTerms<P>],
    /// Per test: whether it applies on this date.
    pub active: &'a [bool],
    /// Whether no class accrues interest below zero.
    pub coupons_positive: bool,
    pub deferred_in_oc: bool,
    pub in_reinvestment: bool,
    /// Days since 1970-01-01 of the payment date.
    pub date: i32,
    pub target_par: f64,
    /// Share of unscheduled principal bought after the reinvestment period.
    pub post_period_share: &'a P::OfScenario,
    /// Whether collateral can be bought.
    pub purchases: bool,
    /// The instruction set of the steps.
    pub isa: Isa,
    /// Whether cash for collateral that cannot be bought stays on deposit; on the last date it goes on to the notes.
    pub deposits: bool,
    /// Status of the futures whose cash the waterfall distributes.
    pub status: Status,
}

impl<P: Numbers> Terms<'_, P> {
    /// The terms of the one pot of a status: the reinvestment period is over, nothing is bought.
    #[must_use]
    pub fn in_status(&self, status: Status) -> Self {
        Self { status, in_reinvestment: false, purchases: false, deposits: false, ..*self }
    }
}
