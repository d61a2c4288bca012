//! Draws on a commitment that pay what is unpaid of senior fees and interest: a liquidity facility.
//!
//! Each group gets `min(due, what can still be drawn)`, pro rata by amount due; the balance of the class rises by what was
//! drawn. The cash is neither interest nor principal proceeds.

use super::claims;
use super::program::{Claim, Pot};
use crate::lanes::Pack;
use crate::state::State;
use crate::waterfall::recorder::{LedgerRow, Reason, Recorder};

/// Sets what a step draws at most.
#[inline(never)]
pub fn limit<const L: usize>(state: &mut State<L>, commitment: u16, most: Pack<L>, pot: Pot) {
    // Where futures differ in their status, a waterfall draws for its own.
    let one_pot = state.accelerated.or(state.redeemed);
    let most = match pot {
        Pot::Acceleration => state.accelerated.keep(most),
        Pot::Redemption => state.redeemed.keep(most),
        _ => one_pot.not().keep(most),
    };
    state.commitments[commitment as usize].limit = most;
}

/// Pays a group with money drawn on a commitment of a note, at most `most`.
#[inline(never)]
pub fn pay<const L: usize, R: Recorder<L>>(
    state: &mut State<L>,
    (commitment, note): (u16, u16),
    group: &[Claim],
    most: Pack<L>,
    info: u16,
    recorder: &mut R,
) {
    let mut owed = Pack::ZERO;
    for &claim in group {
        owed += claims::due(state, claim);
    }
    let whole = most.ge(owed);
    let share = whole.select(Pack::splat(1.0), most.ratio_or_zero(owed));
    let mut total = Pack::ZERO;
    for &claim in group {
        let due = claims::due(state, claim);
        let paid = due * share;
        claims::settle(state, claim, paid);
        if R::ON && due.any_positive() {
            let reason = if paid.lt(due).any() { Reason::InsufficientFunds } else { Reason::PaidInFull };
            let before = state.commitments[commitment as usize].limit - total;
            recorder.row(LedgerRow { info, payee: claims::payee(claim), due, paid, before, transfer: false, reason });
        }
        total += paid;
    }
    if total.any() {
        let lanes = &mut state.commitments[commitment as usize];
        lanes.limit = (lanes.limit - total).positive();
        state.draw(commitment as usize, note as usize, total);
    }
}
