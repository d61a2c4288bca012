//! What becomes of interest that both waterfalls left unpaid.
//!
//! A deferrable class that is not controlling defers it (`deferred += due − paid`); any other class carries it as
//! overdue interest, which is an event of default after its grace period.

use crate::lanes::{Mask, Pack};

/// Adds unpaid interest to deferred or overdue interest and returns what was deferred.
#[inline(always)]
pub fn carry<const L: usize>(
    deferrable: bool,
    controlling: Mask<L>,
    unpaid: Pack<L>,
    deferred: &mut Pack<L>,
    overdue: &mut Pack<L>,
) -> Pack<L> {
    if !deferrable {
        *overdue += unpaid;
        return Pack::ZERO;
    }
    let defers = controlling.not().keep(unpaid);
    *deferred += defers;
    *overdue += controlling.keep(unpaid);
    defers
}
