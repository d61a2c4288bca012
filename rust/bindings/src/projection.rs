//! One deterministic path.

use cloche_engine::compile::{Given, PlanInput, compile_shown_plan, state_after};
use cloche_engine::error::EngineError;
use cloche_engine::path::explained;
use cloche_engine::spec::{DealState, Scenario};
use cloche_engine::time::Date;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::deal::Deal;
use crate::errors;
use crate::pool::Pool;
use crate::tables;

/// Reads the canonical text of a state, beside the hash of the tape that comes with it.
pub fn given(state: Option<&str>, tape: &str) -> Result<Given, EngineError> {
    let state = state.map(serde_json::from_str).transpose().map_err(|e| errors::document("state", &e))?;
    Ok(Given { state, tape: tape.to_owned() })
}

/// The canonical text of a state.
pub fn text(state: &DealState) -> Result<String, EngineError> {
    serde_json::to_string(state).map_err(|error| EngineError::Run(error.to_string()))
}

/// A payment date.
pub fn date(text: &str) -> Result<Date, EngineError> {
    Date::parse(text)
        .ok_or_else(|| EngineError::Run(format!("date: found {text:?}; expected a date such as 2026-01-20")))
}

/// Projects a deal on a pool under a scenario, from closing or a state; returns its tables.
#[pyfunction]
pub fn project<'py>(
    py: Python<'py>,
    deal: PyRef<'py, Deal>,
    pool: PyRef<'py, Pool>,
    scenario: &str,
    state: Option<&str>,
    tape_hash: &str,
) -> PyResult<Bound<'py, PyDict>> {
    errors::check_machine()?;
    let (compiled, tape) = (deal.compiled.clone(), pool.tape.clone());
    let (plan, result) = py
        .detach(|| {
            let scenario: Scenario = serde_json::from_str(scenario).map_err(|e| errors::document("scenario", &e))?;
            let given = self::given(state, tape_hash)?;
            let input = PlanInput {
                deal: &compiled,
                tape: &tape,
                scenario: &scenario,
                model_defaults: false,
                state: given.input(),
            };
            let compiled = compile_shown_plan(input)?;
            let result = match &compiled.path {
                Some(path) => explained::go_on(&compiled.plan, path),
                None => explained::project(&compiled.plan, &compiled.flows),
            };
            if let Some(short) = result.short {
                return Err(compiled.plan.refusal(short));
            }
            Ok((compiled.plan, result))
        })
        .map_err(errors::to_python)?;
    tables::explained(py, &plan, &result)
}

/// The state after a payment date of a projection, as canonical text.
#[pyfunction]
pub fn state_at(
    py: Python<'_>,
    deal: PyRef<'_, Deal>,
    pool: PyRef<'_, Pool>,
    scenario: &str,
    state: Option<&str>,
    tape_hash: &str,
    on: &str,
) -> PyResult<String> {
    errors::check_machine()?;
    let (compiled, tape) = (deal.compiled.clone(), pool.tape.clone());
    py.detach(|| {
        let scenario: Scenario = serde_json::from_str(scenario).map_err(|e| errors::document("scenario", &e))?;
        let given = self::given(state, tape_hash)?;
        let input = PlanInput {
            deal: &compiled,
            tape: &tape,
            scenario: &scenario,
            model_defaults: false,
            state: given.input(),
        };
        text(&state_after(input, None, date(on)?, tape_hash)?)
    })
    .map_err(errors::to_python)
}
