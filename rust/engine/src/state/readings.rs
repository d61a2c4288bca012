//! What conditions and amounts read of a date beside balances, tests and the collateral's par.

use crate::coverage::purchases::Purchases;
use crate::lanes::Pack;

/// Figures of a date that some expression reads; nothing is kept of what none does.
#[derive(Clone, Debug, Default)]
pub struct Readings<const L: usize> {
    /// What a sale of all collateral would bring.
    pub liquidation_value: Pack<L>,
    /// Share of the performing par in loans that pay every six months or less often.
    pub semiannual_share: Pack<L>,
    /// Interest of the collection period, by months between the payments of the loans.
    pub interest_by_frequency: Vec<(u8, Pack<L>)>,
    /// Loan commitments that are not drawn.
    pub undrawn: Pack<L>,
    /// Spreads that the market asks for classes, by note.
    pub market_spreads: Vec<(u32, Pack<L>)>,
    /// Spreads of classes in force, by note.
    pub deal_spreads: Vec<(u32, Pack<L>)>,
    /// What purchases are measured by.
    pub purchases: Purchases<L>,
}

/// The reading of a key; zero where nothing reads it.
#[inline(always)]
#[must_use]
pub fn of<K: Copy + PartialEq, const L: usize>(readings: &[(K, Pack<L>)], key: K) -> Pack<L> {
    for (known, value) in readings {
        if *known == key {
            return *value;
        }
    }
    Pack::ZERO
}
