//! Each class over a whole path: what it was paid, what it lost, when.

use super::explained::Explained;
use super::plan::Plan;
use crate::lanes::Pack;
use crate::metrics::{IrrTimes, irr, weighted_average_life};

/// One class over one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoteSummary {
    pub note: u16,
    /// Outstanding at the end of the run.
    pub balance: f64,
    /// `1 − Σ senior and pari passu balances / (par + cash)` at closing; absent outside the sequence.
    pub subordination: f64,
    /// Original balance over all notes.
    pub thickness: f64,
    pub interest_paid: f64,
    pub interest_shortfall: f64,
    pub interest_loss: f64,
    pub deferred_interest_end: f64,
    /// Period from 0 of the first deferral.
    pub first_deferral: Option<u32>,
    pub periods_deferred: u32,
    pub max_deferred: f64,
    pub principal_paid: f64,
    pub principal_loss: f64,
    pub pv_loss: f64,
    /// Years from closing, act/365; NaN without principal.
    pub wal: f64,
    pub first_payment: Option<u32>,
    pub last_payment: Option<u32>,
    pub irr: f64,
}

/// Summarizes every class of a path.
#[must_use]
pub fn summarize(plan: &Plan, path: &Explained) -> Vec<NoteSummary> {
    let notes = &plan.deal.notes;
    let all: f64 = notes.iter().map(|n| n.original).sum();
    let collateral = plan.pool.par + plan.deal.ramp_up_cash;
    let times = IrrTimes::new(&plan.days);
    (0_u16..)
        .zip(notes)
        .map(|(n, note)| {
            let dust = 1e-9 * note.original;
            let mut s = NoteSummary {
                note: n,
                subordination: f64::NAN,
                thickness: note.original / all,
                ..NoteSummary::default()
            };
            if let Some(rank) = note.principal_rank {
                let ahead: f64 =
                    notes.iter().filter(|m| m.principal_rank.is_some_and(|r| r <= rank)).map(|m| m.original).sum();
                s.subordination = 1.0 - ahead / collateral;
            }
            // Every date of the deal, also those after an early end: the bits are those of the simulation.
            let mut flows = vec![Pack::<1>::ZERO; plan.steps()];
            let (mut years, mut principal) = (Vec::new(), Vec::new());
            let mut discount = 1.0;
            for row in path.notes.iter().filter(|r| r.note == n) {
                let p = row.period as usize;
                discount /= 1.0 + plan.periods[p].coupon[n as usize];
                s.balance = row.end_balance;
                s.interest_paid += row.interest_paid + row.deferred_paid;
                s.interest_shortfall = row.interest_shortfall;
                s.deferred_interest_end = row.deferred_balance;
                if row.deferred_interest > dust {
                    s.first_deferral = s.first_deferral.or(Some(row.period));
                    s.periods_deferred += 1;
                }
                if row.deferred_balance > s.max_deferred {
                    s.max_deferred = row.deferred_balance;
                }
                s.principal_paid += row.principal_paid;
                if row.principal_paid > dust {
                    s.first_payment = s.first_payment.or(Some(row.period));
                    s.last_payment = Some(row.period);
                }
                let flow = row.interest_paid + row.deferred_paid + row.principal_paid;
                flows[p] = Pack([flow]);
                years.push(plan.periods[p].years);
                principal.push(Pack([row.principal_paid]));
            }
            if note.residual {
                s.principal_loss = 0.0;
                s.wal = f64::NAN;
            } else {
                let owed = s.deferred_interest_end + s.interest_shortfall;
                s.principal_loss = if s.balance > dust { s.balance } else { 0.0 };
                s.interest_loss = if owed > dust { owed } else { 0.0 };
                s.pv_loss = (s.principal_loss + s.interest_loss) * discount;
                s.wal = if s.principal_paid > dust { weighted_average_life(&years, &principal).0[0] } else { f64::NAN };
            }
            s.irr = irr(&times, note.issue_price * note.original, &flows, dust).0[0];
            s
        })
        .collect()
}
