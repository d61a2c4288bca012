//! Collateral: the tape, each loan's flows, the closing pool, and what the manager buys.

pub mod closing_pool;
pub mod cohort_step;
pub mod cohorts;
pub mod cohorts_after;
pub mod commitment;
pub mod groups;
pub mod holdings;
pub mod loan;
pub mod loan_flows;
pub mod parts;
pub mod proportional;
pub mod ring;
pub mod sale;
pub mod shared_terms;
pub mod standing;
pub mod tape;

pub use closing_pool::{ClosingPool, PoolRules};
pub use cohorts::CohortTables;
pub use holdings::Holdings;
pub use parts::{PoolPart, Weight};
pub use standing::{PastDefault, Standing};
pub use tape::Tape;
