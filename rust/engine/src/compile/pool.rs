//! From a tape and a scenario to the closing pool.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::collateral::closing_pool::DefaultedAsset;
use crate::collateral::closing_pool::PERFORMING;
use crate::collateral::loan::{
    self, InterestShares, LoanContract, LoanCoupon, LoanFixings, LoanFlows, OwnDates, StepDates,
};
use crate::collateral::{ClosingPool, PoolRules, Tape};
use crate::compile::deal::CompiledDeal;
use crate::compile::periods;
use crate::compile::values::{self, GroupKeys, Nature, Timeline};
use crate::coverage::ccc_excess::CccAsset;
use crate::error::Problem;
use crate::math;
use crate::rates::Curves;
use crate::spec::Scenario;
use crate::spec::scenario::Value;
use crate::time::{Date, thirty_360};

/// The steps of a run: dates of each collection period, and how long the rates run.
#[derive(Clone, Debug)]
pub struct Steps {
    pub dates: Vec<StepDates>,
    pub timeline: Timeline,
    /// Exponent of yearly default and prepayment rates.
    pub exponent: Vec<f64>,
    /// Credit time of each unadjusted payment date, years from the as-of date.
    pub credit_time: Vec<f64>,
    pub carry_end: Vec<usize>,
    pub months: u32,
}

/// Months between the own dates of a loan that states only the next one.
const QUARTERLY: u32 = 3;

/// Months after which a defaulted obligation counts nothing.
const MONTHS_CARRIED: i32 = 36;

impl Steps {
    /// The steps of a deal from closing, or from a later as-of date.
    pub fn new(deal: &CompiledDeal, as_of: Date, problems: &mut Vec<Problem>) -> Option<Self> {
        let grid = &deal.terms.grid;
        let start = if as_of > grid.closing { as_of } else { grid.closing };
        let first = grid.periods.first()?;
        if start >= first.collection_last || start >= first.unadjusted {
            problems.push(Problem::new(
                "tape.as_of",
                format!(
                    "found {as_of}, after the first collection period of the deal (it ends {}); a run from a later date needs the deal's state on it",
                    first.collection_last
                ),
            ));
            return None;
        }
        let mut dates = Vec::new();
        let mut timeline = Timeline { starts: Vec::new(), months: Vec::new() };
        let mut exponent = Vec::new();
        let mut defaults_from = Vec::new();
        let mut credit_time = Vec::new();
        let mut previous = start;
        for (p, period) in grid.periods.iter().enumerate() {
            let from = if p == 0 { start } else { period.previous_unadjusted };
            let years = thirty_360(from, period.unadjusted);
            let yearly = if deal.conventions.rates_by_days {
                f64::from(period.collection_last - previous) / 365.0
            } else {
                years
            };
            dates.push(StepDates {
                start: previous,
                end: period.collection_last,
                is_last: period.is_last,
                years: yearly,
            });
            timeline.starts.push(period.previous_unadjusted);
            defaults_from.push(from);
            let since = |d: Date| (thirty_360(grid.closing, d) * 12.0 + 0.5) as usize;
            timeline.months.push((since(from), since(period.unadjusted) - since(from)));
            exponent.push(yearly);
            credit_time.push(thirty_360(as_of, period.unadjusted));
            previous = period.collection_last;
        }
        let carry_end = carry_ends(&defaults_from, |p| grid.periods[p].determination);
        Some(Self { dates, timeline, exponent, credit_time, carry_end, months: deal.dates.months })
    }

    /// Number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// Whether there is no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    /// Step that collects the recovery of a default in step `p` with a lag in months.
    #[must_use]
    pub fn recovery_step(&self, p: usize, lag_months: f64) -> u32 {
        let steps = math::ceil_to_u32(lag_months / f64::from(self.months)) as usize;
        let last = self.len() - 1;
        u32::try_from(if p + steps < last { p + steps } else { last }).unwrap_or(u32::MAX)
    }

    /// Period rate of a yearly rate.
    #[must_use]
    pub fn period_rate(&self, yearly: f64, p: usize, simple: bool) -> f64 {
        let years = self.exponent[p];
        if simple {
            let rate = yearly * years;
            return if rate < 1.0 { rate } else { 1.0 };
        }
        if yearly >= 1.0 { 1.0 } else { 1.0 - math::pow(1.0 - yearly, years) }
    }

    /// The step (from 0) that takes a credit time, or none after the last.
    #[must_use]
    pub fn step_of(&self, time: f64) -> Option<usize> {
        self.credit_time.iter().position(|t| time <= *t)
    }
}

/// Per step of default: the first step whose determination date is more than three years after the step's start.
fn carry_ends(starts: &[Date], determination: impl Fn(usize) -> Date) -> Vec<usize> {
    let n = starts.len();
    starts
        .iter()
        .enumerate()
        .map(|(k, start)| (k..n).find(|&q| determination(q) > start.add_months(MONTHS_CARRIED)).unwrap_or(n))
        .collect()
}

/// Period rates and recoveries of one group of loans.
#[derive(Clone, Debug)]
pub struct Assumptions {
    pub mdr: Vec<f64>,
    pub mpr: Vec<f64>,
    pub recovery: Vec<f64>,
    pub recovery_step: Vec<u32>,
}

/// What the compiled pool is built from.
pub struct PoolInput<'a> {
    pub deal: &'a CompiledDeal,
    pub tape: &'a Tape,
    pub scenario: &'a Scenario,
    pub curves: &'a Curves,
    pub steps: &'a Steps,
    /// A default model brings the defaults: the scenario's rate takes no par off.
    pub model_defaults: bool,
}

/// The compiled pool, and the order of its obligors.
pub struct CompiledPool {
    pub pool: ClosingPool,
    /// Distinct obligors in order of their ids, each with its first loan on the tape.
    pub obligors: Vec<(String, usize)>,
    pub opening_defaulted_par: f64,
}

struct Fixings<'a> {
    deal: &'a CompiledDeal,
    curves: &'a Curves,
    index: &'a str,
    by_step: &'a [f64],
    memo: RefCell<HashMap<Date, f64>>,
}

impl LoanFixings for Fixings<'_> {
    fn step(&self, step: usize) -> f64 {
        self.by_step[step]
    }
    fn own(&self, start: Date) -> f64 {
        *self.memo.borrow_mut().entry(start).or_insert_with(|| {
            let on = self.deal.dates.fixing_calendar.add_business_days(start, -2);
            self.curves.fixing(self.index, on).unwrap_or(0.0)
        })
    }
}

/// Builds the closing pool.
pub fn compile(input: &PoolInput<'_>, problems: &mut Vec<Problem>) -> CompiledPool {
    let PoolInput { deal, tape, steps, .. } = input;
    let n = steps.len();
    let mut pool = ClosingPool::new(tape.len(), n);
    let obligors = obligors(tape);
    let place_of: HashMap<&str, usize> = obligors.iter().enumerate().map(|(k, (id, _))| (id.as_str(), k)).collect();
    pool.obligor_loans = vec![Vec::new(); obligors.len()];
    let named = named_defaults(input, &place_of, problems);
    let rules = PoolRules {
        steps: n,
        carry_end: steps.carry_end.clone(),
        carries_defaults: deal.document.collateral.defaulted_value.as_deref() != Some("zero"),
    };
    let own_index = periods::deal_index(deal);
    let mut by_index: HashMap<&str, Fixings<'_>> = HashMap::new();
    let mut step_fixings: HashMap<String, Vec<f64>> = HashMap::new();
    for index in tape.index.iter().chain(std::iter::once(&own_index)) {
        let name = if index.is_empty() { &own_index } else { index };
        if step_fixings.contains_key(name) {
            continue;
        }
        let mut row = Vec::with_capacity(n);
        for p in 0..n {
            match periods::fixing(deal, input.curves, name, p) {
                Ok(rate) => row.push(rate),
                Err(message) => {
                    problems.push(Problem::new("scenario.rates", message));
                    break;
                }
            }
        }
        step_fixings.insert(name.clone(), row);
    }
    let mut opening_defaulted_par = 0.0;
    if !problems.is_empty() {
        return CompiledPool { pool, obligors, opening_defaulted_par };
    }
    for (name, row) in &step_fixings.iter().collect::<std::collections::BTreeMap<_, _>>() {
        by_index.insert(
            name.as_str(),
            Fixings { deal, curves: input.curves, index: name, by_step: row, memo: RefCell::new(HashMap::new()) },
        );
    }
    let mut memo = Memo::new();
    let shares = InterestShares {
        on_default: deal.conventions.interest_on_default,
        on_prepaid: deal.conventions.interest_on_prepaid,
    };
    let mut flows = LoanFlows::default();
    let mut ccc = Vec::new();
    for i in 0..tape.len() {
        let obligor = place_of[tape.obligor_id[i].as_str()];
        let Some(mut rates) = assumptions(input, i, &mut memo, problems) else { continue };
        if tape.is_defaulted(i) {
            opening_defaulted_par += tape.par[i];
            pool.add_defaulted(&defaulted_asset(input, i, &rates));
            continue;
        }
        pool.obligor_loans[obligor].push(u32::try_from(i).unwrap_or(u32::MAX));
        if let Some(step) = named[obligor] {
            rates.mdr[step] = 1.0;
        }
        let discount = carried_below_par(deal, tape, i);
        let in_ccc = tape.ccc[i] == 1 && (deal.conventions.discount_in_ccc || !(discount_share(deal, tape, i) > 0.0));
        pool.discount_share[i] = if in_ccc { 0.0 } else { discount };
        if in_ccc {
            ccc.push((CccAsset { price: tape.market_price[i], discount }, u32::try_from(i).unwrap_or(u32::MAX)));
        }
        let Some(contract) = contract(deal, tape, i, problems) else { continue };
        let index = if tape.index[i].is_empty() { own_index.as_str() } else { tape.index[i].as_str() };
        let Some(fixings) = by_index.get(index) else { continue };
        loan::run(&contract, &steps.dates, &rates.mdr, &rates.mpr, shares, fixings, &mut flows);
        pool.add_loan(i, &flows, &rates.recovery, &rates.recovery_step, &rules);
    }
    ccc.sort_by(|a, b| a.0.price.total_cmp(&b.0.price).then(a.1.cmp(&b.1)));
    pool.ccc_par =
        (0..n).map(|p| ccc.iter().map(|(_, loan)| pool.rows[*loan as usize * n + p][PERFORMING]).sum()).collect();
    pool.ccc_discount = ccc.iter().filter(|(asset, _)| asset.discount > 0.0).count();
    pool.ccc = ccc;
    pool.finish();
    CompiledPool { pool, obligors, opening_defaulted_par }
}

/// Distinct obligors in order of their ids.
fn obligors(tape: &Tape) -> Vec<(String, usize)> {
    let mut list: Vec<(String, usize)> = tape.obligor_id.iter().cloned().zip(0..).collect();
    list.sort();
    list.dedup_by(|b, a| a.0 == b.0);
    list
}

/// Per obligor: the step in which the scenario names it as defaulting.
fn named_defaults(
    input: &PoolInput<'_>,
    place_of: &HashMap<&str, usize>,
    problems: &mut Vec<Problem>,
) -> Vec<Option<usize>> {
    let mut out = vec![None; place_of.len()];
    let as_of = Date(input.tape.as_of);
    for (id, text) in &input.scenario.defaults {
        let place = format!("scenario.defaults.{id}");
        let Some(date) = Date::parse(text) else {
            problems.push(Problem::new(place, format!("found {text:?}; expected a date such as 2027-03-31")));
            continue;
        };
        let Some(&obligor) = place_of.get(id.as_str()) else {
            problems.push(Problem::new(place, format!("obligor {id:?} is not in the pool")));
            continue;
        };
        if date <= as_of {
            problems.push(Problem::new(
                place,
                format!("found {date}, on or before the as-of date {as_of}; expected a later date"),
            ));
            continue;
        }
        out[obligor] = input.steps.step_of(thirty_360(as_of, date));
    }
    out
}

/// The group keys of a loan.
#[must_use]
pub fn keys(tape: &Tape, i: usize) -> GroupKeys<'_> {
    GroupKeys {
        obligor: &tape.obligor_id[i],
        rating: &tape.rating[i],
        industry: &tape.industry[i],
        lien: &tape.lien[i],
    }
}

type Memo<'a> = HashMap<[&'a str; 4], (Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>)>;

fn assumptions<'a>(
    input: &PoolInput<'a>,
    i: usize,
    memo: &mut Memo<'a>,
    problems: &mut Vec<Problem>,
) -> Option<Assumptions> {
    let PoolInput { tape, scenario, steps, deal, .. } = input;
    let keys = keys(tape, i);
    let chosen = |value: Option<&'a Value>| value.and_then(|v| values::select(v, &keys));
    let cdr = if input.model_defaults { None } else { chosen(scenario.cdr.as_ref()) };
    let cpr = chosen(Some(&scenario.cpr));
    let recovery = chosen(scenario.recovery.as_ref());
    let lag = chosen(scenario.recovery_lag_months.as_ref());
    let name = |v: Option<(&'a Value, &'a str)>| v.map_or("-", |(_, key)| key);
    let simple = deal.conventions.simple_rates;
    let n = steps.len();
    let (mdr, mpr, rr, lags) = memo
        .entry([name(cdr), name(cpr), name(recovery), name(lag)])
        .or_insert_with(|| {
            let yearly = |v: Option<(&Value, &str)>| {
                v.map_or_else(|| vec![0.0; n], |(v, _)| values::series(v, &steps.timeline, Nature::YearlyRate))
            };
            let level = |v: Option<(&Value, &str)>, absent: f64| {
                v.map_or_else(|| vec![absent; n], |(v, _)| values::series(v, &steps.timeline, Nature::Level))
            };
            let period = |list: Vec<f64>| -> Vec<f64> {
                list.iter().enumerate().map(|(p, x)| steps.period_rate(*x, p, simple)).collect()
            };
            (period(yearly(cdr)), period(yearly(cpr)), level(recovery, f64::NAN), level(lag, 0.0))
        })
        .clone();
    let no_group = |value: Option<&Value>, chosen: bool| value.is_some() && !chosen;
    for (place, missing) in [
        ("scenario.cdr", !input.model_defaults && no_group(scenario.cdr.as_ref(), cdr.is_some())),
        ("scenario.cpr", no_group(Some(&scenario.cpr), cpr.is_some())),
        ("scenario.recovery_lag_months", no_group(scenario.recovery_lag_months.as_ref(), lag.is_some())),
    ] {
        if missing && !problems.iter().any(|p| p.place == place) {
            problems.push(Problem::new(
                place,
                format!("no group holds loan {}; expected a group \"*\" for all others", tape.loan_id[i]),
            ));
        }
    }
    let own = |column: f64, value: Option<&Value>| !column.is_nan() && !value.is_some_and(values::names_groups);
    let mpr = if own(tape.cpr[i], Some(&scenario.cpr)) {
        (0..n).map(|p| steps.period_rate(tape.cpr[i], p, simple)).collect()
    } else {
        mpr
    };
    let recovery = if own(tape.recovery[i], scenario.recovery.as_ref()) { vec![tape.recovery[i]; n] } else { rr };
    let lags = if own(tape.recovery_lag_months[i], scenario.recovery_lag_months.as_ref()) {
        vec![tape.recovery_lag_months[i]; n]
    } else {
        lags
    };
    if recovery.iter().any(|r| r.is_nan()) {
        problems.push(Problem::new(
            "scenario.recovery",
            format!("missing for loan {}: neither the scenario nor the tape states a recovery rate", tape.loan_id[i]),
        ));
        return None;
    }
    let recovery_step = (0..n).map(|p| steps.recovery_step(p, lags[p])).collect();
    Some(Assumptions { mdr, mpr, recovery, recovery_step })
}

/// Share of par that an asset is carried below par as a discount obligation or a long-dated asset.
fn carried_below_par(deal: &CompiledDeal, tape: &Tape, i: usize) -> f64 {
    let discount = discount_share(deal, tape, i);
    let long_dated = long_dated_share(deal, Date(tape.maturity[i]));
    if long_dated > discount { long_dated } else { discount }
}

/// Share of par that a discount obligation is carried below par.
fn discount_share(deal: &CompiledDeal, tape: &Tape, i: usize) -> f64 {
    let Some(rule) = &deal.document.collateral.discount else { return 0.0 };
    let threshold = if tape.weak[i] == 1 { rule.weak_below.unwrap_or(rule.below) } else { rule.below };
    let price = tape.purchase_price[i];
    let restored = rule.restore.is_some_and(|restore| tape.market_price[i] >= restore);
    if price < threshold && !restored { 1.0 - price } else { 0.0 }
}

/// Share of par that a long-dated asset is carried below par: all of it beyond two years after the stated maturity.
fn long_dated_share(deal: &CompiledDeal, maturity: Date) -> f64 {
    let last = deal.dates.stated_maturity;
    match deal.document.collateral.long_dated_value {
        Some(value) if maturity > last => {
            if maturity > last.add_months(24) {
                1.0
            } else {
                1.0 - value
            }
        }
        _ => 0.0,
    }
}

fn contract(deal: &CompiledDeal, tape: &Tape, i: usize, problems: &mut Vec<Problem>) -> Option<LoanContract> {
    let place = |column: &str| format!("tape loan {}, column {column:?}", tape.loan_id[i]);
    if tape.par_unfunded[i] > 0.0 {
        problems.push(Problem::new(
            place("par_unfunded"),
            "unfunded commitments are known but this version does not compute them yet",
        ));
        return None;
    }
    let or = |x: f64, absent: f64| if x.is_nan() { absent } else { x };
    let coupon = if tape.fixed[i] == 1 {
        LoanCoupon::Fixed { rate: tape.fixed_rate[i] }
    } else {
        LoanCoupon::Floating {
            spread: tape.spread[i],
            floor: or(tape.floor[i], 0.0),
            csa: or(tape.csa[i], 0.0),
            csa_in_floor: tape.csa_in_floor[i] == 1,
        }
    };
    let months = u32::try_from(tape.payment_frequency_months[i]).unwrap_or(0);
    let own = Tape::date(&tape.next_payment, i).filter(|_| !deal.conventions.cash_timing_period).map(|first| {
        let months = if months == 0 { QUARTERLY } else { months };
        let back = first.add_months(-i32::try_from(months).unwrap_or(3));
        let closing = deal.dates.closing;
        let default = if back > closing { back } else { closing };
        let rate = tape.current_rate[i];
        OwnDates {
            first,
            months,
            accrual_start: Tape::date(&tape.accrual_start, i).unwrap_or(default),
            closing,
            current_rate: (!rate.is_nan()).then_some(rate),
        }
    });
    let absent = if tape.fixed[i] == 1 { 0.0 } else { 0.01 };
    Some(LoanContract {
        par: tape.par[i],
        original_par: or(tape.original_par[i], tape.par[i]),
        coupon,
        day_count: tape.day_count(i),
        maturity: Date(tape.maturity[i]),
        amortization_rate: or(tape.amortization_rate[i], absent),
        own,
    })
}

fn defaulted_asset(input: &PoolInput<'_>, i: usize, rates: &Assumptions) -> DefaultedAsset {
    let PoolInput { tape, steps, deal, .. } = input;
    let since = Date(tape.default_date[i]);
    let stated = input.scenario.recovery_lag_months.as_ref();
    let lag = if tape.recovery_lag_months[i].is_nan() || stated.is_some_and(values::names_groups) {
        stated
            .and_then(|v| values::select(v, &keys(tape, i)))
            .map_or(0.0, |(v, _)| values::series(v, &steps.timeline, Nature::Level)[0])
    } else {
        tape.recovery_lag_months[i]
    };
    let due = since.add_months(i32::try_from(math::ceil_to_u32(lag)).unwrap_or(0));
    let last = steps.len() - 1;
    let recovery_step = steps.dates.iter().position(|s| due <= s.end).unwrap_or(last);
    let carry_end = steps
        .timeline
        .starts
        .iter()
        .enumerate()
        .position(|(p, _)| deal.terms.grid.periods[p].determination > since.add_months(MONTHS_CARRIED))
        .unwrap_or(steps.len());
    let (market, recovery) = (tape.market_price[i], rates.recovery[0]);
    let lesser = if market < recovery { market } else { recovery };
    let carrying = match deal.document.collateral.defaulted_value.as_deref() {
        Some("market") => market,
        Some("recovery") => recovery,
        Some("zero") => 0.0,
        _ => lesser,
    };
    DefaultedAsset { par: tape.par[i], market, carrying, recovery, recovery_step, carry_end }
}
