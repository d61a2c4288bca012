//! Estimates over all paths, with their standard errors.
//!
//! Means are folded in path order, block after block; quantiles are the smallest value whose cumulative probability
//! reaches the level.

use super::histogram::Histogram;
use super::setup::Setup;
use super::totals::{Moments, NoteTotals, Returns, Totals};
use super::watch::{self, EVENTS, TestTotals};
use crate::lanes::Pack;
use crate::metrics::quantile::rank;
use crate::metrics::{IrrTimes, irr, mean_se, mean_se_of_sums, quantiles};
use crate::path::plan::Plan;

/// One class over all paths; losses are shares of the original balance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoteEstimate {
    pub note: u16,
    pub default_probability: f64,
    pub default_probability_se: f64,
    pub expected_loss: f64,
    pub expected_loss_se: f64,
    pub loss_given_default: f64,
    pub interest_loss: f64,
    pub interest_loss_se: f64,
    pub pv_loss: f64,
    pub pv_loss_se: f64,
    pub loss_q95: f64,
    pub loss_q99: f64,
    pub loss_q999: f64,
    pub cte_99: f64,
    pub wal: f64,
    pub wal_se: f64,
    pub interest_shortfall_probability: f64,
    pub interest_shortfall_probability_se: f64,
    pub deferral_probability: f64,
    pub deferral_probability_se: f64,
    /// Median time of default among the paths that default, years from closing.
    pub first_loss_median: f64,
}

/// Cumulative default rate of one class by a whole year from closing.
#[derive(Clone, Debug, PartialEq)]
pub struct CumulativeDefault {
    pub note: u16,
    pub year: u32,
    /// Dated by coverage rather than realized.
    pub economic: bool,
    pub rate: f64,
    pub rate_se: f64,
}

/// Defaults of the closing pool up to a horizon, shares of closing par.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolEstimate {
    /// Whole years from the as-of date; none is the life of the deal.
    pub year: Option<u32>,
    pub company_default_rate: f64,
    pub company_default_rate_se: f64,
    pub company_default_rate_sd: f64,
    pub default_rate: f64,
    pub default_rate_se: f64,
    pub default_rate_sd: f64,
    pub default_rate_q: [f64; 4],
    pub loss_rate: f64,
    pub loss_rate_se: f64,
    pub loss_rate_sd: f64,
    pub loss_rate_q99: f64,
    pub defaults_number: f64,
    pub defaults_par: f64,
}

/// Returns of one residual note over all paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EquityEstimate {
    pub note: u16,
    pub irr: Distribution,
    pub moic: Distribution,
    pub probability_of_loss: f64,
    pub probability_of_loss_se: f64,
    pub irr_of_mean_flows: f64,
}

/// Mean, standard error, standard deviation and quantiles 1, 5, 25, 50, 75, 95, 99 %.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    pub mean: f64,
    pub se: f64,
    pub sd: f64,
    pub quantiles: [f64; 7],
}

/// Mean cash flow of one class on one date.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowEstimate {
    pub period: u32,
    pub note: u16,
    /// Interest, principal, end balance: mean and standard error.
    pub interest: (f64, f64),
    pub principal: (f64, f64),
    pub balance: (f64, f64),
}

/// How often a test fails on one date, and what it diverts.
#[derive(Clone, Debug, PartialEq)]
pub struct TestEstimate {
    pub period: u32,
    pub test: u16,
    /// Share of all paths, and its standard error.
    pub failing: (f64, f64),
    /// Currency units: mean over all paths, and its standard error.
    pub diversion: (f64, f64),
}

/// How often something happens to the deal on one date.
#[derive(Clone, Debug, PartialEq)]
pub struct EventEstimate {
    pub event: &'static str,
    pub period: u32,
    /// Share of all paths, and its standard error.
    pub probability: (f64, f64),
}

/// Everything a simulation estimates.
#[derive(Clone, Debug, Default)]
pub struct Estimates {
    pub notes: Vec<NoteEstimate>,
    pub cumulative_default: Vec<CumulativeDefault>,
    pub pool: Vec<PoolEstimate>,
    pub equity: Vec<EquityEstimate>,
    pub cashflows: Vec<FlowEstimate>,
    pub tests: Vec<TestEstimate>,
    pub events: Vec<EventEstimate>,
    /// Largest cash difference of any date of any path, currency units.
    pub conservation_error: f64,
}

/// Quantile levels of returns.
pub const RETURN_LEVELS: [f64; 7] = [0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99];
/// Quantile levels of pool default rates.
pub const DEFAULT_LEVELS: [f64; 4] = [0.50, 0.95, 0.99, 0.999];

fn share(count: u64, n: usize) -> (f64, f64) {
    let p = count as f64 / n as f64;
    let se = if n > 1 { (p * (1.0 - p) / (n as f64 - 1.0)).sqrt() } else { f64::NAN };
    (p, se)
}

/// The smallest loss whose cumulative probability over `n` paths is at least `p`; `losses` are those above zero, sorted.
fn loss_quantile(losses: &[f64], n: usize, p: f64) -> f64 {
    let Some(place) = rank(n, p) else { return f64::NAN };
    let without = n - losses.len();
    if place < without { 0.0 } else { losses[place - without] }
}

/// Mean loss of the worst 1 % of `n` paths; the path on the edge counts in part. `losses` are those above zero, sorted.
fn cte_99(losses: &[f64], n: usize) -> f64 {
    let wanted = 0.01 * n as f64;
    let (mut weight, mut sum) = (0.0, 0.0);
    for x in losses.iter().rev() {
        let left = wanted - weight;
        if !(left > 0.0) {
            break;
        }
        let take = if left < 1.0 { left } else { 1.0 };
        sum += take * x;
        weight += take;
    }
    sum / wanted
}

/// The median of the dates of default among the paths that default.
fn median_date(by_period: &[u32], years_of: &[f64]) -> f64 {
    let count: usize = by_period.iter().map(|c| *c as usize).sum();
    let Some(place) = rank(count, 0.5) else { return f64::NAN };
    let mut seen = 0;
    for (count, years) in by_period.iter().zip(years_of) {
        seen += *count as usize;
        if seen > place {
            return *years;
        }
    }
    f64::NAN
}

fn distribution(values: &[f64]) -> Distribution {
    let mean = mean_se(values);
    let mut found = [0.0; 7];
    found.copy_from_slice(&quantiles(&mut values.to_vec(), &RETURN_LEVELS));
    Distribution {
        mean: mean.mean,
        se: mean.standard_error,
        sd: mean.standard_error * (values.len() as f64).sqrt(),
        quantiles: found,
    }
}

/// Estimates from the totals of all finished paths, on up to so many threads, which change no bit of them.
///
/// # Panics
/// Where a thread panics.
#[must_use]
pub fn estimate(setup: &Setup, totals: &Totals, threads: usize) -> Estimates {
    /// Fewer paths are looked through before a thread has begun.
    const MANY: u64 = 8_192;
    if totals.paths == 0 {
        return Estimates::default();
    }
    let of_pool: Vec<_> = (1..=totals.years.len()).map(Some).chain(std::iter::once(None)).collect();
    if threads < 2 || totals.paths < MANY {
        return Estimates { pool: pool(setup, totals, &of_pool), ..of_classes(setup, totals) };
    }
    std::thread::scope(|scope| {
        let parts = of_pool.chunks(of_pool.len().div_ceil(threads));
        let parts: Vec<_> = parts.map(|years| scope.spawn(move || pool(setup, totals, years))).collect();
        let mut out = of_classes(setup, totals);
        for part in parts {
            out.pool.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        out
    })
}

/// All but those of the pool.
fn of_classes(setup: &Setup, totals: &Totals) -> Estimates {
    let n = totals.paths as usize;
    let mut out = Estimates { conservation_error: totals.conservation_error, ..Estimates::default() };
    let years_of: Vec<f64> = setup.plan.told().iter().map(|date| date.anniversary).collect();
    let last = years_of.last().copied().unwrap_or(0.0);
    for ((note, terms), total) in (0_u16..).zip(&setup.plan.deal.notes).zip(&totals.notes) {
        if terms.residual {
            continue;
        }
        out.notes.push(one_note(note, total, n, &years_of));
        for economic in [true, false] {
            let by_period = if economic { &total.economic } else { &total.realized };
            let mut year = 1;
            while f64::from(year) < last + 1.0 {
                let by = f64::from(year);
                let in_time = by_period.iter().zip(&years_of).filter(|(_, at)| **at <= by);
                let (rate, rate_se) = share(in_time.map(|(count, _)| u64::from(*count)).sum(), n);
                out.cumulative_default.push(CumulativeDefault { note, year, economic, rate, rate_se });
                year += 1;
            }
        }
    }
    let residuals = (0_u16..).zip(&setup.plan.deal.notes).filter(|(_, t)| t.residual);
    for (r, (note, terms)) in residuals.enumerate() {
        out.equity.push(equity(setup, totals, n, r, note, terms.original * terms.issue_price, terms.original));
    }
    if !totals.flows.is_empty() {
        out.cashflows = flows(setup, totals, n);
    }
    out.tests = tests(setup, totals, n);
    out.events = events(totals, n);
    out
}

fn one_note(note: u16, total: &NoteTotals<Moments>, n: usize, years_of: &[f64]) -> NoteEstimate {
    let of = |moments: Moments| mean_se_of_sums(moments.sum, moments.square, n as f64);
    let defaults = total.economic.iter().map(|c| u64::from(*c)).sum();
    let (default_probability, default_probability_se) = share(defaults, n);
    let (shortfall, shortfall_se) = share(total.shortfalls, n);
    let (deferred, deferred_se) = share(total.deferrals, n);
    let (expected, interest, pv) = (of(total.principal_loss), of(total.interest_loss), of(total.pv_loss));
    let life = mean_se_of_sums(total.wal.sum, total.wal.square, total.repaid as f64);
    let mut losses = total.losses.clone();
    losses.sort_unstable_by(f64::total_cmp);
    NoteEstimate {
        note,
        default_probability,
        default_probability_se,
        expected_loss: expected.mean,
        expected_loss_se: expected.standard_error,
        loss_given_default: if defaults == 0 { f64::NAN } else { expected.mean / default_probability },
        interest_loss: interest.mean,
        interest_loss_se: interest.standard_error,
        pv_loss: pv.mean,
        pv_loss_se: pv.standard_error,
        loss_q95: loss_quantile(&losses, n, 0.95),
        loss_q99: loss_quantile(&losses, n, 0.99),
        loss_q999: loss_quantile(&losses, n, 0.999),
        cte_99: cte_99(&losses, n),
        wal: life.mean,
        wal_se: life.standard_error,
        interest_shortfall_probability: shortfall,
        interest_shortfall_probability_se: shortfall_se,
        deferral_probability: deferred,
        deferral_probability_se: deferred_se,
        first_loss_median: median_date(&total.economic, years_of),
    }
}

/// A share of the pool, which the rounding of its parts does not take above all of it.
fn rate(x: f64) -> f64 {
    if x > 1.0 && x < 1.0 + 1e-9 { 1.0 } else { x }
}

/// Estimates of the pool up to some years; none: over the life of the deal.
fn pool(setup: &Setup, totals: &Totals, until: &[Option<usize>]) -> Vec<PoolEstimate> {
    let n = totals.paths as f64;
    let root = n.sqrt();
    let years = totals.years.len();
    let (mut out, mut room) = (Vec::new(), Histogram::default());
    for &y in until {
        let place = y.unwrap_or(years) - 1;
        let total = &totals.years[place];
        let of = |k: usize| mean_se_of_sums(total.sums[k], total.squares[k], n);
        let (company, number, default, loss) = (of(0), of(1), of(2), of(3));
        out.push(PoolEstimate {
            year: y.map(|y| y as u32),
            company_default_rate: rate(company.mean),
            company_default_rate_se: company.standard_error,
            company_default_rate_sd: company.standard_error * root,
            default_rate: rate(default.mean),
            default_rate_se: default.standard_error,
            default_rate_sd: default.standard_error * root,
            default_rate_q: totals.quantiles::<0, 4>(place, DEFAULT_LEVELS, &mut room).map(rate),
            loss_rate: loss.mean,
            loss_rate_se: loss.standard_error,
            loss_rate_sd: loss.standard_error * root,
            loss_rate_q99: totals.quantiles::<1, 1>(place, [0.99], &mut room)[0],
            defaults_number: number.mean,
            defaults_par: default.mean * setup.plan.pool.par,
        });
    }
    out
}

fn equity(setup: &Setup, totals: &Totals, n: usize, r: usize, note: u16, cost: f64, original: f64) -> EquityEstimate {
    let Returns { irr: rates, moic: multiples } = &totals.returns[r];
    let losses = multiples.iter().filter(|m| **m < 1.0).count() as u64;
    let (probability_of_loss, probability_of_loss_se) = share(losses, n);
    let (days, mut mean) = mean_flows(setup, totals, n, r);
    let times = IrrTimes::new(&days);
    EquityEstimate {
        note,
        irr: distribution(rates),
        moic: distribution(multiples),
        probability_of_loss,
        probability_of_loss_se,
        irr_of_mean_flows: irr(&times, cost, &mut mean, 1e-9 * original).0[0],
    }
}

/// Days and mean flows of a residual note: those of the payment dates, and of redemptions between them that happen in a path.
fn mean_flows(setup: &Setup, totals: &Totals, n: usize, r: usize) -> (Vec<i32>, Vec<Pack<1>>) {
    let plan = &setup.plan;
    let days = plan.told_days();
    let room = days.len() + plan.redemptions().count();
    let sums: Vec<f64> = totals.equity[r * room..(r + 1) * room].iter().map(|flow| flow.sum).collect();
    let (regular, redeemed) = sums.split_at(days.len());
    let mut flows: Vec<(i32, f64)> = days.iter().copied().zip(regular.iter().copied()).collect();
    for ((_, redemption), sum) in plan.redemptions().zip(redeemed) {
        if !(*sum > 0.0) {
            continue;
        }
        let day = redemption.day - plan.deal.grid.closing.0;
        match flows.iter_mut().find(|(known, _)| *known == day) {
            Some((_, flow)) => *flow += sum,
            None => flows.push((day, *sum)),
        }
    }
    flows.sort_by_key(|(day, _)| *day);
    flows.into_iter().map(|(day, sum)| (day, Pack([sum / n as f64]))).unzip()
}

fn flows(setup: &Setup, totals: &Totals, n: usize) -> Vec<FlowEstimate> {
    let notes = setup.plan.deal.notes.len();
    let mut out = Vec::new();
    for (i, moments) in totals.flows.iter().enumerate().skip(setup.plan.first() * notes) {
        let [interest, principal, balance] = moments.map(|m| {
            let estimate = mean_se_of_sums(m.sum, m.square, n as f64);
            (estimate.mean, estimate.standard_error)
        });
        out.push(FlowEstimate { period: (i / notes) as u32, note: (i % notes) as u16, interest, principal, balance });
    }
    out
}

fn tests(setup: &Setup, totals: &Totals, n: usize) -> Vec<TestEstimate> {
    let plan = &setup.plan;
    let count = plan.deal.tests.len();
    let of_all = plan.common.as_ref().map(|_| watch::active(plan));
    let mut out = Vec::new();
    for (i, total) in totals.tests.iter().enumerate().skip(plan.first() * count) {
        let (period, test) = (i / count, i % count);
        let mut total = *total;
        let applies = match &of_all {
            None => plan.periods[period].active[test],
            Some(active) => joined(plan, &active[i - test..][..count], &totals.tests[i - test..], test, &mut total),
        };
        if applies {
            let diverted = mean_se_of_sums(total.diverted.sum, total.diverted.square, n as f64);
            out.push(TestEstimate {
                period: period as u32,
                test: test as u16,
                failing: share(total.failing, n),
                diversion: (diverted.mean, diverted.standard_error),
            });
        }
    }
    out
}

/// Adds to a test of a date what those of other documents that have its name do in other paths; returns whether it is the first of
/// them that applies.
fn joined(
    plan: &Plan,
    active: &[bool],
    totals: &[TestTotals<Moments>],
    test: usize,
    total: &mut TestTotals<Moments>,
) -> bool {
    let name = &plan.deal.tests[test].name;
    let alike = |other: &usize| *other != test && active[*other] && plan.deal.tests[*other].name == *name;
    if !active[test] || (0..test).any(|other| alike(&other)) {
        return false;
    }
    for other in (test + 1..active.len()).filter(alike) {
        total.failing += totals[other].failing;
        total.diverted.add(totals[other].diverted);
    }
    true
}

fn events(totals: &Totals, n: usize) -> Vec<EventEstimate> {
    let mut out = Vec::new();
    for (e, event) in EVENTS.into_iter().enumerate() {
        for (period, counts) in (0_u32..).zip(&totals.events) {
            if counts[e] > 0 {
                out.push(EventEstimate { event, period, probability: share(counts[e], n) });
            }
        }
    }
    out
}
