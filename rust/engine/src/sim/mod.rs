//! Simulation: random numbers that belong to the thing they happen to, blocks over threads, estimates with errors.

pub mod axis;
pub mod block;
pub mod columns;
pub mod ended;
pub mod estimates;
pub mod histogram;
pub mod measures;
pub mod replay;
pub mod run;
pub mod setup;
pub mod stakes;
pub mod totals;
pub mod watch;

pub use block::Keep;
pub use replay::{drawn, replay, replay_shown};
pub use run::{Options, Simulated, simulate};
pub use setup::Setup;
