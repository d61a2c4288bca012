//! Reinvestment cohorts: one a payment date, bought with the cash that is left for purchases.
//!
//! All cohorts share each step's default and prepayment rates, so a cohort is one number: its par over the survival
//! factor at purchase. `balance = G · Σ u_c · contract_c`, with the contractual balance per unit of par.

use cloche_dispatch::Kernel;

pub use super::cohort_step::CohortStep;
use super::cohorts_after::{CohortDefault, CohortsAfter};
use super::ring::Ring;
use super::sale::{MoreDefaults, SaleStep};
use super::shared_terms::{Shared, SharedTerms, Sums};
use crate::coverage::ccc_excess::CccAsset;
use crate::lanes::{PART, Pack, Param, weighted_sum, weighted_sum_of_part};

/// What one unit of par of each cohort does by contract: tables `[step][cohort]`, cohort `c` bought after step `c`.
#[derive(Clone, Debug, Default)]
pub struct CohortTables<P = f64> {
    pub steps: usize,
    /// Contractual instalment of the step, the balloon included.
    pub instalment: Vec<f64>,
    /// Interest on the balance that survives the step's default.
    pub interest: Vec<f64>,
    /// What prepaying all of a cohort adds to its interest; nothing where prepaid par earns the whole step.
    pub interest_of_prepaid: Vec<f64>,
    /// Contractual balance at the end of the step times the share it is carried below par.
    pub discount: Vec<f64>,
    /// Share of the step's interest that defaulted par pays.
    pub on_default: f64,
    /// Period prepayment rates.
    pub mpr: Vec<P>,
    /// Recovery rate of a default in a step.
    pub recovery: Vec<P>,
    /// Step (from 0) that collects the recovery of a default in a step.
    pub recovery_step: Vec<u32>,
    /// Steps (from 0, exclusive) that still carry a default of a step.
    pub carry_end: Vec<usize>,
    pub carries_defaults: bool,
    /// Par bought for one unit of cash on a payment date.
    pub par_per_cash: Vec<f64>,
    pub has_discount: bool,
    /// Price and discount of the cohorts when they are in the CCC set; `discount` leaves them out then.
    pub ccc: Option<CccAsset>,
    /// The cohorts in the CCC set by price, the oldest first among equals, where they were bought at several prices; nothing
    /// elsewhere.
    pub ccc_each: Vec<(usize, CccAsset)>,
    /// Contractual balance at the end of the step, where each cohort is a CCC asset of its own; nothing elsewhere.
    pub contract: Vec<f64>,
    /// What floors bring on the balance that survives the step's default, and what prepaying all of a cohort adds to it,
    /// where tables show it; nothing elsewhere.
    pub floor_benefit: Vec<f64>,
    pub floor_benefit_of_prepaid: Vec<f64>,
    /// What the cohorts do in a step at whose end all is sold; nothing where no sale may come.
    pub sale: SaleTables,
    /// Default and prepayment rates of such a step; nothing where they are those of the step itself.
    pub sale_mdr: Vec<P>,
    pub sale_mpr: Vec<P>,
    /// What quality tests weigh cohorts by; nothing where none is read.
    pub quality: QualityTables,
    /// The same for all cohorts together, where they have one spread and one price.
    pub shared: Option<SharedTerms>,
    /// First cohort that is alive in each step.
    pub first_alive: Vec<usize>,
    /// First step whose default is still to be recovered after each step.
    pub first_open: Vec<usize>,
}

/// What quality tests weigh one unit of par of each cohort by at the end of a step, `[step][cohort]`: its contractual balance
/// times its spread over the benchmark, its average life, and its price. What is bought after a step has its own there.
#[derive(Clone, Debug, Default)]
pub struct QualityTables {
    pub spread: Vec<f64>,
    pub life: Vec<f64>,
    pub price: Vec<f64>,
}

/// What one unit of par of each cohort does by contract in a step at whose end all is sold, `[step][cohort]`.
#[derive(Clone, Debug, Default)]
pub struct SaleTables {
    pub instalment: Vec<f64>,
    pub interest: Vec<f64>,
    pub interest_of_prepaid: Vec<f64>,
    /// Contractual balance that is sold times the price at which it was bought.
    pub worth: Vec<f64>,
}

impl<P> CohortTables<P> {
    /// Most steps whose defaults or recoveries are looked at on one date.
    #[must_use]
    pub fn open(&self) -> usize {
        let (mut most, mut last) = (1, 0);
        for (p, (first, collected)) in self.first_open.iter().zip(&self.recovery_step).enumerate() {
            last = last.max(*collected as usize);
            most = most.max(p + 1 - first).max(last + 1 - p);
        }
        most
    }

    /// Contractual balance of a unit of par of a cohort at the end of step `p`.
    #[must_use]
    pub fn balance(&self, cohort: usize, p: usize) -> f64 {
        let mut balance = 1.0;
        for q in cohort + 1..=p {
            balance -= self.instalment[q * self.steps + cohort];
        }
        balance
    }
}

/// The cohorts of `L` futures.
#[derive(Clone, Debug)]
pub struct Cohorts<const L: usize> {
    /// Per cohort: par at purchase over the survival factor then.
    units: Vec<Pack<L>>,
    /// Per step: default, and its recovery value.
    default: Ring<Pack<L>>,
    value: Ring<Pack<L>>,
    /// Per step: recovery cash; what lies beyond `known` is of other steps or other futures.
    cash: Ring<Pack<L>>,
    /// Steps whose recovery cash is that of these futures.
    known: usize,
    survival: Pack<L>,
    /// All of them together, where they share their terms.
    shared: Shared<L>,
    /// Performing par, what was bought on the last date included.
    performing: Pack<L>,
    any: bool,
}

/// One step of the cohorts.
pub struct Step<'a, const L: usize, P> {
    pub cohorts: &'a mut Cohorts<L>,
    pub tables: &'a CohortTables<P>,
    pub p: usize,
    /// Default rate of the step.
    pub mdr: &'a Pack<L>,
    pub out: &'a mut CohortStep<L>,
}

impl<const L: usize, P: Param<L>> Kernel for Step<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if L.is_multiple_of(PART) {
            self.cohorts.step::<PART, P>(self.tables, self.p, self.mdr, self.out);
        } else {
            self.cohorts.step::<1, P>(self.tables, self.p, self.mdr, self.out);
        }
    }
}

/// Survival factors below this end every cohort of the lane: what is left is beneath a unit in the last place.
const EXTINCT: f64 = 1e-100;

impl<const L: usize> Cohorts<L> {
    /// No cohorts, room for so many steps, of whose defaults and recoveries the last `open` are looked at.
    #[must_use]
    pub fn new(steps: usize, open: usize) -> Self {
        let ring = Ring::new(Pack::ZERO, open);
        Self {
            units: vec![Pack::ZERO; steps],
            default: ring.clone(),
            value: ring.clone(),
            cash: ring,
            known: 0,
            survival: Pack::splat(1.0),
            shared: Shared::NONE,
            performing: Pack::ZERO,
            any: false,
        }
    }

    /// Back to no cohorts.
    #[inline(always)]
    pub fn clear(&mut self) {
        // All rows are written step by step before they are read.
        self.known = 0;
        self.shared.forget(0);
        self.performing = Pack::ZERO;
        self.survival = Pack::splat(1.0);
        self.any = false;
    }

    /// Goes on, from no cohorts, with what there was after a payment date.
    pub fn go_on(&mut self, after: &CohortsAfter) {
        self.units.fill(Pack::ZERO);
        for rows in [&mut self.default, &mut self.value, &mut self.cash] {
            rows.fill(Pack::ZERO);
        }
        self.known = after.defaults.iter().map(|default| default.collected + 1).max().unwrap_or(0);
        self.shared.forget(self.units.len());
        self.survival = Pack::splat(after.survival);
        self.performing = Pack::splat(after.performing);
        self.any = !(after.units.is_empty() && after.defaults.is_empty());
        for &(step, units) in &after.units {
            self.units[step] = Pack::splat(units);
        }
        for default in &after.defaults {
            self.default[default.step] = Pack::splat(default.par);
            self.value[default.step] = Pack::splat(default.value);
            self.cash[default.collected] += Pack::splat(default.value);
        }
    }

    /// What there is in one lane after the payment date of step `p`.
    #[must_use]
    pub fn after<P>(&self, tables: &CohortTables<P>, p: usize, lane: usize) -> CohortsAfter {
        let mut out = CohortsAfter {
            survival: self.survival.0[lane],
            performing: self.performing.0[lane],
            ..CohortsAfter::default()
        };
        if !self.any {
            return out;
        }
        for step in 0..=p {
            let (units, par) = (self.units[step].0[lane], self.default[step].0[lane]);
            if units > 0.0 {
                out.units.push((step, units));
            }
            let collected = tables.recovery_step[step] as usize;
            if par > 0.0 && collected > p {
                out.defaults.push(CohortDefault { step, collected, par, value: self.value[step].0[lane] });
            }
        }
        out
    }

    /// Goes on after step `p` under the tables of another document: what is still to be recovered comes on its dates.
    pub fn follow<P>(&mut self, tables: &CohortTables<P>, p: usize) {
        if !self.any {
            return;
        }
        self.known = p + 1;
        self.shared.forget(self.units.len());
        for step in 0..=p {
            let collected = tables.recovery_step[step] as usize;
            if collected <= p {
                continue;
            }
            while self.known <= collected {
                self.cash[self.known] = Pack::ZERO;
                self.known += 1;
            }
            self.cash[collected] += self.value[step];
        }
    }

    /// Runs step `p` with the step's default rate, `W` lanes after the other.
    #[inline(always)]
    fn step<const W: usize, P: Param<L>>(
        &mut self,
        tables: &CohortTables<P>,
        p: usize,
        mdr: &Pack<L>,
        out: &mut CohortStep<L>,
    ) {
        if !self.any {
            // The factor runs on whether or not another lane has bought: a lane's bits do not depend on its neighbours.
            self.survival = self.survival * (Pack::splat(1.0) - *mdr) * tables.mpr[p].map(|x| 1.0 - x).pack();
            self.end_extinct_lanes(p);
            self.default[p] = Pack::ZERO;
            self.value[p] = Pack::ZERO;
            out.clear();
            return;
        }
        if let Some(terms) = &tables.shared {
            self.shared.prepare(terms, p, tables.first_alive[p], &self.units);
        }
        while self.known <= tables.recovery_step[p] as usize {
            self.cash[self.known] = Pack::ZERO;
            self.known += 1;
        }
        for i in 0..L / W {
            let part = self.part::<W, P>(tables, p, mdr.part(i), i);
            out.set_part(i, part);
        }
        self.end_extinct_lanes(p);
    }

    /// Runs step `p` in the `i`-th part of `W` lanes.
    #[inline(always)]
    fn part<const W: usize, P: Param<L>>(
        &mut self,
        tables: &CohortTables<P>,
        p: usize,
        mdr: Pack<W>,
        i: usize,
    ) -> CohortStep<W> {
        let sums = self.sums::<W, P>(tables, p, i);
        let (begin, survival) = (self.performing.part::<W>(i), self.survival.part::<W>(i));
        let default = begin * mdr;
        let factor = survival * (Pack::splat(1.0) - mdr);
        let alive = begin - default;
        let scheduled = (factor * sums.instalment).min(alive);
        let prepaid = (alive - scheduled) * tables.mpr[p].part(i);
        let mut earned = factor * sums.interest;
        if !tables.interest_of_prepaid.is_empty() {
            earned += factor * tables.mpr[p].part(i) * sums.interest_of_prepaid;
        }
        if tables.on_default > 0.0 {
            earned += survival * mdr * sums.interest * tables.on_default;
        }
        let survives = factor * tables.mpr[p].map(|x| 1.0 - x).part(i);
        self.survival.set_part(i, survives);
        let discount = if tables.has_discount { sums.discount * survives } else { Pack::ZERO };
        let performing = alive - scheduled - prepaid;
        self.performing.set_part(i, performing);
        let value = default * tables.recovery[p].part(i);
        let collected = tables.recovery_step[p] as usize;
        self.default[p].set_part(i, default);
        self.value[p].set_part(i, value);
        let cash = self.cash[collected].part::<W>(i) + value;
        self.cash[collected].set_part(i, cash);
        let (defaulted_par, market_of_defaulted, carrying) = self.outstanding_defaults::<W, P>(tables, p, i);
        CohortStep {
            interest: earned.positive(),
            scheduled,
            prepaid,
            recoveries: self.cash[p].part(i),
            performing,
            default,
            defaulted_par,
            market_of_defaulted,
            carrying,
            discount,
        }
    }

    /// What all cohorts do by contract in step `p`, for a survival factor of 1, in the `i`-th part of `W` lanes.
    #[inline(always)]
    fn sums<const W: usize, P>(&self, tables: &CohortTables<P>, p: usize, i: usize) -> Sums<W> {
        if let Some(terms) = &tables.shared {
            return self.shared.part(terms, p, &self.units, i);
        }
        let first = tables.first_alive[p];
        let (units, row) = (&self.units[first..p], p * tables.steps);
        let sum = |table: &[f64]| weighted_sum_of_part(units, &table[row + first..row + p], i);
        Sums {
            instalment: sum(&tables.instalment),
            interest: sum(&tables.interest),
            interest_of_prepaid: if tables.interest_of_prepaid.is_empty() {
                Pack::ZERO
            } else {
                sum(&tables.interest_of_prepaid)
            },
            discount: if tables.has_discount { sum(&tables.discount) } else { Pack::ZERO },
        }
    }

    /// What a table has for all cohorts at the end of step `p`, which has been run.
    #[must_use]
    pub fn weighted<P>(&self, tables: &CohortTables<P>, table: &[f64], p: usize) -> Pack<L> {
        if !self.any {
            return Pack::ZERO;
        }
        let (row, first) = (p * tables.steps, tables.first_alive[p]);
        self.survival * weighted_sum(&self.units[first..p], &table[row + first..row + p])
    }

    /// Performing par of each cohort at the end of step `p`, which has been run, the oldest first.
    #[inline(always)]
    pub fn each<P>(&self, tables: &CohortTables<P>, p: usize, mut take: impl FnMut(Pack<L>)) {
        if !self.any {
            return;
        }
        for c in tables.first_alive[p]..p {
            take(self.survival * self.units[c] * tables.contract[p * tables.steps + c]);
        }
    }

    /// Performing par of one cohort at the end of step `p`, which has been run.
    #[inline(always)]
    #[must_use]
    pub fn one<P>(&self, tables: &CohortTables<P>, cohort: usize, p: usize) -> Pack<L> {
        if !self.any || !(tables.first_alive[p]..p).contains(&cohort) {
            return Pack::ZERO;
        }
        self.survival * self.units[cohort] * tables.contract[p * tables.steps + cohort]
    }

    /// What floors add to the interest of step `p`, before it is run.
    #[must_use]
    pub fn floor_benefit<P: Param<L>>(&self, tables: &CohortTables<P>, p: usize, mdr: Pack<L>) -> Pack<L> {
        if !self.any || tables.floor_benefit.is_empty() {
            return Pack::ZERO;
        }
        let (row, first) = (p * tables.steps, tables.first_alive[p]);
        let sum = |table: &[f64]| weighted_sum(&self.units[first..p], &table[row + first..row + p]);
        let (factor, whole) = (self.survival * (Pack::splat(1.0) - mdr), sum(&tables.floor_benefit));
        let of_prepaid = factor * tables.mpr[p].pack() * sum(&tables.floor_benefit_of_prepaid);
        factor * whole + of_prepaid + self.survival * mdr * whole * tables.on_default
    }

    /// What step `p` would do if all were sold at its end, before it is run.
    #[must_use]
    pub fn sale<P: Param<L>>(&self, tables: &CohortTables<P>, p: usize, mdr: Pack<L>) -> SaleStep<L> {
        if !self.any || tables.sale.instalment.is_empty() {
            return SaleStep::ZERO;
        }
        let (row, first) = (p * tables.steps, tables.first_alive[p]);
        let units = &self.units[first..p];
        let sum = |table: &[f64]| weighted_sum(units, &table[row + first..row + p]);
        let mpr = tables.sale_mpr.get(p).unwrap_or(&tables.mpr[p]).pack();
        let begin = self.performing;
        let mut more = MoreDefaults::ZERO;
        let mdr = tables.sale_mdr.get(p).map_or(mdr, |in_sale| {
            let par = begin * in_sale.pack() - begin * mdr;
            more.add(par, par * tables.recovery[p].pack(), tables.recovery_step[p] as usize == p);
            in_sale.pack()
        });
        let factor = self.survival * (Pack::splat(1.0) - mdr);
        let alive = begin - begin * mdr;
        let scheduled = (factor * sum(&tables.sale.instalment)).min(alive);
        let prepaid = (alive - scheduled) * mpr;
        let mut interest = factor * sum(&tables.sale.interest);
        if !tables.sale.interest_of_prepaid.is_empty() {
            interest += factor * mpr * sum(&tables.sale.interest_of_prepaid);
        }
        if tables.on_default > 0.0 {
            interest += self.survival * mdr * sum(&tables.sale.interest) * tables.on_default;
        }
        let worth = factor * (Pack::splat(1.0) - mpr) * sum(&tables.sale.worth);
        SaleStep { interest, scheduled, prepaid, par: alive - scheduled - prepaid, worth, more }
    }

    #[inline(always)]
    fn end_extinct_lanes(&mut self, p: usize) {
        if (self.survival - Pack::splat(EXTINCT)).any_negative() {
            let extinct = self.survival.lt(Pack::splat(EXTINCT));
            self.survival = extinct.select(Pack::splat(1.0), self.survival);
            for u in &mut self.units[..p] {
                *u = extinct.not().keep(*u);
            }
            self.shared.end(extinct);
        }
    }

    /// Defaulted par, its market value and its carrying value after step `p`, in the `i`-th part of `W` lanes.
    #[inline(always)]
    fn outstanding_defaults<const W: usize, P>(
        &self,
        tables: &CohortTables<P>,
        p: usize,
        i: usize,
    ) -> (Pack<W>, Pack<W>, Pack<W>) {
        let (mut par, mut market, mut carrying) = (Pack::ZERO, Pack::ZERO, Pack::ZERO);
        for k in tables.first_open[p]..=p {
            if tables.recovery_step[k] as usize > p {
                let value = self.value[k].part::<W>(i);
                par += self.default[k].part(i);
                market += value;
                if tables.carries_defaults && tables.carry_end[k] > p {
                    carrying += value;
                }
            }
        }
        (par, market, carrying)
    }

    /// Recovery value that is collected after step `p`.
    #[inline(always)]
    #[must_use]
    pub fn pending(&self, p: usize) -> Pack<L> {
        let mut sum = Pack::ZERO;
        let first = if p + 1 < self.known { p + 1 } else { self.known };
        for q in first..self.known {
            sum += self.cash[q];
        }
        sum
    }

    /// Buys a cohort with `cash` on the payment date of step `p`; returns the par bought.
    #[inline(always)]
    pub fn buy<P>(&mut self, tables: &CohortTables<P>, p: usize, cash: Pack<L>) -> Pack<L> {
        if !cash.any() {
            self.units[p] = Pack::ZERO;
            return Pack::ZERO;
        }
        let par = cash * tables.par_per_cash[p];
        self.units[p] = par / self.survival;
        if let Some(terms) = &tables.shared {
            self.shared.buy(terms, p, self.units[p]);
        }
        self.performing += par;
        self.any = true;
        par
    }
}
