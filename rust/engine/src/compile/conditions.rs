//! Conditions of a deal that no step has: of steps of coupons, causes of default, the end of the reinvestment period.

use std::collections::BTreeMap;

use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::expression::{self, Expression, Kind, Quantity};
use crate::notes::NoteTerms;
use crate::path::deal_terms::{CouponStep, DealTerms};
use crate::spec::deal::CauseOfDefault;

/// Compiles the conditions of a compiled deal's document.
pub fn compile(deal: &mut CompiledDeal, problems: &mut Vec<Problem>) {
    if let Some(text) = &deal.document.reinvestment.ends_when {
        let place = "reinvestment.ends_when";
        if deal.dates.reinvestment_end.is_none() {
            let message = "the deal is static; expected no condition that ends a reinvestment period";
            problems.push(Problem::new(place, message));
        }
        deal.terms.reinvestment_ends = condition(&deal.terms, text, place, problems);
    }
    deal.terms.default_conditions = default_conditions(deal, problems);
    deal.terms.coupon_steps = coupon_steps(deal, problems);
    let mut reads = deal.terms.reads_ccc_share;
    let steps = deal.terms.coupon_steps.iter().map(|step| &step.when);
    for expression in deal.terms.reinvestment_ends.iter().chain(&deal.terms.default_conditions).chain(steps) {
        expression.uses(|quantity| reads |= quantity == Quantity::CccShare);
    }
    deal.terms.reads_ccc_share = reads;
}

/// Conditions that are events of default.
fn default_conditions(deal: &CompiledDeal, problems: &mut Vec<Problem>) -> Vec<Expression> {
    let causes = deal.document.default_events.as_ref().map_or(&[][..], |events| &events.causes);
    let conditions = causes.iter().enumerate().filter_map(|(i, cause)| match cause {
        CauseOfDefault::Condition(cause) => Some((i, &cause.when)),
        CauseOfDefault::Name(_) => None,
    });
    conditions
        .filter_map(|(i, text)| condition(&deal.terms, text, &format!("default_events.causes[{i}].when"), problems))
        .collect()
}

/// Steps of coupons that hold under a condition, note by note.
fn coupon_steps(deal: &CompiledDeal, problems: &mut Vec<Problem>) -> Vec<CouponStep> {
    let mut out = Vec::new();
    for note in &deal.document.notes {
        let Some(n) = deal.terms.notes.iter().position(|terms| terms.name == note.name) else { continue };
        let place = deal
            .written()
            .notes
            .iter()
            .position(|written| written.name == note.name)
            .map_or_else(|| format!("note {}", note.name), |i| format!("notes[{i}]"));
        for (k, step) in (0_u32..).zip(note.coupon.iter().flat_map(|coupon| &coupon.step_up)) {
            let Some(text) = &step.when else { continue };
            let place = format!("{place}.coupon.step_up[{k}].when");
            let Some(when) = condition(&deal.terms, text, &place, problems) else { continue };
            let Some(margin) = step.spread.or(step.fixed) else { continue };
            let note = u16::try_from(n).unwrap_or(u16::MAX);
            out.push(CouponStep { note, step: k, when, margin, lasting: step.lasting });
        }
    }
    out
}

/// A condition on the figures of a determination date.
pub fn condition(terms: &DealTerms, text: &str, place: &str, problems: &mut Vec<Problem>) -> Option<Expression> {
    match expression::compile(text, &DealNames::of(terms), &[Kind::Boolean]) {
        Ok(expression) => Some(expression),
        Err(found) => {
            problems.extend(found.into_iter().map(|problem| Problem::new(place, problem.message)));
            None
        }
    }
}

/// The names of a compiled deal.
struct DealNames<'a> {
    terms: &'a DealTerms,
    notes: BTreeMap<&'a str, u32>,
    tests: BTreeMap<&'a str, u32>,
}

impl<'a> DealNames<'a> {
    fn of(terms: &'a DealTerms) -> Self {
        Self {
            terms,
            notes: (0..).zip(&terms.notes).map(|(n, note)| (note.name.as_str(), n)).collect(),
            tests: (0..).zip(&terms.tests).map(|(t, test)| (test.name.as_str(), t)).collect(),
        }
    }
}

impl expression::Names for DealNames<'_> {
    fn note(&self, name: &str) -> Option<u32> {
        self.notes.get(name).copied()
    }
    fn test(&self, name: &str) -> Option<u32> {
        self.tests.get(name).copied()
    }
    fn note_names(&self) -> Vec<String> {
        self.terms.notes.iter().map(|note| note.name.clone()).collect()
    }
    fn test_names(&self) -> Vec<String> {
        self.terms.tests.iter().map(|test| test.name.clone()).collect()
    }
    fn residual(&self, note: u32) -> bool {
        self.terms.notes.get(note as usize).is_some_and(|note| note.residual)
    }
    fn floating(&self, note: u32) -> bool {
        self.terms.notes.get(note as usize).is_some_and(NoteTerms::is_floating)
    }
    fn account(&self, name: &str) -> Option<u32> {
        (0..).zip(&self.terms.accounts).find(|(_, account)| account.name == name).map(|(a, _)| a)
    }
    fn account_names(&self) -> Vec<String> {
        self.terms.accounts.iter().map(|account| account.name.clone()).collect()
    }
}
