//! Overcollateralization: ratio and cure amounts.
//!
//! With numerator `N` (adjusted collateral principal amount), denominator `D` and trigger `T`:
//! paying notes from interest needs `D − N/T`; from principal, which leaves the numerator too, `(T·D − N)/(T − 1)`;
//! keeping or buying collateral with interest needs `T·D − N`.

use super::terms::PASS_TOLERANCE;
use crate::lanes::{Mask, Pack};

/// Whether the test passes; true where nothing is outstanding.
#[inline(always)]
#[must_use]
pub fn passes<const L: usize>(numerator: Pack<L>, denominator: Pack<L>, trigger: f64) -> Mask<L> {
    numerator.ge(denominator * (trigger * (1.0 - PASS_TOLERANCE)))
}

/// Interest proceeds that must pay notes, within the denominator.
#[inline(always)]
#[must_use]
pub fn cure_from_interest<const L: usize>(numerator: Pack<L>, denominator: Pack<L>, trigger: f64) -> Pack<L> {
    (denominator - numerator * (1.0 / trigger)).positive().min(denominator)
}

/// Principal proceeds that must pay notes, within the denominator; none can help at a trigger of 1 or less.
#[inline(always)]
#[must_use]
pub fn cure_from_principal<const L: usize>(numerator: Pack<L>, denominator: Pack<L>, trigger: f64) -> Pack<L> {
    if trigger <= 1.0 {
        return Pack::ZERO;
    }
    ((denominator * trigger - numerator) * (1.0 / (trigger - 1.0))).positive().min(denominator)
}

/// Cash that must join the collateral.
#[inline(always)]
#[must_use]
pub fn cure_by_purchase<const L: usize>(numerator: Pack<L>, denominator: Pack<L>, trigger: f64) -> Pack<L> {
    (denominator * trigger - numerator).positive()
}
