//! Sweeps: many deterministic paths side by side, each with its own scenario and its own numbers of the deal.
//!
//! Points whose dates, contracts and steps are the same form a class ([`crate::compile::classes`]); what differs between
//! them becomes a number a lane ([`abreast`]), and they run as many at a time as there are lanes ([`run`]).

pub mod abreast;
mod apart;
mod assumed;
mod figures;
mod queue;
mod run;
mod swept;

pub use crate::compile::points::{Field, Grid, Points, Scenarios};
pub use run::{Options, sweep, sweep_lanes};
pub use swept::{Block, Point, PointNote, Swept};
