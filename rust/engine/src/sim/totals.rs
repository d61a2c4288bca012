//! What a simulation keeps of all paths: sums, counts, and the few figures that are kept of each.
//!
//! A figure is summed in thirty-two sums, by the path's place in the order of running, and these at the end of a block; the
//! sums of blocks are added in the order of blocks. So no sum depends on lanes or threads.

use super::histogram::Histogram;
use super::measures::NEVER;
use super::setup::Setup;
use super::watch::{EVENTS, TestTotals};
use crate::lanes::Pack;

/// Sums that a figure is spread over; every number of lanes divides it.
pub const PLACES: usize = 32;

/// Blocks whose rates are counted in bins together.
const TOGETHER: usize = 32;

/// Sum and sum of squares of a figure over the paths of a block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    sums: [f64; PLACES],
    squares: [f64; PLACES],
}

impl Spread {
    /// Adds `L` paths, the first of which has this place.
    #[inline(always)]
    pub fn add<const L: usize>(&mut self, place: usize, x: Pack<L>) {
        let (sums, squares) = (&mut self.sums[place..place + L], &mut self.squares[place..place + L]);
        for l in 0..L {
            sums[l] += x.0[l];
            squares[l] += x.0[l] * x.0[l];
        }
    }

    /// The sums of all places.
    #[must_use]
    pub fn folded(&self) -> Moments {
        let mut out = Moments::default();
        for place in 0..PLACES {
            out.sum += self.sums[place];
            out.square += self.squares[place];
        }
        out
    }
}

/// Sum and sum of squares of a figure over paths.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    pub sum: f64,
    pub square: f64,
}

impl Moments {
    /// Adds other paths.
    pub fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.square += other.square;
    }
}

/// What is summed and counted of one class; losses are shares of the original balance.
#[derive(Clone, Debug, Default)]
pub struct NoteTotals<S> {
    pub principal_loss: S,
    pub interest_loss: S,
    pub pv_loss: S,
    /// Average lives, of the paths in which principal is paid.
    pub wal: S,
    pub repaid: u64,
    pub shortfalls: u64,
    pub deferrals: u64,
    /// Paths by period (from 0) of default, dated by coverage, and when realized.
    pub economic: Vec<u32>,
    pub realized: Vec<u32>,
    /// Principal losses of the paths that have one, in no order.
    pub losses: Vec<f64>,
}

impl<S: Default> NoteTotals<S> {
    fn new(steps: usize) -> Self {
        Self { economic: vec![0; steps], realized: vec![0; steps], ..Self::default() }
    }

    /// Back to nothing seen.
    fn clear(&mut self) {
        let Self { economic, realized, losses, .. } = std::mem::take(self);
        *self = Self { economic, realized, losses, ..Self::default() };
        self.economic.fill(0);
        self.realized.fill(0);
        self.losses.clear();
    }
}

/// Returns of one residual note, path by path.
#[derive(Clone, Debug, Default)]
pub struct Returns {
    pub irr: Vec<f64>,
    pub moic: Vec<f64>,
}

/// Defaults of the closing pool up to a whole year: company default rate, number, default rate, and loss rate.
#[derive(Clone, Debug, Default)]
pub struct YearTotals {
    pub sums: [f64; 4],
    pub squares: [f64; 4],
}

/// How much there is to keep.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub notes: usize,
    pub residuals: usize,
    pub tests: usize,
    pub steps: usize,
    /// Dates on which residual notes are paid, those before the run included, then the days of redemptions between payment
    /// dates.
    pub dates: usize,
    pub years: usize,
}

impl Sizes {
    /// Of a simulation.
    #[must_use]
    pub fn of(setup: &Setup) -> Self {
        let Setup { plan, axis, .. } = setup;
        Self {
            notes: plan.deal.notes.len(),
            residuals: plan.deal.notes.iter().filter(|note| note.residual).count(),
            tests: plan.deal.tests.len(),
            steps: plan.told_dates(),
            dates: plan.told_days().len() + plan.redemptions().count(),
            years: axis.years as usize,
        }
    }
}

/// The figures of one block of paths.
#[derive(Clone, Debug)]
pub struct BlockTotals {
    pub paths: usize,
    pub notes: Vec<NoteTotals<Spread>>,
    pub returns: Vec<Returns>,
    /// Per residual note and date: flows.
    pub equity: Vec<Spread>,
    /// Per date and note: interest, principal, end balance; empty where they are not kept.
    pub flows: Vec<[Spread; 3]>,
    /// Per date and test; empty where cash flows are not kept.
    pub tests: Vec<TestTotals<Spread>>,
    /// Per date and event: paths in which it happens.
    pub events: Vec<[u64; EVENTS.len()]>,
    /// Per year: sums and sums of squares of the four rates.
    pub years: Vec<[[f64; 4]; 2]>,
    /// Default rate and loss rate of each path by year.
    pub rates: YearRates,
    /// Largest cash difference, currency units.
    pub conservation_error: f64,
}

impl BlockTotals {
    /// No paths seen.
    #[must_use]
    pub fn new(sizes: Sizes, keep_flows: bool) -> Self {
        let Sizes { notes, residuals, tests, steps, dates, years } = sizes;
        Self {
            paths: 0,
            notes: (0..notes).map(|_| NoteTotals::new(steps)).collect(),
            returns: vec![Returns::default(); residuals],
            equity: vec![Spread::default(); residuals * dates],
            flows: if keep_flows { vec![[Spread::default(); 3]; notes * steps] } else { Vec::new() },
            tests: if keep_flows { vec![TestTotals::default(); tests * steps] } else { Vec::new() },
            events: vec![[0; EVENTS.len()]; steps],
            years: vec![[[0.0; 4]; 2]; years],
            rates: YearRates::default(),
            conservation_error: 0.0,
        }
    }

    /// Back to no paths seen, with room for so many.
    pub fn open(&mut self, paths: usize) {
        self.paths = paths;
        for note in &mut self.notes {
            note.clear();
        }
        for returns in &mut self.returns {
            returns.irr.resize(paths, 0.0);
            returns.moic.resize(paths, 0.0);
        }
        self.equity.fill(Spread::default());
        self.flows.fill([Spread::default(); 3]);
        self.tests.fill(TestTotals::default());
        self.events.fill([0; EVENTS.len()]);
        self.years.fill([[0.0; 4]; 2]);
        self.rates.open(self.years.len(), paths);
        self.conservation_error = 0.0;
    }
}

impl BlockTotals {
    /// Adds what the defaults of a path count by year, each of the four times a unit, and leaves what the next begins with.
    #[inline(always)]
    pub fn count_years(&mut self, by_year: &mut [[f64; 4]], next: &[[f64; 4]], units: &[f64; 4]) {
        let mut sums = [0.0; 4];
        let years = by_year.iter_mut().zip(next).zip(&mut self.years).zip(self.rates.next());
        for (((row, next), [sum, square]), shown) in years {
            let mut rates = [0.0; 4];
            for k in 0..4 {
                sums[k] += row[k];
                rates[k] = sums[k] * units[k];
            }
            *row = *next;
            for k in 0..4 {
                sum[k] += rates[k];
            }
            for k in 0..4 {
                square[k] += rates[k] * rates[k];
            }
            shown[0] = [rates[2], rates[3]];
        }
    }
}

/// Default rate and loss rate of each path of a block up to each whole year, in the order of running.
#[derive(Clone, Debug, Default)]
pub struct YearRates {
    /// Year after year, each of so many places.
    rows: Vec<[f64; 2]>,
    stride: usize,
    paths: usize,
}

impl YearRates {
    /// Back to no paths, with room for so many.
    fn open(&mut self, years: usize, paths: usize) {
        // Years that lay a power of two apart would share the places of a cache.
        const APART: usize = 12;
        self.stride = paths + APART;
        let places = years * self.stride;
        if self.rows.len() != places {
            // New memory comes cleared.
            self.rows = vec![[0.0; 2]; places];
        }
        self.paths = 0;
    }

    /// The places of the path that follows: the first of each.
    #[inline(always)]
    fn next(&mut self) -> impl Iterator<Item = &mut [[f64; 2]]> {
        let path = self.paths;
        self.paths += 1;
        self.rows.chunks_exact_mut(self.stride).map(move |year| &mut year[path..])
    }

    /// Both rates of all paths up to a year, from 0.
    #[must_use]
    fn of(&self, year: usize) -> &[[f64; 2]] {
        &self.rows[year * self.stride..][..self.paths]
    }
}

/// Default rate and loss rate of paths, counted in bins; by year. They do not depend on the order in which blocks are counted.
#[derive(Clone, Debug, Default)]
pub struct Counted(Vec<[Histogram; 2]>);

impl Counted {
    /// Counts blocks: one year of all of them after the other, since the bins of one histogram stay near and those of all do not.
    pub fn add(&mut self, years: usize, blocks: &[YearRates]) {
        if self.0.is_empty() {
            // Made one by one: a clone would take the memory of all bins.
            self.0 = (0..years).map(|_| <[Histogram; 2]>::default()).collect();
        }
        for (y, [default_rate, loss_rate]) in self.0.iter_mut().enumerate() {
            for rates in blocks {
                default_rate.add::<0>(rates.of(y));
            }
            for rates in blocks {
                loss_rate.add::<1>(rates.of(y));
            }
        }
    }
}

/// The figures of all paths.
#[derive(Clone, Debug)]
pub struct Totals {
    pub paths: u64,
    pub notes: Vec<NoteTotals<Moments>>,
    pub returns: Vec<Returns>,
    /// Per residual note and date: flows.
    pub equity: Vec<Moments>,
    /// Per date and note: interest, principal, end balance; empty where they are not kept.
    pub flows: Vec<[Moments; 3]>,
    /// Per date and test; empty where cash flows are not kept.
    pub tests: Vec<TestTotals<Moments>>,
    /// Per date and event: paths in which it happens.
    pub events: Vec<[u64; EVENTS.len()]>,
    pub years: Vec<YearTotals>,
    /// Per year: default rate and loss rate; nothing in runs of so few blocks that these wait to be asked for.
    counted: Counted,
    /// By block that is not counted in bins yet.
    uncounted: Vec<YearRates>,
    /// Those of blocks that have been counted, to be written again.
    written: Vec<YearRates>,
    /// Largest cash difference of any date of any path, currency units.
    pub conservation_error: f64,
}

impl Totals {
    /// No paths.
    #[must_use]
    pub fn new(sizes: Sizes, keep_flows: bool) -> Self {
        let Sizes { notes, residuals, tests, steps, dates, years } = sizes;
        Self {
            paths: 0,
            notes: (0..notes).map(|_| NoteTotals::new(steps)).collect(),
            returns: vec![Returns::default(); residuals],
            equity: vec![Moments::default(); residuals * dates],
            flows: if keep_flows { vec![[Moments::default(); 3]; notes * steps] } else { Vec::new() },
            tests: if keep_flows { vec![TestTotals::default(); tests * steps] } else { Vec::new() },
            events: vec![[0; EVENTS.len()]; steps],
            years: vec![YearTotals::default(); years],
            counted: Counted::default(),
            uncounted: Vec::with_capacity(TOGETHER),
            written: Vec::new(),
            conservation_error: 0.0,
        }
    }

    /// Adds the block that follows, of which nothing is needed any more; [`Totals::end`] ends a run.
    pub fn add(&mut self, block: &mut BlockTotals) {
        self.paths += block.paths as u64;
        for (total, note) in self.notes.iter_mut().zip(&block.notes) {
            total.principal_loss.add(note.principal_loss.folded());
            total.interest_loss.add(note.interest_loss.folded());
            total.pv_loss.add(note.pv_loss.folded());
            total.wal.add(note.wal.folded());
            total.repaid += note.repaid;
            total.shortfalls += note.shortfalls;
            total.deferrals += note.deferrals;
            for (sum, count) in total.economic.iter_mut().zip(&note.economic) {
                *sum += count;
            }
            for (sum, count) in total.realized.iter_mut().zip(&note.realized) {
                *sum += count;
            }
            total.losses.extend_from_slice(&note.losses);
        }
        for (total, returns) in self.returns.iter_mut().zip(&block.returns) {
            total.irr.extend_from_slice(&returns.irr);
            total.moic.extend_from_slice(&returns.moic);
        }
        for (total, flow) in self.equity.iter_mut().zip(&block.equity) {
            total.add(flow.folded());
        }
        for (total, flows) in self.flows.iter_mut().zip(&block.flows) {
            for (total, flow) in total.iter_mut().zip(flows) {
                total.add(flow.folded());
            }
        }
        for (total, test) in self.tests.iter_mut().zip(&block.tests) {
            total.add(test);
        }
        for (total, counts) in self.events.iter_mut().zip(&block.events) {
            for (sum, count) in total.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        for (total, [sums, squares]) in self.years.iter_mut().zip(&block.years) {
            for k in 0..4 {
                total.sums[k] += sums[k];
                total.squares[k] += squares[k];
            }
        }
        self.uncounted.push(std::mem::replace(&mut block.rates, self.written.pop().unwrap_or_default()));
        if block.conservation_error > self.conservation_error || block.conservation_error.is_nan() {
            self.conservation_error = block.conservation_error;
        }
    }

    /// Rates by year of so many blocks that they are to be counted in bins, to be given back when they are; none as long as there
    /// are fewer.
    pub fn to_count(&mut self) -> Option<Vec<YearRates>> {
        (self.uncounted.len() >= TOGETHER).then(|| std::mem::replace(&mut self.uncounted, Vec::with_capacity(TOGETHER)))
    }

    /// Takes back rates by year that have been counted: blocks to come are written there.
    pub fn give_back(&mut self, mut rates: Vec<YearRates>) {
        self.written.append(&mut rates);
    }

    /// Counts in bins what is not counted yet.
    pub fn settle(&mut self) {
        self.counted.add(self.years.len(), &self.uncounted);
        self.written.append(&mut self.uncounted);
    }

    /// Ends a run, of which some blocks may have been counted.
    pub fn end(&mut self, counted: Counted) {
        self.counted = counted;
        if !self.counted.0.is_empty() {
            self.settle();
        }
        self.written = Vec::new();
    }

    /// Quantiles of the default rate, or of the loss rate, up to a year (from 0), at levels that rise; `room` is used again.
    #[must_use]
    pub fn quantiles<const WHICH: usize, const N: usize>(
        &self,
        year: usize,
        levels: [f64; N],
        room: &mut Histogram,
    ) -> [f64; N] {
        if let Some(counted) = self.counted.0.get(year) {
            return counted[WHICH].quantiles(levels);
        }
        room.clear();
        for rates in &self.uncounted {
            room.add::<WHICH>(rates.of(year));
        }
        room.quantiles(levels)
    }
}

/// Counts a path by the period of its default, if it has one.
#[inline(always)]
pub fn count(by_period: &mut [u32], period: f64) {
    if period < NEVER {
        by_period[period as usize] += 1;
    }
}
