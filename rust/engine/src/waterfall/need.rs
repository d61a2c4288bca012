//! What coverage tests need: how much must be paid to notes so that they pass.

use cloche_dispatch::Kernel;

use super::cure::measure;
use super::program::Pot;
use super::terms::Terms;
use crate::coverage::{TestKind, TestTerms, interest_coverage, overcollateralization};
use crate::lanes::{DealParam, Numbers, Pack};
use crate::state::State;

/// What must be paid to the notes of `sequence` so that one test passes, as a function of its own for each kind of test: packs
/// that are at hand come apart where ways of different kinds meet.
pub struct Need<'a, const L: usize, P: Numbers, const INTEREST_COVERAGE: bool> {
    pub state: &'a mut State<L>,
    pub terms: &'a Terms<'a, P>,
    pub test: usize,
    pub sequence: &'a [Vec<u16>],
    pub pot: Pot,
    /// What is needed beyond it need not be told: what is told is at least as much then.
    pub limit: &'a Pack<L>,
    /// Becomes what is needed, if that is more.
    pub wanted: &'a mut Pack<L>,
}

impl<const L: usize, P: DealParam<L>> Kernel for Need<'_, L, P, false> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { state, terms, test, sequence, pot, wanted, .. } = self;
        let t = &terms.tests[test];
        let (numerator, denominator) = measure(state, terms, test);
        match t.kind {
            TestKind::Overcollateralization if t.shares_payments => {
                let figures = (numerator, denominator);
                raise(wanted, need_of_shares(state, t, figures, sequence, pot, terms.deferred_in_oc));
            }
            TestKind::Overcollateralization if !terms.deferred_in_oc => {
                raise(wanted, need_past_deferred(state, t, (numerator, denominator), sequence, pot));
            }
            TestKind::Overcollateralization if pot.spends_principal() => {
                let need = overcollateralization::cure_from_principal(numerator, denominator, t.threshold);
                raise(wanted, within(state, t, need));
            }
            TestKind::Overcollateralization => {
                let need = overcollateralization::cure_from_interest(numerator, denominator, t.threshold);
                raise(wanted, within(state, t, need));
            }
            // Paying notes brings no par: all there is goes to them.
            TestKind::TargetPar => {
                let mut all = Pack::ZERO;
                for group in sequence {
                    all += state.outstanding(group);
                }
                let fails = overcollateralization::passes(numerator, denominator, t.threshold).not();
                raise(wanted, fails.keep(all));
            }
            TestKind::InterestCoverage | TestKind::EventOfDefaultParRatio => {}
        }
    }
}

impl<const L: usize, P: DealParam<L>> Kernel for Need<'_, L, P, true> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { state, terms, test, sequence, pot, limit, wanted } = self;
        let t = &terms.tests[test];
        let (numerator, denominator) = measure(state, terms, test);
        let mut left = interest_coverage::excess_interest(numerator, denominator, t.threshold);
        left = limit.gt(Pack::ZERO).keep(left);
        if !left.any() {
            return;
        }
        if t.takes_all && pot == Pot::Interest {
            let fails = left.gt(Pack::ZERO);
            let mut need = Pack::ZERO;
            if t.shares_payments {
                for group in reached(sequence, t) {
                    need += fails.keep(state.outstanding(group));
                }
            } else {
                need = fails.keep(state.outstanding(t.payable.as_ref().unwrap_or(&t.notes)));
            }
            raise(wanted, need);
            return;
        }
        let mut need = Pack::ZERO;
        for group in reached(sequence, t) {
            let mut deferred = interest_coverage::Segment { amount: Pack::ZERO, interest: Pack::ZERO };
            let mut balance = deferred;
            let mut some_deferred = false;
            for &n in group {
                let (note, counts) = (&state.notes[n as usize], t.notes.contains(&n));
                // A class outside the test takes its share of what the group is paid.
                if !(counts || t.shares_payments) {
                    continue;
                }
                balance.amount += note.balance;
                if counts {
                    balance.interest += note.balance * note.coupon;
                }
                if !note.has_deferred {
                    continue;
                }
                some_deferred = true;
                deferred.amount += note.deferred;
                if counts && state.deferred_saves {
                    deferred.interest += note.deferred * note.coupon;
                }
            }
            if some_deferred {
                need += interest_coverage::take(deferred, &mut left);
            }
            need += interest_coverage::take(balance, &mut left);
            left = limit.gt(need).keep(left);
            if !left.any() {
                break;
            }
        }
        raise(wanted, need);
    }
}

#[inline(always)]
fn raise<const L: usize>(wanted: &mut Pack<L>, need: Pack<L>) {
    *wanted = wanted.max(need);
}

/// The groups that a cure of a test may pay: money does not flow below the last with a note of the test.
#[inline(always)]
fn reached<'a, P>(sequence: &'a [Vec<u16>], test: &TestTerms<P>) -> &'a [Vec<u16>] {
    let last = sequence.iter().rposition(|group| group.iter().any(|n| test.notes.contains(n)));
    &sequence[..last.map_or(0, |last| last + 1)]
}

/// A need, up to what the notes of the test that cures can pay are owed: money does not flow below them.
#[inline(always)]
#[must_use]
pub fn within<const L: usize, P>(state: &State<L>, test: &TestTerms<P>, need: Pack<L>) -> Pack<L> {
    match &test.payable {
        Some(notes) => need.min(state.outstanding(notes)),
        None => need,
    }
}

/// `T·D − N`, where the test fails: what rounding has left of an exact cure is no gap.
#[inline(always)]
fn gap<const L: usize, P: DealParam<L>>(test: &TestTerms<P>, numerator: Pack<L>, denominator: Pack<L>) -> Pack<L> {
    let fails = overcollateralization::passes(numerator, denominator, test.threshold).not();
    fails.keep((denominator * test.threshold.pack() - numerator).positive())
}

/// What restores an overcollateralization test whose denominator leaves deferred interest out.
///
/// The deferred interest of a class is paid before its principal and closes nothing of the gap `T·D − N`; paid from
/// principal it widens the gap.
fn need_past_deferred<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    test: &TestTerms<P>,
    (numerator, denominator): (Pack<L>, Pack<L>),
    sequence: &[Vec<u16>],
    pot: Pot,
) -> Pack<L> {
    let spent = if pot.spends_principal() { 1.0 } else { 0.0 };
    let slope = test.threshold.map(|t| t - spent);
    let falls = slope.pack().gt(Pack::ZERO);
    let mut gap = gap(test, numerator, denominator);
    let mut need = Pack::ZERO;
    for group in sequence.iter().filter(|group| group.iter().any(|n| test.notes.contains(n))) {
        let (mut deferred, mut balance) = (Pack::ZERO, Pack::ZERO);
        for &n in group {
            deferred += state.notes[n as usize].deferred;
            balance += state.notes[n as usize].balance;
        }
        let open = gap.gt(Pack::ZERO);
        need += open.keep(deferred);
        gap += open.keep(deferred) * spent;
        let closes = open.keep(falls.select((gap * slope.map(|x| 1.0 / x).pack()).min(balance), balance));
        need += closes;
        // Where principal is left, the gap is closed: rounding does not reach for the next class.
        gap = balance.gt(closes).not().keep((gap - closes * slope.pack()).positive());
    }
    need
}

/// What restores an overcollateralization test where classes outside the test share in what is paid, or are paid before.
///
/// In a group of which `in` of `all` counts (nothing, of a class outside), a payment `x` lowers the denominator by `x · in/all`: of the gap `T·D − N`
/// it closes `x · (T · in/all)`, less `x` where principal pays it.
fn need_of_shares<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    test: &TestTerms<P>,
    (numerator, denominator): (Pack<L>, Pack<L>),
    sequence: &[Vec<u16>],
    pot: Pot,
    deferred_counts: bool,
) -> Pack<L> {
    let spent = Pack::splat(if pot == Pot::Principal { 1.0 } else { 0.0 });
    let trigger = test.threshold.pack();
    let mut gap = gap(test, numerator, denominator);
    let mut need = Pack::ZERO;
    for group in reached(sequence, test) {
        let (mut deferred, mut balance) = ([Pack::ZERO; 2], [Pack::ZERO; 2]);
        for &n in group {
            let (note, counts) = (&state.notes[n as usize], test.notes.contains(&n));
            deferred[0] += note.deferred;
            balance[0] += note.balance;
            if counts {
                balance[1] += note.balance;
            }
            if counts && deferred_counts {
                deferred[1] += note.deferred;
            }
        }
        for [all, counted] in [deferred, balance] {
            let open = gap.gt(Pack::ZERO);
            let slope = trigger * counted.ratio_or_zero(all) - spent;
            let falls = slope.gt(Pack::ZERO);
            let closes = falls.select(gap.ratio_or_zero(slope).min(all), all);
            need += open.keep(closes);
            gap = all.gt(closes).not().keep((gap - open.keep(closes) * slope).positive());
        }
    }
    need
}
