//! From a compiled deal, a tape and a scenario to a plan that the period loop can run.

use crate::collateral::Tape;
use crate::collateral::groups::PoolFlows;
use crate::compile::assumptions::Assumptions;
use crate::compile::cohorts;
use crate::compile::deal::CompiledDeal;
use crate::compile::events;
use crate::compile::periods;
use crate::compile::pool::{self, Contracts, PoolInput, Steps};
use crate::compile::rates;
use crate::compile::values::{self, Range};
use crate::error::{EngineError, Problem};
use crate::path::plan::{DealTerms, Plan};
use crate::rates::Curves;
use crate::spec::Scenario;
use crate::time::Date;

/// What a plan is compiled from.
#[derive(Clone, Copy)]
pub struct PlanInput<'a> {
    pub deal: &'a CompiledDeal,
    pub tape: &'a Tape,
    pub scenario: &'a Scenario,
    /// A default model brings the defaults of the closing pool and of the cohorts.
    pub model_defaults: bool,
}

/// A plan, with what a default model still needs.
pub struct CompiledPlan {
    pub plan: Plan,
    pub steps: Steps,
    pub curves: Curves,
    /// Distinct obligors in order of their ids, each with its first loan on the tape.
    pub obligors: Vec<(String, usize)>,
    /// The closing pool's flows under the scenario's own rates; nothing where a model brings the defaults.
    pub flows: PoolFlows<1>,
}

/// Compiles a run; every problem of the scenario and of the tape against the deal is reported at once.
///
/// # Errors
/// [`EngineError::Tape`] for a tape that does not fit the deal, [`EngineError::Scenario`] otherwise.
pub fn compile_plan(input: PlanInput<'_>) -> Result<CompiledPlan, EngineError> {
    let PlanInput { deal, tape, scenario, model_defaults } = input;
    let mut problems = Vec::new();
    check_scenario(scenario, tape, model_defaults, &mut problems);
    let (curves, mut steps) = curves_and_steps(deal, tape, scenario, &mut problems)?;
    let events = events::compile(deal, &scenario.events, &mut problems);
    if !events.sells.is_empty() {
        steps.may_sell(deal);
    }
    let as_of = Date(tape.as_of);
    let periods = periods::compile(deal, &curves, scenario.cash_rate_spread, as_of, &mut problems);
    let bought = cohorts::compile(deal, scenario, &curves, &steps, &mut problems);
    let contracts = pool::compile(PoolInput { deal, tape, curves: &curves, steps }, &mut problems);
    let mut assumed = Assumptions::new(&contracts, scenario, model_defaults, &mut problems);
    assumed.check(&mut problems);
    if !problems.is_empty() {
        return Err(refusal(problems));
    }
    let (pool, flows) = if model_defaults {
        (assumed.loan_by_loan(), PoolFlows::new(0, 0))
    } else {
        let groups = assumed.groups();
        let rates = assumed.group_rates(&groups);
        let mut flows = PoolFlows::new(contracts.steps.len(), contracts.ccc.len());
        flows.set(&groups.groups, &rates, &assumed.defaulted_assets(), &contracts.rules);
        (contracts.facts(), flows)
    };
    let closing = deal.terms.grid.closing;
    let reads_ccc_share = deal.terms.reads_ccc_share || events.read_ccc_share();
    let plan = Plan {
        days: deal.terms.grid.periods.iter().map(|p| p.payment - closing).collect(),
        deal: DealTerms { reads_ccc_share, ..deal.terms.clone() },
        periods,
        pool,
        cohorts: bought.tables,
        cohort_mdr: if model_defaults { vec![0.0; contracts.steps.len()] } else { bought.mdr },
        liquidation_price: scenario.liquidation_price,
        post_period_share: scenario.post_period_share,
        calls: events.calls,
        sells: events.sells,
        opening_defaulted_par: contracts.defaulted_par(),
    };
    let Contracts { steps, obligors, .. } = contracts;
    Ok(CompiledPlan { plan, steps, curves, obligors, flows })
}

/// The index curves of a scenario, and the steps of a deal from the day of a tape.
///
/// # Errors
/// [`EngineError::Scenario`] with what was found before and in the curves, [`EngineError::Tape`] for a tape without
/// rows or of another time.
pub fn curves_and_steps(
    deal: &CompiledDeal,
    tape: &Tape,
    scenario: &Scenario,
    problems: &mut Vec<Problem>,
) -> Result<(Curves, Steps), EngineError> {
    if tape.is_empty() {
        return Err(EngineError::Tape(vec![Problem::new("tape", "found no rows; expected at least one loan")]));
    }
    let curves = rates::compile(&scenario.rates, problems);
    let mut of_tape = Vec::new();
    let steps = Steps::new(deal, Date(tape.as_of), &mut of_tape);
    if !problems.is_empty() {
        return Err(EngineError::Scenario(std::mem::take(problems)));
    }
    let (Some(curves), Some(steps)) = (curves, steps) else { return Err(EngineError::Tape(of_tape)) };
    Ok((curves, steps))
}

/// The error of a run: of the scenario, or of the tape where that alone is wrong.
#[must_use]
pub fn refusal(problems: Vec<Problem>) -> EngineError {
    let (of_tape, of_scenario): (Vec<_>, Vec<_>) = problems.into_iter().partition(|p| p.place.starts_with("tape"));
    if of_scenario.is_empty() { EngineError::Tape(of_tape) } else { EngineError::Scenario(of_scenario) }
}

/// Checks every number, date and group of a scenario against a tape.
pub fn check_scenario(scenario: &Scenario, tape: &Tape, model_defaults: bool, problems: &mut Vec<Problem>) {
    let obligors = &tape.obligor_id;
    match &scenario.cdr {
        Some(cdr) => values::check(cdr, "scenario.cdr", Range::Share, obligors, problems),
        None if !model_defaults => {
            problems.push(Problem::new("scenario.cdr", "missing; a projection needs a default rate (0 for none)"));
        }
        None => {}
    }
    values::check(&scenario.cpr, "scenario.cpr", Range::Share, obligors, problems);
    if let Some(recovery) = &scenario.recovery {
        values::check(recovery, "scenario.recovery", Range::Share, obligors, problems);
    }
    if let Some(lag) = &scenario.recovery_lag_months {
        values::check(lag, "scenario.recovery_lag_months", Range::NotNegative, obligors, problems);
    }
    let reinvestment = &scenario.reinvestment;
    values::check(&reinvestment.price, "scenario.reinvestment.price", Range::Price, obligors, problems);
    values::check(&reinvestment.spread, "scenario.reinvestment.spread", Range::Any, obligors, problems);
    let mut number = |x: f64, place: &str, holds: bool, expected: &str| {
        if !holds || !x.is_finite() {
            problems.push(Problem::new(place, format!("found {x}; expected {expected}")));
        }
    };
    number(
        scenario.liquidation_price,
        "scenario.liquidation_price",
        scenario.liquidation_price > 0.0,
        "a price above zero, such as 0.985",
    );
    number(
        scenario.post_period_share,
        "scenario.post_period_share",
        (0.0..=1.0).contains(&scenario.post_period_share),
        "a decimal from 0 to 1",
    );
    number(
        reinvestment.term_years,
        "scenario.reinvestment.term_years",
        reinvestment.term_years > 0.0 && reinvestment.term_years <= 40.0,
        "years above 0, at most 40",
    );
    for (value, place) in
        [(reinvestment.recovery, "scenario.reinvestment.recovery"), (reinvestment.pd, "scenario.reinvestment.pd")]
    {
        if let Some(x) = value {
            number(x, place, (0.0..=1.0).contains(&x), "a decimal from 0 to 1");
        }
    }
}
