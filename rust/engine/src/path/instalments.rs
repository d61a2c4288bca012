//! Instalments of notes that events issue: each future counts its payment dates from its own issue on.

use super::plan::Plan;
use crate::lanes::{DealParam, Pack};
use crate::lifecycle::{Change, Issued};
use crate::notes::NoteTerms;
use crate::state::State;

/// Equal instalments of what an event issues of a note.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instalments {
    pub note: u16,
    pub payments: f64,
    /// The first payment date after the issue, from 1.
    pub start: f64,
}

/// Those of the notes that refinancings and issues bring in.
#[must_use]
pub fn of_events<P>(notes: &[NoteTerms<P>], changes: &[Change]) -> Vec<Instalments> {
    let of = |one: &Issued| {
        let (payments, start) = notes[one.note as usize].amortization?;
        Some(Instalments { note: one.note, payments: f64::from(payments), start: f64::from(start) })
    };
    changes.iter().flat_map(Change::issued).filter_map(of).collect()
}

/// Adds what falls due of them on step `p`.
#[inline(never)]
pub fn fall_due<const L: usize, P: DealParam<L>>(plan: &Plan<P>, state: &mut State<L>, p: usize) {
    for given in &plan.instalments {
        let n = given.note as usize;
        let number = Pack::splat((p + 1) as f64) - state.changes.since[n];
        let due = number.ge(Pack::splat(given.start)).and(number.lt(Pack::splat(given.start + given.payments)));
        let instalment = due.keep(state.changes.brought[n] / Pack::splat(given.payments));
        let note = &mut state.notes[n];
        note.amortization_due = (note.amortization_due + instalment).min(note.balance);
    }
}
