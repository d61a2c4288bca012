//! Monte Carlo: the long call, its result, and the replay of single paths.

use std::sync::{Arc, OnceLock};

use cloche_dispatch::Isa;
use cloche_engine::collateral::Tape;
use cloche_engine::compile::{CompiledDeal, Given, PlanInput, compile_shown_plan, compile_simulation, state_after};
use cloche_engine::error::EngineError;
use cloche_engine::path::plan::Plan;
use cloche_engine::sim::estimates::{Estimates, estimate};
use cloche_engine::sim::{self, Keep, Options, Setup, Simulated};
use cloche_engine::spec::{DefaultModel, Scenario};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::Columns;
use crate::deal::Deal;
use crate::errors;
use crate::pool::Pool;
use crate::progress::Progress;
use crate::projection;
use crate::tables;

/// A finished or interrupted simulation.
#[pyclass(frozen, module = "cloche._core")]
pub struct Simulation {
    setup: Arc<Setup>,
    inputs: Arc<Inputs>,
    /// The plan that shows the collateral of a path, made for the first that is replayed.
    shown: OnceLock<Arc<Plan>>,
    simulated: Arc<Simulated>,
    /// Made at first access, so that an interrupted run returns at once.
    estimates: OnceLock<Estimates>,
    interrupted: bool,
    /// Threads of the run.
    threads: usize,
}

/// What a simulation was compiled from.
struct Inputs {
    deal: Arc<CompiledDeal>,
    tape: Arc<Tape>,
    scenario: Scenario,
    given: Given,
}

#[pymethods]
impl Simulation {
    /// Paths that were finished.
    #[getter]
    fn paths_done(&self) -> u64 {
        self.simulated.paths
    }

    /// Whether the run stopped before all paths were done.
    #[getter]
    fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// The tables of estimates.
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (setup, totals) = (&self.setup, &self.simulated.totals);
        let found = py.detach(|| self.estimates.get_or_init(|| estimate(setup, totals, self.threads)));
        tables::estimates(py, &self.setup.plan, found)
    }

    /// One row a path and class: losses, average life, returns; only where paths were kept.
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let notes = &self.setup.plan.deal.notes;
        let rows = usize::try_from(self.simulated.paths).unwrap_or(0) * notes.len();
        let mut path = Vec::with_capacity(rows);
        let mut name = Vec::with_capacity(rows);
        let [mut principal, mut interest, mut pv, mut wal, mut irr] = std::array::from_fn(|_| Vec::with_capacity(rows));
        let mut done = 0;
        let returns = &self.simulated.totals.returns;
        for block in &self.simulated.columns {
            for k in 0..block.paths {
                let mut residual = 0;
                for (n, note) in notes.iter().enumerate() {
                    path.push(done as i64);
                    name.push(note.name.as_str());
                    principal.push(block.principal_loss[n][k]);
                    interest.push(block.interest_loss[n][k]);
                    pv.push(block.pv_loss[n][k]);
                    wal.push(block.wal[n][k]);
                    irr.push(if note.residual { returns[residual].irr[done] } else { f64::NAN });
                    residual += usize::from(note.residual);
                }
                done += 1;
            }
        }
        let weight = vec![1.0; path.len()];
        Ok(Columns::new(py)
            .int("path", path)?
            .float("weight", weight)?
            .text("note", name.into_iter())?
            .float("principal_loss", principal)?
            .float("interest_loss", interest)?
            .float("pv_loss", pv)?
            .float("wal", wal)?
            .float("irr", irr)?
            .finish())
    }

    /// The state after a payment date of one path, as canonical text.
    fn state_at(&self, py: Python<'_>, path: u64, on: &str) -> PyResult<String> {
        let (setup, inputs) = (self.setup.clone(), self.inputs.clone());
        py.detach(|| {
            let input = PlanInput {
                deal: &inputs.deal,
                tape: &inputs.tape,
                scenario: &inputs.scenario,
                model_defaults: true,
                state: inputs.given.input(),
            };
            let drawn = sim::drawn(&setup, path);
            projection::text(&state_after(input, Some(&drawn), projection::date(on)?, &inputs.given.tape)?)
        })
        .map_err(errors::to_python)
    }

    /// One path with every payment explained, and who defaulted in it.
    fn replay<'py>(&self, py: Python<'py>, path: u64) -> PyResult<Bound<'py, PyDict>> {
        let setup = self.setup.clone();
        let shown = py.detach(|| self.shown()).map_err(errors::to_python)?;
        let (explained, defaults) = py.detach(|| sim::replay_shown(&setup, &shown, path));
        let out = tables::explained(py, &setup.plan, &explained)?;
        let table = Columns::new(py)
            .text("obligor_id", defaults.iter().map(|d| setup.companies[d.company].id.as_str()))?
            .text("obligor_name", defaults.iter().map(|d| setup.companies[d.company].name.as_str()))?
            .date("date", defaults.iter().map(|d| Some(d.date.0)).collect())?
            .float("par", defaults.iter().map(|d| d.par).collect())?
            .float("recovery_rate", defaults.iter().map(|d| d.recovery_rate).collect())?
            .date("recovery_date", defaults.iter().map(|d| Some(d.recovery_date.0)).collect())?;
        out.set_item("defaults", table.finish())?;
        Ok(out)
    }
}

impl Simulation {
    fn shown(&self) -> Result<Arc<Plan>, EngineError> {
        if let Some(plan) = self.shown.get() {
            return Ok(plan.clone());
        }
        let Inputs { deal, tape, scenario, given } = &*self.inputs;
        let input = PlanInput { deal, tape, scenario, model_defaults: true, state: given.input() };
        let plan = Arc::new(compile_shown_plan(input)?.plan);
        Ok(self.shown.get_or_init(|| plan).clone())
    }
}

/// Instruction sets of this machine that a simulation can be run with, the best last.
#[pyfunction]
pub fn instruction_sets() -> Vec<String> {
    let mut out = vec![Isa::PORTABLE.name().to_owned()];
    if Isa::detect() != Isa::PORTABLE {
        out.push(Isa::detect().name().to_owned());
    }
    out
}

/// Simulates paths; `threads` and `portable` change no bit of the result.
#[pyfunction]
#[pyo3(signature = (deal, pool, model, scenario, state, tape_hash, *, paths, seed, threads, keep_flows=false, keep_paths=false, portable=false, on_progress=None))]
#[expect(clippy::too_many_arguments, reason = "the arguments of the Python function")]
pub fn simulate(
    py: Python<'_>,
    deal: PyRef<'_, Deal>,
    pool: PyRef<'_, Pool>,
    model: &str,
    scenario: &str,
    state: Option<&str>,
    tape_hash: &str,
    paths: u64,
    seed: u64,
    threads: usize,
    keep_flows: bool,
    keep_paths: bool,
    portable: bool,
    on_progress: Option<Py<PyAny>>,
) -> PyResult<Simulation> {
    errors::check_machine()?;
    if threads == 0 {
        return Err(PyValueError::new_err("threads: found 0, expected 1 or more"));
    }
    let (compiled, tape) = (deal.compiled.clone(), pool.tape.clone());
    let keep = Keep { flows: keep_flows, paths: keep_paths };
    let options = Options { paths, threads, isa: if portable { Isa::PORTABLE } else { Isa::detect() }, keep };
    let mut progress = Progress::new(on_progress, paths);
    let result = py.detach(|| {
        let scenario: Scenario = serde_json::from_str(scenario).map_err(|e| errors::document("scenario", &e))?;
        let model: DefaultModel = serde_json::from_str(model).map_err(|e| errors::document("model", &e))?;
        let given = projection::given(state, tape_hash)?;
        let setup = compile_simulation(&compiled, &tape, &scenario, given.input(), &model, seed)?;
        let simulated = sim::simulate(&setup, options, &mut |done| progress.tick(done))?;
        Ok((setup, Inputs { deal: compiled, tape, scenario, given }, simulated))
    });
    let interrupted = progress.interrupted(py)?;
    let (setup, inputs, simulated) = result.map_err(errors::to_python)?;
    if !interrupted {
        progress.end(py, simulated.paths)?;
    }
    Ok(Simulation {
        setup: Arc::new(setup),
        inputs: Arc::new(inputs),
        interrupted,
        threads,
        shown: OnceLock::new(),
        simulated: Arc::new(simulated),
        estimates: OnceLock::new(),
    })
}
