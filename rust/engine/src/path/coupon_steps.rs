//! Steps of coupons under a condition, each future at its own time.
//!
//! On each date it is decided, on the figures of the determination date, which steps are in force in the accrual period that
//! begins on it.

use super::deal_terms::DealTerms;
use super::plan::PeriodTerms;
use crate::lanes::{DealParam, Mask, Pack};
use crate::notes::OnUnpaid;
use crate::state::State;
use crate::waterfall::quantities;
use crate::waterfall::terms::Terms;

/// Sets the coupons of the notes with a step in force, and what they are owed.
#[inline(never)]
pub fn accrue<const L: usize, P: DealParam<L>>(
    deal: &DealTerms<P>,
    state: &mut State<L>,
    period: &PeriodTerms<P>,
    running: Mask<L>,
) {
    for (k, step) in deal.coupon_steps.iter().enumerate() {
        let lanes = state.coupon_steps[k];
        if lanes.any() {
            set_coupon(deal, state, step.note as usize, lanes, period.stepped[k].pack(), running);
        }
    }
}

/// Sets the coupon of a note in some futures, and what it is owed there.
pub fn set_coupon<const L: usize, P>(
    deal: &DealTerms<P>,
    state: &mut State<L>,
    n: usize,
    lanes: Mask<L>,
    coupon: Pack<L>,
    running: Mask<L>,
) {
    let note = &mut state.notes[n];
    let mut bearing = note.balance;
    if deal.on_unpaid != OnUnpaid::Nothing && (note.has_deferred || note.has_overdue) {
        bearing += match deal.on_unpaid {
            OnUnpaid::Simple => state.bearing[n],
            _ => note.deferred + note.overdue,
        };
    }
    note.coupon = lanes.select(coupon, note.coupon);
    let due = lanes.select(running.keep(bearing * note.coupon), *note.interest.amount());
    note.interest.open(due);
}

/// Decides which steps are in force from this payment date on.
pub fn decide<const L: usize, P: DealParam<L>>(deal: &DealTerms<P>, state: &mut State<L>, terms: &Terms<'_, P>) {
    for (k, step) in deal.coupon_steps.iter().enumerate() {
        let holds = quantities::holds_in_status(state, terms, &step.when);
        state.coupon_steps[k] = if step.lasting { state.coupon_steps[k].or(holds) } else { holds };
    }
}
