//! What a simulation keeps of each path: losses, average lives, shortfalls, equity flows.

use crate::lanes::{Mask, Pack};
use crate::path::observer::{Collateral, Observer};
use crate::path::plan::Plan;
use crate::state::State;

/// Accumulators of one block of lanes.
#[derive(Clone, Debug)]
pub struct Measures<const L: usize> {
    /// Per note: `Σ years · principal`.
    pub moment: Vec<Pack<L>>,
    /// Per note: principal received.
    pub principal: Vec<Pack<L>>,
    /// Per note: discount factor at the coupon up to the lane's last date.
    pub discount: Vec<Pack<L>>,
    /// Per note: first period (from 0) with interest that may not defer unpaid; [`NEVER`] without.
    pub first_shortfall: Vec<Pack<L>>,
    /// Per note: last period in which collateral and cash covered the class and all ahead of it; -1 without.
    pub last_covered: Vec<Pack<L>>,
    /// Per note: whether interest was ever deferred.
    pub deferred: Vec<Mask<L>>,
    /// Per note: principal and interest owed at the end.
    pub balance: Vec<Pack<L>>,
    pub owed_interest: Vec<Pack<L>>,
    /// Per lane: last period of the run.
    pub last_period: Pack<L>,
    /// Residual flows by date, of each residual note in turn.
    pub equity: Vec<Pack<L>>,
    /// Per date and note: interest, principal, end balance (only when cash flows are kept).
    pub flows: Option<Vec<[Pack<L>; 3]>>,
    residuals: Vec<u16>,
    steps: usize,
}

/// A period that never comes.
pub const NEVER: f64 = 1e9;

impl<const L: usize> Measures<L> {
    /// Room for a plan.
    #[must_use]
    pub fn new(plan: &Plan, keep_flows: bool) -> Self {
        let notes = &plan.deal.notes;
        let zero = vec![Pack::ZERO; notes.len()];
        let residuals: Vec<u16> = (0_u16..).zip(notes).filter(|(_, n)| n.residual).map(|(i, _)| i).collect();
        Self {
            moment: zero.clone(),
            principal: zero.clone(),
            discount: zero.clone(),
            first_shortfall: zero.clone(),
            last_covered: zero.clone(),
            deferred: vec![Mask::splat(false); notes.len()],
            balance: zero.clone(),
            owed_interest: zero,
            last_period: Pack::ZERO,
            equity: vec![Pack::ZERO; residuals.len() * plan.steps()],
            flows: keep_flows.then(|| vec![[Pack::ZERO; 3]; notes.len() * plan.steps()]),
            residuals,
            steps: plan.steps(),
        }
    }

    /// Residual notes in order.
    #[must_use]
    pub fn residuals(&self) -> &[u16] {
        &self.residuals
    }

    /// Flows of the `r`-th residual note.
    #[inline(always)]
    #[must_use]
    pub fn equity_of(&self, r: usize) -> &[Pack<L>] {
        &self.equity[r * self.steps..(r + 1) * self.steps]
    }

    /// Back to nothing seen.
    #[inline(always)]
    pub fn clear(&mut self) {
        for n in 0..self.moment.len() {
            self.moment[n] = Pack::ZERO;
            self.principal[n] = Pack::ZERO;
            self.discount[n] = Pack::splat(1.0);
            self.first_shortfall[n] = Pack::splat(NEVER);
            self.last_covered[n] = Pack::splat(-1.0);
            self.deferred[n] = Mask::splat(false);
            self.balance[n] = Pack::ZERO;
            self.owed_interest[n] = Pack::ZERO;
        }
        for x in &mut self.equity {
            *x = Pack::ZERO;
        }
        if let Some(flows) = &mut self.flows {
            for x in flows {
                *x = [Pack::ZERO; 3];
            }
        }
        self.last_period = Pack::ZERO;
    }
}

impl<const L: usize> Observer<L> for Measures<L> {
    #[inline(always)]
    fn date(
        &mut self,
        plan: &Plan,
        p: usize,
        state: &State<L>,
        collateral: &Collateral<L>,
        running: Mask<L>,
        bought: Pack<L>,
    ) {
        let period = &plan.periods[p];
        let assets = collateral.performing_par + collateral.carrying + bought + state.held + state.held_interest;
        let here = Pack::splat(p as f64);
        for n in 0..plan.deal.notes.len() {
            let note = &plan.deal.notes[n];
            if note.residual {
                continue;
            }
            let paid = state.notes[n].principal_paid;
            self.moment[n] += paid * period.years;
            self.principal[n] += paid;
            let discounted = self.discount[n] * (1.0 / (1.0 + period.coupon[n]));
            self.discount[n] = running.select(discounted, self.discount[n]);
            let dust = Pack::splat(1e-9 * note.original);
            let lanes = &state.notes[n];
            if lanes.has_overdue {
                let short = lanes.overdue.gt(dust);
                self.first_shortfall[n] = short.select(self.first_shortfall[n].min(here), self.first_shortfall[n]);
            }
            if lanes.has_deferred {
                self.deferred[n] = self.deferred[n].or(lanes.deferred.gt(dust));
            }
            self.balance[n] = lanes.balance;
            if lanes.has_deferred || lanes.has_overdue {
                self.owed_interest[n] = lanes.deferred + lanes.overdue;
            }
        }
        let mut ahead = Pack::ZERO;
        for rank in &plan.deal.ranks {
            ahead += state.outstanding(rank);
            let covered = running.and(assets.ge(ahead));
            for &n in rank {
                let n = n as usize;
                self.last_covered[n] = covered.select(here, self.last_covered[n]);
            }
        }
        for r in 0..self.residuals.len() {
            self.equity[r * self.steps + p] = state.notes[self.residuals[r] as usize].interest_paid;
        }
        if let Some(flows) = &mut self.flows {
            for n in 0..plan.deal.notes.len() {
                let row = &mut flows[p * plan.deal.notes.len() + n];
                row[0] = state.notes[n].interest_paid + state.notes[n].deferred_paid;
                row[1] = state.notes[n].principal_paid;
                // What a run ends with is lost: it is not outstanding on later dates.
                row[2] = running.keep(state.notes[n].balance);
            }
        }
        self.last_period = running.select(here, self.last_period);
    }
}
