//! Calls on a day between payment dates: each is looked at before the step in whose accrual period its day lies.
//!
//! The date is opened as the plan of the call has it, on a copy of everything: where the call is feasible that plan takes over
//! and the run ends with its step, and where it is not nothing has happened.

use super::plan::{Entry, Plan, Regime};
use super::regime;
use super::runner::{self, Workspace};
use crate::lanes::DealParam;
use crate::state::Refused;

/// The plan of the first call that redeems the deal in step `p`, with its number; calls that are not feasible are noted.
#[inline(never)]
pub fn called<'a, const L: usize, P: DealParam<L>>(
    first: &'a Plan<P>,
    plan: &Plan<P>,
    work: &mut Workspace<L>,
    p: usize,
) -> Option<(usize, &'a Regime<P>)> {
    work.state.refused.clear();
    for (k, regime) in first.regimes.iter().enumerate() {
        let Entry::Redemption(redemption) = regime.entry else { continue };
        if regime.parent != plan.number || regime.step != p {
            continue;
        }
        let mut trial = work.clone();
        regime::take_over(plan, regime, k + 1, &mut trial);
        runner::open(&regime.plan, &mut trial, p);
        if trial.state.redeemed.any() {
            return Some((k + 1, regime));
        }
        let (lanes, too_large) = (work.running, trial.state.too_large);
        work.state.refused.push(Refused { day: redemption.day, lanes, too_large });
    }
    None
}
