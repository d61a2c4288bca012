//! A lane of a pool in closed form: what of it begins and ends in each step, and what is left of the pool.
//!
//! All that is summed up are whole multiples of a least digit, so sums are exact: where nothing is left, they are zero.

use super::add;
use crate::collateral::ClosingPool;
use crate::collateral::closing_pool::{INTEREST, LoanDefault, PERFORMING, PREPAID, PRINCIPAL};
use crate::collateral::holdings::Companies;
use crate::collateral::proportional::{CommonStep, LoanShare, Proportional};
use crate::lanes::Pack;

/// The lane that is being worked out.
#[derive(Clone, Debug)]
pub struct InProportion {
    /// Per step, and one more for what outlives all: changes of par and of par times rate, interest and principal of last
    /// steps; recoveries, changes of carrying value, of defaulted par and of its market value. Zero between two lanes.
    changes: Vec<[[f64; 4]; 2]>,
    /// Changes of par times instalment, and of that times rate; nothing where instalments do not differ.
    instalments: Vec<[f64; 2]>,
}

/// The lane, with what its defaults look up of the pool at hand.
#[derive(Debug)]
pub struct Defaulting<'a> {
    changes: &'a mut [[[f64; 4]; 2]],
    companies: Companies<'a>,
    defaults: &'a [LoanDefault],
    /// Rows of a loan among the defaults.
    stride: usize,
    loans: &'a [LoanShare],
}

impl Defaulting<'_> {
    /// An obligor defaults in step `k` (from 0); returns what it ends: par, and par less what is recovered.
    #[inline(always)]
    pub fn default(&mut self, obligor: usize, k: usize) -> [f64; 2] {
        if let Some(loan) = self.companies.single(obligor) {
            return self.end(loan, k);
        }
        let mut ends = [0.0; 2];
        for &loan in self.companies.of(obligor) {
            let [par, loss] = self.end(loan as usize, k);
            ends = [ends[0] + par, ends[1] + loss];
        }
        ends
    }

    /// A loan of it.
    #[inline(always)]
    fn end(&mut self, loan: usize, k: usize) -> [f64; 2] {
        let default = &self.defaults[loan * self.stride + k];
        if default.groups > 0 {
            end(self.changes, &self.loans[loan], default, k);
        }
        [default.par, default.par - default.value]
    }
}

impl InProportion {
    /// The lane between its opening and its closing, where instalments do not differ.
    #[inline(always)]
    pub fn defaulting<'a>(&'a mut self, pool: &'a ClosingPool) -> Option<Defaulting<'a>> {
        let form = pool.proportional.as_ref().filter(|form| !form.has_instalments)?;
        Some(Defaulting {
            changes: &mut self.changes,
            companies: pool.obligor_loans.at_hand(),
            defaults: &pool.row_default,
            stride: pool.row(1, 0),
            loans: &form.loans,
        })
    }

    /// Room for a pool.
    #[must_use]
    pub fn new(pool: &ClosingPool) -> Self {
        let Some(form) = &pool.proportional else { return Self { changes: Vec::new(), instalments: Vec::new() } };
        Self {
            changes: vec![[[0.0; 4]; 2]; pool.steps + 1],
            instalments: vec![[0.0; 2]; if form.has_instalments { pool.steps + 1 } else { 0 }],
        }
    }

    /// Ends a loan by a default in step `k`, and carries its defaulted par until its recovery comes.
    #[inline(always)]
    pub fn default(&mut self, form: &Proportional, loan: &LoanShare, default: &LoanDefault, k: usize) {
        end(&mut self.changes, loan, default, k);
        if form.has_instalments {
            let last = loan.last as usize;
            let from = &mut self.instalments[k];
            *from = [from[0] + loan.instalment, from[1] + loan.both];
            let to = &mut self.instalments[last];
            *to = [to[0] - loan.instalment, to[1] - loan.both];
        }
    }

    /// Puts the sums of the lane beside the others, `[step][lane]`, and forgets them.
    #[inline(always)]
    pub fn close<const L: usize>(
        &mut self,
        pool: &ClosingPool,
        lane: usize,
        ended: &mut [[[f64; 4]; L]],
        instalments: &mut [[[f64; 2]; L]],
        defaulted: &mut [[[f64; 4]; L]],
    ) {
        let n = ended.len();
        let (changes, defaulted, of_tape) = (&mut self.changes[..=n], &mut defaulted[..n], &pool.defaulted[..n]);
        let (mut has_ended, mut is_carried) = ([0.0; 4], [0.0; 4]);
        for p in 0..n {
            let [ends, carries] = changes[p];
            changes[p] = [[0.0; 4]; 2];
            add(&mut has_ended, &ends);
            ended[p][lane] = has_ended;
            // Par and rate stay ended; a last step is over.
            (has_ended[2], has_ended[3]) = (0.0, 0.0);
            add(&mut is_carried, &carries);
            let mut with_tape = is_carried;
            add(&mut with_tape, &of_tape[p]);
            defaulted[p][lane] = with_tape;
            // So is what is collected.
            is_carried[0] = 0.0;
        }
        changes[n] = [[0.0; 4]; 2];
        let mut sum = [0.0; 2];
        for (lanes, row) in instalments.iter_mut().zip(&self.instalments) {
            sum = [sum[0] + row[0], sum[1] + row[1]];
            lanes[lane] = sum;
        }
        self.instalments.fill([0.0; 2]);
    }
}

/// Ends a loan in step `k` in the changes of a lane.
#[inline(always)]
fn end(changes: &mut [[[f64; 4]; 2]], loan: &LoanShare, default: &LoanDefault, k: usize) {
    let LoanDefault { par, value, collected, carry_end, .. } = *default;
    let (last, collected, carry_end) = (loan.last as usize, collected as usize, carry_end as usize);
    let [ended, defaulted] = &mut changes[k];
    add(ended, &[loan.par, loan.rate, 0.0, 0.0]);
    add(defaulted, &[0.0, value, par, value]);
    add(&mut changes[last][0], &[-loan.par, -loan.rate, loan.last_interest, loan.last_principal]);
    let carried = if carry_end < collected {
        add(&mut changes[carry_end][1], &[0.0, -value, 0.0, 0.0]);
        0.0
    } else {
        -value
    };
    add(&mut changes[collected][1], &[value, carried, -par, -value]);
}

/// Interest, principal, performing par and prepaid principal of what has not ended.
#[inline(always)]
pub fn left<const L: usize>(
    ended: [Pack<L>; 4],
    instalments: Option<&[[f64; 2]; L]>,
    step: &CommonStep,
    whole: &[f64; 4],
) -> [Pack<L>; 4] {
    let [par, rate, last_interest, last_principal] = ended;
    let mut interest = par * step.interest[0] + rate * step.interest[1] + last_interest;
    let mut principal = par * (step.open[0] - step.close[0]) + last_principal;
    let mut performing = par * step.close[0];
    let mut prepaid = par * step.prepaid[0];
    if let Some(lanes) = instalments {
        let [mut instalment, mut both] = [Pack::ZERO; 2];
        for l in 0..L {
            (instalment.0[l], both.0[l]) = (lanes[l][0], lanes[l][1]);
        }
        interest += instalment * step.interest[2] + both * step.interest[3];
        principal += instalment * (step.open[1] - step.close[1]);
        performing += instalment * step.close[1];
        prepaid += instalment * step.prepaid[1];
    }
    [
        Pack::splat(whole[INTEREST]) - interest,
        Pack::splat(whole[PRINCIPAL]) - principal,
        Pack::splat(whole[PERFORMING]) - performing,
        Pack::splat(whole[PREPAID]) - prepaid,
    ]
}
