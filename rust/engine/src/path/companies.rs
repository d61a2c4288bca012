//! The loans of the closing pool one by one, for tables: the companies that have par left, their diversity score, and what
//! floors bring in a path whose defaults are known.
//!
//! Purchases belong to no company: they are in none of these.

use super::explained::Explained;
use super::plan::Plan;
use crate::coverage::diversity::{self, Holding};

/// What is left of each loan where no default of a model takes it off.
#[derive(Clone, Debug, Default)]
pub struct Companies {
    pub steps: usize,
    /// Performing par at the end of each step, and what floors bring in it, `[loan][step]`.
    pub par: Vec<f64>,
    pub floor_benefit: Vec<f64>,
    /// Per loan: its obligor; the group of companies that it belongs to, and its industry.
    pub obligor: Vec<usize>,
    pub company: Vec<u32>,
    pub industry: Vec<u32>,
    /// The loans by company and industry.
    pub in_order: Vec<usize>,
    /// The score is by the printed table.
    pub printed: bool,
}

/// A default of a path: obligor, step on which paths are drawn, and credit time.
#[derive(Clone, Copy, Debug)]
pub struct PathDefault {
    pub obligor: usize,
    pub step: usize,
    pub time: f64,
}

impl Companies {
    /// Per obligor: the step that takes its default; beyond the last of those that live on.
    fn ends(&self, plan: &Plan, number: usize, defaults: &[PathDefault]) -> Vec<usize> {
        let mut ends = vec![usize::MAX; self.obligor.iter().max().map_or(0, |last| last + 1)];
        let regime = number.checked_sub(1).and_then(|k| plan.regimes.get(k));
        for default in defaults {
            let step = match regime {
                Some(regime) => regime.taken(default.step, default.time),
                None if plan.common.is_some() => plan.own_step(default.step),
                None => Some(default.step),
            };
            if let (Some(step), Some(end)) = (step, ends.get_mut(default.obligor)) {
                *end = step.min(*end);
            }
        }
        ends
    }

    /// Diversity score and number of obligors with par after a step; nothing where no par is left.
    fn figures(&self, step: usize, ends: &[usize]) -> [f64; 2] {
        let par = |loan: usize| {
            if ends[self.obligor[loan]] > step { self.par[loan * self.steps + step] } else { 0.0 }
        };
        let mut holds = vec![false; ends.len()];
        for (loan, obligor) in self.obligor.iter().enumerate() {
            holds[*obligor] |= par(loan) > 0.0;
        }
        let obligors = holds.iter().filter(|holds| **holds).count();
        if obligors == 0 {
            return [f64::NAN; 2];
        }
        let held = self.in_order.iter().map(|&loan| Holding {
            company: self.company[loan],
            industry: self.industry[loan],
            par: par(loan),
        });
        [diversity::score(held, self.printed), obligors as f64]
    }

    /// What floors would have brought in a step on loans that have defaulted.
    fn lost(&self, step: usize, ends: &[usize]) -> f64 {
        let gone = (0..self.obligor.len()).filter(|&loan| ends[self.obligor[loan]] <= step);
        gone.map(|loan| self.floor_benefit[loan * self.steps + step]).sum()
    }
}

/// Fills in what tables of a path show of its companies.
pub fn show(plan: &Plan, path: &mut Explained, defaults: &[PathDefault]) {
    let mut rows = std::mem::take(&mut path.collateral);
    let mut ends = Vec::new();
    let mut of_ends = None;
    for row in &mut rows {
        let p = row.period as usize;
        let of = path.in_force(plan, p);
        let Some(companies) = &of.companies else { continue };
        if of_ends != Some(of.number) {
            of_ends = Some(of.number);
            ends = companies.ends(plan, of.number, defaults);
        }
        if row.performing_par > 0.0 {
            [row.diversity, row.n_obligors] = companies.figures(of.pool_step(p), &ends);
        }
        if !defaults.is_empty() {
            row.floor_benefit -= of.within.of(p).map(|step| companies.lost(step, &ends)).sum::<f64>();
        }
    }
    path.collateral = rows;
}
