//! A sweep of deals whose document changes: each point is a projection of its own, with the documents of its own dates.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::run::{Options, Point, Swept};
use crate::collateral::Tape;
use crate::compile::classes::Points;
use crate::compile::plan::{PlanInput, compile_plan};
use crate::error::EngineError;
use crate::path::explained;
use crate::path::summary::summarize;
use crate::workers;

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
    let out: Mutex<Vec<Option<Finished>>> = Mutex::new(vec![None; points.len()]);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stop = AtomicBool::new(false);
    let failed = Mutex::new(None::<(usize, EngineError)>);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= points.len() {
                return;
            }
            match point(points, tape, number) {
                Ok(finished) => {
                    if let Ok(mut out) = out.lock() {
                        out[number] = Some(finished);
                    }
                }
                Err(error) => {
                    if let Ok(mut failed) = failed.lock()
                        && failed.as_ref().is_none_or(|(first, _)| number < *first)
                    {
                        *failed = Some((number, error));
                    }
                }
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    workers::run(options.threads.clamp(1, points.len().max(1)), work, || {
        if !tick(done.load(Ordering::Relaxed) as u64) {
            stop.store(true, Ordering::Relaxed);
        }
    })?;
    let lost = |_| EngineError::Run("a worker failed".to_owned());
    if let Some((_, error)) = failed.into_inner().map_err(lost)? {
        return Err(error);
    }
    let finished = out.into_inner().map_err(|_| EngineError::Run("a worker failed".to_owned()))?;
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
    let compiled = compile_plan(input)?;
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
