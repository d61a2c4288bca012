//! What a scenario assumes of each loan: period rates of default and prepayment, recoveries and when they come.

use std::collections::HashMap;

use crate::collateral::closing_pool::{DefaultedAsset, PERFORMING};
use crate::collateral::groups::{GroupRates, LoanGroup};
use crate::collateral::loan::LoanFlows;
use crate::collateral::{ClosingPool, Tape};
use crate::compile::pool::{Contracts, MONTHS_CARRIED};
use crate::compile::values::{self, GroupKeys, Nature};
use crate::error::Problem;
use crate::math;
use crate::spec::Scenario;
use crate::spec::scenario::Value;
use crate::time::{Date, thirty_360};

/// A scenario read for one pool.
pub struct Assumptions<'a> {
    contracts: &'a Contracts<'a>,
    scenario: &'a Scenario,
    /// A default model brings the defaults: the scenario's rate takes no par off.
    model_defaults: bool,
    /// Per obligor: the step in which the scenario names it as defaulting.
    named: Vec<Option<usize>>,
    read: HashMap<(Series, &'a str), Vec<f64>>,
}

/// The values of a scenario that loans are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Series {
    Cdr,
    Cpr,
    Recovery,
    Lag,
}

/// Where a loan takes a value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Origin<'a> {
    Nowhere,
    /// A group of the scenario.
    Group(&'a str),
    /// A column of the tape, as bits.
    Tape(u64),
}

/// What tells the loans of two groups apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct GroupKey<'a> {
    from: [Origin<'a>; 4],
    named: Option<usize>,
}

/// Loans with the same rates, and a loan of each group.
#[derive(Clone, Debug)]
pub struct Groups {
    pub groups: Vec<LoanGroup>,
    pub first: Vec<usize>,
}

impl<'a> Assumptions<'a> {
    /// Reads a scenario; problems name its places.
    #[must_use]
    pub fn new(
        contracts: &'a Contracts<'a>,
        scenario: &'a Scenario,
        model_defaults: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let named = named_defaults(contracts, scenario, problems);
        Self { contracts, scenario, model_defaults, named, read: HashMap::new() }
    }

    /// Checks that every loan has a value of each kind.
    pub fn check(&self, problems: &mut Vec<Problem>) {
        for loan in 0..self.contracts.tape.len() {
            let key = self.key(loan);
            let required = [
                ("scenario.cdr", !self.model_defaults && self.scenario.cdr.is_some()),
                ("scenario.cpr", true),
                ("scenario.recovery", true),
                ("scenario.recovery_lag_months", self.scenario.recovery_lag_months.is_some()),
            ];
            let id = &self.contracts.tape.loan_id[loan];
            for ((place, required), from) in required.into_iter().zip(key.from) {
                if !required || from != Origin::Nowhere {
                    continue;
                }
                let message = if place == "scenario.recovery" {
                    format!("missing for loan {id}: neither the scenario nor the tape states a recovery rate")
                } else {
                    format!("no group holds loan {id}; expected a group \"*\" for all others")
                };
                if place == "scenario.recovery" || !problems.iter().any(|p| p.place == place) {
                    problems.push(Problem::new(place, message));
                }
            }
        }
    }

    /// The closing pool loan by loan, from which the defaults of a model are taken off.
    #[must_use]
    pub fn loan_by_loan(&mut self) -> ClosingPool {
        let contracts = self.contracts;
        let n = contracts.steps.len();
        let mut pool = ClosingPool::new(contracts.tape.len(), n);
        pool.obligor_loans = vec![Vec::new(); contracts.obligors.len()];
        pool.discount_share.clone_from(&contracts.discount_share);
        let mut flows = LoanFlows::default();
        for loan in 0..contracts.tape.len() {
            if contracts.tape.is_defaulted(loan) {
                pool.add_defaulted(&self.defaulted_asset(loan));
                continue;
            }
            pool.obligor_loans[contracts.obligor_of[loan]].push(u32::try_from(loan).unwrap_or(u32::MAX));
            let rates = self.rates(loan);
            flows.set(contracts.of(loan), &rates.mdr, &rates.mpr);
            pool.add_loan(loan, &flows, &rates.recovery, &rates.recovery_step, &contracts.rules);
        }
        let ccc = &contracts.ccc;
        pool.ccc_par =
            (0..n).map(|p| ccc.iter().map(|(_, loan)| pool.rows[*loan as usize * n + p][PERFORMING]).sum()).collect();
        pool.ccc_discount = ccc.iter().filter(|(asset, _)| asset.discount > 0.0).count();
        pool.ccc.clone_from(ccc);
        pool.finish();
        pool
    }

    /// The performing loans by what the scenario assumes of them.
    #[must_use]
    pub fn groups(&self) -> Groups {
        let contracts = self.contracts;
        let mut place_of: HashMap<GroupKey<'_>, usize> = HashMap::new();
        let mut ccc = vec![None; contracts.tape.len()];
        for (place, (_, loan)) in contracts.ccc.iter().enumerate() {
            ccc[*loan as usize] = Some(place);
        }
        let mut out = Groups { groups: Vec::new(), first: Vec::new() };
        for loan in (0..contracts.tape.len()).filter(|&loan| !contracts.tape.is_defaulted(loan)) {
            let place = *place_of.entry(self.key(loan)).or_insert_with(|| {
                out.groups.push(LoanGroup::new(contracts.steps.len()));
                out.first.push(loan);
                out.groups.len() - 1
            });
            out.groups[place].add(contracts.of(loan), contracts.discount_share[loan], ccc[loan]);
        }
        out
    }

    /// The assets that were in default on the as-of date.
    #[must_use]
    pub fn defaulted(&mut self) -> Vec<DefaultedAsset> {
        let tape = self.contracts.tape;
        (0..tape.len()).filter(|&i| tape.is_defaulted(i)).map(|loan| self.defaulted_asset(loan)).collect()
    }

    /// Period rates of one loan.
    #[must_use]
    pub fn rates(&mut self, loan: usize) -> GroupRates<f64> {
        let GroupKey { from: [cdr, cpr, recovery, lag], named } = self.key(loan);
        let mut mdr = self.series(Series::Cdr, cdr);
        if let Some(step) = named {
            mdr[step] = 1.0;
        }
        let steps = &self.contracts.steps;
        let recovery_step =
            self.series(Series::Lag, lag).iter().enumerate().map(|(p, lag)| steps.recovery_step(p, *lag)).collect();
        GroupRates {
            mdr,
            mpr: self.series(Series::Cpr, cpr),
            recovery: self.series(Series::Recovery, recovery),
            recovery_step,
        }
    }

    fn value(&self, series: Series) -> Option<&'a Value> {
        match series {
            Series::Cdr if self.model_defaults => None,
            Series::Cdr => self.scenario.cdr.as_ref(),
            Series::Cpr => Some(&self.scenario.cpr),
            Series::Recovery => self.scenario.recovery.as_ref(),
            Series::Lag => self.scenario.recovery_lag_months.as_ref(),
        }
    }

    /// Where a loan takes each value from: its own column, unless the scenario names groups, else its group.
    fn key(&self, loan: usize) -> GroupKey<'a> {
        let tape = self.contracts.tape;
        let keys = keys(tape, loan);
        let from = |series: Series, column: f64| {
            let value = self.value(series);
            if !column.is_nan() && !value.is_some_and(values::names_groups) {
                return Origin::Tape(column.to_bits());
            }
            value.and_then(|v| values::select(v, &keys)).map_or(Origin::Nowhere, |(_, key)| Origin::Group(key))
        };
        GroupKey {
            from: [
                from(Series::Cdr, f64::NAN),
                from(Series::Cpr, tape.cpr[loan]),
                from(Series::Recovery, tape.recovery[loan]),
                from(Series::Lag, tape.recovery_lag_months[loan]),
            ],
            named: self.named[self.contracts.obligor_of[loan]],
        }
    }

    /// The numbers of a value by step: rates of the period for rates a year.
    fn series(&mut self, series: Series, from: Origin<'a>) -> Vec<f64> {
        let (contracts, value) = (self.contracts, self.value(series));
        let steps = &contracts.steps;
        let period = |yearly: &[f64]| steps.period_rates(yearly, contracts.deal.conventions.simple_rates);
        let is_rate = matches!(series, Series::Cdr | Series::Cpr);
        match from {
            Origin::Nowhere => vec![0.0; steps.len()],
            Origin::Tape(bits) if is_rate => period(&vec![f64::from_bits(bits); steps.len()]),
            Origin::Tape(bits) => vec![f64::from_bits(bits); steps.len()],
            Origin::Group(key) => self
                .read
                .entry((series, key))
                .or_insert_with(|| {
                    let value = match value {
                        Some(Value::Groups { values }) => values.get(key),
                        value => value,
                    };
                    let nature = if is_rate { Nature::YearlyRate } else { Nature::Level };
                    let list = value.map_or_else(Vec::new, |v| values::series(v, &steps.timeline, nature));
                    if is_rate { period(&list) } else { list }
                })
                .clone(),
        }
    }

    fn defaulted_asset(&mut self, loan: usize) -> DefaultedAsset {
        let Contracts { tape, steps, deal, .. } = self.contracts;
        let since = Date(tape.default_date[loan]);
        let GroupKey { from: [_, _, recovery, lag], .. } = self.key(loan);
        let (recovery, lag) = (self.series(Series::Recovery, recovery)[0], self.series(Series::Lag, lag)[0]);
        let due = since.add_months(i32::try_from(math::ceil_to_u32(lag)).unwrap_or(0));
        let last = steps.len() - 1;
        let recovery_step = steps.dates.iter().position(|s| due <= s.end).unwrap_or(last);
        let late = since.add_months(MONTHS_CARRIED);
        let carry_end = deal.terms.grid.periods.iter().position(|p| p.determination > late).unwrap_or(steps.len());
        let market = tape.market_price[loan];
        let lesser = if market < recovery { market } else { recovery };
        let carrying = match deal.document.collateral.defaulted_value.as_deref() {
            Some("market") => market,
            Some("recovery") => recovery,
            Some("zero") => 0.0,
            _ => lesser,
        };
        DefaultedAsset { par: tape.par[loan], market, carrying, recovery, recovery_step, carry_end }
    }
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
