//! Multiple on invested capital.

use crate::lanes::Pack;

/// `Σ flow / outflow` lane by lane; the outflow is positive.
#[inline(always)]
#[must_use]
pub fn moic<const L: usize>(outflow: f64, flows: &[Pack<L>]) -> Pack<L> {
    let mut total = Pack::ZERO;
    for i in 0..flows.len() {
        total += flows[i];
    }
    total / Pack::splat(outflow)
}

#[cfg(test)]
mod tests {
    use super::moic;
    use crate::lanes::Pack;

    #[test]
    fn the_multiple_is_what_came_back_over_what_was_paid() {
        assert_eq!(moic(50.0, &[Pack([10.0, 0.0]), Pack([90.0, 0.0])]), Pack([2.0, 0.0]));
        assert_eq!(moic::<2>(50.0, &[]), Pack([0.0, 0.0]));
    }
}
