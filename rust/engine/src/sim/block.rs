//! One reduction block: 1,024 paths in groups of `L` lanes, from draws to measures.
//!
//! Per-path figures are stored first and summed in path order after, so that sums do not depend on the lane width.

use cloche_dispatch::{Isa, Kernel};

use super::measures::{Measures, NEVER};
use super::setup::Setup;
use crate::credit::{CopulaScratch, DefaultEvent, Defaults};
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

/// Paths that are drawn before any of them is run, so that paths of a kind run side by side.
///
/// What a lane computes does not depend on its neighbours, but a step is left out only where no lane needs it.
const SORTED: usize = 256;

/// Scratch of one worker.
#[derive(Clone, Debug)]
pub struct BlockWork<const L: usize> {
    work: Workspace<L>,
    measures: Measures<L>,
    scratch: CopulaScratch,
    defaults: Defaults,
    /// Market factor of each drawn path.
    market: Vec<f64>,
    /// The drawn paths in the order in which they are run.
    order: Vec<Drawn>,
    times: IrrTimes,
}

/// A drawn path: what its closing pool loses, and its place among the drawn.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    lost: f64,
    path: usize,
}

impl<const L: usize> BlockWork<L> {
    /// Room for a simulation.
    #[must_use]
    pub fn new(setup: &Setup, isa: Isa, keep_flows: bool) -> Self {
        Self {
            work: Workspace::new(&setup.plan, isa),
            measures: Measures::new(&setup.plan, keep_flows),
            scratch: CopulaScratch::default(),
            defaults: Defaults::default(),
            market: Vec::with_capacity(SORTED),
            order: Vec::with_capacity(SORTED),
            times: IrrTimes::new(&setup.plan.days),
        }
    }
}

struct Draws<'a, const L: usize> {
    setup: &'a Setup,
    first: u64,
    count: usize,
    work: &'a mut BlockWork<L>,
}

impl<const L: usize> Kernel for Draws<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { setup, first, count, work } = self;
        let BlockWork { scratch, defaults, market, .. } = work;
        defaults.clear();
        market.clear();
        let mut path = 0;
        while path < count {
            setup.copula.draw::<L>(first + path as u64, scratch, defaults);
            market.extend_from_slice(&setup.copula.market::<L>(first + path as u64).0);
            path += L;
        }
    }
}

/// Counts the drawn defaults by year, and orders the paths by what their closing pools lose.
///
/// Of each path those defaults are left that cost the pool something, with the payment step (from 0) they fall into.
fn count_defaults<const L: usize>(setup: &Setup, work: &mut BlockWork<L>, done: usize, out: &mut PathColumns) {
    let pool = &setup.plan.pool;
    let (steps, cells) = (pool.steps, setup.axis.cell.as_slice());
    work.order.clear();
    let count = if out.paths - done < SORTED { out.paths - done } else { SORTED };
    let mut rows = setup.named.clone();
    for path in 0..count {
        rows.copy_from_slice(&setup.named);
        let by_year = rows.as_mut_slice();
        work.defaults.filter(path, |event| {
            let obligor = event.obligor as usize;
            let (step, year) = cells[event.step as usize - 1];
            let [par, lost] = pool.obligor_default[obligor * steps + step as usize];
            let row = &mut by_year[year as usize];
            row[0] += setup.companies[obligor].par;
            row[1] += par;
            row[2] += lost;
            row[3] += 1.0;
            (DefaultEvent { obligor: event.obligor, step }, par > 0.0)
        });
        let mut sums = [0.0; 4];
        for y in 0..rows.len() {
            for k in 0..4 {
                sums[k] += rows[y][k];
            }
            out.company_default_rate[y][done + path] = sums[0] / pool.par;
            out.default_rate[y][done + path] = sums[1] / pool.par;
            out.loss_rate[y][done + path] = sums[2] / pool.par;
            out.defaults_number[y][done + path] = sums[3];
        }
        work.order.push(Drawn { lost: sums[2], path });
    }
    work.order.sort_by(|a, b| a.lost.total_cmp(&b.lost));
}

struct Pool<'a, const L: usize> {
    setup: &'a Setup,
    paths: &'a [usize; L],
    work: &'a mut BlockWork<L>,
}

impl<const L: usize> Kernel for Pool<'_, L> {
    type Output = ();

    /// Takes the defaults of `L` drawn paths off the pool.
    #[inline(always)]
    fn run(self) {
        let Self { setup, paths, work } = self;
        let BlockWork { work, defaults, market, .. } = work;
        let mut factor = Pack::ZERO;
        for lane in 0..L {
            factor.0[lane] = market[paths[lane]];
        }
        setup.copula.conditional_hazard(&factor, &mut work.drivers.hazard);
        work.drivers.reset(&setup.plan.pool);
        for lane in 0..L {
            for event in defaults.of(paths[lane]) {
                work.drivers.default(&setup.plan.pool, lane, event.obligor as usize, event.step as usize);
            }
        }
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
        let drawn = if count - done < SORTED { count - done } else { SORTED };
        isa.run(Draws { setup, first: first + done as u64, count: drawn, work });
        count_defaults(setup, work, done, &mut out);
        let mut start = 0;
        while start < drawn {
            if stop() {
                return None;
            }
            run_lanes(setup, isa, start, done, work, &mut out);
            start += L;
        }
        done += drawn;
    }
    Some(out)
}

/// Runs the `L` drawn paths from place `start` of the order on; `done` paths of the block came before the drawn ones.
fn run_lanes<const L: usize>(
    setup: &Setup,
    isa: Isa,
    start: usize,
    done: usize,
    work: &mut BlockWork<L>,
    out: &mut PathColumns,
) {
    let lanes = if work.order.len() - start < L { work.order.len() - start } else { L };
    // Lanes that are left over run the last path once more.
    let mut paths = [0; L];
    for lane in 0..L {
        paths[lane] = work.order[start + if lane < lanes { lane } else { lanes - 1 }].path;
    }
    isa.run(Pool { setup, paths: &paths, work });
    work.measures.clear();
    let error = runner::run(&setup.plan, &mut work.work, &mut Silent, &mut work.measures, |_, _| {});
    for r in 0..work.measures.residuals().len() {
        let rates = isa.run(Returns { setup, work, residual: r });
        let note = &setup.plan.deal.notes[work.measures.residuals()[r] as usize];
        let cost = note.original * note.issue_price;
        let mut total = Pack::ZERO;
        for flow in work.measures.equity_of(r) {
            total += *flow;
        }
        for lane in 0..lanes {
            out.irr[r][done + paths[lane]] = rates.0[lane];
            out.moic[r][done + paths[lane]] = total.0[lane] / cost;
        }
    }
    for lane in 0..lanes {
        if error.0[lane] > out.conservation_error || error.0[lane].is_nan() {
            out.conservation_error = error.0[lane];
        }
        store(setup, work, lane, done + paths[lane], out);
    }
}

fn columns<const L: usize>(setup: &Setup, work: &BlockWork<L>, count: usize) -> PathColumns {
    let notes = setup.plan.deal.notes.len();
    let years = setup.axis.years as usize;
    let residuals = work.measures.residuals().len();
    let numbers = |n: usize| vec![vec![0.0; count]; n];
    let flags = |n: usize| vec![vec![false; count]; n];
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
fn store<const L: usize>(setup: &Setup, work: &BlockWork<L>, l: usize, path: usize, out: &mut PathColumns) {
    let m = &work.measures;
    for (n, note) in setup.plan.deal.notes.iter().enumerate() {
        let original = note.original;
        let dust = 1e-9 * original;
        let balance = if note.residual { 0.0 } else { work.work.state.notes[n].balance.0[l] };
        let principal_loss = if balance > dust { balance } else { 0.0 };
        let lanes = &work.work.state.notes[n];
        let owed = if note.residual { 0.0 } else { lanes.deferred.0[l] + lanes.overdue.0[l] };
        let interest_loss = if owed > dust { owed } else { 0.0 };
        let lost = principal_loss > 0.0 || interest_loss > 0.0;
        let short = m.first_shortfall[n].0[l];
        let economic = if lost { m.last_covered(n, l) + 1.0 } else { NEVER };
        let realized = if lost { m.last_period.0[l] } else { NEVER };
        let last = m.last_period.0[l];
        let economic = if lost && economic > last { last } else { economic };
        out.principal_loss[n][path] = principal_loss / original;
        out.interest_loss[n][path] = interest_loss / original;
        out.pv_loss[n][path] = (principal_loss + interest_loss) * m.discount[n * setup.plan.steps() + m.last_period.0[l] as usize] / original;
        let received = m.principal[n].0[l];
        out.wal[n][path] = if received > dust { m.moment[n].0[l] / received } else { f64::NAN };
        out.default_period[n][path] = if short < economic { short } else { economic };
        out.realized_period[n][path] = if short < realized { short } else { realized };
        out.shortfall[n][path] = short < NEVER;
        out.deferral[n][path] = m.deferred[n].lane(l);
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
