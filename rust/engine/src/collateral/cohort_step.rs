//! What the cohorts of a run do in one step.

use crate::lanes::Pack;

/// What the cohorts do in one step.
#[derive(Clone, Copy, Debug)]
pub struct CohortStep<const L: usize> {
    pub interest: Pack<L>,
    pub scheduled: Pack<L>,
    pub prepaid: Pack<L>,
    pub recoveries: Pack<L>,
    pub performing: Pack<L>,
    pub default: Pack<L>,
    pub defaulted_par: Pack<L>,
    pub market_of_defaulted: Pack<L>,
    pub carrying: Pack<L>,
    pub discount: Pack<L>,
}

impl<const L: usize> CohortStep<L> {
    /// Nothing.
    pub const ZERO: Self = Self {
        interest: Pack::ZERO,
        scheduled: Pack::ZERO,
        prepaid: Pack::ZERO,
        recoveries: Pack::ZERO,
        performing: Pack::ZERO,
        default: Pack::ZERO,
        defaulted_par: Pack::ZERO,
        market_of_defaulted: Pack::ZERO,
        carrying: Pack::ZERO,
        discount: Pack::ZERO,
    };
}

impl<const L: usize> CohortStep<L> {
    /// Back to nothing, pack by pack.
    #[inline(always)]
    pub fn clear(&mut self) {
        let Self { interest, scheduled, prepaid, recoveries, performing, default, .. } = self;
        for pack in [interest, scheduled, prepaid, recoveries, performing, default] {
            *pack = Pack::ZERO;
        }
        let Self { defaulted_par, market_of_defaulted, carrying, discount, .. } = self;
        for pack in [defaulted_par, market_of_defaulted, carrying, discount] {
            *pack = Pack::ZERO;
        }
    }
}
