//! What a scenario assumes of each loan: period rates of default and prepayment, recoveries and when they come.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::collateral::closing_pool::{DefaultedAsset, PERFORMING};
use crate::collateral::groups::GroupRates;
use crate::collateral::loan_flows::LoanFlows;
use crate::collateral::parts::{PoolPart, Weight};
use crate::collateral::proportional::{Contract, Proportional};
use crate::collateral::sale::{self, SaleRow};
use crate::collateral::{ClosingPool, Holdings, Standing, Tape};
use crate::compile::defaulted_value::{DefaultedValue, market_value};
use crate::compile::pool::Contracts;
use crate::compile::run_steps::MONTHS_CARRIED;
use crate::compile::series::{Origin, Series};
use crate::compile::values::GroupKeys;
use crate::coverage::diversity::NO_INDUSTRY;
use crate::error::Problem;
use crate::math;
use crate::path::companies::Companies;
use crate::spec::Scenario;
use crate::spec::scenario::Value;
use crate::time::{Date, thirty_360};

mod groups;

pub use groups::Groups;

use groups::GroupKey;

/// A scenario read for one pool.
pub struct Assumptions<'c, 'a> {
    contracts: &'c Contracts<'c>,
    scenario: &'a Scenario,
    /// A default model brings the defaults: the scenario's rate takes no par off.
    model_defaults: bool,
    /// Per loan: where it takes each value from, and what else tells its group apart.
    keys: Vec<GroupKey<'a>>,
    read: HashMap<(Series, Origin<'a>), Vec<f64>>,
    /// Per origin of the lag: the step that collects the recovery of a default, by its step.
    collected: HashMap<Origin<'a>, Vec<u32>>,
}

/// Where a group takes its rates from, and what does not change with their numbers.
#[derive(Clone, Debug)]
pub struct GroupSource<'a> {
    pub cdr: Origin<'a>,
    pub cpr: Origin<'a>,
    pub recovery: Origin<'a>,
    /// The step in which the scenario names its company as defaulting.
    pub named: Option<usize>,
    /// Its loans prepay on their own dates, by contract.
    pub prepays_by_contract: bool,
    pub recovery_step: Vec<u32>,
}

/// An asset that was in default on the as-of date, and where its recovery comes from.
#[derive(Clone, Debug)]
pub struct DefaultedSource<'a> {
    pub loan: usize,
    /// At a recovery of nothing.
    pub asset: DefaultedAsset,
    pub recovery: Origin<'a>,
    /// Day from which on a payment date collects its recovery, where documents with other payment dates may follow.
    pub due: Option<Date>,
}

impl<'c, 'a> Assumptions<'c, 'a> {
    /// Reads a scenario; problems name its places.
    #[must_use]
    pub fn new(
        contracts: &'c Contracts<'c>,
        scenario: &'a Scenario,
        model_defaults: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let named = named_defaults(contracts, scenario, problems);
        let cdr = if model_defaults { None } else { scenario.cdr.as_ref() };
        let key = |loan| GroupKey {
            from: origins(contracts.tape, loan, scenario, cdr),
            named: named[contracts.obligor_of[loan]],
            alike: [false, true].map(|of_recoveries| contracts.alike(loan, of_recoveries)),
            own_dates: contracts.own_dates(loan),
        };
        let keys = (0..contracts.tape.len()).map(key).collect();
        Self { contracts, scenario, model_defaults, keys, read: HashMap::new(), collected: HashMap::new() }
    }

    /// Checks that every loan has a value of each kind.
    pub fn check(&self, problems: &mut Vec<Problem>) {
        for loan in 0..self.contracts.tape.len() {
            let key = self.key(loan);
            let required = [
                (Series::Cdr, "scenario.cdr", !self.model_defaults && self.scenario.cdr.is_some()),
                (Series::Cpr, "scenario.cpr", true),
                (Series::Recovery, "scenario.recovery", true),
                (Series::Lag, "scenario.recovery_lag_months", self.scenario.recovery_lag_months.is_some()),
            ];
            let id = &self.contracts.tape.loan_id[loan];
            for ((series, place, required), from) in required.into_iter().zip(key.from) {
                if !required || from != Origin::Nowhere {
                    continue;
                }
                if series == Series::Recovery {
                    let message = "neither the scenario nor the tape states a recovery rate";
                    problems.push(Problem::new(place, format!("missing for loan {id}: {message}")));
                } else if !problems.iter().any(|p| p.place == place) {
                    let message = format!("no group holds loan {id}; expected a group \"*\" for all others");
                    problems.push(Problem::new(place, message));
                }
            }
        }
    }

    /// The closing pool loan by loan, from which the defaults of a model are taken off; `one_by_one` where the run before had no
    /// closed form.
    #[must_use]
    pub fn loan_by_loan(&mut self, one_by_one: bool) -> ClosingPool {
        let contracts = self.contracts;
        let n = contracts.steps.len();
        let mut pool = ClosingPool::new(contracts.tape.len(), n);
        let mut obligor_loans = vec![Vec::new(); contracts.obligors.len()];
        pool.discount_share.clone_from(&contracts.discount_share);
        pool.undrawn = contracts.undrawn();
        let mut flows = LoanFlows::default();
        let reads_recoveries = contracts.parts.iter().any(|part| part.weight == Weight::Recovery);
        let mut recoveries = vec![0.0; if reads_recoveries { contracts.tape.len() * n } else { 0 }];
        for asset in self.defaulted_assets() {
            pool.add_defaulted(&asset);
        }
        let first = contracts.steps.start.first;
        // The same loans as they were at closing, where the run goes on from a later date.
        let mut closing = (first > 0).then(|| ClosingPool::new(contracts.tape.len(), n));
        for loan in 0..contracts.tape.len() {
            if contracts.tape.is_defaulted(loan) {
                continue;
            }
            obligor_loans[contracts.obligor_of[loan]].push(u32::try_from(loan).unwrap_or(u32::MAX));
            let mut rates = self.rates(loan);
            if reads_recoveries {
                recoveries[loan * n..][..n].copy_from_slice(&rates.recovery);
            }
            if let Some(closing) = &mut closing {
                flows.set(contracts.of(loan), &rates.mdr, &rates.mpr, 0, &Standing::WHOLE);
                closing.add_loan(loan, &flows, &rates.recovery, &rates.recovery_step, &contracts.rules);
            }
            let standing = contracts.standing(loan);
            for past in &standing.defaults {
                let Some(p) = past.step else { continue };
                rates.recovery[p] = past.recovery;
                rates.recovery_step[p] = past.collected as u32;
            }
            flows.set(contracts.of(loan), &rates.mdr, &rates.mpr, first, standing);
            pool.add_loan(loan, &flows, &rates.recovery, &rates.recovery_step, &contracts.rules);
            let sale = contracts.sale_of(loan);
            if !sale.is_empty() {
                let price = contracts.tape.market_price[loan];
                let mut left = standing.share;
                let mut rows = vec![SaleRow::default(); n];
                for (p, (step, own)) in sale.iter().zip(contracts.of(loan)).enumerate().skip(first) {
                    if !(left * own.open > 0.0) {
                        break;
                    }
                    let of_step = [&rates.sale[0], &rates.sale[1]].map(|rates| rates.get(p).copied());
                    let [mdr, mpr] = [of_step[0].unwrap_or(rates.mdr[p]), of_step[1].unwrap_or(rates.mpr[p])];
                    rows[p] = sale::row(step, left, mdr, mpr, price);
                    left = left * (1.0 - rates.mdr[p]) * (1.0 - rates.mpr[p]) * (1.0 - own.gone);
                }
                pool.add_sale(loan, &rows);
            }
        }
        pool.add_parts(&with_rates(&contracts.parts, &recoveries));
        let ccc = &contracts.ccc;
        pool.ccc_par = (0..n)
            .map(|p| ccc.iter().map(|(_, loan)| pool.rows[pool.row(*loan as usize, p)][PERFORMING]).sum())
            .collect();
        pool.ccc_discount = ccc.iter().filter(|(asset, _)| asset.discount > 0.0).count();
        pool.ccc_sets = contracts.ccc_sets();
        pool.ccc.clone_from(ccc);
        pool.obligor_loans = Holdings::new(&obligor_loans);
        let contract = |loan: usize| {
            let begins = contracts.of(loan).first().filter(|_| !contracts.tape.is_defaulted(loan));
            begins.map_or_else(Contract::default, |step| Contract {
                par: step.open,
                interest: step.interest.whole,
                scheduled: step.scheduled,
            })
        };
        let all: Vec<Contract> = (0..contracts.tape.len()).map(contract).collect();
        let form = match closing {
            None => Proportional::of(&pool, &all),
            Some(closing) => {
                let form = Proportional::of(&closing, &all);
                pool.one_by_one = form.is_some() && (one_by_one || !pool.follows(&closing, first));
                form.filter(|_| !pool.one_by_one)
            }
        };
        pool.finish(form);
        pool
    }

    /// The loans one by one, with their companies.
    #[must_use]
    pub fn companies(&mut self) -> Companies {
        let contracts = self.contracts;
        let (tape, n) = (contracts.tape, contracts.steps.len());
        let mut flows = LoanFlows::default();
        let [mut par, mut floor_benefit] = [(); 2].map(|()| Vec::with_capacity(tape.len() * n));
        // Neighbours on a tape often share their rates.
        let mut of_key = None;
        for loan in 0..tape.len() {
            if !tape.is_defaulted(loan) {
                let key = self.key(loan).of_group();
                let (_, rates) = match of_key.take().filter(|(known, _)| *known == key) {
                    Some(known) => of_key.insert(known),
                    None => of_key.insert((key, self.rates_of(key))),
                };
                let first = contracts.steps.start.first;
                flows.set(contracts.of(loan), &rates.mdr, &rates.mpr, first, contracts.standing(loan));
                par.extend_from_slice(&flows.end);
                floor_benefit.extend_from_slice(&flows.floor_benefit);
            }
            par.resize((loan + 1) * n, 0.0);
            floor_benefit.resize((loan + 1) * n, 0.0);
        }
        let group =
            |loan: usize| tape.parent_id.get(loan).filter(|id| !id.is_empty()).unwrap_or(&tape.obligor_id[loan]);
        let company = numbered((0..tape.len()).map(|loan| group(loan).as_str()));
        let industry = numbered(tape.industry.iter().map(String::as_str));
        let mut in_order: Vec<usize> = (0..tape.len()).collect();
        in_order.sort_by_key(|&loan| (company[loan], industry[loan]));
        Companies {
            steps: n,
            par,
            floor_benefit,
            obligor: contracts.obligor_of.clone(),
            company,
            industry,
            in_order,
            printed: contracts.deal.conventions.printed_diversity,
        }
    }

    /// The assets that were in default on the as-of date.
    #[must_use]
    pub fn defaulted(&mut self) -> Vec<DefaultedSource<'a>> {
        let tape = self.contracts.tape;
        (0..tape.len()).filter(|&i| tape.is_defaulted(i)).filter_map(|loan| self.defaulted_source(loan)).collect()
    }

    /// The assets that were in default on the as-of date, at the scenario's recoveries.
    #[must_use]
    pub fn defaulted_assets(&mut self) -> Vec<DefaultedAsset> {
        let (tape, rule) = (self.contracts.tape, DefaultedValue::of(self.contracts.deal));
        let mut out = Vec::new();
        for loan in (0..tape.len()).filter(|&i| tape.is_defaulted(i)) {
            let Some(source) = self.defaulted_source(loan) else { continue };
            let recovery = self.recovery(&source);
            let market = market_value(source.asset.market, recovery);
            out.push(DefaultedAsset { recovery, market, carrying: rule.value(market, recovery), ..source.asset });
        }
        out
    }

    /// What is recovered of an asset that was in default on the as-of date.
    pub fn recovery(&mut self, source: &DefaultedSource<'a>) -> f64 {
        self.series(Series::Recovery, source.recovery)[self.contracts.steps.start.tape]
    }

    /// Period rates of one loan.
    fn rates(&mut self, loan: usize) -> GroupRates<f64> {
        self.rates_of(self.key(loan))
    }

    fn rates_of(&mut self, key: GroupKey<'a>) -> GroupRates<f64> {
        let source = self.source_of(key);
        self.of_source(source)
    }

    fn source_of(&mut self, key: GroupKey<'a>) -> GroupSource<'a> {
        let GroupKey { from: [cdr, cpr, recovery, lag], named, own_dates, .. } = key;
        let prepays_by_contract = own_dates > 0;
        GroupSource { cdr, cpr, recovery, named, prepays_by_contract, recovery_step: self.recovery_steps(lag) }
    }

    /// Months from a default of a loan to its recovery, by step of the default.
    pub fn lags(&mut self, loan: usize) -> Vec<f64> {
        let GroupKey { from: [.., lag], .. } = self.key(loan);
        self.series(Series::Lag, lag)
    }

    fn recovery_steps(&mut self, lag: Origin<'a>) -> Vec<u32> {
        if let Some(known) = self.collected.get(&lag) {
            return known.clone();
        }
        let steps = &self.contracts.steps;
        let lags = self.series(Series::Lag, lag);
        let collected: Vec<u32> = lags.iter().enumerate().map(|(p, lag)| steps.recovery_step(p, *lag)).collect();
        self.collected.insert(lag, collected.clone());
        collected
    }

    /// Period rates of a source.
    pub fn of_source(&mut self, source: GroupSource<'a>) -> GroupRates<f64> {
        let GroupSource { cdr, cpr, recovery, named, prepays_by_contract, recovery_step } = source;
        let mut mdr = self.series(Series::Cdr, cdr);
        // What loans prepay by their contracts is in their rows.
        let cpr = if prepays_by_contract { Origin::Nowhere } else { cpr };
        let mut sale = self.sale_rates(cdr, cpr);
        if let Some(step) = named {
            mdr[step] = 1.0;
            if let Some(mdr) = sale[0].get_mut(step) {
                *mdr = 1.0;
            }
        }
        GroupRates {
            sale,
            mdr,
            mpr: self.series(Series::Cpr, cpr),
            recovery: self.series(Series::Recovery, recovery),
            recovery_step,
        }
    }

    /// Default and prepayment rates where all is sold at the end of a step; nothing where they are those of the step.
    fn sale_rates(&self, cdr: Origin<'a>, cpr: Origin<'a>) -> [Vec<f64>; 2] {
        let steps = &self.contracts.steps;
        if steps.sale_exponent.is_empty() {
            return Default::default();
        }
        let cdr = if self.model_defaults { Origin::Nowhere } else { cdr };
        [(Series::Cdr, cdr), (Series::Cpr, cpr)].map(|(series, from)| {
            let mut out = Vec::new();
            let simple = self.contracts.deal.conventions.simple_rates;
            series.read_for_sales(self.scenario, from, steps, simple, &mut out);
            out
        })
    }

    fn key(&self, loan: usize) -> GroupKey<'a> {
        self.keys[loan]
    }

    /// The numbers of a value by step.
    fn series(&mut self, series: Series, from: Origin<'a>) -> Vec<f64> {
        let (contracts, scenario) = (self.contracts, self.scenario);
        let from = if self.model_defaults && series == Series::Cdr { Origin::Nowhere } else { from };
        self.read
            .entry((series, from))
            .or_insert_with(|| {
                let mut out = Vec::new();
                series.read(scenario, from, &contracts.steps, contracts.deal.conventions.simple_rates, &mut out);
                out
            })
            .clone()
    }

    /// None where its recovery was collected before the run starts.
    fn defaulted_source(&mut self, loan: usize) -> Option<DefaultedSource<'a>> {
        let Contracts { tape, steps, deal, .. } = self.contracts;
        let opens = steps.start.tape;
        let since = Date(tape.default_date[loan]);
        let GroupKey { from: [_, _, recovery, lag], .. } = self.key(loan);
        let on = since.add_months(i32::try_from(math::ceil_to_u32(self.series(Series::Lag, lag)[opens])).unwrap_or(0));
        let last = steps.len() - 1;
        let mut recovery_step = (opens..last).find(|&p| on <= steps.dates[p].end).unwrap_or(last);
        let mut recovery = recovery;
        let mut due = (!steps.unadjusted.is_empty()).then_some(on);
        if let Some(standing) = self.contracts.stated(loan) {
            let pending = standing.defaults.iter().find(|past| past.step.is_none())?;
            recovery = Origin::Tape(pending.recovery.to_bits());
            // Of what the day of a redemption cuts, its part that ends on the day collects what is due by then.
            let by_then = steps.cut == Some(pending.collected) && on <= steps.dates[pending.collected].end;
            recovery_step = if by_then { pending.collected } else { steps.uncut(pending.collected) };
            due = pending.due;
        }
        let late = since.add_months(MONTHS_CARRIED);
        let period = deal.terms.grid.periods.iter().position(|p| p.determination > late);
        let carry_end = period.map_or(steps.len(), |period| *steps.within.of(period).start());
        let (par, market) = (tape.par[loan], tape.market_price[loan]);
        let asset = DefaultedAsset { par, market, carrying: 0.0, recovery: 0.0, recovery_step, carry_end };
        Some(DefaultedSource { loan, asset, recovery, due })
    }
}

/// Where a loan takes each value from: its own column, unless the scenario names groups, else its group.
fn origins<'a>(tape: &Tape, loan: usize, scenario: &'a Scenario, cdr: Option<&'a Value>) -> [Origin<'a>; 4] {
    let keys = keys(tape, loan);
    [
        Series::origin(cdr, f64::NAN, &keys),
        Series::origin(Series::Cpr.of(scenario), tape.cpr[loan], &keys),
        Series::origin(Series::Recovery.of(scenario), tape.recovery[loan], &keys),
        Series::origin(Series::Lag.of(scenario), tape.recovery_lag_months[loan], &keys),
    ]
}

/// Places of names in their order; of no name [`NO_INDUSTRY`].
fn numbered<'n>(names: impl Iterator<Item = &'n str> + Clone) -> Vec<u32> {
    let places: BTreeSet<&str> = names.clone().filter(|name| !name.is_empty()).collect();
    let places: BTreeMap<&str, u32> = places.into_iter().zip(0..).collect();
    names.map(|name| places.get(name).copied().unwrap_or(NO_INDUSTRY)).collect()
}

/// The parts of a pool, with the recovery rates that some weigh by, `[loan][step]`.
fn with_rates(parts: &[PoolPart], recoveries: &[f64]) -> Vec<PoolPart> {
    let mut out = parts.to_vec();
    for part in out.iter_mut().filter(|part| part.weight == Weight::Recovery) {
        part.weight = Weight::Step(recoveries.to_vec());
    }
    out
}

/// Per obligor: the step in which the scenario names it as defaulting.
fn named_defaults(contracts: &Contracts<'_>, scenario: &Scenario, problems: &mut Vec<Problem>) -> Vec<Option<usize>> {
    let mut out = vec![None; contracts.obligors.len()];
    let as_of = Date(contracts.tape.as_of);
    for (id, text) in &scenario.defaults {
        let place = format!("scenario.defaults.{id}");
        let Some(date) = Date::parse(text) else {
            problems.push(Problem::new(place, format!("found {text:?}; expected a date such as 2027-03-31")));
            continue;
        };
        let Ok(obligor) = contracts.obligors.binary_search_by(|(name, _)| name.cmp(id)) else {
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
        out[obligor] = contracts.steps.step_of(thirty_360(as_of, date));
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
