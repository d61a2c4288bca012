//! What a run goes on from: the state of the deal after a payment date, in numbers.
//!
//! A run that goes on has the bits of the run that came to the state: whatever later dates read is here.

use crate::collateral::cohorts_after::CohortsAfter;
use crate::lanes::{Mask, Pack};
use crate::state::State;
use crate::time::Date;

/// A class after a date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoteAfter {
    pub balance: f64,
    pub deferred: f64,
    pub overdue: f64,
    /// Instalments of this and earlier dates that are unpaid.
    pub amortization_due: f64,
    /// Unpaid interest that bears interest, where interest on it bears none.
    pub bearing: f64,
    /// All draws on its commitment since closing.
    pub drawn: f64,
    /// What events have issued of it; nothing of a class of closing.
    pub issued: f64,
    /// Payment dates up to the issue of such a note, where its instalments count from it.
    pub since: usize,
    /// What was paid for a residual note.
    pub cost: f64,
}

/// A fee after a date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeeAfter {
    pub unpaid: f64,
    /// What is due from the next date on.
    pub postponed: f64,
    /// What the residual notes must still receive to reach its hurdle.
    pub hurdle: f64,
}

/// A hedge after a date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HedgeAfter {
    /// Net payments that its counterparty is still owed.
    pub periodic: f64,
    pub termination: f64,
}

/// A call after a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallAfter {
    /// It does not act any more.
    pub spent: bool,
    /// It is tried again.
    pub pending: bool,
}

/// What residual notes were paid up to a date.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastDistributions {
    /// Days from closing to each of their dates, rising; every payment date of the schedule is one of them.
    pub days: Vec<i32>,
    /// Per note: what it was paid on each of the dates; nothing for notes that are not residual.
    pub flows: Vec<Vec<f64>>,
}

/// The state after a payment date.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opening {
    /// Step (from 0) that is run first.
    pub first: usize,
    /// A reset has come before.
    pub after_reset: bool,
    /// The notes are accelerated: the next date has one pot.
    pub accelerated: bool,
    /// The reinvestment period has ended, whatever the dates of the deal say.
    pub reinvestment_ended: bool,
    /// Where the pool steps from month to month: the conditions of purchases held on the date.
    pub may_buy: bool,
    /// Per step of a coupon under a condition: whether it is in force.
    pub coupon_steps: Vec<bool>,
    /// The agencies have confirmed their ratings after the effective date.
    pub confirmed: bool,
    pub notes: Vec<NoteAfter>,
    /// Notes with a commitment, in the order of the commitments.
    pub committed: Vec<u16>,
    pub fees: Vec<FeeAfter>,
    /// What the residual notes must still receive to reach further hurdles, fee by fee.
    pub higher: Vec<f64>,
    /// Per fee whose cap carries unused room over: that of the last dates, oldest first.
    pub unused: Vec<Vec<f64>>,
    /// Balances of the accounts.
    pub accounts: Vec<f64>,
    pub hedges: Vec<HedgeAfter>,
    pub calls: Vec<CallAfter>,
    /// Per event that changes notes: whether it does not act any more.
    pub spent: Vec<bool>,
    /// Per re-pricing: whether its spread is in force, and whether that is since the date.
    pub repriced: Vec<(bool, bool)>,
    /// Cash in the principal account.
    pub held: f64,
    /// Cash that stays with interest proceeds.
    pub held_interest: f64,
    /// What fees run on as of the last determination date: fee basis, performing par, collateral principal amount.
    pub bases: [f64; 3],
    pub cohorts: CohortsAfter,
    pub past: PastDistributions,
}

impl Opening {
    /// Puts classes, fees, accounts, hedges and cash into a run's state; the rest of it is set.
    #[inline(always)]
    pub fn put<const L: usize>(&self, state: &mut State<L>) {
        for (lanes, after) in state.notes.iter_mut().zip(&self.notes) {
            lanes.balance = Pack::splat(after.balance);
            lanes.deferred = Pack::splat(after.deferred);
            lanes.overdue = Pack::splat(after.overdue);
            lanes.amortization_due = Pack::splat(after.amortization_due);
            // A zero that is not known to be one is computed with, to the same bits.
            lanes.has_deferred = true;
            lanes.has_overdue = true;
        }
        for (lanes, note) in state.commitments.iter_mut().zip(&self.committed) {
            lanes.drawn = Pack::splat(self.notes[*note as usize].drawn);
        }
        for (lanes, after) in state.bearing.iter_mut().zip(&self.notes) {
            *lanes = Pack::splat(after.bearing);
        }
        state.accelerated = Mask::splat(self.accelerated);
        state.confirmed = Mask::splat(self.confirmed);
        for (lanes, in_force) in state.coupon_steps.iter_mut().zip(&self.coupon_steps) {
            *lanes = Mask::splat(*in_force);
        }
        state.reinvestment_over = Mask::splat(self.reinvestment_ended);
        state.may_buy = Mask::splat(self.may_buy);
        for (lanes, after) in state.fees.iter_mut().zip(&self.fees) {
            lanes.arrears = Pack::splat(after.unpaid);
            lanes.has_arrears = true;
            lanes.hurdle = Pack::splat(after.hurdle);
        }
        for (lanes, after) in state.postponed.iter_mut().zip(&self.fees) {
            *lanes = Pack::splat(after.postponed);
        }
        for (lanes, after) in state.higher.iter_mut().zip(&self.higher) {
            *lanes = Pack::splat(*after);
        }
        for (lanes, after) in state.carried.iter_mut().zip(&self.unused) {
            lanes.go_on(after);
        }
        for (lanes, after) in state.accounts.iter_mut().zip(&self.accounts) {
            *lanes = Pack::splat(*after);
        }
        for (lanes, after) in state.hedges.iter_mut().zip(&self.hedges) {
            lanes.periodic = Pack::splat(after.periodic);
            lanes.termination = Pack::splat(after.termination);
        }
        for (born, after) in state.changes.born.iter_mut().zip(&self.notes) {
            // Its life counts from the state, and it is there.
            *born = Pack::splat(if after.issued > 0.0 { f64::MIN_POSITIVE } else { 0.0 });
        }
        for ((since, brought), after) in state.changes.since.iter_mut().zip(&mut state.changes.brought).zip(&self.notes)
        {
            *since = Pack::splat(after.since as f64);
            *brought = Pack::splat(after.issued);
        }
        for (lanes, spent) in state.changes.spent.iter_mut().zip(&self.spent) {
            *lanes = Mask::splat(*spent);
        }
        for (r, (in_force, lately)) in self.repriced.iter().enumerate() {
            state.changes.repriced[r] = Mask::splat(*in_force);
            state.changes.lately[r] = Mask::splat(*lately);
        }
        state.held = Pack::splat(self.held);
        state.held_interest = Pack::splat(self.held_interest);
    }

    /// Whether equity may have paid in before: its return is read with what it paid.
    #[must_use]
    pub fn equity_may_have_contributed(&self) -> bool {
        self.after_reset || self.past.flows.iter().flatten().any(|paid| *paid < 0.0)
    }

    /// Dates of distributions that are no payment dates of the schedule, all before the first step.
    #[must_use]
    pub fn off_schedule(&self) -> usize {
        self.past.days.len() - self.first
    }
}

/// A path of a simulation that goes on: its defaults, and the default rates of what is bought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrawnPath {
    /// Obligor and step (from 0) of each default, in the order in which they are taken off the pool; steps are those of the first
    /// plan, or of all documents together.
    pub defaults: Vec<(usize, usize)>,
    /// Per default: the end of the piece of the time axis that it falls into, in credit time; nothing where it is not known.
    pub times: Vec<f64>,
    /// Ends of the steps, where a state tells them: those of all documents together.
    pub ends: Vec<Date>,
    /// Per step: default rate of the cohorts.
    pub hazard: Vec<f64>,
    /// Its loans are taken off the pool one by one, though the pool has a closed form from closing on.
    pub one_by_one: bool,
}

impl DrawnPath {
    /// The credit time of the `k`-th default; not a number where it is not known.
    #[must_use]
    pub fn time(&self, k: usize) -> f64 {
        self.times.get(k).copied().unwrap_or(f64::NAN)
    }
}
