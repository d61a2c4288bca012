//! Engine errors as Python exceptions.

use cloche_engine::error::{EngineError, Problem};
use pyo3::prelude::*;

pyo3::import_exception!(cloche.errors, DealError);
pyo3::import_exception!(cloche.errors, RunError);
pyo3::import_exception!(cloche.errors, ScenarioError);
pyo3::import_exception!(cloche.errors, TapeError);

fn pairs(problems: Vec<Problem>) -> Vec<(String, String)> {
    problems.into_iter().map(|p| (p.place, p.message)).collect()
}

fn headline(what: &str, problems: &[Problem]) -> String {
    match problems.len() {
        1 => format!("the {what} has 1 problem"),
        n => format!("the {what} has {n} problems"),
    }
}

/// The Python exception of an engine error.
pub fn to_python(error: EngineError) -> PyErr {
    match error {
        EngineError::Deal(problems) => {
            // A state is read beside its deal and its tape.
            let what = if problems.iter().any(|p| p.place.starts_with("state")) { "deal state" } else { "deal" };
            DealError::new_err((headline(what, &problems), pairs(problems)))
        }
        EngineError::Tape(problems) => TapeError::new_err((headline("tape", &problems), pairs(problems))),
        EngineError::Scenario(problems) => ScenarioError::new_err((headline("scenario", &problems), pairs(problems))),
        EngineError::Run(message) => RunError::new_err(message),
    }
}

/// A document that the engine's types refuse: a second line behind the models of Python.
pub fn document(what: &str, error: &serde_json::Error) -> EngineError {
    let problem = Problem::new(format!("line {}, column {}", error.line(), error.column()), error.to_string());
    match what {
        "scenario" | "model" => EngineError::Scenario(vec![problem]),
        _ => EngineError::Deal(vec![problem]),
    }
}

/// Refuses a machine that flushes subnormal numbers to zero: its bits would differ.
pub fn check_machine() -> PyResult<()> {
    let tiny = std::hint::black_box(f64::MIN_POSITIVE);
    if std::hint::black_box(tiny * 0.5) > 0.0 {
        return Ok(());
    }
    Err(RunError::new_err(
        "this thread flushes subnormal numbers to zero (another library switched that on), so results would not be \
         reproducible; run cloche in a process without it",
    ))
}
