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
    /// Sets the `i`-th part of `W` lanes.
    #[inline(always)]
    pub fn set_part<const W: usize>(&mut self, i: usize, part: CohortStep<W>) {
        self.interest.set_part(i, part.interest);
        self.scheduled.set_part(i, part.scheduled);
        self.prepaid.set_part(i, part.prepaid);
        self.recoveries.set_part(i, part.recoveries);
        self.performing.set_part(i, part.performing);
        self.default.set_part(i, part.default);
        self.defaulted_par.set_part(i, part.defaulted_par);
        self.market_of_defaulted.set_part(i, part.market_of_defaulted);
        self.carrying.set_part(i, part.carrying);
        self.discount.set_part(i, part.discount);
    }

    /// Back to nothing.
    #[inline(always)]
    pub fn clear(&mut self) {
        *self = Self::ZERO;
    }
}
