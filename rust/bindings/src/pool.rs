//! Tapes: columns are copied, so that no other thread can write to them while the engine reads.

use std::sync::Arc;

use cloche_engine::collateral::Tape;
use numpy::PyReadonlyArray1;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A tape in the engine's memory.
#[pyclass(frozen, module = "cloche._core")]
pub struct Pool {
    pub tape: Arc<Tape>,
}

fn item<'py>(columns: &Bound<'py, PyDict>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    columns.get_item(name)?.ok_or_else(|| PyKeyError::new_err(format!("column {name:?} is missing")))
}

fn numbers<T: numpy::Element + Copy>(columns: &Bound<'_, PyDict>, name: &str, rows: usize) -> PyResult<Vec<T>> {
    let array = item(columns, name)?;
    let array: PyReadonlyArray1<'_, T> = array
        .extract()
        .map_err(|_| PyValueError::new_err(format!("column {name:?} has another type than expected")))?;
    let values = array.as_slice().map_err(|_| PyValueError::new_err(format!("column {name:?} is not contiguous")))?;
    if values.len() != rows {
        return Err(PyValueError::new_err(format!("column {name:?} has {} rows, not {rows}", values.len())));
    }
    Ok(values.to_vec())
}

fn texts(columns: &Bound<'_, PyDict>, name: &str, rows: usize) -> PyResult<Vec<String>> {
    let list: Vec<String> = item(columns, name)?.extract()?;
    if list.len() != rows {
        return Err(PyValueError::new_err(format!("column {name:?} has {} rows, not {rows}", list.len())));
    }
    Ok(list)
}

#[pymethods]
impl Pool {
    #[new]
    fn new(columns: &Bound<'_, PyDict>, as_of: i32) -> PyResult<Self> {
        let loan_id: Vec<String> = item(columns, "loan_id")?.extract()?;
        let n = loan_id.len();
        let tape = Tape {
            as_of,
            loan_id,
            obligor_id: texts(columns, "obligor_id", n)?,
            obligor_name: texts(columns, "obligor_name", n)?,
            parent_id: if columns.contains("parent_id")? { texts(columns, "parent_id", n)? } else { Vec::new() },
            index: texts(columns, "index", n)?,
            industry: texts(columns, "industry", n)?,
            rating: texts(columns, "rating", n)?,
            lien: texts(columns, "lien", n)?,
            country: texts(columns, "country", n)?,
            par: numbers(columns, "par", n)?,
            par_unfunded: numbers(columns, "par_unfunded", n)?,
            unfunded_fee: numbers(columns, "unfunded_fee", n)?,
            original_par: numbers(columns, "original_par", n)?,
            spread: numbers(columns, "spread", n)?,
            fixed_rate: numbers(columns, "fixed_rate", n)?,
            floor: numbers(columns, "floor", n)?,
            csa: numbers(columns, "csa", n)?,
            current_rate: numbers(columns, "current_rate", n)?,
            market_price: numbers(columns, "market_price", n)?,
            purchase_price: numbers(columns, "purchase_price", n)?,
            amortization_rate: numbers(columns, "amortization_rate", n)?,
            recovery: numbers(columns, "recovery", n)?,
            recovery_lag_months: numbers(columns, "recovery_lag_months", n)?,
            cpr: numbers(columns, "cpr", n)?,
            pik_spread: numbers(columns, "pik_spread", n)?,
            rating_factor: numbers(columns, "rating_factor", n)?,
            pd_1y: numbers(columns, "pd_1y", n)?,
            hazard: numbers(columns, "hazard", n)?,
            maturity: numbers(columns, "maturity", n)?,
            next_payment: numbers(columns, "next_payment", n)?,
            accrual_start: numbers(columns, "accrual_start", n)?,
            default_date: numbers(columns, "default_date", n)?,
            payment_frequency_months: numbers(columns, "payment_frequency_months", n)?,
            fixed: numbers(columns, "fixed", n)?,
            day_count: numbers(columns, "day_count", n)?,
            csa_in_floor: numbers(columns, "csa_in_floor", n)?,
            ccc: numbers(columns, "ccc", n)?,
            weak: numbers(columns, "weak", n)?,
        };
        Ok(Self { tape: Arc::new(tape) })
    }

    fn __len__(&self) -> usize {
        self.tape.len()
    }
}
