//! Cash that moves between the proceeds and accounts: transfers, reserves that are filled up and released.
//!
//! Filled up: `min(max(0, target − balance), cash)`; released: `max(0, balance − above)`.

use super::program::{Due, Op, Pot, Purse};
use super::quantities::evaluate;
use super::terms::Terms;
use crate::lanes::{DealParam, Pack};
use crate::state::State;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder};

/// What lies in a purse.
#[inline(always)]
#[must_use]
pub fn cash<const L: usize>(state: &State<L>, purse: Purse) -> Pack<L> {
    match purse {
        Purse::Running => state.available,
        Purse::Interest => state.receipts[0],
        Purse::Principal => state.receipts[1],
        Purse::Diverted => Pack::ZERO,
        Purse::Account(account) => state.accounts[account as usize],
        Purse::Commitment(commitment) => state.undrawn(commitment as usize),
        Purse::Drawing(commitment) => state.commitments[commitment as usize].limit,
    }
}

/// Moves at most `limit` from one purse to another.
pub fn transfer<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    op: &Op,
    (from, to, due): (Purse, Purse, Due),
    limit: Pack<L>,
    pot: Pot,
    recorder: &mut R,
) {
    let zero = Pack::ZERO;
    let owed = match due {
        Due::All => cash(state, from),
        Due::UpTo(target) => (evaluate(state, terms, target, zero) - cash(state, to)).positive(),
        Due::Above(floor) => {
            let floor = floor.map_or(zero, |floor| evaluate(state, terms, floor, zero).positive());
            (cash(state, from) - floor).positive()
        }
    };
    let mut amount = owed.min(limit);
    // Where futures differ in their status, a waterfall moves the cash of its own.
    let one_pot = state.accelerated.or(state.redeemed);
    amount = match pot {
        Pot::Acceleration => state.accelerated.keep(amount),
        Pot::Redemption => state.redeemed.keep(amount),
        _ => one_pot.not().keep(amount),
    };
    if matches!(to, Purse::Account(_)) {
        amount = state.closed.not().keep(amount);
    }
    if R::ON && (amount.any_positive() || !(op.when.is_some() || op.slot.is_some())) {
        let reason = if !owed.any_positive() {
            Reason::NothingDue
        } else if amount.lt(owed).any() {
            let closed = matches!(to, Purse::Account(_)) && state.closed.any();
            if closed { Reason::AccountClosed } else { Reason::InsufficientFunds }
        } else {
            Reason::Transferred
        };
        let payee = match to {
            Purse::Account(account) => Payee::Reserve(account),
            Purse::Running => Payee::Account(pot),
            Purse::Interest => Payee::Account(Pot::Interest),
            // No step moves cash to a commitment.
            Purse::Principal | Purse::Diverted | Purse::Commitment(_) | Purse::Drawing(_) => {
                Payee::Account(Pot::Principal)
            }
        };
        let row = LedgerRow { info: op.info, payee, due: owed, paid: amount, before: zero, transfer: true, reason };
        // A step of a waterfall tells that waterfall's cash, whichever side of the transfer it is.
        if to == Purse::Running {
            recorder.gain(LedgerRow { before: state.available, ..row });
        } else {
            recorder.row(LedgerRow { before: cash(state, from), ..row });
        }
    }
    add(state, from, -amount, pot);
    add(state, to, amount, pot);
}

fn add<const L: usize>(state: &mut State<L>, purse: Purse, amount: Pack<L>, pot: Pot) {
    match purse {
        Purse::Running => {
            state.available += amount;
            if pot == Pot::Principal {
                state.principal_left(-amount);
            }
        }
        Purse::Interest => state.receipts[0] += amount,
        Purse::Principal => state.receipts[1] += amount,
        Purse::Diverted => state.divert(amount),
        Purse::Account(account) => state.accounts[account as usize] += amount,
        Purse::Commitment(_) | Purse::Drawing(_) => {}
    }
}
