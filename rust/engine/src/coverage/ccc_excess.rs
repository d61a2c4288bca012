//! The CCC/Caa excess at market value.
//!
//! `excess = max(0, Σ CCC par − limit · base)`; the excess is taken from the lowest market value up, the last asset in
//! part; its haircut is `Σ taken · (1 − min(price, 1))`. An asset that is also a discount obligation counts once, at
//! the lower of its two values.

use crate::lanes::Pack;

/// Price and discount haircut of one CCC asset, in the order of market value.
#[derive(Clone, Copy, Debug)]
pub struct CccAsset {
    /// Market price, share of par.
    pub price: f64,
    /// Share of par that a discount obligation is carried below par; 0 for any other asset.
    pub discount: f64,
}

/// Haircuts of the CCC set: of its excess, and of the discount obligations in it that are worth less as such.
#[derive(Clone, Copy, Debug)]
pub struct Haircuts<const L: usize> {
    pub excess: Pack<L>,
    pub discount: Pack<L>,
}

impl<const L: usize> Haircuts<L> {
    /// Nothing.
    pub const ZERO: Self = Self { excess: Pack::ZERO, discount: Pack::ZERO };

    /// Takes what of one asset falls into the excess and adds the haircut of the category with the lower value.
    #[inline(always)]
    pub fn take(&mut self, asset: CccAsset, par: Pack<L>, excess: &mut Pack<L>) {
        let taken = par.min(*excess);
        *excess -= taken;
        let price = if asset.price < 1.0 { asset.price } else { 1.0 };
        let haircut = taken * (1.0 - price);
        if asset.discount > 0.0 {
            let own = par * asset.discount;
            let as_discount = own.ge(haircut);
            self.discount += as_discount.keep(own);
            self.excess += as_discount.not().keep(haircut);
        } else {
            self.excess += haircut;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Haircut of assets given as price, discount, par, in the order of market value.
    fn haircut(assets: &[(f64, f64, f64)], excess: f64) -> f64 {
        let mut excess = Pack([excess]);
        let mut haircuts = Haircuts::<1>::ZERO;
        for &(price, discount, par) in assets {
            haircuts.take(CccAsset { price, discount }, Pack([par]), &mut excess);
        }
        haircuts.excess.0[0] + haircuts.discount.0[0]
    }

    #[test]
    fn the_excess_is_taken_from_the_lowest_price_up_and_the_last_asset_in_part() {
        // Case `payment_date`, exact arithmetic: an excess of 6.18 m over 42 m of CCC assets.
        let assets = [(0.55, 0.0, 4e6), (0.70, 0.0, 9e6), (0.82, 0.0, 9e6), (0.88, 0.0, 8e6), (0.91, 0.0, 12e6)];
        assert!((haircut(&assets, 6.18e6) - 2_454_000.0).abs() < 1e-6);
        assert!(haircut(&assets, 0.0).abs() < 1e-12);
    }

    #[test]
    fn a_price_above_par_gives_no_gain() {
        assert!(haircut(&[(1.02, 0.0, 100.0)], 50.0).abs() < 1e-12);
    }

    #[test]
    fn a_discount_obligation_counts_once_at_the_lower_of_its_values() {
        // Carried at 78: 22 off par; in the excess with 90 of 100 at a price of 70: 27 off par.
        assert!((haircut(&[(0.70, 0.22, 100.0)], 90.0) - 27.0).abs() < 1e-9);
        assert!((haircut(&[(0.70, 0.22, 100.0)], 10.0) - 22.0).abs() < 1e-9);
        assert!((haircut(&[(0.70, 0.22, 100.0)], 0.0) - 22.0).abs() < 1e-9);
    }
}
