//! Purchases of collateral with principal, on the conditions of the documents.

use super::cure;
use super::interpreter::{hold, test_passes};
use super::program::Pot;
use super::recorder::{LedgerRow, Payee, Reason, Recorder};
use super::terms::Terms;
use crate::coverage::purchases::Conditions;
use crate::lanes::{DealParam, Mask, Pack};
use crate::state::State;

/// Performing par of less than this share of the target par has no quality that a purchase could keep.
const NOTHING_PERFORMS: f64 = 1e-9;

/// Keeps for the ends of the next months whether the conditions of purchases hold; those of the collateral are asked of cash.
#[inline(never)]
pub fn remember<const L: usize, P: DealParam<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    conditions: Conditions,
    limit: Pack<L>,
) {
    let mut may = state.accelerated.or(state.redeemed).not();
    if conditions.asks(Conditions::COVERAGE) {
        may = may.and(coverage_passes(state, terms));
    }
    if terms.purchases && conditions.ask_collateral() {
        let dust = NOTHING_PERFORMS * terms.target_par;
        let holds = state.readings.purchases.may(conditions, state.purchases, limit, dust);
        may = may.and(holds.or(limit.gt(Pack::ZERO).not()));
    }
    state.may_buy = may;
}

/// Buys collateral with a share of what reaches the step, and keeps the cash where a condition does not hold.
#[expect(clippy::too_many_arguments, reason = "the parameters of one step")]
#[inline(always)]
pub fn reinvest<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    share: Pack<L>,
    unscheduled: bool,
    conditions: Conditions,
    limit: Pack<L>,
    info: u16,
    recorder: &mut R,
) {
    if !(terms.purchases || terms.deposits) {
        return;
    }
    let base = if unscheduled { state.unscheduled } else { limit };
    let wanted = (base * share).min(limit);
    let covered = if conditions.asks(Conditions::COVERAGE) { coverage_passes(state, terms) } else { Mask::splat(true) };
    let mut may = covered;
    if terms.purchases && conditions.ask_collateral() {
        let dust = NOTHING_PERFORMS * terms.target_par;
        may = may.and(state.readings.purchases.may(conditions, state.purchases, wanted, dust));
    }
    let spent = if terms.purchases { may.keep(wanted) } else { Pack::ZERO };
    let kept = wanted - spent;
    if R::ON && spent.any_positive() {
        let before = state.available;
        let payee = Payee::Collateral;
        let reason = Reason::Purchased;
        recorder.row(LedgerRow { info, payee, due: wanted, paid: spent, before, transfer: true, reason });
    }
    state.available -= spent;
    state.purchases += spent;
    if unscheduled {
        return;
    }
    let reason = match (may.all(), covered.all()) {
        _ if !wanted.any_positive() => Reason::NothingLeft,
        (true, _) => Reason::Retained,
        (false, false) => Reason::CoverageFails,
        (false, true) => Reason::ConditionFails,
    };
    if !R::ON || kept.any_positive() || !spent.any_positive() {
        hold(state, kept, Pot::Principal, reason, info, recorder);
    }
}

/// Whether every active test that a cure names passes as things stand.
#[inline(always)]
fn coverage_passes<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>) -> Mask<L> {
    let mut all = Mask::splat(true);
    for &test in &terms.program.coverage {
        if !cure::clear(state, terms, test as usize) {
            all = all.and(test_passes(state, terms, test as usize));
        }
    }
    all
}
