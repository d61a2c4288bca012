//! The controlling class: the most senior class with a principal rank and something outstanding.
//!
//! Fixed at the opening of a payment date; it decides what may defer and which interest principal may pay
//! (`min{rank : Σ (balance + deferred interest) > 0}`).

use crate::lanes::{Mask, Pack};
use crate::notes::DUST;
use crate::state::NoteLanes;

/// Marks, per note, the lanes in which it is of the controlling class.
///
/// `ranks` lists the notes of each principal rank, most senior first. What is left of a class after it was paid in full
/// is rounding: it counts as nothing below a share of the target par.
#[inline(always)]
pub fn mark<const L: usize>(ranks: &[Vec<u16>], target_par: f64, notes: &mut [NoteLanes<L>]) {
    let dust = Pack::splat(DUST * target_par);
    let mut open = Mask::splat(true);
    for rank in ranks {
        let mut owed = Pack::ZERO;
        for &n in rank {
            let note = &notes[n as usize];
            owed += if note.has_deferred { note.balance + note.deferred } else { note.balance };
        }
        let outstanding = owed.gt(dust);
        let here = open.and(outstanding);
        for &n in rank {
            notes[n as usize].controlling = here;
        }
        open = open.and(outstanding.not());
    }
}
