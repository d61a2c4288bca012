//! The documents that may follow one: of every event that brings in a document, one a date on which it may act.

use super::arrival::{History, arrive};
use super::{Node, find, is_assumed, placed};
use crate::compile::{deal, events};
use crate::error::{EngineError, Problem};
use crate::lifecycle::Change;
use crate::path::deal_terms::CallTerms;
use crate::spec::Event;

/// The documents that the events of a document bring in, each with whether it is the only one that can follow.
pub(super) fn of(nodes: &[Node], at: usize, assumed: &[Event]) -> Result<Vec<(Node, bool)>, EngineError> {
    let node = &nodes[at];
    let mut alone = deal::alone(node.written.clone(), assumed, node.rule.clone())
        .map_err(|error| placed(error, &node.rule.prefix))?;
    alone.dates.grid = node.grid.clone();
    alone.terms.grid = node.grid.clone();
    let mut problems = Vec::new();
    let events = events::compile(&alone, assumed, &mut problems);
    let moments = &events.moments;
    let since = node.rule.since;
    let steps = |window: &[bool]| (since..window.len()).filter(|&p| window[p]).collect::<Vec<usize>>();
    let dated: Vec<(usize, &events::BringsIn)> = moments
        .iter()
        .filter(|moment| moment.dated)
        .filter_map(|moment| steps(&moment.window).first().map(|&p| (p, moment)))
        .collect();
    let end = dated.iter().map(|(p, _)| *p).min();
    for (k, (p, moment)) in dated.iter().enumerate() {
        let ends_both = |(q, other): &&(usize, &events::BringsIn)| q == p && (moment.resets || other.resets);
        if let Some((_, other)) = dated[..k].iter().find(ends_both) {
            let message = format!(
                "acts on the date of {}; expected another date, or its terms in the document of the reset: that replaces what was in force before",
                other.place
            );
            problems.push(Problem::new(format!("{}.date", moment.place), message));
        } else if end.is_some_and(|end| *p > end) && dated.iter().any(|(q, other)| Some(*q) == end && other.resets) {
            let message = "comes after a reset; expected it among the events of the document that the reset brings in";
            problems.push(Problem::new(format!("{}.date", moment.place), message));
        }
    }
    // Of several amendments of one payment date the last has the document of all.
    let first: Vec<&events::BringsIn> = dated.iter().filter(|(p, _)| Some(*p) == end).map(|(_, m)| *m).collect();
    let whole = first.iter().max_by_key(|moment| moment.day).map(|moment| moment.place.as_str());
    if let Some((end, moment)) = dated.iter().find(|(p, moment)| Some(*p) == end && moment.resets) {
        let begins = |place: &str| {
            let from = find(&node.written, &node.rule, assumed, place)?.from.as_deref()?;
            events::event_date(&alone.dates, from, place, &mut Vec::new())
        };
        let too_late = |change: &Change| match change.window.iter().position(|may| *may) {
            Some(first) => first > *end,
            None => begins(&change.place).is_some_and(|from| from > node.grid.periods[*end].unadjusted),
        };
        // Of a scenario, only its calls act under the document that a reset brings in.
        let of_scenario = events.changes.iter().filter(|change| change.when.is_some() && is_assumed(&change.place));
        for change in of_scenario.filter(|change| too_late(change)) {
            let message = format!(
                "may not act before the document comes in that {} brings in, where of a scenario only calls act; expected it among the events of that document",
                moment.place
            );
            problems.push(Problem::new(change.place.as_str(), message));
        }
    }
    let mut out = Vec::new();
    for moment in moments {
        let beside: Vec<String> = if moment.dated && Some(moment.place.as_str()) == whole {
            first.iter().map(|other| other.place.clone()).filter(|place| *place != moment.place).collect()
        } else {
            Vec::new()
        };
        if first.iter().any(|other| other.place == moment.place) && Some(moment.place.as_str()) != whole {
            continue;
        }
        let may = steps(&moment.window);
        let may: Vec<usize> = if moment.dated {
            may.into_iter().take(1).filter(|p| Some(*p) == end).collect()
        } else {
            may.into_iter().filter(|p| end.is_none_or(|end| *p <= end)).collect()
        };
        let Some(event) = find(&node.written, &node.rule, assumed, &moment.place) else { continue };
        for step in may {
            let begun = if moment.resets { tried_before(&events, step).collect() } else { Vec::new() };
            let history = History { parent: at, begun, beside: beside.clone() };
            if let Some(child) = arrive(node, history, event, moment, step, assumed, &mut problems)? {
                out.push((child, moment.dated));
            }
            if !problems.is_empty() {
                break;
            }
        }
    }
    if problems.is_empty() { Ok(out) } else { Err(EngineError::Deal(problems)) }
}

/// Places of the calls that may have been tried up to a step, and are tried until they are feasible.
fn tried_before(events: &events::Events, step: usize) -> impl Iterator<Item = String> {
    let tried = move |call: &CallTerms| call.retry && call.window[..=step].contains(&true);
    events.calls.iter().zip(&events.call_places).filter(move |(call, _)| tried(call)).map(|(_, place)| place.clone())
}
