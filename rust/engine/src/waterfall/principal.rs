//! Payments of principal along a sequence of classes.
//!
//! In a class: overdue and current interest that is still unpaid, then deferred interest, then principal; inside a
//! group interest and deferred interest go pro rata by amount due, principal pro rata by balance.

use cloche_dispatch::{Isa, Kernel};

use super::claims;
use super::program::{Claim, ClaimKind};
use crate::lanes::Pack;
use crate::state::State;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder};

/// Which layers of a class a payment reaches before its principal, and whether a cure pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layers {
    pub interest: bool,
    pub deferred: bool,
    /// What is paid counts as a pro forma paydown of interest coverage.
    pub cure: bool,
}

/// Pays `amount` along the groups and returns what could not be placed.
#[inline(always)]
pub fn pay_sequence<const L: usize>(
    isa: Isa,
    state: &mut State<L>,
    sequence: &[Vec<u16>],
    layers: Layers,
    amount: Pack<L>,
) -> Pack<L> {
    let mut left = amount;
    isa.run(Along { state, sequence, layers, left: &mut left });
    left
}

/// A payment along groups as a function of its own: what is left lies in memory from group to group.
struct Along<'a, const L: usize> {
    state: &'a mut State<L>,
    sequence: &'a [Vec<u16>],
    layers: Layers,
    left: &'a mut Pack<L>,
}

impl<const L: usize> Kernel for Along<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { state, sequence, layers, left } = self;
        state.any_cured |= layers.cure;
        state.notes_paid(layers.cure);
        for group in sequence {
            if layers.interest {
                pay_claims(state, group, ClaimKind::Interest, left, false);
            }
            if layers.deferred {
                pay_claims(state, group, ClaimKind::Deferred, left, layers.cure);
            }
            match group.as_slice() {
                [note] => pay_balance(state, *note, left, layers.cure),
                group => pay_balances(state, group, left, layers.cure),
            }
            if !left.any() {
                break;
            }
        }
    }
}

/// The share of what a group is owed that `left` pays; never negative, exactly 1 when all of it can be paid.
#[inline(always)]
fn share<const L: usize>(left: Pack<L>, owed: Pack<L>) -> Pack<L> {
    left.ge(owed).select(Pack::splat(1.0), left.ratio_or_zero(owed))
}

#[inline(always)]
fn pay_claims<const L: usize>(state: &mut State<L>, group: &[u16], kind: ClaimKind, left: &mut Pack<L>, cure: bool) {
    let mut owed = Pack::ZERO;
    for &n in group {
        if kind == ClaimKind::Deferred && !state.notes[n as usize].has_deferred {
            continue;
        }
        owed += claims::due(state, Claim { kind, index: n });
    }
    if !owed.any() {
        return;
    }
    let single = group.len() == 1;
    let share = if single { Pack::ZERO } else { share(*left, owed) };
    let mut total = Pack::ZERO;
    for &n in group {
        let claim = Claim { kind, index: n };
        let paid = if single { owed.min(*left) } else { claims::due(state, claim) * share };
        claims::settle(state, claim, paid);
        if cure && state.deferred_saves {
            state.notes[n as usize].cured += paid;
        }
        total += paid;
    }
    state.available = (state.available - total).positive();
    *left = (*left - total).positive();
}

/// Pays the principal of one class.
#[inline(always)]
fn pay_balance<const L: usize>(state: &mut State<L>, note: u16, left: &mut Pack<L>, cure: bool) {
    let note = &mut state.notes[note as usize];
    let paid = note.balance.min(*left);
    note.balance -= paid;
    note.principal_paid += paid;
    note.repaid = true;
    if cure {
        note.cured += paid;
    }
    state.available = (state.available - paid).positive();
    *left = (*left - paid).positive();
}

/// Pays the principal of classes of one rank pro rata.
#[inline(always)]
fn pay_balances<const L: usize>(state: &mut State<L>, group: &[u16], left: &mut Pack<L>, cure: bool) {
    let mut owed = Pack::ZERO;
    for &n in group {
        owed += state.notes[n as usize].balance;
    }
    let share = share(*left, owed);
    let mut total = Pack::ZERO;
    for &n in group {
        let note = &mut state.notes[n as usize];
        let paid = note.balance * share;
        note.balance -= paid;
        note.principal_paid += paid;
        note.repaid = true;
        if cure {
            note.cured += paid;
        }
        total += paid;
    }
    state.available = (state.available - total).positive();
    *left = (*left - total).positive();
}

/// What a note has received so far on this date, over all layers.
#[inline(always)]
#[must_use]
pub fn received<const L: usize>(state: &State<L>, note: usize) -> Pack<L> {
    *state.notes[note].interest.paid() + state.notes[note].deferred_paid + state.notes[note].principal_paid
}

/// What each note of a sequence is owed and has received, before a payment along it.
#[derive(Clone, Debug, Default)]
pub struct Before<const L: usize> {
    notes: Vec<(u16, Pack<L>, Pack<L>)>,
    available: Pack<L>,
}

impl<const L: usize> Before<L> {
    /// Takes the picture before a payment; `need` limits what is owed (a cure), walked along the sequence.
    pub fn picture(state: &State<L>, sequence: &[Vec<u16>], layers: Layers, need: Option<Pack<L>>) -> Self {
        let mut notes = Vec::new();
        let mut virtual_state = state.clone();
        if let Some(need) = need {
            pay_sequence(Isa::PORTABLE, &mut virtual_state, sequence, layers, need);
        }
        for group in sequence {
            for &n in group {
                let i = n as usize;
                let owed = if need.is_some() {
                    received(&virtual_state, i) - received(state, i)
                } else {
                    let interest = if layers.interest {
                        state.notes[i].overdue + *state.notes[i].interest.unpaid()
                    } else {
                        Pack::ZERO
                    };
                    let deferred = if layers.deferred { state.notes[i].deferred } else { Pack::ZERO };
                    interest + deferred + state.notes[i].balance
                };
                notes.push((n, owed, received(state, i)));
            }
        }
        Self { notes, available: state.available }
    }

    /// Writes one ledger row per note that was owed something.
    pub fn write<R: Recorder<L>>(&self, state: &State<L>, reason: Reason, info: u16, recorder: &mut R) -> bool {
        let mut before = self.available;
        let mut written = false;
        for &(n, owed, already) in &self.notes {
            let paid = received(state, n as usize) - already;
            if !owed.any_positive() && !paid.any_positive() {
                continue;
            }
            let reason =
                if reason == Reason::PaidInFull && paid.lt(owed).any() { Reason::InsufficientFunds } else { reason };
            recorder.row(LedgerRow { info, payee: Payee::Note(n), due: owed, paid, before, transfer: false, reason });
            before -= paid;
            written = true;
        }
        written
    }
}
