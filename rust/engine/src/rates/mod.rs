//! Index curves: what an index fixes at on a date.

pub mod bootstrap;
pub mod curve;
pub mod curves;
pub mod discount;
pub mod quote;

pub use bootstrap::bootstrap;
pub use curve::CurveData;
pub use curves::Curves;
pub use discount::{DiscountFactors, zero_to_discount};
pub use quote::Quote;
