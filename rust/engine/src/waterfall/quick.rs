//! Steps that mostly take a few operations, done in place; what is more goes to the general step.
//!
//! Only without a ledger. The arithmetic is that of the general step, so that the bits are: where there is cash for all
//! that is due in every lane, `min(due, cash)` is what is due, and nothing of it is left.

use super::claims;
use super::cure;
use super::interpreter::{Terms, select};
use super::program::{Claim, ClaimKind, Pot, Quick, ReadyOp, Span};
use crate::lanes::{Pack, Param};
use crate::state::{Due, State};

/// Whether the step is done; if not, the general step must run.
#[inline(always)]
pub fn done<const L: usize, P: Param<L>>(state: &mut State<L>, terms: &Terms<'_, P>, step: &ReadyOp, pot: Pot) -> bool {
    match step.quick {
        Quick::General => false,
        Quick::Nothing => true,
        Quick::Fee { fee, capped, senior_expense } => {
            if capped {
                pay_part(state, terms, step, Claim { kind: ClaimKind::FeeCapped, index: fee }, senior_expense, pot);
            } else {
                pay(state, terms, step, Claim { kind: ClaimKind::Fee, index: fee }, senior_expense, pot);
            }
            true
        }
        Quick::Interest { note, senior_expense } => {
            pay(state, terms, step, Claim { kind: ClaimKind::Interest, index: note }, senior_expense, pot);
            true
        }
        Quick::Deferred { note } => {
            let lanes = &state.notes[note as usize];
            !lanes.has_deferred || !lanes.deferred.any()
        }
        Quick::Cure { tests, bits } => !cure_needed(state, terms, tests, bits),
        Quick::Divert { test } => cure::clear(state, terms, test as usize),
    }
}

/// The amount of the date, and whether something may be left of earlier ones.
#[inline(always)]
fn due<const L: usize>(state: &mut State<L>, claim: Claim) -> (&mut Due<L>, bool) {
    if claim.kind == ClaimKind::Interest {
        let note = &mut state.notes[claim.index as usize];
        return (&mut note.interest, note.has_overdue);
    }
    let fee = &mut state.fees[claim.index as usize];
    (&mut fee.current, fee.has_arrears)
}

#[inline(always)]
fn pay<const L: usize, P: Param<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    step: &ReadyOp,
    claim: Claim,
    senior_expense: bool,
    pot: Pot,
) {
    let available = state.available;
    let (due, arrears) = due(state, claim);
    if !arrears {
        // What interest has left unpaid is the exception.
        if pot.spends_principal() && due.is_settled() {
            return;
        }
        let left = available - *due.unpaid();
        if !(step.masked || step.guarded || left.any_negative()) {
            let paid = *due.unpaid();
            due.pay_all();
            state.available = left;
            count(state, paid, senior_expense, pot);
            return;
        }
    }
    pay_part(state, terms, step, claim, senior_expense, pot);
}

#[inline(always)]
fn pay_part<const L: usize, P: Param<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    step: &ReadyOp,
    claim: Claim,
    senior_expense: bool,
    pot: Pot,
) {
    let owed = claims::due(state, claim);
    if !owed.any() {
        return;
    }
    let paid = if step.masked || step.guarded {
        state.limit = state.available;
        select(state, terms, step);
        owed.min(state.limit)
    } else {
        owed.min(state.available)
    };
    claims::settle(state, claim, paid);
    state.available = (state.available - paid).positive();
    count(state, paid, senior_expense, pot);
}

/// What a payment changes in the figures of the tests.
#[inline(always)]
fn count<const L: usize>(state: &mut State<L>, paid: Pack<L>, senior_expense: bool, pot: Pot) {
    if senior_expense {
        state.senior_expense_paid(paid);
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
