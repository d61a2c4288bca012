//! The controlling class: the most senior class with a principal rank and something outstanding.
//!
//! Fixed at the opening of a payment date; it decides what may defer and which interest principal may pay
//! (`min{rank : Σ (balance + deferred interest) > 0}`).

use crate::lanes::{Mask, Pack};
use crate::notes::DUST;
use crate::state::NoteLanes;

/// Marks, per note, the lanes in which it is of the controlling class.
///
/// `ranks` lists the notes of each principal rank, most senior first; below the first `marked` of them no note has been marked.
/// What is left of a class after it was paid in full is rounding: it counts as nothing below a share of the target par.
/// Returns how many ranks may hold marks now.
#[inline(always)]
pub fn mark<const L: usize>(ranks: &[Vec<u16>], target_par: f64, marked: usize, notes: &mut [NoteLanes<L>]) -> usize {
    let dust = Pack::splat(DUST * target_par);
    // Mostly the first class controlled in every lane, and still does.
    if marked == 1
        && let [first, _, ..] = ranks
        && let [n, ..] = first.as_slice()
        && !(notes[*n as usize].balance - dust * 2.0).any_negative()
    {
        return 1;
    }
    let mut open = Mask::splat(true);
    let mut controls = 0;
    for (place, rank) in ranks.iter().enumerate() {
        if !open.any() {
            // A class of an earlier rank controls in every lane.
            if place >= marked {
                break;
            }
            for &n in rank {
                notes[n as usize].controlling = open;
            }
            continue;
        }
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
        controls = place + 1;
    }
    controls
}

#[cfg(test)]
mod tests {
    use super::mark;
    use crate::lanes::Pack;
    use crate::state::NoteLanes;

    fn marks(notes: &[NoteLanes<2>]) -> Vec<[bool; 2]> {
        notes.iter().map(|note| [note.controlling.lane(0), note.controlling.lane(1)]).collect()
    }

    #[test]
    fn the_most_senior_class_with_something_outstanding_controls_in_each_lane() {
        let ranks = [vec![0], vec![1, 2], vec![3]];
        let mut notes = vec![NoteLanes::<2>::default(); 4];
        for (note, balance) in notes.iter_mut().zip([[9.0, 0.0], [5.0, 0.0], [0.0, 0.0], [1.0, 1.0]]) {
            note.balance = Pack(balance);
        }
        let marked = mark(&ranks, 100.0, ranks.len(), &mut notes);
        assert_eq!(marked, 3);
        assert_eq!(marks(&notes), [[true, false], [false, false], [false, false], [false, true]]);
        // Nothing is left of the first class.
        notes[0].balance = Pack::ZERO;
        let marked = mark(&ranks, 100.0, marked, &mut notes);
        assert_eq!(marks(&notes), [[false, false], [true, false], [true, false], [false, true]]);
        // The first class has been issued anew: no mark stays below it.
        notes[0].balance = Pack([2.0, 2.0]);
        let marked = mark(&ranks, 100.0, marked, &mut notes);
        assert_eq!(marked, 1);
        assert_eq!(marks(&notes), [[true, true], [false, false], [false, false], [false, false]]);
        assert_eq!(mark(&ranks, 100.0, marked, &mut notes), 1);
        assert_eq!(marks(&notes), [[true, true], [false, false], [false, false], [false, false]]);
        // Nothing is left of it in one lane.
        notes[0].balance = Pack([0.0, 2.0]);
        assert_eq!(mark(&ranks, 100.0, marked, &mut notes), 2);
        assert_eq!(marks(&notes), [[false, true], [true, false], [true, false], [false, false]]);
    }
}
