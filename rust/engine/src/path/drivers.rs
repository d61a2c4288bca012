//! What happens to the closing pool in a block of futures: the pool's flows step by step, in lanes.
//!
//! Each lane starts from the pool's totals; every default takes the rows of its loans off them. Lanes are kept apart
//! (`[lane][step]`) while defaults are applied, so that a row is taken off in one sweep, and turned into packs after.

use crate::collateral::ClosingPool;
use crate::lanes::Pack;

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

/// Quantities of a lane beside its packed rows, in the order of their rows.
const RECOVERIES: usize = 0;
const CARRYING: usize = 1;
const DEFAULTED_PAR: usize = 2;
const DISCOUNT: usize = 3;
const MARKET: usize = 4;
const DEFAULTS: usize = 5;
const QUANTITIES: usize = 6;

/// Quantities that not every deal reads; one path kept in full reads all.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Some test values defaulted collateral at market.
    pub market: bool,
    /// New defaults by step are shown.
    pub defaults: bool,
}

/// The closing pool of `L` futures.
#[derive(Clone, Debug)]
pub struct Drivers<const L: usize> {
    /// `[lane][step]`: interest, principal, performing par, prepaid principal.
    packed: Vec<[f64; 4]>,
    /// `[quantity][lane][step]`.
    flows: Vec<f64>,
    steps: usize,
    wanted: Wanted,
    has_discount: bool,
    /// Per step: default rate of the cohorts.
    pub hazard: Vec<Pack<L>>,
    /// Per loan: its place among the CCC assets.
    ccc_of_loan: Vec<u32>,
    /// Per CCC asset and lane: number of steps it performs through.
    ccc_steps: Vec<[u32; L]>,
}

const NOT_CCC: u32 = u32::MAX;

impl<const L: usize> Drivers<L> {
    /// Room for a pool.
    #[must_use]
    pub fn new(pool: &ClosingPool, wanted: Wanted) -> Self {
        let mut ccc_of_loan = vec![NOT_CCC; pool.loans];
        for (place, (_, loan)) in (0_u32..).zip(&pool.ccc) {
            ccc_of_loan[*loan as usize] = place;
        }
        Self {
            packed: vec![[0.0; 4]; L * pool.steps],
            flows: vec![0.0; QUANTITIES * L * pool.steps],
            steps: pool.steps,
            wanted,
            has_discount: pool.has_discount,
            hazard: vec![Pack::ZERO; pool.steps],
            ccc_of_loan,
            ccc_steps: vec![[u32::MAX; L]; pool.ccc.len()],
        }
    }

    /// The row of a quantity in a lane.
    #[inline(always)]
    fn row(&mut self, quantity: usize, lane: usize) -> &mut [f64] {
        let at = (quantity * L + lane) * self.steps;
        &mut self.flows[at..at + self.steps]
    }

    /// Back to the pool without further defaults.
    #[inline(always)]
    pub fn reset(&mut self, pool: &ClosingPool) {
        for lane in 0..L {
            self.packed[lane * self.steps..(lane + 1) * self.steps].copy_from_slice(&pool.totals);
            self.row(RECOVERIES, lane).copy_from_slice(&pool.recoveries);
            self.row(CARRYING, lane).copy_from_slice(&pool.carrying);
            self.row(DEFAULTED_PAR, lane).copy_from_slice(&pool.defaulted_par);
            if self.has_discount {
                self.row(DISCOUNT, lane).copy_from_slice(&pool.discount);
            }
            if self.wanted.market {
                self.row(MARKET, lane).copy_from_slice(&pool.market_of_defaulted);
            }
            if self.wanted.defaults {
                self.row(DEFAULTS, lane).copy_from_slice(&pool.defaults);
            }
        }
        for steps in &mut self.ccc_steps {
            *steps = [u32::MAX; L];
        }
    }

    /// An obligor defaults in one lane in step `k` (from 0); returns the par it defaults on and
    /// the part of it that is not recovered.
    #[inline(always)]
    pub fn default(
        &mut self,
        pool: &ClosingPool,
        carry_end: &[usize],
        carries: bool,
        lane: usize,
        obligor: usize,
        k: usize,
    ) -> (f64, f64) {
        let (mut total, mut lost) = (0.0, 0.0);
        let loans = pool.obligor_loans[obligor].as_slice();
        for i in 0..loans.len() {
            let loan = loans[i] as usize;
            let last = pool.last_step[loan] as usize;
            if k >= last {
                continue;
            }
            let row = loan * pool.steps;
            let at = lane * self.steps;
            take(&mut self.packed[at + k..at + last], &pool.rows[row + k..row + last]);
            let share = pool.discount_share[loan];
            if share > 0.0 {
                let discount = self.row(DISCOUNT, lane);
                for p in k..last {
                    discount[p] -= pool.row_performing[row + p] * share;
                }
            }
            let default = pool.row_begin[row + k];
            let value = default * pool.row_recovery[row + k];
            let collected = pool.row_recovery_step[row + k] as usize;
            self.row(RECOVERIES, lane)[collected] += value;
            for x in &mut self.row(DEFAULTED_PAR, lane)[k..collected] {
                *x += default;
            }
            if carries {
                let end = if carry_end[k] < collected { carry_end[k] } else { collected };
                for x in &mut self.row(CARRYING, lane)[k..end] {
                    *x += value;
                }
            }
            if self.wanted.market {
                for x in &mut self.row(MARKET, lane)[k..collected] {
                    *x += value;
                }
            }
            if self.wanted.defaults {
                self.row(DEFAULTS, lane)[k] += default;
            }
            let place = self.ccc_of_loan[loan];
            if place != NOT_CCC {
                self.ccc_steps[place as usize][lane] = u32::try_from(k).unwrap_or(u32::MAX);
            }
            total += default;
            lost += default - value;
        }
        (total, lost)
    }

    /// One quantity of one step, in lanes.
    #[inline(always)]
    fn across(&self, quantity: usize, p: usize) -> Pack<L> {
        let steps = self.steps;
        let rows = &self.flows[quantity * L * steps..(quantity + 1) * L * steps];
        let mut out = Pack::ZERO;
        let mut at = p;
        for l in 0..L {
            out.0[l] = rows[at];
            at += steps;
        }
        out
    }

    /// The flows of one step, in lanes.
    ///
    /// Differences of sums leave rounding of either sign where nothing is left: what is below zero is nothing.
    #[inline(always)]
    #[must_use]
    pub fn step(&self, p: usize) -> ClosingStep<L> {
        let steps = self.steps;
        let [mut interest, mut principal, mut performing, mut prepaid] = [Pack::ZERO; 4];
        let mut at = p;
        for l in 0..L {
            let row = self.packed[at];
            interest.0[l] = row[0];
            principal.0[l] = row[1];
            performing.0[l] = row[2];
            prepaid.0[l] = row[3];
            at += steps;
        }
        ClosingStep {
            interest: interest.positive(),
            principal: principal.positive(),
            prepaid: prepaid.positive(),
            recoveries: self.across(RECOVERIES, p),
            performing: performing.positive(),
            discount: if self.has_discount { self.across(DISCOUNT, p).positive() } else { Pack::ZERO },
            carrying: self.across(CARRYING, p),
            market_of_defaulted: if self.wanted.market { self.across(MARKET, p) } else { Pack::ZERO },
            defaulted_par: self.across(DEFAULTED_PAR, p),
        }
    }

    /// Par of one CCC asset at the end of step `p`, in the lanes in which it performs.
    #[inline(always)]
    #[must_use]
    pub fn ccc_par(&self, place: usize, par: f64, p: usize) -> Pack<L> {
        let step = p as u32;
        let steps = &self.ccc_steps[place];
        let mut out = Pack::ZERO;
        for l in 0..L {
            out.0[l] = if steps[l] > step { par } else { 0.0 };
        }
        out
    }

    /// Recoveries of the closing pool that are collected after step `p`.
    #[inline(always)]
    #[must_use]
    pub fn pending(&self, p: usize) -> Pack<L> {
        let mut out = Pack::ZERO;
        for q in p + 1..self.steps {
            out += self.across(RECOVERIES, q);
        }
        out
    }

    /// New defaults of one lane in a step.
    #[must_use]
    pub fn defaults(&self, lane: usize, p: usize) -> f64 {
        self.flows[(DEFAULTS * L + lane) * self.steps + p]
    }
}

#[inline(always)]
fn take(from: &mut [[f64; 4]], row: &[[f64; 4]]) {
    let n = if from.len() < row.len() { from.len() } else { row.len() };
    for p in 0..n {
        for q in 0..4 {
            from[p][q] -= row[p][q];
        }
    }
}
