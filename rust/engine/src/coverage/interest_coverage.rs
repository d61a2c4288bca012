//! Interest coverage: the paydown that would have made the test pass.
//!
//! `IC = I / Q`. The test is read as though a paydown had been made at the start of the accrual period, so paying `x`
//! of a class whose period coupon is `α` lowers `Q` by `α·x`; the numerator is not reduced. Classes are paid in the
//! sequence, so the need is piecewise linear: `x = Σ segments until Σ α·x = Q − I/T`.

use crate::lanes::{DealParam, Pack};

/// One segment of the payment sequence: what can be paid, and what paying all of it takes off the interest due.
#[derive(Clone, Copy, Debug)]
pub struct Segment<const L: usize> {
    pub amount: Pack<L>,
    pub interest: Pack<L>,
}

/// Interest that must go, `max(0, Q − I/T)`.
#[inline(always)]
#[must_use]
pub fn excess_interest<const L: usize, P: DealParam<L>>(numerator: Pack<L>, due: Pack<L>, trigger: P) -> Pack<L> {
    (due - numerator * trigger.map(|t| 1.0 / t).pack()).positive()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn one(x: f64) -> Pack<1> {
        Pack([x])
    }

    fn segment(amount: f64, coupon: f64) -> Segment<1> {
        Segment { amount: one(amount), interest: one(amount * coupon) }
    }

    #[test]
    fn the_paydown_of_the_senior_class_is_what_exact_arithmetic_says() {
        // Case `ic_cure`, exact arithmetic: I = 7,000,000, Q = 6,100,000, T = 1.2, 5.3 % act/360 over 91 days.
        let mut left = excess_interest(one(7e6), one(6.1e6), 1.2);
        let paid = take(segment(310e6, 0.053 * 91.0 / 360.0), &mut left);
        assert!((paid.0[0] - 19_904_623.678_208_583_869).abs() < 1e-6);
        assert!(left.0[0].abs() < 1e-9);
    }

    #[test]
    fn a_class_that_is_paid_off_passes_the_need_on_to_the_next() {
        // 600 must go: 1,000 at 40 % takes 400, the other 200 cost 400 of a class at 50 %.
        let mut left = one(600.0);
        assert!((take(segment(1_000.0, 0.4), &mut left).0[0] - 1_000.0).abs() < 1e-9);
        assert!((take(segment(1_000.0, 0.5), &mut left).0[0] - 400.0).abs() < 1e-9);
        assert!(take(segment(1_000.0, 0.5), &mut left).0[0].abs() < 1e-12);
    }

    #[test]
    fn a_class_without_interest_is_paid_off_on_the_way() {
        let mut left = one(10.0);
        assert!((take(segment(50.0, 0.0), &mut left).0[0] - 50.0).abs() < 1e-12);
        assert!((left.0[0] - 10.0).abs() < 1e-12);
    }

    #[test]
    fn a_passing_test_needs_nothing() {
        let mut left = excess_interest(one(120.0), one(100.0), 1.2);
        assert!(left.0[0].abs() < 1e-12);
        assert!(take(segment(100.0, 0.1), &mut left).0[0].abs() < 1e-12);
    }
}
