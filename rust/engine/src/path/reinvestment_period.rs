//! The end of the reinvestment period in each future: at its date, or on the first date on which a condition holds.

use crate::expression::Expression;
use crate::lanes::DealParam;
use crate::state::State;
use crate::waterfall::quantities;
use crate::waterfall::terms::Terms;

/// Ends the period where the condition holds on the figures of the determination date: the date is the first after it.
pub fn end<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, when: &Expression) {
    if terms.in_reinvestment && !state.reinvestment_over.all() {
        let holds = quantities::holds_in_status(state, terms, when);
        state.reinvestment_over = state.reinvestment_over.or(holds);
    }
}
