//! One payment date from a state.

use cloche_engine::compile::compile_payment_date;
use cloche_engine::path::payment_date;
use cloche_engine::spec::DealState;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::deal::Deal;
use crate::errors;
use crate::tables::{self, Dates};

/// Runs one payment date; returns its tables and what stays on deposit.
#[pyfunction]
pub fn run_payment_date<'py>(py: Python<'py>, deal: PyRef<'py, Deal>, state: &str) -> PyResult<Bound<'py, PyDict>> {
    errors::check_machine()?;
    let compiled = deal.compiled.clone();
    let (input, result) = py
        .detach(|| {
            let state: DealState = serde_json::from_str(state).map_err(|e| errors::document("state", &e))?;
            let input = compile_payment_date(&compiled, &state)?;
            let result = payment_date::run(&input);
            Ok((input, result))
        })
        .map_err(errors::to_python)?;
    let dates = Dates {
        payment: vec![input.date],
        determination: vec![input.determination],
        sale_determination: vec![input.determination],
        index_rate: Box::new(|_, n| input.notes[n].index_rate),
        rate: Box::new(|_, n| input.notes[n].rate),
        fraction: Box::new(|_, n| input.notes[n].day_count_fraction),
        active: Box::new(|_, t| input.active[t]),
        tests: input.deal.tests.iter().collect(),
    };
    let out = PyDict::new(py);
    tables::path(py, &input.deal, &dates, &result.explained, &out)?;
    out.set_item("principal_account", result.principal_account)?;
    out.set_item("interest_account", result.interest_account)?;
    out.set_item("oc_numerator", result.numerator)?;
    out.set_item("accelerated", result.accelerated)?;
    let hurdles = PyDict::new(py);
    for (fee, needs) in input.deal.fees.iter().zip(&result.hurdles) {
        hurdles.set_item(&fee.name, needs)?;
    }
    out.set_item("hurdles", hurdles)?;
    let steps = PyDict::new(py);
    for (step, in_force) in input.deal.coupon_steps.iter().zip(&result.coupon_steps) {
        let name = &input.deal.notes[step.note as usize].name;
        let known: Option<Vec<u32>> = steps.get_item(name)?.map(|known| known.extract()).transpose()?;
        let mut places = known.unwrap_or_default();
        if *in_force {
            places.push(step.step);
        }
        steps.set_item(name, places)?;
    }
    out.set_item("steps_in_force", steps)?;
    if input.deal.target_par_test.is_some() {
        out.set_item("ratings_confirmed", result.confirmed)?;
    }
    let [fee_basis, performing_par, principal_amount] = result.bases;
    out.set_item("fee_basis", fee_basis)?;
    out.set_item("performing_par", performing_par)?;
    out.set_item("collateral_principal_amount", principal_amount)?;
    let fees = PyDict::new(py);
    for (fee, unpaid) in input.deal.fees.iter().zip(&result.fees_unpaid) {
        fees.set_item(&fee.name, unpaid)?;
    }
    out.set_item("fees_unpaid", fees)?;
    let unused = PyDict::new(py);
    for (fee, caps) in input.deal.fees.iter().zip(&result.unused_caps) {
        unused.set_item(&fee.name, caps)?;
    }
    out.set_item("unused_caps", unused)?;
    let accounts = PyDict::new(py);
    for (account, balance) in input.deal.accounts.iter().zip(&result.accounts) {
        accounts.set_item(&account.name, balance)?;
    }
    out.set_item("accounts", accounts)?;
    let hedges = PyDict::new(py);
    for (hedge, unpaid) in input.deal.hedges.iter().zip(&result.hedges_unpaid) {
        hedges.set_item(&hedge.name, unpaid)?;
    }
    out.set_item("hedges_unpaid", hedges)?;
    let drawn = PyDict::new(py);
    for (commitment, amount) in input.deal.commitments.iter().zip(&result.drawn) {
        drawn.set_item(&input.deal.notes[commitment.note as usize].name, amount)?;
    }
    out.set_item("drawn", drawn)?;
    let amortization = PyDict::new(py);
    for (note, unpaid) in input.deal.notes.iter().zip(&result.amortization_unpaid) {
        amortization.set_item(&note.name, unpaid)?;
    }
    out.set_item("amortization_unpaid", amortization)?;
    Ok(out)
}
