//! The interpreter: runs one waterfall for `L` futures at once.
//!
//! A step may pay at most what is left in the lanes its block and its condition select; a lane that is not selected
//! has a limit of zero, so every step is the same arithmetic in every lane.

use cloche_dispatch::Kernel;

use super::cure::{self, figures, measure};
use super::principal::{self, Before, Layers};
use super::program::{Action, ClaimKind, Op, Pot, ReadyOp};
use super::quantities::evaluate;
use super::terms::Terms;
use super::{claims, divert, draw, expenses, idle, limits, purchases, quick, reserves, residual};
use crate::coverage::{TestKind, overcollateralization};
use crate::lanes::{DealParam, Mask, Numbers, Pack, Param};
use crate::state::State;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder, Silent};

/// Runs the interest waterfall on the interest proceeds, then the principal waterfall on the principal proceeds.
pub fn run<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    proceeds: [&Pack<L>; 2],
    recorder: &mut R,
) {
    let received = !terms.program.receipts.is_empty();
    if received {
        receive(state, terms, proceeds, recorder);
    }
    for (i, (pot, cash)) in [Pot::Interest, Pot::Principal].into_iter().zip(proceeds).enumerate() {
        if received {
            let cash = state.receipts[i];
            run_whole(state, terms, pot, &cash, recorder);
        } else {
            run_whole(state, terms, pot, cash, recorder);
        }
    }
}

/// Leaves on deposit what no step has taken.
#[inline(always)]
fn deposit<const L: usize>(state: &mut State<L>, pot: Pot) {
    if pot == Pot::Principal && state.has_diverted {
        state.available += state.diverted;
    }
    if !state.available.any() {
        return;
    }
    let left = std::mem::replace(&mut state.available, Pack::ZERO);
    state.hold(pot == Pot::Interest, &left);
}

/// Runs the waterfall of one pot, of interest and principal together; what no step takes stays on deposit.
pub fn run_whole<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    pot: Pot,
    cash: &Pack<L>,
    recorder: &mut R,
) {
    if R::ON {
        state.available = *cash;
        shown(state, terms, pot, recorder);
        deposit(state, pot);
    } else {
        terms.isa.run(Waterfall { state, terms, pot, cash });
    }
}

/// Runs the receipts waterfall: what it leaves is distributed, and read by the tests.
fn receive<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    proceeds: [&Pack<L>; 2],
    recorder: &mut R,
) {
    state.receipts = proceeds.map(|cash| *cash);
    let pot = Pot::Receipts;
    let gross = state.coverage_numerator;
    if terms.program.receipts_read_coverage {
        expenses::foresee(state, terms, proceeds[0]);
    }
    for step in terms.program.steps(pot, terms.in_reinvestment) {
        // `remaining` is what the step can move.
        state.available = step.source.map_or(Pack::ZERO, |source| reserves::cash(state, source));
        if R::EXPLAINS {
            recorder.limited(limits::of(state, terms, step, pot));
        }
        terms.isa.run(OneStep { state, terms, step, pot, recorder });
    }
    state.clear = 0;
    state.coverage_numerator = gross + (state.receipts[0] - *proceeds[0]);
    let principal = state.receipts[1] - *proceeds[1];
    state.par_ratio_numerator += principal;
    state.principal_left(-principal);
    if terms.program.receipts_move_default_ratio {
        look_at_default_ratio(state, terms);
    }
}

/// Looks again, once receipts have been moved, at the default ratio of the futures without an event of default.
#[inline(never)]
fn look_at_default_ratio<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>) {
    let mut failed = Mask::splat(false);
    for condition in &state.default_conditions {
        failed = failed.or(*condition);
    }
    for (test, of) in terms.tests.iter().enumerate() {
        if of.kind == TestKind::EventOfDefaultParRatio && terms.active[test] {
            failed = failed.or(test_passes(state, terms, test).not());
        }
    }
    let normal = state.accelerated.or(state.redeemed).not();
    state.par_failed = failed.and(normal).or(state.par_failed.and(normal.not()));
}

/// One waterfall without a ledger.
struct Waterfall<'a, const L: usize, P: Numbers> {
    state: &'a mut State<L>,
    terms: &'a Terms<'a, P>,
    pot: Pot,
    cash: &'a Pack<L>,
}

impl<const L: usize, P: DealParam<L>> Kernel for Waterfall<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { state, terms, pot, cash } = self;
        state.available = *cash;
        let mut exhausted = false;
        let steps = terms.program.steps(pot, terms.in_reinvestment);
        let all_idle = terms.program.idle(pot, terms.in_reinvestment);
        let mut next = 0;
        loop {
            // A step without cash pays nothing in every lane: leaving it out changes no bit.
            next = idle::next_step(all_idle, next, state.clear, state.settled, exhausted);
            if next >= steps.len() {
                break;
            }
            let step = &steps[next];
            next += 1;
            if quick::done(state, terms, step, pot) {
                continue;
            }
            let left = terms.isa.run(OneStep { state, terms, step, pot, recorder: &mut Silent });
            if step.spends_all {
                exhausted = !left;
            }
        }
        deposit(state, pot);
    }
}

/// One waterfall with every payment recorded.
fn shown<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    pot: Pot,
    recorder: &mut R,
) {
    let mut drawing = Reason::InsufficientFunds;
    for step in terms.program.steps(pot, terms.in_reinvestment) {
        if R::EXPLAINS {
            if explained(state, terms, step, pot, &mut drawing, recorder) {
                terms.isa.run(OneStep { state, terms, step, pot, recorder });
            }
            continue;
        }
        state.limit = step.source.map_or(state.available, |source| reserves::cash(state, source));
        select(state, terms, step);
        let deselected = !state.limit.any_positive() && state.available.any_positive();
        if step.payment && step.conditional() && deselected {
            continue;
        }
        terms.isa.run(OneStep { state, terms, step, pot, recorder });
    }
}

/// Tells the recorder what limits a step; whether it is to be run: a payment that no condition selects has no row.
/// Draws are limited by the step before them that says how much is drawn, as `drawing` remembers.
fn explained<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    step: &ReadyOp,
    pot: Pot,
    drawing: &mut Reason,
    recorder: &mut R,
) -> bool {
    let draws = matches!(step.op.action, Action::Draw { .. });
    let by = if draws { *drawing } else { limits::of(state, terms, step, pot) };
    if matches!(step.op.action, Action::LimitDraw { .. }) {
        *drawing = by;
    }
    recorder.limited(by);
    !((step.payment || draws) && by == Reason::NotSelected)
}

/// One step as a function of its own: what goes in and out of it lies in memory, where packs stay whole.
pub(super) struct OneStep<'a, const L: usize, P: Numbers, R> {
    pub state: &'a mut State<L>,
    pub terms: &'a Terms<'a, P>,
    pub step: &'a ReadyOp,
    pub pot: Pot,
    pub recorder: &'a mut R,
}

impl<const L: usize, P: DealParam<L>, R: Recorder<L>> Kernel for OneStep<'_, L, P, R> {
    /// Whether something may be left.
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let Self { state, terms, step, pot, recorder } = self;
        // Told in memory: where two ways meet, packs that are at hand come apart.
        match step.source {
            Some(source) => state.limit = reserves::cash(state, source),
            None => state.limit = state.available,
        }
        if step.masked || step.guarded {
            select(state, terms, step);
        }
        let limit = state.limit;
        act(state, terms, &step.op, limit, pot, recorder);
        !step.spends_all || state.available.any()
    }
}

/// Leaves of the limit what a step may pay at most, in the lanes that its block and its conditions select.
#[inline(always)]
pub fn select<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, step: &ReadyOp) {
    let op = &step.op;
    if let Some(slot) = op.slot {
        state.limit = state.slots[slot as usize].keep(state.limit);
    }
    if let Some(note) = op.controlling {
        let mut may = state.notes[note as usize].controlling;
        if op.or_tests_hold {
            may = may.or(holds_after(state, terms, op));
        }
        state.limit = may.keep(state.limit);
    }
    if step.guarded {
        state.limit = guarded(state, terms, op, state.limit);
    }
}

/// Whether every active test that a cure names passes once principal has paid what the step owes, as far as it reaches.
#[inline(never)]
fn holds_after<const L: usize, P: DealParam<L>>(state: &State<L>, terms: &Terms<'_, P>, op: &Op) -> Mask<L> {
    let Action::Pay { claims, .. } = op.action else { return Mask::splat(false) };
    let claims = &terms.program.claims[claims.range()];
    let owed = step_due(state, terms, op);
    let paid = owed.min(state.available);
    let share = paid.ratio_or_zero(owed);
    let mut all = Mask::splat(true);
    for &test in &terms.program.coverage {
        let t = &terms.tests[test as usize];
        if !terms.active[test as usize] {
            continue;
        }
        let (mut numerator, mut denominator) = figures(state, terms, test as usize);
        if t.kind == TestKind::Overcollateralization {
            numerator -= paid;
            for &claim in claims.iter().filter(|claim| t.notes.contains(&claim.index)) {
                let falls = match claim.kind {
                    ClaimKind::Deferred => terms.deferred_in_oc,
                    ClaimKind::Interest => state.stepped.get(claim.index as usize) == Some(&true),
                    _ => false,
                };
                if falls {
                    denominator -= claims::due(state, claim) * share;
                }
            }
        }
        all = all.and(overcollateralization::passes(numerator, denominator, t.threshold));
    }
    all
}

/// The condition and the amount of a step; expressions are rare, so one copy for every instruction set will do.
#[inline(never)]
fn guarded<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    terms: &Terms<'_, P>,
    op: &Op,
    limit: Pack<L>,
) -> Pack<L> {
    let mut limit = limit;
    if let Some(when) = op.when {
        limit = evaluate(state, terms, when, Pack::ZERO).gt(Pack::ZERO).keep(limit);
    }
    if let Some(amount) = op.amount {
        let due = step_due(state, terms, op);
        limit = limit.min(evaluate(state, terms, amount, due).positive());
    }
    limit
}

/// Evaluates a block's condition into its two mask slots.
#[inline(never)]
fn enter<const L: usize, P: DealParam<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    op: &Op,
    expression: u16,
    then: u16,
    otherwise: u16,
) {
    let parent = op.slot.map_or(Mask::splat(true), |slot| state.slots[slot as usize]);
    let condition = evaluate(state, terms, expression, Pack::ZERO).gt(Pack::ZERO);
    state.slots[then as usize] = parent.and(condition);
    state.slots[otherwise as usize] = parent.and(condition.not());
}

#[inline(always)]
fn step_due<const L: usize, P: DealParam<L>>(state: &State<L>, terms: &Terms<'_, P>, op: &Op) -> Pack<L> {
    let mut owed = Pack::ZERO;
    if let Action::Pay { claims, .. } = op.action {
        for &claim in &terms.program.claims[claims.range()] {
            owed += claims::due(state, claim);
        }
    }
    owed
}

#[inline(always)]
fn act<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    op: &Op,
    limit: Pack<L>,
    pot: Pot,
    recorder: &mut R,
) {
    match op.action {
        Action::Enter { expression, then, otherwise } => enter(state, terms, op, expression, then, otherwise),
        Action::SeniorExpensesEnd => expenses::show_tests(state, terms, recorder),
        Action::MeasureFirst => expenses::measure_first(state, terms, recorder),
        Action::Stepped { sequence } => {
            for &note in terms.program.sequences[sequence as usize].iter().flatten() {
                state.stepped[note as usize] = true;
            }
            state.fresh = 0;
            state.clear = 0;
        }
        Action::Pay { claims, senior_expense } => {
            let claims = &terms.program.claims[claims.range()];
            let paid = claims::pay_group(state, claims, limit, pot, op.info, recorder);
            if senior_expense {
                state.senior_expense_paid(paid);
            }
        }
        Action::Cure { tests, sequence } => {
            cure::cure(state, terms, tests, sequence, limit, pot, op.info, recorder);
        }
        Action::CureByPurchase { tests } => {
            cure::cure_by_purchase(state, terms, tests, limit, op.info, recorder);
        }
        Action::DivertToPrincipal { test, share } => {
            divert::to_principal(state, terms, test, share, limit, op.info, recorder);
        }
        Action::DivertToNotes { test, share, sequence } => {
            divert::to_notes(state, terms, test, share, sequence, limit, op.info, recorder);
        }
        Action::ReleaseDiverted => {
            state.available += state.diverted;
            state.diverted = Pack::ZERO;
        }
        Action::PayPrincipal { sequence, with_interest, with_deferred } => {
            let layers = Layers { interest: with_interest, deferred: with_deferred, cure: false };
            let sequence = &terms.program.sequences[sequence as usize];
            let before = if R::ON { Some(Before::picture(state, sequence, layers, None)) } else { None };
            let left = principal::pay_sequence(terms.isa, state, sequence, layers, limit);
            if pot.spends_principal() {
                state.principal_left(limit - left);
            }
            if let Some(before) = before {
                before.write(state, Reason::PaidInFull, op.info, recorder);
            }
        }
        Action::Turbo { share, sequence } => turbo(state, terms, share, sequence, limit, pot, op.info, recorder),
        Action::Reinvest { share, unscheduled, conditions, remembered } => {
            let share = share.map_or(terms.post_period_share.pack(), Pack::splat);
            if remembered {
                purchases::remember(state, terms, conditions, limit);
            }
            purchases::reinvest(state, terms, share, unscheduled, conditions, limit, op.info, recorder);
        }
        Action::Incentive { fee } => residual::incentive(state, terms, fee, limit, pot, op.info, recorder),
        Action::Residual { notes, until } => {
            residual::pay(state, terms, notes, until, limit, pot, op.info, recorder);
        }
        Action::Move { from, to, due } => reserves::transfer(state, terms, op, (from, to, due), limit, pot, recorder),
        Action::LimitDraw { commitment } => draw::limit(state, commitment, limit, pot),
        Action::Draw { commitment, note, claims } => {
            let claims = &terms.program.claims[claims.range()];
            draw::pay(state, (commitment, note), claims, limit, op.info, recorder);
        }
        Action::Retain => {
            let reason = if limit.any_positive() { Reason::Retained } else { Reason::NothingLeft };
            hold(state, limit, pot, reason, op.info, recorder);
        }
    }
}

/// Whether a test passes as things stand.
#[inline(always)]
#[must_use]
pub fn test_passes<const L: usize, P: DealParam<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    test: usize,
) -> Mask<L> {
    let (numerator, denominator) = measure(state, terms, test);
    overcollateralization::passes(numerator, denominator, terms.tests[test].threshold)
}

/// Pays `min(share · remaining, amount)` to notes: deferred interest, then principal. It is no cure: the pro forma interest
/// of interest coverage does not count it.
#[expect(clippy::too_many_arguments, reason = "the parameters of one step")]
#[inline(always)]
fn turbo<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    share: f64,
    sequence: u16,
    limit: Pack<L>,
    pot: Pot,
    info: u16,
    recorder: &mut R,
) {
    let layers = Layers { interest: false, deferred: true, cure: false };
    let sequence = &terms.program.sequences[sequence as usize];
    let amount = (state.available * share).min(limit);
    let before = if R::ON { Some(Before::picture(state, sequence, layers, Some(amount))) } else { None };
    let left = principal::pay_sequence(terms.isa, state, sequence, layers, amount);
    if pot == Pot::Principal {
        state.principal_left(amount - left);
    }
    if let Some(before) = before {
        before.write(state, Reason::PaidInFull, info, recorder);
    }
}

#[inline(always)]
pub fn hold<const L: usize, R: Recorder<L>>(
    state: &mut State<L>,
    amount: Pack<L>,
    pot: Pot,
    reason: Reason,
    info: u16,
    recorder: &mut R,
) {
    if R::ON {
        let before = state.available;
        let payee = Payee::Account(pot);
        recorder.row(LedgerRow { info, payee, due: amount, paid: amount, before, transfer: true, reason });
    }
    state.available -= amount;
    state.hold(pot == Pot::Interest, &amount);
}
