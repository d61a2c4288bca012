//! The effective date: until the agencies have confirmed their ratings, steps may ask for the target par.
//!
//! The ratings are confirmed for good once the adjusted collateral principal amount has reached its share of the target
//! par, on a determination date or by the payments of a date, and when an event says so.

use crate::lanes::{DealParam, Mask};
use crate::state::State;
use crate::waterfall::interpreter;
use crate::waterfall::terms::Terms;

/// Looks at the test as it stands: before the payments of a date, and after them.
pub fn look<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, test: u16) {
    let t = &terms.tests[test as usize];
    // What the date before knew of the target par is no longer so.
    state.fresh &= !t.bit;
    if terms.active[test as usize] && !state.confirmed.all() {
        let passes = interpreter::test_passes(state, terms, test as usize);
        confirm(state, terms, passes);
    }
}

/// The ratings are confirmed in some futures.
pub fn confirm<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, lanes: Mask<L>) {
    state.confirmed = state.confirmed.or(lanes);
    for t in terms.tests {
        if t.kind == crate::coverage::TestKind::TargetPar {
            state.fresh &= !t.bit;
            state.clear &= !t.bit;
        }
    }
}
