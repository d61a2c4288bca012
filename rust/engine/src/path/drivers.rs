//! What happens to the closing pool in a block of futures: the pool's flows step by step, in lanes.
//!
//! Each lane starts from the pool's totals; every default takes the rows of its loans off them. Lanes are kept apart
//! (`[lane][step]`) while defaults are applied, so that a row is taken off in one sweep, and turned into packs after.

use crate::lanes::Pack;
use crate::collateral::ClosingPool;

/// The closing pool's flows of one step, in lanes.
#[derive(Clone, Copy, Debug)]
pub struct ClosingStep<const L: usize> {
    pub interest: Pack<L>,
    pub principal: Pack<L>,
    pub prepaid: Pack<L>,
    pub recoveries: Pack<L>,
    pub performing: Pack<L>,
    pub discount: Pack<L>,
    pub carrying: Pack<L>,
    pub market_of_defaulted: Pack<L>,
    pub defaulted_par: Pack<L>,
}

/// Flows of one lane by step.
#[derive(Clone, Debug, Default)]
struct Lane {
    interest: Vec<f64>,
    principal: Vec<f64>,
    prepaid: Vec<f64>,
    recoveries: Vec<f64>,
    performing: Vec<f64>,
    discount: Vec<f64>,
    carrying: Vec<f64>,
    market_of_defaulted: Vec<f64>,
    defaulted_par: Vec<f64>,
    defaults: Vec<f64>,
    /// Per CCC asset: number of steps it performs through.
    ccc_steps: Vec<u32>,
}

/// The closing pool of `L` futures.
#[derive(Clone, Debug)]
pub struct Drivers<const L: usize> {
    lanes: Vec<Lane>,
    /// Per step: default rate of the cohorts.
    pub hazard: Vec<Pack<L>>,
    /// Per loan: its place among the CCC assets.
    ccc_of_loan: Vec<u32>,
}

const NOT_CCC: u32 = u32::MAX;

impl<const L: usize> Drivers<L> {
    /// Room for a pool.
    #[must_use]
    pub fn new(pool: &ClosingPool) -> Self {
        let mut ccc_of_loan = vec![NOT_CCC; pool.loans];
        for (place, (_, loan)) in (0_u32..).zip(&pool.ccc) {
            ccc_of_loan[*loan as usize] = place;
        }
        Self { lanes: vec![Lane::default(); L], hazard: vec![Pack::ZERO; pool.steps], ccc_of_loan }
    }

    /// Back to the pool without further defaults.
    #[inline(always)]
    pub fn reset(&mut self, pool: &ClosingPool) {
        for lane in &mut self.lanes {
            copy(&mut lane.interest, &pool.interest);
            copy(&mut lane.principal, &pool.principal);
            copy(&mut lane.prepaid, &pool.prepaid);
            copy(&mut lane.recoveries, &pool.recoveries);
            copy(&mut lane.performing, &pool.performing);
            copy(&mut lane.discount, &pool.discount);
            copy(&mut lane.carrying, &pool.carrying);
            copy(&mut lane.market_of_defaulted, &pool.market_of_defaulted);
            copy(&mut lane.defaulted_par, &pool.defaulted_par);
            copy(&mut lane.defaults, &pool.defaults);
            lane.ccc_steps.clear();
            lane.ccc_steps.resize(pool.ccc.len(), u32::MAX);
        }
    }

    /// An obligor defaults in one lane in step `k` (from 0); returns the par it defaults on.
    #[inline(always)]
    pub fn default(&mut self, pool: &ClosingPool, carry_end: &[usize], carries: bool, lane: usize, obligor: usize, k: usize) -> f64 {
        let mut total = 0.0;
        let lane = &mut self.lanes[lane];
        for &loan in &pool.obligor_loans[obligor] {
            let loan = loan as usize;
            let last = pool.last_step[loan] as usize;
            if k >= last {
                continue;
            }
            let row = loan * pool.steps;
            take(&mut lane.interest[k..last], &pool.row_interest[row + k..row + last]);
            take(&mut lane.principal[k..last], &pool.row_principal[row + k..row + last]);
            take(&mut lane.prepaid[k..last], &pool.row_prepaid[row + k..row + last]);
            take(&mut lane.performing[k..last], &pool.row_performing[row + k..row + last]);
            if pool.has_discount && pool.discount_share[loan] > 0.0 {
                let share = pool.discount_share[loan];
                for p in k..last {
                    lane.discount[p] -= pool.row_performing[row + p] * share;
                }
            }
            let default = pool.row_begin[row + k];
            let value = default * pool.row_recovery[row + k];
            let collected = pool.row_recovery_step[row + k] as usize;
            lane.recoveries[collected] += value;
            lane.defaults[k] += default;
            for p in k..collected {
                lane.defaulted_par[p] += default;
                lane.market_of_defaulted[p] += value;
                if carries && p < carry_end[k] {
                    lane.carrying[p] += value;
                }
            }
            let place = self.ccc_of_loan[loan];
            if place != NOT_CCC {
                lane.ccc_steps[place as usize] = u32::try_from(k).unwrap_or(u32::MAX);
            }
            total += default;
        }
        total
    }

    /// The flows of one step, in lanes.
    #[inline(always)]
    #[must_use]
    pub fn step(&self, p: usize) -> ClosingStep<L> {
        let mut out = ClosingStep {
            interest: Pack::ZERO,
            principal: Pack::ZERO,
            prepaid: Pack::ZERO,
            recoveries: Pack::ZERO,
            performing: Pack::ZERO,
            discount: Pack::ZERO,
            carrying: Pack::ZERO,
            market_of_defaulted: Pack::ZERO,
            defaulted_par: Pack::ZERO,
        };
        for l in 0..L {
            let lane = &self.lanes[l];
            out.interest.0[l] = lane.interest[p];
            out.principal.0[l] = lane.principal[p];
            out.prepaid.0[l] = lane.prepaid[p];
            out.recoveries.0[l] = lane.recoveries[p];
            out.performing.0[l] = lane.performing[p];
            out.discount.0[l] = lane.discount[p];
            out.carrying.0[l] = lane.carrying[p];
            out.market_of_defaulted.0[l] = lane.market_of_defaulted[p];
            out.defaulted_par.0[l] = lane.defaulted_par[p];
        }
        // Differences of sums leave rounding of either sign where nothing is left.
        out.interest = out.interest.positive();
        out.principal = out.principal.positive();
        out.prepaid = out.prepaid.positive();
        out.performing = out.performing.positive();
        out.discount = out.discount.positive();
        out
    }

    /// Par of one CCC asset at the end of step `p`, in the lanes in which it performs.
    #[inline(always)]
    #[must_use]
    pub fn ccc_par(&self, place: usize, par: f64, p: usize) -> Pack<L> {
        let mut out = Pack::ZERO;
        for l in 0..L {
            out.0[l] = if self.lanes[l].ccc_steps[place] as usize > p { par } else { 0.0 };
        }
        out
    }

    /// Recoveries of the closing pool that are collected after step `p`.
    #[inline(always)]
    #[must_use]
    pub fn pending(&self, p: usize) -> Pack<L> {
        let mut out = Pack::ZERO;
        for l in 0..L {
            for q in p + 1..self.hazard.len() {
                out.0[l] += self.lanes[l].recoveries[q];
            }
        }
        out
    }

    /// New defaults of one lane in a step.
    #[must_use]
    pub fn defaults(&self, lane: usize, p: usize) -> f64 {
        self.lanes[lane].defaults[p]
    }
}

#[inline(always)]
fn copy(to: &mut Vec<f64>, from: &[f64]) {
    to.clear();
    to.extend_from_slice(from);
}

#[inline(always)]
fn take(from: &mut [f64], row: &[f64]) {
    for (x, y) in from.iter_mut().zip(row) {
        *x -= *y;
    }
}
