//! Jobs that worker threads take one after another, each with the points that it finishes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::EngineError;
use crate::workers;

/// What a job has found.
pub struct Found<T> {
    /// Points by number.
    pub points: Vec<(usize, T)>,
    /// Why a point cannot be run; of several the one of the least number is told.
    pub refused: Option<(usize, EngineError)>,
}

/// Runs jobs, and returns the points in their order; nothing for those that a stopped run left.
///
/// A job is called with what its worker keeps between jobs, and with its number; `tick` on the calling thread with the
/// points done, and says whether to go on.
///
/// # Errors
/// The refusal of the first point that cannot be run; [`EngineError::Run`] when a worker fails.
pub fn run<K, T: Clone + Send>(
    [points, jobs, threads]: [usize; 3],
    tick: &mut dyn FnMut(u64) -> bool,
    job: impl Fn(&mut Option<K>, usize) -> Found<T> + Sync,
) -> Result<Vec<Option<T>>, EngineError> {
    let out = Mutex::new(vec![None; points]);
    let refused = Mutex::new(None::<(usize, EngineError)>);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stop = AtomicBool::new(false);
    let work = || {
        let mut kept = None;
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= jobs {
                return;
            }
            let found = job(&mut kept, number);
            if let Some(one) = found.refused
                && let Ok(mut refused) = refused.lock()
                && refused.as_ref().is_none_or(|(first, _)| one.0 < *first)
            {
                *refused = Some(one);
            }
            done.fetch_add(found.points.len(), Ordering::Relaxed);
            if let Ok(mut out) = out.lock() {
                for (point, result) in found.points {
                    out[point] = Some(result);
                }
            }
        }
    };
    workers::run(threads.clamp(1, jobs.max(1)), work, || {
        if !tick(done.load(Ordering::Relaxed) as u64) {
            stop.store(true, Ordering::Relaxed);
        }
    })?;
    let lost = || EngineError::Run("a worker failed".to_owned());
    match refused.into_inner().map_err(|_| lost())? {
        Some((_, error)) => Err(error),
        None => out.into_inner().map_err(|_| lost()),
    }
}
