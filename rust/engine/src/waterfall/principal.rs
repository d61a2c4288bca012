//! Payments of principal along a sequence of classes.
//!
//! In a class: overdue and current interest that is still unpaid, then deferred interest, then principal; inside a
//! group interest and deferred interest go pro rata by amount due, principal pro rata by balance.

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
    state: &mut State<L>,
    sequence: &[Vec<u16>],
    layers: Layers,
    amount: Pack<L>,
) -> Pack<L> {
    let mut left = amount;
    state.any_cured |= layers.cure;
    state.notes_paid(layers.cure);
    for group in sequence {
        if layers.interest {
            left = (left - pay_claims(state, group, ClaimKind::Interest, left, false)).positive();
        }
        if layers.deferred {
            left = (left - pay_claims(state, group, ClaimKind::Deferred, left, layers.cure)).positive();
        }
        left = (left - pay_balance(state, group, left, layers.cure)).positive();
        if !left.any() {
            break;
        }
    }
    left
}

/// The share of what a group is owed that `left` pays; never negative, exactly 1 when all of it can be paid.
#[inline(always)]
fn share<const L: usize>(left: Pack<L>, owed: Pack<L>) -> Pack<L> {
    left.ge(owed).select(Pack::splat(1.0), left.ratio_or_zero(owed))
}

#[inline(always)]
fn pay_claims<const L: usize>(
    state: &mut State<L>,
    group: &[u16],
    kind: ClaimKind,
    left: Pack<L>,
    cure: bool,
) -> Pack<L> {
    let mut owed = Pack::ZERO;
    for &n in group {
        if kind == ClaimKind::Deferred && !state.notes[n as usize].has_deferred {
            continue;
        }
        owed += claims::due(state, Claim { kind, index: n });
    }
    if !owed.any() {
        return Pack::ZERO;
    }
    let single = group.len() == 1;
    let share = if single { Pack::ZERO } else { share(left, owed) };
    let mut total = Pack::ZERO;
    for &n in group {
        let claim = Claim { kind, index: n };
        let paid = if single { owed.min(left) } else { claims::due(state, claim) * share };
        claims::settle(state, claim, paid);
        if cure && state.deferred_saves {
            state.notes[n as usize].cured += paid;
        }
        total += paid;
    }
    state.available = (state.available - total).positive();
    total
}

#[inline(always)]
fn pay_balance<const L: usize>(state: &mut State<L>, group: &[u16], left: Pack<L>, cure: bool) -> Pack<L> {
    let mut owed = Pack::ZERO;
    for &n in group {
        owed += state.notes[n as usize].balance;
    }
    let single = group.len() == 1;
    let share = if single { Pack::ZERO } else { share(left, owed) };
    let mut total = Pack::ZERO;
    for &n in group {
        let note = &mut state.notes[n as usize];
        let paid = if single { owed.min(left) } else { note.balance * share };
        note.balance -= paid;
        note.principal_paid += paid;
        note.repaid = true;
        if cure {
            note.cured += paid;
        }
        total += paid;
    }
    state.available = (state.available - total).positive();
    total
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
            pay_sequence(&mut virtual_state, sequence, layers, need);
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
