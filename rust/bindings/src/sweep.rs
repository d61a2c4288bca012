//! Many deterministic paths: every deal under every scenario.

use std::borrow::Cow;

use cloche_dispatch::Isa;
use cloche_engine::error::EngineError;
use cloche_engine::notes::NoteTerms;
use cloche_engine::spec::Scenario;
use cloche_engine::sweep::{self as engine, Field, Grid, Options, Points, Scenarios, Swept};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::Columns;
use crate::deal::Deal;
use crate::errors;
use crate::notes::{NoteClasses, NotePath};
use crate::pool::Pool;
use crate::progress::Progress;
use crate::projection;

/// Fields of a scenario that an axis of a grid may vary.
#[pyfunction]
pub fn sweep_fields() -> Vec<&'static str> {
    Field::ALL.iter().map(|(name, _)| *name).collect()
}

fn read(text: &str) -> Result<Scenario, EngineError> {
    serde_json::from_str(text).map_err(|e| errors::document("scenario", &e))
}

/// The scenarios, or every combination of the axes around the only one.
fn scenarios(texts: &[String], axes: &[(String, Vec<String>)]) -> Result<Scenarios, EngineError> {
    let given = texts.iter().map(|text| read(text)).collect::<Result<Vec<_>, _>>()?;
    let (Some(base), false) = (given.first(), axes.is_empty()) else { return Ok(Scenarios::Listed(given)) };
    let mut fields = Vec::with_capacity(axes.len());
    for (name, values) in axes {
        let field = Field::ALL.iter().find(|(known, _)| known == name).map(|(_, field)| *field);
        let field = field.ok_or_else(|| EngineError::Run(format!("axis {name:?} is no field of a scenario")))?;
        fields.push((field, values.iter().map(|text| read(text)).collect::<Result<Vec<_>, _>>()?));
    }
    Ok(Scenarios::Grid(Grid::new(base.clone(), fields)))
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
        self.swept.finished().count()
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
        self.swept.finished().map(|(_, point)| point.conservation_error()).fold(0.0, worst)
    }

    /// A row a finished point: its number and its conservation error.
    fn points<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let done = || self.swept.finished();
        Ok(Columns::new(py)
            .int("point", done().map(|(number, _)| number as i64).collect())?
            .float("conservation_error", done().map(|(_, point)| point.conservation_error()).collect())?
            .finish())
    }

    /// Number of rows of the table that has one a finished point and class.
    fn note_rows(&self) -> usize {
        let shown = self.shown();
        NoteClasses::new(shown.iter().map(|notes| &**notes)).count(self.paths())
    }

    /// A column of that table; `point` holds numbers of points.
    fn note_column<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let shown = self.shown();
        let classes = NoteClasses::new(shown.iter().map(|notes| &**notes));
        let columns = classes.column(name, (self.swept.len(), self.paths()), Columns::new(py))?.finish();
        columns.as_any().get_item(name)
    }
}

impl Sweep {
    /// The notes of every deal that tables show.
    fn shown(&self) -> Vec<Cow<'_, [NoteTerms]>> {
        self.points.deals.iter().map(|deal| deal.shown_notes()).collect()
    }

    fn paths(&self) -> impl Iterator<Item = NotePath<'_>> {
        self.swept.finished().map(|(number, point)| NotePath {
            number,
            deal: self.points.of(number).0,
            payments: &self.swept.payments[point.class()],
            point,
        })
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
