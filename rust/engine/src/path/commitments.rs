//! Classes that are drawn over time, at the opening of a payment date: their fees, and draws on dates that are known beforehand.
//!
//! A draw counts among the principal proceeds of its date at the issue price; it raises the balance once the interest of the date
//! is fixed.

use super::deal_terms::DealTerms;
use super::plan::PeriodTerms;
use crate::lanes::{DealParam, Mask, Pack};
use crate::state::State;

/// What the commitments of a deal are on a payment date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CommitmentDate {
    /// Fee of the period on a unit that is undrawn.
    pub fee: f64,
    /// Whether it can be drawn on.
    pub open: bool,
    /// Draws of the date that are known beforehand.
    pub scheduled: f64,
}

/// What is undrawn of a commitment when a date opens.
fn undrawn<const L: usize, P: DealParam<L>>(deal: &DealTerms<P>, state: &State<L>, c: usize) -> Pack<L> {
    let (terms, lanes) = (&deal.commitments[c], &state.commitments[c]);
    let note = terms.note as usize;
    let used =
        if terms.revolving { state.notes[note].balance } else { deal.notes[note].at_closing.pack() + lanes.drawn };
    lanes.ended.not().keep((Pack::splat(terms.amount) - used).positive())
}

/// Sets what can be drawn on a date, and returns what its known draws add to principal proceeds.
#[must_use]
pub fn open<const L: usize, P: DealParam<L>>(
    deal: &DealTerms<P>,
    period: &PeriodTerms<P>,
    state: &mut State<L>,
    running: Mask<L>,
) -> Pack<L> {
    let mut proceeds = Pack::ZERO;
    for c in 0..deal.commitments.len() {
        let date = period.commitments[c];
        let undrawn = running.keep(undrawn(deal, state, c));
        let lanes = &mut state.commitments[c];
        lanes.undrawn = undrawn;
        lanes.available = if date.open { undrawn } else { Pack::ZERO };
        let terms = &deal.commitments[c];
        lanes.revolves = (terms.revolving && date.open).then_some(terms.note);
        lanes.scheduled = Pack::splat(date.scheduled).min(lanes.available);
        proceeds += lanes.scheduled * deal.notes[terms.note as usize].issue_price.pack();
    }
    proceeds
}

/// Adds the fees to the interest of the date.
pub fn charge<const L: usize, P>(deal: &DealTerms<P>, period: &PeriodTerms<P>, state: &mut State<L>) {
    for (c, terms) in deal.commitments.iter().enumerate() {
        let due = &mut state.notes[terms.note as usize].interest;
        due.open(*due.amount() + state.commitments[c].undrawn * period.commitments[c].fee);
    }
}

/// Raises the balances by the draws of the date, once its interest is fixed.
pub fn draw<const L: usize, P>(deal: &DealTerms<P>, state: &mut State<L>) {
    for c in 0..deal.commitments.len() {
        let amount = state.commitments[c].scheduled;
        if amount.any() {
            state.draw(c, deal.commitments[c].note as usize, amount);
        }
    }
}

/// Ends the commitment of a class in the futures in which it is redeemed.
pub fn end<const L: usize, P>(deal: &DealTerms<P>, state: &mut State<L>, note: u16, redeemed: Mask<L>) {
    for (terms, lanes) in deal.commitments.iter().zip(&mut state.commitments) {
        if terms.note == note {
            lanes.ended = lanes.ended.or(redeemed);
        }
    }
}

/// Draws of the date that came in as proceeds: the balances that they raise are no payments to the class.
#[must_use]
pub fn drawn<const L: usize>(state: &State<L>) -> Pack<L> {
    let mut out = Pack::ZERO;
    for lanes in &state.commitments {
        out += lanes.scheduled;
    }
    out
}
