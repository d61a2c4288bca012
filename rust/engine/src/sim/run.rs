//! A simulation over threads: blocks are handed out by a counter, figures are kept by block index.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cloche_dispatch::Isa;

use super::block::{self, BLOCK, Block, BlockWork, Keep};
use super::columns::PathColumns;
use super::setup::Setup;
use super::totals::{BlockTotals, Counted, Sizes, Totals};
use crate::error::EngineError;
use crate::lifecycle::Short;
use crate::workers;

/// How a simulation is run; nothing here changes a bit of its results.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub paths: u64,
    pub threads: usize,
    pub isa: Isa,
    pub keep: Keep,
}

/// The figures of the finished paths.
#[derive(Debug)]
pub struct Simulated {
    pub totals: Totals,
    /// Each path, by block, where paths are kept.
    pub columns: Vec<PathColumns>,
    pub paths: u64,
    /// Whether the run was stopped before all paths were done.
    pub stopped: bool,
}

/// Puts blocks together in their order, whichever is finished first.
struct Merger {
    totals: Totals,
    columns: Vec<PathColumns>,
    short: Option<Short>,
    next: usize,
    /// Finished before one that comes before them.
    waiting: BTreeMap<usize, Block>,
    /// Figures of blocks that have been added, to be written again: a run takes no new memory for each block.
    written: Vec<BlockTotals>,
}

impl Merger {
    /// Adds a block, and gives the figures of an added one to write the next in, if there are any.
    fn add(&mut self, index: usize, block: Block) -> Option<BlockTotals> {
        self.waiting.insert(index, block);
        while let Some(mut block) = self.waiting.remove(&self.next) {
            self.totals.add(&mut block.totals);
            self.written.push(block.totals);
            self.columns.extend(block.columns);
            self.short = self.short.or(block.short);
            self.next += 1;
        }
        self.written.pop()
    }
}

/// Runs a simulation; `tick` is called on the calling thread with the paths done and says whether to go on.
///
/// A stopped run keeps the longest prefix of finished blocks: bit for bit a run of that many paths.
///
/// # Errors
/// [`EngineError::Run`] for options that cannot be run, or when a worker fails.
pub fn simulate(setup: &Setup, options: Options, tick: &mut dyn FnMut(u64) -> bool) -> Result<Simulated, EngineError> {
    if setup.plan.parts_ways() {
        // Each path has the document of its own time.
        return simulate_lanes::<1>(setup, options, tick);
    }
    simulate_lanes::<LANES>(setup, options, tick)
}

/// Paths that a worker runs at once.
pub const LANES: usize = 32;

/// [`simulate`] with another number of lanes, which changes no bit of the result.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_lanes<const L: usize>(
    setup: &Setup,
    options: Options,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Simulated, EngineError> {
    debug_assert!(L == 1 || !setup.plan.parts_ways(), "Invariant: futures that part ways are run one by one");
    if options.paths == 0 {
        return Err(EngineError::Run("found 0 paths; expected at least 1".to_owned()));
    }
    let paths = usize::try_from(options.paths).map_err(|_| EngineError::Run("too many paths".to_owned()))?;
    let blocks = paths.div_ceil(BLOCK);
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let totals = Totals::new(Sizes::of(setup), options.keep.flows);
    let (columns, written) = (Vec::new(), Vec::new());
    let counted = Mutex::new(Counted::default());
    let years = totals.years.len();
    let merger = Mutex::new(Merger { totals, columns, short: None, next: 0, waiting: BTreeMap::new(), written });
    let work = || {
        let mut scratch = BlockWork::<L>::new(setup, options.isa, options.keep);
        let mut written = None;
        loop {
            let b = next.fetch_add(1, Ordering::Relaxed);
            if b >= blocks || stop.load(Ordering::Relaxed) {
                return;
            }
            let first = b * BLOCK;
            let count = if paths - first < BLOCK { paths - first } else { BLOCK };
            let stopped = || stop.load(Ordering::Relaxed);
            let totals: BlockTotals =
                written.take().unwrap_or_else(|| BlockTotals::new(Sizes::of(setup), options.keep.flows));
            let Some(finished) = block::run::<L>(setup, first as u64, count, &mut scratch, totals, &stopped) else {
                return;
            };
            let mut to_count = None;
            if let Ok(mut merger) = merger.lock() {
                written = merger.add(b, finished);
                to_count = merger.totals.to_count();
            }
            // Blocks are counted while others are added: the other workers need not wait for it.
            if let Some(rates) = to_count {
                if let Ok(mut counted) = counted.lock() {
                    counted.add(years, &rates);
                }
                if let Ok(mut merger) = merger.lock() {
                    merger.totals.give_back(rates);
                }
            }
            done.fetch_add(count, Ordering::Relaxed);
        }
    };
    let threads = if options.threads < 1 { 1 } else { options.threads };
    workers::run(threads, work, || {
        if !tick(done.load(Ordering::Relaxed) as u64) {
            stop.store(true, Ordering::Relaxed);
        }
    })?;
    let Merger { mut totals, columns, short, .. } =
        merger.into_inner().map_err(|_| EngineError::Run("a worker failed".to_owned()))?;
    if let Some(short) = short {
        return Err(setup.plan.refusal(short));
    }
    totals.end(counted.into_inner().map_err(|_| EngineError::Run("a worker failed".to_owned()))?);
    let paths = totals.paths;
    Ok(Simulated { totals, columns, paths, stopped: paths < options.paths })
}
