//! Measures of one path or of many: one measure a file, pure functions.

pub mod contributions;
pub mod estimate;
pub mod irr;
pub mod present_value;
pub mod quantile;
pub mod wal;

pub use contributions::irr_with_contributions;
pub use estimate::{Estimate, mean_se, mean_se_of_sums};
pub use irr::{IrrTimes, irr, xirr};
pub use present_value::present_value;
pub use quantile::quantiles;
pub use wal::AverageLife;
