//! The status of each future: an event of default accelerates the notes from the next payment date on.
//!
//! After an acceleration interest and principal are one pot. Futures of one block may differ in their status: each
//! waterfall runs for all of them, with cash only where the status is its own, and one that has no cash pays nothing.

use super::deal_terms::{AccelerationTerms, Cause, DealTerms};
use super::summary::DUST;
use crate::coverage::TestKind;
use crate::lanes::{DealParam, Mask, Pack};
use crate::state::{State, Status};
use crate::waterfall::Pot;
use crate::waterfall::expenses;
use crate::waterfall::interpreter;
use crate::waterfall::quantities;
use crate::waterfall::recorder::Recorder;
use crate::waterfall::terms::Terms;

/// Looks, before any payment, at the conditions that are events of default and the tests whose failure is one.
pub fn open<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, deal: &DealTerms<P>) {
    state.par_failed = Mask::splat(false);
    for (k, condition) in deal.default_conditions.iter().enumerate() {
        let holds = quantities::holds_in_status(state, terms, condition);
        state.default_conditions[k] = holds;
        state.par_failed = state.par_failed.or(holds);
    }
    if !deal.watches(Cause::ParRatio) {
        return;
    }
    for (test, t) in deal.tests.iter().enumerate() {
        if t.kind == TestKind::EventOfDefaultParRatio && terms.active[test] {
            let passes = interpreter::test_passes(state, terms, test);
            state.par_failed = state.par_failed.or(passes.not());
        }
    }
}

/// Distributes the proceeds of a date on which some future is accelerated or redeemed.
pub fn pay<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    [interest, principal]: [&Pack<L>; 2],
    recorder: &mut R,
) {
    let redeemed = state.redeemed;
    let accelerated = state.accelerated.and(redeemed.not());
    let normal = accelerated.or(redeemed).not();
    if normal.any() {
        interpreter::run(state, terms, [&normal.keep(*interest), &normal.keep(*principal)], recorder);
    }
    for (lanes, status, pot) in
        [(accelerated, Status::Accelerated, Pot::Acceleration), (redeemed, Status::Redemption, Pot::Redemption)]
    {
        if lanes.any() {
            let terms = terms.in_status(status);
            expenses::measure_whole(state, &terms, &lanes.keep(*interest), recorder);
            interpreter::run_whole(state, &terms, pot, &lanes.keep(*interest + *principal), recorder);
        }
    }
}

/// Finds, after a date's payments and deferrals, the futures that are accelerated from the next date on.
#[inline(always)]
pub fn close<const L: usize, P: DealParam<L>>(
    state: &mut State<L>,
    deal: &DealTerms<P>,
    terms: AccelerationTerms,
    running: Mask<L>,
) {
    let mut caused = state.par_failed;
    if deal.watches(Cause::SeniorInterest) {
        for (note, of) in state.notes.iter().zip(&deal.notes) {
            if note.has_overdue && !of.residual {
                caused = caused.or(note.overdue.gt(of.original.map(|par| DUST * par).pack()));
            }
        }
    }
    let lasting = if terms.rescinded_when_cured { Mask::splat(false) } else { state.accelerated };
    state.accelerates_next = running.and(caused.or(lasting));
}
