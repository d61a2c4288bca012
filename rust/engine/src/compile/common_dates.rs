//! The steps and payment dates of all documents together, where a condition may bring in some that the first does not have.

use crate::collateral::Tape;
use crate::compile::plan::CompiledPlan;
use crate::compile::run_steps::Steps;
use crate::error::{EngineError, Problem};
use crate::path::common_dates::{CommonDates, ToldDate};
use crate::path::plan::{Plan, SAME_TIME};
use crate::time::{Date, thirty_360};

/// Puts a run on the dates of all its documents where it needs them; `steps` are those of the documents that follow.
///
/// # Errors
/// [`EngineError::Deal`] for a path of a state that is told on fewer dates.
pub fn join(compiled: &mut CompiledPlan, steps: Vec<Steps>, tape: &Tape) -> Result<(), EngineError> {
    let plan = &compiled.plan;
    let other = |plan: &Plan| !plan.takes.is_empty() && plan.shown.is_empty();
    let brings_in = plan.changes_by_condition() && plan.to_come().any(|(_, plan)| other(plan));
    let told = compiled.path.as_ref().map(|path| path.ends.as_slice()).filter(|ends| !ends.is_empty());
    if !brings_in && told.is_none() {
        return Ok(());
    }
    if let (Some(_), None) = (&compiled.path, told) {
        let message = "tells defaults by the payment dates of one document, and a condition may bring in others; expected the schedule dates of all, and `schedule_dates: true`";
        return Err(EngineError::Deal(vec![Problem::new("state.path", message)]));
    }
    let of_plans: Vec<&Steps> = std::iter::once(&compiled.steps).chain(&steps).collect();
    let mut common = CommonDates {
        collection_end: of_plans.iter().map(|steps| steps.dates.iter().map(|dates| dates.end).collect()).collect(),
        ..CommonDates::default()
    };
    let all = || plan.to_come().map(|(number, plan)| (plan, of_plans[number]));
    if let Some(told) = told {
        common.ends = told.to_vec();
        common.times = told.iter().map(|end| thirty_360(Date(tape.as_of), *end)).collect();
        if !all().all(|(plan, _)| common.holds(plan)) {
            let message = "does not tell every step of the documents that may come; expected the schedule dates of all";
            return Err(EngineError::Deal(vec![Problem::new("state.path.cohort_default_rates", message)]));
        }
    } else {
        let of_plan = |(plan, steps): (&Plan, &Steps)| {
            let ends = (0..=plan.pool_step(plan.last)).map(|q| (plan.credit_time(q), steps.unadjusted_end[q]));
            ends.collect::<Vec<(f64, Date)>>()
        };
        let mut ends: Vec<(f64, Date)> = all().flat_map(of_plan).collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends.dedup_by(|b, a| b.0 - a.0 < SAME_TIME);
        (common.times, common.ends) = ends.into_iter().unzip();
    }
    if plan.regimes.is_empty() {
        // The last document of its path: nothing comes after it.
        compiled.plan.takes = common.taken_by(plan);
        compiled.path = compiled.path.take().map(|path| compiled.plan.own_path(&path));
        compiled.plan.takes = Vec::new();
        return Ok(());
    }
    let end = |plan: &Plan| plan.credit_time(plan.pool_step(plan.last));
    let longest = plan.to_come().max_by(|(_, a), (_, b)| end(a).total_cmp(&end(b)));
    let longest = longest.filter(|(_, longest)| end(longest) > end(plan) + SAME_TIME).map(|(number, _)| number);
    common.told = told_dates(plan);
    let past = plan.off_schedule() + plan.first();
    let run = common.told.iter().skip(plan.first()).map(|date| date.payment - plan.deal.grid.closing.0);
    common.days = plan.days[..past].iter().copied().chain(run).collect();
    let come: Vec<bool> = (0..plan.regimes.len()).map(|k| plan.may_come(k)).collect();
    place(&mut compiled.plan, &common);
    let mut regimes = std::mem::take(&mut compiled.plan.regimes);
    for (regime, comes) in regimes.iter_mut().zip(come) {
        if comes {
            place(&mut regime.plan, &common);
        }
    }
    compiled.plan.regimes = regimes;
    compiled.plan.common = Some(Box::new(common));
    compiled.longest = longest.and_then(|number| steps.into_iter().nth(number - 1));
    Ok(())
}

/// The payment dates of all documents in order; of several that have one, as the first of them has it.
fn told_dates(plan: &Plan) -> Vec<ToldDate> {
    let of_plan = |(_, plan): (usize, &Plan)| plan.periods[..=plan.last].iter().map(ToldDate::of).collect::<Vec<_>>();
    let mut out: Vec<ToldDate> = plan.to_come().flat_map(of_plan).collect();
    out.sort_by_key(|date| date.payment);
    out.dedup_by_key(|date| date.payment);
    out
}

/// Tells where the payment dates and steps of a plan stand among those of all.
fn place(plan: &mut Plan, common: &CommonDates) {
    let at = |payment: i32| common.told.partition_point(|date| date.payment < payment) as u32;
    plan.shown = plan.periods[..=plan.last].iter().map(|period| at(period.payment)).collect();
    plan.takes = common.taken_by(plan);
}
