//! Credit drivers: what happens to which company, and when.

pub mod bounds;
mod candidates;
pub mod conditional;
pub mod copula;
pub mod curves;
pub mod defaults;
mod fitted;
pub mod own;

pub use copula::{Copula, CopulaInput, CopulaScratch, ObligorInput};
pub use defaults::{COMPANIES, DrawnPaths, STEPS, Told, ToldBy};
