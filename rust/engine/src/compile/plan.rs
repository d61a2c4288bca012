//! From a compiled deal, a tape and a scenario to a plan that the period loop can run.

use std::borrow::Cow;

use crate::collateral::groups::{GroupRates, PoolFlows, RatesOf};
use crate::collateral::{CohortTables, Tape};
use crate::compile::assumptions::Assumptions;
use crate::compile::cohorts::{self, BoughtBefore, CompiledCohorts};
use crate::compile::common_dates;
use crate::compile::deal::CompiledDeal;
use crate::compile::documents::{self, Places};
use crate::compile::events::{self, Events};
use crate::compile::opening::{self, Resumed, StateInput};
use crate::compile::periods;
use crate::compile::pool::{self, Contracts, PoolInput};
use crate::compile::rates;
use crate::compile::readings;
use crate::compile::redemptions;
use crate::compile::remaining;
use crate::compile::run_steps::{Start, Steps};
use crate::compile::sale_prices;
use crate::compile::values::{self, Range};
use crate::error::{EngineError, Problem};
use crate::path::deal_terms::DealTerms;
use crate::path::instalments;
use crate::path::opening::DrawnPath;
use crate::path::plan::{PeriodTerms, Plan};
use crate::path::readings::ReadingTerms;
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
    /// The state that the run goes on from; absent: it starts at closing.
    pub state: Option<StateInput<'a>>,
}

/// A plan, with what a default model still needs.
pub struct CompiledPlan {
    pub plan: Plan,
    pub steps: Steps,
    /// Those of the document that ends last, where a condition brings in dates that the first does not have and it ends later.
    pub longest: Option<Steps>,
    pub curves: Curves,
    /// Distinct obligors in order of their ids, each with its first loan on the tape.
    pub obligors: Vec<(String, usize)>,
    /// The closing pool's flows under the scenario's own rates; nothing where defaults are taken off it.
    pub flows: PoolFlows<1>,
    /// The simulated path that goes on, where a state holds one.
    pub path: Option<DrawnPath>,
    pub before: BoughtBefore,
    /// The state that the run goes on from.
    pub resumed: Option<Resumed>,
}

/// What a run is compiled to before the flows of its pool are added up.
pub struct Prepared<'a> {
    pub contracts: Contracts<'a>,
    pub curves: Curves,
    pub bought: CompiledCohorts,
    pub periods: Vec<PeriodTerms>,
    pub resumed: Option<Resumed>,
    pub events: Events,
    pub readings: ReadingTerms,
    /// The defaults come one by one: of a model, or of the path of a state.
    pub drawn: bool,
}

/// Compiles a run; every problem of the scenario and of the tape against the deal is reported at once.
///
/// # Errors
/// [`EngineError::Deal`] for a state that does not fit the deal or the tape, [`EngineError::Tape`] for a tape that does not
/// fit the deal, [`EngineError::Scenario`] otherwise.
pub fn compile_plan(input: PlanInput<'_>) -> Result<CompiledPlan, EngineError> {
    compile(input, false)
}

/// Compiles a run that shows the averages of its collateral, for tables.
///
/// # Errors
/// As [`compile_plan`].
pub fn compile_shown_plan(input: PlanInput<'_>) -> Result<CompiledPlan, EngineError> {
    compile(input, true)
}

fn compile(input: PlanInput<'_>, shows: bool) -> Result<CompiledPlan, EngineError> {
    let deal = &*ruling(input)?;
    let input = PlanInput { deal, ..input };
    let resumed = resume(deal, input.tape, input.state, input.model_defaults)?;
    let (mut compiled, places) = one(input, resumed, None, shows)?;
    let documents = if deal.regimes.is_empty() && deal.rule.names.is_empty() {
        common_dates::join(&mut compiled, Vec::new(), input.tape)?;
        vec![places]
    } else {
        documents::follow(input, shows, &mut compiled, places)?
    };
    redemptions::follow(input, shows, &mut compiled, &documents)?;
    Ok(compiled)
}

/// The deal with the notes and documents that events bring in, from the document on that a state goes on with.
///
/// # Errors
/// [`EngineError::Scenario`] for events that do not fit the deal, [`EngineError::Deal`] for a state whose document does not come in.
pub fn ruling(input: PlanInput<'_>) -> Result<Cow<'_, CompiledDeal>, EngineError> {
    let deal = input.deal.with_events(&input.scenario.events).map_err(assumed)?;
    let Some(state) = input.state else { return Ok(deal) };
    let mut problems = Vec::new();
    if state.state.documents.is_empty() {
        let date = Date::parse(&state.state.payment_date);
        if let Some((event, on)) = date.and_then(|date| deal.brought_in_by(&input.scenario.events, date)) {
            let message = format!(
                "missing: {event} brought in its document on {on}, before the state; expected [{{event: \"{event}\", on: {on}}}]"
            );
            return Err(EngineError::Deal(vec![Problem::new("state.documents", message)]));
        }
        return Ok(deal);
    }
    let number = deal.brought_in(&state.state.documents, &mut problems);
    if !problems.is_empty() {
        return Err(EngineError::Deal(problems));
    }
    Ok(Cow::Owned(deal.rooted(number).into_owned()))
}

/// Compiles a run under one document, with the places of its events; `given` are the events themselves, where they are known,
/// and `shows`: averages of the collateral are shown.
///
/// # Errors
/// As [`compile_plan`].
pub fn one(
    input: PlanInput<'_>,
    resumed: Option<Resumed>,
    given: Option<Events>,
    shows: bool,
) -> Result<(CompiledPlan, Places), EngineError> {
    let mut problems = Vec::new();
    let mut prepared = prepare(input, resumed, given, shows, &mut problems)?;
    let mut assumed = Assumptions::new(&prepared.contracts, input.scenario, prepared.drawn, &mut problems);
    assumed.check(&mut problems);
    if !problems.is_empty() {
        return Err(refusal(problems));
    }
    let (pool, flows) = if prepared.drawn {
        let path = prepared.resumed.as_ref().and_then(|resumed| resumed.path.as_ref());
        (assumed.loan_by_loan(path.is_some_and(|path| path.one_by_one)), PoolFlows::new(0, 0, true))
    } else {
        let groups = assumed.groups();
        let rates = assumed.group_rates(&groups);
        let contracts = &prepared.contracts;
        let mut flows = PoolFlows::new(contracts.steps.len(), contracts.ccc.len(), true);
        let rates: Vec<RatesOf<'_, f64>> = rates.iter().map(GroupRates::read).collect();
        flows.set(&groups.groups, &rates, &assumed.defaulted_assets(), &contracts.rules);
        (contracts.facts(), flows)
    };
    let companies = shows.then(|| assumed.companies());
    let resumed = prepared.resumed.take();
    let (path, before) = resumed.as_ref().map_or_else(Default::default, |r| (r.path.clone(), r.before.clone()));
    let Prepared { contracts, curves, bought, periods, events, readings, drawn, .. } = prepared;
    let grid = &input.deal.terms.grid;
    let places = Places::of(&events);
    let plan = Plan {
        instalments: instalments::of_events(&input.deal.terms.notes, &events.changes),
        days: days(input.deal, resumed.as_ref()),
        deal: DealTerms {
            reads_ccc_share: input.deal.terms.reads_ccc_share || events.read_ccc_share(),
            ..input.deal.terms.clone()
        },
        periods,
        pool,
        within: contracts.steps.within.clone(),
        cohorts: if drawn {
            // Defaults that are drawn come when they do, however long a step is.
            CohortTables { sale_mdr: Vec::new(), ..bought.tables }
        } else {
            bought.tables
        },
        cohort_mdr: if drawn { vec![0.0; contracts.steps.len()] } else { bought.mdr },
        liquidation_prices: sale_prices::by_period(&input.scenario.liquidation_price, &contracts),
        post_period_share: input.scenario.post_period_share,
        calls: events.calls,
        sells: events.sells,
        changes: events.changes,
        repricings: events.repricings,
        readings,
        companies,
        opening_defaulted_par: contracts.defaulted_par(),
        opening: resumed.as_ref().map(|resumed| resumed.opening.clone()),
        last: grid.periods.iter().position(|period| period.is_last).unwrap_or(0),
        number: 0,
        shown: Vec::new(),
        takes: Vec::new(),
        common: None,
        regimes: Vec::new(),
    };
    let Contracts { steps, obligors, .. } = contracts;
    Ok((CompiledPlan { plan, steps, longest: None, curves, obligors, flows, path, before, resumed }, places))
}

/// Compiles a run up to the contracts of its pool.
///
/// # Errors
/// As [`compile_plan`], for what has to be right before anything else can be looked at.
pub fn prepare<'a>(
    input: PlanInput<'a>,
    mut resumed: Option<Resumed>,
    given: Option<Events>,
    shows: bool,
    problems: &mut Vec<Problem>,
) -> Result<Prepared<'a>, EngineError> {
    let PlanInput { deal, tape, scenario, state, model_defaults } = input;
    let drawn = model_defaults || resumed.as_ref().is_some_and(|resumed| resumed.path.is_some());
    check_scenario(scenario, tape, drawn, problems);
    let (curves, mut steps) = curves_and_steps(deal, tape, scenario, resumed.as_ref(), problems)?;
    let events = given.unwrap_or_else(|| events::compile(deal, &scenario.events, problems));
    if !events.sells.is_empty() {
        steps.may_sell(deal);
    }
    let goes_on = resumed.as_ref().is_some_and(|resumed| resumed.since == deal.rule.since);
    if let (Some(resumed), Some(state), true) = (resumed.as_mut(), state, goes_on) {
        opening::events(deal, resumed, state, &events, problems);
    }
    let opening = resumed.as_ref().map(|resumed| &resumed.opening);
    let as_of = Date(tape.as_of);
    let spread = scenario.cash_rate_spread;
    let periods =
        periods::compile(deal, &curves, spread, as_of, opening, (&events.changes, &events.repricings), problems);
    let nothing = BoughtBefore::default();
    let before = resumed.as_ref().map_or(&nothing, |resumed| &resumed.before);
    let goes_on_alike = goes_on && steps.cut.is_none();
    let before = if goes_on_alike { Cow::Borrowed(before) } else { Cow::Owned(before.under(&steps)) };
    let bought = cohorts::compile(deal, scenario, &curves, &steps, &before, shows, problems);
    let mut standing = resumed.as_ref().and_then(|resumed| resumed.standing.clone());
    if !goes_on_alike {
        for past in standing.iter_mut().flatten().flat_map(|standing| &mut standing.defaults) {
            past.collected = match past.step {
                Some(step) => steps.collects(step, past.collected, past.due),
                None if goes_on => past.collected,
                None => steps.collects_by_end(past.collected, past.due),
            };
        }
    }
    let read = readings::Read { shows, ..readings::Read::of(deal, &events) };
    let mut readings = read.compile(deal, tape, scenario, &steps, problems);
    let mut contracts = pool::compile(PoolInput { deal, tape, scenario, curves: &curves, steps, standing }, problems);
    contracts.parts = read.parts(deal, tape);
    readings.purchases = read.purchases(&mut contracts, &bought, (scenario, &curves), problems);
    if problems.is_empty() && goes_on {
        complete(resumed.as_mut(), state, &contracts, &bought)?;
    }
    Ok(Prepared { contracts, curves, bought, periods, resumed, events, readings, drawn })
}

/// Reads the state that a run goes on from.
///
/// # Errors
/// [`EngineError::Deal`] with every problem of the state and of the tape beside it; [`EngineError::Tape`] where the tape alone
/// is of a wrong date.
pub fn resume(
    deal: &CompiledDeal,
    tape: &Tape,
    state: Option<StateInput<'_>>,
    draws: bool,
) -> Result<Option<Resumed>, EngineError> {
    let Some(input) = state else { return Ok(None) };
    let mut problems = Vec::new();
    let resumed = opening::compile(deal, input, tape, draws, &mut problems);
    if problems.is_empty() {
        return Ok(resumed);
    }
    let of_tape = problems.iter().all(|problem| problem.place.starts_with("tape"));
    Err(if of_tape { EngineError::Tape(problems) } else { EngineError::Deal(problems) })
}

/// Checks the pars of a state against the contracts, and fills in what follows from them.
///
/// # Errors
/// [`EngineError::Deal`] with every par that is not its share of the contract, or where nothing is left to go on with.
pub fn complete(
    resumed: Option<&mut Resumed>,
    state: Option<StateInput<'_>>,
    contracts: &Contracts<'_>,
    bought: &CompiledCohorts,
) -> Result<(), EngineError> {
    let (Some(resumed), Some(input)) = (resumed, state) else { return Ok(()) };
    let mut problems = Vec::new();
    remaining::check_pars(input.state, resumed, contracts, bought, &mut problems);
    remaining::check_left(input.state, resumed, contracts, &mut problems);
    if !problems.is_empty() {
        return Err(EngineError::Deal(problems));
    }
    resumed.complete(contracts.par(), contracts.defaulted_par());
    Ok(())
}

/// Days from closing to each payment date, and to distributions of a state on other dates.
#[must_use]
pub fn days(deal: &CompiledDeal, resumed: Option<&Resumed>) -> Vec<i32> {
    let grid = &deal.terms.grid;
    let (mut out, first) =
        resumed.map_or((Vec::new(), 0), |resumed| (resumed.opening.past.days.clone(), resumed.opening.first));
    out.extend(grid.periods.iter().skip(first).map(|period| period.payment - grid.closing));
    out
}

/// Problems of a deal's own document have been found before: these are of the events that a scenario assumes.
#[must_use]
pub fn assumed(error: EngineError) -> EngineError {
    match error {
        EngineError::Deal(problems) => EngineError::Scenario(problems),
        other => other,
    }
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
    resumed: Option<&Resumed>,
    problems: &mut Vec<Problem>,
) -> Result<(Curves, Steps), EngineError> {
    if tape.is_empty() {
        return Err(EngineError::Tape(vec![Problem::new("tape", "found no rows; expected at least one loan")]));
    }
    let curves = rates::compile(&scenario.rates, problems);
    let mut of_tape = Vec::new();
    let start = resumed.map_or_else(Start::default, |resumed| resumed.start);
    let steps = Steps::new(deal, Date(tape.as_of), start, &mut of_tape);
    if !problems.is_empty() {
        return Err(EngineError::Scenario(std::mem::take(problems)));
    }
    let (Some(curves), Some(mut steps)) = (curves, steps) else { return Err(EngineError::Tape(of_tape)) };
    steps.draw(scenario.draw_rate, deal.conventions.simple_rates);
    Ok((curves, steps))
}

/// The error of a run: of the scenario, or of the tape where that alone is wrong.
#[must_use]
pub fn refusal(problems: Vec<Problem>) -> EngineError {
    if problems.iter().any(|problem| problem.place.starts_with("state.")) {
        return EngineError::Deal(problems);
    }
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
    for (key, spread) in &scenario.market_spreads {
        readings::check_spread(key, spread, problems);
    }
    sale_prices::check(&scenario.liquidation_price, problems);
    let mut number = |x: f64, place: &str, holds: bool, expected: &str| {
        if !holds || !x.is_finite() {
            problems.push(Problem::new(place, format!("found {x}; expected {expected}")));
        }
    };
    number(
        scenario.post_period_share,
        "scenario.post_period_share",
        (0.0..=1.0).contains(&scenario.post_period_share),
        "a decimal from 0 to 1",
    );
    for (value, place) in
        [(scenario.draw_rate, "scenario.draw_rate"), (scenario.usage_at_default, "scenario.usage_at_default")]
    {
        number(value, place, (0.0..=1.0).contains(&value), "a decimal from 0 to 1");
    }
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
