//! A sweep over threads: blocks of as many points as there are lanes, handed out by a counter.

use std::array::from_fn;

use cloche_dispatch::{Isa, Kernel};

use super::abreast::{self, Abreast};
use super::apart;
use super::assumed::Assumed;
use super::figures::Figures;
use super::queue::{self, Found};
use super::swept::{Block, Swept};
use crate::collateral::closing_pool::DefaultedAsset;
use crate::collateral::groups::{PoolFlows, RatesOf};
use crate::collateral::{CohortTables, Tape};
use crate::compile::classes::{Class, class, sorted};
use crate::compile::plan::days;
use crate::compile::points::{Field, Points};
use crate::compile::{CompiledDeal, redemptions, sale_prices};
use crate::error::EngineError;
use crate::lanes::{Common, Numbers, Pack};
use crate::path::deal_terms::DealTerms;
use crate::path::instalments;
use crate::path::note_figures::NoteFigures;
use crate::path::plan::{PeriodTerms, Plan};
use crate::path::readings::ReadingTerms;
use crate::path::runner::{self, Workspace};
use crate::path::summary::{self, SummaryTimes};
use crate::waterfall::recorder::Silent;

/// How a sweep is run; nothing here changes a bit of its results.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub threads: usize,
    pub isa: Isa,
}

/// Points that a worker runs at once.
pub const LANES: usize = 32;

/// Runs every point; `tick` is called on the calling thread with the points done and says whether to go on.
///
/// # Errors
/// As [`sorted`] and [`class`]; [`EngineError::Run`] when a worker fails.
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
        |deal: &CompiledDeal| points.scenarios.any(Field::Events, |scenario| redemptions::any(deal, &scenario.events));
    // What loans do by contract depends on rates of prepayment where they prepay on their own dates.
    let of_point = |deal: &CompiledDeal| !deal.regimes.is_empty() || deal.conventions.own_steps || redeems(deal);
    if points.deals.iter().any(of_point) {
        return apart::sweep(points, tape, options, tick);
    }
    let alike = sorted(points, tape)?;
    let classes = alike.iter().map(|alike| class(points, alike, tape)).collect::<Result<Vec<_>, _>>()?;
    let blocks: Vec<(usize, &[usize])> =
        classes.iter().enumerate().flat_map(|(c, class)| class.points.chunks(L).map(move |chunk| (c, chunk))).collect();
    let found = queue::run([blocks.len(), options.threads], tick, |worker: &mut Option<Either<'_, L>>, number| {
        let (c, own) = blocks[number];
        let worker = match worker {
            Some(worker) if worker.class() == c => worker,
            other => other.insert(Either::new(points, &classes[c], c, own, options.isa)),
        };
        match worker {
            Either::OneDeal(worker) => worker.run(points, own),
            Either::Deals(worker) => worker.run(points, own),
        }
    })?;
    let payments = classes
        .iter()
        .map(|class| class.contracts.deal.terms.grid.periods.iter().map(|period| period.payment.0).collect())
        .collect();
    Ok(Swept::new(points.len(), found.into_iter().map(|(_, block)| block).collect(), payments))
}

/// A worker for a class of one deal, whose numbers are the same in all lanes, or of deals side by side.
enum Either<'a, const L: usize> {
    OneDeal(Box<Worker<'a, L, Common<L>>>),
    Deals(Box<Worker<'a, L, Pack<L>>>),
}

impl<'a, const L: usize> Either<'a, L> {
    fn new(points: &Points, class: &'a Class<'a>, index: usize, own: &[usize], isa: Isa) -> Self {
        if class.periods.len() == 1 {
            Self::OneDeal(Box::new(Worker::new(points, class, index, own, isa)))
        } else {
            Self::Deals(Box::new(Worker::new(points, class, index, own, isa)))
        }
    }

    fn class(&self) -> usize {
        match self {
            Self::OneDeal(worker) => worker.class,
            Self::Deals(worker) => worker.class,
        }
    }
}

/// One worker's plan and scratch for the points of a class.
struct Worker<'a, const L: usize, P: Numbers> {
    class: usize,
    of: &'a Class<'a>,
    plan: Plan<P>,
    /// The deals of the plan's lanes.
    deals: [usize; L],
    work: Workspace<L>,
    assumed: Assumed<'a, L>,
    figures: Figures<L>,
    times: SummaryTimes,
    notes: Vec<NoteFigures<L>>,
    isa: Isa,
}

impl<'a, const L: usize, P: Abreast<L>> Worker<'a, L, P> {
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
            notes: Vec::new(),
            plan,
            isa,
        }
    }

    fn run(&mut self, points: &Points, own: &[usize]) -> Found<Block> {
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
        self.figures.end(&self.plan, &self.work.state);
        summary::finish(&self.plan, &self.times, &mut self.figures.totals, self.isa, own.len(), &mut self.notes);
        let errors = error.0[..own.len()].iter().map(|error| error / self.plan.deal.target_par).collect();
        match self.work.state.changes.short.take() {
            Some(short) => Err((own[0], self.plan.refusal(short))),
            None => Ok((Block::new(own, &self.notes, errors, self.class), own.len())),
        }
    }

    /// Sets what the scenarios of a block's points assume.
    fn assume(&mut self, points: &Points, own: &[usize]) {
        let numbers = lanes::<L>(own).map(|point| points.of(point).1);
        let with = |field: Field| numbers.map(|number| points.scenarios.with(number, field));
        let (drivers, cohorts) = (&mut self.work.drivers, &mut self.plan.cohorts);
        let CohortTables { mpr, recovery, sale_mdr, sale_mpr, .. } = cohorts;
        self.assumed.take_back([&mut drivers.hazard, mpr, recovery], [sale_mdr, sale_mpr]);
        self.assumed.read(self.of, points, lanes(own));
        let defaulted = self.assumed.defaulted(self.of);
        let rates = self.assumed.rates(self.of);
        if let Some(flows) = drivers.given() {
            self.isa.run(SetFlows { of: self.of, rates: &rates, defaulted: &defaulted, flows });
        }
        self.assumed.lend([&mut drivers.hazard, mpr, recovery], [sale_mdr, sale_mpr]);
        sale_prices::side_by_side(with(Field::LiquidationPrice), &self.of.contracts, &mut self.plan.liquidation_prices);
        self.plan.post_period_share = Pack(with(Field::PostPeriodShare).map(|scenario| scenario.post_period_share));
    }
}

/// The flows of the closing pool, as a function of its own.
struct SetFlows<'a, const L: usize> {
    of: &'a Class<'a>,
    rates: &'a [RatesOf<'a, Pack<L>>],
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
fn side_by_side<const L: usize, P: Abreast<L>>(points: &Points, class: &Class<'_>, deals: [usize; L]) -> DealTerms<P> {
    let terms = abreast::deals(deals.map(|d| &points.deals[d].terms));
    DealTerms { reads_ccc_share: terms.reads_ccc_share || class.reads_ccc_share, ..terms }
}

/// The points of a block, the last one again in lanes that are left over.
fn lanes<const L: usize>(own: &[usize]) -> [usize; L] {
    from_fn(|l| own[l.min(own.len() - 1)])
}

fn periods<const L: usize, P: Abreast<L>>(class: &Class<'_>, deals: [usize; L]) -> Vec<PeriodTerms<P>> {
    let each = deals.map(|d| &class.periods[&d]);
    (0..each[0].len()).map(|p| abreast::period(each.map(|periods| &periods[p]))).collect()
}

fn readings<const L: usize, P: Abreast<L>>(class: &Class<'_>, deals: [usize; L]) -> ReadingTerms<P> {
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
