//! The closing pool: its flows without further defaults, and what a default of each company takes off them.
//!
//! Totals are sums over loans in canonical order. A default of a company in a step removes, from that step on, the
//! rows of its loans, and adds its defaulted par, carrying value and recovery. So a path costs work in proportion to
//! its defaults, whatever the loans' own schedules.

use super::holdings::Holdings;
use super::loan_flows::LoanFlows;
use super::parts::{self, PoolPart, UNDRAWN};
use super::proportional::Proportional;
use super::sale::SaleRow;
use crate::coverage::ccc_excess::CccAsset;

/// How defaulted and discounted collateral counts, and when recoveries come.
#[derive(Clone, Debug)]
pub struct PoolRules {
    /// Number of steps.
    pub steps: usize,
    /// First step (from 0) that is run.
    pub first: usize,
    /// Per step of default (from 0): the last step (from 0, exclusive) that still carries the defaulted par.
    pub carry_end: Vec<usize>,
    /// Whether new defaults have a carrying value.
    pub carries_defaults: bool,
}

/// Flows of a step, side by side: what a default ends.
pub const INTEREST: usize = 0;
pub const PRINCIPAL: usize = 1;
pub const PERFORMING: usize = 2;
pub const PREPAID: usize = 3;

/// Defaulted collateral of a step, side by side: what a default adds.
pub const RECOVERIES: usize = 0;
pub const CARRYING: usize = 1;
pub const DEFAULTED_PAR: usize = 2;
pub const MARKET: usize = 3;

/// Rows that are taken off together.
pub const TOGETHER: usize = 4;

/// What a default of a loan in a step does beside ending its rows: few bytes, since every default reads one.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoanDefault {
    /// Par that defaults.
    pub par: f64,
    /// What is recovered of it.
    pub value: f64,
    /// Step (from 0) that collects the recovery.
    pub collected: u16,
    /// Steps (from 0, exclusive) that still carry the defaulted par.
    pub carry_end: u16,
    /// Rows that it ends, in groups of [`TOGETHER`]; the last group may reach into rows of nothing.
    pub groups: u16,
}

/// The closing pool of a run.
#[derive(Clone, Debug, Default)]
pub struct ClosingPool {
    pub steps: usize,
    pub loans: usize,
    /// Per step: interest, principal (prepaid principal included), performing par, prepaid principal.
    pub flows: Vec<[f64; 4]>,
    /// Per step: recoveries, carrying value, defaulted par and its market value.
    pub defaulted: Vec<[f64; 4]>,
    /// Whether there is any in some step.
    pub has_defaulted: bool,
    /// Per step: what discount obligations are carried below par.
    pub discount: Vec<f64>,
    /// Per step: new defaults.
    pub defaults: Vec<f64>,
    pub floor_benefit: Vec<f64>,
    /// The pool has a closed form from closing on, which this run does not have: its loans did not all stand as they would by
    /// then. Runs that go on from it do not have it either.
    pub one_by_one: bool,
    /// The flows of each loan, at [`ClosingPool::row`], and rows of nothing after its last step.
    pub rows: Vec<[f64; 4]>,
    /// Commitments that are not drawn before the first step.
    pub undrawn: f64,
    /// What of the rows' par is not drawn, and what a default in each step sets free of it, at [`ClosingPool::row`];
    /// nothing without commitments.
    pub undrawn_rows: Vec<f64>,
    pub released: Vec<f64>,
    /// What each loan does in a step at whose end all is sold, `[loan][step]`, and their sums by step; nothing where no
    /// sale may come.
    pub sale_rows: Vec<SaleRow>,
    pub sale: Vec<SaleRow>,
    /// Per step: what assets that were in default on the as-of date recover later above their market value; nothing
    /// without such assets.
    pub recovers_above: Vec<f64>,
    /// Parts of the pool that are read, and their sums without further defaults, `[part][step]`.
    pub parts: Vec<PoolPart>,
    pub part_totals: Vec<Vec<f64>>,
    /// What a default of each loan in each step does, at [`ClosingPool::row`].
    pub row_default: Vec<LoanDefault>,
    /// Number of steps in which the loan has par at the start.
    pub last_step: Vec<u32>,
    /// Per loan: share of par that a discount obligation is carried below par, outside the CCC set.
    pub discount_share: Vec<f64>,
    /// CCC assets by market value, and the loan of each.
    pub ccc: Vec<(CccAsset, u32)>,
    /// The agencies that have a set of their own, a bit each; none where all CCC assets are one set.
    pub ccc_sets: u8,
    /// Per step: par of all CCC assets without further defaults.
    pub ccc_par: Vec<f64>,
    /// Number of CCC assets that are discount obligations too.
    pub ccc_discount: usize,
    /// Loans of each obligor, in canonical order.
    pub obligor_loans: Holdings,
    /// What a default of each obligor in each step ends, `[obligor][step]`: its par then, and the par less what is recovered.
    pub obligor_default: Vec<[f64; 2]>,
    /// The loans' flows in closed form, where they have one.
    pub proportional: Option<Proportional>,
    /// Closing par of the performing loans.
    pub par: f64,
    /// Whether some loan is a discount obligation outside the CCC set.
    pub has_discount: bool,
}

/// A defaulted asset of the tape.
#[derive(Clone, Copy, Debug)]
pub struct DefaultedAsset<P = f64> {
    pub par: f64,
    pub market: P,
    pub carrying: P,
    pub recovery: P,
    /// Step (from 0) that collects the recovery.
    pub recovery_step: usize,
    /// Steps (from 0, exclusive) that still carry it.
    pub carry_end: usize,
}

/// Rows of a loan: one a step, and so many more that groups of rows end inside.
const fn row_stride(steps: usize) -> usize {
    steps + TOGETHER - 1
}

impl ClosingPool {
    /// Place of a loan's row of a step.
    #[inline(always)]
    #[must_use]
    pub const fn row(&self, loan: usize, step: usize) -> usize {
        loan * row_stride(self.steps) + step
    }

    /// Whether what is left of the loans at step `first` does the same, to the bit, as in the pool of the closing.
    #[must_use]
    pub fn follows(&self, closing: &Self, first: usize) -> bool {
        let performing = (0..self.loans).filter(|&loan| self.last_step[loan] as usize > first);
        let rows = |pool: &Self, loan: usize| pool.row(loan, first)..pool.row(loan, self.steps);
        let bits = |row: &[f64; 4]| row.map(f64::to_bits);
        let same = |loan: usize| {
            let (own, other) = (&self.rows[rows(self, loan)], &closing.rows[rows(closing, loan)]);
            own.iter().zip(other).all(|(x, y)| bits(x) == bits(y))
        };
        performing.into_iter().all(same)
    }

    /// Sums what a default of each obligor costs, once every asset is in, and takes the closed form of the loans' flows: with it
    /// whole multiples of its least digit default.
    pub fn finish(&mut self, form: Option<Proportional>) {
        let form = form.map(|mut form| {
            if !form.tells_defaults(self) {
                form.forget_defaults();
            }
            form
        });
        if let Some(form) = &form {
            for (loan, rows) in self.row_default.chunks_exact_mut(row_stride(self.steps)).enumerate() {
                for (k, default) in rows.iter_mut().enumerate().filter(|(_, default)| default.par > 0.0) {
                    let told = form.defaults.get(k).map(|step| form.defaulted(&form.loans[loan], step));
                    let LoanDefault { par, value, .. } = told.unwrap_or(*default);
                    (default.par, default.value) = (form.whole(par), form.whole(value));
                }
            }
        }
        self.proportional = form;
        self.has_defaulted = self.defaulted.iter().flatten().any(|x| *x > 0.0);
        let obligors = self.obligor_loans.obligors();
        let mut obligor_default = vec![[0.0; 2]; obligors * self.steps];
        for (obligor, sums) in obligor_default.chunks_exact_mut(self.steps).enumerate() {
            for &loan in self.obligor_loans.of(obligor) {
                let defaults = &self.row_default[self.row(loan as usize, 0)..][..self.steps];
                for (sum, default) in sums.iter_mut().zip(defaults) {
                    sum[0] += default.par;
                    sum[1] += default.par - default.value;
                }
            }
        }
        self.obligor_default = obligor_default;
    }

    /// What a default of a loan in a step does; none where nothing is left of it.
    #[inline(always)]
    #[must_use]
    pub fn ended(&self, loan: usize, step: usize) -> Option<LoanDefault> {
        if step >= self.last_step[loan] as usize {
            return None;
        }
        if let Some(form) = &self.proportional
            && let Some(told) = form.defaults.get(step)
        {
            // Told from a few lines; the rows of all loans are many, and seldom at hand.
            return Some(form.defaulted(&form.loans[loan], told));
        }
        Some(self.row_default[self.row(loan, step)])
    }

    /// Par of a loan at the start of a step, undrawn commitment included.
    #[must_use]
    pub fn at_risk(&self, loan: usize, step: usize) -> f64 {
        let row = self.row(loan, step);
        self.row_default[row].par + self.released.get(row).copied().unwrap_or(0.0)
    }

    /// One flow of a loan in a step.
    #[must_use]
    pub fn flow(&self, flow: usize, loan: usize, step: usize) -> f64 {
        let row = self.row(loan, step);
        if flow == UNDRAWN { self.undrawn_rows.get(row).copied().unwrap_or(0.0) } else { self.rows[row][flow] }
    }

    /// Adds up parts of the pool, once every loan is in.
    pub fn add_parts(&mut self, parts: &[PoolPart]) {
        self.parts = parts.to_vec();
        self.part_totals = parts::totals(parts, self.steps, |flow, loan, p| self.flow(flow, loan, p));
    }

    /// An empty pool of so many loans and steps.
    #[must_use]
    pub fn new(loans: usize, steps: usize) -> Self {
        Self {
            steps,
            loans,
            flows: vec![[0.0; 4]; steps],
            defaulted: vec![[0.0; 4]; steps],
            discount: vec![0.0; steps],
            defaults: vec![0.0; steps],
            floor_benefit: vec![0.0; steps],
            rows: vec![[0.0; 4]; loans * row_stride(steps)],
            row_default: vec![LoanDefault::default(); loans * row_stride(steps)],
            last_step: vec![0; loans],
            discount_share: vec![0.0; loans],
            ..Self::default()
        }
    }

    /// Adds a performing loan's flows; its discount share must be set.
    ///
    /// `recovery` and `recovery_step` are the rate of a default in each step, and the step (from 0) that collects it.
    pub fn add_loan(
        &mut self,
        loan: usize,
        flows: &LoanFlows,
        recovery: &[f64],
        recovery_step: &[u32],
        rules: &PoolRules,
    ) {
        let row = self.row(loan, 0);
        self.last_step[loan] = flows.last_step;
        if flows.last_step > 0 {
            self.par += flows.begin[rules.first];
        }
        for p in 0..self.steps {
            let principal = flows.scheduled[p] + flows.prepaid[p];
            let flow = [flows.interest[p], principal, flows.end[p], flows.prepaid[p]];
            for (total, x) in self.flows[p].iter_mut().zip(flow) {
                *total += x;
            }
            if p < flows.last_step as usize {
                self.rows[row + p] = flow;
            }
            self.discount[p] += flows.end[p] * self.discount_share[loan];
            self.floor_benefit[p] += flows.floor_benefit[p];
            let collected = recovery_step[p] as usize;
            let carry_end = match rules.carry_end[p] {
                _ if !rules.carries_defaults => p,
                end if end < collected => end,
                _ => collected,
            };
            self.row_default[row + p] = LoanDefault {
                par: flows.begin[p] - flows.released[p],
                value: (flows.begin[p] - flows.released[p]) * recovery[p],
                collected: collected as u16,
                carry_end: carry_end as u16,
                groups: flows.last_step.saturating_sub(p as u32).div_ceil(TOGETHER as u32) as u16,
            };
            let default = flows.default[p];
            if default > 0.0 {
                let value = default * recovery[p];
                self.defaults[p] += default;
                self.defaulted[collected][RECOVERIES] += value;
                for q in p..collected {
                    self.defaulted[q][DEFAULTED_PAR] += default;
                    self.defaulted[q][MARKET] += value;
                    if q < carry_end {
                        self.defaulted[q][CARRYING] += value;
                    }
                }
            }
        }
        if self.undrawn > 0.0 {
            self.undrawn_rows.resize(self.rows.len(), 0.0);
            self.released.resize(self.rows.len(), 0.0);
            self.undrawn_rows[row..row + self.steps].copy_from_slice(&flows.undrawn);
            self.released[row..row + self.steps].copy_from_slice(&flows.released);
        }
        self.has_discount |= self.discount_share[loan] > 0.0;
    }

    /// Adds what a performing loan does in each step at whose end all is sold.
    pub fn add_sale(&mut self, loan: usize, rows: &[SaleRow]) {
        self.sale_rows.resize(self.loans * self.steps, SaleRow::default());
        self.sale.resize(self.steps, SaleRow::default());
        for (p, row) in rows.iter().enumerate() {
            self.sale_rows[loan * self.steps + p] = *row;
            for (total, x) in self.sale[p].iter_mut().zip(row) {
                *total += x;
            }
        }
    }

    /// Adds an asset that was in default on the as-of date.
    pub fn add_defaulted(&mut self, asset: &DefaultedAsset) {
        self.recovers_above.resize(self.steps, 0.0);
        for p in 0..asset.recovery_step {
            self.recovers_above[p] += asset.par * (asset.recovery - asset.market);
            self.defaulted[p][DEFAULTED_PAR] += asset.par;
            self.defaulted[p][MARKET] += asset.par * asset.market;
            if p < asset.carry_end {
                self.defaulted[p][CARRYING] += asset.par * asset.carrying;
            }
        }
        self.defaulted[asset.recovery_step][RECOVERIES] += asset.par * asset.recovery;
    }
}

#[cfg(test)]
mod tests;
