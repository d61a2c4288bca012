//! What a sweep keeps of its paths: each class over the whole path.

use crate::lanes::{DealParam, Mask, Pack};
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
    /// Last step (from 0) before which the run of a lane had not ended.
    last: Pack<L>,
}

impl<const L: usize> Figures<L> {
    /// Room for so many classes and payment dates.
    pub fn new(notes: usize, steps: usize) -> Self {
        Self { totals: vec![NoteTotals::new(steps); notes], deferred: vec![Pack::ZERO; notes], last: Pack::ZERO }
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
    pub fn end<P: DealParam<L>>(&mut self, plan: &Plan<P>, state: &State<L>) {
        for (n, (totals, note)) in self.totals.iter_mut().zip(&state.notes).enumerate() {
            totals.end(note.balance, note.deferred, note.overdue);
            // A growth is asked for where something is lost; where events change notes it goes on date by date.
            let owed = note.balance + note.deferred + note.overdue;
            if plan.changes.is_empty() && !plan.deal.notes[n].residual && owed.any_positive() {
                for p in plan.first()..plan.steps() {
                    totals.grow(plan.periods[p].coupon[n], self.last.ge(Pack::splat(p as f64)));
                }
            }
        }
    }
}

impl<const L: usize, P: DealParam<L>> Observer<L, P> for Figures<L> {
    #[inline(always)]
    fn date(
        &mut self,
        plan: &Plan<P>,
        p: usize,
        state: &State<L>,
        _collateral: &Collateral<L>,
        running: Mask<L>,
        _bought: Pack<L>,
    ) {
        self.last = running.select(Pack::splat(p as f64), self.last);
        for n in 0..self.totals.len() {
            let note = &state.notes[n];
            let (terms, totals) = (&plan.deal.notes[n], &mut self.totals[n]);
            let dust = terms.original.map(|par| par * DUST).pack();
            if !plan.changes.is_empty() {
                totals.grow(note.coupon, running);
                totals.issue(p, state.changes.issued[n]);
            }
            // What no future has deferred, paid or left unpaid is an exact zero: leaving it out changes no bit.
            let mut interest = *note.interest.paid();
            if note.has_deferred {
                interest += note.deferred_paid;
            }
            totals.pay(p, plan.periods[p].years, interest, note.repaid.then_some(&note.principal_paid), dust);
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
