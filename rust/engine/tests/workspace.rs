//! How much memory a worker of a simulation needs for itself, whatever the number of paths.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

#[path = "../examples/works/mod.rs"]
mod works;

use cloche_dispatch::Isa;
use cloche_engine::compile::{compile_deal, compile_simulation};
use cloche_engine::sim::block::{self, BLOCK, BlockWork};
use cloche_engine::sim::run::LANES;
use cloche_engine::sim::totals::{BlockTotals, Sizes};
use cloche_engine::sim::{Keep, Setup};
use peak_alloc::PeakAlloc;
use works::Work;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

fn setup(document: &str) -> Setup {
    let work: Work = serde_json::from_str(document).expect("a document of a work");
    let deal = compile_deal(work.deal).expect("a deal that compiles");
    compile_simulation(&deal, &work.tape.tape(), &work.scenario, None, &work.model, 7)
        .expect("a simulation that compiles")
}

/// Bytes on the heap that a worker keeps after some blocks, without the figures of the blocks.
fn kept(setup: &Setup) -> usize {
    let before = ALLOCATOR.current_usage();
    let mut work = BlockWork::<LANES>::new(setup, Isa::PORTABLE, Keep::default());
    let mut totals = BlockTotals::new(Sizes::of(setup), false);
    for first in [0, 1, 2].map(|block| block * BLOCK as u64) {
        totals =
            block::run(setup, first, BLOCK, &mut work, totals, &|| false).expect("a run that is not stopped").totals;
    }
    drop(totals);
    let kept = ALLOCATOR.current_usage() - before;
    drop(work);
    kept
}

#[test]
fn a_worker_fits_into_the_cache_next_to_it() {
    let [standard, indenture] =
        [include_str!("../examples/works/standard.json"), include_str!("../examples/works/indenture.json")].map(setup);
    let (standard, indenture) = (kept(&standard), kept(&indenture));
    assert!(
        standard <= 256 << 10 && indenture <= 296 << 10,
        "{standard} bytes for the standard work, {indenture} for the other"
    );
}
