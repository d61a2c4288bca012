//! What happens to the closing pool in a block of futures: the pool's flows step by step, in lanes.
//!
//! Each lane starts from the pool's totals; every default takes the rows of its loans off them. A lane is worked out by
//! itself, in rows that follow each other, and put beside its neighbours when it is done; its rows turn into packs when
//! their step comes. A default in a pool in closed form is a row of its step and a bit of its loan (`in_proportion.rs`).

use crate::collateral::ClosingPool;
use crate::collateral::closing_pool::{
    CARRYING, DEFAULTED_PAR, INTEREST, LoanDefault, MARKET, PERFORMING, PREPAID, PRINCIPAL, RECOVERIES, TOGETHER,
};
use crate::collateral::groups::PoolFlows;
use crate::collateral::sale::{MoreDefaults, SaleRow, SaleStep, WORTH};
use crate::lanes::Pack;
use cloche_dispatch::Isa;
pub use in_proportion::Defaulting;
use in_proportion::{InProportion, Left};

mod begun;
mod in_proportion;

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

impl<const L: usize> ClosingStep<L> {
    /// Nothing.
    pub const ZERO: Self = Self {
        interest: Pack::ZERO,
        principal: Pack::ZERO,
        prepaid: Pack::ZERO,
        recoveries: Pack::ZERO,
        performing: Pack::ZERO,
        discount: Pack::ZERO,
        carrying: Pack::ZERO,
        market_of_defaulted: Pack::ZERO,
        defaulted_par: Pack::ZERO,
    };
}

/// What the lanes have in one step, one after the other.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct StepRows<const L: usize> {
    /// Interest, principal, performing par, prepaid principal.
    flows: [[f64; 4]; L],
    /// Recoveries, carrying value, defaulted par and its market value.
    defaulted: [[f64; 4]; L],
    /// One more line of the cache, so that a lane's rows of all steps do not share a few places there.
    _apart: [f64; 8],
}

impl<const L: usize> StepRows<L> {
    const ZERO: Self = Self { flows: [[0.0; 4]; L], defaulted: [[0.0; 4]; L], _apart: [0.0; 8] };
}

/// The closing pool of `L` futures.
#[derive(Clone, Debug)]
pub struct Drivers<const L: usize> {
    /// The lane that is being worked out, by step: its flows, and its defaulted collateral.
    lane_flows: Vec<[f64; 4]>,
    lane_defaulted: Vec<[f64; 4]>,
    /// By step; nothing of a pool in closed form, and where the flows are given.
    rows: Vec<StepRows<L>>,
    /// A pool in closed form.
    in_proportion: Option<InProportion<L>>,
    /// `[step][lane]`: what discount obligations are carried below par.
    discount: Vec<[f64; L]>,
    /// `[step][lane]`: what the pool does where all is sold; nothing where no sale may come.
    sale: Vec<[SaleRow; L]>,
    /// `[part][step][lane]`: what parts of the pool do; nothing where none is read.
    parts: Vec<Vec<[f64; L]>>,
    /// `[step][lane]`: new defaults, where they are shown.
    defaults: Option<Vec<[f64; L]>>,
    has_discount: bool,
    /// A default of some loan changes more than flows and defaulted par; of which loans it does.
    is_detailed: bool,
    detailed: Vec<bool>,
    /// Per step: default rate of the cohorts.
    pub hazard: Vec<Pack<L>>,
    /// Per loan: its place among the CCC assets.
    ccc_of_loan: Vec<u32>,
    /// Per CCC asset and lane: number of steps it performs through.
    ccc_steps: Vec<[u32; L]>,
    /// The flows themselves, where the defaults are rates.
    given: Option<PoolFlows<L>>,
}

const NOT_CCC: u32 = u32::MAX;

impl<const L: usize> Drivers<L> {
    /// Room for a pool; `shows_defaults` where new defaults are read step by step.
    #[must_use]
    pub fn new(pool: &ClosingPool, shows_defaults: bool) -> Self {
        let mut ccc_of_loan = vec![NOT_CCC; pool.loans];
        for (place, (_, loan)) in (0_u32..).zip(&pool.ccc) {
            ccc_of_loan[*loan as usize] = place;
        }
        let all = !(pool.sale.is_empty() && pool.parts.is_empty() && pool.released.is_empty()) || shows_defaults;
        let discounted = |loan: usize| pool.discount_share.get(loan).is_some_and(|share| *share > 0.0);
        let own = |loan: usize| discounted(loan) || ccc_of_loan[loan] != NOT_CCC;
        let detailed: Vec<bool> = (0..pool.loans).map(|loan| all || own(loan)).collect();
        let in_proportion = InProportion::new(pool);
        // Where defaults are rates, the flows themselves are given.
        let rows = if in_proportion.is_some() || pool.flows.is_empty() { 0 } else { pool.steps };
        Self {
            lane_flows: vec![[0.0; 4]; pool.steps + TOGETHER - 1],
            lane_defaulted: vec![[0.0; 4]; pool.steps],
            rows: vec![StepRows::ZERO; rows],
            in_proportion,
            discount: if pool.has_discount { vec![[0.0; L]; pool.steps] } else { Vec::new() },
            sale: vec![[SaleRow::default(); L]; pool.sale.len()],
            parts: vec![vec![[0.0; L]; pool.steps]; pool.parts.len()],
            defaults: shows_defaults.then(|| vec![[0.0; L]; pool.steps]),
            has_discount: pool.has_discount,
            is_detailed: detailed.contains(&true),
            detailed,
            hazard: vec![Pack::ZERO; pool.steps],
            ccc_of_loan,
            ccc_steps: vec![[u32::MAX; L]; pool.ccc.len()],
            given: None,
        }
    }

    /// Takes flows whose defaults are rates.
    pub fn give(&mut self, flows: PoolFlows<L>) {
        self.given = Some(flows);
    }

    /// The flows whose defaults are rates, to be set anew.
    pub fn given(&mut self) -> Option<&mut PoolFlows<L>> {
        self.given.as_mut()
    }

    /// Back to the pool without further defaults; every lane must be worked out anew.
    #[inline(always)]
    pub fn reset(&mut self, pool: &ClosingPool) {
        if let Some(in_proportion) = &mut self.in_proportion {
            in_proportion.clear();
        }
        for (lanes, total) in self.discount.iter_mut().zip(&pool.discount) {
            *lanes = [*total; L];
        }
        for (lanes, total) in self.sale.iter_mut().zip(&pool.sale) {
            *lanes = [*total; L];
        }
        for (part, totals) in self.parts.iter_mut().zip(&pool.part_totals) {
            for (lanes, total) in part.iter_mut().zip(totals) {
                *lanes = [*total; L];
            }
        }
        if let Some(defaults) = &mut self.defaults {
            for (lanes, total) in defaults.iter_mut().zip(&pool.defaults) {
                *lanes = [*total; L];
            }
        }
        for steps in &mut self.ccc_steps {
            *steps = [u32::MAX; L];
        }
    }

    /// Begins to work out a lane.
    #[inline(always)]
    pub fn open_lane(&mut self, pool: &ClosingPool) {
        if pool.proportional.is_none() {
            self.lane_flows[..pool.steps].copy_from_slice(&pool.flows);
            self.lane_defaulted.copy_from_slice(&pool.defaulted);
        }
    }

    /// Puts the lane that has been worked out beside the others.
    #[inline(always)]
    pub fn close_lane(&mut self, lane: usize) {
        let lane = lane % L;
        for ((lanes, flows), defaulted) in self.rows.iter_mut().zip(&self.lane_flows).zip(&self.lane_defaulted) {
            (lanes.flows[lane], lanes.defaulted[lane]) = (*flows, *defaulted);
        }
    }

    /// The lane that is being worked out, where a default changes a few of its numbers and nothing else.
    #[inline(always)]
    pub fn defaulting<'a>(&'a mut self, pool: &'a ClosingPool, lane: usize) -> Option<Defaulting<'a, L>> {
        if self.is_detailed {
            return None;
        }
        let form = pool.proportional.as_ref()?;
        Some(self.in_proportion.as_mut()?.defaulting(pool, form, lane))
    }

    /// An obligor defaults in step `k` (from 0), in the lane that is being worked out; returns what it ends: par, and par less
    /// what is recovered.
    #[inline(always)]
    pub fn default(&mut self, pool: &ClosingPool, lane: usize, obligor: usize, k: usize) -> [f64; 2] {
        let lane = lane % L;
        let mut ends = [0.0; 2];
        for &loan in pool.obligor_loans.of(obligor) {
            let at = pool.row(loan as usize, k);
            let Some(default) = pool.ended(loan as usize, k) else { continue };
            ends = [ends[0] + default.par, ends[1] + (default.par - default.value)];
            if let (Some(own), Some(form)) = (&mut self.in_proportion, &pool.proportional) {
                own.defaulting(pool, form, lane).end(loan as usize, k);
            } else {
                let rows = default.groups as usize * TOGETHER;
                // Rows of nothing take nothing off: whole groups have the bits of their rows one by one.
                let (left, _) = self.lane_flows[k..k + rows].as_chunks_mut::<TOGETHER>();
                let (ended, _) = pool.rows[at..at + rows].as_chunks::<TOGETHER>();
                for (left, ended) in left.iter_mut().zip(ended) {
                    for i in 0..TOGETHER {
                        subtract(&mut left[i], &ended[i]);
                    }
                }
                self.carry(k, &default);
            }
            if self.is_detailed && self.detailed[loan as usize] {
                self.detail(pool, lane, loan as usize, k);
            }
        }
        ends
    }

    /// Carries defaulted par of step `k` until its recovery comes.
    #[inline(always)]
    fn carry(&mut self, k: usize, default: &LoanDefault) {
        let LoanDefault { par, value, collected, carry_end, .. } = *default;
        let (collected, carry_end) = (collected as usize, carry_end as usize);
        let defaulted = self.lane_defaulted.as_mut_slice();
        let carried = [0.0, value, par, value];
        for row in &mut defaulted[k..carry_end] {
            add(row, &carried);
        }
        if carry_end < collected {
            let uncarried = [0.0, 0.0, par, value];
            for row in &mut defaulted[carry_end..collected] {
                add(row, &uncarried);
            }
        }
        defaulted[collected][RECOVERIES] += value;
    }

    /// What a default of a loan changes where discounts, sales, new defaults or CCC assets are followed.
    #[inline(never)]
    fn detail(&mut self, pool: &ClosingPool, lane: usize, loan: usize, k: usize) {
        let (at, last) = (pool.row(loan, k), pool.last_step[loan] as usize);
        if !self.sale.is_empty() {
            let rows = &pool.sale_rows[loan * pool.steps..][k..last];
            for (from, row) in self.sale[k..last].iter_mut().zip(rows) {
                for (x, less) in from[lane].iter_mut().zip(row) {
                    *x -= less;
                }
            }
        }
        for (of_part, part) in self.parts.iter_mut().zip(&pool.parts) {
            if part.loans[loan] {
                for (p, from) in of_part[..last].iter_mut().enumerate().skip(k) {
                    from[lane] -= pool.flow(part.flow, loan, p) * part.weight(loan, pool.steps, p);
                }
            }
        }
        if let Some(released) = pool.released.get(at) {
            self.lane_flows[k][PRINCIPAL] += released;
            if let Some(sale) = self.sale.get_mut(k) {
                sale[lane][PRINCIPAL] += released;
            }
        }
        if self.has_discount && pool.discount_share[loan] > 0.0 {
            let share = pool.discount_share[loan];
            for (from, row) in self.discount[k..last].iter_mut().zip(&pool.rows[at..]) {
                from[lane] -= row[PERFORMING] * share;
            }
        }
        if let Some(defaults) = &mut self.defaults {
            defaults[k][lane] += pool.row_default[at].par;
        }
        if !self.ccc_steps.is_empty() && self.ccc_of_loan[loan] != NOT_CCC {
            self.ccc_steps[self.ccc_of_loan[loan] as usize][lane] = k as u32;
        }
    }

    /// The flows of one step, in lanes.
    ///
    /// Differences of sums leave rounding of either sign where nothing is left: what is below zero is nothing.
    #[inline(always)]
    pub fn step(&mut self, pool: &ClosingPool, p: usize, isa: Isa, out: &mut ClosingStep<L>) {
        if let Some(given) = &self.given {
            let (flows, defaulted) = (&given.flows[p], &given.defaulted[p]);
            out.interest = flows[INTEREST];
            out.principal = flows[PRINCIPAL];
            out.prepaid = flows[PREPAID];
            out.recoveries = defaulted[RECOVERIES];
            out.performing = flows[PERFORMING];
            out.discount = given.discount.get(p).copied().unwrap_or(Pack::ZERO);
            out.carrying = defaulted[CARRYING];
            out.market_of_defaulted = defaulted[MARKET];
            out.defaulted_par = defaulted[DEFAULTED_PAR];
            return;
        }
        out.discount = if self.has_discount { Pack(self.discount[p]).positive() } else { Pack::ZERO };
        if let (Some(of), Some(form)) = (&mut self.in_proportion, &pool.proportional) {
            isa.run(Left { of, pool, form, p, out });
            return;
        }
        let StepRows { flows, defaulted, .. } = &self.rows[p];
        let [interest, principal, performing, prepaid] = across(flows);
        out.interest = interest.positive();
        out.principal = principal.positive();
        out.performing = performing.positive();
        out.prepaid = prepaid.positive();
        let [recoveries, carrying, defaulted_par, market_of_defaulted] = across(defaulted);
        out.recoveries = recoveries;
        out.carrying = carrying;
        out.defaulted_par = defaulted_par;
        out.market_of_defaulted = market_of_defaulted;
    }

    /// What the closing pool does in step `p` where all is sold at its end.
    #[must_use]
    pub fn sale(&self, p: usize) -> SaleStep<L> {
        if let Some(given) = &self.given {
            return given.sale.get(p).copied().unwrap_or(SaleStep::ZERO);
        }
        let Some(lanes) = self.sale.get(p) else { return SaleStep::ZERO };
        let of = |q: usize| {
            let mut out = Pack::ZERO;
            for l in 0..L {
                out.0[l] = lanes[l][q];
            }
            out.positive()
        };
        let prepaid = of(PREPAID);
        SaleStep {
            interest: of(INTEREST),
            scheduled: (of(PRINCIPAL) - prepaid).positive(),
            prepaid,
            par: of(PERFORMING),
            worth: of(WORTH),
            // What is drawn defaults when it does, however long the step is.
            more: MoreDefaults::ZERO,
        }
    }

    /// What a part of the closing pool does in step `p`.
    #[must_use]
    pub fn part(&self, part: usize, p: usize) -> Pack<L> {
        self.weighted(part, p).positive()
    }

    /// The same where weights of either sign may be below zero.
    #[must_use]
    pub fn weighted(&self, part: usize, p: usize) -> Pack<L> {
        let sums = match &self.given {
            Some(given) => given.parts.get(part).map(|steps| steps[p]),
            None => self.parts.get(part).map(|steps| Pack(steps[p])),
        };
        sums.unwrap_or(Pack::ZERO)
    }

    /// What assets that were in default on the as-of date recover after step `p` above their market value.
    #[must_use]
    pub fn recovers_above(&self, pool: &ClosingPool, p: usize) -> Pack<L> {
        match &self.given {
            Some(given) => given.recovers_above.get(p).copied().unwrap_or(Pack::ZERO),
            None => Pack::splat(pool.recovers_above.get(p).copied().unwrap_or(0.0)),
        }
    }

    /// The flows whose defaults are rates, where they are.
    #[inline(always)]
    #[must_use]
    pub fn rates(&self) -> Option<&PoolFlows<L>> {
        self.given.as_ref()
    }

    /// Par of one CCC asset at the end of step `p`, in the lanes in which it performs.
    #[inline(always)]
    #[must_use]
    pub fn ccc_par(&self, pool: &ClosingPool, place: usize, p: usize) -> Pack<L> {
        let par = pool.rows[pool.row(pool.ccc[place].1 as usize, p)][PERFORMING];
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
    pub fn pending(&self, pool: &ClosingPool, p: usize) -> Pack<L> {
        let mut out = Pack::ZERO;
        if let Some(given) = &self.given {
            for packs in &given.defaulted[p + 1..] {
                out += packs[RECOVERIES];
            }
            return out;
        }
        if let Some(of) = &self.in_proportion {
            return of.pending(pool, p);
        }
        for lanes in &self.rows[p + 1..] {
            for l in 0..L {
                out.0[l] += lanes.defaulted[l][RECOVERIES];
            }
        }
        out
    }

    /// What floors add to the interest of one lane in a step, where it is shown.
    #[must_use]
    pub fn floor_benefit(&self, pool: &ClosingPool, lane: usize, p: usize) -> f64 {
        self.given.as_ref().map_or_else(|| pool.floor_benefit[p], |given| given.floor_benefit[p].0[lane])
    }

    /// New defaults of one lane in a step; none where they are not shown.
    #[must_use]
    pub fn defaults(&self, lane: usize, p: usize) -> f64 {
        match (&self.given, &self.defaults) {
            (Some(given), _) => given.defaults[p].0[lane],
            (None, Some(defaults)) => defaults[p][lane],
            (None, None) => 0.0,
        }
    }
}

/// Four quantities of a step, turned from `[lane][quantity]` into packs.
#[inline(always)]
fn across<const L: usize>(lanes: &[[f64; 4]; L]) -> [Pack<L>; 4] {
    let mut out = [Pack::ZERO; 4];
    for l in 0..L {
        for q in 0..4 {
            out[q].0[l] = lanes[l][q];
        }
    }
    out
}

#[inline(always)]
fn subtract(from: &mut [f64; 4], row: &[f64; 4]) {
    let (before, less) = (*from, *row);
    let mut after = [0.0; 4];
    for q in 0..4 {
        after[q] = before[q] - less[q];
    }
    *from = after;
}

#[inline(always)]
fn add(to: &mut [f64; 4], row: &[f64; 4]) {
    let (before, more) = (*to, *row);
    let mut after = [0.0; 4];
    for q in 0..4 {
        after[q] = before[q] + more[q];
    }
    *to = after;
}

#[cfg(test)]
mod tests;
