//! Long calls: they report progress, and Ctrl-C or an error of the callback stops them.

use std::time::{Duration, Instant};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

/// Shortest time between two calls of `on_progress`.
const PACE: Duration = Duration::from_millis(100);

/// Watches a long call on the thread that called it.
pub struct Progress {
    callback: Option<Py<PyAny>>,
    total: u64,
    last: Instant,
    raised: Option<PyErr>,
}

#[expect(clippy::disallowed_methods, reason = "the clock only paces calls of `on_progress`; no result depends on it")]
fn now() -> Instant {
    Instant::now()
}

impl Progress {
    /// A call of so many parts.
    pub fn new(callback: Option<Py<PyAny>>, total: u64) -> Self {
        Self { callback, total, last: now(), raised: None }
    }

    /// Takes note of the parts done; whether to go on.
    pub fn tick(&mut self, done: u64) -> bool {
        if self.raised.is_some() {
            return false;
        }
        let due = self.last.elapsed() >= PACE;
        let outcome = Python::attach(|py| {
            py.check_signals()?;
            if let Some(callback) = self.callback.as_ref().filter(|_| due) {
                callback.call1(py, (done, self.total))?;
            }
            Ok::<(), PyErr>(())
        });
        if due {
            self.last = now();
        }
        self.raised = outcome.err();
        self.raised.is_none()
    }

    /// Whether Ctrl-C ended the call; what the callback raised is raised again.
    pub fn interrupted(&mut self, py: Python<'_>) -> PyResult<bool> {
        match self.raised.take() {
            Some(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => Ok(true),
            Some(error) => Err(error),
            None => Ok(false),
        }
    }

    /// Reports the parts done at the end.
    pub fn end(&self, py: Python<'_>, done: u64) -> PyResult<()> {
        self.callback.as_ref().map_or(Ok(()), |callback| callback.call1(py, (done, self.total)).map(|_| ()))
    }
}
