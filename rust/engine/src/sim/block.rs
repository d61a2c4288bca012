//! One reduction block: 1,024 paths in groups of `L` lanes, from draws to measures.
//!
//! Per-path figures are stored first and summed in path order after, so that sums do not depend on the lane width.

use cloche_dispatch::{Isa, Kernel};

use super::measures::{Measures, NEVER};
use super::setup::Setup;
use crate::credit::copula::{CopulaScratch, DefaultEvent};
use crate::lanes::Pack;
use crate::metrics::{IrrTimes, irr};
use crate::path::runner::{self, Workspace};
use crate::waterfall::recorder::Silent;

/// Paths of a reduction block; a constant of the determinism contract.
pub const BLOCK: usize = 1024;

/// Figures of each path of a block, `[figure][path]`.
#[derive(Clone, Debug, Default)]
pub struct PathColumns {
    pub paths: usize,
    /// Per note.
    pub principal_loss: Vec<Vec<f64>>,
    pub interest_loss: Vec<Vec<f64>>,
    pub pv_loss: Vec<Vec<f64>>,
    pub wal: Vec<Vec<f64>>,
    /// Period (from 0) of default when dated by coverage, and when realized; [`NEVER`] without default.
    pub default_period: Vec<Vec<f64>>,
    pub realized_period: Vec<Vec<f64>>,
    pub shortfall: Vec<Vec<bool>>,
    pub deferral: Vec<Vec<bool>>,
    /// Per residual note.
    pub irr: Vec<Vec<f64>>,
    pub moic: Vec<Vec<f64>>,
    /// Per whole year: shares of closing par, cumulative.
    pub company_default_rate: Vec<Vec<f64>>,
    pub default_rate: Vec<Vec<f64>>,
    pub loss_rate: Vec<Vec<f64>>,
    pub defaults_number: Vec<Vec<f64>>,
    /// Per residual note and date: sum over paths, in path order.
    pub equity_sum: Vec<f64>,
    /// Per date and note: sums of interest, principal, balance over paths, and of their squares.
    pub flow_sums: Vec<[f64; 6]>,
    /// Largest cash difference.
    pub conservation_error: f64,
}

/// Scratch of one worker.
#[derive(Clone, Debug)]
pub struct BlockWork<const L: usize> {
    work: Workspace<L>,
    measures: Measures<L>,
    scratch: CopulaScratch,
    events: Vec<DefaultEvent>,
    times: IrrTimes,
    /// Per lane and year.
    horizon: Vec<[f64; 4]>,
}

impl<const L: usize> BlockWork<L> {
    /// Room for a simulation.
    #[must_use]
    pub fn new(setup: &Setup, keep_flows: bool) -> Self {
        Self {
            work: Workspace::new(&setup.plan),
            measures: Measures::new(&setup.plan, keep_flows),
            scratch: CopulaScratch::default(),
            events: Vec::new(),
            times: IrrTimes::new(&setup.plan.days),
            horizon: vec![[0.0; 4]; L * (setup.axis.years as usize)],
        }
    }
}

struct Draws<'a, const L: usize> {
    setup: &'a Setup,
    first: u64,
    work: &'a mut BlockWork<L>,
}

impl<const L: usize> Kernel for Draws<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { setup, first, work } = self;
        let BlockWork { work, scratch, events, horizon, .. } = work;
        setup.copula.draw::<L>(first, scratch, events);
        let market = setup.copula.market::<L>(first);
        setup.copula.conditional_hazard(&market, &mut work.drivers.hazard);
        work.drivers.reset(&setup.plan.pool);
        apply(setup, work, events, horizon);
    }
}

/// Takes the drawn defaults off the pool and counts them by year.
#[inline(always)]
fn apply<const L: usize>(setup: &Setup, work: &mut Workspace<L>, events: &[DefaultEvent], horizon: &mut [[f64; 4]]) {
    let pool = &setup.plan.pool;
    let years = setup.axis.years as usize;
    for row in horizon.iter_mut() {
        *row = [0.0; 4];
    }
    for i in 0..events.len() {
        let event = events[i];
        let (lane, obligor, place) = (event.lane as usize, event.obligor as usize, event.step as usize - 1);
        let step = setup.axis.step[place] as usize;
        let year = setup.axis.year[place] as usize - 1;
        let (par, lost) = work.drivers.default(pool, &setup.carry_end, setup.carries_defaults, lane, obligor, step);
        let row = &mut horizon[lane * years + year];
        row[0] += setup.companies[obligor].par;
        row[1] += par;
        row[2] += lost;
        row[3] += 1.0;
    }
}

struct Paths<'a, const L: usize> {
    setup: &'a Setup,
    work: &'a mut BlockWork<L>,
}

impl<const L: usize> Kernel for Paths<'_, L> {
    type Output = Pack<L>;

    #[inline(always)]
    fn run(self) -> Pack<L> {
        let Self { setup, work } = self;
        work.measures.clear();
        runner::run(&setup.plan, &mut work.work, &mut Silent, &mut work.measures, |_, _| {})
    }
}

struct Returns<'a, const L: usize> {
    setup: &'a Setup,
    work: &'a BlockWork<L>,
    residual: usize,
}

impl<const L: usize> Kernel for Returns<'_, L> {
    type Output = Pack<L>;

    #[inline(always)]
    fn run(self) -> Pack<L> {
        let note = &self.setup.plan.deal.notes[self.work.measures.residuals()[self.residual] as usize];
        let outflow = note.original * note.issue_price;
        irr(&self.work.times, outflow, self.work.measures.equity_of(self.residual), 1e-9 * note.original)
    }
}

/// Runs the paths `first .. first + count` and returns their figures.
#[must_use]
pub fn run<const L: usize>(
    setup: &Setup,
    isa: Isa,
    first: u64,
    count: usize,
    work: &mut BlockWork<L>,
    stop: &dyn Fn() -> bool,
) -> Option<PathColumns> {
    let mut out = columns(setup, work, count);
    let mut done = 0;
    while done < count {
        if stop() {
            return None;
        }
        isa.run(Draws { setup, first: first + done as u64, work });
        let error = isa.run(Paths { setup, work });
        for r in 0..work.measures.residuals().len() {
            let rates = isa.run(Returns { setup, work, residual: r });
            let note = &setup.plan.deal.notes[work.measures.residuals()[r] as usize];
            let cost = note.original * note.issue_price;
            let mut total = Pack::ZERO;
            for flow in work.measures.equity_of(r) {
                total += *flow;
            }
            let lanes = if count - done < L { count - done } else { L };
            for l in 0..lanes {
                out.irr[r].push(rates.0[l]);
                out.moic[r].push(total.0[l] / cost);
            }
        }
        let lanes = if count - done < L { count - done } else { L };
        for l in 0..lanes {
            if error.0[l] > out.conservation_error || error.0[l].is_nan() {
                out.conservation_error = error.0[l];
            }
            store(setup, work, l, &mut out);
        }
        done += L;
    }
    Some(out)
}

fn columns<const L: usize>(setup: &Setup, work: &BlockWork<L>, count: usize) -> PathColumns {
    let notes = setup.plan.deal.notes.len();
    let years = setup.axis.years as usize;
    let residuals = work.measures.residuals().len();
    let numbers = |n: usize| vec![Vec::with_capacity(count); n];
    let flags = |n: usize| vec![Vec::with_capacity(count); n];
    PathColumns {
        paths: count,
        principal_loss: numbers(notes),
        interest_loss: numbers(notes),
        pv_loss: numbers(notes),
        wal: numbers(notes),
        default_period: numbers(notes),
        realized_period: numbers(notes),
        shortfall: flags(notes),
        deferral: flags(notes),
        irr: numbers(residuals),
        moic: numbers(residuals),
        company_default_rate: numbers(years),
        default_rate: numbers(years),
        loss_rate: numbers(years),
        defaults_number: numbers(years),
        equity_sum: vec![0.0; residuals * setup.plan.steps()],
        flow_sums: if work.measures.flows.is_some() { vec![[0.0; 6]; notes * setup.plan.steps()] } else { Vec::new() },
        conservation_error: 0.0,
    }
}

/// Stores the figures of one lane.
fn store<const L: usize>(setup: &Setup, work: &BlockWork<L>, l: usize, out: &mut PathColumns) {
    let m = &work.measures;
    for (n, note) in setup.plan.deal.notes.iter().enumerate() {
        let original = note.original;
        let dust = 1e-9 * original;
        let balance = if note.residual { 0.0 } else { m.balance[n].0[l] };
        let principal_loss = if balance > dust { balance } else { 0.0 };
        let owed = m.owed_interest[n].0[l];
        let interest_loss = if owed > dust { owed } else { 0.0 };
        let lost = principal_loss > 0.0 || interest_loss > 0.0;
        let short = m.first_shortfall[n].0[l];
        let economic = if lost { m.last_covered[n].0[l] + 1.0 } else { NEVER };
        let realized = if lost { m.last_period.0[l] } else { NEVER };
        let last = m.last_period.0[l];
        let economic = if lost && economic > last { last } else { economic };
        out.principal_loss[n].push(principal_loss / original);
        out.interest_loss[n].push(interest_loss / original);
        out.pv_loss[n].push((principal_loss + interest_loss) * m.discount[n].0[l] / original);
        let received = m.principal[n].0[l];
        out.wal[n].push(if received > dust { m.moment[n].0[l] / received } else { f64::NAN });
        out.default_period[n].push(if short < economic { short } else { economic });
        out.realized_period[n].push(if short < realized { short } else { realized });
        out.shortfall[n].push(short < NEVER);
        out.deferral[n].push(m.deferred[n].0[l]);
    }
    let years = setup.axis.years as usize;
    let par = setup.plan.pool.par;
    let mut sums = [0.0; 4];
    for y in 0..years {
        let row = &work.horizon[l * years + y];
        for k in 0..4 {
            sums[k] += row[k];
        }
        for k in 0..4 {
            sums[k] += setup.named[y][k];
        }
        out.company_default_rate[y].push(sums[0] / par);
        out.default_rate[y].push(sums[1] / par);
        out.loss_rate[y].push(sums[2] / par);
        out.defaults_number[y].push(sums[3]);
    }
    for (sum, flow) in out.equity_sum.iter_mut().zip(&m.equity) {
        *sum += flow.0[l];
    }
    if let Some(flows) = &m.flows {
        for (sum, flow) in out.flow_sums.iter_mut().zip(flows) {
            for k in 0..3 {
                let x = flow[k].0[l];
                sum[k] += x;
                sum[k + 3] += x * x;
            }
        }
    }
}
