//! Elementary functions with the same bits on every machine and at every instruction set.
//!
//! Only `+ - * /`, `sqrt`, comparisons and bit casts; no branch, so that a loop over lanes becomes vector code.

use crate::lanes::Pack;

pub mod exp;
pub mod ln;
pub mod normal;
pub mod power;
pub mod rounding;

pub use exp::exp;
pub use ln::ln;
pub use normal::{normal_cdf, normal_inverse};
pub use power::pow;
pub use rounding::{ceil_to_u32, floor_to_u32};

/// `c[0] + c[1] x + c[2] x² + …`
#[inline(always)]
fn polynomial<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut value = coefficients[N - 1];
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        value = value * x + coefficients[i];
    }
    value
}

/// The polynomial lane by lane, the bits of [`polynomial`]: a coefficient is loaded once for all lanes.
#[inline(always)]
fn polynomial_lanes<const L: usize, const N: usize>(x: Pack<L>, coefficients: &[f64; N]) -> Pack<L> {
    let mut value = Pack::splat(coefficients[N - 1]);
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        value = value * x + Pack::splat(coefficients[i]);
    }
    value
}

/// `ln 2`, its leading 42 bits: a product with a whole number below 2048 is exact.
const LN_2_HIGH: f64 = 0.693_147_180_559_890_3;
/// `ln 2 - LN_2_HIGH`
const LN_2_LOW: f64 = 5.497_923_018_708_371e-14;

#[cfg(test)]
mod accuracy;
