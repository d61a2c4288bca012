//! Parts of the closing pool whose flows conditions and amounts read beside those of the pool.
//!
//! Interest of the loans that pay every so many months, the performing par of those that pay seldom, commitments that are
//! not drawn, and par times what an average weighs by it: sums over some of the loans of one of their flows. Only what is
//! read is added up.

use super::closing_pool::INTEREST;
use super::loan::ContractStep;
use crate::lanes::Pack;

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

/// The contracts of a group's loans that belong to a part, added up.
#[derive(Clone, Debug)]
pub struct GroupPart {
    pub flow: usize,
    pub contract: Vec<ContractStep>,
    /// Whether the flow is multiplied by the recovery rate of the group.
    pub of_recovery: bool,
}

impl GroupPart {
    /// No loans of a part.
    #[must_use]
    pub fn new(part: &PoolPart, steps: usize) -> Self {
        let contract = vec![ContractStep::default(); steps];
        Self { flow: part.flow, contract, of_recovery: part.weight == Weight::Recovery }
    }

    /// Adds the contract of a loan.
    pub fn add(&mut self, part: &PoolPart, loan: usize, contract: &[ContractStep]) {
        let steps = contract.len();
        for (p, (sum, step)) in self.contract.iter_mut().zip(contract).enumerate() {
            if self.flow == INTEREST {
                sum.interest.whole += step.interest.whole;
                sum.interest.of_default += step.interest.of_default;
                sum.interest.of_prepaid += step.interest.of_prepaid;
            } else {
                let par = if self.flow == UNDRAWN { step.undrawn } else { step.end };
                sum.end += par * part.weight(loan, steps, p);
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

/// What a part does in a step: the share `left` of its par is left after it, and `interest` is what its contracts pay.
#[inline(always)]
#[must_use]
pub fn amount<const L: usize>(flow: usize, interest: Pack<L>, left: Pack<L>, end: f64) -> Pack<L> {
    if flow == INTEREST { interest } else { left * end }
}
