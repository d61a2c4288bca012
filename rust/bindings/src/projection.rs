//! One deterministic path.

use cloche_engine::compile::{PlanInput, compile_plan};
use cloche_engine::path::explained;
use cloche_engine::spec::Scenario;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::deal::Deal;
use crate::errors;
use crate::pool::Pool;
use crate::tables;

/// Projects a deal on a pool under a scenario; returns its tables.
#[pyfunction]
pub fn project<'py>(
    py: Python<'py>,
    deal: PyRef<'py, Deal>,
    pool: PyRef<'py, Pool>,
    scenario: &str,
) -> PyResult<Bound<'py, PyDict>> {
    errors::check_machine()?;
    let (compiled, tape) = (deal.compiled.clone(), pool.tape.clone());
    let (plan, result) = py
        .detach(|| {
            let scenario: Scenario = serde_json::from_str(scenario).map_err(|e| errors::document("scenario", &e))?;
            let input = PlanInput { deal: &compiled, tape: &tape, scenario: &scenario, model_defaults: false };
            let compiled = compile_plan(input)?;
            let result = explained::project(&compiled.plan, &compiled.flows);
            Ok((compiled.plan, result))
        })
        .map_err(errors::to_python)?;
    tables::explained(py, &plan, &result)
}
