//! Measures of one path or of many: one measure a file, pure functions.

pub mod estimate;
pub mod irr;
pub mod moic;
pub mod quantile;
pub mod wal;

pub use estimate::{Estimate, mean_se};
pub use irr::{IrrTimes, irr, xirr};
pub use moic::moic;
pub use quantile::{quantile, quantiles};
pub use wal::weighted_average_life;
