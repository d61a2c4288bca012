//! Quality tests and concentration limits as conditions of purchases: which a purchase can change, and what of each loan they weigh.
//!
//! Weighted averages over performing par, undrawn commitments included: rating factors (of rated loans), spreads with credit
//! spread adjustment and what floors add to the benchmark of the period (of floating loans, fees on what is undrawn), recovery
//! rates of the run, and lives from instalments and the rest at maturity. Diversity, coupons of fixed loans and all other
//! concentration limits are what they are without the purchase: it is spread over the companies of the pool and of no category.

use serde_json::Value;

use crate::collateral::closing_pool::PERFORMING;
use crate::collateral::parts::UNDRAWN;
use crate::collateral::{PoolPart, Weight};
use crate::compile::cohorts::CompiledCohorts;
use crate::compile::deal::CompiledDeal;
use crate::compile::periods;
use crate::compile::pool::{self, Contracts};
use crate::coverage::purchases::Conditions;
use crate::coverage::rating_factor::rating_factor;
use crate::error::Problem;
use crate::path::purchases::{AverageTerms, Bought, CccTerms, PurchaseTerms, Shown};
use crate::rates::Curves;
use crate::spec::{Deal, Scenario};
use crate::time::{Date, thirty_e_360};

/// Rating factor of what is bought where the scenario states no rating: that of B2.
const USUAL_FACTOR: f64 = 2720.0;

/// Whether a quality test of a kind is listed.
#[must_use]
pub fn lists(deal: &Deal, kind: &str) -> bool {
    deal.collateral.quality.iter().any(|test| test.get("kind").and_then(Value::as_str) == Some(kind))
}

/// What an average life is counted with: years of twelve months of 30 days since closing, which add up.
#[must_use]
pub fn time(deal: &CompiledDeal, day: Date) -> f64 {
    thirty_e_360(deal.terms.grid.closing, day)
}

/// Compiles what purchases are measured by: the conditions that are asked, and how many parts of the pool there are before.
pub fn compile(
    contracts: &Contracts<'_>,
    bought: &CompiledCohorts,
    scenario: &Scenario,
    curves: &Curves,
    (asked, first): (Asked, usize),
    problems: &mut Vec<Problem>,
) -> (Vec<PoolPart>, PurchaseTerms) {
    let mut out = Builder { contracts, scenario, curves, first, parts: Vec::new(), terms: PurchaseTerms::default() };
    for test in &contracts.deal.document.collateral.quality {
        out.test(test, asked.conditions);
    }
    out.limits(asked.conditions, bought, problems);
    if asked.shows {
        out.show();
    }
    (out.parts, out.terms)
}

/// The number of a test or limit.
fn number(test: &Value, key: &str) -> f64 {
    test.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// What is asked of the collateral.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub conditions: Conditions,
    /// Averages are shown.
    pub shows: bool,
}

/// A quality test on its way: which loans it is of, and what their par is multiplied by.
struct Measure {
    limits: Vec<f64>,
    loans: Vec<bool>,
    weight: Weight,
    bought: Bought,
}

struct Builder<'c> {
    contracts: &'c Contracts<'c>,
    scenario: &'c Scenario,
    curves: &'c Curves,
    /// Number of the first part.
    first: usize,
    parts: Vec<PoolPart>,
    terms: PurchaseTerms,
}

impl Builder<'_> {
    /// Adds a quality test that is asked and that a purchase can change.
    fn test(&mut self, test: &Value, asked: Conditions) {
        let (condition, measure) = match test.get("kind").and_then(Value::as_str).unwrap_or_default() {
            "warf" if asked.asks(Conditions::WARF) => (Conditions::WARF, self.rating_factor(test)),
            "was" if asked.asks(Conditions::WAS) => (Conditions::WAS, self.spread(test)),
            "wal" if asked.asks(Conditions::WAL) => (Conditions::WAL, self.life(test)),
            "warr" if asked.asks(Conditions::WARR) => (Conditions::WARR, self.recovery(test)),
            _ => return,
        };
        self.add(condition, measure);
    }

    /// Adds an average and returns its place.
    fn add(&mut self, condition: Conditions, measure: Measure) -> usize {
        let Measure { limits, loans, weight, bought } = measure;
        let at_most = Conditions::WARF.with(Conditions::WAL).asks(condition);
        let undrawn = (bought == Bought::Spread && self.contracts.tape.has_commitments()).then(|| {
            let weight = Weight::Step(self.fees_instead(&weight));
            self.part(PoolPart { flow: UNDRAWN, loans: loans.clone(), weight })
        });
        let par = self.part(PoolPart::plain(PERFORMING, loans.clone()));
        let sum = self.part(PoolPart { flow: PERFORMING, loans, weight });
        self.terms.averages.push(AverageTerms { condition, at_most, limits, sum, par, undrawn, bought });
        self.terms.averages.len() - 1
    }

    /// Adds what tables show; no purchase asks for these.
    fn show(&mut self) {
        let nothing = Value::Null;
        let prices = Measure {
            limits: vec![f64::NAN; self.contracts.steps.len()],
            loans: self.performing(|_| true),
            weight: Weight::Loan(self.contracts.tape.market_price.clone()),
            bought: Bought::Price,
        };
        let (was, wal) = (self.spread(&nothing), self.life(&nothing));
        let warf = self.factors(f64::NAN);
        self.terms.shown = Some(Shown {
            market_value: self.add(Conditions::NONE, prices),
            was: self.add(Conditions::NONE, was),
            warf: self.add(Conditions::NONE, warf),
            wal: self.add(Conditions::NONE, wal),
        });
    }

    fn part(&mut self, part: PoolPart) -> usize {
        self.parts.push(part);
        self.first + self.parts.len() - 1
    }

    /// The performing loans that something holds for.
    fn performing(&self, holds: impl Fn(usize) -> bool) -> Vec<bool> {
        let tape = self.contracts.tape;
        (0..tape.len()).map(|loan| !tape.is_defaulted(loan) && holds(loan)).collect()
    }

    /// Rating factors of rated loans; the test is on the next whole number.
    fn rating_factor(&self, test: &Value) -> Measure {
        self.factors(f64::from((number(test, "max") + 1e-9) as u32))
    }

    fn factors(&self, limit: f64) -> Measure {
        let factors = &self.contracts.tape.rating_factor;
        let bought = self.scenario.reinvestment.rating.as_deref().and_then(rating_factor).unwrap_or(USUAL_FACTOR);
        Measure {
            limits: vec![limit; self.contracts.steps.len()],
            loans: self.performing(|loan| factors[loan].is_finite()),
            weight: Weight::Loan(factors.clone()),
            bought: Bought::Factor(bought),
        }
    }

    /// Spreads of floating loans over the benchmark: the notes' index in the period that ends on the date.
    fn spread(&self, test: &Value) -> Measure {
        let (tape, steps) = (self.contracts.tape, &self.contracts.steps);
        let floating = self.performing(|loan| tape.fixed[loan] != 1);
        let index = periods::deal_index(self.contracts.deal);
        let first = steps.start.first;
        let fixing = |period| periods::fixing(self.contracts.deal, self.curves, &index, period).unwrap_or(0.0);
        let benchmarks: Vec<f64> = steps.timeline.periods[first..].iter().map(|period| fixing(*period)).collect();
        let mut weights = vec![0.0; tape.len() * steps.len()];
        for loan in (0..tape.len()).filter(|&loan| floating[loan]) {
            let coupon = pool::coupon(tape, loan);
            let of_loan = &mut weights[loan * steps.len()..][first..steps.len()];
            for (weight, benchmark) in of_loan.iter_mut().zip(&benchmarks) {
                *weight = coupon.rate(*benchmark) - benchmark;
            }
        }
        Measure {
            limits: vec![number(test, "min"); steps.len()],
            loans: floating,
            weight: Weight::Step(weights),
            bought: Bought::Spread,
        }
    }

    /// What undrawn par brings beside the spread that drawn par would: its fee less that spread.
    fn fees_instead(&self, spreads: &Weight) -> Vec<f64> {
        let (tape, n) = (self.contracts.tape, self.contracts.steps.len());
        let Weight::Step(spreads) = spreads else { return vec![0.0; tape.len() * n] };
        let fee = |loan: usize| if tape.unfunded_fee[loan].is_nan() { 0.0 } else { tape.unfunded_fee[loan] };
        (0..spreads.len()).map(|at| fee(at / n) - spreads[at]).collect()
    }

    /// Recovery rates of the run.
    fn recovery(&self, test: &Value) -> Measure {
        Measure {
            limits: vec![number(test, "min"); self.contracts.steps.len()],
            loans: self.performing(|_| true),
            weight: Weight::Recovery,
            bought: Bought::Recovery,
        }
    }

    /// Average lives from each determination date: instalments on the last days of their collection periods, the rest at maturity.
    fn life(&self, test: &Value) -> Measure {
        let (deal, tape, steps) = (self.contracts.deal, self.contracts.tape, &self.contracts.steps);
        let n = steps.len();
        let loans = self.performing(|_| true);
        let mut lives = vec![0.0; tape.len() * n];
        let ends: Vec<f64> = steps.dates.iter().map(|dates| time(deal, dates.end)).collect();
        for loan in (0..tape.len()).filter(|&loan| loans[loan]) {
            let contract = self.contracts.of(loan);
            let maturity = time(deal, Date(tape.maturity[loan]));
            // Par times the day on which it is repaid, of what is repaid after a step.
            let mut repaid = contract[n - 1].end * maturity;
            for (p, (step, end)) in contract.iter().zip(&ends).enumerate().rev() {
                if step.end > 0.0 {
                    lives[loan * n + p] = repaid / step.end - end;
                }
                repaid += step.repaid() * if maturity < *end { maturity } else { *end };
            }
        }
        let from = self.counted_from(test);
        let limit = |p: usize| {
            let elapsed = ends[p] - time(deal, from);
            let left = number(test, "max") - if elapsed > 0.0 { elapsed } else { 0.0 };
            if left > 0.0 { left } else { 0.0 }
        };
        Measure { limits: (0..n).map(limit).collect(), loans, weight: Weight::Step(lives), bought: Bought::Life }
    }

    /// The day from which on the limit of an average life falls.
    fn counted_from(&self, test: &Value) -> Date {
        let dates = &self.contracts.deal.document.dates;
        let named = |day: Option<&str>| day.and_then(Date::parse);
        let closing = named(Some(&dates.closing)).unwrap_or(self.contracts.deal.terms.grid.closing);
        match test.get("from").and_then(Value::as_str) {
            None | Some("closing") => closing,
            Some("effective") => named(dates.effective.as_deref()).unwrap_or(closing),
            day => named(day).unwrap_or(closing),
        }
    }

    /// Adds the limits of CCC loans where those that are bought are.
    fn limits(&mut self, asked: Conditions, bought: &CompiledCohorts, problems: &mut Vec<Problem>) {
        let terms = &self.contracts.deal.terms;
        let each = &bought.tables.ccc_each;
        let in_set = bought.tables.ccc.is_some() || !each.is_empty();
        if let Some(limit) = terms.ccc_limit.filter(|_| in_set && asked.asks(Conditions::CCC)) {
            self.terms.ccc.push(CccTerms { condition: Conditions::CCC, limit, base: terms.ccc_base });
        }
        if !asked.asks(Conditions::CONCENTRATION) {
            return;
        }
        let in_set_below_par =
            each.iter().map(|(_, asset)| asset).chain(&bought.tables.ccc).any(|asset| asset.discount > 0.0);
        for (i, limit) in self.contracts.deal.document.collateral.concentration.iter().enumerate() {
            match limit.get("kind").and_then(Value::as_str).unwrap_or_default() {
                "ccc" | "caa" if in_set => {
                    let condition = Conditions::CONCENTRATION;
                    self.terms.ccc.push(CccTerms { condition, limit: number(limit, "max"), base: None });
                }
                "discount" if bought.tables.has_discount || in_set_below_par => {
                    let message = format!(
                        "bought below the threshold of discount obligations, whose share collateral.concentration[{i}] limits: this version does not compute it; expected a price from the threshold on"
                    );
                    problems.push(Problem::new("scenario.reinvestment.price", message));
                }
                _ => {}
            }
        }
    }
}
