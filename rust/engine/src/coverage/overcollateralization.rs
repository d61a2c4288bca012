//! Overcollateralization: ratio and cure amounts.
//!
//! With numerator `N` (adjusted collateral principal amount), denominator `D` and trigger `T`:
//! paying notes from interest needs `D − N/T`; from principal, which leaves the numerator too, `(T·D − N)/(T − 1)`;
//! keeping or buying collateral with interest needs `T·D − N`.

use super::terms::PASS_TOLERANCE;
use crate::lanes::{DealParam, Mask, Pack};

/// Whether the test passes; true where nothing is outstanding.
#[inline(always)]
#[must_use]
pub fn passes<const L: usize, P: DealParam<L>>(numerator: Pack<L>, denominator: Pack<L>, trigger: P) -> Mask<L> {
    let met = numerator.ge(denominator * trigger.map(|t| t * (1.0 - PASS_TOLERANCE)).pack());
    met.or(denominator.gt(Pack::ZERO).not())
}

/// Interest proceeds that must pay notes, within the denominator.
#[inline(always)]
#[must_use]
pub fn cure_from_interest<const L: usize, P: DealParam<L>>(
    numerator: Pack<L>,
    denominator: Pack<L>,
    trigger: P,
) -> Pack<L> {
    (denominator - numerator * trigger.map(|t| 1.0 / t).pack()).positive().min(denominator)
}

/// Principal proceeds that must pay notes, within the denominator: all of it where nothing can help, as at a trigger of
/// 1 or less.
#[inline(always)]
#[must_use]
pub fn cure_from_principal<const L: usize, P: DealParam<L>>(
    numerator: Pack<L>,
    denominator: Pack<L>,
    trigger: P,
) -> Pack<L> {
    let curable = trigger.pack().gt(Pack::splat(1.0));
    if curable.all() {
        return paid_from_principal(numerator, denominator, trigger);
    }
    let all = passes(numerator, denominator, trigger).not().keep(denominator);
    curable.select(paid_from_principal(numerator, denominator, trigger), all)
}

/// `(T·D − N)/(T − 1)` within the denominator, for triggers above 1.
#[inline(always)]
fn paid_from_principal<const L: usize, P: DealParam<L>>(
    numerator: Pack<L>,
    denominator: Pack<L>,
    trigger: P,
) -> Pack<L> {
    let each = trigger.map(|t| 1.0 / (t - 1.0)).pack();
    ((denominator * trigger.pack() - numerator) * each).positive().min(denominator)
}

/// Cash that must join the collateral.
#[inline(always)]
#[must_use]
pub fn cure_by_purchase<const L: usize, P: DealParam<L>>(
    numerator: Pack<L>,
    denominator: Pack<L>,
    trigger: P,
) -> Pack<L> {
    (denominator * trigger.pack() - numerator).positive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(x: f64) -> Pack<1> {
        Pack([x])
    }

    /// Within the tolerance of the worked cases: `max(1e-6, 1e-12 |x|)`.
    fn close(value: Pack<1>, expected: f64) -> bool {
        (value.0[0] - expected).abs() <= 1e-6
    }

    #[test]
    fn a_test_passes_where_nothing_is_outstanding_even_on_a_numerator_below_zero() {
        assert!(passes(one(-1e-10), one(0.0), 1.2).lane(0));
        assert!(!passes(one(-1e-10), one(1.0), 1.2).lane(0));
    }

    #[test]
    fn a_cure_costs_what_exact_arithmetic_says() {
        // Case `oc_cure`, exact arithmetic: N = 479,086,000, D = 455,000,000, T = 1.055.
        let (n, d, t) = (one(479_086_000.0), one(455_000_000.0), 1.055);
        assert!(close(cure_from_interest(n, d, t), 890_047.393_364_928_91));
        assert!(close(cure_from_principal(n, d, t), 17_072_727.272_727_272_727));
        assert!(close(cure_by_purchase(n, d, t), 939_000.0));
    }

    #[test]
    fn each_kind_of_cure_makes_the_test_pass() {
        let (n, d, t) = (one(479_086_000.0), one(455_000_000.0), 1.055);
        let (x, y, z) = (cure_from_interest(n, d, t), cure_from_principal(n, d, t), cure_by_purchase(n, d, t));
        assert!(!passes(n, d, t).lane(0));
        assert!(passes(n, d - x, t).lane(0));
        assert!(passes(n - y, d - y, t).lane(0));
        assert!(passes(n + z, d, t).lane(0));
    }

    #[test]
    fn a_passing_test_needs_nothing() {
        let (n, d) = (one(110.0), one(100.0));
        for need in [cure_from_interest(n, d, 1.05), cure_from_principal(n, d, 1.05), cure_by_purchase(n, d, 1.05)] {
            assert!(close(need, 0.0));
        }
        assert!(passes(n, d, 1.1).lane(0), "the flag is true at the trigger itself");
    }

    #[test]
    fn where_the_collateral_is_worth_less_than_the_notes_all_of_them_are_paid() {
        // N <= D: (T D - N)/(T - 1) is more than D.
        assert!(close(cure_from_principal(one(90.0), one(100.0), 1.05), 100.0));
        assert!(close(cure_from_interest(one(-5.0), one(100.0), 1.05), 100.0));
    }

    #[test]
    fn at_a_trigger_of_one_or_less_a_failing_test_takes_all_principal() {
        assert!(close(cure_from_principal(one(50.0), one(100.0), 1.0), 100.0));
        assert!(close(cure_from_principal(one(50.0), one(100.0), 0.9), 100.0));
        assert!(close(cure_from_principal(one(95.0), one(100.0), 0.9), 0.0));
    }

    #[test]
    fn a_test_without_notes_passes() {
        assert!(passes(one(0.0), one(0.0), 1.2).lane(0));
    }
}
