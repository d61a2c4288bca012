//! Claims: what a fee or a note is owed on a date, and how a payment settles it.
//!
//! A group shares pro rata by amount due: everyone gets `due · min(1, cash / Σ due)`.

use super::program::{Claim, ClaimKind, Pot};
use crate::lanes::Pack;
use crate::path::recorder::{LedgerRow, Payee, Reason, Recorder};
use crate::path::state::State;

/// What is still unpaid of a claim.
#[inline(always)]
#[must_use]
pub fn due<const L: usize>(state: &State<L>, claim: Claim) -> Pack<L> {
    let i = claim.index as usize;
    match claim.kind {
        ClaimKind::Fee | ClaimKind::FeeAboveCap => state.fee_due(i),
        ClaimKind::FeeCurrent => state.fee_current[i],
        ClaimKind::FeeUnpaid => state.fee_arrears[i],
        ClaimKind::FeeCapped => state.fee_due(i).min(state.cap_left[i]),
        ClaimKind::Interest => state.overdue[i] + state.current_due[i],
        ClaimKind::Deferred => state.deferred[i],
        ClaimKind::Amortization => state.amortization_due[i],
    }
}

/// Books a payment of at most what is due; earlier amounts are settled before current ones.
#[inline(always)]
pub fn settle<const L: usize>(state: &mut State<L>, claim: Claim, paid: Pack<L>) {
    let i = claim.index as usize;
    match claim.kind {
        ClaimKind::Fee | ClaimKind::FeeAboveCap | ClaimKind::FeeCapped => {
            let old = paid.min(state.fee_arrears[i]);
            state.fee_arrears[i] -= old;
            state.fee_current[i] = (state.fee_current[i] - (paid - old)).positive();
            if claim.kind == ClaimKind::FeeCapped {
                state.cap_left[i] -= paid;
            }
            state.fee_paid[i] += paid;
        }
        ClaimKind::FeeCurrent => {
            state.fee_current[i] -= paid;
            state.fee_paid[i] += paid;
        }
        ClaimKind::FeeUnpaid => {
            state.fee_arrears[i] -= paid;
            state.fee_paid[i] += paid;
        }
        ClaimKind::Interest => {
            let old = paid.min(state.overdue[i]);
            state.overdue[i] -= old;
            state.current_due[i] = (state.current_due[i] - (paid - old)).positive();
            state.interest_paid[i] += paid;
        }
        ClaimKind::Deferred => {
            state.deferred[i] -= paid;
            state.deferred_paid[i] += paid;
        }
        ClaimKind::Amortization => {
            state.amortization_due[i] -= paid;
            state.balance[i] -= paid;
            state.principal_paid[i] += paid;
        }
    }
}

/// The payee of a claim.
#[inline(always)]
#[must_use]
pub fn payee(claim: Claim) -> Payee {
    match claim.kind {
        ClaimKind::Interest | ClaimKind::Deferred | ClaimKind::Amortization => Payee::Note(claim.index),
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
        let paid = owed.min(limit);
        settle(state, *single, paid);
        record(state, *single, owed, paid, Pack::ZERO, info, recorder);
        paid
    } else {
        let mut owed = Pack::ZERO;
        for &claim in claims {
            owed += due(state, claim);
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
    state.available -= total;
    if pot == Pot::Principal {
        state.numerator -= total;
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
            Reason::NothingDue
        } else if paid.lt(owed).any() {
            Reason::InsufficientFunds
        } else {
            Reason::PaidInFull
        };
        let before = state.available - already;
        recorder.row(LedgerRow { info, payee: payee(claim), due: owed, paid, before, transfer: false, reason });
    }
}
