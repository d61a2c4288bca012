//! Estimates over all paths, with their standard errors.
//!
//! Means are folded in path order, block after block; quantiles are the smallest value whose cumulative probability
//! reaches the level.

use super::block::PathColumns;
use super::measures::NEVER as NEVER_DATED;
use super::run::Simulated;
use super::setup::Setup;
use crate::lanes::Pack;
use crate::math::ceil_to_u32;
use crate::metrics::{IrrTimes, irr, mean_se, quantiles};

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

/// Everything a simulation estimates.
#[derive(Clone, Debug, Default)]
pub struct Estimates {
    pub notes: Vec<NoteEstimate>,
    pub cumulative_default: Vec<CumulativeDefault>,
    pub pool: Vec<PoolEstimate>,
    pub equity: Vec<EquityEstimate>,
    pub cashflows: Vec<FlowEstimate>,
    /// Largest cash difference of any date of any path, currency units.
    pub conservation_error: f64,
}

/// Quantile levels of returns.
pub const RETURN_LEVELS: [f64; 7] = [0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99];
/// Quantile levels of pool default rates.
pub const DEFAULT_LEVELS: [f64; 4] = [0.50, 0.95, 0.99, 0.999];

/// Joins one figure of all blocks in path order.
fn join<T: Copy>(blocks: &[PathColumns], column: impl Fn(&PathColumns) -> &Vec<T>) -> Vec<T> {
    let mut out = Vec::new();
    for block in blocks {
        out.extend_from_slice(column(block));
    }
    out
}

fn share(count: usize, n: usize) -> (f64, f64) {
    let p = count as f64 / n as f64;
    let se = if n > 1 { (p * (1.0 - p) / (n as f64 - 1.0)).sqrt() } else { f64::NAN };
    (p, se)
}

/// Mean of the worst 1 % of the paths; the path on the edge counts in part. Reorders the sample.
fn cte_99(sample: &mut [f64]) -> f64 {
    let n = sample.len();
    if n == 0 {
        return f64::NAN;
    }
    let wanted = 0.01 * n as f64;
    let whole = ceil_to_u32(wanted) as usize;
    let from = n - if whole < n { whole } else { n };
    sample.select_nth_unstable_by(from, f64::total_cmp);
    let worst = &mut sample[from..];
    worst.sort_unstable_by(f64::total_cmp);
    let (mut weight, mut sum) = (0.0, 0.0);
    for x in worst.iter().rev() {
        let left = wanted - weight;
        let take = if left < 1.0 { left } else { 1.0 };
        sum += take * x;
        weight += take;
    }
    sum / weight
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

/// Estimates from the figures of all finished paths.
#[must_use]
pub fn estimate(setup: &Setup, simulated: &Simulated) -> Estimates {
    let blocks = &simulated.blocks;
    let n = simulated.paths as usize;
    if n == 0 {
        return Estimates::default();
    }
    let mut out = Estimates::default();
    for block in blocks {
        if block.conservation_error > out.conservation_error || block.conservation_error.is_nan() {
            out.conservation_error = block.conservation_error;
        }
    }
    let years_of: Vec<f64> = setup.plan.periods.iter().map(|p| p.anniversary).collect();
    for (note, terms) in (0_u16..).zip(&setup.plan.deal.notes) {
        if terms.residual {
            continue;
        }
        let i = note as usize;
        let estimate = one_note(note, blocks, n, &years_of);
        out.notes.push(estimate);
        for economic in [true, false] {
            let periods = join(blocks, |b| if economic { &b.default_period[i] } else { &b.realized_period[i] });
            let last = years_of.last().copied().unwrap_or(0.0);
            let mut by_period = vec![0_usize; years_of.len()];
            for period in periods.iter().filter(|p| **p < NEVER_DATED) {
                by_period[*period as usize] += 1;
            }
            let mut year = 1;
            while f64::from(year) < last + 1.0 {
                let by = f64::from(year);
                let count = by_period.iter().zip(&years_of).filter(|(_, at)| **at <= by).map(|(c, _)| c).sum();
                let (rate, rate_se) = share(count, n);
                out.cumulative_default.push(CumulativeDefault { note, year, economic, rate, rate_se });
                year += 1;
            }
        }
    }
    out.pool = pool(setup, blocks);
    let residuals = (0_u16..).zip(&setup.plan.deal.notes).filter(|(_, t)| t.residual);
    for (r, (note, terms)) in residuals.enumerate() {
        out.equity.push(equity(setup, blocks, n, r, note, terms.original * terms.issue_price, terms.original));
    }
    if blocks.first().is_some_and(|b| !b.flow_sums.is_empty()) {
        out.cashflows = flows(setup, blocks, n);
    }
    out
}

fn one_note(note: u16, blocks: &[PathColumns], n: usize, years_of: &[f64]) -> NoteEstimate {
    let i = note as usize;
    let mut loss = join(blocks, |b| &b.principal_loss[i]);
    let interest = join(blocks, |b| &b.interest_loss[i]);
    let pv = join(blocks, |b| &b.pv_loss[i]);
    let wal: Vec<f64> = join(blocks, |b| &b.wal[i]).into_iter().filter(|x| !x.is_nan()).collect();
    let default = join(blocks, |b| &b.default_period[i]);
    let short = join(blocks, |b| &b.shortfall[i]);
    let deferral = join(blocks, |b| &b.deferral[i]);
    let mut dates: Vec<f64> = default.iter().filter(|p| **p < NEVER_DATED).map(|p| years_of[*p as usize]).collect();
    let (default_probability, default_probability_se) = share(dates.len(), n);
    let (shortfall, shortfall_se) = share(short.iter().filter(|x| **x).count(), n);
    let (deferred, deferred_se) = share(deferral.iter().filter(|x| **x).count(), n);
    let expected = mean_se(&loss);
    let interest = mean_se(&interest);
    let pv = mean_se(&pv);
    let life = mean_se(&wal);
    let tail = quantiles(&mut loss, &[0.95, 0.99, 0.999]);
    NoteEstimate {
        note,
        default_probability,
        default_probability_se,
        expected_loss: expected.mean,
        expected_loss_se: expected.standard_error,
        loss_given_default: if dates.is_empty() { f64::NAN } else { expected.mean / default_probability },
        interest_loss: interest.mean,
        interest_loss_se: interest.standard_error,
        pv_loss: pv.mean,
        pv_loss_se: pv.standard_error,
        loss_q95: tail[0],
        loss_q99: tail[1],
        loss_q999: tail[2],
        cte_99: cte_99(&mut loss),
        wal: if wal.is_empty() { f64::NAN } else { life.mean },
        wal_se: if wal.is_empty() { f64::NAN } else { life.standard_error },
        interest_shortfall_probability: shortfall,
        interest_shortfall_probability_se: shortfall_se,
        deferral_probability: deferred,
        deferral_probability_se: deferred_se,
        first_loss_median: quantiles(&mut dates, &[0.5])[0],
    }
}

fn pool(setup: &Setup, blocks: &[PathColumns]) -> Vec<PoolEstimate> {
    let years = setup.axis.years;
    let mut out = Vec::new();
    for y in (1..=years).map(Some).chain(std::iter::once(None)) {
        let at = (y.unwrap_or(years) - 1) as usize;
        let company = mean_se(&join(blocks, |b| &b.company_default_rate[at]));
        let mut rates = join(blocks, |b| &b.default_rate[at]);
        let default = mean_se(&rates);
        let mut losses = join(blocks, |b| &b.loss_rate[at]);
        let loss = mean_se(&losses);
        let number = mean_se(&join(blocks, |b| &b.defaults_number[at]));
        let root = (rates.len() as f64).sqrt();
        let mut default_rate_q = [0.0; 4];
        default_rate_q.copy_from_slice(&quantiles(&mut rates, &DEFAULT_LEVELS));
        out.push(PoolEstimate {
            year: y,
            company_default_rate: company.mean,
            company_default_rate_se: company.standard_error,
            company_default_rate_sd: company.standard_error * root,
            default_rate: default.mean,
            default_rate_se: default.standard_error,
            default_rate_sd: default.standard_error * root,
            default_rate_q,
            loss_rate: loss.mean,
            loss_rate_se: loss.standard_error,
            loss_rate_sd: loss.standard_error * root,
            loss_rate_q99: quantiles(&mut losses, &[0.99])[0],
            defaults_number: number.mean,
            defaults_par: default.mean * setup.plan.pool.par,
        });
    }
    out
}

fn equity(
    setup: &Setup,
    blocks: &[PathColumns],
    n: usize,
    r: usize,
    note: u16,
    cost: f64,
    original: f64,
) -> EquityEstimate {
    let rates = join(blocks, |b| &b.irr[r]);
    let multiples = join(blocks, |b| &b.moic[r]);
    let losses = multiples.iter().filter(|m| **m < 1.0).count();
    let (probability_of_loss, probability_of_loss_se) = share(losses, n);
    let steps = setup.plan.steps();
    let mut mean = vec![Pack::<1>::ZERO; steps];
    for block in blocks {
        for (p, flow) in mean.iter_mut().enumerate() {
            flow.0[0] += block.equity_sum[r * steps + p];
        }
    }
    for flow in &mut mean {
        flow.0[0] /= n as f64;
    }
    let times = IrrTimes::new(&setup.plan.days);
    EquityEstimate {
        note,
        irr: distribution(&rates),
        moic: distribution(&multiples),
        probability_of_loss,
        probability_of_loss_se,
        irr_of_mean_flows: irr(&times, cost, &mean, 1e-9 * original).0[0],
    }
}

fn flows(setup: &Setup, blocks: &[PathColumns], n: usize) -> Vec<FlowEstimate> {
    let notes = setup.plan.deal.notes.len();
    let mut out = Vec::new();
    for p in 0..setup.plan.steps() {
        for note in 0..notes {
            let mut sums = [0.0; 6];
            for block in blocks {
                for (sum, x) in sums.iter_mut().zip(&block.flow_sums[p * notes + note]) {
                    *sum += x;
                }
            }
            let figure = |k: usize| {
                let count = n as f64;
                let mean = sums[k] / count;
                let spread = sums[k + 3] / count - mean * mean;
                let variance = if spread > 0.0 { spread * count / (count - 1.0) } else { 0.0 };
                (mean, if n > 1 { (variance / count).sqrt() } else { f64::NAN })
            };
            out.push(FlowEstimate {
                period: p as u32,
                note: note as u16,
                interest: figure(0),
                principal: figure(1),
                balance: figure(2),
            });
        }
    }
    out
}
