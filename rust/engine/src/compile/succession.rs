//! Notes that events bring in: they join the document, and every name in it stands for its class and what replaces it.

use std::collections::BTreeMap;

use crate::compile::names::Names;
use crate::compile::regimes::Rule;
use crate::error::Problem;
use crate::notes::NoteTerms;
use crate::spec::Event;
use crate::spec::deal::{Deal, Note};
use crate::spec::events::{EventCost, Successor};
use crate::spec::steps::{Groups, NumberOrName, Step};

/// What the notes of events are to a document.
#[derive(Clone, Default)]
pub struct Joined {
    /// Per note of the document: its place, for problems.
    pub places: Vec<String>,
    /// By note that an event brings in: the class that it replaces or joins.
    pub replaces: BTreeMap<String, String>,
    /// By class: the notes that its name stands for.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Whether interest may have to pay for an event.
    pub costs: bool,
}

impl Joined {
    /// Per note: the notes that its name stands for.
    pub fn groups(&self, notes: &[NoteTerms], names: &Names) -> Vec<Vec<u16>> {
        notes
            .iter()
            .enumerate()
            .map(|(n, note)| match self.groups.get(&note.name) {
                Some(group) => group.iter().filter_map(|name| names.get(name)).collect(),
                None => vec![u16::try_from(n).unwrap_or(u16::MAX)],
            })
            .collect()
    }
}

/// A note that an event brings in, with its place and the class that it replaces or joins.
struct Incoming<'a> {
    place: String,
    class: &'a str,
    terms: &'a Successor,
}

/// Takes the notes of a deal's events and of those a scenario assumes into a document.
pub fn join(document: &mut Deal, assumed: &[Event], rule: &Rule, problems: &mut Vec<Problem>) -> Joined {
    let own = document.events.clone();
    let placed = own.iter().enumerate().map(|(i, event)| (rule.place(i), event));
    let of_scenario = assumed.iter().enumerate().map(|(i, event)| (format!("scenario.events[{i}]"), event));
    let events: Vec<(String, &Event)> =
        placed.chain(of_scenario).filter(|(place, event)| rule.lets_act(place, event)).collect();
    let places = (0..document.notes.len()).map(|i| format!("notes[{i}]")).collect();
    let mut out = Joined { places, ..Joined::default() };
    let mut waiting = Vec::new();
    for (place, event) in &events {
        for (class, refinancing) in event.refinance.iter().flatten() {
            for (k, terms) in refinancing.into.iter().enumerate() {
                waiting.push(Incoming { place: format!("{place}.refinance.{class}.into[{k}]"), class, terms });
            }
        }
        for (class, terms) in event.issue.iter().flat_map(|issue| &issue.notes) {
            waiting.push(Incoming { place: format!("{place}.issue.notes.{class}"), class, terms });
        }
        let from_interest = |cost: &EventCost| {
            !matches!(cost.paid_from.as_deref(), Some("equity" | "proceeds")) && (cost.rate > 0.0 || cost.fixed > 0.0)
        };
        out.costs |=
            (event.changes_notes() || event.brings_in().is_some()) && event.cost.as_ref().is_some_and(from_interest);
    }
    // A successor may be refinanced in its turn, whatever the order of the events in the document.
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut left = Vec::new();
        for incoming in waiting {
            if document.notes.iter().any(|note| note.name == incoming.class) {
                take(document, &mut out, &incoming, problems);
            } else {
                left.push(incoming);
            }
        }
        waiting = left;
        if waiting.len() == before {
            unknown(document, &waiting, problems);
            break;
        }
    }
    out
}

fn unknown(document: &Deal, waiting: &[Incoming<'_>], problems: &mut Vec<Problem>) {
    let known: Vec<&str> = document.notes.iter().map(|note| note.name.as_str()).collect();
    let mut said = Vec::new();
    for Incoming { place, class, .. } in waiting {
        let place = place.split(".into[").next().unwrap_or(place);
        if !said.contains(&place) {
            said.push(place);
            let message = format!("unknown note {class:?}; known: {}", known.join(", "));
            problems.push(Problem::new(place, message));
        }
    }
}

/// Takes one note in: behind its class and the notes that stand for it already in the list, and beside it wherever the class is named.
fn take(document: &mut Deal, out: &mut Joined, incoming: &Incoming<'_>, problems: &mut Vec<Problem>) {
    let Incoming { place, class, terms } = incoming;
    let notes = &document.notes;
    if notes.iter().any(|note| note.name == terms.name) {
        let message = format!("note {:?} is defined twice; names must differ", terms.name);
        problems.push(Problem::new(format!("{place}.name"), message));
        return;
    }
    let Some(at) = notes.iter().position(|note| note.name == *class) else { return };
    let old = &notes[at];
    if old.residual || !old.combination_of.is_empty() {
        let what = if old.residual { "a residual note" } else { "a combination note" };
        let message = format!("{class} is {what}; expected a class that bears interest");
        problems.push(Problem::new(place.split(".into[").next().unwrap_or(place), message));
        return;
    }
    let balance = match &terms.balance {
        NumberOrName::Number(money) => *money,
        NumberOrName::Name(name) => {
            let may = place.contains(".refinance.");
            if name != "outstanding" || !may {
                let expected = if may { "an amount, or outstanding" } else { "an amount" };
                problems.push(Problem::new(format!("{place}.balance"), format!("found {name:?}; expected {expected}")));
            }
            old.balance
        }
    };
    if !(terms.issue_price > 0.0) {
        let message = format!("found {}; expected a price above zero", terms.issue_price);
        problems.push(Problem::new(format!("{place}.issue_price"), message));
    }
    let new = Note {
        name: terms.name.clone(),
        balance,
        interest_rank: terms.interest_rank.or(old.interest_rank),
        principal_rank: terms.principal_rank.or(old.principal_rank),
        coupon: terms.coupon.clone().or_else(|| old.coupon.clone()),
        deferrable: terms.deferrable.unwrap_or(old.deferrable),
        amortization: terms.amortization.clone(),
        rating: terms.rating.clone().unwrap_or_else(|| old.rating.clone()),
        id: terms.id.clone(),
        issue_price: terms.issue_price,
        residual: false,
        combination_of: BTreeMap::new(),
        // A commitment ends with its class, and what makes it whole with its redemption.
        commitment: None,
        make_whole: terms.make_whole.clone(),
    };
    // Notes of one class stand in the order in which they are written.
    let behind = out
        .groups
        .get(*class)
        .map_or(0, |group| document.notes[at + 1..].iter().take_while(|note| group.contains(&note.name)).count());
    document.notes.insert(at + 1 + behind, new);
    out.places.insert(at + 1 + behind, (*place).clone());
    out.replaces.insert(terms.name.clone(), (*class).to_owned());
    for (name, group) in &mut out.groups {
        if name == class || group.iter().any(|member| member == class) {
            group.push(terms.name.clone());
        }
    }
    let own = out.groups.entry((*class).to_owned()).or_insert_with(|| vec![(*class).to_owned()]);
    if !own.contains(&terms.name) {
        own.push(terms.name.clone());
    }
    name_beside(document, class, &terms.name);
}

/// Names a note beside its class in steps, tests and sequences.
fn name_beside(document: &mut Deal, class: &str, name: &str) {
    let falls = &mut document.waterfalls;
    for steps in
        [&mut falls.receipts, &mut falls.interest, &mut falls.principal, &mut falls.acceleration, &mut falls.redemption]
    {
        join_steps(steps, class, name);
    }
    for sequence in document.sequences.values_mut() {
        join_groups(sequence, class, name);
    }
    for test in &mut document.tests {
        if let Some(notes) = &mut test.notes {
            join_group(notes, class, name);
        }
    }
}

fn join_steps(steps: &mut [Step], class: &str, name: &str) {
    for step in steps {
        match step {
            Step::PayInterest { notes, .. }
            | Step::PayDeferredInterest { notes, .. }
            | Step::PayAmortization { notes, .. }
            | Step::PayPrincipal { notes: Some(notes), .. }
            | Step::Cure { pay_notes: Some(notes), .. }
            | Step::Turbo { notes, .. } => join_groups(notes, class, name),
            Step::PayPariPassu { steps, .. } => join_steps(steps, class, name),
            Step::Block { steps, otherwise, .. } => {
                join_steps(steps, class, name);
                join_steps(otherwise, class, name);
            }
            _ => {}
        }
    }
}

fn join_groups(groups: &mut Groups, class: &str, name: &str) {
    for group in groups {
        join_group(group, class, name);
    }
}

fn join_group(group: &mut Vec<String>, class: &str, name: &str) {
    if group.iter().any(|member| member == class) {
        group.push(name.to_owned());
    }
}
