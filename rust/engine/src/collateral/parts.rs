//! Parts of the closing pool whose flows conditions and amounts read beside those of the pool.
//!
//! Interest of the loans that pay every so many months, the performing par of those that pay seldom, commitments that are
//! not drawn, and par times what an average weighs by it: sums over some of the loans of one of their flows. Only what is
//! read is added up.

use super::closing_pool::INTEREST;
use super::loan::{ContractStep, Income};

/// Place of undrawn commitments, after the flows of a step.
pub const UNDRAWN: usize = 4;

/// Some of the loans, and which of their flows is added up.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolPart {
    /// Interest, performing par or [`UNDRAWN`], as a place among the flows of a step.
    pub flow: usize,
    /// Per loan: whether it belongs to the part.
    pub loans: Vec<bool>,
    pub weight: Weight,
}

/// What a flow is multiplied by.
#[derive(Clone, Debug, PartialEq)]
pub enum Weight {
    One,
    /// A number of each loan.
    Loan(Vec<f64>),
    /// A number of each loan in each step, `[loan][step]`.
    Step(Vec<f64>),
    /// What a default in the step would recover, a share of par.
    Recovery,
}

impl PoolPart {
    /// Some loans with their flow itself.
    #[must_use]
    pub const fn plain(flow: usize, loans: Vec<bool>) -> Self {
        Self { flow, loans, weight: Weight::One }
    }

    /// What the flow of a loan in a step is multiplied by; recovery rates come from the scenario.
    #[must_use]
    pub fn weight(&self, loan: usize, steps: usize, p: usize) -> f64 {
        match &self.weight {
            Weight::One | Weight::Recovery => 1.0,
            Weight::Loan(weights) => weights[loan],
            Weight::Step(weights) => weights[loan * steps + p],
        }
    }
}

/// What the contracts of a group's loans that belong to a part do by step, added up; nothing where none belongs.
#[derive(Clone, Debug)]
pub enum GroupPart {
    Interest(Vec<Income>),
    /// Par at the end, or what is not drawn then, weighed.
    Par(Vec<f64>),
    /// Par at the end, which is multiplied by the recovery rate of the group.
    Recovered(Vec<f64>),
}

impl GroupPart {
    /// No loans of a part.
    #[must_use]
    pub fn new(part: &PoolPart) -> Self {
        match (part.flow, &part.weight) {
            (INTEREST, _) => Self::Interest(Vec::new()),
            (_, Weight::Recovery) => Self::Recovered(Vec::new()),
            _ => Self::Par(Vec::new()),
        }
    }

    /// Adds the contract of a loan, of whose defaults so much of the group's recovery rate is recovered.
    pub fn add(&mut self, part: &PoolPart, loan: usize, contract: &[ContractStep], recovered: f64) {
        let steps = contract.len();
        match self {
            Self::Interest(sums) => {
                sums.resize(steps, Income::default());
                for (sum, step) in sums.iter_mut().zip(contract) {
                    *sum += step.interest;
                }
            }
            Self::Par(sums) => {
                sums.resize(steps, 0.0);
                let par = |step: &ContractStep| if part.flow == UNDRAWN { step.undrawn } else { step.end };
                let each = sums.iter_mut().zip(contract);
                match &part.weight {
                    Weight::One | Weight::Recovery => each.for_each(|(sum, step)| *sum += par(step)),
                    Weight::Loan(weights) => each.for_each(|(sum, step)| *sum += par(step) * weights[loan]),
                    Weight::Step(weights) => {
                        let weights = &weights[loan * steps..];
                        each.zip(weights).for_each(|((sum, step), weight)| *sum += par(step) * weight);
                    }
                }
            }
            Self::Recovered(sums) => {
                sums.resize(steps, 0.0);
                for (sum, step) in sums.iter_mut().zip(contract) {
                    *sum += step.end * recovered;
                }
            }
        }
    }
}

/// Sums of the parts by step, `[part][step]`, from one flow of a loan in a step.
#[must_use]
pub fn totals(parts: &[PoolPart], steps: usize, flow: impl Fn(usize, usize, usize) -> f64) -> Vec<Vec<f64>> {
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        let mut sums = vec![0.0; steps];
        for (loan, belongs) in part.loans.iter().enumerate() {
            if *belongs {
                for (p, sum) in sums.iter_mut().enumerate() {
                    *sum += flow(part.flow, loan, p) * part.weight(loan, steps, p);
                }
            }
        }
        out.push(sums);
    }
    out
}
