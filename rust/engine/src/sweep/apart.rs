//! A sweep of deals whose document changes, or that are called between payment dates: each point is a projection of its own,
//! with the documents of its own dates.

use super::queue::{self, Found};
use super::run::{Options, Point, Swept};
use crate::collateral::Tape;
use crate::compile::classes::{Points, at};
use crate::compile::plan::{PlanInput, compile_plan};
use crate::error::EngineError;
use crate::path::explained;
use crate::path::summary::summarize;

/// A point, and its payment dates.
type Finished = (Point, Vec<i32>);

/// Runs every point by itself.
///
/// # Errors
/// As a projection of the first point that cannot be run; [`EngineError::Run`] when a worker fails.
pub fn sweep(
    points: &Points,
    tape: &Tape,
    options: Options,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Swept, EngineError> {
    let sizes = [points.len(), points.len(), options.threads];
    let finished = queue::run(sizes, tick, |_: &mut Option<()>, number| match point(points, tape, number) {
        Ok(finished) => Found { points: vec![(number, finished)], refused: None },
        Err(error) => Found { points: Vec::new(), refused: Some((number, error)) },
    })?;
    let stopped = finished.iter().any(Option::is_none);
    let (points, payments) = finished
        .into_iter()
        .map(|finished| finished.map_or_else(Default::default, |(point, payments)| (Some(point), payments)))
        .unzip();
    Ok(Swept { points, payments, stopped })
}

/// One point as a projection.
fn point(points: &Points, tape: &Tape, number: usize) -> Result<Finished, EngineError> {
    let (deal, scenario) = points.of(number);
    let input = PlanInput {
        deal: &points.deals[deal],
        tape,
        scenario: &points.scenarios[scenario],
        model_defaults: false,
        state: points.given.input(),
    };
    let compiled = compile_plan(input).map_err(|error| match error {
        EngineError::Scenario(found) => {
            EngineError::Scenario(found.into_iter().map(|problem| at(scenario, problem)).collect())
        }
        other => other,
    })?;
    let plan = &compiled.plan;
    let path = match &compiled.path {
        Some(path) => explained::go_on(plan, path),
        None => explained::project(plan, &compiled.flows),
    };
    if let Some(short) = path.short {
        return Err(plan.refusal(short));
    }
    let payments = (0..plan.steps()).map(|p| path.in_force(plan, p).periods[p].payment).collect();
    let notes = summarize(plan, &path);
    Ok((Point { notes, conservation_error: path.conservation_error / plan.deal.target_par, class: number }, payments))
}
