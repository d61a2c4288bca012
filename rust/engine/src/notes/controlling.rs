//! The controlling class: the most senior class with a principal rank and something outstanding.
//!
//! Fixed at the opening of a payment date; it decides what may defer and which interest principal may pay
//! (`min{rank : Σ (balance + deferred interest) > 0}`).

use crate::lanes::{Mask, Pack};
use crate::path::state::NoteLanes;

/// Marks, per note, the lanes in which it is of the controlling class.
///
/// `ranks` lists the notes of each principal rank, most senior first.
#[inline(always)]
pub fn mark<const L: usize>(ranks: &[Vec<u16>], notes: &mut [NoteLanes<L>]) {
    let mut open = Mask::splat(true);
    for rank in ranks {
        let mut owed = Pack::ZERO;
        for &n in rank {
            let note = &notes[n as usize];
            owed += if note.has_deferred { note.balance + note.deferred } else { note.balance };
        }
        let outstanding = owed.gt(Pack::ZERO);
        let here = open.and(outstanding);
        for &n in rank {
            notes[n as usize].controlling = here;
        }
        open = open.and(outstanding.not());
    }
}
