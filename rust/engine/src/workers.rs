//! Worker threads, and the calling thread that looks after them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use crate::error::EngineError;

/// How long the calling thread sleeps between two looks at the run.
const TICK: Duration = Duration::from_millis(20);

/// Runs `work` on so many threads until it returns on each; `look` is called on the calling thread meanwhile.
///
/// # Errors
/// [`EngineError::Run`] when a worker fails.
pub fn run(threads: usize, work: impl Fn() + Sync, mut look: impl FnMut()) -> Result<(), EngineError> {
    let caller = std::thread::current();
    let ended = AtomicUsize::new(0);
    let failed = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    work();
                    // The caller need not wait for its next look.
                    ended.fetch_add(1, Ordering::Release);
                    caller.unpark();
                })
            })
            .collect();
        let mut waited = Duration::from_micros(200);
        // A worker that fails does not count itself: it is seen by its handle.
        while ended.load(Ordering::Acquire) < threads && !workers.iter().all(ScopedJoinHandle::is_finished) {
            std::thread::park_timeout(waited);
            waited = if waited * 2 < TICK { waited * 2 } else { TICK };
            look();
        }
        workers.into_iter().any(|worker| worker.join().is_err())
    });
    if failed {
        return Err(EngineError::Run("a worker failed; this is a defect of the engine".to_owned()));
    }
    Ok(())
}
