//! Cures of coverage tests: notes are paid until every test of the step passes.
//!
//! One payment serves all tests of a step, so its need is the greatest of theirs; denominators are pro forma for
//! everything paid earlier on the date, and the numerator for what principal has paid.

use cloche_dispatch::Kernel;

use super::interpreter::test_passes;
use super::need::Need;
use super::principal::{self, Before, Layers};
use super::program::{Pot, Span};
use super::terms::Terms;
use crate::coverage::{TestKind, TestTerms, overcollateralization};
use crate::lanes::{DealParam, Numbers, Pack};
use crate::state::State;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder};

/// Currency units below which nothing was paid.
const DUST: f64 = 1e-6;

/// The layers a cure pays: deferred interest of a class, then its principal.
pub const CURE_LAYERS: Layers = Layers { interest: false, deferred: true, cure: true };

/// Numerator and denominator of a test, pro forma for what has been paid so far.
#[inline(always)]
#[must_use]
pub fn measure<const L: usize, P: DealParam<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    test: usize,
) -> (Pack<L>, Pack<L>) {
    refresh(state, terms, test);
    (*numerator(state, terms.tests[test].kind), state.denominators[test])
}

/// Whether a test is inactive, or passes with room in every lane: then nothing is needed for it, by any rule.
#[inline(always)]
#[must_use]
pub fn clear<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, test: usize) -> bool {
    let t = &terms.tests[test];
    if state.clear & t.bit != 0 || !terms.active[test] {
        return true;
    }
    if t.bit != 0 && !state.looked {
        terms.isa.run(Look { state, terms });
        return state.clear & t.bit != 0;
    }
    refresh(state, terms, test);
    let clear = has_room(state, t, test);
    if clear {
        state.clear |= t.bit;
    }
    clear
}

#[inline(always)]
fn has_room<const L: usize, P: DealParam<L>>(state: &State<L>, t: &TestTerms<P>, test: usize) -> bool {
    !(*numerator(state, t.kind) * t.clear_share.pack() - state.denominators[test]).any_negative()
}

/// The first look at all tests of a date together.
struct Look<'a, const L: usize, P: Numbers> {
    state: &'a mut State<L>,
    terms: &'a Terms<'a, P>,
}

impl<const L: usize, P: DealParam<L>> Kernel for Look<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { state, terms } = self;
        state.looked = true;
        for (test, t) in terms.tests.iter().enumerate() {
            if state.clear & t.bit != 0 {
                continue;
            }
            // Interest is due anew on each date: mostly one sum tells of all its tests.
            if t.kind == TestKind::InterestCoverage && terms.coupons_positive && !state.any_cured {
                let longest = &terms.tests[t.summed_with as usize];
                if state.clear & longest.bit == 0 && all_covered(state, longest) {
                    state.clear |= longest.chain_bits;
                    continue;
                }
            }
            refresh(state, terms, test);
            if has_room(state, t, test) {
                state.clear |= t.bit;
            }
        }
    }
}

/// Whether interest is due of at most what every test of a chain passes with.
#[inline(always)]
fn all_covered<const L: usize, P: DealParam<L>>(state: &State<L>, longest: &TestTerms<P>) -> bool {
    let notes = state.notes.as_slice();
    let mut due = Pack::ZERO;
    for &n in &longest.notes {
        due += *notes[n as usize].interest.amount();
    }
    !(state.coverage_numerator * longest.chain_share.pack() - due).any_negative()
}

/// Brings the denominator of a test up to date; it is summed once until something changes it.
#[inline(always)]
pub fn refresh<const L: usize, P: DealParam<L>>(state: &mut State<L>, terms: &Terms<'_, P>, test: usize) {
    let t = &terms.tests[test];
    if state.fresh & t.bit == 0 {
        terms.isa.run(Refresh { state, terms, test: &terms.tests[t.summed_with as usize] });
    }
}

/// Sums the denominators of a chain from the last that is up to date.
struct Refresh<'a, const L: usize, P: Numbers> {
    state: &'a mut State<L>,
    terms: &'a Terms<'a, P>,
    test: &'a TestTerms<P>,
}

impl<const L: usize, P: DealParam<L>> Kernel for Refresh<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { state, terms, test } = self;
        let links = test.chain.as_slice();
        let mut sum = Pack::ZERO;
        let mut stale = links.len();
        while stale > 0 {
            let link = &links[stale - 1];
            if state.fresh & link.bit != 0 {
                sum = state.denominators[link.test as usize];
                break;
            }
            stale -= 1;
        }
        for link in &links[stale..] {
            sum = owed(sum + part(state, terms, test.kind, &link.added), test);
            state.denominators[link.test as usize] = sum;
            state.fresh |= link.bit;
        }
    }
}

/// Numerator of the tests of a kind.
#[inline(always)]
#[must_use]
pub fn numerator<const L: usize>(state: &State<L>, kind: TestKind) -> &Pack<L> {
    match kind {
        TestKind::Overcollateralization | TestKind::TargetPar => &state.numerator,
        TestKind::InterestCoverage => &state.coverage_numerator,
        TestKind::EventOfDefaultParRatio => &state.par_ratio_numerator,
    }
}

/// What some notes add to the denominator of a test of a kind.
#[inline(always)]
fn part<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    terms: &Terms<'_, P>,
    kind: TestKind,
    notes: &[u16],
) -> Pack<L> {
    match kind {
        TestKind::InterestCoverage => state.pro_forma_interest(notes),
        TestKind::Overcollateralization if terms.deferred_in_oc => state.counted(notes),
        TestKind::TargetPar => state.confirmed.not().keep(Pack::splat(terms.target_par)),
        _ => {
            let mut sum = Pack::ZERO;
            for &n in notes {
                sum += state.notes[n as usize].balance;
            }
            sum
        }
    }
}

/// A denominator, exactly zero where what is left is rounding.
#[inline(always)]
fn owed<const L: usize, P>(sum: Pack<L>, test: &TestTerms<P>) -> Pack<L> {
    sum.gt(Pack::splat(test.dust)).keep(sum)
}

/// Numerator and denominator of a test, summed anew.
#[inline(always)]
#[must_use]
pub fn figures<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    terms: &Terms<'_, P>,
    test: usize,
) -> (Pack<L>, Pack<L>) {
    let t = &terms.tests[test];
    let mut sum = Pack::ZERO;
    for link in &t.chain {
        sum = owed(sum + part(state, terms, t.kind, &link.added), t);
    }
    (*numerator(state, t.kind), sum)
}

/// Runs one cure step with at most `limit`; returns what was paid.
#[inline(always)]
pub fn cure<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    tests: Span,
    sequence: u16,
    limit: Pack<L>,
    pot: Pot,
    info: u16,
    recorder: &mut R,
) {
    let sequence = &terms.program.sequences[sequence as usize];
    // The ledger shows all that is needed.
    let shown = if R::ON { Pack::splat(f64::INFINITY) } else { limit };
    let mut wanted = Pack::ZERO;
    for &test in &terms.program.tests[tests.range()] {
        if terms.active[test as usize] {
            let (test, limit, wanted) = (test as usize, &shown, &mut wanted);
            if terms.tests[test].kind == TestKind::InterestCoverage {
                terms.isa.run(Need::<L, P, true> { state, terms, test, sequence, pot, limit, wanted });
            } else {
                terms.isa.run(Need::<L, P, false> { state, terms, test, sequence, pot, limit, wanted });
            }
        }
    }
    let amount = wanted.min(limit);
    if amount.any() || (R::ON && wanted.any_positive()) {
        let before = if R::ON { Some(Before::picture(state, sequence, CURE_LAYERS, Some(wanted))) } else { None };
        let left = principal::pay_sequence(terms.isa, state, sequence, CURE_LAYERS, amount);
        if pot.spends_principal() {
            state.principal_left(amount - left);
        }
        if let Some(before) = before {
            before.write(state, Reason::TestFails, info, recorder);
        }
    } else if R::ON {
        nothing(state, terms, tests, info, recorder);
    }
    if R::ON {
        for &test in &terms.program.tests[tests.range()] {
            // Rounding that is left of an earlier step pays no cure.
            if !pot.spends_principal() || amount.gt(Pack::splat(DUST)).any() {
                let (numerator, denominator) = measure(state, terms, test as usize);
                recorder.after(test, numerator, denominator);
            }
        }
    }
}

/// A cure that buys collateral, or keeps the cash for it, instead of paying notes.
#[inline(always)]
pub fn cure_by_purchase<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    tests: Span,
    limit: Pack<L>,
    info: u16,
    recorder: &mut R,
) {
    let mut wanted = Pack::ZERO;
    for &test in &terms.program.tests[tests.range()] {
        let t = &terms.tests[test as usize];
        if terms.active[test as usize] && t.kind != TestKind::InterestCoverage {
            let (numerator, denominator) = measure(state, terms, test as usize);
            let need = overcollateralization::cure_by_purchase(numerator, denominator, t.threshold);
            wanted = wanted.max((need - (state.diverted - state.joined)).positive());
        }
    }
    let amount = wanted.min(limit);
    if R::ON {
        let reason = if wanted.any_positive() { Reason::TestFails } else { unneeded::<L, P, R>(state, terms, tests) };
        let before = state.available;
        let payee = Payee::Account(Pot::Principal);
        recorder.row(LedgerRow { info, payee, due: wanted, paid: amount, before, transfer: true, reason });
    }
    state.available -= amount;
    state.divert(amount);
    // The cash joins the collateral: the test is cured for the steps that follow.
    state.numerator += amount;
    state.clear = 0;
    state.joined += amount;
    if R::ON {
        for &test in &terms.program.tests[tests.range()] {
            let (numerator, denominator) = measure(state, terms, test as usize);
            recorder.after(test, numerator, denominator);
        }
    }
}

/// Why a cure pays nothing: its tests pass or do not apply, or nothing is owed that could help the one that fails.
#[inline(never)]
fn unneeded<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    tests: Span,
) -> Reason {
    if !R::EXPLAINS {
        return Reason::TestPasses;
    }
    let mut reason = Reason::NoTestApplies;
    for &test in &terms.program.tests[tests.range()] {
        if terms.active[test as usize] {
            if !test_passes(state, terms, test as usize).all() {
                return Reason::NothingDue;
            }
            reason = Reason::TestPasses;
        }
    }
    reason
}

fn nothing<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_, P>,
    tests: Span,
    info: u16,
    recorder: &mut R,
) {
    let reason = unneeded::<L, P, R>(state, terms, tests);
    recorder.row(LedgerRow {
        info,
        payee: Payee::Sequence,
        due: Pack::ZERO,
        paid: Pack::ZERO,
        before: state.available,
        transfer: false,
        reason,
    });
}
