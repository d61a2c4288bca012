//! What limits a step, for the reasons of the ledger: its conditions, its amount, or the cash that is left.

use super::interpreter::select;
use super::program::{Action, Op, Pot, ReadyOp};
use super::reserves;
use super::terms::Terms;
use crate::lanes::{DealParam, Pack};
use crate::state::State;
use crate::waterfall::recorder::Reason;

/// Why a step pays less than is due, if it does; `NotSelected` where its block and its conditions leave it out.
#[inline(never)]
pub fn of<const L: usize, P: DealParam<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    step: &ReadyOp,
    pot: Pot,
) -> Reason {
    let cash = step.source.map_or(state.available, |source| reserves::cash(state, source));
    let unlimited = ReadyOp { op: Op { amount: None, ..step.op.clone() }, ..step.clone() };
    if !asked(state, terms, &unlimited).any_positive() {
        return Reason::NotSelected;
    }
    if step.op.amount.is_some() {
        let amount = asked(state, terms, step);
        if amount.lt(cash).any() || !amount.any_positive() {
            return Reason::AmountReached;
        }
    }
    match step.op.action {
        Action::LimitDraw { .. } => Reason::CommitmentUsed,
        // Before the last date no principal is due: classes get what is there for them.
        Action::PayPrincipal { .. }
            if matches!(pot, Pot::Interest | Pot::Principal) && (terms.purchases || terms.deposits) =>
        {
            Reason::AllThatIsLeft
        }
        _ => Reason::InsufficientFunds,
    }
}

/// What a step would pay at most with any amount of cash.
fn asked<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, step: &ReadyOp) -> Pack<L> {
    state.limit = Pack::splat(f64::INFINITY);
    select(state, terms, step);
    state.limit
}
