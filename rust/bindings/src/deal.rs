//! Compiled deals.

use std::sync::Arc;

use cloche_engine::compile::{CompiledDeal, Conventions, compile_deal};
use cloche_engine::error::EngineError;
use pyo3::prelude::*;

use crate::errors;

/// Reads and compiles a document.
pub fn compile(document: &str) -> Result<CompiledDeal, EngineError> {
    let spec = serde_json::from_str(document).map_err(|e| errors::document("deal", &e))?;
    compile_deal(spec)
}

/// A compiled deal.
#[pyclass(frozen, module = "cloche._core")]
pub struct Deal {
    pub compiled: Arc<CompiledDeal>,
}

#[pymethods]
impl Deal {
    #[new]
    fn new(py: Python<'_>, document: &str) -> PyResult<Self> {
        let compiled = py.detach(|| compile(document)).map_err(errors::to_python)?;
        Ok(Self { compiled: Arc::new(compiled) })
    }
}

/// Every problem of meaning of a canonical document, as pairs of place and message.
#[pyfunction]
pub fn check_deal(py: Python<'_>, document: &str) -> PyResult<Vec<(String, String)>> {
    match py.detach(|| compile(document)) {
        Ok(_) => Ok(Vec::new()),
        Err(EngineError::Deal(problems)) => Ok(problems.into_iter().map(|p| (p.place, p.message)).collect()),
        Err(other) => Err(errors::to_python(other)),
    }
}

/// Every convention and the value in force in a canonical document.
#[pyfunction]
pub fn conventions(document: &str) -> PyResult<Vec<(String, String)>> {
    let spec: cloche_engine::spec::Deal =
        serde_json::from_str(document).map_err(|e| errors::to_python(errors::document("deal", &e)))?;
    Ok(Conventions::in_force(&spec.conventions).into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}
