//! The documents of a deal that is reset or amended: which of them is in force, from which payment date on.
//!
//! An event that brings in a document has one regime for every date on which it may act. Each is compiled as a document of its
//! own, in one shape with the others (see [`crate::compile::shape`]), so that a run goes from one to the next with the state it has.

mod rooted;
mod together;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::deal::{self, CompiledDeal, Source};
use crate::compile::events;
use crate::compile::month_steps::Cut;
use crate::compile::moved_dates;
use crate::compile::shape::Layout;
pub use crate::compile::shape::Shape;
use crate::compile::succession::Joined;
use crate::error::{EngineError, Problem};
use crate::lifecycle::{Change, Transition};
use crate::notes::NoteTerms;
use crate::path::deal_terms::CallTerms;
use crate::spec::{Deal, Event};
use crate::time::schedule::unadjusted_dates;
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
        let found = follow(&nodes, at, assumed)?;
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

/// The documents that the events of a document bring in, each with whether it is the only one that can follow.
fn follow(nodes: &[Node], at: usize, assumed: &[Event]) -> Result<Vec<(Node, bool)>, EngineError> {
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
        if let Some((_, other)) = dated[..k].iter().find(|(q, _)| q == p) {
            let message = format!("acts on the date of {}; expected another date", other.place);
            problems.push(Problem::new(format!("{}.date", moment.place), message));
        } else if end.is_some_and(|end| *p > end) && dated.iter().any(|(q, other)| Some(*q) == end && other.resets) {
            let message = "comes after a reset; expected it among the events of the document that the reset brings in";
            problems.push(Problem::new(format!("{}.date", moment.place), message));
        }
    }
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
        let may = steps(&moment.window);
        let may: Vec<usize> = if moment.dated {
            may.into_iter().take(1).filter(|p| Some(*p) == end).collect()
        } else {
            may.into_iter().filter(|p| end.is_none_or(|end| *p <= end)).collect()
        };
        let Some(event) = find(&node.written, &node.rule, assumed, &moment.place) else { continue };
        for step in may {
            let begun = if moment.resets { tried_before(&events, step).collect() } else { Vec::new() };
            if let Some(child) = arrive(node, (at, begun), event, moment, step, assumed, &mut problems)? {
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

fn find<'a>(deal: &'a Deal, rule: &Rule, assumed: &'a [Event], place: &str) -> Option<&'a Event> {
    let own = deal.events.iter().enumerate().find(|(i, _)| rule.place(*i) == place);
    let scenario = assumed.iter().enumerate().find(|(i, _)| format!("scenario.events[{i}]") == place);
    own.or(scenario).map(|(_, event)| event)
}

/// The document that an event brings in on a step, with the calls that were tried before.
fn arrive(
    node: &Node,
    (at, begun): (usize, Vec<String>),
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
        begun: [node.rule.begun.clone(), begun].concat(),
        ..Rule::default()
    };
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
        let drawn_later = |deal: &Deal| deal.notes.iter().any(|note| note.commitment.is_some());
        if drawn_later(&node.written) || drawn_later(&document) {
            let message = "classes that are drawn over time are known, but this version does not compute resets with them yet; \
                           expected no commitment in either document";
            problems.push(Problem::new(format!("{place}.reset"), message));
        }
        terms = Terms {
            equity_contribution: reset.equity_contribution,
            par_purchase: reset.par_purchase,
            interest_reserve: document.closing.interest_reserve,
            ramp_up_cash: document.closing.ramp_up_cash,
        };
        carry = Some(carried(node, reset.carry.as_deref(), &document, place, problems));
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
    // Assets were bought that run up to it.
    if (moment.dated || !moment.resets) && schedule.stated_maturity < of_first {
        let message = format!(
            "found {}; expected {of_first}, that of the first document, or a later date",
            schedule.stated_maturity
        );
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
    let arrival = Some(Arrival { parent: at, place: place.clone(), step, carry, terms });
    Ok(Some(Node { written, document, joined, rule, alone: grid.clone(), grid, arrival, next: None }))
}

fn names(deal: &Deal) -> Vec<&str> {
    deal.notes.iter().map(|note| note.name.as_str()).collect()
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
