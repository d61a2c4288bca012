//! The state of a deal in `L` futures on one payment date.

use crate::lanes::{Mask, Pack};

/// Balances, amounts due and cash of one block of futures; allocated once a worker.
#[derive(Clone, Debug)]
pub struct State<const L: usize> {
    /// Per note: principal outstanding.
    pub balance: Vec<Pack<L>>,
    /// Per note: deferred interest outstanding.
    pub deferred: Vec<Pack<L>>,
    /// Per note: overdue interest of earlier dates outstanding.
    pub overdue: Vec<Pack<L>>,
    /// Per note: current interest of this date, as accrued.
    pub interest: Vec<Pack<L>>,
    /// Per note: current interest still unpaid on this date.
    pub current_due: Vec<Pack<L>>,
    /// Per note: instalments still unpaid, of this and earlier dates.
    pub amortization_due: Vec<Pack<L>>,
    /// Per note: whether it is of the controlling class.
    pub controlling: Vec<Mask<L>>,
    /// Per note: principal and deferred interest that cures paid on this date.
    pub cured: Vec<Pack<L>>,
    /// Per note: overdue and current interest, or residual distributions, paid on this date.
    pub interest_paid: Vec<Pack<L>>,
    /// Per note: deferred interest paid on this date.
    pub deferred_paid: Vec<Pack<L>>,
    /// Per note: principal paid on this date.
    pub principal_paid: Vec<Pack<L>>,
    /// Per note: period coupon, rate times day-count fraction.
    pub coupon: Vec<f64>,
    /// Per fee: this period's amount still unpaid.
    pub fee_current: Vec<Pack<L>>,
    /// Per fee: earlier amounts still unpaid.
    pub fee_arrears: Vec<Pack<L>>,
    /// Per fee: what may still be paid under its cap on this date.
    pub cap_left: Vec<Pack<L>>,
    /// Per fee: paid on this date.
    pub fee_paid: Vec<Pack<L>>,
    /// Per fee: what the residual notes must still receive to reach the hurdle.
    pub hurdle: Vec<Pack<L>>,
    /// Cash left in the running waterfall.
    pub available: Pack<L>,
    /// Interest diverted to the principal account on this date.
    pub diverted: Pack<L>,
    /// Cash that stays in the principal account after this date.
    pub held: Pack<L>,
    /// Cash that stays with interest proceeds after this date.
    pub held_interest: Pack<L>,
    /// Cash spent on collateral on this date.
    pub purchases: Pack<L>,
    /// Unscheduled principal of the collection period.
    pub unscheduled: Pack<L>,
    /// Adjusted collateral principal amount, less what principal has paid on this date.
    pub numerator: Pack<L>,
    /// Numerator of the event-of-default par ratio.
    pub par_ratio_numerator: Pack<L>,
    /// Interest proceeds less senior expenses.
    pub coverage_numerator: Pack<L>,
    /// Performing par on the determination date.
    pub performing_par: Pack<L>,
    /// CCC par over the collateral principal amount.
    pub ccc_share: Pack<L>,
    /// Mask slots of blocks.
    pub slots: Vec<Mask<L>>,
}

impl<const L: usize> State<L> {
    /// A state with so many notes, fees and mask slots, all zero.
    #[must_use]
    pub fn new(notes: usize, fees: usize, slots: usize) -> Self {
        let per_note = vec![Pack::ZERO; notes];
        let per_fee = vec![Pack::ZERO; fees];
        Self {
            balance: per_note.clone(),
            deferred: per_note.clone(),
            overdue: per_note.clone(),
            interest: per_note.clone(),
            current_due: per_note.clone(),
            amortization_due: per_note.clone(),
            controlling: vec![Mask::splat(false); notes],
            cured: per_note.clone(),
            interest_paid: per_note.clone(),
            deferred_paid: per_note.clone(),
            principal_paid: per_note,
            coupon: vec![0.0; notes],
            fee_current: per_fee.clone(),
            fee_arrears: per_fee.clone(),
            cap_left: per_fee.clone(),
            fee_paid: per_fee.clone(),
            hurdle: per_fee,
            available: Pack::ZERO,
            diverted: Pack::ZERO,
            held: Pack::ZERO,
            held_interest: Pack::ZERO,
            purchases: Pack::ZERO,
            unscheduled: Pack::ZERO,
            numerator: Pack::ZERO,
            par_ratio_numerator: Pack::ZERO,
            coverage_numerator: Pack::ZERO,
            performing_par: Pack::ZERO,
            ccc_share: Pack::ZERO,
            slots: vec![Mask::splat(true); slots],
        }
    }

    /// Balance and deferred interest of some notes.
    #[inline(always)]
    #[must_use]
    pub fn outstanding(&self, notes: &[u16]) -> Pack<L> {
        let mut sum = Pack::ZERO;
        for &n in notes {
            sum += self.balance[n as usize] + self.deferred[n as usize];
        }
        sum
    }

    /// Interest due of some notes as though what cures have paid had been paid at the start of the period.
    #[inline(always)]
    #[must_use]
    pub fn pro_forma_interest(&self, notes: &[u16]) -> Pack<L> {
        let mut sum = Pack::ZERO;
        for &n in notes {
            let n = n as usize;
            sum += self.interest[n] - self.cured[n] * self.coupon[n];
        }
        sum
    }

    /// Unpaid amount of a fee, of this and earlier dates.
    #[inline(always)]
    #[must_use]
    pub fn fee_due(&self, fee: usize) -> Pack<L> {
        self.fee_current[fee] + self.fee_arrears[fee]
    }
}
