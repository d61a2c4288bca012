//! Conditions of purchases: what must hold of the collateral once a step has bought with its cash.
//!
//! With the par `x` that the cash buys, a quality test is `(Σ par·value + x·v) / (Σ par + x)` against its limit: it must be
//! satisfied, or no worse than without the purchase. Loans rated CCC are bought only within a limit of their share:
//! `C + x ≤ limit · base`, where a base that follows the collateral grows by `x` less the principal that pays for it; interest
//! that buys was no part of it.

use crate::lanes::{Mask, Pack};

/// What an average or a share may be off by, of itself: rounding.
const TOLERANCE: f64 = 1e-9;

/// A set of conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions(u8);

impl Conditions {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every coverage test that a cure names passes.
    pub const COVERAGE: Self = Self(1);
    /// The limit of the CCC bucket.
    pub const CCC: Self = Self(2);
    /// Weighted average rating factor, spread, life and recovery rate.
    pub const WARF: Self = Self(4);
    pub const WAS: Self = Self(8);
    pub const WAL: Self = Self(16);
    pub const WARR: Self = Self(32);
    /// Concentration limits of CCC loans.
    pub const CONCENTRATION: Self = Self(64);
    /// Every quality test.
    pub const QUALITY: Self = Self(4 | 8 | 16 | 32);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sets have.
    #[must_use]
    pub const fn among(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it has one of the others.
    #[inline(always)]
    #[must_use]
    pub const fn asks(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it asks for more than coverage tests.
    #[inline(always)]
    #[must_use]
    pub const fn ask_collateral(self) -> bool {
        self.0 & !Self::COVERAGE.0 != 0
    }
}

/// An average over the collateral of a date, before anything is bought on it.
#[derive(Clone, Copy, Debug)]
pub struct Average<const L: usize> {
    pub condition: Conditions,
    /// Whether it may not be above its limit; else it may not be below.
    pub at_most: bool,
    pub limit: f64,
    /// `Σ par·value`.
    pub sum: Pack<L>,
    pub par: Pack<L>,
    /// Value of what is bought.
    pub bought: Pack<L>,
}

impl<const L: usize> Average<L> {
    /// Where it is satisfied or no worse once `par` is bought beside what was bought `before` on the date.
    ///
    /// Par up to `dust` is nothing: it has no average that could be kept.
    #[must_use]
    pub fn holds(&self, before: Pack<L>, par: Pack<L>, dust: f64) -> Mask<L> {
        let (par_before, sum_before) = (self.par + before, self.sum + before * self.bought);
        let was = sum_before.ratio_or_zero(par_before);
        let is = (sum_before + par * self.bought).ratio_or_zero(par_before + par);
        let slack = is.max(-is) * TOLERANCE;
        let limit = Pack::splat(self.limit);
        let (satisfied, kept) = if self.at_most {
            ((limit + slack).ge(is), (was + slack).ge(is))
        } else {
            ((is + slack).ge(limit), (is + slack).ge(was))
        };
        satisfied.or(kept.and(par_before.gt(Pack::splat(dust))))
    }
}

/// The share of CCC loans on a date, before one is bought on it.
#[derive(Clone, Copy, Debug)]
pub struct CccShare<const L: usize> {
    pub condition: Conditions,
    pub limit: f64,
    pub par: Pack<L>,
    pub base: Pack<L>,
    /// Principal in the base; none where it does not follow the collateral.
    pub principal: Option<Pack<L>>,
}

impl<const L: usize> CccShare<L> {
    /// Where the share is within its limit once `par` has been bought for `cash` on the date.
    #[must_use]
    pub fn holds(&self, par: Pack<L>, cash: Pack<L>) -> Mask<L> {
        let base = match self.principal {
            Some(principal) => self.base + (par - cash.min(principal)),
            None => self.base,
        };
        (base * (self.limit * (1.0 + TOLERANCE))).ge(self.par + par)
    }
}

/// What the purchases of a date are measured by.
#[derive(Clone, Debug, Default)]
pub struct Purchases<const L: usize> {
    pub par_per_cash: f64,
    pub averages: Vec<Average<L>>,
    /// Nothing where what is bought is not rated CCC.
    pub ccc: Vec<CccShare<L>>,
}

impl<const L: usize> Purchases<L> {
    /// Where some conditions hold with `cash` spent beside what was spent `before` on the date.
    #[inline(never)]
    #[must_use]
    pub fn may(&self, conditions: Conditions, before: Pack<L>, cash: Pack<L>, dust: f64) -> Mask<L> {
        let mut all = Mask::splat(true);
        let (par_before, par) = (before * self.par_per_cash, cash * self.par_per_cash);
        for average in &self.averages {
            if conditions.asks(average.condition) {
                all = all.and(average.holds(par_before, par, dust));
            }
        }
        for share in &self.ccc {
            if conditions.asks(share.condition) {
                all = all.and(share.holds(par_before + par, before + cash));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 of par at a spread of 4 %.
    const SPREAD: Average<1> = Average {
        condition: Conditions::WAS,
        at_most: false,
        limit: 0.035,
        sum: Pack([4.0]),
        par: Pack([100.0]),
        bought: Pack([0.03]),
    };

    #[test]
    fn an_average_may_worsen_within_its_limit() {
        // (4 + 0.03 x) / (100 + x) is 0.035 at x = 100.
        let holds = |par: f64| SPREAD.holds(Pack([0.0]), Pack([par]), 1e-6).all();
        assert!(holds(99.9) && holds(100.0) && !holds(100.1));
        let after_another = |par: f64| SPREAD.holds(Pack([60.0]), Pack([par]), 1e-6).all();
        assert!(after_another(39.9) && !after_another(40.1));
    }

    #[test]
    fn an_average_that_fails_may_improve_or_stay() {
        let failing = Average { limit: 0.05, ..SPREAD };
        let bought = |spread: f64| Average { bought: Pack([spread]), ..failing };
        let holds = |average: Average<1>| average.holds(Pack([0.0]), Pack([10.0]), 1e-6).all();
        assert!(holds(bought(0.041)) && holds(bought(0.04)) && !holds(bought(0.039)));
    }

    #[test]
    fn nothing_has_no_average_to_keep() {
        let empty = Average { sum: Pack([1e-9]), par: Pack([1e-8]), ..SPREAD };
        assert!(!empty.holds(Pack([0.0]), Pack([10.0]), 1e-6).all());
    }

    #[test]
    fn ccc_loans_are_bought_within_their_limit() {
        // Bought at half of par, x adds x to the CCC par and x / 2 to the base: 5 + x ≤ 0.075 (100 + x / 2) up to x = 2.5974.
        let share = CccShare {
            condition: Conditions::CCC,
            limit: 0.075,
            par: Pack([5.0]),
            base: Pack([100.0]),
            principal: Some(Pack([10.0])),
        };
        let holds = |par: f64| share.holds(Pack([par]), Pack([par / 2.0])).all();
        assert!(holds(2.59) && !holds(2.60));
        let fixed = CccShare { principal: None, ..share };
        assert!(fixed.holds(Pack([2.5]), Pack([1.0])).all() && !fixed.holds(Pack([2.51]), Pack([1.0])).all());
        // All of the cash is interest: 5 + x ≤ 0.075 (100 + x) up to x = 2.7027.
        let of_interest = CccShare { principal: Some(Pack([0.0])), ..share };
        let holds = |par: f64| of_interest.holds(Pack([par]), Pack([par / 2.0])).all();
        assert!(holds(2.70) && !holds(2.71));
    }
}
