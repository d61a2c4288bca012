//! What the grammar knows and this version does not compute: refused by name, never ignored.

use crate::error::Problem;
use crate::spec::Deal;

const YET: &str = "known, but this version does not compute it yet";

/// Reports everything that would change a payment and is not built.
pub fn check(deal: &Deal, problems: &mut Vec<Problem>) {
    let mut refuse = |place: &str, what: &str| refused(problems, place, what);
    if !deal.accounts.is_empty() {
        refuse("accounts", "accounts are");
    }
    if !deal.hedges.is_empty() {
        refuse("hedges", "hedges are");
    }
    if !deal.events.is_empty() {
        refuse("events", "contracted events are");
    }
    if !deal.waterfalls.receipts.is_empty() {
        refuse("waterfalls.receipts", "a receipts waterfall is");
    }
    for (i, note) in deal.notes.iter().enumerate() {
        if !note.combination_of.is_empty() {
            refuse(&format!("notes[{i}].combination_of"), "combination notes are");
        }
    }
    if deal.default_events.as_ref().is_some_and(|e| e.accelerate.as_deref() == Some("automatic")) {
        refuse("default_events.accelerate", "acceleration is");
    }
    if deal.default_events.as_ref().is_some_and(|e| e.liquidate.as_deref().is_some_and(|l| l != "never")) {
        refuse("default_events.liquidate", "liquidation after an event of default is");
    }
    causes(deal, problems);
    purchases(deal, problems);
}

fn refused(problems: &mut Vec<Problem>, place: &str, what: &str) {
    problems.push(Problem::new(place, format!("{what} {YET}")));
}

fn causes(deal: &Deal, problems: &mut Vec<Problem>) {
    let Some(events) = &deal.default_events else { return };
    for (i, cause) in events.causes.iter().enumerate() {
        if !["senior_interest", "par_ratio", "maturity"].contains(&cause.as_str()) {
            problems.push(Problem::new(
                format!("default_events.causes[{i}]"),
                format!("found {cause:?}; expected senior_interest, par_ratio or maturity"),
            ));
        }
    }
}

fn purchases(deal: &Deal, problems: &mut Vec<Problem>) {
    for (i, rule) in deal.reinvestment.during.iter().enumerate() {
        let place = format!("reinvestment.during[{i}]");
        match rule.as_str() {
            "coverage" => {}
            "maintain_or_improve" => refused(problems, &place, "maintain or improve is"),
            other => {
                problems
                    .push(Problem::new(place, format!("found {other:?}; expected coverage or maintain_or_improve")));
            }
        }
    }
}
