//! What only some conditions and amounts read of a run: which of it is asked for, and where it comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::collateral::closing_pool::{INTEREST, PERFORMING};
use crate::collateral::parts::UNDRAWN;
use crate::collateral::{PoolPart, Tape};
use crate::compile::cohorts::CompiledCohorts;
use crate::compile::deal::CompiledDeal;
use crate::compile::events::Events;
use crate::compile::pool::{self, Contracts};
use crate::compile::quality;
use crate::compile::run_steps::Steps;
use crate::compile::values::{self, Nature, Range};
use crate::coverage::TestKind;
use crate::coverage::purchases::Conditions;
use crate::error::Problem;
use crate::expression::{Expression, Quantity};
use crate::path::purchases::PurchaseTerms;
use crate::path::readings::{ReadingTerms, SpreadTerms};
use crate::rates::Curves;
use crate::spec::Scenario;
use crate::spec::scenario::Value;

/// Months between the payments of loans that pay seldom.
const SEMIANNUAL: u8 = 6;

/// What the expressions of a run ask for.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Where the value of a sale is asked for.
    pub liquidation_value: Option<String>,
    pub semiannual_share: Option<String>,
    pub unfunded: Option<String>,
    pub frequencies: BTreeMap<u8, String>,
    /// Notes whose market spreads are asked for, and where first.
    pub market_spreads: BTreeMap<u32, String>,
    pub deal_spreads: BTreeSet<u32>,
    /// Tests that are asked before the waterfalls, by conditions of coupons, events and the reinvestment period.
    pub early_tests: BTreeSet<u32>,
    /// What purchases need of the collateral.
    pub purchases: Conditions,
    /// Averages of the collateral are shown.
    pub shows: bool,
}

impl Read {
    /// What the waterfalls of a deal and the conditions of its events ask for.
    #[must_use]
    pub fn of(deal: &CompiledDeal, events: &Events) -> Self {
        let mut out = Self { purchases: deal.purchases.at_all(), ..Self::of_waterfalls(deal) };
        let terms = &deal.terms;
        if let Some(expression) = &terms.reinvestment_ends {
            out.add_early(expression, "reinvestment.ends_when");
        }
        for expression in &terms.default_conditions {
            out.add_early(expression, "default_events.causes");
        }
        out.add_coupons(deal);
        for (expression, place) in events.conditions() {
            out.add_early(expression, &format!("{place}.when"));
        }
        out
    }

    /// What a payment date from a state asks for: its steps, coupons and events of default.
    #[must_use]
    pub fn of_date(deal: &CompiledDeal) -> Self {
        let mut out = Self::default();
        let program = &deal.terms.program;
        for (expression, place) in program.expressions.iter().zip(&program.places) {
            // Who moves an account reads its target, at a place of its own.
            if !place.starts_with("accounts[") {
                out.add(expression, place);
            }
        }
        for expression in &deal.terms.default_conditions {
            out.add(expression, "default_events.causes");
        }
        out.add_coupons(deal);
        out
    }

    /// What the waterfalls of a deal ask for.
    fn of_waterfalls(deal: &CompiledDeal) -> Self {
        let mut out = Self::default();
        let program = &deal.terms.program;
        for (expression, place) in program.expressions.iter().zip(&program.places) {
            out.add(expression, place);
        }
        out
    }

    /// Notes what the conditions of coupons ask for.
    fn add_coupons(&mut self, deal: &CompiledDeal) {
        let terms = &deal.terms;
        for step in &terms.coupon_steps {
            let note = &terms.notes[step.note as usize].name;
            self.add_early(&step.when, &format!("notes.{note}.coupon.step_up[{}].when", step.step));
        }
    }

    /// Notes what an expression asks for that is asked before the waterfalls.
    fn add_early(&mut self, expression: &Expression, place: &str) {
        self.add(expression, place);
        expression.uses(|quantity| self.early_tests.extend(quantity.test_now()));
    }

    /// Notes what an expression at a place asks for.
    pub fn add(&mut self, expression: &Expression, place: &str) {
        let there = || place.to_owned();
        expression.uses(|quantity| match quantity {
            Quantity::LiquidationValue => {
                self.liquidation_value.get_or_insert_with(there);
            }
            Quantity::SemiannualShare => {
                self.semiannual_share.get_or_insert_with(there);
            }
            Quantity::Unfunded => {
                self.unfunded.get_or_insert_with(there);
            }
            Quantity::InterestByFrequency(months) => {
                self.frequencies.entry(months).or_insert_with(there);
            }
            Quantity::MarketSpread(note) => {
                self.market_spreads.entry(note).or_insert_with(there);
            }
            Quantity::DealSpread(note) => {
                self.deal_spreads.insert(note);
            }
            _ => {}
        });
    }

    /// The parts of the closing pool that are read, in the order of [`ReadingTerms`].
    #[must_use]
    pub fn parts(&self, deal: &CompiledDeal, tape: &Tape) -> Vec<PoolPart> {
        let months = |loan: usize| {
            let performs = !tape.is_defaulted(loan);
            if performs { pool::own_months(deal, tape, loan) } else { None }
        };
        let part = |flow: usize, belongs: &dyn Fn(u32) -> bool| {
            PoolPart::plain(flow, (0..tape.len()).map(|loan| months(loan).is_some_and(belongs)).collect())
        };
        let mut out = Vec::new();
        if self.semiannual_share.is_some() {
            out.push(part(PERFORMING, &|months| months >= u32::from(SEMIANNUAL)));
        }
        for frequency in self.frequencies.keys() {
            out.push(part(INTEREST, &|months| months == u32::from(*frequency)));
        }
        if tape.has_commitments() {
            out.push(PoolPart::plain(UNDRAWN, (0..tape.len()).map(|loan| tape.commits(loan)).collect()));
        }
        out
    }

    /// What purchases are measured by and what is shown, with the parts of the pool that this needs beside the others.
    pub fn purchases(
        &self,
        contracts: &mut Contracts<'_>,
        bought: &CompiledCohorts,
        (scenario, curves): (&Scenario, &Curves),
        problems: &mut Vec<Problem>,
    ) -> Option<PurchaseTerms> {
        if !(self.shows || self.purchases.ask_collateral()) || !problems.is_empty() {
            return None;
        }
        let first = contracts.parts.len();
        let asked = quality::Asked { conditions: self.purchases, shows: self.shows };
        let (parts, terms) = quality::compile(contracts, bought, scenario, curves, (asked, first), problems);
        contracts.parts.extend(parts);
        Some(terms)
    }

    /// Where a run takes it from.
    pub fn compile(
        &self,
        deal: &CompiledDeal,
        tape: &Tape,
        scenario: &Scenario,
        steps: &Steps,
        problems: &mut Vec<Problem>,
    ) -> ReadingTerms {
        let of_interest = |test: &u32| deal.terms.tests[*test as usize].kind == TestKind::InterestCoverage;
        let mut out = ReadingTerms {
            liquidation_value: self.liquidation_value.is_some(),
            expenses: self.early_tests.iter().any(of_interest),
            semiannual: self.semiannual_share.as_ref().map(|_| 0),
            deal_spreads: self.deal_spreads.iter().map(|note| deal_spread(deal, *note)).collect(),
            ..ReadingTerms::default()
        };
        let first = usize::from(out.semiannual.is_some());
        out.frequencies = self.frequencies.keys().copied().zip(first..).collect();
        out.undrawn = tape.has_commitments().then_some(first + out.frequencies.len());
        for (note, place) in &self.market_spreads {
            if let Some(value) = market_spread(deal, scenario, *note) {
                let by_step = values::series(value, &steps.timeline, Nature::Level);
                let of_period = |period: usize| by_step[*steps.within.of(period).start()];
                out.market_spreads.push((*note, (0..deal.terms.grid.periods.len()).map(of_period).collect()));
            } else {
                let name = &deal.terms.notes[*note as usize].name;
                let message = format!(
                    "missing for class {name}, which {place} reads; expected a spread such as {{{name}: 0.0120}}, one of its rating as in rating:AAA, or of \"*\""
                );
                problems.push(Problem::new("scenario.market_spreads", message));
            }
        }
        out
    }
}

/// What the market asks for a class: its own value, that of one of its ratings, or that of all classes.
fn market_spread<'s>(deal: &CompiledDeal, scenario: &'s Scenario, note: u32) -> Option<&'s Value> {
    let given = &scenario.market_spreads;
    let name = &deal.terms.notes[note as usize].name;
    let own = deal.document.notes.iter().find(|note| note.name == *name);
    let ratings = own.into_iter().flat_map(|note| note.rating.values());
    given
        .get(name)
        .or_else(|| ratings.into_iter().find_map(|rating| given.get(&format!("rating:{rating}"))))
        .or_else(|| given.get("*"))
}

/// The spreads of the notes that the name of a class stands for.
fn deal_spread(deal: &CompiledDeal, class: u32) -> SpreadTerms {
    let own = [u16::try_from(class).unwrap_or(u16::MAX)];
    let group = deal.terms.groups.get(class as usize).map_or(&own[..], |group| group.as_slice());
    let floating = |note: &&u16| deal.terms.notes[**note as usize].is_floating();
    let margins = |note: u16| {
        let coupon = deal.terms.notes[note as usize].coupon.as_ref();
        let periods = &deal.terms.grid.periods;
        periods.iter().map(|p| coupon.map_or(0.0, |coupon| coupon.margin(p.previous_unadjusted))).collect()
    };
    SpreadTerms { class, members: group.iter().filter(floating).map(|note| (*note, margins(*note))).collect() }
}

/// Checks a market spread.
pub fn check_spread(key: &str, spread: &Value, problems: &mut Vec<Problem>) {
    let place = format!("scenario.market_spreads.{key}");
    if matches!(spread, Value::Groups { .. }) {
        problems.push(Problem::new(place, "a market spread cannot be by group; expected a number, a list or dates"));
    } else {
        values::check(spread, &place, Range::Any, &[], problems);
    }
}
