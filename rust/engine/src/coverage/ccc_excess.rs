//! The CCC/Caa excess at market value.
//!
//! `excess = max(0, Σ CCC par − limit · base)`; the excess is taken from the lowest market value up, the last asset in
//! part; its haircut is `Σ taken · (1 − min(price, 1))`. An asset that is also a discount obligation counts once, at
//! the lower of its two values; by portions, what of it is in the excess counts at the lower price and the rest as a
//! discount obligation. Where whole assets are taken, the last one is in the excess with all its par.
//!
//! Each agency has a set of its own. The set with the larger excess decides; or the excess of each counts, an asset at
//! most once; or what any agency rates so is one set.

use crate::lanes::{Mask, Pack};

/// Price and discount haircut of one CCC asset, in the order of market value.
#[derive(Clone, Copy, Debug)]
pub struct CccAsset {
    /// Market price, share of par.
    pub price: f64,
    /// Share of par that a discount obligation is carried below par; 0 for any other asset.
    pub discount: f64,
    /// The agencies that rate it so, a bit each.
    pub agencies: u8,
}

/// The agencies, in the order of their bits; of sets of equal par the first decides.
pub const AGENCIES: [&str; 3] = ["fitch", "moodys", "sp"];
/// Every agency.
pub const EVERY_AGENCY: u8 = (1 << AGENCIES.len()) - 1;

/// Which sets count where agencies differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgencyRule {
    /// That with the larger excess.
    #[default]
    Larger,
    /// Each, an asset once.
    Each,
    /// One set of what any agency rates so.
    Sum,
}

/// Where indentures differ on an asset that is partly in the excess.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExcessRules {
    /// The last asset is taken as a whole.
    pub whole: bool,
    /// A discount obligation counts by its parts inside and outside the excess.
    pub per_portion: bool,
    pub agencies: AgencyRule,
}

impl ExcessRules {
    /// The agencies that have a set of their own, a bit each; none where all assets are one set.
    pub fn sets(self, assets: impl Iterator<Item = CccAsset>) -> u8 {
        let (mut named, mut differ, mut first) = (0, false, None);
        for asset in assets {
            differ |= *first.get_or_insert(asset.agencies) != asset.agencies;
            if asset.agencies != EVERY_AGENCY {
                named |= asset.agencies;
            }
        }
        if differ && self.agencies != AgencyRule::Sum { named } else { 0 }
    }
}

/// Excess of each agency's set that is still to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Excesses<const L: usize>([Pack<L>; AGENCIES.len()]);

impl<const L: usize> Excesses<L> {
    /// The excess of each set above a limit, and the par of the largest set.
    #[inline(always)]
    #[must_use]
    pub fn new(par: &[Pack<L>; AGENCIES.len()], sets: u8, limit: Pack<L>, rule: AgencyRule) -> (Self, Pack<L>) {
        let mut excess = [Pack::ZERO; AGENCIES.len()];
        let mut largest = Pack::splat(f64::NEG_INFINITY);
        for a in 0..AGENCIES.len() {
            if sets & 1 << a == 0 {
                continue;
            }
            let is_larger = par[a].gt(largest);
            if rule == AgencyRule::Larger {
                for earlier in &mut excess {
                    *earlier = is_larger.not().keep(*earlier);
                }
            }
            let counts = if rule == AgencyRule::Larger { is_larger } else { Mask::splat(true) };
            excess[a] = counts.keep((par[a] - limit).positive());
            largest = largest.max(par[a]);
        }
        (Self(excess), largest)
    }

    /// Whether something is still to be taken in some lane.
    #[inline(always)]
    #[must_use]
    pub fn any(&self) -> bool {
        self.0.iter().any(|excess| excess.any_positive())
    }
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
        let taken = taken(par, excess, rules);
        self.cut(asset, par, taken, rules);
    }

    /// The same where agencies have sets of their own: the largest part that is in the excess of one of them.
    #[inline(always)]
    pub fn take_by_agency(&mut self, asset: CccAsset, par: Pack<L>, left: &mut Excesses<L>, rules: ExcessRules) {
        let mut most = Pack::ZERO;
        for (a, excess) in left.0.iter_mut().enumerate() {
            if asset.agencies & 1 << a != 0 {
                most = most.max(taken(par, excess, rules));
            }
        }
        self.cut(asset, par, most, rules);
    }

    /// Adds the haircut of an asset of which `taken` lies in the excess.
    #[inline(always)]
    fn cut(&mut self, asset: CccAsset, par: Pack<L>, taken: Pack<L>, rules: ExcessRules) {
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

/// Counts an asset in the set of each of its agencies.
#[inline(always)]
pub fn count<const L: usize>(sets: &mut [Pack<L>; AGENCIES.len()], asset: CccAsset, par: Pack<L>) {
    for (a, sum) in sets.iter_mut().enumerate() {
        if asset.agencies & 1 << a != 0 {
            *sum += par;
        }
    }
}

/// What of an asset falls into an excess, which is reduced by it.
#[inline(always)]
fn taken<const L: usize>(par: Pack<L>, excess: &mut Pack<L>, rules: ExcessRules) -> Pack<L> {
    let taken = if rules.whole { excess.gt(Pack::ZERO).keep(par) } else { par.min(*excess) };
    *excess -= taken;
    if rules.whole {
        *excess = excess.positive();
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Haircut where agencies have sets of their own, of assets given as price, par, agencies.
    fn by_agency(rule: AgencyRule, assets: &[(f64, f64, u8)], limit: f64) -> f64 {
        let rules = ExcessRules { agencies: rule, ..ExcessRules::default() };
        let asset =
            |&(price, par, agencies): &(f64, f64, u8)| (CccAsset { price, discount: 0.0, agencies }, Pack([par]));
        let sets = rules.sets(assets.iter().map(|a| asset(a).0));
        let mut par = [Pack([0.0]); 3];
        for (asset, of) in assets.iter().map(asset) {
            count(&mut par, asset, of);
        }
        let (mut left, _) = Excesses::new(&par, sets, Pack([limit]), rule);
        let mut haircuts = Haircuts::<1>::ZERO;
        for (asset, of) in assets.iter().map(asset) {
            haircuts.take_by_agency(asset, of, &mut left, rules);
        }
        haircuts.excess.0[0]
    }

    #[test]
    fn of_two_agencies_the_larger_excess_counts_or_each() {
        // Moody's: 12 at 50, 8 at 80; S&P: 10 at 60, 8 at 80. Limit 15: excesses of 5 and 3.
        let assets = [(0.5, 12.0, 0b010), (0.6, 10.0, 0b100), (0.8, 8.0, 0b110)];
        assert!((by_agency(AgencyRule::Larger, &assets, 15.0) - 5.0 * 0.5).abs() < 1e-12);
        assert!((by_agency(AgencyRule::Each, &assets, 15.0) - (5.0 * 0.5 + 3.0 * 0.4)).abs() < 1e-12);
        // One set of 30: 12 at 50 and 3 at 60.
        let excess = haircut(&[(0.5, 0.0, 12.0), (0.6, 0.0, 10.0), (0.8, 0.0, 8.0)], 15.0);
        assert!((excess - 7.2).abs() < 1e-12);
    }

    #[test]
    fn an_asset_in_the_excess_of_each_agency_counts_once() {
        assert!(
            (by_agency(AgencyRule::Each, &[(0.5, 12.0, 0b110), (0.9, 5.0, 0b010)], 10.0) - 7.0 * 0.5).abs() < 1e-12
        );
    }

    /// Haircut of assets given as price, discount, par, in the order of market value.
    fn haircut(assets: &[(f64, f64, f64)], excess: f64) -> f64 {
        under(ExcessRules::default(), assets, excess)
    }

    fn under(rules: ExcessRules, assets: &[(f64, f64, f64)], excess: f64) -> f64 {
        let mut excess = Pack([excess]);
        let mut haircuts = Haircuts::<1>::ZERO;
        for &(price, discount, par) in assets {
            haircuts.take(CccAsset { price, discount, agencies: EVERY_AGENCY }, Pack([par]), &mut excess, rules);
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
        let rules = ExcessRules { whole: true, ..ExcessRules::default() };
        let assets = [(0.60, 0.0, 8.0), (0.70, 0.0, 9.0), (0.80, 0.0, 9.0)];
        assert!((under(rules, &assets, 10.0) - 5.9).abs() < 1e-12);
        assert!((haircut(&assets, 10.0) - 3.8).abs() < 1e-12);
        assert!(under(rules, &assets, 0.0).abs() < 1e-12);
    }

    #[test]
    fn by_portions_the_part_in_the_excess_counts_at_the_lower_price_and_the_rest_as_discount() {
        // Carried at 78, at 70 in the market, 10 of 100 in the excess: 10·0.30 + 90·0.22; at 85 the market lifts nothing.
        let rules = ExcessRules { per_portion: true, ..ExcessRules::default() };
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
