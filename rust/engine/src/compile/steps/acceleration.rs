//! The usual order of one pot of interest and principal, where a document spells out none.
//!
//! Senior expenses first, then class by class interest, deferred interest and principal until the class is paid in full,
//! then what the interest waterfall pays below the notes. A class X ranks with the class whose interest rank it shares.

use crate::notes::NoteTerms;
use crate::spec::steps::Step;

/// The steps, taken from the interest waterfall and the ranks of the notes.
pub fn usual(interest: &[Step], notes: &[NoteTerms]) -> Vec<Step> {
    let first = interest.iter().position(pays_interest).unwrap_or(interest.len());
    let mut out: Vec<Step> = interest[..first].iter().filter(|step| is_fee(step)).cloned().collect();
    for group in groups(notes) {
        let names = |keep: &dyn Fn(&NoteTerms) -> bool| {
            vec![group.iter().filter(|&&n| keep(&notes[n])).map(|&n| notes[n].name.clone()).collect::<Vec<_>>()]
        };
        let (when, amount, label) = (None, None, None);
        out.push(Step::PayInterest {
            notes: names(&|_| true),
            when: when.clone(),
            amount: amount.clone(),
            label: label.clone(),
        });
        if group.iter().any(|&n| notes[n].deferrable) {
            out.push(Step::PayDeferredInterest {
                notes: names(&|note| note.deferrable),
                when: when.clone(),
                amount: amount.clone(),
                label: label.clone(),
            });
        }
        let notes = Some(names(&|_| true));
        out.push(Step::PayPrincipal { sequence: None, notes, with_deferred: false, when, amount, label });
    }
    out.extend(interest[first..].iter().filter(|step| is_fee(step) || is_residual(step)).cloned());
    if !out.iter().any(|step| matches!(step, Step::PayResidual { until: None, when: None, amount: None, .. })) {
        out.push(Step::Retain { when: None, amount: None, label: None });
    }
    out
}

/// Notes that are paid together: those of each principal rank, and the classes without one that share its interest rank.
fn groups(notes: &[NoteTerms]) -> Vec<Vec<usize>> {
    let mut ranks: Vec<u32> = notes.iter().filter_map(|note| note.principal_rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let rank_of = |note: &NoteTerms| {
        note.principal_rank.or_else(|| {
            let beside = notes.iter().find(|n| n.principal_rank.is_some() && n.interest_rank == note.interest_rank);
            beside.and_then(|n| n.principal_rank).or_else(|| ranks.first().copied())
        })
    };
    let rated = || notes.iter().enumerate().filter(|(_, note)| !note.residual && !note.is_combination());
    if ranks.is_empty() {
        let all: Vec<usize> = rated().map(|(n, _)| n).collect();
        return if all.is_empty() { Vec::new() } else { vec![all] };
    }
    ranks
        .iter()
        .map(|rank| rated().filter(|(_, note)| rank_of(note) == Some(*rank)).map(|(n, _)| n).collect())
        .collect()
}

/// Whether it pays fees or hedge counterparties.
fn is_fee(step: &Step) -> bool {
    matches!(step, Step::PayFee { when: None, .. } | Step::PayHedge { when: None, .. })
}

fn is_residual(step: &Step) -> bool {
    matches!(step, Step::IncentiveFee { when: None, .. } | Step::PayResidual { when: None, .. })
}

fn pays_interest(step: &Step) -> bool {
    match step {
        Step::PayInterest { .. } => true,
        Step::PayPariPassu { steps, .. } => steps.iter().any(pays_interest),
        Step::Block { steps, otherwise, .. } => steps.iter().chain(otherwise).any(pays_interest),
        _ => false,
    }
}
