//! Steps that mostly take a few operations, done in place; what is more goes to the general step.
//!
//! Only without a ledger. The arithmetic is that of the general step, so that the bits are.

use super::cure;
use super::interpreter::{Terms, select};
use super::program::{Pot, Quick, ReadyOp, Span};
use crate::lanes::{Pack, Param};
use crate::state::State;

/// Whether the step is done; if not, the general step must run.
#[inline(always)]
pub fn done<const L: usize, P: Param<L>>(state: &mut State<L>, terms: &Terms<'_, P>, step: &ReadyOp, pot: Pot) -> bool {
    match step.quick {
        Quick::General => false,
        Quick::Nothing => true,
        Quick::Fee { fee, capped, senior_expense } => {
            if state.fees[fee as usize].has_arrears {
                return false;
            }
            // What is left unpaid by interest is the exception.
            if pot.spends_principal() && !state.fees[fee as usize].current.any_positive() {
                return true;
            }
            let selected = selected(state, terms, step);
            pay_fee(state, fee, capped, senior_expense, selected, pot);
            true
        }
        Quick::Interest { note, senior_expense } => {
            if state.notes[note as usize].has_overdue {
                return false;
            }
            if pot.spends_principal() && !state.notes[note as usize].current_due.any_positive() {
                return true;
            }
            let selected = selected(state, terms, step);
            pay_interest(state, note, senior_expense, selected, pot);
            true
        }
        Quick::Deferred { note } => !state.notes[note as usize].has_deferred,
        Quick::Cure { tests, bits } => !cure_needed(state, terms, tests, bits),
        Quick::Divert { test } => cure::clear(state, terms, test as usize),
    }
}

/// Whether the limit of the step is told apart from what is available.
#[inline(always)]
fn selected<const L: usize, P: Param<L>>(state: &mut State<L>, terms: &Terms<'_, P>, step: &ReadyOp) -> bool {
    let selected = step.masked || step.guarded;
    if selected {
        state.limit = state.available;
        select(state, terms, step);
    }
    selected
}

#[inline(always)]
fn pay_fee<const L: usize>(
    state: &mut State<L>,
    fee: u16,
    capped: bool,
    senior_expense: bool,
    selected: bool,
    pot: Pot,
) {
    let limit = if selected { &state.limit } else { &state.available };
    let fee = &mut state.fees[fee as usize];
    let paid = if capped {
        let paid = fee.current.min(fee.cap_left).min(*limit);
        fee.cap_left -= paid;
        paid
    } else {
        fee.current.min(*limit)
    };
    fee.paid += paid;
    fee.current = (fee.current - paid).positive();
    spend(state, paid, senior_expense, pot);
}

#[inline(always)]
fn pay_interest<const L: usize>(state: &mut State<L>, note: u16, senior_expense: bool, selected: bool, pot: Pot) {
    let limit = if selected { &state.limit } else { &state.available };
    let note = &mut state.notes[note as usize];
    let paid = note.current_due.min(*limit);
    note.interest_paid += paid;
    note.current_due = (note.current_due - paid).positive();
    spend(state, paid, senior_expense, pot);
}

#[inline(always)]
fn spend<const L: usize>(state: &mut State<L>, paid: Pack<L>, senior_expense: bool, pot: Pot) {
    state.available = (state.available - paid).positive();
    if senior_expense {
        state.coverage_numerator -= paid;
        state.clear = 0;
    }
    if pot.spends_principal() {
        state.principal_left(paid);
    }
}

/// Whether the tests of a cure are not known to pass.
#[inline(always)]
fn cure_needed<const L: usize, P: Param<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    tests: Span,
    bits: u64,
) -> bool {
    if bits != 0 && state.clear & bits == bits {
        return false;
    }
    for &test in &terms.program.tests[tests.range()] {
        if !cure::clear(state, terms, test as usize) {
            return true;
        }
    }
    false
}
