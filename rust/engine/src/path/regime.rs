//! From one plan to the next: after the payments of a date on which a reset or an amendment acts, or before a step in which a
//! call redeems the deal.
//!
//! The lists of all documents have one shape, so balances, claims and hurdles stay where they are. What follows the document is
//! the flows of the pool on its dates, the events it knows, and which conventions of it need room.

use super::deal_terms::CouponStep;
use super::drivers::{Defaulting, Drivers};
use super::plan::{Entry, Plan, Regime};
use super::runner::Workspace;
use super::sale::Calls;
use crate::lanes::{DealParam, Mask, Numbers, Pack};
use crate::lifecycle::{ChangeKind, Changes, Transition};
use crate::notes::OnUnpaid;
use crate::state::State;

/// A default of the closing pool in one future.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    lane: usize,
    obligor: usize,
    step: usize,
    /// End of the piece of the time axis that it falls into.
    time: f64,
}

/// What a workspace keeps for the documents that may follow.
#[derive(Clone, Debug)]
pub struct Documents<const L: usize> {
    /// Defaults of the futures that are run, which later documents see on their own dates.
    drawn: Vec<Drawn>,
    /// Default rates of what is bought on the steps of all documents, where these are drawn on.
    rates: Vec<Pack<L>>,
    /// Per plan by number: the flows of its pool; none while they are in use, or not yet set.
    drivers: Vec<Option<Drivers<L>>>,
    /// Number of the plan in force.
    pub number: usize,
    /// Step (from 0) from which each plan was in force, with its number.
    pub trail: Vec<(usize, usize)>,
}

impl<const L: usize> Documents<L> {
    /// Room for the documents of a plan.
    #[must_use]
    pub fn new<P: Numbers>(plan: &Plan<P>) -> Self {
        let count = if plan.regimes.is_empty() { 0 } else { plan.regimes.len() + 1 };
        Self {
            drawn: Vec::new(),
            rates: Vec::new(),
            drivers: (0..count).map(|_| None).collect(),
            number: 0,
            trail: vec![(0, 0)],
        }
    }

    /// The flows of a plan by its number, where another document has taken over since.
    #[must_use]
    pub fn drivers_of(&self, number: usize) -> Option<&Drivers<L>> {
        self.drivers.get(number).and_then(Option::as_ref)
    }

    /// Number of the plan that was in force at the end of the run.
    #[must_use]
    pub fn last(&self) -> usize {
        self.trail.last().map_or(0, |(_, number)| *number)
    }

    /// Number of the plan that was in force on step `p`.
    #[must_use]
    pub fn on(&self, p: usize) -> usize {
        self.trail.iter().rev().find(|(from, _)| *from <= p).map_or(0, |(_, number)| *number)
    }
}

impl<const L: usize> Workspace<L> {
    /// Back to the pool of a plan without further defaults; every lane must be opened and closed.
    #[inline(always)]
    pub fn reset_pool<P: Numbers>(&mut self, plan: &Plan<P>) {
        self.drivers.reset(&plan.pool);
        self.documents.drawn.clear();
    }

    /// Begins to work out the pool of a lane.
    #[inline(always)]
    pub fn open_lane<P: Numbers>(&mut self, plan: &Plan<P>) {
        self.drivers.open_lane(&plan.pool);
    }

    /// Ends to work out the pool of a lane.
    #[inline(always)]
    pub fn close_lane(&mut self, lane: usize) {
        self.drivers.close_lane(lane);
    }

    /// The lane that is being worked out, where a default changes a few of its numbers and nothing else.
    #[inline(always)]
    pub fn defaulting<'a, P: Numbers>(&'a mut self, plan: &'a Plan<P>, lane: usize) -> Option<Defaulting<'a, L>> {
        if plan.regimes.is_empty() { self.drivers.defaulting(&plan.pool, lane) } else { None }
    }

    /// An obligor defaults in step `k` (from 0), at a credit time or a little before it, in the lane that is being worked out;
    /// returns what it ends in the pool of the plan: par, and par less what is recovered.
    #[inline(always)]
    pub fn default<P: Numbers>(
        &mut self,
        plan: &Plan<P>,
        lane: usize,
        obligor: usize,
        k: usize,
        time: f64,
    ) -> [f64; 2] {
        if !plan.regimes.is_empty() {
            self.documents.drawn.push(Drawn { lane, obligor, step: k, time });
            if L == 1 && plan.common.is_some() {
                return self.default_on_common(plan, lane, obligor, k);
            }
            if k > plan.pool_step(plan.last) {
                return plan.pool.obligor_default[obligor * plan.pool.steps + k];
            }
        }
        self.drivers.default(&plan.pool, lane, obligor, k)
    }

    /// The same of a step of all documents together.
    #[inline(never)]
    fn default_on_common<P: Numbers>(&mut self, plan: &Plan<P>, lane: usize, obligor: usize, k: usize) -> [f64; 2] {
        match plan.own_step(k) {
            Some(step) => self.drivers.default(&plan.pool, lane, obligor, step),
            None => plan.ended_by(obligor, k),
        }
    }

    /// Takes in the default rates of what is bought, on the steps of all documents together.
    #[inline(never)]
    pub fn draw_rates<P: Numbers>(&mut self, plan: &Plan<P>, rates: Vec<Pack<L>>) {
        self.drivers.hazard = plan.own_rates(&rates);
        self.documents.rates = rates;
    }
}

/// Gives a state the room that the conventions and events of a plan need.
pub fn make_room<const L: usize, P: Numbers>(plan: &Plan<P>, state: &mut State<L>) {
    let deal = &plan.deal;
    state.groups.clone_from(&deal.groups);
    state.interest_tests = deal.interest_tests;
    state.deferred_saves = deal.on_unpaid == OnUnpaid::Compound;
    state.stepped = if deal.same_date_deferrals { vec![false; deal.notes.len()] } else { Vec::new() };
    if deal.on_unpaid == OnUnpaid::Simple && state.bearing.is_empty() {
        state.bearing = state.notes.iter().map(|note| note.deferred + note.overdue).collect();
    } else if deal.on_unpaid != OnUnpaid::Simple {
        state.bearing.clear();
    }
    state.default_conditions.resize(deal.default_conditions.len(), Mask::splat(false));
    if state.slots.len() < deal.program.slots {
        state.slots.resize(deal.program.slots, Mask::splat(false));
    }
}

/// Puts the first document in force again.
pub fn begin<const L: usize, P: Numbers>(plan: &Plan<P>, work: &mut Workspace<L>) {
    work.documents.number = 0;
    work.documents.trail.clear();
    work.documents.trail.push((0, 0));
    work.state.bearing.clear();
    work.state.coupon_steps = vec![Mask::splat(false); plan.deal.coupon_steps.len()];
    make_room(plan, &mut work.state);
    work.calls = Calls::new(plan.calls.len());
    work.state.changes = Changes::new(plan.changes.len(), plan.deal.notes.len(), plan.repricings.len());
}

/// The document that takes over after step `p`, where an event has brought one in.
///
/// Of several a reset goes before amendments, and of these the last, which holds those before it.
#[must_use]
pub fn after<'a, const L: usize, P: Numbers>(
    first: &'a Plan<P>,
    plan: &Plan<P>,
    work: &Workspace<L>,
    p: usize,
) -> Option<(usize, &'a Regime<P>)> {
    let mut found = None;
    for (c, change) in plan.changes.iter().enumerate() {
        let ChangeKind::Transition(transition) = &change.kind else { continue };
        if !work.state.changes.acting[c].any() {
            continue;
        }
        let comes =
            |regime: &Regime<P>| regime.parent == plan.number && regime.entry == Entry::Change(c) && regime.step == p;
        if let Some(k) = first.regimes.iter().position(comes) {
            found = Some((k + 1, &first.regimes[k]));
            if transition.resets {
                break;
            }
        }
    }
    found
}

/// Puts another plan in force.
pub fn take_over<const L: usize, P: DealParam<L>>(
    before: &Plan<P>,
    regime: &Regime<P>,
    number: usize,
    work: &mut Workspace<L>,
) {
    let plan = &regime.plan;
    // The first step of the plan.
    let mut since = regime.step;
    if let Entry::Change(change) = regime.entry {
        since += 1;
        if let ChangeKind::Transition(transition) = &before.changes[change].kind {
            hand_over(transition, &mut work.state);
        }
    }
    if since > 0 {
        work.cohorts.follow(&plan.cohorts, plan.pool_step(since - 1));
    }
    let mut drivers = match work.documents.drivers[number].take() {
        Some(drivers) => drivers,
        None => Drivers::new(&plan.pool, L == 1),
    };
    if work.drivers.rates().is_some() {
        drivers.give(regime.flows.in_all());
        drivers.hazard = plan.cohort_mdr.iter().map(|rate| Pack::splat(*rate)).collect();
    } else {
        drivers.reset(&plan.pool);
        for lane in 0..L {
            drivers.open_lane(&plan.pool);
            for drawn in work.documents.drawn.iter().filter(|drawn| drawn.lane == lane) {
                if let Some(step) = regime.taken(drawn.step, drawn.time) {
                    drivers.default(&plan.pool, lane, drawn.obligor, step);
                }
            }
            drivers.close_lane(lane);
        }
        let first = work.documents.drivers[0].as_ref().unwrap_or(&work.drivers);
        let drawn = if work.documents.rates.is_empty() { &first.hazard } else { &work.documents.rates };
        drivers.hazard = regime.rates(drawn);
    }
    std::mem::swap(&mut drivers, &mut work.drivers);
    work.documents.drivers[before.number] = Some(drivers);
    let mut calls = Calls::new(plan.calls.len());
    for (own, of) in regime.calls.iter().enumerate() {
        if let Some(of) = of {
            calls.go_on_as(own, &work.calls, *of);
        }
    }
    work.calls = calls;
    let old = &work.state.changes;
    let mut changes = Changes::new(plan.changes.len(), plan.deal.notes.len(), plan.repricings.len());
    changes.born.clone_from(&old.born);
    changes.since.clone_from(&old.since);
    changes.brought.clone_from(&old.brought);
    changes.short = old.short;
    for (own, of) in regime.changes.iter().enumerate() {
        if let Some(of) = of {
            changes.spent[own] = old.spent[*of];
        }
    }
    for (own, of) in regime.repricings.iter().enumerate() {
        if let Some(of) = of {
            changes.repriced[own] = old.repriced[*of];
            changes.lately[own] = old.lately[*of];
        }
    }
    work.state.changes = changes;
    let (steps, in_force) = (&before.deal.coupon_steps, &work.state.coupon_steps);
    let goes_on = |step: &CouponStep| steps.iter().position(|of| of.note == step.note && of.step == step.step);
    let now = plan.deal.coupon_steps.iter().map(|step| goes_on(step).map_or(Mask::splat(false), |k| in_force[k]));
    work.state.coupon_steps = now.collect();
    make_room(plan, &mut work.state);
    work.state.withdrawn = Mask::splat(false);
    work.state.too_large = Mask::splat(false);
    work.documents.number = number;
    work.documents.trail.push((since, number));
}

/// Hands claims and cash over to what the second document has in their place.
fn hand_over<const L: usize>(transition: &Transition, state: &mut State<L>) {
    for &(from, to) in &transition.fees {
        let (from, to) = (from as usize, to as usize);
        let owed = state.fee_due(from);
        state.fees[from].current.open(Pack::ZERO);
        state.fees[from].arrears = Pack::ZERO;
        state.fees[from].has_arrears = false;
        state.fees[to].arrears += owed;
        state.fees[to].has_arrears = true;
        if let Some(postponed) = state.postponed.get_mut(from) {
            let later = std::mem::replace(postponed, Pack::ZERO);
            state.postponed[to] += later;
        }
    }
    for &account in &transition.closed {
        let cash = std::mem::replace(&mut state.accounts[account as usize], Pack::ZERO);
        state.hold(false, &cash);
    }
    if transition.resets {
        state.accelerated = Mask::splat(false);
        state.accelerates_next = Mask::splat(false);
        state.confirmed = Mask::splat(false);
        state.reinvestment_over = Mask::splat(false);
        state.coupon_steps.fill(Mask::splat(false));
        for &n in &transition.redeemed {
            state.notes[n as usize].amortization_due = Pack::ZERO;
        }
    }
    state.marked = false;
    state.fresh = 0;
    state.clear = 0;
    state.principal_paid = true;
}

/// Ends a run: the flows of the first document are in use again.
pub fn end<const L: usize>(work: &mut Workspace<L>) {
    let number = work.documents.number;
    if number == 0 {
        return;
    }
    if let Some(mut first) = work.documents.drivers[0].take() {
        std::mem::swap(&mut first, &mut work.drivers);
        work.documents.drivers[number] = Some(first);
    }
    work.documents.number = 0;
}
