//! Make-whole premiums of the classes that a call, a refinancing or a reset redeems.
//!
//! A premium is a share of the balance at the redemption (see [`crate::notes::make_whole`]). Where all collateral is sold it falls due
//! with the interest of the class; where new notes redeem it, they pay it. No liquidation after an acceleration pays one.

use super::plan::PeriodTerms;
use crate::lanes::{DealParam, Pack};
use crate::state::{MakeWholeLanes, State};

/// Takes the premiums of a date.
#[inline(never)]
pub fn open<const L: usize, P: DealParam<L>>(state: &mut State<L>, period: &PeriodTerms<P>) {
    state.make_whole.clear();
    for (premium, note) in period.make_whole.iter().zip(&state.notes) {
        let per_unit = premium.pack();
        state.make_whole.push(MakeWholeLanes { per_unit, at_opening: per_unit * note.balance });
    }
}

/// What a redemption pays a class above par, on its balance as it stands.
#[must_use]
pub fn premium<const L: usize>(state: &State<L>, note: usize) -> Pack<L> {
    state.make_whole.get(note).map_or(Pack::ZERO, |premium| premium.per_unit * state.notes[note].balance)
}

/// Lets the premiums fall due in the futures that redeem all classes with what a sale brings.
pub fn charge<const L: usize>(state: &mut State<L>) {
    for n in 0..state.make_whole.len() {
        let premium = state.redeemed.keep(premium(state, n));
        if premium.any() {
            let due = &mut state.notes[n].interest;
            due.open(*due.unpaid() + premium);
        }
    }
}
