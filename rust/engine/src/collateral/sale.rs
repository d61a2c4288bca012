//! What the collateral does in a step at whose end all of it is sold.
//!
//! The collection period of such a date ends later than that of another: at most one business day before the payment
//! date. So every step in which a sale may come has a second set of flows beside its own; where yearly rates run by the days
//! of the collection period, more defaults, prepays and falls due in it.

use super::loan::ContractStep;
use crate::lanes::Pack;

/// Interest, principal (prepaid principal included), par that is left to sell, prepaid principal, and what the par that
/// is left is worth at market prices.
pub const SALE_FLOWS: usize = 5;
/// Place of the value at market prices.
pub const WORTH: usize = 4;

/// Flows of one step, side by side.
pub type SaleRow = [f64; SALE_FLOWS];

/// The flows of a part of the collateral in one step, in lanes.
#[derive(Clone, Copy, Debug)]
pub struct SaleStep<const L: usize> {
    pub interest: Pack<L>,
    pub scheduled: Pack<L>,
    pub prepaid: Pack<L>,
    /// Par that is left to sell.
    pub par: Pack<L>,
    /// What it is worth at market prices.
    pub worth: Pack<L>,
    /// What defaults beyond the defaults of the step without a sale, which may be shorter.
    pub more: MoreDefaults<L>,
}

/// Par that a longer step adds to defaults, what of it is recovered in the step, and what is still to be recovered.
#[derive(Clone, Copy, Debug)]
pub struct MoreDefaults<const L: usize> {
    pub par: Pack<L>,
    pub recovered: Pack<L>,
    pub to_come: Pack<L>,
}

impl<const L: usize> MoreDefaults<L> {
    /// Nothing.
    pub const ZERO: Self = Self { par: Pack::ZERO, recovered: Pack::ZERO, to_come: Pack::ZERO };

    /// Adds par, of which so much is recovered, in the step or later.
    pub fn add(&mut self, par: Pack<L>, value: Pack<L>, in_step: bool) {
        self.par += par;
        if in_step {
            self.recovered += value;
        } else {
            self.to_come += value;
        }
    }
}

impl<const L: usize> SaleStep<L> {
    /// Nothing.
    pub const ZERO: Self = Self {
        interest: Pack::ZERO,
        scheduled: Pack::ZERO,
        prepaid: Pack::ZERO,
        par: Pack::ZERO,
        worth: Pack::ZERO,
        more: MoreDefaults::ZERO,
    };

    /// The step of one future in each of many.
    #[must_use]
    pub fn in_all<const M: usize>(&self) -> SaleStep<M> {
        let wide = |pack: &Pack<L>| Pack::splat(pack.0[0]);
        SaleStep {
            interest: wide(&self.interest),
            scheduled: wide(&self.scheduled),
            prepaid: wide(&self.prepaid),
            par: wide(&self.par),
            worth: wide(&self.worth),
            more: MoreDefaults {
                par: wide(&self.more.par),
                recovered: wide(&self.more.recovered),
                to_come: wide(&self.more.to_come),
            },
        }
    }
}

/// What one loan does in a step with a sale, of which a share `left` is left and whose rates are `mdr` and `mpr`.
#[must_use]
pub fn row(step: &ContractStep, left: f64, mdr: f64, mpr: f64, price: f64) -> SaleRow {
    let alive = left * (1.0 - mdr);
    let prepaid = alive * mpr * step.end + alive * step.early;
    let interest =
        alive * (step.interest.whole + mpr * step.interest.of_prepaid) + left * mdr * step.interest.of_default;
    let par = alive * (1.0 - mpr) * (1.0 - step.gone) * step.end;
    [interest, alive * step.scheduled + left * mdr * step.released + prepaid, par, prepaid, par * price]
}
