//! Claims: what a fee or a note is owed on a date, and how a payment settles it.
//!
//! A group shares pro rata by amount due: everyone gets `due · min(1, cash / Σ due)`.

use super::program::{Claim, ClaimKind, Pot};
use crate::lanes::Pack;
use crate::state::State;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder};

/// What is still unpaid of a claim.
#[inline(always)]
#[must_use]
pub fn due<const L: usize>(state: &State<L>, claim: Claim) -> Pack<L> {
    let i = claim.index as usize;
    match claim.kind {
        ClaimKind::Fee | ClaimKind::FeeAboveCap => state.fee_due(i),
        ClaimKind::FeeCurrent => *state.fees[i].current.unpaid(),
        ClaimKind::FeeUnpaid => state.fees[i].arrears,
        ClaimKind::FeeCapped => state.fee_due(i).min(state.fees[i].cap_left),
        ClaimKind::Interest => {
            let note = &state.notes[i];
            let (sum, unpaid);
            if note.has_overdue {
                sum = note.overdue + *note.interest.unpaid();
                unpaid = &sum;
            } else {
                unpaid = note.interest.unpaid();
            }
            *unpaid
        }
        ClaimKind::Deferred => state.notes[i].deferred,
        ClaimKind::Hedge => state.hedges[i].periodic + state.hedges[i].termination,
        ClaimKind::HedgePeriodic => state.hedges[i].periodic,
        ClaimKind::HedgeTermination => state.hedges[i].termination,
        // What another step has repaid is not due any more.
        ClaimKind::Amortization => state.notes[i].amortization_due.min(state.notes[i].balance),
    }
}

/// Books a payment of at most what is due; earlier amounts are settled before current ones.
#[inline(always)]
pub fn settle<const L: usize>(state: &mut State<L>, claim: Claim, paid: Pack<L>) {
    let i = claim.index as usize;
    match claim.kind {
        ClaimKind::Interest => {
            let note = &mut state.notes[i];
            if note.has_overdue {
                let old = paid.min(note.overdue);
                note.overdue -= old;
                note.interest.pay(paid - old, paid);
            } else {
                note.interest.pay(paid, paid);
            }
        }
        ClaimKind::Deferred => {
            let note = &mut state.notes[i];
            note.deferred -= paid;
            note.deferred_paid += paid;
            state.notes_paid(false);
        }
        ClaimKind::Amortization => {
            let note = &mut state.notes[i];
            note.amortization_due -= paid;
            note.balance -= paid;
            note.principal_paid += paid;
            note.repaid = true;
            state.notes_paid(false);
        }
        ClaimKind::Hedge | ClaimKind::HedgePeriodic | ClaimKind::HedgeTermination => {
            let hedge = &mut state.hedges[i];
            hedge.paid += paid;
            let first = if claim.kind == ClaimKind::HedgeTermination { Pack::ZERO } else { paid.min(hedge.periodic) };
            hedge.periodic -= first;
            hedge.termination = (hedge.termination - (paid - first)).positive();
        }
        _ => {
            let fee = &mut state.fees[i];
            match claim.kind {
                ClaimKind::FeeCurrent => fee.current.pay(paid, paid),
                ClaimKind::FeeUnpaid => {
                    fee.arrears -= paid;
                    fee.current.pay(Pack::ZERO, paid);
                }
                _ => {
                    if fee.has_arrears {
                        let old = paid.min(fee.arrears);
                        fee.arrears -= old;
                        fee.current.pay(paid - old, paid);
                    } else {
                        fee.current.pay(paid, paid);
                    }
                    if claim.kind == ClaimKind::FeeCapped {
                        fee.cap_left -= paid;
                    }
                }
            }
        }
    }
}

/// The payee of a claim.
#[inline(always)]
#[must_use]
pub fn payee(claim: Claim) -> Payee {
    match claim.kind {
        ClaimKind::Interest | ClaimKind::Deferred | ClaimKind::Amortization => Payee::Note(claim.index),
        ClaimKind::Hedge | ClaimKind::HedgePeriodic | ClaimKind::HedgeTermination => Payee::Hedge(claim.index),
        _ => Payee::Fee(claim.index),
    }
}

/// Pays a group pro rata by amount due, at most `limit`; returns what was paid.
#[inline(always)]
pub fn pay_group<const L: usize, R: Recorder<L>>(
    state: &mut State<L>,
    claims: &[Claim],
    limit: Pack<L>,
    pot: Pot,
    info: u16,
    recorder: &mut R,
) -> Pack<L> {
    let total = if let [single] = claims {
        let owed = due(state, *single);
        if !R::ON && !owed.any() {
            return Pack::ZERO;
        }
        let paid = owed.min(limit);
        settle(state, *single, paid);
        record(state, *single, owed, paid, Pack::ZERO, info, recorder);
        paid
    } else {
        let mut owed = Pack::ZERO;
        for &claim in claims {
            owed += due(state, claim);
        }
        if !R::ON && !owed.any() {
            return Pack::ZERO;
        }
        let whole = limit.ge(owed);
        let share = whole.select(Pack::splat(1.0), limit.ratio_or_zero(owed));
        let mut total = Pack::ZERO;
        for &claim in claims {
            let one = due(state, claim);
            let paid = one * share;
            settle(state, claim, paid);
            record(state, claim, one, paid, total, info, recorder);
            total += paid;
        }
        total
    };
    // Pro rata shares may take a rounding unit more than there is: what is left is never less than nothing.
    state.available = (state.available - total).positive();
    if pot.spends_principal() {
        state.principal_left(total);
    }
    total
}

#[inline(always)]
fn record<const L: usize, R: Recorder<L>>(
    state: &State<L>,
    claim: Claim,
    owed: Pack<L>,
    paid: Pack<L>,
    already: Pack<L>,
    info: u16,
    recorder: &mut R,
) {
    if R::ON {
        let reason = if !owed.any_positive() {
            let above = claim.kind == ClaimKind::FeeCapped && state.fee_due(claim.index as usize).any_positive();
            if above { Reason::CapReached } else { Reason::NothingDue }
        } else if paid.lt(owed).any() {
            Reason::InsufficientFunds
        } else {
            Reason::PaidInFull
        };
        let before = state.available - already;
        recorder.row(LedgerRow { info, payee: payee(claim), due: owed, paid, before, transfer: false, reason });
    }
}
