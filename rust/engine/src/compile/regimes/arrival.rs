//! A document that comes in on one date: whether it can follow the one before, and what it takes over from it.

use std::sync::Arc;

use super::{Arrival, Node, Rule, Terms, placed};
use crate::compile::{deal, events, moved_dates};
use crate::error::{EngineError, Problem};
use crate::spec::{Deal, Event};
use crate::time::Date;
use crate::time::schedule::unadjusted_dates;

/// What came before a document.
pub(super) struct History {
    /// Number of the document that it follows.
    pub parent: usize,
    /// Places of the calls that may have been tried before, and are tried until they are feasible.
    pub begun: Vec<String>,
    /// Places of the amendments that act with it, whose terms it holds.
    pub beside: Vec<String>,
}

/// The document that an event brings in on a step.
pub(super) fn arrive(
    node: &Node,
    history: History,
    event: &Event,
    moment: &events::BringsIn,
    step: usize,
    assumed: &[Event],
    problems: &mut Vec<Problem>,
) -> Result<Option<Node>, EngineError> {
    let place = &moment.place;
    let Some(into) = event.brings_in() else { return Ok(None) };
    let acts = &node.grid.periods[step];
    let mut document = into.clone();
    let mut rule = Rule {
        since: step + 1,
        past: node.rule.past.clone(),
        after_reset: node.rule.after_reset || moment.resets,
        certain: node.rule.certain && moment.dated && event.when.is_none(),
        earlier: node.rule.earlier.clone(),
        begun: [node.rule.begun.clone(), history.begun].concat(),
        ..Rule::default()
    };
    rule.past.extend(history.beside);
    rule.past.push(place.clone());
    let maturity = Date::parse(&node.written.dates.stated_maturity).unwrap_or(acts.payment);
    rule.earlier.push((step, maturity));
    let (carry, terms);
    if let Some(reset) = &event.reset {
        rule.prefix = format!("{place}.reset.into.");
        rule.events.clone_from(&rule.prefix);
        rule.counted_from = step + 1;
        let found = Date::parse(&document.dates.closing);
        if !moment.dated
            && let Some(closing) = found
        {
            let months = moved_dates::months_between(closing, acts.unadjusted);
            document = moved_dates::moved(&document, months);
            // A month's last day stands for the same day of a longer month.
            if acts.unadjusted.add_months(-months) == closing {
                let moved = std::mem::replace(&mut document.dates.closing, acts.unadjusted.to_string());
                if document.dates.effective.as_ref() == Some(&moved) {
                    document.dates.effective = Some(document.dates.closing.clone());
                }
            }
        }
        let closing = Date::parse(&document.dates.closing);
        if let (Some(found), Some(closing)) = (found, closing)
            && closing != acts.unadjusted
            && closing != acts.payment
        {
            let message = if moment.dated {
                format!("found {found}; expected {}, the date on which the reset acts", acts.unadjusted)
            } else {
                format!(
                    "found {found}; expected a day of the month like that of the payment dates, such as {}",
                    acts.unadjusted
                )
            };
            problems.push(Problem::new(format!("{}dates.closing", rule.prefix), message));
            return Ok(None);
        }
        for (x, key) in [(reset.equity_contribution, "equity_contribution"), (reset.par_purchase, "par_purchase")] {
            if !(x >= 0.0 && x.is_finite()) {
                problems.push(Problem::new(
                    format!("{place}.reset.{key}"),
                    format!("found {x}; expected an amount of zero or more"),
                ));
            }
        }
        terms = Terms {
            equity_contribution: reset.equity_contribution,
            par_purchase: reset.par_purchase,
            interest_reserve: document.closing.interest_reserve,
            ramp_up_cash: document.closing.ramp_up_cash,
        };
        let stay = carried(node, reset.carry.as_deref(), &document, place, problems);
        keep_commitments(&node.written, into, &stay, (&rule.prefix, &mut document), problems);
        carry = Some(stay);
    } else {
        rule.prefix = format!("{place}.amend.into.");
        rule.events.clone_from(&node.rule.events);
        rule.counted_from = node.rule.counted_from;
        document.events.clone_from(&node.written.events);
        (carry, terms) = (None, Terms::default());
        let [before, after] = [&node.written, &document].map(|deal| names(deal));
        if before != after {
            let message =
                format!("an amendment keeps the classes; found {}, expected {}", after.join(", "), before.join(", "));
            problems.push(Problem::new(format!("{place}.amend.notes"), message));
        }
    }
    if document.currency != node.written.currency {
        let message =
            format!("found {}; expected {}, as in the first document", document.currency, node.written.currency);
        problems.push(Problem::new(format!("{}currency", rule.prefix), message));
    }
    for (key, absent) in [("cash_timing", "dated"), ("pool_step", "period")] {
        let stated = |deal: &Deal| deal.conventions.get(key).cloned().unwrap_or_else(|| absent.into());
        let [before, after] = [stated(&node.written), stated(&document)];
        if before != after {
            let message = format!("found {after}; expected {before}, as in the first document");
            problems.push(Problem::new(format!("{}conventions.{key}", rule.prefix), message));
        }
    }
    if !problems.is_empty() {
        return Ok(None);
    }
    let written = Arc::new(document);
    let alone = deal::alone(written.clone(), assumed, rule.clone()).map_err(|error| placed(error, &rule.prefix))?;
    let schedule = &alone.dates.schedule;
    let all = if moment.resets {
        unadjusted_dates(schedule.first_payment, schedule.stated_maturity, schedule.months, schedule.end_of_month)
    } else {
        let months = moved_dates::months_between(schedule.first_payment, acts.unadjusted);
        let between = schedule.months.cast_signed();
        let on_schedule = months.rem_euclid(between) == 0;
        let go_on = if on_schedule {
            schedule.first_payment
        } else {
            schedule.first_payment.add_months(months.rem_euclid(between))
        };
        unadjusted_dates(go_on, schedule.stated_maturity, schedule.months, schedule.end_of_month)
    };
    let dates: Vec<Date> = all.into_iter().filter(|day| *day > acts.unadjusted).collect();
    let of_first = rule.earlier.first().map_or(maturity, |(_, day)| *day);
    // Assets were bought that run up to it: an amendment leaves it, or the earlier one that a reset has brought in. A
    // reset may bring it forward; what is left of the assets is sold then.
    let (least, whose) = if moment.resets || of_first <= maturity {
        (of_first, "first document")
    } else {
        (maturity, "document before")
    };
    if !moment.resets && schedule.stated_maturity < least {
        let message =
            format!("found {}; expected {least}, that of the {whose}, or a later date", schedule.stated_maturity);
        problems.push(Problem::new(format!("{}dates.stated_maturity", rule.prefix), message));
        return Ok(None);
    }
    if dates.is_empty() {
        let message = format!("found {}; expected a date after {}", schedule.stated_maturity, acts.unadjusted);
        problems.push(Problem::new(format!("{}dates.stated_maturity", rule.prefix), message));
        return Ok(None);
    }
    if moment.resets && schedule.first_payment <= acts.unadjusted {
        let message = format!("found {}; expected a date after {}", schedule.first_payment, acts.unadjusted);
        problems.push(Problem::new(format!("{}dates.first_payment", rule.prefix), message));
        return Ok(None);
    }
    let grid = node
        .grid
        .followed_by(step, schedule, &dates)
        .map_err(|found| placed(EngineError::Deal(found), &rule.prefix))?;
    let (document, joined) = deal::join(&written, assumed, &rule, &mut Vec::new());
    let arrival = Some(Arrival { parent: history.parent, place: place.clone(), step, carry, terms });
    Ok(Some(Node { written, document, joined, rule, alone: grid.clone(), grid, arrival, next: None }))
}

fn names(deal: &Deal) -> Vec<&str> {
    deal.notes.iter().map(|note| note.name.as_str()).collect()
}

/// Leaves the commitments of classes that stay as they are, on their dates.
fn keep_commitments(
    before: &Deal,
    into: &Deal,
    stay: &[String],
    (prefix, document): (&str, &mut Deal),
    problems: &mut Vec<Problem>,
) {
    for (i, note) in document.notes.iter_mut().enumerate().filter(|(_, note)| stay.contains(&note.name)) {
        let Some(old) = before.notes.iter().find(|old| old.name == note.name) else { continue };
        let stated = &into.notes[i].commitment;
        if *stated != old.commitment {
            let place = format!("{prefix}notes[{i}].commitment");
            let message = format!(
                "another one than {} has, which stays outstanding; expected its own, or a new class",
                note.name
            );
            problems.push(Problem::new(place, message));
        } else if stated.is_some() && note.balance.to_bits() != old.balance.to_bits() {
            let place = format!("{prefix}notes[{i}].balance");
            let message = format!(
                "found {}; expected {}: the commitment of a class that stays counts from its own closing",
                note.balance, old.balance
            );
            problems.push(Problem::new(place, message));
        }
        note.commitment.clone_from(&old.commitment);
    }
}

/// The classes that stay outstanding through a reset.
fn carried(
    node: &Node,
    stated: Option<&[String]>,
    into: &Deal,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let before = &node.document.notes;
    let has = |name: &str| into.notes.iter().any(|note| note.name == name);
    let residual: Vec<String> =
        before.iter().filter(|note| note.residual && has(&note.name)).map(|note| note.name.clone()).collect();
    let out = stated.map_or(residual, <[String]>::to_vec);
    for (k, name) in out.iter().enumerate() {
        if !(has(name) && before.iter().any(|note| note.name == *name)) {
            let message = format!("found {name:?}; expected a class of both documents");
            problems.push(Problem::new(format!("{place}.reset.carry[{k}]"), message));
        }
    }
    let left = before.iter().chain(&into.notes).find(|note| note.residual && !out.contains(&note.name));
    if let Some(note) = left {
        let message = format!(
            "the residual note {} is not carried; expected residual notes to stay: what equity pays in or takes out is said by equity_contribution",
            note.name
        );
        problems.push(Problem::new(format!("{place}.reset.carry"), message));
    }
    out
}
