//! Jobs that worker threads take one after another.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::EngineError;
use crate::workers;

/// What a job has found: something of so many points, or why one of them cannot be run, with its number.
pub type Found<T> = Result<(T, usize), (usize, EngineError)>;

/// Runs jobs, and returns what those have found that a stopped run did not leave, each with the number of its job.
///
/// A job is called with what its worker keeps between jobs, and with its number; `tick` on the calling thread with the
/// points done, and says whether to go on.
///
/// # Errors
/// The refusal of the first point that cannot be run; [`EngineError::Run`] when a worker fails.
pub fn run<K, T: Send>(
    [jobs, threads]: [usize; 2],
    tick: &mut dyn FnMut(u64) -> bool,
    job: impl Fn(&mut Option<K>, usize) -> Found<T> + Sync,
) -> Result<Vec<(usize, T)>, EngineError> {
    let out = Mutex::new(Vec::with_capacity(jobs));
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
            match job(&mut kept, number) {
                Ok((found, points)) => {
                    done.fetch_add(points, Ordering::Relaxed);
                    if let Ok(mut out) = out.lock() {
                        out.push((number, found));
                    }
                }
                Err(one) => {
                    if let Ok(mut refused) = refused.lock()
                        && refused.as_ref().is_none_or(|(first, _)| one.0 < *first)
                    {
                        *refused = Some(one);
                    }
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
