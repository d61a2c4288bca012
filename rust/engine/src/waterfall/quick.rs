//! Steps that mostly take a few operations, done in place; what is more goes to the general step.
//!
//! Only without a ledger. The arithmetic is that of the general step, so that the bits are: where there is cash for all
//! that is due in every lane, `min(due, cash)` is what is due, and nothing of it is left.

use cloche_dispatch::Kernel;

use super::cure;
use super::interpreter::select;
use super::program::{Claim, ClaimKind, Pot, Quick, ReadyOp, Span};
use super::terms::Terms;
use crate::lanes::{DealParam, Numbers, PART, Pack};
use crate::state::{Due, State};

/// Whether the step is done; if not, the general step must run.
#[inline(always)]
pub fn done<const L: usize, P: DealParam<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    step: &ReadyOp,
    pot: Pot,
) -> bool {
    match step.quick {
        Quick::General => false,
        Quick::Nothing => true,
        Quick::Fee { fee, capped, senior_expense } => {
            if capped {
                let lanes = &state.fees[fee as usize];
                if !lanes.has_arrears && lanes.current.is_settled() {
                    return true;
                }
                let claim = Claim { kind: ClaimKind::FeeCapped, index: fee };
                terms.isa.run(Part { state, terms, step, claim, senior_expense, pot });
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
fn pay<const L: usize, P: DealParam<L>>(
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
            if senior_expense || pot.spends_principal() {
                let paid = *due.unpaid();
                due.pay_all();
                count(state, paid, senior_expense, pot);
            } else {
                due.pay_all();
            }
            state.available = left;
            state.settled |= step.idle.settles();
            return;
        }
    }
    terms.isa.run(Part { state, terms, step, claim, senior_expense, pot });
}

/// What is not simply paid in full, as a function of its own: the loop over steps stays small.
struct Part<'a, const L: usize, P: Numbers> {
    state: &'a mut State<L>,
    terms: &'a Terms<'a, P>,
    step: &'a ReadyOp,
    claim: Claim,
    senior_expense: bool,
    pot: Pot,
}

impl<const L: usize, P: DealParam<L>> Kernel for Part<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { claim, .. } = self;
        // A kind that is known where it is paid leaves one way through.
        match claim.kind {
            ClaimKind::Interest => self.pay(Claim { kind: ClaimKind::Interest, ..claim }),
            ClaimKind::FeeCapped => self.pay(Claim { kind: ClaimKind::FeeCapped, ..claim }),
            _ => self.pay(Claim { kind: ClaimKind::Fee, ..claim }),
        }
    }
}

impl<const L: usize, P: DealParam<L>> Part<'_, L, P> {
    #[inline(always)]
    fn pay(self, claim: Claim) {
        if L.is_multiple_of(PART) {
            self.pay_in_parts::<PART>(claim);
        } else {
            self.pay_in_parts::<1>(claim);
        }
    }

    /// Pays what there is cash for, `W` lanes after the other; earlier amounts are settled before current ones.
    #[inline(always)]
    fn pay_in_parts<const W: usize>(self, claim: Claim) {
        let Self { state, terms, step, senior_expense, pot, .. } = self;
        let selects = step.masked || step.guarded;
        if selects {
            state.limit = state.available;
            select(state, terms, step);
        }
        let i = claim.index as usize;
        let (due, earlier, has_earlier, cap) = match claim.kind {
            ClaimKind::Interest => {
                let note = &mut state.notes[i];
                (&mut note.interest, &mut note.overdue, note.has_overdue, None)
            }
            kind => {
                let fee = &mut state.fees[i];
                let cap = if kind == ClaimKind::FeeCapped { Some(&mut fee.cap_left) } else { None };
                (&mut fee.current, &mut fee.arrears, fee.has_arrears, cap)
            }
        };
        let mut cap = cap;
        let capped = cap.as_ref().is_some_and(|left| !left.any());
        if capped || (due.is_settled() && !(has_earlier && earlier.any())) {
            return;
        }
        for i in 0..L / W {
            let unpaid = due.unpaid().part::<W>(i);
            let mut owed = unpaid;
            if has_earlier {
                owed += earlier.part(i);
            }
            if let Some(left) = &cap {
                owed = owed.min(left.part(i));
            }
            let available = state.available.part::<W>(i);
            let paid = owed.min(if selects { state.limit.part(i) } else { available });
            let mut current = paid;
            if has_earlier {
                let old = paid.min(earlier.part(i));
                let left = earlier.part(i) - old;
                earlier.set_part(i, left);
                current = paid - old;
            }
            due.pay_part(i, unpaid, current, paid);
            if let Some(cap) = &mut cap {
                let left = cap.part(i) - paid;
                cap.set_part(i, left);
            }
            state.available.set_part(i, (available - paid).positive());
            if senior_expense {
                let left = state.coverage_numerator.part(i) - paid;
                state.coverage_numerator.set_part(i, left);
            }
            if pot.spends_principal() {
                let left = state.numerator.part(i) - paid;
                state.numerator.set_part(i, left);
            }
        }
        due.end_parts();
        if senior_expense {
            state.clear &= !state.interest_tests;
        }
        if pot.spends_principal() {
            state.clear &= state.interest_tests;
        }
    }
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
fn cure_needed<const L: usize, P: DealParam<L>>(
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
