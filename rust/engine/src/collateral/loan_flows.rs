//! What one loan does step by step at rates of default and prepayment.

use super::loan::{ContractStep, Income};
use super::standing::Standing;

/// Per step: what one loan does.
#[derive(Clone, Debug, Default)]
pub struct LoanFlows {
    pub begin: Vec<f64>,
    /// What a default of all of it would set free.
    pub released: Vec<f64>,
    pub default: Vec<f64>,
    pub interest: Vec<f64>,
    pub scheduled: Vec<f64>,
    pub prepaid: Vec<f64>,
    pub end: Vec<f64>,
    /// What of it is not drawn.
    pub undrawn: Vec<f64>,
    pub floor_benefit: Vec<f64>,
    /// Number of steps in which the loan has par at the start.
    pub last_step: u32,
}

impl LoanFlows {
    /// What the rest of a contract does at period rates of default and prepayment, from step `first` on.
    pub fn set(&mut self, contract: &[ContractStep], mdr: &[f64], mpr: &[f64], first: usize, standing: &Standing) {
        let n = contract.len();
        for column in [
            &mut self.begin,
            &mut self.released,
            &mut self.default,
            &mut self.interest,
            &mut self.scheduled,
            &mut self.prepaid,
            &mut self.end,
            &mut self.undrawn,
            &mut self.floor_benefit,
        ] {
            column.clear();
            column.resize(n, 0.0);
        }
        self.last_step = 0;
        let mut left = standing.share;
        for past in &standing.defaults {
            let Some(p) = past.step else { continue };
            if standing.drawn {
                // The default is one of the path's: it is taken off like the others.
                self.begin[p] = past.share * contract[p].open;
                self.released[p] = past.share * contract[p].released;
                self.last_step = u32::try_from(p + 1).unwrap_or(u32::MAX);
            } else {
                self.default[p] = past.share * contract[p].defaults();
            }
        }
        for (p, step) in contract.iter().enumerate().skip(first) {
            if !(left * step.open > 0.0) {
                break;
            }
            self.last_step = u32::try_from(p + 1).unwrap_or(u32::MAX);
            let alive = left * (1.0 - mdr[p]);
            let pays = |of: Income| alive * (of.whole + mpr[p] * of.of_prepaid) + left * mdr[p] * of.of_default;
            self.begin[p] = left * step.open;
            self.released[p] = left * step.released;
            self.default[p] = left * mdr[p] * step.defaults();
            self.interest[p] = pays(step.interest);
            self.floor_benefit[p] = pays(step.floor_benefit);
            self.scheduled[p] = alive * step.scheduled + left * mdr[p] * step.released;
            self.prepaid[p] = alive * mpr[p] * step.end + alive * step.early;
            left = alive * (1.0 - mpr[p]) * (1.0 - step.gone);
            self.end[p] = left * step.end;
            self.undrawn[p] = left * step.undrawn;
        }
    }
}
