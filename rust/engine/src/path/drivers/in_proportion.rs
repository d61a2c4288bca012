//! A pool in closed form: what of it ends by default in each step, lane by lane, and what is left of the pool.
//!
//! A default is one row, of its step and lane, and one bit, which tells that its loan has ended before its last step. What recoveries
//! and last steps do later follows from these for all lanes at once, when their step comes. All that is summed up are whole multiples
//! of a least digit, so sums are exact: where nothing is left, they are zero.

use cloche_dispatch::Kernel;

use super::ClosingStep;
use super::begun::Begun;
use crate::collateral::ClosingPool;
use crate::collateral::closing_pool::{
    CARRYING, DEFAULTED_PAR, INTEREST, LoanDefault, MARKET, PERFORMING, PREPAID, PRINCIPAL, RECOVERIES,
};
use crate::collateral::holdings::Companies;
use crate::collateral::proportional::{CommonStep, Proportional};
use crate::lanes::Pack;

/// The pool of `L` futures.
#[derive(Clone, Debug)]
pub struct InProportion<const L: usize> {
    /// Per step in which some loan may default: what defaults in it begin, par and par times rate that have ended, defaulted par and what is recovered of it.
    begun: Vec<Begun<L>>,
    /// Per step: recoveries, and what ends then of carrying value, defaulted par and its market value; nothing where the steps of
    /// defaults tell it.
    over: Vec<Begun<L>>,
    /// Per step: par times instalment that ends by default, and that times rate; nothing where instalments do not differ.
    instalments: Vec<[Pack<L>; 2]>,
    /// Per loan: the lanes in which it has defaulted, a bit each.
    defaulted: Vec<u32>,
    sums: Sums<L>,
    /// Whether this is the last step of some loan that has defaulted.
    is_last: bool,
    /// The step (from 0) that is summed up next.
    next: usize,
}

/// What has ended by default up to a step, and defaulted collateral after it.
#[derive(Clone, Debug)]
struct Sums<const L: usize> {
    par: Pack<L>,
    rate: Pack<L>,
    instalment: Pack<L>,
    both: Pack<L>,
    /// Interest and principal of loans whose last step this is.
    last_interest: Pack<L>,
    last_principal: Pack<L>,
    carrying: Pack<L>,
    defaulted_par: Pack<L>,
    market: Pack<L>,
}

impl<const L: usize> Sums<L> {
    const ZERO: Self = Self {
        par: Pack::ZERO,
        rate: Pack::ZERO,
        instalment: Pack::ZERO,
        both: Pack::ZERO,
        last_interest: Pack::ZERO,
        last_principal: Pack::ZERO,
        carrying: Pack::ZERO,
        defaulted_par: Pack::ZERO,
        market: Pack::ZERO,
    };
}

/// A lane, with what its defaults look up of the pool at hand.
#[derive(Debug)]
pub struct Defaulting<'a, const L: usize> {
    of: &'a mut InProportion<L>,
    lane: usize,
    companies: Companies<'a>,
    form: &'a Proportional,
    /// What defaults do where the steps do not tell it, and how many of these a loan has.
    rows: &'a [LoanDefault],
    stride: usize,
}

impl<const L: usize> Defaulting<'_, L> {
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
    pub fn end(&mut self, loan: usize, k: usize) -> [f64; 2] {
        let Self { of, lane, form, .. } = self;
        let share = &form.loans[loan];
        if k > share.last as usize {
            return [0.0; 2];
        }
        let default = match form.defaults.get(k) {
            Some(told) => form.defaulted(share, told),
            None => self.rows[loan * self.stride + k],
        };
        let LoanDefault { par, value, collected, carry_end, .. } = default;
        of.begun[k].add(*lane, [share.par, share.rate, par, value]);
        of.defaulted[loan] |= 1 << *lane;
        if form.has_instalments {
            let [instalment, both] = &mut of.instalments[k];
            instalment.0[*lane] += share.instalment;
            both.0[*lane] += share.both;
        }
        if !of.over.is_empty() {
            let (collected, carry_end) = (collected as usize, carry_end as usize);
            let mut carried = value;
            if carry_end < collected {
                of.over[carry_end].add(*lane, [0.0, -value, 0.0, 0.0]);
                carried = 0.0;
            }
            of.over[collected].add(*lane, [value, -carried, -par, -value]);
        }
        [par, par - value]
    }
}

impl<const L: usize> InProportion<L> {
    /// Room for a pool; none where it has no closed form.
    #[must_use]
    pub fn new(pool: &ClosingPool) -> Option<Self> {
        const { assert!(L <= u32::BITS as usize, "a lane is a bit") };
        let form = pool.proportional.as_ref()?;
        let told = !form.defaults.is_empty();
        Some(Self {
            begun: vec![Begun::NONE; form.steps_at_risk()],
            over: vec![Begun::NONE; if told { 0 } else { pool.steps }],
            instalments: vec![[Pack::ZERO; 2]; if form.has_instalments { form.steps_at_risk() } else { 0 }],
            defaulted: vec![0; pool.loans],
            sums: Sums::ZERO,
            is_last: false,
            next: 0,
        })
    }

    /// Back to no defaults in any lane.
    #[inline(always)]
    pub fn clear(&mut self) {
        for (instalments, begun) in self.instalments.iter_mut().zip(&self.begun) {
            if begun.some().is_some() {
                *instalments = [Pack::ZERO; 2];
            }
        }
        for begun in self.begun.iter_mut().chain(&mut self.over) {
            begun.clear();
        }
        self.defaulted.fill(0);
        self.open();
    }

    /// Back to the first step.
    #[inline(always)]
    fn open(&mut self) {
        let Sums { par, rate, instalment, both, carrying, defaulted_par, market, .. } = &mut self.sums;
        for sum in [par, rate, carrying, defaulted_par, market] {
            *sum = Pack::ZERO;
        }
        if !self.instalments.is_empty() {
            (*instalment, *both) = (Pack::ZERO, Pack::ZERO);
        }
        self.next = 0;
    }

    /// A lane whose defaults come.
    #[inline(always)]
    pub fn defaulting<'a>(
        &'a mut self,
        pool: &'a ClosingPool,
        form: &'a Proportional,
        lane: usize,
    ) -> Defaulting<'a, L> {
        let (companies, rows, stride) = (pool.obligor_loans.at_hand(), &pool.row_default, pool.row(1, 0));
        Defaulting { of: self, lane: lane % L, companies, form, rows, stride }
    }

    /// Sums up the step that follows, and tells what is recovered in it.
    #[inline(always)]
    fn go_on(&mut self, form: &Proportional, recovered: &mut Pack<L>) {
        let Self { begun, over, instalments, defaulted, sums, is_last, next } = self;
        let p = *next;
        *next += 1;
        *recovered = Pack::ZERO;
        if *is_last {
            (sums.last_interest, sums.last_principal) = (Pack::ZERO, Pack::ZERO);
            *is_last = false;
        }
        if let Some([par, rate, defaulted, value]) = begun.get(p).and_then(Begun::some) {
            sums.par += *par;
            sums.rate += *rate;
            sums.defaulted_par += *defaulted;
            sums.market += *value;
            if !form.carries_all {
                sums.carrying += *value;
            }
        }
        if let Some([instalment, both]) = instalments.get(p) {
            sums.instalment += *instalment;
            sums.both += *both;
        }
        if let Some([recoveries, carrying, defaulted, value]) = over.get(p).and_then(Begun::some) {
            *recovered += *recoveries;
            sums.carrying += *carrying;
            sums.defaulted_par += *defaulted;
            sums.market += *value;
        }
        if let Some(over) = form.over.get(p) {
            for &k in &over.collected {
                if let Some([_, _, defaulted, value]) = begun.get(k as usize).and_then(Begun::some) {
                    *recovered += *value;
                    sums.defaulted_par -= *defaulted;
                    sums.market -= *value;
                }
            }
            for &k in &over.uncarried {
                if let Some([_, _, _, value]) = begun.get(k as usize).and_then(Begun::some) {
                    sums.carrying -= *value;
                }
            }
        }
        for &loan in &form.ends[p] {
            let (mut left, share) = (defaulted[loan as usize], &form.loans[loan as usize]);
            *is_last |= left != 0;
            while left != 0 {
                let lane = left.trailing_zeros() as usize % L;
                left &= left - 1;
                sums.par.0[lane] -= share.par;
                sums.rate.0[lane] -= share.rate;
                sums.last_interest.0[lane] += share.last_interest;
                sums.last_principal.0[lane] += share.last_principal;
                if form.has_instalments {
                    sums.instalment.0[lane] -= share.instalment;
                    sums.both.0[lane] -= share.both;
                }
            }
        }
    }

    /// Recoveries that are collected after step `p`, the last that was summed up, also those of defaults that come after it.
    #[must_use]
    pub fn pending(&self, pool: &ClosingPool, p: usize) -> Pack<L> {
        debug_assert!(self.next == p + 1, "Invariant: the step has been summed up");
        // What is not collected yet has its market value.
        let mut out = self.sums.market;
        for [_, _, _, value] in self.begun.iter().skip(p + 1).filter_map(Begun::some) {
            out += *value;
        }
        if pool.has_defaulted {
            for of_tape in &pool.defaulted[p + 1..] {
                out += Pack::splat(of_tape[RECOVERIES]);
            }
        }
        out
    }
}

/// What is left of a pool in one step, as a function of its own: its packs lie in memory.
pub struct Left<'a, const L: usize> {
    pub of: &'a mut InProportion<L>,
    pub pool: &'a ClosingPool,
    pub form: &'a Proportional,
    pub p: usize,
    pub out: &'a mut ClosingStep<L>,
}

impl<const L: usize> Kernel for Left<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { of, pool, form, p, out } = self;
        if p < of.next {
            of.open();
        }
        while of.next <= p {
            of.go_on(form, &mut out.recoveries);
        }
        let sums = &of.sums;
        left(sums, form, &form.steps[p], &pool.flows[p], out);
        out.carrying = if form.carries_all { sums.market } else { sums.carrying };
        out.defaulted_par = sums.defaulted_par;
        out.market_of_defaulted = sums.market;
        if pool.has_defaulted {
            let of_tape = &pool.defaulted[p];
            out.recoveries += Pack::splat(of_tape[RECOVERIES]);
            out.carrying += Pack::splat(of_tape[CARRYING]);
            out.defaulted_par += Pack::splat(of_tape[DEFAULTED_PAR]);
            out.market_of_defaulted += Pack::splat(of_tape[MARKET]);
        }
    }
}

/// Interest, principal, performing par and prepaid principal of what has not ended.
#[inline(always)]
fn left<const L: usize>(
    ended: &Sums<L>,
    form: &Proportional,
    step: &CommonStep,
    whole: &[f64; 4],
    out: &mut ClosingStep<L>,
) {
    let (par, rate) = (ended.par, ended.rate);
    let mut interest = par * step.interest[0] + rate * step.interest[1] + ended.last_interest;
    let mut principal = par * (step.open[0] - step.close[0]) + ended.last_principal;
    let mut performing = par * step.close[0];
    let mut prepaid = par * step.prepaid[0];
    if form.has_instalments {
        let (instalment, both) = (ended.instalment, ended.both);
        interest += instalment * step.interest[2] + both * step.interest[3];
        principal += instalment * (step.open[1] - step.close[1]);
        performing += instalment * step.close[1];
        prepaid += instalment * step.prepaid[1];
    }
    out.interest = (Pack::splat(whole[INTEREST]) - interest).positive();
    out.principal = (Pack::splat(whole[PRINCIPAL]) - principal).positive();
    out.performing = (Pack::splat(whole[PERFORMING]) - performing).positive();
    out.prepaid = (Pack::splat(whole[PREPAID]) - prepaid).positive();
}
