//! The CCC/Caa excess at market value.
//!
//! `excess = max(0, Σ CCC par − limit · base)`; the excess is taken from the lowest market value up, the last asset in
//! part; its haircut is `Σ taken · (1 − min(price, 1))`. An asset that is also a discount obligation counts once, at
//! the lower of its two values; by portions, what of it is in the excess counts at the lower price and the rest as a
//! discount obligation. Where whole assets are taken, the last one is in the excess with all its par.

use crate::lanes::Pack;

/// Price and discount haircut of one CCC asset, in the order of market value.
#[derive(Clone, Copy, Debug)]
pub struct CccAsset {
    /// Market price, share of par.
    pub price: f64,
    /// Share of par that a discount obligation is carried below par; 0 for any other asset.
    pub discount: f64,
}

/// Where indentures differ on an asset that is partly in the excess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExcessRules {
    /// The last asset is taken as a whole.
    pub whole: bool,
    /// A discount obligation counts by its parts inside and outside the excess.
    pub per_portion: bool,
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
    pub fn take(&mut self, asset: CccAsset, par: Pack<L>, excess: &mut Pack<L>, rules: ExcessRules) {
        let taken = if rules.whole { excess.gt(Pack::ZERO).keep(par) } else { par.min(*excess) };
        *excess -= taken;
        if rules.whole {
            *excess = excess.positive();
        }
        let price = if asset.price < 1.0 { asset.price } else { 1.0 };
        let haircut = taken * (1.0 - price);
        if asset.discount > 0.0 {
            let own = par * asset.discount;
            if rules.per_portion {
                let inside = if 1.0 - price > asset.discount { taken } else { Pack::ZERO };
                self.discount += own - inside * asset.discount;
                self.excess += inside * (1.0 - price);
                return;
            }
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
        under(ExcessRules::default(), assets, excess)
    }

    fn under(rules: ExcessRules, assets: &[(f64, f64, f64)], excess: f64) -> f64 {
        let mut excess = Pack([excess]);
        let mut haircuts = Haircuts::<1>::ZERO;
        for &(price, discount, par) in assets {
            haircuts.take(CccAsset { price, discount }, Pack([par]), &mut excess, rules);
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
    fn the_last_asset_may_be_in_the_excess_as_a_whole() {
        // 10 of excess: 8 at 60 and then all 9 at 70, whatever 2 of them would do: 8·0.4 + 9·0.3.
        let rules = ExcessRules { whole: true, per_portion: false };
        let assets = [(0.60, 0.0, 8.0), (0.70, 0.0, 9.0), (0.80, 0.0, 9.0)];
        assert!((under(rules, &assets, 10.0) - 5.9).abs() < 1e-12);
        assert!((haircut(&assets, 10.0) - 3.8).abs() < 1e-12);
        assert!(under(rules, &assets, 0.0).abs() < 1e-12);
    }

    #[test]
    fn by_portions_the_part_in_the_excess_counts_at_the_lower_price_and_the_rest_as_discount() {
        // Carried at 78, at 70 in the market, 10 of 100 in the excess: 10·0.30 + 90·0.22; at 85 the market lifts nothing.
        let rules = ExcessRules { whole: false, per_portion: true };
        assert!((under(rules, &[(0.70, 0.22, 100.0)], 10.0) - 22.8).abs() < 1e-12);
        assert!((under(rules, &[(0.85, 0.22, 100.0)], 10.0) - 22.0).abs() < 1e-12);
    }

    #[test]
    fn a_discount_obligation_counts_once_at_the_lower_of_its_values() {
        // Carried at 78: 22 off par; in the excess with 90 of 100 at a price of 70: 27 off par.
        assert!((haircut(&[(0.70, 0.22, 100.0)], 90.0) - 27.0).abs() < 1e-9);
        assert!((haircut(&[(0.70, 0.22, 100.0)], 10.0) - 22.0).abs() < 1e-9);
        assert!((haircut(&[(0.70, 0.22, 100.0)], 0.0) - 22.0).abs() < 1e-9);
    }
}
