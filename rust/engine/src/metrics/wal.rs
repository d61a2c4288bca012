//! Weighted average life: the mean time of principal, weighted by its amount. What is drawn repays nothing.

use crate::lanes::Pack;

/// `Σ years · principal / Σ principal` lane by lane, over what is repaid; not a number where nothing is.
#[inline(always)]
#[must_use]
pub fn weighted_average_life<const L: usize>(years: &[f64], principal: &[Pack<L>]) -> Pack<L> {
    debug_assert_eq!(years.len(), principal.len(), "Invariant: one amount for each time");
    let mut total = Pack::ZERO;
    let mut moment = Pack::ZERO;
    for i in 0..years.len() {
        let repaid = principal[i].positive();
        total += repaid;
        moment += repaid * years[i];
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

    #[test]
    fn draws_are_no_principal_repaid() {
        // 40 drawn after a year, 20 repaid after two and 60 after four: (20·2 + 60·4) / 80.
        let life = weighted_average_life(&[1.0, 2.0, 4.0], &[Pack([-40.0]), Pack([20.0]), Pack([60.0])]);
        assert_eq!(life.0[0].to_bits(), 3.5_f64.to_bits());
    }
}
