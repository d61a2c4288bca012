//! The engine of cloche: what a collateralized loan obligation pays, to whom, in which future.
//!
//! A deal document is compiled to a flat program of numbers ([`compile::compile_deal`]); with a tape and a scenario it
//! becomes a plan ([`compile::compile_plan`]); the period loop runs a plan for `L` futures at once ([`path::runner`]).

#![forbid(unsafe_code)]

pub mod accounts;
pub mod collateral;
pub mod compile;
pub mod coverage;
pub mod credit;
pub mod error;
pub mod expression;
pub mod fees;
pub mod hedges;
pub mod lanes;
pub mod lifecycle;
pub mod math;
pub mod metrics;
pub mod notes;
pub mod path;
pub mod random;
pub mod rates;
pub mod sim;
pub mod spec;
pub mod state;
pub mod sweep;
pub mod time;
pub mod waterfall;
pub mod workers;
