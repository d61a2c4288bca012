//! Tests: denominators and first dates.

use crate::compile::conventions::Conventions;
use crate::compile::dates::{DealDates, date};
use crate::compile::names::Names;
use crate::coverage::terms::{CLEAR, bit, threshold};
use crate::coverage::{ChainLink, TestKind, TestTerms};
use crate::error::Problem;
use crate::notes::{DUST, NoteTerms};
use crate::spec::deal::{Deal, Test};
use crate::time::Date;
use crate::waterfall::{Action, Program};

/// Compiles the tests.
pub fn compile(
    deal: &Deal,
    notes: &[NoteTerms],
    names: &Names,
    dates: Option<&DealDates>,
    conventions: &Conventions,
    problems: &mut Vec<Problem>,
) -> Vec<TestTerms> {
    let mut out = Vec::with_capacity(deal.tests.len());
    for (i, test) in deal.tests.iter().enumerate() {
        let place = format!("tests[{i}]");
        let kind = match test.kind.as_str() {
            "oc" => TestKind::Overcollateralization,
            "ic" => TestKind::InterestCoverage,
            "eod_par_ratio" => TestKind::EventOfDefaultParRatio,
            "target_par" => TestKind::TargetPar,
            other => {
                problems.push(Problem::new(
                    format!("{place}.kind"),
                    format!("found {other:?}; expected oc, ic, eod_par_ratio or target_par"),
                ));
                TestKind::Overcollateralization
            }
        };
        if kind == TestKind::TargetPar && out.iter().any(|earlier: &TestTerms| earlier.kind == kind) {
            let message = "found a second test of the target par; expected one: the agencies confirm once";
            problems.push(Problem::new(format!("{place}.kind"), message));
        }
        if !(test.trigger > 0.0) || !test.trigger.is_finite() {
            problems.push(Problem::new(
                format!("{place}.trigger"),
                format!("found {}; expected a ratio such as 1.055", test.trigger),
            ));
        }
        if let Some(step) = test.round.filter(|step| !(*step > 0.0 && *step <= 0.1)) {
            problems.push(Problem::new(
                format!("{place}.round"),
                format!("found {step}; expected a step above 0, at most 0.1, such as 0.001"),
            ));
        }
        let threshold = threshold(test.trigger, test.round);
        out.push(TestTerms {
            name: test.name.clone(),
            kind,
            trigger: test.trigger,
            threshold,
            clear_share: (1.0 - CLEAR) / threshold,
            dust: DUST * deal.target_par,
            chain: Vec::new(),
            bit: bit(out.len()),
            summed_with: 0,
            chain_bits: 0,
            chain_share: 0.0,
            payable: None,
            shares_payments: false,
            takes_all: kind == TestKind::InterestCoverage && conventions.ic_cure_takes_all,
            notes: denominator(test, kind, notes, names, conventions, &place, problems),
            first_period: dates.map_or(0, |d| first_period(test, kind, d, &place, problems)),
        });
    }
    for test in &mut out {
        let (payable, other): (Vec<u16>, Vec<u16>) =
            test.notes.iter().partition(|&&n| notes[n as usize].principal_rank.is_some());
        let outside = |n: u16, note: &NoteTerms| {
            !note.residual && !note.is_combination() && note.principal_rank.is_none() && !test.notes.contains(&n)
        };
        let shared = conventions.x_in_sequence && (0_u16..).zip(notes).any(|(n, note)| outside(n, note));
        let cured = matches!(test.kind, TestKind::Overcollateralization | TestKind::InterestCoverage);
        test.payable = (!other.is_empty() && !conventions.x_in_sequence).then_some(payable);
        test.shares_payments = shared && cured;
    }
    for i in 0..out.len() {
        out[i].chain = chain(&out, i);
    }
    for i in 0..out.len() {
        out[i].chain_bits = out[i].chain.iter().fold(0, |bits, link| bits | link.bit);
        let shares = out[i].chain.iter().map(|link| out[link.test as usize].clear_share);
        out[i].chain_share = shares.fold(f64::INFINITY, |least, share| if share < least { share } else { least });
        let holds = |t: &TestTerms| t.chain.iter().any(|link| link.test as usize == i);
        let longest = (0..out.len()).filter(|&k| holds(&out[k])).max_by_key(|&k| out[k].chain.len());
        out[i].summed_with = u16::try_from(longest.unwrap_or(i)).unwrap_or(u16::MAX);
    }
    out
}

/// Marks the tests whose cures also pay notes outside their denominators, ahead of or beside those inside.
pub fn mark_shared(tests: &mut [TestTerms], program: &Program) {
    let waterfalls =
        [&program.receipts, &program.interest, &program.principal, &program.acceleration, &program.redemption];
    for op in waterfalls.into_iter().flatten() {
        let (cured, sequence) = match &op.action {
            Action::Cure { tests, sequence } => (program.tests[tests.range()].to_vec(), *sequence),
            Action::DivertToNotes { test, sequence, .. } => (vec![*test], *sequence),
            _ => continue,
        };
        let sequence = &program.sequences[sequence as usize];
        for test in cured {
            let test = &mut tests[test as usize];
            let cures = matches!(test.kind, TestKind::Overcollateralization | TestKind::InterestCoverage);
            let inside = |n: &u16| test.notes.contains(n);
            let last = sequence.iter().rposition(|group| group.iter().any(inside));
            let paid = sequence.iter().take(last.map_or(0, |last| last + 1)).flatten();
            test.shares_payments |= cures && !paid.into_iter().all(inside);
        }
    }
}

/// The tests of the same kind whose denominators nest inside that of test `i`, the smallest first, and the test itself.
fn chain(tests: &[TestTerms], i: usize) -> Vec<ChainLink> {
    if tests[i].kind == TestKind::TargetPar {
        // Its denominator is no sum of notes.
        return vec![ChainLink { test: u16::try_from(i).unwrap_or(u16::MAX), bit: bit(i), added: Vec::new() }];
    }
    let inside = |a: usize, b: usize| tests[a].notes.iter().all(|n| tests[b].notes.contains(n));
    let mut nested: Vec<usize> =
        (0..tests.len()).filter(|&k| k != i && tests[k].kind == tests[i].kind && inside(k, i)).collect();
    // Of equal denominators the first in the document comes first, so that no two wait for each other.
    nested.retain(|&k| tests[k].notes.len() < tests[i].notes.len() || k < i);
    nested.sort_by_key(|&k| (tests[k].notes.len(), k));
    nested.push(i);
    let mut links: Vec<usize> = Vec::new();
    for k in nested {
        if links.last().is_none_or(|&last| inside(last, k)) {
            links.push(k);
        }
    }
    if links.last() != Some(&i) {
        links = vec![i];
    }
    let mut out = Vec::new();
    let mut before: &[u16] = &[];
    for k in links {
        let added = tests[k].notes.iter().copied().filter(|n| !before.contains(n)).collect();
        out.push(ChainLink { test: u16::try_from(k).unwrap_or(u16::MAX), bit: bit(k), added });
        before = &tests[k].notes;
    }
    out
}

fn denominator(
    test: &Test,
    kind: TestKind,
    notes: &[NoteTerms],
    names: &Names,
    conventions: &Conventions,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Vec<u16> {
    if kind == TestKind::TargetPar {
        if test.notes.is_some() || test.through.is_some() {
            let message = "found classes; expected none: the denominator of a target_par test is the target par";
            problems.push(Problem::new(place, message));
        }
        return Vec::new();
    }
    if let Some(list) = &test.notes {
        return list
            .iter()
            .enumerate()
            .filter_map(|(k, name)| names.find(name, &format!("{place}.notes[{k}]"), problems))
            .collect();
    }
    let Some(through) = &test.through else {
        problems.push(Problem::new(place, "missing `through`; expected the most junior class of the denominator"));
        return Vec::new();
    };
    let Some(last) = names.find(through, &format!("{place}.through"), problems) else { return Vec::new() };
    let last = &notes[last as usize];
    if last.residual || (kind != TestKind::InterestCoverage && last.principal_rank.is_none()) {
        problems.push(Problem::new(
            format!("{place}.through"),
            format!("{through:?} has no principal rank; expected a class of the note payment sequence"),
        ));
        return Vec::new();
    }
    (0_u16..)
        .zip(notes)
        .filter(|(_, note)| {
            if note.residual {
                return false;
            }
            if kind == TestKind::InterestCoverage {
                return note.interest_rank <= last.interest_rank
                    && (conventions.x_in_ic || note.principal_rank.is_some());
            }
            let x_counts = conventions.x_in_oc && kind == TestKind::Overcollateralization;
            note.principal_rank
                .map_or(x_counts && note.interest_rank <= last.interest_rank, |rank| Some(rank) <= last.principal_rank)
        })
        .map(|(i, _)| i)
        .collect()
}

/// From when on a test applies: the name of a date, or a date.
fn begins(test: &Test, kind: TestKind) -> &str {
    test.first_date.as_deref().unwrap_or(match kind {
        TestKind::InterestCoverage => "second_determination",
        TestKind::Overcollateralization | TestKind::TargetPar => "effective",
        TestKind::EventOfDefaultParRatio => "closing",
    })
}

/// The day from which on a test applies, where it does not count determination dates.
#[must_use]
pub fn first_day(test: &Test, kind: TestKind, dates: &DealDates) -> Option<Date> {
    match begins(test, kind) {
        "closing" | "first_determination" | "second_determination" => None,
        "effective" => Some(dates.effective),
        other => Date::parse(other),
    }
}

fn first_period(test: &Test, kind: TestKind, dates: &DealDates, place: &str, problems: &mut Vec<Problem>) -> usize {
    let from = |date: Date| {
        dates.grid.periods.iter().position(|p| p.determination >= date).unwrap_or(dates.grid.periods.len())
    };
    match begins(test, kind) {
        "closing" | "first_determination" => dates.counted_from,
        "second_determination" => dates.counted_from + 1,
        "effective" => from(dates.effective),
        other => date(other, &format!("{place}.first_date"), problems).map_or(0, from),
    }
}
