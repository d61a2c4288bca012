//! Weighted average life: the mean time of principal, weighted by its amount. What is drawn repays nothing.

use crate::lanes::Pack;

/// `Σ years · principal / Σ principal` lane by lane, over what has been repaid so far.
#[derive(Clone, Copy, Debug)]
pub struct AverageLife<const L: usize> {
    principal: Pack<L>,
    moment: Pack<L>,
}

impl<const L: usize> AverageLife<L> {
    /// Nothing repaid.
    pub const ZERO: Self = Self { principal: Pack::ZERO, moment: Pack::ZERO };

    /// Adds what is repaid after so many years.
    #[inline(always)]
    pub fn add(&mut self, years: f64, principal: Pack<L>) {
        let repaid = principal.positive();
        self.principal += repaid;
        self.moment += repaid * years;
    }

    /// Years; not a number where nothing is repaid.
    #[inline(always)]
    #[must_use]
    pub fn years(&self) -> Pack<L> {
        self.principal.gt(Pack::ZERO).select(self.moment / self.principal, Pack::splat(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::AverageLife;
    use crate::lanes::Pack;

    fn life<const L: usize>(years: &[f64], principal: &[Pack<L>]) -> Pack<L> {
        let mut life = AverageLife::ZERO;
        for (years, principal) in years.iter().zip(principal) {
            life.add(*years, *principal);
        }
        life.years()
    }

    #[test]
    fn a_bullet_lives_until_its_payment_and_halves_live_until_the_middle() {
        let life = life(&[1.0, 3.0], &[Pack([0.0, 50.0, 0.0]), Pack([100.0, 50.0, 0.0])]);
        assert_eq!(life.0[..2], [3.0, 2.0]);
        assert!(life.0[2].is_nan());
    }

    #[test]
    fn draws_are_no_principal_repaid() {
        // 40 drawn after a year, 20 repaid after two and 60 after four: (20·2 + 60·4) / 80.
        let life = life(&[1.0, 2.0, 4.0], &[Pack([-40.0]), Pack([20.0]), Pack([60.0])]);
        assert_eq!(life.0[0].to_bits(), 3.5_f64.to_bits());
    }
}
