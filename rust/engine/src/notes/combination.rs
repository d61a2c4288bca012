//! Combination notes: parts of other notes in one.
//!
//! `receipts = Σ share · (interest + deferred interest + principal paid on the component)`; all receipts reduce the rated
//! balance, and what exceeds it is interest.

use super::NoteTerms;
use crate::lanes::{DealParam, Pack};
use crate::state::NoteLanes;

/// Passes on what the components were paid on the date; returns whether a balance has changed.
#[inline(never)]
pub fn pass_on<const L: usize, P: DealParam<L>>(terms: &[NoteTerms<P>], notes: &mut [NoteLanes<L>]) -> bool {
    let mut changed = false;
    for (n, note) in terms.iter().enumerate() {
        if !note.is_combination() {
            continue;
        }
        let mut receipts = Pack::ZERO;
        for (component, share) in &note.combination {
            let paid = &notes[*component as usize];
            receipts += (*paid.interest.paid() + paid.deferred_paid + paid.principal_paid) * share.pack();
        }
        let lanes = &mut notes[n];
        // What equity contributes takes nothing off the balance.
        lanes.principal_paid = receipts.min(lanes.balance).positive();
        lanes.repaid = true;
        lanes.interest.set_paid(receipts - lanes.principal_paid);
        lanes.balance -= lanes.principal_paid;
        changed = true;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_reduce_the_rated_balance_and_the_rest_is_interest() {
        let plain = NoteTerms {
            name: "A".to_owned(),
            original: 100.0,
            at_closing: 100.0,
            issue_price: 1.0,
            interest_rank: 1,
            principal_rank: Some(1),
            deferrable: false,
            residual: false,
            coupon: None,
            amortization: None,
            rating: String::new(),
            combination: Vec::new(),
            replaces: None,
            since: 0,
            make_whole: None,
        };
        let both = NoteTerms { combination: vec![(0, 0.5), (1, 0.1)], ..plain.clone() };
        let paid = |interest, deferred, principal| {
            let mut lanes = NoteLanes::<1> {
                deferred_paid: Pack([deferred]),
                principal_paid: Pack([principal]),
                ..NoteLanes::default()
            };
            lanes.interest.set_paid(Pack([interest]));
            lanes
        };
        let combination = NoteLanes { balance: Pack([12.0]), ..NoteLanes::default() };
        let mut notes = [paid(4.0, 2.0, 10.0), paid(20.0, 0.0, 0.0), combination];
        // Half of 16 and a tenth of 20.
        assert!(pass_on(&[plain.clone(), plain.clone(), both.clone()], &mut notes));
        assert_eq!((notes[2].principal_paid.0, notes[2].interest.paid().0, notes[2].balance.0), ([10.0], [0.0], [2.0]));
        assert!(pass_on(&[plain.clone(), plain, both], &mut notes));
        assert_eq!((notes[2].principal_paid.0, notes[2].interest.paid().0, notes[2].balance.0), ([2.0], [8.0], [0.0]));
    }
}
