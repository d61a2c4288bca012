//! What a state has left of the tape of a run: loans, purchases, the path of a simulation, past distributions.

use std::collections::{BTreeMap, HashMap};

use crate::collateral::cohorts_after::{CohortDefault, CohortsAfter};
use crate::collateral::{PastDefault, Standing, Tape};
use crate::compile::cohorts::{BoughtBefore, CohortTerms, CompiledCohorts};
use crate::compile::dates::date;
use crate::compile::deal::CompiledDeal;
use crate::compile::opening::Resumed;
use crate::compile::pool::{self, Contracts};
use crate::compile::run_steps::Steps;
use crate::error::Problem;
use crate::path::opening::{DrawnPath, PastDistributions};
use crate::path::runner::NOTHING_LEFT;
use crate::spec::DealState;
use crate::spec::state::{BoughtState, LoanState, PathState, PoolState};
use crate::time::Date;

/// The payment dates of a deal around the one after which a run goes on.
pub struct Calendar<'a> {
    deal: &'a CompiledDeal,
    /// Payment period (from 0) that ends on the state's payment date, and the pool step that does.
    p: usize,
    step: usize,
    /// Per pool step: its payment date, or the end of its month.
    days: Vec<Date>,
    /// The same before they move to business days.
    ends: Vec<Date>,
}

impl<'a> Calendar<'a> {
    /// The dates around that of payment period `p` and, where the pool steps from month to month, the ends of months.
    #[must_use]
    pub fn new(deal: &'a CompiledDeal, p: usize, steps: Option<&Steps>) -> Self {
        let payments = || deal.terms.grid.periods.iter().map(|period| period.payment).collect();
        let (days, step) = steps.map_or_else(|| (payments(), p), |steps| (steps.bought_on.clone(), steps.last_of(p)));
        let ends = steps.map_or_else(|| days.clone(), |steps| steps.unadjusted_end.clone());
        Self { deal, p, step, days, ends }
    }

    /// Ends of the steps of all documents up to the state and, as its path tells them, after it.
    fn schedule(&self, path: &PathState, problems: &mut Vec<Problem>) -> Vec<Date> {
        let mut out = self.ends[..=self.step].to_vec();
        for text in path.cohort_default_rates.keys() {
            let place = format!("state.path.cohort_default_rates.{text}");
            let Some(end) = date(text, &place, problems) else { continue };
            if end > self.ends[self.step] {
                out.push(end);
            } else {
                let message = format!("found {end}; expected a schedule date after {}", self.ends[self.step]);
                problems.push(Problem::new(place, message));
            }
        }
        out
    }

    /// The step (from 0) of a payment date that is not after the state's, or is.
    fn step(&self, text: &str, place: String, later: bool, problems: &mut Vec<Problem>) -> Option<usize> {
        let on = date(text, &place, problems)?;
        let step = self.days.iter().position(|day| *day == on);
        let fits = step.filter(|step| (*step > self.step) == later);
        if fits.is_none() {
            let payment = self.deal.terms.grid.periods[self.p].payment;
            let expected = if later { "after" } else { "up to" };
            let message = format!("found {on}; expected a payment date of the deal {expected} {payment}");
            problems.push(Problem::new(place, message));
        }
        fits
    }

    pub fn loans(&self, pool: &PoolState, tape: &Tape, problems: &mut Vec<Problem>) -> Vec<Standing> {
        let place_of: HashMap<&str, usize> = tape.loan_id.iter().map(String::as_str).zip(0..).collect();
        let mut out = vec![Standing::GONE; tape.len()];
        for (id, loan) in &pool.loans {
            let place = format!("state.pool.loans.{id}");
            match place_of.get(id.as_str()) {
                Some(&i) => out[i] = self.loan(loan, &place, tape.is_defaulted(i), problems),
                None => problems.push(Problem::new(place, "the tape has no such loan")),
            }
        }
        out
    }

    fn loan(&self, loan: &LoanState, place: &str, defaulted: bool, problems: &mut Vec<Problem>) -> Standing {
        share(loan.share, format!("{place}.share"), problems);
        let mut defaults = Vec::with_capacity(loan.defaults.len());
        for (k, default) in loan.defaults.iter().enumerate() {
            let place = format!("{place}.defaults[{k}]");
            share(default.share, format!("{place}.share"), problems);
            share(default.recovery, format!("{place}.recovery"), problems);
            let step = default
                .defaulted
                .as_ref()
                .and_then(|text| self.step(text, format!("{place}.defaulted"), false, problems));
            if default.defaulted.is_none() != defaulted {
                let expected = if defaulted { "no date: it was in default before" } else { "a payment date" };
                problems.push(Problem::new(format!("{place}.defaulted"), format!("expected {expected}")));
            }
            let Some(collected) = self.step(&default.collected, format!("{place}.collected"), true, problems) else {
                continue;
            };
            let due = due(default.due.as_deref(), &place, problems);
            defaults.push(PastDefault { step, share: default.share, recovery: default.recovery, collected, due });
        }
        defaults.sort_by_key(|past| past.step);
        Standing { share: loan.share, defaults, drawn: false }
    }

    pub fn bought(&self, bought: &BoughtState, problems: &mut Vec<Problem>) -> (BoughtBefore, CohortsAfter) {
        let place = "state.pool.bought";
        let mut before = BoughtBefore::default();
        let mut after =
            CohortsAfter { survival: bought.survival, performing: bought.performing_par, ..CohortsAfter::default() };
        if !(bought.survival > 0.0 && bought.survival <= 1.0) {
            let message = format!("found {}; expected a share above 0 up to 1", bought.survival);
            problems.push(Problem::new(format!("{place}.survival"), message));
        }
        amount(bought.performing_par, format!("{place}.performing_par"), problems);
        for (k, cohort) in bought.cohorts.iter().enumerate() {
            let place = format!("{place}.cohorts[{k}]");
            let maturity = date(&cohort.maturity, &format!("{place}.maturity"), problems);
            amount(cohort.units, format!("{place}.units"), problems);
            if !(cohort.price > 0.0) {
                let message = format!("found {}; expected a price above zero, such as 0.985", cohort.price);
                problems.push(Problem::new(format!("{place}.price"), message));
            }
            let step = self.step(&cohort.bought, format!("{place}.bought"), false, problems);
            if let (Some(step), Some(maturity)) = (step, maturity) {
                let (price, spread, floor) = (cohort.price, cohort.spread, cohort.floor);
                before.terms.push((step, CohortTerms { price, spread, floor, maturity }));
                after.units.push((step, cohort.units));
            }
        }
        for (k, default) in bought.defaults.iter().enumerate() {
            let place = format!("{place}.defaults[{k}]");
            amount(default.par, format!("{place}.par"), problems);
            amount(default.value, format!("{place}.value"), problems);
            let step = self.step(&default.defaulted, format!("{place}.defaulted"), false, problems);
            let collected = self.step(&default.collected, format!("{place}.collected"), true, problems);
            if let (Some(step), Some(collected)) = (step, collected) {
                before.defaults.push((step, collected, due(default.due.as_deref(), &place, problems)));
                after.defaults.push(CohortDefault { step, collected, par: default.par, value: default.value });
            }
        }
        after.defaults.sort_by_key(|default| default.step);
        (before, after)
    }

    /// Reads a path; the loans of companies that defaulted in it stand as they would without their default.
    pub fn path(
        &self,
        path: &PathState,
        tape: &Tape,
        loans: &mut [Standing],
        problems: &mut Vec<Problem>,
    ) -> DrawnPath {
        let obligors = pool::obligors(tape);
        let one_by_one = path.loan_by_loan.unwrap_or(false);
        let by_schedule = path.schedule_dates == Some(true);
        let ends = if by_schedule { self.schedule(path, problems) } else { Vec::new() };
        let days = if by_schedule { ends.clone() } else { self.days.clone() };
        let mut out = DrawnPath { hazard: vec![0.0; days.len()], ends, one_by_one, ..DrawnPath::default() };
        for (k, default) in path.defaults.iter().enumerate() {
            let place = format!("state.path.defaults[{k}]");
            let obligor = obligors.binary_search_by(|(id, _)| id.cmp(&default.obligor)).ok();
            if obligor.is_none() {
                let message = format!("obligor {:?} is not in the pool", default.obligor);
                problems.push(Problem::new(format!("{place}.obligor"), message));
            }
            let on = date(&default.defaulted, &format!("{place}.defaulted"), problems);
            let step = on.and_then(|on| days.iter().position(|day| *day == on));
            if on.is_some() && step.is_none() {
                let message = format!("{} is not a payment date of the deal's schedule", default.defaulted);
                problems.push(Problem::new(format!("{place}.defaulted"), message));
            }
            for (id, left) in &default.shares {
                let place = format!("{place}.shares.{id}");
                share(*left, place.clone(), problems);
                match tape.loan_id.iter().position(|known| known == id) {
                    Some(i) if tape.obligor_id[i] == default.obligor => loans[i].share = *left,
                    _ => problems.push(Problem::new(place, "the company has no such loan")),
                }
            }
            let (Some(obligor), Some(step)) = (obligor, step) else { continue };
            if step <= self.step {
                for (standing, id) in loans.iter_mut().zip(&tape.obligor_id) {
                    standing.drawn |= *id == default.obligor;
                }
            }
            out.defaults.push((obligor, step));
        }
        for (text, rate) in &path.cohort_default_rates {
            let place = format!("state.path.cohort_default_rates.{text}");
            share(*rate, place.clone(), problems);
            let step = if by_schedule {
                // What is no date, or none after the state, has been told.
                Date::parse(text).and_then(|on| days.iter().position(|day| *day == on))
            } else {
                self.step(text, place, true, problems)
            };
            if let Some(step) = step {
                out.hazard[step] = *rate;
            }
        }
        out
    }

    /// What residual notes were paid so far, on the payment dates of the schedule and on other dates.
    pub fn distributions(&self, state: &DealState, payment: Date, problems: &mut Vec<Problem>) -> PastDistributions {
        let closing = self.deal.terms.grid.closing;
        let mut by_date: BTreeMap<i32, Vec<f64>> = BTreeMap::new();
        let notes = &self.deal.terms.notes;
        for period in &self.deal.terms.grid.periods[..=self.p] {
            by_date.insert(period.payment - closing, vec![0.0; notes.len()]);
        }
        for (n, note) in notes.iter().enumerate() {
            let Some(given) = state.notes.get(&note.name) else { continue };
            for (i, (text, paid)) in given.distributions.iter().enumerate() {
                let place = format!("state.notes.{}.distributions[{i}]", note.name);
                if !paid.is_finite() {
                    let message = format!("found {paid}; expected an amount, below zero where the holder paid in");
                    problems.push(Problem::new(place.clone(), message));
                }
                let Some(on) = date(text, &place, problems) else { continue };
                if !note.residual {
                    problems.push(Problem::new(place, "the note is not residual; expected no distributions"));
                } else if on <= closing || on > payment {
                    let message = format!("found {on}; expected a date after closing {closing} up to {payment}");
                    problems.push(Problem::new(place, message));
                } else {
                    by_date.entry(on - closing).or_insert_with(|| vec![0.0; notes.len()])[n] += paid;
                }
            }
        }
        let flows = (0..notes.len())
            .map(|n| if notes[n].residual { by_date.values().map(|row| row[n]).collect() } else { Vec::new() });
        PastDistributions { flows: flows.collect(), days: by_date.keys().copied().collect() }
    }
}

/// Shares of a contract and its par must tell the same; a hundredth of a unit of money, or a millionth, is rounding.
pub fn check_pars(
    state: &DealState,
    resumed: &Resumed,
    contracts: &Contracts<'_>,
    bought: &CompiledCohorts,
    problems: &mut Vec<Problem>,
) {
    let mut check = |found: f64, expected: f64, place: String| {
        if (found - expected).abs() > 0.01 + 1e-6 * expected {
            let message = format!("found {found}; expected {expected}, which follows from the share of the contract");
            problems.push(Problem::new(place, message));
        }
    };
    let Some(pool) = &state.pool else { return };
    let first = contracts.steps.start.first;
    let place_of: HashMap<&str, usize> = contracts.tape.loan_id.iter().map(String::as_str).zip(0..).collect();
    for (id, loan) in &pool.loans {
        let Some(&i) = place_of.get(id.as_str()) else { continue };
        let defaulted = loan.defaults.iter().find(|_| contracts.tape.is_defaulted(i));
        let par = defaulted.map_or(loan.share * contracts.of(i)[first].open, |d| d.share * contracts.tape.par[i]);
        check(loan.par, par, format!("state.pool.loans.{id}.par"));
    }
    let Some(of_state) = &pool.bought else { return };
    let cohorts = &resumed.opening.cohorts;
    for (k, (cohort, (step, units))) in of_state.cohorts.iter().zip(&cohorts.units).enumerate() {
        let par = units * of_state.survival * bought.tables.balance(*step, first - 1);
        check(cohort.par, par, format!("state.pool.bought.cohorts[{k}].par"));
    }
}

/// A run ends when neither collateral nor cash is left.
pub fn check_left(state: &DealState, resumed: &Resumed, contracts: &Contracts<'_>, problems: &mut Vec<Problem>) {
    let opening = &resumed.opening;
    let mut left = contracts.par() + opening.cohorts.performing + opening.held + opening.held_interest;
    for default in &opening.cohorts.defaults {
        left += default.value;
    }
    for balance in &opening.accounts {
        left += balance;
    }
    for loan in 0..contracts.tape.len() {
        let whole = if contracts.tape.is_defaulted(loan) { contracts.tape.par[loan] } else { 0.0 };
        if contracts.stated(loan).is_none() {
            left += whole;
        }
        for past in &contracts.standing(loan).defaults {
            left += past.share * past.recovery * past.step.map_or(whole, |step| contracts.of(loan)[step].defaults());
        }
    }
    if left < NOTHING_LEFT * contracts.deal.terms.target_par {
        let message = format!("after {} neither collateral nor cash is left: the run is over", state.payment_date);
        problems.push(Problem::new("state.payment_date", message));
    }
}

fn due(text: Option<&str>, place: &str, problems: &mut Vec<Problem>) -> Option<Date> {
    text.and_then(|text| date(text, &format!("{place}.due"), problems))
}

fn share(x: f64, place: String, problems: &mut Vec<Problem>) {
    if !(0.0..=1.0).contains(&x) {
        problems.push(Problem::new(place, format!("found {x}; expected a share from 0 to 1")));
    }
}

fn amount(x: f64, place: String, problems: &mut Vec<Problem>) {
    if !(x >= 0.0) || !x.is_finite() {
        problems.push(Problem::new(place, format!("found {x}; expected an amount of zero or more")));
    }
}
