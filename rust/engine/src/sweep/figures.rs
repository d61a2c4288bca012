//! What a sweep keeps of its paths: each class over the whole path.

use crate::lanes::{Mask, Pack};
use crate::notes::deferral;
use crate::path::observer::{Collateral, Observer};
use crate::path::plan::Plan;
use crate::path::summary::{DUST, NoteTotals};
use crate::state::State;

/// The classes of `L` paths, date by date.
#[derive(Clone, Debug)]
pub struct Figures<const L: usize> {
    pub totals: Vec<NoteTotals<L>>,
    /// Deferred interest outstanding after the date before.
    deferred: Vec<Pack<L>>,
}

impl<const L: usize> Figures<L> {
    /// Room for so many classes and payment dates.
    pub fn new(notes: usize, steps: usize) -> Self {
        Self { totals: vec![NoteTotals::new(steps); notes], deferred: vec![Pack::ZERO; notes] }
    }

    /// Back to closing.
    pub fn clear(&mut self) {
        for totals in &mut self.totals {
            totals.clear();
        }
        self.deferred.fill(Pack::ZERO);
    }
}

impl<const L: usize> Figures<L> {
    /// Ends a run.
    pub fn end(&mut self, state: &State<L>) {
        for (totals, note) in self.totals.iter_mut().zip(&state.notes) {
            totals.end(note.balance, note.deferred, note.overdue);
        }
    }
}

impl<const L: usize> Observer<L, Pack<L>> for Figures<L> {
    #[inline(always)]
    fn date(
        &mut self,
        plan: &Plan<Pack<L>>,
        p: usize,
        state: &State<L>,
        _collateral: &Collateral<L>,
        running: Mask<L>,
        _bought: Pack<L>,
    ) {
        for n in 0..self.totals.len() {
            let note = &state.notes[n];
            let (terms, totals) = (&plan.deal.notes[n], &mut self.totals[n]);
            let dust = terms.original * DUST;
            if state.changes.is_empty() {
                totals.discount(plan.periods[p].coupon[n], running);
            } else {
                totals.discount(note.coupon, running);
                totals.issue(p, state.changes.issued[n]);
            }
            // What no future has deferred, paid or left unpaid is an exact zero: leaving it out changes no bit.
            let mut interest = *note.interest.paid();
            if note.has_deferred {
                interest += note.deferred_paid;
            }
            totals.pay(p, interest, note.repaid.then_some(&note.principal_paid), dust);
            if plan.deal.capitalizes {
                totals.defer(p, deferral::unpaid(terms.deferrable, note), note.deferred, dust);
            } else if note.has_deferred {
                totals.defer(p, note.deferred - self.deferred[n] + note.deferred_paid, note.deferred, dust);
                self.deferred[n] = note.deferred;
            }
            if note.has_overdue {
                totals.fall_short(note.overdue);
            }
        }
    }
}
