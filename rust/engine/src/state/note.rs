//! What a class of notes is owed and has been paid.

use super::Due;
use crate::lanes::{Mask, Pack};

/// One class of notes in `L` futures, on one payment date.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoteLanes<const L: usize> {
    /// Principal outstanding.
    pub balance: Pack<L>,
    /// Deferred interest outstanding.
    pub deferred: Pack<L>,
    /// Overdue interest of earlier dates outstanding.
    pub overdue: Pack<L>,
    /// Current interest of this date; of residual notes their distributions, which are never due.
    pub interest: Due<L>,
    /// Instalments still unpaid, of this and earlier dates.
    pub amortization_due: Pack<L>,
    /// Principal and deferred interest that cures paid on this date.
    pub cured: Pack<L>,
    /// Deferred interest paid on this date.
    pub deferred_paid: Pack<L>,
    /// Principal paid on this date.
    pub principal_paid: Pack<L>,
    /// Period coupon, rate times day-count fraction.
    pub coupon: Pack<L>,
    /// Whether it is of the controlling class.
    pub controlling: Mask<L>,
    /// Whether deferred interest has been outstanding in some lane; where not, it is an exact zero in all.
    pub has_deferred: bool,
    /// Whether overdue interest has been outstanding in some lane; where not, it is an exact zero in all.
    pub has_overdue: bool,
    /// Whether principal may have been paid on this date in some lane; where not, it is an exact zero in all.
    pub repaid: bool,
}

impl<const L: usize> NoteLanes<L> {
    /// Back to the day of closing, with a balance.
    #[inline(always)]
    pub fn open(&mut self, balance: Pack<L>) {
        self.balance = balance;
        // What no lane has ever owed is nothing already.
        if self.has_deferred {
            self.deferred = Pack::ZERO;
        }
        if self.has_overdue {
            self.overdue = Pack::ZERO;
        }
        self.interest.open(Pack::ZERO);
        self.amortization_due = Pack::ZERO;
        self.cured = Pack::ZERO;
        self.deferred_paid = Pack::ZERO;
        self.principal_paid = Pack::ZERO;
        self.coupon = Pack::ZERO;
        self.controlling = Mask::splat(false);
        self.has_deferred = false;
        self.has_overdue = false;
        self.repaid = false;
    }
}
