//! What the manager buys: contracts of the reinvestment cohorts, per unit of par.

use crate::collateral::CohortTables;
use crate::collateral::cohorts::{QualityTables, SaleTables};
use crate::collateral::loan::LoanCoupon;
use crate::collateral::shared_terms::{SharedStep, SharedTerms};
use crate::compile::deal::CompiledDeal;
use crate::compile::periods;
use crate::compile::quality;
use crate::compile::run_steps::Steps;
use crate::compile::series::{Origin, Series};
use crate::compile::values::{self, GroupKeys, Nature};
use crate::coverage::ccc_excess::{CccAsset, EVERY_AGENCY};
use crate::coverage::purchases::Conditions;
use crate::error::Problem;
use crate::rates::Curves;
use crate::spec::Scenario;
use crate::spec::scenario::Value;
use crate::time::{Date, DayCount};

/// Cohorts repay 1 % of their par a year.
const AMORTIZATION_RATE: f64 = 0.01;

/// Period rates of what is bought, by step.
struct CohortRates {
    /// Default rates where no model brings them.
    mdr: Vec<f64>,
    mpr: Vec<f64>,
    recovery: Vec<f64>,
    /// Default and prepayment rates of steps at whose ends all is sold; nothing where they are those above.
    sale: [Vec<f64>; 2],
}

/// What is bought is one group of a scenario.
fn keys(rating: &str) -> GroupKeys<'_> {
    GroupKeys { obligor: "", rating, industry: "", lien: "" }
}

/// Where what is bought takes its rates from.
#[derive(Clone, Copy, Debug)]
pub struct CohortSource<'a> {
    pub cdr: Origin<'a>,
    pub cpr: Origin<'a>,
    pub recovery: Origin<'a>,
}

/// Finds the rates of a scenario that hold for what is bought.
#[must_use]
pub fn source(scenario: &Scenario) -> CohortSource<'_> {
    let rules = &scenario.reinvestment;
    let rating = rules.rating.as_deref().unwrap_or_default();
    let from = |series: Series| {
        let value = series.of(scenario).and_then(|v| values::select(v, &keys(rating)));
        value.map_or(Origin::Nowhere, |(_, key)| Origin::Group(key))
    };
    CohortSource {
        cdr: if rules.pd.is_some() { Origin::Reinvestment } else { from(Series::Cdr) },
        cpr: from(Series::Cpr),
        recovery: if rules.recovery.is_some() { Origin::Reinvestment } else { from(Series::Recovery) },
    }
}

/// Reads the period rates.
fn rates(deal: &CompiledDeal, scenario: &Scenario, steps: &Steps) -> CohortRates {
    let from = source(scenario);
    let read = |series: Series, from: Origin<'_>| {
        let mut out = Vec::new();
        series.read(scenario, from, steps, deal.conventions.simple_rates, &mut out);
        out
    };
    let recovery = match from.recovery {
        // Nothing says what is recovered: an error where something is bought.
        Origin::Nowhere => vec![f64::NAN; steps.len()],
        stated => read(Series::Recovery, stated),
    };
    let sale = [(Series::Cdr, from.cdr), (Series::Cpr, from.cpr)].map(|(series, from)| {
        let mut out = Vec::new();
        if !steps.sale_exponent.is_empty() {
            series.read_for_sales(scenario, from, steps, deal.conventions.simple_rates, &mut out);
        }
        out
    });
    CohortRates { mdr: read(Series::Cdr, from.cdr), mpr: read(Series::Cpr, from.cpr), recovery, sale }
}

/// Compiled cohorts, and their default rates where no model brings them.
pub struct CompiledCohorts {
    pub tables: CohortTables,
    pub mdr: Vec<f64>,
    /// Per step: the terms of what is bought after it.
    pub terms: Vec<CohortTerms>,
    /// Per step: the day from which on a payment date collects a recovery, where documents with other payment dates may follow.
    pub due: Vec<Option<Date>>,
}

/// What is bought on one payment date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CohortTerms {
    pub price: f64,
    pub spread: f64,
    pub floor: f64,
    pub maturity: Date,
}

/// What was bought before a run starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoughtBefore {
    /// Steps (from 0) after which something was bought, each with its terms.
    pub terms: Vec<(usize, CohortTerms)>,
    /// Steps (from 0) with defaults whose recovery is still to come, each with the step that collects it, and the day from which on a
    /// payment date does so where documents with other payment dates may follow.
    pub defaults: Vec<(usize, usize, Option<Date>)>,
}

impl BoughtBefore {
    /// What was bought, where another document with these steps is in force.
    #[must_use]
    pub fn under(&self, steps: &Steps) -> Self {
        let collected =
            |&(p, collected, due): &(usize, usize, Option<Date>)| (p, steps.collects(p, collected, due), due);
        Self { terms: self.terms.clone(), defaults: self.defaults.iter().map(collected).collect() }
    }
}

/// Builds the tables; `shows`: averages of the collateral are shown.
pub fn compile(
    deal: &CompiledDeal,
    scenario: &Scenario,
    curves: &Curves,
    steps: &Steps,
    before: &BoughtBefore,
    shows: bool,
    problems: &mut Vec<Problem>,
) -> CompiledCohorts {
    let n = steps.len();
    let rules = &scenario.reinvestment;
    let rating = rules.rating.clone().unwrap_or_default();
    let keys = keys(&rating);
    let CohortRates { mdr, mpr, recovery, sale: [sale_mdr, sale_mpr] } = rates(deal, scenario, steps);
    let reinvests = deal.terms.grid.periods.iter().any(|p| p.in_reinvestment) || scenario.post_period_share > 0.0;
    if recovery.iter().any(|r| r.is_nan()) && reinvests {
        problems.push(Problem::new(
            "scenario.reinvestment.recovery",
            "missing: neither scenario.recovery nor the reinvestment states a recovery rate",
        ));
    }
    let cdr_value = if rules.pd.is_some() { None } else { scenario.cdr.as_ref() };
    for (place, value) in [
        ("scenario.cdr", cdr_value),
        ("scenario.cpr", Some(&scenario.cpr)),
        ("scenario.recovery_lag_months", scenario.recovery_lag_months.as_ref()),
    ] {
        if reinvests && value.is_some_and(|v| values::select(v, &keys).is_none()) {
            problems.push(Problem::new(
                place,
                format!("no group holds what is bought, rated {rating:?}; expected a group \"*\" for all others"),
            ));
        }
    }
    let levels = |value: Option<&Value>, absent: f64| {
        value
            .and_then(|v| values::select(v, &keys))
            .map_or_else(|| vec![absent; n], |(v, _)| values::series(v, &steps.timeline, Nature::Level))
    };
    let lag = levels(scenario.recovery_lag_months.as_ref(), 0.0);
    let terms =
        terms(deal, scenario, steps, &levels(Some(&rules.price), 1.0), &levels(Some(&rules.spread), 0.0), before);
    let mut recovery_step: Vec<u32> = (0..n).map(|p| steps.recovery_step(p, lag[p])).collect();
    for &(p, collected, _) in &before.defaults {
        recovery_step[p] = u32::try_from(collected).unwrap_or(u32::MAX);
    }
    let mut due: Vec<Option<Date>> = (0..n).map(|p| steps.due(p, lag[p])).collect();
    for &(p, _, of_state) in &before.defaults {
        due[p] = of_state.or(due[p]);
    }
    let first_open = (0..n).map(|p| (0..=p).find(|&k| recovery_step[k] as usize > p).unwrap_or(p)).collect();
    let discount = deal.document.collateral.discount.as_ref();
    // The market price of a cohort is what was paid for it.
    let below_par = |price: f64| match discount {
        Some(rule) => {
            let below = if is_weak(&rating) { rule.weak_below.unwrap_or(rule.below) } else { rule.below };
            let restored = rule.restore.is_some_and(|restore| price >= restore);
            if price < below && !restored { 1.0 - price } else { 0.0 }
        }
        None => 0.0,
    };
    let first = terms[0].price;
    let in_set = |price: f64| is_ccc(&rating) && (deal.conventions.discount_in_ccc || !(below_par(price) > 0.0));
    let asset = |price: f64| CccAsset { price, discount: below_par(price), agencies: EVERY_AGENCY };
    // At several prices each has its own place in the order of the CCC set.
    let varies = is_ccc(&rating) && terms.iter().any(|of| of.price.total_cmp(&first).is_ne());
    let ccc = (!varies && in_set(first)).then(|| asset(first));
    let mut ccc_each = Vec::new();
    if varies {
        let bought = terms.iter().enumerate().filter(|(_, of)| in_set(of.price));
        ccc_each.extend(bought.map(|(c, of)| (c, asset(of.price))));
        ccc_each.sort_by(|a, b| a.1.price.total_cmp(&b.1.price));
    }
    let alone = !ccc_each.is_empty() || (ccc.is_some() && deal.terms.ccc_rules.whole);
    let mut tables = CohortTables {
        steps: n,
        instalment: vec![0.0; n * n],
        interest: vec![0.0; n * n],
        interest_of_prepaid: if deal.conventions.interest_on_prepaid < 1.0 { vec![0.0; n * n] } else { Vec::new() },
        discount: vec![0.0; n * n],
        on_default: deal.conventions.interest_on_default,
        mpr,
        recovery,
        recovery_step,
        carry_end: steps.carry_end.clone(),
        carries_defaults: deal.document.collateral.defaulted_value.as_deref() != Some("zero"),
        par_per_cash: terms.iter().map(|of| 1.0 / of.price).collect(),
        has_discount: false,
        ccc,
        ccc_each,
        contract: if alone { vec![0.0; n * n] } else { Vec::new() },
        floor_benefit: vec![0.0; if shows { n * n } else { 0 }],
        floor_benefit_of_prepaid: vec![0.0; if shows { n * n } else { 0 }],
        sale: SaleTables::default(),
        sale_mdr,
        sale_mpr,
        quality: QualityTables::default(),
        shared: None,
        first_alive: vec![0; n],
        first_open,
    };
    let index = periods::deal_index(deal);
    let mut fixings = Vec::with_capacity(n);
    for p in 0..n {
        match periods::fixing(deal, curves, &index, steps.timeline.periods[p]) {
            Ok(rate) => fixings.push(rate),
            // What was fixed before the run starts is not paid in it.
            Err(_) if p < steps.start.first => fixings.push(0.0),
            Err(_) => return CompiledCohorts { tables, mdr, terms, due },
        }
    }
    let mut last_alive = vec![0; n];
    if !steps.sales.is_empty() {
        let prepaid = if tables.interest_of_prepaid.is_empty() { 0 } else { n * n };
        tables.sale = SaleTables {
            instalment: vec![0.0; n * n],
            interest: vec![0.0; n * n],
            interest_of_prepaid: vec![0.0; prepaid],
            worth: vec![0.0; n * n],
        };
    }
    // What is common to all cohorts, where they have one spread and one price.
    let CohortTerms { price, spread, floor, .. } = terms[0];
    let alike = |of: &CohortTerms| {
        [of.price, of.spread, of.floor].map(f64::to_bits) == [price, spread, floor].map(f64::to_bits)
    };
    let (mut repaid, mut in_order) = (0.0, true);
    let mut shared = terms.iter().all(alike).then(|| {
        let steps = (0..n).map(|p| {
            let dates = &steps.dates[p];
            let step = SharedStep {
                instalment: AMORTIZATION_RATE * dates.years,
                repaid,
                interest: floating(spread, floor).rate(fixings[p]) * DayCount::Act360.fraction(dates.start, dates.end),
                corrections: Vec::new(),
            };
            repaid += step.instalment;
            step
        });
        SharedTerms {
            steps: steps.collect(),
            prepaid: deal.conventions.interest_on_prepaid - 1.0,
            below_par: if in_set(price) { 0.0 } else { below_par(price) },
            ends_from: n,
        }
    });
    for c in 0..n.saturating_sub(1) {
        let bought_on = steps.bought_on[c];
        let CohortTerms { price, spread, floor, maturity } = terms[c];
        let coupon = floating(spread, floor);
        let below_par = if in_set(price) { 0.0 } else { below_par(price) };
        tables.has_discount |= below_par > 0.0;
        let mut contract: f64 = 1.0;
        for p in c + 1..n {
            if !(contract > 0.0) {
                break;
            }
            last_alive[c] = p;
            let dates = &steps.dates[p];
            // Collections may end more than a month before the day of a purchase.
            let start = later(bought_on, dates.start);
            if let Some(dates) = steps.sales.get(p) {
                let matured = maturity <= dates.end;
                let end = later(if matured { maturity } else { dates.end }, start);
                let weight = coupon.rate(fixings[p]) * DayCount::Act360.fraction(start, end);
                let due = AMORTIZATION_RATE * dates.years;
                let instalment = if matured || due > contract { contract } else { due };
                let (at, sale) = (p * n + c, &mut tables.sale);
                sale.instalment[at] = instalment;
                sale.interest[at] = contract * weight;
                sale.worth[at] = (contract - instalment) * price;
                if let Some(of_prepaid) = sale.interest_of_prepaid.get_mut(at) {
                    *of_prepaid = -(1.0 - deal.conventions.interest_on_prepaid) * (contract - instalment) * weight;
                }
            }
            let matured = maturity <= dates.end;
            let end = later(if matured { maturity } else { dates.end }, start);
            let weight = coupon.rate(fixings[p]) * DayCount::Act360.fraction(start, end);
            let due = AMORTIZATION_RATE * dates.years;
            let instalment = if matured || due > contract { contract } else { due };
            let at = p * n + c;
            tables.instalment[at] = instalment;
            tables.interest[at] = contract * weight;
            if let Some(of_prepaid) = tables.interest_of_prepaid.get_mut(at) {
                // Prepaid par is `(contract − instalment) · mpr` of what survives the step's default.
                *of_prepaid = -(1.0 - deal.conventions.interest_on_prepaid) * (contract - instalment) * weight;
            }
            tables.discount[at] = (contract - instalment) * below_par;
            let rest = contract - instalment;
            if shows {
                let weight = coupon.floor_benefit(fixings[p]) * DayCount::Act360.fraction(start, end);
                tables.floor_benefit[at] = contract * weight;
                tables.floor_benefit_of_prepaid[at] = (deal.conventions.interest_on_prepaid - 1.0) * rest * weight;
            }
            if let Some(of_step) = tables.contract.get_mut(at) {
                *of_step = rest;
            }
            if let Some(shared) = &mut shared {
                shared.steps[p].correct(c, [contract, instalment, weight]);
                in_order &= matured || rest > 0.0;
            }
            contract = rest;
            if matured {
                break;
            }
        }
    }
    // Sums run over the cohorts from the first that is alive on: none may end before one that is older.
    in_order &= last_alive[..n.saturating_sub(1)].windows(2).all(|pair| pair[0] <= pair[1]);
    tables.shared = shared.filter(|_| in_order);
    for p in 0..n {
        tables.first_alive[p] = (0..p).find(|&c| last_alive[c] >= p).unwrap_or(p);
    }
    if let Some(shared) = &mut tables.shared {
        shared.ends_from = tables.first_alive.iter().position(|first| *first > 0).unwrap_or(n);
    }
    if shows || deal.purchases.at_all().asks(Conditions::WAS.with(Conditions::WAL)) {
        tables.quality = weights(deal, &tables, &terms, &fixings, steps);
    }
    CompiledCohorts { tables, mdr, terms, due }
}

/// What quality tests weigh cohorts by: lives from instalments on the last days of their collection periods, the rest at maturity.
fn weights(
    deal: &CompiledDeal,
    tables: &CohortTables,
    terms: &[CohortTerms],
    fixings: &[f64],
    steps: &Steps,
) -> QualityTables {
    let n = steps.len();
    let nothing = vec![0.0; n * n];
    let ends: Vec<f64> = steps.dates.iter().map(|dates| quality::time(deal, dates.end)).collect();
    let mut out = QualityTables { spread: nothing.clone(), life: nothing.clone(), price: nothing };
    for (c, &CohortTerms { price, spread, floor, maturity }) in terms.iter().enumerate() {
        let coupon = floating(spread, floor);
        // Par that is repaid after a step, and the same times the day on which it is.
        let maturity = quality::time(deal, maturity);
        let mut balance = tables.balance(c, n - 1);
        let mut repaid = balance * maturity;
        for p in (c..n).rev() {
            let (at, end) = (p * n + c, ends[p]);
            out.spread[at] = balance * (coupon.rate(fixings[p]) - fixings[p]);
            out.price[at] = balance * price;
            out.life[at] = repaid - balance * end;
            let instalment = tables.instalment[at];
            balance += instalment;
            repaid += instalment * if maturity < end { maturity } else { end };
        }
    }
    out
}

/// Per step: the terms of what is bought after it, or was bought before the run starts.
fn terms(
    deal: &CompiledDeal,
    scenario: &Scenario,
    steps: &Steps,
    price: &[f64],
    spread: &[f64],
    before: &BoughtBefore,
) -> Vec<CohortTerms> {
    let rules = &scenario.reinvestment;
    let months = (rules.term_years * 12.0 + 0.5) as i32;
    let earlier = &deal.rule.earlier;
    let latest = |p: usize| {
        // What an earlier document bought goes on as it was bought.
        let maturity =
            earlier.iter().find(|(up_to, _)| p <= *up_to).map_or(deal.dates.stated_maturity, |(_, day)| *day);
        maturity.add_months(-1)
    };
    let mut out: Vec<CohortTerms> = steps
        .unadjusted_end
        .iter()
        .zip(price.iter().zip(spread))
        .enumerate()
        .map(|(step, (end, (&price, &spread)))| {
            let (own, latest) = (end.add_months(months), latest(steps.timeline.periods[step]));
            CohortTerms { price, spread, floor: rules.floor, maturity: if own < latest { own } else { latest } }
        })
        .collect();
    for &(step, terms) in &before.terms {
        out[step] = terms;
    }
    out
}

fn floating(spread: f64, floor: f64) -> LoanCoupon {
    LoanCoupon::Floating { spread, floor, csa: 0.0, csa_in_floor: false }
}

fn later(a: Date, b: Date) -> Date {
    if a > b { a } else { b }
}

fn is_ccc(rating: &str) -> bool {
    let upper = rating.to_ascii_uppercase();
    matches!(upper.as_str(), "CCC+" | "CCC" | "CCC-" | "CC" | "C" | "CAA1" | "CAA2" | "CAA3" | "CA")
}

fn is_weak(rating: &str) -> bool {
    is_ccc(rating)
}
