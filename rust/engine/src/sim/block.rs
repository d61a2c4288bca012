//! One reduction block: 1,024 paths, drawn together, ordered so that paths of a kind run side by side, and run in groups of
//! `L` lanes.
//!
//! What a lane computes does not depend on its neighbours, but a step is left out only where no lane needs it.

use cloche_dispatch::{Isa, Kernel};

use super::columns::{PathColumns, PathNote};
use super::ended;
use super::measures::{Measures, NEVER};
use super::setup::Setup;
use super::stakes::Stakes;
use super::totals::{BlockTotals, PLACES, count};
use super::watch::TestWatch;
use crate::credit::{CopulaScratch, DrawnPaths};
use crate::lanes::{Mask, Pack};
use crate::lifecycle::Short;
use crate::metrics::irr::irr;
use crate::metrics::{IrrTimes, irr_with_contributions};
use crate::path::runner::{self, Workspace};
use crate::waterfall::recorder::Silent;

mod pool;

use pool::Pool;

/// Paths of a reduction block; a constant of the determinism contract.
pub const BLOCK: usize = 1024;

/// Paths that are drawn and put in order together, before any of them is run; a constant of the contract, too.
const ORDERED: usize = 512;

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
    pub short: Option<Short>,
}

/// Scratch of one worker.
#[derive(Clone, Debug)]
pub struct BlockWork<const L: usize> {
    work: Workspace<L>,
    measures: Measures<L>,
    /// The tests by date, where cash flows are kept.
    watch: Option<TestWatch<L>>,
    scratch: CopulaScratch,
    drawn: DrawnPaths,
    stakes: Stakes,
    /// The drawn paths in the order in which they are run, each below what its defaults weigh.
    order: Vec<u64>,
    /// By year of a path: closing par and number of the companies that default, par that defaults, par less recovery.
    by_year: Vec<[f64; 4]>,
    times: IrrTimes,
    /// Times and days of the runs that end with each redemption between payment dates, by number of its plan.
    redeemed: Vec<Option<(IrrTimes, Vec<i32>)>>,
    keep: Keep,
    isa: Isa,
}

/// Bits of a place in the order that tell the path.
const PATH_BITS: u32 = 32;
impl<const L: usize> BlockWork<L> {
    /// Room for a simulation.
    #[must_use]
    pub fn new(setup: &Setup, isa: Isa, keep: Keep) -> Self {
        const {
            assert!(PLACES.is_multiple_of(L) && ORDERED.is_multiple_of(PLACES), "lanes fill whole groups of places");
            assert!(BLOCK.is_multiple_of(ORDERED), "an order ends with its block");
        };
        Self {
            work: Workspace::new(&setup.plan, isa),
            measures: Measures::new(&setup.plan, keep.flows),
            watch: keep.flows.then(|| TestWatch::new(&setup.plan)),
            scratch: CopulaScratch::default(),
            drawn: setup.copula.no_paths(),
            stakes: Stakes::new(setup),
            order: Vec::with_capacity(ORDERED),
            by_year: vec![[0.0; 4]; setup.named.len()],
            times: IrrTimes::new(setup.plan.told_days()),
            redeemed: (0..=setup.plan.regimes.len())
                .map(|number| {
                    let days = setup.plan.redemption(number)?.days(&setup.plan);
                    Some((IrrTimes::new(&days), days))
                })
                .collect(),
            keep,
            isa,
        }
    }
}

/// Runs the paths `first .. first + count` and returns their figures, written in `totals`; none when stopped.
#[must_use]
pub fn run<const L: usize>(
    setup: &Setup,
    first: u64,
    count: usize,
    work: &mut BlockWork<L>,
    mut totals: BlockTotals,
    stop: &dyn Fn() -> bool,
) -> Option<Block> {
    totals.open(count);
    let mut block = Block { totals, columns: work.keep.paths.then(|| PathColumns::new(setup, count)), short: None };
    let isa = work.isa;
    let mut from = 0;
    while from < count {
        let (first, count) = (first + from as u64, if count - from < ORDERED { count - from } else { ORDERED });
        match L {
            1 => isa.run(Draws::<L, 1> { setup, first, count, work }),
            8 => isa.run(Draws::<L, 8> { setup, first, count, work }),
            _ => isa.run(Draws::<L, 16> { setup, first, count, work }),
        }
        let mut start = 0;
        while start < count {
            if stop() {
                return None;
            }
            run_lanes(setup, from, start, work, &mut block);
            start += L;
        }
        from += count;
    }
    block.short = work.work.state.changes.short.take();
    Some(block)
}

/// Draws consecutive paths in packs of `D`, and orders them by what their defaults weigh.
struct Draws<'a, const L: usize, const D: usize> {
    setup: &'a Setup,
    first: u64,
    count: usize,
    work: &'a mut BlockWork<L>,
}

impl<const L: usize, const D: usize> Kernel for Draws<'_, L, D> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { setup, first, count, work } = self;
        let BlockWork { scratch, drawn, stakes, order, .. } = work;
        drawn.clear();
        order.clear();
        let together = setup.copula.packs::<D>();
        let mut path = 0;
        while path < count {
            let left = (count - path).div_ceil(D);
            let packs = if left < together { left } else { together };
            setup.copula.draw_packs::<D>(first + path as u64, packs, scratch, drawn);
            path += packs * D;
        }
        for path in 0..count {
            order.push(u64::from(stakes.of(drawn, path)) << PATH_BITS | path as u64);
        }
        order.sort_unstable();
    }
}

/// Runs the `L` drawn paths from place `start` of the order on, of which the first that was drawn is path `from` of the block.
fn run_lanes<const L: usize>(setup: &Setup, from: usize, start: usize, work: &mut BlockWork<L>, block: &mut Block) {
    let isa = work.isa;
    let lanes = if work.order.len() - start < L { work.order.len() - start } else { L };
    // Lanes that are left over run the last path once more; nothing is kept of them.
    let mut paths = [0; L];
    let mut kept = [false; L];
    for lane in 0..L {
        paths[lane] = work.order[start + if lane < lanes { lane } else { lanes - 1 }] as u32 as usize;
        kept[lane] = lane < lanes;
    }
    isa.run(Pool { setup, paths: &paths, kept: lanes, work, totals: &mut block.totals });
    work.measures.clear();
    let BlockWork { work: workspace, measures, watch, .. } = work;
    let error = match watch {
        Some(watch) => {
            watch.clear();
            runner::run(&setup.plan, workspace, watch, measures, TestWatch::open)
        }
        None => runner::run(&setup.plan, workspace, &mut Silent, measures, |_, _, _| {}),
    };
    work.measures.finish();
    if L == 1 && setup.plan.common.is_some() {
        let BlockWork { work: workspace, drawn, by_year, .. } = work;
        by_year.fill([0.0; 4]);
        ended::count(setup, &workspace.documents.trail, drawn, paths[0], by_year, &mut block.totals);
    }
    let place = start % PLACES;
    let mask = Mask::from_lanes(kept);
    isa.run(Fold { setup, work, place, kept: mask, totals: &mut block.totals });
    work.measures.events.fold(mask, &mut block.totals);
    if let Some(watch) = &work.watch {
        watch.fold(work.measures.last_period, mask, place, &mut block.totals);
    }
    for r in 0..work.measures.residuals().len() {
        let note = &setup.plan.deal.notes[work.measures.residuals()[r] as usize];
        let cost = setup.plan.cost::<1>(work.measures.residuals()[r] as usize).0[0];
        // The return sets flows below dust to nothing; where equity pays in, they are read once more.
        let contributes = setup.plan.equity_contributes();
        let flows = if contributes { work.measures.equity_of(r).to_vec() } else { Vec::new() };
        let number = work.work.documents.last();
        let (rates, total) = isa.run(Rates { setup, work, residual: r, number });
        let returns = &mut block.totals.returns[r];
        for lane in 0..lanes {
            returns.irr[from + paths[lane]] = rates.0[lane];
            returns.moic[from + paths[lane]] = total.0[lane] / cost;
        }
        if contributes {
            let days = work.redeemed[number].as_ref().map_or(setup.plan.told_days(), |(_, days)| days);
            for lane in 0..lanes {
                let mut paid_in = 0.0;
                for flow in &flows {
                    paid_in -= if flow.0[lane] < 0.0 { flow.0[lane] } else { 0.0 };
                }
                let flow = |p: usize| flows[p].0[lane];
                let rate = irr_with_contributions(days, cost, flow, 1e-9 * note.original);
                returns.irr[from + paths[lane]] = rate;
                returns.moic[from + paths[lane]] = (total.0[lane] + paid_in) / (cost + paid_in);
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
                columns.set(note, from + paths[lane], &work.note(setup, note, lane));
            }
        }
    }
}

/// The internal rate of return of a residual note, and the sum of its flows.
struct Rates<'a, const L: usize> {
    setup: &'a Setup,
    work: &'a mut BlockWork<L>,
    residual: usize,
    /// Number of the plan that was in force at the end.
    number: usize,
}

impl<const L: usize> Kernel for Rates<'_, L> {
    type Output = (Pack<L>, Pack<L>);

    #[inline(always)]
    fn run(self) -> (Pack<L>, Pack<L>) {
        let BlockWork { measures, times, redeemed, .. } = self.work;
        let times = redeemed[self.number].as_ref().map_or(&*times, |(times, _)| times);
        let note = &self.setup.plan.deal.notes[measures.residuals()[self.residual] as usize];
        let outflow = self.setup.plan.cost::<1>(measures.residuals()[self.residual] as usize).0[0];
        let flows = measures.equity_of(self.residual);
        let mut total = Pack::ZERO;
        for flow in &*flows {
            total += *flow;
        }
        (irr(times, outflow, flows, 1e-9 * note.original), total)
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

impl<const L: usize> Fold<'_, L> {
    /// The date among those of the residual flows on which a redemption stands, and its place after them; none without.
    #[inline(always)]
    fn redeemed_on(&self) -> Option<(usize, usize)> {
        let plan = &self.setup.plan;
        let number = self.work.work.documents.last();
        let regime = plan.redemption(number)?;
        let k = plan.redemptions().take_while(|(of, _)| *of < number).count();
        Some((plan.off_schedule() + regime.plan.shown(regime.step), plan.told_days().len() + k))
    }
}

impl<const L: usize> Kernel for Fold<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let of_redemption = self.redeemed_on();
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
                let share = |loss: f64| loss / note.original;
                principal.0[lane] = share(figures.principal_loss);
                interest.0[lane] = share(figures.interest_loss);
                pv.0[lane] = share(figures.pv_loss);
                count(&mut total.economic, figures.default_period);
                count(&mut total.realized, figures.realized_period);
                total.shortfalls += u64::from(figures.shortfall);
                if figures.principal_loss > 0.0 {
                    total.losses.push(principal.0[lane]);
                }
            }
            total.principal_loss.add(place, principal);
            total.interest_loss.add(place, interest);
            total.pv_loss.add(place, pv);
        }
        if totals.equity.len() == m.equity.len() {
            for (sum, flow) in totals.equity.iter_mut().zip(&m.equity) {
                sum.add(place, kept.keep(*flow));
            }
        } else {
            beside_redemptions(setup, m, of_redemption, place, kept, totals);
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

/// Adds residual flows by date where some run may end between payment dates: that flow has the place of its day.
#[inline(never)]
fn beside_redemptions<const L: usize>(
    setup: &Setup,
    measures: &Measures<L>,
    redeemed_on: Option<(usize, usize)>,
    place: usize,
    kept: Mask<L>,
    totals: &mut BlockTotals,
) {
    let dates = setup.plan.told_days().len();
    let room = dates + setup.plan.redemptions().count();
    for r in 0..measures.residuals().len() {
        let sums = &mut totals.equity[r * room..(r + 1) * room];
        for (i, flow) in measures.equity[r * dates..(r + 1) * dates].iter().enumerate() {
            let to = match redeemed_on {
                Some((at, to)) if at == i => to,
                _ => i,
            };
            sums[to].add(place, kept.keep(*flow));
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
            m.growth.get(n).map_or(m.discount[n * setup.plan.steps() + last as usize], |growth| 1.0 / growth.0[lane]);
        let received = m.principal[n].0[lane];
        PathNote {
            principal_loss,
            interest_loss,
            pv_loss: (principal_loss + interest_loss) * discount,
            wal: if received > dust { m.moment[n].0[lane] / received } else { f64::NAN },
            default_period: if short < economic { short } else { economic },
            realized_period: if short < realized { short } else { realized },
            shortfall: short < NEVER,
            deferral: m.deferred[n].lane(lane),
        }
    }
}
