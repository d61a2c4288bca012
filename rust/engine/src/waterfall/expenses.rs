//! Senior expenses, which the numerator of interest coverage is net of, and the tests before any payment.
//!
//! They are the fees and hedges ahead of the first interest step, within their caps. In the usual order those steps
//! have just been paid; where cash moves or a test is read before them, and for one pot, they are paid on trial first.

use super::cure::measure;
use super::interpreter::OneStep;
use super::program::Pot;
use super::recorder::{Recorder, Silent};
use super::terms::Terms;
use crate::lanes::{DealParam, Pack};
use crate::state::{State, Status};

/// Shows the tests as they stand.
#[inline(always)]
pub fn show_tests<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    recorder: &mut R,
) {
    if R::ON {
        let mut values = Vec::with_capacity(terms.tests.len());
        for test in 0..terms.tests.len() {
            values.push(measure(state, terms, test));
        }
        let lanes = match terms.status {
            Status::Normal => state.accelerated.or(state.redeemed).not(),
            Status::Accelerated => state.accelerated.and(state.redeemed.not()),
            Status::Redemption => state.redeemed,
        };
        recorder.tests(&values, lanes);
    }
}

/// Measures the tests of a date whose cash is one pot: senior expenses are what `interest` would pay of them.
pub fn measure_whole<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    interest: &Pack<L>,
    recorder: &mut R,
) {
    state.available = *interest;
    on_trial(state, terms);
    state.available = Pack::ZERO;
    show_tests(state, terms, recorder);
}

/// Lets the numerator of interest coverage be net of senior expenses while conditions are asked before the waterfalls.
#[inline(never)]
pub fn foresee<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, interest: &Pack<L>) {
    let available = state.available;
    state.available = *interest;
    on_trial(state, terms);
    state.available = available;
    state.looked = false;
}

/// Measures the tests before the first step of the interest waterfall.
#[inline(never)]
pub fn measure_first<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    recorder: &mut R,
) {
    let available = state.available;
    on_trial(state, terms);
    state.available = available;
    show_tests(state, terms, recorder);
}

/// Fixes the numerator of interest coverage at what is left of the available cash; nobody is paid.
fn on_trial<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>) {
    let (fees, hedges) = (state.fees.clone(), state.hedges.clone());
    for step in terms.program.senior_expenses(terms.in_reinvestment) {
        terms.isa.run(OneStep { state, terms, step, pot: Pot::Interest, recorder: &mut Silent });
    }
    (state.fees, state.hedges) = (fees, hedges);
}
