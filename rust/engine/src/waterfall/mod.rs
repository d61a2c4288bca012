//! The priorities of payments: a flat program of steps, and one interpreter for `L` futures at once.

pub mod claims;
pub mod cure;
pub mod divert;
pub mod draw;
pub mod expenses;
pub mod idle;
pub mod interpreter;
pub mod limits;
pub mod need;
pub mod principal;
pub mod program;
pub mod purchases;
pub mod quantities;
pub mod quick;
pub mod recorder;
pub mod reserves;
pub mod residual;
pub mod terms;

pub use program::{Action, Claim, ClaimKind, Op, Pot, Program, StepInfo};
