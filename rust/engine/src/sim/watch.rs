//! What is watched of the deal in many paths: how often its tests fail and what they divert, and what happens to it when.

use super::totals::{BlockTotals, Moments, Spread};
use crate::coverage::overcollateralization;
use crate::lanes::{Mask, Pack};
use crate::lifecycle::ChangeKind;
use crate::path::deal_terms::Cause;
use crate::path::plan::Plan;
use crate::state::{Refused, State};
use crate::waterfall::program::Action;
use crate::waterfall::recorder::{LedgerRow, Recorder};

/// What can happen to a deal; the names are those of a path's events.
pub const EVENTS: [&str; 13] = [
    "event of default: interest",
    "acceleration",
    "rescission",
    "call",
    "call not feasible",
    "liquidation",
    "refinancing",
    "repricing",
    "issue",
    "special redemption",
    "reset",
    "amendment",
    "end of the reinvestment period",
];

/// Paths in which a test fails on a date, and what its steps divert then.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestTotals<S> {
    pub failing: u64,
    pub diverted: S,
}

impl TestTotals<Moments> {
    /// Adds the figures of a block.
    pub fn add(&mut self, block: &TestTotals<Spread>) {
        self.failing += block.failing;
        self.diverted.add(block.diverted.folded());
    }
}

/// The tests of `L` paths by date, written while the waterfalls run.
#[derive(Clone, Debug)]
pub struct TestWatch<const L: usize> {
    /// The date (from 0) that is being paid, among those on which figures are told.
    period: usize,
    thresholds: Vec<f64>,
    /// `[period][test]`: whether the test applies.
    active: Vec<bool>,
    /// Where a document has dates of its own: whether each test applies in the one in force.
    in_force: Option<Vec<bool>>,
    /// Per step info: tests of a cure or a diversion.
    tests_of: Vec<Vec<u16>>,
    /// `[period][test]`.
    fails: Vec<Mask<L>>,
    diverted: Vec<Pack<L>>,
}

impl<const L: usize> TestWatch<L> {
    /// Room for a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let tests = &plan.deal.tests;
        Self {
            period: 0,
            thresholds: (0..tests.len()).map(|t| plan.own_test(t).threshold).collect(),
            active: active(plan),
            in_force: plan.common.as_ref().map(|_| Vec::new()),
            tests_of: tests_of(plan),
            fails: vec![Mask::splat(false); tests.len() * plan.told_dates()],
            diverted: vec![Pack::ZERO; tests.len() * plan.told_dates()],
        }
    }

    /// Comes to step `p` of the plan in force.
    pub fn open(&mut self, plan: &Plan, p: usize) {
        self.period = plan.shown(p);
        if let Some(in_force) = &mut self.in_force {
            in_force.clone_from(&plan.periods[p].active);
        }
    }

    /// Back to nothing seen.
    pub fn clear(&mut self) {
        self.fails.fill(Mask::splat(false));
        self.diverted.fill(Pack::ZERO);
    }

    /// Adds the paths that are kept to the totals, each up to its last period.
    pub fn fold(&self, last_period: Pack<L>, kept: Mask<L>, place: usize, totals: &mut BlockTotals) {
        let tests = self.thresholds.len();
        for (i, total) in totals.tests.iter_mut().enumerate() {
            let alive = kept.and(last_period.ge(Pack::splat((i / tests) as f64)));
            total.failing += alive.and(self.fails[i]).count();
            total.diverted.add(place, alive.keep(self.diverted[i]));
        }
    }
}

impl<const L: usize> Recorder<L> for TestWatch<L> {
    const ON: bool = true;

    fn row(&mut self, row: LedgerRow<L>) {
        let Self { tests_of, fails, diverted, thresholds, period, .. } = self;
        let tests = &tests_of[row.info as usize];
        if tests.is_empty() {
            return;
        }
        let from = *period * thresholds.len();
        let mut some = Mask::splat(false);
        for &test in tests {
            some = some.or(fails[from + test as usize]);
        }
        for &test in tests {
            // Where no test of the step failed when the date opened, an earlier step has made one fail.
            let charged = fails[from + test as usize].or(some.not());
            diverted[from + test as usize] += charged.keep(row.paid);
        }
    }

    fn gain(&mut self, _row: LedgerRow<L>) {}

    fn after(&mut self, _test: u16, _numerator: Pack<L>, _denominator: Pack<L>) {}

    fn tests(&mut self, values: &[(Pack<L>, Pack<L>)], lanes: Mask<L>) {
        let from = self.period * self.thresholds.len();
        for (test, (numerator, denominator)) in values.iter().enumerate() {
            let active = self.in_force.as_ref().map_or_else(|| self.active[from + test], |active| active[test]);
            if active {
                let passes = overcollateralization::passes(*numerator, *denominator, self.thresholds[test]);
                self.fails[from + test] = self.fails[from + test].or(lanes.and(passes.not()));
            }
        }
    }
}

/// Whether each test applies in some document, `[period][test]`.
pub fn active(plan: &Plan) -> Vec<bool> {
    let tests = plan.deal.tests.len();
    let mut out = vec![false; tests * plan.told_dates()];
    let all: Vec<&Plan> =
        if plan.common.is_some() { plan.to_come().map(|(_, plan)| plan).collect() } else { plan.all().collect() };
    for plan in all {
        for (p, period) in plan.periods[..=plan.last].iter().enumerate() {
            let from = plan.shown(p) * tests;
            for (out, active) in out[from..from + tests].iter_mut().zip(&period.active) {
                *out |= *active;
            }
        }
    }
    out
}

/// Per step info: the tests of its cure or diversion.
fn tests_of(plan: &Plan) -> Vec<Vec<u16>> {
    let mut out = vec![Vec::new(); plan.deal.program.infos.len()];
    for program in plan.all().map(|plan| &plan.deal.program) {
        let falls = [&program.interest, &program.principal, &program.acceleration, &program.redemption];
        for op in falls.into_iter().flatten() {
            match op.action {
                Action::Cure { tests, .. } | Action::CureByPurchase { tests } => {
                    out[op.info as usize] = program.tests[tests.range()].to_vec();
                }
                Action::DivertToPrincipal { test, .. } | Action::DivertToNotes { test, .. } => {
                    out[op.info as usize] = vec![test];
                }
                _ => {}
            }
        }
    }
    out
}

/// What happens to the deal in `L` paths, by date.
#[derive(Clone, Debug)]
pub struct EventWatch<const L: usize> {
    /// `[period][event]`: the paths in which it happens, a bit each, where `happened` has its bit set; nothing where nothing can
    /// happen.
    seen: Vec<[u32; EVENTS.len()]>,
    /// Per period: the events that have happened in some path, a bit each.
    happened: Vec<u32>,
    interest: bool,
    /// Whether something has happened in some path.
    something: bool,
    /// Paths whose reinvestment period had ended before its date, and whether it had when the run began.
    over: Mask<L>,
    was_over: bool,
}

impl<const L: usize> EventWatch<L> {
    /// Room for a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let interest = plan.all().any(|plan| plan.deal.watches(Cause::SeniorInterest));
        let possible = interest
            || plan.all().any(|plan| {
                let deal = &plan.deal;
                let ends = deal.acceleration.is_some() || deal.reinvestment_ends.is_some();
                ends || !(plan.sells.is_empty() && plan.changes.is_empty())
            });
        let steps = if possible { plan.told_dates() } else { 0 };
        let was_over = plan.opening.as_ref().is_some_and(|opening| opening.reinvestment_ended);
        let seen = vec![[0; EVENTS.len()]; steps];
        Self { seen, happened: vec![0; steps], interest, something: false, over: Mask::splat(was_over), was_over }
    }

    /// Back to nothing seen.
    #[inline(always)]
    pub fn clear(&mut self) {
        if self.something {
            self.happened.fill(0);
            self.something = false;
        }
        self.over = Mask::splat(self.was_over);
    }

    /// Looks at a date after its payments; `unpaid` are the paths in which some class is owed overdue interest.
    #[inline(always)]
    pub fn date(&mut self, plan: &Plan, p: usize, state: &State<L>, running: Mask<L>, unpaid: Mask<L>) {
        let at = plan.shown(p);
        if self.interest && unpaid.any() {
            self.see(at, 0, running.and(unpaid));
        }
        if !state.changes.is_empty() {
            self.changes(plan, at, state, running);
        }
        let mut infeasible = Mask::splat(false);
        for Refused { lanes, .. } in &state.refused {
            infeasible = infeasible.or(running.and(*lanes));
        }
        self.see(at, 4, infeasible);
        let deal = &plan.deal;
        if deal.reinvestment_ends.is_some() || !plan.changes.is_empty() {
            if plan.periods[p].in_reinvestment {
                self.see(at, 12, running.and(state.reinvestment_over).and(self.over.not()));
            }
            self.over = state.reinvestment_over;
        }
        if plan.periods[p].is_last || (deal.acceleration.is_none() && plan.sells.is_empty()) {
            return;
        }
        let sold = if plan.sells.is_empty() { Mask::splat(false) } else { state.redeemed.or(state.liquidated) };
        if deal.acceleration.is_some() {
            let going_on = running.and(sold.not());
            self.see(at, 1, going_on.and(state.accelerates_next).and(state.accelerated.not()));
            self.see(at, 2, going_on.and(state.accelerated).and(state.accelerates_next.not()));
        }
        if !plan.sells.is_empty() {
            self.see(at, 3, running.and(state.redeemed));
            self.see(at, 4, infeasible.or(running.and(state.withdrawn).and(state.redeemed.not())));
            self.see(at, 5, running.and(state.liquidated));
        }
    }

    /// What events change on a date.
    #[inline(never)]
    fn changes(&mut self, plan: &Plan, at: usize, state: &State<L>, running: Mask<L>) {
        for (change, acting) in plan.changes.iter().zip(&state.changes.acting) {
            let event = match &change.kind {
                ChangeKind::Refinancing(_) => 6,
                ChangeKind::Repricing { .. } => 7,
                ChangeKind::Issue { .. } => 8,
                ChangeKind::SpecialRedemption(_) => 9,
                ChangeKind::Transition(transition) if transition.resets => 10,
                ChangeKind::Transition(_) => 11,
                ChangeKind::Confirmation => continue,
            };
            self.see(at, event, running.and(*acting));
        }
    }

    #[inline(always)]
    fn see(&mut self, p: usize, event: usize, lanes: Mask<L>) {
        if lanes.any() {
            let before = self.happened[p] >> event & 1 == 1;
            self.seen[p][event] = lanes.to_bits() | if before { self.seen[p][event] } else { 0 };
            self.happened[p] |= 1 << event;
            self.something = true;
        }
    }

    /// Adds the paths that are kept to the totals.
    pub fn fold(&self, kept: Mask<L>, totals: &mut BlockTotals) {
        if !self.something {
            return;
        }
        let kept = kept.to_bits();
        for ((counts, seen), happened) in totals.events.iter_mut().zip(&self.seen).zip(&self.happened) {
            let mut left = *happened;
            while left != 0 {
                let event = left.trailing_zeros() as usize;
                left &= left - 1;
                counts[event] += u64::from((kept & seen[event]).count_ones());
            }
        }
    }
}
