//! What a sweep keeps of its paths: each class over the whole path.

use crate::lanes::{Mask, Pack};
use crate::notes::deferral;
use crate::path::observer::{Collateral, Observer};
use crate::path::plan::Plan;
use crate::path::summary::{DUST, NoteDate, NoteTotals};
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
            let deferred_interest = if plan.deal.capitalizes {
                deferral::unpaid(plan.deal.notes[n].deferrable, note)
            } else {
                note.deferred - self.deferred[n] + note.deferred_paid
            };
            let date = NoteDate {
                interest_paid: note.interest_paid,
                deferred_interest,
                deferred_paid: note.deferred_paid,
                deferred_balance: note.deferred,
                interest_shortfall: note.overdue,
                principal_paid: note.principal_paid,
                end_balance: note.balance,
            };
            self.deferred[n] = note.deferred;
            let dust = plan.deal.notes[n].original * DUST;
            if state.changes.is_empty() {
                self.totals[n].add(p, &date, plan.periods[p].coupon[n], dust, running);
            } else {
                self.totals[n].add(p, &date, note.coupon, dust, running);
                self.totals[n].issue(p, state.changes.issued[n]);
            }
        }
    }
}
