//! From a tape and a deal to what the loans of the closing pool do by contract.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use crate::collateral::commitment::Commitment;
use crate::collateral::loan::{
    self, ContractStep, InterestShares, LoanContract, LoanCoupon, LoanFixings, OwnDates, OwnSteps,
};
use crate::collateral::{ClosingPool, PoolPart, PoolRules, Standing, Tape};
use crate::compile::deal::CompiledDeal;
use crate::compile::run_steps::Steps;
use crate::compile::series::Series;
use crate::compile::{assumptions, periods};
use crate::coverage::ccc_excess::CccAsset;
use crate::error::Problem;
use crate::rates::Curves;
use crate::spec::Scenario;
use crate::time::Date;

/// Months between the own dates of a loan that states only the next one.
const QUARTERLY: u32 = 3;

/// What a pool's contracts are compiled from.
pub struct PoolInput<'a, 'c> {
    pub deal: &'a CompiledDeal,
    pub tape: &'a Tape,
    pub scenario: &'c Scenario,
    pub curves: &'c Curves,
    pub steps: Steps,
    /// What a state has left of each loan; absent: the tape states what is owed.
    pub standing: Option<Vec<Standing>>,
}

/// What the closing pool does by contract: the same under every assumption of default, prepayment and recovery.
pub struct Contracts<'a> {
    pub deal: &'a CompiledDeal,
    pub tape: &'a Tape,
    pub steps: Steps,
    /// Distinct obligors in order of their ids, each with its first loan on the tape.
    pub obligors: Vec<(String, usize)>,
    /// Per loan: place of its obligor.
    pub obligor_of: Vec<usize>,
    /// The steps of each loan, `[loan][step]`; nothing for loans in default.
    rows: Vec<ContractStep>,
    /// The same where all is sold at the end of a step; nothing where no sale may come.
    sale_rows: Vec<ContractStep>,
    /// Per loan: share of par that it is carried below par, outside the CCC set.
    pub discount_share: Vec<f64>,
    /// CCC assets by market value, and the loan of each.
    pub ccc: Vec<(CccAsset, u32)>,
    pub rules: PoolRules,
    /// Parts of the pool that conditions and amounts read.
    pub parts: Vec<PoolPart>,
    standing: Option<Vec<Standing>>,
    /// Per loan: the first loan of which as much is left, where a state says so; and that recovers as much of it.
    alike: [Vec<usize>; 2],
    /// Per loan: which of the pool's own payment dates it prepays on, from 1, or 0; nothing where none does.
    own_dates: Vec<usize>,
}

impl Contracts<'_> {
    /// The steps of one loan.
    #[must_use]
    pub fn of(&self, loan: usize) -> &[ContractStep] {
        &self.rows[loan * self.steps.len()..][..self.steps.len()]
    }

    /// The steps of one loan where all is sold at the end of each; nothing where no sale may come.
    #[must_use]
    pub fn sale_of(&self, loan: usize) -> &[ContractStep] {
        if self.sale_rows.is_empty() { &[] } else { &self.sale_rows[loan * self.steps.len()..][..self.steps.len()] }
    }

    /// What earlier dates have left of a loan.
    #[must_use]
    pub fn standing(&self, loan: usize) -> &Standing {
        self.stated(loan).unwrap_or(const { &Standing::WHOLE })
    }

    /// What a state has left of a loan, where there is one.
    #[must_use]
    pub fn stated(&self, loan: usize) -> Option<&Standing> {
        self.standing.as_ref().map(|of| &of[loan])
    }

    /// What tells loans apart of which not as much is left, or of which not as much is recovered, either.
    #[must_use]
    pub fn alike(&self, loan: usize, of_recoveries: bool) -> usize {
        self.alike[usize::from(of_recoveries)].get(loan).copied().unwrap_or(0)
    }

    /// What tells loans apart that prepay on their own dates; 0 where a loan does at the end of each step.
    #[must_use]
    pub fn own_dates(&self, loan: usize) -> usize {
        self.own_dates.get(loan).copied().unwrap_or(0)
    }

    /// What a run whose defaults are rates reads of the closing pool beside its flows.
    #[must_use]
    pub fn facts(&self) -> ClosingPool {
        ClosingPool {
            steps: self.steps.len(),
            loans: self.tape.len(),
            par: self.par(),
            undrawn: self.undrawn(),
            has_discount: self.discount_share.iter().any(|share| *share > 0.0),
            ccc_discount: self.ccc.iter().filter(|(asset, _)| asset.discount > 0.0).count(),
            ccc_sets: self.ccc_sets(),
            ccc: self.ccc.clone(),
            ..ClosingPool::default()
        }
    }

    /// The agencies whose CCC sets differ, a bit each.
    #[must_use]
    pub fn ccc_sets(&self) -> u8 {
        self.deal.terms.ccc_rules.sets(self.ccc.iter().map(|(asset, _)| *asset))
    }

    /// Par of the performing loans at the start of the first step.
    #[must_use]
    pub fn par(&self) -> f64 {
        let first = self.steps.start.first;
        (0..self.tape.len()).map(|loan| self.standing(loan).share * self.of(loan)[first].open).sum()
    }

    /// Commitments that are not drawn before the first step.
    #[must_use]
    pub fn undrawn(&self) -> f64 {
        let start = self.steps.start;
        let mut sum = 0.0;
        for loan in (0..self.tape.len()).filter(|&loan| self.tape.commits(loan)) {
            let standing = self.standing(loan);
            let of_contract = if start.first > start.tape {
                self.of(loan)[start.first - 1].undrawn
            } else {
                self.tape.par_unfunded[loan]
            };
            sum += if standing.drawn { 0.0 } else { standing.share * of_contract };
        }
        sum
    }

    /// Par of the assets that were in default on the as-of date.
    #[must_use]
    pub fn defaulted_par(&self) -> f64 {
        (0..self.tape.len()).filter(|&i| self.tape.is_defaulted(i)).map(|i| self.tape.par[i]).sum()
    }
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

/// Runs the contracts of a pool.
pub fn compile<'a>(input: PoolInput<'a, '_>, problems: &mut Vec<Problem>) -> Contracts<'a> {
    let step_fixings = step_fixings(&input, problems);
    let PoolInput { deal, tape, scenario, curves, steps, standing } = input;
    let n = steps.len();
    let obligors = obligors(tape);
    let place_of: HashMap<&str, usize> = obligors.iter().enumerate().map(|(k, (id, _))| (id.as_str(), k)).collect();
    let obligor_of = tape.obligor_id.iter().map(|id| place_of[id.as_str()]).collect();
    let rules = PoolRules {
        steps: n,
        first: steps.start.first,
        carry_end: steps.carry_end.clone(),
        carries_defaults: deal.document.collateral.defaulted_value.as_deref() != Some("zero"),
    };
    let own_index = periods::deal_index(deal);
    let alike = [false, true].map(|of_recoveries| {
        let mut seen = HashMap::new();
        let loans = standing.iter().flatten().enumerate();
        loans.map(|(loan, standing)| *seen.entry(standing.key(of_recoveries)).or_insert(loan)).collect()
    });
    let mut out = Contracts {
        deal,
        tape,
        steps,
        obligors,
        obligor_of,
        rows: Vec::with_capacity(tape.len() * n),
        sale_rows: Vec::new(),
        discount_share: vec![0.0; tape.len()],
        ccc: Vec::new(),
        rules,
        parts: Vec::new(),
        standing,
        alike,
        own_dates: Vec::new(),
    };
    let Some(step_fixings) = step_fixings else { return out };
    let by_index: HashMap<&str, Fixings<'_>> = step_fixings
        .iter()
        .map(|(name, row)| {
            let memo = RefCell::new(HashMap::new());
            (name.as_str(), Fixings { deal, curves, index: name, by_step: row, memo })
        })
        .collect();
    let shares = InterestShares {
        on_default: deal.conventions.interest_on_default,
        on_prepaid: deal.conventions.interest_on_prepaid,
    };
    let mut rows = Vec::new();
    let mut own_dates = HashMap::new();
    for i in 0..tape.len() {
        out.rows.resize(i * n, ContractStep::default());
        if tape.is_defaulted(i) {
            continue;
        }
        let discount = carried_below_par(deal, tape, i);
        let agencies = tape.low_rated_by(i);
        let in_ccc = agencies != 0 && (deal.conventions.discount_in_ccc || !(discount_share(deal, tape, i) > 0.0));
        out.discount_share[i] = if in_ccc { 0.0 } else { discount };
        if in_ccc {
            let asset = CccAsset { price: tape.market_price[i], discount, agencies };
            out.ccc.push((asset, u32::try_from(i).unwrap_or(u32::MAX)));
        }
        let mut contract = contract(deal, tape, i, scenario.usage_at_default);
        if let Some(dates) = contract.own.filter(|_| deal.conventions.own_steps) {
            contract.own_steps = Some(own_steps(&out, scenario, i));
            let known = own_dates.len() + 1;
            let number = *own_dates.entry((dates.first, dates.months, dates.accrual_start)).or_insert(known);
            out.own_dates.resize(tape.len(), 0);
            out.own_dates[i] = number;
        }
        let index = if tape.index[i].is_empty() { own_index.as_str() } else { tape.index[i].as_str() };
        let Some(fixings) = by_index.get(index) else { continue };
        loan::contract(&contract, &out.steps.dates, out.steps.start.tape, shares, fixings, &mut rows);
        out.rows.extend_from_slice(&rows);
        if !out.steps.sales.is_empty() {
            loan::sales(
                &contract,
                &out.steps.dates,
                out.steps.start.tape,
                &out.steps.sales,
                shares,
                fixings,
                &mut rows,
            );
            out.sale_rows.resize(i * n, ContractStep::default());
            out.sale_rows.extend_from_slice(&rows);
        }
    }
    out.rows.resize(tape.len() * n, ContractStep::default());
    if !out.steps.sales.is_empty() {
        out.sale_rows.resize(tape.len() * n, ContractStep::default());
    }
    out.ccc.sort_by(|a, b| a.0.price.total_cmp(&b.0.price).then(a.1.cmp(&b.1)));
    out
}

/// Fixings of every index of the tape by step; none when a curve is missing.
fn step_fixings(input: &PoolInput<'_, '_>, problems: &mut Vec<Problem>) -> Option<BTreeMap<String, Vec<f64>>> {
    let own_index = periods::deal_index(input.deal);
    let mut out = BTreeMap::new();
    for name in input.tape.index.iter().map(String::as_str).chain(std::iter::once(own_index.as_str())) {
        let name = if name.is_empty() { own_index.as_str() } else { name };
        if out.contains_key(name) {
            continue;
        }
        let mut row = Vec::with_capacity(input.steps.len());
        for p in 0..input.steps.len() {
            match periods::fixing(input.deal, input.curves, name, input.steps.timeline.periods[p]) {
                Ok(rate) => row.push(rate),
                // What was fixed before the run starts is not paid in it.
                Err(_) if p < input.steps.start.first => row.push(0.0),
                Err(message) => {
                    problems.push(Problem::new("scenario.rates", message));
                    break;
                }
            }
        }
        out.insert(name.to_owned(), row);
    }
    problems.is_empty().then_some(out)
}

/// Distinct obligors in order of their ids.
pub fn obligors(tape: &Tape) -> Vec<(String, usize)> {
    let mut list: Vec<(String, usize)> = tape.obligor_id.iter().cloned().zip(0..).collect();
    list.sort();
    list.dedup_by(|b, a| a.0 == b.0);
    list
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

/// Months between the own payment dates of a loan; none where it has no dates of its own.
#[must_use]
pub fn own_months(deal: &CompiledDeal, tape: &Tape, i: usize) -> Option<u32> {
    Tape::date(&tape.next_payment, i).filter(|_| !deal.conventions.cash_timing_period)?;
    let months = u32::try_from(tape.payment_frequency_months[i]).unwrap_or(0);
    Some(if months == 0 { QUARTERLY } else { months })
}

/// How a loan prepays on its own dates: its rates of the year are those of the step that collects them.
fn own_steps(contracts: &Contracts<'_>, scenario: &Scenario, i: usize) -> OwnSteps {
    let Contracts { deal, tape, steps, .. } = contracts;
    let from = Series::origin(Series::Cpr.of(scenario), tape.cpr[i], &assumptions::keys(tape, i));
    let mut yearly = Vec::new();
    Series::Cpr.read_yearly(scenario, from, steps, &mut yearly);
    let rates = steps.own_rates(&yearly, deal.conventions.simple_rates);
    OwnSteps { since: steps.dates[steps.start.tape].start, rates }
}

fn or(x: f64, absent: f64) -> f64 {
    if x.is_nan() { absent } else { x }
}

/// What a loan pays.
#[must_use]
pub fn coupon(tape: &Tape, i: usize) -> LoanCoupon {
    if tape.fixed[i] == 1 {
        return LoanCoupon::Fixed { rate: tape.fixed_rate[i] };
    }
    LoanCoupon::Floating {
        spread: tape.spread[i],
        floor: or(tape.floor[i], 0.0),
        csa: or(tape.csa[i], 0.0),
        csa_in_floor: tape.csa_in_floor[i] == 1,
    }
}

fn contract(deal: &CompiledDeal, tape: &Tape, i: usize, usage_at_default: f64) -> LoanContract {
    let coupon = coupon(tape, i);
    let own = own_months(deal, tape, i).zip(Tape::date(&tape.next_payment, i)).map(|(months, first)| {
        let back = first.add_months(-i32::try_from(months).unwrap_or(3));
        let closing = deal.terms.grid.closing;
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
    LoanContract {
        par: tape.par[i],
        original_par: or(tape.original_par[i], tape.par[i]),
        coupon,
        day_count: tape.day_count(i),
        maturity: Date(tape.maturity[i]),
        amortization_rate: or(tape.amortization_rate[i], absent),
        pik_spread: or(tape.pik_spread[i], 0.0),
        commitment: Commitment {
            undrawn: or(tape.par_unfunded[i], 0.0),
            fee: or(tape.unfunded_fee[i], 0.0),
            usage_at_default,
        },
        own,
        own_steps: None,
    }
}
