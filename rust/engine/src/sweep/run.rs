//! A sweep over threads: blocks of as many points as there are lanes, handed out by a counter.

use std::array::from_fn;

use cloche_dispatch::{Isa, Kernel};

use super::assumed::Assumed;
use super::figures::Figures;
use super::queue::{self, Found};
use super::{abreast, apart};
use crate::collateral::closing_pool::DefaultedAsset;
use crate::collateral::groups::{GroupRates, PoolFlows};
use crate::collateral::{CohortTables, Tape};
use crate::compile::classes::{Class, Points, classes};
use crate::compile::plan::days;
use crate::compile::{CompiledDeal, redemptions, sale_prices};
use crate::error::EngineError;
use crate::lanes::Pack;
use crate::path::deal_terms::DealTerms;
use crate::path::instalments;
use crate::path::plan::Plan;
use crate::path::readings::ReadingTerms;
use crate::path::runner::{self, Workspace};
use crate::path::summary::{self, NoteSummary, SummaryTimes};
use crate::waterfall::recorder::Silent;

/// How a sweep is run; nothing here changes a bit of its results.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub threads: usize,
    pub isa: Isa,
}

/// What one point came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub notes: Vec<NoteSummary>,
    /// Largest difference of cash in and cash out on any date, a share of the target par.
    pub conservation_error: f64,
    /// Which list of payment dates its periods count on.
    pub class: usize,
}

/// The finished points.
#[derive(Clone, Debug)]
pub struct Swept {
    /// In the order of the points; nothing for those that a stopped run left.
    pub points: Vec<Option<Point>>,
    /// Payment dates of each class of points, days since 1970-01-01.
    pub payments: Vec<Vec<i32>>,
    pub stopped: bool,
}

/// Points that a worker runs at once.
pub const LANES: usize = 32;

/// Runs every point; `tick` is called on the calling thread with the points done and says whether to go on.
///
/// # Errors
/// As [`classes`]; [`EngineError::Run`] when a worker fails.
pub fn sweep(
    points: &Points,
    tape: &Tape,
    options: Options,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Swept, EngineError> {
    sweep_lanes::<LANES>(points, tape, options, tick)
}

/// [`sweep`] with another number of lanes, which changes no bit of the result.
///
/// # Errors
/// As [`sweep`].
pub fn sweep_lanes<const L: usize>(
    points: &Points,
    tape: &Tape,
    options: Options,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Swept, EngineError> {
    let points = &*points.with_events()?;
    let redeems =
        |deal: &CompiledDeal| points.scenarios.iter().any(|scenario| redemptions::any(deal, &scenario.events));
    // What loans do by contract depends on rates of prepayment where they prepay on their own dates.
    let of_point = |deal: &CompiledDeal| !deal.regimes.is_empty() || deal.conventions.own_steps || redeems(deal);
    if points.deals.iter().any(of_point) {
        return apart::sweep(points, tape, options, tick);
    }
    let classes = classes(points, tape)?;
    let blocks: Vec<(usize, &[usize])> =
        classes.iter().enumerate().flat_map(|(c, class)| class.points.chunks(L).map(move |chunk| (c, chunk))).collect();
    let sizes = [points.len(), blocks.len(), options.threads];
    let out = queue::run(sizes, tick, |worker: &mut Option<Worker<'_, L>>, number| {
        let (c, own) = blocks[number];
        let worker = match worker {
            Some(worker) if worker.class == c => worker,
            other => other.insert(Worker::new(points, &classes[c], c, own, options.isa)),
        };
        let finished = worker.run(points, own);
        let short = worker.work.state.changes.short.take();
        Found {
            refused: short.map(|short| (own[0], worker.plan.refusal(short))),
            points: own.iter().copied().zip(finished).collect(),
        }
    })?;
    let payments = classes
        .iter()
        .map(|class| class.contracts.deal.terms.grid.periods.iter().map(|period| period.payment.0).collect())
        .collect();
    let stopped = out.iter().any(Option::is_none);
    Ok(Swept { points: out, payments, stopped })
}

/// One worker's plan and scratch for the points of a class.
struct Worker<'a, const L: usize> {
    class: usize,
    of: &'a Class<'a>,
    plan: Plan<Pack<L>>,
    /// The deals of the plan's lanes.
    deals: [usize; L],
    work: Workspace<L>,
    assumed: Assumed<'a, L>,
    figures: Figures<L>,
    times: SummaryTimes,
    isa: Isa,
}

impl<'a, const L: usize> Worker<'a, L> {
    fn new(points: &Points, class: &'a Class<'a>, index: usize, own: &[usize], isa: Isa) -> Self {
        let deals = lanes(own).map(|point| points.of(point).0);
        let contracts = &class.contracts;
        let plan = Plan {
            instalments: instalments::of_events(&contracts.deal.terms.notes, &class.changes),
            deal: side_by_side(points, class, deals),
            periods: periods(class, deals),
            pool: class.pool.clone(),
            within: contracts.steps.within.clone(),
            cohorts: cohort_tables(&class.cohorts),
            cohort_mdr: Vec::new(),
            liquidation_prices: Vec::new(),
            post_period_share: Pack::ZERO,
            calls: class.calls.clone(),
            sells: class.sells.clone(),
            changes: class.changes.clone(),
            repricings: class.repricings.clone(),
            readings: readings(class, deals),
            companies: None,
            opening_defaulted_par: contracts.defaulted_par(),
            days: days(contracts.deal, class.resumed.as_ref()),
            opening: class.resumed.as_ref().map(|resumed| resumed.opening.clone()),
            last: contracts.deal.terms.grid.periods.len() - 1,
            number: 0,
            shown: Vec::new(),
            takes: Vec::new(),
            common: None,
            regimes: Vec::new(),
        };
        let (steps, notes) = (plan.steps(), plan.deal.notes.len());
        let mut work = Workspace::new(&plan, isa);
        work.drivers.give(PoolFlows::new(plan.pool.steps, class.pool.ccc.len(), false));
        Self {
            class: index,
            of: class,
            deals,
            work,
            assumed: Assumed::new(class),
            figures: Figures::new(notes, steps),
            times: SummaryTimes::new(&plan),
            plan,
            isa,
        }
    }

    fn run(&mut self, points: &Points, own: &[usize]) -> Vec<Point> {
        let deals = lanes(own).map(|point| points.of(point).0);
        if deals != self.deals {
            self.plan.deal = side_by_side(points, self.of, deals);
            self.plan.periods = periods(self.of, deals);
            self.plan.readings = readings(self.of, deals);
            self.deals = deals;
        }
        self.assume(points, own);
        self.figures.clear();
        let error = runner::run(&self.plan, &mut self.work, &mut Silent, &mut self.figures, |_, _, _| {});
        self.figures.end(&self.work.state);
        let mut summaries = Vec::with_capacity(own.len() * self.figures.totals.len());
        summary::finish(&self.plan, &self.times, &mut self.figures.totals, self.isa, own.len(), &mut summaries);
        summaries
            .chunks(self.figures.totals.len())
            .enumerate()
            .map(|(lane, notes)| Point {
                notes: notes.to_vec(),
                conservation_error: error.0[lane] / self.plan.deal.target_par,
                class: self.class,
            })
            .collect()
    }

    /// Sets what the scenarios of a block's points assume.
    fn assume(&mut self, points: &Points, own: &[usize]) {
        let scenarios = lanes::<L>(own).map(|point| &points.scenarios[points.of(point).1]);
        self.assumed.read(self.of, points, lanes(own));
        let [cdr, cpr, recovery] = self.assumed.bought();
        self.plan.cohorts.mpr.clone_from(cpr);
        self.plan.cohorts.recovery.clone_from(recovery);
        let [in_sales, prepaid_in_sales] = self.assumed.bought_in_sales();
        self.plan.cohorts.sale_mdr.clone_from(in_sales);
        self.plan.cohorts.sale_mpr.clone_from(prepaid_in_sales);
        self.work.drivers.hazard.clone_from(cdr);
        sale_prices::side_by_side(scenarios, &self.of.contracts, &mut self.plan.liquidation_prices);
        self.plan.post_period_share = Pack(from_fn(|l| scenarios[l].post_period_share));
        let defaulted = self.assumed.defaulted(self.of);
        if let Some(flows) = self.work.drivers.given() {
            self.isa.run(SetFlows { of: self.of, rates: &self.assumed.rates, defaulted: &defaulted, flows });
        }
    }
}

/// The flows of the closing pool, as a function of its own.
struct SetFlows<'a, const L: usize> {
    of: &'a Class<'a>,
    rates: &'a [GroupRates<Pack<L>>],
    defaulted: &'a [DefaultedAsset<Pack<L>>],
    flows: &'a mut PoolFlows<L>,
}

impl<const L: usize> Kernel for SetFlows<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.flows.set(&self.of.groups.groups, self.rates, self.defaulted, &self.of.contracts.rules);
    }
}

/// The deals of a block's points, lane by lane.
fn side_by_side<const L: usize>(points: &Points, class: &Class<'_>, deals: [usize; L]) -> DealTerms<Pack<L>> {
    let terms = abreast::deals(deals.map(|d| &points.deals[d].terms));
    DealTerms { reads_ccc_share: terms.reads_ccc_share || class.reads_ccc_share, ..terms }
}

/// The points of a block, the last one again in lanes that are left over.
fn lanes<const L: usize>(own: &[usize]) -> [usize; L] {
    from_fn(|l| own[l.min(own.len() - 1)])
}

fn periods<const L: usize>(class: &Class<'_>, deals: [usize; L]) -> Vec<crate::path::plan::PeriodTerms<Pack<L>>> {
    let each = deals.map(|d| &class.periods[&d]);
    (0..each[0].len()).map(|p| abreast::period(each.map(|periods| &periods[p]))).collect()
}

fn readings<const L: usize>(class: &Class<'_>, deals: [usize; L]) -> ReadingTerms<Pack<L>> {
    abreast::readings(deals.map(|d| &class.readings[&d]))
}

fn cohort_tables<const L: usize>(tables: &CohortTables) -> CohortTables<Pack<L>> {
    CohortTables {
        steps: tables.steps,
        instalment: tables.instalment.clone(),
        interest: tables.interest.clone(),
        interest_of_prepaid: tables.interest_of_prepaid.clone(),
        discount: tables.discount.clone(),
        on_default: tables.on_default,
        mpr: Vec::new(),
        recovery: Vec::new(),
        recovery_step: tables.recovery_step.clone(),
        carry_end: tables.carry_end.clone(),
        carries_defaults: tables.carries_defaults,
        par_per_cash: tables.par_per_cash.clone(),
        has_discount: tables.has_discount,
        ccc: tables.ccc,
        ccc_each: tables.ccc_each.clone(),
        contract: tables.contract.clone(),
        floor_benefit: Vec::new(),
        floor_benefit_of_prepaid: Vec::new(),
        sale: tables.sale.clone(),
        sale_mdr: Vec::new(),
        sale_mpr: Vec::new(),
        quality: tables.quality.clone(),
        shared: tables.shared.clone(),
        first_alive: tables.first_alive.clone(),
        first_open: tables.first_open.clone(),
    }
}
