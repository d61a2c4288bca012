//! What becomes of interest that both waterfalls left unpaid.
//!
//! A deferrable class that is not controlling defers it (`deferred += due − paid`, or `balance += due − paid` where the deal
//! capitalizes it); any other class carries it as overdue interest, which is an event of default after its grace period.

use crate::lanes::Pack;
use crate::state::NoteLanes;

/// What overdue and deferred interest bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnpaid {
    /// The rate of its class.
    Compound,
    /// The rate of its class, and interest on it bears none.
    Simple,
    Nothing,
}

/// Adds the current interest that is still unpaid to deferred or overdue interest.
#[inline(always)]
pub fn carry<const L: usize>(deferrable: bool, capitalizes: bool, note: &mut NoteLanes<L>) {
    let unpaid = *note.interest.unpaid();
    if !deferrable {
        note.overdue += unpaid;
        note.has_overdue = true;
        return;
    }
    let deferred = note.controlling.not().keep(unpaid);
    if capitalizes {
        note.balance += deferred;
    } else {
        note.deferred += deferred;
        note.has_deferred = true;
    }
    note.overdue += note.controlling.keep(unpaid);
    note.has_overdue = true;
}

/// What of overdue and deferred interest bears interest after the date, where interest on it bears none.
///
/// Payments settle what bears none first; of the interest of the date, that on interest is settled first.
#[inline(always)]
#[must_use]
pub fn bearing<const L: usize>(deferrable: bool, capitalizes: bool, note: &NoteLanes<L>, before: Pack<L>) -> Pack<L> {
    let on_principal = (*note.interest.amount() - before * note.coupon).positive();
    let added = note.interest.unpaid().min(on_principal);
    let added = if deferrable && capitalizes { note.controlling.keep(added) } else { added };
    before.min(note.deferred + note.overdue) + added
}

/// Interest of the date that a class defers.
#[inline(always)]
#[must_use]
pub fn unpaid<const L: usize>(deferrable: bool, note: &NoteLanes<L>) -> Pack<L> {
    if deferrable { note.controlling.not().keep(*note.interest.unpaid()) } else { Pack::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Mask;
    use crate::state::Due;

    fn due<const L: usize>(amount: Pack<L>, paid: Pack<L>) -> Due<L> {
        let mut due = Due::default();
        due.open(amount);
        due.pay(paid, paid);
        due
    }

    /// Deferred and overdue interest after 3 stay unpaid, in a lane where the class does not control and one where it does.
    fn carried(deferrable: bool) -> ([f64; 2], [f64; 2]) {
        let note = after(deferrable, false);
        (note.deferred.0, note.overdue.0)
    }

    fn after(deferrable: bool, capitalizes: bool) -> NoteLanes<2> {
        let mut note = NoteLanes::<2> {
            balance: Pack([100.0, 100.0]),
            deferred: Pack([10.0, 10.0]),
            overdue: Pack([1.0, 1.0]),
            interest: due(Pack([3.0, 3.0]), Pack::ZERO),
            controlling: Mask::from_lanes([false, true]),
            ..NoteLanes::default()
        };
        carry(deferrable, capitalizes, &mut note);
        note
    }

    #[test]
    fn what_is_capitalized_joins_the_balance() {
        let note = after(true, true);
        assert_eq!((note.balance.0, note.deferred.0, note.overdue.0), ([103.0, 100.0], [10.0, 10.0], [1.0, 4.0]));
        assert_eq!((unpaid(true, &note).0, unpaid(false, &note).0), ([3.0, 0.0], [0.0, 0.0]));
    }

    #[test]
    fn interest_on_interest_bears_none_where_it_is_simple() {
        // 100 and 10 of unpaid interest, 7 of which bear, at 10 %: 10.7 are due and 10.5 stay unpaid; 4 of the 10 were paid.
        let note = NoteLanes::<1> {
            balance: Pack([100.0]),
            deferred: Pack([6.0]),
            interest: due(Pack([10.7]), Pack([0.2])),
            coupon: Pack([0.1]),
            ..NoteLanes::default()
        };
        assert!((bearing(true, false, &note, Pack([7.0])).0[0] - (6.0 + 10.0)).abs() < 1e-12);
        let partly = NoteLanes { interest: due(Pack([10.7]), Pack([1.7])), ..note };
        assert!((bearing(true, false, &partly, Pack([5.0])).0[0] - (5.0 + 9.0)).abs() < 1e-12);
        assert!((bearing(true, true, &note, Pack([5.0])).0[0] - 5.0).abs() < 1e-12, "what defers is principal");
    }

    #[test]
    fn a_deferrable_class_defers_until_it_controls() {
        assert_eq!(carried(true), ([13.0, 10.0], [1.0, 4.0]));
    }

    #[test]
    fn a_class_that_may_not_defer_is_overdue() {
        assert_eq!(carried(false), ([10.0, 10.0], [4.0, 4.0]));
    }
}
