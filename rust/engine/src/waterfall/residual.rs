//! The residual notes and the manager's share above their hurdle.
//!
//! Until the hurdle: `X = clamp(−Σ CF·(1 + h)^{(t − t_i)/365}, 0, cash)` goes to the residual notes first; of what is
//! left the manager takes its share, the residual notes the rest. Of several hurdles each starts a slice: the holders' part
//! of a slice, `1 − share`, is what lies between its hurdle and the next.

use super::program::{Pot, Span};
use super::terms::Terms;
use crate::lanes::{DealParam, Pack};
use crate::state::State;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder};

/// Pays residual notes pro rata by original balance, all that is left or only up to the hurdle.
#[inline(always)]
pub fn pay<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    notes: Span,
    until: Option<u16>,
    limit: Pack<L>,
    pot: Pot,
    info: u16,
    recorder: &mut R,
) {
    let wanted = match until {
        Some(fee) => state.fees[fee as usize].hurdle.positive(),
        None => limit,
    };
    let amount = wanted.min(limit);
    let notes = &terms.program.residuals[notes.range()];
    let mut original = Pack::ZERO;
    for &n in notes {
        original += terms.notes[n as usize].original.pack();
    }
    let mut before = state.available;
    for &n in notes {
        let own = terms.notes[n as usize].original.pack();
        let share = if notes.len() == 1 { Pack::splat(1.0) } else { own / original };
        let paid = amount * share;
        state.notes[n as usize].interest.pay(Pack::ZERO, paid);
        if R::ON {
            let reason = match until {
                Some(_) if !wanted.any_positive() => Reason::NothingDue,
                _ if !amount.any_positive() => Reason::NothingLeft,
                Some(_) if !wanted.gt(amount).any() => Reason::PaidInFull,
                _ => Reason::Residual,
            };
            // Residual notes are owed nothing: what they are paid was due.
            let payee = Payee::Note(n);
            recorder.row(LedgerRow { info, payee, due: paid, paid, before, transfer: false, reason });
        }
        before -= paid;
    }
    state.available = (state.available - amount).positive();
    for &fee in &terms.program.hurdled {
        state.fees[fee as usize].hurdle -= amount;
    }
    for need in &mut state.higher {
        *need -= amount;
    }
    if pot.spends_principal() {
        state.principal_left(amount);
    }
}

/// Pays the manager's share of what is left above the hurdle.
#[inline(always)]
pub fn incentive<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    fee: u16,
    limit: Pack<L>,
    pot: Pot,
    info: u16,
    recorder: &mut R,
) {
    let share = terms.fees[fee as usize].hurdle.as_ref().map_or(Pack::ZERO, |h| h.share.pack());
    let below = state.fees[fee as usize].hurdle.positive();
    let amount = if terms.fees[fee as usize].higher.is_empty() {
        (limit - below).positive() * share
    } else {
        sliced(state, terms, fee, limit)
    };
    if R::ON {
        let before = state.available;
        let reason = if amount.any_positive() {
            Reason::PaidInFull
        } else if below.any_positive() {
            Reason::HurdleNotReached
        } else if limit.any_positive() {
            Reason::NothingDue
        } else {
            Reason::NothingLeft
        };
        let payee = Payee::Fee(fee);
        recorder.row(LedgerRow { info, payee, due: amount, paid: amount, before, transfer: false, reason });
    }
    state.fees[fee as usize].current.pay(Pack::ZERO, amount);
    state.available = (state.available - amount).positive();
    if pot.spends_principal() {
        state.principal_left(amount);
    }
}

/// The manager's shares of the slices between several hurdles.
#[inline(never)]
fn sliced<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    terms: &Terms<'_, P>,
    fee: u16,
    limit: Pack<L>,
) -> Pack<L> {
    let own = &terms.fees[fee as usize];
    let before: usize = terms.fees[..fee as usize].iter().map(|f| f.higher.len()).sum();
    let mut need = state.fees[fee as usize].hurdle.positive();
    let mut left = (limit - need).positive();
    let mut amount = Pack::ZERO;
    let shares = own.hurdle.iter().chain(&own.higher).map(|h| h.share.pack());
    for (i, share) in shares.enumerate() {
        let mut slice = left;
        if i < own.higher.len() {
            let next = state.higher[before + i].max(need);
            let holders = Pack::splat(1.0) - share;
            // Where the manager takes all of a slice the holders never reach the next hurdle.
            let room = (next - need).ratio_or_zero(holders);
            slice = holders.gt(Pack::ZERO).select(left.min(room), left);
            need = next;
        }
        amount += slice * share;
        left -= slice;
    }
    amount
}
