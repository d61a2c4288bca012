//! Calendars, day counts, schedules and curves.

use std::collections::BTreeMap;

use cloche_engine::compile::rates as compile_rates;
use cloche_engine::error::EngineError;
use cloche_engine::rates::{Curves, Quote, bootstrap};
use cloche_engine::time::{Calendar, Date, DayCount, Roll, payment_dates};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDate, PyDateAccess, PyDict};

use crate::columns::Columns;
use crate::{deal, errors};

fn date(value: &Bound<'_, PyDate>) -> PyResult<Date> {
    Date::from_ymd(value.get_year(), u32::from(value.get_month()), u32::from(value.get_day()))
        .ok_or_else(|| PyValueError::new_err("the date is out of range"))
}

fn to_python(py: Python<'_>, date: Date) -> PyResult<Bound<'_, PyDate>> {
    let (year, month, day) = date.ymd();
    PyDate::new(py, year, u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

fn calendar(names: &[String]) -> PyResult<Calendar> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Calendar::new(&names, &[], &[]).map_err(PyValueError::new_err)
}

fn roll(name: &str) -> PyResult<Roll> {
    Roll::parse(name).ok_or_else(|| {
        PyValueError::new_err(format!("roll {name:?}: expected following, modified_following, preceding or none"))
    })
}

/// Year fraction between two dates.
#[pyfunction]
pub fn day_count_fraction(name: &str, start: &Bound<'_, PyDate>, end: &Bound<'_, PyDate>) -> PyResult<f64> {
    let rule = DayCount::parse(name).ok_or_else(|| {
        PyValueError::new_err(format!("day count {name:?}: expected act/360, act/365, act/act, 30/360 or 30e/360"))
    })?;
    Ok(rule.fraction(date(start)?, date(end)?))
}

/// A date moved to a business day.
#[pyfunction]
pub fn adjust<'py>(
    py: Python<'py>,
    value: &Bound<'py, PyDate>,
    calendars: Vec<String>,
    roll: &str,
) -> PyResult<Bound<'py, PyDate>> {
    to_python(py, calendar(&calendars)?.adjust(date(value)?, self::roll(roll)?))
}

/// The date so many business days later, or earlier.
#[pyfunction]
pub fn add_business_days<'py>(
    py: Python<'py>,
    value: &Bound<'py, PyDate>,
    n: i32,
    calendars: Vec<String>,
) -> PyResult<Bound<'py, PyDate>> {
    to_python(py, calendar(&calendars)?.add_business_days(date(value)?, n))
}

/// Adjusted payment dates from the first to the last.
#[pyfunction]
pub fn schedule_dates<'py>(
    py: Python<'py>,
    first: &Bound<'py, PyDate>,
    last: &Bound<'py, PyDate>,
    months: u32,
    calendars: Vec<String>,
    roll: &str,
    end_of_month: bool,
) -> PyResult<Vec<Bound<'py, PyDate>>> {
    let calendar = calendar(&calendars)?;
    payment_dates(date(first)?, date(last)?, months, &calendar, self::roll(roll)?, end_of_month)
        .into_iter()
        .map(|d| to_python(py, d))
        .collect()
}

/// The schedule of a canonical deal document.
#[pyfunction]
pub fn schedule<'py>(py: Python<'py>, document: &str) -> PyResult<Bound<'py, PyDict>> {
    let deal = deal::compile(document).map_err(errors::to_python)?;
    // Later documents may have more payment dates than the first.
    let all = &deal.terms.grid.periods;
    let periods = &all[..all.iter().position(|period| period.is_last).map_or(all.len(), |last| last + 1)];
    let column = |f: fn(&cloche_engine::time::Period) -> Date| periods.iter().map(|p| Some(f(p).0)).collect();
    Ok(Columns::new(py)
        .int("period", (1..=periods.len() as i64).collect())?
        .date("determination_date", column(|p| p.determination))?
        .date("payment_date", column(|p| p.payment))?
        .date("unadjusted_date", column(|p| p.unadjusted))?
        .date("accrual_start", column(|p| p.previous_payment))?
        .date("accrual_end", column(|p| p.payment))?
        .date("collection_start", column(|p| p.collection_first))?
        .date("collection_end", column(|p| p.collection_last))?
        .date("fixing_date", column(|p| p.fixing))?
        .int("days", periods.iter().map(|p| i64::from(p.payment - p.previous_payment)).collect())?
        .boolean("in_reinvestment", periods.iter().map(|p| Some(p.in_reinvestment)).collect())?
        .finish())
}

/// Fixing of a canonical curve on a date, for an index of three months unless named.
#[pyfunction]
#[pyo3(signature = (curve, on, index="sofr_3m"))]
pub fn curve_fixing(curve: &str, on: &Bound<'_, PyDate>, index: &str) -> PyResult<f64> {
    let spec = serde_json::from_str(curve).map_err(|e| errors::to_python(errors::document("scenario", &e)))?;
    let mut problems = Vec::new();
    let curves = compile_rates::one(&spec, "rates", &mut problems)
        .map(|data| Curves::new(BTreeMap::from([("*".to_owned(), data)])));
    match curves {
        Some(Ok(curves)) if problems.is_empty() => curves.fixing(index, date(on)?).map_err(PyValueError::new_err),
        Some(Err(found)) => Err(errors::to_python(EngineError::Scenario(found))),
        _ => Err(errors::to_python(EngineError::Scenario(problems))),
    }
}

/// Discount factors by ISO date that reprice quotes: triples of kind (`deposit`, `fra`, `swap`), tenor and rate.
#[pyfunction]
pub fn bootstrap_discount(base: &str, quotes: Vec<(String, String, f64)>) -> PyResult<BTreeMap<String, f64>> {
    let mut problems = Vec::new();
    let base = Date::parse(base)
        .ok_or_else(|| PyValueError::new_err(format!("base {base:?}: expected a date such as 2026-01-20")))?;
    let mut list = Vec::new();
    for (i, (kind, tenor, rate)) in quotes.iter().enumerate() {
        match Quote::from_tenor(base, kind, tenor, *rate) {
            Ok(quote) => list.push(quote),
            Err(message) => problems.push(cloche_engine::error::Problem::new(format!("quotes[{i}]"), message)),
        }
    }
    if !problems.is_empty() {
        return Err(errors::to_python(EngineError::Scenario(problems)));
    }
    let points = bootstrap(base, &list).map_err(|found| errors::to_python(EngineError::Scenario(found)))?;
    Ok(points.into_iter().map(|(d, factor)| (d.to_string(), factor)).collect())
}
