//! Weighted average life: the mean time of principal, weighted by its amount.

use crate::lanes::Pack;

/// `Σ years · principal / Σ principal` lane by lane; not a number where no principal is received.
#[inline(always)]
#[must_use]
pub fn weighted_average_life<const L: usize>(years: &[f64], principal: &[Pack<L>]) -> Pack<L> {
    debug_assert_eq!(years.len(), principal.len(), "Invariant: one amount for each time");
    let mut total = Pack::ZERO;
    let mut moment = Pack::ZERO;
    for i in 0..years.len() {
        total += principal[i];
        moment += principal[i] * years[i];
    }
    total.gt(Pack::ZERO).select(moment / total, Pack::splat(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::weighted_average_life;
    use crate::lanes::Pack;

    #[test]
    fn a_bullet_lives_until_its_payment_and_halves_live_until_the_middle() {
        let life = weighted_average_life(&[1.0, 3.0], &[Pack([0.0, 50.0, 0.0]), Pack([100.0, 50.0, 0.0])]);
        assert_eq!(life.0[..2], [3.0, 2.0]);
        assert!(life.0[2].is_nan());
    }
}
