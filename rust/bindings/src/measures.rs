//! Measures of dated amounts.

use cloche_engine::metrics;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Present value of amounts so many days away, at an effective annual yield (act/365).
#[pyfunction]
pub fn present_value(days: Vec<i32>, amounts: Vec<f64>, annual_yield: f64) -> PyResult<f64> {
    if days.len() != amounts.len() {
        return Err(PyValueError::new_err(format!("found {} days and {} amounts", days.len(), amounts.len())));
    }
    if annual_yield > -1.0 && annual_yield.is_finite() {
        return Ok(metrics::present_value(&days, &amounts, annual_yield));
    }
    Err(PyValueError::new_err(format!("yield: found {annual_yield}, expected a number above -1")))
}
