//! The documents of a deal that is reset or amended: which of them is in force, from which payment date on.
//!
//! An event that brings in a document has one regime for every date on which it may act. Each is compiled as a document of its
//! own, in one shape with the others (see [`crate::compile::shape`]), so that a run goes from one to the next with the state it has.

mod arrival;
mod followers;
mod rooted;
mod together;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::deal::{self, CompiledDeal, Source};
use crate::compile::month_steps::Cut;
use crate::compile::shape::Layout;
pub use crate::compile::shape::Shape;
use crate::compile::succession::Joined;
use crate::error::{EngineError, Problem};
use crate::lifecycle::Transition;
use crate::notes::NoteTerms;
use crate::spec::{Deal, Event};
use crate::time::{Date, PeriodGrid};

/// More documents than any deal has.
const MOST_DOCUMENTS: usize = 256;

/// The place of a document among those of its deal.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Where the document stands, as in `events[0].reset.into.`; nothing for the first.
    pub prefix: String,
    /// Where its events stand: those of an amended document are the events of the one before.
    pub events: String,
    /// Step (from 0) that it rules first.
    pub since: usize,
    /// Step (from 0) whose payment date counts as its first.
    pub counted_from: usize,
    /// Places of the events that brought it in: they do not act again.
    pub past: Vec<String>,
    /// A reset has come before: of what a scenario assumes, the calls go on.
    pub after_reset: bool,
    /// Places of calls that are tried until they are feasible, and may have been tried before the reset.
    pub begun: Vec<String>,
    /// It rules from its first step on in every future: no condition decides when it comes in.
    pub certain: bool,
    /// Earlier documents: the step (from 0) up to which each was in force, and its stated maturity.
    pub earlier: Vec<(usize, Date)>,
    /// How yearly rates run, from which steps (from 0) on; nothing where the document alone says so.
    pub rates: Vec<Rates>,
    /// By place of an event that brings in a document: what it does.
    pub transitions: BTreeMap<String, Transition>,
    /// Per note: its name in tables; nothing where that is its own.
    pub names: Vec<String>,
    /// Per note: whether the document itself has it; nothing for the first.
    pub own: Vec<bool>,
    /// The period that a redemption between payment dates has cut in two.
    pub cut: Option<Cut>,
}

impl Rule {
    /// The place of the document's `i`-th event.
    #[must_use]
    pub fn place(&self, i: usize) -> String {
        format!("{}events[{i}]", self.events)
    }

    /// Whether an event may act while the document is in force.
    #[must_use]
    pub fn lets_act(&self, place: &str, event: &Event) -> bool {
        let goes_on = !self.after_reset || !is_assumed(place) || event.call.is_some();
        goes_on && !self.past.iter().any(|past| past == place)
    }

    /// Whether a later document itself has a note.
    #[must_use]
    pub fn own(&self, n: usize) -> bool {
        self.own.get(n).copied().unwrap_or(false)
    }
}

/// Whether an event at a place is one that a scenario assumes, and not one of a document that such an event brings in.
#[must_use]
pub fn is_assumed(place: &str) -> bool {
    place.strip_prefix("scenario.events[").and_then(|rest| rest.strip_suffix(']')).is_some_and(|i| !i.contains(']'))
}

/// How yearly rates and capitalized interest run from a step on.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    pub from: usize,
    pub by_days: bool,
    pub simple: bool,
    /// Share of the interest of par that capitalized interest earns.
    pub on_pik: f64,
    /// Its payment dates, and the ends of months before them, stay at month ends.
    pub end_of_month: bool,
}

/// A document that an event brings in on one of its dates.
#[derive(Clone, Debug)]
pub struct Regime {
    pub deal: Arc<CompiledDeal>,
    /// The document that it follows: 0 is the first, `k` the `k`-th of the regimes from 1.
    pub parent: usize,
    /// Place of the event.
    pub place: String,
    /// Step (from 0) on which the event acts.
    pub step: usize,
}

impl CompiledDeal {
    /// The notes with their names in tables.
    #[must_use]
    pub fn shown_notes(&self) -> Cow<'_, [NoteTerms]> {
        if self.rule.names.is_empty() {
            return Cow::Borrowed(&self.terms.notes);
        }
        let mut notes = self.terms.notes.clone();
        for (note, name) in notes.iter_mut().zip(&self.rule.names) {
            note.name.clone_from(name);
        }
        Cow::Owned(notes)
    }

    /// The dated event that has brought in a document up to a payment date, and the date on which it acted.
    #[must_use]
    pub fn brought_in_by(&self, assumed: &[Event], date: Date) -> Option<(&str, Date)> {
        let of_first = self.regimes.iter().filter(|regime| regime.parent == 0);
        of_first
            .filter(|regime| {
                find(&self.written, &self.rule, assumed, &regime.place).is_some_and(|event| event.date.is_some())
            })
            .map(|regime| (regime.place.as_str(), regime.deal.terms.grid.periods[regime.step].payment))
            .find(|(_, on)| *on <= date)
    }

    /// The document in force on a payment date, by itself: of those that dated events bring in, the last one before the date.
    ///
    /// # Errors
    /// As [`deal::compile_deal`].
    pub fn on(&self, date: Date) -> Result<Self, EngineError> {
        let mut at = (0, self);
        loop {
            let (number, here) = at;
            let next = self.regimes.iter().enumerate().find(|(_, regime)| {
                let event = find(&here.written, &here.rule, &[], &regime.place);
                regime.parent == number
                    && event.is_some_and(|event| event.date.is_some())
                    && regime.deal.terms.grid.periods[regime.step].payment < date
            });
            let Some((k, regime)) = next else { break };
            at = (k + 1, &*regime.deal);
        }
        let here = at.1;
        let mut document = (*here.written).clone();
        // What may come is no part of one payment date.
        document.events.retain(|event| event.brings_in().is_none());
        deal::alone(Arc::new(document), &[], Rule::default())
    }
}

/// A document on its way.
pub struct Node {
    pub written: Arc<Deal>,
    /// The document with the notes of its events.
    pub document: Arc<Deal>,
    pub joined: Option<Joined>,
    pub rule: Rule,
    pub grid: PeriodGrid,
    /// The payment dates as they are where no other document follows.
    pub alone: PeriodGrid,
    /// Where it comes from; nothing for the first.
    pub arrival: Option<Arrival>,
    /// A dated event brings in the next one.
    next: Option<usize>,
}

/// How a document came in.
#[derive(Clone)]
pub struct Arrival {
    pub parent: usize,
    pub place: String,
    pub step: usize,
    /// Classes that stay outstanding; none where all do.
    pub carry: Option<Vec<String>>,
    pub terms: Terms,
}

/// Amounts of a reset.
#[derive(Clone, Copy, Default)]
pub struct Terms {
    pub equity_contribution: f64,
    pub par_purchase: f64,
    pub interest_reserve: f64,
    pub ramp_up_cash: f64,
}

/// Compiles a deal whose events bring in documents.
///
/// # Errors
/// As [`deal::compile_deal`].
pub fn compile(written: Arc<Deal>, assumed: &[Event]) -> Result<CompiledDeal, EngineError> {
    let mut nodes = vec![first(written, assumed)?];
    let mut at = 0;
    while at < nodes.len() {
        let found = followers::of(&nodes, at, assumed)?;
        for (child, dated) in found {
            if dated {
                nodes[at].next = Some(nodes.len());
            }
            nodes.push(child);
        }
        if nodes.len() > MOST_DOCUMENTS {
            let message = format!(
                "the dates on which resets and amendments may act give more than {MOST_DOCUMENTS} documents; expected narrower windows"
            );
            return Err(EngineError::Deal(vec![Problem::new("events", message)]));
        }
        at += 1;
    }
    together::same_length(&mut nodes);
    together::rates(&mut nodes);
    let layout = Layout::new(&nodes, assumed)?;
    let mut compiled = Vec::with_capacity(nodes.len());
    for k in 0..nodes.len() {
        let (document, joined) = layout.document(&nodes, k);
        let shape = layout.shape(&nodes, k);
        let rule = Rule { transitions: layout.transitions(&nodes, k), ..nodes[k].rule.clone() };
        let written = nodes[k].written.clone();
        let source = Source { written, document: Arc::new(document), joined: Some(joined), shape: Some(&shape), rule };
        compiled.push(deal::compile_one(source, assumed, Vec::new()).map_err(|e| placed(e, &nodes[k].rule.prefix))?);
    }
    together::share_infos(&mut compiled);
    let mut compiled = compiled.into_iter();
    let Some(mut root) = compiled.next() else { return Err(EngineError::Run("a deal without a document".to_owned())) };
    for (node, deal) in nodes.into_iter().skip(1).zip(compiled) {
        let Some(Arrival { parent, place, step, .. }) = node.arrival else { continue };
        root.regimes.push(Regime { deal: Arc::new(deal), parent, place, step });
    }
    Ok(root)
}

fn first(written: Arc<Deal>, assumed: &[Event]) -> Result<Node, EngineError> {
    let rule = Rule { certain: true, ..Rule::default() };
    let alone = deal::alone(written.clone(), assumed, rule.clone())?;
    let (document, joined) = deal::join(&written, assumed, &rule, &mut Vec::new());
    let grid = alone.dates.grid;
    Ok(Node { written, document, joined, rule, alone: grid.clone(), grid, arrival: None, next: None })
}

/// The event of a deal or of a scenario that stands at a place.
fn find<'a>(deal: &'a Deal, rule: &Rule, assumed: &'a [Event], place: &str) -> Option<&'a Event> {
    let own = deal.events.iter().enumerate().find(|(i, _)| rule.place(*i) == place);
    let scenario = assumed.iter().enumerate().find(|(i, _)| format!("scenario.events[{i}]") == place);
    own.or(scenario).map(|(_, event)| event)
}

/// Puts the place of a document before the places of its problems.
fn placed(error: EngineError, prefix: &str) -> EngineError {
    match error {
        EngineError::Deal(problems) => EngineError::Deal(
            problems
                .into_iter()
                .map(|problem| {
                    let whole = problem.place.starts_with("scenario.") || problem.place.starts_with(prefix);
                    let place = if whole { problem.place } else { format!("{prefix}{}", problem.place) };
                    Problem::new(place, problem.message)
                })
                .collect(),
        ),
        other => other,
    }
}
