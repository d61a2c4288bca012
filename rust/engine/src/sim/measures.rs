//! What a simulation keeps of each path: losses, average lives, shortfalls, equity flows.

use super::watch::EventWatch;
use crate::lanes::{Mask, Pack};
use crate::notes::deferral;
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
    /// Per note and date: discount factor at the coupon from closing or the state.
    pub discount: Vec<f64>,
    /// Per note: growth at its own coupon so far, from closing or its issue; empty where no event changes notes.
    pub growth: Vec<Pack<L>>,
    /// Per note: first period (from 0) with interest that may not defer unpaid; [`NEVER`] without.
    pub first_shortfall: Vec<Pack<L>>,
    /// Per note: last period in which collateral and cash covered the class and all ahead of it, told apart by lane; the
    /// one before the run without.
    last_covered: Vec<Pack<L>>,
    /// What all ranked classes are owed, as long as they are looked at together.
    owed: Pack<L>,
    /// Last period up to which they always covered every class in every lane that had not ended; the one before the run without.
    all_covered: f64,
    /// Per note: whether interest was ever deferred.
    pub deferred: Vec<Mask<L>>,
    /// Per lane: last period of the run.
    pub last_period: Pack<L>,
    /// Residual flows by date, of each residual note in turn.
    pub equity: Vec<Pack<L>>,
    /// Per date and note: interest, principal, end balance (only when cash flows are kept).
    pub flows: Option<Vec<[Pack<L>; 3]>>,
    pub events: EventWatch<L>,
    /// Dates seen in this run, and in the run before it.
    seen: [usize; 2],
    residuals: Vec<u16>,
    /// Per note: whether it has a place in the note payment sequence.
    ranked: Vec<bool>,
    /// Some document does not have all dates on which figures are told.
    gaps: bool,
    /// They are those of all documents together.
    common: bool,
    /// Dates on which residual notes are paid, those before the run included.
    dates: usize,
    /// Of them, those that are no payment dates of the schedule.
    off_schedule: usize,
    /// Per residual note: what it was paid before the run.
    past: Vec<Vec<f64>>,
    first: usize,
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
            discount: discount(plan),
            growth: if plan.changes.is_empty() { Vec::new() } else { zero.clone() },
            first_shortfall: zero.clone(),
            last_covered: zero,
            owed: Pack::ZERO,
            all_covered: -1.0,
            deferred: vec![Mask::splat(false); notes.len()],
            last_period: Pack::ZERO,
            equity: vec![Pack::ZERO; residuals.len() * plan.told_days().len()],
            flows: keep_flows.then(|| vec![[Pack::ZERO; 3]; notes.len() * plan.told_dates()]),
            events: EventWatch::new(plan),
            seen: [0; 2],
            past: plan.opening.as_ref().map_or_else(Vec::new, |opening| {
                residuals.iter().map(|n| opening.past.flows[*n as usize].clone()).collect()
            }),
            residuals,
            common: plan.common.is_some(),
            gaps: plan.all().any(|plan| !plan.shown.is_empty()),
            ranked: notes.iter().map(|n| n.principal_rank.is_some()).collect(),
            dates: plan.told_days().len(),
            off_schedule: plan.off_schedule(),
            first: plan.first(),
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
    pub fn equity_of(&mut self, r: usize) -> &mut [Pack<L>] {
        &mut self.equity[r * self.dates..(r + 1) * self.dates]
    }

    /// What a note has grown by where events change notes.
    #[inline(never)]
    fn of_changed(&mut self, n: usize, state: &State<L>, running: Mask<L>) {
        let one = Pack::splat(1.0);
        let now = state.changes.issued[n].gt(Pack::ZERO);
        let growth = self.growth[n] * running.select(one + state.notes[n].coupon, one);
        self.growth[n] = now.select(one, growth);
    }

    /// Back to nothing seen.
    #[inline(always)]
    pub fn clear(&mut self) {
        // The period before the run.
        let before = self.first as f64 - 1.0;
        for n in 0..self.moment.len() {
            self.moment[n] = Pack::ZERO;
            self.principal[n] = Pack::ZERO;
            self.first_shortfall[n] = Pack::splat(NEVER);
            self.last_covered[n] = Pack::splat(before);
            self.deferred[n] = Mask::splat(false);
        }
        self.growth.fill(Pack::splat(1.0));
        self.seen = [0, self.seen[0]];
        self.events.clear();
        if self.gaps {
            self.equity.fill(Pack::ZERO);
        }
        for r in 0..self.past.len() {
            for (i, paid) in self.past[r].iter().enumerate() {
                self.equity[r * self.dates + i] = Pack::splat(*paid);
            }
        }
        if let Some(flows) = &mut self.flows {
            for x in flows {
                *x = [Pack::ZERO; 3];
            }
        }
        self.last_period = Pack::ZERO;
        self.all_covered = before;
    }

    /// On dates that the document in force does not have nothing is paid, and balances stay.
    #[inline(never)]
    fn fill_up_to(&mut self, at: usize) {
        let [seen, _] = self.seen;
        if self.common && seen > 0 && at > seen {
            // So does what was covered on the path's date before.
            let (last, until) = (seen as f64 - 1.0, at as f64 - 1.0);
            if self.all_covered >= last {
                self.all_covered = until;
            }
            for covered in &mut self.last_covered {
                *covered = covered.ge(Pack::splat(last)).select(Pack::splat(until), *covered);
            }
        }
        let Some(flows) = self.flows.as_mut().filter(|_| seen > 0) else { return };
        let notes = self.moment.len();
        for i in seen * notes..at * notes {
            flows[i] = [Pack::ZERO, Pack::ZERO, flows[i - notes][2]];
        }
    }

    /// The last date (from 0) up to which what is covered on one of a document's dates stays covered, where it does not have all.
    #[inline(never)]
    fn until_the_next(&self, plan: &Plan, p: usize, at: usize) -> usize {
        // Which document has the next date is known on it.
        if self.common { at } else { plan.shown(p + 1).max(at + 1) - 1 }
    }

    /// Ends a run: no residual flow comes after its last date.
    #[inline(always)]
    pub fn finish(&mut self) {
        let [seen, before] = self.seen;
        for r in 0..self.residuals.len() {
            for p in seen..before {
                self.equity[r * self.dates + self.off_schedule + p] = Pack::ZERO;
            }
        }
    }

    /// Last period in which collateral and cash covered a class and all ahead of it, in one lane; the one before the run without.
    #[inline(always)]
    #[must_use]
    pub fn last_covered(&self, note: usize, lane: usize) -> f64 {
        let told_apart = self.last_covered[note].0[lane];
        if !self.ranked[note] {
            return told_apart;
        }
        if told_apart > self.all_covered { told_apart } else { self.all_covered }
    }
}

/// Per note and date: discount factor at the coupon from closing or the state.
fn discount(plan: &Plan) -> Vec<f64> {
    if plan.common.is_some() {
        // Where events change notes, each path has its own.
        return vec![1.0; plan.deal.notes.len() * plan.told_dates().max(plan.steps())];
    }
    let mut out = Vec::with_capacity(plan.deal.notes.len() * plan.steps());
    for n in 0..plan.deal.notes.len() {
        let mut growth = 1.0;
        for (p, period) in plan.periods.iter().enumerate() {
            if p < plan.first() {
                out.push(1.0);
                continue;
            }
            growth *= 1.0 + period.coupon[n];
            out.push(1.0 / growth);
        }
    }
    out
}

impl<const L: usize> Observer<L, f64> for Measures<L> {
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
        let mut assets = collateral.performing_par + collateral.carrying + bought;
        if state.holds {
            assets = assets + state.held + state.held_interest;
        }
        let at = plan.shown(p);
        if self.gaps {
            self.fill_up_to(at);
        }
        let here = Pack::splat(at as f64);
        // What is covered here is covered up to the next date.
        let until = if plan.shown.is_empty() { at } else { self.until_the_next(plan, p, at) };
        let mut unpaid = Mask::splat(false);
        let count = plan.deal.notes.len();
        let (terms, notes) = (&plan.deal.notes[..count], &state.notes[..count]);
        for n in 0..count {
            let (note, lanes) = (&terms[n], &notes[n]);
            let unusual = lanes.has_overdue || lanes.has_deferred || plan.deal.capitalizes;
            if !self.growth.is_empty() && !note.residual {
                self.of_changed(n, state, running);
            }
            if note.residual || !(lanes.repaid || unusual) {
                continue;
            }
            if lanes.repaid {
                let mut repaid = lanes.principal_paid;
                if !plan.deal.commitments.is_empty() {
                    // Draws are no principal repaid.
                    repaid = repaid.positive();
                }
                if self.growth.is_empty() {
                    self.moment[n] += repaid * period.years;
                } else {
                    let lived = Pack::splat(period.years) - state.changes.born[n];
                    self.moment[n] += repaid * lived;
                }
                self.principal[n] += repaid;
            }
            if !unusual {
                continue;
            }
            let dust = Pack::splat(1e-9 * note.original);
            if lanes.has_overdue {
                let short = lanes.overdue.gt(dust);
                unpaid = unpaid.or(short);
                self.first_shortfall[n] = short.select(self.first_shortfall[n].min(here), self.first_shortfall[n]);
            }
            if plan.deal.capitalizes {
                let unpaid = deferral::unpaid(note.deferrable, lanes);
                self.deferred[n] = self.deferred[n].or(unpaid.gt(dust));
            } else if lanes.has_deferred {
                self.deferred[n] = self.deferred[n].or(lanes.deferred.gt(dust));
            }
        }
        let mut together = self.all_covered >= at as f64 - 1.0;
        if together {
            if p == self.first || state.principal_paid || !state.marked {
                self.owed = Pack::ZERO;
                for rank in &plan.deal.ranks {
                    self.owed += state.outstanding(rank);
                }
            }
            together = !running.keep(assets - self.owed).any_negative();
        }
        if together {
            self.all_covered = until as f64;
        } else {
            let mut ahead = Pack::ZERO;
            for rank in &plan.deal.ranks {
                ahead += state.outstanding(rank);
                let covered = running.and(assets.ge(ahead));
                for &n in rank {
                    let n = n as usize;
                    self.last_covered[n] = covered.select(Pack::splat(until as f64), self.last_covered[n]);
                }
            }
        }
        self.seen[0] = at + 1;
        for r in 0..self.residuals.len() {
            self.equity[r * self.dates + self.off_schedule + at] =
                *state.notes[self.residuals[r] as usize].interest.paid();
        }
        if let Some(flows) = &mut self.flows {
            for n in 0..plan.deal.notes.len() {
                let row = &mut flows[at * plan.deal.notes.len() + n];
                row[0] = *state.notes[n].interest.paid() + state.notes[n].deferred_paid;
                row[1] = state.notes[n].principal_paid;
                // What a run ends with is lost: it is not outstanding on later dates.
                row[2] = running.keep(state.notes[n].balance);
            }
        }
        self.events.date(plan, p, state, running, unpaid);
        self.last_period = running.select(here, self.last_period);
    }
}
