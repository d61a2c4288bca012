//! One reduction block: 1,024 paths, drawn a few hundred at a time and run in groups of `L` lanes.

use cloche_dispatch::{Isa, Kernel};

use super::columns::{PathColumns, PathNote};
use super::measures::{Measures, NEVER};
use super::setup::Setup;
use super::totals::{BlockTotals, PLACES, Sizes, count};
use super::watch::TestWatch;
use crate::credit::{CopulaScratch, DefaultEvent, Defaults};
use crate::lanes::{Mask, Pack};
use crate::metrics::{IrrTimes, irr, irr_with_contributions};
use crate::path::runner::{self, Workspace};
use crate::waterfall::recorder::Silent;

/// Paths of a reduction block; a constant of the determinism contract.
pub const BLOCK: usize = 1024;

/// Paths that are drawn before any of them is run, so that paths of a kind run side by side; a constant of the contract.
///
/// What a lane computes does not depend on its neighbours, but a step is left out only where no lane needs it.
const SORTED: usize = 256;

/// What is kept beside the totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Sums of the cash flows of every class and date.
    pub flows: bool,
    /// The figures of every path.
    pub paths: bool,
}

/// A finished block.
#[derive(Debug)]
pub struct Block {
    pub totals: BlockTotals,
    pub columns: Option<PathColumns>,
    /// An event whose proceeds do not pay what they must in some path.
    pub short: Option<(usize, f64, f64)>,
}

/// Scratch of one worker.
#[derive(Clone, Debug)]
pub struct BlockWork<const L: usize> {
    work: Workspace<L>,
    measures: Measures<L>,
    /// The tests by date, where cash flows are kept.
    watch: Option<TestWatch<L>>,
    scratch: CopulaScratch,
    defaults: Defaults,
    /// Market factor of each drawn path.
    market: Vec<f64>,
    /// The drawn paths in the order in which they are run.
    order: Vec<Drawn>,
    times: IrrTimes,
    keep: Keep,
    isa: Isa,
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
    pub fn new(setup: &Setup, isa: Isa, keep: Keep) -> Self {
        const { assert!(PLACES.is_multiple_of(L) && SORTED.is_multiple_of(PLACES), "lanes fill whole groups of places") };
        Self {
            work: Workspace::new(&setup.plan, isa),
            measures: Measures::new(&setup.plan, keep.flows),
            watch: keep.flows.then(|| TestWatch::new(&setup.plan)),
            scratch: CopulaScratch::default(),
            defaults: Defaults::default(),
            market: Vec::with_capacity(SORTED),
            order: Vec::with_capacity(SORTED),
            times: IrrTimes::new(&setup.plan.days),
            keep,
            isa,
        }
    }
}

/// Runs the paths `first .. first + count` and returns their figures; none when stopped.
#[must_use]
pub fn run<const L: usize>(
    setup: &Setup,
    first: u64,
    count: usize,
    work: &mut BlockWork<L>,
    stop: &dyn Fn() -> bool,
) -> Option<Block> {
    let totals = BlockTotals::new(count, Sizes::of(setup), work.keep.flows);
    let mut block = Block { totals, columns: work.keep.paths.then(|| PathColumns::new(setup, count)), short: None };
    let isa = work.isa;
    let mut done = 0;
    while done < count {
        let drawn = if count - done < SORTED { count - done } else { SORTED };
        isa.run(Draws { setup, first: first + done as u64, count: drawn, work });
        isa.run(CountDefaults { setup, work, done, totals: &mut block.totals });
        let mut start = 0;
        while start < drawn {
            if stop() {
                return None;
            }
            run_lanes(setup, start, done, work, &mut block);
            start += L;
        }
        done += drawn;
    }
    block.short = work.work.state.changes.short.take();
    Some(block)
}

/// Draws the defaults and the market factor of consecutive paths.
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
            market.extend_from_slice(&setup.copula.draw::<L>(first + path as u64, scratch, defaults).0);
            path += L;
        }
    }
}

/// Counts the drawn defaults by year, and orders the paths by what their closing pools lose.
///
/// Of each path those defaults are left that cost the pool something, with the payment step (from 0) they fall into.
struct CountDefaults<'a, const L: usize> {
    setup: &'a Setup,
    work: &'a mut BlockWork<L>,
    done: usize,
    totals: &'a mut BlockTotals,
}

impl<const L: usize> Kernel for CountDefaults<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { setup, work, done, totals } = self;
        let pool = &setup.plan.pool;
        let (steps, cells, companies) = (pool.steps, setup.axis.cells.as_slice(), setup.companies.as_slice());
        let obligor_default = pool.obligor_default.as_slice();
        let (years, rates_of_paths) = (totals.years.as_mut_slice(), totals.rates.as_mut_slice());
        let per_par = 1.0 / pool.par;
        let count = if totals.paths - done < SORTED { totals.paths - done } else { SORTED };
        let mut rows = setup.named.clone();
        work.order.clear();
        for path in 0..count {
            rows.copy_from_slice(&setup.named);
            let by_year = rows.as_mut_slice();
            work.defaults.filter(path, |event| {
                let obligor = event.obligor as usize;
                let (step, year) = cells[event.step as usize - 1];
                let [par, lost] = obligor_default[obligor * steps + step as usize];
                let row = &mut by_year[year as usize];
                row[0] += companies[obligor].par;
                row[1] += par;
                row[2] += lost;
                row[3] += 1.0;
                (DefaultEvent { obligor: event.obligor, step }, par > 0.0)
            });
            let scale = [per_par, per_par, per_par, 1.0];
            let mut sums = [0.0; 4];
            for (y, row) in by_year.iter().enumerate() {
                for k in 0..4 {
                    sums[k] += row[k];
                }
                let mut rates = [0.0; 4];
                for k in 0..4 {
                    rates[k] = sums[k] * scale[k];
                }
                let [sum, square] = &mut years[y];
                for k in 0..4 {
                    sum[k] += rates[k];
                }
                for k in 0..4 {
                    square[k] += rates[k] * rates[k];
                }
                rates_of_paths[y * totals.paths + done + path] = [rates[1], rates[2]];
            }
            work.order.push(Drawn { lost: sums[2], path });
        }
        work.order.sort_by(|a, b| a.lost.total_cmp(&b.lost));
    }
}

/// Runs the `L` drawn paths from place `start` of the order on; `done` paths of the block came before the drawn ones.
fn run_lanes<const L: usize>(setup: &Setup, start: usize, done: usize, work: &mut BlockWork<L>, block: &mut Block) {
    let isa = work.isa;
    let lanes = if work.order.len() - start < L { work.order.len() - start } else { L };
    // Lanes that are left over run the last path once more; nothing is kept of them.
    let mut paths = [0; L];
    let mut kept = [false; L];
    for lane in 0..L {
        paths[lane] = work.order[start + if lane < lanes { lane } else { lanes - 1 }].path;
        kept[lane] = lane < lanes;
    }
    isa.run(Pool { setup, paths: &paths, work });
    work.measures.clear();
    let BlockWork { work: workspace, measures, watch, .. } = work;
    let error = match watch {
        Some(watch) => {
            watch.clear();
            runner::run(&setup.plan, workspace, watch, measures, |watch, p| watch.period = p)
        }
        None => runner::run(&setup.plan, workspace, &mut Silent, measures, |_, _| {}),
    };
    work.measures.finish();
    let place = start % PLACES;
    let mask = Mask::from_lanes(kept);
    isa.run(Fold { setup, work, place, kept: mask, totals: &mut block.totals });
    work.measures.events.fold(mask, &mut block.totals);
    if let Some(watch) = &work.watch {
        watch.fold(work.measures.last_period, mask, place, &mut block.totals);
    }
    for r in 0..work.measures.residuals().len() {
        let note = &setup.plan.deal.notes[work.measures.residuals()[r] as usize];
        let cost = note.original * note.issue_price;
        let rates = isa.run(Rates { setup, work, residual: r });
        let mut total = Pack::ZERO;
        for flow in work.measures.equity_of(r) {
            total += *flow;
        }
        let returns = &mut block.totals.returns[r];
        for lane in 0..lanes {
            returns.irr[done + paths[lane]] = rates.0[lane];
            returns.moic[done + paths[lane]] = total.0[lane] / cost;
        }
        if setup.plan.equity_contributes() {
            let flows = work.measures.equity_of(r);
            for lane in 0..lanes {
                let mut paid_in = 0.0;
                for flow in flows {
                    paid_in -= if flow.0[lane] < 0.0 { flow.0[lane] } else { 0.0 };
                }
                let flow = |p: usize| flows[p].0[lane];
                let rate = irr_with_contributions(&setup.plan.days, cost, flow, 1e-9 * note.original);
                returns.irr[done + paths[lane]] = rate;
                returns.moic[done + paths[lane]] = (total.0[lane] + paid_in) / (cost + paid_in);
            }
        }
    }
    for lane in 0..lanes {
        let totals = &mut block.totals;
        if error.0[lane] > totals.conservation_error || error.0[lane].is_nan() {
            totals.conservation_error = error.0[lane];
        }
        if let Some(columns) = &mut block.columns {
            for note in 0..setup.plan.deal.notes.len() {
                columns.set(note, done + paths[lane], &work.note(setup, note, lane));
            }
        }
    }
}

/// Takes the defaults of `L` drawn paths off the pool.
struct Pool<'a, const L: usize> {
    setup: &'a Setup,
    paths: &'a [usize; L],
    work: &'a mut BlockWork<L>,
}

impl<const L: usize> Kernel for Pool<'_, L> {
    type Output = ();

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

/// The internal rate of return of a residual note.
struct Rates<'a, const L: usize> {
    setup: &'a Setup,
    work: &'a BlockWork<L>,
    residual: usize,
}

impl<const L: usize> Kernel for Rates<'_, L> {
    type Output = Pack<L>;

    #[inline(always)]
    fn run(self) -> Pack<L> {
        let note = &self.setup.plan.deal.notes[self.work.measures.residuals()[self.residual] as usize];
        let outflow = note.original * note.issue_price;
        irr(&self.work.times, outflow, self.work.measures.equity_of(self.residual), 1e-9 * note.original)
    }
}

/// Adds the figures of `L` paths to the totals.
struct Fold<'a, const L: usize> {
    setup: &'a Setup,
    work: &'a BlockWork<L>,
    place: usize,
    /// Lanes whose paths are kept.
    kept: Mask<L>,
    totals: &'a mut BlockTotals,
}

impl<const L: usize> Kernel for Fold<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { setup, work, place, kept, totals } = self;
        let m = &work.measures;
        for (n, note) in setup.plan.deal.notes.iter().enumerate() {
            if note.residual {
                continue;
            }
            let total = &mut totals.notes[n];
            let dust = Pack::splat(1e-9 * note.original);
            let repaid = kept.and(m.principal[n].gt(dust));
            total.wal.add(place, repaid.keep(m.moment[n] / m.principal[n]));
            total.repaid += repaid.count();
            total.deferrals += kept.and(m.deferred[n]).count();
            let lanes = &work.work.state.notes[n];
            let lossy = lanes.balance.gt(dust).or((lanes.deferred + lanes.overdue).gt(dust));
            let short = m.first_shortfall[n].lt(Pack::splat(NEVER));
            if !kept.and(lossy.or(short)).any() {
                continue;
            }
            let [mut principal, mut interest, mut pv] = [Pack::<L>::ZERO; 3];
            for lane in 0..L {
                if !kept.lane(lane) {
                    continue;
                }
                let figures = work.note(setup, n, lane);
                principal.0[lane] = figures.principal_loss;
                interest.0[lane] = figures.interest_loss;
                pv.0[lane] = figures.pv_loss;
                count(&mut total.economic, figures.default_period);
                count(&mut total.realized, figures.realized_period);
                total.shortfalls += u64::from(figures.shortfall);
                if figures.principal_loss > 0.0 {
                    total.losses.push(figures.principal_loss);
                }
            }
            total.principal_loss.add(place, principal);
            total.interest_loss.add(place, interest);
            total.pv_loss.add(place, pv);
        }
        for (sum, flow) in totals.equity.iter_mut().zip(&m.equity) {
            sum.add(place, kept.keep(*flow));
        }
        if let Some(flows) = &m.flows {
            for (sums, flows) in totals.flows.iter_mut().zip(flows) {
                for (sum, flow) in sums.iter_mut().zip(flows) {
                    sum.add(place, kept.keep(*flow));
                }
            }
        }
    }
}

impl<const L: usize> BlockWork<L> {
    /// What a note did in one lane.
    fn note(&self, setup: &Setup, n: usize, lane: usize) -> PathNote {
        let (m, lanes, note) = (&self.measures, &self.work.state.notes[n], &setup.plan.deal.notes[n]);
        let original = note.original;
        let dust = 1e-9 * original;
        let owes = |x: f64| if x > dust && !note.residual { x } else { 0.0 };
        let principal_loss = owes(lanes.balance.0[lane]);
        let interest_loss = owes(lanes.deferred.0[lane] + lanes.overdue.0[lane]);
        let lost = principal_loss > 0.0 || interest_loss > 0.0;
        let (short, last) = (m.first_shortfall[n].0[lane], m.last_period.0[lane]);
        let uncovered = m.last_covered(n, lane) + 1.0;
        let economic = match lost {
            false => NEVER,
            true if uncovered > last => last,
            true => uncovered,
        };
        let realized = if lost { last } else { NEVER };
        let discount =
            m.factors.get(n).map_or(m.discount[n * setup.plan.steps() + last as usize], |factor| factor.0[lane]);
        let received = m.principal[n].0[lane];
        PathNote {
            principal_loss: principal_loss / original,
            interest_loss: interest_loss / original,
            pv_loss: (principal_loss + interest_loss) * discount / original,
            wal: if received > dust { m.moment[n].0[lane] / received } else { f64::NAN },
            default_period: if short < economic { short } else { economic },
            realized_period: if short < realized { short } else { realized },
            shortfall: short < NEVER,
            deferral: m.deferred[n].lane(lane),
        }
    }
}
