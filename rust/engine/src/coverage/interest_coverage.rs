//! Interest coverage: the paydown that would have made the test pass.
//!
//! `IC = I / Q`. The test is read as though a paydown had been made at the start of the accrual period, so paying `x`
//! of a class whose period coupon is `α` lowers `Q` by `α·x`; the numerator is not reduced. Classes are paid in the
//! sequence, so the need is piecewise linear: `x = Σ segments until Σ α·x = Q − I/T`.

use crate::lanes::Pack;

/// One segment of the payment sequence: what can be paid, and what paying all of it takes off the interest due.
#[derive(Clone, Copy, Debug)]
pub struct Segment<const L: usize> {
    pub amount: Pack<L>,
    pub interest: Pack<L>,
}

/// Interest that must go, `max(0, Q − I/T)`.
#[inline(always)]
#[must_use]
pub fn excess_interest<const L: usize>(numerator: Pack<L>, due: Pack<L>, trigger: f64) -> Pack<L> {
    (due - numerator * (1.0 / trigger)).positive()
}

/// Pays one segment: the part of it that is needed; `left` is the interest that must still go.
#[inline(always)]
#[must_use]
pub fn take<const L: usize>(segment: Segment<L>, left: &mut Pack<L>) -> Pack<L> {
    let gone = segment.interest.min(*left);
    let whole = left.ge(segment.interest);
    let share = gone.ratio_or_zero(segment.interest);
    let open = left.gt(Pack::ZERO);
    *left -= gone;
    open.keep(whole.select(segment.amount, segment.amount * share))
}
