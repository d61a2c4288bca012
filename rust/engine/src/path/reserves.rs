//! Accounts and hedges at the opening of a payment date: what they bring, what hedges are owed, and the end of accounts.
//!
//! On the last date, and in a future in which nothing else is left after the reinvestment period, the accounts are closed: what
//! lies in them is proceeds of the date, and nothing goes into them any more.

use super::deal_terms::DealTerms;
use super::plan::PeriodTerms;
use super::runner::NOTHING_LEFT;
use crate::hedges::Notional;
use crate::lanes::{Mask, Pack};
use crate::state::State;

/// Adds to the proceeds what accounts and hedges bring, and states what hedges are owed.
///
/// `left` is the collateral that performs or is still to be recovered.
#[inline(never)]
pub fn open<const L: usize, P>(
    deal: &DealTerms<P>,
    period: &PeriodTerms<P>,
    state: &mut State<L>,
    running: Mask<L>,
    left: Pack<L>,
    [interest, principal]: [&mut Pack<L>; 2],
) {
    for (h, hedge) in deal.hedges.iter().enumerate() {
        let mut net = running.keep(Pack::splat(period.hedge_net[h]));
        if let Notional::Note(note) = hedge.notional {
            net = net * state.balance_of(note as usize);
        }
        let end = running.keep(Pack::splat(period.hedge_end[h]));
        *interest += net.positive();
        *principal += (-end).positive();
        let lanes = &mut state.hedges[h];
        lanes.periodic += (-net).positive();
        lanes.termination += end.positive();
        lanes.paid = Pack::ZERO;
    }
    let nothing = left.lt(Pack::splat(NOTHING_LEFT * deal.target_par));
    state.closed = match (period.is_last, period.in_reinvestment) {
        (true, _) => Mask::splat(true),
        (_, true) => state.reinvestment_over.and(nothing),
        _ => nothing,
    };
    state.reserved = Pack::ZERO;
    for ((balance, ended), account) in state.accounts.iter_mut().zip(&mut state.ended).zip(&deal.accounts) {
        if account.earns {
            *interest += running.keep(*balance * period.cash_income);
        }
        let closing = state.closed.and(running).keep(*balance);
        *balance -= closing;
        *ended = closing;
        if account.principal {
            *principal += closing;
        } else {
            *interest += closing;
        }
        state.reserved += *balance;
    }
}

/// What accounts and hedges add to interest and principal where all collateral is sold for the date.
#[must_use]
pub fn with_sale<const L: usize, P>(
    deal: &DealTerms<P>,
    period: &PeriodTerms<P>,
    state: &State<L>,
    running: Mask<L>,
) -> [Pack<L>; 2] {
    let (mut interest, mut principal) = (Pack::ZERO, Pack::ZERO);
    for (h, hedge) in deal.hedges.iter().enumerate() {
        let mut net = running.keep(Pack::splat(period.hedge_net[h]));
        if let Notional::Note(note) = hedge.notional {
            net = net * state.balance_of(note as usize);
        }
        interest += net.positive();
        principal += (-running.keep(Pack::splat(period.hedge_end[h]))).positive();
    }
    for ((balance, ended), account) in state.accounts.iter().zip(&state.ended).zip(&deal.accounts) {
        // Nothing but cash may be left before the sale: then the account has been closed already.
        let balance = running.keep(*balance + *ended);
        if account.earns {
            interest += balance * period.sale_cash_income;
        }
        if account.principal {
            principal += balance;
        } else {
            interest += balance;
        }
    }
    [interest, principal]
}

/// Closes the accounts of the futures in which all collateral is sold.
pub fn close<const L: usize>(state: &mut State<L>, sold: Mask<L>) {
    state.closed = state.closed.or(sold);
    state.reserved = sold.not().keep(state.reserved);
    for balance in &mut state.accounts {
        *balance = sold.not().keep(*balance);
    }
}

/// What left the proceeds of a date to accounts and hedge counterparties.
#[inline(never)]
#[must_use]
pub fn paid<const L: usize>(state: &State<L>) -> Pack<L> {
    let mut out = -state.reserved;
    for balance in &state.accounts {
        out += *balance;
    }
    for hedge in &state.hedges {
        out += hedge.paid;
    }
    out
}
