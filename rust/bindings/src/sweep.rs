//! Many deterministic paths: every deal under every scenario.

use cloche_dispatch::Isa;
use cloche_engine::error::EngineError;
use cloche_engine::spec::Scenario;
use cloche_engine::sweep::{self as engine, Field, Options, Points, Swept};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::Columns;
use crate::deal::Deal;
use crate::errors;
use crate::pool::Pool;
use crate::progress::Progress;
use crate::projection;
use crate::tables::{NoteRow, note_columns};

/// Fields of a scenario that an axis of a grid may vary.
#[pyfunction]
pub fn sweep_fields() -> Vec<&'static str> {
    Field::ALL.iter().map(|(name, _)| *name).collect()
}

fn read(text: &str) -> Result<Scenario, EngineError> {
    serde_json::from_str(text).map_err(|e| errors::document("scenario", &e))
}

/// The scenarios, or every combination of the axes around the only one.
fn scenarios(texts: &[String], axes: &[(String, Vec<String>)]) -> Result<Vec<Scenario>, EngineError> {
    let given = texts.iter().map(|text| read(text)).collect::<Result<Vec<_>, _>>()?;
    let (Some(base), false) = (given.first(), axes.is_empty()) else { return Ok(given) };
    let mut fields = Vec::with_capacity(axes.len());
    for (name, values) in axes {
        let field = Field::ALL.iter().find(|(known, _)| known == name).map(|(_, field)| *field);
        let field = field.ok_or_else(|| EngineError::Run(format!("axis {name:?} is no field of a scenario")))?;
        fields.push((field, values.iter().map(|text| read(text)).collect::<Result<Vec<_>, _>>()?));
    }
    Ok(Points::grid(base, &fields))
}

/// A finished or interrupted sweep.
#[pyclass(frozen, module = "cloche._core")]
pub struct Sweep {
    points: Points,
    swept: Swept,
    interrupted: bool,
}

#[pymethods]
impl Sweep {
    /// Points that were finished.
    #[getter]
    fn points_done(&self) -> usize {
        self.swept.points.iter().flatten().count()
    }

    /// Whether the run stopped before all points were done.
    #[getter]
    fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// Largest difference of cash in and cash out of any point, a share of the target par.
    #[getter]
    fn conservation_error(&self) -> f64 {
        // A figure that is not a number is the worst of all.
        let worst = |a: f64, b: f64| if a > b || a.is_nan() { a } else { b };
        self.swept.points.iter().flatten().map(|point| point.conservation_error).fold(0.0, worst)
    }

    /// A row a finished point: its number and its conservation error.
    fn points<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let done = || (0_i64..).zip(&self.swept.points).filter_map(|(k, point)| point.as_ref().map(|point| (k, point)));
        Ok(Columns::new(py)
            .int("point", done().map(|(number, _)| number).collect())?
            .float("conservation_error", done().map(|(_, point)| point.conservation_error).collect())?
            .finish())
    }

    /// A row a finished point and class.
    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let shown: Vec<_> = self.points.deals.iter().map(|deal| deal.shown_notes()).collect();
        let (mut rows, mut point_of) = (Vec::new(), Vec::new());
        for (number, point) in self.swept.points.iter().enumerate() {
            let Some(point) = point else { continue };
            let (deal, _) = self.points.of(number);
            for summary in &point.notes {
                if let Some(row) = NoteRow::of(summary, &shown[deal], &self.swept.payments[point.class]) {
                    rows.push(row);
                    point_of.push(number as i64);
                }
            }
        }
        Ok(note_columns(Columns::new(py).int("point", point_of)?, &rows)?.finish())
    }
}

/// Runs every deal under every scenario, the scenarios of a deal one after the other.
///
/// `axes` names fields of the scenario and, for each of their values, a scenario that holds it: with axes the scenarios
/// are their combinations around the first, the last axis fastest. `threads` and `portable` change no bit of the result.
#[pyfunction]
#[pyo3(signature = (deals, pool, scenarios, axes, state, tape_hash, *, threads, portable=false, on_progress=None))]
#[expect(clippy::too_many_arguments, reason = "the arguments of the Python function")]
pub fn sweep(
    py: Python<'_>,
    deals: Vec<PyRef<'_, Deal>>,
    pool: PyRef<'_, Pool>,
    scenarios: Vec<String>,
    axes: Vec<(String, Vec<String>)>,
    state: Option<&str>,
    tape_hash: &str,
    threads: usize,
    portable: bool,
    on_progress: Option<Py<PyAny>>,
) -> PyResult<Sweep> {
    errors::check_machine()?;
    if deals.is_empty() || scenarios.is_empty() {
        return Err(PyValueError::new_err("expected at least one deal and one scenario"));
    }
    let compiled = deals.iter().map(|deal| (*deal.compiled).clone()).collect();
    let tape = pool.tape.clone();
    let scenarios = py.detach(|| self::scenarios(&scenarios, &axes)).map_err(errors::to_python)?;
    let given = projection::given(state, tape_hash).map_err(errors::to_python)?;
    let points = Points { deals: compiled, scenarios, given, changed: Vec::new() };
    let points = py.detach(|| points.with_events().map(std::borrow::Cow::into_owned)).map_err(errors::to_python)?;
    let options = Options { threads, isa: if portable { Isa::PORTABLE } else { Isa::detect() } };
    let mut progress = Progress::new(on_progress, points.len() as u64);
    let swept = py.detach(|| engine::sweep(&points, &tape, options, &mut |done| progress.tick(done)));
    let interrupted = progress.interrupted(py)?;
    let swept = swept.map_err(errors::to_python)?;
    if !interrupted {
        progress.end(py, points.len() as u64)?;
    }
    Ok(Sweep { points, swept, interrupted })
}
