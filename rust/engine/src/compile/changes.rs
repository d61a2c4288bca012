//! Refinancings, re-pricings and issues: from the grammar to what happens to which notes.

use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::expression::Expression;
use crate::lifecycle::{
    Change, ChangeCost, ChangeKind, CostBase, Issued, Payer, Redemption, Repricing, SpecialRedemption,
};
use crate::spec::Event;
use crate::spec::events::{EventCost, Successor};
use crate::spec::steps::NumberOrName;

/// When an event may act.
pub struct Moment {
    pub window: Vec<bool>,
    pub when: Option<Expression>,
}

/// Compiles an event that changes notes; a re-pricing adds to `repricings`.
pub fn compile(
    deal: &CompiledDeal,
    event: &Event,
    place: &str,
    moment: Moment,
    repricings: &mut Vec<Repricing>,
    problems: &mut Vec<Problem>,
) -> Option<Change> {
    let before = problems.len();
    let mut of = Vec::new();
    let kind = if let Some(classes) = &event.refinance {
        if event.repeat {
            let message = "found true; expected false: a class is refinanced once by one event";
            problems.push(Problem::new(format!("{place}.repeat"), message));
        }
        let place = format!("{place}.refinance");
        if classes.is_empty() {
            problems.push(Problem::new(place.as_str(), "found no class; expected at least one"));
        }
        let mut redeemed = Vec::new();
        for (name, terms) in classes {
            let Some(class) = redemption(deal, name, &terms.into, &format!("{place}.{name}"), problems) else {
                continue;
            };
            of.extend(class.redeemed.iter().copied());
            redeemed.push(class);
        }
        ChangeKind::Refinancing(redeemed)
    } else if let Some(issue) = &event.issue {
        let place = format!("{place}.issue");
        if event.repeat {
            problems.push(Problem::new(format!("{place}.repeat"), "found true; expected false: notes are issued once"));
        }
        if !(issue.equity >= 0.0) || (issue.notes.is_empty() && !(issue.equity > 0.0)) {
            let message = format!("found {}; expected notes, or an amount above zero", issue.equity);
            problems.push(Problem::new(format!("{place}.equity"), message));
        }
        let mut notes = Vec::new();
        for (name, terms) in &issue.notes {
            of.extend(group(deal, find(deal, name)).into_iter().filter(|&n| Some(n) != find(deal, &terms.name)));
            notes.extend(issued(deal, name, terms, &format!("{place}.notes.{name}"), problems));
        }
        ChangeKind::Issue { notes, equity: issue.equity }
    } else if event.brings_in().is_some() {
        if event.repeat {
            problems
                .push(Problem::new(format!("{place}.repeat"), "found true; expected false: a document comes in once"));
        }
        // Where a document is looked at alone, what comes after it is not known.
        let transition = deal.rule.transitions.get(place).cloned().unwrap_or_default();
        of.extend_from_slice(&transition.redeemed);
        ChangeKind::Transition(transition)
    } else if let Some(terms) = &event.special_redemption {
        ChangeKind::SpecialRedemption(special_redemption(terms, &format!("{place}.special_redemption"), problems))
    } else if let Some(confirmed) = event.confirm_ratings {
        confirmation(deal, confirmed, &format!("{place}.confirm_ratings"), problems);
        ChangeKind::Confirmation
    } else {
        let first = repricings.len();
        let place = format!("{place}.reprice");
        if event.reprice.as_ref().is_some_and(std::collections::BTreeMap::is_empty) {
            problems.push(Problem::new(place.as_str(), "found no class; expected at least one"));
        }
        for (name, terms) in event.reprice.iter().flatten() {
            of.extend(group(deal, find(deal, name)));
            new_spread(deal, name, terms.spread, &format!("{place}.{name}"), repricings, problems);
        }
        ChangeKind::Repricing { first, count: repricings.len() - first }
    };
    if event.cost.is_some() && matches!(kind, ChangeKind::SpecialRedemption(_) | ChangeKind::Confirmation) {
        problems.push(Problem::new(format!("{place}.cost"), "found a cost; expected none: the event has none"));
    }
    let cost = cost(event, &kind, &format!("{place}.cost"), problems);
    let Moment { window, when } = moment;
    (problems.len() == before).then(|| Change {
        place: place.to_owned(),
        window,
        when,
        repeat: event.repeat,
        cost,
        of,
        kind,
    })
}

fn special_redemption(
    terms: &crate::spec::events::SpecialRedemption,
    place: &str,
    problems: &mut Vec<Problem>,
) -> SpecialRedemption {
    if terms.amount.is_some() == terms.share.is_some() {
        problems.push(Problem::new(place, "found neither or both of amount and share; expected one of them"));
    }
    if let Some(amount) = terms.amount.filter(|amount| !(*amount > 0.0) || !amount.is_finite()) {
        let message = format!("found {amount}; expected an amount above zero");
        problems.push(Problem::new(format!("{place}.amount"), message));
    }
    if let Some(share) = terms.share.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
        let message = format!("found {share}; expected a decimal above 0, at most 1");
        problems.push(Problem::new(format!("{place}.share"), message));
    }
    SpecialRedemption {
        amount: terms.amount.unwrap_or(0.0),
        share: terms.share.unwrap_or(0.0),
        ends_reinvestment: terms.ends_reinvestment,
    }
}

fn confirmation(deal: &CompiledDeal, confirmed: bool, place: &str, problems: &mut Vec<Problem>) {
    if !confirmed {
        problems.push(Problem::new(place, "found false; expected true, or no such event: unconfirmed is the default"));
    }
    if deal.terms.target_par_test.is_none() {
        let message = "the deal has no test of kind target_par; expected one, which the confirmation ends";
        problems.push(Problem::new(place, message));
    }
}

fn find(deal: &CompiledDeal, name: &str) -> Option<u16> {
    deal.terms.notes.iter().position(|note| note.name == name).and_then(|n| u16::try_from(n).ok())
}

/// The notes that a name stands for.
fn group(deal: &CompiledDeal, note: Option<u16>) -> Vec<u16> {
    let Some(n) = note else { return Vec::new() };
    deal.terms.groups.get(n as usize).cloned().unwrap_or_else(|| vec![n])
}

fn redemption(
    deal: &CompiledDeal,
    name: &str,
    into: &[Successor],
    place: &str,
    problems: &mut Vec<Problem>,
) -> Option<Redemption> {
    if into.is_empty() {
        problems.push(Problem::new(format!("{place}.into"), "found no note; expected at least one"));
    }
    let rest = into.iter().filter(|new| matches!(new.balance, NumberOrName::Name(_))).count();
    if rest > 1 {
        let message =
            "found several successors with the balance outstanding; expected one: it takes what the others leave";
        problems.push(Problem::new(format!("{place}.into"), message));
    }
    let old = find(deal, name)?;
    let new: Vec<Issued> = into
        .iter()
        .enumerate()
        .filter_map(|(k, new)| issued(deal, name, new, &format!("{place}.into[{k}]"), problems))
        .collect();
    let mut redeemed = group(deal, Some(old));
    // What has come in with this event is not what it redeems.
    redeemed.retain(|&n| !new.iter().any(|new| new.note == n) && !comes_from(deal, n, &new));
    Some(Redemption { old, redeemed, into: new })
}

/// Whether a note replaces one of those that come in with an event, directly or in turn.
fn comes_from(deal: &CompiledDeal, note: u16, new: &[Issued]) -> bool {
    let mut at = deal.terms.notes[note as usize].replaces;
    while let Some(n) = at {
        if new.iter().any(|new| new.note == n) {
            return true;
        }
        at = deal.terms.notes[n as usize].replaces;
    }
    false
}

fn issued(
    deal: &CompiledDeal,
    class: &str,
    new: &Successor,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Option<Issued> {
    let balance = match new.balance {
        NumberOrName::Number(money) if !(money > 0.0) || !money.is_finite() => {
            let message = format!("found {money}; expected an amount above zero");
            problems.push(Problem::new(format!("{place}.balance"), message));
            None
        }
        NumberOrName::Number(money) => Some(money),
        NumberOrName::Name(_) => None,
    };
    let coupon_of = if new.coupon.is_none() { find(deal, class) } else { None };
    find(deal, &new.name).map(|note| Issued { note, balance, coupon_of, price: new.issue_price })
}

fn new_spread(
    deal: &CompiledDeal,
    name: &str,
    spread: f64,
    place: &str,
    repricings: &mut Vec<Repricing>,
    problems: &mut Vec<Problem>,
) {
    let Some(class) = find(deal, name) else {
        let known: Vec<&str> = deal.terms.notes.iter().map(|note| note.name.as_str()).collect();
        problems.push(Problem::new(place, format!("unknown note {name:?}; known: {}", known.join(", "))));
        return;
    };
    let floats = |n: u16| {
        let coupon = deal.terms.notes[n as usize].coupon.as_ref();
        coupon.is_some_and(|coupon| matches!(coupon.rate, crate::notes::RateTerms::Floating { .. }))
    };
    if !floats(class) {
        let message = format!("{name} has no spread; expected a class that pays an index and a spread");
        problems.push(Problem::new(place, message));
        return;
    }
    let event = repricings.iter().map(|repricing| repricing.event + 1).max().unwrap_or(0);
    for note in group(deal, Some(class)).into_iter().filter(|&n| floats(n)) {
        repricings.push(Repricing { note, spread, event });
    }
}

fn cost(event: &Event, kind: &ChangeKind, place: &str, problems: &mut Vec<Problem>) -> ChangeCost {
    let none = EventCost::default();
    let cost = event.cost.as_ref().unwrap_or(&none);
    let of = match cost.of.as_deref() {
        None | Some("refinanced_balance") => CostBase::RefinancedBalance,
        Some("performing_par") => CostBase::PerformingPar,
        Some(other) => {
            let message = format!("found {other:?}; expected refinanced_balance or performing_par");
            problems.push(Problem::new(format!("{place}.of"), message));
            CostBase::RefinancedBalance
        }
    };
    let paid_from = match cost.paid_from.as_deref() {
        None | Some("interest") => Payer::Interest,
        Some("equity") => Payer::Equity,
        Some("proceeds") => Payer::Proceeds,
        Some(other) => {
            let message = format!("found {other:?}; expected interest, equity or proceeds");
            problems.push(Problem::new(format!("{place}.paid_from"), message));
            Payer::Interest
        }
    };
    let brings_none = match kind {
        ChangeKind::Repricing { .. } => Some("a re-pricing"),
        ChangeKind::Transition(_) if event.amend.is_some() => Some("an amendment"),
        _ => None,
    };
    if paid_from == Payer::Proceeds
        && let Some(what) = brings_none
    {
        let message = format!("found proceeds; expected interest or equity: {what} brings none");
        problems.push(Problem::new(format!("{place}.paid_from"), message));
    }
    if !(0.0..=1.0).contains(&cost.rate) || !(cost.fixed >= 0.0) {
        problems.push(Problem::new(place, "expected a rate from 0 to 1 and an amount of zero or more"));
    }
    ChangeCost { rate: cost.rate, of, fixed: cost.fixed, paid_from }
}
