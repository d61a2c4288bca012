//! Points that can run side by side, and what they share.

use std::collections::HashMap;

use crate::collateral::{ClosingPool, CohortTables, Tape};
use crate::compile::assumptions::{Assumptions, DefaultedSource, Groups};
use crate::compile::cohorts::CohortSource;
use crate::compile::opening::{self, Resumed};
use crate::compile::plan::{self, curves_and_steps, refusal};
use crate::compile::points::{Points, sort};
use crate::compile::pool::{self, Contracts, PoolInput};
use crate::compile::{check_scenario, cohorts, events, periods, readings};
use crate::error::{EngineError, Problem};
use crate::lifecycle::{Change, Repricing};
use crate::path::deal_terms::CallTerms;
use crate::path::plan::PeriodTerms;
use crate::path::readings::ReadingTerms;
use crate::spec::scenario::Value;
use crate::spec::{Scenario, deal};
use crate::time::Date;

/// What the points of a class share: dates, contracts, groups of loans, and what the manager buys.
pub struct Class<'a> {
    pub contracts: Contracts<'a>,
    pub groups: Groups<'a>,
    pub bought: CohortSource<'a>,
    pub defaulted: Vec<DefaultedSource<'a>>,
    pub pool: ClosingPool,
    pub cohorts: CohortTables,
    /// The scalars of each payment date, by deal.
    pub periods: HashMap<usize, Vec<PeriodTerms>>,
    /// Whether a condition of a call reads the share of CCC collateral.
    pub reads_ccc_share: bool,
    pub calls: Vec<CallTerms>,
    /// Per step: whether all collateral may be sold; nothing where it never may.
    pub sells: Vec<bool>,
    pub changes: Vec<Change>,
    pub repricings: Vec<Repricing>,
    /// What only some conditions and amounts read, by deal.
    pub readings: HashMap<usize, ReadingTerms>,
    /// Its points, in order.
    pub points: &'a [usize],
    pub resumed: Option<Resumed>,
}

/// Sorts points into classes, the first point first.
///
/// # Errors
/// [`EngineError::Scenario`] with the number of each scenario that cannot be run.
pub fn sorted(points: &Points, tape: &Tape) -> Result<Vec<Alike>, EngineError> {
    let problems = points.scenarios.problems(|scenario, found| check_scenario(scenario, tape, false, found));
    if !problems.is_empty() {
        return Err(EngineError::Scenario(problems));
    }
    let going_on = points.given.state.is_some();
    let stripped: Vec<deal::Deal> = points.deals.iter().map(|deal| without_numbers(&deal.document, going_on)).collect();
    let deal_class = sort(&stripped, |a, b| a == b);
    let scenario_class = points.scenarios.sorted(side_by_side);
    let mut classes: Vec<Alike> = Vec::new();
    let mut place_of = HashMap::new();
    let mut last = None;
    for point in 0..points.len() {
        let (d, s) = points.of(point);
        let key = (deal_class[d], scenario_class[s]);
        // Mostly a point is of the class of the one before it.
        let place = match last {
            Some((known, place)) if known == key => place,
            _ => *place_of.entry(key).or_insert_with(|| {
                classes.push(Alike { scenario: points.scenarios.whole(s).into_owned(), points: Vec::new() });
                classes.len() - 1
            }),
        };
        last = Some((key, place));
        classes[place].points.push(point);
    }
    Ok(classes)
}

/// Points that can run side by side.
pub struct Alike {
    /// The scenario of the first.
    pub scenario: Scenario,
    /// In order.
    pub points: Vec<usize>,
}

/// Compiles a class of points.
///
/// # Errors
/// [`EngineError::Tape`] for a tape that does not fit a deal, [`EngineError::Scenario`] with the number of the first scenario where
/// it cannot be run.
pub fn class<'a>(points: &'a Points, alike: &'a Alike, tape: &'a Tape) -> Result<Class<'a>, EngineError> {
    let scenario = points.of(alike.points[0]).1;
    compile(points, alike, tape).map_err(|error| match error {
        EngineError::Scenario(found) => {
            EngineError::Scenario(found.into_iter().map(|problem| at(scenario, problem)).collect())
        }
        other => other,
    })
}

fn compile<'a>(points: &'a Points, alike: &'a Alike, tape: &'a Tape) -> Result<Class<'a>, EngineError> {
    let Alike { scenario, points: own } = alike;
    let deal = &points.deals[points.of(own[0]).0];
    let mut problems = Vec::new();
    let mut resumed = plan::resume(deal, tape, points.given.input(), false)?;
    if resumed.as_ref().is_some_and(|resumed| resumed.path.is_some()) {
        let message = "a path of a simulation goes on in `project` alone; expected a state without it";
        return Err(EngineError::Deal(vec![Problem::new("state.path", message)]));
    }
    let (curves, mut steps) = curves_and_steps(deal, tape, scenario, resumed.as_ref(), &mut problems)?;
    let events = events::compile(deal, &scenario.events, &mut problems);
    if !events.sells.is_empty() {
        steps.may_sell(deal);
    }
    if let (Some(resumed), Some(state)) = (resumed.as_mut(), points.given.input()) {
        opening::events(deal, resumed, state, &events, &mut problems);
    }
    let opening = resumed.as_ref().map(|resumed| &resumed.opening);
    let read = readings::Read::of(deal, &events);
    let (mut by_deal, mut read_by_deal) = (HashMap::new(), HashMap::new());
    let mut deals: Vec<usize> = own.iter().map(|point| points.of(*point).0).collect();
    deals.dedup();
    for d in deals.iter().copied() {
        read_by_deal.entry(d).or_insert_with(|| read.compile(&points.deals[d], tape, scenario, &steps, &mut problems));
        by_deal.entry(d).or_insert_with(|| {
            let (as_of, deal) = (Date(tape.as_of), &points.deals[d]);
            let spread = scenario.cash_rate_spread;
            periods::compile(
                deal,
                &curves,
                spread,
                as_of,
                opening,
                (&events.changes, &events.repricings),
                &mut problems,
            )
        });
    }
    let nothing = cohorts::BoughtBefore::default();
    let before = resumed.as_ref().map_or(&nothing, |resumed| &resumed.before);
    let bought = cohorts::compile(deal, scenario, &curves, &steps, before, false, &mut problems);
    let standing = resumed.as_ref().and_then(|resumed| resumed.standing.clone());
    let mut contracts =
        pool::compile(PoolInput { deal, tape, scenario, curves: &curves, steps, standing }, &mut problems);
    if !problems.is_empty() {
        // Without fixings there are no contracts to look at.
        return Err(refusal(problems));
    }
    contracts.parts = read.parts(deal, tape);
    let purchases = read.purchases(&mut contracts, &bought, (scenario, &curves), &mut problems);
    for d in &deals {
        if let Some(readings) = read_by_deal.get_mut(d) {
            readings.purchases.clone_from(&purchases);
        }
    }
    if problems.is_empty() {
        plan::complete(resumed.as_mut(), points.given.input(), &contracts, &bought)?;
    }
    let (groups, defaulted) = {
        let mut assumed = Assumptions::new(&contracts, scenario, false, &mut problems);
        assumed.check(&mut problems);
        (assumed.groups(), assumed.defaulted())
    };
    if !problems.is_empty() {
        return Err(refusal(problems));
    }
    let pool = contracts.facts();
    Ok(Class {
        contracts,
        groups,
        bought: cohorts::source(scenario),
        defaulted,
        pool,
        cohorts: bought.tables,
        periods: by_deal,
        reads_ccc_share: events.read_ccc_share(),
        calls: events.calls,
        sells: events.sells,
        changes: events.changes,
        repricings: events.repricings,
        readings: read_by_deal,
        points: own,
        resumed,
    })
}

/// A problem of one of several scenarios.
#[must_use]
pub fn at(scenario: usize, problem: Problem) -> Problem {
    let place = problem.place.strip_prefix("scenario").map(|rest| format!("scenarios[{scenario}]{rest}"));
    Problem { place: place.unwrap_or(problem.place), ..problem }
}

/// A deal without the numbers that may differ from lane to lane; those that the state of a run follows from stay.
fn without_numbers(document: &deal::Deal, going_on: bool) -> deal::Deal {
    let mut out = document.clone();
    let blank = |number: &mut Option<f64>| *number = number.map(|_| 0.0);
    out.name.clear();
    for note in &mut out.notes {
        if !(going_on && note.residual) {
            note.balance = 0.0;
            note.issue_price = 0.0;
        }
        if let Some(coupon) = &mut note.coupon {
            for number in [&mut coupon.spread, &mut coupon.fixed, &mut coupon.floor, &mut coupon.cap] {
                blank(number);
            }
            for step in &mut coupon.step_up {
                blank(&mut step.spread);
                blank(&mut step.fixed);
            }
        }
        if let Some(given) = &mut note.make_whole {
            blank(&mut given.discount.fixed);
            blank(&mut given.discount.spread);
        }
    }
    for fee in &mut out.fees {
        for number in [&mut fee.amount_per_period, &mut fee.rate, &mut fee.fixed_per_year] {
            blank(number);
        }
        if let Some(cap) = &mut fee.cap {
            cap.rate = 0.0;
            cap.fixed_per_year = 0.0;
        }
        for hurdle in &mut fee.hurdles {
            if !going_on {
                blank(&mut hurdle.irr);
            }
            hurdle.share = 0.0;
        }
    }
    for test in &mut out.tests {
        test.trigger = 0.0;
    }
    out
}

/// Whether two scenarios differ only in what may differ from lane to lane.
fn side_by_side(a: &Scenario, b: &Scenario) -> bool {
    let (one, other) = (&a.reinvestment, &b.reinvestment);
    a.cash_rate_spread.to_bits() == b.cash_rate_spread.to_bits()
        && a.draw_rate.to_bits() == b.draw_rate.to_bits()
        && a.usage_at_default.to_bits() == b.usage_at_default.to_bits()
        && same_groups(a.cdr.as_ref(), b.cdr.as_ref())
        && same_groups(Some(&a.cpr), Some(&b.cpr))
        && same_groups(a.recovery.as_ref(), b.recovery.as_ref())
        && a.recovery_lag_months == b.recovery_lag_months
        && a.defaults == b.defaults
        && a.rates == b.rates
        && a.events == b.events
        && a.market_spreads == b.market_spreads
        && one.price == other.price
        && one.spread == other.spread
        && one.floor.to_bits() == other.floor.to_bits()
        && one.term_years.to_bits() == other.term_years.to_bits()
        && one.rating == other.rating
        && one.recovery.is_some() == other.recovery.is_some()
        && one.pd.is_some() == other.pd.is_some()
}

fn same_groups(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::Groups { values: a }), Some(Value::Groups { values: b })) => a.keys().eq(b.keys()),
        (Some(Value::Groups { .. }), _) | (_, Some(Value::Groups { .. })) => false,
        _ => a.is_some() == b.is_some(),
    }
}
