//! A sweep of deals whose document changes, or that are called between payment dates: each point is a projection of its own,
//! with the documents of its own dates.

use super::queue;
use super::run::Options;
use super::swept::{Block, Swept};
use crate::collateral::Tape;
use crate::compile::classes::at;
use crate::compile::plan::{PlanInput, compile_plan};
use crate::compile::points::Points;
use crate::error::EngineError;
use crate::path::explained;
use crate::path::summary::figures;

/// A point, and its payment dates.
type Finished = (Block, Vec<i32>);

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
    let finished = queue::run([points.len(), options.threads], tick, |_: &mut Option<()>, number| {
        point(points, tape, number).map(|finished| (finished, 1)).map_err(|error| (number, error))
    })?;
    let mut payments = vec![Vec::new(); points.len()];
    let mut blocks = Vec::with_capacity(finished.len());
    for (number, (block, dates)) in finished {
        payments[number] = dates;
        blocks.push(block);
    }
    Ok(Swept::new(points.len(), blocks, payments))
}

/// One point as a projection.
fn point(points: &Points, tape: &Tape, number: usize) -> Result<Finished, EngineError> {
    let (deal, scenario) = points.of(number);
    let input = PlanInput {
        deal: &points.deals[deal],
        tape,
        scenario: &points.scenarios.whole(scenario),
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
    let error = path.conservation_error / plan.deal.target_par;
    Ok((Block::new(&[number], &figures(plan, &path), vec![error], number), payments))
}
