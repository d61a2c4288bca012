//! What events ask of the order in which they come: the classes that they name must be there.

use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::lifecycle::{Change, ChangeKind};
use crate::spec::Event;

/// The first and the last step (from 0) on which an event may act.
fn steps(change: &Change) -> Option<(usize, usize)> {
    let acts = |may: &bool| *may;
    Some((change.window.iter().position(acts)?, change.window.iter().rposition(acts)?))
}

/// Checks the classes of an event at a place.
pub fn check(deal: &CompiledDeal, event: &Event, place: &str, changes: &[Change], problems: &mut Vec<Problem>) {
    let Some(change) = changes.iter().find(|change| change.place == place) else { return };
    let refinanced = event.refinance.iter().flat_map(|classes| classes.keys().map(|name| ("refinance", name)));
    let repriced = event.reprice.iter().flat_map(|classes| classes.keys().map(|name| ("reprice", name)));
    for (verb, name) in refinanced.chain(repriced).filter(|_| change.when.is_none()) {
        is_there(deal, change, (verb, name), changes, problems);
    }
    if let ChangeKind::Issue { notes, .. } = &change.kind {
        for new in notes {
            let Some(class) = new.coupon_of else { continue };
            let name = &deal.terms.notes[class as usize].name;
            states_its_coupon(change, (class, name), changes, problems);
        }
    }
}

/// A class that an event brings in must be there on the date of one that redeems or re-prices it.
fn is_there(
    deal: &CompiledDeal,
    change: &Change,
    (verb, name): (&str, &String),
    changes: &[Change],
    problems: &mut Vec<Problem>,
) {
    let note = deal.terms.notes.iter().position(|note| note.name == *name);
    let issues = |other: &&Change| other.issued().any(|one| Some(usize::from(one.note)) == note);
    let Some((acts, brought_in)) = steps(change).zip(changes.iter().find(issues)) else { return };
    // A note that is issued on a date is re-priced on it, but not redeemed.
    let latest = if matches!(change.kind, ChangeKind::Repricing { .. }) { Some(acts.0) } else { acts.0.checked_sub(1) };
    let first = steps(brought_in).map(|(first, _)| first);
    if first.is_some_and(|first| latest.is_some_and(|latest| first <= latest)) {
        return;
    }
    let day = |step: usize| deal.terms.grid.periods[step].payment;
    let comes = first.map_or_else(String::new, |first| format!(", not before {}", day(first)));
    let message = format!(
        "{name} is not outstanding on {}: {} issues it{comes}; expected a later date",
        day(acts.0),
        brought_in.place
    );
    problems.push(Problem::new(format!("{}.{verb}.{name}", change.place), message));
}

/// A note that joins a class which has been refinanced, perhaps, cannot take over its coupon.
fn states_its_coupon(change: &Change, (class, name): (u16, &str), changes: &[Change], problems: &mut Vec<Problem>) {
    let refinances = |other: &&Change| match &other.kind {
        ChangeKind::Refinancing(classes) => classes.iter().any(|redeemed| redeemed.old == class),
        _ => false,
    };
    for other in changes.iter().filter(refinances) {
        let before = steps(other).zip(steps(change)).is_some_and(|((first, _), (_, last))| first <= last);
        if before {
            let message = format!(
                "missing; {} refinances {name}, whose successors have coupons of their own: expected a coupon, or the name of a successor in place of {name}",
                other.place
            );
            problems.push(Problem::new(format!("{}.issue.notes.{name}.coupon", change.place), message));
            return;
        }
    }
}
