//! From documents to numbers: resolves names, checks everything, reports every problem at once.

pub mod accounts;
pub mod after;
pub mod assumptions;
pub mod changes;
pub mod classes;
pub mod cohorts;
pub mod conventions;
pub mod credit;
pub mod dates;
pub mod deal;
pub mod default_events;
pub mod events;
pub mod fees;
pub mod names;
pub mod notes;
pub mod opening;
pub mod payment_date;
pub mod periods;
pub mod plan;
pub mod pool;
pub mod rates;
pub mod remaining;
pub mod rights;
pub mod run_steps;
pub mod steps;
pub mod succession;
pub mod tests;
pub mod unsupported;
pub mod values;

pub use after::state_after;
pub use conventions::{Conventions, InterestFromPrincipal};
pub use credit::compile_simulation;
pub use deal::{CompiledDeal, compile_deal};
pub use opening::{Given, StateInput};
pub use payment_date::compile_payment_date;
pub use plan::{PlanInput, check_scenario, compile_plan};
