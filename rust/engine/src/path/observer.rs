//! Who watches a run date by date: the tables of one path, or the measures of many.

use super::drivers::ClosingStep;
use super::plan::Plan;
use crate::collateral::cohorts::CohortStep;
use crate::lanes::{Mask, Numbers, Pack};
use crate::state::State;

/// The collateral on one determination date, after the pool step and before any payment.
#[derive(Clone, Copy, Debug)]
pub struct Collateral<const L: usize> {
    pub closing: ClosingStep<L>,
    pub cohorts: CohortStep<L>,
    pub interest_proceeds: Pack<L>,
    pub principal_proceeds: Pack<L>,
    pub performing_par: Pack<L>,
    /// Performing par and principal proceeds.
    pub principal_amount: Pack<L>,
    pub defaulted_par: Pack<L>,
    pub carrying: Pack<L>,
    pub market_of_defaulted: Pack<L>,
    pub ccc_par: Pack<L>,
    pub ccc_haircut: Pack<L>,
    pub discount_haircut: Pack<L>,
    pub numerator: Pack<L>,
    pub sale_proceeds: Pack<L>,
    pub recoveries: Pack<L>,
    /// Fee basis of this determination date.
    pub fee_basis: Pack<L>,
    /// Recovery cash still to come after this date.
    pub pending: Pack<L>,
    /// Principal that was spent before the date, at the ends of months, and what had been prepaid when it last was.
    pub spent: Pack<L>,
    pub reinvested: Pack<L>,
    /// What floors add to the interest of purchases, where tables show it.
    pub floor_benefit: Pack<L>,
}

impl<const L: usize> Collateral<L> {
    /// Nothing.
    pub const ZERO: Self = Self {
        closing: ClosingStep::ZERO,
        cohorts: CohortStep::ZERO,
        interest_proceeds: Pack::ZERO,
        principal_proceeds: Pack::ZERO,
        performing_par: Pack::ZERO,
        principal_amount: Pack::ZERO,
        defaulted_par: Pack::ZERO,
        carrying: Pack::ZERO,
        market_of_defaulted: Pack::ZERO,
        ccc_par: Pack::ZERO,
        ccc_haircut: Pack::ZERO,
        discount_haircut: Pack::ZERO,
        numerator: Pack::ZERO,
        sale_proceeds: Pack::ZERO,
        recoveries: Pack::ZERO,
        fee_basis: Pack::ZERO,
        pending: Pack::ZERO,
        spent: Pack::ZERO,
        reinvested: Pack::ZERO,
        floor_benefit: Pack::ZERO,
    };
}

/// Watches payment dates.
pub trait Observer<const L: usize, P: Numbers> {
    /// Called after both waterfalls, deferrals and purchases of step `p` (from 0). `running` marks the lanes whose
    /// run had not ended before this date; `bought` is the par bought.
    fn date(
        &mut self,
        plan: &Plan<P>,
        p: usize,
        state: &State<L>,
        collateral: &Collateral<L>,
        running: Mask<L>,
        bought: Pack<L>,
    );
}
