//! The closing pool: its flows without further defaults, and what a default of each company takes off them.
//!
//! Totals are sums over loans in canonical order. A default of a company in a step removes, from that step on, the
//! rows of its loans, and adds its defaulted par, carrying value and recovery. So a path costs work in proportion to
//! its defaults, whatever the loans' own schedules.

use super::loan::LoanFlows;
use crate::coverage::ccc_excess::CccAsset;

/// How defaulted and discounted collateral counts, and when recoveries come.
#[derive(Clone, Debug)]
pub struct PoolRules {
    /// Number of steps.
    pub steps: usize,
    /// Per step of default (from 0): the last step (from 0, exclusive) that still carries the defaulted par.
    pub carry_end: Vec<usize>,
    /// Whether new defaults have a carrying value.
    pub carries_defaults: bool,
}

/// Rows of one quantity: `[loan][step]`.
pub type Rows = Vec<f64>;

/// What a default of a loan in a step does beside ending its rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoanDefault {
    /// Par that defaults.
    pub par: f64,
    /// What is recovered of it.
    pub value: f64,
    /// Step (from 0) that collects the recovery.
    pub collected: u32,
    /// Steps (from 0, exclusive) that still carry the defaulted par.
    pub carry_end: u32,
}

/// The closing pool of a run.
#[derive(Clone, Debug, Default)]
pub struct ClosingPool {
    pub steps: usize,
    pub loans: usize,
    // Totals by step.
    pub interest: Vec<f64>,
    pub principal: Vec<f64>,
    pub prepaid: Vec<f64>,
    pub performing: Vec<f64>,
    pub discount: Vec<f64>,
    pub recoveries: Vec<f64>,
    pub carrying: Vec<f64>,
    pub market_of_defaulted: Vec<f64>,
    pub defaulted_par: Vec<f64>,
    pub defaults: Vec<f64>,
    pub floor_benefit: Vec<f64>,
    // Rows by loan and step.
    pub row_begin: Rows,
    pub row_interest: Rows,
    pub row_principal: Rows,
    pub row_prepaid: Rows,
    pub row_performing: Rows,
    /// The same rows side by side, and their totals by step: interest, principal, performing par, prepaid principal.
    pub rows: Vec<[f64; 4]>,
    pub totals: Vec<[f64; 4]>,
    /// Recoveries, carrying value, defaulted par and its market value by step, side by side.
    pub defaulted_totals: Vec<[f64; 4]>,
    /// Recovery rate of a default in a step.
    pub row_recovery: Rows,
    /// Step (from 0) in which the recovery of a default in a step is collected.
    pub row_recovery_step: Vec<u32>,
    /// What a default of each loan in each step does, `[loan][step]`.
    pub row_default: Vec<LoanDefault>,
    /// Number of steps in which the loan has par at the start.
    pub last_step: Vec<u32>,
    /// Per loan: share of par that a discount obligation is carried below par, outside the CCC set.
    pub discount_share: Vec<f64>,
    /// CCC assets by market value, and the loan of each.
    pub ccc: Vec<(CccAsset, u32)>,
    /// Per step: par of all CCC assets without further defaults.
    pub ccc_par: Vec<f64>,
    /// Number of CCC assets that are discount obligations too.
    pub ccc_discount: usize,
    /// Loans of each obligor, in canonical order.
    pub obligor_loans: Vec<Vec<u32>>,
    /// Par and loss of a default of each obligor in each step, `[obligor][step]`.
    pub obligor_default: Vec<[f64; 2]>,
    /// Closing par of the performing loans.
    pub par: f64,
    /// Whether some loan is a discount obligation outside the CCC set.
    pub has_discount: bool,
}

/// A defaulted asset of the tape.
#[derive(Clone, Copy, Debug)]
pub struct DefaultedAsset {
    pub par: f64,
    pub market: f64,
    pub carrying: f64,
    pub recovery: f64,
    /// Step (from 0) that collects the recovery.
    pub recovery_step: usize,
    /// Steps (from 0, exclusive) that still carry it.
    pub carry_end: usize,
}

impl ClosingPool {
    /// Sums what paths read, once every asset is in.
    pub fn finish(&mut self) {
        self.obligor_default = vec![[0.0; 2]; self.obligor_loans.len() * self.steps];
        for (loans, sums) in self.obligor_loans.iter().zip(self.obligor_default.chunks_exact_mut(self.steps)) {
            for &loan in loans {
                let defaults = &self.row_default[loan as usize * self.steps..][..self.steps];
                for (sum, default) in sums.iter_mut().zip(defaults) {
                    sum[0] += default.par;
                    sum[1] += default.par - default.value;
                }
            }
        }
        self.defaulted_totals = (0..self.steps)
            .map(|p| [self.recoveries[p], self.carrying[p], self.defaulted_par[p], self.market_of_defaulted[p]])
            .collect();
    }

    /// An empty pool of so many loans and steps.
    #[must_use]
    pub fn new(loans: usize, steps: usize) -> Self {
        let totals = vec![0.0; steps];
        let rows = vec![0.0; loans * steps];
        Self {
            steps,
            loans,
            interest: totals.clone(),
            principal: totals.clone(),
            prepaid: totals.clone(),
            performing: totals.clone(),
            discount: totals.clone(),
            recoveries: totals.clone(),
            carrying: totals.clone(),
            market_of_defaulted: totals.clone(),
            defaulted_par: totals.clone(),
            defaults: totals.clone(),
            floor_benefit: totals,
            row_begin: rows.clone(),
            row_interest: rows.clone(),
            row_principal: rows.clone(),
            row_prepaid: rows.clone(),
            row_performing: rows.clone(),
            row_recovery: rows,
            rows: vec![[0.0; 4]; loans * steps],
            totals: vec![[0.0; 4]; steps],
            row_recovery_step: vec![0; loans * steps],
            row_default: vec![LoanDefault::default(); loans * steps],
            last_step: vec![0; loans],
            discount_share: vec![0.0; loans],
            ..Self::default()
        }
    }

    /// Adds a performing loan's flows; its recovery rows and discount share must be set.
    pub fn add_loan(&mut self, loan: usize, flows: &LoanFlows, rules: &PoolRules) {
        let row = loan * self.steps;
        self.last_step[loan] = flows.last_step;
        if flows.last_step > 0 {
            self.par += flows.begin[0];
        }
        for p in 0..self.steps {
            let principal = flows.scheduled[p] + flows.prepaid[p];
            self.row_begin[row + p] = flows.begin[p];
            self.row_interest[row + p] = flows.interest[p];
            self.row_principal[row + p] = principal;
            self.row_prepaid[row + p] = flows.prepaid[p];
            self.row_performing[row + p] = flows.end[p];
            self.rows[row + p] = [flows.interest[p], principal, flows.end[p], flows.prepaid[p]];
            for (total, x) in self.totals[p].iter_mut().zip(self.rows[row + p]) {
                *total += x;
            }
            self.interest[p] += flows.interest[p];
            self.principal[p] += principal;
            self.prepaid[p] += flows.prepaid[p];
            self.performing[p] += flows.end[p];
            self.discount[p] += flows.end[p] * self.discount_share[loan];
            self.floor_benefit[p] += flows.floor_benefit[p];
            let recovery = self.row_recovery[row + p];
            let collected = self.row_recovery_step[row + p] as usize;
            let carry_end = match rules.carry_end[p] {
                _ if !rules.carries_defaults => p,
                end if end < collected => end,
                _ => collected,
            };
            self.row_default[row + p] = LoanDefault {
                par: flows.begin[p],
                value: flows.begin[p] * recovery,
                collected: collected as u32,
                carry_end: carry_end as u32,
            };
            let default = flows.default[p];
            if default > 0.0 {
                let value = default * recovery;
                self.defaults[p] += default;
                self.recoveries[collected] += value;
                for q in p..collected {
                    self.defaulted_par[q] += default;
                    self.market_of_defaulted[q] += value;
                    if q < carry_end {
                        self.carrying[q] += value;
                    }
                }
            }
        }
        self.has_discount |= self.discount_share[loan] > 0.0;
    }

    /// Adds an asset that was in default on the as-of date.
    pub fn add_defaulted(&mut self, asset: &DefaultedAsset) {
        for p in 0..asset.recovery_step {
            self.defaulted_par[p] += asset.par;
            self.market_of_defaulted[p] += asset.par * asset.market;
            if p < asset.carry_end {
                self.carrying[p] += asset.par * asset.carrying;
            }
        }
        self.recoveries[asset.recovery_step] += asset.par * asset.recovery;
    }
}

#[cfg(test)]
mod tests;
