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

/// Takes what of one asset falls into the excess and returns its haircut.
///
/// A discount obligation's own haircut is part of the result: it must not be counted elsewhere.
#[inline(always)]
#[must_use]
pub fn take<const L: usize>(asset: CccAsset, par: Pack<L>, excess: &mut Pack<L>) -> Pack<L> {
    let taken = par.min(*excess);
    *excess -= taken;
    let price = if asset.price < 1.0 { asset.price } else { 1.0 };
    let haircut = taken * (1.0 - price);
    if asset.discount > 0.0 { haircut.max(par * asset.discount) } else { haircut }
}
