//! Interest diversion: part of what is left of interest joins the principal account, or pays notes, while a test that
//! is stricter than the coverage tests fails.
//!
//! `diverted = min(share · remaining, need)`, `need = max(0, T·D − N)` kept as principal cash, `D − N/T` paid to notes.

use super::cure::{CURE_LAYERS, measure};
use super::need::within;
use super::principal::{self, Before};
use super::program::Pot;
use super::terms::Terms;
use crate::coverage::overcollateralization;
use crate::lanes::{DealParam, Pack};
use crate::state::State;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder};

/// Diverts interest to the principal account; it is spent with what principal has left on the same date.
#[inline(always)]
pub fn to_principal<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    test: u16,
    share: f64,
    limit: Pack<L>,
    info: u16,
    recorder: &mut R,
) {
    if !terms.active[test as usize] {
        return;
    }
    let (numerator, denominator) = measure(state, terms, test as usize);
    let trigger = terms.tests[test as usize].threshold;
    let need = overcollateralization::cure_by_purchase(numerator, denominator, trigger);
    let joining = (need - (state.diverted - state.joined)).positive();
    let wanted = need.gt(Pack::ZERO).keep(joining).min(state.available * share);
    let amount = wanted.min(limit);
    if R::ON {
        recorder.after(test, numerator, denominator);
        let reason = if need.any_positive() { Reason::TestFails } else { Reason::TestPasses };
        let before = state.available;
        let payee = Payee::Account(Pot::Principal);
        recorder.row(LedgerRow { info, payee, due: wanted, paid: amount, before, transfer: true, reason });
    }
    state.available -= amount;
    state.divert(amount);
}

/// Diverts interest to the notes.
#[inline(always)]
pub fn to_notes<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    test: u16,
    share: f64,
    sequence: u16,
    limit: Pack<L>,
    info: u16,
    recorder: &mut R,
) {
    if !terms.active[test as usize] {
        return;
    }
    let sequence = &terms.program.sequences[sequence as usize];
    let (numerator, denominator) = measure(state, terms, test as usize);
    let trigger = terms.tests[test as usize].threshold;
    let need = overcollateralization::cure_from_interest(numerator, denominator, trigger);
    let need = within(state, &terms.tests[test as usize], need);
    let wanted = need.min(state.available * share);
    let amount = wanted.min(limit);
    if R::ON {
        recorder.after(test, numerator, denominator);
        let before = Before::picture(state, sequence, CURE_LAYERS, Some(wanted));
        principal::pay_sequence(terms.isa, state, sequence, CURE_LAYERS, amount);
        if !before.write(state, Reason::TestFails, info, recorder) {
            let payee = Payee::Sequence;
            let before = state.available;
            let (due, paid) = (Pack::ZERO, Pack::ZERO);
            let reason = if need.any_positive() { Reason::TestFails } else { Reason::TestPasses };
            recorder.row(LedgerRow { info, payee, due, paid, before, transfer: false, reason });
        }
    } else {
        principal::pay_sequence(terms.isa, state, sequence, CURE_LAYERS, amount);
    }
}
