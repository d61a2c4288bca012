//! A lane of a pool in closed form: what of it begins and ends in each step, and what is left of the pool.
//!
//! All that is summed up are whole multiples of a least digit, so sums are exact: where nothing is left, they are zero.

use super::{StepRows, add};
use crate::collateral::ClosingPool;
use crate::collateral::closing_pool::{INTEREST, LoanDefault, PERFORMING, PREPAID, PRINCIPAL};
use crate::collateral::holdings::Companies;
use crate::collateral::proportional::{CommonStep, DefaultStep, LoanShare, Proportional};
use crate::lanes::{Mask, Pack};

/// What begins and ends in a step: a line of the cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Change {
    /// Changes of par and of par times rate, interest and principal of last steps.
    ended: [f64; 4],
    /// Recoveries, changes of carrying value, of defaulted par and of its market value.
    defaulted: [f64; 4],
}

/// The lane that is being worked out.
#[derive(Clone, Debug)]
pub struct InProportion {
    /// Per step, and one more for what outlives all. Zero between two lanes.
    changes: Vec<Change>,
    /// Which sums of both kinds of changes go on in the next step: par and rate stay ended, a last step is over, and so is what
    /// is collected. Looked up rather than written into the loop, where each sum would be carried along by itself.
    stays: [Mask<4>; 2],
    /// Changes of par times instalment, and of that times rate; nothing where instalments do not differ.
    instalments: Vec<[f64; 2]>,
}

/// The lane, with what its defaults look up of the pool at hand.
#[derive(Debug)]
pub struct Defaulting<'a> {
    changes: &'a mut [Change],
    companies: Companies<'a>,
    form: &'a Proportional,
    loans: &'a [LoanShare],
    /// What defaults do, where a few lines tell it; the rows of all loans are many, and seldom at hand.
    told: &'a [DefaultStep],
    rows: &'a [LoanDefault],
    /// Rows of a loan.
    stride: usize,
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
        let share = &self.loans[loan];
        let default = if self.told.is_empty() {
            let default = self.rows[loan * self.stride + k];
            if default.groups == 0 {
                return [0.0; 2];
            }
            default
        } else {
            if k > share.last as usize {
                return [0.0; 2];
            }
            self.form.defaulted::<false>(share, &self.told[k])
        };
        end(self.changes, share, &default, k);
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
            form,
            loans: &form.loans,
            told: &form.defaults,
            rows: &pool.row_default,
            stride: pool.row(1, 0),
        })
    }

    /// Room for a pool.
    #[must_use]
    pub fn new(pool: &ClosingPool) -> Self {
        let stays = [[true, true, false, false], [false, true, true, true]].map(Mask::from_lanes);
        let Some(form) = &pool.proportional else {
            return Self { changes: Vec::new(), stays, instalments: Vec::new() };
        };
        Self {
            changes: vec![Change::default(); pool.steps + 1],
            stays,
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
        rows: &mut [StepRows<L>],
        instalments: &mut [[[f64; 2]; L]],
    ) {
        let [stays_ended, stays_carried] = self.stays;
        let (mut has_ended, mut is_carried) = (Pack::ZERO, Pack::ZERO);
        for (row, change) in rows.iter_mut().zip(&mut self.changes) {
            has_ended = stays_ended.keep(has_ended) + Pack(change.ended);
            row.flows[lane] = has_ended.0;
            is_carried = stays_carried.keep(is_carried) + Pack(change.defaulted);
            row.defaulted[lane] = is_carried.0;
            *change = Change::default();
        }
        if pool.has_defaulted {
            for (row, of_tape) in rows.iter_mut().zip(&pool.defaulted) {
                add(&mut row.defaulted[lane], of_tape);
            }
        }
        self.changes[rows.len()] = Change::default();
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
fn end(changes: &mut [Change], loan: &LoanShare, default: &LoanDefault, k: usize) {
    let LoanDefault { par, value, collected, carry_end, .. } = *default;
    let (last, collected, carry_end) = (loan.last as usize, collected as usize, carry_end as usize);
    let change = &mut changes[k];
    add(&mut change.ended, &[loan.par, loan.rate, 0.0, 0.0]);
    add(&mut change.defaulted, &[0.0, value, par, value]);
    add(&mut changes[last].ended, &[-loan.par, -loan.rate, loan.last_interest, loan.last_principal]);
    let carried = if carry_end < collected {
        add(&mut changes[carry_end].defaulted, &[0.0, -value, 0.0, 0.0]);
        0.0
    } else {
        -value
    };
    add(&mut changes[collected].defaulted, &[value, carried, -par, -value]);
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
